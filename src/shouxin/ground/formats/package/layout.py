"""What stands in a package besides rows: the letter, the totals, the Frictionless description, the bag's own files."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shouxin.ground.formats.roots import Column, TableShape, check_buckets
from shouxin.ground.kernel.canonical import decode, encode
from shouxin.ground.kernel.ids import check_id
from shouxin.ground.kernel.refusals import Corrupt, Refusal

FORMAT = "shouxin-package-1"
BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
LETTER, TABLES, DESCRIPTION = "data/letter.json", "data/tables.json", "data/datapackage.json"
MANIFEST, BAG_INFO, TAG_MANIFEST = "manifest-sha256.txt", "bag-info.txt", "tagmanifest-sha256.txt"
MOST_TABLES = 200
TABLE_NAME = re.compile(r"^[a-z][a-z0-9_]{0,62}$")
ROWS_FILE = re.compile(r"^data/tables/([a-z][a-z0-9_]{0,62})/([0-9]{5})\.parquet$")
_DIGEST = re.compile(r"^sha256:[0-9a-f]{64}$")
_HEX = re.compile(r"^[0-9a-f]{64}$")

Buckets = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Letter:
    """The inner manifest: whose transfer, which message, under which terms, and the key of all tags."""

    tid: str
    seq: int
    sender: str
    receiver: str
    nonce: str
    epoch: int
    key: bytes = field(repr=False)
    categories: tuple[str, ...]
    legal_basis: str
    retention: Mapping[str, str]
    notice_root: str
    covers: Buckets | None = None

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        covers = None if self.covers is None else {name: list(held) for name, held in self.covers.items()}
        plain = {
            "categories": list(self.categories),
            "covers": covers,
            "epoch": self.epoch,
            "format": FORMAT,
            "from": self.sender,
            "key": self.key.hex(),
            "legal_basis": self.legal_basis,
            "nonce": self.nonce,
            "notice_root": self.notice_root,
            "retention": dict(self.retention),
            "seq": self.seq,
            "tid": self.tid,
            "to": self.receiver,
        }
        return encode(plain)


@dataclass(frozen=True)
class TableFacts:
    """One table of a package: its shape, the whole's rows, buckets and root, and what this package holds of it."""

    shape: TableShape
    rows: int
    buckets: int
    root: bytes
    held: int
    files: int

    def to_plain(self) -> dict[str, Any]:
        """As `data/tables.json` spells it."""
        return {
            "buckets": self.buckets,
            "columns": [{"category": each.category, "name": each.name} for each in self.shape.columns],
            "files": self.files,
            "held": self.held,
            "person": self.shape.person,
            "root": self.root.hex(),
            "rows": self.rows,
            "schema": self.shape.digest,
        }

    def to_message(self) -> dict[str, Any]:
        """As the PACKAGE message spells it."""
        return {"buckets": self.buckets, "root": self.root.hex(), "rows": self.rows, "schema": self.shape.digest}


def check_letter(letter: Letter) -> Letter:
    """The same letter.

    Raises:
        Refusal("package.letter"): a field that a reader would refuse.
    """
    try:
        read_letter(letter.to_bytes())
    except Corrupt as error:
        raise Refusal("package.letter", what=error.what) from error
    return letter


def read_letter(raw: bytes) -> Letter:
    """The letter of these bytes.

    Raises:
        Corrupt: fields missing, too many or of another form.
    """
    plain = decode(raw, where=LETTER)
    _check(isinstance(plain, dict) and set(plain) == _LETTER_FIELDS and plain["format"] == FORMAT, LETTER)
    try:
        check_id(plain["tid"], "tid")
    except (Refusal, TypeError) as error:
        raise Corrupt("letter of a refused form", LETTER) from error
    _check(_count(plain["seq"]) and plain["seq"] > 0 and _count(plain["epoch"]), LETTER)
    _check(all(_matches(_DIGEST, plain[name]) for name in ("from", "to", "notice_root")), LETTER)
    _check(all(_matches(_HEX, plain[name]) for name in ("key", "nonce")), LETTER)
    _check(_sorted_text(plain["categories"]) and isinstance(plain["legal_basis"], str), LETTER)
    retention = plain["retention"]
    _check(isinstance(retention, dict) and set(retention) <= set(plain["categories"]), LETTER)
    _check(all(isinstance(text, str) for text in retention.values()), LETTER)
    return Letter(
        tid=plain["tid"],
        seq=plain["seq"],
        sender=plain["from"],
        receiver=plain["to"],
        nonce=plain["nonce"],
        epoch=plain["epoch"],
        key=bytes.fromhex(plain["key"]),
        categories=tuple(plain["categories"]),
        legal_basis=plain["legal_basis"],
        retention=retention,
        notice_root=plain["notice_root"],
        covers=None if plain["covers"] is None else _read_covers(plain["covers"]),
    )


