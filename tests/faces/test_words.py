"""Sentences and labels: facts told as the reader writes them, in the language asked for, never a silent hole."""

from datetime import UTC, date, datetime

import pytest

from shouxin.faces import words
from shouxin.ground.formats.playbook import Problem
from shouxin.ground.kernel.findings import Missing

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (["a", "b"], "a、b", "a, b"),
        ((), "", ""),
        (True, "是", "yes"),
        (date(2026, 12, 31), "2026年12月31日", "2026-12-31"),
        (datetime(2026, 12, 22, 16, 0, tzinfo=UTC), "2026年12月23日 00:00", "2026-12-23 00:00"),  # midnight in China
        ("2026-12-22T16:00:00Z", "2026年12月23日 00:00", "2026-12-23 00:00"),
        (DIGEST, "sha256:abababababab", "sha256:abababababab"),
        (1234, "1234", "1234"),
    ],
)
def test_a_fact_is_told_as_the_reader_writes_it(value, zh, en):
    for told, text in (("zh", zh), ("en", en)):
        assert text in words.sentence("cases.pack_exists", {"file": value}, in_language=told)


def test_closed_words_are_told_by_the_houses_own_terms():
    facts = {"role": "clerk", "purpose": "reveal", "categories": ["basic", "sensitive"]}
    zh = words.sentence("access.beyond", facts, in_language="zh")
    en = words.sentence("access.beyond", facts, in_language="en")
    assert zh == "经办人为“查看原值”不能看这几类信息：基本信息、敏感个人信息。请由有权限的人办理。"
    assert "Clerk" in en
    assert "Sensitive information" in en
    # a value that is no word of the list stays as it is
    assert "「" not in words.sentence("access.unknown_role", {"role": "king"}, in_language="zh")
    assert "king" in words.sentence("access.unknown_role", {"role": "king"}, in_language="zh")


def test_what_is_missing_is_told_in_its_own_sentences():
    lacks = [
        {"code": "notice.element", "element": "purpose", "form": "short"},
        {"code": "notice.reply_code", "form": "long"},
    ]
    told = words.sentence("notices.text_incomplete", {"language": "zh", "missing": lacks}, in_language="zh")
    assert "处理目的" in told
    assert "短信" in told
    assert "；" in told
    assert "code" not in told
    again = words.sentence("transfer.agreement_incomplete", {"missing": [Missing("parties.no_card")]}, in_language="en")
    assert "no card yet" in again
    wrong = Problem(where="collect", line=7, code="unknown_act", word="dance")
    assert "dance" in words.sentence("playbook.invalid", {"problems": [wrong]}, in_language="en")


def test_long_lists_end_with_their_number():
    told = words.sentence("cases.steps_open", {"steps": [f"step-{number}" for number in range(40)]}, in_language="zh")
    assert "等 40 项" in told
    assert "step-39" not in told


def test_an_unknown_code_is_shown_and_a_missing_fact_is_a_dash():
    assert words.sentence("no.such_code", {"a": 1}) == "no.such_code (a=1)"
    assert words.sentence("no.such_code", {}) == "no.such_code"
    assert "—" in words.sentence("cases.closed", {}, in_language="en")


def test_braces_in_a_fact_are_only_text():
    assert "{file}" in words.sentence("cases.pack_exists", {"file": "{file}"}, in_language="en")


def test_labels_fall_back_to_the_houses_terms_and_then_to_the_id():
    assert words.label("field.phone", in_language="en") == "Mobile number"
    assert words.label("role.clerk", in_language="zh") == "经办人"
    assert words.label("scan:Sheet1", in_language="en") == "Scan Sheet1"
    assert words.label("nothing_like_it") == "nothing_like_it"


@pytest.mark.parametrize(("set_to", "told"), [("en", "en"), ("zh", "zh"), ("fr", "zh"), ("", "zh")])
def test_the_language_is_chosen_by_the_environment_and_chinese_else(monkeypatch, set_to, told):
    monkeypatch.setenv("SHOUXIN_LANGUAGE", set_to)
    assert words.language() == told
