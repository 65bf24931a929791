"""Rows on their way: out of the sender's vault into a package, and out of the receiver's vault back into roots.

A person's link is derived from the transfer's key and the customer's number: random to whoever has not the key, another
in every transfer, and gone with the key. Values pass through memory in batches and rest nowhere.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shouxin.duties.consent import queries as consent
from shouxin.duties.transfer import scope as scopes
from shouxin.duties.transfer.columns import LINK, Values, in_steps, links_from, read_values, text_of_links
from shouxin.duties.transfer.models import BucketTable, Transfer
from shouxin.duties.transfer.scope import CONSENT, Scope
from shouxin.ground.formats.package import Rows
from shouxin.ground.formats.roots import TAG, TableRoots, TableShape, Tagger, person_tags
from shouxin.ground.kernel.digests import derive, keyed
from shouxin.ground.kernel.refusals import Corrupt
from shouxin.ground.kernel.times import to_text
from shouxin.stores.parties import services as parties
from shouxin.stores.vault import queries as vault_queries
from shouxin.stores.vault import services as vault

Progress = Callable[[str, int, int], None]
KIND = "handed_over"
_NO_TEXT = pa.scalar(None, pa.string())


def links_to(key: bytes, customers: Sequence[int]) -> np.ndarray:
    """The links by which a transfer's rows name these customers, under the transfer's key."""
    made_under = derive(key, "pit/v1/link")
    return links_from(b"".join([keyed(made_under, each.to_bytes(8, "big"))[:LINK] for each in customers]))


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
    surplus: Counter[str] = field(default_factory=Counter)
    """Field → rows in which it stands and stays here: no customer was told of it (PIPL 6, 23)."""
    _owners: dict[str, list[np.ndarray]] = field(default_factory=dict, repr=False)

    def owners(self, table: str) -> np.ndarray:
        """Whose each row of a table is, in the rows' order."""
        return np.concatenate([np.zeros(0, np.int64), *self._owners[table]])

    def tables(self, shapes: Mapping[str, TableShape]) -> list[Rows]:
        """Every table, read when the package asks for it."""
        return [Rows(shape, self._batches(shape)) for _, shape in sorted(shapes.items())]

    def _batches(self, shape: TableShape) -> Iterator[pa.RecordBatch]:
        self._owners[shape.name] = []
        names = shape.names[1:]
        for owners, fields in self._answers() if shape.name == CONSENT else self._opened(shape.name, names):
            self._owners[shape.name].append(owners)
            customers, place = np.unique(owners, return_inverse=True)
            links = text_of_links(links_to(self.key, customers.tolist())[place])
            yield pa.RecordBatch.from_arrays([links, *(fields[name] for name in names)], names=list(shape.names))

    def _opened(self, category: str, told: Sequence[str]) -> Iterator[tuple[np.ndarray, Mapping[str, pa.Array]]]:
        """The rows of one kind, with the fields that customers were told of; the others are counted as surplus."""
        customers = sorted(living(self.scope.of_table(category).tolist()))
        if not customers:
            return
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
        names = list(dict.fromkeys([*told, *scopes.fields_of(category)]))
        for some in in_steps(opened):
            values = read_values(some, names)
            owners = np.repeat(np.array([each.customer for each in some], np.int64), values.counts)
            yield self._moving(category, told, owners, values)
            if self.progress:
                self.progress("pack", bisect_right(customers, some[-1].customer), len(customers))

    def _moving(
        self, category: str, told: Sequence[str], owners: np.ndarray, values: Values
    ) -> tuple[np.ndarray, Mapping[str, pa.Array]]:
        """Of these rows what moves, and whose it is; a row of which nothing moves is none."""
        kinds, place = np.unique(self.scope.mask_of(owners), return_inverse=True)
        stays, fields = np.zeros(len(owners), np.bool_), {}
        for name, column in values.fields.items():
            may = np.array([scopes.moves(name, category, mask) for mask in kinds.tolist()], np.bool_)[place]
            goes = may & pc.fill_null(pc.not_equal(column, ""), fill_value=False).to_numpy(zero_copy_only=False)
            if name in told:
                fields[name], stays = pc.if_else(pa.array(goes), column, _NO_TEXT), stays | goes
            elif goes.any():
                self.surplus[name] += int(goes.sum())
        chosen = pa.array(stays)
        return owners[stays], {name: column.filter(chosen) for name, column in fields.items()}

    def _answers(self) -> Iterator[tuple[np.ndarray, Mapping[str, pa.Array]]]:
        """What travels with the rows: each person's standing answer, to which text, when; sensitive kinds apart."""
        inside = set(self.scope.of_table(CONSENT).tolist())
        every = {each.customer: each for each in consent.every_answer(self.case) if each.customer in inside}
        customers = sorted(living(every))
        standing = [every[customer] for customer in customers]
        fields = {
            "answer": [each.answer for each in standing],
            "text_digest": [each.text_digest for each in standing],
            "given_at": [to_text(each.given_at) for each in standing],
            "categories": [",".join(sorted(each.categories)) for each in standing],
            "sensitive": ["agreed" if each.sensitive_agreed else "refused" for each in standing],
            "guardian": ["yes" if each.guardian else "no" for each in standing],
        }
        yield np.array(customers, np.int64), {name: pa.array(each, pa.string()) for name, each in fields.items()}


