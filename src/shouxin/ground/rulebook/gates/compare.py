"""Two decision sets laid side by side before anything executes: who changed, from what to what, because of which fact.

A cause is not guessed from what differs but tried: the changed persons are decided anew with one fact as it was; where
the old answer comes back, that fact is a cause. Where no single fact brings it back, all that differ are named.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from shouxin.ground.rulebook.gates.codes import Verdict
from shouxin.ground.rulebook.gates.decide import judge_remains
from shouxin.ground.rulebook.gates.decisions import Decisions, DecisionSet
from shouxin.ground.rulebook.gates.facts import Facts, Flags, Remains
from shouxin.ground.rulebook.gates.flows import FlowFacts
from shouxin.ground.rulebook.gates.grounds import Grounds, Movement, decide_all, decide_flow, remains_after

Columns = TypeVar("Columns", Facts, Remains)

STAYING = "stays"
FIRST = "first"


@dataclass(frozen=True)
class Changed:
    """One table's cells that another set answers differently: customers, columns, and both answers, element by element.

    `part` names the flow, or `stays` for table B; `because` the facts that made each change, where grounds were given.
    """

    part: str
    customers: npt.NDArray[np.int64]
    categories: tuple[str, ...]
    was_row: npt.NDArray[np.uint8]
    was: npt.NDArray[np.uint8]
    now_row: npt.NDArray[np.uint8]
    now: npt.NDArray[np.uint8]
    because: tuple[tuple[str, ...], ...] = ()

    def __len__(self) -> int:
        return len(self.customers)


@dataclass(frozen=True)
class Difference:
    """What differs between two sets: cells by table, and customers who stand in one of them only."""

    tables: tuple[Changed, ...]
    added: npt.NDArray[np.int64]
    removed: npt.NDArray[np.int64]

    @property
    def is_empty(self) -> bool:
        """Whether both sets say the same of the same people."""
        return not (sum(len(each) for each in self.tables) or len(self.added) or len(self.removed))

    @property
    def customers(self) -> npt.NDArray[np.int64]:
        """Everyone of whom something differs, ascending."""
        return np.unique(np.concatenate([self.added, self.removed, *(each.customers for each in self.tables)]))

    def counts(self) -> Mapping[tuple[str, str, str, str], int]:
        """How many cells went from which verdict to which: (table, category, was, now) → cells."""
        counted: Counter[tuple[str, str, str, str]] = Counter()
        for table in self.tables:
            for category, was, now in zip(table.categories, table.was.tolist(), table.now.tolist(), strict=True):
                counted[table.part, category, Verdict(was).name.lower(), Verdict(now).name.lower()] += 1
        return dict(counted)


def _parts(decided: DecisionSet) -> Mapping[str, Decisions]:
    further = {each.id: each.decisions for each in decided.further}
    return {FIRST: decided.first, **further, STAYING: decided.staying}


def compare(before: DecisionSet, after: DecisionSet) -> Difference:
    """Return who changed and from what to what, table by table; a flow or a category in one set only is not compared
    but shown by the customers' other cells.
    """
    both, was_at, now_at = np.intersect1d(before.customers, after.customers, return_indices=True)
    names = [name for name in after.categories if name in before.categories]
    was_parts, now_parts = _parts(before), _parts(after)
    tables = []
    for part in (name for name in now_parts if name in was_parts):
        was = _cut(was_parts[part], was_at, names)
        now = _cut(now_parts[part], now_at, names)
        tables.append(_changed(part, both, names, was, now))
    return Difference(
        tables=tuple(tables),
        added=np.setdiff1d(after.customers, before.customers),
        removed=np.setdiff1d(before.customers, after.customers),
    )


def _cut(table: Decisions, rows: npt.NDArray[np.int64], names: Sequence[str]) -> Decisions:
    at = np.ix_(rows, np.array([table.categories.index(name) for name in names], dtype=np.int64))
    return Decisions(tuple(names), table.row[at], table.verdict[at], table.outcome[at], table.detail[at])


def _differs(was: Decisions, now: Decisions) -> Flags:
    return (
        (was.row != now.row) | (was.outcome != now.outcome) | (was.verdict != now.verdict) | (was.detail != now.detail)
    )


def _changed(
    part: str, customers: npt.NDArray[np.int64], names: Sequence[str], was: Decisions, now: Decisions
) -> Changed:
    person, column = np.nonzero(_differs(was, now))
    return Changed(
        part=part,
        customers=customers[person],
        categories=tuple(names[place] for place in column.tolist()),
        was_row=was.row[person, column],
        was=was.verdict[person, column],
        now_row=now.row[person, column],
        now=now.verdict[person, column],
    )


# --- causes ---------------------------------------------------------------------------------------------------------


def with_causes(difference: Difference, *, before: Grounds, after: Grounds) -> Difference:
    """Return the difference with the facts that made each change.

    Raises:
        Refusal("workdays.unknown_year"): as `decide`.
    """
    by_part = {STAYING: _causes_of_staying}
    tables = tuple(
        replace(table, because=by_part.get(table.part, _causes_of_flow)(table, before, after)) if len(table) else table
        for table in difference.tables
    )
    return replace(difference, tables=tables)


def _movement(grounds: Grounds, part: str) -> Movement:
    if part == FIRST:
        return grounds.movements[0]
    return next(each for each in grounds.movements if each.id == part)


def _places(grounds: Grounds, customers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    order = np.argsort(grounds.customers, kind="stable")
    return order[np.searchsorted(grounds.customers, customers, sorter=order)].astype(np.int64)


@dataclass(frozen=True)
class _Tried:
    """What the table says with one fact as it was, and for which cells that fact differs."""

    decided: Decisions
    differs: Flags


def _causes_of_flow(table: Changed, before: Grounds, after: Grounds) -> tuple[tuple[str, ...], ...]:
    persons = np.unique(table.customers)
    was, now = _movement(before, table.part), _movement(after, table.part)
    was_facts = was.facts.with_partners(_places(before, persons))
    now_facts = now.facts.with_partners(_places(after, persons))
    old = decide_flow(replace(was, facts=was_facts), closed=before.at_cut_off)

    def again(facts: Facts = now_facts, flow: FlowFacts = now.flow, closed: bool = after.at_cut_off) -> Decisions:
        return decide_flow(Movement(now.id, facts, flow), closed=closed)

    tried = {
        name: _Tried(again(facts=facts), differs)
        for name, facts, differs in _each_column_back(now_facts, was_facts, len(persons))
    }
    if len(was_facts) == len(now_facts) and _items(was_facts) != _items(now_facts):
        tried["shared"] = _Tried(again(facts=replace(now_facts, shared=was_facts.shared)), _EVERYWHERE)
    for name, flow in _each_fact_back(now.flow, was.flow, without=("sender",)):
        tried[name] = _Tried(again(flow=flow), _EVERYWHERE)
    for name, sender in _each_fact_back(now.flow.sender, was.flow.sender):
        tried[name] = _Tried(again(flow=replace(now.flow, sender=sender)), _EVERYWHERE)
    if before.at_cut_off != after.at_cut_off:
        tried["at_cut_off"] = _Tried(again(closed=before.at_cut_off), _EVERYWHERE)
    return _named(tried, old, _cells(table, persons, now_facts.categories))


def _causes_of_staying(table: Changed, before: Grounds, after: Grounds) -> tuple[tuple[str, ...], ...]:
    persons = np.unique(table.customers)
    was = _remains_now(before).part(_places(before, persons))
    now = _remains_now(after).part(_places(after, persons))
    old = judge_remains(was, before.sender, at_cut_off=before.at_cut_off)
    tried = {
        name: _Tried(judge_remains(remains, after.sender, at_cut_off=after.at_cut_off), differs)
        for name, remains, differs in _each_column_back(now, was, len(persons))
    }
    for name, sender in _each_fact_back(after.sender, before.sender):
        tried[name] = _Tried(judge_remains(now, sender, at_cut_off=after.at_cut_off), _EVERYWHERE)
    if before.at_cut_off != after.at_cut_off:
        tried["at_cut_off"] = _Tried(judge_remains(now, after.sender, at_cut_off=before.at_cut_off), _EVERYWHERE)
    return _named(tried, old, _cells(table, persons, now.categories))


_EVERYWHERE: Flags = np.ones((1, 1), dtype=np.bool_)


def _items(facts: Facts) -> tuple[list[int], list[int], list[int]]:
    return facts.shared.person.tolist(), facts.shared.category.tolist(), facts.shared.other.tolist()


def _remains_now(grounds: Grounds) -> Remains:
    return remains_after(grounds, decide_all(grounds).flows)


def _cells(
    table: Changed, persons: npt.NDArray[np.int64], categories: tuple[str, ...]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    columns = np.array([categories.index(name) for name in table.categories], dtype=np.int64)
    return np.searchsorted(persons, table.customers).astype(np.int64), columns


def _each_column_back(now: Columns, was: Columns, count: int) -> Iterator[tuple[str, Columns, Flags]]:
    """For each column that differs: its name, the new ones with it as it was, and where it differs.

    `count` persons stand first in both; whoever stands with them in an item is put back too where they are the same.
    """
    count = len(now) if len(now) == len(was) else count
    names = [name for name in now.categories if name in was.categories]
    to, of = [now.categories.index(name) for name in names], [was.categories.index(name) for name in names]
    for column in (each for each in fields(now) if "dtype" in each.metadata):
        new, old = getattr(now, column.name), getattr(was, column.name)
        mended = np.array(new)
        if column.metadata["cell"]:
            mended[np.ix_(range(count), to)] = old[:count][:, of]
        else:
            mended[:count] = old[:count]
        differs = _differ(mended, new)
        if differs.any():
            put_back: dict[str, Any] = {column.name: mended}
            yield column.name, replace(now, **put_back), differs if differs.ndim > 1 else differs[:, None]


def _differ(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> Flags:
    apart: Flags = one != other
    if one.dtype.kind == "M":
        apart &= ~(np.isnat(one) & np.isnat(other))
    return apart


def _each_fact_back(now: Any, was: Any, *, without: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for each in fields(now):
        if each.name not in without and getattr(now, each.name) != getattr(was, each.name):
            put_back: dict[str, Any] = {each.name: getattr(was, each.name)}
            yield each.name, replace(now, **put_back)


def _named(
    tried: Mapping[str, _Tried], old: Decisions, cells: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
) -> tuple[tuple[str, ...], ...]:
    """The facts that alone bring the old answer back; where none does, all that differ for the cell."""
    brings_back = {name: _same_answer(each.decided, old, cells) for name, each in tried.items()}
    differs = {name: np.broadcast_to(each.differs, each.decided.outcome.shape)[cells] for name, each in tried.items()}
    return tuple(
        tuple(name for name, back in brings_back.items() if back[place])
        or tuple(name for name, apart in differs.items() if apart[place])
        for place in range(len(cells[0]))
    )


def _same_answer(
    now: Decisions, old: Decisions, cells: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
) -> npt.NDArray[np.bool_]:
    at = np.array([old.categories.index(now.categories[column]) for column in cells[1].tolist()], dtype=np.int64)
    there = (cells[0], at)
    same: npt.NDArray[np.bool_] = now.outcome[cells] == old.outcome[there]
    return same & (now.row[cells] == old.row[there])
