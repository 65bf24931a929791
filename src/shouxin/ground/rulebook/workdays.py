"""Working days as China counts them: weekends, statutory holidays, and the days moved by the State Council's notices.

The first day is not counted (Civil Code 201, from memory). From the first year without a published notice the calendar
holds statutory days only; what is computed there is `provisional` and says so. Days are days in Asia/Shanghai
(`kernel.times.day_in_china`).
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from types import MappingProxyType

from shouxin.ground.kernel.refusals import Refusal

ANNOUNCEMENT_WORKDAYS = 30
_SATURDAY = 5
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Year:
    """One year's exceptions from the plain week, and whether the State Council's notice for it is out."""

    off: frozenset[date]
    work: frozenset[date]
    provisional: bool


@dataclass(frozen=True)
class Due:
    """A computed day; provisional when a notice not yet published could move it."""

    date: date
    provisional: bool


def _days(entries: list[str]) -> frozenset[date]:
    found = set()
    for entry in entries:
        first, _, last = entry.partition("/")
        day, end = date.fromisoformat(first), date.fromisoformat(last or first)
        while day <= end:
            found.add(day)
            day += _DAY
    return frozenset(found)


@cache
def years() -> Mapping[int, Year]:
    """The years this calendar knows."""
    text = resources.files("shouxin.ground.rulebook").joinpath("workdays.toml").read_text(encoding="utf-8")
    tree = tomllib.loads(text)
    return MappingProxyType(
        {
            int(number): Year(_days(entry["off"]), _days(entry.get("work", [])), entry.get("provisional", False))
            for number, entry in tree["years"].items()
        }
    )


def _year(day: date) -> Year:
    found = years().get(day.year)
    if found is None:
        known = sorted(years())
        raise Refusal("workdays.unknown_year", year=day.year, first=known[0], last=known[-1])
    return found


def is_workday(day: date) -> bool:
    """Whether people work in China on this day.

    Raises:
        Refusal("workdays.unknown_year"): the calendar does not reach there.
    """
    year = _year(day)
    if day in year.work:
        return True
    return day.weekday() < _SATURDAY and day not in year.off


def is_provisional(day: date) -> bool:
    """Whether the State Council's notice for this day's year is not yet in the calendar.

    Raises:
        Refusal("workdays.unknown_year"): the calendar does not reach there.
    """
    return _year(day).provisional


def add_workdays(start: date, count: int) -> Due:
    """Return the count-th working day after a day, which is itself not counted; a negative count goes back.

    Raises:
        Refusal("workdays.unknown_year"): the calendar does not reach there.
    """
    step = _DAY if count >= 0 else -_DAY
    day, left = start, abs(count)
    while left:
        day += step
        left -= is_workday(day)
    return Due(day, is_provisional(start) or is_provisional(day))


def workdays_between(start: date, end: date) -> int:
    """Return how many working days lie after `start` up to and including `end`; 0 when the end is not later.

    Raises:
        Refusal("workdays.unknown_year"): the calendar does not reach there.
    """
    days = (start + timedelta(days=ahead) for ahead in range(1, (end - start).days + 1))
    return sum(is_workday(day) for day in days)


def full_workdays(announced_on: date, on: date) -> int:
    """Return how many full working days lie between two days, neither of which is counted.

    Raises:
        Refusal("workdays.unknown_year"): the calendar does not reach there.
    """
    return workdays_between(announced_on, on - _DAY)


def earliest_transfer(announced_on: date, *, workdays: int = ANNOUNCEMENT_WORKDAYS) -> Due:
    """Return the first day on which a small handler may move information: the day after the 30th full working day.

    Small handlers' provisions 9 (SH-9b): announced at least 30 working days before, standing at least 30 working days.

    Raises:
        Refusal("workdays.unknown_year"): the calendar does not reach there.
    """
    last = add_workdays(announced_on, workdays)
    return Due(last.date + _DAY, last.provisional or is_provisional(last.date + _DAY))
