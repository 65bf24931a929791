"""Whether a process of this machine still lives, told by a lock that the system drops when the process ends.

A killed process must not keep its work for the rest of its lease (on a simulated clock: for ever), and the number of a
process says nothing, since numbers come again. So each process that takes a lease holds a lock on a file of its own in
the home's `locks/`; whoever can take that lock knows that the owner is gone.
"""

import atexit
import os
import socket
from pathlib import Path

from filelock import FileLock, Timeout

from shouxin.ground.kernel.refusals import Unavailable

_PATIENCE = 2.0
_held: dict[tuple[Path, int], FileLock] = {}


def announce(home: Path) -> str:
    """This process's name as an owner of leases, `host/number`; its lock is held from here on until it ends.

    Raises:
        Unavailable: the lock cannot be had. (Another process may hold it for a moment, to learn whether an earlier
        process of our number lives.)
    """
    owner = f"{socket.gethostname()}/{os.getpid()}"
    key = (home, os.getpid())
    if key not in _held:
        lock = _lock(home, owner)
        try:
            lock.acquire(timeout=_PATIENCE)
        except Timeout as error:
            raise Unavailable("the lock of this process is held by another") from error
        _held[key] = lock
        atexit.register(_leave, key)
    return owner


def is_gone(home: Path, owner: str) -> bool:
    """Whether that owner is a process of this machine that has ended; of another machine nothing is known: False."""
    host, _, number = owner.rpartition("/")
    if host != socket.gethostname() or number == str(os.getpid()):
        return False
    lock = _lock(home, owner)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    lock.release()
    return True


def _lock(home: Path, owner: str) -> FileLock:
    folder = home / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / f"process-{owner.rpartition('/')[2]}.lock", thread_local=False)


def _leave(key: tuple[Path, int]) -> None:
    """At the process's own end; a forked child has nothing to leave."""
    if key[1] == os.getpid():
        lock = _held.pop(key)
        lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)
