"""What cannot be read whole is refused at the door by file, row and what to do; and nothing is half collected."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import xlsxwriter

from shouxin.duties.inventory import queries
from shouxin.faces.cli import main as cli
from tests.duties.inventory.shop import LIST, cast_rows, workbook

ROOT = Path(__file__).resolve().parents[3]
VALUES = [text for row in cast_rows() for text in row.values() if len(text) > 2]


def csv_of(*rows: str, encoding: str = "utf-8") -> bytes:
    return "\r\n".join([*rows, ""]).encode(encoding)


def text_file(raw: bytes):
    def make(folder: Path) -> Path:
        path = folder / "客户.csv"
        path.write_bytes(raw)
        return path

    return make


def big5(folder: Path) -> Path:
    return text_file(csv_of("姓名,電話", *["測試繁體客戶,15400000001"] * 40, encoding="big5"))(folder)


def cut_short(folder: Path) -> Path:
    whole = workbook(folder / "客户.xlsx", [LIST, *[tuple(row.get(name, "") for name in LIST) for row in cast_rows()]])
    raw = whole.read_bytes()
    whole.write_bytes(raw[: len(raw) * 2 // 3])
    return whole


def numbers(folder: Path) -> Path:
    return workbook(folder / "客户.xlsx", [("姓名", "身份证号"), ("叶青岚", 319901199001010011)])


def formulas(folder: Path) -> Path:
    path = folder / "客户.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("客户")
        sheet.write_row(0, 0, ("姓名", "手机号码"))
        sheet.write_row(1, 0, ("叶青岚", "15400000001"))
        sheet.write_formula(2, 0, '=A2&"二"', None, "")
    raw = path.read_bytes()
    return _without_results(path, raw)


def _without_results(path: Path, raw: bytes) -> Path:
    """The workbook as a program leaves it that writes formulas and does not compute them."""
    import io
    import re
    import zipfile

    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1", part) if "sheet1" in name else part)
    return path


def folder(folder: Path) -> Path:
    (folder / "客户.csv").mkdir()
    return folder / "客户.csv"


GOOD = "叶青岚,15400000001"
BAD = {
    "wrong encoding": (big5, "source.encoding_unsure", {}),
    "a few damaged bytes": (
        text_file(csv_of("姓名,手机号码", *[GOOD] * 60) + b"\xff\xfe,1\r\n"),
        "source.encoding",
        {"row": 62},
    ),
    "truncated workbook": (cut_short, "source.xlsx_damaged", {}),
    "ragged": (text_file(csv_of("姓名,手机号码", GOOD, f"{GOOD},多")), "source.ragged", {"count": 1}),
    "open quote": (text_file(csv_of("姓名,手机号码", GOOD, '"叶青岚,15400000001')), "source.quote_open", {"row": 3}),
    "identity number as a number": (numbers, "source.number_rounded", {"rows": [2]}),
    "duplicate headers": (text_file(csv_of("姓名,姓名", "叶青岚,甲")), "source.header_duplicate", {"row": 1}),
    "blank header": (text_file(csv_of("姓名,", GOOD)), "source.header_blank", {"row": 1}),
    "no header": (text_file(csv_of("叶青岚,c1@post.example", GOOD)), "source.header_missing", {"row": 1}),
    "formula without a result": (formulas, "source.formula_empty", {"cells": ["A3"]}),
    "empty": (text_file(b""), "source.empty", {}),
    "only a header's line end": (text_file(b"\r\n\r\n"), "source.empty", {}),
    "folder": (folder, "source.is_folder", {}),
    "nul": (text_file(csv_of("姓名,手机号码", GOOD, "叶\0,1")), "source.nul_byte", {"row": 3}),
    "endless field": (
        text_file(b'\xe5\xa7\x93,b\r\n"' + b"x" * (17 << 20) + b'",1\r\n'),
        "source.field_too_large",
        {"row": 2},
    ),
    "missing": (lambda folder: folder / "客户.csv", "source.missing", {}),
}


def told(capsys, *argv: str) -> tuple[int, dict]:
    capsys.readouterr()
    plain = {"scan": cli.load_plain}.get(argv[0], cli.load_installed)
    code = cli.run(plain(), [*argv, "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("why", BAD)
def test_scan_names_the_file_the_row_and_what_to_do(why, tmp_path, capsys):
    make, code, facts = BAD[why]
    path = make(tmp_path)
    exit_code, answer = told(capsys, "scan", str(path))
    assert (exit_code, answer["error"]) == (1, code)
    assert answer["facts"]["file"] == path.name
    assert {name: answer["facts"].get(name) for name in facts} == facts
    assert answer["facts"].get("do") or answer["facts"].get("tried")
    assert str(tmp_path) not in json.dumps(answer)
    assert not any(value in json.dumps(answer, ensure_ascii=False) for value in VALUES)


@pytest.mark.parametrize(
    "why", ["wrong encoding", "truncated workbook", "ragged", "folder", "formula without a result"]
)
def test_a_source_that_cannot_be_read_is_not_registered(why, shop, capsys):
    make, code, _ = BAD[why]
    path = make(shop.folder)
    exit_code, answer = told(
        capsys,
        "source",
        "add",
        str(path),
        "--title",
        "客户",
        "--custodian",
        shop.clerk,
        "--by",
        shop.clerk,
        "--confirm",
    )
    assert (exit_code, answer["error"]) == (1, code)
    assert queries.sources() == []


def test_a_file_that_breaks_between_confirming_and_collecting_leaves_nothing(shop, capsys):
    path = shop.customers()
    exit_code, added = told(
        capsys,
        "source",
        "add",
        str(path),
        "--title",
        "客户",
        "--custodian",
        shop.clerk,
        "--by",
        shop.clerk,
        "--confirm",
    )
    assert (exit_code, added["confirmed"]) == (0, True)
    with path.open("ab") as file:
        file.write(b"one,two\r\n")
    exit_code, answer = told(capsys, "collect", str(added["source"]), "--by", shop.clerk)
    assert (exit_code, answer["error"], answer["facts"]["rows"][0]["row"]) == (1, "source.ragged", 7)
    assert (queries.counts()["customers"], queries.sources()[0].rows_read) == (0, 0)
    shop.customers()
    exit_code, answer = told(capsys, "collect", str(added["source"]), "--by", shop.clerk)
    assert (exit_code, answer["rows_collected"], answer["balances"]) == (0, 5, True)


def test_tables_are_corrected_set_aside_and_shown_at_the_door(shop, capsys):
    path = shop.customers([*cast_rows(), {"偏好": "怕吵"}])
    _, added = told(
        capsys, "source", "add", str(path), "--title", "客户", "--custodian", shop.clerk, "--by", shop.clerk
    )
    number, by = str(added["source"]), ("--by", shop.clerk)
    code, _ = told(
        capsys, "source", "confirm", number, "名单", "--field", "偏好=requirement", "--field", "出生日期=", *by
    )
    assert code == 0
    assert told(capsys, "collect", number, *by)[0] == 0
    _, shown = told(capsys, "source", "show", number)
    assert [(table["name"], table["state"], table["rows_rejected"]) for table in shown["tables"]] == [
        ("名单", "collected", 1)
    ]
    assert {each["name"]: each["field"] for each in shown["columns"]}["偏好"] == "requirement"
    assert shown["rejected"] == [{"table": "名单", "row": 7, "codes": "inventory.no_identity"}]
    orders = shop.orders([{"订单号": "1"}])
    _, added = told(
        capsys, "source", "add", str(orders), "--title", "订", "--custodian", shop.clerk, "--by", shop.clerk
    )
    assert told(capsys, "source", "confirm", str(added["source"]), "订单", "--aside", *by)[0] == 0
    assert told(capsys, "source", "list")[1]["sources"][1]["rows_aside"] == 1


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="the memory of a child process cannot be asked for here")
def test_a_field_of_two_gigabytes_is_refused_in_the_memory_of_a_small_file(tmp_path):
    small = text_file(csv_of("姓名,手机号码", GOOD))(tmp_path)
    huge = tmp_path / "大.csv"
    with huge.open("wb") as file:
        file.write(b'a,b\r\n1,2\r\n3,"')
        file.truncate(2 << 30)  # the file system keeps no byte of it
    (_, small_peak), (code, huge_peak) = (_peak(path) for path in (small, huge))
    assert code == 1
    assert huge_peak < small_peak + (64 << 10)


def _peak(path: Path) -> tuple[int, int]:
    """Exit code and peak memory (KiB) of a scan."""
    command = [sys.executable, "-m", "shouxin.faces.cli.main", "scan", str(path), "--json"]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    return os.waitstatus_to_exitcode(status), used.ru_maxrss
