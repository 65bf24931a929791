"""What a backup's stream holds, one frame behind the other: kind, name, body.

HEAD    canonical JSON: the key of the page hashes, the home file
PAGES   a run of a SQLite file's pages; the name is the first page's number
TABLE   a PostgreSQL table begins; the name is canonical JSON: table, columns
ROWS    a piece of the table's COPY text, deflated
COUNTER a sequence's last value
FILE    a file of the home under its relative name; a large one in several frames
ENTRY   the canonical bytes of a ledger entry
END     nothing follows
"""

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from shouxin.ground.kernel.refusals import Corrupt

HEAD, PAGES, TABLE, ROWS, COUNTER, FILE, ENTRY, END = range(8)
LONGEST = 1 << 26
_FRAME = struct.Struct(">BIQ")


class Frame(NamedTuple):
    """One frame."""

    kind: int
    name: bytes
    body: bytes


def pack(kind: int, name: bytes = b"", body: bytes = b"") -> bytes:
    """The bytes of a frame."""
    return _FRAME.pack(kind, len(name), len(body)) + name + body


def unpack(stream: Iterable[bytes], *, where: str) -> Iterator[Frame]:
    """The frames of a stream, up to its end.

    Raises:
        Corrupt: another form, or a stream without its end.
    """
    source = _Source(stream)
    while True:
        head = source.take(_FRAME.size)
        if len(head) != _FRAME.size:
            raise Corrupt("backup that ends too early", where)
        kind, name, body = _FRAME.unpack(head)
        if kind > END or name + body > LONGEST:
            raise Corrupt("backup of an unknown form", where)
        frame = Frame(kind, source.take(name), source.take(body))
        if (len(frame.name), len(frame.body)) != (name, body):
            raise Corrupt("backup that ends too early", where)
        if kind == END:
            break
        yield frame
    if source.take(1):
        raise Corrupt("backup with bytes behind its end", where)


class _Source:
    """A stream that is read by lengths."""

    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = iter(stream)
        self._held = bytearray()

    def take(self, length: int) -> bytes:
        """The next bytes; fewer only at the end."""
        while len(self._held) < length:
            part = next(self._stream, None)
            if part is None:
                break
            self._held += part
        taken = bytes(self._held[:length])
        del self._held[:length]
        return taken
