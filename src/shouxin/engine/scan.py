"""What stands in a source: a verdict for every column from a spread sample, and counts from reading every row.

Rules:
- The verdict comes from up to 4,096 rows taken in blocks from start, middle and end; whether something is *there* comes
  from the full pass, which looks at every cell. A column called nothing in which identifiers were found says so.
- Who is under fourteen is counted over all rows, on the stated day (PIPL 28, 31).
- The report holds counts, codes, column names and masked samples; no value.

    scan("客户.xlsx", as_of=date(2026, 1, 1)).to_json()
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from shouxin.engine.sources import Link, Source, SourceFinding, TableInfo, open_source
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook.classify import NONE, SAMPLE_ROWS, ColumnVerdict, classify, person_kind_of
from shouxin.ground.rulebook.identifiers import STRONG_KINDS, find
from shouxin.ground.rulebook.quality import age_bands, birth_dates, clean

BATCH_ROWS = 65_536
_BLOCKS = 16
_THREADS = 2
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class ColumnScan:
    """A column's verdict, with what the full pass counted."""

    verdict: ColumnVerdict
    non_null: int
    finds: Mapping[str, int]
    """Identifier kind → how many stand in the column, alone in a cell or inside text."""

    @property
    def hides_identifiers(self) -> bool:
        """Identifiers with a check of their own stand in a column that was not taken for one of them."""
        return self.verdict.status == NONE and any(self.finds.get(kind) for kind in STRONG_KINDS)

    @property
    def free_text_spans(self) -> int:
        """Identifiers inside free text, dates left out."""
        return sum(count for kind, count in self.finds.items() if kind != "date") if self.verdict.is_free_text else 0


@dataclass(frozen=True)
class TableScan:
    """One table: rows, columns, and who it is about."""

    name: str
    rows: int
    columns: tuple[ColumnScan, ...]
    person_kind: str | None
    under_14: int
    under_14_from: tuple[str, ...]
    """The columns that ages were taken from; empty: ages are not known here."""
    links: tuple[Link, ...] = ()

    @property
    def verdicts(self) -> dict[str, ColumnVerdict]:
        """Verdicts by column."""
        return {column.verdict.column: column.verdict for column in self.columns}


@dataclass(frozen=True)
class ScanReport:
    """A scanned source. Names of files, tables and columns, counts, codes, masked samples; no value."""

    source: str
    kind: str
    digest: str
    as_of: date
    tables: tuple[TableScan, ...]
    findings: tuple[SourceFinding, ...]

    def table(self, name: str) -> TableScan:
        """The table of this name.

        Raises:
            Refusal("source.no_such_table").
        """
        for table in self.tables:
            if table.name == name:
                return table
        raise Refusal("source.no_such_table", file=self.source, table=name)

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        return {
            "source": self.source,
            "kind": self.kind,
            "digest": self.digest,
            "as_of": self.as_of.isoformat(),
            "tables": [_table_json(table) for table in self.tables],
            "findings": [{"code": finding.code, **finding.facts} for finding in self.findings],
        }


def scan(
    locator: str | Path,
    *,
    table: str | None = None,
    as_of: date,
    progress: Progress | None = None,
    source: Source | None = None,
) -> ScanReport:
    """Read every row of a source, or of one of its tables, and say what stands in it; `source` when it is open already.

    Raises:
        Refusal, Unavailable: as `sources.open_source`; Refusal("source.no_such_table").
    """
    source = open_source(locator) if source is None else source
    tables = [info for info in source.tables() if table is None or info.name == table]
    if table is not None and not tables:
        raise Refusal("source.no_such_table", file=source.name, table=table)
    scanned = tuple(_scan_table(source, info, as_of=as_of, progress=progress) for info in tables)
    return ScanReport(source.name, source.kind, source.digest(), as_of, scanned, source.findings())


