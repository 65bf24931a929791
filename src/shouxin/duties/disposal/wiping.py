"""Taking a file away: overwritten once, synced, its name removed.

This is NIST SP 800-88r2 *clear*, never *purge*: flash media, snapshots, copy-on-write file systems and synchronised
folders may hold earlier blocks, and no program can see those. The certificate says so.
"""

import os
from pathlib import Path

STANDARD = "NIST SP 800-88r2 Clear"
TOOL = "shouxin: overwrite once, sync, unlink"
_CHUNK = 1 << 20
BESIDE = ("-wal", "-shm", "-journal")


def clear(path: Path) -> int:
    """Overwrite the file with zeros, make it durable, remove its name; how many bytes. Nothing when it is not there.

    Raises:
        OSError: it may not be written or removed.
    """
    if path.is_symlink():
        clear(path.resolve())
        path.unlink(missing_ok=True)
        return 0
    if not path.is_file():
        return 0
    size = path.stat().st_size
    with path.open("r+b", buffering=0) as file:
        for start in range(0, size, _CHUNK):
            file.write(bytes(min(_CHUNK, size - start)))
        os.fsync(file.fileno())
    path.unlink(missing_ok=True)
    _sync(path.parent)
    return size


def beside(path: Path) -> list[Path]:
    """What a SQLite database leaves beside itself: log, shared memory, journal."""
    return [path.with_name(path.name + ending) for ending in BESIDE]


def empty(folder: Path) -> int:
    """Clear every file below a folder and remove its sub-folders; the folder stays. How many files.

    Raises:
        OSError: one may not be written or removed.
    """
    found = sorted(folder.rglob("*"), reverse=True)
    count = 0
    for path in found:
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            clear(path)
            count += 1
    return count


def _sync(folder: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
