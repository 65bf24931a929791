"""The fixtures of a company that takes sources in, for the stories that begin with files."""

from tests.duties.inventory.conftest import *  # noqa: F403