def read_tables(raw: bytes) -> dict[str, TableFacts]:
    """The totals of these bytes, by table.

    Raises:
        Corrupt: fields missing, too many or of another form; a schema digest that is not the columns'.
    """
    plain = decode(raw, where=TABLES)
    _check(isinstance(plain, dict) and 0 < len(plain) <= MOST_TABLES, TABLES)
    return {name: _read_table(name, each) for name, each in plain.items()}


def check_shape(shape: TableShape) -> TableShape:
    """The same shape.

    Raises:
        Refusal("package.shape"): a name of a refused form, a column twice, a person column that is not there.
    """
    names = shape.names
    sound = bool(TABLE_NAME.match(shape.name)) and len(set(names)) == len(names) and shape.person in names
    if not sound or not all(TABLE_NAME.match(each) for each in names):
        raise Refusal("package.shape", table=shape.name)
    return shape


def rows_path(table: str, number: int) -> str:
    """The entry of one file of rows."""
    return f"data/tables/{table}/{number:05d}.parquet"


def entry_order(tables: Mapping[str, TableFacts]) -> list[str]:
    """All entries of the archive in their one order."""
    rows = [rows_path(name, number) for name in sorted(tables) for number in range(tables[name].files)]
    return ["bagit.txt", LETTER, *rows, TABLES, DESCRIPTION, MANIFEST, BAG_INFO, TAG_MANIFEST]


def description(letter: Letter, tables: Mapping[str, TableFacts]) -> bytes:
    """The Frictionless Data Package: resources, fields with their category, the legal basis."""
    resources = [
        {
            "format": "parquet",
            "mediatype": "application/vnd.apache.parquet",
            "name": name,
            "path": [rows_path(name, number).removeprefix("data/") for number in range(facts.files)],
            "schema": {
                "fields": [
                    {"name": each.name, "shouxin:category": each.category, "type": "string"}
                    for each in facts.shape.columns
                ]
            },
        }
        for name, facts in sorted(tables.items())
    ]
    return encode(
        {
            "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
            "name": letter.tid,
            "resources": resources,
            "shouxin:categories": list(letter.categories),
            "shouxin:legalBasis": letter.legal_basis,
            "shouxin:retention": dict(letter.retention),
        }
    )


def manifest(digests: Sequence[tuple[str, str]]) -> bytes:
    """A BagIt manifest: hexadecimal SHA-256, two spaces, path."""
    return "".join(f"{value}  {path}\n" for path, value in digests).encode("ascii")


def bag_info(tid: str, payload_bytes: int, payload_files: int) -> bytes:
    """The bag's own words: which transfer, how much payload."""
    return f"External-Identifier: {tid}\nPayload-Oxum: {payload_bytes}.{payload_files}\n".encode("ascii")


_LETTER_FIELDS = {
    *("categories", "covers", "epoch", "format", "from", "key", "legal_basis", "nonce", "notice_root"),
    *("retention", "seq", "tid", "to"),
}
_TABLE_FIELDS = {"buckets", "columns", "files", "held", "person", "root", "rows", "schema"}


def _read_table(name: str, plain: Any) -> TableFacts:
    _check(bool(TABLE_NAME.match(name)) and isinstance(plain, dict) and set(plain) == _TABLE_FIELDS, TABLES)
    _check(all(_count(plain[each]) for each in ("buckets", "files", "held", "rows")), TABLES)
    _check(0 < plain["files"] < 100_000 and plain["held"] <= plain["rows"], TABLES)
    _check(_matches(_HEX, plain["root"]) and isinstance(plain["columns"], list), TABLES)
    for each in plain["columns"]:
        _check(isinstance(each, dict) and set(each) == {"category", "name"}, TABLES)
        _check(_matches(TABLE_NAME, each["name"]) and isinstance(each["category"], str), TABLES)
    columns = tuple(Column(name=each["name"], category=each["category"]) for each in plain["columns"])
    shape = TableShape(name=name, columns=columns, person=plain["person"])
    _check(shape.person in shape.names and len(set(shape.names)) == len(columns), TABLES)
    _check(plain["schema"] == shape.digest, TABLES)
    return TableFacts(
        shape=shape,
        rows=plain["rows"],
        buckets=check_buckets(plain["buckets"]),
        root=bytes.fromhex(plain["root"]),
        held=plain["held"],
        files=plain["files"],
    )


def _read_covers(plain: Any) -> Buckets:
    _check(isinstance(plain, dict) and bool(plain), LETTER)
    for name, numbers in plain.items():
        _check(_matches(TABLE_NAME, name) and isinstance(numbers, list) and bool(numbers), LETTER)
        _check(all(_count(each) for each in numbers) and sorted(set(numbers)) == numbers, LETTER)
    return {name: tuple(numbers) for name, numbers in plain.items()}


def _check(holds: bool, where: str) -> None:
    if not holds:
        raise Corrupt("document of a refused form", where)


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _matches(shape: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and shape.fullmatch(value) is not None


def _sorted_text(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value) and sorted(set(value)) == value
