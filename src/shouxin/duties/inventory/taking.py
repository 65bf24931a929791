"""Taking rows in: recognise the person by exact keys, seal the values, index the keys, note the facts.

One batch is one transaction. New customers' keys are allocated before it, so that no value is ever sealed under a key
that is not durable yet; a batch that fails leaves numbers that nobody uses, which is harmless.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import polars as pl
from django.db import connection

from shouxin.duties.inventory.models import Conflict, Customer, Dataset, Rejection
from shouxin.duties.inventory.rows import Key, Rows, category_masks, items, says_any
from shouxin.ground.kernel.ids import Entropy, new_id
from shouxin.stores.vault import services as vault

IDENTITY_FIELDS = frozenset({"name", "phone", "email", "id_no", "organisation"})
DEALING_FIELDS = frozenset({"order_no", "visit_on"})
PHONE_FIELDS = frozenset({"phone", "phone2", "guardian_phone"})
FREE_TEXT_FIELDS = frozenset({"note", "complaint"})
NO_IDENTITY, EMPTY = "inventory.no_identity", "row_empty"
_AT_ONCE = 500
_COLUMNS = (
    "customer, handle, state, person_kind, age_band, dead, language, has_phone, has_email, has_address, "
    "prepaid, keys_held, has_free_text, free_text_others, last_purchase_on, categories"
)
_UPSERT = f"""
INSERT INTO inventory_customer ({_COLUMNS}) VALUES ({", ".join(["%s"] * 16)})
ON CONFLICT (customer) DO UPDATE SET
  person_kind = CASE WHEN inventory_customer.person_kind = 'contract_party' THEN excluded.person_kind
                     ELSE inventory_customer.person_kind END,
  age_band = CASE WHEN 'child' IN (inventory_customer.age_band, excluded.age_band) THEN 'child'
                  WHEN 'teen' IN (inventory_customer.age_band, excluded.age_band) THEN 'teen'
                  WHEN 'adult' IN (inventory_customer.age_band, excluded.age_band) THEN 'adult' ELSE 'unknown' END,
  dead = inventory_customer.dead OR excluded.dead,
  language = CASE WHEN excluded.language = 'zh' THEN inventory_customer.language ELSE excluded.language END,
  has_phone = inventory_customer.has_phone OR excluded.has_phone,
  has_email = inventory_customer.has_email OR excluded.has_email,
  has_address = inventory_customer.has_address OR excluded.has_address,
  prepaid = inventory_customer.prepaid OR excluded.prepaid,
  keys_held = inventory_customer.keys_held OR excluded.keys_held,
  has_free_text = inventory_customer.has_free_text OR excluded.has_free_text,
  free_text_others = inventory_customer.free_text_others OR excluded.free_text_others,
  last_purchase_on = CASE WHEN excluded.last_purchase_on IS NULL THEN inventory_customer.last_purchase_on
                          WHEN inventory_customer.last_purchase_on IS NULL
                            OR excluded.last_purchase_on > inventory_customer.last_purchase_on
                          THEN excluded.last_purchase_on ELSE inventory_customer.last_purchase_on END,
  categories = inventory_customer.categories | excluded.categories
