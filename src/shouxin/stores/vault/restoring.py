"""Keys come back from the newest escrow over a restored database; whoever was destroyed before the escrow stays
destroyed.

1. Older keys than the database has seen are refused: that escrow would revive.
2. Leaves that the data set lacks come from the escrow's leaf files; one in neither is Corrupt.
3. Zeroed slots are tombstones: their records, tags and tokens are purged before anything opens. No personal
   information is needed.
4. New numbers start on a fresh page above every page the escrow knows; a record above it is Corrupt.
5. New KEK, new root, new index root: the files of the lost machine open nothing here, and this machine's nothing there.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from shouxin.ground.kernel.canonical import to_base64
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.stores.ledger import services as ledger
from shouxin.stores.vault import blind, durable, escrow, founding, keyring, records, section
from shouxin.stores.vault.leaves import delete_leaves, insert_leaves, stale_leaves
from shouxin.stores.vault.models import State
from shouxin.stores.vault.numbers import ALL, COMPARTMENTS, CUSTOMERS_A_PAGE, DEAD_KEY, KEY

_PAGES_AT_ONCE = 128


@dataclass(frozen=True)
class Restored:
    """What was restored: the escrow's generation, leaves taken from the escrow, customers and records purged as
    tombstones.
    """

    generation: int
    leaves: int
    customers_purged: int
    records_purged: int


def restore(
    *,
    folder: Path,
    recovery: bytes,
    at: datetime,
    by: str,
    kek: Path | None = None,
    escrow_targets: Sequence[Path] = (),
    recovery_public: bytes = b"",
) -> Restored:
    """Make this home's key files anew from the newest bundle in `folder`, over the restored database; entry
    `vault.restored`.

    Raises:
        Refusal("vault.keys_in_the_way"): keys lie here already; Refusal("vault.escrow_older"): older than the data;
        Refusal("vault.recovery_key"); Refusal("vault.not_founded"): no vault in this database; Unavailable: no bundle;
        Corrupt: another vault's escrow, a missing leaf, a record without a page.
    """
    section.check_outside()
    keys = keyring.folder()
    if any((keys / name).exists() for name in ("root.0", "root.1")):
        raise Refusal("vault.keys_in_the_way", folder=keys.name)
    bundle = escrow.open_bundle(escrow.newest(folder), recovery)
    durable.make_folder(keys)
    with section.locked():
        state = _check_state(bundle)
        with transaction.atomic(durable=True):
            leaves = _complete_leaves(bundle, folder)
            customers, gone = _purge(bundle)
            _raise_counters(bundle)
            facts = {"escrow": bundle.table.generation, "leaves": leaves, "customers": customers, "records": gone}
            ledger.append(kind="vault.restored", scope="company", at=at, by=by, facts=facts)
        described = keyring.Description(
            vault=bundle.header.vault,
            algorithm=state.algorithm,
            kek="" if kek is None else str(kek),
            escrow=tuple(str(target) for target in escrow_targets),
            recipient=to_base64(recovery_public),
        )
        for target in escrow_targets:
            escrow.mark(Path(settings.SHOUXIN_HOME, target), bundle.header.vault)
        table = bundle.table
        founding.write_keys(
            keys,
            described,
            replace(table, generation=table.generation + 1, epoch=table.epoch + 1, index_root=os.urandom(32)),
        )
        _settle()
    return Restored(bundle.table.generation, leaves, customers, gone)


def _check_state(bundle: escrow.Bundle) -> State:
    state = State.objects.first()
    if state is None:
        raise Refusal("vault.not_founded")
    if bytes(state.vault) != bundle.header.vault:
        raise Corrupt("escrow of another vault than the database's", "escrow")
    if bundle.table.generation < state.generation:
        raise Refusal("vault.escrow_older", escrow=bundle.table.generation, database=state.generation)
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(customer) FROM vault_record")
        highest = cursor.fetchone()[0] or 0
    if highest // CUSTOMERS_A_PAGE >= bundle.table.pages:
        raise Corrupt("record of a customer above every page of the escrow", f"customer {highest}")
    return state


def _complete_leaves(bundle: escrow.Bundle, folder: Path) -> int:
    """Bring in the leaves that the data set lacks, and let go those to which the table does not lead; how many came
    in.
    """
    table, vault = bundle.table, bundle.header.vault
    wanted = set(enumerate(table.generations()))
    bad = {(page, gen) for page, gen, _ in _leaves_that_open_not(bundle)}
    with connection.cursor() as cursor:
        cursor.execute("SELECT page, gen FROM vault_leaf")
        missing = (wanted - set(cursor.fetchall())) | bad
    delete_leaves(sorted(bad))
    came = 0
    for page, gen, born, body in escrow.stored_leaves(folder):
        if (page, gen) in missing and _opens(bundle, page, gen, body, vault):
            insert_leaves([(page, gen, born, body)])
            missing.discard((page, gen))
            came += 1
    delete_leaves(stale_leaves(table))
    return came


def _leaves_that_open_not(bundle: escrow.Bundle) -> Iterator[tuple[int, int, bytes]]:
    """Leaves of the data set that bear a right number and are not the table's: of a flip that never was."""
    for page, gen, body in _stored(bundle):
        if gen == bundle.table.page(page)[0] and not _opens(bundle, page, gen, body, bundle.header.vault):
            yield page, gen, body