@dataclass(frozen=True)
class Columns:
    """The rows of one table of a transfer on our side, as arrays; `table` is where they are kept."""

    table: BucketTable
    tags: np.ndarray
    customers: np.ndarray
    links: np.ndarray
    kept: np.ndarray

    @property
    def shape(self) -> TableShape:
        """Its shape."""
        return scopes.shape_of(self.table.shape)

    @property
    def cell(self) -> tuple[int, str]:
        """Source and category under which the vault holds its rows."""
        return self.table.source, "evidence" if self.table.name == CONSENT else self.table.name

    def places_of(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which of these row numbers count here, and the place of each that does."""
        known, place = self._by_number
        found = np.searchsorted(known, numbers, side="right") - 1
        counts = (found >= 0) & (known[found] == numbers) if len(known) else np.zeros(len(numbers), np.bool_)
        return counts, place[found[counts]]

    @cached_property
    def _by_number(self) -> tuple[np.ndarray, np.ndarray]:
        """The row numbers that count, in ascending order, and where each stands."""
        place = np.flatnonzero(self.kept)
        known = np.frombuffer(bytes(self.table.numbers), "<i4")[place]
        order = np.argsort(known, kind="stable")
        return known[order], place[order]


def columns_of(row: Transfer) -> list[Columns]:
    """Every table of a transfer that is not shredded."""
    return [_columns(each) for each in row.tables.all()]


def _columns(table: BucketTable) -> Columns:
    tags = np.frombuffer(bytes(table.tags), np.uint8).reshape(-1, TAG)
    return Columns(
        table=table,
        tags=tags,
        customers=np.frombuffer(bytes(table.customers), "<i8").astype(np.int64),
        links=links_from(bytes(table.links)),
        kept=np.frombuffer(bytes(table.kept), np.uint8).astype(bool),
    )


def keep_table(
    row: Transfer,
    shape: TableShape,
    *,
    buckets: int,
    tags: np.ndarray,
    customers: np.ndarray,
    source: int = 0,
    links: np.ndarray | None = None,
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
        customers=customers.astype("<i8").tobytes(),
        links=b"" if links is None else links.tobytes(),
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


def roots_of_tags(row: Transfer, key: bytes) -> dict[str, TableRoots]:
    """The roots of the tags that we kept: as sender, what every table must come to now."""
    counts = {each.name: (scopes.shape_of(each.shape), each.buckets) for each in row.tables.all()}
    found = {}
    for name, tags in tags_by_table(row).items():
        shape, buckets = counts[name]
        tagger = Tagger(key, shape)
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
    taggers = {name: Tagger(key, shape) for name, (shape, _) in shapes.items()}
    seen = {each.table.pk: np.zeros((len(each.kept), TAG), np.uint8) for each in every}
    for each, opened in _opened_of(row, every, by=by, at=at):
        shape = shapes[each.table.name][0]
        values = read_values(opened, shape.names[1:])
        counts, places = each.places_of(values.numbers)
        chosen = pa.array(counts)
        columns = [text_of_links(each.links[places]), *(column.filter(chosen) for column in values.fields.values())]
        batch = pa.RecordBatch.from_arrays(columns, names=list(shape.names))
        seen[each.table.pk][places] = taggers[each.table.name].add(batch)
    return Held({name: taggers[name].roots(buckets) for name, (_, buckets) in shapes.items()}, seen)


def _opened_of(
    row: Transfer, every: Sequence[Columns], *, by: str, at: datetime
) -> Iterator[tuple[Columns, list[vault.Opened]]]:
    """Of each table the values that hold its rows, opened from the vault, in steps."""
    wanted = {each.cell: each for each in every if each.kept.any()}
    customers = living({int(number) for each in every for number in np.unique(each.customers[each.kept])})
    if not customers:
        return
    categories = sorted({category for _, category in wanted})
    grant = parties.grant(by=by, purpose="drill", categories=categories, reason="transfer.recompute", at=at)
    opened = vault.open_for(
        grant=grant,
        customers=customers,
        categories=categories,
        reason="transfer.recompute",
        at=at,
        scope=row.ledger_scope,
    )
    for some in in_steps(opened):
        found: dict[tuple[int, str], list[vault.Opened]] = {}
        for each in some:
            if each.category != "evidence" or each.kind == KIND:
                found.setdefault((each.source, each.category), []).append(each)
        yield from ((wanted[cell], listed) for cell, listed in found.items() if cell in wanted)


def named(links: np.ndarray, tags: Collection[bytes], key: bytes) -> np.ndarray:
    """Those of the links whose person's tag is among these."""
    distinct, wanted = np.unique(links), set(tags)
    mine = [tag in wanted for tag in tags_of_links(key, distinct)]
    return distinct[np.array(mine, np.bool_)]


def tags_of_links(key: bytes, links: np.ndarray) -> list[bytes]:
    """The person tag of each link."""
    return person_tags(key, text_of_links(links).to_pylist())
