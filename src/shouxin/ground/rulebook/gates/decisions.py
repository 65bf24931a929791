"""What the gates decided: columns of small numbers, and the frozen set that a case keeps and passes down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from shouxin.ground.kernel import canonical
from shouxin.ground.kernel.digests import digest, digest_parts
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.kernel.times import to_text
from shouxin.ground.rulebook import law
from shouxin.ground.rulebook.gates.codes import OPEN, Detail, Verdict
from shouxin.ground.rulebook.gates.facts import Bits, Codes, Flags
from shouxin.ground.rulebook.gates.outcomes import ROW_OF, VERDICT_OF, Outcome, Ruling, ruling

_OF_A_FLOW = ("row", "verdict", "outcome", "detail")


@dataclass(frozen=True)
class Decisions:
    """One table's answer for persons × categories: deciding row, verdict, outcome (its sentence), detail bits."""

    categories: tuple[str, ...]
    row: Codes
    verdict: Codes
    outcome: Codes
    detail: Bits

    def __len__(self) -> int:
        return int(self.row.shape[0])

    @classmethod
    def without_flow(cls, count: int, categories: Sequence[str]) -> "Decisions":
        """Table A's answer in a case in which nothing goes to anyone: the case goes straight to table B."""
        outcome = np.full((count, len(categories)), Outcome.NO_FLOW, dtype=np.uint8)
        detail = np.zeros(outcome.shape, dtype=np.uint16)
        return cls(tuple(categories), ROW_OF[outcome], VERDICT_OF[outcome], outcome, detail)

    def of_first(self, count: int) -> "Decisions":
        """The same for the first persons only."""
        cut = (getattr(self, name)[:count] for name in _OF_A_FLOW)
        return Decisions(self.categories, *cut)

    def is_open(self) -> Flags:
        """Which cells are open (TELL, ASK, STOP); a case cannot execute on them."""
        return np.isin(self.verdict, OPEN)

    def count(self, verdict: Verdict) -> int:
        """How many cells have a verdict."""
        return int(np.count_nonzero(self.verdict == verdict))

    def ruling(self, person: int, category: str) -> Ruling:
        """Return the sentence, law and row behind one cell's decision.

        Raises:
            Refusal("gates.unknown_category"): no such column.
        """
        return ruling(int(self.outcome[person, column_of(self.categories, category)]))


def column_of(categories: tuple[str, ...], category: str) -> int:
    """Return the column of a category.

    Raises:
        Refusal("gates.unknown_category"): no such column.
    """
    if category not in categories:
        raise Refusal("gates.unknown_category", category=category)
    return categories.index(category)


def detail_names(detail: int) -> tuple[str, ...]:
    """Return the term ids of the detail bits in a number."""
    return tuple(f"detail.{str(bit.name).lower()}" for bit in Detail if detail & bit)


@dataclass(frozen=True)
class FurtherFlow:
    """What the same case decided on one more flow."""

    id: str
    decisions: Decisions


