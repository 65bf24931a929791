"""Double entry over rows, cells and persons; every line that does not add up is named (docs/formats/balance.md).

balance = Balance(sources=(...), cells=(...), persons=PersonEnds(customers=5000, ends={...}))
check(balance)          -> () when everything has somewhere to go
publish(balance)        -> the public edition: rounded, small counts suppressed
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shouxin.ground.formats import shapes
from shouxin.ground.kernel.canonical import decode, encode
from shouxin.ground.kernel.refusals import Corrupt, Refusal

FORMAT = "shouxin-balance-1"
CELL_ENDS = ("handed_over", "sealed", "archived", "anonymised", "destroyed", "kept")
COPY_ENDS = ("sealed", "archived", "anonymised", "destroyed", "kept")
PERSON_ENDS = ("open", "sealed", "handed_over", "archived", "anonymised", "destroyed", "kept", "none")
SMALL, STEP = 20, 10

Count = int | None


@dataclass(frozen=True)
class SourceRows:
    """What became of the rows read from one source."""

    source: str
    read: Count
    collected: Count
    merged: Count
    rejected: Count


@dataclass(frozen=True)
class CellRow:
    """What became of the cells of one category from one source; `copy`: the sender's own copy of those handed over."""

    category: str
    source: str
    cells: Count
    ends: Mapping[str, Count]
    copy: Mapping[str, Count]


@dataclass(frozen=True)
class PersonEnds:
    """Each person's one headline end."""

    customers: Count
    ends: Mapping[str, Count]


@dataclass(frozen=True)
class Balance:
    """The whole balance; `edition` is `auditor` (exact) or `public` (rounded, cannot be recomputed)."""

    sources: tuple[SourceRows, ...]
    cells: tuple[CellRow, ...]
    persons: PersonEnds
    edition: str = "auditor"


@dataclass(frozen=True)
class Unbalanced:
    """One line that does not add up: where, the total stated, and the sum of its parts."""

    where: str
    stated: int
    summed: int


def check(balance: Balance) -> tuple[Unbalanced, ...]:
    """Every line that does not add up, named; empty when all does.

    Raises:
        Refusal("balance.public"): a public edition cannot be added up.
    """
    if balance.edition != "auditor":
        raise Refusal("balance.public")
    found = []
    for row in balance.sources:
        found.append(_line(f"source {row.source}", row.read, (row.collected, row.merged, row.rejected)))
    for cell in balance.cells:
        place = f"cells {cell.category} from {cell.source}"
        found.append(_line(place, cell.cells, cell.ends.values()))
        found.append(_line(f"{place}: own copy", cell.ends["handed_over"], cell.copy.values()))
    found.append(_line("persons", balance.persons.customers, balance.persons.ends.values()))
    return tuple(line for line in found if line)


def to_bytes(balance: Balance) -> bytes:
    """`balance.json`.

    Raises:
        Corrupt: a count is negative or missing, an end is unknown, a line is given twice.
    """
    plain = to_plain(balance)
    _check_plain(plain, "balance.json")
    return encode(plain)


def to_plain(balance: Balance) -> dict[str, Any]:
    """The balance as it stands in `balance.json`."""
    return {
        "format": FORMAT,
        "edition": balance.edition,
        "recomputable": balance.edition == "auditor",
        "sources": [vars(row) for row in balance.sources],
        "cells": [{**vars(row), "ends": dict(row.ends), "copy": dict(row.copy)} for row in balance.cells],
        "persons": {"customers": balance.persons.customers, "ends": dict(balance.persons.ends)},
    }


def read(raw: bytes, *, where: str = "balance.json") -> Balance:
    """The balance of `balance.json`; whether it adds up is `check`'s answer.

    Raises:
        Corrupt: of a refused form.
    """
    plain = decode(raw, where=where)
    _check_plain(plain, where)
    return Balance(
        sources=tuple(SourceRows(**row) for row in plain["sources"]),
        cells=tuple(CellRow(**row) for row in plain["cells"]),
        persons=PersonEnds(**plain["persons"]),
        edition=plain["edition"],
    )


