"""Whether an error means that a disk takes nothing more: full, over a quota, or no file may grow.

What failed may be a file, the embedded database or a server's; each says it in its own way, somewhere in the chain of
causes. SQLite tells a file that may not grow as any other failed write: then the home's disk is asked itself.
"""

import errno
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from shouxin.ground.kernel.refusals import Refusal

_FULL = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})
_SERVER_FULL = "53100"
_PRIMARY = 0xFF
_LEAST = 1 << 16


def refusal_of(error: BaseException, home: Path) -> Refusal | None:
    """The error as a refusal that says to make room, when a full disk is behind it."""
    if not any(_says_so(each) or (_is_failed_write(each) and _is_full(home)) for each in _chain(error)):
        return None
    return Refusal("disk.full", free_mb=shutil.disk_usage(_standing(home)).free >> 20)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Each error once: one that was raised again out of its own consequence stands behind itself."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _says_so(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in _FULL
    return _sqlite_code(error) == sqlite3.SQLITE_FULL or getattr(error, "sqlstate", "") == _SERVER_FULL


def _is_failed_write(error: BaseException) -> bool:
    return _sqlite_code(error) in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)


def _sqlite_code(error: BaseException) -> int:
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY


def _is_full(home: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=_standing(home), buffering=0) as file:
            file.write(bytes(_LEAST))
    except OSError as error:
        return error.errno in _FULL
    return False


def _standing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(each for each in (folder.absolute(), *folder.absolute().parents) if each.is_dir())
