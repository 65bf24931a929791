"""Cleaning: one form per field, doubts by row, and keys on which two records are one. All people are invented."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouxin.ground.rulebook.identifiers.checks import id_check_character
from shouxin.ground.rulebook.mailboxes import mailboxes
from shouxin.ground.rulebook.quality import age_bands, birth_dates, clean, person_keys, second_emails, second_phones

BODY = "99010119900307123"
ID = BODY + id_check_character(BODY)
BAD_ID = BODY + ("1" if ID[-1] != "1" else "2")


def cleaned(field, *values):
    result = clean(field, pl.Series(list(values), dtype=pl.String))
    return result.values.to_list(), {fault.code: fault.rows.tolist() for fault in result.faults}


@pytest.mark.parametrize(
    ("field", "written", "form"),
    [
        ("phone", "+86 139-0000-0000", "13900000000"),
        ("phone", "１３９００００００００", "13900000000"),
        ("phone", "8613900000000", "13900000000"),
        ("phone", "0086 13900000000", "13900000000"),
        ("phone", "139 0000 0000", "13900000000"),
        ("phone", "(021)62340000转801", "021-62340000-801"),
        ("phone", "02162340000", "021-62340000"),
        ("phone", "0571－82340000", "0571-82340000"),
        ("phone", "+55 (12) 3923-5555", "+551239235555"),
        ("name", "张 三", "张三"),
        ("name", "李四女士", "李四"),
        ("name", "欧阳娜娜（本人）", "欧阳娜娜"),
        ("name", "𠮷田䶮", "𠮷田䶮"),
        ("name", "金\uf90a", "金\uf90a"),
        ("name", "Ａｌｉｃｅ  Smith", "Alice Smith"),
        ("id_no", ID.lower() + " ", ID),
        ("id_no", ID[:6] + " " + ID[6:14] + " " + ID[14:], ID),
        ("id_no", BODY[:6] + BODY[8:], ID),
        ("email", " Wang.Hong@Mail.Example ", "wang.hong@mail.example"),
        ("email", "王红＠例子。公司", "王红@例子.公司"),
        ("email", "пётр@пример.рф", "пётр@пример.рф"),
        ("email", "wang@xn--fsqu00a.xn--55qx5d", "wang@xn--fsqu00a.xn--55qx5d"),
        ("email", "e\u0301lise@x.example", "élise@x.example"),  # one mailbox, composed (RFC 6532, 3.1)
        ("email", "王红 <wang@x.example>", "wang@x.example"),
        ("email", "邮箱：wang@x.example。", "wang@x.example"),
        ("email", "o'hara+shop!#$%&*/=?^_`{|}~@x.example", "o'hara+shop!#$%&*/=?^_`{|}~@x.example"),
        ("address", "上海市 普陀区栖鹭路１２弄3栋402室", "上海市普陀区栖鹭路12弄3栋402室"),
        ("birth_date", "1990年3月7日", "1990-03-07"),
        ("birth_date", "1990/3/7 00:00:00", "1990-03-07"),
        ("birth_date", "19900307", "1990-03-07"),
        ("amount", "¥1,234.50", "1234.50"),
        ("amount", "(12)", "-12"),
        ("amount", "１００元", "100"),
        ("language", "中文", "zh"),
        ("language", "English", "en"),
        ("bank_card", "6299 1000 0000 0000 018", "6299100000000000018"),
        ("note", "  ", None),
    ],
)
def test_each_field_has_one_form(field, written, form):
    assert cleaned(field, written)[0] == [form]


@pytest.mark.parametrize(
    ("field", "written", "value", "code"),
    [
        ("phone", "无", None, "phone_invalid"),
        ("phone", "1390000000", None, "phone_invalid"),
        ("phone", "139****0000", None, "phone_masked"),
        ("phone", "62340000", "62340000", "phone_no_area"),
        ("phone", "(5) 555-4729", "55554729", "phone_unusual"),
        ("phone", "13900000000/13911110000", "13900000000", "phone_several"),
        ("name", "王先生", "王先生", "name_title_only"),
        ("name", "张*", "张*", "name_masked"),
        ("id_no", BAD_ID, BAD_ID, "id_check_failed"),
        ("id_no", "123", None, "id_invalid"),
        ("id_no", "K12345678", "K12345678", "id_is_passport"),
        ("id_no", "990101********1234", None, "id_masked"),
        ("email", "wang.mail.example", None, "email_invalid"),
        ("email", "王红@例子", None, "email_invalid"),
        ("email", "wang\x01@x.example", None, "email_invalid"),
        ("email", "a" * 260 + "@x.example", None, "email_invalid"),
        ("email", "wang..hong@x.example", "wang..hong@x.example", "email_unusual"),
        ("email", '"wang hong"@x.example', '"wang hong"@x.example', "email_unusual"),
        ("email", "wang@[192.0.2.1]", "wang@[192.0.2.1]", "email_unusual"),
        ("email", "wang@x.example；王@例子.公司", "wang@x.example", "email_several"),
        ("birth_date", "1990-02-30", None, "date_invalid"),
        ("birth_date", "3/7/1990", None, "date_ambiguous"),
        ("amount", "1e5", None, "amount_invalid"),
        ("uscc", "91990101MA00000000", "91990101MA00000000", "uscc_check_failed"),
    ],
)
def test_a_doubt_is_named_by_its_row_and_never_by_its_value(field, written, value, code):
    result = clean(field, pl.Series([None, written]))
    assert result.values.to_list() == [None, value]
    assert {fault.code: fault.rows.tolist() for fault in result.faults}[code] == [1]
    assert written not in repr(result)


def test_the_second_number_of_a_cell_is_not_lost():
    cells = pl.Series(["13900000000/13911110000", "13900000000", "13900000000、021-62340000", None])
    assert second_phones(cells).to_list() == ["13911110000", None, None, None]


def test_the_second_address_of_a_cell_is_not_lost():
    cells = pl.Series(["a@x.example/王@例子.公司", "a@x.example", "无、b@y.example c@z.example", None, "a@b@c"])
    assert clean("email", cells).values.to_list() == ["a@x.example", "a@x.example", "b@y.example", None, None]
    assert second_emails(cells).to_list() == ["王@例子.公司", None, "c@z.example", None, None]


@given(
    st.lists(
        st.one_of(
            st.none(),
            st.text(max_size=40),
            st.builds("{}@{}.{}".format, st.text(max_size=8), st.text(max_size=8), st.text(max_size=4)),
        ),
        max_size=8,
    )
)
def test_every_cell_gives_an_address_or_is_named_and_cleaning_again_changes_nothing(cells):
    found = clean("email", pl.Series(cells, dtype=pl.String))
    named = {row for fault in found.faults if fault.code == "email_invalid" for row in fault.rows.tolist()}
    for row, (text, value) in enumerate(
        zip(mailboxes(pl.Series(cells, dtype=pl.String))["v"], found.values, strict=True)
    ):
        assert (value is None) == (text is None or row in named)
    again = clean("email", found.values)
    assert again.values.to_list() == found.values.to_list()
    assert {fault.code for fault in again.faults} <= {"email_unusual"}


def keys_of(**columns):
    columns = {name: clean(name, pl.Series(values, dtype=pl.String)).values for name, values in columns.items()}
    return {key.kind: key.values.to_list() for key in person_keys(columns, system="crm")}


def test_an_identity_number_with_a_wrong_check_is_kept_but_recognises_nobody():
    assert cleaned("id_no", BAD_ID)[0] == [BAD_ID]
    assert keys_of(id_no=[ID, BAD_ID, "K12345678"])["id_no"] == [ID, None, None]


def test_a_shared_telephone_alone_joins_nobody():
    keys = keys_of(name=["张三", "李四", "张 三先生", "张*", "王女士"], phone=["139 0000 0000"] * 5)
    assert keys["phone_name"] == ["13900000000|张三", "13900000000|李四", "13900000000|张三", None, None]


def test_one_address_written_three_ways_is_one_key_and_next_door_is_another():
    keys = keys_of(
        name=["张三"] * 5,
        address=[
            "上海市普陀区栖鹭路12弄3栋402室",
            "普陀区栖鹭路１２弄3号楼402室",
            "上海市普陀区栖鹭路12弄3幢402",
            "上海市普陀区栖鹭路12弄3栋403室",
            "上海市普陀区",
        ],
    )["name_address"]
    assert keys[0] == keys[1] == keys[2]
    assert keys[3] not in (None, keys[0])
    assert keys[4] is None


def test_an_address_abroad_is_compared_whole():
    keys = keys_of(name=["Ida Brook"] * 3, address=["12 Main St., Berlin", "12  main st, BERLIN", "Main St., Berlin"])
    assert keys["name_address"] == ["idabrook|12mainstberlin"] * 2 + [None]


def test_a_customer_number_counts_only_within_its_system():
    column = {"customer_ref": pl.Series(["K1", None])}
    first, second = (person_keys(column, system=system)[-1] for system in ("crm", "list"))
    assert (first.values.to_list(), second.values.to_list()) == (["crm|K1", None], ["list|K1", None])
    strengths = [key.strength for key in person_keys(column, system="crm")]
    assert strengths == sorted(strengths, reverse=True)


@pytest.mark.parametrize(
    ("born", "band"),
    [
        ("2012-06-02", "child"),
        ("2012-06-01", "teen"),
        ("2008-06-02", "teen"),
        ("2008-06-01", "adult"),
        ("2026-06-02", "unknown"),
        ("1890-01-01", "unknown"),
        (None, "unknown"),
        ("2008-02-29", "adult"),
    ],
)
def test_the_birthday_itself_decides(born, band):
    assert age_bands(pl.Series([born], dtype=pl.String), as_of=date(2026, 6, 1)).to_list() == [band]


def test_the_identity_number_says_the_date_of_birth_before_the_column_does():
    columns = {"id_no": pl.Series([ID, BAD_ID, None]), "birth_date": pl.Series(["2001-01-01"] * 3)}
    assert birth_dates(columns).to_list() == ["1990-03-07", "2001-01-01", "2001-01-01"]
