"""In which language a page speaks, and how days, counts and words of the house are said in it."""

from collections.abc import Iterable
from datetime import date, datetime

from django.utils import translation

from shouxin.ground.formats.papers.notice import day_text
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.times import SHANGHAI, day_in_china
from shouxin.ground.rulebook import terms

DJANGO_LANGUAGE = {"zh": "zh-hans", "en": "en"}
_WEEKDAYS = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}


def language() -> str:
    """zh or en: what this page is spoken in."""
    return "en" if (translation.get_language() or "").startswith("en") else "zh"


def day(value: date | datetime | str) -> str:
    """A day as the reader writes it; an instant is the day it falls on in China."""
    return day_text(as_day(value), language())


def weekday(value: date | datetime | str) -> str:
    """The day of the week."""
    return _WEEKDAYS[language()][as_day(value).weekday()]


def full_day(value: date | datetime | str) -> str:
    """A day with its day of the week: 2026年12月8日（周二）, 8 December 2026 (Tue)."""
    form = {"zh": "{}（{}）", "en": "{} ({})"}[language()]
    return form.format(day(value), weekday(value))


def minute(value: datetime) -> str:
    """An instant in China to the minute."""
    return f"{day(value)} {value.astimezone(SHANGHAI):%H:%M}"


def as_day(value: date | datetime | str) -> date:
    """The calendar day in China of a day, an instant or an ISO day."""
    if isinstance(value, str):
        return date.fromisoformat(value)
    return day_in_china(value) if isinstance(value, datetime) else value


def word(id: str) -> str:
    """A word of the house; its own id where there is none."""
    try:
        return terms.term(id).say(language())
    except Refusal:
        return id


def kind(category: str) -> str:
    """A kind of information; `behaviour:free_text` is its free text."""
    name, _, part = category.partition(":")
    free = {"zh": "（自由文本）", "en": " (free text)"}[language()]
    return word(f"category.{name}") + (free if part else "")


def listed(values: Iterable[object]) -> str:
    """Words in a row."""
    return {"zh": "、", "en": ", "}[language()].join(str(value) for value in values)
