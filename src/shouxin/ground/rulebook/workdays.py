"""Working days as China counts them: weekends, statutory holidays, and the days moved by the State Council's notices.

The first day is not counted (Civil Code 201, from memory). From the first year without a published notice the calendar
holds statutory days only; what is computed there is `provisional` and says so. There the plain verbs count the likely
days, and two of them count the stricter ones: a waiting time (`first_day_after`) only days on which people surely work,
a time limit (`last_day_within`) every day on which they may have to, and the first day too, since that it does not
count is from memory. Days are days in Asia/Shanghai (`kernel.times.day_in_china`).

    first_day_after(date(2026, 9, 1), 30)      the day after the 30th full working day
    last_day_within(date(2026, 9, 1), 10)      the tenth working day, the 1st being the first
"""

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property
from importlib import resources
from types import MappingProxyType

from shouxin.ground.kernel.refusals import Refusal

ANNOUNCEMENT_WORKDAYS = 30
_SATURDAY = 5
_DAY = timedelta(days=1)

# How far the notices of 2008 to 2026 moved days: at most two days before a statutory day and four after it became free,
# and weekends up to ten days off were worked for it. One day more on each side, since the next notice is not bound.
_FREED_BEFORE, _FREED_AFTER, _WORKED_WITHIN = 3, 5, 11


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


@dataclass(frozen=True)
class Calendar:
    """The years known, and what may still happen to the days of those without a notice."""

    years: Mapping[int, Year]

    @cached_property
    def _statutory(self) -> frozenset[date]:
        return frozenset(day for year in self.years.values() if year.provisional for day in year.off)

    @cached_property
    def may_be_freed(self) -> frozenset[date]:
        """Days that a notice not yet published may make free, around each statutory day of its year."""
        reach = range(-_FREED_BEFORE, _FREED_AFTER + 1)
        return frozenset(day + timedelta(days=ahead) for day in self._statutory for ahead in reach)

    @cached_property
    def may_be_worked(self) -> frozenset[date]:
        """Weekend days that a notice not yet published may turn into working days."""
        reach = range(-_WORKED_WITHIN, _WORKED_WITHIN + 1)
        around = (day + timedelta(days=ahead) for day in self._statutory for ahead in reach)
        return frozenset(day for day in around if day.weekday() >= _SATURDAY) - self._statutory

    def year(self, day: date) -> Year:
        """Return the year of a day.

        Raises:
            Refusal("workdays.unknown_year"): the calendar does not reach there.
        """
        found = self.years.get(day.year)
        if found is None:
            known = sorted(self.years)
            raise Refusal("workdays.unknown_year", year=day.year, first=known[0], last=known[-1])
        return found

    def is_workday(self, day: date) -> bool:
        """Whether people work on this day, as far as is known."""
        year = self.year(day)
        if day in year.work:
            return True
        return day.weekday() < _SATURDAY and day not in year.off

    def may_move(self, day: date) -> bool:
        """Whether a notice not yet published decides about this day, be it a December day before an open New Year."""
        return self.year(day).provisional or day in self.may_be_freed or day in self.may_be_worked

    def surely_works(self, day: date) -> bool:
        """Whether people work on this day whatever the next notice says."""
        return self.is_workday(day) and day not in self.may_be_freed

    def possibly_works(self, day: date) -> bool:
        """Whether people work on this day, or the next notice may make them."""
        return self.is_workday(day) or day in self.may_be_worked


def _days(entries: list[str]) -> frozenset[date]:
    found = set()
    for entry in entries:
        first, _, last = entry.partition("/")
        day, end = date.fromisoformat(first), date.fromisoformat(last or first)
        while day <= end:
            found.add(day)
            day += _DAY
    return frozenset(found)


