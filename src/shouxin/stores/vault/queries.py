"""What the vault can be asked without opening anything: counts, cells, states, custody; and whether it is in order."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from shouxin.ground.kernel.refusals import Corrupt
from shouxin.ground.kernel.sealing import HEADER, OVERHEAD
from shouxin.stores.vault import blind, escrow, keyring, records
from shouxin.stores.vault.leaves import stale_leaves
from shouxin.stores.vault.models import Intent
from shouxin.stores.vault.numbers import COMPARTMENTS, DEAD_KEY, NAME, bits

_STEP = 50_000


@dataclass(frozen=True)
class Count:
    """Rows and envelopes of one category from one source."""

    category: str
    source: int
    rows: int
    envelopes: int


@dataclass(frozen=True)
class Cells:
    """One element per customer × category × source, by customer, category number, source."""

    customer: NDArray[np.int64]
    category: NDArray[np.int8]
    source: NDArray[np.int32]
    rows: NDArray[np.int32]


@dataclass(frozen=True)
class CustomerState:
    """ "alive", "dying" or "destroyed", and the categories that are being destroyed or gone."""

    state: str
    closed: frozenset[str]
    merged_into: int | None


@dataclass(frozen=True)
class SelfTest:
    """Whether the vault is in order; `wrong` says what is not, in codes."""

    generation: int
    pages: int
    records_tried: int
    kek: str
    custody: str
    wrong: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong


def is_founded() -> bool:
    """Whether this home has a vault."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM vault_state WHERE id = 1")
        return cursor.fetchone() is not None


def counts() -> list[Count]:
    """Rows and envelopes per category and source."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT compartment, source, sum(rows), count(*) FROM vault_record WHERE kind <> %s"
            " GROUP BY compartment, source ORDER BY compartment, source",
            (blind.KIND,),
        )
        return [
            Count(NAME[number], source, int(rows), envelopes) for number, source, rows, envelopes in cursor.fetchall()
        ]


def cells(customers: Collection[int] | None = None) -> Cells:
    """The cells that hold records: of everybody, or of some customers."""
    found: list[Any] = []
    grouped = " GROUP BY customer, compartment, source ORDER BY customer, compartment, source"
    chosen = "SELECT customer, compartment, source, sum(rows) FROM vault_record WHERE kind <> 'keys'"
    with connection.cursor() as cursor:
        if customers is None:
            cursor.execute(chosen + grouped)
            while rows := cursor.fetchmany(_STEP):
                found.append(np.array(rows, dtype=np.int64))
        else:
            for part in records.parts(sorted(set(customers))):
                cursor.execute(f"{chosen} AND customer IN ({part}){grouped}")
                rows = cursor.fetchall()
                found += [np.array(rows, dtype=np.int64)] if rows else []
    table = np.concatenate(found) if found else np.empty((0, 4), dtype=np.int64)
    return Cells(
        customer=table[:, 0].copy(),
        category=table[:, 1].astype(np.int8),
        source=table[:, 2].astype(np.int32),
        rows=table[:, 3].astype(np.int32),
    )


def state(customers: Collection[int]) -> dict[int, CustomerState]:
    """The states of the customers that were ever given out; others are left out."""
    found = {}
    with connection.cursor() as cursor:
        for part in records.parts(sorted(set(customers))):
            cursor.execute(
                f"SELECT customer, state, ending, ended, merged_into FROM vault_customer WHERE customer IN ({part})"
            )
            for customer, name, ending, ended, into in cursor.fetchall():
                closed = _names_in(ending | ended) if name == "alive" else frozenset(NAME.values())
                found[customer] = CustomerState(name, closed, into)
    return found


@cache
def _names_in(mask: int) -> frozenset[str]:
    """The categories in a mask."""
    return frozenset(NAME[number] for number in bits(mask) if number in NAME)


def customers_given() -> int:
    """How many customer numbers were ever given."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT next_customer FROM vault_state WHERE id = 1")
        row = cursor.fetchone()
    return int(row[0]) - 1 if row else 0


def custody() -> str:
    """ "K0": the KEK lies on the keys' own volume; "K1": on another device. "K2" (a key service) has no driver and is
    never claimed.
    """
    return keyring.current().custody_class()


def open_intents() -> int:
    """Destructions begun and not done."""
    return Intent.objects.filter(result="").count()


def escrow_headers() -> dict[str, escrow.Header | None]:
    """For each escrow folder what its newest bundle says openly; None when it cannot be reached."""
    found: dict[str, escrow.Header | None] = {}
    for target in escrow.targets(keyring.current()):
        found[str(target)] = escrow.header_of(target)
    return found


def self_test(*, sample: int = 64) -> SelfTest:
    """Look whether keys and records are in order: one root, no older one, every leaf there, ciphertext under the
    right keys only.

    Opens a sample of envelopes and throws the values away. Says what is wrong rather than raising, but for keys that
    do not open.

    Raises:
        Corrupt, Unavailable, Refusal("vault.not_founded"): as `Keyring.reload`.
    """
    ring = keyring.current()
    ring.fresh()
    wrong = []
    if ring.older_root_stands():
        wrong.append("vault.older_root_stands")
    try:
        if stale_leaves(ring.table):
            wrong.append("vault.stale_leaves")
    except Corrupt:
        wrong.append("vault.leaf_missing")
    if open_intents():
        wrong.append("vault.intent_open")
    tried, faults = _try_records(ring, sample)
    return SelfTest(
        generation=ring.generation,
        pages=ring.table.pages,
        records_tried=tried,
        kek=ring.present_kek().name,
        custody=ring.custody_class(),
        wrong=(*wrong, *sorted(faults)),
    )


def _try_records(ring: keyring.Keyring, sample: int) -> tuple[int, set[str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id), max(id) FROM vault_record")
        low, high = cursor.fetchone()
        if low is None:
            return 0, set()
        step = max(1, (high - low) // sample)
        cursor.execute(
            "SELECT id, customer, compartment, kind, body FROM vault_record"
            " WHERE (id - %s) %% %s = 0 ORDER BY id LIMIT %s",
            (low, step, sample),
        )
        rows = cursor.fetchall()
    faults: set[str] = set()
    for number, customer, compartment, kind, body in rows:
        faults |= _faults(ring, slot=customer * COMPARTMENTS + compartment, number=number, kind=kind, body=bytes(body))
    return len(rows), faults


def _faults(ring: keyring.Keyring, *, slot: int, number: int, kind: str, body: bytes) -> set[str]:
    if len(body) < OVERHEAD or HEADER.unpack_from(body)[:3] != (1, ring.algorithm, slot):
        return {"vault.not_an_envelope"}
    if ring.key(slot) == DEAD_KEY:
        return {"vault.record_without_key"}
    try:
        value = records.unsealed(ring, slot=slot, number=number, kind=kind, body=body)
    except Corrupt:
        return {"vault.record_does_not_open"}
    return {"vault.plaintext"} if value is not None and len(value.raw) > 8 and value.raw in body else set()
