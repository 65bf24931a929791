"""Rows on their way: out of the sender's vault into a package, and out of the receiver's vault back into roots.

A person's link is derived from the transfer's key and the customer's number: random to whoever has not the key, another
in every transfer, and gone with the key. Values pass through memory in batches and rest nowhere.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pyarrow as pa

from shouxin.duties.consent import queries as consent
from shouxin.duties.transfer import scope as scopes
from shouxin.duties.transfer.models import BucketTable, Transfer
from shouxin.duties.transfer.scope import CONSENT, Scope
from shouxin.ground.formats.package import Rows
from shouxin.ground.formats.roots import TAG, TableRoots, TableShape, Tagger, person_tag
from shouxin.ground.kernel.digests import derive, keyed
from shouxin.ground.kernel.refusals import Corrupt
from shouxin.ground.kernel.times import to_text
from shouxin.stores.parties import services as parties
from shouxin.stores.vault import queries as vault_queries
from shouxin.stores.vault import services as vault

Progress = Callable[[str, int, int], None]
BATCH = 4096
LINK = 16
KIND = "handed_over"


def link_key(key: bytes) -> bytes:
    """The key under which a transfer's links are made."""
    return derive(key, "pit/v1/link")


def link_of(made_under: bytes, customer: int) -> str:
    """The link by which a transfer's rows name a customer, under its `link_key`."""
    return link_text(keyed(made_under, customer.to_bytes(8, "big"))[:LINK])


def link_text(raw: bytes) -> str:
    """The link of sixteen bytes."""
    return "p_" + raw.hex()


def link_bytes(link: str) -> bytes:
    """The sixteen bytes in a link.

    Raises:
        Corrupt: not a link.
    """
    try:
        raw = bytes.fromhex(link.removeprefix("p_"))
    except ValueError as error:
        raise Corrupt("person's link of a refused form", "package") from error
    if len(raw) != LINK or link_text(raw) != link:
        raise Corrupt("person's link of a refused form", "package")
    return raw


def links_of(table: BucketTable) -> list[str]:
    """The person's link of each row of a table."""
    raw = bytes(table.links)
    return [link_text(raw[place : place + LINK]) for place in range(0, len(raw), LINK)]


def living(customers: Collection[int]) -> set[int]:
    """Those whose keys live."""
    states = vault_queries.state(customers)
    return {customer for customer, each in states.items() if each.state == "alive"}


