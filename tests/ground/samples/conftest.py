"""One generated company and one shop, read only, for all tests of the room."""

import csv
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from shouxin.ground.samples import Truth, columns, write_company, write_shop

AS_OF = date(2026, 11, 23)
CUSTOMERS = 300


@dataclass(frozen=True)
class Written:
    folder: Path
    truth: Truth

    def workbook(self, file: str = columns.LIST_FILE) -> list[dict[str, str]]:
        table = pl.read_excel(self.folder / file, engine="calamine", infer_schema_length=0)
        return [{k: v or "" for k, v in row.items()} for row in table.iter_rows(named=True)]

    def table(self, file: str) -> list[dict[str, str]]:
        encoding = "gb18030" if file == columns.ORDERS_FILE else "utf-8-sig"
        with (self.folder / file).open(encoding=encoding, newline="") as opened:
            return list(csv.DictReader(opened))

    def crm(self, question: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / columns.CRM_FILE)) as connection:
            return connection.execute(question).fetchall()

    def texts(self) -> Iterator[str]:
        """Every cell of every file."""
        for file in (columns.LIST_FILE, columns.SHOP_FILE):
            if (self.folder / file).exists():
                yield from (text for row in self.workbook(file) for text in row.values())
        for file in (columns.ORDERS_FILE, columns.BOXES_FILE, columns.CONTRACTS_FILE, columns.GOODS_FILE):
            if (self.folder / file).exists():
                yield from (text for row in self.table(file) for text in row.values())
        if (self.folder / columns.CRM_FILE).exists():
            for name in columns.CRM_COLUMNS:
                yield from (str(text) for row in self.crm(f"SELECT * FROM {name}") for text in row if text is not None)


@pytest.fixture(scope="package")
def company(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("company")
    return Written(folder, write_company(folder, customers=CUSTOMERS, seed=11, as_of=AS_OF))


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("shop")
    return Written(folder, write_shop(folder, customers=80, seed=11, as_of=AS_OF))
