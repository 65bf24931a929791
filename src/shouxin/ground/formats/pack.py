"""The evidence pack: a ZIP of stored entries that can be derived again byte for byte (docs/formats/pack.md).

    digest = pack.build(parts, signer=company, out=path)      # the auditor's or the public edition
    pack.encrypt(path, recipient="age1…", out=path_age)       # for one auditor

`read` walks the container and gives entries and faults; what the entries say is judged by `verify`.
"""

import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import pyrage

from shouxin.ground.formats import balance as balances
from shouxin.ground.formats import shapes
from shouxin.ground.formats.balance import Balance
from shouxin.ground.formats.certificate import Words
from shouxin.ground.formats.permit import FINDING
from shouxin.ground.kernel import dsse, notes
from shouxin.ground.kernel.canonical import encode, to_base64
from shouxin.ground.kernel.digests import digest, digest_file
from shouxin.ground.kernel.findings import Finding
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.kernel.signing import Signer, key_id
from shouxin.ground.kernel.times import to_text

PREDICATE = "pack/v1"
FORMAT = "shouxin-pack-1"
BUNDLE = 256
MAX_BYTES, MAX_ENTRIES = 2 * 1024**3, 60_000
FIRST = ("statement.dsse", "MANIFEST", "balance.json")
FOLDERS = ("documents", "decisions", "findings", "certificates", "messages", "ledger", "rules", "keys")
LABEL = Words(zh="不含直接标识符", en="no direct identifiers")
_NAME = re.compile(
    r"MANIFEST|(?=.{1,120}\Z)[a-z0-9](?:[a-z0-9._-]*[a-z0-9_-])?(?:/[a-z0-9](?:[a-z0-9._-]*[a-z0-9_-])?){0,3}", re.ASCII
)
_LOCAL = struct.Struct("<IHHHHHIIIHH")
_CENTRAL = struct.Struct("<IHHHHHHIIIHHHHHII")
_END = struct.Struct("<IHHHHIIH")
_LOCAL_SIGN, _CENTRAL_SIGN, _END_SIGN = 0x04034B50, 0x02014B50, 0x06054B50
_DATE = 0x0021
_STEP = 1024 * 1024

ALLOWED = re.compile(
    r"statement\.dsse|MANIFEST|balance\.json|documents/.+|decisions/summary\.json|decisions/permit-[0-9]{2}\.dsse"
    r"|findings/[^/]+\.json|certificates/[^/]+\.dsse|messages/[^/]+/[0-9]{4}\.dsse|ledger/checkpoint"
    r"|ledger/checkpoints/[0-9]{12}|ledger/entries/[0-9]{6}|ledger/selected\.json|rules/.+|keys/keys\.json"
)
ALLOWED_PUBLIC = re.compile(
    r"statement\.dsse|MANIFEST|balance\.json|documents/.+|ledger/checkpoint|rules/.+|keys/keys\.json"
)
REQUIRED = (
    "statement.dsse",
    "MANIFEST",
    "balance.json",
    "decisions/summary.json",
    "ledger/checkpoint",
    "rules/editions.json",
    "keys/keys.json",
)
REQUIRED_PUBLIC = tuple(name for name in REQUIRED if not name.startswith("decisions/"))


@dataclass(frozen=True)
class PublicKey:
    """A key that signed something in the pack: whose, in which role, and the ledger entries that recorded it."""

    public: bytes
    role: str
    name: str
    entries: tuple[int, ...] = ()

    @property
    def key_id(self) -> str:
        """The digest of the public bytes."""
        return key_id(self.public)


@dataclass(frozen=True)
class Edition:
    """A playbook or law edition that the case relied on; mark V, R, Q, M or K."""

    id: str
    title: str
    digest: str
    mark: str


@dataclass(frozen=True)
class SelectedEntry:
    """One ledger entry with its inclusion proof, for a ledger that is not shown whole."""

    index: int
    entry: bytes
    path: tuple[bytes, ...]


