"""Counting before the first key dies: cells by category, source and end; people by headline; papers by box.

A balance can only be drawn while the cells still stand, so it is part of the freezing of a destruction. Double entry:
what was handed over is counted with what becomes of the company's own copy (docs/formats/balance.md).
"""

import io
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import F

from shouxin.duties.disposal.fates import BIT, COMPARTMENTS, Fates, Held
from shouxin.duties.disposal.models import BalanceSnapshot, Destruction, Sealed
from shouxin.duties.inventory import queries as inventory
from shouxin.ground.kernel.refusals import Corrupt
from shouxin.ground.rulebook import gates
from shouxin.ground.rulebook.gates import DecisionSet, Verdict
from shouxin.stores.vault import queries as vault

ENDS = ("kept", "destroyed", "anonymised", "archived", "sealed")
"""In rising precedence: where two columns of one compartment differ, the cell's end is the later one."""
_CODE_OF = np.zeros(len(Verdict), np.uint8)
for _verdict, _name in {
    Verdict.KEEP: "kept",
    Verdict.DESTROY: "destroyed",
    Verdict.ANONYMISE: "anonymised",
    Verdict.ARCHIVE: "archived",
    Verdict.SEAL: "sealed",
}.items():
    _CODE_OF[_verdict] = ENDS.index(_name) + 1

Line = tuple[str, int, bool, str, bool]
"""Category, source, handed over, end, whether the cell's key dies."""


def held_now(decided: DecisionSet) -> Held:
    """What the vault holds of the set's customers, and what of them is gone already."""
    found = vault.cells(decided.customers.tolist())
    order = np.argsort(decided.customers)
    place = order[np.searchsorted(decided.customers, found.customer, sorter=order)]
    present = np.zeros(len(decided.customers), np.uint8)
    np.bitwise_or.at(present, place, np.uint8(1) << found.category.astype(np.uint8))
    states = vault.state(decided.customers.tolist())
    closed = np.array(
        [_mask(states[number].closed) if number in states else 0 for number in decided.customers.tolist()], np.uint8
    )
    return Held(present=present, closed=closed, provided=np.isin(decided.customers, provided_customers()))


def provided_customers() -> np.ndarray:
    """Of whom something was handed over, as the destructions so far froze it: the proof of it is kept (NDSR 12)."""
    frozen = [Standing.unpack(bytes(row)) for row in Destruction.objects.values_list("standing", flat=True)]
    found = [each.customer[each.moved.any(axis=1)] for each in frozen]
    return np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)


def _mask(names: Collection[str]) -> int:
    return sum(BIT[name] for name in names)


def tables() -> list[list[Any]]:
    """What the vault holds before: rows per category."""
    rows: dict[str, int] = {}
    for each in vault.counts():
        rows[each.category] = rows.get(each.category, 0) + each.rows
    return [[f"vault/{category}", count] for category, count in rows.items()]


@dataclass(frozen=True)
class Standing:
    """How people of a set stand in the balance: per customer and compartment the end (index into `ENDS`), whether it
    was handed over, whether its key dies; per customer the headline end.
    """

    customer: np.ndarray
    ends: np.ndarray
    moved: np.ndarray
    gone: np.ndarray
    headline: np.ndarray

    def only(self, customers: Any) -> "Standing":
        """Some of them."""
        some = np.isin(self.customer, customers)
        return Standing(self.customer[some], self.ends[some], self.moved[some], self.gone[some], self.headline[some])

    def pack(self) -> bytes:
        """The columns, compressed."""
        out = io.BytesIO()
        np.savez_compressed(out, **vars(self))
        return out.getvalue()

    @classmethod
    def unpack(cls, raw: bytes) -> "Standing":
        """The columns again.

        Raises:
            Corrupt: they cannot be read.
        """
        try:
            with np.load(io.BytesIO(raw), allow_pickle=False) as kept:
                return cls(*(kept[name] for name in cls.__dataclass_fields__))
        except (ValueError, KeyError, OSError) as error:
            raise Corrupt("frozen standing that cannot be read", "destruction") from error


def standing(decided: DecisionSet, fates: Fates) -> Standing:
    """How the people of a set stand, ascending."""
    order = np.argsort(decided.customers)
    ends, moved, gone = _matrices(decided, fates)
    return Standing(decided.customers[order], ends[order], moved[order], gone[order], _headline(decided)[order])


def persons(found: Standing, fates: Fates) -> dict[str, Any]:
    """People by headline end, and by the same those of whom nothing remains."""
    gone = np.isin(found.customer, fates.whole)
    return {
        "customers": len(found.customer),
        "ends": _by_end(found.headline),
        "gone": _by_end(found.headline[gone]),
    }


def papers(decided: DecisionSet) -> dict[str, dict[str, int]]:
    """Per box how many sheets are to be shredded, those of people destroyed before among them; how many sealed whole
    (originals under a period or a hold); and of how many nobody knows whose they are.
    """
    place = decided.categories.index("purchase") if "purchase" in decided.categories else None
    stays = set()
    if place is not None:
        stays = set(decided.customers[np.isin(decided.end[:, place], (Verdict.SEAL, Verdict.KEEP))].tolist())
    known = set(decided.customers.tolist())
    found, named = {}, inventory.box_papers()
    for each in inventory.papers_balance():
        if not each.sheets:
            continue
        counted = {"shred": each.of_destroyed, "seal": 0, "unmatched": each.unmatched}
        for customer, count in named.get(each.box, []):
            counted["seal" if customer in stays or customer not in known else "shred"] += count
        found[f"box:{each.box}"] = counted
    return found


