"""The evaluator: rows in order over columns, in pieces of persons so that memory stays flat.

No row is tried in Python per person. What speaks of several people is settled last: the strictest person's verdict
holds for the item, and someone unknown in it keeps it from moving.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook.gates.codes import OPEN, Detail, End, FlowRole, Moved, Several, Verdict
from shouxin.ground.rulebook.gates.decisions import Decisions
from shouxin.ground.rulebook.gates.facts import Codes, Facts, Flags, FlowFacts, Remains, SenderFacts
from shouxin.ground.rulebook.gates.outcomes import ROW_OF, VERDICT_OF, Outcome
from shouxin.ground.rulebook.gates.rows import CONTACT, TABLE_A, TABLE_B, Cases
from shouxin.ground.rulebook.retention import Running

_PIECE = 32_768
# Where no valid answer came the organisation moves without its contact; a clear no (A08) stops both.
_ORGANISATION_ROWS = (9, 11, 12, 24, 25, 26)

# The later in this list, the stricter: a final no outweighs what is still open, and that outweighs a yes.
_STRICTNESS = (Verdict.HAND_OVER, Verdict.TELL, Verdict.ASK, Verdict.STOP, Verdict.NOT_MOVED)
_RANK = np.full(len(Verdict), len(_STRICTNESS) - 1, dtype=np.uint8)
_RANK[list(_STRICTNESS)] = range(len(_STRICTNESS))
_VERDICT_OF_RANK = np.array(_STRICTNESS, dtype=np.uint8)


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


def _pieces(count: int) -> Iterable[slice]:
    return (slice(start, min(start + _PIECE, count)) for start in range(0, count, _PIECE))


def decide(facts: Facts, flow: FlowFacts) -> Decisions:
    """Return table A's decision for every person and category on one flow."""
    shape = (len(facts), len(facts.categories))
    outcome, detail = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    for rows in _pieces(len(facts)):
        part = facts.part(rows)
        outcome[rows] = _judge(part, flow)
        detail[rows] = _details(part, flow, outcome[rows])
    verdict = VERDICT_OF[outcome]
    several = _reaches_a10(facts, flow, outcome)
    verdict[several] = _strictest(facts, verdict)[several]
    outcome[several] = Outcome.A10_SEVERAL
    return Decisions(facts.categories, ROW_OF[outcome], verdict, outcome, detail)


def no_flow(facts: Facts) -> Decisions:
    """Return table A's columns for a case in which nothing goes to anybody: every cell is left to table B."""
    shape = (len(facts), len(facts.categories))
    outcome = np.full(shape, Outcome.NOTHING_HELD, np.uint8)
    return Decisions(facts.categories, ROW_OF[outcome], VERDICT_OF[outcome], outcome, np.zeros(shape, np.uint8))


def _judge(facts: Facts, flow: FlowFacts) -> Codes:
    shape = (len(facts), len(facts.categories))
    return first_match(shape, (partial(row.judge, facts, flow) for row in TABLE_A))


def _details(facts: Facts, flow: FlowFacts, outcome: Codes) -> Codes:
    detail = np.zeros(outcome.shape, dtype=np.uint8)
    sealed = (outcome == Outcome.A15_HAND_OVER) | (outcome == Outcome.A06_HOLD)
    sealed |= (outcome == Outcome.A14_HAND_OVER) & facts.hold
    detail[sealed] |= np.uint8(Detail.SEALED)
    detail[outcome == Outcome.A07_DELETE] |= np.uint8(Detail.RESTRICTED)
    if flow.role is FlowRole.OTHER_HANDLER:
        contact = (facts.person_kind == CONTACT)[:, None] & np.isin(ROW_OF[outcome], _ORGANISATION_ROWS)
        detail[contact] |= np.uint8(Detail.ORGANISATION_MOVES)
    return detail


def _reaches_a10(facts: Facts, flow: FlowFacts, outcome: Codes) -> Flags:
    if flow.role in (FlowRole.PROCESSOR, FlowRole.CUSTODIAN) or flow.sender.ends_by_merger:
        return np.zeros(outcome.shape, dtype=np.bool_)
    return (facts.several == Several.READ) & (ROW_OF[outcome] > 10)


def _strictest(facts: Facts, verdict: Codes) -> Codes:
    """The strictest verdict among the people in each item; an item without a known other person is not moved."""
    rank = np.full(verdict.shape, _RANK[Verdict.NOT_MOVED], dtype=np.uint8)
    items = facts.shared
    if items.person.size:
        own = _RANK[verdict[items.person, items.category]]
        theirs = _RANK[verdict[np.maximum(items.other, 0), items.category]]
        theirs = np.where(items.other < 0, _RANK[Verdict.NOT_MOVED], theirs)
        rank[items.person, items.category] = 0
        np.maximum.at(rank, (items.person, items.category), np.maximum(own, theirs))
    return _VERDICT_OF_RANK[rank]


