"""What every source offers: tables of text in batches, row numbers as its owner counts them, and a digest."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pyarrow as pa

BATCH_ROWS = 8192
FIELD_LIMIT = 16 * 2**20
"""Bytes one cell may hold. A longer one is a broken file or an attack, and no customer's name."""


@dataclass(frozen=True)
class Link:
    """A foreign key: `column` holds values of `parent_column` in `table`."""

    column: str
    table: str
    parent_column: str


@dataclass(frozen=True)
class TableInfo:
    """A table or sheet: its name, how many data rows it has (None: not known without reading), its columns."""

    name: str
    rows: int | None
    columns: tuple[str, ...]
    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class SourceFinding:
    """Something about the file that its owner should know and that does not stop the reading. No cell values."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)


class Source(Protocol):
    """An opened source. Opening has looked at the whole file: what cannot be read whole is refused there."""

    kind: str
    name: str
    row_base: int
    """Number of the first data row: 2 where a header is row 1, else 1."""

    def tables(self) -> list[TableInfo]:
        """The tables in the source's own order."""
        ...

    def batches(
        self, table: str, *, columns: Sequence[str] | None = None, size: int = BATCH_ROWS, start_row: int = 0
    ) -> Iterator[pa.RecordBatch]:
        """The rows from `start_row` (0 is the first data row), text columns, empty cells null, in a fixed order."""
        ...

    def digest(self) -> str:
        """SHA-256 of the file, or of all tables' rows in their order; hex."""
        ...

    def findings(self) -> tuple[SourceFinding, ...]:
        """What opening noticed."""
        ...


def rebatched(batches: Iterable[pa.RecordBatch], *, size: int, start_row: int) -> Iterator[pa.RecordBatch]:
    """The same rows from `start_row` on, cut into batches of exactly `size` (the last one may be shorter)."""
    to_skip, held, count = start_row, [], 0
    for batch in batches:
        skipped = min(to_skip, batch.num_rows)
        to_skip -= skipped
        part = batch.slice(skipped)
        while part.num_rows:
            taken = part.slice(0, size - count)
            held.append(taken)
            count += taken.num_rows
            part = part.slice(taken.num_rows)
            if count == size:
                yield _joined(held)
                held, count = [], 0
    if held:
        yield _joined(held)


def _joined(parts: list[pa.RecordBatch]) -> pa.RecordBatch:
    return parts[0] if len(parts) == 1 else pa.concat_batches(parts)
