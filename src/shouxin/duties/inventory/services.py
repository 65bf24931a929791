"""The verbs of the inventory, its only writers.

A source is registered, scanned, its columns confirmed by a person, then collected: one pass, batch by batch; a batch is
one transaction with one ledger entry and the job's cursor, so that a stop leaves whole batches and the same command
goes on. Goods and boxes are registered beside: they hold no rows but must meet an end of their own.

    number = register_source(kind="file", title="客户名单", locator=path, custodian=staff, by=staff, at=at)
    scan_source(source=number, as_of=day, by=staff, at=at)
    confirm_columns(source=number, table=name, by=staff, at=at)
    collect(source=number, by=staff, at=at)
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from shouxin.duties.inventory.collecting import BATCH_ROWS, CollectResult, collect, import_rows
from shouxin.duties.inventory.models import BoxPaper, Customer
from shouxin.duties.inventory.sources import (
    add_source,
    confirm_columns,
    confirm_file,
    correct_columns,
    mark_gone,
    register_source,
    scan_source,
    set_aside,
)
from shouxin.duties.inventory.things import mark_good, register_boxes, register_goods
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.ledger import services as ledger
from shouxin.stores.vault import services as vault

__all__ = [
    "BATCH_ROWS",
    "CollectResult",
    "add_source",
    "collect",
    "confirm_columns",
    "confirm_file",
    "correct_columns",
    "forget_customers",
    "import_rows",
    "mark_gone",
    "mark_good",
    "note_categories",
    "register_boxes",
    "register_goods",
    "register_source",
    "scan_source",
    "set_aside",
    "settle_duty",
]


@transaction.atomic
def settle_duty(*, customer: int, duty: str, by: str, at: datetime) -> None:
    """A duty towards a customer is wound up: the pre-paid balance paid back, or the keys returned.

    Raises:
        Refusal("inventory.no_such_customer"), Refusal("inventory.duty"); Refusal("inventory.no_duty"): none is open.
    """
    if duty not in ("prepaid", "keys_held"):
        raise Refusal("inventory.duty", duty=duty)
    row = Customer.objects.select_for_update().filter(customer=customer, state=Customer.ALIVE).first()
    if row is None:
        raise Refusal("inventory.no_such_customer")
    if not getattr(row, duty):
        raise Refusal("inventory.no_duty", duty=duty)
    Customer.objects.filter(customer=customer).update(**{duty: False})
    tag = vault.tags(customers=[customer], event=f"duty:{duty}")[customer]
    ledger.append(kind="inventory.duty_settled", scope="company", at=at, by=by, facts={"duty": duty, "tag": tag})


@transaction.atomic
def forget_customers(*, customers: Sequence[int]) -> int:
    """Empty the facts of people who were destroyed; only the number stays, and of their papers that they are somebody's
    who is gone. In the destroying caller's hand.
    """
    changed = 0
    for start in range(0, len(customers), 500):
        part = list(customers[start : start + 500])
        changed += Customer.objects.filter(customer__in=part).update(**_EMPTY)
        BoxPaper.objects.filter(customer__in=part).update(customer=None, is_gone=True)
    return changed


_EMPTY: dict[str, Any] = {
    "handle": None,
    "state": Customer.DESTROYED,
    "person_kind": "contract_party",
    "age_band": "unknown",
    "dead": False,
    "language": "zh",
    "has_phone": False,
    "has_email": False,
    "has_address": False,
    "prepaid": False,
    "keys_held": False,
    "has_free_text": False,
    "free_text_others": False,
    "last_purchase_on": None,
    "categories": 0,
}


@transaction.atomic
def note_categories(*, masks: Mapping[int, int]) -> None:
    """Set what is left of some customers after a part of them ended: the mask of categories still held."""
    for mask in set(masks.values()):
        some = [customer for customer, own in masks.items() if own == mask]
        for start in range(0, len(some), 500):
            Customer.objects.filter(customer__in=some[start : start + 500]).update(categories=mask)
