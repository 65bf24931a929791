"""Withdrawals and objections in flight, from both sides (A, B): each list is whole, sealed to the other side.

As sender: whoever withdrew counts no more in any table, and is left out of every package from now on. As receiver:
whoever withdrew is not imported; what was imported of someone we know only from this transfer is destroyed with the
keys, of a customer of our own it is restricted: it counts no more here and stays sealed (PIPL 15, 44, 47).
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from django.db import transaction

from shouxin.duties.inventory import services as inventory
from shouxin.duties.transfer import chain, places, rows, secrets
from shouxin.duties.transfer import scope as scopes
from shouxin.duties.transfer.chain import Sent, Voice
from shouxin.duties.transfer.columns import links_from
from shouxin.duties.transfer.models import Transfer, Withdrawal
from shouxin.ground.formats import pit
from shouxin.ground.formats.roots import TAG
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.vault import queries as vault_queries
from shouxin.stores.vault import services as vault


def withdraw(*, tid: str, customers: Collection[int], voice: Voice) -> Sent:
    """Tell the other side that these customers of ours withdrew or objected; the epoch rises by one. Where we told all
    of it before, that word is given back.

    Raises:
        Refusal("transfer.nobody_to_withdraw"): none of them is in this transfer, or the other side told us.
    """
    row = chain.find(tid)
    places.tidy(row)
    key = secrets.open_secret(row, secrets.KEY, voice.wrapping)
    restricted = 0
    if row.role == "B":
        why = f"epoch-{(chain.load(row, voice.at).epoch or 0) + 1}"
        restricted = remove(row, everybody(row) & set(customers), voice, why=why)
    with transaction.atomic():
        row = chain.lock(tid)
        state = chain.load(row, voice.at)
        before = known_tags(row)
        tags = before | _tags_of(row, customers, key)
        if tags == before:
            return chain.own_again(row, _told_before(row, state, before & _tags_at_all(row, customers, key)))
        epoch = (state.epoch or 0) + 1
        sealed = pit.seal_tags(tags, tid=tid, epoch=epoch, recipient=_theirs(row, state))
        count = _apply(row, tags, key)
        _keep(row, epoch, tags, customers=count, restricted=restricted, at=voice.at)
        tables = rows_totals(row, key) if row.role == "A" else None
        fields = {"epoch": epoch, **sealed, "tables": tables}
        return chain.say(row, "withdraw", fields, voice=voice, facts=_told(epoch, count, restricted))


def answer_withdraw(row: Transfer, message: pit.Message, voice: Voice) -> Sent:
    """Apply the other side's list and acknowledge it. Outside a transaction: keys may be destroyed.

    Raises:
        Refusal("transfer.cannot_open"): sealed to another key than ours; Corrupt: not the list of this message.
    """
    secret = secrets.open_secret(row, secrets.WITHDRAWALS, voice.wrapping).decode()
    tags = pit.open_tags(message.predicate, identity=secret)
    has_key = secrets.has(row, secrets.KEY)
    key = secrets.open_secret(row, secrets.KEY, voice.wrapping) if has_key else b""
    restricted = 0
    if row.role == "B" and has_key:
        restricted = remove(row, _customers_of(row, _gone(row, tags, key)), voice, why=f"epoch-{message['epoch']}")
    with transaction.atomic():
        row = chain.lock(row.tid)
        said = chain.load(row, voice.at).acknowledged(message, chain.role_of(row))
        if said is not None:
            return chain.own_again(row, said)
        count = _apply(row, tags, key) if has_key else 0
        _keep(row, message["epoch"], tags, customers=count, restricted=restricted, at=voice.at)
        tables = _acknowledged_totals(row, key, voice)
        fields = {"answers": message.digest, "epoch": message["epoch"], "tables": tables, "deleted": False}
        return chain.say(row, "ack", fields, voice=voice, facts=_told(message["epoch"], count, restricted))


def known_tags(row: Transfer) -> set[bytes]:
    """The newest whole list of withdrawn persons that we know of."""
    last = row.withdrawals.order_by("-epoch").first()
    if last is None:
        return set()
    return split_tags(bytes(last.tags))


def split_tags(raw: bytes) -> set[bytes]:
    """The tags in a row of bytes."""
    return {raw[place : place + TAG] for place in range(0, len(raw), TAG)}


def rows_totals(row: Transfer, key: bytes) -> dict[str, dict[str, Any]]:
    """What every table must come to now."""
    roots = rows.roots_of_tags(row, key)
    return {name: {"root": each.root.hex(), "rows": each.rows} for name, each in sorted(roots.items())}


def _acknowledged_totals(row: Transfer, key: bytes, voice: Voice) -> Mapping[str, Any] | None:
    """A says what the tables come to; B, once all was settled, what its own database comes to."""
    if row.role == "A":
        return rows_totals(row, key)
    if row.status not in ("SETTLED", "HOLD", "PERMITTED"):
        return None
    found = rows.held(row, key, by=voice.by, at=voice.at)
    return {name: {"root": each.root.hex(), "rows": each.rows} for name, each in sorted(found.roots.items())}


def _theirs(row: Transfer, state: pit.Transfer) -> str:
    return str(state.the("accept" if row.role == "A" else "offer")["withdrawals"])


def _told(epoch: int, customers: int, restricted: int) -> dict[str, int]:
    return {"epoch": epoch, "customers": customers, "restricted": restricted}


def _keep(row: Transfer, epoch: int, tags: Collection[bytes], *, customers: int, restricted: int, at: datetime) -> None:
    defaults = {
        "tags": b"".join(sorted(tags)),
        "customers": customers,
        "restricted": restricted,
        "applied_at": at,
    }
    Withdrawal.objects.update_or_create(transfer=row, epoch=epoch, defaults=defaults)


def _tags_of(row: Transfer, customers: Collection[int], key: bytes) -> set[bytes]:
    """The person tags of customers of ours that are in this transfer."""
    if row.role == "A":
        scope = scopes.read_scope(bytes(row.scope))
        inside = set(scope.customers.tolist()) & set(customers)
        return set(rows.tags_of_links(key, rows.links_to(key, list(inside))))
    return set(rows.tags_of_links(key, _links_of(row, customers)))


def _tags_at_all(row: Transfer, customers: Collection[int], key: bytes) -> set[bytes]:
    """The person tags that these customers have or had in this transfer."""
    if row.role == "B":
        return _tags_of(row, customers, key)
    return set(rows.tags_of_links(key, rows.links_to(key, list(set(customers)))))


def _told_before(row: Transfer, state: pit.Transfer, tags: Collection[bytes]) -> pit.Message:
    """Our first word of which the list holds all of these persons."""
    lists = {each.epoch: split_tags(bytes(each.tags)) for each in row.withdrawals.all()}
    ours = [each for each in state.messages if each.kind == "withdraw" and each.role == row.role]
    holding = [each for each in ours if tags and set(tags) <= lists.get(each["epoch"], set())]
    if not holding:
        raise Refusal("transfer.nobody_to_withdraw", transfer=row.tid)
    return holding[0]


def _links_of(row: Transfer, customers: Collection[int]) -> np.ndarray:
    wanted = np.fromiter(customers, np.int64, len(customers))
    return _distinct([each.links[np.isin(each.customers, wanted)] for each in rows.columns_of(row)])


def _distinct(links: Sequence[np.ndarray]) -> np.ndarray:
    return np.unique(np.concatenate(links)) if links else links_from(b"")


def _apply(row: Transfer, tags: Collection[bytes], key: bytes) -> int:
    """Rows of withdrawn persons count no more; gives how many of our customers these are."""
    if row.role == "A":
        return _apply_as_sender(row, tags, key)
    gone = _gone(row, tags, key)
    _drop_links(row, gone)
    return len(_customers_of(row, gone))


def _apply_as_sender(row: Transfer, tags: Collection[bytes], key: bytes) -> int:
    scope = scopes.read_scope(bytes(row.scope))
    own = rows.tags_of_links(key, rows.links_to(key, scope.customers.tolist()))
    gone = [customer for customer, tag in zip(scope.customers.tolist(), own, strict=True) if tag in tags]
    row.scope = scope.without(gone).to_bytes()
    row.save(update_fields=["scope"])
    for each in rows.columns_of(row):
        rows.drop(each, np.isin(each.customers, np.array(gone, np.int64)))
    return len(gone)


def _gone(row: Transfer, tags: Collection[bytes], key: bytes) -> np.ndarray:
    """The links of the rows here whose person is behind one of these tags."""
    return rows.named(_distinct([each.links for each in rows.columns_of(row)]), tags, key)


def _drop_links(row: Transfer, gone: np.ndarray) -> None:
    for each in rows.columns_of(row):
        rows.drop(each, np.isin(each.links, gone))


def _customers_of(row: Transfer, gone: np.ndarray) -> set[int]:
    """As receiver: our customers behind these links."""
    found: dict[bytes, int] = {}
    for each in rows.columns_of(row):
        mine = np.isin(each.links, gone)
        found.update(zip(each.links[mine].tolist(), each.customers[mine].tolist(), strict=True))
    return set(found.values())


def everybody(row: Transfer) -> set[int]:
    """Our customers of whom rows of this transfer still count."""
    return {int(number) for each in rows.columns_of(row) for number in np.unique(each.customers[each.kept])}


def remove(row: Transfer, customers: Collection[int], voice: Voice, *, why: str) -> int:
    """As receiver: destroy whom we know only from this transfer. Gives how many are customers of our own besides: what
    came of them is restricted, not destroyed. The same again finds nobody left to destroy. Outside a transaction.
    """
    own_sources = list(row.tables.values_list("source", flat=True))
    alive = rows.living(customers)
    cells = vault_queries.cells(alive)
    beside = set(cells.customer[~np.isin(cells.source, own_sources)].tolist())
    only_here = sorted(alive - beside)
    if only_here:
        vault.shred(
            cells=dict.fromkeys(only_here),
            reason={"transfer": row.tid, "why": why, "law": "PIPL-47a"},
            at=voice.at,
            by=voice.by,
            held=lambda _: (),
            scope=row.ledger_scope,
        )
        inventory.forget_customers(customers=only_here)
    return len(alive & beside)


def catch_up(row: Transfer, key: bytes, voice: Voice) -> None:
    """As receiver, behind an import: apply whatever list came while it was under way. Outside a transaction."""
    tags = known_tags(row)
    if tags:
        gone = _gone(row, tags, key)
        remove(row, _customers_of(row, gone), voice, why=f"epoch-{len(tags)}")
        with transaction.atomic():
            _drop_links(row, gone)
