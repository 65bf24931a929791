"""What stands before a hand-over, for the case as a whole; the criminal thresholds as a red flag."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from shouxin.ground.rulebook import law
from shouxin.ground.rulebook.gates import (
    CaseFacts,
    FlowRole,
    case_level_checks,
    criminal_kind,
    items_over_recipients,
    reaches_criminal_threshold,
)

MOVES = datetime(2026, 12, 31, tzinfo=UTC)
READY = CaseFacts(
    people=5000,
    handed_over_at=MOVES,
    assessment_signed_at=MOVES - timedelta(days=20),
    agreement_on_record=True,
    undertaking_on_record=True,
    record_kept_until=date(2029, 12, 31),
    important_data=False,
    drill_fresh=True,
    cooling_off_ends_on=date(2026, 12, 30),
    today=date(2026, 12, 31),
    withdrawal_epoch_applied=True,
)


@pytest.mark.parametrize(
    ("change", "failing"),
    [
        ({}, []),
        ({"assessment_signed_at": None}, ["case.assessment_before"]),
        ({"assessment_signed_at": MOVES}, ["case.assessment_before"]),
        ({"agreement_on_record": False}, ["case.agreement"]),
        ({"agreement_on_record": False, "roles": frozenset({FlowRole.SUCCESSOR})}, []),
        ({"undertaking_on_record": False}, ["case.undertaking"]),
        ({"undertaking_on_record": False, "roles": frozenset({FlowRole.OTHER_HANDLER})}, []),
        ({"record_kept_until": date(2029, 12, 30)}, ["case.record_kept"]),
        ({"record_kept_until": None}, ["case.record_kept"]),
        ({"record_kept_until": None, "roles": frozenset({FlowRole.CUSTODIAN})}, []),
        ({"legal_notices_suppressed": 3}, ["case.no_notice_suppressed"]),
        ({"important_data": True}, ["case.disposal_plan_reported"]),
        ({"people": 10_000_000}, ["case.disposal_plan_reported"]),
        ({"important_data": True, "disposal_plan_reported": True}, []),
        ({"drill_fresh": False}, ["case.drill_fresh"]),
        ({"today": date(2026, 12, 30)}, ["case.cooling_off_over"]),
        ({"cooling_off_ends_on": None}, ["case.cooling_off_over"]),
        ({"withdrawal_epoch_applied": False}, ["case.withdrawals_applied"]),
        ({"offer_in_legal_notice": True}, ["case.no_offer_in_notice"]),
        ({"buyer_insolvent": True}, ["case.buyer_solvent"]),
        ({"buyer_insolvent": True, "settled": True}, []),
        ({"people_without_basis": 1}, ["case.nobody_without_basis"]),
        ({"items_without_basis": {"gravest": 25}}, ["case.criminal_thresholds"]),
    ],
)
def test_what_must_hold_before_anything_moves(change, failing):
    checks = case_level_checks(replace(READY, **change))
    assert [check.code for check in checks if not check.holds] == failing
    assert all(law.knows(id) for check in checks for id in check.law)


@pytest.mark.parametrize(
    ("items", "yuan", "reached"),
    [
        ({"gravest": 24}, 0, False),
        ({"gravest": 25}, 0, True),
        ({"grave": 249}, 0, False),
        ({"grave": 250}, 0, True),
        ({"other": 2499}, 0, False),
        ({"other": 2500}, 0, True),
        ({"gravest": 10, "grave": 100, "other": 499}, 0, False),
        ({"gravest": 10, "grave": 100, "other": 500}, 0, True),
        ({"other": 1}, 2500, True),
        ({"other": 1}, 2499, False),
        ({}, 1_000_000, False),
    ],
)
def test_the_criminal_thresholds_count_items_in_proportion(items, yuan, reached):
    assert reaches_criminal_threshold(items, proceeds_yuan=yuan) is reached
    check = case_level_checks(replace(READY, items_without_basis=items, proceeds_yuan=yuan))[-1]
    assert check.is_red_flag is reached


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("bank_card", "gravest"),
        ("prepaid_balance", "gravest"),
        ("health", "grave"),
        ("address", "grave"),
        ("amount", "grave"),
        ("name", "other"),
        ("phone", "other"),
    ],
)
def test_each_field_counts_in_its_group(field, kind):
    assert criminal_kind(field) == kind


def test_giving_to_two_recipients_counts_twice():
    summed = items_over_recipients([{"gravest": 13, "other": 1}, {"gravest": 12}])
    assert summed == {"gravest": 25, "other": 1}
    assert reaches_criminal_threshold(summed)


def test_a_case_of_which_nothing_is_recorded_fails_every_check_that_needs_a_record():
    failing = {each.code for each in case_level_checks(CaseFacts(people=10, handed_over_at=None)) if not each.holds}
    assert failing == {
        "case.assessment_before",
        "case.agreement",
        "case.undertaking",
        "case.record_kept",
        "case.disposal_plan_reported",
        "case.drill_fresh",
        "case.cooling_off_over",
        "case.withdrawals_applied",
    }