def at_cut_off(decisions: Decisions, flow: FlowFacts) -> Decisions:
    """Return the decisions once the cut-off has come: an open ASK is "not agreed", an open TELL or STOP is not moved.

    Raises:
        Refusal("gates.not_decided_here"): the sender ends by merger or division, where open questions travel instead.
    """
    if flow.sender.ends_by_merger:
        raise Refusal("gates.not_decided_here", structures=sorted(flow.sender.structures))
    outcome, verdict, detail = decisions.outcome.copy(), decisions.verdict.copy(), decisions.detail.copy()
    closed = {
        Verdict.ASK: Outcome.CUT_OFF_NOT_AGREED,
        Verdict.TELL: Outcome.CUT_OFF_NOT_TOLD,
        Verdict.STOP: Outcome.CUT_OFF_NOT_RESOLVED,
    }
    for still_open, becomes in closed.items():
        outcome[decisions.verdict == still_open] = becomes
    verdict[decisions.is_open()] = Verdict.NOT_MOVED
    detail[decisions.is_open()] |= np.uint8(Detail.AT_CUT_OFF)
    return Decisions(decisions.categories, decisions.row, verdict, outcome, detail)


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
    return moved


def keep_or_end(remains: Remains, sender: SenderFacts, *, at_cut_off: bool) -> Decisions:
    """Return table B's decision for every cell that stays with the sender.

    With `at_cut_off` the closing day of a business that ends has come: its purposes have ended for everyone.

    Raises:
        Refusal("gates.statutory_period_runs"), Refusal("gates.not_settled"): the guard over every row failed; nothing
            may be executed on such a table.
    """
    shape = (len(remains), len(remains.categories))
    outcome, detail = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    for rows in _pieces(len(remains)):
        part = remains.part(rows)
        outcome[rows] = judge_ends(part, sender, at_cut_off=at_cut_off)
        detail[rows] = _end_details(part, outcome[rows])
    decisions = Decisions(remains.categories, ROW_OF[outcome], VERDICT_OF[outcome], outcome, detail)
    check_may_end(decisions.verdict, running=remains.running, moved=remains.moved)
    return decisions


def judge_ends(remains: Remains, sender: SenderFacts, *, at_cut_off: bool) -> Codes:
    """Return table B's outcomes for one piece of persons."""
    shape = (len(remains), len(remains.categories))
    return first_match(shape, (partial(row.judge, remains, sender, at_cut_off) for row in TABLE_B))


def _end_details(remains: Remains, outcome: Codes) -> Codes:
    detail = np.zeros(outcome.shape, dtype=np.uint8)
    detail[ROW_OF[outcome] == 7] |= np.uint8(Detail.EXTRACT_ONLY)
    detail[outcome == Outcome.B08_SEAL] |= np.uint8(Detail.EXCLUSION)
    detail[(outcome == Outcome.B03_KEEP) & remains.hold] |= np.uint8(Detail.PAY_AND_NOTIFY)
    detail[(outcome == Outcome.B01_SEAL) | (outcome == Outcome.B01_KEEP)] |= np.uint8(Detail.NEVER_DESTROYED)
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


_END_OF = np.zeros(len(Verdict), dtype=np.uint8)
for _verdict, _end in {
    Verdict.KEEP: End.KEPT,
    Verdict.DESTROY: End.DESTROYED,
    Verdict.ANONYMISE: End.ANONYMISED,
    Verdict.ARCHIVE: End.ARCHIVED,
    Verdict.HAND_OVER: End.HANDED_OVER,
    Verdict.SEAL: End.SEALED,
    **dict.fromkeys(OPEN, End.OPEN),
}.items():
    _END_OF[_verdict] = _end


_OF_THE_COMPANY = ("evidence", "retained")


def headline(*, flows: Sequence[Decisions], remains: Decisions) -> npt.NDArray[np.uint8]:
    """Return each person's one headline end: open > sealed > handed over > archived > anonymised > destroyed > kept.

    The sender's own copy of a cell that is handed over is counted apart, and so are the company's own proofs (evidence
    of the hand-over, statutory extracts): a headline says what becomes of the person's information.
    """
    theirs = np.array([name.partition(":")[0] not in _OF_THE_COMPANY for name in remains.categories])
    stays = np.where(theirs[None, :], _END_OF[remains.verdict], np.uint8(End.NONE))
    for flow in flows:
        stays[flow.verdict == Verdict.HAND_OVER] = End.NONE
    ends = stays.max(axis=1, initial=End.NONE)
    for flow in flows:
        np.maximum(ends, _END_OF[flow.verdict].max(axis=1, initial=End.NONE), out=ends)
    return ends
