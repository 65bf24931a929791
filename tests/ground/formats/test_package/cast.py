"""A small package of people who do not exist, and ways to build it wrongly by hand."""

import hashlib
import io
import tarfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pyrage

from shouxin.ground.formats.package import Ciphertext, Expected, Letter, PackageFacts, Part, Rows, build
from shouxin.ground.formats.roots import Column, TableShape

TID = "tid_" + "abcdefghij234567klmnopqrst"
KEY = bytes(range(32))
SHAPES = {
    "customers": TableShape("customers", (Column("person", "basic"), Column("name", "basic")), "person"),
    "orders": TableShape("orders", (Column("person", "purchase"), Column("note", "purchase")), "person"),
}
LETTER = Letter(
    tid=TID,
    seq=3,
    sender="sha256:" + "a0" * 32,
    receiver="sha256:" + "b0" * 32,
    nonce="0c" * 32,
    epoch=0,
    key=KEY,
    categories=("basic", "purchase"),
    legal_basis="pipl-23",
    retention={"basic": "至服务结束后三年"},
    notice_root="sha256:" + "d0" * 32,
)


def rows(name: str, count: int = 100) -> pa.RecordBatch:
    second = [None if i % 9 == 4 else f"某某{i}" for i in range(count)]
    return pa.RecordBatch.from_arrays(
        [pa.array([f"p{i}" for i in range(count)], pa.string()), pa.array(second, pa.string())],
        names=list(SHAPES[name].names),
    )


def tables(count: int = 100) -> list[Rows]:
    return [Rows(shape, [rows(name, count)]) for name, shape in SHAPES.items()]


def expected_of(facts: PackageFacts, letter: Letter = LETTER) -> Expected:
    return Expected(
        tid=letter.tid,
        seq=letter.seq,
        sender=letter.sender,
        receiver=letter.receiver,
        nonce=letter.nonce,
        epoch=letter.epoch,
        covers=letter.covers,
        ciphertext=Ciphertext(digest=facts.digest, size=facts.size, parts=facts.parts),
        tables={name: each.to_message() for name, each in facts.tables.items()},
    )


def of_bytes(expected: Expected, sealed: bytes) -> Expected:
    """The same expectation of other ciphertext: what a sender who does wrong would announce."""
    value = "sha256:" + hashlib.sha256(sealed).hexdigest()
    part = Part(name="package.age", size=len(sealed), digest=value)
    return replace(expected, ciphertext=Ciphertext(digest=value, size=len(sealed), parts=(part,)))


@dataclass
class Archive:
    """The plain entries of a package, to be spoiled and written again with Python's own tar."""

    entries: list[tuple[tarfile.TarInfo, bytes]] = field(default_factory=list)
    tail: bytes = bytes(1024)

    @classmethod
    def of(cls, plain: bytes) -> "Archive":
        with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
            return cls([(member, tar.extractfile(member).read()) for member in tar.getmembers()])

    def find(self, end: str) -> int:
        return next(i for i, (member, _) in enumerate(self.entries) if member.name.endswith(end))

    def edit(self, end: str, change) -> "Archive":
        place = self.find(end)
        member, raw = self.entries[place]
        raw = change(raw)
        member.size = len(raw)
        self.entries[place] = (member, raw)
        return self

    def mark(self, end: str, **changes) -> "Archive":
        member, _ = self.entries[self.find(end)]
        for name, value in changes.items():
            setattr(member, name, value)
        return self

    def add(self, name: str, raw: bytes = b"", place: int | None = None, **changes) -> "Archive":
        member = tarfile.TarInfo(f"{TID}/{name}")
        member.size, member.mode = len(raw), 0o644
        for key, value in changes.items():
            setattr(member, key, value)
        self.entries.insert(len(self.entries) if place is None else place, (member, raw))
        return self

    def drop(self, end: str) -> "Archive":
        del self.entries[self.find(end)]
        return self

    def renew_manifests(self) -> "Archive":
        """As a sender would who means it: every digest right again."""

        def lines(payload: bool) -> bytes:
            listed = [
                (member.name.removeprefix(TID + "/"), hashlib.sha256(raw).hexdigest()) for member, raw in self.entries
            ]
            kept = [
                (path, value)
                for path, value in listed
                if path.startswith("data/") == payload and not path.startswith("tagmanifest")
            ]
            return "".join(f"{value}  {path}\n" for path, value in kept).encode()

        payload = [(m, raw) for m, raw in self.entries if m.name.startswith(f"{TID}/data/")]
        oxum = f"{sum(len(raw) for _, raw in payload)}.{len(payload)}"
        self.edit(f"{TID}/manifest-sha256.txt", lambda _: lines(True))
        self.edit("bag-info.txt", lambda _: f"External-Identifier: {TID}\nPayload-Oxum: {oxum}\n".encode())
        return self.edit("tagmanifest-sha256.txt", lambda _: lines(False))

    def to_bytes(self) -> bytes:
        out = io.BytesIO()
        for member, raw in self.entries:
            out.write(_header(member))
            out.write(raw + bytes(-len(raw) % 512))
        return out.getvalue() + self.tail


def _header(member: tarfile.TarInfo) -> bytes:
    """A header in our spelling (folder in the prefix field) with whatever was changed in it."""
    if member.name.startswith(TID + "/"):
        prefix, name = TID, member.name.removeprefix(TID + "/")
    else:
        prefix, name = "", member.name
    twin = tarfile.TarInfo(name)
    for each in ("mode", "uid", "gid", "mtime", "size", "type", "linkname", "uname", "gname"):
        setattr(twin, each, getattr(member, each))
    raw = bytearray(twin.tobuf(tarfile.USTAR_FORMAT)[:512])
    raw[329:345] = b"0000000\x00" * 2
    raw[345:500] = prefix.encode().ljust(155, b"\x00")
    raw[148:156] = b"        "
    raw[148:156] = b"%06o\x00 " % sum(raw)
    return bytes(raw)


def seal(plain: bytes, *recipients: str) -> bytes:
    return pyrage.encrypt(plain, [pyrage.x25519.Recipient.from_str(each) for each in recipients])


def unseal(sealed: bytes, secret: str) -> bytes:
    return pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(secret)])


def built(folder: Path, recipient: str, *, name: str = "package.age", count: int = 100, **more) -> PackageFacts:
    return build(tables=tables(count), letter=LETTER, recipient=recipient, out=folder / name, **more)