@dataclass(frozen=True)
class Selected:
    """The selective form of the ledger: entries with proofs, and proofs that older checkpoints are prefixes."""

    entries: tuple[SelectedEntry, ...]
    consistency: Mapping[int, tuple[bytes, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class PackParts:
    """Everything that goes into a pack. Documents and rule files are bytes or files; the ledger is whole or selected.

    `ledger` iterates over all entries' bytes from entry 0; `selected` replaces it. `messages` maps a transfer's id to
    its envelopes in order. `summary` is the decision set's counts (docs/formats/pack.md).
    """

    company: str
    origin: str
    case: str
    simulated: bool
    issued: datetime
    decision_set: str
    balance: Balance
    summary: Mapping[str, Any]
    checkpoint: str
    keys: Sequence[PublicKey]
    editions: Sequence[Edition]
    not_proved: Sequence[Words]
    ledger: Iterable[bytes] | None = None
    selected: Selected | None = None
    checkpoints: Sequence[str] = ()
    findings: Mapping[str, Sequence[Finding]] = field(default_factory=dict)
    permits: Sequence[bytes] = ()
    certificates: Mapping[str, bytes] = field(default_factory=dict)
    messages: Mapping[str, Sequence[bytes]] = field(default_factory=dict)
    documents: Mapping[str, bytes | Path] = field(default_factory=dict)
    rules: Mapping[str, bytes | Path] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """One entry of a container that was read: its name and where its bytes lie."""

    name: str
    offset: int
    size: int
    crc: int
    damaged: bool = False


@dataclass(frozen=True)
class Walked:
    """A container as found: entries in order, and what is wrong with it, each with its place."""

    entries: tuple[Entry, ...]
    faults: tuple[Corrupt, ...]


def build(parts: PackParts, *, signer: Signer, out: Path, edition: str = "auditor") -> str:
    """Write the pack and return its digest, which is what is printed and notarised. The file must not exist.

    Raises:
        Refusal("pack.unbalanced"): the balance does not add up; Refusal("pack.edition"): an unknown edition;
        Refusal("pack.ledger"): neither or both forms of the ledger; Corrupt: a part of a refused form.
    """
    if edition not in ("auditor", "public"):
        raise Refusal("pack.edition", edition=edition)
    wrong = balances.check(parts.balance)
    if wrong:
        raise Refusal("pack.unbalanced", lines=[line.where for line in wrong])
    contents = _contents(parts, public=edition == "public")
    ordered = {name: contents[name] for name in sorted(contents, key=order)}
    manifest = "".join(f"{_content_digest(content)}  {name}\n" for name, content in ordered.items()).encode()
    statement = _statement(parts, edition, manifest)
    write({"statement.dsse": dsse.sign(statement, [signer]), "MANIFEST": manifest, **ordered}, out)
    return digest_file(out)


def encrypt(plain: Path, *, recipient: str, out: Path) -> str:
    """The pack encrypted to one auditor's age key; the digest of the age file.

    Raises:
        Refusal("pack.recipient"): not an age public key.
    """
    try:
        key = pyrage.x25519.Recipient.from_str(recipient)
    except pyrage.RecipientError as error:
        raise Refusal("pack.recipient") from error
    with plain.open("rb") as source, out.open("xb") as target:
        pyrage.encrypt_io(source, target, [key])
    return digest_file(out)


def order(name: str) -> tuple[int, bytes]:
    """Where an entry stands: first the words and sums, then the folders as a reader needs them, inside by bytes."""
    if name in FIRST:
        return FIRST.index(name), b""
    top = name.split("/", maxsplit=1)[0]
    return len(FIRST) + (FOLDERS.index(top) if top in FOLDERS else len(FOLDERS)), name.encode()


def check_name(name: str) -> str:
    """The same name.

    Raises:
        Corrupt: a name that would not be safe or the same on every system.
    """
    if not _NAME.fullmatch(name):
        raise Corrupt("entry name of a refused form", "container")
    return name


def write(contents: Mapping[str, bytes | Path], out: Path) -> None:
    """The container of these contents, in the order given. Files are read twice and never held whole."""
    records: list[tuple[bytes, int, int, int]] = []
    with out.open("xb") as file:
        for name, content in contents.items():
            raw, (crc, size) = check_name(name).encode(), _crc(content)
            records.append((raw, crc, size, file.tell()))
            file.write(_local(raw, crc, size))
            for chunk in _chunks(content):
                file.write(chunk)
        start = file.tell()
        directory = b"".join(_central(*record) for record in records)
        file.write(directory + _end(len(records), len(directory), start))
        if file.tell() > MAX_BYTES or len(records) > MAX_ENTRIES:
            raise Refusal("pack.large", size=file.tell(), most=MAX_BYTES)


def read(file: IO[bytes], *, size: int) -> Walked:
    """Walk the container from its first byte and derive the rest again; every byte is an entry's or is refused."""
    entries: list[Entry] = []
    faults: list[Corrupt] = []
    place = 0
    try:
        if size > MAX_BYTES:
            raise Corrupt("container larger than 2 GiB", "container")
        while _next_sign(file, place) == _LOCAL_SIGN:
            entry = _read_entry(file, place, size, entries)
            entries.append(entry)
            place = entry.offset + entry.size
            if entry.damaged:
                faults.append(Corrupt("bytes that do not match their checksum", entry.name))
        faults += _tail_faults(file, place, size, entries)
    except Corrupt as error:
        faults.append(error)
    return Walked(tuple(entries), tuple(faults))


def content(file: IO[bytes], entry: Entry) -> bytes:
    """The bytes of one entry."""
    file.seek(entry.offset)
    return file.read(entry.size)


def ledger_bundles(entries: Iterable[bytes]) -> Iterator[bytes]:
    """tlog-tiles entry bundles: 256 entries each, two bytes of length before every entry.

    Raises:
        Corrupt: an entry longer than 65,535 bytes.
    """
    bundle, count = bytearray(), 0
    for number, entry in enumerate(entries):
        if len(entry) > 0xFFFF:
            raise Corrupt("ledger entry longer than 65,535 bytes", f"entry {number}")
        bundle += len(entry).to_bytes(2, "big") + entry
        count += 1
        if count == BUNDLE:
            yield bytes(bundle)
            bundle, count = bytearray(), 0
    if count:
        yield bytes(bundle)


def _contents(parts: PackParts, *, public: bool) -> dict[str, bytes | Path]:
    shown = balances.publish(parts.balance) if public else parts.balance
    found: dict[str, bytes | Path] = {
        "balance.json": balances.to_bytes(shown),
        "ledger/checkpoint": parts.checkpoint.encode(),
        "rules/editions.json": encode([vars(each) for each in parts.editions]),
        "keys/keys.json": encode([_plain_key(each) for each in sorted(parts.keys, key=lambda key: key.key_id)]),
        **{f"documents/{name}": body for name, body in parts.documents.items()},
        **{f"rules/{name}": body for name, body in parts.rules.items()},
    }
    return found if public else {**found, **_exact_contents(parts), **_ledger_contents(parts)}


def _exact_contents(parts: PackParts) -> dict[str, bytes | Path]:
    found: dict[str, bytes | Path] = {"decisions/summary.json": encode(dict(parts.summary))}
    for number, permit in enumerate(parts.permits, start=1):
        found[f"decisions/permit-{number:02d}.dsse"] = permit
    for name, findings in parts.findings.items():
        plain = [finding.to_plain() for finding in findings]
        found[f"findings/{name}.json"] = encode(shapes.check(plain, [FINDING], where=f"findings/{name}.json"))
    for name, envelope in parts.certificates.items():
        found[f"certificates/{name}.dsse"] = envelope
    for tid, envelopes in parts.messages.items():
        for number, envelope in enumerate(envelopes, start=1):
            found[f"messages/{tid}/{number:04d}.dsse"] = envelope
    return found


def _ledger_contents(parts: PackParts) -> dict[str, bytes | Path]:
    if (parts.ledger is None) == (parts.selected is None):
        raise Refusal("pack.ledger")
    found: dict[str, bytes | Path] = {}
    for note in parts.checkpoints:
        found[f"ledger/checkpoints/{notes.read_checkpoint(note).size:012d}"] = note.encode()
    if parts.ledger is not None:
        for number, bundle in enumerate(ledger_bundles(parts.ledger)):
            found[f"ledger/entries/{number:06d}"] = bundle
    elif parts.selected is not None:
        found["ledger/selected.json"] = encode(_plain_selected(parts.selected))
    return found


def _plain_selected(selected: Selected) -> dict[str, Any]:
    return {
        "entries": [
            {"index": each.index, "entry": to_base64(each.entry), "path": [to_base64(one) for one in each.path]}
            for each in sorted(selected.entries, key=lambda entry: entry.index)
        ],
        "consistency": [
            {"old": old, "path": [to_base64(one) for one in path]} for old, path in sorted(selected.consistency.items())
        ],
    }


def _plain_key(key: PublicKey) -> dict[str, Any]:
    return {
        "key_id": key.key_id,
        "public": to_base64(key.public),
        "role": key.role,
        "name": key.name,
        "entries": list(key.entries),
    }


def _statement(parts: PackParts, edition: str, manifest: bytes) -> dict[str, Any]:
    checkpoint = notes.read_checkpoint(parts.checkpoint)
    shown = balances.publish(parts.balance) if edition == "public" else parts.balance
    predicate = {
        "format": FORMAT,
        "edition": edition,
        "simulated": parts.simulated,
        "company": {"name": parts.company, "origin": parts.origin},
        "case": parts.case,
        "issued": to_text(parts.issued),
        "ledger": {"size": checkpoint.size, "root": to_base64(checkpoint.root)},
        "decision_set": parts.decision_set,
        "ends": dict(shown.persons.ends),
        "label": vars(LABEL),
        "not_proved": [vars(each) for each in parts.not_proved],
    }
    return dsse.statement(subject={"MANIFEST": digest(manifest)}, predicate_type=PREDICATE, predicate=predicate)


def _content_digest(content: bytes | Path) -> str:
    whole = digest(content) if isinstance(content, bytes) else digest_file(content)
    return whole.removeprefix("sha256:")


def _chunks(content: bytes | Path) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        yield from iter(lambda: file.read(_STEP), b"")


def _crc(content: bytes | Path) -> tuple[int, int]:
    crc = size = 0
    for chunk in _chunks(content):
        crc, size = zlib.crc32(chunk, crc), size + len(chunk)
    return crc, size


def _local(name: bytes, crc: int, size: int) -> bytes:
    return _LOCAL.pack(_LOCAL_SIGN, 20, 0, 0, 0, _DATE, crc, size, size, len(name), 0) + name


def _central(name: bytes, crc: int, size: int, offset: int) -> bytes:
    fixed = (0x0014, 20, 0, 0, 0, _DATE, crc, size, size, len(name), 0, 0, 0, 0, 0, offset)
    return _CENTRAL.pack(_CENTRAL_SIGN, *fixed) + name


def _end(count: int, length: int, start: int) -> bytes:
    return _END.pack(_END_SIGN, 0, 0, count, count, length, start, 0)


def _next_sign(file: IO[bytes], place: int) -> int:
    file.seek(place)
    return int.from_bytes(file.read(4), "little")


def _read_entry(file: IO[bytes], place: int, size: int, before: Sequence[Entry]) -> Entry:
    file.seek(place)
    head = file.read(_LOCAL.size)
    fields = _LOCAL.unpack(head.ljust(_LOCAL.size, b"\0"))
    crc, length, name_length = fields[6], fields[7], fields[9]
    raw = file.read(name_length)
    if head + raw != _local(raw, crc, length):
        raise Corrupt("entry header of a refused form", _name_at(file, place, size))
    name = raw.decode("ascii", "replace")
    if not _NAME.fullmatch(name):
        raise Corrupt("entry name of a refused form", _name_at(file, place, size))
    if before and order(name) <= order(before[-1].name):
        told = _name_at(file, place, size)
        raise Corrupt("entry twice or out of order", name if told == "container" else told)
    start = place + _LOCAL.size + name_length
    return _read_content(file, Entry(name, start, length, crc), size)


def _read_content(file: IO[bytes], entry: Entry, size: int) -> Entry:
    """The entry; a wrong checksum is only noted when the next record begins where it should."""
    end = entry.offset + entry.size
    crc, left = 0, entry.size
    while left > 0 and (chunk := file.read(min(left, _STEP))):
        crc, left = zlib.crc32(chunk, crc), left - len(chunk)
    is_right = crc == entry.crc
    if end > size or _next_sign(file, end) not in (_LOCAL_SIGN, _CENTRAL_SIGN):
        behind = _name_at(file, end, size) if is_right else "container"
        where = entry.name if behind == "container" else behind
        raise Corrupt("bytes that are neither this entry's nor the next one's", where)
    return entry if is_right else Entry(entry.name, entry.offset, entry.size, entry.crc, damaged=True)


def _tail_faults(file: IO[bytes], place: int, size: int, entries: Sequence[Entry]) -> list[Corrupt]:
    """Compare the central directory and the end record with what the local headers make of them."""
    file.seek(place)
    tail = file.read(min(size - place, MAX_ENTRIES * 256))
    at = 0
    for entry in entries:
        name = entry.name.encode()
        expected = _central(name, entry.crc, entry.size, entry.offset - _LOCAL.size - len(name))
        if tail[at : at + len(expected)] != expected:
            names = {entry.name, _record_name(tail, at) or entry.name}
            return [Corrupt("directory record that differs from its entry", each) for each in sorted(names)]
        at += len(expected)
    if tail[at:] != _end(len(entries), at, place):
        return [Corrupt("bytes after the last entry that do not belong there", "container")]
    return []


def _record_name(directory: bytes, at: int) -> str:
    """The name in a directory record, or nothing when there is no good one."""
    if at + _CENTRAL.size > len(directory):
        return ""
    length = _CENTRAL.unpack_from(directory, at)[10]
    name = directory[at + _CENTRAL.size : at + _CENTRAL.size + length].decode("ascii", "replace")
    return name if _NAME.fullmatch(name) else ""


def _name_at(file: IO[bytes], place: int, size: int) -> str:
    """The name that the directory gives for the record at an offset (at its own start: the first), or `container`."""
    file.seek(max(0, size - _END.size))
    raw = file.read(_END.size)
    if len(raw) < _END.size:
        return "container"
    fields = _END.unpack(raw)
    count, length, start = fields[3], fields[5], fields[6]
    if fields[0] != _END_SIGN or start + length + _END.size != size or count > MAX_ENTRIES:
        return "container"
    file.seek(start)
    return _find_record(file.read(length), 0 if place == start else place, count)


def _find_record(directory: bytes, place: int, count: int) -> str:
    at = 0
    for _ in range(count):
        if at + _CENTRAL.size > len(directory):
            break
        fields, name = _CENTRAL.unpack_from(directory, at), _record_name(directory, at)
        if fields[16] == place and name:
            return name
        at += _CENTRAL.size + fields[10] + fields[11] + fields[12]
    return "container"
