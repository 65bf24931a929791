"""The gates against their tables of examples (gates_a.toml, gates_b.toml), the cut-off, the guard, several people."""

from collections import defaultdict
from dataclasses import fields, replace
from datetime import date

import numpy as np
import pytest

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook import law, terms
from shouxin.ground.rulebook.bases import Basis, Defect
from shouxin.ground.rulebook.gates import (
    OUTCOMES,
    QUESTION_LAW,
    TABLE_A,
    TABLE_B,
    Age,
    Answer,
    Detail,
    End,
    Facts,
    FlowFacts,
    FlowRole,
    Holding,
    Moved,
    Notice,
    PersonKind,
    PurposeState,
    Question,
    Remains,
    Route,
    SenderFacts,
    Several,
    Shared,
    Structure,
    Verdict,
    all_ends,
    at_cut_off,
    check_may_end,
    decide,
    detail_names,
    ends_of,
    headline,
    keep_or_end,
    moved_by_all,
    moved_state,
    no_flow,
)
from shouxin.ground.rulebook.retention import Running
from tests.ground.rulebook.gates_cast import (
    BUYER,
    CATEGORY,
    CLEAR,
    DIVISION,
    KEEPER,
    MOVER,
    MOVES_ON,
    NAMED,
    NOT_ASKED,
    SELLER,
    STAYS,
    SUCCESSOR,
    lines,
    opinion,
    person,
)

LINES_A, LINES_B = lines("a"), lines("b")
STOOD_SHORT = date(2026, 5, 22)


def row_and_verdict(facts, flow=BUYER):
    decided = decide(facts, flow)
    return int(decided.row[0, 0]), Verdict(int(decided.verdict[0, 0]))


def told_details(told):
    return {f"detail.{name}" for name in told.get("detail", [])}


@pytest.mark.parametrize("line", LINES_A, ids=str)
def test_table_a_says_what_its_examples_say(line):
    if "must_be_named" in line.told:
        with pytest.raises(TypeError, match=line.told["must_be_named"]):
            Facts.of(1, CATEGORY, **line.known())
        return
    decided = decide(Facts.of(1, CATEGORY, **line.known()), line.flow())
    assert f"A{decided.row[0, 0]:02d}" == line.told["by"]
    assert Verdict(int(decided.verdict[0, 0])).name.lower() == line.told["then"]
    assert line.told.get("code") in (None, decided.ruling(0, "basic").code)
    if "detail" in line.told or decided.verdict[0, 0] == Verdict.HAND_OVER:
        assert set(detail_names(int(decided.detail[0, 0]))) == told_details(line.told)


@pytest.mark.parametrize("line", LINES_B, ids=str)
def test_table_b_says_what_its_examples_say(line):
    if "must_be_named" in line.told:
        with pytest.raises(TypeError, match=line.told["must_be_named"]):
            line.remains()
        return
    decided = keep_or_end(line.remains(), line.holder(), at_cut_off=line.told.get("closing", True))
    assert f"B{decided.row[0, 0]:02d}" == line.told["by"]
    assert Verdict(int(decided.verdict[0, 0])).name.lower() == line.told["then"]
    assert line.told.get("code") in (None, decided.ruling(0, "basic").code)
    if "detail" in line.told:
        assert set(detail_names(int(decided.detail[0, 0]))) == told_details(line.told)


@pytest.mark.parametrize(("table", "found"), [(TABLE_A, LINES_A), (TABLE_B[1:], LINES_B)], ids=["A", "B"])
def test_each_row_has_examples_of_all_three_kinds(table, found):
    kinds = defaultdict(set)
    for line in found:
        kinds[line.row].add(line.told["kind"])
        if line.told["kind"] == "before":
            assert line.told["by"] < line.row
    assert set(kinds) == {row.id for row in table}
    assert all(each == {"decides", "before", "unknown"} for each in kinds.values())


def test_every_outcome_of_both_tables_stands_in_an_example():
    named = {line.told.get("code") for line in (*LINES_A, *LINES_B)}
    said = {each.code for each in OUTCOMES if each.row}
    assert said - named == {"gates.not_decided_here"}


def test_every_question_is_answered_in_an_example():
    assert {each for line in (*LINES_A, *LINES_B) for each in line.told.get("opinions", [])} == set(Question)


@pytest.mark.parametrize("defect", list(Defect))
def test_every_single_defect_of_a_consent_asks_again(defect):
    assert row_and_verdict(person(defects=defect)) == (25, Verdict.ASK)


