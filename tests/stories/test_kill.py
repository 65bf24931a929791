"""kill -9 at any moment of any command of the story, then the same command again.

The story is told twice: once unhurt, which counts the durable events of every command; once with every command killed
at one of them, before it is sent again to a process that knows nothing. Both must come to the same end.
"""

import collections
import contextlib
import json
import os
import random
import sqlite3
import sys
import zipfile

import pytest

from tests.stories.faults import watched
from tests.stories.faults.kills import LEAST_EACH, Kills
from tests.stories.leaks import Search

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no kill -9"),
]

PHASES = (
    "found", "collect", "case", "assess", "tell", "answers", "decide", "hand_over", "permit", "destroy", "prove",
)  # fmt: skip
LEAST = 50


@pytest.fixture(scope="module")
def killed(unhurt, tmp_path_factory):
    """The same with its commands killed. `SHOUXIN_TEST_SEED` adds other moments to the fixed ones."""
    seed = os.environ.get("SHOUXIN_TEST_SEED", "")
    kills = Kills(usual={**unhurt.a.counts, **unhurt.b.counts}, draw=random.Random(f"{watched.SEED} {seed}"))
    story = watched.story(tmp_path_factory.mktemp("killed") / "home", kills)
    try:
        story.tell()
    except BaseException:
        print(f"SHOUXIN_TEST_SEED={seed}", *kills.deaths[-4:], sep="\n")
        raise
    print(f"SHOUXIN_TEST_SEED={seed}:", len(kills.deaths), "kills;", kills.survived, "survived;", kills.each_phase())
    yield story
    story.stop()


def test_it_was_killed_in_every_phase_and_on_both_sides(killed):
    deaths, phases = killed.fault.deaths, killed.fault.each_phase()
    assert len(deaths) >= LEAST
    assert {phase: phases[phase] for phase in PHASES if phases[phase] < LEAST_EACH} == {}
    companies = collections.Counter(each["company"] for each in deaths)
    assert min(companies["A"], companies["B"]) >= LEAST_EACH
    moments = collections.Counter(str(each["at"]).split(" ", 2)[0] for each in deaths)
    assert min(moments["before"], moments["after"]) >= LEAST // 5
    kinds = {" ".join(str(each["at"]).split(" ")[:2]) for each in deaths}
    assert {"before commit", "after commit", "before fsync", "after fsync"} <= kinds


def test_every_person_comes_to_the_same_end_as_if_nothing_had_died(unhurt, killed):
    assert killed.ends == unhurt.ends
    assert sum(killed.ends.values()) == len(killed.truth.customers()) == watched.CUSTOMERS
    for company in ("a", "b"):
        assert watched.held(getattr(killed, company)) == watched.held(getattr(unhurt, company))
        assert watched.staff(getattr(killed, company)) == watched.staff(getattr(unhurt, company))
        assert watched.told_once(getattr(killed, company)) == watched.told_once(getattr(unhurt, company))


def test_nobody_is_told_twice(unhurt, killed):
    assert watched.sent(killed) == watched.sent(unhurt)
    assert sorted(killed.listed.values()) == sorted(unhurt.listed.values())
    assert set(killed.people.received) == set(unhurt.people.received)


def test_the_certificate_is_complete_and_the_pack_verifies(killed):
    assert killed.certificate["headline"] == "complete"
    assert watched.verdict(killed)[0] == 0


def test_every_file_is_whole(killed):
    whole = 0
    for folder in ("A/home/messages", "B/home/messages", "A/home/evidence", "outside/phones", "between"):
        for path in (killed.folder / folder).rglob("*"):
            if path.suffix in (".dsse", ".json"):
                assert json.loads(path.read_bytes()), path.name
                whole += 1
    assert whole > 20
    with zipfile.ZipFile(killed.pack) as pack:
        assert pack.testzip() is None
    ours, theirs = watched.messages(killed)
    assert ours == theirs


def test_nobody_is_found_outside_the_vault_in_what_the_killed_left_behind(killed):
    search = Search(killed.truth.identifiers())
    for name in ("A", "B", "proof", "between"):
        assert search.in_folder(killed.folder / name) == []


def test_the_last_command_again_changes_nothing(killed):
    before = killed.a.ask("company", "show")
    again = killed.a.call("case", "close", killed.case, "--by", killed.a.staff["officer"], may_fail=True)
    assert again.get("error", "cases.closed") == "cases.closed"
    assert killed.a.ask("company", "show") == before


def test_no_certificate_came_before_its_destruction_and_none_is_without_one(killed):
    assert killed.fault.early == []
    with contextlib.closing(sqlite3.connect(killed.a.folder / "company.sqlite3")) as database:
        done = database.execute("SELECT id FROM disposal_destruction WHERE ended_at IS NOT NULL").fetchall()
        certified = database.execute("SELECT DISTINCT destruction_id FROM disposal_certificate").fetchall()
    assert done == certified != []
