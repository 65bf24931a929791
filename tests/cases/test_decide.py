"""Deciding: whole or not at all, provisional before the last day, final after it; explained for any one person."""

from datetime import timedelta

import numpy as np
import pytest

from shouxin.cases import decisions, evidence, facts, queries, services
from shouxin.cases.models import StoredDecision
from shouxin.duties.consent import queries as consent
from shouxin.duties.disposal import services as disposal
from shouxin.duties.relations import services as relations
from shouxin.duties.rights import services as rights
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.rulebook.gates import Answer, Verdict
from shouxin.stores.ledger import queries as ledger


def decide(shop, at, by="privacy_officer"):
    return services.decide(case=shop.case, by=shop.staff.get(by, by), at=at)


def test_before_the_last_day_it_is_provisional_and_whoever_may_still_answer_is_open(undone):
    shop, later, _ = undone
    row = decide(shop, later)
    assert not row.is_final
    assert row.summary["people"]["open"] > 0
    with pytest.raises(Refusal, match=r"cases\.not_decided"):
        queries.final_decision(shop.case)


def test_after_it_nobody_is_open_silence_is_no_consent_and_whoever_refused_is_not_moved(undone):
    shop, _, at = undone
    row = decide(shop, at)
    decided = queries.final_decision(shop.case)
    assert row.is_final
    assert "open" not in row.summary["people"]
    answers = consent.answers(shop.case, at)
    agreed = set(answers.customer[answers.answer == Answer.AGREE].tolist())
    moved = set(decided.customers[(decided.verdict == Verdict.HAND_OVER).any(axis=1)].tolist())
    assert moved <= agreed
    assert moved
    assert sum(row.summary["people"].values()) == row.summary["customers"] == 40
    assert set(row.summary["moved_rows"]) <= {"A14", "A15", "A23", "A27"}
    assert evidence.people_without_basis(shop.case, at).value == 0
    assert evidence.decided(shop.case, at).holds


def test_the_ledger_holds_digest_and_counts_and_the_pack_the_same_counts(undone):
    shop, _, at = undone
    row = decide(shop, at)
    entry = ledger.entries(scope=f"case:{shop.case}", kinds=["cases.decided"])[-1]
    assert entry.facts["decision_set"] == row.digest
    assert entry.facts["people"] == row.summary["people"]
    told = decisions.pack_summary(queries.final_decision(shop.case))
    for each in told["categories"]:
        assert sum(pair["count"] for pair in each["rows"]) == told["customers"] == 40
        assert sum(pair["count"] for pair in each["ends"]) == 40


def test_the_set_comes_back_as_it_was_kept(undone):
    shop, _, at = undone
    row = decide(shop, at)
    kept = decisions.unpack(row)
    again = decisions.unpack(StoredDecision(pk=row.pk, digest=row.digest, body=decisions.pack(kept)))
    assert again.digest == kept.digest == row.digest
    for name in ("customers", "row", "verdict", "end_row", "end"):
        assert np.array_equal(getattr(again, name), getattr(kept, name))


