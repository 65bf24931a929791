"""Reads of the inventory, in the field's words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.db.models import F, Q, Sum

from shouxin.duties.inventory import plans
from shouxin.duties.inventory.models import Box, BoxPaper, Column, Conflict, Customer, Dataset, Good, Rejection, Source
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook.terms import categories
from shouxin.stores.vault import queries as vault

PERSON_KINDS = ("contract_party", "contact_of_organisation", "household_member", "third_party", "staff")
AGE_BANDS = ("unknown", "child", "teen", "adult")
LANGUAGES = ("zh", "en")
NO_DATE = np.datetime64("NaT", "D")

_FACTS = (
    "customer",
    "person_kind",
    "age_band",
    "dead",
    "language",
    "has_phone",
    "has_email",
    "has_address",
    "prepaid",
    "keys_held",
    "has_free_text",
    "free_text_others",
    "last_purchase_on",
    "categories",
)


@dataclass(frozen=True)
class FactChunk:
    """Facts of some living customers, one NumPy column each, in the order of their numbers.

    `person_kind`, `age_band`, `language` are indexes into the tuples of this module; `categories` is a mask with bit =
    compartment; `last_purchase_on` is datetime64[D], NaT where none.
    """

    customer: np.ndarray
    person_kind: np.ndarray
    age_band: np.ndarray
    dead: np.ndarray
    language: np.ndarray
    has_phone: np.ndarray
    has_email: np.ndarray
    has_address: np.ndarray
    prepaid: np.ndarray
    keys_held: np.ndarray
    has_free_text: np.ndarray
    free_text_others: np.ndarray
    last_purchase_on: np.ndarray
    categories: np.ndarray

    def __len__(self) -> int:
        return len(self.customer)


@dataclass(frozen=True)
class SourceView:
    """A registered source and what became of its rows."""

    id: int
    kind: str
    title: str
    custodian: str
    digest: str
    tables: int
    rows_read: int
    rows_collected: int
    rows_merged: int
    rows_rejected: int
    rows_aside: int
    """Rows of tables that are not about customers; they were not read."""
    gone: bool
    is_collected: bool


@dataclass(frozen=True)
class TableView:
    """One table of a source: `new`, `scanned`, `confirmed`, `collected`, or `aside` (not about customers)."""

    name: str
    state: str
    rows: int
    rows_read: int
    rows_collected: int
    rows_merged: int
    rows_rejected: int
    fields: list[str]


@dataclass(frozen=True)
class PapersBalance:
    """The sheets of one box by the contract index: of living customers, of people destroyed, of nobody known."""

    box: int
    sheets: int
    of_customers: int
    of_destroyed: int
    unmatched: int


@dataclass(frozen=True)
class Place:
    """A place that must meet an end of its own: a source, a box, a thing that is sold."""

    key: str
    kind: str
    title: str
    locator: str
    custodian: str
    holds_information: bool | None


def facts(*, size: int = 50_000) -> Iterator[FactChunk]:
    """The facts of all living customers, `size` at a time."""
    last = 0
    while True:
        rows = list(
            Customer.objects.filter(customer__gt=last, state=Customer.ALIVE)
            .order_by("customer")
            .values_list(*_FACTS)[:size]
        )
        if not rows:
            return
        last = rows[-1][0]
        yield _chunk(rows)


def _chunk(rows: Sequence[tuple[Any, ...]]) -> FactChunk:
    columns = dict(zip(_FACTS, zip(*rows, strict=True), strict=True))
    return FactChunk(
        customer=np.array(columns["customer"], np.int64),
        person_kind=_codes(columns["person_kind"], PERSON_KINDS),
        age_band=_codes(columns["age_band"], AGE_BANDS),
        dead=np.array(columns["dead"], bool),
        language=_codes(columns["language"], LANGUAGES),
        has_phone=np.array(columns["has_phone"], bool),
        has_email=np.array(columns["has_email"], bool),
        has_address=np.array(columns["has_address"], bool),
        prepaid=np.array(columns["prepaid"], bool),
        keys_held=np.array(columns["keys_held"], bool),
        has_free_text=np.array(columns["has_free_text"], bool),
        free_text_others=np.array(columns["free_text_others"], bool),
        last_purchase_on=np.array([_day(value) for value in columns["last_purchase_on"]], "datetime64[D]"),
        categories=np.array(columns["categories"], np.int32),
    )


def _codes(values: Sequence[str], names: Sequence[str]) -> np.ndarray:
    places = {name: place for place, name in enumerate(names)}
    return np.array([places.get(value, 0) for value in values], np.uint8)


def _day(value: date | None) -> np.datetime64:
    return NO_DATE if value is None else np.datetime64(value, "D")


def handle(customer: int) -> str:
    """The handle of a living customer.

    Raises:
        Refusal("inventory.no_such_customer"): unknown or destroyed.
    """
    found = Customer.objects.filter(customer=customer, state=Customer.ALIVE).values_list("handle", flat=True).first()
    if not found:
        raise Refusal("inventory.no_such_customer")
    return found


def handles(customers: Sequence[int]) -> dict[int, str]:
    """The handles of the living among them."""
    rows = Customer.objects.filter(customer__in=list(customers), state=Customer.ALIVE).values_list("customer", "handle")
    return {number: named for number, named in rows if named}


def customer(of_handle: str) -> int:
    """The customer of a handle.

    Raises:
        Refusal("inventory.no_such_customer"): unknown or destroyed.
    """
    found = Customer.objects.filter(handle=of_handle, state=Customer.ALIVE).values_list("customer", flat=True).first()
    if found is None:
        raise Refusal("inventory.no_such_customer")
    return found


def card(customer: int) -> dict[str, Any]:
    """The facts of one customer, without values.

    Raises:
        Refusal("inventory.no_such_customer"): unknown or destroyed.
    """
    row = Customer.objects.filter(customer=customer, state=Customer.ALIVE).values(*_FACTS, "handle").first()
    if row is None:
        raise Refusal("inventory.no_such_customer")
    return {**row, "categories": category_names(row["categories"])}


def category_names(mask: int) -> list[str]:
    """The names of the categories whose bit is set."""
    return [name for name, each in categories().items() if mask >> each.compartment & 1]


def sources() -> list[SourceView]:
    """All sources in the order of registration."""
    return [_source_view(source) for source in Source.objects.order_by("id").prefetch_related("datasets")]


def source(number: int) -> Source:
    """One source.

    Raises:
        Refusal("inventory.no_such_source").
    """
    found = Source.objects.filter(id=number).first()
    if found is None:
        raise Refusal("inventory.no_such_source", source=number)
    return found


def systems() -> list[str]:
    """The numberings that customers' numbers belong to, over all sources."""
    return sorted(set(Source.objects.values_list("system", flat=True)))


