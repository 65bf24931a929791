"""XLSX workbooks, good and bad. All people are invented."""

import re
import shutil
import zipfile
from datetime import UTC, datetime

import pytest
import xlsxwriter

from shouxin.engine.sources import open_source
from shouxin.ground.kernel.refusals import Refusal


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "客户.xlsx"

    def make(rows, *, sheet="客户", extra=None):
        with xlsxwriter.Workbook(str(path)) as workbook:
            page = workbook.add_worksheet(sheet)
            day = workbook.add_format({"num_format": "yyyy-mm-dd"})
            for r, row in enumerate(rows):
                for c, value in enumerate(row):
                    if isinstance(value, datetime):
                        page.write_datetime(r, c, value, day)
                    elif isinstance(value, str) and not value.startswith("="):
                        page.write_string(r, c, value)
                    elif value is not None:
                        page.write(r, c, value)
            if extra:
                extra(workbook, page)
        return path

    return make


def rows_of(path, table="客户"):
    return [list(row.values()) for batch in open_source(path).batches(table) for row in batch.to_pylist()]


def refused(path, code):
    with pytest.raises(Refusal) as caught:
        open_source(path)
    assert (caught.value.code, caught.value.facts["file"]) == (code, path.name)
    assert caught.value.facts["do"]
    return caught.value.facts


def rewritten(path, part, change):
    """The workbook with one part changed."""
    other = path.with_name("改.xlsx")
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as after:
        for entry in before.infolist():
            content = before.read(entry.filename)
            after.writestr(entry.filename, change(content) if entry.filename == part else content)
    return other


SHEET = "xl/worksheets/sheet1.xml"


def test_cells_come_as_text_whatever_they_were(book):
    path = book(
        [
            ["姓名", "手机", "日期", "金额", "会员"],
            ["王五", 13900000000, datetime(2020, 1, 2, tzinfo=UTC).replace(tzinfo=None), 12.5, True],
        ]
    )
    assert rows_of(path) == [["王五", "13900000000", "2020-01-02 00:00:00", "12.5", "true"]]


def test_an_identity_number_written_as_text_keeps_every_digit(book):
    path = book([["身份证号"], ["990101199003071234"], ["99010119900307123X"]])
    assert rows_of(path) == [["990101199003071234"], ["99010119900307123X"]]


def test_an_identity_number_typed_as_a_number_is_refused_with_its_rows(book):
    path = book([["姓名", "身份证号"], ["王五", "990101199003071234"], ["赵六", 990101199003071234]])
    facts = refused(path, "source.number_rounded")
    assert (facts["cells"], facts["rows"], facts["count"], facts["table"]) == (["B3"], [3], 1, "客户")


def test_a_long_fraction_is_no_rounded_number(book):
    path = rewritten(
        book([["金额"], [0.5]]), SHEET, lambda xml: xml.replace(b"<v>0.5</v>", b"<v>0.30000000000000004</v>")
    )
    assert rows_of(path) == [["0.3"]]


def test_a_computed_formula_is_read_and_told(book):
    path = book([["姓名", "合计"], ["王五", None]], extra=lambda _, page: page.write_formula(1, 1, "=1+1", None, "2"))
    source = open_source(path)
    assert rows_of(path) == [["王五", "2"]]
    assert [(f.code, f.facts) for f in source.findings()] == [("source.formula_cells", {"table": "客户", "count": 1})]


def test_a_formula_without_its_value_is_refused_with_its_cells(book):
    path = book([["姓名", "合计"], ["王五", None]], extra=lambda _, page: page.write_formula(1, 1, "=1+1", None, "2"))
    other = rewritten(path, SHEET, lambda xml: re.sub(rb"(</f>)<v>2</v>", rb"\1", xml))
    assert refused(other, "source.formula_empty")["cells"] == ["B2"]


def test_a_title_above_the_header_is_stepped_over(book):
    path = book([["客户名单"], ["姓名", "手机", "备注"], ["王五", "13900000000", "x"]])
    source = open_source(path)
    assert source.tables()[0].columns == ("姓名", "手机", "备注")
    assert [(f.code, f.facts["row"]) for f in source.findings()] == [("source.header_row", 2)]


def test_each_sheet_with_content_is_a_table(book):
    def more(workbook, _):
        workbook.add_worksheet("空")
        page = workbook.add_worksheet("订单")
        page.write_row(0, 0, ["订单号", "金额"])
        page.write_row(1, 0, ["D1", "5"])

    tables = open_source(book([["姓名"], ["王五"]], extra=more)).tables()
    assert [(t.name, t.rows) for t in tables] == [("客户", 1), ("订单", 1)]


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (["姓名", "姓名"], "source.header_duplicate"),
        (["姓名", None], "source.header_blank"),
        (["王五", "13900000000"], "source.header_missing"),
    ],
)
def test_a_bad_header_is_refused(book, header, code):
    refused(book([header, ["赵六", "13900000001"]]), code)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.9, 0.999])
def test_a_truncated_workbook_is_refused(book, share):
    path = book([["姓名"], *[[f"王五{n}"] for n in range(500)]])
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * share)])
    refused(path, "source.xlsx_damaged")


def test_a_flipped_byte_in_a_sheet_is_refused(book):
    path = book([["姓名"], *[[f"王五{n}"] for n in range(500)]])
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo(SHEET)
        place = entry.header_offset + 30 + len(SHEET) + entry.compress_size // 2
    raw = bytearray(path.read_bytes())
    raw[place] ^= 0xFF
    path.write_bytes(raw)
    refused(path, "source.xlsx_damaged")


def test_a_swelling_part_is_refused_before_it_is_unpacked(book):
    def swollen(xml):
        return xml.replace(b"</sheetData>", b" " * (80 * 2**20) + b"</sheetData>")

    refused(rewritten(book([["姓名"], ["王五"]]), SHEET, swollen), "source.xlsx_too_large")


def test_a_workbook_under_a_password_is_refused(tmp_path):
    path = tmp_path / "密.xlsx"
    path.write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 99
    )
    refused(path, "source.xlsx_encrypted")
    old = shutil.copy(path, tmp_path / "旧.xls")
    old.write_bytes(path.read_bytes().replace(b"E\0n\0c\0", b"W\0o\0r\0"))
    refused(old, "source.xls_old")


def test_text_under_the_name_of_a_workbook_is_refused_and_a_workbook_under_another_name_is_read(book, tmp_path):
    wrong = tmp_path / "名.xlsx"
    wrong.write_text("姓名\n王五\n", encoding="utf-8")
    refused(wrong, "source.xlsx_damaged")
    renamed = shutil.copy(book([["姓名"], ["王五"]]), tmp_path / "名单.csv")
    assert open_source(renamed).kind == "xlsx"
