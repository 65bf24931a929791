"""How a table is read, as it is kept: order matters (parts of one field are joined in it), so pairs and not an object.

PostgreSQL's `jsonb` sorts the names of an object.
"""

from dataclasses import replace
from typing import Any

from shouxin.duties.inventory.models import Dataset, Source
from shouxin.engine.plan import Join, Plan, suggest_plan
from shouxin.engine.plan_file import plan_file
from shouxin.engine.scan import ScanReport, TableScan
from shouxin.ground.kernel.refusals import Refusal

PERSON_FIELDS = frozenset({"name", "phone", "email", "id_no", "customer_ref"})
_PARTNERS = ("supplier", "vendor", "shipper", "carrier", "供应商", "供货", "承运", "物流商")


def kept(plan: Plan) -> dict[str, Any]:
    """The plan as plain JSON values whose order survives any database."""
    joins = [
        {"column": join.column, "table": join.table, "parent_column": join.parent_column, "brings": _pairs(join.brings)}
        for join in plan.joins
    ]
    return {
        "table": plan.table,
        "mapping": _pairs(plan.mapping),
        "system": plan.system,
        "joins": joins,
        "constants": _pairs(plan.constants),
        "person_kind": plan.person_kind,
    }


def as_file(row: Source) -> dict[str, Any]:
    """How a source's tables are read at present, as suggested or confirmed: a plan file.

    Raises:
        Refusal("inventory.not_scanned").
    """
    datasets = list(row.datasets.order_by("id").prefetch_related("columns"))
    unscanned = [each.name for each in datasets if each.scan is None]
    if unscanned or not datasets:
        raise Refusal("inventory.not_scanned", source=row.id, table=", ".join(unscanned))
    return plan_file(
        {each.name: plan_of(each, locator=row.locator) for each in datasets},
        {each.name: [column.name for column in each.columns.all()] for each in datasets},
    )


def plan_of(dataset: Dataset, *, locator: str) -> Plan | None:
    """The table's plan, or none when it is not about customers."""
    stored: dict[str, Any] | None = dataset.plan
    if stored is None:
        return None
    joins = [Join(**{**join, "brings": dict(join["brings"])}) for join in stored["joins"]]
    return Plan(
        source=locator,
        table=stored["table"],
        mapping=dict(stored["mapping"]),
        system=stored["system"],
        joins=tuple(joins),
        constants=dict(stored["constants"]),
        person_kind=stored["person_kind"],
    )


def suggested(table: TableScan, *, locator: str, system: str, report: ScanReport) -> Plan | None:
    """The plan that a scan suggests, or none for a table that is not about customers: staff, suppliers, carriers.

    A row with a customer number of its own needs no other table to find its person.
    """
    plan = suggest_plan(table, source=locator, system=system, report=report)
    if "customer_ref" in plan.mapping.values() or any(_is_of_partners(join.table) for join in plan.joins):
        plan = replace(plan, joins=())
    if table.person_kind == "staff" or _is_of_partners(table.name):
        return None
    return plan if plan.mapping and PERSON_FIELDS & set(plan.fields) else None


def _is_of_partners(name: str) -> bool:
    return any(word in name.casefold() for word in _PARTNERS)


def own_fields(plan: Plan) -> frozenset[str]:
    """What a row of the table says itself. What a join brings serves to find the person and is not sealed again."""
    own = {*plan.mapping.values(), *plan.constants}
    return frozenset(own | {f"{name}2" for name in ("phone", "email") if name in own})


def _pairs(named: Any) -> list[list[str]]:
    return [[name, text] for name, text in named.items()]
