"""Which column of a table is which field: suggested from a scan, confirmed by a person, then run without guessing.

Rules:
- Several columns may make one field (first and last name; street, city, country): they are joined in the plan's order.
- A child table (a CRM's visits) brings its person's fields from the parent through a join, so that its rows find the
  same customer; a customer's number is compared only within one `system`.
- A plan is checked against its source before a row is read.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from shouxin.engine.scan import ScanReport, TableScan
from shouxin.engine.sources import Source, TableInfo
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook.classify import NONE, ColumnVerdict
from shouxin.ground.rulebook.terms import fields, terms

PERSON_FIELDS = frozenset({"customer_ref", "name", "phone", "email", "id_no", "address"})
_SURE_ENOUGH = 0.5
_BEFORE = ("first", "given", "middle")
_STAFF_FIELDS = frozenset({"worker"})


@dataclass(frozen=True)
class Join:
    """`column` of the planned table holds values of `parent_column` in `table`, whose columns bring these fields."""

    column: str
    table: str
    parent_column: str
    brings: Mapping[str, str]
    """Column of the parent table → field."""


@dataclass(frozen=True)
class Plan:
    """How a table's columns become fields. `mapping` keeps its order: parts of one field are joined in it."""

    source: str
    table: str
    mapping: Mapping[str, str]
    system: str
    joins: tuple[Join, ...] = ()
    constants: Mapping[str, str] = field(default_factory=dict)
    """Field → the text that every row has."""
    person_kind: str | None = None
    """Whom every row is about, when the table is about one kind only; None: each row is judged."""

    def to_json(self) -> dict[str, Any]:
        """The plan as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Plan":
        """The plan that `to_json` gave."""
        joins = tuple(Join(**join) for join in stored["joins"])
        return cls(**{**stored, "joins": joins})

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field that a row of this plan can have, in the order of first mention."""
        brought = [name for join in self.joins for name in join.brings.values()]
        return tuple(dict.fromkeys([*self.mapping.values(), *brought, *self.constants]))


def check_plan(plan: Plan, source: Source) -> None:
    """Refuse a plan that does not fit its source, naming everything that is wrong.

    Raises:
        Refusal("plan.does_not_fit"): unknown fields or person kind, tables or columns the source has not, nothing
            mapped, no field by which a person could be recognised.
    """
    tables = {info.name: info for info in source.tables()}
    wrong = [{"table": table} for table in _tables_of(plan) if table not in tables]
    wrong += [
        {"column": column, "table": table} for table, column in _columns_of(plan) if _lacks(tables, table, column)
    ]
    wrong += [{"field": name} for name in plan.fields if name not in fields()]
    if plan.person_kind is not None and f"person_kind.{plan.person_kind}" not in terms():
        wrong.append({"person_kind": plan.person_kind})
    if not plan.mapping or PERSON_FIELDS.isdisjoint(plan.fields):
        wrong.append({"missing": "person_field"})
    if wrong:
        raise Refusal("plan.does_not_fit", file=source.name, table=plan.table, wrong=wrong)


def suggest_plan(
    table: TableScan, *, source: str, system: str, report: ScanReport | None = None, accept: float = _SURE_ENOUGH
) -> Plan:
    """A plan from verdicts at least `accept` sure; with the whole report, a child table is joined to its people.

    One column per field: the surest, then the first; a second telephone becomes `phone2`, a second e-mail `email2`.
    Parts come after the whole.
    """
    mapping = _mapping(table, accept)
    joins: tuple[Join, ...] = ()
    if report is not None and not {"name", "phone", "id_no", "email"} & set(mapping.values()):
        joins = _joins(table, report, accept)
    for join in joins:
        if mapping.get(join.column) == "customer_ref" and "customer_ref" in join.brings.values():
            del mapping[join.column]  # the parent's row number is not the customer's number
    return Plan(source, table.name, mapping, system, joins, person_kind=_one_kind(table))


def renamed(plan: Plan, **changes: str | None) -> Plan:
    """The plan with columns mapped otherwise (column=field), or left out (column=None)."""
    mapping = {column: changes.get(column, name) for column, name in {**plan.mapping, **changes}.items()}
    return replace(plan, mapping={column: name for column, name in mapping.items() if name})


def _one_kind(table: TableScan) -> str | None:
    return table.person_kind if table.person_kind in ("staff", "contact_of_organisation") else None


def _mapping(table: TableScan, accept: float) -> dict[str, str]:
    verdicts = [v for v in table.verdicts.values() if v.status != NONE and v.confidence >= accept and v.field]
    if table.person_kind == "staff":
        verdicts = [v for v in verdicts if v.field not in _STAFF_FIELDS]
    chosen: dict[str, list[ColumnVerdict]] = {}
    for verdict in verdicts:
        chosen.setdefault(str(verdict.field), []).append(verdict)
    columns = {name: _columns_for(group) for name, group in chosen.items()}
    for name in ("phone", "email"):
        if len(chosen.get(name, ())) > 1 and f"{name}2" not in columns:
            second = [v.column for v in chosen[name] if v.column not in columns[name]]
            columns[f"{name}2"] = second[:1]
    order = {column: place for place, column in enumerate(table.verdicts)}
    pairs = [(column, name) for name, group in columns.items() for column in group]
    parted = {name for name, group in columns.items() if len(group) > 1}
    return dict(sorted(pairs, key=lambda pair: order[columns[pair[1]][0] if pair[1] in parted else pair[0]]))


def _columns_for(group: list[ColumnVerdict]) -> list[str]:
    """The surest whole column, then the parts; of names, the given name before the family name."""
    whole = sorted((v for v in group if not v.is_part), key=lambda v: -v.confidence)[:1]
    parts = [v for v in group if v.is_part]
    if group[0].field == "name":
        if whole:
            return [whole[0].column]
        parts.sort(key=lambda v: not v.column.lower().startswith(_BEFORE))
    return [v.column for v in (*whole, *parts)]


def _joins(table: TableScan, report: ScanReport, accept: float) -> tuple[Join, ...]:
    joins: list[Join] = []
    for link in table.links:
        parent = next((other for other in report.tables if other.name == link.table), None)
        if parent is None or parent.person_kind in (None, "staff"):
            continue
        mapping = _mapping(parent, accept)
        brings = {column: name for column, name in mapping.items() if name in PERSON_FIELDS}
        if brings and not joins:
            joins.append(Join(link.column, link.table, link.parent_column, brings))
    return tuple(joins)


def _tables_of(plan: Plan) -> list[str]:
    return [plan.table, *(join.table for join in plan.joins)]


def _columns_of(plan: Plan) -> list[tuple[str, str]]:
    own = [(plan.table, column) for column in [*plan.mapping, *(join.column for join in plan.joins)]]
    return own + [(join.table, column) for join in plan.joins for column in (join.parent_column, *join.brings)]


def _lacks(tables: Mapping[str, TableInfo], table: str, column: str) -> bool:
    return table in tables and column not in tables[table].columns
