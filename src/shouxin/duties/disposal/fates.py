"""What a decision set comes to, cell by cell, in the vault's own terms: which keys die, what is sealed apart first.

1. A column of the decision set is a compartment of the vault; `behaviour` and `behaviour:free_text` share one, which
   dies only when both end. Where they differ, what stays is sealed apart first.
2. B07: of a purchase only the fields of its record class stay, sealed apart; the rest dies with the slot. Evidence of a
   hand-over is kept whole and in place (NDSR 12): its key is what makes the ledger's tags provable.
3. What the set did not see (an answer sealed after the facts were read) is never destroyed on its own: it stays with
   the person, or goes with the whole person, and the evidence of a hand-over stays in any case.
4. Nothing else stays or goes: a hold, an open duty, an unsettled copy keep the cell as it is.

Pure columns; nothing is opened or written here.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shouxin.ground.kernel.canonical import encode
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.rulebook import gates, retention, terms
from shouxin.ground.rulebook.gates import DecisionSet, Outcome, Verdict

FREE_TEXT = "behaviour:free_text"
FREE_TEXT_FIELDS = frozenset({"note", "complaint"})
RECORD_CLASS = {"purchase": "tax_voucher", "evidence": "provision_record"}
WHOLE, ALL_NAMED = 0xFF, 0x7F
COMPARTMENTS = tuple(sorted(terms.categories(), key=lambda name: terms.categories()[name].compartment))
BIT = {name: 1 << number for number, name in enumerate(COMPARTMENTS)}
_EXTRACTED = (Outcome.B07_SEAL, Outcome.B07_SEAL_UNVERIFIED)
_END_NAMES = {
    Verdict.KEEP: "kept",
    Verdict.SEAL: "sealed",
    Verdict.ARCHIVE: "archived",
    Verdict.ANONYMISE: "anonymised",
    Verdict.DESTROY: "destroyed",
}

Mask = NDArray[np.uint8]
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Fates:
    """One element per customer of whom something ends, ascending: the mask of compartments whose keys die (`WHOLE`:
    everything), of those among them whose kept part is sealed apart first, and of what is left of the person.
    """

    customer: Numbers
    ends: Mask
    trimmed: Mask
    split: Mask

    def __len__(self) -> int:
        return len(self.customer)

    @property
    def whole(self) -> Numbers:
        """The customers of whom nothing remains."""
        return self.customer[self.ends == WHOLE]

    def groups(self, size: int) -> Iterator["Fates"]:
        """The same in steps of `size` customers."""
        for start in range(0, len(self), size):
            yield self.only(slice(start, start + size))

    def only(self, chosen: Any) -> "Fates":
        """Some of them."""
        return Fates(self.customer[chosen], self.ends[chosen], self.trimmed[chosen], self.split[chosen])

    def cells(self) -> dict[int, frozenset[str] | None]:
        """As the vault's `shred` takes them."""
        names = {mask: _names(mask) for mask in set(self.ends.tolist())}
        return {
            customer: names[mask] for customer, mask in zip(self.customer.tolist(), self.ends.tolist(), strict=True)
        }

    def pack(self) -> bytes:
        """The columns, compressed."""
        out = io.BytesIO()
        np.savez_compressed(out, customer=self.customer, ends=self.ends, trimmed=self.trimmed, split=self.split)
        return out.getvalue()

    @classmethod
    def unpack(cls, raw: bytes) -> "Fates":
        """The columns again.

        Raises:
            Corrupt: they cannot be read.
        """
        try:
            with np.load(io.BytesIO(raw), allow_pickle=False) as kept:
                return cls(kept["customer"], kept["ends"], kept["trimmed"], kept["split"])
        except (ValueError, KeyError, OSError) as error:
            raise Corrupt("frozen fates that cannot be read", "destruction") from error


@dataclass(frozen=True)
class Held:
    """What the vault holds of the set's customers: per customer the mask of compartments with records (in the set's
    order), the mask of compartments that are gone already, and whether something of them was handed over before an
    earlier destruction (whose set knew it; this one may not).
    """

    present: Mask
    closed: Mask
    provided: NDArray[np.bool_]


def check_executable(decided: DecisionSet) -> None:
    """Refuse a set that is not closed or holds an end that this house does not execute yet.

    Raises:
        Refusal("disposal.decisions_open", cells=…), ("disposal.end_not_done_here", cells=…); Corrupt: columns changed.
    """
    gates.check_decision_set(decided)
    still_open = int(np.isin(decided.end, gates.OPEN).sum() + np.isin(decided.verdict, gates.OPEN).sum())
    if still_open:
        raise Refusal("disposal.decisions_open", cells=still_open)
    elsewhere = int(np.isin(decided.end, (Verdict.ARCHIVE, Verdict.ANONYMISE)).sum())
    if elsewhere:
        raise Refusal("disposal.end_not_done_here", cells=elsewhere)


