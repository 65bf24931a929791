"""Reads the bones of a delimited file, byte by byte and in flat memory: records, columns, quotes, lengths.

The same rules as the reader that follows it: a quote counts only at a field's start; CR, LF and CRLF end a record
outside quotes; an empty line is no record. So what this pass accepts, the reader reads, and row numbers agree.
"""

# mypy: allow-untyped-defs
# ruff: noqa: PLR1714
from dataclasses import dataclass, field

import numpy as np

from shouxin.ground.rulebook.identifiers.scanner import compiled

_MODE, _COLUMN, _RECORDS, _FIELD, _RECORD, _LONGEST, _AFTER_CR, _LINES, _EXPECTED, _RAGGED, _OPENED = range(11)
_STATE_SIZE = 11
_START, _PLAIN, _QUOTED, _CLOSING = range(4)
_KEPT = 20
NUL, TOO_LONG = 1, 2


@compiled
def _walk(data, state, ragged, delimiter, limit):
    """Walk one chunk; (0, size) or (trouble, place of the byte)."""
    mode, column, records, length, record = state[0], state[1], state[2], state[3], state[4]
    for k in range(data.size):
        byte = data[k]
        if byte == 0:
            trouble = 1
            break
        ends = (byte == 10 or byte == 13) and mode != 2
        if byte == 10 and state[6]:
            state[6] = 0
            if mode != 2:
                continue
        else:
            state[6] = byte == 13
            state[7] += byte == 13 or byte == 10
        if ends:
            if mode == 0 and column == 0 and record == 0:
                continue
            records += 1
            column += 1
            if state[8] == 0:
                state[8] = column
            elif column != state[8]:
                if state[9] < ragged.shape[0]:
                    ragged[state[9], 0] = records
                    ragged[state[9], 1] = state[7]
                    ragged[state[9], 2] = column
                state[9] += 1
            state[5] = max(state[5], record)
            mode, column, length, record = 0, 0, 0, 0
            continue
        record += 1
        if mode == 2:
            if byte == 34:
                mode = 3
            else:
                length += 1
        elif byte == delimiter:
            mode = 0
            column += 1
            length = 0
        elif byte == 34 and mode == 0:
            mode = 2
            state[10] = records + 1
        elif byte == 34 and mode == 3:
            mode = 2
            length += 1
        else:
            mode = 1
            length += 1
        if length > limit:
            trouble = 2
            break
    else:
        trouble = 0
        k = data.size
    state[0], state[1], state[2], state[3], state[4] = mode, column, records, length, record
    return trouble, k


@dataclass
class Structure:
    """The walk's state over a file's chunks. Rows count from 1, the header being row 1; lines are physical."""

    delimiter: int
    limit: int
    _state: np.ndarray = field(default_factory=lambda: np.zeros(_STATE_SIZE, np.int64))
    _ragged: np.ndarray = field(default_factory=lambda: np.zeros((_KEPT, 3), np.int64))

    def feed(self, chunk: bytes) -> int:
        """Walk a chunk; 0, or the trouble found (`NUL`, `TOO_LONG`), after which nothing more may be fed."""
        data = np.frombuffer(chunk, np.uint8)
        if not data.size:
            return 0
        trouble, _ = _walk(data, self._state, self._ragged, self.delimiter, self.limit)
        return int(trouble)

    def finish(self) -> None:
        """End a last record that has no line end."""
        if self._state[_RECORD] and not self.has_open_quote:
            self.feed(b"\n")

    @property
    def has_open_quote(self) -> bool:
        return bool(self._state[_MODE] == _QUOTED)

    @property
    def records(self) -> int:
        return int(self._state[_RECORDS])

    @property
    def row(self) -> int:
        return self.records + 1

    @property
    def column(self) -> int:
        return int(self._state[_COLUMN]) + 1

    @property
    def line(self) -> int:
        return int(self._state[_LINES]) + 1

    @property
    def opened_at(self) -> int:
        return int(self._state[_OPENED])

    @property
    def columns(self) -> int:
        return int(self._state[_EXPECTED])

    @property
    def longest(self) -> int:
        return int(self._state[_LONGEST])

    @property
    def ragged_count(self) -> int:
        return int(self._state[_RAGGED])

    @property
    def ragged(self) -> list[tuple[int, int, int]]:
        """(row, line, columns found) of the first ragged rows."""
        return [(int(row), int(line), int(found)) for row, line, found in self._ragged[: min(self.ragged_count, _KEPT)]]
