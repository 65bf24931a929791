"""Runs a plan on this machine: one pass, batch by batch, in flat memory, always in the same order.

A batch of people holds what `duties` and the vault need and nothing of the plan: cleaned fields, keys for the blind
index, facts for the gates, and row numbers as the file's owner counts them. `next_row` is where to go on after it.

    for batch in run(plan, as_of=date(2026, 1, 1)):
        batch.values["name"], batch.keys[0].values, batch.facts["age_band"], batch.rows
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
import pyarrow as pa

from shouxin.engine.kernels import FieldFault, clean_fields, empty_rows, facts_of, fault_counts, fields_of
from shouxin.engine.plan import Join, Plan, check_plan
from shouxin.engine.sources import BATCH_ROWS, Source, open_source
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook.quality import KeyColumn, person_keys

_WORKED_ROWS = 65_536  # cleaned at a time: preparing the patterns costs as much as cleaning 10,000 rows


@dataclass(frozen=True, repr=False)
class RowFault:
    """A fault code of one field and the row numbers it is true of, as the file's owner counts them. No values."""

    field: str
    code: str
    rows: tuple[int, ...]

    def __repr__(self) -> str:
        return f"RowFault({self.field!r}, {self.code!r}, rows={len(self.rows)})"


@dataclass(frozen=True, repr=False)
class PersonBatch:
    """Rows of one batch as people; `values`, `facts` and every key have one line per entry of `rows`."""

    table: str
    system: str
    first_row: int
    next_row: int
    rows: np.ndarray
    """Row numbers: the header of a file is row 1, a database's first row is row 1."""
    values: pl.DataFrame
    """Cleaned text by field id; what is empty is null."""
    keys: tuple[KeyColumn, ...]
    """Exact keys, strongest first; the vault makes blind indexes of them."""
    facts: pl.DataFrame
    """person_kind, age_band, dead, language, has_phone, has_email, has_address, has_guardian_phone, prepaid, keys_held,
    free_text_names_others, last_purchase_on, faults."""
    faults: tuple[RowFault, ...]

    def __len__(self) -> int:
        return int(self.rows.size)

    def __repr__(self) -> str:
        return f"PersonBatch({self.table!r}, rows {self.first_row}–{self.next_row}, {len(self)} people)"


