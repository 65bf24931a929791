"""A company comes back in a new folder from any retained backup and the newest escrow; the destroyed do not."""

import shutil
import sqlite3
import tomllib
from contextlib import closing

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations import Migration

from shouxin.cases.models import Case
from shouxin.ground.formats.home import read_home
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.stores.backup import chunks, evidence, queries, restoring, services
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.ledger import services as ledger_services
from shouxin.stores.parties import services as parties
from shouxin.stores.vault import durable, escrow
from shouxin.stores.vault import queries as vault_queries
from shouxin.stores.vault import services as vault
from tests import cast
from tests.stores.backup.conftest import PEOPLE, QUIET, STRIDE, in_a_home
from tests.stores.vault.conftest import AT, nobody, rows, texts

BY = "staff:1"
GONE = {5: None, 64: frozenset({"purchase"}), 66: None}
STEPS = ("restore begun", "unpacked", "ledger completed", "vault restored", "all restored", "home written")


def shred(cells=GONE):
    return vault.shred(cells=cells, reason={"w": 1}, at=AT, by=BY, held=nobody)


def restore(world, view, **changed):
    given = {
        "backup": view.folder,
        "escrow": world.e1,
        "into": world.new,
        "recovery": world.recovery,
        "outside_checkpoint": None,
        "by": BY,
        "at": AT,
    }
    return services.restore(**{**given, **changed})


def refused(work):
    with pytest.raises(Refusal) as found:
        work()
    return found.value.code


def check_people(*, gone=GONE):
    """The living open and are found; the destroyed do neither."""
    others = [n for n in range(1, PEOPLE + 1) if n not in gone]
    opened = texts(others)
    assert opened == {(n, c): rows(f"{c} {n}") for n in others for c in ("basic", "purchase")}
    for customer, names in gone.items():
        if names is None:
            assert refused(lambda customer=customer: texts([customer])) == "vault.destroyed"
        else:
            assert set(texts([customer])) == {(customer, "basic")}
    found = vault.look_up(entries=[("phone", f"000{n:08d}") for n in range(1, PEOPLE + 1)])
    assert found == [() if gone.get(n, "alive") is None else (n,) for n in range(1, PEOPLE + 1)]


@in_a_home
def test_the_destroyed_stay_destroyed_when_an_old_backup_meets_the_newest_escrow(world):
    view = services.create(target=None, by=BY, at=AT)
    shred()
    services.keep_tail(at=AT)
    note = ledger_services.checkpoint(signer=world.signer, at=AT)
    done = restore(world, view, outside_checkpoint=note)
    assert (done.customers_purged, done.records_purged) == (2, 7)
    assert done.checkpoint == ledger.height()
    assert done.data_height == view.height
    before = list(ledger.raw())
    with world.serving(world.new):
        check_people()
        assert vault_queries.self_test(sample=1000).wrong == ()
        assert list(ledger.raw(0, len(before))) == before
        ledger.check_whole()
        entry = ledger.entry(done.entry)
        assert (entry.kind, entry.facts["data_height"], entry.facts["escrow"]) == ("backup.restored", view.height, 3)
        assert vault.allocate(1)[0] > PEOPLE
    bodies = (world.new / "company.sqlite3").read_bytes()
    dead = _bodies_of(world, 5)
    assert dead
    assert not any(body in bodies for body in dead)
    assert any(body in bodies for body in _bodies_of(world, 6))


def _bodies_of(world, customer):
    """The ciphertexts of a customer in the backup, read without any key but the recovery's."""
    view = queries.copies()[0]
    restoring.reading.assemble(view.folder, world.recovery, world.root / "old.sqlite3", other=lambda frame: None)
    opened = restoring.escrowing.writing.snapshots.sqlite3.connect(world.root / "old.sqlite3")
    found = [row[0] for row in opened.execute("SELECT body FROM vault_record WHERE customer = ?", (customer,))]
    opened.close()
    return found


@in_a_home
def test_the_new_home_has_files_and_a_home_file_and_the_old_one_is_untouched(world):
    view = services.create(target=None, by=BY, at=AT)
    old = {path: path.read_bytes() for path in world.home.rglob("*") if path.is_file() and "sqlite3" not in path.name}
    restore(world, view)
    home = read_home(world.new)
    assert (home.id, home.simulated, home.escrow, home.kek) == (read_home(world.home).id, True, (), "")
    assert tomllib.loads((world.new / "home.toml").read_text("utf-8"))["id"] == home.id
    assert (world.new / "messages/t_1/0001.dsse").read_bytes() == b"messages/t_1/0001.dsse" * 100
    assert not (world.new / "messages/t_1/0002-package.age").exists()
    assert not (world.new / "restoring.json").exists()
    assert (world.new / "session.secret").read_bytes() != (world.home / "session.secret").read_bytes()
    for name in ("kek", "root.0", "root.1"):
        assert (world.new / "keys" / name).read_bytes() != (world.home / "keys" / name).read_bytes()
    now = {path: path.read_bytes() for path in world.home.rglob("*") if path.is_file() and "sqlite3" not in path.name}
    assert now == old
    check_people(gone={})
    assert refused(lambda: restore(world, view)) == "backup.into_taken"


