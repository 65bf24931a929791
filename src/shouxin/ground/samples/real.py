"""Real, public tables as company A: which tables to register, what each column is, what their customers would answer.

Nothing of the tables is kept here. Northwind's customers are organisations with a contact person; Chinook's are persons
with e-mail. The people in them are fictitious (see the tables' own sources).

    NORTHWIND.path(folder)                        # where its file lies
    NORTHWIND.table("Customers").fields           # column -> field
    NORTHWIND.answers(folder, seed=5)["ALFKI"]    # a PlannedAnswer, by customer number
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from shouxin.ground.kernel.refusals import Unavailable
from shouxin.ground.samples.answers import Contact, PlannedAnswer, planned_answers


@dataclass(frozen=True, slots=True)
class Join:
    """This table's column names a row of another table by that one's column."""

    column: str
    to_table: str
    to_column: str


@dataclass(frozen=True, slots=True)
class RealTable:
    """One table to register.

    `fields`: column → field of the rulebook. Several columns of one field are joined in the order given, with a space.
    Columns that are not named hold nothing that the transfer needs; `key` and `joins` also lead from row to row.
    """

    name: str
    key: tuple[str, ...]
    fields: Mapping[str, str]
    joins: tuple[Join, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read."""
        own = (*self.key, *self.fields, *(join.column for join in self.joins))
        return tuple(dict.fromkeys(own))


@dataclass(frozen=True, slots=True)
class RealCompany:
    """A data set as company A."""

    name: str
    file: str
    person_kind: str
    customer_table: str
    customer_column: str
    """The column that holds the customer number."""
    channels: Mapping[str, str]
    """Channel → column of the customer table that must be filled for it."""
    tables: tuple[RealTable, ...]
    """The customers' table first; then purchases, each after the table it joins to."""

    def path(self, folder: Path) -> Path:
        """The data set's file.

        Raises:
            Unavailable: it does not lie in this folder.
        """
        path = folder / self.file
        if not path.is_file():
            raise Unavailable(f"the {self.name} tables", permanent=True)
        return path

    def table(self, name: str) -> RealTable:
        """One of the tables, by name."""
        return next(table for table in self.tables if table.name == name)

    def contacts(self, folder: Path) -> list[Contact]:
        """Every customer and how to reach it, in the order of the customer numbers.

        Raises:
            Unavailable: the file does not lie in this folder.
        """
        filled = ", ".join(f"trim(coalesce(\"{column}\", '')) <> ''" for column in self.channels.values())
        question = f'SELECT "{self.customer_column}", {filled} FROM "{self.customer_table}" ORDER BY 1'
        uri = f"{self.path(folder).resolve().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            rows = connection.execute(question).fetchall()
        return [
            Contact(str(number), tuple(name for name, there in zip(self.channels, held, strict=True) if there))
            for number, *held in rows
        ]

    def answers(self, folder: Path, *, seed: int) -> dict[str, PlannedAnswer]:
        """What each customer would answer, by customer number, decided by the seed.

        Raises:
            Unavailable: the file does not lie in this folder.
        """
        return planned_answers(self.contacts(folder), seed=seed, electronic="email" in self.channels)


NORTHWIND = RealCompany(
    name="Northwind",
    file="northwind.sqlite",
    person_kind="contact_of_organisation",
    customer_table="Customers",
    customer_column="CustomerID",
    channels={"phone": "Phone", "address": "Address"},
    tables=(
        RealTable(
            name="Customers",
            key=("CustomerID",),
            fields={
                "CustomerID": "customer_ref",
                "CompanyName": "organisation",
                "ContactName": "name",
                "ContactTitle": "job_title",
                "Address": "address",
                "City": "address",
                "Region": "address",
                "PostalCode": "address",
                "Country": "address",
                "Phone": "phone",
                "Fax": "phone2",
            },
        ),
        RealTable(
            name="Orders",
            key=("OrderID",),
            fields={
                "OrderID": "order_no",
                "OrderDate": "ordered_on",
                "Freight": "amount",
                "ShipAddress": "service_address",
                "ShipCity": "service_address",
                "ShipRegion": "service_address",
                "ShipPostalCode": "service_address",
                "ShipCountry": "service_address",
                "ShipName": "invoice_title",
            },
            joins=(Join("CustomerID", "Customers", "CustomerID"),),
        ),
        RealTable(
            name="Order Details",
            key=("OrderID", "ProductID"),
            fields={"ProductID": "item", "UnitPrice": "amount", "Quantity": "quantity"},
            joins=(Join("OrderID", "Orders", "OrderID"),),
        ),
    ),
)

CHINOOK = RealCompany(
    name="Chinook",
    file="chinook.sqlite",
    person_kind="contract_party",
    customer_table="Customer",
    customer_column="CustomerId",
    channels={"email": "Email", "phone": "Phone", "address": "Address"},
    tables=(
        RealTable(
            name="Customer",
            key=("CustomerId",),
            fields={
                "CustomerId": "customer_ref",
                "FirstName": "name",
                "LastName": "name",
                "Company": "organisation",
                "Address": "address",
                "City": "address",
                "State": "address",
                "Country": "address",
                "PostalCode": "address",
                "Phone": "phone",
                "Fax": "phone2",
                "Email": "email",
            },
        ),
        RealTable(
            name="Invoice",
            key=("InvoiceId",),
            fields={
                "InvoiceId": "order_no",
                "InvoiceDate": "ordered_on",
                "Total": "amount",
                "BillingAddress": "service_address",
                "BillingCity": "service_address",
                "BillingState": "service_address",
                "BillingCountry": "service_address",
                "BillingPostalCode": "service_address",
            },
            joins=(Join("CustomerId", "Customer", "CustomerId"),),
        ),
        RealTable(
            name="InvoiceLine",
            key=("InvoiceLineId",),
            fields={"TrackId": "item", "UnitPrice": "amount", "Quantity": "quantity"},
            joins=(Join("InvoiceId", "Invoice", "InvoiceId"),),
        ),
    ),
)
