"""Power lost at any write, what was not synced lost in any part and order: the vault opens and nobody is torn."""

import pytest

from tests.stores.vault.faults import run


# The replay copies the embedded database's files; PostgreSQL's own are its own to recover.
@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize(("act", "stride"), [("power-shred", 8), ("power-allocate", 6), ("power-recover", 6)])
def test_any_prefix_and_reordering_of_the_unsynced_writes_leaves_a_whole_vault(tmp_path, act, stride):
    assert len(run(act, tmp_path, stride=stride)) >= 5


@pytest.mark.parametrize(("act", "stride"), [("recover", 9), ("epoch", 20), ("found", 20)])
def test_recovery_the_end_of_an_epoch_and_a_founding_can_be_killed_too(tmp_path, act, stride):
    points = run(act, tmp_path, stride=stride)
    assert len(points) >= 5
    assert points[-1]["name"] == "end"