@pytest.mark.parametrize("what", ["another digest", "a changed verdict", "a cut file", "no file"])
def test_a_set_that_is_not_what_was_recorded_is_corrupt(undone, what):
    shop, _, at = undone
    row = decide(shop, at)
    if what == "another digest":
        row.digest = "sha256:" + "0" * 64
    elif what == "a changed verdict":
        kept = decisions.unpack(row)
        verdict = kept.verdict.copy()
        verdict[0, 0] = Verdict.HAND_OVER if verdict[0, 0] != Verdict.HAND_OVER else Verdict.DESTROY
        object.__setattr__(kept, "verdict", verdict)
        row.body = decisions.pack(kept)
    else:
        row.body = bytes(row.body)[: len(row.body) // 2 if what == "a cut file" else 0]
    with pytest.raises(Corrupt):
        decisions.unpack(row)


def test_two_decisions_over_the_same_facts_differ_only_in_height(undone):
    shop, _, at = undone
    first, second = decide(shop, at), decide(shop, at)
    one, other = decisions.unpack(first), decisions.unpack(second)
    assert np.array_equal(one.verdict, other.verdict)
    assert np.array_equal(one.end, other.end)
    assert one.height < other.height
    assert queries.newest_final(shop.case).pk == second.pk


@pytest.mark.parametrize(
    ("by", "code"), [("clerk", "access.act_not_for_this_role"), ("staff:" + "o" * 26, "parties.no_staff")]
)
def test_a_clerk_and_an_outsider_decide_nothing(undone, by, code):
    shop, _, at = undone
    with pytest.raises(Refusal) as caught:
        decide(shop, at, by=by)
    assert caught.value.code == code
    assert not StoredDecision.objects.exists()


def test_one_person_is_told_which_row_which_article_and_what_would_change_it(undone):
    shop, _, at = undone
    decide(shop, at)
    decided = queries.final_decision(shop.case)
    refused = sorted(consent.refusals(shop.case))[0]
    told = queries.explain_person(shop.case, refused, at)
    by_kind = {each["category"]: each for each in told["categories"]}
    assert set(by_kind) == set(facts.CATEGORIES)
    basic = by_kind["basic"]
    assert basic["row"] == "A08"
    assert {each["id"].partition("-")[0] for each in basic["law"]} <= {"PIPL", "NDSR"}
    assert all(each["mark"] for each in basic["law"])  # how far each article was checked
    assert told["customer"].startswith("c_")
    place = int(np.searchsorted(decided.customers, refused))
    column = decided.categories.index("basic")
    assert decided.verdict[place, column] == Verdict[basic["verdict"]] == Verdict.NOT_MOVED
    assert basic["tried"][-1] == "A08"  # the rows before it were tried and did not meet
    assert any(change["verdict"] != basic["verdict"] for change in basic["would_change"])


def test_nobody_is_explained_who_is_not_a_customer(undone):
    shop, _, at = undone
    with pytest.raises(Refusal, match=r"inventory\.no_such_customer"):
        queries.explain_person(shop.case, 10**9, at)


def test_a_hold_after_the_decision_keeps_a_person_back_in_the_next_one(undone):
    shop, _, at = undone
    decide(shop, at)
    before = queries.final_decision(shop.case)
    held = int(before.customers[(before.verdict == Verdict.HAND_OVER).any(axis=1)][0])
    disposal.place_hold(
        reason=disposal.REASONS[0],
        authority="测试市仲裁委员会 2026-1",
        customer=held,
        category="",
        case=shop.case,
        until=None,
        by=shop.staff["privacy_officer"],
        at=at,
    )
    decide(shop, at + timedelta(hours=1))
    after = queries.final_decision(shop.case)
    place = int(np.searchsorted(after.customers, held))
    assert not (after.verdict[place] == Verdict.HAND_OVER).any()
    assert not (after.end[place] == Verdict.DESTROY).any()


@pytest.mark.parametrize(
    ("kind", "end", "moved"),
    [
        ("restrict", "granted", False),
        ("delete", "granted", False),
        ("restrict", "refused", True),
        ("copy", "granted", True),
    ],
)
def test_a_granted_objection_stands_against_the_hand_over_and_a_refused_one_does_not(undone, kind, end, moved):
    shop, _, at = undone
    officer = shop.staff["privacy_officer"]
    agreed = handed_over(shop, at)
    person = agreed[0]
    asked = rights.take_in(
        customer=person, case=shop.case, kind=kind, route="telephone", by=officer, at=at, wish="请停止".encode()
    )
    decide(shop, at + timedelta(hours=1))
    assert person not in handed_over(shop)  # open: nothing of this person moves
    ended = {"request": asked.id, "by": officer, "at": at + timedelta(hours=2), "said": b"answered"}
    if end == "granted":
        rights.answer(**ended)
    else:
        rights.refuse(**ended, reason="not_the_person", law="PIPL-50")
    decide(shop, at + timedelta(hours=3))
    assert (person in handed_over(shop)) is moved
    assert set(handed_over(shop)) - {person} == set(agreed) - {person}
    told = {
        each["category"]: each
        for each in queries.explain_person(shop.case, person, at + timedelta(hours=3))["categories"]
    }
    assert told["basic"]["row"] == ("A27" if moved else "A23")


def test_a_complaint_that_was_a_right_objection_stands_too(undone):
    shop, _, at = undone
    person, clerk = handed_over(shop, at)[0], shop.staff["clerk"]
    view = relations.take_in(
        customer=person, case=shop.case, kind="complaint", route="telephone", by=clerk, at=at, wish="我反对".encode()
    )
    relations.answer(
        matter=view.id, outcome="objection_stands", by=clerk, at=at + timedelta(hours=1), said="不移交".encode()
    )
    decide(shop, at + timedelta(hours=2))
    assert person not in handed_over(shop)


def handed_over(shop, at=None):
    """Who goes to the other company by the newest decision, or by one made now."""
    if at is not None:
        decide(shop, at)
    decided = queries.final_decision(shop.case)
    return decided.customers[(decided.verdict == Verdict.HAND_OVER).any(axis=1)].tolist()
