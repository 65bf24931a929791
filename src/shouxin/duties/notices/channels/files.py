"""Files of the spool: whole or not there."""

import os
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_SYNCING = 8


def write_whole(path: Path, raw: bytes) -> Path:
    """Write beside the place, sync and move into it, so that a reader sees the whole file or none, now and after a
    power cut.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(raw)
    _sync(part)
    part.replace(path)
    sync_folder(path.parent)
    return path


def write_unsynced(path: Path, raw: bytes) -> None:
    """The same in a folder that is there, for many files; `sync` brings them to the disk together."""
    part = f"{path}.part"
    with open(part, "wb", buffering=0) as file:
        file.write(raw)
    os.replace(part, path)


def sync(paths: Collection[Path]) -> None:
    """Bring files to the disk, several at once so that the disk may join them, then the names in their folders. A file
    taken away meanwhile needs no syncing.
    """
    with ThreadPoolExecutor(_SYNCING) as several:
        for _ in several.map(_sync, paths):
            pass  # asking for each result raises what its sync raised
    for folder in {path.parent for path in paths}:
        sync_folder(folder)


def _sync(path: Path) -> None:
    try:
        file = path.open("rb+", buffering=0)
    except FileNotFoundError:
        return
    with file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    if os.name == "nt":  # Windows keeps names itself and lets no folder be opened for it
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
