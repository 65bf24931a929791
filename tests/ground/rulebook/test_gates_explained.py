"""Why one person's information goes where it goes; the frozen set of decisions."""

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.rulebook import law, terms
from shouxin.ground.rulebook.bases import Defect
from shouxin.ground.rulebook.gates import (
    Age,
    Answer,
    Facts,
    Moved,
    PurposeState,
    Remains,
    Several,
    Shared,
    Verdict,
    at_cut_off,
    check_decision_set,
    decide,
    decision_set,
    explain,
    explain_end,
    keep_or_end,
    moved_state,
)
from shouxin.ground.rulebook.retention import Running
from tests.ground.rulebook.gates_cast import (
    BUYER,
    CATEGORY,
    CLEAR,
    NOT_ASKED,
    SELLER,
    STAYS,
    SUCCESSOR,
    opinion,
    person,
)


def _change(explained, name, otherwise):
    found = [change for change in explained.changes if (change.name, change.otherwise) == (name, otherwise)]
    assert len(found) == 1
    return found[0].row, found[0].verdict


def test_silence_is_explained_with_article_facts_and_what_would_change_it():
    explained = explain(person(answer=Answer.NONE), BUYER, 0, "basic")
    assert (explained.row, explained.verdict, explained.code) == ("A24", Verdict.ASK, "gates.A24.ask")
    assert [row.row for row in explained.tried][-1] == "A24"
    assert [row.decided for row in explained.tried].count(True) == 1
    assert explained.law[0].say("zh") == "《个人信息保护法》第二十三条"
    assert explained.is_verified
    assert ("answer", "answer.none") in [(fact.name, fact.value) for fact in explained.facts]
    assert _change(explained, "answer", "answer.agree") == ("A27", Verdict.HAND_OVER)
    assert _change(explained, "answer", "answer.refuse") == ("A08", Verdict.NOT_MOVED)


def test_what_would_change_the_answer_is_what_the_table_then_says():
    explained = explain(person(sensitive=True, necessity_told=True), BUYER, 0, "basic")
    assert explained.row == "A26"
    assert _change(explained, "separately_agreed", "yes") == ("A27", Verdict.HAND_OVER)
    really = decide(person(sensitive=True, necessity_told=True, separately_agreed=True), BUYER)
    assert really.verdict[0, 0] == Verdict.HAND_OVER


def test_a_flow_fact_is_named_when_it_would_change_the_answer():
    explained = explain(person(), replace(BUYER, key_matches=False), 0, "basic")
    assert (explained.row, explained.code) == ("A02", "gates.A02.key_mismatch")
    assert _change(explained, "key_matches", "yes") == ("A27", Verdict.HAND_OVER)
    surplus = explain(person(), replace(BUYER, needed=frozenset()), 0, "basic")
    assert _change(surplus, "needed", "category.basic") == ("A27", Verdict.HAND_OVER)


def test_the_defect_of_a_consent_is_named_in_words():
    explained = explain(person(defects=Defect.PRE_TICKED | Defect.NO_PROOF), BUYER, 0, "basic")
    assert explained.defects == ("defect.pre_ticked", "defect.no_proof")
    said = terms.reasons()[explained.code]
    named = "、".join(terms.term(defect).zh for defect in explained.defects)
    assert "默认勾选" in said.say("zh", recipient="乙", category="基本信息", defect=named)


def test_a_reading_is_shown_as_such():
    explained = explain(person(dead=True), BUYER, 0, "basic")
    assert explained.is_reading
    assert not explained.is_verified


def test_at_the_cut_off_the_row_stays_and_the_sentence_changes():
    explained = explain(person(answer=Answer.NONE), BUYER, 0, "basic", cut_off=True)
    assert (explained.row, explained.verdict) == ("A24", Verdict.NOT_MOVED)
    assert explained.code == "gates.cut_off.not_agreed"
    assert explained.detail == ("detail.at_cut_off",)


def test_what_rests_on_an_opinion_is_shown_as_such():
    given = opinion("other_basis")
    explained = explain(person(answer=Answer.NONE), replace(BUYER, opinions=(given,)), 0, "basic")
    assert (explained.row, explained.verdict) == ("A23", Verdict.HAND_OVER)
    assert explained.opinions == (given,)
    assert not explained.is_verified
    assert "detail.on_opinion" in explained.detail
    without = explain(person(answer=Answer.NONE), BUYER, 0, "basic")
    assert without.opinions == ()
    unused = explain(person(answer=Answer.NONE), replace(BUYER, opinions=(opinion("dead"),)), 0, "basic")
    assert unused.opinions == ()


def test_of_several_opinions_only_the_one_that_mattered_is_named_and_law_checked_elsewhere_does_not_help():
    given = (opinion("dead"), opinion("own_consent"), opinion("held_moves"))
    explained = explain(person(age=Age.MINOR), replace(BUYER, opinions=given), 0, "basic")
    assert (explained.row, explained.opinions) == ("A27", (given[1],))
    assert all(cited.is_verified for cited in explained.law)
    assert not explained.is_verified


def test_the_opinion_that_would_help_is_named():
    waits = replace(SUCCESSOR, transfer_on=date(2026, 5, 22))
    explained = explain(person(**NOT_ASKED), waits, 0, "basic")
    assert (explained.row, explained.verdict) == ("A20", Verdict.TELL)
    assert _change(explained, "opinions", "question.each_told") == ("A22", Verdict.HAND_OVER)
    assert _change(explained, "must_wait", "no") == ("A22", Verdict.HAND_OVER)
    assert explained.earliest.date == date(2026, 5, 23)
    assert not explained.is_verified


