"""The gates, row by row: where a row decides, where the row before it does, and where nothing is known.

One table of examples per row. `clear` is a person of whom nothing stands in the way: told, agreed, nobody else in it.
"""

from dataclasses import fields, replace

import numpy as np
import pytest

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook import law, terms
from shouxin.ground.rulebook.bases import NOTICE_ELEMENTS, Basis, Defect
from shouxin.ground.rulebook.gates import (
    OUTCOMES,
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
    Remains,
    Request,
    SenderFacts,
    Several,
    Shared,
    Structure,
    Verdict,
    at_cut_off,
    check_may_end,
    decide,
    headline,
    keep_or_end,
    moved_state,
)
from shouxin.ground.rulebook.retention import Running

CATEGORY = ("basic",)
SELLER = SenderFacts(structures=frozenset({Structure.ASSET_SALE}), ends_business=True)
BUYER = FlowFacts(
    role=FlowRole.OTHER_HANDLER,
    sender=SELLER,
    recipient="recipient:b",
    needed=frozenset(CATEGORY),
    recipient_identified=True,
    key_matches=True,
    child_rules=True,
    told_elements=NOTICE_ELEMENTS,
    agreement_on_record=True,
)
CLEAR = {
    "person_kind": PersonKind.CONTRACT_PARTY,
    "age": Age.ADULT,
    "dead": False,
    "notice": Notice.REACHED,
    "holding": Holding.LIVE,
    "hold": False,
    "requests": 0,
    "objected": False,
    "several": Several.ONE,
    "sensitive": False,
    "answer": Answer.AGREE,
}


def person(**facts):
    return Facts.of(1, CATEGORY, **(CLEAR | facts))


def row_and_verdict(facts, flow=BUYER):
    decided = decide(facts, flow)
    return int(decided.row[0, 0]), Verdict(int(decided.verdict[0, 0]))


def code_of(facts, flow=BUYER):
    return decide(facts, flow).ruling(0, "basic").code


