"""Two processes of one company give every command of the story at the same moment; both memories are always old.

Whoever comes second is told so, or gets the same result. Nobody is taken in, told, handed over or destroyed twice, no
key is hurt, and the story comes to the end it comes to with one process.
"""

import os
import sys

import psycopg
import pytest

from shouxin.ground.formats.home import FILE_NAME, read_home
from tests.stories.faults import watched
from tests.stories.faults.twins import Twins

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform == "win32", reason="the processes are forked"),
]

LEAST_BOTH, LEAST_REFUSED = 30, 10


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def told(request, unhurt, tmp_path_factory):
    """The story told by twins, in the embedded database and on a server."""
    database = os.environ.get("SHOUXIN_TEST_POSTGRES", "") if request.param == "postgresql" else ""
    if request.param == "postgresql" and not database:
        pytest.skip("SHOUXIN_TEST_POSTGRES names no database")
    story = watched.story(tmp_path_factory.mktemp("twins") / "home", Twins(), database=database)
    try:
        story.tell()
        yield story
    finally:
        print(story.fault.both, "both;", story.fault.refused, *story.fault.wrong, sep="\n")
        story.stop()
        _drop_schemas(story, database)


def _drop_schemas(story, database):
    homes = [read_home(each.folder) for each in (story.a, story.b) if (each.folder / FILE_NAME).is_file()]
    if database:
        with psycopg.connect(database, autocommit=True) as server:
            for home in homes:
                server.execute(f'DROP SCHEMA IF EXISTS "{home.schema}" CASCADE')


def test_the_second_gets_the_same_or_is_told_that_another_was_first(told):
    assert told.fault.wrong == []
    assert told.fault.both >= LEAST_BOTH
    assert told.fault.refused.total() >= LEAST_REFUSED


def test_everybody_comes_once_to_the_end_that_one_process_brings(unhurt, told):
    assert told.ends == unhurt.ends
    for company in ("a", "b"):
        assert watched.held(getattr(told, company)) == watched.held(getattr(unhurt, company))
        assert watched.told_once(getattr(told, company)) == watched.told_once(getattr(unhurt, company))
    assert watched.sent(told) == watched.sent(unhurt)
    assert sorted(told.listed.values()) == sorted(unhurt.listed.values())
    ours, theirs = watched.messages(told)
    assert ours == theirs
    assert told.certificate["headline"] == "complete"
    assert watched.verdict(told)[0] == 0
