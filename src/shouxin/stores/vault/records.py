"""Sealed records: one envelope per customer × compartment × source of a batch, written in bulk, read in customer order.

    V1 | alg | slot(8) | ver(4) | nonce(12) | ciphertext | tag(16)       associated data: header + vault id + record
    number + kind

Every insert checks the customers' states in its own transaction and, on PostgreSQL, holds their rows: a destruction
waits for it, or it is refused.
"""

import os
import struct
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection, transaction

from shouxin.ground.kernel import sealing
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.kernel.sealing import AES_256_GCM, HEADER, NONCE, OVERHEAD, Value
from shouxin.stores.vault import accelerate
from shouxin.stores.vault.accelerate import Sealer
from shouxin.stores.vault.keyring import Keyring
from shouxin.stores.vault.numbers import ALL, COMPARTMENTS, DEAD_KEY, KEY, SLOTS_A_PAGE, pages_of

VERSION = 1
_NUMBER = struct.Struct(">Q")
_BOUND = struct.Struct(">BBQI16sQ")
_HEADER = HEADER.size
_IN = 4000
_COLUMNS = "id, customer, compartment, source, kind, rows, purpose, expires, ver, body"
_TYPES = ("int8", "int8", "int2", "int4", "varchar", "int4", "varchar", "date", "int4", "bytea")
_local = threading.local()

Cell = tuple[int, int]
"""Customer and compartment."""


class Item(NamedTuple):
    """What is to be sealed: canonical JSON of `rows` rows of one customer, category and source. Never printed.

    `purpose`, when given, is the only purpose for which the envelope opens; after `expires` it opens no more.
    """

    customer: int
    category: str
    source: int
    rows: int
    raw: bytes
    purpose: str = ""
    expires: date | None = None

    def __repr__(self) -> str:
        return f"Item({self.customer}, {self.category}, ‹sealed›)"


@dataclass(frozen=True)
class Stored:
    """One record as it lies in the table."""

    id: int
    customer: int
    compartment: int
    source: int
    kind: str
    rows: int
    purpose: str
    expires: date | None
    body: bytes

    @property
    def slot(self) -> int:
        """The slot of its key."""
        return self.customer * COMPARTMENTS + self.compartment


def context(vault: bytes, number: int, kind: str) -> bytes:
    """What an envelope is bound to besides its header."""
    return vault + _NUMBER.pack(number) + kind.encode()


def check_alive(cells: Collection[Cell]) -> None:
    """Refuse unless every cell's customer is there and neither it nor the compartment is being destroyed or gone.
    Holds the rows on PostgreSQL.

    Raises:
        Refusal("vault.destroyed", cells=…); Refusal("vault.no_such_customer", customers=…).
    """
    masks = closed_masks({customer for customer, _ in cells}, hold=True)
    unknown = {customer for customer, _ in cells if customer not in masks}
    if unknown:
        raise Refusal("vault.no_such_customer", customers=len(unknown))
    closed = sum(1 for customer, compartment in cells if masks[customer] >> compartment & 1)
    if closed:
        raise Refusal("vault.destroyed", cells=closed)


def closed_masks(customers: Collection[int], *, hold: bool = False) -> dict[int, int]:
    """For each known customer the compartments that are being destroyed or gone; all of them for a dying or destroyed
    customer.
    """
    found: dict[int, int] = {}
    share = " FOR SHARE" if hold and connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for part in parts(sorted(customers)):
            cursor.execute(
                "SELECT customer, state, ending, ended FROM vault_customer"
                f" WHERE customer IN ({part}) ORDER BY customer{share}"
            )
            for customer, state, ending, ended in cursor.fetchall():
                found[customer] = (ending | ended) if state == "alive" else ALL
    return found


def parts(numbers: Sequence[int]) -> Iterator[str]:
    """Whole numbers as SQL lists of a bearable length."""
    for start in range(0, len(numbers), _IN):
        yield ", ".join([str(int(number)) for number in numbers[start : start + _IN]])


def take_numbers(count: int) -> int:
    """The first of `count` record numbers; the counter's row is held until the transaction ends, so numbers commit in
    order.
    """
    with connection.cursor() as cursor:
        cursor.execute("UPDATE vault_state SET next_record = next_record + %s WHERE id = 1", (count,))
        cursor.execute("SELECT next_record FROM vault_state WHERE id = 1")
        first = int(cursor.fetchone()[0]) - count
    known = vars(_local).get("first_taken")
    _local.first_taken = first if known is None else min(known, first)
    transaction.on_commit(_forget_taken)
    return first


