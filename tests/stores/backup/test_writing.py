"""A copy holds what it should, nothing that it must not, only what changed, and every changed byte of it is found."""

import shutil
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from filelock import FileLock

from shouxin.faces.cli import full_disk
from shouxin.ground.kernel.refusals import Corrupt, Refusal, Unavailable
from shouxin.stores.backup import chunks, frames, manifests, queries, reading, services, writing
from shouxin.stores.backup.models import Copy
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.vault import durable, escrow, keyring
from shouxin.stores.vault import services as vault
from tests.disks import no_room
from tests.stores.backup.conftest import STRIDE, in_a_home
from tests.stores.vault.conftest import AT, fill, nobody, rows

BY = "staff:1"
STEPS = ("copy catalogued", "copy written", "manifest written", "copy told", "tail written")


def plain(world, view):
    """All that a copy's stream says, opened."""
    links = reading.chain(view.folder)
    return b"".join(
        frame.name + b"|" + frame.body for place, link in links for frame in reading.stream(place, link, world.recovery)
    )


def code(work):
    with pytest.raises(Refusal) as refused:
        work()
    return refused.value.code


@in_a_home
def test_a_full_copy_gives_the_same_database_and_files_back(world):
    view = services.create(target=None, by=BY, at=AT)
    files = {}

    def take(frame):
        files[frame.name.decode()] = files.get(frame.name.decode(), b"") + frame.body

    with writing.snapshots.taken(world.root / "now.sqlite3") as shot:
        now = shot.path.read_bytes()
    manifest, head = reading.assemble(view.folder, world.recovery, world.root / "back.sqlite3", other=take)
    back = (world.root / "back.sqlite3").read_bytes()
    assert len(back) % manifest.content.page_size == 0
    assert back[100:].count(rows("basic 3")) == 0
    assert set(files) == {"messages/t_1/0001.dsse", "evidence/pack.zip"}
    assert files["evidence/pack.zip"] == b"evidence/pack.zip" * 100
    assert head.home["id"] == view_home(manifest)
    changed = [at for at in range(0, len(back), 4096) if back[at : at + 4096] != now[at : at + 4096]]
    assert len(changed) < 20  # the catalogue's row and the ledger's entry of this very copy


def view_home(manifest):
    return manifest.header.home


@in_a_home
def test_no_key_no_index_no_spool_no_package_no_session_secret_is_in_a_copy(world):
    ring = keyring.current()
    view = services.create(target=None, by=BY, at=AT)
    inside = plain(world, view)
    sealed = (view.folder / chunks.FILE).read_bytes()
    secrets = {
        "kek": ring.present_kek().key,
        "index root": ring.table.index_root,
        "token root": ring.table.token_root,
        "page key": ring.table.page(0)[1],
        "customer's key": ring.key(3 * 8),
        "session secret": b"session secret of the old machine",
        "package": b"0002-package.age" * 3,
        "spool": b"spool/sms/a.csv" * 3,
        "value": rows("basic 3"),
        "telephone": b"00000000003",
    }
    assert [name for name, secret in secrets.items() if secret in inside or secret in sealed] == []
    assert b"vault_record" in inside
    assert b"vault_record" not in sealed


@in_a_home
def test_an_increment_holds_only_the_pages_that_changed_and_gives_the_whole_back(world):
    fill(600)
    first = services.create(target=None, by=BY, at=AT)
    vault.shred(cells={5: None}, reason={"w": 1}, at=AT, by=BY, held=nobody)
    second = services.create(target=None, by=BY, at=AT)
    third = services.create(target=None, by=BY, at=AT)
    assert (first.kind, second.kind, third.kind) == ("full", "incremental", "incremental")
    assert (second.base, third.base) == (first.id, second.id)
    assert 0 < third.changed <= second.changed < first.pages / 5
    assert second.expires == first.expires
    manifest, _ = reading.assemble(third.folder, world.recovery, world.root / "b.sqlite3", other=lambda frame: None)
    shot = writing.snapshots.asked(world.root / "b.sqlite3")
    assert (shot.height, shot.generation) == (third.height, third.generation)
    assert shot.root == ledger.root_at(third.height)
    assert manifest.content.pages == third.pages


@pytest.mark.parametrize("what", ["damaged", "missing"])
def test_without_whole_page_hashes_the_next_copy_is_full(homes, tmp_path, what):
    homes({"damaged": test_damaged_hashes, "missing": test_missing_hashes}[what].scenario, tmp_path)


@in_a_home
def test_damaged_hashes(world):
    path = writing.hashes_path(services.create(target=None, by=BY, at=AT).id)
    raw = bytearray(path.read_bytes())
    raw[60] ^= 1
    path.write_bytes(raw)
    assert services.create(target=None, by=BY, at=AT).kind == "full"


@in_a_home
def test_missing_hashes(world):
    writing.hashes_path(services.create(target=None, by=BY, at=AT).id).unlink()
    assert services.create(target=None, by=BY, at=AT).kind == "full"
    assert len(list((world.home / "backups").glob("*.pages"))) == 1


