"""Real, public tables as company A's own: registered, scanned, the plan file corrected and confirmed, collected.

That Telco and bank files are scanned without one direct identifier but the customer number is held in
`tests/engine/test_scan.py`.
"""

import sqlite3
from contextlib import closing
from datetime import date

import numpy as np
import pytest

from shouxin.duties.inventory import evidence, queries, services
from shouxin.ground.samples import real
from shouxin.stores.ledger import queries as ledger
from tests.conftest import SHARED, needs_shared
from tests.duties.inventory.shop import AT, sealed
from tests.stories.real_senders import corrected

FOLDER = SHARED / "data" / "real"
COMPANIES = [pytest.param(company, id=company.name) for company in (real.NORTHWIND, real.CHINOOK)]
pytestmark = [needs_shared(), pytest.mark.shared]


def asked(company, question):
    with closing(sqlite3.connect(f"{company.path(FOLDER).as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        return connection.execute(question).fetchall()


def collected(shop, company):
    source = shop.register(company.path(FOLDER), kind="database", system=company.name)
    services.scan_source(source=source, as_of=date(2026, 11, 23), by=shop.clerk, at=AT)
    told = corrected(company, queries.plan_file(source))
    services.confirm_file(source=source, told=told, by=shop.clerk, at=AT)
    return services.collect(source=source, by=shop.clerk, at=AT)


def rows_of(company):
    return {table.name: asked(company, f'SELECT count(*) FROM "{table.name}"')[0][0] for table in company.tables}


@pytest.mark.parametrize("company", COMPANIES)
def test_every_row_is_taken_and_every_customer_is_one_person(shop, company):
    result = collected(shop, company)
    rows = rows_of(company)
    assert (result.rows_read, result.rows_rejected, result.rows_merged) == (sum(rows.values()), 0, 0)
    assert result.customers_new == rows[company.customer_table] == queries.counts()["customers"]
    assert result.conflicts == 0
    tables = {table.name: table for table in queries.tables(result.source)}
    assert {name: tables[name].rows_collected for name in rows} == rows
    assert {name for name, table in tables.items() if table.state == "aside"} == set(tables) - set(rows)
    for finding in (evidence.sources_scanned_share, evidence.fields_confirmed_share, evidence.rows_balanced):
        assert finding("case", AT).holds


@pytest.mark.parametrize("company", COMPANIES)
def test_each_dealing_lies_with_the_customer_that_sql_says(shop, company):
    collected(shop, company)
    orders = company.tables[1]
    number = next(column for column, field in orders.fields.items() if field == "order_no")
    customer = orders.joins[0].column
    said = asked(company, f'SELECT "{customer}", count(*), max("{number}") FROM "{orders.name}" GROUP BY 1')
    details = dict(
        asked(
            company,
            f'SELECT o."{customer}", count(*) FROM "{company.tables[2].name}" d'
            f' JOIN "{orders.name}" o ON o."{number}" = d."{company.tables[2].joins[0].column}" GROUP BY 1',
        )
    )
    cells = sealed()
    owner = {row["f"]["customer_ref"]: customer for (customer, category), rows in cells.items() if category == "basic"
             for row in rows if "name" in row["f"]}  # fmt: skip
    for reference, count, newest in said:
        bought = [row["f"] for row in cells[owner[str(reference)], "purchase"]]
        assert sum(1 for row in bought if "quantity" not in row) == count
        assert sum(1 for row in bought if "quantity" in row) == details[reference]
        assert str(newest) in {row["order_no"] for row in bought}
    without = {customer for customer in owner.values() if (customer, "purchase") not in cells}
    assert len(without) == rows_of(company)[company.customer_table] - len(said)


def test_northwinds_customers_are_organisations_with_a_contact_person(shop):
    collected(shop, real.NORTHWIND)
    assert queries.counts()["organisations"] == 93
    assert queries.counts()["age_unknown"] == 93
    newest = asked(real.NORTHWIND, 'SELECT max(OrderDate) FROM "Orders"')[0][0][:10]
    (chunk,) = queries.facts()
    assert str(np.nanmax(chunk.last_purchase_on)) == newest


def test_chinooks_customers_have_e_mail_and_some_of_them_a_company(shop):
    collected(shop, real.CHINOOK)
    assert queries.counts()["organisations"] == asked(real.CHINOOK, "SELECT count(Company) FROM Customer")[0][0]
    with_mail = sum(int(chunk.has_email.sum()) for chunk in queries.facts())
    # One address is written with a letter beyond ASCII; its row is named and the address is not taken for one.
    faults = [entry.facts["faults"] for entry in ledger.entries(kinds=("inventory.batch_collected",))]
    unread = sum(each.get("email.email_invalid", 0) for each in faults)
    assert with_mail + unread == asked(real.CHINOOK, "SELECT count(Email) FROM Customer")[0][0]
    assert unread <= 1


@pytest.mark.parametrize(
    ("company", "about"),
    [
        pytest.param(real.NORTHWIND, {"Customers", "Orders", "Order Details"}, id="Northwind"),
        pytest.param(real.CHINOOK, {"Customer", "Invoice", "InvoiceLine"}, id="Chinook"),
    ],
)
def test_the_scan_itself_suggests_the_customers_and_their_dealings_and_nobody_else(shop, company, about):
    source = shop.register(company.path(FOLDER), kind="database")
    services.scan_source(source=source, as_of=date(2026, 11, 23), by=shop.clerk, at=AT)
    assert {table.name for table in queries.tables(source) if table.fields} == about
    for table in queries.tables(source):
        services.confirm_columns(source=source, table=table.name, by=shop.clerk, at=AT)
    result = services.collect(source=source, by=shop.clerk, at=AT)
    assert (result.rows_read, result.rows_rejected) == (sum(rows_of(company).values()), 0)
    assert result.customers_new == rows_of(company)[company.customer_table]
