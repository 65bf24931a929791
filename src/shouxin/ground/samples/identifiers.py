"""Numbers that pass the real checks; each is a function of a position, so a million stay distinct. All are invented.

- Identity numbers (GB 11643, ISO 7064 mod 11-2) carry the area PP99NN: no prefecture has the number 99.
- Credit codes (GB 32100, with the organisation code of GB 11714) carry the same areas.
- Bank cards pass Luhn under 6299, an invented issuer.
- Mobile and fixed numbers are invented, but with real prefixes, because the detector must find them: one may by chance
  be somebody's. Never send to them. No mobile begins with 130–134; order numbers do.
- E-mail addresses end in the reserved `.example` (RFC 2606).
"""

# ruff: noqa: SIM905 - lists of short words read better as one line of text

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

PROVINCES = (11, 12, 13, 21, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 50, 51, 61)
MOBILE_PREFIXES = (
    "135 136 137 138 139 147 150 151 152 153 155 156 157 158 159 166 173 175 176 177 178 "
    "180 181 182 183 185 186 187 188 189 191 193 195 198 199"
).split()
MAIL_HOSTS = ("mail.example", "youxiang.example", "post.example", "xinxiang.example")

_ID_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_ID_CHECK = "10X98765432"
_USCC_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = [pow(3, place, 31) for place in range(17)]
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)

# Affine maps over a power of ten are one-to-one when the factor is odd and no multiple of five.
_SPREAD = 61_803_399
_LAND_SPREAD = 6_180_339


def id_numbers(births: Array, serials: Array) -> list[str]:
    """18-character identity numbers with right check digits, from yyyymmdd dates and positions.

    Two people share a number only with the same birth date and positions that differ by a multiple of 356,400
    (18 provinces × 20 areas × 990 running numbers).
    """
    running = serials % 990 + 1
    province = np.array(PROVINCES)[serials // 990 % len(PROVINCES)]
    area = province * 10_000 + 9_900 + serials // (990 * len(PROVINCES)) % 20 + 1
    body = area * 10**11 + births.astype(np.int64) * 1000 + running
    places = 10 ** np.arange(16, -1, -1, dtype=np.int64)
    remainder = (body[:, None] // places % 10) @ _ID_WEIGHTS % 11
    return [f"{number:017d}{_ID_CHECK[rest]}" for number, rest in zip(body.tolist(), remainder.tolist(), strict=True)]


def id_check_holds(text: str) -> bool:
    """Whether an 18-character identity number ends in its right check digit."""
    if len(text) != 18 or not text[:17].isdigit():
        return False
    total = sum(int(sign) * int(weight) for sign, weight in zip(text, _ID_WEIGHTS, strict=False))
    return _ID_CHECK[total % 11] == text[17]


def credit_code(serial: int, *, sole_trader: bool) -> str:
    """A unified social credit code: 92… of a sole trader, 91… of a company."""
    province = PROVINCES[serial % len(PROVINCES)]
    organisation = f"{(serial * _SPREAD + 7_654_321) % 10**8:08d}"
    body = f"9{2 if sole_trader else 1}{province}99{serial // len(PROVINCES) % 20 + 1:02d}{organisation}"
    body += _organisation_check(organisation)
    total = sum(_USCC_SIGNS.index(sign) * weight for sign, weight in zip(body, _USCC_WEIGHTS, strict=True))
    return body + _USCC_SIGNS[-total % 31]


def credit_code_holds(text: str) -> bool:
    """Whether both check characters of a credit code are right."""
    if len(text) != 18 or any(sign not in _USCC_SIGNS for sign in text):
        return False
    total = sum(_USCC_SIGNS.index(sign) * weight for sign, weight in zip(text, _USCC_WEIGHTS, strict=False))
    return _USCC_SIGNS[-total % 31] == text[17] and _organisation_check(text[8:16]) == text[16]


def _organisation_check(organisation: str) -> str:
    rest = -sum(int(sign) * weight for sign, weight in zip(organisation, _ORGANISATION_WEIGHTS, strict=True)) % 11
    return "X" if rest == 10 else str(rest)


def bank_card(serial: int) -> str:
    """A 19-digit card number that passes Luhn."""
    body = f"6299{serial % 90 + 10}{(serial * _SPREAD + 1_234_567) % 10**12:012d}"
    return body + str(-_luhn_sum(body + "0") % 10)


def luhn_holds(text: str) -> bool:
    """Whether a card number passes Luhn."""
    return text.isdigit() and _luhn_sum(text) % 10 == 0


def _luhn_sum(text: str) -> int:
    total = 0
    for place, sign in enumerate(reversed(text)):
        digit = int(sign) * (2 if place % 2 else 1)
        total += digit - 9 if digit > 9 else digit
    return total


def mobile_tails(serials: Array, *, offset: int) -> Array:
    """The last eight digits of mobile numbers; different for any two positions less than 10⁸ apart."""
    return (serials.astype(np.int64) * _SPREAD + offset) % 10**8


def prefix_place(tails: Any) -> Any:
    """Which of the prefixes goes before a tail (a number or an array of numbers)."""
    return tails * 7919 // 97 % len(MOBILE_PREFIXES)


def mobile(serial: int, *, offset: int) -> str:
    """The mobile number at one position."""
    tail = (serial * _SPREAD + offset) % 10**8
    return f"{MOBILE_PREFIXES[prefix_place(tail)]}{tail:08d}"


def landline(serial: int, area_code: str, *, offset: int) -> str:
    """The fixed number at one position, with a hyphen after the area code."""
    return f"{area_code}-5{(serial * _LAND_SPREAD + offset) % 10**7:07d}"


def passport(serial: int) -> str:
    """A foreign passport number: a letter and eight digits."""
    return f"{'KLNPRT'[serial % 6]}{(serial * _SPREAD + 40_000_000) % 10**8:08d}"


def full_width(text: str) -> str:
    """The same text with its digits as full-width characters, as a Chinese input method writes them."""
    return text.translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)})
