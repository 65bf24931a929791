"""The leaf rows: inserted, deleted, never updated."""

from collections.abc import Iterable

from django.db import connection

from shouxin.ground.kernel.refusals import Corrupt
from shouxin.stores.vault.roots import Table

LeafRow = tuple[int, int, int, bytes]
"""Page, generation, the root generation at which it was born, sealed body."""


def insert_leaves(rows: Iterable[LeafRow]) -> None:
    """Insert leaves in the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO vault_leaf (page, gen, born, body) VALUES (%s, %s, %s, %s)", list(rows))


def delete_leaves(stale: list[tuple[int, int]]) -> None:
    """Delete leaves by page and generation, in the caller's transaction.

    On SQLite their freed pages are not overwritten: the page keys that opened them are gone with the older root, and
    writing 16 KiB of zeros for each touched page would double the cost of a large destruction. Everything else is
    overwritten when deleted.
    """
    if not stale:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA secure_delete = FAST")
        try:
            cursor.executemany("DELETE FROM vault_leaf WHERE page = %s AND gen = %s", stale)
        finally:
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA secure_delete = ON")


def stale_leaves(table: Table) -> list[tuple[int, int]]:
    """The leaves to which the table does not lead.

    Raises:
        Corrupt: one to which it leads is missing.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT page, gen FROM vault_leaf")
        there = set(cursor.fetchall())
    wanted = set(enumerate(table.generations()))
    missing = wanted - there
    if missing:
        raise Corrupt("leaf missing", f"page {min(missing)[0]} of {len(missing)}")
    return sorted(there - wanted)
