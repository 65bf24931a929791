"""Complaints and call-backs: taken in, due, answered with an outcome."""

from datetime import date

import pytest

from shouxin.duties.relations import evidence, queries, services
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.ledger import queries as ledger
from tests.duties.stage import AT, CASE, later

SAID = "上次的人没有来，叶青岚".encode()


def take_in(stage, number=0, **changed):
    plain = {"customer": stage.customers[number], "case": CASE, "kind": "complaint", "route": "page", "by": "customer"}
    return services.take_in(**{**plain, "at": AT, "wish": SAID, **changed})


def test_a_complaint_is_due_in_fifteen_working_days_and_a_call_in_three(stage):
    assert take_in(stage).due_on == date(2026, 12, 14)
    assert take_in(stage, kind="call_back").due_on == date(2026, 11, 26)


def test_a_second_wish_to_be_called_is_the_same_but_each_complaint_is_its_own(stage):
    assert take_in(stage, kind="call_back").id == take_in(stage, kind="call_back", at=later(hours=1)).id
    assert take_in(stage, at=later(hours=2)).id != take_in(stage, at=later(hours=2)).id


def test_an_open_complaint_stands_in_the_way_until_it_is_answered(stage):
    view = take_in(stage)
    take_in(stage, 1, kind="call_back")
    finding = evidence.open_complaints(CASE, later(days=30))
    assert (finding.holds, finding.value, finding.missing[0].code) == (False, 1, "relations.overdue")
    assert queries.complaining(CASE, later(days=1)).tolist() == [stage.customers[0]]
    services.answer(matter=view.id, outcome="put_right", by=stage.clerk, at=later(days=2), said=b"sent again")
    assert evidence.open_complaints(CASE, later(days=30)).holds
    assert not evidence.open_call_backs(CASE, later(days=3)).holds
    assert queries.complaining(CASE, later(days=1)).tolist() == [stage.customers[0]]
    assert queries.complaining(CASE, later(days=3)).tolist() == []


def test_an_objection_that_was_found_right_stands_and_another_complaint_does_not(stage):
    objection, complaint, open_one = take_in(stage), take_in(stage, 1), take_in(stage, 2)
    for view, outcome in ((objection, "objection_stands"), (complaint, "put_right")):
        services.answer(matter=view.id, outcome=outcome, by=stage.clerk, at=later(days=2), said=b"told")
    assert queries.objecting(CASE, later(days=1)).tolist() == []
    assert queries.objecting(CASE, later(days=3)).tolist() == [stage.customers[0]]
    services.answer(matter=open_one.id, outcome="not_founded", by=stage.clerk, at=later(days=3), said=b"told")
    assert queries.objecting(CASE, later(days=4)).tolist() == [stage.customers[0]]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"outcome": "called"}, "relations.no_such_outcome"),
        ({"said": b""}, "relations.nothing_said"),
        ({"matter": 99}, "relations.no_such_matter"),
    ],
)
def test_it_ends_only_with_an_outcome_of_its_kind_and_something_said(stage, changed, code):
    view = take_in(stage)
    plain = {"matter": view.id, "outcome": "explained", "by": stage.clerk, "at": later(days=1), "said": b"told"}
    with pytest.raises(Refusal) as refused:
        services.answer(**{**plain, **changed})
    assert refused.value.code == code
    services.answer(**plain)
    with pytest.raises(Refusal, match=r"relations\.already_ended"):
        services.answer(**plain)


def test_no_word_of_it_is_in_the_ledger_and_an_outsider_writes_nothing(stage):
    take_in(stage)
    assert "叶青岚" not in "".join(raw.decode() for raw in ledger.raw())
    with pytest.raises(Refusal, match=r"access\."):
        take_in(stage, by=stage.outsider)
    with pytest.raises(Refusal, match=r"relations\.no_such_kind"):
        take_in(stage, kind="praise")
    assert len(queries.open(CASE)) == 1