# Facts of the person, differences of the flow, deciding row, verdict, reason code.
EXAMPLES = [
    ({}, {}, 27, Verdict.HAND_OVER, "gates.A27.hand_over"),
    ({"holding": Holding.NONE}, {}, 0, Verdict.NOTHING, "gates.nothing_held"),
    ({"holding": Holding.DESTROYED}, {}, 1, Verdict.NOTHING, "gates.A01.gone"),
    ({"holding": Holding.DESTROYED}, {"key_matches": False}, 1, Verdict.NOTHING, "gates.A01.gone"),
    ({}, {"recipient_restricted": True}, 2, Verdict.STOP, "gates.A02.restricted"),
    ({}, {"recipient_identified": False}, 2, Verdict.STOP, "gates.A02.not_identified"),
    ({}, {"key_matches": False, "needed": frozenset()}, 2, Verdict.STOP, "gates.A02.key_mismatch"),
    ({}, {"foreign_request_unapproved": True, "needed": frozenset()}, 3, Verdict.STOP, "gates.A03.foreign_request"),
    ({}, {"needed": frozenset({"purchase"}), "abroad": True}, 4, Verdict.NOT_MOVED, "gates.A04.surplus"),
    ({"hold": True}, {"abroad": True}, 5, Verdict.STOP, "gates.A05.no_route"),
    ({"hold": True, "requests": Request.DELETE}, {}, 6, Verdict.STOP, "gates.A06.hold"),
    ({"requests": Request.DELETE | Request.COPY}, {}, 7, Verdict.NOT_MOVED, "gates.A07.delete"),
    ({"requests": Request.COPY, "answer": Answer.REFUSE}, {}, 7, Verdict.STOP, "gates.A07.request"),
    ({"requests": Request.CORRECT}, {}, 7, Verdict.STOP, "gates.A07.request"),
    ({"requests": Request.RESTRICT}, {}, 7, Verdict.STOP, "gates.A07.request"),
    ({"requests": Request.EXPLAIN}, {}, 7, Verdict.STOP, "gates.A07.request"),
    ({"requests": Request.MOVE}, {}, 7, Verdict.STOP, "gates.A07.request"),
    ({"answer": Answer.REFUSE, "dead": True}, {}, 8, Verdict.NOT_MOVED, "gates.A08.refused"),
    ({"answer": Answer.WITHDRAW}, {}, 8, Verdict.NOT_MOVED, "gates.A08.withdrew"),
    ({"purpose_withdrawn": True}, {}, 8, Verdict.NOT_MOVED, "gates.A08.withdrew"),
    ({"dead": True, "relatives_request": True}, {}, 9, Verdict.STOP, "gates.A09.relatives"),
    ({"dead": True, "several": Several.UNREAD}, {}, 9, Verdict.NOT_MOVED, "gates.A09.dead"),
    ({"dead": True, "lifetime_consent": True}, {}, 27, Verdict.HAND_OVER, "gates.A27.hand_over"),
    ({"several": Several.UNREAD, "age": Age.UNDER_14}, {}, 10, Verdict.NOT_MOVED, "gates.A10.unread"),
    ({"several": Several.READ}, {}, 10, Verdict.NOT_MOVED, "gates.A10.several"),
    ({"several": Several.SPLIT}, {}, 27, Verdict.HAND_OVER, "gates.A27.hand_over"),
    ({"age": Age.UNDER_14}, {"child_rules": False}, 11, Verdict.STOP, "gates.A11.no_child_rules"),
    ({"age": Age.UNDER_14}, {}, 11, Verdict.ASK, "gates.A11.guardian"),
    ({"age": Age.UNKNOWN, "child_suggested": True}, {}, 11, Verdict.ASK, "gates.A11.guardian"),
    ({"age": Age.UNKNOWN}, {}, 27, Verdict.HAND_OVER, "gates.A27.hand_over"),
    ({"age": Age.UNDER_14, "guardian_agreed": True}, {}, 26, Verdict.ASK, "gates.A26.not_told"),
    (
        {"age": Age.UNDER_14, "guardian_agreed": True, "necessity_told": True, "separately_agreed": True},
        {},
        27,
        Verdict.HAND_OVER,
        "gates.A27.hand_over",
    ),
    ({"age": Age.MINOR}, {}, 12, Verdict.ASK, "gates.A12.representative"),
    ({"age": Age.MINOR, "own_consent_suits": True}, {}, 27, Verdict.HAND_OVER, "gates.A27.hand_over"),
    ({"age": Age.MINOR, "representative_agreed": True}, {}, 27, Verdict.HAND_OVER, "gates.A27.hand_over"),
    ({"lacks_capacity": True}, {}, 12, Verdict.ASK, "gates.A12.representative"),
    ({}, {"abroad": True, "abroad_route_fixed": True}, 13, Verdict.TELL, "gates.A13.tell"),
    ({"abroad_told": True}, {"abroad": True, "abroad_route_fixed": True}, 13, Verdict.ASK, "gates.A13.ask"),
    (
        {"abroad_told": True},
        {"abroad": True, "abroad_route_fixed": True, "abroad_consent_waived": True},
        27,
        Verdict.HAND_OVER,
        "gates.A27.hand_over",
    ),
    ({"objected": True, "answer": Answer.NONE}, {}, 23, Verdict.STOP, "gates.A23.objected"),
    ({"answer": Answer.NONE}, {"opinion": frozenset(CATEGORY)}, 23, Verdict.HAND_OVER, "gates.A23.hand_over"),
    (
        {"answer": Answer.NONE, "notice": Notice.ANNOUNCED},
        {"opinion": frozenset(CATEGORY)},
        23,
        Verdict.TELL,
        "gates.A23.tell",
    ),
    ({"sensitive": True}, {"opinion": frozenset(CATEGORY)}, 23, Verdict.TELL, "gates.A23.tell"),
    (
        {"answer": Answer.REFUSE, "purpose_basis": Basis.CONTRACT},
        {"opinion": frozenset(CATEGORY)},
        23,
        Verdict.STOP,
        "gates.A23.objected",
    ),
    ({"answer": Answer.NONE, "defects": Defect.BUNDLED}, {}, 24, Verdict.ASK, "gates.A24.ask"),
    ({"answer": Answer.CALL_ME}, {}, 24, Verdict.ASK, "gates.A24.ask"),
    ({"answer": Answer.DISCUSS}, {}, 24, Verdict.ASK, "gates.A24.ask"),
    ({"answer": Answer.NONE, "notice": Notice.ANNOUNCED}, {}, 24, Verdict.ASK, "gates.A24.ask"),
    ({"defects": Defect.PRE_TICKED, "sensitive": True}, {}, 25, Verdict.ASK, "gates.A25.ask"),
    ({"sensitive": True}, {}, 26, Verdict.ASK, "gates.A26.not_told"),
    ({"sensitive": True, "necessity_told": True}, {}, 26, Verdict.ASK, "gates.A26.not_separate"),
    (
        {"sensitive": True, "necessity_told": True, "separately_agreed": True},
        {},
        27,
        Verdict.HAND_OVER,
        "gates.A27.hand_over",
    ),
]


