"""Every write to a key file goes through here: written, then synced, then relied upon.

1. A file is written in place or appears whole under its name; which of both, the caller says.
2. A failed fsync is never tried again: the folder is closed to this process, since what the disk holds is unknown
   (the page cache may show bytes that the disk lost). A new process reads, writes the same bytes again, and recovers.
3. Folders are synced where the system can.

`observe` and `reached` are for tests: the first sees each act with its bytes, the second each named step.
"""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from shouxin.ground.kernel.refusals import Unavailable

try:
    import fcntl

    _FULL_SYNC: int | None = getattr(fcntl, "F_FULLFSYNC", None)
except ImportError:
    fcntl = None  # type: ignore[assignment]
    _FULL_SYNC = None

observe: Callable[..., None] | None = None
reached: Callable[[str], None] | None = None
_closed: set[Path] = set()


def step(name: str) -> None:
    """A named point of a protocol was passed."""
    if reached is not None:
        reached(name)


def write_at(path: Path, raw: bytes) -> None:
    """Overwrite the file from its first byte and cut it to this length; not yet durable. The file may be new.

    Raises:
        Unavailable: the disk refuses, or the folder was closed by a failed fsync.
    """
    _check_open(path)
    with _as_unavailable():
        new = not path.exists()
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        try:
            _tell("create", path) if new else None
            _write_all(handle, raw)
            _tell("write", path, raw)
            os.ftruncate(handle, len(raw))
            _tell("truncate", path, len(raw))
        finally:
            os.close(handle)


def sync(path: Path) -> None:
    """Make a file's bytes durable.

    Raises:
        Unavailable(permanent): the fsync failed; this process writes no more in that folder.
    """
    _check_open(path)
    handle = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        if _FULL_SYNC is not None and fcntl is not None:
            fcntl.fcntl(handle, _FULL_SYNC)
        else:
            os.fsync(handle)
    except OSError as error:
        _close(path)
        raise Unavailable("storage that failed to sync", permanent=True) from error
    finally:
        os.close(handle)
    _tell("sync", path)


def sync_folder(folder: Path) -> None:
    """Make a folder's names durable; nothing to do where folders cannot be opened (Windows).

    Raises:
        Unavailable(permanent): the fsync failed.
    """
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        _close(folder / "x")
        raise Unavailable("storage that failed to sync", permanent=True) from error
    finally:
        os.close(handle)
    _tell("sync_folder", folder)


def write_whole(path: Path, raw: bytes) -> None:
    """Let a file appear, or be replaced, whole and durable. Raises as `write_at` and `sync`."""
    fresh = path.with_name(path.name + ".new")
    write_at(fresh, raw)
    sync(fresh)
    with _as_unavailable():
        os.replace(fresh, path)
    _tell("replace", fresh, path)
    sync_folder(path.parent)


def write_stream(path: Path, parts: Iterable[bytes]) -> None:
    """Let a large file appear whole and durable without holding it. Raises as `write_at` and `sync`."""
    fresh = path.with_name(path.name + ".new")
    write_at(fresh, b"")
    with _as_unavailable(), fresh.open("ab", buffering=0) as file:
        for part in parts:
            _write_all(file.fileno(), part)
            _tell("append", fresh, part)
    sync(fresh)
    with _as_unavailable():
        os.replace(fresh, path)
    _tell("replace", fresh, path)
    sync_folder(path.parent)


def erase(path: Path) -> None:
    """Overwrite a file with random bytes, durably; its name and length stay."""
    write_at(path, os.urandom(path.stat().st_size))
    sync(path)


def remove(path: Path) -> None:
    """Overwrite a file durably and take its name away, durably. Nothing happens when it is not there."""
    if not path.exists():
        return
    erase(path)
    with _as_unavailable():
        path.unlink()
    _tell("unlink", path)
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """The folder is there, readable by its owner only where the system knows owners."""
    with _as_unavailable():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if os.name != "nt":
        sync_folder(folder.parent)


def _write_all(handle: int, raw: bytes) -> None:
    view = memoryview(raw)
    while view:
        view = view[os.write(handle, view) :]


def _tell(*event: Any) -> None:
    if observe is not None:
        observe(*event)


def _check_open(path: Path) -> None:
    if path.parent in _closed:
        raise Unavailable("key storage closed after a failed sync; start again", permanent=True)


def _close(path: Path) -> None:
    _closed.add(path.parent)


@contextlib.contextmanager
def _as_unavailable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(f"storage ({error.strerror})", permanent=False) from error
