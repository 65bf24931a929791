"""The company's files are those a real one has: formats, counts, shares, and every special kind of person."""

import re
import zipfile
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.samples import columns, write_company
from shouxin.ground.samples.identifiers import credit_code_holds, id_check_holds, luhn_holds
from shouxin.ground.samples.names import RARE_SIGNS

from .conftest import AS_OF, CUSTOMERS, Written


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_same_seed_writes_the_same_bytes_and_another_seed_other_people(tmp_path):
    folders = [tmp_path / name for name in ("first", "again", "other")]
    truths = [
        write_company(folder, customers=60, seed=seed, as_of=AS_OF)
        for folder, seed in zip(folders, (5, 5, 6), strict=True)
    ]
    first, again, other = (_contents(folder) for folder in folders)
    assert first == again
    assert truths[0]._plain() == truths[1]._plain()
    assert first[columns.ORDERS_FILE] != other[columns.ORDERS_FILE]
    phones = [{text for _, kind, text in truth.identifiers() if kind == "phone"} for truth in truths]
    assert len(phones[0] & phones[2]) < len(phones[0]) / 50


def test_the_folder_holds_the_six_files_and_nothing_else(company: Written):
    assert sorted(_contents(company.folder)) == sorted(columns.COMPANY_FILES)


def test_the_counts_are_the_ones_asked_for(company: Written):
    counts = company.truth.row_counts
    assert len(company.truth.customers()) == CUSTOMERS
    assert len(company.table(columns.ORDERS_FILE)) == counts[columns.ORDERS_FILE] == 4 * CUSTOMERS
    twice = sum("duplicate" in person.marks for person in company.truth.customers())
    assert len(company.workbook()) == counts[columns.LIST_FILE] == CUSTOMERS + twice
    for table in columns.CRM_COLUMNS:
        assert company.crm(f"SELECT count(*) FROM {table}")[0][0] == counts[f"{columns.CRM_FILE}/{table}"] > 0


def test_the_number_of_orders_can_be_told(tmp_path):
    truth = write_company(tmp_path, customers=40, seed=3, as_of=AS_OF, orders=7)
    assert truth.row_counts[columns.ORDERS_FILE] == sum(person.orders for person in truth.customers()) == 7


@pytest.mark.parametrize(
    ("file", "headers"),
    [
        (columns.ORDERS_FILE, tuple(columns.ORDER_COLUMNS)),
        (columns.BOXES_FILE, columns.BOX_COLUMNS),
        (columns.CONTRACTS_FILE, columns.CONTRACT_COLUMNS),
        (columns.GOODS_FILE, columns.GOODS_COLUMNS),
    ],
)
def test_each_csv_has_its_columns(company: Written, file, headers):
    assert tuple(company.table(file)[0]) == headers


def test_the_workbook_holds_strings_only_so_no_digit_is_lost(company: Written):
    assert tuple(company.workbook()[0]) == tuple(columns.LIST_COLUMNS)
    with zipfile.ZipFile(company.folder / columns.LIST_FILE) as book:
        cells = re.findall(rb"<c [^>]*>", book.read("xl/worksheets/sheet1.xml"))
        assert f'name="{columns.LIST_SHEET}"'.encode() in book.read("xl/workbook.xml")
    assert len(cells) > CUSTOMERS * 8
    assert all(b't="inlineStr"' in cell or b't="s"' in cell for cell in cells)


def test_the_order_book_is_gb18030_and_nothing_less(tmp_path):
    write_company(tmp_path, customers=400, seed=2, as_of=AS_OF)
    raw = (tmp_path / columns.ORDERS_FILE).read_bytes()
    text = raw.decode("gb18030")
    assert any(ord(sign) > 0xFFFF for sign in text), "a character beyond the basic plane: four bytes in GB18030"
    for narrower in ("utf-8", "gbk"):
        with pytest.raises(UnicodeDecodeError):
            raw.decode(narrower)


def test_the_other_csvs_carry_the_mark_that_spreadsheets_write(company: Written):
    for file in (columns.BOXES_FILE, columns.CONTRACTS_FILE, columns.GOODS_FILE):
        assert (company.folder / file).read_bytes().startswith(b"\xef\xbb\xbf")


