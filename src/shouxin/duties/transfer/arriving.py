"""The rows of a package on their way into our own vault: opened, checked, whoever withdrew left out, taken in once.

The numbers of rows and customers are settled before the first row is taken, so that a stop and the same verb again come
to the same rows; where each row went stands in the transfer's tables.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
from django.db import transaction

from shouxin.duties.inventory import services as inventory
from shouxin.duties.inventory.rows import sealed_items
from shouxin.duties.transfer import chain, places, rows, secrets, withdrawing
from shouxin.duties.transfer.chain import Voice
from shouxin.duties.transfer.columns import links_from, links_of_text
from shouxin.duties.transfer.models import Intake, Transfer
from shouxin.duties.transfer.scope import CONSENT, PERSON
from shouxin.ground.formats import pit
from shouxin.ground.formats.package import Expected, OpenedPackage, open_package
from shouxin.ground.formats.roots import TAG, TableShape, Tagger, bucket_numbers
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.stores.ledger import queries as ledger_queries
from shouxin.stores.vault import services as vault


def _paths(row: Transfer, package: pit.Message) -> list[Path]:
    return [places.folder(row.tid) / each["name"] for each in package["parts"]]


def open_arrived(row: Transfer, package: pit.Message, voice: Voice) -> OpenedPackage:
    """The package of which every part has arrived, verified whole. Raises as `open_package`."""
    identity = secrets.open_secret(row, secrets.PACKAGE, voice.wrapping).decode()
    return open_package(_paths(row, package), identity=identity, expected=Expected.of_message(package.predicate))


@dataclass(frozen=True)
class Taking:
    """What one package brought."""

    customers_new: int
    rows: int


@dataclass
class _Arrival:
    """The rows of one package that are to be taken, by table, with their tags and their persons' links."""

    shapes: dict[str, TableShape]
    buckets: dict[str, int]
    rows: dict[str, list[pa.RecordBatch]]
    tags: dict[str, list[np.ndarray]]
    links: dict[str, list[np.ndarray]]

    @classmethod
    def of(cls, opened: OpenedPackage) -> "_Arrival":
        """Of this package nothing yet."""
        buckets = {name: facts.buckets for name, facts in opened.tables.items()}
        shapes = {name: facts.shape for name, facts in opened.tables.items()}
        return cls(shapes, buckets, {n: [] for n in shapes}, {n: [] for n in shapes}, {n: [] for n in shapes})

    def add(self, name: str, batch: pa.RecordBatch, tags: np.ndarray, links: np.ndarray, taken: np.ndarray) -> None:
        """Rows of a batch, those that are taken."""
        self.rows[name].append(batch.filter(pa.array(taken)))
        self.tags[name].append(tags[taken])
        self.links[name].append(links[taken])

    def kinds(self) -> list[str]:
        """The kinds of information in order, as the inventory takes and numbers them."""
        return [name for name in sorted(self.rows) if name != CONSENT]

    def frame(self, name: str) -> pl.DataFrame:
        """The rows of a table, text columns; the person's reference is called `link`."""
        schema = pa.schema([(each, pa.string()) for each in self.shapes[name].names])
        return pl.DataFrame(pl.from_arrow(pa.Table.from_batches(self.rows[name], schema))).rename({PERSON: "link"})

    def frames(self) -> list[pl.DataFrame]:
        """What the inventory takes: the kinds, and behind them, without any field, who has an answer alone."""
        told = [self.frame(name) for name in self.kinds()]
        if CONSENT not in self.rows:
            return told
        known = pl.concat([pl.Series("link", [], pl.String), *(each["link"] for each in told)])
        answered = self.frame(CONSENT)["link"].unique()
        return [*told, answered.filter(~answered.is_in(known.implode())).sort().to_frame()]

    def links_of(self, name: str) -> np.ndarray:
        """The links of a table's rows, in their order."""
        return np.concatenate([links_from(b""), *self.links[name]])

    @property
    def count(self) -> int:
        """How many rows."""
        return sum(batch.num_rows for batches in self.rows.values() for batch in batches)


