"""A drill passes on what would come back, fails on what would not, and leaves nothing behind but its report."""

import json
from datetime import timedelta

import pytest
from django.db import connection, transaction

from shouxin.ground.kernel import dsse
from shouxin.ground.kernel.canonical import decode
from shouxin.ground.kernel.refusals import Refusal, Unavailable
from shouxin.stores.backup import chunks, evidence, manifests, queries, services
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.ledger import services as ledger_services
from shouxin.stores.vault import escrow, keyring
from shouxin.stores.vault import services as vault
from tests.stores.backup.conftest import in_a_home
from tests.stores.vault.conftest import AT, nobody

BY = "staff:1"
GONE = {5: None, 64: frozenset({"purchase"}), 66: None}


def drill(world, **changed):
    return services.drill(**{"sample": 60, "recovery": world.recovery, "by": BY, "at": AT, **changed})


def shred(cells):
    return vault.shred(cells=cells, reason={"w": 1}, at=AT, by=BY, held=nobody)


def gaps(at=AT):
    return {each.code for each in evidence.drill_fresh(at=at).missing}


def everything(world):
    return {path: path.read_bytes() for path in world.root.rglob("*") if path.is_file() and "sqlite3" not in path.name}


@in_a_home
def test_a_drill_passes_is_signed_entered_and_leaves_nothing_behind(world):
    shred(GONE)
    view = services.create(target=None, by=BY, at=AT)
    before, signer = everything(world), world.signer
    found = drill(world, signer=signer)
    assert (found.passed, found.compared, found.destroyed) == (True, 60, 17)
    assert everything(world) == before
    opened = dsse.open_envelope(found.report, keys={signer.key_id: signer.public})
    assert opened.predicate_type.endswith("drill/v1")
    assert opened.statement["subject"][0]["digest"]["sha256"] == view.digest.removeprefix("sha256:")
    assert (opened.predicate["passed"], opened.predicate["compared"], opened.predicate["destroyed"]) == (True, 60, 17)
    entry = ledger.entries(kinds=("backup.drilled",))[-1]
    assert (entry.seq, entry.facts["report"], entry.facts["passed"]) == (found.entry, opened.digest, True)
    kept = queries.drills()[0]
    assert (kept.copy, kept.copy_digest, kept.sample, kept.passed) == (view.id, view.digest, 60, True)
    assert decode(drill(world).report)["predicate"]["passed"] is True


@in_a_home
def test_whoever_was_destroyed_since_the_copy_fails_and_the_others_open(world):
    services.create(target=None, by=BY, at=AT)
    shred(GONE)
    found = drill(world, sample=1000)
    assert found.passed
    assert found.destroyed == 17
    assert found.compared == 2 * 70 - 2 - 2 - 1


@in_a_home
def test_damage_is_a_failed_drill_with_a_report_not_silence(world):
    view = services.create(target=None, by=BY, at=AT)
    path = view.folder / chunks.FILE
    whole = path.read_bytes()
    flipped = whole[:99] + bytes([whole[99] ^ 1]) + whole[100:]
    for raw, wrong in ((whole[:-9], "is cut"), (flipped, "changed bytes"), (None, "unavail")):
        path.unlink() if raw is None else path.write_bytes(raw)
        found = drill(world)
        assert not found.passed
        assert wrong in found.wrong[0]
        assert ledger.entries(kinds=("backup.drilled",))[-1].facts["passed"] is False
        assert "backup.drill_failed" in gaps()
    path.write_bytes(whole)
    assert drill(world).passed
    assert gaps() == set()


@in_a_home
def test_a_record_that_changed_and_a_ledger_of_another_past_are_found(world):
    services.create(target=None, by=BY, at=AT)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, customer, compartment, kind FROM vault_record WHERE compartment = 0 AND kind <> 'keys'"
        )
        number, customer, compartment, kind = cursor.fetchone()
        ring = keyring.current()
        body = vault.records.seal(ring, cells=[(customer, compartment)], raws=[b"other"], first=number, kind=kind)[0]
        cursor.execute("UPDATE vault_record SET body = %s WHERE id = %s", (body, number))
    assert drill(world, sample=1000).wrong == ("backup.record_differs",)
    services.create(target=None, by=BY, at=AT)
    assert drill(world, sample=1000).passed
    path = queries.latest().folder / manifests.FILE
    path.write_bytes(path.read_bytes().replace(b'"envelope":""', b'"envelope":"AA=="'))
    assert drill(world).wrong == ("backup.other_copy",)


@in_a_home
def test_a_destroyed_person_whose_key_lives_in_the_escrow_fails_the_drill(world):
    services.create(target=None, by=BY, at=AT)
    old = {path: path.read_bytes() for folder in (world.e1, world.e2) for path in folder.rglob("*") if path.is_file()}
    shred(GONE)
    for folder in (world.e1, world.e2):
        for path in [*folder.glob("keys-*"), *(folder / "leaves").glob("*")]:
            path.unlink()
    for path, raw in old.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(raw)
    assert drill(world).wrong == ("backup.destroyed_opens", "backup.destroyed_has_key")


@in_a_home
def test_what_a_drill_needs_is_refused_by_name(world):
    for work, code in (
        (lambda: drill(world, sample=0), "backup.sample"),
        (lambda: drill(world), "backup.no_copy"),
    ):
        with pytest.raises(Refusal) as refused:
            work()
        assert refused.value.code == code
    services.create(target=None, by=BY, at=AT)
    with pytest.raises(Refusal, match="recovery_key"):
        drill(world, recovery=escrow.new_recovery()[0])
    for folder in (world.e1, world.e2):
        folder.rename(folder.with_name(folder.name + "-away"))
    with pytest.raises(Unavailable):
        drill(world)
    assert queries.drills() == []


@in_a_home
def test_a_drill_is_fresh_for_thirty_days_and_until_data_come_in(world):
    assert gaps() == {"backup.no_drill"}
    services.create(target=None, by=BY, at=AT)
    drill(world)
    assert gaps() == set()
    finding = evidence.drill_fresh(at=AT + timedelta(days=30))
    assert (finding.holds, finding.value, finding.name) == (True, True, "backup.drill_fresh")
    assert gaps(AT + timedelta(days=30, seconds=1)) == {"backup.drill_old"}
    with transaction.atomic():
        ledger_services.append(kind="inventory.batch_collected", scope="company", at=AT, by=BY, facts={"rows": 1})
    assert gaps() == {"backup.drill_before_data"}
    drill(world)
    assert gaps() == {"backup.drill_before_data"}
    services.create(target=None, by=BY, at=AT)
    drill(world)
    assert gaps() == set()
    assert json.loads(drill(world).report)["predicate"]["simulated"] is True
