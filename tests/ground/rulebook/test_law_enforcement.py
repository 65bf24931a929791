"""How each duty is enforced, held against what exists."""

import importlib
import tomllib

import pytest

from shouxin.cases.checks import CHECKS
from shouxin.ground.kernel.refusals import Corrupt
from shouxin.ground.rulebook import law, retention
from shouxin.ground.rulebook.gates import codes
from shouxin.ground.rulebook.gates.outcomes import OUTCOMES
from shouxin.ground.rulebook.gates.tables import TABLE_A, TABLE_B
from shouxin.ground.rulebook.law.enforcement import beyond_law, enforcement, read_enforcements
from tests.ground.rulebook import law_page

DUTIES = sorted(law.shipped().obligations)
TABLE = {id: told for id, told in law.enforcements().items() if told.is_enforced}
ROWS = {row.id: row for row in (*TABLE_A, *TABLE_B)}


def _cited_by(row):
    """The articles that the rulings of a row rest on."""
    ruled = [
        ruling
        for ruling in OUTCOMES
        if ruling.outcome.name.startswith(f"{row}_") and ruling.code != "gates.not_decided_here"
    ]
    return {law.current().article_of(id) for ruling in ruled for id in ruling.law}


@pytest.mark.parametrize("id", DUTIES)
def test_every_duty_is_enforced_or_says_why_not(id):
    told = enforcement(id)
    assert told.is_enforced != (told.registered is not None)


@pytest.mark.parametrize("id", TABLE)
def test_a_duty_is_enforced_by_checks_that_exist(id):
    assert [name for name in TABLE[id].checks if name not in CHECKS] == []


@pytest.mark.parametrize("id", [id for id, told in TABLE.items() if told.gates])
def test_a_duty_is_enforced_by_gate_rows_that_decide_and_cite_its_article(id):
    for name in TABLE[id].gates:
        assert name in ROWS
        assert law.obligation(id).article_id in _cited_by(name), name


def test_a_duty_of_a_gate_row_stands_behind_a_check_too():
    assert [id for id, told in TABLE.items() if told.gates and not told.checks] == []


@pytest.mark.parametrize("id", [id for id, told in TABLE.items() if told.windows])
def test_a_duty_is_enforced_by_windows_that_rest_on_its_article(id):
    windows = law.current().windows.windows
    for name in TABLE[id].windows:
        assert law.obligation(id).article_id in {law.current().article_of(source) for source in windows[name].law}, name


@pytest.mark.parametrize("id", [id for id, told in TABLE.items() if told.retention])
def test_a_duty_is_enforced_by_retention_rules_that_exist(id):
    assert [name for name in TABLE[id].retention if name not in retention.classes()] == []


@pytest.mark.parametrize("id", [id for id, told in TABLE.items() if told.formats])
def test_a_duty_is_enforced_by_functions_that_exist(id):
    for name in TABLE[id].formats:
        module, _, function = name.rpartition(".")
        assert callable(getattr(importlib.import_module(f"shouxin.{module}"), function))


def test_no_check_is_left_over():
    named = {name for told in TABLE.values() for name in told.checks}
    missing = sorted(set(CHECKS) - named - set(beyond_law()))
    assert missing == [], "add each to the duty it enforces in law/enforcement.toml, or to beyond_law"
    assert sorted(set(beyond_law()) - set(CHECKS) | set(beyond_law()) & named) == []


def test_no_window_that_rests_on_a_duty_is_left_over():
    """A window resting first on an article that a duty was read out of stands on that duty's line."""
    articles = {}
    for id in DUTIES:
        articles.setdefault(law.obligation(id).article_id, []).append(id)
    named = {name for told in TABLE.values() for name in told.windows}
    left = [
        id
        for id, window in law.current().windows.windows.items()
        if law.current().article_of(window.law[0]) in articles and id not in named
    ]
    assert left == []


def test_the_docs_say_what_the_data_says():
    page = law_page.PAGE.read_text("utf-8")
    assert law_page.written(page) == law_page.from_data(), "run: python -m tests.ground.rulebook.law_page"


def test_what_an_adopted_edition_adds_has_no_enforcement_yet():
    assert enforcement("PIPL-99") is None


REASONS = '[reasons]\nnone = { zh = "无", en = "none" }\n[obligations]\n'


@pytest.mark.parametrize(
    "lines",
    [
        "",  # nothing said about the duty
        'X-1 = { registered = "unknown" }',
        "X-1 = { }",
        'X-1 = { checks = ["a.b"], registered = "none" }',
        'X-1 = { chekcs = ["a.b"] }',
        'X-1 = { registered = "none" }\nX-2 = { registered = "none" }',
    ],
)
def test_a_table_that_says_neither_both_or_something_else_is_corrupt(lines):
    with pytest.raises(Corrupt):
        read_enforcements(tomllib.loads(REASONS + lines), frozenset({"X-1"}))


def test_a_duty_may_be_enforced_in_several_ways():
    lines = 'X-1 = { checks = ["a.b"], gates = ["A01"] }'
    (told,) = read_enforcements(tomllib.loads(REASONS + lines), frozenset({"X-1"})).values()
    assert (told.checks, told.gates, told.is_enforced) == (("a.b",), ("A01",), True)


def test_every_structure_has_duties():
    for structure in codes.Structure:
        assert law.duties_on(law.triggers_of([structure]), conditions=set(), always=False)