def take_rows(
    row: Transfer, state: pit.Transfer, *, title: str, voice: Voice, progress: rows.Progress | None
) -> Taking:
    """Take the rows of the newest package into our own vault; of a package that came again only what we lost.

    Raises:
        as `open_package`; Refusal("jobs.leased"); Corrupt: the rows do not come to what the package says.
    """
    package = state.the("package")
    opened = open_arrived(row, package, voice)
    intake = _plan_intake(row, state, package)
    wanted = _wanted_again(row, opened, voice) if row.intakes.filter(is_done=True).exists() else None
    arrival = _read(row, opened, intake, wanted, progress)
    owners, source, new = _take_in(intake, arrival, title, voice)
    with transaction.atomic():
        row = chain.lock(row.tid)
        if wanted is not None:
            _drop_lost(row, opened, voice)
        _keep_arrival(row, arrival, owners, source, voice.at)
        secrets.keep(row, secrets.KEY, opened.letter.key, voice.wrapping)
        Intake.objects.filter(pk=intake.pk).update(source=source, is_done=True)
    return Taking(new, arrival.count)


def _plan_intake(row: Transfer, state: pit.Transfer, package: pit.Message) -> Intake:
    """Fixed before the first row is taken, so that the same rows get the same numbers when it is done again."""
    name = row.tid if not row.intakes.filter(is_done=True).exists() else f"{row.tid}-{package['seq']}"
    last = row.withdrawals.order_by("-epoch").first()
    intake, _ = Intake.objects.get_or_create(
        transfer=row,
        seq=package["seq"],
        defaults={"name": name, "epoch": last.epoch if last else (state.epoch or 0)},
    )
    return intake


def _read(
    row: Transfer,
    opened: OpenedPackage,
    intake: Intake,
    wanted: dict[str, Counter[bytes]] | None,
    progress: rows.Progress | None,
) -> _Arrival:
    """Read the package once: its tags must come to its roots; whoever withdrew is left out."""
    listed = row.withdrawals.filter(epoch__lte=intake.epoch).order_by("-epoch").first()
    key, gone = opened.letter.key, withdrawing.split_tags(bytes(listed.tags)) if listed else set()
    arrival = _Arrival.of(opened)
    taggers = {name: Tagger(key, shape) for name, shape in arrival.shapes.items()}
    withdrawn = _Withdrawn(key, gone)
    total, done = sum(facts.held for facts in opened.tables.values()), 0
    for name, batch in opened.read():
        tags, links = taggers[name].add(batch), links_of_text(batch.column(PERSON))
        taken = ~withdrawn.are(links)
        if wanted is not None:
            taken &= _wanted_of(tags, wanted[name], taken)
        arrival.add(name, batch, tags, links, taken)
        done += batch.num_rows
        if progress:
            progress("import", done, total)
    for name, facts in opened.tables.items():
        roots = taggers[name].roots(facts.buckets)
        if opened.letter.covers is None and (roots.root, roots.rows) != (facts.root, facts.rows):
            raise Corrupt("rows that do not come to their root", name)
    return arrival


class _Withdrawn:
    """Who is behind a list of tags; each link is looked at once, in however many tables it stands."""

    def __init__(self, key: bytes, tags: Collection[bytes]) -> None:
        self._key, self._tags = key, tags
        self._seen = self._gone = links_from(b"")

    def are(self, links: np.ndarray) -> np.ndarray:
        """Which of these links are of people on the list."""
        if self._tags:
            new = np.setdiff1d(links, self._seen)
            self._seen = np.union1d(self._seen, new)
            self._gone = np.union1d(self._gone, rows.named(new, self._tags, self._key))
        return np.isin(links, self._gone)


def _wanted_of(tags: np.ndarray, wanted: Counter[bytes], among: np.ndarray) -> np.ndarray:
    """Of the rows among these tags those that are wanted, each as often as it is; what is found is wanted no more."""
    found = np.zeros(len(tags), np.bool_)
    for place in np.flatnonzero(among).tolist():
        tag = tags[place].tobytes()
        found[place] = wanted[tag] > 0
        wanted[tag] -= 1
    return found


def lost_of(row: Transfer, key: bytes, voice: Voice) -> list[tuple[rows.Columns, np.ndarray]]:
    """Of each table of the transfer which rows count and are not held as they came."""
    found = rows.held(row, key, by=voice.by, at=voice.at)
    return [(each, found.lost(each)) for each in rows.columns_of(row)]


