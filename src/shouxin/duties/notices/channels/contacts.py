"""A contact point as it came out of the vault: for one batch, printed as sealed, never stored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_MOBILE_DIGITS = 11


@dataclass(frozen=True)
class Contact:
    """Where one customer can be told, and how she is addressed. Empty where the house holds nothing."""

    customer: int
    name: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    address: str = field(default="", repr=False)

    def can(self, channel: str) -> bool:
        """Whether this channel can reach the person at all."""
        return {
            "email": bool(self.email),
            "sms": is_mobile(self.phone),
            "phone": bool(self.phone),
            "letter": bool(self.address),
        }[channel]


def contact_of(customer: int, rows: Iterable[Mapping[str, str]], *, guardian_first: bool) -> Contact:
    """The first usable value of each kind over all rows; for a child the guardian's telephone and name come first."""
    found: dict[str, str] = {}
    for row in rows:
        for name, value in row.items():
            if value and name not in found:
                found[name] = value.strip()
    phones = ("guardian_phone", "phone", "phone2") if guardian_first else ("phone", "phone2", "guardian_phone")
    names = ("guardian_name", "name") if guardian_first else ("name", "organisation")
    emails = [each for name in ("email", "email2") if _is_email(each := found.get(name, ""))]
    return Contact(
        customer=customer,
        name=_first(found, names),
        phone=_first(found, phones),
        email=next(iter(emails), ""),
        address=found.get("address", ""),
    )


def is_mobile(phone: str) -> bool:
    """Whether a number can take a short message: a mainland mobile number, or one with a country code."""
    digits = phone.removeprefix("+86").replace(" ", "").replace("-", "")
    if phone.startswith("+") and not phone.startswith("+86"):
        return digits.lstrip("+").isdigit()
    return len(digits) == _MOBILE_DIGITS and digits.isdigit() and digits.startswith("1")


def _first(found: Mapping[str, str], names: Iterable[str]) -> str:
    return next((found[name] for name in names if found.get(name)), "")


def _is_email(text: str) -> bool:
    """One @ with something on both sides and no sign that could end a header line."""
    left, mark, right = text.partition("@")
    return bool(left and mark and "." in right and "@" not in right and text.isprintable() and " " not in text)
