"""Playbooks: parsed whole or refused whole, with step and line; closed on predicates and evidence, never on a click."""

from datetime import date

import pytest

from shouxin.ground.formats import playbook
from shouxin.ground.kernel.refusals import Refusal

ACTS = {"notices.send", "cases.decide"}
CHECKS = {"notices.reached_or_announced_share", "rights.open_requests", "cases.decided"}

GOOD = """
[playbook]
id = "small"
edition = "1"
structures = ["asset_sale"]
name = { zh = "小", en = "Small" }

[[question]]
id = "abroad"
name = { zh = "境外？", en = "Abroad?" }

[[question]]
id = "kind"
kind = "choice"
choices = ["shop", "office"]
name = { zh = "类型？", en = "Kind?" }

[[phase]]
id = "tell"
name = { zh = "告知", en = "Tell" }

[[phase]]
id = "decide"
name = { zh = "决定", en = "Decide" }

[[step]]
id = "tell-customers"
name = { zh = "告知客户", en = "Tell the customers" }
phase = "tell"
law = ["PIPL-22a", "SH-9b"]
role = "privacy_officer"
act = "notices.send"
closes_on = ["notices.reached_or_announced_share == 1.0", "rights.open_requests == 0"]
due = "P30WD"

[[step]]
id = "decide"
name = { zh = "决定", en = "Decide" }
phase = "decide"
law = ["PIPL-23"]
role = "owner"
act = "cases.decide"
closes_on = ["cases.decided == true or nothing"]
evidence = ["second_signature"]
needs = ["tell-customers"]
when = 'interview.abroad == false and interview.kind != "office"'
due = "-P5D"
due_from = "closing_day"
"""


def parse(text):
    return playbook.parse(text, acts=ACTS, checks=CHECKS)


def problems(text):
    with pytest.raises(Refusal) as refused:
        parse(text)
    assert refused.value.code == "playbook.invalid"
    return [(problem.where, problem.line, problem.code, problem.word) for problem in refused.value.facts["problems"]]


def test_a_good_playbook_reads_as_it_is_written():
    book = parse(GOOD)
    tell, decide = book.steps
    assert (book.id, book.en, book.structures) == ("small", "Small", ("asset_sale",))
    assert tell.zh == "告知客户"
    assert [str(predicate) for predicate in tell.closes_on] == [
        "notices.reached_or_announced_share == 1.0",
        "rights.open_requests == 0",
    ]
    assert decide.closes_on[0].allows_nothing
    assert book.step("decide") is decide
    with pytest.raises(Refusal, match=r"playbook\.unknown_step"):
        book.step("sell")


def test_the_digest_is_over_the_meaning():
    assert parse(GOOD).digest == parse("# a comment\n" + GOOD.replace("\n\n", "\n\n\n")).digest
    assert parse(GOOD).digest != parse(GOOD.replace("P30WD", "P31WD")).digest


LINE_TELL, LINE_DECIDE = (GOOD[: GOOD.index(f'id = "{id}"\nname')].count("\n") for id in ("tell-customers", "decide"))
LINE_DECIDE = GOOD[: GOOD.rindex('id = "decide"')].count("\n")