def _wanted_again(row: Transfer, opened: OpenedPackage, voice: Voice) -> dict[str, Counter[bytes]]:
    """The tags of the rows that we lost, in the buckets that were sent again."""
    wanted: dict[str, Counter[bytes]] = {name: Counter() for name in opened.tables}
    for each, lost in lost_of(row, opened.letter.key, voice):
        for place in np.flatnonzero(lost & _covered(each, opened)).tolist():
            wanted[each.table.name][each.tags[place].tobytes()] += 1
    return wanted


def _drop_lost(row: Transfer, opened: OpenedPackage, voice: Voice) -> None:
    for each, lost in lost_of(row, opened.letter.key, voice):
        rows.drop(each, lost & _covered(each, opened))


def _covered(columns: rows.Columns, opened: OpenedPackage) -> np.ndarray:
    if opened.letter.covers is None:
        return np.ones(len(columns.kept), np.bool_)
    numbers = bucket_numbers(columns.tags, columns.table.buckets)
    return np.isin(numbers, opened.letter.covers.get(columns.table.name, ()))


@dataclass(frozen=True)
class _Owners:
    """Our customer behind each link."""

    links: np.ndarray
    customers: np.ndarray

    @classmethod
    def of(cls, known: Mapping[str, int]) -> "_Owners":
        """From links as text."""
        links = links_of_text(pa.array(known, pa.string()))
        order = np.argsort(links)
        return cls(links[order], np.array(list(known.values()), np.int64)[order])

    def of_links(self, links: np.ndarray) -> np.ndarray:
        """The customers behind these links.

        Raises:
            Corrupt: one of them is nobody's.
        """
        place = np.minimum(np.searchsorted(self.links, links), max(0, len(self.links) - 1))
        if len(links) and not (len(self.links) and np.array_equal(self.links[place], links)):
            raise Corrupt("row of nobody", "package")
        return self.customers[place]


def _take_in(intake: Intake, arrival: _Arrival, title: str, voice: Voice) -> tuple[_Owners, int, int]:
    """Customers by link, the source's number, how many are new; also when the rows were taken before a stop."""
    frames = arrival.frames()
    try:
        owners, result = inventory.import_rows(title=title, tid=intake.name, tables=frames, by=voice.by, at=voice.at)
    except Refusal as error:
        if error.code != "inventory.imported_already":
            raise
        entry = ledger_queries.entries(scope=f"transfer:{intake.name}", kinds=("inventory.package_imported",))[-1]
        links = sorted({link for each in frames for link in each["link"].to_list()})
        found = vault.look_up(entries=[("link", link) for link in links])
        known = {link: each[0] for link, each in zip(links, found, strict=True) if each}
        return _Owners.of(known), entry.facts["source"], 0
    return _Owners.of(owners), result.source, result.customers_new


def _keep_arrival(row: Transfer, arrival: _Arrival, owners: _Owners, source: int, at: datetime) -> None:
    """Where each row went: its customer, its number in the source; the answers, sealed as evidence."""
    is_first, first = not row.tables.exists(), 1
    for name in arrival.kinds():
        count = len(arrival.links_of(name))
        if count or is_first:
            _keep_rows(row, arrival, name, owners, (source, first))
        first += count
    if CONSENT not in arrival.rows:
        return
    customers = owners.of_links(arrival.links_of(CONSENT))
    if len(customers) or is_first:
        _keep_rows(row, arrival, CONSENT, owners, (source, 1))
    answers = arrival.frame(CONSENT).drop("link")
    numbers = np.arange(1, len(customers) + 1)
    items = sealed_items(answers, customers, numbers, category="evidence", source=source)
    vault.seal_batch(items=items, at=at, kind=rows.KIND)


def _keep_rows(row: Transfer, arrival: _Arrival, name: str, owners: _Owners, place: tuple[int, int]) -> None:
    """Keep the arrays of one table; `place` is the source and the number of its first row there."""
    source, first = place
    links = arrival.links_of(name)
    rows.keep_table(
        row,
        arrival.shapes[name],
        buckets=arrival.buckets[name],
        tags=np.concatenate([np.zeros((0, TAG), np.uint8), *arrival.tags[name]]),
        customers=owners.of_links(links),
        source=source,
        links=links,
        numbers=range(first, first + len(links)),
    )