def snapshot(row: Destruction, found: Standing) -> None:
    """Keep the count of every cell that stands now, by the end it is going to meet."""
    counted = count(found, apart=set(Sealed.objects.values_list("customer", flat=True)))
    BalanceSnapshot.objects.bulk_create(
        BalanceSnapshot(destruction=row, category=category, source=source, moved=moved, end=end, gone=gone, cells=cells)
        for (category, source, moved, end, gone), cells in sorted(counted.items())
    )


def count(found: Standing, *, apart: Collection[int] = ()) -> dict[Line, int]:
    """Every cell of the vault by its line. What was sealed `apart` earlier stands for a purchase counted then; what
    came in after the decision stays and is counted as kept.
    """
    cells = vault.cells()
    keep = ~((cells.category == COMPARTMENTS.index("retained")) & np.isin(cells.customer, list(apart)))
    customer, category, source = cells.customer[keep], cells.category[keep], cells.source[keep]
    place = np.searchsorted(found.customer, customer)
    known = np.isin(customer, found.customer)
    lines = np.zeros((len(customer), 5), np.int64)
    lines[:, 0], lines[:, 1] = category, source
    for column, matrix in enumerate((found.moved, found.ends, found.gone), start=2):
        lines[known, column] = matrix[place[known], category[known]]
    distinct, counts = np.unique(lines, axis=0, return_counts=True)
    return {
        (COMPARTMENTS[line[0]], int(line[1]), bool(line[2]), ENDS[line[3]], bool(line[4])): int(number)
        for line, number in zip(distinct.tolist(), counts.tolist(), strict=True)
    }


def leave_out(row: Destruction, skipped: Collection[int]) -> None:
    """Whoever came under a hold after the freezing stays: counted as sealed, in the caller's transaction."""
    if not skipped:
        return
    found = Standing.unpack(bytes(row.standing)).only(list(skipped))
    for line, cells in count_of(found).items():
        _add(row, line, -cells)
        _add(row, (line[0], line[1], line[2], "sealed", False), cells)
    whole = set(Fates.unpack(bytes(row.fates)).whole.tolist())
    for code, customer in zip(found.headline.tolist(), found.customer.tolist(), strict=True):
        name = gates.End(code).name.lower()
        row.persons["ends"][name] -= 1
        row.persons["ends"]["sealed"] += 1
        row.persons["gone"][name] -= customer in whole
    row.save(update_fields=["persons"])


def count_of(found: Standing) -> dict[Line, int]:
    """The lines of these people's cells alone, but for what was sealed apart."""
    cells = vault.cells(found.customer.tolist())
    place = np.searchsorted(found.customer, cells.customer)
    counted: Counter[Line] = Counter()
    for at, category, source in zip(place.tolist(), cells.category.tolist(), cells.source.tolist(), strict=True):
        name = COMPARTMENTS[category]
        if name != "retained":
            end, moved, gone = ENDS[found.ends[at, category]], found.moved[at, category], found.gone[at, category]
            counted[name, source, bool(moved), end, bool(gone)] += 1
    return counted


def _add(row: Destruction, line: Line, change: int) -> None:
    category, source, moved, end, gone = line
    found, _ = BalanceSnapshot.objects.get_or_create(
        destruction=row, category=category, source=source, moved=moved, end=end, gone=gone, defaults={"cells": 0}
    )
    BalanceSnapshot.objects.filter(pk=found.pk).update(cells=F("cells") + change)


def _matrices(decided: DecisionSet, fates: Fates) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per customer of the set and compartment: the end (index into `ENDS`), if handed over, if its key dies."""
    shape = (len(decided.customers), len(COMPARTMENTS))
    code, moved = np.zeros(shape, np.uint8), np.zeros(shape, bool)
    for place, column in enumerate(decided.categories):
        at = COMPARTMENTS.index(column.partition(":")[0])
        np.maximum(code[:, at], _CODE_OF[decided.end[:, place]], out=code[:, at])
        moved[:, at] |= decided.verdict[:, place] == Verdict.HAND_OVER
    masks = np.zeros(len(decided.customers), np.uint8)
    order = np.argsort(decided.customers)
    masks[order[np.searchsorted(decided.customers, fates.customer, sorter=order)]] = fates.ends
    gone = (masks[:, None] >> np.arange(len(COMPARTMENTS), dtype=np.uint8)[None, :] & 1).astype(bool)
    undecided = code == 0
    code[undecided & gone] = ENDS.index("destroyed") + 1
    proof = COMPARTMENTS.index("evidence")
    code[undecided[:, proof] & ~gone[:, proof] & moved.any(axis=1), proof] = ENDS.index("sealed") + 1
    code[:, COMPARTMENTS.index("retained")][~gone[:, COMPARTMENTS.index("retained")]] = ENDS.index("sealed") + 1
    code[code == 0] = ENDS.index("kept") + 1
    return code - 1, moved, gone


def _headline(decided: DecisionSet) -> np.ndarray:
    flow = gates.Decisions(decided.categories, decided.row, decided.verdict, decided.outcome, decided.detail)
    stays = gates.Decisions(decided.categories, decided.end_row, decided.end, decided.end_outcome, decided.end_detail)
    return gates.headline(flows=[flow], remains=stays)


def _by_end(headline: np.ndarray) -> dict[str, int]:
    return {end.name.lower(): int((headline == end).sum()) for end in gates.End}
