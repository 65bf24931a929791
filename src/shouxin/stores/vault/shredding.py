"""Destruction of keys: wholly done or wholly not, at whatever point it stops.

1. Intent: an entry, the cells marked `ending`, holds asked, in one transaction. From here nobody finds, opens or
   seals these cells.
2. New leaves with the slots zeroed, under new page keys: inserted beside the old ones, committed.
3. The escrow of the new generation on every copy.
4. The page-key table to the alternate file under a new root key; synced, folder too.
5. The wrapped root key to the alternate slot; synced. This is the flip.
6. The other slot overwritten, older escrow bundles overwritten. Other processes see the slots move before they use a
   key again.
7. Old leaves, records, tags and remembered keys deleted; the customers' state and tokens.
8. The entry `destroy.done`, in the same transaction as 7.

Whoever enters the section after a stop sweeps to the newest root and carries out every intent without a result:
redone, never skipped.
"""

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from shouxin.ground.kernel.canonical import decode, encode
from shouxin.ground.kernel.digests import derive, digest, keyed
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.times import to_text
from shouxin.stores.ledger import services as ledger
from shouxin.stores.vault import blind, durable, records
from shouxin.stores.vault.keyring import Keyring, seal_leaf
from shouxin.stores.vault.leaves import delete_leaves, insert_leaves
from shouxin.stores.vault.models import Intent
from shouxin.stores.vault.numbers import ALL, BASIC, COMPARTMENTS, CUSTOMERS_A_PAGE, DEAD_KEY, KEY, bits, mask_of
from shouxin.stores.vault.section import Section

_PAGES_AT_ONCE = 256

Masks = dict[int, int]
"""Customer → mask of compartments to destroy."""


@dataclass(frozen=True)
class ShredResult:
    """What was destroyed. `digest` is salted: of the cells, with the salt that stays with the intent."""

    digest: str
    customers: int
    keys: int
    pages: int
    records: int
    generation: int
    custody: str


def masks_of(cells: Mapping[int, frozenset[str] | None]) -> Masks:
    """Cells as masks, with whoever was merged into a customer that goes.

    Raises:
        Refusal("vault.category"), Refusal("vault.nothing"): no cell at all.
    """
    masks = {int(customer): mask_of(names) for customer, names in sorted(cells.items())}
    masks = {customer: mask for customer, mask in masks.items() if mask}
    if not masks:
        raise Refusal("vault.nothing")
    for alias, into in _aliases(masks).items():
        masks[alias] = masks.get(alias, 0) | masks[into]
    return masks


def request_of(ring: Keyring, masks: Masks, reason: Mapping[str, Any]) -> str:
    """The keyed digest by which the same request is known again."""
    key = derive(ring.fresh().token_root, "shouxin shred request")
    return keyed(key, encode({"cells": _plain(masks), "reason": dict(reason)})).hex()


def result_of(request: str) -> ShredResult | None:
    """The result of a request that was carried out already, or None."""
    row = Intent.objects.filter(request=request).exclude(result="").first()
    return None if row is None else ShredResult(**decode(row.result.encode(), where="intent"))


def intend(
    alone: Section,
    masks: Masks,
    *,
    request: str,
    reason: Mapping[str, Any],
    scope: str,
    at: datetime,
    by: str,
    held: Callable[[Collection[int]], Collection[int]],
) -> Intent:
    """Step 1. The holds are asked in the same transaction.

    Raises:
        Refusal("vault.held", customers=…); Refusal("vault.no_such_customer"); Refusal("vault.destroyed"): nothing of
        it lives.
    """
    salt = os.urandom(32)
    cells = encode(_plain(masks))
    with alone.transaction():
        living = _still_living(masks)
        if not living:
            raise Refusal("vault.destroyed", cells=len(masks))
        kept = held(sorted(masks))
        if kept:
            raise Refusal("vault.held", customers=len(set(kept)))
        _mark_ending(masks)
        alone.set_busy()
        intent = Intent.objects.create(
            request=request,
            salt=salt,
            digest=digest(salt + cells),
            reason=encode(dict(reason)).decode(),
            scope=scope,
            cells=cells,
            by=by,
            at=to_text(at),
        )
        facts = {"intent": intent.pk, "customers": len(masks), "cells": intent.digest, "reason": dict(reason)}
        ledger.append(kind="destroy.intent", scope=scope, at=at, by=by, facts=facts)
        durable.step("intent written")
    durable.step("intent committed")
    return intent


