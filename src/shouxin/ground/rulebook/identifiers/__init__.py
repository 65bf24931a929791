"""Where personal identifiers stand in a text column: row, start, end, kind.

Lives here: the bulk finder over Arrow strings (`find`), its counts, and the check rules of single numbers (`checks`).
Not here: what a column *is* (see `classify`). A find of a weak kind (mobile, card, passport, date) is evidence only.
Start reading at `find`.
"""

import threading
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shouxin.ground.rulebook.identifiers import scanner
from shouxin.ground.rulebook.identifiers.scanner import KINDS

__all__ = ["KINDS", "STRONG_KINDS", "Spans", "TextColumn", "find", "text_column"]

STRONG_KINDS = frozenset({"id_no", "email", "uscc"})
_scratch = threading.local()


@dataclass(frozen=True, repr=False)
class TextColumn:
    """A text column as bytes: `data`, `offsets` (rows + 1) and `valid` (empty when nothing is null)."""

    data: np.ndarray
    offsets: np.ndarray
    valid: np.ndarray

    def __post_init__(self) -> None:
        """Read-only, whoever made them: a writable array is another type to the compiler, and all is compiled twice."""
        for array in (self.data, self.offsets, self.valid):
            array.flags.writeable = False

    @property
    def lengths(self) -> np.ndarray:
        """Bytes of each cell; 0 for null."""
        lengths = np.diff(self.offsets)
        return lengths * self.valid if self.valid.size else lengths


@dataclass(frozen=True, repr=False)
class Spans:
    """Finds in row order: byte offsets inside the cell as written, and the kind's place in `KINDS`."""

    rows: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    kinds: np.ndarray

    def __len__(self) -> int:
        return self.rows.size

    def __repr__(self) -> str:
        return f"Spans({len(self)})"

    def of_kind(self, *names: str) -> "Spans":
        """The finds of these kinds only."""
        keep = np.isin(self.kinds, [KINDS.index(name) for name in names])
        return Spans(self.rows[keep], self.starts[keep], self.ends[keep], self.kinds[keep])

    def counts(self) -> dict[str, int]:
        """Finds per kind, kinds without a find left out."""
        totals = np.bincount(self.kinds, minlength=len(KINDS))
        return {name: int(total) for name, total in zip(KINDS, totals, strict=True) if total}


def text_column(column: pa.Array | pa.ChunkedArray) -> TextColumn:
    """The bytes of an Arrow column of text: string, large_string, string_view, dictionary, sliced, with nulls.

    Raises TypeError for a column that is not text: numbers must have been read as text, or digits are already lost.
    """
    array = _one_array(column)
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_null(array.type):
        array = array.cast(pa.large_string())
    if not (pa.types.is_string(array.type) or pa.types.is_large_string(array.type)):
        if not pa.types.is_string_view(array.type):
            raise TypeError(f"not a text column: {array.type}")
        array = array.cast(pa.large_string())
    width = np.int32 if pa.types.is_string(array.type) else np.int64
    _, bounds, values = array.buffers()
    if not len(array) or bounds is None:
        return TextColumn(np.empty(0, np.uint8), np.zeros(len(array) + 1, np.int64), np.empty(0, np.uint8))
    offsets = np.frombuffer(bounds, width)[array.offset : array.offset + len(array) + 1].astype(np.int64)
    data = np.frombuffer(values, np.uint8) if values is not None else np.empty(0, np.uint8)
    data = data[offsets[0] : offsets[-1]]  # the slice's own bytes: a small slice must not pay for the whole buffer
    return TextColumn(data, offsets - offsets[0], _validity(array))


def find(column: pa.Array | pa.ChunkedArray | TextColumn) -> Spans:
    """Every identifier in the column, never across cells; full-width digits count as digits.

    Identity numbers by GB 11643 (check and date), credit codes by GB 32100, cards by Luhn, issuer and length.
    Raises TypeError when the column is not text.
    """
    cells = column if isinstance(column, TextColumn) else text_column(column)
    if not scanner.has_wide(cells.data):
        return _scan(cells)
    folded = _fold(cells)
    spans = _scan(folded)
    scanner.widen(cells.data, cells.offsets, spans.rows, spans.starts, spans.ends)
    return spans


def load() -> None:
    """Bring the compiled code into memory now instead of with the first column: for a process that waits for work."""
    find(pa.array(["１"]))


def _one_array(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    if not isinstance(column, pa.ChunkedArray):
        return column
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _validity(array: pa.Array) -> np.ndarray:
    if not array.null_count:
        return np.empty(0, np.uint8)
    return pc.cast(pc.is_valid(array), pa.uint8()).to_numpy(zero_copy_only=False)


def _fold(cells: TextColumn) -> TextColumn:
    out = np.empty(cells.data.size, np.uint8)
    bounds = np.empty(cells.offsets.size, np.int64)
    scanner.fold_width(cells.data, cells.offsets, cells.valid, out, bounds)
    return TextColumn(out[: bounds[-1]], bounds, cells.valid)


def _scan(cells: TextColumn) -> Spans:
    """One pass with this thread's own output; fresh pages for every call cost more than the second thread brings."""
    outputs = _outputs(max(1024, 2 * (cells.offsets.size - 1)))
    rows = cells.offsets.size - 1
    found, row = scanner.scan(cells.data, cells.offsets, cells.valid, 0, 0, *outputs)
    while row < rows:
        outputs = _grown(outputs, found)
        found, row = scanner.scan(cells.data, cells.offsets, cells.valid, row, found, *outputs)
    return Spans(*(output[:found].copy() for output in outputs))


def _outputs(size: int) -> tuple[np.ndarray, ...]:
    outputs = getattr(_scratch, "outputs", None)
    if outputs is None or outputs[0].size < size:
        outputs = tuple(np.empty(size, np.uint8 if place == 3 else np.int32) for place in range(4))
        _scratch.outputs = outputs
    return outputs


def _grown(outputs: tuple[np.ndarray, ...], kept: int) -> tuple[np.ndarray, ...]:
    larger = _outputs(2 * outputs[0].size)
    for before, after in zip(outputs, larger, strict=True):
        after[:kept] = before[:kept]
    return larger
