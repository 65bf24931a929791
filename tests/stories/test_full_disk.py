"""A disk that takes nothing more, at any moment of any command of the story: a clear refusal, and the same again.

Told with a limit under which no file may be written, and, where this user may mount one, on a small disk that is
really filled. The company's process lives on through every refusal.
"""

import os
import random
import sys

import pytest

from tests.stories.faults import filling, watched
from tests.stories.faults.sitecustomize import FILL, FORBID

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits another process's files as Linux can"),
]

LEAST = 100
SHARE = {FORBID: 1.0, FILL: 0.3}
UNFINISHED = (".part", ".new", ".unfinished", ".tmp", ".partial")


@pytest.fixture(scope="module", params=[pytest.param(FORBID, id="limit"), pytest.param(FILL, id="filled")])
def told(request, unhurt, tmp_path_factory):
    """The story on such a disk."""
    folder = tmp_path_factory.mktemp("disk")
    with filling.small_disk(folder) as is_small:
        way = request.param if is_small else FORBID
        seed = os.environ.get("SHOUXIN_TEST_SEED", "")
        disk = filling.FullDisk(
            way=way,
            draw=random.Random(f"{watched.SEED} {seed} {request.param}"),
            ballast=folder / "ballast",
            share=SHARE[request.param],
        )
        story = watched.story(folder / "home", disk, watched=tmp_path_factory.mktemp("watched"))
        try:
            story.tell()
            print(f"SHOUXIN_TEST_SEED={seed}:", disk.refused.total(), "refused,", disk.lived, "lived;", disk.refused)
            yield story
        finally:
            print(f"SHOUXIN_TEST_SEED={seed}", *disk.wrong, sep="\n")
            story.stop()


def test_every_refusal_says_that_the_disk_is_full_and_leaves_nothing_half_done(told):
    assert told.fault.wrong == []
    assert told.fault.refused.total() >= LEAST
    assert {verb for verb in filling.NEED_ROOM if told.fault.refused[verb] < 2} == set()


def test_the_same_command_again_comes_to_the_same_end(unhurt, told):
    assert told.ends == unhurt.ends
    for company in ("a", "b"):
        assert watched.held(getattr(told, company)) == watched.held(getattr(unhurt, company))
        assert watched.staff(getattr(told, company)) == watched.staff(getattr(unhurt, company))
        assert watched.told_once(getattr(told, company)) == watched.told_once(getattr(unhurt, company))
    assert watched.sent(told) == watched.sent(unhurt)
    assert told.certificate["headline"] == "complete"
    assert watched.verdict(told)[0] == 0
    ours, theirs = watched.messages(told)
    assert ours == theirs


def test_no_unfinished_file_is_left(told):
    left = [path for path in told.folder.rglob("*") if path.suffix in UNFINISHED]
    assert left == []
