"""How a value comes out: for a grant, a reason and an entry; never otherwise.

The entry is written before the first value is: who, for which purpose, which categories, how many customers and
envelopes. No personal information and no customer's number is in it.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.sealing import Value
from shouxin.ground.kernel.times import check_instant, to_text
from shouxin.ground.rulebook.access import Grant, decide_access
from shouxin.stores.ledger import services as ledger
from shouxin.stores.vault import keyring, records
from shouxin.stores.vault.numbers import ALL, NAME, compartment
from shouxin.stores.vault.records import Stored

CUSTOMERS_AT_ONCE = 512


@dataclass(frozen=True)
class Opened:
    """One envelope, open: canonical JSON of its rows in `value`, which prints as ‹sealed›."""

    customer: int
    category: str
    source: int
    kind: str
    rows: int
    value: Value


def open_for(
    *,
    grant: Grant,
    customers: Collection[int],
    categories: Collection[str],
    reason: str,
    at: datetime,
    scope: str = "company",
) -> Iterator[Opened]:
    """The envelopes of some living customers and categories, by customer; one entry `vault.opened` per call, written
    before this returns.

    Values come in steps of a few hundred customers, so that any number streams. An envelope with a purpose of its own
    opens for that purpose only, an expired one for none. Whoever was merged into a customer comes out under that
    customer's number.

    Raises:
        Refusal("access.expired" | "access.beyond" | …): the grant does not cover it;
        Refusal("vault.reason"): no reason; Refusal("vault.destroyed", customers=…): some are being or were destroyed;
        Refusal("vault.no_such_customer"); Corrupt: a record that does not open.
    """
    _check_grant(grant, categories, at)
    if not reason.strip():
        raise Refusal("vault.reason")
    chosen = sorted({int(customer) for customer in customers})
    compartments = sorted({compartment(category) for category in categories})
    with transaction.atomic():
        _check_living(chosen)
        facts = {
            "actor": grant.actor,
            "role": grant.role,
            "purpose": grant.purpose,
            "reason": reason,
            "categories": sorted(set(categories)),
            "customers": len(chosen),
        }
        ledger.append(kind="vault.opened", scope=scope, at=at, by=grant.actor, facts=facts)
    return _stream(chosen, compartments, purpose=grant.purpose, at=at)


def _check_grant(grant: Grant, categories: Collection[str], at: datetime) -> None:
    """The grant against instant and categories, and once more against the table: anybody can make a value."""
    decide_access(grant.role, grant.purpose, categories)
    if check_instant(at) > grant.until:
        raise Refusal("access.expired", until=to_text(grant.until))
    beyond = sorted(set(categories) - grant.categories)
    if beyond:
        raise Refusal("access.beyond", role=grant.role, purpose=grant.purpose, categories=beyond)


def _check_living(customers: Sequence[int]) -> None:
    masks = records.closed_masks(customers)
    if len(masks) != len(customers):
        raise Refusal("vault.no_such_customer", customers=len(customers) - len(masks))
    gone = sum(1 for mask in masks.values() if mask == ALL)
    if gone:
        raise Refusal("vault.destroyed", customers=gone)


def _stream(customers: Sequence[int], compartments: list[int], *, purpose: str, at: datetime) -> Iterator[Opened]:
    ring = keyring.current()
    for start in range(0, len(customers), CUSTOMERS_AT_ONCE):
        step = customers[start : start + CUSTOMERS_AT_ONCE]
        into = _merged_into(step)
        found = records.read(sorted({*step, *into}), compartments)
        closed = records.closed_masks({record.customer for record in found})
        found.sort(key=lambda record: (into.get(record.customer, record.customer), record.id))
        chosen = [
            record
            for record in found
            if not closed[record.customer] >> record.compartment & 1 and _may_open(record, purpose, at)
        ]
        for record, value in records.opened(ring, chosen):
            owner = into.get(record.customer, record.customer)
            yield Opened(owner, NAME[record.compartment], record.source, record.kind, record.rows, value)


def _may_open(record: Stored, purpose: str, at: datetime) -> bool:
    if record.purpose and record.purpose != purpose:
        return False
    return record.expires is None or at.date() <= record.expires


def _merged_into(customers: Sequence[int]) -> dict[int, int]:
    """Whoever was merged into one of these → into whom."""
    found: dict[int, int] = {}
    with connection.cursor() as cursor:
        for part in records.parts(customers):
            cursor.execute(f"SELECT customer, merged_into FROM vault_customer WHERE merged_into IN ({part})")
            found.update(cursor.fetchall())
    return found
