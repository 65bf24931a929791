"""Requests: taken in on any route, due on a working day, answered or refused with a reason."""

from datetime import date

import pytest

from shouxin.duties.rights import evidence, queries, services
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook.gates.codes import Request
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.vault import services as vault
from tests.duties.stage import AT, CASE, later

WISH = "请删除我的信息，我叫叶青岚".encode()


def take_in(stage, number=0, **changed):
    plain = {"customer": stage.customers[number], "case": CASE, "kind": "delete", "route": "page", "by": "customer"}
    return services.take_in(**{**plain, "at": AT, "wish": WISH, **changed})


def test_a_request_is_due_on_the_fifteenth_working_day_and_says_that_this_is_from_memory(stage):
    view = take_in(stage)
    assert view.due_on == date(2026, 12, 14)
    assert (view.due_mark, view.due_provisional, view.state) == ("M", False, "open")
    # The calendar of a year whose notice is not out is provisional.
    assert take_in(stage, 1, at=later(days=30)).due_provisional


def test_the_ledger_knows_the_kind_and_a_tag_and_not_what_was_said(stage):
    take_in(stage)
    (entry,) = ledger.entries(scope=f"case:{CASE}", kinds=["rights.taken_in"])
    assert entry.facts["kind"] == "delete"
    tags = vault.tags(customers=[stage.customers[0]], event=entry.facts["event"])
    assert entry.facts["tag"] == tags[stage.customers[0]]
    assert "叶青岚" not in "".join(raw.decode() for raw in ledger.raw())


def test_the_same_open_request_again_is_the_same_request(stage):
    first, again = take_in(stage), take_in(stage, at=later(days=3), route="telephone", by=stage.clerk)
    assert again.id == first.id
    assert again.due_on == first.due_on
    assert take_in(stage, kind="copy", at=later(days=4)).id != first.id


def test_the_gates_see_what_was_open_at_a_moment(stage):
    first = take_in(stage)
    take_in(stage, kind="copy", at=later(hours=1))
    take_in(stage, 1, kind="restrict", case="", at=later(hours=1))
    services.answer(request=first.id, by=stage.officer, at=later(days=2), said=b"done")
    before, after = queries.open_by_customer(CASE, later(days=1)), queries.open_by_customer(CASE, later(days=3))
    assert before.customer.tolist() == list(stage.customers[:2])
    assert before.requests.tolist() == [Request.DELETE | Request.COPY, Request.RESTRICT]
    assert after.requests.tolist() == [Request.COPY, Request.RESTRICT]
    assert queries.open_by_customer("case_other", later(days=1)).customer.tolist() == [stage.customers[1]]


def test_an_objection_stands_until_it_is_refused_and_granting_it_is_no_end_of_it(stage):
    granted, refused = take_in(stage, kind="restrict"), take_in(stage, 1, kind="restrict")
    take_in(stage, 2, kind="delete", case="")
    take_in(stage, 3, kind="copy")
    services.answer(request=granted.id, by=stage.officer, at=later(days=2), said=b"done")
    services.refuse(
        request=refused.id, reason="not_the_person", law="PIPL-50", by=stage.officer, at=later(days=2), said=b"no"
    )
    people = stage.customers
    assert queries.objecting(CASE, later(days=1)).tolist() == list(people[:3])
    assert queries.objecting(CASE, later(days=3)).tolist() == [people[0], people[2]]
    assert queries.objecting(CASE, AT - (later(days=1) - AT)).tolist() == []
    assert queries.objecting("case_other", later(days=3)).tolist() == [people[2]]


def test_the_evidence_counts_what_waits_and_names_what_is_overdue(stage):
    assert evidence.open_requests(CASE, AT).holds
    view = take_in(stage)
    waiting, late = evidence.open_requests(CASE, later(days=1)), evidence.open_requests(CASE, later(days=30))
    assert (waiting.holds, waiting.value, waiting.missing[0].code) == (False, 1, "rights.open")
    assert (late.missing[0].code, late.missing[0].due) == ("rights.overdue", "2026-12-14")
    services.refuse(
        request=view.id, reason="kept_by_law", law="PIPL-47-2", by=stage.officer, at=later(days=2), said=b"sealed"
    )
    assert evidence.open_requests(CASE, later(days=30)).holds
    assert queries.request(view.id).reason == "kept_by_law"


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"kind": "sue"}, "rights.no_such_kind"), ({"route": "dream"}, "rights.no_such_route")],
)
def test_it_refuses_words_it_does_not_know(stage, changed, code):
    with pytest.raises(Refusal) as refused:
        take_in(stage, **changed)
    assert refused.value.code == code


def test_a_request_ends_once_with_something_said_and_a_refusal_with_a_reason(stage):
    view = take_in(stage)
    end = {"request": view.id, "by": stage.officer, "at": later(days=1)}
    with pytest.raises(Refusal, match=r"rights\.nothing_said"):
        services.answer(**end, said=b" ")
    with pytest.raises(Refusal, match=r"rights\.no_such_reason"):
        services.refuse(**end, said=b"no", reason="because", law="PIPL-50")
    services.answer(**end, said=b"done")
    with pytest.raises(Refusal, match=r"rights\.already_ended"):
        services.answer(**end, said=b"done")
    with pytest.raises(Refusal, match=r"rights\.no_such_request"):
        services.answer(**{**end, "request": 99}, said=b"done")


def test_a_clerk_takes_in_but_does_not_answer_and_an_outsider_does_neither(stage):
    view = take_in(stage, by=stage.clerk, route="counter")
    with pytest.raises(Refusal, match=r"access\.not_for_this_role"):
        services.answer(request=view.id, by=stage.clerk, at=later(days=1), said=b"done")
    with pytest.raises(Refusal, match=r"access\."):
        take_in(stage, 1, by=stage.outsider)
    assert len(queries.open(CASE)) == 1
