"""A SQLite file as pages: a consistent snapshot beside the living file, keyed hashes of its pages, changed runs.

The snapshot is what the living file is: ciphertext and the company's own tables, no keys. It lies in the home's backup
folder for as long as it is read. The hashes are keyed, so that they say nothing to whoever finds them; they stay in
the home, never in a copy.
"""

import hashlib
import os
import sqlite3
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from shouxin.ground.kernel.digests import keyed
from shouxin.ground.kernel.refusals import Corrupt, Unavailable
from shouxin.stores.backup import frames
from shouxin.stores.vault import durable

HASH = 16
RUN = 256
_INDEX = struct.Struct(">8sI32s")
_MAGIC = b"SXPAGE1\0"


@dataclass(frozen=True, repr=False)
class Hashes:
    """The keyed hash of every page of one state of the file."""

    key: bytes
    page_size: int
    joined: bytes

    @property
    def pages(self) -> int:
        """How many pages."""
        return len(self.joined) // HASH

    @property
    def digest(self) -> str:
        """The keyed digest of the whole state."""
        return keyed(self.key, self.joined).hex()


@contextmanager
def snapshot(scratch: Path) -> Iterator[Path]:
    """The database as it is at this moment, in a file that is removed afterwards.

    Raises:
        Unavailable: the database or the disk refuses.
    """
    scratch.unlink(missing_ok=True)
    connection.ensure_connection()
    try:
        target = sqlite3.connect(scratch, isolation_level=None)
        try:
            target.execute("PRAGMA synchronous = OFF")
            connection.connection.backup(target, pages=-1)
        finally:
            target.close()
        yield scratch
    except sqlite3.Error as error:
        raise Unavailable("database that cannot be copied") from error
    finally:
        for name in (scratch, *(scratch.with_name(scratch.name + end) for end in ("-journal", "-wal", "-shm"))):
            name.unlink(missing_ok=True)


def page_size(path: Path) -> int:
    """The page size in a SQLite file's header.

    Raises:
        Corrupt: not a SQLite file, or not whole pages.
    """
    with path.open("rb") as file:
        head = file.read(100)
    size = int.from_bytes(head[16:18], "big")
    size = 65_536 if size == 1 else size
    if head[:16] != b"SQLite format 3\0" or size < 512 or path.stat().st_size % size:
        raise Corrupt("database file of another form", path.name)
    return size


def changed_runs(
    path: Path, before: Hashes | None, *, key: bytes, told: Callable[[int, int], None]
) -> Iterator[tuple[bytes, int, bytes]]:
    """Frames of the pages that differ from `before`, all of them when it is None: (frame, pages in it, hashes of the
    pages passed).
    """
    size = page_size(path)
    total, start = path.stat().st_size // size, 0
    with path.open("rb") as file:
        while raw := file.read(size * RUN):
            marks = b"".join([_hash(raw[at : at + size], key) for at in range(0, len(raw), size)])
            old = b"" if before is None else before.joined[start * HASH : start * HASH + len(marks)]
            packed, count = _pack_run(raw, size, start, marks, old)
            start += len(raw) // size
            told(start, total)
            yield packed, count, marks


def hashes_of(path: Path, key: bytes) -> Hashes:
    """The hashes of a file's pages."""
    joined = b"".join(marks for _, _, marks in changed_runs(path, None, key=key, told=lambda done, total: None))
    return Hashes(key, page_size(path), joined)


def write_run(file: int, frame: frames.Frame, size: int) -> None:
    """Put a run of pages where it belongs in an open file."""
    os.lseek(file, int.from_bytes(frame.name, "big") * size, os.SEEK_SET)
    view = memoryview(frame.body)
    while view:
        view = view[os.write(file, view) :]


def keep(path: Path, hashes: Hashes) -> None:
    """Write the hashes down beside the home's backups. Raises Unavailable."""
    body = _INDEX.pack(_MAGIC, hashes.page_size, hashes.key) + hashes.joined
    durable.write_whole(path, body + hashlib.sha256(body).digest())


def kept(path: Path) -> Hashes | None:
    """The hashes that were written down; None when they are missing or damaged: the next copy is a full one."""
    try:
        whole = path.read_bytes()
    except OSError:
        return None
    body, check = whole[:-32], whole[-32:]
    if len(body) < _INDEX.size or hashlib.sha256(body).digest() != check:
        return None
    magic, size, key = _INDEX.unpack_from(body)
    return Hashes(key, size, body[_INDEX.size :]) if magic == _MAGIC else None


def _pack_run(raw: bytes, size: int, start: int, marks: bytes, old: bytes) -> tuple[bytes, int]:
    if not old:
        return frames.pack(frames.PAGES, start.to_bytes(8, "big"), raw), len(raw) // size
    if old == marks:
        return b"", 0
    out, count, at, pages = [], 0, 0, len(raw) // size
    while at < pages:
        stop = at
        while stop < pages and marks[stop * HASH : stop * HASH + HASH] != old[stop * HASH : stop * HASH + HASH]:
            stop += 1
        if stop > at:
            out.append(frames.pack(frames.PAGES, (start + at).to_bytes(8, "big"), raw[at * size : stop * size]))
            count += stop - at
        at = stop + 1
    return b"".join(out), count


def _hash(page: bytes, key: bytes) -> bytes:
    """Keyed by a prefix: sound for pages of one size and a hash cut in half, and fast where SHA-256 is built in."""
    return hashlib.sha256(key + page).digest()[:HASH]
