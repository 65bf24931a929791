"""Collecting: one pass over a source, batch by batch, into the vault; and taking in what another company handed over.

1. A batch is one transaction with one ledger entry and the job's cursor: a stop leaves whole batches, and the same
   command goes on behind the last one.
2. One process takes in at a time, whatever the source: two at once could each make the same person a customer.
3. What a join brings serves to find the person; it is sealed where it stands, not with every row that points to it.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl
from django.db import transaction
from django.db.models import F

from shouxin.duties.inventory import plans, queries, taking
from shouxin.duties.inventory.models import Dataset, Source
from shouxin.duties.inventory.rows import Rows
from shouxin.engine import sources as engine
from shouxin.engine.kernels import facts_of
from shouxin.engine.plan import Plan
from shouxin.engine.runner import PersonBatch, run
from shouxin.ground.kernel.ids import Entropy
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.times import day_in_china
from shouxin.ground.rulebook.quality import person_keys
from shouxin.stores.jobs import services as jobs
from shouxin.stores.jobs.queries import JobView
from shouxin.stores.ledger import queries as entries
from shouxin.stores.ledger import services as ledger

Progress = Callable[[str, int, int], None]
BATCH_ROWS = 32_768
_COUNTS = ("rows_read", "rows_collected", "rows_merged", "rows_rejected")


@dataclass(frozen=True)
class CollectResult:
    """What collecting a source left behind, over all the runs that it took."""

    source: int
    rows_read: int
    rows_collected: int
    rows_merged: int
    rows_rejected: int
    customers_new: int
    conflicts: int

    @property
    def balances(self) -> bool:
        """Rows read = collected + merged + rejected."""
        return self.rows_read == self.rows_collected + self.rows_merged + self.rows_rejected


@dataclass(frozen=True)
class Hand:
    """Who takes in, when, and where randomness comes from."""

    by: str
    at: datetime
    entropy: Entropy


def collect(
    *,
    source: int,
    by: str,
    at: datetime,
    progress: Progress | None = None,
    entropy: Entropy = os.urandom,
    batch_rows: int = BATCH_ROWS,
) -> CollectResult:
    """Take every row of a source into the vault; after a stop, the same call goes on behind the last whole batch.

    Raises:
        Refusal("inventory.not_scanned"); Refusal("inventory.not_confirmed"): tables whose plan nobody confirmed;
        Refusal("inventory.source_changed"); Refusal("inventory.source_gone"); Refusal("jobs.leased"): somebody else is
        taking in; and what reading the source refuses.
    """
    row = queries.readable(source)
    opened = engine.open_source(row.locator)
    if row.digest != opened.digest():
        raise Refusal("inventory.source_changed", source=source, title=row.title)
    tables = _confirmed(row)
    hand = Hand(by, at, entropy)
    with _alone(hand):
        for dataset in tables:
            plan = plans.plan_of(dataset, locator=row.locator)
            if plan is not None:
                _collect_table(dataset, plan, opened, hand=hand, progress=progress, batch_rows=batch_rows)
    return _result(row)


def _confirmed(row: Source) -> list[Dataset]:
    tables = list(row.datasets.order_by("id"))
    if not tables or any(each.scan is None and each.plan is None for each in tables):
        raise Refusal("inventory.not_scanned", source=row.id, table=next((t.name for t in tables if not t.scan), ""))
    open_tables = [each.name for each in tables if each.plan is not None and not each.planned_by]
    if open_tables:
        raise Refusal("inventory.not_confirmed", source=row.id, tables=open_tables)
    return tables


@contextmanager
def _alone(hand: Hand) -> Iterator[None]:
    """Nobody else takes in until the block ends, or this process does."""
    job = jobs.begin(kind="taking_in", key="taking_in", total=0, by=hand.by, at=hand.at)
    try:
        yield
    finally:
        jobs.fail(job=job, code="inventory.at_rest", at=hand.at)


def _collect_table(
    dataset: Dataset, plan: Plan, opened: engine.Source, *, hand: Hand, progress: Progress | None, batch_rows: int
) -> None:
    job = jobs.begin(kind="collect", key=f"collect:{dataset.id}", total=dataset.rows, by=hand.by, at=hand.at)
    if job.is_done:
        return
    start, day, own = int(job.cursor or 0), day_in_china(hand.at), plans.own_fields(plan)
    for batch in run(plan, as_of=day, batch_size=batch_rows, start_row=start, source=opened):
        job = _take(dataset, batch, rows_of(batch, own), job=job, hand=hand)
        if progress:
            progress("collect", batch.next_row, max(dataset.rows, batch.next_row))
    with transaction.atomic():
        Dataset.objects.filter(id=dataset.id).update(collected_at=hand.at)
        jobs.finish(job=job, result={"rows": job.done}, at=hand.at)


def _take(dataset: Dataset, batch: PersonBatch, rows: Rows, *, job: JobView, hand: Hand) -> JobView:
    found = taking.settle_numbers(taking.recognise(rows))
    empty = [row for fault in batch.faults if fault.code == taking.EMPTY for row in fault.rows]
    with transaction.atomic():
        taken = taking.store(dataset=dataset, rows=rows, found=found, empty=empty, at=hand.at, entropy=hand.entropy)
        _count(dataset, taken, read=batch.next_row - batch.first_row)
        _tell(dataset, batch, taken, conflicts=len(found.conflicts), hand=hand)
        return jobs.advance(job=job, done=batch.next_row, cursor=batch.next_row, at=hand.at)


def _count(dataset: Dataset, taken: taking.Taken, *, read: int) -> None:
    Dataset.objects.filter(id=dataset.id).update(
        rows_read=F("rows_read") + read,
        rows_collected=F("rows_collected") + taken.rows_collected,
        rows_merged=F("rows_merged") + taken.rows_merged,
        rows_rejected=F("rows_rejected") + taken.rows_rejected,
    )


def _tell(dataset: Dataset, batch: PersonBatch, taken: taking.Taken, *, conflicts: int, hand: Hand) -> None:
    facts = {
        "source": dataset.source_id,
        "dataset": dataset.id,
        "first_row": batch.first_row,
        "next_row": batch.next_row,
        "source_digest": dataset.source.digest,
        "sealed": taken.digest,
        "envelopes": taken.envelopes,
        "customers_new": taken.customers_new,
        "collected": taken.rows_collected,
        "merged": taken.rows_merged,
        "rejected": taken.rows_rejected,
        "conflicts": conflicts,
        "faults": dict(sorted(_fault_counts(batch).items())),
    }
    ledger.append(kind="inventory.batch_collected", scope="company", at=hand.at, by=hand.by, facts=facts)


def _fault_counts(batch: PersonBatch) -> dict[str, int]:
    counts: dict[str, int] = {}
    for fault in batch.faults:
        name = f"{fault.field}.{fault.code}" if fault.field else fault.code
        counts[name] = counts.get(name, 0) + len(fault.rows)
    return counts


def _result(row: Source) -> CollectResult:
    tables = list(row.datasets.all())
    told = [entry.facts for entry in entries.entries(scope="company", kinds=("inventory.batch_collected",))]
    mine = [facts for facts in told if facts["source"] == row.id]
    return CollectResult(
        source=row.id,
        customers_new=sum(facts["customers_new"] for facts in mine),
        conflicts=sum(facts["conflicts"] for facts in mine),
        **{name: sum(getattr(each, name) for each in tables) for name in _COUNTS},
    )


def rows_of(batch: PersonBatch, own: frozenset[str]) -> Rows:
    """A batch of the engine as rows that can be taken in; only their own fields are sealed."""
    return Rows(
        numbers=batch.rows,
        keys=[(key.kind, key.values) for key in batch.keys],
        values=batch.values.select([name for name in batch.values.columns if name in own]),
        facts=_facts(batch.facts),
    )


def import_rows(
    *,
    title: str,
    tid: str,
    tables: Sequence[pl.DataFrame],
    by: str,
    at: datetime,
    entropy: Entropy = os.urandom,
) -> tuple[dict[str, int], CollectResult]:
    """Take in what another company handed over: tables of text columns by field, `link` naming the person in each row.

    Gives the customer of each link. The receiver recognises people by its own keys, as with any source; one transfer is
    one source, one call is one transaction, and the same transfer again takes nothing twice.

    Raises:
        Refusal("inventory.imported_already"); Refusal("jobs.leased"): somebody else is taking in.
    """
    links, person, rows = _imported(tables, tid=tid, at=at)
    hand = Hand(by, at, entropy)
    if Source.objects.filter(locator=f"transfer:{tid}").exists():
        raise Refusal("inventory.imported_already", transfer=tid)
    with _alone(hand):
        found = taking.settle_numbers(taking.recognise(rows))
        with transaction.atomic():
            source, taken = _keep_import(rows, found, title=title, tid=tid, hand=hand)
    result = CollectResult(
        source=source,
        rows_read=len(rows),
        rows_collected=taken.rows_collected,
        rows_merged=taken.rows_merged,
        rows_rejected=taken.rows_rejected,
        customers_new=taken.customers_new,
        conflicts=len(found.conflicts),
    )
    owners = np.zeros(len(links), np.int64)
    owners[person] = found.owners
    return dict(zip(links, owners.tolist(), strict=True)), result


def _keep_import(rows: Rows, found: taking.Recognised, *, title: str, tid: str, hand: Hand) -> tuple[int, taking.Taken]:
    source, fresh = Source.objects.get_or_create(
        locator=f"transfer:{tid}",
        defaults={"kind": "package", "title": title, "custodian": hand.by, "system": tid, "registered_at": hand.at},
    )
    if not fresh:
        raise Refusal("inventory.imported_already", transfer=tid)
    dataset = Dataset.objects.create(source=source, name="package", rows=len(rows), scan={}, collected_at=hand.at)
    taken = taking.store(dataset=dataset, rows=rows, found=found, at=hand.at, entropy=hand.entropy)
    _count(dataset, taken, read=len(rows))
    facts = {"source": source.id, "transfer": tid, "rows": len(rows), "sealed": taken.digest}
    ledger.append(kind="inventory.package_imported", scope=f"transfer:{tid}", at=hand.at, by=hand.by, facts=facts)
    return source.id, taken


def _imported(tables: Sequence[pl.DataFrame], *, tid: str, at: datetime) -> tuple[list[str], np.ndarray, Rows]:
    """The persons' links, whose each row is, and the rows in the order given; a person's keys and facts are read from
    all of the person's rows together.

    The sender's customer numbers are compared within this transfer only: two senders count alike.
    """
    dealt = pl.concat([pl.DataFrame(schema={"link": pl.String}), *tables], how="diagonal")
    told = dealt["link"].to_arrow().dictionary_encode()
    links, person = told.dictionary.to_pylist(), told.indices.to_numpy().astype(np.int64)
    values = _filled(dealt.drop("link"))
    names = values.columns
    whole = _whole(values, person, len(links))
    keys = person_keys({name: whole[name] for name in names}, system=tid)
    facts = _facts(facts_of(whole, as_of=day_in_china(at), person_kind=None))[person]
    own_days = values.select(_day("ordered_on"))["ordered_on"] if "ordered_on" in names else pl.lit(None, pl.Date)
    rows = Rows(
        numbers=np.arange(1, dealt.height + 1),
        keys=[*((key.kind, key.values.gather(person)) for key in keys), ("link", dealt["link"])],
        values=values,
        facts=facts.with_columns(last_purchase_on=own_days),
        same=person,
    )
    return links, person, rows


def _filled(told: pl.DataFrame) -> pl.DataFrame:
    """The fields of which anything is said, in their order; what is empty is null."""
    values = told.select(pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in sorted(told.columns))
    said = [name for name in values.columns if values[name].null_count() < told.height]
    return values.select(said) if said else pl.DataFrame({"name": pl.Series([None] * told.height, dtype=pl.String)})


def _whole(values: pl.DataFrame, person: np.ndarray, people: int) -> pl.DataFrame:
    """One line for each person: of each field what was told last."""
    told = values.with_columns(person=pl.Series(person)).group_by("person").agg(pl.all().drop_nulls().last())
    everyone = pl.DataFrame({"person": np.arange(people, dtype=np.int64)})
    return everyone.join(told, on="person", how="left", maintain_order="left").drop("person")


def _facts(facts: pl.DataFrame) -> pl.DataFrame:
    return facts.select(
        pl.col("person_kind").fill_null("contract_party"),
        pl.col("age_band").fill_null("unknown"),
        "dead",
        pl.col("language").fill_null("zh"),
        "prepaid",
        "keys_held",
        pl.col("free_text_names_others").alias("free_text_others"),
        _day("last_purchase_on"),
    )


def _day(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.String).str.to_date("%Y-%m-%d", strict=False)