@dataclass(frozen=True)
class DecisionSet:
    """What a case decided at one moment, frozen: passed down by value, compared by digest, never recomputed in part.

    `row`, `verdict`, `outcome`, `detail` answer table A for the case's first flow, `further` for its other flows;
    `end_row`, `end`, `end_outcome`, `end_detail` answer table B for what stays. `height` is the ledger height at which
    the facts were read.
    """

    case: str
    cutoff: datetime
    height: int
    law_edition: str
    customers: npt.NDArray[np.int64]
    categories: tuple[str, ...]
    row: Codes
    verdict: Codes
    outcome: Codes
    detail: Bits
    end_row: Codes
    end: Codes
    end_outcome: Codes
    end_detail: Bits
    digest: str
    further: tuple[FurtherFlow, ...] = ()

    @property
    def first(self) -> Decisions:
        """Table A's answer for the first flow."""
        return Decisions(self.categories, self.row, self.verdict, self.outcome, self.detail)

    @property
    def staying(self) -> Decisions:
        """Table B's answer."""
        return Decisions(self.categories, self.end_row, self.end, self.end_outcome, self.end_detail)

    @property
    def flows(self) -> tuple[Decisions, ...]:
        """Table A's answers for every flow, the first one first."""
        return (self.first, *(each.decisions for each in self.further))

    def of_flow(self, id: str) -> Decisions:
        """Table A's answer for one of the further flows.

        Raises:
            Refusal("gates.unknown_flow"): the set decided no such flow.
        """
        found = {each.id: each.decisions for each in self.further}
        if id not in found:
            raise Refusal("gates.unknown_flow", flow=id)
        return found[id]

    def allowed(self, category: str) -> npt.NDArray[np.int64]:
        """Return the customers whose information of one category may be handed over.

        Raises:
            Refusal("gates.unknown_category"): no such column.
        """
        column = column_of(self.categories, category)
        return self.customers[self.verdict[:, column] == Verdict.HAND_OVER]

    def ends(self, category: str, verdict: Verdict) -> npt.NDArray[np.int64]:
        """Return the customers whose information of one category, staying here, meets one end.

        Raises:
            Refusal("gates.unknown_category"): no such column.
        """
        return self.customers[self.end[:, column_of(self.categories, category)] == verdict]


_COLUMNS = ("row", "verdict", "outcome", "detail", "end_row", "end", "end_outcome", "end_detail")


def decision_set(
    *,
    case: str,
    cutoff: datetime,
    height: int,
    customers: npt.NDArray[np.int64],
    flow: Decisions,
    remains: Decisions,
    further: Mapping[str, Decisions] | None = None,
    law_edition: str | None = None,
) -> DecisionSet:
    """Return the frozen set of a case's decisions with its digest over every column.

    Raises:
        Refusal("gates.shape"): customers, flows and remains are not about the same cells, or a customer stands twice.
    """
    others = tuple(FurtherFlow(id, decided) for id, decided in (further or {}).items())
    tables = (flow, remains, *(each.decisions for each in others))
    same_cells = all(each.categories == flow.categories and len(each) == len(customers) for each in tables)
    if not same_cells or len(np.unique(customers)) != len(customers):
        raise Refusal("gates.shape", fact="customers", expected=len(flow), given=len(customers))
    kept = [_frozen(getattr(table, name)) for table in (flow, remains) for name in _OF_A_FLOW]
    decided = DecisionSet(
        case=case,
        cutoff=cutoff,
        height=height,
        law_edition=law_edition or law.edition(),
        customers=_frozen(customers.astype(np.int64)),
        categories=flow.categories,
        **dict(zip(_COLUMNS, kept, strict=True)),
        digest="",
        further=tuple(FurtherFlow(each.id, _frozen_table(each.decisions)) for each in others),
    )
    return replace(decided, digest=_digest(decided))


def check_decision_set(decided: DecisionSet) -> DecisionSet:
    """Return the same set when its columns still have its digest.

    Raises:
        Corrupt: a column was changed after the set was made.
    """
    if _digest(decided) != decided.digest:
        raise Corrupt("a decision set does not match its digest", decided.case)
    return decided


def _frozen(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    kept: npt.NDArray[Any] = np.array(column, order="C")
    kept.setflags(write=False)
    return kept


def _frozen_table(table: Decisions) -> Decisions:
    return Decisions(table.categories, *(_frozen(getattr(table, name)) for name in _OF_A_FLOW))


def _digest(decided: DecisionSet) -> str:
    """The digest over the head and the digest of every column, little-endian, rows in order."""
    head: dict[str, Any] = {
        "case": decided.case,
        "cutoff": to_text(decided.cutoff),
        "height": decided.height,
        "law_edition": decided.law_edition,
        "categories": list(decided.categories),
    }
    columns = [decided.customers, *(getattr(decided, name) for name in _COLUMNS)]
    if decided.further:
        head["flows"] = [each.id for each in decided.further]
        columns += [getattr(each.decisions, name) for each in decided.further for name in _OF_A_FLOW]
    parts = [digest_parts([column.astype(column.dtype.newbyteorder("<")).tobytes()]) for column in columns]
    return digest(canonical.encode({"head": head, "columns": parts}))
