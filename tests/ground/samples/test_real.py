"""The real tables have the columns that the mappings name, and their customers answer in every way."""

import sqlite3
from contextlib import closing

import pytest

from shouxin.ground.kernel.refusals import Unavailable
from shouxin.ground.samples import real
from tests.conftest import SHARED, needs_shared

FOLDER = SHARED / "data" / "real"
BOTH = [real.NORTHWIND, real.CHINOOK]


@needs_shared()
@pytest.mark.shared
@pytest.mark.parametrize("company", BOTH, ids=lambda company: company.name)
def test_every_named_column_exists_and_every_join_finds_its_row(company):
    with closing(sqlite3.connect(f"{company.path(FOLDER).as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        for table in company.tables:
            names = ", ".join(f'"{column}"' for column in table.columns)
            held = connection.execute(f'SELECT {names} FROM "{table.name}"')
            # SQLite reads an unknown quoted name as a text: the cursor's own names are the proof.
            there = {row[1] for row in connection.execute(f'PRAGMA table_info("{table.name}")')}
            assert set(table.columns) <= there
            assert held.fetchone() is not None
            for join in table.joins:
                lost = connection.execute(
                    f'SELECT count(*) FROM "{table.name}" WHERE "{join.column}" NOT IN '
                    f'(SELECT "{join.to_column}" FROM "{join.to_table}")'
                ).fetchone()
                assert lost == (0,)


@needs_shared()
@pytest.mark.shared
@pytest.mark.parametrize(
    ("company", "customers"), [(real.NORTHWIND, 93), (real.CHINOOK, 59)], ids=["northwind", "chinook"]
)
def test_their_customers_answer_in_every_way_and_by_what_reaches_them(company, customers):
    book = company.answers(FOLDER, seed=5)
    assert book == company.answers(FOLDER, seed=5)
    assert len(book) == customers
    assert {plan.answer for plan in book.values()} == {
        "agree", "refuse", "silent", "call_me", "correct", "copy", "delete",
    }  # fmt: skip
    assert {plan.withdraws for plan in book.values()} == {"", "before_packing", "after_packing"}
    routes = {plan.route for plan in book.values()} - {""}
    assert routes <= (
        {"page", "reply_code", "telephone", "paper"} if "email" in company.channels else {"telephone", "paper"}
    )


@pytest.mark.parametrize("company", BOTH, ids=lambda company: company.name)
def test_a_missing_file_is_said_to_be_missing(company, tmp_path):
    with pytest.raises(Unavailable) as missing:
        company.contacts(tmp_path)
    assert missing.value.permanent


def test_several_columns_make_one_field_in_the_order_given():
    fields = real.CHINOOK.table("Customer").fields
    assert [column for column, field in fields.items() if field == "name"] == ["FirstName", "LastName"]
    assert real.NORTHWIND.table("Order Details").columns == ("OrderID", "ProductID", "UnitPrice", "Quantity")
