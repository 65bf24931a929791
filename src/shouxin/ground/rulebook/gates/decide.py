"""The evaluator: rows in order over columns, in pieces of persons so that memory stays flat.

No row is tried in Python per person. What speaks of several people is settled last: the strictest person's verdict
holds for the item, and someone unknown in it keeps it from moving.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook.gates.codes import (
    OPEN,
    Detail,
    FlowRole,
    Moved,
    PersonKind,
    Question,
    Request,
    Several,
    Structure,
    Verdict,
)
from shouxin.ground.rulebook.gates.conditions import CARRIERS, chosen, refused
from shouxin.ground.rulebook.gates.decisions import Decisions
from shouxin.ground.rulebook.gates.facts import Bits, Codes, Facts, Flags, Remains, Shared
from shouxin.ground.rulebook.gates.flows import FlowFacts, SenderFacts, carries_open_questions
from shouxin.ground.rulebook.gates.outcomes import ROW_OF, VERDICT_OF, Outcome
from shouxin.ground.rulebook.gates.rows import Cases
from shouxin.ground.rulebook.gates.rows_staying import effective_running
from shouxin.ground.rulebook.gates.tables import TABLE_A, TABLE_B
from shouxin.ground.rulebook.retention import Running

PIECE = 32_768
# Where no valid answer came the organisation moves without its contact; a clear no (A08) stops both.
_ORGANISATION_ROWS = (9, 11, 12, 24, 25, 26)

# The later in this list, the stricter: a final no outweighs what is still open, and that outweighs a yes.
STRICTNESS = (Verdict.HAND_OVER, Verdict.TELL, Verdict.ASK, Verdict.STOP, Verdict.NOT_MOVED)
_RANK = np.full(len(Verdict), len(STRICTNESS) - 1, dtype=np.uint8)
_RANK[list(STRICTNESS)] = range(len(STRICTNESS))
_VERDICT_OF_RANK = np.array(STRICTNESS, dtype=np.uint8)


def first_match(shape: tuple[int, int], rows: Iterable[Callable[[], Cases]]) -> Codes:
    """Return for each cell the outcome of the first row whose condition holds."""
    outcome = np.zeros(shape, dtype=np.uint8)
    left = np.ones(shape, dtype=np.bool_)
    for judge in rows:
        for mask, decided in judge():
            if mask is False:
                continue
            hit = left & mask
            outcome[hit] = decided
            left &= ~hit
        if not left.any():
            break
    return outcome


def pieces(count: int) -> Iterator[slice]:
    """Slices of persons, small enough that what is computed on the way stays small."""
    return (slice(start, min(start + PIECE, count)) for start in range(0, count, PIECE))


def decide(facts: Facts, flow: FlowFacts) -> Decisions:
    """Return table A's decision for every person and category on one flow.

    Raises:
        Refusal("workdays.unknown_year"): the days of announcement leave the calendar.
    """
    decided = _decide(facts, flow)
    if flow.opinions:
        strict = _decide(facts, replace(flow, opinions=()))
        differs = (decided.outcome != strict.outcome) | (decided.verdict != strict.verdict)
        decided.detail[differs] |= np.uint16(Detail.ON_OPINION)
    return decided


def no_flow(facts: Facts) -> Decisions:
    """Return table A's answer in a case in which nothing goes to anybody: every cell is left to table B."""
    return Decisions.without_flow(len(facts), facts.categories)


def _decide(facts: Facts, flow: FlowFacts) -> Decisions:
    shape = (len(facts), len(facts.categories))
    row, verdict, outcome = (np.zeros(shape, np.uint8) for _ in range(3))
    detail = np.zeros(shape, np.uint16)
    for rows in pieces(len(facts)):
        part = facts.part(rows)
        found = first_match(outcome[rows].shape, (partial(each.judge, part, flow) for each in TABLE_A))
        verdict[rows] = VERDICT_OF[found]
        detail[rows] = _details(part, flow, found)
        found[_reaches_a10(part, flow, found)] = Outcome.A10_SEVERAL
        row[rows], outcome[rows] = ROW_OF[found], found
    _settle_shared(facts.shared, outcome, verdict)
    return Decisions(facts.categories, row, verdict, outcome, detail)


_NEVER_CARRIED = (2, 3, 5, 13, 99)