def parse_calendar(text: str) -> Calendar:
    """Read a calendar from a TOML text.

    Raises:
        Refusal("workdays.unreadable"): not a calendar, a gap between its years, a day outside its year, a worked
        weekday, or a year with a notice after one without.
    """
    try:
        years = {int(number): _year(entry) for number, entry in tomllib.loads(text)["years"].items()}
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise Refusal("workdays.unreadable", year=0) from error
    ordered = sorted(years)
    for number in ordered:
        year, before = years[number], years.get(number - 1)
        strays = any(day.year != number for day in year.off | year.work)
        gap = before is None and number != ordered[0]
        out_of_turn = before is not None and before.provisional and not year.provisional
        if strays or gap or out_of_turn or any(day.weekday() < _SATURDAY for day in year.work):
            raise Refusal("workdays.unreadable", year=number)
    return Calendar(MappingProxyType({number: years[number] for number in ordered}))


def _year(entry: Mapping[str, list[str]]) -> Year:
    return Year(_days(entry["off"]), _days(entry.get("work", [])), bool(entry.get("provisional", False)))


def shipped_text() -> str:
    """The calendar of this release, as written."""
    return resources.files("shouxin.ground.rulebook").joinpath("workdays.toml").read_text(encoding="utf-8")


@cache
def shipped() -> Calendar:
    """The calendar of this release."""
    return parse_calendar(shipped_text())


_IN_USE: ContextVar[Calendar | None] = ContextVar("calendar", default=None)


def calendar() -> Calendar:
    """The calendar in use: this release's, or the one that an adopted edition of the law brought."""
    return _IN_USE.get() or shipped()


@contextmanager
def using(other: Calendar) -> Iterator[None]:
    """Count by another calendar inside the block."""
    token = _IN_USE.set(other)
    try:
        yield
    finally:
        _IN_USE.reset(token)


def years() -> Mapping[int, Year]:
    """The years this calendar knows."""
    return calendar().years


def is_workday(day: date) -> bool:
    """Whether people work in China on this day.

    Raises:
        Refusal("workdays.unknown_year"): the calendar does not reach there.
    """
    return calendar().is_workday(day)


def is_provisional(day: date) -> bool:
    """Whether the State Council's notice for this day's year is not yet in the calendar.

    Raises:
        Refusal("workdays.unknown_year"): the calendar does not reach there.
    """
    return calendar().year(day).provisional


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


# --- the stricter day ------------------------------------------------------------------------------------------------


def _walk(start: date, count: int, *, back: bool, surely: bool) -> Due:
    """The count-th day of work before or after a day; those passed over make it provisional when they may move."""
    known = calendar()
    works = known.surely_works if surely else known.possibly_works
    day, left, provisional = start, count, False
    while left:
        day += -_DAY if back else _DAY
        left -= works(day)
        provisional = provisional or known.may_move(day)
    return Due(day, provisional)


def first_day_after(start: date, count: int) -> Due:
    """Return the first day before which so many full working days have surely run since `start`, which is not counted.

    Raises:
        Refusal("workdays.unknown_year"): the calendar does not reach there.
    """
    last = _walk(start, count, back=False, surely=True)
    return Due(last.date + _DAY, last.provisional)


def last_start_before(end: date, count: int) -> Due:
    """Return the last day from which so many full working days surely run before `end`: turns `first_day_after` round.

    Raises:
        Refusal("workdays.unknown_year"): the calendar does not reach there.
    """
    first = _walk(end, count, back=True, surely=True)
    return Due(first.date - _DAY, first.provisional)


def last_day_within(start: date, count: int) -> Due:
    """Return the last of so many working days from `start`, which is counted.

    Raises:
        Refusal("workdays.unknown_year"): the calendar does not reach there.
    """
    return _walk(start - _DAY, count, back=False, surely=False)


def first_start_within(end: date, count: int) -> Due:
    """Return the first day whose limit of so many working days surely covers `end`: turns `last_day_within` round.

    Raises:
        Refusal("workdays.unknown_year"): the calendar does not reach there.
    """
    beyond = _walk(end, count, back=True, surely=False)
    return Due(beyond.date + _DAY, beyond.provisional)


def earliest_transfer(announced_on: date, *, workdays: int = ANNOUNCEMENT_WORKDAYS) -> Due:
    """Return the first day on which a small handler may move information: the day after the 30th full working day.

    Small handlers' provisions 9 (SH-9b): announced at least 30 working days before, standing at least 30 working days.

    Raises:
        Refusal("workdays.unknown_year"): the calendar does not reach there.
    """
    return first_day_after(announced_on, workdays)