@in_a_home
def test_an_increment_comes_back_and_the_catalogue_knows_the_copies_again(world):
    first = services.create(target=None, by=BY, at=AT)
    shred({5: None})
    second = services.create(target=None, by=BY, at=AT)
    third = services.create(target=None, by=BY, at=AT)
    for view, into in ((first, world.root / "new-1"), (second, world.root / "new-2")):
        restore(world, view, into=into)
        with world.serving(into):
            check_people(gone={5: None})
            assert {each.id for each in queries.copies()} == {first.id, second.id, third.id}
            assert {each.digest for each in queries.copies()} == {first.digest, second.digest, third.digest}
            assert queries.latest().id == third.id


@in_a_home
def test_a_restored_machine_signs_only_after_the_old_one_is_declared_dead(world):
    view = services.create(target=None, by=BY, at=AT)
    restore(world, view)
    with world.serving(world.new):
        assert queries.awaits_declaration()
        with pytest.raises(Corrupt):
            parties.company_signer(passphrase=cast.SENDER.passphrase)
        assert refused(lambda: services.drill(sample=1, recovery=world.recovery, by=BY, at=AT)) == "backup.no_escrow"
        services.declare_dead(by=BY, at=AT, escrow_targets=[world.e1, world.root / "far"])
        assert not queries.awaits_declaration()
        signer = parties.company_signer(passphrase=cast.SENDER.passphrase)
        ledger_services.checkpoint(signer=signer, at=AT)
        assert evidence.escrow_apart(at=AT).holds
        made = services.create(target=None, by=BY, at=AT, signer=signer)
        assert made.kind == "full"
        assert services.drill(sample=100, recovery=world.recovery, by=BY, at=AT).passed
        assert refused(lambda: services.declare_dead(by=BY, at=AT)) == "backup.nothing_to_declare"
        kinds = [entry.kind for entry in ledger.entries(since=view.height)]
    assert kinds.index("backup.restored") < kinds.index("backup.old_machine_dead") < kinds.index("backup.drilled")


@in_a_home
def test_an_older_escrow_than_the_data_or_than_what_is_known_outside_is_refused(world):
    view = services.create(target=None, by=BY, at=AT)
    shutil.copytree(world.e1, world.root / "stale")
    shred({5: None})
    newer = services.create(target=None, by=BY, at=AT)
    note = ledger_services.checkpoint(signer=world.signer, at=AT)
    stale = world.root / "stale"
    cases = {
        "the data has seen more": (newer, stale, None, {"vault.escrow_older", "backup.escrow_older"}),
        "known outside": (view, stale, note, {"backup.ledger_behind_checkpoint"}),
    }
    for name, (copy, folder, known, codes) in cases.items():
        into = world.root / name.replace(" ", "-")
        code = refused(
            lambda copy=copy, folder=folder, known=known, into=into: restore(
                world, copy, escrow=folder, outside_checkpoint=known, into=into
            )
        )
        assert code in codes, name
        assert not (into / "home.toml").exists()
    for path in stale.glob("ledger-*"):
        shutil.rmtree(path)
    for path in world.e1.glob("ledger-*"):  # the tail is new, the bundle beside it is old
        shutil.copytree(path, stale / path.name)
    assert refused(lambda: restore(world, view, escrow=stale, into=world.root / "x")) == "backup.escrow_older"


@in_a_home
def test_a_checkpoint_of_another_log_or_past_and_a_forged_one_are_refused(world):
    view = services.create(target=None, by=BY, at=AT)
    note = ledger_services.checkpoint(signer=world.signer, at=AT)
    body, _, signature = note.partition("\n\n")
    lines = body.split("\n")
    for forged in (
        note.replace("simulated.qinghe", "simulated.other"),
        "\n".join([*lines[:2], "A" * 43 + "="]) + "\n\n" + signature,
        body + "\n\n— other AAAAAA==\n",
    ):
        with pytest.raises(Corrupt):
            restore(world, view, outside_checkpoint=forged)
        shutil.rmtree(world.new)
    assert restore(world, view, outside_checkpoint=note).checkpoint == ledger.height()


@in_a_home
def test_damage_another_key_and_a_taken_folder_leave_no_home(world):
    view = services.create(target=None, by=BY, at=AT)
    world.new.mkdir()
    (world.new / "something").write_bytes(b"")
    assert refused(lambda: restore(world, view)) == "backup.into_taken"
    (world.new / "something").unlink()
    other = escrow.new_recovery()[0]
    assert refused(lambda: restore(world, view, recovery=other)) == "backup.recovery_key"
    path = view.folder / chunks.FILE
    whole = path.read_bytes()
    for raw in (whole[:-5], whole[:3000] + bytes([whole[3000] ^ 1]) + whole[3001:]):
        path.write_bytes(raw)
        with pytest.raises(Corrupt):
            restore(world, view)
    path.write_bytes(whole)
    assert not (world.new / "home.toml").exists()
    assert restore(world, view).copy == view.id
    check_people(gone={})