# --- the role of a recipient ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("structure", sorted(set(Structure) - {Structure.MERGER, Structure.DIVISION}))
def test_nobody_becomes_a_successor_by_calling_it_one(structure):
    claimed = replace(SUCCESSOR, sender=replace(SUCCESSOR.sender, structures=frozenset({structure})))
    assert row_and_verdict(person(**NOT_ASKED), claimed) == (24, Verdict.ASK)
    taken_over = row_and_verdict(person(**NOT_ASKED, taken_over=True), claimed)
    winding_up = structure in (Structure.DISSOLUTION, Structure.BANKRUPTCY)
    assert taken_over == ((22, Verdict.HAND_OVER) if winding_up else (24, Verdict.ASK))


@pytest.mark.parametrize(
    ("structure", "question", "row"),
    [
        (Structure.ASSET_SALE, "succession", 22),
        (Structure.BUSINESS_SALE, "succession", 22),
        (Structure.OPERATOR_CHANGE, "succession", 22),
        (Structure.BANKRUPTCY, "bankruptcy", 22),
        (Structure.EQUITY, "succession", 24),
        (Structure.ADDRESS, "succession", 24),
        (Structure.DEREGISTRATION, "succession", 24),
        (Structure.DISSOLUTION, "succession", 24),
        (Structure.BANKRUPTCY, "succession", 24),
    ],
)
def test_an_opinion_makes_a_successor_only_where_the_reading_is_open(structure, question, row):
    sender = replace(SUCCESSOR.sender, structures=frozenset({structure}))
    claimed = replace(SUCCESSOR, sender=sender, opinions=(opinion(question),))
    assert row_and_verdict(person(**NOT_ASKED), claimed)[0] == row


def test_structures_may_combine():
    both = frozenset({Structure.MERGER, Structure.DEREGISTRATION})
    merged = replace(SUCCESSOR, sender=replace(SUCCESSOR.sender, structures=both))
    assert row_and_verdict(person(**NOT_ASKED), merged) == (22, Verdict.HAND_OVER)
    to_the_group = replace(merged, role=FlowRole.OTHER_HANDLER)
    assert row_and_verdict(person(**NOT_ASKED), to_the_group) == (24, Verdict.ASK)


@pytest.mark.parametrize(
    "change",
    [
        {"categories": frozenset({"purchase"})},
        {"purposes": frozenset({"warranty"})},
        {"purposes": frozenset()},
        {"categories": frozenset()},
        {"document": ""},
        {"basis": Basis.UNKNOWN},
        {"basis": Basis.CONSENT},
        {"question": Question.DEAD},
    ],
)
def test_an_opinion_that_does_not_fit_releases_nothing(change):
    flow = replace(BUYER, opinions=(opinion("other_basis", **change),))
    assert row_and_verdict(person(answer=Answer.NONE), flow) == (24, Verdict.ASK)


def test_an_opinion_of_after_the_transfer_or_for_a_flow_without_purposes_releases_nothing():
    given = (opinion("each_told"),)
    early = replace(SUCCESSOR, transfer_on=STOOD_SHORT, opinions=given)
    assert row_and_verdict(person(**NOT_ASKED), early) == (22, Verdict.HAND_OVER)
    late = replace(early, opinions=(replace(given[0], given_on=MOVES_ON),))
    assert row_and_verdict(person(**NOT_ASKED), late) == (20, Verdict.TELL)
    assert row_and_verdict(person(**NOT_ASKED), replace(early, purposes=frozenset())) == (20, Verdict.TELL)
    no_basis = replace(early, opinions=(replace(given[0], basis=Basis.UNKNOWN),))
    assert row_and_verdict(person(**NOT_ASKED), no_basis) == (20, Verdict.TELL)


# --- the cut-off ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "flow", "code"),
    [
        ({"answer": Answer.NONE}, {}, "gates.cut_off.not_agreed"),
        ({}, {"opinions": (opinion("other_basis"),), "told_elements": frozenset()}, "gates.cut_off.not_told"),
        ({"hold": True}, {}, "gates.cut_off.not_resolved"),
        ({"answer": Answer.REFUSE}, {}, "gates.A08.refused"),
    ],
)
def test_at_the_cut_off_what_is_open_is_not_moved_and_keeps_its_row(facts, flow, code):
    flow_facts = replace(BUYER, **flow)
    before = decide(person(**facts), flow_facts)
    after = at_cut_off(before, flow_facts)
    assert after.verdict[0, 0] == Verdict.NOT_MOVED
    assert after.row[0, 0] == before.row[0, 0]
    assert after.ruling(0, "basic").code == code
    assert not after.is_open().any()


