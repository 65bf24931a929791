"""Files as a small company has them: a workbook of strings, CSVs in their programs' encodings, a small database."""

import csv
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import xlsxwriter

_CRM_TABLES = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, customer_no TEXT NOT NULL UNIQUE, name TEXT NOT NULL, phone TEXT);
CREATE TABLE visits (
    id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id), visit_on TEXT NOT NULL,
    worker TEXT NOT NULL, note TEXT NOT NULL, rating INTEGER, complaint TEXT, channel TEXT NOT NULL);
CREATE TABLE tags (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id), tag TEXT NOT NULL);
"""


def write_workbook(
    path: Path, *, sheet: str, headers: Sequence[str], rows: Iterable[Sequence[str]], made_on: date
) -> int:
    """One sheet, every cell a string (a number would lose the digits of an identity number); returns the data rows."""
    options = {
        "constant_memory": True,
        "strings_to_numbers": False,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "tmpdir": str(path.parent),  # the list lies nowhere else, not even while it is written
    }
    written = 0
    with xlsxwriter.Workbook(str(path), options) as workbook:
        workbook.set_properties({"created": datetime(made_on.year, made_on.month, made_on.day, tzinfo=UTC)})
        page = workbook.add_worksheet(sheet)
        for at, header in enumerate(headers):
            page.write_string(0, at, header)
        for written, row in enumerate(rows, start=1):
            for at, text in enumerate(row):
                if text:
                    page.write_string(written, at, text)
    return written


def write_csv(path: Path, *, headers: Sequence[str], rows: Iterable[Sequence[str]], encoding: str) -> int:
    """Comma-separated with Windows line ends, as spreadsheet programs save it; returns the data rows."""
    written = 0
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(headers)
        for row in rows:
            writer.writerow(row)
            written += 1
    return written


class CrmFile:
    """The CRM's database while it is filled; one transaction."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path)
        self._connection.executescript(_CRM_TABLES)

    def __enter__(self) -> "CrmFile":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self._connection.commit()
        self._connection.close()

    def add(self, table: str, rows: Sequence[tuple[Any, ...]]) -> int:
        """Add rows to one of the three tables; returns how many."""
        if rows:
            marks = ",".join("?" * len(rows[0]))
            self._connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
        return len(rows)