@in_a_home
def test_each_folder_has_a_chain_of_its_own_and_a_week_later_it_begins_anew(world):
    first = services.create(target=world.root / "disk-a", by=BY, at=AT)
    other = services.create(target=world.root / "disk-b", by=BY, at=AT)
    again = services.create(target=world.root / "disk-a", by=BY, at=AT + timedelta(days=7))
    later = services.create(target=world.root / "disk-a", by=BY, at=AT + timedelta(days=8))
    assert [first.kind, other.kind, again.kind, later.kind] == ["full", "full", "incremental", "full"]
    assert again.base == first.id
    assert [view.id for view in queries.copies()] == [first.id, other.id, again.id, later.id]
    assert queries.latest() == later
    assert services.create(target=world.root / "disk-a", by=BY, at=AT + timedelta(days=8), full=True).kind == "full"


@in_a_home
def test_a_signed_copy_proves_its_maker_and_another_manifest_is_refused(world):
    signer = world.signer
    view = services.create(target=None, by=BY, at=AT, signer=signer)
    unsigned = services.create(target=None, by=BY, at=AT)
    manifest = manifests.read(view.folder)
    manifests.check_signed(manifest, {signer.key_id: signer.public})
    assert (view.signed, unsigned.signed) == (True, False)
    with pytest.raises(Corrupt, match="without a signature"):
        manifests.check_signed(manifests.read(unsigned.folder), {signer.key_id: signer.public})
    stranger = manifests.replace(manifests.read(unsigned.folder), envelope=manifest.envelope)
    with pytest.raises(Corrupt, match="another manifest"):
        manifests.check_signed(stranger, {signer.key_id: signer.public})


@in_a_home
def test_every_changed_or_cut_byte_is_found_and_named(world):
    view = services.create(target=None, by=BY, at=AT)
    path, known = view.folder / chunks.FILE, manifests.read(view.folder)
    whole = path.read_bytes()
    assert len(known.chunks) >= 1
    damages = {
        "changed": whole[:700] + bytes([whole[700] ^ 1]) + whole[701:],
        "cut": whole[:-1],
        "emptied": b"",
        "longer": whole + b"\0",
    }
    for name, raw in damages.items():
        path.write_bytes(raw)
        for read in (reading.check, lambda folder: plain(world, view)):
            with pytest.raises(Corrupt) as found:
                read(view.folder)
            assert view.id in found.value.where, name
    path.unlink()
    with pytest.raises(Unavailable):
        reading.check(view.folder)
    path.write_bytes(whole)
    assert reading.check(view.folder).digest == view.digest


@in_a_home
def test_a_changed_manifest_does_not_open(world):
    view = services.create(target=None, by=BY, at=AT)
    path = view.folder / manifests.FILE
    raw = path.read_bytes()
    for old, new in ((b'"generation":2', b'"generation":9'), (b'"base":""', b'"base":"x"'), (b'"v":1', b'"v":1,"w":2')):
        assert old in raw
        path.write_bytes(raw.replace(old, new))
        with pytest.raises((Corrupt, Unavailable)):
            manifests.open_key(reading.chain(view.folder)[-1][1], world.recovery)
    path.write_bytes(raw)
    with pytest.raises(Refusal, match=r"backup\.recovery_key"):
        manifests.open_key(manifests.read(view.folder), escrow.new_recovery()[0])


def test_a_chunk_of_another_place_or_copy_does_not_open(tmp_path):
    key, stream = b"k" * 32, [bytes([number]) * chunks.SIZE for number in range(3)]
    made = chunks.write(tmp_path / "a", iter(stream), key=key, copy="one")
    assert b"".join(chunks.read(tmp_path / "a", made, key=key, copy="one")) == b"".join(stream)
    raw, size = (tmp_path / "a").read_bytes(), made[0].size
    (tmp_path / "b").write_bytes(raw[size : 2 * size] + raw[:size] + raw[2 * size :])
    for order, copy in (([1, 0, 2], "one"), ([0, 1, 2], "two")):
        path = tmp_path / ("b" if order[0] else "a")
        with pytest.raises(Corrupt, match="does not open"):
            list(chunks.read(path, [made[at] for at in order], key=key, copy=copy))
    with pytest.raises(Corrupt, match=r"does not open|behind"):
        list(chunks.read(tmp_path / "a", made[:2], key=key, copy="one"))


