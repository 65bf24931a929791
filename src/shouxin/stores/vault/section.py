"""The exclusive section: whoever changes keys is alone, and starts from a recovered state.

One lock file per home, on PostgreSQL also an advisory lock with a fencing number: a section whose lock was lost (a
broken connection) finds that another has entered since, and stops before it writes. Inside a section, transactions
are the section's own; whoever holds a transaction cannot enter.
"""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from django.db import connection, transaction
from filelock import FileLock, Timeout

from shouxin.ground.kernel.refusals import Corrupt, Refusal, Unavailable
from shouxin.stores.vault import custody, durable, escrow, keyring, roots
from shouxin.stores.vault.leaves import delete_leaves, stale_leaves

LOCK_SECONDS = 120
_ADVISORY = 0x5368_6F75
_alone = threading.Lock()


@dataclass(frozen=True)
class Section:
    """The right to change this home's keys, as long as the section lasts. `swept`: leaves deleted on entering, None
    when all was settled.
    """

    ring: keyring.Keyring
    fence: int
    swept: int | None = None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A durable transaction of this section.

        Raises:
            Unavailable: another section has entered since (the lock was lost).
        """
        with transaction.atomic(durable=True):
            with connection.cursor() as cursor:
                if connection.vendor == "postgresql":
                    cursor.execute("SET LOCAL synchronous_commit = on")
                cursor.execute("SELECT fence FROM vault_state WHERE id = 1" + row_lock())
                if cursor.fetchone()[0] != self.fence:
                    raise Unavailable("exclusive lock of the keys was lost")
            yield

    def set_busy(self) -> None:
        """Say, in this transaction, that a change of the keys is under way."""
        with connection.cursor() as cursor:
            cursor.execute("UPDATE vault_state SET busy = %s WHERE id = 1", (True,))

    def set_settled(self) -> None:
        """Say, in this transaction, that the newest flip is complete."""
        table = self.ring.table
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE vault_state SET busy = %s, generation = %s, pages = %s WHERE id = 1",
                (False, table.generation, table.pages),
            )

    def advance(self, table: roots.Table, *, kek: custody.Kek | None = None, all_copies: bool) -> None:
        """Escrow, flip, erase: from here `table` is the truth and no older root key exists.

        `all_copies`: refuse before the flip when a copy of the escrow cannot be reached; else one copy is enough to
        flip, and the section ends with Unavailable after it.

        Raises:
            Unavailable: escrow copies that cannot be reached, or a failing disk.
        """
        missed = escrow.store(self.ring, table)
        if missed and (all_copies or len(missed) == len(escrow.targets(self.ring))):
            raise Unavailable(f"escrow: {len(missed)} copies cannot be reached") from missed[0]
        self.check_alone()
        self.ring.flip(table, kek or self.ring.present_kek())
        self.ring.erase_older()
        escrow.settle(self.ring)

    def check_alone(self) -> None:
        """Look once more that no other section has entered. Raises as `transaction`."""
        if _fence() != self.fence:
            raise Unavailable("exclusive lock of the keys was lost")


def row_lock() -> str:
    """What a SELECT says to hold its rows until the transaction ends; on SQLite the transaction itself does."""
    return " FOR UPDATE" if connection.vendor == "postgresql" else ""


def check_outside() -> None:
    """Refuse inside a caller's transaction (a test's own does not count, as in Django's `durable`).

    Raises:
        Refusal("vault.inside_transaction").
    """
    if connection.in_atomic_block and not getattr(connection.atomic_blocks[-1], "_from_testcase", False):
        raise Refusal("vault.inside_transaction")


@contextmanager
def exclusive() -> Iterator[Section]:
    """The section, entered alone and with the newest root swept; open intents are the caller's (`recovery.enter`).

    Raises:
        Refusal("vault.inside_transaction"), Refusal("vault.not_founded"); Unavailable: another process holds the keys
        for too long;
        Corrupt: the keys do not open, or a leaf is missing.
    """
    check_outside()
    with ExitStack() as stack:
        ring = keyring.current()
        stack.enter_context(locked())
        ring.fresh()
        section = Section(ring, _fence())
        yield replace(section, swept=sweep(section)) if is_unsettled(section) else section


@contextmanager
def locked() -> Iterator[None]:
    """This home's key lock, between threads, processes and, on PostgreSQL, hosts."""
    keys = keyring.folder()
    lock = FileLock(keys / "lock")
    if not _alone.acquire(timeout=LOCK_SECONDS):
        raise Unavailable("another thread holds the keys")
    try:
        lock.acquire(timeout=LOCK_SECONDS)
    except Timeout:
        _alone.release()
        raise Unavailable("another process holds the keys") from None
    try:
        with _advisory_lock():
            _force_durable_sessions()
            yield
    finally:
        lock.release()
        _alone.release()


def is_unsettled(section: Section) -> bool:
    """Whether somebody stopped in the middle of a change.

    Raises:
        Corrupt: the database has seen a newer flip than these keys.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT busy, generation FROM vault_state WHERE id = 1")
        busy, generation = cursor.fetchone()
    if generation > section.ring.generation:
        raise Corrupt("keys older than the database", f"generation {section.ring.generation} of {generation}")
    return bool(busy) or generation != section.ring.generation or section.ring.older_root_stands()


def sweep(section: Section) -> int:
    """Finish the newest flip: written again and synced, older roots, leaves and escrow bundles gone; returns leaves
    deleted.

    Raises:
        Corrupt: a leaf of the newest table is missing; nothing is deleted then.
    """
    ring = section.ring
    ring.affirm()
    durable.step("root affirmed")
    stale = stale_leaves(ring.table)
    ring.erase_older()
    custody.settle(ring.kek, ring.slot.kek_version)
    escrow.settle(ring)
    with section.transaction():
        delete_leaves(stale)
        section.set_settled()
    durable.step("swept")
    return len(stale)


def _fence() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT fence FROM vault_state WHERE id = 1")
        return int(cursor.fetchone()[0])


@contextmanager
def _advisory_lock() -> Iterator[None]:
    """On PostgreSQL: the lock of this schema's vault, and the next fencing number."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_lock(%s, hashtext(current_database() || '.' || current_schema()))", (_ADVISORY,)
        )
        try:
            cursor.execute("UPDATE vault_state SET fence = fence + 1 WHERE id = 1")
            yield
        finally:
            cursor.execute(
                "SELECT pg_advisory_unlock(%s, hashtext(current_database() || '.' || current_schema()))", (_ADVISORY,)
            )


def _force_durable_sessions() -> None:
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous = FULL")
            cursor.execute("PRAGMA secure_delete = ON")
