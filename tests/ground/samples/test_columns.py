"""The company's columns are fields of the rulebook, in the rulebook's categories."""

import tomllib
from pathlib import Path

import shouxin
from shouxin.ground.samples import columns, real

FIELDS = tomllib.loads((Path(shouxin.__path__[0]) / "ground/rulebook/terms/fields.toml").read_text(encoding="utf-8"))[
    "fields"
]


def test_every_column_is_a_field_of_the_rulebook():
    named = {*columns.LIST_COLUMNS.values(), *columns.ORDER_COLUMNS.values()}
    named |= {field for table in columns.CRM_COLUMNS.values() for field in table.values() if field}
    for company in (real.NORTHWIND, real.CHINOOK):
        named |= {field for table in company.tables for field in table.fields.values()}
    assert named <= set(FIELDS)
    for field in named:
        assert columns.category_of(field) == FIELDS[field]["category"]
