"""What one process of the company does at a time and that needs no place to go on from.

`alone` lasts as long as its block: a file of the home's `locks/` that the system lets go with the process, however that
ends; who comes second is refused. `take_turn` lasts as long as the caller's transaction; who comes second waits.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection
from filelock import FileLock, Timeout

from shouxin.ground.kernel.refusals import Refusal


@contextmanager
def alone(work: str) -> Iterator[None]:
    """Be the only process at this work, named as its file is.

    Raises:
        Refusal("jobs.under_way", work=…): another process is at it.
    """
    folder = Path(settings.SHOUXIN_HOME) / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"{work}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise Refusal("jobs.under_way", work=work) from None
    try:
        yield
    finally:
        lock.release()


def take_turn(work: str) -> None:
    """Be the only process at this work until the caller's transaction ends, so that what is looked for before it is
    written is looked for by one at a time. The embedded database gives every writer a turn of its own anyway.

    RuntimeError: called outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a turn lasts as long as a transaction")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(current_schema()), hashtext(%s))", [work])
