"""A package is verified whole before a row of it is handed out; it is read again, never unpacked to a disk."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shouxin.ground.formats.package import layout, ustar
from shouxin.ground.formats.package.age import Ciphertext, Opener, Part, check_ciphertext, check_header
from shouxin.ground.formats.package.building import ROWS_PER_FILE
from shouxin.ground.formats.package.layout import Buckets, Letter, TableFacts
from shouxin.ground.formats.roots import TableRoots, TableShape, Tagger, bucket_numbers
from shouxin.ground.kernel.refusals import Corrupt, Refusal

UNPACKED_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class Expected:
    """What the PACKAGE message says about the package, which the package must repeat."""

    tid: str
    seq: int
    sender: str
    receiver: str
    nonce: str
    epoch: int
    covers: Buckets | None
    ciphertext: Ciphertext
    tables: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of_message(cls, predicate: Mapping[str, Any]) -> "Expected":
        """From the predicate of a verified PACKAGE message."""
        parts = tuple(Part(name=each["name"], size=each["size"], digest=each["digest"]) for each in predicate["parts"])
        covers = predicate["covers"]
        return cls(
            tid=predicate["tid"],
            seq=predicate["seq"],
            sender=predicate["from"],
            receiver=predicate["to"],
            nonce=predicate["nonce"],
            epoch=predicate["epoch"],
            covers=None if covers is None else {name: tuple(numbers) for name, numbers in covers.items()},
            ciphertext=Ciphertext(digest=predicate["digest"], size=predicate["size"], parts=parts),
            tables=predicate["tables"],
        )


@dataclass(frozen=True)
class OpenedPackage:
    """A verified package: its letter, its tables, and the rows on request."""

    letter: Letter
    tables: Mapping[str, TableFacts]
    _paths: tuple[Path, ...] = field(repr=False)
    _secret: str = field(repr=False)
    _digests: Mapping[str, str] = field(repr=False)

    def read(self) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Every row, table by table in the order of their names.

        Raises:
            Corrupt: the files were exchanged since they were verified, or hold rows that cannot be read.
        """
        with Opener(self._paths, self._secret) as source:
            for path, raw in ustar.entries(source, self.letter.tid):
                found = layout.ROWS_FILE.match(path)
                if found is None:
                    continue
                if hashlib.sha256(raw).hexdigest() != self._digests.get(path):
                    raise Corrupt("rows with another digest", path)
                for batch in _decode(raw, self.tables[found[1]].shape, path):
                    yield found[1], batch

    def batches(self, table: str) -> Iterator[pa.RecordBatch]:
        """The rows of one table.

        Raises:
            Refusal("package.no_table"); Corrupt as `read`.
        """
        if table not in self.tables:
            raise Refusal("package.no_table", table=table)
        return (batch for name, batch in self.read() if name == table)

    def recompute(self) -> dict[str, TableRoots]:
        """The roots of the rows in this package, under the letter's key, in the sender's number of buckets.

        Raises:
            Corrupt: of a whole package, the rows do not come to the totals; of a re-send, a row of another bucket.
        """
        taggers = {name: Tagger(self.letter.key, facts.shape) for name, facts in self.tables.items()}
        for name, batch in self.read():
            self._check_covered(name, taggers[name].add(batch))
        found = {name: taggers[name].roots(facts.buckets) for name, facts in self.tables.items()}
        for name, facts in self.tables.items():
            if self.letter.covers is None and (found[name].root, found[name].rows) != (facts.root, facts.rows):
                raise Corrupt("rows that do not come to their root", name)
        return found

    def _check_covered(self, name: str, tags: np.ndarray) -> None:
        if self.letter.covers is None:
            return
        numbers = bucket_numbers(tags, self.tables[name].buckets)
        if not np.isin(numbers, self.letter.covers.get(name, ())).all():
            raise Corrupt("a row of a bucket that was not asked for", name)


def open_package(paths: Sequence[Path], *, identity: str, expected: Expected) -> OpenedPackage:
    """Verify the whole package; `paths` are its parts in order, `identity` the age secret.

    Raises:
        Refusal("transfer.cannot_open"): the right bytes, another key; Refusal("transfer.manifest_mismatch"): it does
        not repeat the message; Corrupt: any byte is not what it must be, with the place.
    """
    check_ciphertext(paths, expected.ciphertext)
    check_header(paths)
    seen = _Seen()
    with Opener(paths, identity) as source:
        try:
            for path, raw in ustar.entries(source, expected.tid):
                seen.take(path, raw, expected)
        except Refusal as error:
            if error.code == "transfer.cannot_open":
                raise Refusal("transfer.cannot_open", digest=expected.ciphertext.digest) from error
            raise
    tables = seen.finish()
    _check_tables(tables, expected)
    return OpenedPackage(
        letter=seen.letter(),
        tables=tables,
        _paths=tuple(paths),
        _secret=identity,
        _digests={path: value for path, value in seen.payload if layout.ROWS_FILE.match(path)},
    )


