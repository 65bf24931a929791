"""A value shown so that its owner knows it and nobody else learns it: on the customer's page, on cards, as samples.

A field without a rule of its own shows its first character only. Nothing here can be turned back.

    mask("phone", "13800138000") -> "138****8000";  mask("name", "张三") -> "张*"
"""

import re
from collections.abc import Callable, Mapping

STAR = "*"
_PLACE = re.compile(r"^.{1,16}?(?:(?<![小社园厂])区|县|旗)|^.{1,8}?市")
_OPEN = frozenset({"gender", "language", "life_status", "quantity", "frequency", "channel", "payment_method"})


def mask(field_id: str, value: str) -> str:
    """The value with what identifies covered; an empty value stays empty."""
    text = value.strip()
    if not text or field_id in _OPEN:
        return text
    return MASKS.get(field_id, _first)(text)


def mask_any(value: str) -> str:
    """A sample of unknown kind, for the reasons of a verdict: the shape is left, letters and digits are not."""
    text = value.strip()[:24]
    shape = re.sub(r"\d", "9", re.sub(r"[^\W\d_]", "x", text))
    return shape if len(value.strip()) <= 24 else shape + "…"


def _first(text: str) -> str:
    return text[0] + STAR * 3


def _name(text: str) -> str:
    if text.isascii():
        return " ".join(part[0] + STAR * 3 for part in text.split())
    return text[0] + STAR * max(1, len(text) - 1)


def _phone(text: str) -> str:
    digits = re.sub(r"\D", "", text)
    if len(digits) == 11 and digits[0] == "1":
        return f"{digits[:3]}****{digits[-4:]}"
    if len(digits) < 7:
        return STAR * 4
    return f"{STAR * 4}{digits[-3:]}"


def _email(text: str) -> str:
    local, at, host = text.partition("@")
    return f"{local[:1]}***@{host}" if at else _first(text)


def _address(text: str) -> str:
    """To the district: 上海市浦东新区***; abroad nothing, since any part may be the street."""
    place = _PLACE.match(text)
    if place:
        return re.sub(r"\d", STAR, place.group()) + STAR * 3
    return STAR * 3


def _document(text: str) -> str:
    return f"{text[:3]}{STAR * (len(text) - 5)}{text[-2:]}" if len(text) > 7 else text[:1] + STAR * (len(text) - 1)


def _card(text: str) -> str:
    digits = re.sub(r"\D", "", text)
    return f"{STAR * 4} {digits[-4:]}" if len(digits) > 7 else STAR * 4


def _date(text: str) -> str:
    return f"{text[:4]}-**-**" if re.match(r"\d{4}", text) else STAR * 4


def _organisation(text: str) -> str:
    return f"{text[:2]}{STAR * 3}{text[-2:]}" if len(text) > 5 else _first(text)


def _nothing(_: str) -> str:
    return STAR * 4


MASKS: Mapping[str, Callable[[str], str]] = {
    "name": _name,
    "guardian_name": _name,
    "worker": _name,
    "phone": _phone,
    "phone2": _phone,
    "guardian_phone": _phone,
    "email": _email,
    "email2": _email,
    "address": _address,
    "service_address": _address,
    "id_no": _document,
    "passport_no": _document,
    "uscc": _document,
    "contract_no": _document,
    "order_no": _document,
    "bank_card": _card,
    "birth_date": _date,
    "organisation": _organisation,
    "invoice_title": _organisation,
    "health": _nothing,
    "religion": _nothing,
    "door_code": _nothing,
}
"""Field → what of it may be seen; a field not named here shows its first character."""
