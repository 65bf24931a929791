"""The sending company with its staff and an empty vault."""

import pytest

from shouxin.stores.ledger import services as ledger
from shouxin.stores.vault import services as vault
from tests.duties.inventory.shop import AT, Shop
from tests.stores.conftest import *  # noqa: F403


@pytest.fixture
def shop(founded, home, tmp_path) -> Shop:
    """The company, ready to take its first source in."""
    ledger.advance_clock(to=AT, by="system")
    vault.found(at=AT)
    folder = tmp_path / "files"
    folder.mkdir()
    return Shop(folder, founded.officer.id, founded.second.id, founded.clerk.id, "staff:" + "o" * 26)
