"""Sealing apart what must stay before a slot dies (PIPL 47(2)): of purchases only the fields of their record class.

Rows whose own period has ended go with the slot; a row whose day cannot be read stays as long as the newest law asks.
What is sealed apart opens for the purpose `dispose` only, and not after its last day.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any

from django.db import connection

from shouxin.duties.disposal.fates import BIT, FREE_TEXT_FIELDS, RECORD_CLASS, Fates
from shouxin.duties.disposal.models import Destruction
from shouxin.duties.inventory.rows import read_rows, write_rows
from shouxin.ground.kernel.times import day_in_china
from shouxin.ground.rulebook import retention
from shouxin.ground.rulebook.access import Grant
from shouxin.stores.vault import services as vault

PURPOSE = "dispose"
KIND = "extract"
Rows = list[tuple[int, dict[str, str]]]


@dataclass(frozen=True)
class Extract:
    """What of one person's category is sealed apart: how many rows, until when."""

    customer: int
    category: str
    rows: int
    until: date | None


def seal_apart(fates: Fates, *, grant: Grant, reason: str, scope: str, at: datetime) -> list[Extract]:
    """Open these people's cells that are trimmed or split, and seal what stays in `retained`, in the caller's
    transaction.

    Raises:
        Refusal("vault.…"), Refusal("access.…"); Corrupt: a record that does not open.
    """
    masks = dict(zip(fates.customer.tolist(), (fates.trimmed | fates.split).tolist(), strict=True))
    split = dict(zip(fates.customer.tolist(), fates.split.tolist(), strict=True))
    names = sorted(name for name, bit in BIT.items() if any(mask & bit for mask in masks.values()))
    chosen = [customer for customer, mask in masks.items() if mask]
    if not chosen:
        return []
    kept: dict[tuple[int, str, int], Rows] = {}
    today = day_in_china(at)
    for opened in vault.open_for(grant=grant, customers=chosen, categories=names, reason=reason, at=at, scope=scope):
        if not masks[opened.customer] & BIT[opened.category]:
            continue
        is_split = bool(split[opened.customer] & BIT[opened.category])
        rows = _kept_rows(read_rows(opened.value), opened.category, split=is_split, today=today)
        kept.setdefault((opened.customer, opened.category, opened.source), []).extend(rows)
    return _seal(kept, at)


def _seal(kept: dict[tuple[int, str, int], Rows], at: datetime) -> list[Extract]:
    items: list[vault.Item] = []
    found: dict[tuple[int, str], Extract] = {}
    for (customer, category, source), rows in sorted(kept.items()):
        if not rows:
            continue
        until = _until(category, rows, at)
        items.append(
            vault.Item(
                customer=customer,
                category="retained",
                source=source,
                rows=len(rows),
                raw=write_rows(rows),
                purpose=PURPOSE,
                expires=until,
            )
        )
        known = found.get((customer, category), Extract(customer, category, 0, until))
        longest = max((day for day in (known.until, until) if day), default=None)
        found[customer, category] = Extract(customer, category, known.rows + len(rows), longest)
    vault.seal_batch(items=items, kind=KIND, at=at)
    return list(found.values())


def note(row: Destruction, found: Sequence[Extract]) -> None:
    """Write down what was sealed apart of whom, in the caller's transaction."""
    lines = [
        (row.pk, each.customer, each.category, each.rows, each.until.isoformat() if each.until else None)
        for each in found
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO disposal_sealed (destruction_id, customer, category, rows, until) VALUES (%s, %s, %s, %s, %s)",
            lines,
        )


def _kept_rows(rows: Iterable[dict[str, Any]], category: str, *, split: bool, today: date) -> Rows:
    if split:
        cut = [
            (row["n"], {name: text for name, text in row["f"].items() if name not in FREE_TEXT_FIELDS}) for row in rows
        ]
        return [(number, fields) for number, fields in cut if fields]
    needed, start = _rule(category)
    kept = []
    for row in rows:
        fields = {name: text for name, text in row["f"].items() if name in needed}
        if fields and _row_end(category, row["f"].get(start, "")[:10], today) >= today:
            kept.append((row["n"], fields))
    return kept


def _until(category: str, rows: Sequence[tuple[int, dict[str, str]]], at: datetime) -> date | None:
    if category not in RECORD_CLASS:
        return None
    (_, start), today = _rule(category), day_in_china(at)
    return max(_row_end(category, fields.get(start, "")[:10], today) for _, fields in rows)


@cache
def _rule(category: str) -> tuple[frozenset[str], str]:
    """The fields that stay of a category's rows, and the field with the day from which their period runs."""
    record = RECORD_CLASS[category]
    return retention.fields_to_keep([record]), retention.record_class(record).start


@lru_cache(maxsize=65_536)
def _row_end(category: str, said: str, today: date) -> date:
    """The last day of a row's period; a row without a readable day counts from today."""
    try:
        start = date.fromisoformat(said)
    except ValueError:
        start = today
    return retention.retention_end(RECORD_CLASS[category], start)
