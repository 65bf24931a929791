"""The Chinese working calendar, held day by day against an independent one."""

from datetime import date, timedelta

import holidays
import pytest

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook import workdays


def _days(year):
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += timedelta(days=1)


@pytest.mark.parametrize("year", sorted(workdays.years()))
def test_every_day_agrees_with_an_independent_calendar(year):
    independent = holidays.China(years=year)
    different = [day for day in _days(year) if workdays.is_workday(day) != independent.is_working_day(day)]
    assert different == []


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 11, 23), True),
        (date(2026, 11, 22), False),
        (date(2026, 2, 14), True),  # a Saturday worked for the Spring Festival
        (date(2026, 2, 16), False),
        (date(2026, 10, 10), True),
        (date(2025, 10, 8), False),
    ],
)
def test_days_that_the_notices_moved(day, works):
    assert workdays.is_workday(day) is works


def test_the_first_day_is_not_counted():
    assert workdays.add_workdays(date(2026, 11, 23), 1) == workdays.Due(date(2026, 11, 24), False)
    assert workdays.add_workdays(date(2026, 11, 23), 0).date == date(2026, 11, 23)
    assert workdays.add_workdays(date(2026, 11, 23), -1).date == date(2026, 11, 20)


def test_counting_is_the_inverse_of_adding():
    start = date(2026, 1, 28)
    for count in (1, 5, 13, 30, 60):
        assert workdays.workdays_between(start, workdays.add_workdays(start, count).date) == count
    assert workdays.workdays_between(start, start) == 0
    assert workdays.workdays_between(start, date(2026, 1, 5)) == 0


def test_thirty_full_working_days_lie_between_announcement_and_transfer():
    due = workdays.earliest_transfer(date(2026, 9, 1))
    assert workdays.full_workdays(date(2026, 9, 1), due.date) == 30
    assert workdays.full_workdays(date(2026, 9, 1), due.date - timedelta(days=1)) == 29
    assert not due.provisional


def test_what_reaches_into_a_year_without_a_notice_is_provisional():
    due = workdays.add_workdays(date(2026, 12, 21), 12)
    assert due.date.year == 2027
    assert due.provisional
    assert workdays.earliest_transfer(date(2026, 11, 24)).provisional


def test_a_year_that_the_calendar_does_not_know_is_refused():
    with pytest.raises(Refusal, match=r"workdays\.unknown_year"):
        workdays.add_workdays(date(2032, 12, 20), 30)
    with pytest.raises(Refusal, match=r"workdays\.unknown_year"):
        workdays.is_workday(date(2023, 12, 29))