def _scan_table(source: Source, info: TableInfo, *, as_of: date, progress: Progress | None) -> TableScan:
    counts = [(Counter[str](), Counter[str]()) for _ in info.columns]
    samples: list[pa.RecordBatch] = []
    rows = 0
    wanted = _blocks(info.rows or 0)
    with ThreadPoolExecutor(_THREADS) as pool:
        for batch in source.batches(info.name, size=BATCH_ROWS):
            for (finds, cells), counted in zip(counts, pool.map(_count, batch.columns), strict=True):
                finds.update(counted)
                cells["non_null"] += counted.pop("", 0)
                finds.pop("", None)
            samples += _cut(batch, rows, wanted)
            rows += batch.num_rows
            if progress:
                progress(f"scan:{info.name}", rows, info.rows or rows)
    verdicts = classify(_sample(info.columns, samples), table_name=info.name)
    columns = tuple(
        ColumnScan(verdict, cells["non_null"], dict(sorted(finds.items())))
        for verdict, (finds, cells) in zip(verdicts, counts, strict=True)
    )
    young, ages_from = _under_14(source, info.name, verdicts, as_of=as_of)
    return TableScan(info.name, rows, columns, person_kind_of(info.name, verdicts), young, ages_from, info.links)


def _count(column: pa.Array) -> dict[str, int]:
    """Finds by kind; the empty name counts the filled cells."""
    return {"": len(column) - column.null_count} | find(column).counts()


def _blocks(rows: int) -> list[tuple[int, int]]:
    """(start, stop) of the sampled blocks: first and last rows always, the others evenly between."""
    if rows <= SAMPLE_ROWS:
        return [(0, rows)]
    size = SAMPLE_ROWS // _BLOCKS
    last = rows - size
    return [(last * n // (_BLOCKS - 1), last * n // (_BLOCKS - 1) + size) for n in range(_BLOCKS)]


def _cut(batch: pa.RecordBatch, first: int, blocks: Sequence[tuple[int, int]]) -> Iterator[pa.RecordBatch]:
    stop = first + batch.num_rows
    for start, end in blocks:
        low, high = max(start, first), min(end, stop)
        if low < high:
            part = batch.slice(low - first, high - low)
            yield pa.RecordBatch.from_arrays([pa.concat_arrays([c]) for c in part.columns], names=part.schema.names)


def _sample(columns: tuple[str, ...], parts: list[pa.RecordBatch]) -> pa.Table:
    schema = pa.schema([(name, pa.string()) for name in columns])
    return pa.Table.from_batches(parts, schema) if parts else schema.empty_table()


def _under_14(
    source: Source, table: str, verdicts: Sequence[ColumnVerdict], *, as_of: date
) -> tuple[int, tuple[str, ...]]:
    """(rows of people under fourteen, columns that say so): identity number first, then date of birth."""
    chosen = {v.field: v.column for v in reversed(verdicts) if v.field in ("id_no", "birth_date") and v.status != NONE}
    if not chosen:
        return 0, ()
    young = 0
    for batch in source.batches(table, columns=list(chosen.values()), size=BATCH_ROWS):
        cleaned = {
            field: clean(field, pl.Series(pl.from_arrow(batch.column(column)))).values
            for field, column in chosen.items()
            if field
        }
        young += int((age_bands(birth_dates(cleaned), as_of=as_of) == "child").sum())
    return young, tuple(sorted(chosen.values()))


def _table_json(table: TableScan) -> dict[str, Any]:
    return {
        "name": table.name,
        "rows": table.rows,
        "person_kind": table.person_kind,
        "under_14": table.under_14,
        "under_14_from": list(table.under_14_from),
        "links": [asdict(link) for link in table.links],
        "columns": [_column_json(column) for column in table.columns],
    }


def _column_json(column: ColumnScan) -> dict[str, Any]:
    verdict = asdict(column.verdict)
    verdict["why"] = list(verdict["why"])
    return {
        **verdict,
        "non_null": column.non_null,
        "finds": dict(column.finds),
        "free_text_spans": column.free_text_spans,
        "hides_identifiers": column.hides_identifiers,
        "is_direct_identifier": column.verdict.is_direct_identifier,
    }
