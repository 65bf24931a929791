"""The three installations, founded once; each test is a case and a transfer of its own."""

import pytest

from tests.duties.transfer.story import Story
from tests.duties.transfer.two_homes import World, person


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """A with sixty customers, B with five of its own, one of whom is a customer of A too."""
    found = World.founded(tmp_path_factory.mktemp("homes"))
    people = {f"l{number}": person(number) for number in range(60)}
    found.owners = found.a.tell("fill", people=people)["owners"]
    own = {f"b{number}": person(number, base=500) for number in range(4)}
    own["same"] = person(1)[:1]
    found.own_at_b = found.b.tell("fill", people=own)["owners"]
    yield found
    found.stop()


@pytest.fixture
def story(world):
    """A new case in the world."""
    world.clock.wait(minutes=1)
    return Story(world, world.new_case())