@in_a_home
def test_a_time_that_went_on_comes_back_with_the_tail(world):
    view = services.create(target=None, by=BY, at=AT)
    later = AT.replace(month=12)
    ledger_services.advance_clock(to=later, by="system")
    with transaction.atomic():
        ledger_services.append(kind="cases.opened", scope="case:x", at=later, by=BY, facts={"n": 1})
    services.keep_tail(at=later)
    done = restore(world, view, at=AT)
    with world.serving(world.new):
        assert ledger.clock().now() == later
        assert ledger.entry(done.entry).at == later
        ledger.check_whole()


@in_a_home
def test_killed_at_any_point_the_same_restore_again_gives_the_same_home(world):
    view = services.create(target=None, by=BY, at=AT)
    shred()
    services.keep_tail(at=AT)
    outside = {path: path.read_bytes() for path in world.e1.rglob("*") if path.is_file()}
    names, writes = [], []
    durable.reached = names.append
    durable.observe = lambda kind, path, *_: writes.append(f"{kind} {path.name}")
    restore(world, view, into=world.root / "count")
    durable.reached = durable.observe = None
    tried = [name for name in dict.fromkeys([*names, *writes]) if name.split()[0] not in QUIET][:: 2 * STRIDE - 1]
    assert set(STEPS) <= set(names)
    for name in [*STEPS, *tried]:
        assert world.killed(lambda: restore(world, view), name) == name
        if not (world.new / "home.toml").exists():
            assert name != "home written"
        done = restore(world, view)
        with world.serving(world.new):
            assert len(ledger.entries(kinds=("backup.restored", "vault.restored"))) == 2
            assert ledger.height() == done.height
            check_people()
        assert not (world.new / "restoring.json").exists()
        shutil.rmtree(world.new)
    assert {path: path.read_bytes() for path in world.e1.rglob("*") if path.is_file()} == outside


@in_a_home
def test_tables_of_an_older_release_come_up_to_date_whole_or_not_at_all(world):
    for app in ("cases", "inventory"):
        call_command("migrate", app, "0001", verbosity=0)
    view = services.create(target=None, by=BY, at=AT)
    older = applied(world.home)
    apply, done = Migration.apply, []

    def stopping(self, *arguments, **options):
        if len(done) == 2:
            raise InterruptedError(self.name)
        done.append(self.name)
        return apply(self, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Migration, "apply", stopping)
        with pytest.raises(InterruptedError):
            restore(world, view)
    assert applied(world.new) == older  # neither of the two that were laid out before the stop
    assert not (world.new / "home.toml").exists()
    restore(world, view)
    assert len(applied(world.new)) > len(older) + 2
    with world.serving(world.new):
        check_people(gone={})
        assert not Case.objects.filter(answers_digest="x").exists()


def applied(folder):
    """The migrations that a home's database notes."""
    with closing(sqlite3.connect(folder / "company.sqlite3")) as opened:
        return set(opened.execute("SELECT app, name FROM django_migrations"))


@pytest.mark.service
def test_the_whole_way_on_postgresql(homes_on_postgres, tmp_path):
    homes_on_postgres(on_postgresql.scenario, tmp_path)


@in_a_home
def on_postgresql(world):
    """Copy, destruction, drill, restore of the old copy into a schema of its own."""
    assert connection.vendor == "postgresql"
    view = services.create(target=None, by=BY, at=AT, signer=world.signer)
    assert (view.kind, view.pages) == ("full", 0)
    inside = b"".join(
        frame.name
        for place, link in restoring.reading.chain(view.folder)
        for frame in restoring.reading.stream(place, link, world.recovery)
    )
    assert b"vault_record" in inside
    assert b"vault_bidx" not in inside
    shred()
    found = services.drill(sample=1000, recovery=world.recovery, by=BY, at=AT)
    assert (found.passed, found.wrong, found.destroyed) == (True, (), 17)
    path = view.folder / chunks.FILE
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert not services.drill(sample=10, recovery=world.recovery, by=BY, at=AT).passed
    path.write_bytes(whole)
    note = ledger_services.checkpoint(signer=world.signer, at=AT)
    services.keep_tail(at=AT)
    assert world.killed(lambda: restore(world, view, outside_checkpoint=note), "vault restored") == "vault restored"
    done = restore(world, view, outside_checkpoint=note)
    assert (done.customers_purged, done.records_purged) == (2, 7)
    with restoring.serving(world.new, read_home(world.new)):
        check_people()
        assert vault_queries.self_test(sample=1000).wrong == ()
        ledger.check_whole()
        assert vault.allocate(1)[0] > PEOPLE
        services.declare_dead(by=BY, at=AT, escrow_targets=[world.root / "far"])
        assert services.create(target=None, by=BY, at=AT).size > 0
        assert services.drill(sample=100, recovery=world.recovery, by=BY, at=AT).passed
        schema = read_home(world.new).schema
    check_people()
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA "{schema}" CASCADE')
