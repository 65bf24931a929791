"""The Chinese working calendar, held day by day against an independent one."""

from datetime import date, timedelta

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook import workdays

DAY = timedelta(days=1)
DAYS = st.dates(date(2024, 4, 1), date(2031, 10, 1))
COUNTS = st.integers(1, 45)


def _days(year):
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += DAY


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
        (date(2026, 9, 20), True),  # a Sunday worked for the National Day
        (date(2026, 10, 7), False),
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
    assert workdays.full_workdays(date(2026, 9, 1), due.date - DAY) == 29
    assert not due.provisional


def test_an_announcement_over_the_national_day_of_2026_counts_the_moved_days():
    # Announced on Monday 14 September: the Sunday of the 20th and the Saturday of 10 October are worked, 25 to 27
    # September and 1 to 7 October are not. The 30th full working day is Friday 30 October.
    worked = [day for day in _days(2026) if date(2026, 9, 14) < day <= date(2026, 10, 30) and workdays.is_workday(day)]
    assert len(worked) == 30
    assert {date(2026, 9, 20), date(2026, 10, 10)} <= set(worked)
    assert not {date(2026, 9, 25), *(date(2026, 10, number) for number in range(1, 8))} & set(worked)
    assert workdays.earliest_transfer(date(2026, 9, 14)) == workdays.Due(date(2026, 10, 31), False)


def test_what_reaches_into_a_year_without_a_notice_is_provisional():
    due = workdays.add_workdays(date(2026, 12, 21), 12)
    assert due.date.year == 2027
    assert due.provisional
    assert workdays.earliest_transfer(date(2026, 11, 24)).provisional


def test_a_year_that_the_calendar_does_not_know_is_refused():
    with pytest.raises(Refusal, match=r"workdays\.unknown_year"):
        workdays.add_workdays(date(2037, 12, 20), 30)
    with pytest.raises(Refusal, match=r"workdays\.unknown_year"):
        workdays.is_workday(date(2023, 12, 29))


# --- the stricter day ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("year", range(2008, 2027))
def test_no_published_notice_ever_moved_a_day_further_than_the_open_years_allow_for(year):
    known = holidays.China(years=[year - 1, year, year + 1])
    statutory = {day for day, name in known.items() if "substituted" not in name}
    as_if_open = workdays.Calendar(
        {number: workdays.Year(frozenset(d for d in statutory if d.year == number), frozenset(), True)
         for number in (year - 1, year, year + 1)}
    )  # fmt: skip
    for day in _days(year):
        assert not (as_if_open.surely_works(day) and not known.is_working_day(day)), day
        assert not (known.is_working_day(day) and not as_if_open.possibly_works(day)), day


def test_in_an_open_year_a_waiting_time_counts_fewer_days_and_a_limit_more():
    # The notice for 2027 is not out: the week after the Spring Festival of 6 February may be free, its weekends worked.
    open_start = date(2027, 1, 29)
    assert workdays.first_day_after(open_start, 10).date > workdays.add_workdays(open_start, 10).date
    assert workdays.last_day_within(open_start, 10).date < workdays.add_workdays(open_start, 10).date
    assert workdays.first_day_after(open_start, 10).provisional
    assert workdays.last_day_within(open_start, 10).provisional
    assert workdays.first_day_after(date(2027, 7, 1), 10) == workdays.Due(date(2027, 7, 16), True)


def test_in_a_published_year_only_the_first_day_makes_a_limit_stricter():
    assert workdays.first_day_after(date(2026, 3, 2), 10) == workdays.Due(date(2026, 3, 17), False)
    assert workdays.last_day_within(date(2026, 3, 2), 10) == workdays.Due(date(2026, 3, 13), False)


def test_the_days_before_an_open_new_year_may_still_move():
    assert workdays.calendar().may_move(date(2026, 12, 31))
    assert not workdays.calendar().surely_works(date(2026, 12, 31))
    assert not workdays.calendar().may_move(date(2026, 12, 1))


@given(start=DAYS, count=COUNTS)
def test_a_waiting_time_turned_round_leads_to_the_latest_day_that_still_satisfies_it(start, count):
    end = workdays.first_day_after(start, count).date
    latest = workdays.last_start_before(end, count).date
    assert start <= latest < end
    assert workdays.first_day_after(latest, count).date <= end
    assert workdays.first_day_after(latest + DAY, count).date > end


@given(end=DAYS, count=COUNTS)
def test_a_limit_turned_round_leads_to_the_earliest_day_that_still_satisfies_it(end, count):
    earliest = workdays.first_start_within(end, count).date
    assert workdays.last_day_within(earliest, count).date >= end
    assert workdays.last_day_within(earliest - DAY, count).date < end


@given(start=DAYS, count=COUNTS)
def test_the_stricter_day_is_never_laxer_than_the_likely_one(start, count):
    assert workdays.first_day_after(start, count).date > workdays.add_workdays(start, count).date - DAY
    assert workdays.last_day_within(start, count).date <= workdays.add_workdays(start, count).date


# --- another calendar ------------------------------------------------------------------------------------------------


def _open_2027_published():
    head, _, tail = workdays.shipped_text().partition("[years.2027]\nprovisional = true")
    return f"{head}[years.2027]{tail}"


def test_a_calendar_with_the_next_notice_is_used_inside_the_block_only():
    published = workdays.parse_calendar(_open_2027_published())
    with workdays.using(published):
        assert not workdays.earliest_transfer(date(2026, 11, 24)).provisional
    assert workdays.earliest_transfer(date(2026, 11, 24)).provisional


@pytest.mark.parametrize(
    ("what", "year"),
    [
        ("", 0),
        ("[years]\nx = 1", 0),
        ('[years.2026]\noff = ["2026-02-31"]', 0),
        ('[years.2026]\noff = ["2027-01-01"]', 2026),
        ('[years.2026]\noff = []\nwork = ["2026-03-02"]', 2026),  # a Monday
        ("[years.2026]\noff = []\n[years.2028]\noff = []", 2028),
        ("[years.2026]\nprovisional = true\noff = []\n[years.2027]\noff = []", 2027),
    ],
)
def test_what_is_not_a_calendar_is_refused_with_its_year(what, year):
    with pytest.raises(Refusal) as refused:
        workdays.parse_calendar(what)
    assert (refused.value.code, refused.value.facts["year"]) == ("workdays.unreadable", year)