@pytest.mark.parametrize(
    ("facts", "flow", "row", "code"),
    [
        ({"age": Age.UNDER_14}, {}, 11, "gates.travels.ask"),
        ({"age": Age.UNDER_14}, {"child_rules": False}, 11, "gates.travels.stop"),
        ({"notice": Notice.NONE}, {}, 19, "gates.travels.tell"),
        ({}, {"same_purpose": False}, 17, "gates.travels.ask"),
        ({}, {"transfer_on": None}, 20, "gates.travels.tell"),
    ],
)
def test_where_a_sender_ends_by_merger_open_questions_travel_sealed(facts, flow, row, code):
    merger = replace(SUCCESSOR, **flow)
    after = at_cut_off(decide(person(**(NOT_ASKED | facts)), merger), merger)
    assert (after.row[0, 0], after.verdict[0, 0]) == (row, Verdict.HAND_OVER)
    assert after.ruling(0, "basic").code == code
    assert after.detail[0, 0] == Detail.SEALED | Detail.TRAVELS | Detail.AT_CUT_OFF


@pytest.mark.parametrize(
    ("facts", "flow", "row"),
    [
        ({}, {"key_matches": False}, 2),
        ({}, {"foreign_request": True}, 3),
        ({}, {"abroad": True}, 5),
        ({}, {"abroad": True, "route": Route.ASSESSMENT}, 13),
        ({"abroad_told": True}, {"abroad": True, "route": Route.ASSESSMENT}, 13),
        ({}, {"sender": replace(SUCCESSOR.sender, structures=frozenset())}, 99),
    ],
)
def test_even_then_what_must_not_leave_stays(facts, flow, row):
    merger = replace(SUCCESSOR, **flow)
    after = at_cut_off(decide(person(**(NOT_ASKED | facts)), merger), merger)
    assert (after.row[0, 0], after.verdict[0, 0]) == (row, Verdict.NOT_MOVED)
    assert after.detail[0, 0] == Detail.AT_CUT_OFF


@pytest.mark.parametrize(
    "flow",
    [
        DIVISION,
        replace(SUCCESSOR, role=FlowRole.OTHER_HANDLER),
        replace(SUCCESSOR, succession_on_record=False),
        replace(SUCCESSOR, sender=replace(SUCCESSOR.sender, structures=frozenset({Structure.DISSOLUTION}))),
    ],
)
def test_open_questions_travel_to_a_successor_of_a_sender_that_ends_by_merger_only(flow):
    open_one = decide(person(**(NOT_ASKED | {"age": Age.UNDER_14})), flow)
    assert open_one.is_open().all()
    assert at_cut_off(open_one, flow).verdict[0, 0] == Verdict.NOT_MOVED


def test_a_deletion_that_travels_stays_restricted():
    asks = person(**(NOT_ASKED | {"requests": 1, "age": Age.UNDER_14}))
    after = at_cut_off(decide(asks, SUCCESSOR), SUCCESSOR)
    assert after.verdict[0, 0] == Verdict.HAND_OVER
    assert after.detail[0, 0] & Detail.RESTRICTED


def test_details_say_what_happens_meanwhile():
    assert decide(person(hold=True), BUYER).detail[0, 0] == Detail.SEALED
    contact = person(person_kind=PersonKind.CONTACT_OF_ORGANISATION, answer=Answer.NONE)
    closed = at_cut_off(decide(contact, BUYER), BUYER)
    assert closed.verdict[0, 0] == Verdict.NOT_MOVED
    assert closed.detail[0, 0] == Detail.ORGANISATION_MOVES | Detail.AT_CUT_OFF
    assert decide(person(answer=Answer.NONE), BUYER).detail[0, 0] == 0
    for no in (Answer.REFUSE, Answer.WITHDRAW):
        refused = person(person_kind=PersonKind.CONTACT_OF_ORGANISATION, answer=no)
        assert decide(refused, BUYER).detail[0, 0] == 0