def _details(facts: Facts, flow: FlowFacts, outcome: Codes) -> Bits:
    detail = np.zeros(outcome.shape, dtype=np.uint16)
    goes = (VERDICT_OF[outcome] == Verdict.HAND_OVER) & (flow.role is not FlowRole.SUBJECT_DIRECTED)
    unread = np.zeros(outcome.shape, dtype=np.bool_)
    if carries_open_questions(flow):
        goes |= np.isin(VERDICT_OF[outcome], OPEN) & ~np.isin(ROW_OF[outcome], _NEVER_CARRIED)
        unread = (facts.several == Several.UNREAD) | (facts.several == Several.READ)
    sealed = (outcome == Outcome.A15_HAND_OVER) | (outcome == Outcome.A06_HOLD) | (goes & (facts.hold | unread))
    detail[sealed] |= np.uint16(Detail.SEALED)
    detail[(outcome == Outcome.A07_DELETE) | (goes & _asks_deletion(facts))] |= np.uint16(Detail.RESTRICTED)
    detail[goes & _something_travels(facts)] |= np.uint16(Detail.TRAVELS)
    if flow.role in (FlowRole.OTHER_HANDLER, FlowRole.SUCCESSOR):
        contact = (facts.person_kind == PersonKind.CONTACT_OF_ORGANISATION)[:, None]
        detail[contact & np.isin(ROW_OF[outcome], _ORGANISATION_ROWS)] |= np.uint16(Detail.ORGANISATION_MOVES)
    return detail


def _asks_deletion(facts: Facts) -> Flags:
    asked: Flags = (facts.requests & np.uint8(Request.DELETE)) != 0
    return asked


def _something_travels(facts: Facts) -> Flags:
    """What the recipient must take over with the information: holds, requests, objections, refusals (PIPL 22)."""
    return facts.hold | (facts.requests != 0) | facts.objected | refused(facts) | facts.purpose_withdrawn


def _reaches_a10(facts: Facts, flow: FlowFacts, outcome: Codes) -> Flags:
    if flow.role in CARRIERS or carries_open_questions(flow):
        return np.zeros(outcome.shape, dtype=np.bool_)
    several: Flags = (facts.several == Several.READ) & (ROW_OF[outcome] > 10)
    return several & ~chosen(facts, flow, Question.SEVERAL_PEOPLE)


def _settle_shared(items: Shared, outcome: Codes, verdict: Codes) -> None:
    """The strictest verdict among the people in an item holds for it; without a known other person it is not moved."""
    cell = items.person * outcome.shape[1] + items.category
    own, theirs = _RANK[verdict[items.person, items.category]], _RANK[verdict[items.other, items.category]]
    theirs = np.where(items.other < 0, _RANK[Verdict.NOT_MOVED], theirs)
    cells, place = np.unique(cell, return_inverse=True)
    rank = np.zeros(len(cells), dtype=np.uint8)
    np.maximum.at(rank, place, np.maximum(own, theirs))
    for rows in pieces(len(outcome)):
        verdict[rows][outcome[rows] == Outcome.A10_SEVERAL] = Verdict.NOT_MOVED
    shared = outcome.reshape(-1)[cells] == Outcome.A10_SEVERAL
    verdict.reshape(-1)[cells[shared]] = _VERDICT_OF_RANK[rank[shared]]


_CLOSED = {
    Verdict.ASK: Outcome.CUT_OFF_NOT_AGREED,
    Verdict.TELL: Outcome.CUT_OFF_NOT_TOLD,
    Verdict.STOP: Outcome.CUT_OFF_NOT_RESOLVED,
}
_CARRIED = {
    Verdict.ASK: Outcome.TRAVELS_ASK,
    Verdict.TELL: Outcome.TRAVELS_TELL,
    Verdict.STOP: Outcome.TRAVELS_STOP,
}


def at_cut_off(decisions: Decisions, flow: FlowFacts) -> Decisions:
    """Return the decisions once the cut-off has come: an open ASK is "not agreed", an open TELL or STOP is not moved.

    Where the sender ends by merger or division all three move sealed and the successor asks or tells; never what A02,
    A03, A05, A13 or A99 left open.
    """
    outcome, detail = decisions.outcome.copy(), decisions.detail.copy()
    still_open = decisions.is_open()
    carried = still_open & carries_open_questions(flow) & ~np.isin(decisions.row, _NEVER_CARRIED)
    for verdict, becomes in _CLOSED.items():
        outcome[decisions.verdict == verdict] = becomes
        outcome[carried & (decisions.verdict == verdict)] = _CARRIED[verdict]
    verdicts = decisions.verdict.copy()
    verdicts[still_open] = Verdict.NOT_MOVED
    verdicts[carried] = Verdict.HAND_OVER
    detail[still_open] |= np.uint16(Detail.AT_CUT_OFF)
    detail[carried] |= np.uint16(Detail.SEALED | Detail.TRAVELS)
    return Decisions(decisions.categories, decisions.row, verdicts, outcome, detail)


_BY_A_SUCCESSOR = (Outcome.A22_HAND_OVER, Outcome.TRAVELS_ASK, Outcome.TRAVELS_TELL, Outcome.TRAVELS_STOP)