@pytest.mark.parametrize(("facts", "flow", "row", "verdict", "code"), EXAMPLES)
def test_table_a_decides_by_its_first_row(facts, flow, row, verdict, code):
    flow_facts = replace(BUYER, **flow)
    assert row_and_verdict(person(**facts), flow_facts) == (row, verdict)
    assert code_of(person(**facts), flow_facts) == code


@pytest.mark.parametrize("defect", list(Defect))
def test_every_single_defect_of_a_consent_asks_again(defect):
    assert row_and_verdict(person(defects=defect)) == (25, Verdict.ASK)


@pytest.mark.parametrize(
    ("flow", "row", "verdict"),
    [
        (FlowFacts(FlowRole.OTHER_HANDLER, SELLER, "r", frozenset()), 2, Verdict.STOP),
        (replace(BUYER, role=FlowRole.SUCCESSOR), 17, Verdict.STOP),
        (replace(BUYER, role=FlowRole.SUBJECT_DIRECTED), 16, Verdict.STOP),
        (replace(BUYER, sender=SenderFacts(frozenset(), False)), 99, Verdict.STOP),
        (replace(BUYER, sender=SenderFacts(frozenset({Structure.EQUITY}), False)), 99, Verdict.STOP),
        (
            replace(BUYER, sender=SenderFacts(frozenset({Structure.ASSET_SALE, Structure.DEREGISTRATION}), True)),
            99,
            Verdict.STOP,
        ),
    ],
)
def test_what_this_edition_does_not_decide_stops(flow, row, verdict):
    assert row_and_verdict(person(), flow) == (row, verdict)


def test_of_someone_of_whom_nothing_is_known_nothing_moves():
    nothing = {"answer": Answer.NONE, "notice": Notice.NONE, "age": Age.UNKNOWN}
    assert row_and_verdict(person(**nothing)) == (24, Verdict.ASK)
    assert at_cut_off(decide(person(**nothing), BUYER), BUYER).verdict[0, 0] == Verdict.NOT_MOVED


# A processor or custodian takes nothing over: holds, requests, refusals and children do not stop the carrying.
CARRIERS = [
    ({}, {"role": FlowRole.PROCESSOR}, 14, Verdict.STOP, 0),
    ({}, {"role": FlowRole.PROCESSOR, "supervision_on_record": True}, 14, Verdict.HAND_OVER, 0),
    (
        {"hold": True, "answer": Answer.REFUSE, "requests": Request.DELETE, "age": Age.UNDER_14, "dead": True},
        {"role": FlowRole.PROCESSOR, "supervision_on_record": True},
        14,
        Verdict.HAND_OVER,
        Detail.SEALED,
    ),
    ({}, {"role": FlowRole.CUSTODIAN}, 15, Verdict.STOP, 0),
    ({}, {"role": FlowRole.CUSTODIAN, "undertaking": True}, 15, Verdict.TELL, 0),
    (
        {"notice": Notice.UNREACHABLE},
        {"role": FlowRole.CUSTODIAN, "undertaking": True, "waiting_over": True},
        15,
        Verdict.TELL,
        0,
    ),
    (
        {"notice": Notice.ANNOUNCED, "several": Several.UNREAD, "hold": True, "objected": True},
        {"role": FlowRole.CUSTODIAN, "undertaking": True, "waiting_over": True},
        15,
        Verdict.HAND_OVER,
        Detail.SEALED,
    ),
]


