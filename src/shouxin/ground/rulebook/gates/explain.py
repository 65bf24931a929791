"""Why: for one person and one category, the rows tried, the row that decided, the facts it read, what would change it.

What would change the answer is not written down but computed: each fact of the deciding row is set to its other values
and the table is asked again. A wrong fact is corrected at its source and the set decided anew.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

import numpy as np

from shouxin.ground.rulebook import law
from shouxin.ground.rulebook.bases import name_defects
from shouxin.ground.rulebook.gates.codes import Detail, Verdict
from shouxin.ground.rulebook.gates.decide import at_cut_off as closed_at_cut_off
from shouxin.ground.rulebook.gates.decide import decide, judge_remains, keep_or_end
from shouxin.ground.rulebook.gates.decisions import Decisions, column_of, detail_names
from shouxin.ground.rulebook.gates.facts import Facts, Remains
from shouxin.ground.rulebook.gates.flows import FlowFacts, SenderFacts
from shouxin.ground.rulebook.gates.opinions import Opinion
from shouxin.ground.rulebook.gates.otherwise import (
    SOME_PURPOSE,
    fact_word,
    other_fact_values,
    other_flow_values,
    other_senders,
    with_opinion,
)
from shouxin.ground.rulebook.gates.outcomes import ruling
from shouxin.ground.rulebook.gates.rows import EndRow, Row
from shouxin.ground.rulebook.gates.tables import TABLE_A, TABLE_B
from shouxin.ground.rulebook.gates.waiting import waiting_for
from shouxin.ground.rulebook.retention import class_ids, record_class
from shouxin.ground.rulebook.workdays import Due

Columns = TypeVar("Columns", Facts, Remains)
_WAITING_ROWS = (15, 20)


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
class Kept:
    """By which record class a seal is kept, on what source, how far that is verified, and until which day if known."""

    record: str
    source: str
    mark: str
    until: date | None


@dataclass(frozen=True)
class Explanation:
    """One cell's decision, opened up. The answer rests on `opinions`; `earliest` is the first lawful day."""

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
    opinions: tuple[Opinion, ...] = ()
    earliest: Due | None = None
    kept: Kept | None = None


def _read(columns: Facts | Remains, name: str, column: int) -> Any:
    kept = getattr(columns, name)
    return kept[0] if kept.ndim == 1 else kept[0, column]


def _with(columns: Columns, name: str, column: int, value: Any) -> Columns:
    changed = np.array(getattr(columns, name))
    changed[0 if changed.ndim == 1 else (0, column)] = value
    renamed: dict[str, Any] = {name: changed}
    return replace(columns, **renamed)


@dataclass(frozen=True)
class _Asked:
    """A table asked again and again about one cell: the facts at hand, and how it answers."""

    answer: Callable[[Any, Any], Decisions]
    columns: Any
    about: Any
    column: int

    def changes(self, variants: Iterable[tuple[str, str, str, Any, Any]]) -> Iterator[Change]:
        """Each variant (name, was, otherwise, columns, about) that would make the table say something else."""
        now = self._said(self.columns, self.about)
        for name, was, otherwise, columns, about in variants:
            then = self._said(columns, about)
            if then[:2] != now[:2]:
                yield Change(name, was, otherwise, then[0], then[1])

    def _said(self, columns: Any, about: Any) -> tuple[Verdict, str]:
        outcome = self.answer(columns, about)
        said = ruling(int(outcome.outcome[0, self.column]))
        letter = "B" if isinstance(columns, Remains) else "A"
        return Verdict(int(outcome.verdict[0, self.column])), f"{letter}{said.row:02d}"


def explain(facts: Facts, flow: FlowFacts, person: int, category: str, *, cut_off: bool = False) -> Explanation:
    """Explain table A's decision on one person's information of one category; `person` is the row in the columns.

    Raises:
        Refusal("gates.unknown_category"): no such column.
    """
    column = column_of(facts.categories, category)
    alone = _of_one_category(facts.with_partners(np.array([person])), column)
    decisions = decide(alone, flow)
    number = int(decisions.row[0, column])
    row = next((row for row in TABLE_A if row.number == number), TABLE_A[0])
    asked = _Asked(decide, alone, flow, column)
    variants = [
        *_fact_variants(alone, flow, row.reads, column),
        *_flow_variants(alone, flow, row, category),
    ]
    return _explanation(
        closed_at_cut_off(decisions, flow) if cut_off else decisions,
        column,
        TABLE_A,
        row,
        facts=[*_facts_read(alone, row.reads, column), *_flow_read(flow, row)],
        changes=asked.changes(variants),
        defects=name_defects(int(alone.defects[0, column])) if number == 25 else (),
        opinions=_relied_on(decisions, column, flow.opinions, lambda left: decide(alone, replace(flow, opinions=left))),
        earliest=waiting_for(flow, category).earliest if number in _WAITING_ROWS else None,
    )


def _of_one_category(facts: Facts, column: int) -> Facts:
    """The same with the shared items of one category only, so that every answer is about this cell."""
    items, here = facts.shared, facts.shared.category == column
    return replace(
        facts, shared=replace(items, person=items.person[here], category=items.category[here], other=items.other[here])
    )