# --- several people in one item -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "verdict"),
    [
        ({"answer": Answer.AGREE}, Verdict.HAND_OVER),
        ({"answer": Answer.NONE}, Verdict.ASK),
        ({"answer": Answer.REFUSE}, Verdict.NOT_MOVED),
        ({"hold": True}, Verdict.STOP),
        ({"holding": Holding.NONE}, Verdict.NOT_MOVED),
    ],
)
def test_the_strictest_person_in_an_item_decides_for_all(other, verdict):
    both = {name: [value, other.get(name, value)] for name, value in CLEAR.items()}
    cells = {
        name: np.array(value)[:, None] for name, value in both.items() if name not in ("person_kind", "age", "dead")
    }
    cells["notice"] = both["notice"]
    cells["several"] = np.array([[Several.READ], [Several.ONE]])
    persons = {name: both[name] for name in ("person_kind", "age", "dead")}
    items = Shared(np.array([0]), np.array([0], dtype=np.uint8), np.array([1]))
    decided = decide(Facts.of(2, CATEGORY, shared=items, **persons, **cells), BUYER)
    assert decided.verdict[0, 0] == verdict
    assert decided.row[0, 0] == 10


def test_someone_unknown_in_an_item_keeps_it_from_moving():
    items = Shared(np.array([0]), np.array([0], dtype=np.uint8), np.array([-1]))
    assert row_and_verdict(person(several=Several.READ, shared=items)) == (10, Verdict.NOT_MOVED)


def test_the_partners_of_a_person_come_with_her():
    items = Shared(np.array([3, 3, 1]), np.array([0, 0, 0], dtype=np.uint8), np.array([0, -1, 2]))
    facts = Facts.of(4, CATEGORY, shared=items, **(CLEAR | {"age": [1, 2, 3, 0]}))
    hers = facts.with_partners(np.array([3]))
    assert hers.age.tolist() == [0, 1]
    assert (hers.shared.person.tolist(), hers.shared.other.tolist()) == ([0, 0], [1, -1])
    assert len(facts.with_partners(np.array([0])).shared.person) == 0


# --- what stays -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verdict", [Verdict.DESTROY, Verdict.ANONYMISE])
@pytest.mark.parametrize(
    ("running", "moved", "code"),
    [
        (Running.RUNS, Moved.SETTLED, r"gates\.statutory_period_runs"),
        (Running.RUNS_UNVERIFIED, Moved.NOT_MOVED, r"gates\.statutory_period_runs"),
        (Running.NONE, Moved.UNSETTLED, r"gates\.not_settled"),
    ],
)
def test_the_guard_stands_over_every_row(verdict, running, moved, code):
    ends = np.array([[verdict]], dtype=np.uint8)
    with pytest.raises(Refusal, match=code) as refused:
        check_may_end(ends, running=np.array([[running]]), moved=np.array([[moved]]))
    assert refused.value.facts["cells"] == 1
    assert all(law.knows(id) for id in refused.value.facts["law"])


def test_sealing_passes_the_guard_while_a_period_runs():
    check_may_end(np.array([[Verdict.SEAL]], dtype=np.uint8), running=np.array([[Running.RUNS]]), moved=np.array([[0]]))


@pytest.mark.parametrize(
    ("flow", "facts", "settled", "state"),
    [
        (BUYER, {}, False, Moved.UNSETTLED),
        (BUYER, {}, True, Moved.SETTLED),
        (BUYER, {"answer": Answer.NONE}, True, Moved.NOT_MOVED),
        (SUCCESSOR, NOT_ASKED, True, Moved.SUCCEEDED),
        (SUCCESSOR, NOT_ASKED, False, Moved.UNSETTLED),
        (KEEPER, NOT_ASKED, True, Moved.SETTLED),
        (MOVER, NOT_ASKED, False, Moved.NOT_MOVED),
        (NAMED, {"identity_verified": True, "no_harm_to_others": True, "purpose_basis": 2}, False, Moved.NOT_MOVED),
    ],
)
def test_only_who_takes_over_takes_something_from_the_sender(flow, facts, settled, state):
    assert moved_state(decide(person(**facts), flow), flow, settled=settled)[0, 0] == state
    assert moved_state(decide(person(**facts), flow), flow, settled=np.array([[settled]]))[0, 0] == state


def test_one_unsettled_copy_outweighs_the_settled_ones():
    states = [np.array([each], dtype=np.uint8) for each in ([2, 2], [Moved.UNSETTLED, Moved.NOT_MOVED])]
    assert moved_by_all(states, (1, 2)).tolist() == [[Moved.UNSETTLED, Moved.SETTLED]]
    assert moved_by_all([], (1, 2)).tolist() == [[Moved.NOT_MOVED, Moved.NOT_MOVED]]