def moved_state(decisions: Decisions, flow: FlowFacts, *, settled: Flags | bool) -> Codes:
    """Return for each cell whether its copy went to a recipient who takes it over, and whether that was settled.

    Processors and recipients whom the person named take nothing from the sender (table B, B01).
    """
    moved = np.zeros(decisions.verdict.shape, dtype=np.uint8)
    if flow.role in (FlowRole.PROCESSOR, FlowRole.SUBJECT_DIRECTED):
        return moved
    went = decisions.verdict == Verdict.HAND_OVER
    moved[went & ~np.asarray(settled)] = Moved.UNSETTLED
    moved[went & settled] = Moved.SETTLED
    moved[went & settled & np.isin(decisions.outcome, _BY_A_SUCCESSOR)] = Moved.SUCCEEDED
    return moved


def moved_by_all(states: Iterable[Codes], shape: tuple[int, int]) -> Codes:
    """Return what became of each cell over all flows: one unsettled copy outweighs the settled ones."""
    moved = np.zeros(shape, dtype=np.uint8)
    unsettled = np.zeros(shape, dtype=np.bool_)
    for state in states:
        np.maximum(moved, state, out=moved)
        unsettled |= state == Moved.UNSETTLED
    moved[unsettled] = Moved.UNSETTLED
    return moved


def keep_or_end(remains: Remains, sender: SenderFacts, *, at_cut_off: bool) -> Decisions:
    """Return table B's decision for every cell that stays with the sender.

    With `at_cut_off` the closing day of a business that ends has come: its purposes have ended for everyone.

    Raises:
        Refusal("gates.statutory_period_runs"), Refusal("gates.not_settled"): the guard over every row failed; nothing
            may be executed on such a table.
    """
    decided = judge_remains(remains, sender, at_cut_off=at_cut_off)
    check_may_end(decided.verdict, running=effective_running(remains, sender), moved=remains.moved)
    return decided


def judge_remains(remains: Remains, sender: SenderFacts, *, at_cut_off: bool) -> Decisions:
    """Return what table B says, before its guard; nothing may be executed on it."""
    decided = _judge_remains(remains, sender, at_cut_off)
    if sender.opinions:
        strict = _judge_remains(remains, replace(sender, opinions=()), at_cut_off)
        decided.detail[decided.outcome != strict.outcome] |= np.uint16(Detail.ON_OPINION)
    return decided


def _judge_remains(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Decisions:
    shape = (len(remains), len(remains.categories))
    outcome, detail = np.zeros(shape, np.uint8), np.zeros(shape, np.uint16)
    for rows in pieces(len(remains)):
        part = remains.part(rows)
        found = first_match(outcome[rows].shape, (partial(row.judge, part, sender, at_cut_off) for row in TABLE_B))
        outcome[rows] = found
        detail[rows] = _end_details(part, sender, found)
    return Decisions(remains.categories, ROW_OF[outcome], VERDICT_OF[outcome], outcome, detail)


_MERGING = frozenset({Structure.MERGER, Structure.DIVISION})


def _end_details(remains: Remains, sender: SenderFacts, outcome: Codes) -> Bits:
    detail = np.zeros(outcome.shape, dtype=np.uint16)
    by_law = ROW_OF[outcome] == 7
    detail[by_law & ~remains.original] |= np.uint16(Detail.EXTRACT_ONLY)
    detail[by_law & remains.original] |= np.uint16(Detail.WHOLE_ORIGINAL)
    if sender.ends and sender.structures & _MERGING:
        detail[VERDICT_OF[outcome] == Verdict.SEAL] |= np.uint16(Detail.SUCCESSOR_KEEPS)
    detail[outcome == Outcome.B08_SEAL] |= np.uint16(Detail.EXCLUSION)
    detail[(outcome == Outcome.B03_KEEP) & remains.hold] |= np.uint16(Detail.PAY_AND_NOTIFY)
    detail[(outcome == Outcome.B01_SEAL) | (outcome == Outcome.B01_KEEP)] |= np.uint16(Detail.NEVER_DESTROYED)
    return detail


def check_may_end(verdict: Codes, *, running: Codes, moved: Codes) -> None:
    """Stand guard over table B and over disposal: nothing ends while a period runs or before the receiver settled.

    Raises:
        Refusal("gates.statutory_period_runs"): how many cells, under which law (ACC-23, PENAL-162-1).
        Refusal("gates.not_settled"): how many cells were moved and not settled.
    """
    ends = (verdict == Verdict.DESTROY) | (verdict == Verdict.ANONYMISE)
    kept_by_law = int(np.count_nonzero(ends & (running != Running.NONE)))
    if kept_by_law:
        raise Refusal("gates.statutory_period_runs", cells=kept_by_law, law=("ACC-23", "PENAL-162-1"))
    unsettled = int(np.count_nonzero(ends & (moved == Moved.UNSETTLED)))
    if unsettled:
        raise Refusal("gates.not_settled", cells=unsettled, law=("PIT-1",))