def plan_file(number: int) -> dict[str, Any]:
    """How a source's tables are read at present, as suggested or confirmed, as a file that a person can correct.

    Raises:
        Refusal("inventory.no_such_source"), Refusal("inventory.not_scanned").
    """
    return plans.as_file(source(number))


def readable(number: int) -> Source:
    """A source whose rows can be read.

    Raises:
        Refusal("inventory.no_such_source"), Refusal("inventory.not_readable"), Refusal("inventory.source_gone").
    """
    row = source(number)
    if row.kind not in ("file", "database"):
        raise Refusal("inventory.not_readable", source=number, kind=row.kind)
    if row.gone_at is not None:
        raise Refusal("inventory.source_gone", source=number)
    return row


def tables(number: int) -> list[TableView]:
    """The tables of a source, in its own order, also those that are not about customers."""
    return [
        TableView(
            name=each.name,
            state=each.state,
            rows=each.rows,
            rows_read=each.rows_read,
            rows_collected=each.rows_collected,
            rows_merged=each.rows_merged,
            rows_rejected=each.rows_rejected,
            fields=[field for _, field in each.plan["mapping"]] if each.plan else [],
        )
        for each in Dataset.objects.filter(source_id=number).order_by("id")
    ]


def rejections(number: int) -> list[dict[str, Any]]:
    """The rows of a source that were read and not taken: table, row, why."""
    rows = Rejection.objects.filter(dataset__source_id=number).order_by("dataset_id", "row")
    return [dict(row) for row in rows.values("row", "codes", table=F("dataset__name"))]


def conflicts(number: int) -> list[dict[str, Any]]:
    """The rows of a source whose keys name two customers: table, row, the one it was given to, the other."""
    rows = Conflict.objects.filter(dataset__source_id=number).order_by("dataset_id", "row")
    return [dict(row) for row in rows.values("row", "kept", "other", table=F("dataset__name"))]


def columns(number: int) -> list[dict[str, Any]]:
    """The classified columns of a source."""
    shown = ("name", "field", "category", "level", "sensitive_kind", "status", "confidence", "why", "confirmed_by")
    rows = Column.objects.filter(dataset__source_id=number).order_by("id").values("dataset__name", *shown)
    return [dict(row) for row in rows]


def places() -> list[Place]:
    """Every place that must meet an end: readable sources, spools, boxes and goods."""
    found = [
        Place(f"source:{row.id}", row.kind, row.title, row.locator, row.custodian, True)
        for row in Source.objects.filter(kind__in=("file", "database", "spool")).order_by("id")
    ]
    found += [
        Place(f"box:{row.id}", "box", f"{row.number} {row.contents}", row.place, row.custodian, True)
        for row in Box.objects.order_by("id")
    ]
    found += [
        Place(f"good:{row.id}", "good", f"{row.number} {row.item}", row.serial, "", row.holds_information)
        for row in Good.objects.order_by("id")
    ]
    return found