@pytest.mark.parametrize(("facts", "flow", "row", "verdict", "detail"), CARRIERS)
def test_who_only_carries_or_keeps(facts, flow, row, verdict, detail):
    decided = decide(person(**facts), replace(BUYER, **flow))
    assert (decided.row[0, 0], decided.verdict[0, 0], decided.detail[0, 0]) == (row, verdict, detail)


def test_details_say_what_happens_meanwhile():
    assert decide(person(hold=True), BUYER).detail[0, 0] == Detail.SEALED
    assert decide(person(requests=Request.DELETE), BUYER).detail[0, 0] == Detail.RESTRICTED
    contact = person(person_kind=PersonKind.CONTACT_OF_ORGANISATION, answer=Answer.NONE)
    assert decide(contact, BUYER).detail[0, 0] == Detail.ORGANISATION_MOVES
    closed = at_cut_off(decide(contact, BUYER), BUYER)
    assert closed.verdict[0, 0] == Verdict.NOT_MOVED
    assert closed.detail[0, 0] == Detail.ORGANISATION_MOVES | Detail.AT_CUT_OFF
    assert decide(person(answer=Answer.NONE), BUYER).detail[0, 0] == 0
    for no in (Answer.REFUSE, Answer.WITHDRAW):
        refused = person(person_kind=PersonKind.CONTACT_OF_ORGANISATION, answer=no)
        assert decide(refused, BUYER).detail[0, 0] == 0


