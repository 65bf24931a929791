"""Telephone and letter lists: made to be printed and filled in; the telephone list comes back as an answer sheet."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from shouxin.duties.notices.channels.files import write_whole
from shouxin.ground.formats import papers

_PHONE_HEADERS = {
    "zh": (
        "序号",
        "姓名",
        "电话",
        "答复码",
        "答复",
        "敏感信息",
        "监护人",
        "途径",
        "答复时间",
        "登记人",
        "凭证",
        "内容",
    ),
    "en": (
        "No.",
        "Name",
        "Telephone",
        "Reply code",
        "Answer",
        "Sensitive",
        "Guardian",
        "Route",
        "Answered at",
        "Taken by",
        "Proof",
        "Wish",
    ),
}
_LETTER_HEADERS = {"zh": ("序号", "姓名", "地址", "答复码"), "en": ("No.", "Name", "Address", "Reply code")}
_SHEETS = {"zh": ("名单", "通话稿"), "en": ("List", "Script")}
_WIDTHS = {0: 6, 1: 12, 2: 18, 3: 13, 8: 20, 10: 24, 11: 24}


@dataclass(frozen=True)
class Line:
    """One person on a list."""

    name: str = field(repr=False)
    reach: str = field(repr=False)
    code: str = field(repr=False)
    text: str = field(repr=False)


def telephone_list(*, folder: Path, name: str, lines: Sequence[Line], script: str, language: str) -> Path:
    """An XLSX with the people to call, columns for what they say, and the script on a second sheet."""
    rows = [(number, line.name, line.reach, line.code) for number, line in enumerate(lines, start=1)]
    raw = _workbook(headers=_PHONE_HEADERS[language], rows=rows, script=script, language=language)
    return write_whole(folder / f"{name}.xlsx", raw)


def letter_list(*, folder: Path, name: str, lines: Sequence[Line], title: str, language: str, at: datetime) -> Path:
    """A PDF with one letter per person, and an XLSX with the addresses beside it; the PDF's path is returned."""
    letters = [{"to": f"{line.name}\n{line.reach}", "body": line.text} for line in lines]
    rows = [(number, line.name, line.reach, line.code) for number, line in enumerate(lines, start=1)]
    write_whole(
        folder / f"{name}.xlsx", _workbook(headers=_LETTER_HEADERS[language], rows=rows, script="", language=language)
    )
    return write_whole(folder / f"{name}.pdf", papers.letters_pdf(letters, title=title, at=at))


def _workbook(
    *, headers: Sequence[str], rows: Sequence[tuple[int, str, str, str]], script: str, language: str
) -> bytes:
    target = io.BytesIO()
    # in_memory: the library would otherwise spill values into temporary files.
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    head = book.add_format({"bold": True, "border": 1})
    cell = book.add_format({"border": 1, "num_format": "@"})
    sheet = book.add_worksheet(_SHEETS[language][0])
    sheet.write_row(0, 0, headers, head)
    for number, row in enumerate(rows, start=1):
        _write_row(sheet, number, row, len(headers), cell)
    for column, width in _WIDTHS.items():
        sheet.set_column(column, column, width)
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    if script:
        page = book.add_worksheet(_SHEETS[language][1])
        page.set_column(0, 0, 100, book.add_format({"text_wrap": True}))
        page.write_column(0, 0, script.split("\n"))
    book.close()
    return target.getvalue()


def _write_row(sheet: Any, number: int, row: tuple[int, str, str, str], width: int, cell: Any) -> None:
    sheet.write_number(number, 0, row[0], cell)
    for column, value in enumerate(row[1:], start=1):
        sheet.write_string(number, column, value, cell)
    for column in range(len(row), width):
        sheet.write_blank(number, column, None, cell)
