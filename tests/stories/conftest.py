"""The fixtures of a company that takes sources in, for the stories that begin with files; and the story told unhurt."""

import pytest

from tests.duties.inventory.conftest import *  # noqa: F403
from tests.stories.faults import watched


@pytest.fixture(scope="session")
def unhurt(tmp_path_factory):
    """The story as it goes when nothing hurts it; it counts the events of every command."""
    story = watched.story(tmp_path_factory.mktemp("unhurt") / "home", None).tell()
    yield story
    story.stop()