def test_frames_end_where_they_say(tmp_path):
    whole = frames.pack(frames.FILE, b"a", b"body") + frames.pack(frames.END)
    assert list(frames.unpack([whole], where="w")) == [frames.Frame(frames.FILE, b"a", b"body")]
    assert next(frames.unpack([whole[at : at + 1] for at in range(len(whole))], where="w")).body == b"body"
    for raw in (whole[:-1], whole[:5], whole + b"x", whole[: len(whole) // 2], b"\xff" + whole[1:]):
        with pytest.raises(Corrupt):
            list(frames.unpack([raw], where="w"))


@in_a_home
def test_what_stands_in_the_way_is_refused_by_name(world):
    assert code(lambda: services.create(target=world.e1 / "b", by=BY, at=AT)) == "backup.target_in_escrow"
    assert code(lambda: services.create(target=world.root, by=BY, at=AT)) == "backup.target_in_escrow"
    assert code(lambda: services.create(target=None, by=BY, at=AT, keep_days=0)) == "backup.keep_days"
    with FileLock(world.home / "backups" / "lock"):
        assert code(lambda: services.create(target=None, by=BY, at=AT)) == "backup.under_way"
    with pytest.raises(Unavailable):
        services.create(target=world.root / "no" / "such", by=BY, at=AT)
    assert Copy.objects.count() == 0


@in_a_home
def test_killed_at_any_point_a_copy_is_whole_and_told_or_not_there(world):
    services.create(target=None, by=BY, at=AT)
    seen, number = [], 1 - STRIDE
    while True:
        number += STRIDE
        height, before = ledger.height(), {view.id for view in queries.copies()}
        name = world.killed(lambda: services.create(target=None, by=BY, at=AT), number)
        seen.append(name)
        told = [entry for entry in ledger.entries(since=height) if entry.kind == "backup.created"]
        assert {view.id for view in queries.copies()} - before == {entry.facts["copy"] for entry in told}
        assert reading.check(queries.latest().folder).digest == queries.latest().digest
        if not name:
            break
        services.create(target=None, by=BY, at=AT)
        folders = {path.name for path in (world.home / "backups").glob("copy_*") if path.is_dir()}
        assert folders == {view.id for view in queries.copies()}, name
        assert not list((world.home / "backups").glob(".scratch*")), name
        assert not list((world.home / "backups").rglob("*.new")), name
    assert number > 25
    for name in STEPS:
        assert world.killed(lambda: services.create(target=None, by=BY, at=AT), name) == name
        services.create(target=None, by=BY, at=AT)
        folders = {path.name for path in (world.home / "backups").glob("copy_*") if path.is_dir()}
        assert folders == {view.id for view in queries.copies()}, name


@in_a_home
def test_on_a_full_disk_no_half_copy_goes_on_filling_it_and_the_same_again_makes_one(world):
    services.create(target=None, by=BY, at=AT)
    for step in ("copy catalogued", "copy written", "manifest written"):
        before = {view.id for view in queries.copies()}
        with ExitStack() as full:
            durable.reached = lambda name, full=full, step=step: full.enter_context(no_room()) if name == step else None
            with pytest.raises(Unavailable) as refused:
                services.create(target=None, by=BY, at=AT)
            assert full_disk.refusal_of(refused.value, world.home).code == "disk.full", step
        durable.reached = None
        assert {path.name for path in (world.home / "backups").glob("copy_*") if path.is_dir()} == before, step
        assert {view.id for view in queries.copies()} == before
        made = services.create(target=None, by=BY, at=AT)
        assert reading.check(made.folder).digest == made.digest
        assert not list((world.home / "backups").rglob("*.new")), step


@in_a_home
def test_copies_expire_together_are_removed_and_the_last_one_stays(world):
    first = services.create(target=None, by=BY, at=AT)
    vault.shred(cells={5: None}, reason={"w": 1}, at=AT, by=BY, held=nobody)
    second = services.create(target=None, by=BY, at=AT + timedelta(days=1))
    assert services.expire(by=BY, at=AT + timedelta(days=30)).gone == ()
    leaves = {path.name for path in (world.e1 / "leaves").iterdir()}
    assert leaves == {"000000000003.leaves"}  # what the oldest copy does not hold
    over = AT + timedelta(days=31)
    assert code(lambda: services.expire(by=BY, at=over)) == "backup.last_copy"
    third = services.create(target=None, by=BY, at=over)
    shutil.rmtree(second.folder)  # a stop in the middle of an expiry
    done = services.expire(by=BY, at=over)
    assert set(done.gone) == {first.id, second.id}
    assert not first.folder.exists()
    assert [view.id for view in queries.copies()] == [third.id]
    assert Copy.objects.get(id=first.id).gone_at == over
    assert not list((world.e1 / "leaves").iterdir())
    entry = ledger.entries(kinds=("backup.expired",))[-1]
    assert set(entry.facts["copies"]) == {first.id, second.id}
    assert services.expire(by=BY, at=over).gone == ()


@in_a_home
def test_an_expired_copy_whose_disk_is_away_still_counts(world):
    disk = world.root / "disk"
    first = services.create(target=disk, by=BY, at=AT)
    over = AT + timedelta(days=31)
    services.create(target=None, by=BY, at=over)
    disk.rename(world.root / "unplugged")
    assert services.expire(by=BY, at=over).away == (first.id,)
    assert first.id in {view.id for view in queries.copies()}
    Path(world.root / "unplugged").rename(disk)
    assert services.expire(by=BY, at=over).gone == (first.id,)
