"""Rows as columns of text: sealed values read many at once, persons' links as bytes and as text.

What is done to one row is done to all rows of a batch together; no row is a Python object of its own for longer than
reading takes.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shouxin.ground.kernel.refusals import Corrupt
from shouxin.stores.vault import services as vault

BATCH = 16_384
LINK = 16
LINK_TYPE = f"S{LINK}"
_MARK = b"p_"
_TEXT = len(_MARK) + 2 * LINK
_DIGIT = np.full(256, 255, np.uint8)
_DIGIT[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)
_NONE = np.zeros(0, LINK_TYPE)


def link_text(raw: bytes) -> str:
    """The link of sixteen bytes."""
    return _MARK.decode() + raw.hex()


def text_of_links(links: np.ndarray) -> pa.StringArray:
    """The links of a column of sixteen bytes each."""
    raw = np.ascontiguousarray(links, LINK_TYPE).view(np.uint8).tobytes()
    laid = np.empty((len(links), _TEXT), np.uint8)
    laid[:, : len(_MARK)] = np.frombuffer(_MARK, np.uint8)
    laid[:, len(_MARK) :] = np.frombuffer(raw.hex().encode(), np.uint8).reshape(len(links), 2 * LINK)
    ends = np.arange(len(links) + 1, dtype=np.int32) * _TEXT
    return pa.StringArray.from_buffers(len(links), pa.py_buffer(ends), pa.py_buffer(laid))


def links_of_text(column: pa.StringArray) -> np.ndarray:
    """The sixteen bytes of each link of a column.

    Raises:
        Corrupt: one is not a link.
    """
    lengths = pc.fill_null(pc.binary_length(column), 0).to_numpy(zero_copy_only=False)
    if not (lengths == _TEXT).all():
        raise Corrupt("person's link of a refused form", "package")
    _, ends, body = column.buffers()
    if not len(column) or body is None:
        return _NONE
    begin = int(np.frombuffer(ends, np.int32)[column.offset])
    laid = np.frombuffer(body, np.uint8)[begin : begin + len(column) * _TEXT].reshape(-1, _TEXT)
    digits = _DIGIT[laid[:, len(_MARK) :]]
    if (laid[:, : len(_MARK)] != np.frombuffer(_MARK, np.uint8)).any() or (digits > 15).any():
        raise Corrupt("person's link of a refused form", "package")
    return links_from((digits[:, 0::2] << 4 | digits[:, 1::2]).tobytes())


def links_from(raw: bytes) -> np.ndarray:
    """A column of links from its bytes in a row."""
    return np.frombuffer(raw, LINK_TYPE) if raw else _NONE


@dataclass(frozen=True, repr=False)
class Values:
    """The rows of many sealed values: how many each holds, their numbers, and the fields asked for. Never printed."""

    counts: np.ndarray
    numbers: np.ndarray
    fields: Mapping[str, pa.StringArray] = field(repr=False)

    def __repr__(self) -> str:
        return f"Values({len(self.numbers)}, ‹sealed›)"


def in_steps(opened: Iterable[vault.Opened]) -> Iterator[list[vault.Opened]]:
    """Opened values in steps of a bearable number of rows."""
    some: list[vault.Opened] = []
    rows = 0
    for each in opened:
        some.append(each)
        rows += each.rows
        if rows >= BATCH:
            yield some
            some, rows = [], 0
    if some:
        yield some


def read_values(opened: Sequence[vault.Opened], names: Sequence[str]) -> Values:
    """The rows of these values, in their order; a field that a row has not is null.

    Raises:
        Corrupt: one does not hold its rows of text fields.
    """
    shape = pa.struct([(name, pa.string()) for name in names])
    try:
        read = json.loads(b"[" + b",".join([each.value.raw for each in opened]) + b"]")
        rows = [row for each in read for row in each]
        numbers = np.array([row["n"] for row in rows], np.int64)
        fields = pa.array([row["f"] for row in rows], shape)
        counts = [len(each) for each in read]
    except (ValueError, KeyError, TypeError) as error:
        raise Corrupt("sealed value that does not hold rows", "record") from error
    if counts != [each.rows for each in opened] or fields.null_count:
        raise Corrupt("sealed value that does not hold rows", "record")
    return Values(np.array(counts, np.int64), numbers, dict(zip(names, fields.flatten(), strict=True)))