class _Seen:
    """What one pass over the archive met."""

    def __init__(self) -> None:
        self.payload: list[tuple[str, str]] = []
        self._order: list[str] = []
        self._tags: list[tuple[str, str]] = []
        self._texts: dict[str, bytes] = {}
        self._rows: dict[str, tuple[int, tuple[str, ...]]] = {}
        self._bytes = 0

    def take(self, path: str, raw: bytes, expected: Expected) -> None:
        self._order.append(path)
        if self._order[:2] != ["bagit.txt", layout.LETTER][: len(self._order)]:
            raise Corrupt("entry out of order", path if path.isprintable() else "package")
        if path == layout.LETTER:
            _check_letter(layout.read_letter(raw), expected)
        value = hashlib.sha256(raw).hexdigest()
        if path.startswith("data/"):
            self.payload.append((path, value))
            self._bytes += len(raw)
        elif path != layout.TAG_MANIFEST:
            self._tags.append((path, value))
        if layout.ROWS_FILE.match(path):
            self._rows[path] = _measure(raw, path)
        elif path in _TEXTS and path not in self._texts:
            self._texts[path] = raw
        else:
            raise Corrupt("entry that does not belong here", "package")

    def letter(self) -> Letter:
        return layout.read_letter(self._texts[layout.LETTER])

    def finish(self) -> dict[str, TableFacts]:
        missing = [path for path in _TEXTS if path not in self._texts]
        if missing:
            raise Corrupt("entry that is missing", missing[0])
        tables = layout.read_tables(self._texts[layout.TABLES])
        if self._order != layout.entry_order(tables):
            raise Corrupt("entries that are missing, doubled or out of order", "package")
        letter = self.letter()
        wanted = {
            "bagit.txt": layout.BAGIT,
            layout.DESCRIPTION: layout.description(letter, tables),
            layout.MANIFEST: layout.manifest(self.payload),
            layout.BAG_INFO: layout.bag_info(letter.tid, self._bytes, len(self.payload)),
            layout.TAG_MANIFEST: layout.manifest(self._tags),
        }
        for path, raw in wanted.items():
            if self._texts[path] != raw:
                raise Corrupt("document that does not fit the others", path)
        for name, facts in tables.items():
            self._check_rows(name, facts)
        return tables

    def _check_rows(self, name: str, facts: TableFacts) -> None:
        paths = [layout.rows_path(name, number) for number in range(facts.files)]
        if sum(self._rows[path][0] for path in paths) != facts.held:
            raise Corrupt("rows that are missing or too many", name)
        if any(self._rows[path][1] != facts.shape.names for path in paths):
            raise Corrupt("other columns than the schema's", name)


_TEXTS = (
    *("bagit.txt", layout.LETTER, layout.TABLES, layout.DESCRIPTION),
    *(layout.MANIFEST, layout.BAG_INFO, layout.TAG_MANIFEST),
)


def _check_letter(letter: Letter, expected: Expected) -> None:
    said = (letter.tid, letter.seq, letter.sender, letter.receiver, letter.nonce, letter.epoch, letter.covers)
    wanted = (expected.tid, expected.seq, expected.sender, expected.receiver, expected.nonce, expected.epoch)
    names = ("tid", "seq", "from", "to", "nonce", "epoch", "covers")
    differs = [name for name, one, two in zip(names, said, (*wanted, expected.covers), strict=True) if one != two]
    if differs:
        raise Refusal("transfer.manifest_mismatch", differs=differs)


def _check_tables(tables: Mapping[str, TableFacts], expected: Expected) -> None:
    if {name: facts.to_message() for name, facts in tables.items()} != {k: dict(v) for k, v in expected.tables.items()}:
        raise Refusal("transfer.manifest_mismatch", differs=["tables"])


def _measure(raw: bytes, path: str) -> tuple[int, tuple[str, ...]]:
    """Rows and columns of a file of rows, from its footer; refuses what would unpack beyond the limits."""
    try:
        found = pq.read_metadata(pa.BufferReader(raw))
    except (pa.ArrowException, OSError) as error:
        raise Corrupt("rows that cannot be read", path) from error
    unpacked = sum(found.row_group(i).total_byte_size for i in range(found.num_row_groups))
    if found.num_rows > ROWS_PER_FILE or unpacked > UNPACKED_BYTES:
        raise Corrupt("file of rows beyond the limit", path)
    return found.num_rows, tuple(found.schema.column(i).path for i in range(found.num_columns))


def _decode(raw: bytes, shape: TableShape, path: str) -> list[pa.RecordBatch]:
    schema = pa.schema([(name, pa.string()) for name in shape.names])
    try:
        table = pq.read_table(pa.BufferReader(raw), use_threads=False)
        table.validate(full=True)
    except (pa.ArrowException, OSError) as error:
        raise Corrupt("rows that cannot be read", path) from error
    if table.schema.remove_metadata() != schema:
        raise Corrupt("other columns than the schema's", path)
    return table.replace_schema_metadata(None).to_batches()
