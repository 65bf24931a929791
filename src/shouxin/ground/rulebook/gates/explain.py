"""Why: for one person and one category, the rows tried, the row that decided, the facts it read, what would change it.

What would change the answer is not written down but computed: each fact of the deciding row is set to its other values
and the table is asked again. A wrong fact is corrected at its source and the set decided anew.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, TypeVar

import numpy as np

from shouxin.ground.rulebook import law
from shouxin.ground.rulebook.bases import NOTICE_ELEMENTS, Basis, name_defects
from shouxin.ground.rulebook.gates.codes import (
    Age,
    Answer,
    Holding,
    Moved,
    Notice,
    PersonKind,
    PurposeState,
    Request,
    Several,
    Verdict,
)
from shouxin.ground.rulebook.gates.decide import at_cut_off, decide, judge_ends, keep_or_end
from shouxin.ground.rulebook.gates.decisions import Decisions, column_of, detail_names
from shouxin.ground.rulebook.gates.facts import Facts, FlowFacts, Remains, SenderFacts, Shared
from shouxin.ground.rulebook.gates.outcomes import Ruling, ruling
from shouxin.ground.rulebook.gates.rows import TABLE_A, TABLE_B, EndRow, Row
from shouxin.ground.rulebook.retention import Running

Columns = TypeVar("Columns", Facts, Remains)

_WORDS: dict[str, tuple[type[IntEnum], str]] = {
    "person_kind": (PersonKind, "person_kind"),
    "age": (Age, "age"),
    "notice": (Notice, "notice_state"),
    "holding": (Holding, "holding"),
    "several": (Several, "several"),
    "purpose_basis": (Basis, "basis"),
    "answer": (Answer, "answer"),
    "moved": (Moved, "moved"),
    "running": (Running, "running"),
    "purpose": (PurposeState, "purpose_state"),
}


@dataclass(frozen=True)
class FactRead:
    """One fact as the deciding row saw it; both are ids or plain words, never a person's value."""

    name: str
    value: str


@dataclass(frozen=True)
class Change:
    """What the table would say if one fact were otherwise."""

    name: str
    was: str
    otherwise: str
    verdict: Verdict
    row: str


@dataclass(frozen=True)
class Tried:
    """One row that was tried before the answer stood, and whether it decided."""

    row: str
    zh: str
    en: str
    decided: bool


@dataclass(frozen=True)
class Explanation:
    """One cell's decision, opened up."""

    category: str
    verdict: Verdict
    row: str
    code: str
    detail: tuple[str, ...]
    defects: tuple[str, ...]
    law: tuple[law.Citation, ...]
    is_reading: bool
    is_verified: bool
    tried: tuple[Tried, ...]
    facts: tuple[FactRead, ...]
    changes: tuple[Change, ...]


def _word(name: str, value: Any) -> str:
    if name in _WORDS:
        kind, prefix = _WORDS[name]
        return f"{prefix}.{kind(int(value)).name.lower()}"
    if name == "requests":
        return ",".join(f"request.{str(bit.name).lower()}" for bit in Request if int(value) & bit) or "no"
    if name == "defects":
        return ",".join(name_defects(int(value))) or "no"
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, frozenset):
        return ",".join(sorted(str(item) for item in value)) or "no"
    return str(value)


def _others(name: str, value: Any) -> Iterator[Any]:
    """The other values that a fact of a person or cell could have."""
    if name in _WORDS:
        yield from (member for member in _WORDS[name][0] if member != int(value))
    elif name in ("requests", "defects"):
        yield from [0] if int(value) else []
    else:
        yield not bool(value)


def _read(columns: Facts | Remains, name: str, column: int) -> Any:
    kept = getattr(columns, name)
    return kept[0] if kept.ndim == 1 else kept[0, column]


def _with(columns: Columns, name: str, column: int, value: Any) -> Columns:
    changed = np.array(getattr(columns, name))
    changed[0 if changed.ndim == 1 else (0, column)] = value
    renamed: dict[str, Any] = {name: changed}
    return replace(columns, **renamed)


def _alone(facts: Facts, person: int, column: int) -> Facts:
    """The facts of one person and of those who stand with her in the items of one category, she first."""
    items = facts.shared
    hers = (items.person == person) & (items.category == column)
    others = np.unique(items.other[hers & (items.other >= 0)])
    persons = np.concatenate([[person], others[others != person]]).astype(np.int64)
    place = {int(index): number for number, index in enumerate(persons)}
    kept = np.array([place.get(int(other), -1) for other in items.other[hers]], dtype=np.int64)
    shared = Shared(np.zeros(len(kept), np.int64), np.full(len(kept), column, np.uint8), kept)
    return replace(facts.part(persons), shared=shared)