@pytest.mark.parametrize("structure", [Structure.ADDRESS, Structure.EQUITY])
def test_a_change_that_moves_nothing_goes_straight_to_table_b(structure):
    sender = SenderFacts(frozenset({structure}), ends_business=False)
    stays = keep_or_end(Remains.of(1, CATEGORY, **STAYS, purpose=PurposeState.ALIVE), sender, at_cut_off=True)
    nothing = no_flow(person())
    assert nothing.ruling(0, "basic").code == "gates.no_flow"
    assert headline(flows=[nothing], remains=stays)[0] == headline(flows=[], remains=stays)[0] == End.KEPT


def _ends(*verdicts, detail=0):
    decided = decide(Facts.of(1, [str(n) for n in range(len(verdicts))], **CLEAR), BUYER)
    given = np.full((1, len(verdicts)), detail, dtype=np.uint16)
    return replace(decided, verdict=np.array([verdicts], dtype=np.uint8), detail=given)


@pytest.mark.parametrize(
    ("flow", "stays", "end"),
    [
        ((Verdict.HAND_OVER, Verdict.ASK), (Verdict.SEAL, Verdict.DESTROY), End.OPEN),
        ((Verdict.HAND_OVER, Verdict.NOT_MOVED), (Verdict.SEAL, Verdict.DESTROY), End.HANDED_OVER),
        ((Verdict.HAND_OVER, Verdict.NOT_MOVED), (Verdict.DESTROY, Verdict.SEAL), End.SEALED),
        ((Verdict.HAND_OVER, Verdict.NOT_MOVED), (Verdict.DESTROY, Verdict.DESTROY), End.HANDED_OVER),
        ((Verdict.NOT_MOVED, Verdict.NOT_MOVED), (Verdict.ARCHIVE, Verdict.DESTROY), End.ARCHIVED),
        ((Verdict.NOT_MOVED, Verdict.NOT_MOVED), (Verdict.ANONYMISE, Verdict.DESTROY), End.ANONYMISED),
        ((Verdict.NOT_MOVED, Verdict.NOT_MOVED), (Verdict.KEEP, Verdict.DESTROY), End.DESTROYED),
        ((Verdict.NOT_MOVED, Verdict.NOTHING), (Verdict.KEEP, Verdict.NOTHING), End.KEPT),
        ((Verdict.NOTHING, Verdict.NOTHING), (Verdict.NOTHING, Verdict.NOTHING), End.NONE),
        ((Verdict.NOT_MOVED, Verdict.NOT_MOVED), (Verdict.DESTROY, Verdict.STOP), End.OPEN),
    ],
)
def test_each_person_has_one_headline_end(flow, stays, end):
    assert headline(flows=[_ends(*flow)], remains=_ends(*stays))[0] == end


def test_a_person_may_meet_several_ends():
    flow = _ends(Verdict.HAND_OVER, Verdict.NOT_MOVED, Verdict.NOT_MOVED)
    stays = _ends(Verdict.DESTROY, Verdict.SEAL, Verdict.DESTROY)
    met = int(all_ends(flows=[flow], remains=stays)[0])
    assert ends_of(met) == (End.SEALED, End.HANDED_OVER, End.DESTROYED)
    assert ends_of(int(all_ends(flows=[], remains=_ends(Verdict.NOTHING))[0])) == (End.NONE,)


def test_what_goes_sealed_is_sealed_and_what_a_processor_carries_is_not_handed_over():
    kept_apart = _ends(Verdict.HAND_OVER, detail=Detail.SEALED)
    assert headline(flows=[kept_apart], remains=_ends(Verdict.DESTROY))[0] == End.SEALED
    carried = decide(person(**NOT_ASKED), MOVER)
    assert carried.verdict[0, 0] == Verdict.HAND_OVER
    assert headline(flows=[carried], remains=replace(_ends(Verdict.KEEP), categories=CATEGORY))[0] == End.KEPT


# --- the tables themselves ------------------------------------------------------------------------------------------


def test_both_tables_stand_whole_and_in_order():
    assert [row.number for row in TABLE_A] == [*range(1, 28), 99]
    assert [row.number for row in TABLE_B] == [0, 1, *range(3, 12), 99]


