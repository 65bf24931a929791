"""Customer numbers, each with eight keys that are durable and escrowed before the number is given.

Pages are made ahead, so that most allocations write no key. A number is never given twice: what a crash leaves unused
stays unused.
"""

import os

from django.db import connection

from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.vault import durable, recovery
from shouxin.stores.vault.keyring import seal_leaf
from shouxin.stores.vault.leaves import insert_leaves
from shouxin.stores.vault.numbers import CUSTOMERS_A_PAGE, KEY, SLOTS_A_PAGE
from shouxin.stores.vault.section import Section, check_outside

PAGES_AHEAD = 16
_TOKEN = 16
_INSERT = 256


def allocate(count: int) -> range:
    """`count` new customer numbers; their keys are durable, and escrowed, before it returns. Called outside a
    transaction.

    Raises:
        Refusal("vault.inside_transaction"), Refusal("vault.count"); Unavailable: the disk, the lock or a copy of the
        escrow;
        Corrupt: the keys do not open.
    """
    if count < 1:
        raise Refusal("vault.count", count=count)
    check_outside()
    with recovery.enter() as alone:
        needed = _pages_needed(count)
        if needed:
            _make_pages(alone, max(needed, PAGES_AHEAD))
        with alone.transaction():
            return _take(count)


def _pages_needed(count: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT next_customer, pages FROM vault_state WHERE id = 1")
        first, pages = cursor.fetchone()
    return max(0, -(-(first + count) // CUSTOMERS_A_PAGE) - int(pages))


def _make_pages(alone: Section, count: int) -> None:
    ring = alone.ring
    first, born = ring.table.pages, ring.generation + 1
    keys = {page: (1, os.urandom(32)) for page in range(first, first + count)}
    with alone.transaction():
        alone.set_busy()
        for start in range(first, first + count, _INSERT):
            batch = range(start, min(start + _INSERT, first + count))
            insert_leaves(
                (
                    page,
                    1,
                    born,
                    seal_leaf(os.urandom(KEY * SLOTS_A_PAGE), key=keys[page][1], vault=ring.vault, page=page, gen=1),
                )
                for page in batch
            )
        durable.step("leaves inserted")
    durable.step("leaves committed")
    alone.advance(ring.table.changed(keys), all_copies=True)
    with alone.transaction():
        alone.set_settled()
    durable.step("allocation settled")


def _take(count: int) -> range:
    tokens = os.urandom(_TOKEN * count)
    with connection.cursor() as cursor:
        cursor.execute("SELECT next_customer FROM vault_state WHERE id = 1")
        first = int(cursor.fetchone()[0])
        cursor.execute("UPDATE vault_state SET next_customer = %s WHERE id = 1", (first + count,))
        cursor.executemany(
            "INSERT INTO vault_customer (customer, token, state, ending, ended) VALUES (%s, %s, 'alive', 0, 0)",
            [(first + at, tokens[at * _TOKEN : at * _TOKEN + _TOKEN]) for at in range(count)],
        )
    return range(first, first + count)
