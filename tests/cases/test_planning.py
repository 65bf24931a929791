"""The days of a change, from the answers: the earliest lawful day, what clashes, what is not published yet."""

from datetime import date

import pytest

from shouxin.cases.interview import rule_on
from shouxin.cases.planning import plan_of
from shouxin.ground.rulebook.workdays import add_workdays
from tests.faces.web.shop import FLOW, interview

TODAY, BUYER = date(2026, 11, 23), "recipient:b"


def planned(to=None, *, today=TODAY, **changed):
    flows = [{**FLOW, "to": to, "recipient": BUYER}] if to else []
    return plan_of(rule_on(interview(BUYER, **{**changed, "flows": flows})).to_plain(), today=today)


def merger(**changed):
    told = {"structures": ["merger"], "legal_person": "ends", "business": "ends", **changed}
    return planned("absorbing_company", **told)


def ending(**changed):
    told = {"structures": ["deregistration"], "legal_person": "ends", "business": "ends", **changed}
    return planned("keeper", **told)


def test_a_small_handler_announces_thirty_full_working_days_before_a_successor_receives():
    plan = merger(closing_on="2027-03-01")
    assert plan.earliest_transfer > add_workdays(TODAY, 30).date
    large = merger(people=100_000, closing_on="2027-03-01")  # waits for the creditors alone
    assert large.earliest_transfer < plan.earliest_transfer


def test_a_closing_day_that_comes_too_soon_is_a_clash_that_names_the_lawful_day():
    plan = merger(closing_on="2026-12-31")
    assert plan.clashes[0].fixed == date(2026, 12, 31)
    assert plan.clashes[0].lawful == plan.earliest_transfer
    assert not merger(closing_on=plan.earliest_transfer.isoformat(), answers_until="2026-12-22").clashes


def test_an_announcement_that_stands_already_counts_from_its_day():
    begun = merger(closing_on="2027-03-01", announced_on="2026-11-02")
    assert begun.earliest_transfer < merger(closing_on="2027-03-01").earliest_transfer


def test_the_company_ends_only_after_creditors_and_the_announcement():
    plan = ending(closing_on="2026-12-31")
    assert plan.earliest_deregistration > date(2026, 12, 31)
    assert plan.clashes
    assert "SH-9b" in {law for each in plan.foreseen for side in each.law for law in side}


def test_an_asset_sale_waits_for_nothing_but_its_own_steps():
    plan = planned("buyer")
    assert plan.events["transfer"].fixed == date(2026, 12, 31)
    assert not plan.clashes


@pytest.mark.parametrize(("structure", "event"), [("address", "moved_in"), ("equity", "equity_transferred")])
def test_where_nothing_moves_the_closing_day_is_the_change_itself(structure, event):
    plan = planned(structures=[structure], business="goes_on")
    assert plan.events[event].fixed == date(2026, 12, 31)
    assert plan.earliest_transfer is None


def test_a_year_whose_holidays_are_not_published_is_marked():
    assert merger(closing_on="2027-03-01").is_provisional