@pytest.mark.parametrize(
    ("facts", "flow", "code"),
    [
        ({"answer": Answer.NONE}, {}, "gates.cut_off.not_agreed"),
        ({}, {"opinion": frozenset(CATEGORY), "told_elements": frozenset()}, "gates.cut_off.not_told"),
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


def test_at_the_cut_off_a_merger_is_not_decided_here():
    merged = replace(BUYER, sender=SenderFacts(frozenset({Structure.MERGER}), True, goes_on=False))
    decided = decide(person(hold=True, several=Several.UNREAD, requests=Request.DELETE), merged)
    assert decided.row[0, 0] == 99  # A06, A07 and A10 fall through: hold and request travel
    with pytest.raises(Refusal, match=r"gates\.not_decided_here"):
        at_cut_off(decided, merged)


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


def test_a_row_before_a10_still_decides_for_a_shared_item():
    assert row_and_verdict(person(several=Several.READ, hold=True)) == (6, Verdict.STOP)


# --- table B --------------------------------------------------------------------------------------------------------

STAYS = {
    "holding": Holding.LIVE,
    "moved": Moved.NOT_MOVED,
    "hold": False,
    "requests": 0,
    "duty_open": False,
    "running": Running.NONE,
}

ENDS = [
    ({}, {}, True, 11, Verdict.DESTROY, 0),
    ({"holding": Holding.NONE}, {}, True, 0, Verdict.NOTHING, 0),
    ({"holding": Holding.DESTROYED, "moved": Moved.UNSETTLED}, {}, True, 0, Verdict.NOTHING, 0),
    ({"moved": Moved.UNSETTLED, "duty_open": True}, {}, True, 1, Verdict.SEAL, Detail.NEVER_DESTROYED),
    (
        {"moved": Moved.UNSETTLED, "purpose": PurposeState.ALIVE},
        {"ends_business": False},
        True,
        1,
        Verdict.KEEP,
        Detail.NEVER_DESTROYED,
    ),
    ({"moved": Moved.SETTLED}, {}, True, 11, Verdict.DESTROY, 0),
    ({"duty_open": True, "running": Running.RUNS}, {}, True, 3, Verdict.KEEP, 0),
    ({"duty_open": True, "hold": True}, {}, True, 3, Verdict.KEEP, Detail.PAY_AND_NOTIFY),
    ({"hold": True, "requests": Request.DELETE}, {}, True, 4, Verdict.SEAL, 0),
    ({"requests": Request.DELETE}, {}, True, 4, Verdict.STOP, 0),
    ({"requests": Request.COPY, "running": Running.RUNS}, {}, True, 4, Verdict.STOP, 0),
    ({}, {"structures": frozenset({Structure.MERGER})}, True, 99, Verdict.STOP, 0),
    ({"purpose": PurposeState.ALIVE}, {}, False, 6, Verdict.KEEP, 0),
    ({"purpose": PurposeState.ALIVE}, {"ends_business": False}, True, 6, Verdict.KEEP, 0),
    ({"purpose": PurposeState.ALIVE}, {"ends_business": False, "goes_on": False}, True, 99, Verdict.STOP, 0),
    ({"purpose": PurposeState.ALIVE, "running": Running.RUNS}, {}, False, 6, Verdict.KEEP, 0),
    ({"purpose": PurposeState.ALIVE}, {}, True, 11, Verdict.DESTROY, 0),
    ({"running": Running.RUNS, "hard_to_delete": True}, {}, True, 7, Verdict.SEAL, Detail.EXTRACT_ONLY),
    ({"running": Running.RUNS_UNVERIFIED}, {}, True, 7, Verdict.SEAL, Detail.EXTRACT_ONLY),
    ({"hard_to_delete": True, "archive_named": True}, {}, True, 8, Verdict.SEAL, Detail.EXCLUSION),
    ({"archive_named": True}, {"statistics_release": True}, True, 9, Verdict.STOP, 0),
    ({}, {"statistics_release": True}, True, 10, Verdict.STOP, 0),
    ({"purpose": PurposeState.ENDED}, {"ends_business": False}, False, 11, Verdict.DESTROY, 0),
    ({}, {"ends_business": False}, True, 99, Verdict.STOP, 0),
    ({}, {}, False, 99, Verdict.STOP, 0),
]


@pytest.mark.parametrize(("facts", "sender", "closing", "row", "verdict", "detail"), ENDS)
def test_table_b_decides_by_its_first_row(facts, sender, closing, row, verdict, detail):
    remains = Remains.of(1, CATEGORY, **(STAYS | facts))
    decided = keep_or_end(remains, replace(SELLER, **sender), at_cut_off=closing)
    assert (decided.row[0, 0], decided.verdict[0, 0], decided.detail[0, 0]) == (row, verdict, detail)


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


def test_processors_take_nothing_from_the_sender():
    decided = decide(person(), BUYER)
    assert moved_state(decided, BUYER, settled=False)[0, 0] == Moved.UNSETTLED
    assert moved_state(decided, BUYER, settled=np.array([[True]]))[0, 0] == Moved.SETTLED
    mover = replace(BUYER, role=FlowRole.PROCESSOR, supervision_on_record=True)
    assert moved_state(decide(person(), mover), mover, settled=False)[0, 0] == Moved.NOT_MOVED


def _ends(*verdicts):
    column = np.array([verdicts], dtype=np.uint8)
    decided = decide(Facts.of(1, [str(n) for n in range(len(verdicts))], **CLEAR), BUYER)
    return replace(decided, verdict=column)


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


# --- the tables themselves ------------------------------------------------------------------------------------------


def test_both_tables_stand_whole_and_in_order():
    assert [row.number for row in TABLE_A] == [*range(1, 28), 99]
    assert [row.number for row in TABLE_B] == [0, 1, *range(3, 12), 99]
    assert [row.id for row in TABLE_A if not row.decided] == [f"A{n}" for n in range(16, 23)]
    assert [row.id for row in TABLE_B if not row.decided] == ["B09", "B10"]


def test_every_outcome_has_its_place_its_sentence_and_known_law():
    assert [ruling.outcome for ruling in OUTCOMES] == list(range(len(OUTCOMES)))
    assert all(ruling.code in terms.reasons() for ruling in OUTCOMES)
    assert all(law.knows(id) for ruling in OUTCOMES for id in ruling.law)
    gate_sentences = {code for code in terms.reasons() if code.startswith("gates.")}
    assert gate_sentences == {ruling.code for ruling in OUTCOMES}


class _Watched:
    """Facts that remember which of them were read."""

    def __init__(self, facts):
        self._facts, self.read = facts, set()

    def __getattr__(self, name):
        self.read.add(name)
        return getattr(self._facts, name)


@pytest.mark.parametrize("role", list(FlowRole))
@pytest.mark.parametrize("row", TABLE_A, ids=lambda row: row.id)
def test_a_row_reads_only_the_facts_it_names(row, role):
    facts, flow = _Watched(person()), _Watched(replace(BUYER, role=role, abroad=True))
    row.judge(facts, flow)
    assert facts.read - {"categories"} <= set(row.reads)
    assert flow.read <= set(row.reads_flow)


@pytest.mark.parametrize("row", TABLE_B, ids=lambda row: row.id)
def test_a_row_of_table_b_reads_only_the_facts_it_names(row):
    remains = _Watched(Remains.of(1, CATEGORY, **STAYS))
    sender = _Watched(replace(SELLER, ends_business=False))
    row.judge(remains, sender, True)
    assert remains.read <= set(row.reads)
    assert sender.read <= set(row.reads_sender)


def test_every_fact_and_value_has_a_word():
    named = {column.name for kind in (Facts, Remains) for column in fields(kind)} - {"categories", "shared"}
    named |= {column.name for column in fields(FlowFacts)} - {"sender", "recipient"}
    named |= {column.name for column in fields(SenderFacts)}
    assert {name for name in named if f"fact.{name}" not in terms.terms()} == set()
    for prefix, kind in (("verdict", Verdict), ("detail", Detail), ("end", End), ("age", Age), ("defect", Defect)):
        assert {f"{prefix}.{member.name.lower()}" for member in kind} <= set(terms.terms())


def test_a_fact_that_no_row_reads_is_refused():
    with pytest.raises(Refusal, match=r"gates\.unknown_fact"):
        person(shoe_size=42)
    with pytest.raises(Refusal, match=r"gates\.shape"):
        person(hold=[[True, False]])
    with pytest.raises(TypeError):
        Facts.of(1, CATEGORY, person_kind=0, age=3, dead=False)


def test_pieces_of_persons_give_what_single_persons_give():
    source = np.random.default_rng(7)
    count, kinds = 70_000, ("basic", "purchase", "behaviour:free_text")
    shape = (count, len(kinds))
    columns = {
        "person_kind": source.integers(0, 5, count),
        "age": source.integers(0, 4, count),
        "dead": source.random(count) < 0.05,
        "holding": source.integers(0, 3, shape),
        "hold": source.random(shape) < 0.05,
        "requests": source.choice([0, 0, 0, 1, 2], shape),
        "objected": source.random(shape) < 0.05,
        "several": source.choice([0, 0, 0, 1, 2, 3], shape),
        "sensitive": source.random(shape) < 0.2,
        "answer": source.integers(0, 6, shape),
        "defects": source.choice([0, 0, 0, 128], shape),
    }
    whole = decide(Facts.of(count, kinds, **columns), replace(BUYER, needed=frozenset({"basic", "behaviour"})))
    for index in source.integers(0, count, 40):
        one = {name: column[index : index + 1] for name, column in columns.items()}
        alone = decide(Facts.of(1, kinds, **one), replace(BUYER, needed=frozenset({"basic", "behaviour"})))
        assert (alone.verdict[0] == whole.verdict[index]).all()
        assert (alone.row[0] == whole.row[index]).all()
        assert (alone.detail[0] == whole.detail[index]).all()


def test_a_part_of_a_category_is_needed_with_it():
    free_text = Facts.of(1, ("behaviour:free_text",), **CLEAR)
    assert decide(free_text, replace(BUYER, needed=frozenset({"behaviour"}))).verdict[0, 0] == Verdict.HAND_OVER
    assert decide(free_text, BUYER).row[0, 0] == 4