# Numbers that stand in sets which were stored; a number never comes to mean something else.
STORED_NUMBERS = {1: "gates.nothing_held", 9: "gates.A06.hold", 12: "gates.A08.refused", 33: "gates.A24.ask"}
STORED_NUMBERS |= {37: "gates.A27.hand_over", 40: "gates.cut_off.not_agreed", 49: "gates.B07.seal"}
STORED_NUMBERS |= {54: "gates.B11.destroy", 38: "gates.not_decided_here"}


def test_every_outcome_has_its_number_its_sentence_and_known_law():
    assert {number: OUTCOMES[number].code for number in STORED_NUMBERS} == STORED_NUMBERS
    assert [each.outcome for each in OUTCOMES] == list(range(len(OUTCOMES)))
    assert all(each.code in terms.reasons() for each in OUTCOMES)
    assert all(law.knows(id) for each in OUTCOMES for id in each.law)
    gate_sentences = {code for code in terms.reasons() if code.startswith("gates.")}
    assert gate_sentences == {each.code for each in OUTCOMES}
    assert all(law.knows(id) for ids in QUESTION_LAW.values() for id in ids)
    assert set(QUESTION_LAW) == set(Question)


class _Watched:
    """Facts that remember which of them were read, and of the sender inside a flow too."""

    def __init__(self, facts):
        self._facts, self.read = facts, set()
        self._sender = _Watched(facts.sender) if hasattr(facts, "sender") else None

    def __getattr__(self, name):
        if name == "sender":
            return self._sender
        self.read.add(name)
        return getattr(self._facts, name)


STORIES = [BUYER, SUCCESSOR, DIVISION, KEEPER, MOVER, NAMED]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.role)
@pytest.mark.parametrize("row", TABLE_A, ids=lambda row: row.id)
def test_a_row_reads_only_the_facts_it_names(row, story):
    abroad = replace(story, abroad=True, route=Route.STANDARD_CONTRACT, abroad_people=1, abroad_sensitive_people=0)
    for flow in (story, abroad, replace(abroad, same_purpose=False)):
        facts, watched = _Watched(person()), _Watched(flow)
        row.judge(facts, watched)
        assert facts.read - {"categories"} <= set(row.reads)
        assert watched.read <= set(row.reads_flow)
        assert watched.sender.read <= set(row.reads_sender)


@pytest.mark.parametrize("goes_on", [True, False])
@pytest.mark.parametrize("row", TABLE_B, ids=lambda row: row.id)
def test_a_row_of_table_b_reads_only_the_facts_it_names(row, goes_on):
    remains = _Watched(Remains.of(1, CATEGORY, **STAYS))
    sender = _Watched(replace(SELLER, ends_business=False, goes_on=goes_on))
    row.judge(remains, sender, True)
    assert remains.read - {"categories"} <= set(row.reads)
    assert sender.read <= set(row.reads_sender)


def test_every_fact_and_value_has_a_word():
    named = {column.name for kind in (Facts, Remains) for column in fields(kind)} - {"categories"}
    named |= {column.name for column in fields(FlowFacts)} - {"sender", "recipient"}
    named |= {column.name for column in fields(SenderFacts)}
    named |= {name for row in TABLE_A for name in (*row.reads_flow, *row.reads_sender)}
    named |= {name for row in TABLE_B for name in row.reads_sender}
    assert {name for name in named if f"fact.{name}" not in terms.terms()} == set()
    for prefix, kind in (("verdict", Verdict), ("detail", Detail), ("end", End), ("age", Age), ("defect", Defect)):
        assert {f"{prefix}.{member.name.lower()}" for member in kind} <= set(terms.terms())
    for prefix, kind in (("question", Question), ("route", Route), ("structure", Structure), ("flow_role", FlowRole)):
        assert {f"{prefix}.{member}" for member in kind} <= set(terms.terms())


def test_a_fact_that_no_row_reads_is_refused():
    with pytest.raises(Refusal, match=r"gates\.unknown_fact"):
        person(shoe_size=42)
    with pytest.raises(Refusal, match=r"gates\.shape"):
        person(hold=[[True, False]])


def test_a_part_of_a_category_is_needed_with_it_unless_it_is_named_as_surplus():
    free_text = Facts.of(1, ("behaviour:free_text",), **CLEAR)
    whole = replace(BUYER, needed=frozenset({"behaviour"}))
    assert decide(free_text, whole).verdict[0, 0] == Verdict.HAND_OVER
    assert decide(free_text, replace(whole, surplus=frozenset({"behaviour:free_text"}))).row[0, 0] == 4
    assert decide(free_text, BUYER).row[0, 0] == 4
