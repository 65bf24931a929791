"""How the real tables are read: the mappings of `samples.real` as plans of the engine."""

from pathlib import Path

from shouxin.engine.plan import Join, Plan
from shouxin.ground.samples.real import RealCompany, RealTable


def plan_of(company: RealCompany, table: RealTable, folder: Path) -> Plan:
    """The plan of one table. A column that leads to another row is that row's number here too; what leads further to
    the customer is brought by a join."""
    own = dict(table.fields)
    joins = []
    for join in table.joins:
        parent = company.table(join.to_table)
        own[join.column] = parent.fields[join.to_column]
        further = {each.column: company.table(each.to_table).fields[each.to_column] for each in parent.joins}
        if further:
            joins.append(Join(join.column, join.to_table, join.to_column, further))
    is_list = table.name == company.customer_table
    return Plan(
        source=str(company.path(folder)),
        table=table.name,
        mapping=own,
        system=company.name,
        joins=tuple(joins),
        person_kind=company.person_kind if is_list else None,
    )