def explain(facts: Facts, flow: FlowFacts, person: int, category: str, *, cut_off: bool = False) -> Explanation:
    """Explain table A's decision on one person's information of one category; `person` is the row in the columns.

    Raises:
        Refusal("gates.unknown_category"): no such column.
    """
    column = column_of(facts.categories, category)
    alone = _alone(facts, person, column)
    decisions = decide(alone, flow)
    if cut_off:
        decisions = at_cut_off(decisions, flow)
    number = int(decisions.row[0, column])
    row = next((row for row in TABLE_A if row.number == number), TABLE_A[0])
    read = [FactRead(name, _word(name, _read(alone, name, column))) for name in row.reads]
    read += [_read_flow(flow, name) for name in row.reads_flow]
    changes = [*_fact_changes(alone, flow, row, column), *_flow_changes(alone, flow, row, column)]
    defects = name_defects(int(alone.defects[0, column])) if number == 25 else ()
    return _explanation(decisions, column, TABLE_A, row, facts=read, changes=changes, defects=defects)


def _read_flow(flow: FlowFacts, name: str) -> FactRead:
    if name == "sender":
        return FactRead("structures", _word("structures", flow.sender.structures))
    return FactRead(name, _word(name, getattr(flow, name)))


def _fact_changes(alone: Facts, flow: FlowFacts, row: Row, column: int) -> Iterator[Change]:
    for name in row.reads:
        was = _read(alone, name, column)
        for otherwise in _others(name, was):
            then = decide(_with(alone, name, column, otherwise), flow)
            yield from _change(alone, flow, column, then, (name, _word(name, was), _word(name, otherwise)))


def _flow_changes(alone: Facts, flow: FlowFacts, row: Row, column: int) -> Iterator[Change]:
    category = alone.categories[column]
    for name in row.reads_flow:
        was = getattr(flow, name)
        for otherwise in _other_flow_values(name, was, category):
            changed: dict[str, Any] = {name: otherwise}
            then = decide(alone, replace(flow, **changed))
            yield from _change(alone, flow, column, then, (name, _word(name, was), _word(name, otherwise)))


def _other_flow_values(name: str, was: Any, category: str) -> Iterator[Any]:
    if isinstance(was, bool):
        yield not was
    elif name in ("needed", "opinion"):
        yield was ^ {category}
    elif name == "told_elements" and not was >= NOTICE_ELEMENTS:
        yield was | NOTICE_ELEMENTS


def _change(
    alone: Facts, flow: FlowFacts, column: int, then: Decisions, words: tuple[str, str, str]
) -> Iterator[Change]:
    now = decide(alone, flow)
    if then.verdict[0, column] != now.verdict[0, column] or then.row[0, column] != now.row[0, column]:
        yield Change(*words, Verdict(int(then.verdict[0, column])), f"A{int(then.row[0, column]):02d}")


def explain_end(remains: Remains, sender: SenderFacts, person: int, category: str, *, at_cut_off: bool) -> Explanation:
    """Explain table B's decision on what stays of one person's information of one category.

    Raises:
        Refusal("gates.unknown_category"): no such column.
    """
    column = column_of(remains.categories, category)
    alone = remains.part(np.array([person]))
    decisions = keep_or_end(alone, sender, at_cut_off=at_cut_off)
    number = int(decisions.row[0, column])
    row = next(row for row in TABLE_B if row.number == number)
    read = [FactRead(name, _word(name, _read(alone, name, column))) for name in row.reads]
    read += [FactRead(name, _word(name, getattr(sender, name))) for name in row.reads_sender]
    read += [FactRead("at_cut_off", _word("at_cut_off", at_cut_off))]
    changes = list(_end_changes(alone, sender, row, column, at_cut_off))
    return _explanation(decisions, column, TABLE_B, row, facts=read, changes=changes, defects=())


def _end_changes(alone: Remains, sender: SenderFacts, row: EndRow, column: int, at_cut_off: bool) -> Iterator[Change]:
    def judged(remains: Remains, of: SenderFacts) -> Ruling:
        return ruling(int(judge_ends(remains, of, at_cut_off=at_cut_off)[0, column]))

    now = judged(alone, sender)
    for name in row.reads:
        was = _read(alone, name, column)
        for otherwise in _others(name, was):
            then = judged(_with(alone, name, column, otherwise), sender)
            if (then.row, then.verdict) != (now.row, now.verdict):
                yield Change(name, _word(name, was), _word(name, otherwise), then.verdict, f"B{then.row:02d}")


def _explanation(
    decisions: Decisions,
    column: int,
    table: Sequence[Row | EndRow],
    row: Row | EndRow,
    *,
    facts: Sequence[FactRead],
    changes: Sequence[Change],
    defects: tuple[str, ...],
) -> Explanation:
    said = ruling(int(decisions.outcome[0, column]))
    until = table.index(row)
    return Explanation(
        category=decisions.categories[column],
        verdict=Verdict(int(decisions.verdict[0, column])),
        row=row.id,
        code=said.code,
        detail=detail_names(int(decisions.detail[0, column])),
        defects=defects,
        law=tuple(law.cite(id) for id in said.law),
        is_reading=said.is_reading,
        is_verified=said.is_verified,
        tried=tuple(Tried(each.id, each.zh, each.en, each is row) for each in table[: until + 1]),
        facts=tuple(facts),
        changes=tuple(changes),
    )
