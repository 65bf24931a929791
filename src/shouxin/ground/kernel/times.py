"""Time is passed in. A clock is made at a door; below, functions take `at`.

A simulated installation has a clock that only moves when told; which clock a company has is fixed when it is founded.
"""

from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from shouxin.ground.kernel.refusals import Refusal

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """What the doors ask for the time."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's own clock; the only clock of a real installation."""

    def now(self) -> datetime:
        """The present instant, to the second."""
        return datetime.now(UTC).replace(microsecond=0)


class FixedClock:
    """A clock that stands where it was set; simulated installations and tests."""

    def __init__(self, instant: datetime) -> None:
        self._instant = check_instant(instant)

    def now(self) -> datetime:
        """The instant it was set to."""
        return self._instant


def check_instant(value: datetime) -> datetime:
    """The same instant in UTC.

    Raises:
        Refusal("time.naive"): the value has no time zone.
    """
    if value.tzinfo is None:
        raise Refusal("time.naive")
    return value.astimezone(UTC)


def to_text(value: datetime) -> str:
    """RFC 3339 in UTC with second precision, the one spelling used in signed documents."""
    return check_instant(value).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_text(text: str) -> datetime:
    """The instant of that one spelling.

    Raises:
        Refusal("time.spelling"): any other spelling.
    """
    try:
        value = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except (ValueError, TypeError) as error:
        raise Refusal("time.spelling") from error
    if to_text(value) != text:
        raise Refusal("time.spelling")
    return value


def day_in_china(value: datetime) -> date:
    """The calendar day in Asia/Shanghai, which is what a Chinese deadline means by a day."""
    return check_instant(value).astimezone(SHANGHAI).date()
