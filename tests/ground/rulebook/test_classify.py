"""Column verdicts: what is confirmed, what is only suspected, and what must never be called an identifier."""

import csv
import sqlite3
import time
from pathlib import Path

import pyarrow as pa
import pytest

from shouxin.ground.rulebook.classify import DIRECT_IDENTIFIERS, SAMPLE_ROWS, classify, header_words, person_kind_of
from shouxin.ground.rulebook.identifiers.checks import id_check_character
from shouxin.ground.rulebook.terms import fields

REAL = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "real"
needs_shared = pytest.mark.skipif(not REAL.is_dir(), reason="../shared/data/real is absent")


def ids(count, *, year=1950):
    bodies = [f"990101{year + n % 60}{n % 12 + 1:02d}{n % 28 + 1:02d}{n % 1000:03d}" for n in range(count)]
    return [body + id_check_character(body) for body in bodies]


def mobiles(count):
    return [f"139{n * 61_803_399 % 10**8:08d}" for n in range(count)]


def verdicts(table_name="", **columns):
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    return {verdict.column: verdict for verdict in classify(table, table_name=table_name)}


def read_csv(path, delimiter=","):
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter=delimiter))
    sample = rows[1 : SAMPLE_ROWS + 1]
    return pa.table({name: pa.array([row[n] for row in sample]) for n, name in enumerate(rows[0])})


@pytest.mark.parametrize(
    ("header", "values", "field", "status"),
    [
        ("c7", ids(50), "id_no", "confirmed"),
        ("c7", [f"u{n}@mail.example" for n in range(50)], "email", "confirmed"),
        ("c7", mobiles(50), "phone", "confirmed"),
        ("手机", mobiles(50), "phone", "confirmed"),
        ("mobile_no", mobiles(50), "phone", "confirmed"),
        ("证件号码", ids(50), "id_no", "confirmed"),
        ("地址", [f"上海市普陀区栖鹭路{n}弄3栋402室" for n in range(50)], "address", "confirmed"),
        ("c7", [f"上海市普陀区栖鹭路{n}弄3栋402室" for n in range(50)], "address", "suspected"),
        ("c7", [f"{s}{g}" for s in "王李张刘陈" for g in "磊娜艳娟涛"], "name", "suspected"),
        ("姓名", [f"{s}{g}" for s in "王李张刘陈" for g in "磊娜艳娟涛"], "name", "confirmed"),
        ("手机", [None] * 5, "phone", "suspected"),
        ("PhoneService", ["Yes", "No"] * 20, None, "none"),
        ("customerID", [f"{n:04d}-VHVEG" for n in range(50)], "customer_ref", "confirmed"),
        ("出生日期", ["1990-03-07", "2001-02-03"], "birth_date", "confirmed"),
        ("c7", ["1990-03-07", "2001-02-03"], None, "none"),
        ("c7", ["Yes", "No"], None, "none"),
    ],
)
def test_header_and_values_together_decide(header, values, field, status):
    verdict = verdicts(**{header: values})[header]
    assert (verdict.field, verdict.status) == (field, status)
    assert verdict.category == (fields()[field].category if field else None)
    assert 0 <= verdict.confidence <= 1


@pytest.mark.parametrize("header", ["订单号", "快递单号", "流水号", "order_no", "型号", "会员编号"])
def test_numbers_that_look_like_telephones_are_none_under_a_negative_word(header):
    verdict = verdicts(**{header: mobiles(200)})[header]
    assert verdict.field not in ("phone", "bank_card")


def test_numbers_that_only_rise_are_a_serial_and_no_telephone():
    verdict = verdicts(c1=[str(13_900_000_000 + 7 * n) for n in range(300)])["c1"]
    assert (verdict.field, verdict.status) == (None, "none")
    assert "rises" in verdict.why


