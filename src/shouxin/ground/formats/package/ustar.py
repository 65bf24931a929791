"""A tar with one spelling: regular files, no owner, no time, one top folder; what is not exactly that is refused."""

import re
from collections.abc import Iterator
from typing import Protocol

from shouxin.ground.kernel.refusals import Corrupt, Refusal

BLOCK = 512
END = bytes(2 * BLOCK)
MOST_BYTES = 64 * 1024 * 1024
MOST_ENTRIES = 100_000
MOST_TOTAL = 1 << 40
_OTHER = re.compile(rb"tid_[a-z2-7]{26}\x00+")


class Source(Protocol):
    """Where the bytes of an archive come from."""

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes, fewer only at the end."""
        ...


def header(folder: str, path: str, size: int) -> bytes:
    """The 512 bytes before a body; `folder` stands in the prefix field, `path` in the name field.

    Raises:
        Corrupt: a name or size that does not fit.
    """
    name, prefix = path.encode("ascii"), folder.encode("ascii")
    if not 0 < len(name) <= 100 or not 0 < len(prefix) <= 155 or not 0 <= size <= MOST_BYTES:
        raise Corrupt("archive entry of a refused name or size", "package")
    fields = [
        name.ljust(100, b"\x00"),
        b"0000644\x000000000\x000000000\x00",
        b"%011o\x0000000000000\x00" % size,
        b"        0",
        bytes(100),
        b"ustar\x0000",
        bytes(64),
        b"0000000\x000000000\x00",
        prefix.ljust(155, b"\x00"),
        bytes(12),
    ]
    raw = b"".join(fields)
    return raw[:148] + b"%06o\x00 " % sum(raw) + raw[156:]


def padding(size: int) -> bytes:
    """The zeros behind a body of that size."""
    return bytes(-size % BLOCK)


def entries(source: Source, folder: str) -> Iterator[tuple[str, bytes]]:
    """Path and bytes of each entry in order; the end is checked before the iterator ends.

    Raises:
        Corrupt: another header than the canonical one (links, devices, folders, absolute paths, times, owners), padding
        that is not zero, an end that is missing or not the end, limits exceeded.
        Refusal("transfer.manifest_mismatch"): the top folder is another transfer's.
    """
    total = 0
    for _ in range(MOST_ENTRIES):
        head = _exactly(source, BLOCK)
        if head == bytes(BLOCK):
            if _exactly(source, BLOCK) != bytes(BLOCK) or source.read(1):
                raise Corrupt("bytes behind the end of the archive", "package")
            return
        path, size = _read_header(head, folder)
        total += size
        if total > MOST_TOTAL:
            raise Corrupt("archive beyond the limit", "package")
        body = _exactly(source, size)
        if _exactly(source, -size % BLOCK) != padding(size):
            raise Corrupt("padding that is not zero", "package")
        yield path, body
    raise Corrupt("too many entries", "package")


def _read_header(head: bytes, folder: str) -> tuple[str, int]:
    try:
        path = head[:100].rstrip(b"\x00").decode("ascii")
        size = int(head[124:135].decode("ascii"), 8)
    except ValueError as error:
        raise Corrupt("archive header that cannot be read", "package") from error
    if _OTHER.fullmatch(head[345:500]) and header(_prefix(head), path, size) == head and _prefix(head) != folder:
        raise Refusal("transfer.manifest_mismatch", differs=["tid"])
    if header(folder, path, size) != head:
        raise Corrupt("archive header in another than the canonical spelling", "package")
    return path, size


def _prefix(head: bytes) -> str:
    return head[345:500].rstrip(b"\x00").decode("ascii")


def _exactly(source: Source, size: int) -> bytes:
    body = source.read(size)
    if len(body) != size:
        raise Corrupt("archive that ends early", "package")
    return body
