"""The stage of these tests. Keys stretch quickly here; how long they stretch is tried in the kernel's tests."""

import pytest

from shouxin.ground.kernel import signing
from tests.duties import stage as stages


@pytest.fixture
def quick_keys(monkeypatch):
    """Passphrases stretched for a moment only."""
    monkeypatch.setattr(signing, "_SCRYPT_LOG_N", 4)


@pytest.fixture
def stage(db, home, quick_keys):
    """The founded company."""
    return stages.found()