def _stored(bundle: escrow.Bundle) -> Iterator[tuple[int, int, bytes]]:
    for start in range(0, bundle.table.pages, _PAGES_AT_ONCE):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT page, gen, body FROM vault_leaf WHERE page >= %s AND page < %s",
                (start, min(start + _PAGES_AT_ONCE, bundle.table.pages)),
            )
            yield from ((page, gen, bytes(body)) for page, gen, body in cursor.fetchall())


def _opens(bundle: escrow.Bundle, page: int, gen: int, body: bytes, vault: bytes) -> bool:
    try:
        keyring.open_leaf(body, key=bundle.table.page(page)[1], vault=vault, page=page, gen=gen)
    except Corrupt:
        return False
    return True


def _purge(bundle: escrow.Bundle) -> tuple[int, int]:
    """Replay the tombstones: whose keys are zero in the escrow has no records, token or state of the living here."""
    dead = _dead_masks(bundle)
    gone = records.delete(dead)
    whole = sorted(customer for customer, mask in dead.items() if mask == ALL)
    with connection.cursor() as cursor:
        for part in records.parts(whole):
            cursor.execute(
                f"UPDATE vault_customer SET state = 'destroyed', token = NULL, ending = 0, ended = {ALL}"
                f" WHERE customer IN ({part})"
            )
        cursor.executemany(
            "UPDATE vault_customer SET ended = %s, ending = ending & %s WHERE customer = %s AND state <> 'destroyed'",
            [(mask, ALL & ~mask, customer) for customer, mask in dead.items() if mask != ALL],
        )
    return len(whole), gone


def _dead_masks(bundle: escrow.Bundle) -> dict[int, int]:
    dead: dict[int, int] = {}
    for page, gen, body in _stored(bundle):
        leaf = keyring.open_leaf(body, key=bundle.table.page(page)[1], vault=bundle.header.vault, page=page, gen=gen)
        if DEAD_KEY not in leaf:
            continue
        for place in range(len(leaf) // KEY):
            if leaf[place * KEY : place * KEY + KEY] == DEAD_KEY:
                customer = page * CUSTOMERS_A_PAGE + place // COMPARTMENTS
                dead[customer] = dead.get(customer, 0) | 1 << place % COMPARTMENTS
    return dead


def _raise_counters(bundle: escrow.Bundle) -> None:
    """Numbers start above every page the escrow knows: some may have been given after the data set was taken."""
    table = bundle.table
    State.objects.filter(pk=1).update(
        generation=table.generation, pages=table.pages, next_customer=table.pages * CUSTOMERS_A_PAGE, busy=True
    )


def _settle() -> None:
    keyring.forget()
    ring = keyring.current()
    escrow.settle(ring)
    blind.rebuild(ring)
    with transaction.atomic(durable=True):
        State.objects.filter(pk=1).update(
            generation=ring.generation, pages=ring.table.pages, epoch=ring.table.epoch, busy=False
        )
