"""The escrow follows every flip, an unreachable copy stops what must wait, and a restore never brings the destroyed
back.
"""

from contextlib import ExitStack

import pytest
from django.db import connection

from shouxin.faces.cli import full_disk
from shouxin.ground.kernel.refusals import Corrupt, Refusal, Unavailable
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.vault import blind, durable, escrow, keyring, queries, services
from tests.disks import no_room
from tests.stores.vault.conftest import AT, fill, nobody, texts

TABLES = ("vault_leaf", "vault_record", "vault_customer")


@pytest.fixture
def escrowed(bare):
    """A vault with two copies of its escrow; the recovery key's private half."""
    private, public = escrow.new_recovery()
    services.found(at=AT, escrow_targets=[bare / "a", bare / "b"], recovery=public)
    return bare, private


def shred(cells):
    return services.shred(cells=cells, reason={"why": "test"}, at=AT, by="staff:1", held=nobody)


def data_set():
    """The vault's rows, as a backup holds them."""
    found = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT * FROM {table}")
            found[table] = ([column[0] for column in cursor.description], cursor.fetchall())
        cursor.execute("SELECT generation, pages, next_customer FROM vault_state")
        found["state"] = cursor.fetchone()
    return found


def bring_back(data):
    """The database is what it was, and the key files are lost."""
    services.forget()
    blind.close()
    with connection.cursor() as cursor:
        for table in TABLES:
            names, rows = data[table]
            cursor.execute(f"DELETE FROM {table}")
            cursor.executemany(
                f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))})", rows
            )
        cursor.execute("UPDATE vault_state SET generation = %s, pages = %s, next_customer = %s", data["state"])


def lose_keys(home):
    (home / "keys").rename(home / "lost")


def test_one_bundle_per_copy_of_the_present_generation(escrowed):
    home, private = escrowed
    fill(70)
    shred({5: None})
    for name in ("a", "b"):
        bundle = escrow.open_bundle(escrow.newest(home / name), private)
        assert bundle.table == keyring.current().table
        assert len(list((home / name).glob("keys-*"))) == 1
    with pytest.raises(Refusal, match=r"vault\.recovery_key"):
        escrow.open_bundle(escrow.newest(home / "a"), escrow.new_recovery()[0])
    newest = escrow.newest(home / "a")
    newest.write_bytes(newest.read_bytes()[:-40] + bytes(40))
    with pytest.raises(Unavailable):
        escrow.newest(home / "a")


def test_an_unreachable_copy_stops_allocation_and_leaves_a_destruction_flipped_not_done(escrowed):
    home, _ = escrowed
    fill(3)
    (home / "b").rename(home / "unplugged")
    with pytest.raises(Unavailable, match="escrow"):
        services.allocate(5000)
    with pytest.raises(Unavailable, match="escrow"):
        shred({1: None})
    assert ledger.entries(kinds={"destroy.done"}) == []
    assert queries.open_intents() == 0
    (home / "unplugged").rename(home / "b")
    services.recover()
    (home / "b").rename(home / "unplugged")
    with pytest.raises(Unavailable, match="escrow"):
        shred({2: None})
    assert services.look_up(entries=[("phone", "00000000002")]) == [()]
    (home / "unplugged").rename(home / "b")
    assert services.recover().intents == 1
    assert len(ledger.entries(kinds={"destroy.done"})) == 1


def test_an_escrow_whose_disk_is_full_says_so_and_the_same_destruction_again_is_done(escrowed, monkeypatch):
    home, private = escrowed
    fill(3)
    with ExitStack() as full:
        fills = {"leaves committed": lambda: full.enter_context(no_room())}
        monkeypatch.setattr(durable, "reached", lambda name: fills.pop(name, lambda: None)())
        with pytest.raises(Unavailable, match="escrow") as refused:
            shred({1: None})
        assert full_disk.refusal_of(refused.value, home).code == "disk.full"
        assert ledger.entries(kinds={"destroy.done"}) == []
    shred({1: None})
    assert len(ledger.entries(kinds={"destroy.done"})) == 1
    assert services.look_up(entries=[("phone", f"000{number:08d}") for number in (1, 2)]) == [(), (2,)]
    for name in ("a", "b"):
        assert escrow.open_bundle(escrow.newest(home / name), private).table == keyring.current().table


def test_a_restore_of_older_data_with_the_newest_escrow_keeps_the_destroyed_destroyed(escrowed):
    home, private = escrowed
    fill(130)
    before = data_set()
    told = services.token_tag("reply code", "7K3P-9QXM")
    shred({5: None, 64: frozenset({"purchase"}), 130: None})
    services.allocate(2000)
    bring_back(before)
    lose_keys(home)
    restored = services.restore(folder=home / "a", recovery=private, at=AT, by="staff:1")
    assert (restored.customers_purged, restored.records_purged) == (2, 7)
    others = [n for n in range(1, 131) if n not in (5, 64, 130)]
    assert len(texts(others)) == 2 * len(others)
    assert set(texts([64])) == {(64, "basic")}
    for customer in (5, 130):
        with pytest.raises(Refusal, match=r"vault\.destroyed"):
            texts([customer])
    found = services.look_up(entries=[("phone", f"000{n:08d}") for n in range(1, 131)])
    assert found == [() if n in (5, 130) else (n,) for n in range(1, 131)]
    assert services.token_tag("reply code", "7K3P-9QXM") == told  # who was told a code may still answer with it
    assert services.allocate(1)[0] > 2130
    assert queries.self_test().wrong == ()


def test_an_escrow_older_than_the_data_is_refused(escrowed):
    home, private = escrowed
    fill(3)
    (home / "old").mkdir()
    (home / "a").rename(home / "old" / "a")
    services.escrow_to(targets=[home / "b"], recovery_public=escrow.new_recovery()[1], at=AT, by="staff:1")
    shred({1: None})
    services.forget()
    lose_keys(home)
    with pytest.raises(Refusal, match=r"vault\.escrow_older"):
        services.restore(folder=home / "old" / "a", recovery=private, at=AT, by="staff:1")


def test_a_restore_without_the_newer_leaves_is_corrupt_not_silent(escrowed):
    home, private = escrowed
    fill(3)
    before = data_set()
    shred({1: None})
    bring_back(before)
    lose_keys(home)
    for path in (home / "a" / "leaves").glob("*"):
        path.unlink()
    with pytest.raises(Corrupt, match="leaf"):
        services.restore(folder=home / "a", recovery=private, at=AT, by="staff:1")


def test_a_drill_opens_the_living_and_fails_on_every_destroyed_slot(escrowed):
    home, private = escrowed
    fill(70)
    backup = data_set()
    shred({5: None})
    names, rows = backup["vault_record"]
    at = [names.index(name) for name in ("id", "customer", "compartment", "kind", "body")]
    sample = [(*(row[place] for place in at[:4]), bytes(row[at[4]])) for row in rows]
    leaves = {(row[0], row[1]): bytes(row[-1]) for row in backup["vault_leaf"][1]}
    drilled = services.drill(
        folder=home / "a", recovery=private, leaf_of=lambda *leaf: leaves.get(leaf), rows=sample, salt=b"s" * 32
    )
    dead = {row[0] for row in sample if row[1] == 5}
    assert {number for number, mark in drilled.items() if mark is None} == dead
    living = services.fingerprints(numbers=[number for number in drilled if number not in dead], salt=b"s" * 32)
    assert {number: mark for number, mark in drilled.items() if mark is not None} == living
