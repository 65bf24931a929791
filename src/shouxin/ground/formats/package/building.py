"""Rows go in batch by batch, ciphertext comes out in parts; between them only memory.

Order of the bag: letter, rows by table, totals, description, manifests: what is known last stands last, so that the
whole is one stream.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shouxin.ground.formats.package import layout, ustar
from shouxin.ground.formats.package.age import PART_SIZE, Ciphertext, Part, Sealer
from shouxin.ground.formats.package.layout import Letter, TableFacts
from shouxin.ground.formats.roots import TableRoots, TableShape, Tagger, bucket_numbers
from shouxin.ground.kernel.canonical import encode
from shouxin.ground.kernel.refusals import Refusal

ROWS_PER_FILE = 65_536
FILE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Rows:
    """One table to be packed: its shape and its rows in batches, read once."""

    shape: TableShape
    batches: Iterable[pa.RecordBatch] = field(repr=False)


@dataclass(frozen=True)
class PackageFacts:
    """What was sealed: digest, size and parts of the ciphertext, what each table comes to, and the tags (n × 32 bytes)
    of the rows that were given, in their order.
    """

    digest: str
    size: int
    parts: tuple[Part, ...]
    tables: Mapping[str, TableFacts]
    roots: Mapping[str, TableRoots] = field(repr=False)
    tags: Mapping[str, np.ndarray] = field(repr=False)


def build(
    *, tables: Sequence[Rows], letter: Letter, recipient: str, out: Path, part_size: int = PART_SIZE
) -> PackageFacts:
    """Seal all rows of the tables to one recipient.

    Raises:
        Refusal: "package.letter", "package.shape", "package.tables", "package.covers" (a re-send is `build_resend`),
        "roots.columns", "transfer.recipient_key", "package.taken". Nothing is left behind.
    """
    if letter.covers is not None:
        raise Refusal("package.covers")
    return _build(tables=tables, letter=letter, whole=None, recipient=recipient, out=out, part_size=part_size)


def build_resend(
    *,
    tables: Sequence[Rows],
    letter: Letter,
    whole: Mapping[str, TableRoots],
    recipient: str,
    out: Path,
    part_size: int = PART_SIZE,
) -> PackageFacts:
    """Seal only the rows of the buckets that the letter covers; `tables` and `whole` are those of the whole transfer.

    Raises:
        Refusal: as `build`; "package.covers": no buckets named or unknown ones; "package.rows_changed": the rows given
        do not come to `whole`.
    """
    covers = letter.covers or {}
    unknown = [name for name in covers if name not in whole or max(covers[name]) >= len(whole[name].buckets)]
    if not covers or unknown or {each.shape.name for each in tables} != set(whole):
        raise Refusal("package.covers", unknown=unknown)
    return _build(tables=tables, letter=letter, whole=whole, recipient=recipient, out=out, part_size=part_size)


def _build(
    *,
    tables: Sequence[Rows],
    letter: Letter,
    whole: Mapping[str, TableRoots] | None,
    recipient: str,
    out: Path,
    part_size: int,
) -> PackageFacts:
    layout.check_letter(letter)
    ordered = sorted(tables, key=lambda each: each.shape.name)
    names = [layout.check_shape(each.shape).name for each in ordered]
    if not 0 < len(names) <= layout.MOST_TABLES or len(set(names)) != len(names):
        raise Refusal("package.tables", count=len(names))
    with Sealer(out, recipient, part_size) as sealer:
        bag = Bag(sealer, letter.tid)
        bag.tag("bagit.txt", layout.BAGIT)
        bag.payload(layout.LETTER, letter.to_bytes())
        packed = {each.shape.name: _pack(bag, each, letter, whole) for each in ordered}
        facts = {name: each.facts for name, each in packed.items()}
        bag.payload(layout.TABLES, encode({name: each.to_plain() for name, each in facts.items()}))
        bag.payload(layout.DESCRIPTION, layout.description(letter, facts))
        bag.close()
        sealed = sealer.finish()
    return _facts(sealed, packed)


@dataclass(frozen=True)
class _Packed:
    """What became of one table."""

    facts: TableFacts
    roots: TableRoots
    tags: np.ndarray


def _facts(sealed: Ciphertext, packed: Mapping[str, _Packed]) -> PackageFacts:
    return PackageFacts(
        digest=sealed.digest,
        size=sealed.size,
        parts=sealed.parts,
        tables={name: each.facts for name, each in packed.items()},
        roots={name: each.roots for name, each in packed.items()},
        tags={name: each.tags for name, each in packed.items()},
    )


def _pack(bag: "Bag", rows: Rows, letter: Letter, whole: Mapping[str, TableRoots] | None) -> _Packed:
    shape, tagger = rows.shape, Tagger(letter.key, rows.shape)
    expected = None if whole is None else whole[shape.name]
    kept = _kept(rows.batches, tagger, expected, (letter.covers or {}).get(shape.name, ()))
    held, files = 0, 0
    for table in _files(kept, shape):
        bag.payload(layout.rows_path(shape.name, files), _parquet(table))
        held, files = held + table.num_rows, files + 1
    roots = tagger.roots(None if expected is None else len(expected.buckets))
    if expected is not None and roots != expected:
        raise Refusal("package.rows_changed", table=shape.name)
    facts = TableFacts(
        shape=shape, rows=roots.rows, buckets=len(roots.buckets), root=roots.root, held=held, files=files
    )
    return _Packed(facts, roots, tagger.tags)


def _kept(
    batches: Iterable[pa.RecordBatch], tagger: Tagger, expected: TableRoots | None, covers: tuple[int, ...]
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        tags = tagger.add(batch)
        if expected is None:
            yield batch
        else:
            yield batch.filter(pa.array(np.isin(bucket_numbers(tags, len(expected.buckets)), covers)))


def _files(batches: Iterable[pa.RecordBatch], shape: TableShape) -> Iterator[pa.Table]:
    """Tables of at most `ROWS_PER_FILE` rows whose file will be small enough; one empty table when there is no row."""
    schema = pa.schema([(name, pa.string()) for name in shape.names])
    waiting: list[pa.RecordBatch] = []
    rows, nothing = 0, True
    for batch in batches:
        plain = pa.RecordBatch.from_arrays([each.cast(pa.string()) for each in batch.columns], schema=schema)
        while rows + plain.num_rows >= ROWS_PER_FILE:
            room = ROWS_PER_FILE - rows
            yield from _small(pa.Table.from_batches([*waiting, plain.slice(0, room)], schema))
            plain, waiting, rows, nothing = plain.slice(room), [], 0, False
        if plain.num_rows:
            waiting, rows = [*waiting, plain], rows + plain.num_rows
    if waiting or nothing:
        yield from _small(pa.Table.from_batches(waiting, schema))


def _small(table: pa.Table) -> Iterator[pa.Table]:
    if table.nbytes <= FILE_BYTES or table.num_rows <= 1:
        yield table
        return
    half = table.num_rows // 2
    yield from _small(table.slice(0, half))
    yield from _small(table.slice(half))


def _parquet(table: pa.Table) -> memoryview:
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        compression="zstd",
        compression_level=1,
        store_schema=False,
        write_statistics=False,
        row_group_size=ROWS_PER_FILE,
    )
    return memoryview(sink.getvalue())


class Bag:
    """Writes entries in order and remembers their digests."""

    def __init__(self, sealer: Sealer, tid: str) -> None:
        self._sealer, self._tid = sealer, tid
        self._payload: list[tuple[str, str]] = []
        self._tags: list[tuple[str, str]] = []
        self._bytes = 0

    def payload(self, path: str, raw: bytes | memoryview) -> None:
        """An entry under `data/`; raises Refusal("package.row_too_large") beyond 64 MiB."""
        self._payload.append((path, self._entry(path, raw)))
        self._bytes += len(raw)

    def tag(self, path: str, raw: bytes) -> None:
        """One of the bag's own files."""
        self._tags.append((path, self._entry(path, raw)))

    def close(self) -> None:
        """Manifests and the end."""
        self.tag(layout.MANIFEST, layout.manifest(self._payload))
        self.tag(layout.BAG_INFO, layout.bag_info(self._tid, self._bytes, len(self._payload)))
        self._entry(layout.TAG_MANIFEST, layout.manifest(self._tags))
        self._sealer.write(ustar.END)

    def _entry(self, path: str, raw: bytes | memoryview) -> str:
        if len(raw) > ustar.MOST_BYTES:
            raise Refusal("package.row_too_large", entry=path)
        self._sealer.write(ustar.header(self._tid, path, len(raw)))
        self._sealer.write(raw)
        self._sealer.write(ustar.padding(len(raw)))
        return hashlib.sha256(raw).hexdigest()