def newest_committed() -> int:
    """The newest record number that no rollback can give again. Never too high; within a transaction it may be too
    low.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT next_record FROM vault_state WHERE id = 1")
        newest = int(cursor.fetchone()[0]) - 1
    mine = vars(_local).get("first_taken") if connection.in_atomic_block else None
    return newest if mine is None else min(newest, mine - 1)


def _forget_taken() -> None:
    vars(_local).pop("first_taken", None)


def seal(ring: Keyring, *, cells: Sequence[Cell], raws: Sequence[bytes], first: int, kind: str) -> list[bytes]:
    """The envelopes of some values, numbered from `first`.

    Raises:
        Refusal("vault.destroyed"): a key is gone; Corrupt: a leaf is missing.
    """
    leaves = ring.leaves(pages_of(customer for customer, _ in cells))
    slots = [customer * COMPARTMENTS + compartment for customer, compartment in cells]
    if ring.algorithm == AES_256_GCM:
        ends, found = (ring.vault, kind.encode()), accelerate.sealer_for(len(cells))
        if found:
            return _seal_accelerated(found, leaves, slots, raws, first=first, ends=ends)
        return _seal_aes(leaves, slots, raws, first=first, ends=ends)
    out = []
    for at, (slot, raw) in enumerate(zip(slots, raws, strict=True)):
        place = slot % SLOTS_A_PAGE * KEY
        key = leaves[slot // SLOTS_A_PAGE][place : place + KEY]
        if key == DEAD_KEY:
            raise Refusal("vault.destroyed", cells=1)
        bound = context(ring.vault, first + at, kind)
        out.append(sealing.seal(key, raw, slot=slot, context=bound, algorithm=ring.algorithm))
    return out


def _seal_aes(
    leaves: Mapping[int, bytes], slots: Sequence[int], raws: Sequence[bytes], *, first: int, ends: tuple[bytes, bytes]
) -> list[bytes]:
    """The loop on which bulk speed hangs: `sealing.seal`'s bytes, headers and nonces laid out for the whole batch
    before it begins.
    """
    keys = [leaves[slot // SLOTS_A_PAGE][(at := slot % SLOTS_A_PAGE * KEY) : at + KEY] for slot in slots]
    if DEAD_KEY in keys:
        raise Refusal("vault.destroyed", cells=1)
    bound, size, cipher = _bounds(slots, first=first, ends=ends), _BOUND.size + len(ends[1]), AESGCM
    fronts, front = _fronts(bound, size, len(slots)), _HEADER + NONCE
    every = zip(keys, raws, range(0, len(bound), size), range(0, len(fronts), front), strict=True)
    return [
        (head := fronts[place : place + front]) + cipher(key).encrypt(head[_HEADER:], raw, bound[at : at + size])
        for key, raw, at, place in every
    ]


def _bounds(slots: Sequence[int], *, first: int, ends: tuple[bytes, bytes]) -> bytes:
    """What each envelope is bound to, header first, all in a row."""
    vault, kind = ends
    form = [
        ("head", "u1", 2),
        ("slot", ">u8"),
        ("ver", ">u4"),
        ("vault", "u1", 16),
        ("number", ">u8"),
        ("kind", "u1", len(kind)),
    ]
    laid = np.zeros(len(slots), np.dtype(form))
    laid["head"], laid["slot"], laid["ver"] = (1, AES_256_GCM), slots, VERSION
    laid["vault"], laid["kind"] = np.frombuffer(vault, np.uint8), np.frombuffer(kind, np.uint8)
    laid["number"] = np.arange(first, first + len(slots))
    return laid.tobytes()


def _fronts(bound: bytes, size: int, count: int) -> bytes:
    """Header and a fresh nonce of each envelope, all in a row."""
    laid = np.empty((count, _HEADER + NONCE), np.uint8)
    laid[:, :_HEADER] = np.frombuffer(bound, np.uint8).reshape(count, size)[:, :_HEADER]
    laid[:, _HEADER:] = np.frombuffer(os.urandom(NONCE * count), np.uint8).reshape(count, NONCE)
    return laid.tobytes()


def _seal_accelerated(
    found: Sealer,
    leaves: Mapping[int, bytes],
    slots: Sequence[int],
    raws: Sequence[bytes],
    *,
    first: int,
    ends: tuple[bytes, bytes],
) -> list[bytes]:
    every, pages = np.array(slots, np.int64), sorted(leaves)
    at = np.searchsorted(np.array(pages, np.int64), every // SLOTS_A_PAGE)
    places = (at * SLOTS_A_PAGE + every % SLOTS_A_PAGE) * KEY
    made = found.seal([leaves[page] for page in pages], places, every, raws, first=first, ends=ends)
    if made is None:
        raise Refusal("vault.destroyed", cells=1)
    return made


def insert(rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert records, columns in the table's order, in the caller's transaction."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY vault_record ({_COLUMNS}) FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(_TYPES)
                for row in rows:
                    copy.write_row(row)
            return
        dated = [row if row[7] is None else (*row[:7], row[7].isoformat(), *row[8:]) for row in rows]
        cursor.executemany(f"INSERT INTO vault_record ({_COLUMNS}) VALUES ({', '.join(['%s'] * 10)})", dated)


def read(customers: Sequence[int], compartments: Collection[int], *, kinds: str = "<> 'keys'") -> list[Stored]:
    """The records of some customers and compartments, by customer and number; few enough customers to hold them."""
    within = f"compartment IN ({', '.join(str(int(at)) for at in compartments)}) AND kind {kinds} ORDER BY customer, id"
    if len(customers) == 1:  # one text that the database has prepared already
        return _read(f"customer = %s AND {within}", (customers[0],))
    return [record for part in parts(customers) for record in _read(f"customer IN ({part}) AND {within}", ())]


def _read(condition: str, arguments: tuple[int, ...]) -> list[Stored]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, customer, compartment, source, kind, rows, purpose, expires, body FROM vault_record"
            f" WHERE {condition}",
            arguments,
        )
        return [_stored(*row) for row in cursor.fetchall()]


def opened(ring: Keyring, found: Iterable[Stored]) -> Iterator[tuple[Stored, Value]]:
    """The records with their values, in their order; those whose key was destroyed meanwhile are left out.

    The roots are looked at before each one, so that a consumer that takes its time sees no key that is gone.

    Raises:
        Corrupt: one does not open: another record's or slot's bytes, or changed ones.
    """
    seen, leaf = (-1, -1), b""
    for record in found:
        page, place = divmod(record.slot, SLOTS_A_PAGE)
        wanted = (ring.fresh().generation, page)
        if wanted != seen:
            leaf, seen = ring.leaves((page,))[page], wanted
        key = leaf[place * KEY : place * KEY + KEY]
        if key != DEAD_KEY:
            bound = context(ring.vault, record.id, record.kind)
            yield record, sealing.unseal(key, record.body, slot=record.slot, context=bound)


def unsealed(ring: Keyring, *, slot: int, number: int, kind: str, body: bytes) -> Value | None:
    """The value in one envelope of a hot customer; None when its key was destroyed.

    Raises:
        Corrupt: it does not open.
    """
    if len(body) < OVERHEAD or body[1] != AES_256_GCM:
        key = ring.key(slot)
        return (
            None if key == DEAD_KEY else sealing.unseal(key, body, slot=slot, context=context(ring.vault, number, kind))
        )
    cipher = ring.cipher(slot)
    if cipher is None:
        return None
    header = body[: HEADER.size]
    version, _, of_slot, _ = HEADER.unpack(header)
    if version != 1 or of_slot != slot:
        raise Corrupt("sealed record of another slot or form", f"slot {slot}")
    try:
        start = HEADER.size + NONCE
        raw = cipher.decrypt(body[HEADER.size : start], body[start:], header + context(ring.vault, number, kind))
    except InvalidTag as error:
        raise Corrupt("sealed record does not open", f"slot {slot}") from error
    return Value(raw)


def open_with(key_of: Callable[[int], bytes | None], record: Stored, *, vault: bytes) -> Value | None:
    """The value of a record under keys from elsewhere (a drill's); None when there is no key. Raises as `opened`."""
    key = key_of(record.slot)
    if key is None or key == DEAD_KEY:
        return None
    return sealing.unseal(key, record.body, slot=record.slot, context=context(vault, record.id, record.kind))


def delete(cells: Mapping[int, int]) -> int:
    """Delete the records of some cells (customer → mask), in the caller's transaction; returns how many."""
    gone = 0
    by_mask: dict[int, list[int]] = {}
    for customer, mask in cells.items():
        by_mask.setdefault(mask, []).append(customer)
    with connection.cursor() as cursor:
        for mask, customers in sorted(by_mask.items()):
            within = (
                ""
                if mask == ALL
                else f" AND compartment IN ({', '.join(str(at) for at in range(8) if mask >> at & 1)})"
            )
            for part in parts(sorted(customers)):
                cursor.execute(f"DELETE FROM vault_record WHERE customer IN ({part}){within}")
                gone += cursor.rowcount
    return gone


def _stored(*row: Any) -> Stored:
    number, customer, compartment, source, kind, rows, purpose, expires, body = row
    return Stored(number, customer, compartment, source, kind, rows, purpose, _date(expires), bytes(body))


def _date(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value
