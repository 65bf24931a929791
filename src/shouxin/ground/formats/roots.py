"""What two companies can compare without showing a row: tags under a key that only they know, buckets, one root.

Page: docs/formats/roots.md. A row's tag is a keyed digest of its canonical bytes; a bucket's value covers its tags in
order, duplicates kept; the root covers the buckets. Who does not know the key learns nothing of a person.

tagger = Tagger(key, shape)
for batch in batches: tagger.add(batch)
roots = tagger.roots()
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shouxin.ground.kernel import merkle
from shouxin.ground.kernel.canonical import encode, row_bytes
from shouxin.ground.kernel.digests import derive, digest, keyed
from shouxin.ground.kernel.refusals import Corrupt, Refusal

LEAST_ROWS = 20
MOST_BUCKETS = 65536
TAG = 32
ROW_FORM = "row1"
_BUCKET_LABEL = b"SHOUXIN-BUCKET-1\x00"
_BLOCK = 64


@dataclass(frozen=True)
class Column:
    """One column: its field's id and the category of information it holds."""

    name: str
    category: str


@dataclass(frozen=True)
class TableShape:
    """A table as both sides know it: name, columns in order, and the column that holds the person's reference."""

    name: str
    columns: tuple[Column, ...]
    person: str

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names in order."""
        return tuple(column.name for column in self.columns)

    @property
    def digest(self) -> str:
        """The digest of the schema; another order or canonical form is another digest."""
        columns = [{"category": column.category, "name": column.name} for column in self.columns]
        return digest(encode({"columns": columns, "person": self.person, "row": ROW_FORM, "table": self.name}))


@dataclass(frozen=True)
class TableRoots:
    """What a table comes to under a key: rows, one value per bucket, the root over them, the schema it was read by."""

    table: str
    rows: int
    buckets: tuple[bytes, ...] = field(repr=False)
    root: bytes
    schema_digest: str


class Tagger:
    """Takes batches of one table and ends in its roots; holds 32 bytes per row, no value."""

    def __init__(self, key: bytes, shape: TableShape) -> None:
        """Raises Refusal("roots.key") for a key that is not 32 bytes."""
        if len(key) != TAG:
            raise Refusal("roots.key", bytes=len(key))
        self._shape = shape
        self._inner = hashlib.sha256(bytes(each ^ 0x36 for each in key.ljust(_BLOCK, b"\x00")))
        self._outer = hashlib.sha256(bytes(each ^ 0x5C for each in key.ljust(_BLOCK, b"\x00")))
        self._tags = bytearray()

    @property
    def rows(self) -> int:
        """How many rows were added."""
        return len(self._tags) // TAG

    @property
    def tags(self) -> np.ndarray:
        """The tags (n × 32 bytes) of all rows added, in their order."""
        return np.frombuffer(bytes(self._tags), np.uint8).reshape(-1, TAG)

    def take(self, tags: np.ndarray) -> None:
        """Count rows whose tags were computed before."""
        self._tags += tags.tobytes()

    def add(self, batch: pa.RecordBatch) -> np.ndarray:
        """The tags (n × 32 bytes) of a batch, which are kept for the roots.

        Raises:
            Refusal("roots.columns"): other columns than the shape's, or one that is not text.
        """
        tags = self._tag(row_bytes_of(batch, self._shape).to_pylist())
        self._tags += tags
        return np.frombuffer(tags, np.uint8).reshape(-1, TAG)

    def roots(self, buckets: int | None = None) -> TableRoots:
        """The roots of all rows added; `buckets` is given when another side fixed it.

        Raises:
            Corrupt: a number of buckets that is no power of two or beyond the limit.
        """
        tags = np.sort(np.frombuffer(bytes(self._tags), dtype=f"S{TAG}")) if self._tags else np.empty(0, f"S{TAG}")
        count = choose_buckets(tags) if buckets is None else check_buckets(buckets)
        values = _values(tags, count)
        return TableRoots(
            table=self._shape.name,
            rows=len(tags),
            buckets=values,
            root=root_of(values),
            schema_digest=self._shape.digest,
        )

    def _tag(self, rows: Iterable[bytes]) -> bytes:
        # HMAC (RFC 2104) with both padded keys hashed once: half the time of hmac.digest per row.
        inner_of, outer_of = self._inner.copy, self._outer.copy
        tags = []
        for row in rows:
            inner, outer = inner_of(), outer_of()
            inner.update(row)
            outer.update(inner.digest())
            tags.append(outer.digest())
        return b"".join(tags)


def table_roots(
    *, key: bytes, shape: TableShape, batches: Iterable[pa.RecordBatch], buckets: int | None = None
) -> TableRoots:
    """The roots of a table; raises what `Tagger` raises."""
    tagger = Tagger(key, shape)
    for batch in batches:
        tagger.add(batch)
    return tagger.roots(buckets)


def row_tag(key: bytes, values: Sequence[str | None]) -> bytes:
    """The tag of one row, values in the schema's order."""
    return keyed(key, row_bytes(values))


def person_tag(key: bytes, reference: str) -> bytes:
    """The tag of a person, by the reference the rows carry; under a key of its own, derived from the transfer's."""
    return person_tags(key, [reference])[0]


def person_tags(key: bytes, references: Iterable[str]) -> list[bytes]:
    """The tag of each person, in their order."""
    own = derive(key, "pit/v1/person")
    return [keyed(own, row_bytes([reference])) for reference in references]


