"""A whole case: several flows at once, one person explained in one call, two sets side by side with their causes."""

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.rulebook import retention, terms
from shouxin.ground.rulebook.gates import (
    Answer,
    End,
    Facts,
    Grounds,
    Movement,
    Notice,
    PurposeState,
    Remains,
    SenderFacts,
    Several,
    Shared,
    Structure,
    Verdict,
    check_decision_set,
    compare,
    decide_all,
    explain_person,
    headline,
    say,
    with_causes,
)
from tests.ground.rulebook.gates_cast import BUYER, CLEAR, MOVER, NOT_ASKED, SELLER, STAYS, SUCCESSOR

KINDS = ("basic", "purchase", "behaviour:free_text")
CUSTOMERS = np.array([11, 12, 13, 14])
NEEDED = frozenset({"basic", "purchase", "behaviour"})


def cells(column, rows):
    """A matrix of zeros with some rows of one category set."""
    found = np.zeros((len(CUSTOMERS), len(KINDS)), dtype=np.int64)
    for row, value in rows.items():
        found[row, KINDS.index(column)] = value
    return found


def case(*, buyer=None, facts=None, stays=None, settled=False, sender=SELLER, closed=True):
    """Four customers and two flows: a buyer of goods, and the mover that carries the cabinets."""
    answers = np.full((4, 3), int(Answer.AGREE))
    answers[1] = Answer.REFUSE
    known = CLEAR | {"answer": answers, "several": cells("behaviour:free_text", {0: Several.UNREAD})} | (facts or {})
    flow = replace(BUYER, needed=NEEDED, sender=sender, **(buyer or {}))
    carried = Facts.of(4, KINDS, **(CLEAR | NOT_ASKED))
    standing = retention.standing(
        {"tax_voucher": np.array(["2020-05-06", "2020-05-06", "NaT", "NaT"], "datetime64[D]")}, on=date(2026, 6, 30)
    )
    running, until, record = (np.zeros((4, 3), kind) for kind in (np.uint8, "datetime64[D]", np.int16))
    until[:], record[:] = np.datetime64("NaT"), -1
    running[:, 1], until[:, 1], record[:, 1] = standing.running, standing.until, standing.record
    left = STAYS | {"running": running, "until": until, "record": record, "balance": [False, True, True, False]}
    return Grounds(
        customers=CUSTOMERS,
        movements=(
            Movement("buyer", Facts.of(4, KINDS, **known), flow, settled=settled),
            Movement("mover", carried, replace(MOVER, needed=NEEDED, sender=sender)),
        ),
        remains=Remains.of(4, KINDS, **(left | (stays or {}))),
        sender=sender,
        at_cut_off=closed,
    )


def frozen(grounds):
    return decide_all(grounds).frozen(case="case:x", cutoff=datetime(2026, 6, 30, tzinfo=UTC), height=7)


# --- several flows --------------------------------------------------------------------------------------------------


def test_a_case_decides_every_flow_and_what_stays():
    decided = decide_all(case(settled=True))
    assert decided.flows["buyer"].verdict[:, 0].tolist() == [1, Verdict.NOT_MOVED, 1, 1]
    assert (decided.flows["mover"].verdict == Verdict.HAND_OVER).all()
    assert decided.remains.verdict[:, 1].tolist() == [Verdict.SEAL, Verdict.SEAL, Verdict.DESTROY, Verdict.DESTROY]
    ends = headline(flows=list(decided.flows.values()), remains=decided.remains)
    assert ends.tolist() == [End.HANDED_OVER, End.SEALED, End.HANDED_OVER, End.HANDED_OVER]


def test_what_was_moved_and_not_settled_stays_sealed_whoever_else_settled():
    decided = decide_all(case())
    assert decided.remains.row[2].tolist() == [1, 1, 1]
    assert (decided.remains.verdict[2] == Verdict.SEAL).all()
    assert decided.remains.row[1].tolist() == [11, 7, 11]


def test_a_set_of_several_flows_has_one_digest_over_all_of_them():
    whole = frozen(case(settled=True))
    assert check_decision_set(whole) is whole
    assert whole.allowed("basic").tolist() == [11, 13, 14]
    assert (whole.of_flow("mover").verdict == Verdict.HAND_OVER).all()
    assert len(whole.flows) == 2
    with pytest.raises(Refusal, match=r"gates\.unknown_flow"):
        whole.of_flow("cloud")
    forged = np.array(whole.further[0].decisions.verdict)
    forged[0, 0] = Verdict.STOP
    changed = replace(whole.further[0], decisions=replace(whole.further[0].decisions, verdict=forged))
    with pytest.raises(Corrupt):
        check_decision_set(replace(whole, further=(changed,)))
    with pytest.raises(Corrupt):
        check_decision_set(replace(whole, further=()))