@dataclass
class Sending:
    """The tables of a transfer read out of our vault; remembers whose row each one was, for withdrawals later."""

    case: str
    scope: Scope
    key: bytes = field(repr=False)
    by: str
    at: datetime
    ledger_scope: str
    progress: Progress | None = None
    owners: dict[str, list[int]] = field(default_factory=dict, repr=False)
    tags: dict[str, list[np.ndarray]] = field(default_factory=dict, repr=False)
    surplus: Counter[str] = field(default_factory=Counter)
    """Field → rows in which it stands and stays here: no customer was told of it (PIPL 6, 23)."""

    def tags_of(self, table: str) -> np.ndarray:
        """The tags of a table's rows, in the order of `owners`."""
        parts = self.tags[table]
        return np.concatenate(parts) if parts else np.zeros((0, TAG), np.uint8)

    def tables(self, shapes: Mapping[str, TableShape]) -> list[Rows]:
        """Every table, read when the package asks for it."""
        return [Rows(shape, self._batches(shape)) for _, shape in sorted(shapes.items())]

    def _batches(self, shape: TableShape) -> Iterator[pa.RecordBatch]:
        self.owners[shape.name], self.tags[shape.name] = [], []
        owners, tagger, names = self.owners[shape.name], Tagger(self.key, shape), shape.names[1:]
        made_under = link_key(self.key)
        reader = self._answers() if shape.name == CONSENT else self._opened(shape.name, frozenset(names))
        waiting: list[tuple[str | None, ...]] = []
        for customer, fields in reader:
            waiting.append((link_of(made_under, customer), *map(fields.get, names)))
            owners.append(customer)
            if len(waiting) == BATCH:
                yield self._tagged(waiting, shape, tagger)
                waiting = []
        if waiting:
            yield self._tagged(waiting, shape, tagger)

    def _tagged(self, waiting: list[tuple[str | None, ...]], shape: TableShape, tagger: Tagger) -> pa.RecordBatch:
        batch = batch_of(waiting, shape)
        self.tags[shape.name].append(tagger.add(batch))
        return batch

    def _opened(self, category: str, told: frozenset[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
        """The rows of one kind, with the fields that customers were told of; the others are counted as surplus."""
        customers = sorted(living(self.scope.of_table(category).tolist()))
        if not customers:
            return
        masks = self.scope.masks()
        grant = parties.grant(
            by=self.by, purpose="hand_over", categories=[category], reason="transfer.pack", at=self.at
        )
        opened = vault.open_for(
            grant=grant,
            customers=customers,
            categories=[category],
            reason="transfer.pack",
            at=self.at,
            scope=self.ledger_scope,
        )
        place = {customer: number for number, customer in enumerate(customers, start=1)}
        for each in opened:
            for _, fields in read_rows(each.value.raw):
                goes = {
                    name: text
                    for name, text in fields.items()
                    if text and scopes.moves(name, category, masks[each.customer])
                }
                self.surplus.update(goes.keys() - told)
                kept = {name: text for name, text in goes.items() if name in told}
                if kept:
                    yield each.customer, kept
            if self.progress:
                self.progress("pack", place[each.customer], len(customers))

    def _answers(self) -> Iterator[tuple[int, Mapping[str, str]]]:
        """What travels with the rows: each person's standing answer, to which text, when; sensitive kinds apart."""
        inside = set(self.scope.of_table(CONSENT).tolist())
        standing = {each.customer: each for each in consent.every_answer(self.case) if each.customer in inside}
        for customer in sorted(living(standing)):
            stands = standing[customer]
            yield (
                customer,
                {
                    "answer": stands.answer,
                    "text_digest": stands.text_digest,
                    "given_at": to_text(stands.given_at),
                    "categories": ",".join(sorted(stands.categories)),
                    "sensitive": "agreed" if stands.sensitive_agreed else "refused",
                    "guardian": "yes" if stands.guardian else "no",
                },
            )


def batch_of(rows: Sequence[tuple[str | None, ...]], shape: TableShape) -> pa.RecordBatch:
    """Rows as a batch of text columns."""
    columns = zip(*rows, strict=True) if rows else ([] for _ in shape.names)
    return pa.RecordBatch.from_arrays([pa.array(list(each), pa.string()) for each in columns], names=list(shape.names))


def read_rows(raw: bytes) -> list[tuple[int, Mapping[str, str]]]:
    """The rows of a sealed value: number and fields.

    Raises:
        Corrupt: the value does not hold rows.
    """
    try:
        return [(int(each["n"]), each["f"]) for each in json.loads(raw)]
    except (ValueError, KeyError, TypeError) as error:
        raise Corrupt("sealed value that does not hold rows", "record") from error


@dataclass(frozen=True)
class Columns:
    """The rows of one table of a transfer on our side, as arrays; `table` is where they are kept."""

    table: BucketTable
    tags: np.ndarray
    customers: np.ndarray
    kept: np.ndarray

    @property
    def shape(self) -> TableShape:
        """Its shape."""
        return scopes.shape_of(self.table.shape)


def columns_of(row: Transfer) -> list[Columns]:
    """Every table of a transfer that is not shredded."""
    return [_columns(each) for each in row.tables.all()]


def _columns(table: BucketTable) -> Columns:
    tags = np.frombuffer(bytes(table.tags), np.uint8).reshape(-1, TAG)
    return Columns(
        table=table,
        tags=tags,
        customers=np.frombuffer(bytes(table.customers), "<i8").astype(np.int64),
        kept=np.frombuffer(bytes(table.kept), np.uint8).astype(bool),
    )


def keep_table(
    row: Transfer,
    shape: TableShape,
    *,
    buckets: int,
    tags: np.ndarray,
    customers: Sequence[int],
    source: int = 0,
    links: bytes = b"",
    numbers: Sequence[int] = (),
) -> None:
    """Keep the rows of one table as arrays, all of them counting."""
    if len(tags) != len(customers):
        raise Corrupt("rows that were not counted alike", shape.name)
    BucketTable.objects.create(
        transfer=row,
        name=shape.name,
        source=source,
        shape=scopes.shape_to_plain(shape),
        buckets=buckets,
        tags=tags.tobytes(),
        customers=np.array(customers, "<i8").tobytes(),
        links=links,
        numbers=np.array(numbers, "<i4").tobytes(),
        kept=np.ones(len(tags), np.uint8).tobytes(),
    )


def drop(columns: Columns, dropped: np.ndarray) -> None:
    """From now on these rows count no more."""
    columns.table.kept = (columns.kept & ~dropped).astype(np.uint8).tobytes()
    columns.table.save(update_fields=["kept"])


def tags_by_table(row: Transfer) -> dict[str, np.ndarray]:
    """The tags that count, by table, whichever package brought them."""
    found: dict[str, list[np.ndarray]] = {}
    for each in columns_of(row):
        found.setdefault(each.table.name, []).append(each.tags[each.kept])
    return {name: np.concatenate(parts) for name, parts in found.items()}


class _Kept(Tagger):
    """A tagger of rows whose tags were computed before."""

    def take(self, tags: np.ndarray) -> None:
        """Count these tags."""
        self._tags += tags.tobytes()


def roots_of_tags(row: Transfer, key: bytes) -> dict[str, TableRoots]:
    """The roots of the tags that we kept: as sender, what every table must come to now."""
    counts = {each.name: (scopes.shape_of(each.shape), each.buckets) for each in row.tables.all()}
    found = {}
    for name, tags in tags_by_table(row).items():
        shape, buckets = counts[name]
        tagger = _Kept(key, shape)
        tagger.take(tags)
        found[name] = tagger.roots(buckets)
    return found


@dataclass(frozen=True)
class Held:
    """What our own database holds of a transfer: the roots, and per table (by its row's id) the tags found anew."""

    roots: Mapping[str, TableRoots]
    seen: Mapping[int, np.ndarray] = field(repr=False)

    def lost(self, columns: Columns) -> np.ndarray:
        """Which rows of a table count and are not held as they came."""
        return np.asarray(columns.kept & (self.seen[columns.table.pk] != columns.tags).any(axis=1))


def held(row: Transfer, key: bytes, *, by: str, at: datetime) -> Held:
    """Open every row of the transfer that counts and compute its tag anew; nothing is taken from the package."""
    every = columns_of(row)
    shapes = {each.table.name: (each.shape, each.table.buckets) for each in every}
    anew = _Anew({name: (shape, Tagger(key, shape)) for name, (shape, _) in shapes.items()}, every)
    for table, place, fields in _opened_rows(row, every, by=by, at=at):
        anew.take(table, place, fields)
    anew.flush()
    roots = {name: anew.taggers[name][1].roots(buckets) for name, (_, buckets) in shapes.items()}
    return Held(roots, anew.seen)


class _Anew:
    """Computes tags batch by batch and remembers at which row of which table each was found."""

    def __init__(self, taggers: Mapping[str, tuple[TableShape, Tagger]], every: Sequence[Columns]) -> None:
        self.taggers = taggers
        self.seen = {each.table.pk: np.zeros((len(each.kept), TAG), np.uint8) for each in every}
        self._waiting: dict[str, list[tuple[int, int, tuple[str | None, ...]]]] = {name: [] for name in taggers}
        self._names = {name: shape.names[1:] for name, (shape, _) in taggers.items()}
        self._links = {each.table.pk: links_of(each.table) for each in every}

    def take(self, table: BucketTable, place: int, fields: Mapping[str, str]) -> None:
        """One row: its table, its place there, its fields."""
        waiting = self._waiting[table.name]
        link = self._links[table.pk][place]
        waiting.append((table.pk, place, (link, *map(fields.get, self._names[table.name]))))
        if len(waiting) == BATCH:
            self._flush(table.name)

    def flush(self) -> None:
        """Compute what still waits."""
        for name in self._waiting:
            self._flush(name)

    def _flush(self, name: str) -> None:
        waiting, (shape, tagger) = self._waiting[name], self.taggers[name]
        if waiting:
            tags = tagger.add(batch_of([each[2] for each in waiting], shape))
            for number, (table, place, _) in enumerate(waiting):
                self.seen[table][place] = tags[number]
        self._waiting[name] = []


def _opened_rows(
    row: Transfer, every: Sequence[Columns], *, by: str, at: datetime
) -> Iterator[tuple[BucketTable, int, Mapping[str, str]]]:
    """Table, place and fields of every row that counts, opened from the vault."""
    wanted: dict[tuple[int, str], dict[int, tuple[BucketTable, int]]] = {}
    for each in every:
        category = "evidence" if each.table.name == CONSENT else each.table.name
        numbers = np.frombuffer(bytes(each.table.numbers), "<i4").tolist()
        places = {numbers[place]: (each.table, place) for place in np.flatnonzero(each.kept).tolist()}
        wanted.setdefault((each.table.source, category), {}).update(places)
    customers = living({int(number) for each in every for number in np.unique(each.customers[each.kept])})
    categories = sorted({category for (_, category), places in wanted.items() if places})
    if not customers or not categories:
        return
    grant = parties.grant(by=by, purpose="drill", categories=categories, reason="transfer.recompute", at=at)
    opened = vault.open_for(
        grant=grant,
        customers=customers,
        categories=categories,
        reason="transfer.recompute",
        at=at,
        scope=row.ledger_scope,
    )
    for envelope in opened:
        places = wanted.get((envelope.source, envelope.category), {})
        if not places or (envelope.category == "evidence" and envelope.kind != KIND):
            continue
        for number, fields in read_rows(envelope.value.raw):
            if number in places:
                yield (*places[number], fields)


def tags_of_links(key: bytes, links: Collection[str]) -> dict[bytes, str]:
    """Person tag → link."""
    return {person_tag(key, link): link for link in links}
