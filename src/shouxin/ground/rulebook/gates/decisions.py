"""What the gates decided: columns of small numbers, and the frozen set that a case keeps and passes down."""

from dataclasses import dataclass
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
from shouxin.ground.rulebook.gates.facts import Codes, Flags
from shouxin.ground.rulebook.gates.outcomes import Ruling, ruling


@dataclass(frozen=True)
class Decisions:
    """One table's answer for persons × categories: deciding row, verdict, outcome (its sentence), detail bits."""

    categories: tuple[str, ...]
    row: Codes
    verdict: Codes
    outcome: Codes
    detail: Codes

    def __len__(self) -> int:
        return int(self.row.shape[0])

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
class DecisionSet:
    """What a case decided at one moment, frozen: passed down by value, compared by digest, never recomputed in part.

    `row`, `verdict`, `outcome`, `detail` answer table A for the case's flow; `end_row`, `end`, `end_outcome`,
    `end_detail` answer table B for what stays. `height` is the ledger height at which the facts were read.
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
    detail: Codes
    end_row: Codes
    end: Codes
    end_outcome: Codes
    end_detail: Codes
    digest: str

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
    law_edition: str | None = None,
) -> DecisionSet:
    """Return the frozen set of a case's decisions with its digest over every column.

    Raises:
        Refusal("gates.shape"): customers, flow and remains are not about the same cells, or a customer stands twice.
    """
    same_cells = flow.categories == remains.categories and len(customers) == len(flow) == len(remains)
    if not same_cells or len(np.unique(customers)) != len(customers):
        raise Refusal("gates.shape", fact="customers", expected=len(flow), given=len(customers))
    head = {
        "case": case,
        "cutoff": to_text(cutoff),
        "height": height,
        "law_edition": law_edition or law.edition(),
        "categories": list(flow.categories),
    }
    kept = [_frozen(column, np.uint8) for column in (flow.row, flow.verdict, flow.outcome, flow.detail)]
    kept += [_frozen(column, np.uint8) for column in (remains.row, remains.verdict, remains.outcome, remains.detail)]
    persons = _frozen(customers, np.int64)
    return DecisionSet(
        case=case,
        cutoff=cutoff,
        height=height,
        law_edition=str(head["law_edition"]),
        customers=persons,
        categories=flow.categories,
        **dict(zip(_COLUMNS, kept, strict=True)),
        digest=_digest(head, [persons, *kept]),
    )


def check_decision_set(decided: DecisionSet) -> DecisionSet:
    """Return the same set when its columns still have its digest.

    Raises:
        Corrupt: a column was changed after the set was made.
    """
    head = {
        "case": decided.case,
        "cutoff": to_text(decided.cutoff),
        "height": decided.height,
        "law_edition": decided.law_edition,
        "categories": list(decided.categories),
    }
    if _digest(head, [decided.customers, *(getattr(decided, name) for name in _COLUMNS)]) != decided.digest:
        raise Corrupt("a decision set does not match its digest", decided.case)
    return decided


def _frozen(column: npt.NDArray[Any], dtype: type) -> npt.NDArray[Any]:
    kept: npt.NDArray[Any] = np.array(column, dtype=dtype, order="C")
    kept.setflags(write=False)
    return kept


def _digest(head: dict[str, object], columns: list[npt.NDArray[Any]]) -> str:
    """The digest over the head and the digest of every column, little-endian, rows in order."""
    parts = [digest_parts([column.astype(column.dtype.newbyteorder("<")).tobytes()]) for column in columns]
    return digest(canonical.encode({"head": head, "columns": parts}))
