"""Before a company is struck off: nothing in use, every seal kept by somebody who outlives it, money settled."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from shouxin.ground.rulebook import law, terms
from shouxin.ground.rulebook.gates import (
    OBSTACLES,
    DeregistrationFacts,
    Left,
    Remains,
    Signatory,
    at_cut_off,
    decide,
    deregistration_checks,
    keep_or_end,
    what_is_left,
    who_signs,
)
from tests.ground.rulebook.gates_cast import BUYER, CATEGORY, HOLDERS, KEEPER, NOT_ASKED, STAYS, SUCCESSOR, person

SENDER = HOLDERS["closed"][0]
STRUCK_OFF = date(2026, 8, 31)
READY = DeregistrationFacts(
    on=STRUCK_OFF,
    custodian_outlives=True,
    custodian_answers=True,
    announced_until=date(2026, 8, 28),
    clear_of=frozenset(OBSTACLES),
    prepaid_unpaid_yuan=0,
    claims_declared_until=date(2026, 7, 1),
)
SETTLED = Left(in_use=0, still_open=0, custody_open=0, sealed=5, sealed_without_end=0, sealed_by_successor=0)


@pytest.mark.parametrize(
    ("facts", "left", "failing"),
    [
        ({}, {}, []),
        ({}, {"in_use": 1}, ["case.nothing_in_use"]),
        ({}, {"still_open": 1}, ["case.nothing_open"]),
        ({}, {"custody_open": 1}, ["case.custody_settled"]),
        ({}, {"sealed_without_end": 1}, ["case.seals_end"]),
        ({"custodian_outlives": False}, {}, ["case.custodian_outlives"]),
        ({"custodian_answers": False}, {}, ["case.custodian_answers"]),
        ({"custodian_outlives": False, "custodian_answers": False}, {"sealed": 0}, []),
        ({"custodian_outlives": False, "custodian_answers": False}, {"sealed_by_successor": 5}, []),
        ({"announced_until": STRUCK_OFF}, {}, ["case.announcement_ends_before"]),
        ({"announced_until": None}, {}, ["case.announcement_ends_before"]),
        ({"prepaid_unpaid_yuan": 1}, {}, ["case.prepaid_settled", "case.simplified_way_open"]),
        ({"prepaid_unpaid_yuan": None}, {}, ["case.prepaid_settled", "case.simplified_way_open"]),
        ({"prepaid_unpaid_yuan": 1, "is_simplified": False}, {}, ["case.prepaid_settled"]),
        ({"prepaid_repaid_on": (date(2026, 7, 1),)}, {}, ["case.no_refund_while_claims"]),
        ({"prepaid_repaid_on": (date(2026, 7, 2),)}, {}, []),
        (
            {"prepaid_repaid_on": (date(2026, 7, 2),), "claims_declared_until": None},
            {},
            ["case.no_refund_while_claims"],
        ),
        ({"cards_moved": 2, "cards_answered": 1}, {}, ["case.cards_asked"]),
        ({"clear_of": frozenset(OBSTACLES) - {"pledged_shares"}}, {}, ["case.simplified_way_open"]),
        ({"clear_of": frozenset(), "is_simplified": False}, {}, []),
    ],
)
def test_what_must_hold_before_the_company_is_struck_off(facts, left, failing):
    checks = deregistration_checks(replace(READY, **facts), replace(SETTLED, **left), SENDER)
    assert [each.code for each in checks if not each.holds] == failing
    assert all(law.knows(id) for each in checks for id in each.law)


def test_of_a_company_that_recorded_nothing_nothing_is_taken_for_granted():
    checks = deregistration_checks(DeregistrationFacts(on=None), SETTLED, SENDER)
    failing = {each.code for each in checks if not each.holds}
    assert failing == {
        "case.custodian_outlives",
        "case.custodian_answers",
        "case.announcement_ends_before",
        "case.prepaid_settled",
        "case.simplified_way_open",
    }
    obstacles = next(each for each in checks if each.code == "case.simplified_way_open").facts
    assert set(obstacles) == set(OBSTACLES)
    assert all(f"obstacle.{name}" in terms.terms() for name in OBSTACLES)


def test_an_open_custody_stops_the_deregistration_and_not_the_sealing():
    untold = person(**(NOT_ASKED | {"notice": 0}))
    closed = at_cut_off(decide(untold, KEEPER), KEEPER)
    remains = Remains.of(1, CATEGORY, **(STAYS | {"running": 1, "purpose": 2, "until": np.datetime64("2036-01-01")}))
    staying = keep_or_end(remains, SENDER, at_cut_off=True)
    left = what_is_left([closed], staying, remains)
    assert (left.custody_open, left.sealed, left.sealed_without_end) == (1, 1, 0)
    checks = deregistration_checks(READY, left, SENDER)
    assert [each.code for each in checks if not each.holds] == ["case.custody_settled"]
    unanswered = at_cut_off(decide(person(answer=0), BUYER), BUYER)
    assert what_is_left([unanswered], staying, remains).custody_open == 0
    done = decide(person(**NOT_ASKED), KEEPER)
    assert what_is_left([done], staying, remains).custody_open == 0


def test_a_seal_without_a_last_day_and_a_duty_still_open_are_counted():
    remains = Remains.of(2, CATEGORY, **(STAYS | {"running": [[1], [0]], "duty_open": [[False], [True]], "purpose": 2}))
    left = what_is_left([], keep_or_end(remains, SENDER, at_cut_off=True), remains)
    assert (left.in_use, left.sealed, left.sealed_without_end) == (1, 1, 1)


def test_after_a_merger_the_successor_keeps_what_is_sealed():
    remains = Remains.of(1, CATEGORY, **(STAYS | {"running": 1, "purpose": 2}))
    left = what_is_left([], keep_or_end(remains, SUCCESSOR.sender, at_cut_off=True), remains)
    assert left.sealed == left.sealed_by_successor == 1


@pytest.mark.parametrize(
    ("on", "who"),
    [
        (date(2026, 6, 1), Signatory.DIRECTOR),
        (date(2026, 6, 2), Signatory.LIQUIDATION_GROUP),
        (date(2026, 7, 1), Signatory.ADMINISTRATOR),
    ],
)
def test_from_its_formation_the_liquidation_group_signs_and_no_longer_the_director(on, who):
    assert who_signs(on, liquidation_group_on=date(2026, 6, 2), administrator_on=date(2026, 7, 1)) is who
    assert f"signatory.{who}" in terms.terms()
    assert who_signs(on, liquidation_group_on=None, administrator_on=None) is Signatory.DIRECTOR