def check_retention(
    decided: DecisionSet, last_purchase_on: NDArray[np.datetime64], provided: NDArray[np.bool_], *, on: date
) -> None:
    """Stand guard once more on the day of the deed: no cell ends while a period runs for it (ACC-23, TAX-29, NDSR 12).

    Raises:
        Refusal("gates.statutory_period_runs"), ("gates.not_settled").
    """
    running = np.zeros(decided.end.shape, np.uint8)
    if "purchase" in decided.categories:
        place = decided.categories.index("purchase")
        running[:, place] = retention.running(RECORD_CLASS["purchase"], last_purchase_on, on=on)
    if "evidence" in decided.categories:
        place = decided.categories.index("evidence")
        running[:, place] = _evidence_running(decided, provided, on)
    moved = np.zeros(decided.end.shape, np.uint8)
    went = decided.verdict == Verdict.HAND_OVER
    moved[went] = gates.Moved.SETTLED
    moved[went & (decided.end_row == 1)] = gates.Moved.UNSETTLED
    gates.check_may_end(decided.end, running=running, moved=moved)


def _evidence_running(decided: DecisionSet, provided: NDArray[np.bool_], on: date) -> Mask:
    """Nothing was handed over before the cut-off, so the record of it runs at least three years from there."""
    went = (decided.verdict == Verdict.HAND_OVER).any(axis=1) | provided
    day = np.datetime64(decided.cutoff.date(), "D")
    days = np.where(went, day, np.datetime64("NaT")).astype("datetime64[D]")
    return retention.running(RECORD_CLASS["evidence"], days, on=on)


def fates(decided: DecisionSet, held: Held) -> Fates:
    """What ends of whom."""
    ends, trimmed, split = _masks(decided)
    seen = _seen(decided)
    unseen = held.present & ~seen & ~np.uint8(BIT["retained"])
    went = (decided.verdict == Verdict.HAND_OVER).any(axis=1) | held.provided
    proof = np.where(went, np.uint8(BIT["evidence"]), np.uint8(0)) & held.present
    ends = ends & ~proof
    stays = (held.present & ~ends & ~unseen) | proof | ((trimmed | split) & held.present)
    whole = (stays == 0) & (ends != 0)
    ends = np.where(whole, np.uint8(WHOLE), ends & ~held.closed).astype(np.uint8)
    ends[held.closed == ALL_NAMED] = 0
    trimmed, split = trimmed & held.present & ends, split & held.present & ends
    chosen = ends != 0
    result = Fates(decided.customers[chosen], ends[chosen], trimmed[chosen], split[chosen])
    return result.only(np.argsort(result.customer, kind="stable"))


def _masks(decided: DecisionSet) -> tuple[Mask, Mask, Mask]:
    """Per customer: compartments that end; those of which an extract stays; those of which only free text ends."""
    count = len(decided.customers)
    ends, stays = np.zeros(count, np.uint8), np.zeros(count, np.uint8)
    trimmed = np.zeros(count, np.uint8)
    for place, column in enumerate(decided.categories):
        name = column.partition(":")[0]
        bit = np.uint8(BIT[name])
        end, extract = decided.end[:, place], np.isin(decided.end_outcome[:, place], _EXTRACTED)
        extract &= bool(retention.fields_to_keep([RECORD_CLASS[name]])) if name in RECORD_CLASS else False
        ends |= np.where(end == Verdict.DESTROY, bit, np.uint8(0))
        trimmed |= np.where((end == Verdict.SEAL) & extract, bit, np.uint8(0))
        stays |= np.where(np.isin(end, (Verdict.KEEP, Verdict.SEAL)) & ~extract, bit, np.uint8(0))
    split = ends & stays
    return ends | trimmed, trimmed & ~stays, split


def _seen(decided: DecisionSet) -> Mask:
    """Per customer the compartments for which the set decided anything."""
    seen = np.zeros(len(decided.customers), np.uint8)
    for place, column in enumerate(decided.categories):
        bit = np.uint8(BIT[column.partition(":")[0]])
        seen |= np.where(decided.end[:, place] != Verdict.NOTHING, bit, np.uint8(0))
    return seen


def scope_counts(decided: DecisionSet) -> list[tuple[str, str, int]]:
    """Cells that end, per category, as the permit counts them."""
    return [
        (category, "destroyed", int((decided.end[:, place] == Verdict.DESTROY).sum()))
        for place, category in enumerate(decided.categories)
    ]


def scope_digest(decided: DecisionSet) -> str:
    """The digest of what may be destroyed: over the set's own digest and the counts; nobody can be guessed from it."""
    return digest(encode([decided.digest, [list(each) for each in scope_counts(decided)]]))


def end_counts(decided: DecisionSet) -> dict[str, dict[str, int]]:
    """Per category how many cells meet which end."""
    counted = {}
    for place, category in enumerate(decided.categories):
        column = decided.end[:, place]
        counted[category] = {
            name: int((column == verdict).sum()) for verdict, name in _END_NAMES.items() if (column == verdict).any()
        }
    return counted


def kept_counts(decided: DecisionSet) -> dict[str, int]:
    """How many cells stay, per row of table B that keeps them (`B03`, `B04`, `B07` …)."""
    rows, counts = np.unique(decided.end_row[np.isin(decided.end, (Verdict.KEEP, Verdict.SEAL))], return_counts=True)
    return {f"B{int(row):02d}": int(count) for row, count in zip(rows, counts, strict=True)}


def _names(mask: int) -> frozenset[str] | None:
    return None if mask == WHOLE else frozenset(name for name, bit in BIT.items() if mask & bit)
