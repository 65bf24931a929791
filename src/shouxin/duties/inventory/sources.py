"""Sources: registered, scanned, and their columns confirmed by a person, before a row is taken."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db import transaction

from shouxin.duties.inventory import plans, queries
from shouxin.duties.inventory.models import Column, Dataset, Source
from shouxin.engine.plan import Plan, check_plan
from shouxin.engine.plan_file import read_plan_file
from shouxin.engine.scan import ColumnScan, ScanReport, TableScan, scan
from shouxin.engine.sources import Source as OpenSource
from shouxin.engine.sources import open_source
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.ledger import services as ledger

Progress = Callable[[str, int, int], None]
OPENED = ("file", "database")


def register_source(
    *, kind: str, title: str, locator: str, custodian: str, by: str, at: datetime, system: str = ""
) -> int:
    """Register a place that holds customers' information; the same locator again gives the same source.

    `system` names the numbering that customer numbers in it belong to.

    Raises:
        Refusal("inventory.kind"), Refusal("inventory.missing"); for files and databases what opening them refuses.
    """
    _check_told(kind, title, custodian)
    known = Source.objects.filter(locator=locator).first()
    if known is not None:
        return known.id
    opened = open_source(locator) if kind in OPENED else None
    row = Source(kind=kind, title=title, locator=locator, custodian=custodian, system=system or "shop")
    return _register(row, opened, by=by, at=at)


def add_source(
    *,
    kind: str,
    title: str,
    locator: str,
    custodian: str,
    as_of: date,
    by: str,
    at: datetime,
    system: str = "",
    progress: Progress | None = None,
) -> tuple[int, ScanReport]:
    """Register a file or a database and scan it, in one reading of it.

    Raises:
        As `register_source` and `scan_source`; Refusal("inventory.kind"): neither of the two.
    """
    _check_told(kind, title, custodian)
    if kind not in OPENED:
        raise Refusal("inventory.kind", kind=kind, kinds=list(OPENED))
    known = Source.objects.filter(locator=locator).first()
    opened = open_source(locator)
    row = Source(kind=kind, title=title, locator=locator, custodian=custodian, system=system or "shop")
    source = known.id if known else _register(row, opened, by=by, at=at)
    return source, _scan(source, opened, as_of=as_of, by=by, at=at, progress=progress)


def _check_told(kind: str, title: str, custodian: str) -> None:
    if kind not in Source.KINDS:
        raise Refusal("inventory.kind", kind=kind, kinds=list(Source.KINDS))
    if not title.strip() or not custodian.strip():
        raise Refusal("inventory.missing", fields=["title", "custodian"])


def _register(row: Source, opened: OpenSource | None, *, by: str, at: datetime) -> int:
    tables = opened.tables() if opened else []
    row.digest, row.registered_at = opened.digest() if opened else "", at
    with transaction.atomic():
        row.save(force_insert=True)
        Dataset.objects.bulk_create(Dataset(source=row, name=table.name, rows=table.rows or 0) for table in tables)
        facts = {"source": row.id, "kind": row.kind, "digest": row.digest, "tables": len(tables)}
        ledger.append(kind="inventory.source_registered", scope="company", at=at, by=by, facts=facts)
    return row.id


def scan_source(*, source: int, as_of: date, by: str, at: datetime, progress: Progress | None = None) -> ScanReport:
    """Read every row, classify every column, and keep the verdicts for a person to confirm.

    A file that was repaired before any row of it was taken is scanned as it now is. What a person confirmed stays
    confirmed as long as the table's columns are the same.

    Raises:
        Refusal("inventory.source_changed"): rows were taken from the file as it was; and what the scan refuses.
    """
    return _scan(source, None, as_of=as_of, by=by, at=at, progress=progress)


def _scan(
    source: int, opened: OpenSource | None, *, as_of: date, by: str, at: datetime, progress: Progress | None
) -> ScanReport:
    row = queries.readable(source)
    report = scan(row.locator, as_of=as_of, progress=progress, source=opened)
    with transaction.atomic():
        row = Source.objects.select_for_update().get(id=source)
        has_changed = row.digest != report.digest
        if has_changed and any(each.rows_read or each.collected_at for each in row.datasets.all()):
            raise Refusal("inventory.source_changed", source=row.id, title=row.title)
        Source.objects.filter(id=source).update(digest=report.digest)
        row.datasets.exclude(name__in=[table.name for table in report.tables]).delete()
        for table in report.tables:
            _keep_scan(row, table, report)
        facts = {
            "source": source,
            "digest": report.digest,
            "changed": has_changed,
            "tables": len(report.tables),
            "rows": sum(table.rows for table in report.tables),
            "under_14": sum(table.under_14 for table in report.tables),
        }
        ledger.append(kind="inventory.source_scanned", scope="company", at=at, by=by, facts=facts)
    return report


def _keep_scan(row: Source, table: TableScan, report: ScanReport) -> None:
    dataset, _ = Dataset.objects.get_or_create(source=row, name=table.name)
    known = {column.name: column for column in dataset.columns.all()}
    stays = bool(dataset.planned_by) and set(known) == {each.verdict.column for each in table.columns}
    dataset.rows = table.rows
    dataset.scan = {"rows": table.rows, "under_14": table.under_14, "person_kind": table.person_kind}
    if not stays:
        plan = plans.suggested(table, locator=row.locator, system=row.system, report=report)
        dataset.plan, dataset.planned_by = (plans.kept(plan) if plan else None), ""
    dataset.save()
    dataset.columns.all().delete()
    columns = [_column(dataset, each) for each in table.columns]
    for column in columns if stays else ():
        column.field, column.confirmed_by = known[column.name].field, known[column.name].confirmed_by
    Column.objects.bulk_create(columns)


def _column(dataset: Dataset, scanned: ColumnScan) -> Column:
    verdict = scanned.verdict
    return Column(
        dataset=dataset,
        name=verdict.column,
        field=verdict.field or "",
        category=verdict.category or "",
        level=verdict.level or "",
        sensitive_kind=verdict.sensitive_kind or "",
        status=verdict.status,
        confidence=verdict.confidence,
        why=[str(reason) for reason in verdict.why],
    )


@transaction.atomic
def confirm_columns(*, source: int, table: str, by: str, at: datetime, plan: Plan | None = None) -> None:
    """A person confirms how a table is read: as suggested (also: that it is not about customers), or by a plan given.

    Raises:
        Refusal("inventory.not_scanned"); Refusal("inventory.collected_already"): rows were taken under another plan;
        Refusal("plan.does_not_fit").
    """
    dataset = _open_table(source, table)
    if plan is not None:
        check_plan(plan, open_source(dataset.source.locator))
        dataset.plan = plans.kept(plan)
    _confirm(dataset, by=by, at=at)


@transaction.atomic
def correct_columns(*, source: int, table: str, changes: Mapping[str, str], by: str, at: datetime) -> None:
    """A person confirms how a table is read, some columns otherwise than suggested; column → field, or "" for none.

    Raises:
        As `confirm_columns`; Refusal("inventory.not_about_customers"): there is no suggestion to correct.
    """
    dataset = _open_table(source, table)
    plan = plans.plan_of(dataset, locator=dataset.source.locator)
    if plan is None:
        raise Refusal("inventory.not_about_customers", source=source, table=table)
    mapping = {column: field for column, field in {**plan.mapping, **changes}.items() if field}
    confirm_columns(source=source, table=table, by=by, at=at, plan=replace(plan, mapping=mapping))


@transaction.atomic
def confirm_file(*, source: int, told: Mapping[str, Any], by: str, at: datetime) -> dict[str, bool]:
    """A person confirms how every table of a source is read, by a plan file; table → whether it is about customers.

    Raises:
        Refusal("plan.file"); Refusal("inventory.plan_tables"): tables of the source that the file does not name, or
        names that are none; and as `confirm_columns`.
    """
    row = queries.readable(source)
    wanted = read_plan_file(told, source=row.locator, system=row.system)
    known = set(row.datasets.values_list("name", flat=True))
    if known != set(wanted):
        raise Refusal("inventory.plan_tables", missing=sorted(known - set(wanted)), unknown=sorted(set(wanted) - known))
    for table, plan in wanted.items():
        if plan is None:
            set_aside(source=source, table=table, by=by, at=at)
        else:
            confirm_columns(source=source, table=table, by=by, at=at, plan=plan)
    return {table: plan is not None for table, plan in wanted.items()}


@transaction.atomic
def set_aside(*, source: int, table: str, by: str, at: datetime) -> None:
    """A person states that a table is not about customers: its rows stay where they are and in the count of rows.

    Raises:
        Refusal("inventory.not_scanned"); Refusal("inventory.collected_already").
    """
    dataset = _open_table(source, table)
    dataset.plan = None
    _confirm(dataset, by=by, at=at)


def _open_table(source: int, table: str) -> Dataset:
    dataset = Dataset.objects.select_for_update().filter(source_id=source, name=table).first()
    if dataset is None or dataset.scan is None:
        raise Refusal("inventory.not_scanned", source=source, table=table)
    if dataset.collected_at is not None or dataset.rows_read:
        raise Refusal("inventory.collected_already", source=source, table=table)
    return dataset


def _confirm(dataset: Dataset, *, by: str, at: datetime) -> None:
    dataset.planned_by = by
    dataset.save(update_fields=["plan", "planned_by"])
    mapping = dict(dataset.plan["mapping"]) if dataset.plan else {}
    columns = list(dataset.columns.all())
    for column in columns:
        column.field, column.confirmed_by = mapping.get(column.name, ""), by
    Column.objects.bulk_update(columns, ["field", "confirmed_by"])
    facts = {
        "source": dataset.source_id,
        "dataset": dataset.id,
        "about_customers": dataset.plan is not None,
        "fields": sorted(set(mapping.values())),
    }
    ledger.append(kind="inventory.plan_confirmed", scope="company", at=at, by=by, facts=facts)


@transaction.atomic
def mark_gone(*, source: int, by: str, at: datetime) -> None:
    """A source has met its end."""
    Source.objects.filter(id=source, gone_at=None).update(gone_at=at)
    ledger.append(kind="inventory.source_gone", scope="company", at=at, by=by, facts={"source": source})
