"""Where each person's information ends up: every end that a person meets, and the one headline end.

Stated precedence: open > sealed > handed over > archived > anonymised > destroyed > kept. A headline speaks of the
person's own information: the sender's own copy of what is handed over is counted apart, and so are the company's own
proofs (evidence of the hand-over, statutory extracts).
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from shouxin.ground.rulebook.gates.codes import OPEN, Detail, End, Verdict
from shouxin.ground.rulebook.gates.decisions import Decisions
from shouxin.ground.rulebook.gates.facts import Codes, Flags
from shouxin.ground.rulebook.gates.outcomes import Outcome

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
_TAKES_NOTHING = (Outcome.A14_HAND_OVER, Outcome.A16_HAND_OVER)


def went(flow: Decisions) -> Flags:
    """Which cells go to a recipient who takes them over; a processor or whom the person named takes nothing."""
    gone: Flags = (flow.verdict == Verdict.HAND_OVER) & ~np.isin(flow.outcome, _TAKES_NOTHING)
    return gone


def _of_flow(flow: Decisions) -> Codes:
    """The end of each cell by a flow; what goes sealed (storage only) is sealed, with whoever keeps it."""
    end = _END_OF[flow.verdict]
    gone = went(flow)
    end[(flow.verdict == Verdict.HAND_OVER) & ~gone] = End.NONE
    end[gone & ((flow.detail & np.uint16(Detail.SEALED)) != 0)] = End.SEALED
    return end


def _of_staying(flows: Sequence[Decisions], remains: Decisions) -> Codes:
    theirs = np.array([name.partition(":")[0] not in _OF_THE_COMPANY for name in remains.categories])
    stays = np.where(theirs[None, :], _END_OF[remains.verdict], np.uint8(End.NONE))
    for flow in flows:
        stays[went(flow)] = End.NONE
    return stays


def _tables(flows: Sequence[Decisions], remains: Decisions) -> Iterator[Codes]:
    yield _of_staying(flows, remains)
    for flow in flows:
        yield _of_flow(flow)


def headline(*, flows: Sequence[Decisions], remains: Decisions) -> npt.NDArray[np.uint8]:
    """Return each person's one headline end."""
    ends = np.zeros(len(remains), dtype=np.uint8)
    for table in _tables(flows, remains):
        np.maximum(ends, table.max(axis=1, initial=End.NONE), out=ends)
    return ends


def all_ends(*, flows: Sequence[Decisions], remains: Decisions) -> npt.NDArray[np.uint8]:
    """Return every end that each person meets, as bits: 1 << end; none at all is 1."""
    met = np.zeros(len(remains), dtype=np.uint8)
    for table in _tables(flows, remains):
        met |= np.bitwise_or.reduce(np.left_shift(np.uint8(1), table), axis=1)
    several = met & ~np.uint8(1)
    return np.where(several != 0, several, np.uint8(1))


def ends_of(met: int) -> tuple[End, ...]:
    """Return the ends in such a number, the strictest first."""
    return tuple(end for end in reversed(End) if met & (1 << end))


def count_ends(headlines: npt.NDArray[np.uint8]) -> Mapping[End, int]:
    """Return how many persons meet each headline end; together they are everyone."""
    counted = np.bincount(headlines, minlength=len(End))
    return {end: int(counted[end]) for end in End}