def test_order_numbers_look_like_mobiles_and_are_nobodys(company: Written):
    numbers = [row["订单号"] for row in company.table(columns.ORDERS_FILE)]
    phones = {text for _, kind, text in company.truth.identifiers() if kind == "phone"}
    assert len(set(numbers)) == len(numbers)
    assert all(re.fullmatch(r"13\d{9}", number) for number in numbers)
    assert not phones & set(numbers)


def test_identity_numbers_credit_codes_and_cards_pass_their_checks(company: Written):
    held = {"身份证号": 0, "统一社会信用代码": 0, "银行卡号": 0}
    for row in company.workbook():
        person = company.truth.person_of(row["客户编号"])
        if row["身份证号"] and "foreign" not in person.marks:
            held["身份证号"] += 1
            assert id_check_holds(row["身份证号"]) is ("id_slip" not in person.marks)
            date(int(row["身份证号"][6:10]), int(row["身份证号"][10:12]), int(row["身份证号"][12:14]))
        if row["统一社会信用代码"]:
            held["统一社会信用代码"] += 1
            assert credit_code_holds(row["统一社会信用代码"])
            assert row["统一社会信用代码"].startswith("92") is ("sole_trader" in person.marks)
        if row["银行卡号"]:
            held["银行卡号"] += 1
            assert luhn_holds(row["银行卡号"])
    assert min(held.values()) >= 5


def test_the_birth_date_agrees_with_the_identity_number(company: Written):
    seen = 0
    for row in company.workbook():
        if row["出生日期"] and len(row["身份证号"]) == 18:
            parts = [int(part) for part in re.findall(r"\d+", row["出生日期"])]
            assert date(*parts).strftime("%Y%m%d") == row["身份证号"][6:14]
            seen += 1
    assert seen > 20


def test_channels_differ_in_the_stated_shares(tmp_path):
    truth = write_company(tmp_path, customers=2000, seed=4, as_of=AS_OF, orders=2000)
    reach = Counter(
        "both" if "email" in p.channels else "phone" if "phone" in p.channels else "address" if p.channels else "none"
        for p in truth.customers()
    )
    for kind, share in (("both", 0.55), ("phone", 0.30), ("address", 0.10), ("none", 0.05)):
        assert reach[kind] / 2000 == pytest.approx(share, abs=0.005)


def test_orders_leave_some_without_any_and_some_beyond_the_tax_period(company: Written):
    people = company.truth.customers()
    never = [p for p in people if not p.orders]
    beyond = [p for p in people if p.newest_order_on and p.newest_order_on < AS_OF.replace(year=AS_OF.year - 11)]
    assert len(never) / len(people) == pytest.approx(0.30, abs=0.01)
    assert 0.02 <= len(beyond) / len(people) <= 0.06
    assert all(p.newest_order_on < AS_OF for p in people if p.newest_order_on)
    assert sum(p.prepaid_fen > 0 for p in people) == 6
    assert sum(p.keys_held for p in people) == 3


def test_balances_and_keys_stand_on_the_newest_order(company: Written):
    rows = company.table(columns.ORDERS_FILE)
    with_balance = [row for row in rows if float(row["预付余额"]) > 0]
    assert Counter(company.truth.person_of(row["客户编号"]).key for row in with_balance) == Counter(
        p.key for p in company.truth.customers() if p.prepaid_fen
    )
    assert sum(row["代管钥匙"] == "是" for row in rows) == sum(p.keys_held for p in company.truth.customers())


@pytest.mark.parametrize(
    "mark",
    [
        "minor",
        "child_of_unknown_age",
        "dead",
        "foreign",
        "sole_trader",
        "duplicate_by_phone",
        "duplicate_by_id",
        "duplicate_by_email",
        "rare_character",
        "full_width",
        "phone_prefix_or_spaces",
        "several_phones",
        "shared_phone",
        "name_slip",
        "id_slip",
        "email_slip",
        "phone_slip",
        "phone_word",
        "blank_contact",
        "never_ordered",
        "ordered_long_ago",
        "prepaid",
        "keys_held",
        "door_code_in_note",
        "member_in_note",
        "third_person_in_note",
    ],
)
def test_a_company_of_three_hundred_shows_every_special_kind(company: Written, mark):
    assert any(mark in person.marks for person in company.truth.customers())


