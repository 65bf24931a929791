"""Where a transfer's files lie: `messages/<tid>/NNNN.dsse` for envelopes, `NNNN-package.age…` for ciphertext.

The database is the truth of envelopes; a file that a stop left unwritten is written by the next verb.
"""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from filelock import FileLock

from shouxin.duties.transfer.models import Message, Transfer
from shouxin.ground.formats import pit


def folder(tid: str) -> Path:
    """The transfer's folder; made when it is missing."""
    found = Path(settings.SHOUXIN_HOME) / "messages" / tid
    found.mkdir(parents=True, exist_ok=True)
    return found


def envelope_path(tid: str, seq: int) -> Path:
    """Where an envelope lies."""
    return folder(tid) / pit.file_name(seq)


def package_path(tid: str, seq: int) -> Path:
    """Where the ciphertext of a PACKAGE lies; parts are numbered behind that name."""
    return folder(tid) / f"{seq:04d}-package.age"


def tidy(row: Transfer) -> None:
    """Every standing envelope has its file with exactly its bytes."""
    for message in Message.objects.filter(transfer=row, stands=True):
        put_envelope(message)


def put_envelope(message: Message) -> Path:
    """Write an envelope's file unless it lies there already."""
    path, raw = envelope_path(message.transfer_id, message.seq), bytes(message.envelope)
    if not _lies(path, raw):
        with _alone():
            if not _lies(path, raw):
                write_whole(path, raw)
    return path


def _lies(path: Path, raw: bytes) -> bool:
    return path.is_file() and path.read_bytes() == raw


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One process of the company writes here at a time, since what is unfinished has one name."""
    locks = Path(settings.SHOUXIN_HOME) / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    with FileLock(locks / "messages.lock"):
        yield


def write_whole(path: Path, raw: bytes) -> None:
    """The file appears with all its bytes or not at all."""
    beside = path.with_name(path.name + ".unfinished")
    with beside.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    sync_folder(path.parent)


def take_part(source: Path, target: Path, *, size: int, digest: str) -> bool:
    """Copy a part to its place when it has that size and digest; a part that lies there already stays."""
    with _alone():
        return _take_part(source, target, size=size, digest=digest)


def _take_part(source: Path, target: Path, *, size: int, digest: str) -> bool:
    if target.is_file() and is_part(target, size=size, digest=digest):
        return True
    if not source.is_file() or source.stat().st_size != size or not is_part(source, size=size, digest=digest):
        return False
    if source.resolve() == target.resolve():
        return True
    beside = target.with_name(target.name + ".unfinished")
    with source.open("rb") as one, beside.open("wb") as two:
        shutil.copyfileobj(one, two, 1 << 20)
        two.flush()
        os.fsync(two.fileno())
    if not is_part(beside, size=size, digest=digest):
        beside.unlink()
        return False
    os.replace(beside, target)
    sync_folder(target.parent)
    return True


def is_part(path: Path, *, size: int, digest: str) -> bool:
    """Whether a file has exactly that size and digest."""
    state, length = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            state.update(piece)
            length += len(piece)
    return length == size and "sha256:" + state.hexdigest() == digest


def clear_package(tid: str, seq: int) -> int:
    """Remove the ciphertext of a PACKAGE and what a stopped writing left of it; gives how many files."""
    path = package_path(tid, seq)
    found = [*path.parent.glob(path.name), *path.parent.glob(path.name + ".*")]
    for each in found:
        each.unlink(missing_ok=True)
    if found:
        sync_folder(path.parent)
    return len(found)


def sync_folder(path: Path) -> None:
    """Make names durable where the system can."""
    if os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)
