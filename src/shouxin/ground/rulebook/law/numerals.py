"""Numbers as statutes write them: 三十日, 一百六十二条, 30个工作日."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_DIGITS = "零一二三四五六七八九"
_TENS = {"十": 10, "百": 100, "千": 1000}
_UNITS = {"个工作日": "working_day", "日": "day", "天": "day", "年": "year", "个月": "month", "小时": "hour"}
_LENGTH = re.compile(r"([0-9]+|[〇零一二两三四五六七八九十百千]+)(个工作日|个月|小时|日|天|年)")


@dataclass(frozen=True)
class Length:
    """A number of days, working days, months, years or hours."""

    amount: int
    unit: str


def from_chinese(text: str) -> int:
    """Return the number that a Chinese numeral below ten thousand, or Arabic digits, stand for.

    Raises:
        ValueError: it is not a numeral.
    """
    if text.isascii():
        return int(text)
    total, digit = 0, 0
    for sign in text.replace("〇", "零").replace("两", "二"):
        if sign in _TENS:
            total += (digit or 1) * _TENS[sign]
            digit = 0
        else:
            digit = _DIGITS.index(sign)
    return total + digit


def to_chinese(number: int) -> str:
    """Return a number from 1 to 999 as articles are numbered: 第二十三条, 第一百零五条."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    head = f"{_DIGITS[hundreds]}百" if hundreds else ""
    if not rest:
        return head
    if not tens:
        return head + ("零" if head else "") + _DIGITS[ones]
    return head + ("" if tens == 1 and not head else _DIGITS[tens]) + "十" + (_DIGITS[ones] if ones else "")


def lengths_in(text: str) -> Iterator[Length]:
    """Every length of time that a text names, in its order; 每年 is one year."""
    for number, unit in _LENGTH.findall(text.replace("每年", "每一年")):
        yield Length(from_chinese(number), _UNITS[unit])