def counts() -> dict[str, int]:
    """How many living customers, and how many of each kind that the rules look at."""
    alive = Customer.objects.filter(state=Customer.ALIVE)
    return {
        "customers": alive.count(),
        "children": alive.filter(age_band="child").count(),
        "age_unknown": alive.filter(age_band="unknown").count(),
        "dead": alive.filter(dead=True).count(),
        "organisations": alive.filter(person_kind="contact_of_organisation").count(),
        "with_sensitive": _with_category(alive, "sensitive"),
        "prepaid": alive.filter(prepaid=True).count(),
        "keys_held": alive.filter(keys_held=True).count(),
        "conflicts": Conflict.objects.count(),
    }


def categories_held() -> dict[str, int]:
    """Living customers per category."""
    alive = Customer.objects.filter(state=Customer.ALIVE)
    return {name: _with_category(alive, name) for name in categories()}


def _with_category(rows: Any, name: str) -> int:
    bit = 1 << categories()[name].compartment
    return rows.annotate(held=F("categories").bitand(bit)).filter(held=bit).count()


def rows_balance() -> list[dict[str, int]]:
    """Per source: rows read, collected, merged, rejected."""
    rows = (
        Dataset.objects.values("source_id")
        .annotate(
            read=Sum("rows_read"),
            collected=Sum("rows_collected"),
            merged=Sum("rows_merged"),
            rejected=Sum("rows_rejected"),
        )
        .order_by("source_id")
    )
    return [
        {"source": row["source_id"], **{name: row[name] for name in ("read", "collected", "merged", "rejected")}}
        for row in rows
    ]


def goods() -> list[Good]:
    """The list of goods sold."""
    return list(Good.objects.order_by("id"))


def box_papers() -> dict[int, list[tuple[int, int]]]:
    """Per box: which customers have papers in it, and how many sheets."""
    found: dict[int, list[tuple[int, int]]] = {}
    for box, person, sheets in BoxPaper.objects.exclude(customer=None).values_list("box_id", "customer", "sheets"):
        found.setdefault(box, []).append((person or 0, sheets))
    return found


def unmatched_papers() -> int:
    """Papers in boxes whose customer was not recognised."""
    return BoxPaper.objects.filter(customer=None, is_gone=False).count()


def papers_balance() -> list[PapersBalance]:
    """What the papers in each box are, by sheets; every sheet that the contract index names is one of three."""
    sheets = Sum("papers__sheets")
    of_customers, gone = Q(papers__customer__isnull=False), Q(papers__is_gone=True)
    unmatched = Q(papers__customer=None, papers__is_gone=False)
    rows = Box.objects.order_by("id").annotate(
        named=sheets,
        of_customers=Sum("papers__sheets", filter=of_customers),
        of_destroyed=Sum("papers__sheets", filter=gone),
        unmatched=Sum("papers__sheets", filter=unmatched),
    )
    return [
        PapersBalance(
            box=row.id,
            sheets=row.named or 0,
            of_customers=row.of_customers or 0,
            of_destroyed=row.of_destroyed or 0,
            unmatched=row.unmatched or 0,
        )
        for row in rows
    ]


def _source_view(source: Source) -> SourceView:
    tables = list(source.datasets.all())
    return SourceView(
        id=source.id,
        kind=source.kind,
        title=source.title,
        custodian=source.custodian,
        digest=source.digest,
        tables=len(tables),
        rows_read=sum(each.rows_read for each in tables),
        rows_collected=sum(each.rows_collected for each in tables),
        rows_merged=sum(each.rows_merged for each in tables),
        rows_rejected=sum(each.rows_rejected for each in tables),
        gone=source.gone_at is not None,
        rows_aside=sum(each.rows for each in tables if each.state == "aside"),
        is_collected=bool(tables) and all(each.state in ("collected", "aside") for each in tables),
    )


def open_duties() -> list[dict[str, Any]]:
    """Living customers with a pre-paid balance or keys in the company's hands."""
    rows = Customer.objects.filter(state=Customer.ALIVE).exclude(prepaid=False, keys_held=False).order_by("customer")
    return [dict(row) for row in rows.values("handle", "prepaid", "keys_held")]


def holding(category: str) -> np.ndarray:
    """Customers of whom the vault holds anything of a category, in order; also what other rooms sealed there."""
    found = vault.cells()
    return np.unique(found.customer[found.category == categories()[category].compartment])