FAULTS = [
    ('act = "notices.send"', 'act = "notices.shout"', "tell-customers", "playbook.unknown_act", "notices.shout"),
    ('"rights.open_requests == 0"', '"rights.none == 0"', "tell-customers", "playbook.unknown_check", "rights.none"),
    ('"PIPL-22a"', '"PIPL-99"', "tell-customers", "playbook.unknown_law", "PIPL-99"),
    ('"privacy_officer"', '"king"', "tell-customers", "playbook.unknown_role", "king"),
    ('zh = "告知客户", ', "", "tell-customers", "playbook.name_missing", "zh"),
    ('en = "Tell the customers"', 'en = ""', "tell-customers", "playbook.name_missing", "en"),
    ('phase = "tell"', 'phase = "shout"', "tell-customers", "playbook.unknown_phase", "shout"),
    ('due = "P30WD"', 'due = "30 days"', "tell-customers", "playbook.due", "30 days"),
    ('"second_signature"', '"a click"', "decide", "playbook.unknown_evidence", "a click"),
    ('needs = ["tell-customers"]', 'needs = ["sell"]', "decide", "playbook.unknown_need", "sell"),
    ('"closing_day"', '"doomsday"', "decide", "playbook.unknown_anchor", "doomsday"),
    (
        "interview.abroad ==",
        "interview.weather ==",
        "decide",
        "playbook.unknown_question",
        "interview.weather == false",
    ),
    ('!= "office"', '!= "ship"', "decide", "playbook.unknown_question", 'interview.kind != "ship"'),
    ('needs = ["tell', 'pleasing = 1\nneeds = ["tell', "decide", "playbook.unknown_key", "pleasing"),
    ('law = ["PIPL-23"]', "law = []", "decide", "playbook.key_missing", "law"),
    ("cases.decided == true or", "cases.decided = true or", "decide", "playbook.predicate", None),
]


@pytest.mark.parametrize(("good", "bad", "step", "code", "word"), FAULTS)
def test_each_fault_is_named_with_its_step_and_line(good, bad, step, code, word):
    assert GOOD.count(good) == 1
    found = problems(GOOD.replace(good, bad))
    line = LINE_TELL if step == "tell-customers" else LINE_DECIDE
    assert [problem[:3] for problem in found] == [(step, line, code)]
    assert word is None or found[0][3] == word


def test_all_faults_are_said_at_once():
    broken = (
        GOOD.replace("notices.send", "notices.shout").replace('"PIPL-23"', '"PIPL-0"').replace("asset_sale", "sale")
    )
    assert [problem[2] for problem in problems(broken)] == [
        "playbook.unknown_structure",
        "playbook.unknown_act",
        "playbook.unknown_law",
    ]


def test_a_step_that_closes_on_a_click_is_refused():
    clicked = GOOD.replace('closes_on = ["cases.decided == true or nothing"]\nevidence = ["second_signature"]\n', "")
    assert problems(clicked) == [("decide", LINE_DECIDE, "playbook.closes_on_nothing", "")]


def test_cycles_and_steps_in_the_wrong_order_are_refused():
    cycle = GOOD.replace('due = "P30WD"', 'needs = ["decide"]')
    assert [problem[2] for problem in problems(cycle)] == ["playbook.cycle"]
    later = GOOD.replace('needs = ["tell-customers"]\n', "").replace('due = "P30WD"', 'needs = ["decide"]')
    assert [problem[2] for problem in problems(later)] == ["playbook.need_written_later"]
    backward = GOOD.replace('phase = "decide"', 'phase = "x"').replace('phase = "tell"', 'phase = "decide"')
    backward = backward.replace('phase = "x"', 'phase = "tell"')
    assert [problem[2] for problem in problems(backward)] == ["playbook.need_in_later_phase"]


def test_two_steps_of_one_name_are_refused():
    twice = GOOD.replace('id = "tell-customers"', 'id = "decide"').replace('needs = ["tell-customers"]\n', "")
    assert {problem[2] for problem in problems(twice)} == {"playbook.step_id"}


def test_text_that_is_not_toml_is_refused_with_its_line():
    with pytest.raises(Refusal) as refused:
        parse('[playbook]\nid = "x"\nname = {')
    assert refused.value.code == "playbook.syntax"
    assert refused.value.facts["line"] == 3


@pytest.mark.parametrize(
    ("text", "value", "holds"),
    [
        ("a.b == 0", 0, True),
        ("a.b == 0", 2, False),
        ("a.b == 1.0", 0.999, False),
        ("a.b == 1.0", 1.0, True),
        ("a.b >= 3", 3, True),
        ("a.b < 3", 3, False),
        ("a.b <= 3", 2, True),
        ("a.b > 3", 4, True),
        ("a.b != 3", 4, True),
        ("a.b == true", False, False),
        ('a.b == "K1"', "K1", True),
    ],
)
def test_a_predicate_judges_a_value(text, value, holds):
    assert playbook.parse_predicate(text).holds(value) is holds


