"""The notice: whole in each form and language, short enough, without a link unless there is an address."""

from dataclasses import replace
from datetime import date

import pytest

from shouxin.ground.formats import papers
from shouxin.ground.formats.papers.notice import from_plain
from shouxin.ground.kernel.canonical import decode, encode
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook import terms

FACTS = papers.NoticeFacts(
    shop="青禾家政",
    company="青禾家政服务部",
    contact="021-00000001",
    address="测试市样例区甲一路1号",
    recipient="云杉家庭服务有限公司",
    recipient_contact="021-00000002",
    closing_on=date(2026, 12, 31),
    answer_by=date(2026, 12, 22),
    kinds={"basic": ("name", "phone", "address"), "purchase": ("order_no", "item")},
)
SENSITIVE = {**FACTS.kinds, "sensitive": ("door_code", "bank_card", "health")}
WORDING = papers.Wording(
    business="上门保洁业务",
    goods="门店设备",
    purposes=("继续为您安排上门服务",),
    methods=("接收、存储，用于联系和派单",),
    period="服务结束后一年",
    settlement="退款和未完成的服务",
    necessity="上门服务需要开门",
    impact="泄露可能危及住家安全",
)
ENGLISH = papers.Wording(
    business="home cleaning",
    goods="the shop's equipment",
    purposes=("keep arranging your visits",),
    methods=("receive, store, use to contact you",),
    period="one year after service ends",
    settlement="refunds and unfinished visits",
    necessity="visits need the door opened",
    impact="a leak could endanger your home",
)
WORDS = {"zh": WORDING, "en": ENGLISH}
ADDRESS = "https://notice.qinghe.example"


@pytest.mark.parametrize("language", terms.LANGUAGES)
@pytest.mark.parametrize("kinds", [FACTS.kinds, SENSITIVE], ids=["plain", "sensitive"])
@pytest.mark.parametrize("address", ["", ADDRESS], ids=["paper", "link"])
def test_every_form_misses_nothing_and_offers_a_link_only_with_an_address(language, kinds, address):
    text = papers.notice_text(replace(FACTS, kinds=kinds, public_address=address), WORDS[language], language=language)
    assert papers.missing_in(text) == ()
    assert text.has_link is bool(address)
    assert papers.LINK_SLOT not in text.forms["announcement"]
    assert "{code}" not in text.forms["announcement"]
    for form in ("long", "short", "phone"):
        filled = text.fill(form, code="7QX2-M9KD", link=f"{address}/n/x" if address else "")
        assert "7QX2-M9KD" in filled
        assert "{" not in filled
        assert ("http" in filled) is bool(address)


def test_the_short_form_fits_by_naming_kinds_by_category_when_their_fields_are_too_many():
    few = papers.notice_text(replace(FACTS, kinds={"basic": ("name",)}), WORDING, language="zh")
    assert "基本信息（姓名）" in few.forms["short"]
    every = {
        category: tuple(each.id for each in terms.fields().values() if each.category == category)
        for category in ("basic", "purchase", "need", "behaviour")
    }
    many = papers.notice_text(replace(FACTS, kinds=every), WORDING, language="zh")
    assert "基本信息、购买信息、需求信息、行为信息" in many.forms["short"]
    assert len(many.forms["short"]) <= papers.SHORT_LIMIT["zh"] + 10
    # The long form names every field.
    assert all(terms.fields()[field].zh in many.forms["long"] for fields in every.values() for field in fields)
    with pytest.raises(Refusal) as refused:
        papers.notice_text(FACTS, replace(WORDING, purposes=("继续为您安排上门服务" * 20,)), language="zh")
    assert refused.value.code == "papers.too_long"


@pytest.mark.parametrize(
    ("facts", "wording", "code"),
    [
        ({"contact": "", "shop": ""}, {}, "papers.facts_missing"),
        ({}, {"purposes": ()}, "papers.facts_missing"),
        ({"kinds": SENSITIVE}, {"necessity": ""}, "papers.sensitive_unexplained"),
        ({"recipient": "云杉{link}"}, {}, "papers.braces"),
    ],
)
def test_it_refuses_facts_that_would_leave_a_hole(facts, wording, code):
    with pytest.raises(Refusal) as refused:
        papers.notice_text(replace(FACTS, **facts), replace(WORDING, **wording), language="zh")
    assert refused.value.code == code


def test_all_that_is_missing_is_named_at_once():
    with pytest.raises(Refusal) as refused:
        papers.notice_text(replace(FACTS, contact="", shop=""), replace(WORDING, period=""), language="zh")
    assert refused.value.facts["missing"] == ["contact", "period", "shop"]


def test_a_text_is_the_same_after_storing_and_its_digest_changes_with_one_word():
    text = papers.notice_text(FACTS, WORDING, language="zh")
    assert from_plain(decode(encode(text.plain))) == text
    other = papers.notice_text(replace(FACTS, contact="021-00000009"), WORDING, language="zh")
    assert other.digest != text.digest


def test_a_link_is_asked_for_where_the_text_offers_one():
    text = papers.notice_text(replace(FACTS, public_address=ADDRESS), WORDING, language="zh")
    with pytest.raises(Refusal, match=r"papers\.link_missing"):
        text.fill("short", code="7QX2-M9KD")


@pytest.mark.parametrize("kinds", [SENSITIVE, {"basic": ("name",), "sensitive": ("bank_card",)}], ids=["many", "one"])
@pytest.mark.parametrize("asking", ["请提供银行卡号。", "请发来您的银行卡。", "请告诉我们门锁密码。"])
def test_naming_a_bank_card_among_the_kinds_asks_nobody_for_one_but_asking_does(kinds, asking):
    text = papers.notice_text(replace(FACTS, kinds=kinds), WORDING, language="zh")
    assert "银行卡号" in text.forms["long"]
    assert papers.missing_in(text) == ()
    asked = replace(text, forms={**text.forms, "long": text.forms["long"] + asking})
    assert [(each.code, each.facts["form"]) for each in papers.missing_in(asked)] == [("notice.asks_secret", "long")]


def test_no_template_no_text():
    with pytest.raises(Refusal, match=r"papers\.no_template"):
        papers.notice_text(FACTS, WORDING, language="fr")
    with pytest.raises(Refusal, match=r"papers\.no_template"):
        papers.notice_text(FACTS, WORDING, language="zh", structure="merger")
