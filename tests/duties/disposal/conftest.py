"""The scene in a database whose transactions are real: destruction changes key files outside of any."""

import pytest

from shouxin.stores.vault import blind
from shouxin.stores.vault import services as vault
from tests.duties.disposal import scene as scenes
from tests.stores.conftest import durable_db, triggers_stand_again

__all__ = ["durable_db", "triggers_stand_again"]


@pytest.fixture
def scene(durable_db, home, quick_keys):
    """A company at the end of its case."""
    yield scenes.found()
    vault.forget()
    blind.close()