def run(
    plan: Plan, *, as_of: date, batch_size: int = BATCH_ROWS, start_row: int = 0, source: Source | None = None
) -> Iterator[PersonBatch]:
    """The table's rows from `start_row` (0: the first data row) as batches of people.

    The same plan, source and `start_row` at a batch's edge give the same batches. Raises:
        Refusal("plan.does_not_fit"), Refusal("plan.join_not_unique"), and what opening the source refuses.
    """
    opened = open_source(plan.source) if source is None else source
    check_plan(plan, opened)
    parents = [_parent(opened, join) for join in plan.joins]
    columns = list(dict.fromkeys([*plan.mapping, *(join.column for join in plan.joins)]))
    row, together = start_row, batch_size * max(1, _WORKED_ROWS // batch_size)
    for batch in opened.batches(plan.table, columns=columns, size=together, start_row=start_row):
        people = _people(plan, batch, parents, row=row, row_base=opened.row_base, as_of=as_of)
        yield from _slices(people, size=batch_size, row_base=opened.row_base)
        row += batch.num_rows


def _slices(people: PersonBatch, *, size: int, row_base: int) -> Iterator[PersonBatch]:
    """The same people in batches of `size` source rows; every row was judged by itself, so the cuts change nothing."""
    for first in range(people.first_row, people.next_row, size):
        after = min(first + size, people.next_row)
        low, high = np.searchsorted(people.rows, [first + row_base, after + row_base]).tolist()
        faults = [_within(fault, first + row_base, after + row_base) for fault in people.faults]
        yield PersonBatch(
            table=people.table,
            system=people.system,
            first_row=first,
            next_row=after,
            rows=people.rows[low:high],
            values=people.values[low:high],
            keys=tuple(KeyColumn(key.kind, key.strength, key.values[low:high]) for key in people.keys),
            facts=people.facts[low:high],
            faults=tuple(fault for fault in faults if fault.rows),
        )


def _within(fault: RowFault, start: int, stop: int) -> RowFault:
    low, high = bisect_left(fault.rows, start), bisect_left(fault.rows, stop)
    return RowFault(fault.field, fault.code, fault.rows[low:high])


def _people(
    plan: Plan, batch: pa.RecordBatch, parents: list[pl.DataFrame], *, row: int, row_base: int, as_of: date
) -> PersonBatch:
    frame = pl.DataFrame(pl.from_arrow(batch))
    raw, orphans = _with_parents(plan, frame, parents)
    vacant = empty_rows(raw, plan.mapping)
    kept = np.setdiff1d(np.arange(batch.num_rows), vacant, assume_unique=True)
    numbers = np.arange(row + row_base, row + row_base + batch.num_rows)
    values, faults = clean_fields(raw[kept])
    facts = facts_of(values, as_of=as_of, person_kind=plan.person_kind)
    told = [*_numbered(faults, numbers[kept]), *_marked("", "row_empty", numbers[vacant])]
    told += _marked("", "orphan", numbers[orphans])
    return PersonBatch(
        table=plan.table,
        system=plan.system,
        first_row=row,
        next_row=row + batch.num_rows,
        rows=numbers[kept],
        values=values,
        keys=person_keys({name: values[name] for name in values.columns}, system=plan.system),
        facts=facts.with_columns(fault_counts(faults, values.height)),
        faults=tuple(told),
    )


def _numbered(faults: tuple[FieldFault, ...], numbers: np.ndarray) -> list[RowFault]:
    return [RowFault(fault.field, fault.code, tuple(numbers[fault.rows].tolist())) for fault in faults]


def _marked(name: str, code: str, rows: np.ndarray) -> list[RowFault]:
    return [RowFault(name, code, tuple(rows.tolist()))] if rows.size else []


def _parent(source: Source, join: Join) -> pl.DataFrame:
    """The parent's key and the fields it brings; kept in memory for the whole run."""
    columns = list(dict.fromkeys([join.parent_column, *join.brings]))
    batches = [pl.DataFrame(pl.from_arrow(batch)) for batch in source.batches(join.table, columns=columns)]
    empty = pl.DataFrame({name: pl.Series([], dtype=pl.String) for name in columns})
    frame = pl.concat([empty, *batches]).filter(pl.col(join.parent_column).is_not_null())
    doubled = frame.height - frame[join.parent_column].n_unique()
    if doubled:
        facts = {"table": join.table, "column": join.parent_column, "count": doubled}
        raise Refusal("plan.join_not_unique", file=source.name, **facts)
    fields = fields_of(frame, join.brings, {})
    return fields.with_columns(frame[join.parent_column].alias(_KEY))


_KEY = "‹key›"


def _with_parents(plan: Plan, frame: pl.DataFrame, parents: list[pl.DataFrame]) -> tuple[pl.DataFrame, np.ndarray]:
    """(the row's fields, positions of rows whose parent is missing). What a row says itself goes before its parent."""
    raw = fields_of(frame, plan.mapping, plan.constants)
    orphaned = np.zeros(frame.height, np.bool_)
    for join, parent in zip(plan.joins, parents, strict=True):
        keys = frame.select(pl.col(join.column).alias(_KEY))
        brought = keys.join(parent.with_columns(found=pl.lit(value=True)), on=_KEY, how="left", maintain_order="left")
        orphaned |= (brought[_KEY].is_not_null() & brought["found"].is_null()).to_numpy()
        raw = _coalesced(raw, brought.drop(_KEY, "found"))
    return raw, np.flatnonzero(orphaned)


def _coalesced(raw: pl.DataFrame, brought: pl.DataFrame) -> pl.DataFrame:
    columns: Mapping[str, pl.Series] = {name: raw[name] for name in raw.columns}
    added = {
        name: brought[name]
        if name not in columns
        else columns[name].zip_with(columns[name].is_not_null(), brought[name])
        for name in brought.columns
    }
    return pl.DataFrame({**columns, **added})