def bucket_numbers(tags: np.ndarray, count: int) -> np.ndarray:
    """The bucket of each tag (n × 32 bytes): its first bits as a number."""
    check_buckets(count)
    head = tags[:, :4].astype(np.uint32)
    number = (head[:, 0] << 24) | (head[:, 1] << 16) | (head[:, 2] << 8) | head[:, 3]
    return number >> np.uint32(32 - (count.bit_length() - 1)) if count > 1 else np.zeros(len(tags), np.uint32)


def choose_buckets(sorted_tags: np.ndarray) -> int:
    """The largest power of two with which every bucket holds at least 20 rows; 1 when there is none."""
    count = min(MOST_BUCKETS, 1 << max(0, (len(sorted_tags) // LEAST_ROWS).bit_length() - 1))
    numbers = bucket_numbers(_as_rows(sorted_tags), count)
    held = np.bincount(numbers, minlength=count)
    while count > 1 and held.min() < LEAST_ROWS:
        held, count = held[0::2] + held[1::2], count // 2
    return count


def check_buckets(count: int) -> int:
    """The same number.

    Raises:
        Corrupt: no power of two, or beyond the limit.
    """
    if not 0 < count <= MOST_BUCKETS or count & (count - 1):
        raise Corrupt("number of buckets of a refused form", "roots")
    return count


def root_of(values: Sequence[bytes]) -> bytes:
    """The Merkle root over bucket values.

    Raises:
        Corrupt: a value that is not 32 bytes, or not a power of two of them.
    """
    check_buckets(len(values))
    if any(len(value) != TAG for value in values):
        raise Corrupt("bucket value of a wrong length", "roots")
    return merkle.root([merkle.leaf_hash(value) for value in values])


def compare(ours: TableRoots, theirs: TableRoots) -> tuple[int, ...]:
    """The numbers of the buckets that differ, in order.

    Raises:
        Corrupt: two tables that cannot be compared: other name, schema or number of buckets.
    """
    same = (ours.table, ours.schema_digest, len(ours.buckets)) == (
        theirs.table,
        theirs.schema_digest,
        len(theirs.buckets),
    )
    if not same:
        raise Corrupt("tables that cannot be compared", ours.table)
    return tuple(i for i, (one, two) in enumerate(zip(ours.buckets, theirs.buckets, strict=True)) if one != two)


def tags_root(tags: Iterable[bytes]) -> bytes:
    """The Merkle root over tags of persons in ascending order."""
    return merkle.root([merkle.leaf_hash(tag) for tag in sorted(tags)])


def row_bytes_of(batch: pa.RecordBatch, shape: TableShape) -> pa.BinaryArray:
    """Canonical row bytes of every row at once, equal to `canonical.row_bytes` of each.

    Raises:
        Refusal("roots.columns"): other columns than the shape's, or one that is not text.
    """
    if tuple(batch.schema.names) != shape.names or not all(_is_text(kind) for kind in batch.schema.types):
        raise Refusal("roots.columns", table=shape.name, expected=list(shape.names))
    if not shape.columns or not batch.num_rows:
        return pa.array([b"row1"] * batch.num_rows, pa.large_binary())
    parts: list[object] = [pa.scalar(b"row1", pa.large_binary())]
    for column in batch.columns:
        parts += _prefixed(_normalised(column.cast(pa.large_string())))
    return pc.binary_join_element_wise(*parts, pa.scalar(b"", pa.large_binary()))


def _prefixed(column: pa.LargeStringArray) -> list[pa.Array]:
    """Per value: `01` and the length, or `00` for null; then the bytes."""
    lengths = pc.fill_null(pc.binary_length(column), 0).to_numpy().astype(">u8")
    marked = np.empty((len(column), 9), np.uint8)
    marked[:, 0] = 1
    marked[:, 1:] = lengths.view(np.uint8).reshape(-1, 8)
    marks = pa.FixedSizeBinaryArray.from_buffers(pa.binary(9), len(column), [None, pa.py_buffer(marked)])
    marks = marks.cast(pa.large_binary())
    if column.null_count:
        marks = pc.if_else(pc.is_null(column), pa.scalar(b"\x00", pa.large_binary()), marks)
        column = pc.fill_null(column, "")
    return [marks, column.cast(pa.large_binary())]


def _normalised(column: pa.LargeStringArray) -> pa.LargeStringArray:
    """The column in NFC. Every part of a text in NFC is in NFC, so one look at all bytes mostly settles it."""
    offsets = np.frombuffer(column.buffers()[1], np.int64)[column.offset : column.offset + len(column) + 1]
    body = column.buffers()[2]
    text = str(body[int(offsets[0]) : int(offsets[-1])].to_pybytes(), "utf-8") if body is not None else ""
    if text.isascii() or unicodedata.is_normalized("NFC", text):
        return column
    values = (None if value is None else unicodedata.normalize("NFC", value) for value in column.to_pylist())
    return pa.array(values, pa.large_string())


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _as_rows(tags: np.ndarray) -> np.ndarray:
    return tags.view(np.uint8).reshape(-1, TAG)


def _values(sorted_tags: np.ndarray, count: int) -> tuple[bytes, ...]:
    numbers = bucket_numbers(_as_rows(sorted_tags), count)
    edges = np.searchsorted(numbers, np.arange(count + 1))
    raw = sorted_tags.tobytes()
    return tuple(
        hashlib.sha256(_BUCKET_LABEL + raw[edges[i] * TAG : edges[i + 1] * TAG]).digest() for i in range(count)
    )


def totals(roots: Mapping[str, TableRoots]) -> dict[str, dict[str, object]]:
    """Rows and root per table, as the messages of a transfer spell them."""
    return {name: {"root": each.root.hex(), "rows": each.rows} for name, each in roots.items()}
