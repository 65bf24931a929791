"""The small handlers' thirty working days: when they begin, when they are over, what begins them anew."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook import workdays
from shouxin.ground.rulebook.gates import Announcement, latest_announcement, waiting, waiting_for
from tests.ground.rulebook.gates_cast import SUCCESSOR, opinion

SENDER = SUCCESSOR.sender
POSTED = date(2026, 4, 8)
FIRST = date(2026, 5, 23)


def stands(on, *, sender=SENDER, **days):
    announcement = Announcement(**({"posted_on": POSTED, "popup_on": POSTED} | days))
    return waiting(sender, announcement, transfer_on=on)


def test_thirty_full_working_days_lie_between_and_neither_first_nor_last_counts():
    assert stands(FIRST).earliest.date == FIRST
    assert workdays.full_workdays(POSTED, FIRST) == 30
    assert workdays.full_workdays(POSTED, FIRST - timedelta(days=1)) == 29
    assert stands(FIRST).over
    assert not stands(FIRST - timedelta(days=1)).over


@pytest.mark.parametrize(
    ("days", "begun", "over"),
    [
        ({}, POSTED, True),
        ({"popup_on": date(2026, 4, 9)}, date(2026, 4, 9), False),
        ({"popup_on": None}, None, False),
        ({"posted_on": None}, None, False),
        ({"recipient_changed_on": date(2026, 4, 8)}, POSTED, True),
        ({"recipient_changed_on": date(2026, 4, 9)}, None, False),
        ({"posted_on": date(2026, 4, 9), "recipient_changed_on": date(2026, 4, 9)}, date(2026, 4, 9), False),
        ({"taken_down_on": date(2026, 5, 23)}, POSTED, True),
        ({"taken_down_on": date(2026, 5, 22)}, POSTED, False),
        ({"taken_down_on": date(2026, 4, 1)}, POSTED, False),
    ],
)
def test_what_begins_the_days_and_what_breaks_them(days, begun, over):
    found = stands(FIRST, **days)
    assert (found.begun_on, found.over) == (begun, over)


def test_without_an_own_service_no_pop_up_is_asked_for():
    assert stands(FIRST, sender=replace(SENDER, own_online_service=False), popup_on=None).over


@pytest.mark.parametrize(
    ("counts", "must_wait", "may_announce"),
    [
        ((99_999, 99_999), True, True),
        ((99_999, 100_000), True, False),
        ((100_000, 99_999), True, False),
        ((100_000, 100_000), False, False),
        ((None, 100_000), True, False),
        ((5, None), True, False),
        ((None, None), True, False),
    ],
)
def test_who_may_be_small_waits_and_only_who_is_small_announces(counts, must_wait, may_announce):
    sender = replace(SENDER, people_at_announcement=counts[0], people_at_cut_off=counts[1])
    assert (sender.must_wait, sender.may_announce) == (must_wait, may_announce)
    assert stands(POSTED, sender=sender).over is not must_wait


def test_a_large_handler_has_no_days_to_wait_for():
    large = replace(SENDER, people_at_announcement=100_000, people_at_cut_off=100_000)
    found = waiting(large, Announcement(), transfer_on=None)
    assert (found.required, found.earliest, found.over) == (False, None, True)


@pytest.mark.parametrize("on", [FIRST, date(2026, 6, 30), date(2026, 10, 9), date(2026, 3, 2)])
def test_the_latest_announcement_is_just_in_time(on):
    day = latest_announcement(on).date
    assert stands(on, posted_on=day, popup_on=day).over
    later = day + timedelta(days=1)
    assert not stands(on, posted_on=later, popup_on=later).over


def test_an_opinion_moves_the_days_of_its_kinds_only():
    flow = replace(SUCCESSOR, transfer_on=date(2026, 5, 22), opinions=(opinion("first_day"),))
    assert waiting_for(flow, "basic").earliest.date == date(2026, 5, 22)
    assert waiting_for(flow, "basic").over
    assert not waiting_for(flow, "purchase").over


def test_a_day_that_a_notice_may_still_move_is_provisional():
    found = stands(None, posted_on=date(2027, 1, 4), popup_on=date(2027, 1, 4))
    assert found.earliest.provisional
    assert not stands(None).earliest.provisional
    with pytest.raises(Refusal, match=r"workdays\.unknown_year"):
        stands(None, posted_on=date(2099, 1, 4), popup_on=date(2099, 1, 4))
