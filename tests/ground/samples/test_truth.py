"""The truth knows every text that betrays a person, and the texts keep people apart."""

import json
import re
import unicodedata
from collections import defaultdict
from pathlib import Path

import pytest

import shouxin
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.samples import columns, names, trade
from shouxin.ground.samples.identifiers import credit_code_holds
from shouxin.ground.samples.truth import IDENTIFIER_KINDS

from .conftest import Written

ORDINARY = (
    "张三 李四 王五 赵六 小明 客户 姓名 电话 手机 地址 同意 不同意 告知 移交 封存 销毁 证明 "
    "归档 安全 方法 平安 文明 高明 和平 时间 任何 金额 公司 单独 公开 成立 明确 关于 向来 "
    "程序 何时 应当 方便 江南 石家庄 马上 白天 黄金 田地 王国 常用 温和 严格 严重 施行 洪水 "
    "章节 鲁莽 季度 申请 尤其 伍拾 周期 陈述 丁香 范围 顾客 江湖"
)


def _product_words() -> str:
    """All texts that the product itself may print: its source, terms, templates; not this room."""
    root = Path(shouxin.__path__[0])
    kinds = {".py", ".toml", ".html", ".txt", ".typ", ".md", ".po", ".json"}
    own = root / "ground" / "samples"
    files = (path for path in root.rglob("*") if path.suffix in kinds and own not in path.parents)
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(files))


@pytest.mark.parametrize("which", ["company", "shop"])
def test_every_identifier_stands_in_the_files(request, which):
    written = request.getfixturevalue(which)
    cells = list(written.texts())
    as_written = "\n".join(cells)
    bare = "\n".join(re.sub("[ -]", "", unicodedata.normalize("NFKC", cell)) for cell in cells)
    seen = set()
    for _, kind, text in written.truth.identifiers():
        assert text in as_written or (kind in ("phone", "name") and text in bare)
        seen.add(kind)
    assert seen == set(IDENTIFIER_KINDS) - ({"email"} if which == "shop" else set())


def test_every_mobile_identity_number_and_email_in_the_files_is_in_the_truth(company: Written):
    known = {text for _, _, text in company.truth.identifiers()}
    orders = {row["订单号"] for row in company.table(columns.ORDERS_FILE)}
    found = 0
    for cell in company.texts():
        plain = unicodedata.normalize("NFKC", cell)
        for number in re.findall(r"(?<![0-9A-Za-z@.])1[3-9]\d{9}(?!\d)", plain):
            looks_only = number in orders or number.endswith("0000000")
            found += not looks_only
            assert looks_only is number.startswith(("130", "131", "132", "133", "134"))
            assert looks_only or number in known
        for text in re.findall(r"(?<!\d)\d{17}[\dX](?!\d)|[\w.]+@[\w.]+", plain):
            found += not credit_code_holds(text)
            assert text in known or credit_code_holds(text)
    assert found > 1000


def test_rows_of_a_person_carry_that_person(company: Written):
    rows = company.workbook()
    orders = company.table(columns.ORDERS_FILE)
    for person in company.truth.customers():
        for ref in person.rows:
            if ref.file == columns.LIST_FILE:
                assert rows[ref.row - 2]["客户编号"] in person.customer_numbers
            if ref.file == columns.ORDERS_FILE:
                assert orders[ref.row - 2]["客户编号"] in person.customer_numbers
    written = sum(ref.file == columns.ORDERS_FILE for p in company.truth.customers() for ref in p.rows)
    assert written == len(orders)
    assert sum(person.orders for person in company.truth.customers()) == len(orders)


def test_categories_are_those_of_the_filled_columns(company: Written):
    for person in company.truth.customers():
        assert "basic" in person.categories
        assert ("purchase" in person.categories) is (person.orders > 0)
        visited = any(ref.table == "visits" for ref in person.rows)
        assert ("behaviour" in person.categories) is visited
        if person.texts.get("id_no") or person.texts.get("bank_card"):
            assert "sensitive" in person.categories


