"""A reading plan as a file that a person writes, or takes from a scan and corrects (docs/formats/plan.md).

{"format": "shouxin-plan-1",
 "tables": {"Customers": {"columns": {"CustomerID": "customer_ref", "ContactName": "name", "Notes": ""}},
            "Orders": {"columns": {"OrderID": "order_no"},
                       "joins": [{"column": "CustomerID", "table": "Customers", "parent_column": "CustomerID",
                                  "brings": {"CustomerID": "customer_ref"}}]},
            "Regions": null}}
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shouxin.engine.plan import Join, Plan
from shouxin.ground.kernel.refusals import Refusal

FORMAT = "shouxin-plan-1"
_TABLE = {"columns": dict, "person_kind": str, "joins": list, "constants": dict}
_JOIN = {"column": str, "table": str, "parent_column": str, "brings": dict}


def plan_file(plans: Mapping[str, Plan | None], columns: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Plans by table as such a file: every column named, "" for one that is not taken; no plan: not about customers."""
    return {"format": FORMAT, "tables": {name: plan and _plain(plan, columns[name]) for name, plan in plans.items()}}


def _plain(plan: Plan, columns: Sequence[str]) -> dict[str, Any]:
    told: dict[str, Any] = {"columns": {**plan.mapping, **{name: "" for name in columns if name not in plan.mapping}}}
    if plan.person_kind:
        told["person_kind"] = plan.person_kind
    if plan.joins:
        told["joins"] = [{name: getattr(join, name) for name in _JOIN} for join in plan.joins]
    if plan.constants:
        told["constants"] = dict(plan.constants)
    return told


def read_plan_file(told: Mapping[str, Any], *, source: str, system: str) -> dict[str, Plan | None]:
    """The plans of such a file by table; None where it says that a table is not about customers.

    Raises:
        Refusal("plan.file"): not of this format; every wrong place is named.
    """
    tables = told.get("tables")
    if told.get("format") != FORMAT or not isinstance(tables, dict) or set(told) > {"format", "tables"}:
        raise Refusal("plan.file", wrong=["format", "tables"])
    wrong = [place for name, table in tables.items() if table is not None for place in _wrong(table, name)]
    if wrong:
        raise Refusal("plan.file", wrong=wrong)
    return {name: table and _plan(table, name, source=source, system=system) for name, table in tables.items()}


def _wrong(table: Any, name: str) -> Iterator[str]:
    """The places of one table that are no plan."""
    if not isinstance(table, dict) or "columns" not in table:
        yield name
        return
    yield from (f"{name}.{key}" for key in _misfits(table, _TABLE))
    joins = table.get("joins")
    for number, join in enumerate(joins if isinstance(joins, list) else ()):
        if not isinstance(join, dict) or set(join) != set(_JOIN) or any(_misfits(join, _JOIN)):
            yield f"{name}.joins.{number}"


def _misfits(told: Mapping[str, Any], shape: Mapping[str, type]) -> Iterator[str]:
    for key, value in told.items():
        is_words = not isinstance(value, dict) or all(isinstance(word, str) for word in value.values())
        if key not in shape or not isinstance(value, shape[key]) or not is_words:
            yield key


def _plan(table: Mapping[str, Any], name: str, *, source: str, system: str) -> Plan:
    return Plan(
        source=source,
        table=name,
        mapping={column: field for column, field in table["columns"].items() if field},
        system=system,
        joins=tuple(Join(**join) for join in table.get("joins", ())),
        constants=table.get("constants", {}),
        person_kind=table.get("person_kind"),
    )
