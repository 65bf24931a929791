"""The vault's verbs, the only writers of its tables and key files.

1. `found`, `allocate`, `shred`, `recover`, `close_epoch`, `scrub` and `restore` are called outside a transaction:
   they change key files, in an exclusive section of their own. `seal_batch`, `index`, `merge` belong to the caller's
   transaction.
2. A value goes in through `seal_batch` and comes out through `open_for`; between them walks the customer's number.

    numbers = allocate(len(batch))
    with transaction.atomic():
        seal_batch(items=[Item(numbers[0], "basic", source, 1, raw)], at=at)
        index(entries=[("phone", normalised, numbers[0])])
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from django.db import connection

from shouxin.ground.kernel.canonical import length_prefixed
from shouxin.ground.kernel.digests import derive, digest, digest_parts, keyed
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.ledger import services as ledger
from shouxin.stores.vault import blind, epochs, escrow, keyring, records, recovery, shredding
from shouxin.stores.vault.allocation import allocate
from shouxin.stores.vault.drilling import drill, fingerprints
from shouxin.stores.vault.founding import found
from shouxin.stores.vault.keyring import forget
from shouxin.stores.vault.numbers import COMPARTMENTS, DEAD_KEY, EVIDENCE, KEY, SLOTS_A_PAGE, compartment, pages_of
from shouxin.stores.vault.opening import Opened, open_for
from shouxin.stores.vault.records import Item
from shouxin.stores.vault.recovery import RecoveryResult, recover
from shouxin.stores.vault.restoring import restore
from shouxin.stores.vault.shredding import ShredResult

__all__ = [
    "BatchSeal",
    "Item",
    "Opened",
    "RecoveryResult",
    "ShredResult",
    "allocate",
    "close_epoch",
    "drill",
    "escrow_to",
    "fingerprints",
    "forget",
    "found",
    "index",
    "look_up",
    "merge",
    "open_for",
    "prune_escrow",
    "rebuild_index",
    "recover",
    "restore",
    "scrub",
    "seal_batch",
    "shred",
    "tags",
    "token_tag",
    "token_tags",
]
_LEAVES_AT_ONCE = 256


@dataclass(frozen=True)
class BatchSeal:
    """What was sealed. The digest is over the ciphertexts, in slot order: nothing in it can be enumerated."""

    digest: str
    envelopes: int
    rows: int


def seal_batch(*, items: Sequence[Item], at: datetime, kind: str = "collected") -> BatchSeal:
    """Seal and store a batch in the caller's transaction, one envelope per item, sorted by slot. The caller's entry
    tells of it.

    Raises:
        Refusal("vault.destroyed", cells=…): a customer or compartment is being or was destroyed;
        Refusal("vault.no_such_customer");
        Refusal("vault.category"); Refusal("vault.kind"); Refusal("vault.expired"). RuntimeError: called outside a
        transaction.
    """
    _require_transaction()
    if kind == blind.KIND or not kind:
        raise Refusal("vault.kind", kind=kind)
    if any(item.expires is not None and item.expires < at.date() for item in items):
        raise Refusal("vault.expired")
    if not items:
        return BatchSeal(digest_parts(()), 0, 0)
    placed = sorted(
        ((item.customer, compartment(item.category), place) for place, item in enumerate(items)),
    )
    cells = [(customer, at_) for customer, at_, _ in placed]
    ordered = [items[place] for _, _, place in placed]
    records.check_alive(set(cells))
    first = records.take_numbers(len(cells))
    bodies = records.seal(keyring.current(), cells=cells, raws=[item.raw for item in ordered], first=first, kind=kind)
    records.insert(
        (
            first + number,
            item.customer,
            cells[number][1],
            item.source,
            kind,
            item.rows,
            item.purpose,
            item.expires,
            records.VERSION,
            bodies[number],
        )
        for number, item in enumerate(ordered)
    )
    return BatchSeal(digest_parts(bodies), len(bodies), sum(item.rows for item in items))


def index(*, entries: Sequence[tuple[str, str, int]]) -> None:
    """Make customers findable by (key kind, normalised text), in the caller's transaction; found within it at once,
    elsewhere after it.

    Raises:
        Refusal("vault.destroyed"), Refusal("vault.no_such_customer"), Refusal("vault.key_kind"); Unavailable: the
        index is being rebuilt. RuntimeError: called outside a transaction.
    """
    _require_transaction()
    if entries:
        blind.add(keyring.current(), entries)


def look_up(*, entries: Sequence[tuple[str, str]]) -> list[tuple[int, ...]]:
    """The living customers under each (key kind, normalised text), in the same order; nobody whose destruction has
    begun.

    Raises:
        Unavailable: the index is being rebuilt.
    """
    return blind.find(keyring.current(), entries) if entries else []


def merge(*, customer: int, into: int) -> None:
    """From now on one customer is known as another, in the caller's transaction. No key is touched; destroying `into`
    destroys both.

    Raises:
        Refusal("vault.destroyed"), Refusal("vault.no_such_customer"), Refusal("vault.merge"): with itself, or in a
        chain. RuntimeError: called outside a transaction.
    """
    _require_transaction()
    records.check_alive({(customer, EVIDENCE), (into, EVIDENCE)})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM vault_customer WHERE merged_into = %s OR (customer = %s AND merged_into IS NOT NULL)",
            (customer, into),
        )
        if customer == into or cursor.fetchone():
            raise Refusal("vault.merge")
        cursor.execute("UPDATE vault_customer SET merged_into = %s WHERE customer = %s", (into, customer))


def tags(*, customers: Collection[int], event: str) -> dict[int, str]:
    """Each customer's tag for one event, in hexadecimal: under the customer's own evidence key, so it means nothing
    after that key.

    Raises:
        Refusal("vault.destroyed", customers=…): the evidence key of some is gone; Refusal("vault.no_such_customer").
    """
    chosen, ring = sorted({int(customer) for customer in customers}), keyring.current()
    records.check_alive({(customer, EVIDENCE) for customer in chosen})
    found, marked = {}, event.encode()
    for _, step in groupby(enumerate(chosen), lambda pair: pair[0] // (_LEAVES_AT_ONCE * 64)):
        some = [customer for _, customer in step]
        leaves = ring.leaves(pages_of(some))
        for customer in some:
            page, place = divmod(customer * COMPARTMENTS + EVIDENCE, SLOTS_A_PAGE)
            key = leaves[page][place * KEY : place * KEY + KEY]
            if key == DEAD_KEY:
                raise Refusal("vault.destroyed", customers=1)
            found[customer] = keyed(derive(key, "shouxin event tag"), marked).hex()
    return found


def token_tag(label: str, text: str) -> str:
    """The tag of a reply code or link token, in hexadecimal; the same as long as the vault lives."""
    return token_tags(label, (text,))[0]


def token_tags(label: str, texts: Sequence[str]) -> list[str]:
    """The tags of many, in their order: the keys are looked at once."""
    key = derive(keyring.current().fresh().token_root, "shouxin token tag")
    marked = label.encode()
    return [keyed(key, length_prefixed([marked, text.encode()])).hex() for text in texts]


def shred(
    *,
    cells: Mapping[int, frozenset[str] | None],
    reason: Mapping[str, Any],
    at: datetime,
    by: str,
    held: Callable[[Collection[int]], Collection[int]],
    scope: str = "company",
) -> ShredResult:
    """Destroy the keys, records and tags of some cells; None is the whole customer. Entries `destroy.intent` and
    `destroy.done`.

    `held` is asked inside the intent's transaction for the customers that must not be destroyed. The same cells for
    the same reason again give the same result, so that a caller that stopped can go on.

    Raises:
        Refusal("vault.held"), Refusal("vault.destroyed"): nothing of it lives, Refusal("vault.no_such_customer"),
        Refusal("vault.nothing"),
        Refusal("vault.inside_transaction"); Unavailable: a copy of the escrow or the disk; flipped perhaps, never
        done: `recover` goes on.
    """
    with recovery.enter() as alone:
        masks = shredding.masks_of(cells)
        request = shredding.request_of(alone.ring, masks, reason)
        known = shredding.result_of(request)
        if known is not None:
            return known
        intent = shredding.intend(alone, masks, request=request, reason=reason, scope=scope, at=at, by=by, held=held)
        return shredding.carry_out(alone, intent, at=at, is_fresh=True)


def close_epoch(*, at: datetime, by: str) -> None:
    """Close the epoch: a new KEK version (the older file is overwritten), a new index root, the index made anew;
    entry `vault.epoch_closed`.

    After it, an older index file or an older root slot that was copied away opens nothing, as far as the older KEK
    version is gone too.

    Raises:
        Refusal("vault.inside_transaction"); Unavailable: a copy of the escrow, the KEK's device or the disk.
    """
    with recovery.enter() as alone:
        epochs.close(alone)
        epochs.tell_epoch(alone, at=at, by=by)


def rebuild_index() -> int:
    """Make the blind index anew from what is sealed; how many keys records were read."""
    with recovery.enter() as alone:
        return blind.rebuild(alone.ring)


def escrow_to(*, targets: Sequence[Path], recovery_public: bytes, at: datetime, by: str) -> None:
    """Escrow from now on into these folders, to this recovery key; entry `vault.escrow_set`. Bundles in other folders
    are the caller's to destroy.

    Raises:
        Refusal("vault.recovery_key"), Refusal("vault.escrow_taken"), Refusal("vault.inside_transaction");
        Unavailable: a folder.
    """
    if targets and len(recovery_public) != 32:
        raise Refusal("vault.recovery_key")
    with recovery.enter() as alone:
        escrow.change(alone.ring, targets=targets, recovery_public=recovery_public)
        with alone.transaction():
            facts = {"copies": len(targets), "recipient": digest(recovery_public), "generation": alone.ring.generation}
            ledger.append(kind="vault.escrow_set", scope="company", at=at, by=by, facts=facts)


def prune_escrow(*, born_until: int) -> int:
    """Remove escrowed leaf files that every retained backup holds (born up to that root generation); how many files
    went.
    """
    with recovery.enter() as alone:
        return escrow.prune(alone.ring, born_until=born_until)


def scrub() -> None:
    """Rewrite the vault's tables without their free pages, so that deleted ciphertext leaves the files too. Slow;
    outside a transaction.

    Raises:
        Refusal("vault.inside_transaction").
    """
    with recovery.enter(), connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return
        for table in ("vault_leaf", "vault_record", "vault_customer", "vault_intent"):
            cursor.execute(f"VACUUM (FULL, ANALYZE) {table}")


def _require_transaction() -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("values are sealed inside the transaction of what they belong to")
