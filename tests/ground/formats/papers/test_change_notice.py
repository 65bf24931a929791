"""Notices that ask for nothing: whole in four forms and both languages, and what they lack is found by its article."""

from dataclasses import replace
from datetime import date

import pytest

from shouxin.ground.formats import papers
from shouxin.ground.formats.papers import Change, ChangeFacts, ChangeWording
from shouxin.ground.kernel.refusals import Refusal

FACTS = ChangeFacts(
    shop="青禾仪器",
    company="青禾仪器有限公司",
    contact="021-00000001",
    address="样例市样例区示范路9号",
    effective_on=date(2027, 1, 4),
    changes=(Change("address", "样例市样例区示范路1号", "样例市样例区示范路9号"),),
    recipient="白石仪器有限公司",
    recipient_contact="021-00000002",
    ask_until=date(2026, 12, 25),
)
WORDING = {
    "zh": ChangeWording(business="仪器销售和维修", settlement="已下的订单和保修照常履行"),
    "en": ChangeWording(business="selling and repairing instruments", settlement="Orders and warranties are honoured"),
}


def text(structure, language="zh", **changed):
    if structure in ("merger_division", "deregistration"):
        changed = {"changes": (), **changed}
    return papers.change_text(replace(FACTS, **changed), WORDING[language], language=language, structure=structure)


def lacking(told, form, old, new):
    """What is missing once some words of one form are others."""
    assert old in told.forms[form]
    forms = {**told.forms, form: told.forms[form].replace(old, new)}
    return [(each.code, each.facts["form"]) for each in papers.missing_in(replace(told, forms=forms))]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("structure", papers.TOLD_STRUCTURES)
def test_every_notice_is_whole_in_every_form(structure, language):
    told = text(structure, language)
    assert papers.missing_in(told) == ()
    assert not told.has_link
    assert told.elements["asks"] is False
    for form in papers.FORMS:  # nobody is asked; the code says who is calling, and an announcement is to nobody
        filled = told.fill(form, code="7QX2M9KD")
        assert "{" not in filled
        assert ("7QX2M9KD" in filled) is (form != "announcement")
    assert len(told.forms["short"]) <= papers.SHORT_LIMIT[language]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_changed_is_named_with_its_old_and_new_value(language):
    told = text("equity", language, changes=(*FACTS.changes, Change("contact", "021-00000001", "021-00000009")))
    for form in papers.FORMS:
        for words in ("示范路1号", "示范路9号", "021-00000009"):
            assert words in told.forms[form]


@pytest.mark.parametrize(
    ("structure", "form", "old", "new", "code"),
    [
        ("address", "short", "示范路9号", "新地址", "notice.changed"),
        ("address", "long", "021-00000001", "前台", "notice.sender"),
        ("equity", "phone", "2027年1月4日", "明年", "notice.effective_on"),
        ("merger_division", "short", "021-00000002", "前台", "notice.element"),
        ("merger_division", "announcement", "白石仪器有限公司", "新公司", "notice.element"),
        ("deregistration", "long", "021-00000002", "前台", "notice.element"),
        ("address", "short", "您不必做什么", "新客户办卡八折优惠", "notice.sells"),
        ("equity", "long", "您也不必答复", "逾期未回复视为同意", "notice.silence"),
        ("deregistration", "phone", "要复制资料", "请把验证码发给我们，要复制资料", "notice.asks_secret"),
        ("address", "long", "照常", "待定", "notice.placeholder"),
    ],
)
def test_what_a_form_lacks_or_may_not_contain_is_found(structure, form, old, new, code):
    assert (code, form) in lacking(text(structure), form, old, new)


def test_silence_is_called_consent_in_no_language():
    told = text("address", "en")
    said = "If you do not reply your silence is taken as consent."
    assert ("notice.silence", "long") in lacking(told, "long", "no answer.", f"no answer. {said}")


@pytest.mark.parametrize(
    ("structure", "changed", "missing"),
    [
        ("address", {"changes": ()}, ["changes"]),
        ("address", {"changes": (Change("address", "", "新"),)}, ["changes.address"]),
        ("merger_division", {"recipient": "", "ask_until": None}, ["ask_until", "recipient"]),
        ("deregistration", {"recipient_contact": "", "shop": ""}, ["recipient_contact", "shop"]),
    ],
)
def test_facts_that_are_missing_are_named_all_at_once(structure, changed, missing):
    with pytest.raises(Refusal) as caught:
        text(structure, **changed)
    assert (caught.value.code, caught.value.facts["missing"]) == ("papers.facts_missing", missing)


def test_a_fact_with_braces_is_refused_and_an_unknown_structure_too():
    with pytest.raises(Refusal, match=r"papers\.braces"):
        text("address", shop="{contact}")
    with pytest.raises(Refusal, match=r"papers\.no_template"):
        text("asset_sale")