def carry_out(alone: Section, intent: Intent, *, at: datetime, is_fresh: bool) -> ShredResult:
    """Steps 2 to 8, from wherever they stopped; a fresh intent starts at 2 without looking.

    Raises:
        Unavailable: a copy of the escrow or the disk: flipped perhaps, never done; entering the section again goes on.
    """
    masks = _masks(bytes(intent.cells))
    pages = sorted(_by_page(masks)) if is_fresh else _pages_with_keys(alone.ring, masks)
    old = _insert_zeroed(alone, masks, pages) if pages else []
    tags = [customer for customer, mask in masks.items() if mask >> BASIC & 1]
    if connection.vendor != "postgresql":
        blind.forget(tags)
        durable.step("tags deleted")
    with alone.transaction():
        if connection.vendor == "postgresql":
            blind.forget(tags)
        delete_leaves(old)
        gone = records.delete(masks)
        keys = _mark_ended(masks)
        alone.set_settled()
        result = ShredResult(
            digest=intent.digest,
            customers=len(masks),
            keys=keys,
            pages=len({customer // CUSTOMERS_A_PAGE for customer in masks}),
            records=gone,
            generation=alone.ring.generation,
            custody=alone.ring.custody_class(),
        )
        facts = {"intent": intent.pk, **asdict(result), "state": "flipped"}
        ledger.append(kind="destroy.done", scope=intent.scope, at=at, by=intent.by, facts=facts)
        Intent.objects.filter(pk=intent.pk).update(result=encode(asdict(result)).decode())
        durable.step("rows deleted")
    durable.step("done committed")
    _truncate_log()
    durable.step("log truncated")
    return result


def _insert_zeroed(alone: Section, masks: Masks, pages: list[int]) -> list[tuple[int, int]]:
    """Steps 2 to 6; the leaves that are old after them."""
    ring = alone.ring
    table, by_page = ring.table, _by_page(masks)
    old = [(page, table.page(page)[0]) for page in pages]
    fresh = {page: (gen + 1, os.urandom(KEY)) for page, gen in old}
    with alone.transaction():
        alone.set_busy()
        for start in range(0, len(pages), _PAGES_AT_ONCE):
            leaves = ring.leaves(pages[start : start + _PAGES_AT_ONCE])
            insert_leaves(
                (
                    page,
                    fresh[page][0],
                    table.generation + 1,
                    seal_leaf(
                        _zeroed(leaf, by_page[page]),
                        key=fresh[page][1],
                        vault=ring.vault,
                        page=page,
                        gen=fresh[page][0],
                    ),
                )
                for page, leaf in leaves.items()
            )
        durable.step("leaves inserted")
    durable.step("leaves committed")
    alone.advance(table.changed(fresh), all_copies=False)
    return old


def _pages_with_keys(ring: Keyring, masks: Masks) -> list[int]:
    """The pages on which any of these keys still stands."""
    by_page = _by_page(masks)
    pages, found = sorted(by_page), []
    for start in range(0, len(pages), _PAGES_AT_ONCE):
        for page, leaf in ring.leaves(pages[start : start + _PAGES_AT_ONCE]).items():
            if any(leaf[place * KEY : place * KEY + KEY] != DEAD_KEY for place in by_page[page]):
                found.append(page)
    return sorted(found)


def _zeroed(leaf: bytes, places: list[int]) -> bytes:
    raw = bytearray(leaf)
    for place in places:
        raw[place * KEY : place * KEY + KEY] = DEAD_KEY
    return bytes(raw)


def _by_page(masks: Masks) -> dict[int, list[int]]:
    """Page → the places in it to zero."""
    found: dict[int, list[int]] = {}
    for customer, mask in masks.items():
        page, at = divmod(customer, CUSTOMERS_A_PAGE)
        found.setdefault(page, []).extend(at * COMPARTMENTS + number for number in bits(mask))
    return found


def _still_living(masks: Masks) -> int:
    """How many of the cells' customers have something left to destroy. Raises for numbers that were never given."""
    closed = _ended(masks)
    if len(closed) != len(masks):
        raise Refusal("vault.no_such_customer", customers=len(masks) - len(closed))
    return sum(1 for customer, mask in masks.items() if mask & ~closed[customer])


def _ended(masks: Masks) -> Masks:
    found = {}
    with connection.cursor() as cursor:
        for part in records.parts(sorted(masks)):
            cursor.execute(f"SELECT customer, ended FROM vault_customer WHERE customer IN ({part})")
            found.update(cursor.fetchall())
    return found


def _aliases(masks: Masks) -> Masks:
    """Whoever was merged into one of these customers → into whom."""
    found = {}
    with connection.cursor() as cursor:
        for part in records.parts(sorted(masks)):
            cursor.execute(f"SELECT customer, merged_into FROM vault_customer WHERE merged_into IN ({part})")
            found.update(cursor.fetchall())
    return found


def _mark_ending(masks: Masks) -> None:
    with connection.cursor() as cursor:
        for mask, part in _grouped(masks):
            dying = ", state = 'dying'" if mask == ALL else ""
            cursor.execute(
                f"UPDATE vault_customer SET ending = ending | {mask}{dying}"
                f" WHERE customer IN ({part}) AND state <> 'destroyed'"
            )


def _mark_ended(masks: Masks) -> int:
    """The cells are gone; returns how many keys that were. A whole customer loses its token."""
    keys = 0
    before = _ended(masks)
    with connection.cursor() as cursor:
        for mask, part in _grouped(masks):
            whole = ", state = 'destroyed', token = NULL" if mask == ALL else ""
            cursor.execute(
                f"UPDATE vault_customer SET ended = ended | {mask}, ending = ending & {ALL & ~mask}{whole}"
                f" WHERE customer IN ({part})"
            )
    for customer, mask in masks.items():
        keys += (mask & ~before[customer]).bit_count()
    return keys


def _grouped(masks: Masks) -> list[tuple[int, str]]:
    by_mask: dict[int, list[int]] = {}
    for customer, mask in masks.items():
        by_mask.setdefault(mask, []).append(customer)
    return [(mask, part) for mask, customers in sorted(by_mask.items()) for part in records.parts(sorted(customers))]


def _plain(masks: Masks) -> list[list[int]]:
    return [[customer, masks[customer]] for customer in sorted(masks)]


def _masks(cells: bytes) -> Masks:
    return dict(decode(cells, where="intent"))


def _truncate_log() -> None:
    """On SQLite: what was deleted leaves the write-ahead log too, unless a reader holds it; `scrub` comes back to
    it.
    """
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