def _facts_read(columns: Facts | Remains, names: Sequence[str], column: int) -> list[FactRead]:
    return [FactRead(name, fact_word(name, _read(columns, name, column))) for name in names]


def _flow_read(flow: FlowFacts, row: Row) -> list[FactRead]:
    of_flow = [FactRead(name, fact_word(name, getattr(flow, name))) for name in row.reads_flow]
    return of_flow + [FactRead(name, fact_word(name, getattr(flow.sender, name))) for name in row.reads_sender]


Variant = tuple[str, str, str, Any, Any]


def _fact_variants(columns: Columns, about: Any, names: Sequence[str], column: int) -> Iterator[Variant]:
    for name in names:
        was = _read(columns, name, column)
        for otherwise in other_fact_values(name, was):
            yield name, fact_word(name, was), fact_word(name, otherwise), _with(columns, name, column, otherwise), about


def _flow_variants(facts: Facts, flow: FlowFacts, row: Row, category: str) -> Iterator[Variant]:
    for name in row.reads_flow:
        was = getattr(flow, name)
        for otherwise in other_flow_values(name, flow, category):
            changed: dict[str, Any] = {name: otherwise}
            yield name, fact_word(name, was), fact_word(name, otherwise), facts, replace(flow, **changed)
    for name, was, otherwise, sender in other_senders(flow.sender, row.reads_sender):
        yield name, was, otherwise, facts, replace(flow, sender=sender)
    for question in row.questions:
        given = with_opinion(flow.opinions, question, flow.purposes, category, on=flow.transfer_on)
        if given is not None:
            yield (
                "opinions",
                fact_word("opinions", flow.opinions),
                f"question.{question}",
                facts,
                replace(flow, opinions=given, purposes=flow.purposes or SOME_PURPOSE),
            )


def explain_end(remains: Remains, sender: SenderFacts, person: int, category: str, *, at_cut_off: bool) -> Explanation:
    """Explain table B's decision on what stays of one person's information of one category.

    Raises:
        Refusal("gates.unknown_category"): no such column.
    """
    column = column_of(remains.categories, category)
    alone = remains.part(np.array([person]))
    decisions = keep_or_end(alone, sender, at_cut_off=at_cut_off)
    row = next(row for row in TABLE_B if row.number == int(decisions.row[0, column]))

    def answer(columns: Remains, about: SenderFacts) -> Decisions:
        return judge_remains(columns, about, at_cut_off=at_cut_off)

    asked = _Asked(answer, alone, sender, column)
    variants = [*_fact_variants(alone, sender, row.reads, column), *_sender_variants(alone, sender, row, category)]
    read = _facts_read(alone, row.reads, column)
    read += [FactRead(name, fact_word(name, getattr(sender, name))) for name in row.reads_sender]
    return _explanation(
        decisions,
        column,
        TABLE_B,
        row,
        facts=[*read, FactRead("at_cut_off", fact_word("at_cut_off", at_cut_off))],
        changes=asked.changes(variants),
        opinions=_relied_on(
            decisions, column, sender.opinions, lambda left: answer(alone, replace(sender, opinions=left))
        ),
        kept=_kept(alone, decisions, column),
    )


def _sender_variants(remains: Remains, sender: SenderFacts, row: EndRow, category: str) -> Iterator[Variant]:
    for name, was, otherwise, changed in other_senders(sender, row.reads_sender):
        yield name, was, otherwise, remains, changed
    for question in row.questions:
        given = with_opinion(sender.opinions, question, frozenset(), category, on=None)
        if given is not None:
            was = fact_word("opinions", sender.opinions)
            yield "opinions", was, f"question.{question}", remains, replace(sender, opinions=given)


def _relied_on(
    decisions: Decisions,
    column: int,
    opinions: tuple[Opinion, ...],
    without: Callable[[tuple[Opinion, ...]], Decisions],
) -> tuple[Opinion, ...]:
    """The opinions without which the answer would be another."""
    if not decisions.detail[0, column] & np.uint16(Detail.ON_OPINION):
        return ()
    now = decisions.outcome[0, column]
    alone = tuple(
        each
        for each in opinions
        if without(tuple(other for other in opinions if other is not each)).outcome[0, column] != now
    )
    return alone or opinions


def _kept(remains: Remains, decisions: Decisions, column: int) -> Kept | None:
    place = int(remains.record[0, column])
    if decisions.verdict[0, column] != Verdict.SEAL or place < 0:
        return None
    record = record_class(class_ids()[place])
    period = record.period or record.prolonged_by or record.opinion
    until = remains.until[0, column]
    day = None if np.isnat(until) else until.astype(object)
    return None if period is None else Kept(record.id, period.source, period.mark, day)


def _explanation(
    decisions: Decisions,
    column: int,
    table: Sequence[Row | EndRow],
    row: Row | EndRow,
    *,
    facts: Sequence[FactRead],
    changes: Iterable[Change],
    defects: tuple[str, ...] = (),
    opinions: tuple[Opinion, ...] = (),
    earliest: Due | None = None,
    kept: Kept | None = None,
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
        is_verified=said.is_verified and not opinions,
        tried=tuple(Tried(each.id, each.zh, each.en, each is row) for each in table[: until + 1]),
        facts=tuple(facts),
        changes=tuple(changes),
        opinions=opinions,
        earliest=earliest,
        kept=kept,
    )