def test_a_case_without_flows_goes_straight_to_what_stays():
    sender = SenderFacts(frozenset({Structure.ADDRESS}), ends_business=False)
    nothing = replace(case(sender=sender, stays={"purpose": PurposeState.ALIVE}), movements=())
    kept = frozen(nothing)
    assert (kept.verdict == Verdict.NOTHING).all()
    assert (kept.end == Verdict.KEEP).all()
    assert check_decision_set(kept) is kept


def test_a_merger_passes_its_purposes_on_and_keeps_nothing_in_use():
    sender = SUCCESSOR.sender
    facts = Facts.of(4, KINDS, **(CLEAR | NOT_ASKED))
    flow = replace(SUCCESSOR, needed=NEEDED)
    grounds = case(sender=sender, stays={"purpose": PurposeState.ALIVE})
    merged = replace(grounds, movements=(Movement("successor", facts, flow, settled=True),))
    decided = decide_all(merged)
    assert (decided.flows["successor"].row == 22).all()
    assert decided.remains.verdict[:, 0].tolist() == [Verdict.DESTROY] * 4
    assert not (decided.remains.verdict == Verdict.KEEP).any()
    unsettled = replace(merged, movements=(replace(merged.movements[0], settled=False),))
    assert (decide_all(unsettled).remains.verdict == Verdict.SEAL).all()


# --- one person -----------------------------------------------------------------------------------------------------


def test_one_person_is_explained_in_one_call():
    told = explain_person(case(settled=True), 12)
    assert (told.headline, told.ends) == (End.SEALED, (End.SEALED, End.DESTROYED))
    assert {flow: each["basic"].row for flow, each in told.flows.items()} == {"buyer": "A08", "mover": "A14"}
    kept = told.staying["purchase"]
    assert (kept.row, kept.kept.record, kept.kept.until) == ("B07", "tax_voucher", date(2030, 5, 6))
    assert told.keeps == ("keeps.balance",)
    assert all(code in terms.reasons() for code in told.keeps)
    assert explain_person(case(settled=True), 13).keeps == ()
    with pytest.raises(Refusal, match=r"gates\.unknown_person"):
        explain_person(case(), 99)


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("settled", [True, False])
def test_every_persons_explanation_agrees_with_the_set(closed, settled):
    grounds = case(settled=settled, closed=closed, facts={"hold": cells("basic", {3: 1}) > 0})
    decided = decide_all(grounds)
    ends = headline(flows=list(decided.flows.values()), remains=decided.remains)
    for place, customer in enumerate(CUSTOMERS.tolist()):
        told = explain_person(grounds, customer)
        assert told.headline == ends[place]
        for column, category in enumerate(KINDS):
            for flow, table in decided.flows.items():
                assert told.flows[flow][category].verdict == table.verdict[place, column]
            assert told.staying[category].verdict == decided.remains.verdict[place, column]
            assert told.staying[category].row == f"B{decided.remains.row[place, column]:02d}"


def test_whoever_shares_an_item_is_explained_with_the_others_and_alone_in_what_stays():
    items = Shared(np.array([2]), np.array([0], np.uint8), np.array([1]))
    shared = case(settled=True, facts={"shared": items, "several": cells("basic", {2: Several.READ})})
    decided, told = decide_all(shared), explain_person(shared, 13)
    assert (told.flows["buyer"]["basic"].row, told.flows["buyer"]["basic"].verdict) == ("A10", Verdict.NOT_MOVED)
    assert told.staying["basic"].verdict == decided.remains.verdict[2, 0]
    assert told.keeps == ("keeps.balance",)


@pytest.mark.parametrize("language", terms.LANGUAGES)
def test_everything_said_of_a_person_can_be_sent_to_her(language):
    for settled in (True, False):
        for customer in CUSTOMERS.tolist():
            told = explain_person(case(settled=settled), customer)
            explained = [each for flow in told.flows.values() for each in flow.values()]
            for each in (*explained, *told.staying.values()):
                sentence = say(each, language, company="甲店", recipient="乙店")
                assert "{" not in sentence
    kept = say(explain_person(case(settled=True), 12).staying["purchase"], "zh", company="甲店")
    assert "2030-05-06" in kept
    assert "税收征收管理法实施细则" in kept


# --- two sets -------------------------------------------------------------------------------------------------------


def changed_tables(before, after):
    found = with_causes(compare(frozen(before), frozen(after)), before=before, after=after)
    return {
        (table.part, int(customer), category, Verdict(int(was)).name, Verdict(int(now)).name, because)
        for table in found.tables
        for customer, category, was, now, because in zip(
            table.customers, table.categories, table.was, table.now, table.because, strict=True
        )
    }


def test_the_same_grounds_differ_in_nothing():
    found = compare(frozen(case()), frozen(case()))
    assert found.is_empty
    assert len(found.customers) == 0