def test_a_date_column_is_a_date_of_birth_when_the_identity_numbers_agree():
    numbers = ids(60)
    born = [f"{number[6:10]}/{int(number[10:12])}/{int(number[12:14])}" for number in numbers]
    found = verdicts(a=numbers, b=born, c=["2020-01-01"] * 60)
    assert (found["b"].field, found["c"].field) == ("birth_date", None)


def test_reasons_carry_masked_samples_only():
    values = mobiles(20)
    verdict = verdicts(手机=values)["手机"]
    assert any(why.startswith("sample=139****") for why in verdict.why)
    assert not any(value in " ".join(verdict.why) for value in values)


def test_free_text_is_noticed():
    notes = [("客户要求上午来," * (n % 7 + 1)) + f"第{n}次" for n in range(60)]
    verdict = verdicts(x=notes)["x"]
    assert (verdict.is_free_text, verdict.field, verdict.status) == (True, "note", "suspected")


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("customerID", ["customer", "id"]),
        ("CUSTOMER_NO", ["customer", "no"]),
        ("ShipPostalCode", ["ship", "postal", "code"]),
    ],
)
def test_english_headers_are_cut_into_words(header, words):
    assert header_words(header) == words


def test_eighteen_columns_are_judged_in_moments():
    columns = {
        f"c{n}": mobiles(SAMPLE_ROWS) if n % 2 else [f"普陀区{n}号{k}" for k in range(SAMPLE_ROWS)] for n in range(18)
    }
    table = pa.table(columns)
    classify(table.slice(0, 10))
    begun = time.perf_counter()
    classify(table)
    assert time.perf_counter() - begun < 2  # 20 ms on an idle machine; the bound only catches a change of kind


@needs_shared
@pytest.mark.shared
@pytest.mark.parametrize(("file", "delimiter"), [("telco_customer_churn.csv", ","), ("bank_marketing_sample.csv", ";")])
def test_the_negative_controls_hold_no_direct_identifier_but_the_customers_number(file, delimiter):
    found = classify(read_csv(REAL / file, delimiter), table_name=file)
    assert [v.column for v in found if v.is_direct_identifier] == []
    assert not {v.field for v in found} & DIRECT_IDENTIFIERS
    expected = ["customerID"] if file.startswith("telco") else []
    assert [v.column for v in found if v.field == "customer_ref"] == expected


def read_sqlite(file, table):
    connection = sqlite3.connect(f"{(REAL / file).as_uri()}?mode=ro", uri=True)
    cursor = connection.execute(f'SELECT * FROM "{table}"')
    names, rows = [column[0] for column in cursor.description], cursor.fetchall()
    connection.close()
    texts = [[None if row[n] is None else str(row[n]) for row in rows] for n in range(len(names))]
    return pa.table({name: pa.array(column, pa.string()) for name, column in zip(names, texts, strict=True)})


@needs_shared
@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "table", "expected", "kind"),
    [
        (
            "northwind.sqlite",
            "Customers",
            {
                "CustomerID": "customer_ref",
                "CompanyName": "organisation",
                "ContactName": "name",
                "Address": "address",
                "Phone": "phone",
            },
            "contact_of_organisation",
        ),
        ("northwind.sqlite", "Employees", {"LastName": "name", "FirstName": "name", "HomePhone": "phone"}, "staff"),
        (
            "chinook.sqlite",
            "Customer",
            {"FirstName": "name", "LastName": "name", "Email": "email", "Phone": "phone", "Address": "address"},
            "contract_party",
        ),
        ("chinook.sqlite", "Artist", {"Name": None}, None),
        ("chinook.sqlite", "Album", {"Title": None}, None),
        ("chinook.sqlite", "Track", {"Name": None, "Composer": "note"}, None),
    ],
)
def test_english_tables_are_read_by_their_own_words(file, table, expected, kind):
    found = classify(read_sqlite(file, table), table_name=table)
    assert {v.column: v.field for v in found if v.column in expected} == expected
    assert person_kind_of(table, found) == kind
