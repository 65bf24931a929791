"""The field's words: whole in both languages, and nothing else passes."""

import pytest

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook import terms


def test_every_word_has_both_languages_and_web_md_words_are_there():
    assert len(terms.terms()) > 150
    assert all(word.zh and word.en for word in terms.terms().values())
    assert terms.term("verdict.hand_over").zh == "移交"
    assert terms.term("separate_consent").zh == "单独同意"
    assert terms.term("certificate").say("zh") == "销毁证明"


def test_categories_stand_in_the_order_of_the_vault_compartments():
    kinds = list(terms.categories().values())
    assert [kind.compartment for kind in kinds] == list(range(7))
    assert kinds[4].id == "sensitive"


def test_fields_know_their_category_and_sensitive_kind():
    assert terms.fields()["bank_card"].sensitive_kind == "account"
    assert terms.fields()["name"].sensitive_kind is None
    assert {field.category for field in terms.fields().values()} <= set(terms.categories())


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ('a = { zh = "甲" }', ["en"]),
        ('a = { en = "A" }', ["zh"]),
        ('[group]\na = { zh = " ", en = "" }', ["zh", "en"]),
    ],
)
def test_half_a_word_is_refused(text, missing):
    with pytest.raises(Refusal) as refused:
        terms.parse_terms(text)
    assert refused.value.code == "terms.half"
    assert refused.value.facts["missing"] == missing


def test_half_a_field_and_a_field_of_an_unknown_kind_are_refused():
    head = '[categories]\nbasic = { compartment = 0, zh = "基", en = "B" }\n'
    head += '[levels]\np = { zh = "公", en = "P" }\n[sensitive_kinds]\n'
    good = head + '[fields.x]\ncategory = "basic"\nlevel = "p"\nzh = "甲"\nen = "X"\n'
    assert terms.parse_fields(good)["x"].category == "basic"
    with pytest.raises(Refusal, match=r"terms\.half"):
        terms.parse_fields(good.replace('en = "X"\n', ""))
    with pytest.raises(Refusal, match=r"terms\.unknown_word"):
        terms.parse_fields(good.replace('category = "basic"', 'category = "basis"'))


def test_a_reason_says_its_sentence_and_asks_for_its_facts():
    reason = terms.reasons()["gates.A24.ask"]
    sentence = reason.say("zh", recipient="乙店", category="购买信息")
    assert "乙店" in sentence
    assert "单独同意" in sentence
    with pytest.raises(Refusal, match=r"terms\.facts_missing"):
        reason.say("en", recipient="B")
    with pytest.raises(Refusal, match=r"terms\.no_such_language"):
        reason.say("fr", recipient="B", category="c")


def test_a_reason_whose_languages_use_other_facts_than_declared_is_refused():
    with pytest.raises(Refusal, match=r"terms\.placeholders"):
        terms.parse_reasons('["x"]\nfacts = ["a"]\nzh = "{a}"\nen = "{b}"\n')


def test_an_unknown_word_is_refused():
    with pytest.raises(Refusal, match=r"terms\.unknown"):
        terms.term("verdict.perhaps")
