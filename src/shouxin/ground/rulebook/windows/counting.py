"""How one window ties two days: forwards and turned round, always to the stricter day.

A waiting time does not count its first day; a time limit does, because that the first day is left out (Civil Code 201)
is from memory. Working days follow the calendar in use, and where a notice is still to come its stricter days.
"""

from datetime import date, timedelta

from shouxin.ground.rulebook import workdays
from shouxin.ground.rulebook.law.windows import Window
from shouxin.ground.rulebook.workdays import Due

_LIMITS = ("within", "by")
_DAY = timedelta(days=1)


def _sure(day: date) -> Due:
    return Due(day, provisional=False)


def _moved(due: Due, days: int) -> Due:
    return Due(due.date + timedelta(days=days), due.provisional)


def earliest_end(window: Window, start: date) -> Due | None:
    """Return the first day on which the window lets its end come; None where it sets none."""
    if window.how == "by":
        return None
    if window.how in ("order", "within"):
        return _sure(start)
    if window.how == "before":
        return _sure(start + _DAY)
    if window.unit == "working_day":
        after = workdays.first_day_after(start, window.amount)
        return after if window.how == "full" else _moved(after, -1)
    return _sure(start + timedelta(days=window.amount + (window.how == "full")))


def latest_start(window: Window, end: date) -> Due | None:
    """Return the last day from which `end` can still be reached: turns `earliest_end` round."""
    if window.how == "by":
        return None
    if window.how in ("order", "within"):
        return _sure(end)
    if window.how == "before":
        return _sure(end - _DAY)
    if window.unit == "working_day":
        return workdays.last_start_before(end if window.how == "full" else end + _DAY, window.amount)
    return _sure(end - timedelta(days=window.amount + (window.how == "full")))


def latest_end(window: Window, start: date) -> Due | None:
    """Return the last day on which the window lets its end come; None where it sets none."""
    if window.how == "exactly":
        return _sure(start + timedelta(days=window.amount))
    if window.how not in _LIMITS:
        return None
    if window.unit == "working_day":
        return workdays.last_day_within(start, window.amount)
    return _sure(start + timedelta(days=window.amount - 1))


def earliest_start(window: Window, end: date) -> Due | None:
    """Return the first day whose limit still covers `end`: turns `latest_end` round."""
    if window.how == "exactly":
        return _sure(end - timedelta(days=window.amount))
    if window.how not in _LIMITS:
        return None
    if window.unit == "working_day":
        return workdays.first_start_within(end, window.amount)
    return _sure(end - timedelta(days=window.amount - 1))


def holds(window: Window, start: date, end: date) -> bool:
    """Whether two days keep a window."""
    first, last = earliest_end(window, start), latest_end(window, start)
    return (first is None or first.date <= end) and (last is None or end <= last.date)
