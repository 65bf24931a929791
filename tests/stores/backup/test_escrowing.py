"""The keys lie apart, or it is said that they do not; and the ledger's tail lies beside them."""

import os
import time

import pytest
from django.db import connection, transaction

from shouxin.ground.kernel.merkle import leaf_hash
from shouxin.ground.kernel.refusals import Corrupt, Refusal, Unavailable
from shouxin.stores.backup import chunks, escrowing, evidence, queries, services
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.ledger.services import append
from shouxin.stores.vault import durable, escrow
from shouxin.stores.vault import services as vault
from tests.stores.backup.conftest import in_a_home
from tests.stores.vault.conftest import AT, nobody

BY = "staff:1"


def gaps():
    return {each.code for each in evidence.escrow_apart(at=AT).missing}


@in_a_home
def test_apart_is_found_only_after_a_look_and_lost_with_a_folder(world):
    assert gaps() == {"backup.escrow_unchecked"}
    report = services.escrow(targets=None, by=BY, at=AT)
    assert report.apart
    entry = ledger.entries(kinds=("backup.escrowed",))[-1]
    assert entry.seq == report.entry
    assert (entry.facts["copies"], entry.facts["apart"], entry.facts["other_device"]) == (2, 2, 0)
    finding = evidence.escrow_apart(at=AT)
    assert (finding.holds, finding.value, finding.name) == (True, True, "backup.escrow_apart")
    world.e2.rename(world.root / "unplugged")
    assert gaps() == {"backup.escrow_unreachable"}
    assert not services.escrow(targets=None, by=BY, at=AT).apart
    (world.root / "unplugged").rename(world.e2)
    assert evidence.escrow_apart(at=AT).holds


@in_a_home
def test_a_folder_that_fell_behind_is_stored_anew(world):
    services.escrow(targets=None, by=BY, at=AT)
    escrow.newest(world.e1).unlink()
    assert gaps() == {"backup.escrow_behind"}
    assert services.escrow(targets=None, by=BY, at=AT).apart
    assert escrow.read_header(escrow.newest(world.e1)) == escrow.read_header(escrow.newest(world.e2))


@in_a_home
def test_a_folder_in_the_home_or_among_backups_is_refused_and_one_that_became_so_is_found(world):
    services.create(target=world.root / "disk", by=BY, at=AT)
    for folder in (world.home / "escrow", world.home, world.root, world.root / "disk", world.root / "disk" / "keys"):
        with pytest.raises(Refusal, match=r"backup\.escrow_not_apart"):
            services.escrow(targets=[folder], by=BY, at=AT)
    with pytest.raises(Refusal, match=r"backup\.no_escrow"):
        services.escrow(targets=[], by=BY, at=AT)
    (world.home / "keys" / "vault.json").write_bytes(
        (world.home / "keys" / "vault.json").read_bytes().replace(b"../e1", b"e1")
    )
    world.e1.rename(world.home / "e1")
    vault.forget()
    assert "backup.escrow_not_apart" in gaps()


@in_a_home
def test_other_folders_hold_the_keys_and_the_former_ones_nothing(world):
    services.create(target=None, by=BY, at=AT)
    world.e2.rename(world.root / "unplugged")
    report = services.escrow(targets=[world.root / "far"], by=BY, at=AT)
    assert report.left_behind == 1
    assert not report.apart
    assert not list(world.e1.glob("keys-*"))
    assert not list(world.e1.glob("ledger-*"))
    assert not list((world.e1 / "leaves").glob("*"))
    bundle = escrow.open_bundle(escrow.newest(world.root / "far"), world.recovery)
    assert bundle.table.pages > 0
    assert services.escrow(targets=None, by=BY, at=AT).apart


@in_a_home
def test_the_tail_is_the_ledger_since_the_oldest_copy_in_segments_that_grow_and_join(world):
    assert escrowing.newest_tail(world.e1, world.recovery) is None
    services.create(target=None, by=BY, at=AT)
    start = queries.latest().height
    for step in range(escrowing.MOST_SEGMENTS + 3):
        services.escrow(targets=None, by=BY, at=AT)
        assert len(list(world.e1.glob("ledger-*"))) <= escrowing.MOST_SEGMENTS + 1, step
    services.keep_tail(at=AT)
    before = sorted(path.name for path in world.e1.iterdir())
    services.keep_tail(at=AT)
    assert sorted(path.name for path in world.e1.iterdir()) == before
    for folder in (world.e1, world.e2):
        tail = escrowing.newest_tail(folder, world.recovery)
        assert (tail.start, tail.stop) == (start, ledger.height())
        assert list(tail.entries) == list(ledger.raw(start))
    with pytest.raises(Refusal, match=r"backup\.recovery_key"):
        escrowing.newest_tail(world.e1, escrow.new_recovery()[0])


@in_a_home
def test_two_processes_that_lay_the_tail_at_once_wait_for_one_another(world):
    services.create(target=None, by=BY, at=AT)
    services.escrow(targets=None, by=BY, at=AT)
    children = []

    def other_process(kind, path, *_):
        """Right behind the first sealed bytes of our segment another process begins, with one entry more."""
        if kind != "append" or children:
            return
        vault.forget()
        connection.close()
        children.append(os.fork())
        if children[0] == 0:
            durable.observe = None
            with transaction.atomic():
                append(kind="test.made", scope="company", at=AT, by=BY, facts={})
            services.keep_tail(at=AT)
            os._exit(0)
        time.sleep(1)

    with transaction.atomic():
        append(kind="test.made", scope="company", at=AT, by=BY, facts={})
    durable.observe = other_process
    services.keep_tail(at=AT)
    assert os.waitpid(children[0], 0)[1] == 0
    for folder in (world.e1, world.e2):
        tail = escrowing.newest_tail(folder, world.recovery)
        assert tail.stop == ledger.height()
        assert list(tail.entries) == list(ledger.raw(tail.start))


@in_a_home
def test_a_damaged_tail_is_found(world):
    services.create(target=None, by=BY, at=AT)
    for _ in range(3):
        services.escrow(targets=None, by=BY, at=AT)
    segments = escrowing._segments(world.e1)
    assert len(segments) == 3
    path = segments[1] / chunks.FILE
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(Corrupt, match="changed bytes"):
        escrowing.newest_tail(world.e1, world.recovery)
    path.write_bytes(whole)
    segments[1].rename(world.root / "away")
    with pytest.raises(Corrupt, match="segment missing"):
        escrowing.newest_tail(world.e1, world.recovery)
    assert (
        leaf_hash(escrowing.newest_tail(world.e2, world.recovery).entries[0])
        == ledger.ref(queries.latest().height).leaf
    )


@in_a_home
def test_a_destruction_waits_for_an_unreachable_folder_and_the_finding_says_so(world):
    services.escrow(targets=None, by=BY, at=AT)
    world.e2.rename(world.root / "unplugged")
    with pytest.raises(Unavailable):
        vault.shred(cells={5: None}, reason={"w": 1}, at=AT, by=BY, held=nobody)
    assert not evidence.escrow_apart(at=AT).holds
    (world.root / "unplugged").rename(world.e2)
    vault.recover()
    assert evidence.escrow_apart(at=AT).holds
