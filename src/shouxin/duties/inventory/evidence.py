"""What the inventory can prove. Reads only."""

from collections import Counter
from datetime import datetime

from shouxin.duties.inventory.models import Column, Dataset, Good, Source
from shouxin.ground.kernel.findings import Finding, Missing
from shouxin.stores.ledger import queries as ledger

READS = (
    "inventory.source_registered",
    "inventory.source_scanned",
    "inventory.plan_confirmed",
    "inventory.batch_collected",
    "inventory.good_marked",
    "inventory.goods_registered",
    "inventory.boxes_registered",
    "inventory.package_imported",
)


def sources_scanned_share(case: str, at: datetime) -> Finding:  # noqa: ARG001 - every check has this shape
    """The share of readable sources whose every table was collected, or confirmed not to be about customers."""
    readable = [source for source in Source.objects.order_by("id").prefetch_related("datasets") if source.is_readable]
    missing = [
        Missing("inventory.not_collected", {"source": source.id}, owner="privacy_officer")
        for source in readable
        if not _is_done(list(source.datasets.all()))
    ]
    return _share("inventory.sources_scanned_share", len(readable), missing)


def fields_confirmed_share(case: str, at: datetime) -> Finding:  # noqa: ARG001 - every check has this shape
    """The share of columns whose field a person has confirmed (or confirmed to be none)."""
    columns = Column.objects.filter(dataset__source__kind__in=("file", "database"))
    open_columns = list(columns.filter(confirmed_by="").values_list("dataset__source_id", flat=True))
    missing = [
        Missing("inventory.columns_unconfirmed", {"source": number, "columns": count})
        for number, count in sorted(Counter(open_columns).items())
    ]
    total = columns.count()
    share = (total - len(open_columns)) / total if total else 0.0
    return _finding("inventory.fields_confirmed_share", share, tuple(missing), holds=bool(total) and not missing)


def goods_marked_share(case: str, at: datetime) -> Finding:  # noqa: ARG001 - every check has this shape
    """The share of goods sold that are marked: with or without customers' information."""
    goods = list(Good.objects.order_by("id"))
    missing = [
        Missing("inventory.good_unmarked", {"good": good.number}, owner="clerk")
        for good in goods
        if good.holds_information is None
    ]
    return _share("inventory.goods_marked_share", len(goods), missing)


def goods_cleared_share(case: str, at: datetime) -> Finding:  # noqa: ARG001 - every check has this shape
    """The share of goods with information that were emptied, wiped and checked before they left."""
    goods = [good for good in Good.objects.order_by("id") if good.holds_information]
    missing = [
        Missing("inventory.good_step_missing", {"good": good.number, "step": good.next_step or ""})
        for good in goods
        if not {"taken_out", "wiped", "checked"} <= set(good.marks)
    ]
    return _share("inventory.goods_cleared_share", len(goods), missing)


def rows_balanced(case: str, at: datetime) -> Finding:  # noqa: ARG001 - every check has this shape
    """Whether rows read = collected + merged + rejected in every table."""
    tables = list(Dataset.objects.order_by("id"))
    missing = [Missing("inventory.rows_unbalanced", {"table": each.id}) for each in tables if not each.balances]
    return _finding("inventory.rows_balanced", not missing, tuple(missing), holds=bool(tables) and not missing)


def _is_done(tables: list[Dataset]) -> bool:
    return bool(tables) and all(each.state in ("collected", "aside") for each in tables)


def _share(name: str, total: int, missing: list[Missing]) -> Finding:
    share = (total - len(missing)) / total if total else 0.0
    return _finding(name, share, tuple(missing), holds=bool(total) and not missing)


def _finding(name: str, value: float | bool, missing: tuple[Missing, ...], *, holds: bool) -> Finding:
    return Finding(name=name, holds=holds, value=value, missing=missing, height=ledger.height(), kinds=READS)