"""


@dataclass
class Recognised:
    """Which customer each row is: its number, 0 for nobody, or a negative place among those that are new."""

    owners: np.ndarray
    firsts: list[int] = field(default_factory=list)
    """Places of the rows with which a new customer began."""
    new_keys: list[tuple[Key, int]] = field(default_factory=list)
    conflicts: list[tuple[int, int, int]] = field(default_factory=list)
    """Row number, the customer it was given to, another one whom its keys name."""


@dataclass(frozen=True)
class Taken:
    """What one batch left behind."""

    customers_new: int
    rows_collected: int
    rows_merged: int
    rows_rejected: int
    envelopes: int
    digest: str


def recognise(rows: Rows) -> Recognised:
    """Find each row's person by its exact keys, strongest first; rows of one batch also recognise one another.

    A dealing belongs to the customer whose number it bears, whoever is named as its contact; the contact's own name
    and telephone then become nobody's keys. A row without any key belongs to nobody that could be told or asked, and
    is rejected.
    """
    deals = says_any(rows, DEALING_FIELDS)
    group, firsts = _alike(rows, deals)
    refs = _own_numbers(rows, deals, firsts)
    owner_of = _stored_under(ref for ref in refs if ref)
    owners = [owner_of.get(ref, 0) if ref else 0 for ref in refs]
    left = [number for number, owner in enumerate(owners) if not owner]
    keys = _keys_at(rows, firsts[left])
    owner_of |= _stored_under(key for own in keys for key in own if key not in owner_of)
    found = Recognised(np.zeros(len(rows), np.int64))
    for number, own in zip(left, keys, strict=True):
        if own:
            ref, place = refs[number], int(firsts[number])
            hits = _recognise_one(place, [ref] if ref in owner_of else own, owner_of, found)
            owners[number] = hits[0]
            if len(hits) > 1:
                # Behind its first row a dealing is known by its number alone.
                places = [place] if ref else np.flatnonzero(group == number).tolist()
                found.conflicts += [(int(rows.numbers[at]), hits[0], hits[1]) for at in places]
    found.owners = np.array(owners, np.int64)[group]
    found.conflicts.sort()
    return found


def _alike(rows: Rows, deals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each row the number of its group, whose rows are recognised alike; the place of each group's first row."""
    if rows.same is None:
        every = np.arange(len(rows))
        return every, every
    _, first, group = np.unique(2 * rows.same + deals, return_index=True, return_inverse=True)
    order = np.argsort(first)
    number = np.empty(len(order), np.int64)
    number[order] = np.arange(len(order))
    return number[group], first[order]


def _own_numbers(rows: Rows, deals: np.ndarray, places: np.ndarray) -> list[Key | None]:
    """The customer number that each of these rows bears, when it is a dealing."""
    numbers = dict(rows.keys).get("source_ref")
    if numbers is None:
        return [None] * len(places)
    told = zip(numbers.gather(places).to_list(), deals[places].tolist(), strict=True)
    return [("source_ref", text) if text and deal else None for text, deal in told]


def _stored_under(keys: Iterable[Key]) -> dict[Key, int]:
    """Whom the index knows by these keys; before the first customer it knows nobody and is not asked."""
    wanted = list(dict.fromkeys(keys)) if Customer.objects.exists() else []
    return {key: hits[0] for key, hits in zip(wanted, vault.look_up(entries=wanted), strict=True) if hits}


def _keys_at(rows: Rows, places: np.ndarray) -> list[list[Key]]:
    """The keys of these rows, strongest first."""
    kinds = [kind for kind, _ in rows.keys]
    columns = [values.gather(places).to_list() for _, values in rows.keys]
    return [[(kind, text) for kind, text in zip(kinds, own, strict=True) if text] for own in zip(*columns, strict=True)]


def _recognise_one(place: int, keys: Sequence[Key], owner_of: dict[Key, int], found: Recognised) -> list[int]:
    """Whom these keys name, the first of them the owner; keys that named nobody are the owner's from now on."""
    hits = list(dict.fromkeys([owner_of[key] for key in keys if key in owner_of]))
    if not hits:
        found.firsts.append(place)
        hits = [-len(found.firsts)]
    for key in keys:
        if key not in owner_of:
            owner_of[key] = hits[0]
            found.new_keys.append((key, hits[0]))
    return hits


def settle_numbers(found: Recognised) -> Recognised:
    """The same, with durable customer numbers in place of the new ones. Outside any transaction."""
    if not found.firsts:
        return found
    numbers = vault.allocate(len(found.firsts))
    new = found.owners < 0
    found.owners[new] = np.array(numbers, np.int64)[-found.owners[new] - 1]

    def real(owner: int) -> int:
        return numbers[-owner - 1] if owner < 0 else owner

    found.new_keys = [(key, real(owner)) for key, owner in found.new_keys]
    found.conflicts = [(row, real(kept), real(other)) for row, kept, other in found.conflicts]
    return found