def test_the_special_kinds_show_in_the_rows(company: Written):
    rows = company.workbook()
    assert any(set(row["姓名"]) & set(RARE_SIGNS) for row in rows)
    assert any(re.search("[0-9]", row["手机号码"]) for row in rows)
    assert any(row["手机号码"].startswith(("+86", "0086")) for row in rows)
    assert any(row["语言"] == "en" and row["姓名"].isascii() for row in rows)
    assert any(row["在世状态"] == "已故" for row in rows)
    assert any(row["监护人姓名"] and row["监护人电话"] for row in rows)
    homes = Counter(row["家庭住址"] for row in rows if row["家庭住址"])
    lines = Counter(row["备用电话"] for row in rows if "-" in row["备用电话"])
    assert max(homes.values()) >= 2
    assert max(lines.values()) >= 2
    notes = " ".join(note for (note,) in company.crm("SELECT note FROM visits"))
    assert re.search(r"1[3-9]\d{9}", notes)
    assert re.search(r"(?:门锁密码|门禁)\d{6}", notes)


def test_minors_bands_and_guardians_agree(company: Written):
    bands = Counter(person.age_band for person in company.truth.customers())
    assert bands["child"] >= 2
    assert bands["teen"] >= 1
    for person in company.truth.customers():
        assert bool(person.guardian) is (person.age_band != "adult")
        if person.guardian:
            guardian = company.truth.people[person.guardian]
            assert guardian.age_band == "adult"
            assert person.key in guardian.mentioned_by
            assert guardian.household == person.household


def test_the_crm_keeps_its_references(company: Written):
    assert company.crm("PRAGMA foreign_key_check") == []
    targets = company.crm('SELECT "table", "to" FROM pragma_foreign_key_list(\'visits\')')
    assert targets == [("customers", "id")]
    numbers = {number for (number,) in company.crm("SELECT customer_no FROM customers")}
    assert numbers <= {row["客户编号"] for row in company.workbook()}


def test_every_contract_lies_in_one_box_and_the_boxes_count_them(company: Written):
    contracts, boxes = company.table(columns.CONTRACTS_FILE), company.table(columns.BOXES_FILE)
    inside = Counter(row["箱号"] for row in contracts)
    of_contracts = [box for box in boxes if box["内容"] == "合同"]
    assert {box["箱号"]: int(box["份数"]) for box in of_contracts} == dict(inside)
    ranges = {box["箱号"]: (box["起始合同编号"], box["截止合同编号"]) for box in of_contracts}
    assert all(ranges[row["箱号"]][0] <= row["合同编号"] <= ranges[row["箱号"]][1] for row in contracts)
    known = {row["合同编号"] for row in contracts}
    cited = {row["合同编号"]: row["客户编号"] for row in company.table(columns.ORDERS_FILE) if row["合同编号"]}
    assert set(cited) <= known
    assert {box["内容"] for box in boxes} == {"合同", "收据", "上门单"}


def test_goods_with_customers_information_await_their_four_steps(company: Written):
    goods = company.table(columns.GOODS_FILE)
    assert {good["有无客户信息"] for good in goods} == {"有", "无"}
    assert all(good[step] == "" for good in goods for step in ("取出", "清除", "核对", "交付"))
    things = {good["物品"] for good in goods}
    assert {"电脑", "SIM卡", "店铺号码", "微信账号", "文件柜", "U盘"} <= things
    assert len({good["编号"] for good in goods}) == len(goods)


def test_it_refuses_a_folder_in_use_and_too_few_customers(company: Written, tmp_path):
    with pytest.raises(Refusal) as in_use:
        write_company(company.folder, customers=60, seed=1, as_of=AS_OF)
    assert in_use.value.code == "samples.folder_in_use"
    assert in_use.value.facts["files"] == list(columns.COMPANY_FILES)
    with pytest.raises(Refusal) as few:
        write_company(tmp_path / "new", customers=19, seed=1, as_of=AS_OF)
    assert few.value.code == "samples.too_few"
    assert not (tmp_path / "new").exists()