def publish(balance: Balance) -> Balance:
    """The public edition: counts 1–19 suppressed, one more where a single gap could be computed, the rest rounded.

    Raises:
        Refusal("balance.unbalanced"): an exact balance that does not add up is not published.
    """
    wrong = check(balance)
    if wrong:
        raise Refusal("balance.unbalanced", lines=[line.where for line in wrong])
    sources = _publish_table([[row.collected, row.merged, row.rejected] for row in balance.sources])
    ends = _publish_table([[row.ends[end] for end in CELL_ENDS] for row in balance.cells])
    copies = _publish_table([[row.copy[end] for end in COPY_ENDS] for row in balance.cells])
    persons = _publish_table([[balance.persons.ends[end] for end in PERSON_ENDS]])
    return Balance(
        sources=tuple(
            SourceRows(row.source, _round(row.read), *parts)
            for row, parts in zip(balance.sources, sources, strict=True)
        ),
        cells=tuple(
            CellRow(
                category=row.category,
                source=row.source,
                cells=_round(row.cells),
                ends=dict(zip(CELL_ENDS, end, strict=True)),
                copy=dict(zip(COPY_ENDS, copy, strict=True)),
            )
            for row, end, copy in zip(balance.cells, ends, copies, strict=True)
        ),
        persons=PersonEnds(
            customers=_round(balance.persons.customers), ends=dict(zip(PERSON_ENDS, persons[0], strict=True))
        ),
        edition="public",
    )


def _line(where: str, stated: Count, parts: Any) -> Unbalanced | None:
    total = sum(part or 0 for part in parts)
    return None if stated == total else Unbalanced(where=where, stated=stated or 0, summed=total)


def _round(count: Count) -> Count:
    if count is None or 0 < count < SMALL:
        return None
    return (count + STEP // 2) // STEP * STEP


def _publish_table(table: Sequence[Sequence[Count]]) -> list[list[Count]]:
    """Suppress the small, then a second part in each row and column that lost exactly one, until nothing changes."""
    hidden = [[count is not None and 0 < count < SMALL for count in row] for row in table]
    while _hide_second_by_row(table, hidden) or _hide_second_by_column(table, hidden):
        pass
    return [
        [None if gone else _round(count) for count, gone in zip(row, lost, strict=True)]
        for row, lost in zip(table, hidden, strict=True)
    ]


def _hide_second_by_row(table: Sequence[Sequence[Count]], hidden: list[list[bool]]) -> bool:
    changed = False
    for row, lost in zip(table, hidden, strict=True):
        if sum(lost) == 1:
            rest = [(count, place) for place, count in enumerate(row) if count and not lost[place]]
            if rest:
                lost[min(rest)[1]] = changed = True
    return changed


def _hide_second_by_column(table: Sequence[Sequence[Count]], hidden: list[list[bool]]) -> bool:
    turned = [list(column) for column in zip(*table, strict=True)]
    lost = [list(column) for column in zip(*hidden, strict=True)]
    changed = len(table) > 1 and _hide_second_by_row(turned, lost)
    for place, column in enumerate(lost):
        for line, gone in enumerate(column):
            hidden[line][place] = gone
    return changed


def _is_count_or_none(value: Any) -> bool:
    return value is None or shapes.is_count(value)


def _check_plain(plain: Any, where: str) -> None:
    public = isinstance(plain, dict) and plain.get("edition") == "public"
    count = _is_count_or_none if public else shapes.is_count
    shape = {
        "format": shapes.one_of(FORMAT),
        "edition": shapes.one_of("auditor", "public"),
        "recomputable": shapes.is_flag,
        "sources": [{"source": shapes.is_text, "read": count, "collected": count, "merged": count, "rejected": count}],
        "cells": [
            {
                "category": shapes.is_text,
                "source": shapes.is_text,
                "cells": count,
                "ends": dict.fromkeys(CELL_ENDS, count),
                "copy": dict.fromkeys(COPY_ENDS, count),
            }
        ],
        "persons": {"customers": count, "ends": dict.fromkeys(PERSON_ENDS, count)},
    }
    shapes.check(plain, shape, where=where)
    sources = [row["source"] for row in plain["sources"]]
    cells = [(row["category"], row["source"]) for row in plain["cells"]]
    if len(set(sources)) != len(sources) or len(set(cells)) != len(cells):
        raise Corrupt("balance with a line given twice", where)
    if plain["recomputable"] is public:
        raise Corrupt("balance that misstates its edition", where)