def store(
    *,
    dataset: Dataset,
    rows: Rows,
    found: Recognised,
    at: datetime,
    entropy: Entropy,
    empty: Sequence[int] = (),
) -> Taken:
    """Write one batch inside the caller's transaction: facts, sealed values, index, rejections, conflicts.

    `empty`: the numbers of rows that held nothing at all.
    """
    _write_facts(rows, found, entropy)
    sealed = vault.seal_batch(items=items(rows, found.owners, source=dataset.source_id), at=at)
    vault.index(entries=[(kind, text, owner) for (kind, text), owner in found.new_keys])
    nameless = rows.numbers[found.owners == 0].tolist()
    _note_rejected(dataset, {NO_IDENTITY: nameless, EMPTY: empty})
    Conflict.objects.bulk_create(
        (Conflict(dataset=dataset, row=row, kept=kept, other=other) for row, kept, other in found.conflicts),
        batch_size=_AT_ONCE,
    )
    merged = _merged_count(rows, found)
    return Taken(
        customers_new=len(found.firsts),
        rows_collected=len(rows) - len(nameless) - merged,
        rows_merged=merged,
        rows_rejected=len(nameless) + len(empty),
        envelopes=sealed.envelopes,
        digest=sealed.digest,
    )


def _note_rejected(dataset: Dataset, told: Mapping[str, Sequence[int]]) -> None:
    Rejection.objects.bulk_create(
        (Rejection(dataset=dataset, row=row, codes=code) for code, numbers in told.items() for row in numbers),
        batch_size=_AT_ONCE,
    )


def _merged_count(rows: Rows, found: Recognised) -> int:
    """Rows that tell again of a person who is known, and of no dealing."""
    again = found.owners > 0
    again[found.firsts] = False
    return int((again & says_any(rows, IDENTITY_FIELDS) & ~says_any(rows, DEALING_FIELDS)).sum())


def _write_facts(rows: Rows, found: Recognised, entropy: Entropy) -> None:
    """One line for each customer of the batch. Only who is new is given a handle."""
    handles = {int(found.owners[place]): new_id("c", entropy) for place in found.firsts}
    lines = [
        (line[0], handles.get(line[0]), "alive", *line[1:]) for line in _customer_facts(rows, found.owners).iter_rows()
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_UPSERT, lines)


def _customer_facts(rows: Rows, owners: np.ndarray) -> pl.DataFrame:
    """Each owner's facts over all of its rows, columns in the table's order."""
    frame = rows.facts.with_columns(
        owner=pl.Series(owners),
        has_phone=pl.Series(says_any(rows, PHONE_FIELDS)),
        has_email=pl.Series(says_any(rows, {"email", "email2"})),
        has_address=pl.Series(says_any(rows, {"address"})),
        has_free_text=pl.Series(says_any(rows, FREE_TEXT_FIELDS)),
        mask=pl.Series(category_masks(rows)),
    ).filter(pl.col("owner") > 0)
    grouped = frame.group_by("owner", maintain_order=True)
    return grouped.agg(
        _first_other("person_kind", "contract_party"),
        _youngest(),
        pl.col("dead").any(),
        _first_other("language", "zh"),
        pl.col("has_phone", "has_email", "has_address", "prepaid", "keys_held", "has_free_text").any(),
        pl.col("free_text_others").any(),
        pl.col("last_purchase_on").max(),
        pl.col("mask").bitwise_or(),
    )


def _first_other(name: str, usual: str) -> pl.Expr:
    """The first value that is not the usual one."""
    return pl.col(name).filter(pl.col(name) != usual).first().fill_null(usual)


def _youngest() -> pl.Expr:
    band = pl.col("age_band")
    young = pl.when((band == "child").any()).then(pl.lit("child")).when((band == "teen").any()).then(pl.lit("teen"))
    return young.when((band == "adult").any()).then(pl.lit("adult")).otherwise(pl.lit("unknown")).alias("age_band")