def test_a_day_of_announcement_that_would_do_is_named():
    late = replace(SUCCESSOR, announcement=replace(SUCCESSOR.announcement, posted_on=date(2026, 6, 1)))
    explained = explain(person(**NOT_ASKED), late, 0, "basic")
    assert (explained.row, explained.verdict) == ("A20", Verdict.TELL)
    assert [change.verdict for change in explained.changes if change.name == "announcement"] == [Verdict.HAND_OVER]


def test_in_a_shared_item_the_other_person_is_asked_about_too():
    cells = {"holding": [[1], [1]], "hold": [[False], [True]], "several": [[Several.READ], [Several.ONE]]}
    items = Shared(np.array([0]), np.array([0], dtype=np.uint8), np.array([1]))
    both = CLEAR | {"person_kind": [0, 0], "age": [3, 3], "dead": [False, False], "notice": [2, 2]} | cells
    facts = Facts.of(2, CATEGORY, shared=items, **both)
    explained = explain(facts, BUYER, 0, "basic")
    assert (explained.row, explained.verdict) == ("A10", Verdict.STOP)
    assert _change(explained, "several", "several.split") == ("A27", Verdict.HAND_OVER)


def test_every_explanation_agrees_with_the_decision_and_finds_its_words():
    source = np.random.default_rng(3)
    count, kinds = 60, ("basic", "behaviour:free_text")
    shape = (count, 2)
    cells = {
        "hold": source.random(shape) < 0.1,
        "requests": source.choice([0, 0, 0, 1, 2], shape),
        "several": source.choice([0, 0, 1, 2, 3], shape),
        "sensitive": source.random(shape) < 0.3,
        "answer": source.integers(0, 6, shape),
        "defects": source.choice([0, 0, 64], shape),
    }
    persons = {"age": source.integers(0, 4, count), "dead": source.random(count) < 0.1}
    facts = Facts.of(count, kinds, **(CLEAR | cells | persons))
    decided = decide(facts, BUYER)
    for index in range(count):
        explained = explain(facts, BUYER, index, "basic")
        assert explained.verdict == decided.verdict[index, 0]
        assert explained.row == f"A{decided.row[index, 0]:02d}"
        for fact in explained.facts:
            assert f"fact.{fact.name}" in terms.terms()
            assert all(word in terms.terms() for word in fact.value.split(",") if "." in word)


def test_an_end_is_explained_with_what_would_change_it():
    remains = Remains.of(1, CATEGORY, **(STAYS | {"running": Running.RUNS}))
    explained = explain_end(remains, SELLER, 0, "basic", at_cut_off=True)
    assert (explained.row, explained.verdict) == ("B07", Verdict.SEAL)
    assert {cited.id for cited in explained.law} == {"PIPL-47b"}
    assert _change(explained, "running", "running.none") == ("B11", Verdict.DESTROY)
    kept = explain_end(
        Remains.of(1, CATEGORY, **STAYS, purpose=PurposeState.ALIVE), SELLER, 0, "basic", at_cut_off=False
    )
    assert (kept.row, kept.verdict) == ("B06", Verdict.KEEP)


def test_an_unknown_category_is_refused():
    with pytest.raises(Refusal, match=r"gates\.unknown_category"):
        explain(person(), BUYER, 0, "shoes")


# --- the frozen set -------------------------------------------------------------------------------------------------


def _set(**changes):
    facts = Facts.of(3, CATEGORY, **(CLEAR | {"answer": [[Answer.AGREE], [Answer.REFUSE], [Answer.NONE]]}))
    flow = at_cut_off(decide(facts, BUYER), BUYER)
    moved = moved_state(flow, BUYER, settled=True)
    stays = Remains.of(3, CATEGORY, **(STAYS | {"moved": moved, "running": [[0], [1], [0]]}))
    told = {
        "case": "case:x",
        "cutoff": datetime(2026, 12, 31, tzinfo=UTC),
        "height": 42,
        "customers": np.array([11, 12, 13]),
        "flow": flow,
        "remains": keep_or_end(stays, SELLER, at_cut_off=True),
    }
    return decision_set(**(told | changes))


def test_a_decision_set_says_who_goes_and_what_becomes_of_the_rest():
    decided = _set()
    assert decided.allowed("basic").tolist() == [11]
    assert decided.ends("basic", Verdict.SEAL).tolist() == [12]
    assert decided.ends("basic", Verdict.DESTROY).tolist() == [11, 13]
    assert decided.law_edition == law.edition()
    assert check_decision_set(decided) is decided


@pytest.mark.parametrize(
    "changes",
    [
        {"case": "case:y"},
        {"height": 43},
        {"cutoff": datetime(2027, 1, 1, tzinfo=UTC)},
        {"customers": np.array([11, 12, 14])},
        {"law_edition": "another"},
    ],
)
def test_any_difference_is_another_digest(changes):
    assert _set(**changes).digest != _set().digest
    assert _set().digest == _set().digest


def test_a_set_cannot_be_changed_unseen():
    decided = _set()
    with pytest.raises(ValueError, match="read-only"):
        decided.verdict[1, 0] = Verdict.HAND_OVER
    forged = np.array(decided.verdict)
    forged[1, 0] = Verdict.HAND_OVER
    with pytest.raises(Corrupt):
        check_decision_set(replace(decided, verdict=forged))


@pytest.mark.parametrize("customers", [np.array([11, 12]), np.array([11, 12, 12])])
def test_a_set_about_other_people_is_refused(customers):
    with pytest.raises(Refusal, match=r"gates\.shape"):
        _set(customers=customers)


def test_moved_and_settled_are_told_apart_by_cell():
    facts = Facts.of(2, CATEGORY, **CLEAR)
    moved = moved_state(decide(facts, BUYER), BUYER, settled=np.array([[True], [False]]))
    assert moved[:, 0].tolist() == [Moved.SETTLED, Moved.UNSETTLED]