def test_no_exact_key_joins_two_people_and_each_duplicate_is_joined(company: Written):
    owners = defaultdict(set)
    for person in company.truth.people.values():
        for name in person.texts.get("name", ()):
            for phone in person.texts.get("phone", ()):
                owners["name+phone", name, phone].add(person.key)
            for address in person.texts.get("address", ()):
                owners["name+address", name, address].add(person.key)
        for kind in ("email", "id_no"):
            for text in person.texts.get(kind, ()):
                owners[kind, text.lower()].add(person.key)
    assert all(len(keys) == 1 for keys in owners.values())
    rows = defaultdict(list)
    for row in company.workbook():
        rows[company.truth.person_of(row["客户编号"]).key].append(row)
    for theirs in (pair for pair in rows.values() if len(pair) == 2):
        one, two = (
            {_key(row, "姓名", "手机号码"), _key(row, "身份证号"), _key(row, "电子邮箱")} - {""} for row in theirs
        )
        assert one & two


def _key(row: dict[str, str], *headers: str) -> str:
    texts = [unicodedata.normalize("NFKC", row[header]).replace(" ", "").replace("-", "").lower() for header in headers]
    texts = [re.sub(r"^(?:\+86|0086)|(?:女士|先生)$", "", text) for text in texts]
    return "|".join(texts) if all(texts) else ""


def test_no_name_hides_inside_another_or_in_what_workers_write(company: Written):
    known = {text for _, kind, text in company.truth.identifiers() if kind == "name"}
    short = {name for name in known if len(name) <= 3}
    pieces = {
        name[start:end]
        for name in known
        for start in range(len(name))
        for end in range(start + 2, len(name) + 1)
        if (start, end) != (0, len(name))
    }
    assert not short & pieces
    surnames = {sign for name, _ in names.SURNAMES for sign in name}
    given = {sign for table in (names.SINGLE, names.OPENING, names.CLOSING, names.RARE) for sign, _ in table}
    assert not surnames & given
    assert not {sign for sign, _ in names.SINGLE} & {sign for sign, _ in names.OPENING}
    sentences = " ".join(
        text
        for each in (trade.HOUSEKEEPING, trade.INSTRUMENTS, trade.GRAPHICS)
        for text in (*each.requirements, *each.plain_notes, *each.number_notes, *each.households)
    )
    assert not any(name in sentences for name in known)


def test_no_identifier_is_a_word_of_the_product(company: Written, shop: Written):
    words = _product_words() + ORDINARY
    assert "单独同意" in words
    for written in (company, shop):
        texts = {text for _, _, text in written.truth.identifiers()}
        assert [text for text in texts if text in words] == []


def test_only_their_own_texts_remain_when_shared_ones_are_left_out(company: Written):
    pair = next(p for p in company.truth.customers() if "shared_phone" in p.marks)
    everything = {text for _, _, text in company.truth.identifiers([pair.key])}
    own = {text for _, _, text in company.truth.identifiers([pair.key], only_theirs=True)}
    others = {text for _, _, text in company.truth.identifiers(set(company.truth.people) - {pair.key})}
    assert own == everything - others
    assert own < everything


def test_strangers_go_with_the_only_customers_who_named_them(company: Written):
    stranger = next(p for p in company.truth.people.values() if p.kind == "third_party")
    assert len(stranger.mentioned_by) == 1
    assert stranger.key in company.truth.with_mentioned(stranger.mentioned_by)
    assert stranger.key not in company.truth.with_mentioned([])
    staff = [p for p in company.truth.people.values() if p.kind == "staff"]
    assert staff
    assert not {p.key for p in staff} & {key for key, _, _ in company.truth.identifiers()}


def test_the_truth_is_written_outside_the_company_only(company: Written, tmp_path):
    with pytest.raises(Refusal) as inside:
        company.truth.write_json(company.folder / "deep" / "truth.json", company_folder=company.folder)
    assert inside.value.code == "samples.truth_inside"
    company.truth.write_json(tmp_path / "truth.json", company_folder=company.folder)
    told = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    assert len(told["people"]) == len(company.truth.people)
    assert told["as_of"] == "2026-11-23"


def test_it_prints_no_value(company: Written):
    person = company.truth.customers()[0]
    assert person.name not in repr(person)
    assert "‹sealed›" in repr(person)
    assert person.name not in repr(company.truth)


def test_it_refuses_an_unknown_customer_number(company: Written):
    with pytest.raises(Refusal) as unknown:
        company.truth.person_of("KH999999")
    assert unknown.value.code == "samples.unknown_customer"