def test_a_changed_answer_is_named_with_whom_it_changed_and_why():
    answers = np.full((4, 3), int(Answer.AGREE))
    answers[[1, 2]] = Answer.REFUSE
    before, after = case(settled=True), case(settled=True, facts={"answer": answers})
    found = changed_tables(before, after)
    assert {each[1] for each in found} == {13}
    assert ("first", 13, "basic", "HAND_OVER", "NOT_MOVED", ("answer",)) in found
    assert compare(frozen(before), frozen(after)).counts()["first", "basic", "hand_over", "not_moved"] == 1


def test_what_follows_for_what_stays_is_put_down_to_the_move():
    answers = np.full((4, 3), int(Answer.AGREE))
    answers[[1, 2]] = Answer.REFUSE
    found = changed_tables(case(), case(facts={"answer": answers}))
    assert ("stays", 13, "basic", "SEAL", "DESTROY", ("moved",)) in found


def test_a_fact_of_the_flow_is_a_cause_for_everyone_it_changed():
    found = changed_tables(case(closed=False), case(closed=False, buyer={"key_matches": False}))
    assert {each[-1] for each in found if each[0] == "first"} == {("key_matches",)}
    assert {each[1] for each in found} == {11, 12, 13, 14}


def test_a_fact_of_the_sender_and_the_cut_off_are_causes_too():
    none_named = SenderFacts(frozenset(), ends_business=True)
    assert ("structures",) in {each[-1] for each in changed_tables(case(), case(sender=none_named))}
    silent = {"answer": np.zeros((4, 3), dtype=np.int64)}
    found = changed_tables(case(closed=False, facts=silent), case(closed=True, facts=silent))
    assert ("first", 12, "basic", "ASK", "NOT_MOVED", ("at_cut_off",)) in found


def test_of_two_facts_that_differ_the_one_that_made_the_change_is_named():
    before = case(facts={"answer": np.full((4, 3), int(Answer.NONE)), "defects": 128})
    found = changed_tables(before, case(facts={"answer": np.full((4, 3), int(Answer.AGREE)), "defects": 0}))
    assert ("first", 11, "basic", "NOT_MOVED", "HAND_OVER", ("answer",)) in found


def test_where_no_single_fact_brings_the_old_answer_back_all_that_differ_are_named():
    found = changed_tables(case(facts={"dead": True}, closed=False), case(facts={"hold": True}, closed=False))
    assert ("first", 11, "basic", "NOT_MOVED", "STOP", ("dead", "hold")) in found


def test_a_partner_in_an_item_can_be_the_cause():
    items = Shared(np.array([2]), np.array([0], np.uint8), np.array([3]))
    shared = {"shared": items, "several": cells("basic", {2: Several.READ})}
    agreed = np.full((4, 3), int(Answer.AGREE))
    refused = agreed.copy()
    refused[3] = Answer.REFUSE
    found = changed_tables(case(facts=shared | {"answer": agreed}), case(facts=shared | {"answer": refused}))
    assert ("first", 13, "basic", "HAND_OVER", "NOT_MOVED", ("answer",)) in found


def test_people_who_came_or_went_are_named_and_the_others_compared():
    before = case()
    fewer = replace(
        before,
        customers=CUSTOMERS[1:],
        movements=tuple(replace(each, facts=each.facts.part(slice(1, 4))) for each in before.movements),
        remains=before.remains.part(slice(1, 4)),
    )
    found = compare(frozen(before), frozen(fewer))
    assert (found.added.tolist(), found.removed.tolist()) == ([], [11])
    assert found.customers.tolist() == [11]
    assert not found.is_empty
    assert compare(frozen(fewer), frozen(before)).added.tolist() == [11]


def test_a_notice_that_came_back_is_found_in_a_merger():
    flow, sender = replace(SUCCESSOR, needed=NEEDED), SUCCESSOR.sender
    told = Facts.of(4, KINDS, **(CLEAR | NOT_ASKED))
    bounced = Facts.of(4, KINDS, **(CLEAR | NOT_ASKED | {"notice": [2, 2, Notice.SENT, 2]}))
    grounds = replace(case(sender=sender, closed=False), movements=(Movement("successor", told, flow),))
    after = replace(grounds, movements=(Movement("successor", bounced, flow),))
    found = {each for each in changed_tables(grounds, after) if each[0] == "first"}
    assert {each[1:5] for each in found} == {(13, kind, "HAND_OVER", "TELL") for kind in KINDS}
    assert {each[-1] for each in found} == {("notice",)}


def test_what_a_successor_settled_may_end_and_what_it_did_not_may_not():
    flow = replace(SUCCESSOR, needed=NEEDED)
    facts = Facts.of(4, KINDS, **(CLEAR | NOT_ASKED))
    settled = np.zeros((4, 3), dtype=np.bool_)
    settled[0] = True
    grounds = replace(case(sender=SUCCESSOR.sender), movements=(Movement("successor", facts, flow, settled=settled),))
    rows = decide_all(grounds).remains.row
    assert rows[0].tolist() == [11, 7, 11]
    assert (rows[1:] == 1).all()
