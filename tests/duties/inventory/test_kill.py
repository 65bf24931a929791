"""kill -9 at every edge of a batch, and two processes at once: no customer twice, none lost."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PEOPLE = 20


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What the driver's children ended with, in their order."""
    command = [sys.executable, "-m", "tests.duties.inventory.driver", str(tmp_path_factory.mktemp("kill") / "work")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def answers(told, what):
    return [each["answer"] for each in told if each["what"] == what]


def test_each_process_died_where_it_should(told):
    died = [(each["what"], each["exit"]) for each in told[:5]]
    assert died == [
        ("numbers allocated", 9),
        ("before the commit", 9),
        ("before the index", 9),
        ("after the commit", 9),
        ("before the end", 9),
    ]


def test_after_five_deaths_everyone_is_there_once(told):
    (state,) = answers(told, "first")
    assert (state["customers"], state["new"], state["read"], state["merged"]) == (PEOPLE, PEOPLE, PEOPLE, 0)
    assert state["found"] == [1] * PEOPLE
    assert state["sealed"] == list(range(2, PEOPLE + 2))
    assert state["balances"]


def test_while_one_process_takes_in_another_is_refused_whatever_the_source(told):
    # The first source is done already; even so nobody may look at it as if alone.
    assert answers(told, "meanwhile") == ["jobs.leased", "jobs.leased"]


def test_the_process_that_was_first_ends_its_work(told):
    (slow,) = [each for each in told if each["what"] == "slow"]
    assert slow["exit"] == 0
    (state,) = answers(told, "second")
    assert (state["customers"], state["new"], state["merged"]) == (PEOPLE, 0, PEOPLE)
    assert state["found"] == [1] * PEOPLE
    assert state["balances"]