@pytest.mark.parametrize(
    "text", ["a == 1", "a.b", "a.b == x", "a.b == ", "a.b > true", 'a.b < "x"', "a.b == 1; c", "__x__.b(1)"]
)
def test_anything_beyond_name_op_literal_is_refused(text):
    with pytest.raises(Refusal, match=r"playbook\.predicate"):
        playbook.parse_predicate(text)


@pytest.mark.parametrize(
    ("text", "value"), [("a.b == 1", True), ("a.b == true", 1), ("a.b == 1", "1"), ('a.b == "x"', 1)]
)
def test_a_value_of_another_kind_is_not_compared(text, value):
    with pytest.raises(Refusal, match=r"playbook\.incomparable"):
        playbook.parse_predicate(text).holds(value)


def test_a_step_applies_by_the_interview_and_when_it_was_not_asked():
    decide = parse(GOOD).step("decide")
    assert decide.applies({"abroad": False, "kind": "shop"})
    assert decide.applies({})
    assert not decide.applies({"abroad": True, "kind": "shop"})
    assert not decide.applies({"abroad": False, "kind": "office"})
    assert [step.id for step in parse(GOOD).in_order({"abroad": True})] == ["tell-customers"]


def test_due_days_count_working_days_and_go_back_from_the_closing_day():
    tell, decide = parse(GOOD).steps
    assert tell.due.day(date(2026, 9, 1)).date == date(2026, 10, 19)
    assert decide.due.day(date(2026, 12, 31)).date == date(2026, 12, 26)
    assert decide.due.anchor == "closing_day"


SHELF = """
[[step]]
id = "ask-lawyer"
phase = "tell"
name = { zh = "问律师", en = "Ask a lawyer" }
law = ["PIPL-23"]
role = "owner"
act = "cases.decide"
evidence = ["document"]
needs = ["tell-customers", "a-step-of-another-book"]
due = "P3WD"
"""


def test_a_shared_step_is_taken_from_the_shelf_and_the_playbooks_own_words_hold_before_it():
    text = GOOD + '\n[[step]]\nuse = "ask-lawyer"\nphase = "decide"\nrole = "privacy_officer"\n'
    book = playbook.parse(text, acts=ACTS, checks=CHECKS, shelf=SHELF)
    step = book.step("ask-lawyer")
    assert (step.zh, step.phase, step.role, step.due.days) == ("问律师", "decide", "privacy_officer", 3)
    assert step.needs == ("tell-customers",)  # a need that this playbook does not carry is left out
    with pytest.raises(Refusal) as caught:
        playbook.parse(text.replace("ask-lawyer", "ask-nobody"), acts=ACTS, checks=CHECKS, shelf=SHELF)
    assert ("playbook.not_on_shelf", "ask-nobody") in [
        (each.code, each.word) for each in caught.value.facts["problems"]
    ]


def test_a_pinned_playbook_is_whole_without_the_shelf():
    text = GOOD + '\n[[step]]\nuse = "ask-lawyer"\nphase = "decide"\n'
    book = playbook.parse(text, acts=ACTS, checks=CHECKS, shelf=SHELF)
    again = playbook.parse(book.whole, acts=ACTS, checks=CHECKS)
    assert (again.digest, again.steps, again.whole) == (book.digest, book.steps, book.whole)


def test_a_branch_of_the_interview_needs_no_question_of_its_own():
    text = GOOD.replace('interview.abroad == false and interview.kind != "office"', "interview.people >= 100000", 1)
    assert text != GOOD
    book = playbook.parse(text, acts=ACTS, checks=CHECKS, branches={"people": "count"})
    asked = next(step for step in book.steps if step.when)
    assert asked.applies({"people": 100_000})
    assert not asked.applies({"people": 99_999})
    with pytest.raises(Refusal, match=r"playbook\.invalid"):
        playbook.parse(text.replace("100000", "true"), acts=ACTS, checks=CHECKS, branches={"people": "count"})
