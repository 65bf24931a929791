"""A real database as a company's own files: a copy of it, and the registers that such a company keeps beside it.

The copy is the company's, to be scanned, collected and destroyed. Invented beside it are only registers: who has a
balance, which papers lie in which box, the goods that are sold. Who stands in them is a customer of the database.

    write_real(NORTHWIND, source=folder_of_the_tables, folder=files, seed=7, as_of=date(2026, 11, 23))
"""

import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.samples import columns
from shouxin.ground.samples.company import write_goods
from shouxin.ground.samples.files import write_csv
from shouxin.ground.samples.real import RealCompany
from shouxin.ground.samples.truth import RowRef, TruePerson, Truth

BALANCES_FILE = "预付余额登记.csv"
BALANCE_COLUMNS = ("客户编号", "预付余额")
EVERY_HAS_BALANCE, EVERY_HAS_PAPERS = 5, 4
"""Of the customers in the order of their numbers, each so-manieth."""
_BALANCE_YUAN = 120
_TOLD = ("name", "organisation", "phone", "phone2", "email", "address")
_BOX = "BX-001"


def write_real(company: RealCompany, *, source: Path, folder: Path, seed: int, as_of: date) -> Truth:
    """Lay the company's files into a folder and return what is true behind them.

    Raises:
        Unavailable: the tables do not lie in `source`; Refusal("samples.folder_in_use"): the copy is there already.
    """
    tables = company.path(source)
    copy = folder / company.file
    if copy.exists():
        raise Refusal("samples.folder_in_use", files=[company.file])
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(tables, copy)
    people = list(_people(company, copy))
    numbers = [person.key for person in people]
    counts = {
        BALANCES_FILE: _write_balances(folder, [person.key for person in people if person.prepaid_fen]),
        **_write_papers(folder, numbers[::EVERY_HAS_PAPERS], as_of),
        columns.GOODS_FILE: write_goods(folder, seed),
    }
    return Truth(
        story=company.name, seed=seed, as_of=as_of, people={person.key: person for person in people}, row_counts=counts
    )


def _write_balances(folder: Path, numbers: list[str]) -> int:
    rows = ((number, f"{_BALANCE_YUAN}.00") for number in numbers)
    return write_csv(folder / BALANCES_FILE, headers=BALANCE_COLUMNS, rows=rows, encoding="utf-8-sig")


def _write_papers(folder: Path, numbers: list[str], as_of: date) -> dict[str, int]:
    """One box with a written contract of each of these customers."""
    contracts = [(f"HT{place:04d}", number, _BOX) for place, number in enumerate(numbers, start=1)]
    box = (_BOX, "样例市样例区示范路1号 库房", "库房", "客户合同", contracts[0][0], contracts[-1][0],
           str(len(contracts)), str(as_of.year - 1))  # fmt: skip
    paper = {"encoding": "utf-8-sig"}
    return {
        columns.BOXES_FILE: write_csv(folder / columns.BOXES_FILE, headers=columns.BOX_COLUMNS, rows=[box], **paper),
        columns.CONTRACTS_FILE: write_csv(
            folder / columns.CONTRACTS_FILE, headers=columns.CONTRACT_COLUMNS, rows=contracts, **paper
        ),
    }


def _people(company: RealCompany, database: Path) -> Iterator[TruePerson]:
    """Every customer, in the order of the customer numbers."""
    channels = {contact.key: contact.channels for contact in company.contacts(database.parent)}
    table, orders = company.table(company.customer_table), company.tables[1]
    bought = next(column for column, field in orders.fields.items() if field == "ordered_on")
    number = orders.joins[0].column
    with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        dealings = {
            str(key): (count, date.fromisoformat(newest[:10]))
            for key, count, newest in connection.execute(
                f'SELECT "{number}", count(*), max("{bought}") FROM "{orders.name}" GROUP BY 1'
            )
        }
        rows = connection.execute(f'SELECT rowid AS row, * FROM "{table.name}" ORDER BY "{company.customer_column}"')
        for place, row in enumerate(rows.fetchall()):
            key = str(row[company.customer_column])
            count, newest = dealings.get(key, (0, None))
            yield _person(
                company, dict(row), key, channels[key], orders=count, newest=newest,
                has_balance=place % EVERY_HAS_BALANCE == 0,
            )  # fmt: skip


def _person(
    company: RealCompany,
    row: Mapping[str, Any],
    key: str,
    channels: tuple[str, ...],
    *,
    orders: int,
    newest: date | None,
    has_balance: bool,
) -> TruePerson:
    said = _said(company, row)
    return TruePerson(
        key=key,
        kind=company.person_kind,
        name=said["name"],
        texts=_texts(said),
        age_band="adult",
        age_known=False,
        dead=False,
        language="en",
        channels=channels,
        categories=("basic", "purchase") if orders or has_balance else ("basic",),
        customer_numbers=(key.strip(),),
        household=0,
        guardian="",
        orders=orders,
        newest_order_on=newest,
        prepaid_fen=100 * _BALANCE_YUAN if has_balance else 0,
        keys_held=False,
        marks=frozenset(),
        rows=(RowRef(company.file, company.customer_table, row["row"]),),
        mentioned_by=(),
    )


def _said(company: RealCompany, row: Mapping[str, Any]) -> dict[str, str]:
    """The row's fields, columns of one field joined in their order."""
    said: dict[str, list[str]] = {}
    for column, field in company.table(company.customer_table).fields.items():
        text = str(row[column] or "").strip()
        if text and field in _TOLD:
            said.setdefault(field, []).append(text)
    return {"name": "", **{field: " ".join(parts) for field, parts in said.items()}}


def _texts(said: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """By identifier kind every form in which files write it; telephones also without spaces and signs."""
    phones = [said[name] for name in ("phone", "phone2") if name in said]
    bare = ["".join(sign for sign in phone if sign.isdigit()) for phone in phones]
    found = {name: (text,) for name, text in said.items() if text and not name.startswith("phone")}
    return {**found, **({"phone": tuple(dict.fromkeys([*phones, *bare]))} if phones else {})}
