"""The rulebook finds what the generator hid, tells its people apart and joins those who stand twice."""

import polars as pl
import pytest

from shouxin.ground.rulebook.identifiers import find
from shouxin.ground.rulebook.quality import age_bands, birth_dates, clean, person_keys
from shouxin.ground.samples import columns

from .conftest import AS_OF, Written

KEYED = ("customer_ref", "name", "phone", "email", "address", "id_no", "birth_date")


@pytest.fixture(scope="module")
def cleaned(company: Written) -> dict[str, pl.Series]:
    table = pl.DataFrame(company.workbook()).rename(columns.LIST_COLUMNS)
    return {field: clean(field, table[field]).values for field in KEYED}


def test_every_right_number_is_found_in_its_column(company: Written):
    table = pl.DataFrame(company.workbook())
    people = [company.truth.person_of(number) for number in table["客户编号"]]
    slips = {"phone_slip", "phone_word"}
    expected = {
        "手机号码": (
            "mobile",
            sum(bool(c) and not slips & p.marks for c, p in zip(table["手机号码"], people, strict=True)),
        ),
        "统一社会信用代码": ("uscc", sum(map(bool, table["统一社会信用代码"]))),
        "银行卡号": ("bank_card", sum(map(bool, table["银行卡号"]))),
        "监护人电话": ("mobile", sum(map(bool, table["监护人电话"]))),
        "身份证号": (
            "id_no",
            sum(len(c) == 18 and "id_slip" not in p.marks for c, p in zip(table["身份证号"], people, strict=True)),
        ),
    }
    for header, (kind, count) in expected.items():
        assert find(table[header].to_arrow()).counts().get(kind) == count > 0


def test_exact_keys_tell_people_apart_and_join_the_two_rows_of_one(company: Written, cleaned):
    owners = [company.truth.person_of(number).key for number in cleaned["customer_ref"]]
    groups: dict[tuple[str, str], list[int]] = {}
    for column in person_keys(cleaned, system="list"):
        for row, text in enumerate(column.values):
            if text is not None:
                groups.setdefault((column.kind, text), []).append(row)
    assert all(len({owners[row] for row in rows}) == 1 for rows in groups.values())
    joined = {owners[rows[0]] for rows in groups.values() if len(rows) == 2}
    assert joined == {person.key for person in company.truth.customers() if "duplicate" in person.marks}


def test_the_bands_of_the_minors_are_read_from_the_list(company: Written, cleaned):
    bands = age_bands(birth_dates(cleaned), as_of=AS_OF)
    for number, band in zip(cleaned["customer_ref"], bands, strict=True):
        person = company.truth.person_of(number)
        if number == person.customer_numbers[0] and person.age_known and "id_slip" not in person.marks:
            assert band == person.age_band
        if "child_of_unknown_age" in person.marks:
            assert band == "unknown"
