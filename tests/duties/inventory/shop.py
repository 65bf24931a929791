"""What the tests of this room do again and again: write a file, take it in, look at what is sealed."""

import csv
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import xlsxwriter

from shouxin.duties.inventory import queries, services
from shouxin.duties.inventory.models import Customer
from shouxin.duties.inventory.rows import read_rows
from shouxin.ground.rulebook.access import grant
from shouxin.ground.samples import identifiers
from shouxin.stores.vault import services as vault
from tests.cast import CUSTOMERS

AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
DAY = date(2026, 11, 23)
LIST = (
    *("客户编号", "姓名", "手机号码", "电子邮箱", "家庭住址", "身份证号"),
    *("出生日期", "监护人电话", "在世状态", "偏好", "健康状况"),
)
ORDERS = (
    *("订单号", "客户编号", "联系人", "联系电话", "下单日期", "服务项目"),
    *("金额", "服务地址", "预付余额", "代管钥匙"),
)
LEAVE = grant(
    actor="staff:1",
    role="privacy_officer",
    purpose="dispose",
    categories=("basic", "purchase", "need", "behaviour", "sensitive"),
    until=datetime(2026, 12, 1, tzinfo=UTC),
)


@dataclass(frozen=True)
class Shop:
    """Where the files lie and who works here."""

    folder: Path
    officer: str
    second: str
    clerk: str
    outsider: str

    def table(
        self, name: str, headers: Sequence[str], rows: Iterable[Mapping[str, str]], encoding: str = "utf-8"
    ) -> Path:
        """A CSV file; a column that a row does not name is empty."""
        path = self.folder / name
        with path.open("w", encoding=encoding, newline="") as file:
            writer = csv.DictWriter(file, headers, restval="")
            writer.writeheader()
            writer.writerows(rows)
        return path

    def customers(self, rows: Iterable[Mapping[str, str]] | None = None, name: str = "名单.csv") -> Path:
        """A list of customers; the cast when none are given."""
        return self.table(name, LIST, cast_rows() if rows is None else rows)

    def orders(self, rows: Iterable[Mapping[str, str]], name: str = "订单.csv") -> Path:
        """An order book."""
        return self.table(name, ORDERS, rows)

    def crm(self, statements: str, name: str = "crm.sqlite") -> Path:
        """A SQLite file."""
        path = self.folder / name
        with closing(sqlite3.connect(path)) as file:
            file.executescript(statements)
        return path

    def register(self, path: Path, **changed: Any) -> int:
        """A registered source."""
        plain = {"kind": "file", "title": path.name, "locator": str(path), "custodian": self.clerk, "by": self.clerk}
        return services.register_source(**{**plain, "at": AT, **changed})

    def prepared(self, path: Path, **changed: Any) -> int:
        """A source that is scanned and confirmed as suggested."""
        source = self.register(path, **changed)
        for table in services.scan_source(source=source, as_of=DAY, by=self.clerk, at=AT).tables:
            services.confirm_columns(source=source, table=table.name, by=self.clerk, at=AT)
        return source

    def collected(self, path: Path, **changed: Any) -> services.CollectResult:
        """A source whose rows are in the vault."""
        return services.collect(source=self.prepared(path, **changed), by=self.clerk, at=AT)


def workbook(path: Path, rows: Iterable[Sequence[Any]]) -> Path:
    """An XLSX file with these cells, as a spreadsheet writes them."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("客户")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return path


def cast_rows() -> list[dict[str, str]]:
    """The customers of the cast as rows of the list."""
    return [
        {
            "客户编号": f"KH{number:03d}",
            "姓名": each.name,
            "手机号码": each.mobile,
            "电子邮箱": f"c{number}@post.example",
            "家庭住址": each.address,
            "身份证号": each.identity,
            "出生日期": each.born,
            "在世状态": "在世",
        }
        for number, each in enumerate(CUSTOMERS, start=1)
    ]


def identity(serial: int) -> str:
    """An identity number whose check is right, in an area that no authority has."""
    return identifiers.id_numbers(np.array([19900101]), np.array([serial]))[0]


def sealed() -> dict[tuple[int, str], list[dict[str, Any]]]:
    """(customer, category) → every row that is sealed there, of all living customers."""
    everyone = list(Customer.objects.filter(state="alive").values_list("customer", flat=True))
    found: dict[tuple[int, str], list[dict[str, Any]]] = {}
    categories = sorted(LEAVE.categories)
    for opened in vault.open_for(grant=LEAVE, customers=everyone, categories=categories, reason="test", at=AT):
        found.setdefault((opened.customer, opened.category), []).extend(read_rows(opened.value))
    return found


def facts(customer: int) -> dict[str, Any]:
    """The facts of one customer."""
    return queries.card(customer)
