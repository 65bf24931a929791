"""A company comes back in a new folder: any retained backup, the newest escrow, and nobody who was destroyed.

1. Everything is made in the new folder, and `home.toml` is written when all of it is durable: until then no command
   finds a home there. After a stop at any point the same call starts over; backup and escrow are only read.
2. What happened since the backup comes from the ledger's tail beside the escrow: entries only, each with the hash it
   had. The data of that range are lost, and the entry says which range.
3. An escrow older than what is known outside is refused: it would revive. Known outside are the entries up to the
   checkpoint that is given; no destruction among them may be of a later generation than the escrow.
4. Tombstones are purged and the blind index is made anew before anything opens (`vault.restore`).
5. The company's key is laid aside: this machine signs nothing until someone declares the old one dead.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.conf import settings
from django.db import connection, transaction

from shouxin.ground.formats.home import FILE_NAME, HomeFile
from shouxin.ground.kernel import notes
from shouxin.ground.kernel.canonical import decode, encode
from shouxin.ground.kernel.ids import new_id
from shouxin.ground.kernel.merkle import leaf_hash
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.stores.backup import cataloguing, escrowing, frames, queries, reading, tables
from shouxin.stores.backup.manifests import Manifest
from shouxin.stores.backup.models import Parked
from shouxin.stores.ledger import queries as ledger_queries
from shouxin.stores.ledger import services as ledger
from shouxin.stores.parties import services as parties
from shouxin.stores.vault import blind, durable
from shouxin.stores.vault import escrow as bundles
from shouxin.stores.vault import queries as vault_queries
from shouxin.stores.vault import services as vault

MARK = "restoring.json"
DATABASE = "company.sqlite3"
_AGAIN = (
    "keys",
    DATABASE,
    DATABASE + "-wal",
    DATABASE + "-shm",
    "index.sqlite3",
    "index.sqlite3-wal",
    "index.sqlite3-shm",
)


@dataclass(frozen=True)
class RestoreReport:
    """What came back: from which copy, with which escrow, up to which entry the data reach, up to which the ledger, how
    many customers and records were purged as destroyed.
    """

    copy: str
    escrow: int
    data_height: int
    height: int
    checkpoint: int
    customers_purged: int
    records_purged: int
    entry: int


def restore(
    *,
    backup: Path,
    escrow: Path,
    into: Path,
    recovery: bytes,
    outside_checkpoint: str | None,
    by: str,
    at: datetime,
    kek: Path | None = None,
    told: reading.Told | None = None,
) -> RestoreReport:
    """Make a home in the new folder `into` from a copy's folder and an escrow folder; entries `vault.restored` and
    `backup.restored`. A simulated company comes back at its own clock's instant instead of `at`.

    Raises:
        Refusal("backup.into_taken"): something else lies there; Refusal("backup.database_kind"): this process serves
        the other kind of database; Refusal("backup.escrow_older"), Refusal("backup.ledger_behind_checkpoint"),
        Refusal("backup.tail_gap"): escrow or backup older than what is known outside; Refusal("backup.recovery_key" |
        "vault.recovery_key"); Refusal("backup.newer"): of a later release; Refusal("backup.inside_transaction");
        Unavailable: a copy, escrow or disk; Corrupt: changed or cut bytes, another company's escrow.
    """
    into = into.resolve()
    finished = _finished(into)
    if finished is not None:
        return finished
    if connection.in_atomic_block:
        raise Refusal("backup.inside_transaction")
    newest = reading.chain(backup)[-1][1]
    _check_kind(newest, escrow)
    mark = _begin(into, newest)
    head = _unpack(backup, recovery, into, newest, told)
    home = _home_file(head, kek=kek, schema=mark["schema"])
    with serving(into, home):
        if newest.content.database == "postgresql":
            _lay_down(backup, recovery, newest, mark["schema"])
        tables.lay_out_tables()
        durable.step("database restored")
        found = _revive(newest, backup, escrow, recovery, note=outside_checkpoint, by=by, at=at, kek=kek)
        vault.forget()
        blind.close()
        connection.close()
    _finish(into, home, found)
    return found


def declare_dead(*, by: str, at: datetime, escrow_targets: Sequence[Path] = ()) -> None:
    """The old machine is dead: this one signs from now on, and escrows into these folders; entry
    `backup.old_machine_dead`.

    Raises:
        Refusal("backup.nothing_to_declare"): this is no restored machine, or it was declared; as `escrowing.escrow`.
    """
    if not queries.awaits_declaration():
        raise Refusal("backup.nothing_to_declare")
    with transaction.atomic():
        parties.take_up_company_key({parked.key_id: bytes(parked.sealed) for parked in Parked.objects.all()})
        Parked.objects.all().delete()
        facts = {"copies": len(escrow_targets)}
        ledger.append(kind="backup.old_machine_dead", scope="company", at=at, by=by, facts=facts)
    durable.step("old machine dead")
    if escrow_targets:
        escrowing.escrow(targets=escrow_targets, by=by, at=at)


@contextmanager
def serving(folder: Path, home: HomeFile) -> Iterator[None]:
    """Within it this process serves that home and its database; before and after it, its own."""
    own = (settings.SHOUXIN_HOME, settings.SHOUXIN, dict(connection.settings_dict))
    _leave()
    settings.SHOUXIN_HOME, settings.SHOUXIN = folder, home
    if home.schema:
        options = {**connection.settings_dict.get("OPTIONS", {})}
        options["options"] = f"-c search_path={home.schema} -c synchronous_commit=on"
        connection.settings_dict["OPTIONS"] = options
    else:
        connection.settings_dict["NAME"] = str(folder / DATABASE)
    try:
        yield
    finally:
        _leave()
        settings.SHOUXIN_HOME, settings.SHOUXIN = own[0], own[1]
        connection.settings_dict.update(own[2])


def _leave() -> None:
    vault.forget()
    blind.close()
    connection.close()


def _finished(into: Path) -> RestoreReport | None:
    """The report of a restore that stopped after its last file."""
    if not (into / FILE_NAME).is_file():
        return None
    if not (into / MARK).is_file():
        raise Refusal("backup.into_taken", folder=into.name)
    mark = _read_mark(into)
    if mark["report"] is None:
        raise Refusal("backup.into_taken", folder=into.name)
    (into / MARK).unlink()
    return RestoreReport(**mark["report"])


def _check_kind(manifest: Manifest, escrow: Path) -> None:
    if manifest.content.database != connection.vendor:
        raise Refusal("backup.database_kind", needs=manifest.content.database)
    header = bundles.read_header(bundles.newest(escrow))
    if header.vault.hex() != manifest.header.vault:
        raise Corrupt("escrow of another vault than the backup's", escrow.name)


def _begin(into: Path, manifest: Manifest) -> dict[str, Any]:
    """Take the folder, or take it up again: what a stopped restore made there goes."""
    into.mkdir(parents=True, exist_ok=True)
    (into / f"{MARK}.new").unlink(missing_ok=True)
    if not (into / MARK).is_file():
        if any(into.iterdir()):
            raise Refusal("backup.into_taken", folder=into.name)
        schema = "shouxin_" + new_id("r").removeprefix("r_")[:20] if connection.vendor == "postgresql" else ""
        mark = {"copy": manifest.header.copy, "schema": schema, "report": None}
        durable.write_whole(into / MARK, encode(mark))
        durable.step("restore begun")
        return mark
    mark = _read_mark(into)
    if mark["copy"] != manifest.header.copy:
        raise Refusal("backup.into_taken", folder=into.name)
    for name in (*_AGAIN, *cataloguing.FOLDERS):
        if (into / name).is_dir():
            shutil.rmtree(into / name)
        else:
            (into / name).unlink(missing_ok=True)
    if mark["schema"]:
        with connection.cursor() as cursor:
            cursor.execute(f'DROP SCHEMA IF EXISTS "{mark["schema"]}" CASCADE')
    return mark


def _read_mark(into: Path) -> dict[str, Any]:
    mark: dict[str, Any] = decode((into / MARK).read_bytes(), where=MARK)
    return mark


def _unpack(
    backup: Path, recovery: bytes, into: Path, manifest: Manifest, told: reading.Told | None
) -> Mapping[str, Any]:
    """Files and, on SQLite, the database; the home file as it was."""
    take = _taking_files(into)
    if manifest.content.database == "sqlite":
        _, head = reading.assemble(backup, recovery, into / DATABASE, other=take, told=told)
    else:
        found = reading.stream(backup, manifest, recovery)
        head = reading.read_head(next(found))
        for frame in found:
            take(frame)
    for folder in cataloguing.FOLDERS:
        for path in (into / folder).rglob("*"):
            durable.sync_folder(path) if path.is_dir() else durable.sync(path)
    durable.sync_folder(into)
    durable.step("unpacked")
    return head.home


def _taking_files(into: Path) -> Callable[[frames.Frame], None]:
    def take(frame: frames.Frame) -> None:
        if frame.kind != frames.FILE:
            return
        name = PurePosixPath(frame.name.decode())
        if name.is_absolute() or ".." in name.parts or name.parts[0] not in cataloguing.FOLDERS:
            raise Corrupt("backup with a file outside its folders", str(name))
        path = into / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(frame.body)

    return take


def _home_file(plain: Mapping[str, Any], *, kek: Path | None, schema: str) -> HomeFile:
    """The home file of the new folder: escrow and KEK are this machine's own."""
    home = HomeFile(**{**plain, "escrow": ()})
    database = os.environ.get("DATABASE_URL", home.database) if schema else ""
    return replace(home, kek="" if kek is None else str(kek), schema=schema, database=database)


def _lay_down(backup: Path, recovery: bytes, manifest: Manifest, schema: str) -> None:
    """The schema, its tables as the copy knew them, and their rows: all of it or nothing."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE SCHEMA "{schema}"')
        tables.migrate_to(dict(manifest.content.migrations))
        laying = tables.Laying()
        for frame in reading.stream(backup, manifest, recovery):
            laying(frame)
        laying.end_table()


def _revive(
    manifest: Manifest,
    backup: Path,
    escrow: Path,
    recovery: bytes,
    *,
    note: str | None,
    by: str,
    at: datetime,
    kek: Path | None,
) -> RestoreReport:
    """Under the new home: ledger completed and compared, keys made, tombstones purged, and the entry."""
    data_height = _check_ledger(manifest)
    with transaction.atomic():
        _replay(escrowing.newest_tail(escrow, recovery))
        checkpoint = _check_known_outside(note, bundles.read_header(bundles.newest(escrow)).generation)
        _park()
        _forget_sessions()
        cataloguing.adopt(backup.parent, manifest)
    durable.step("ledger completed")
    instant = ledger_queries.clock().now() if ledger_queries.is_simulated() else at
    public = X25519PrivateKey.from_private_bytes(recovery).public_key().public_bytes_raw()
    came = vault.restore(folder=escrow, recovery=recovery, at=instant, by=by, kek=kek, recovery_public=public)
    durable.step("vault restored")
    checked = vault_queries.self_test()
    if not checked.holds:
        raise Corrupt(f"restored vault that is not in order: {', '.join(checked.wrong)}", manifest.header.copy)
    facts = {
        "copy": manifest.header.copy,
        "escrow": came.generation,
        "data_height": data_height,
        "checkpoint": checkpoint,
        "customers": came.customers_purged,
        "records": came.records_purged,
    }
    with transaction.atomic():
        ref = ledger.append(kind="backup.restored", scope="company", at=instant, by=by, facts=facts)
    return RestoreReport(
        copy=manifest.header.copy,
        escrow=came.generation,
        data_height=data_height,
        height=ref.seq + 1,
        checkpoint=checkpoint,
        customers_purged=came.customers_purged,
        records_purged=came.records_purged,
        entry=ref.seq,
    )


def _check_ledger(manifest: Manifest) -> int:
    """The backup's ledger is whole and is the manifest's; its height."""
    head = ledger_queries.check_whole()
    if head.size != manifest.content.height or head.origin != manifest.header.origin:
        raise Corrupt("backup whose ledger is not its manifest's", manifest.header.copy)
    return head.size


def _replay(tail: escrowing.Tail | None) -> None:
    """Append the entries since the backup, each with the bytes that it had.

    Raises:
        Refusal("backup.tail_gap"): the backup is older than the tail; Refusal("backup.key_rotated_since"): the
        company's key was changed since; Corrupt: the tail contradicts the backup.
    """
    if tail is None:
        return
    height = ledger_queries.height()
    if tail.start > height:
        raise Refusal("backup.tail_gap", backup=height, tail=tail.start)
    known = list(ledger_queries.raw(tail.start, min(height, tail.stop)))
    if known != list(tail.entries[: len(known)]):
        raise Corrupt("ledger's tail that contradicts the backup", f"entries {tail.start} to {tail.stop}")
    for raw in tail.entries[len(known) :]:
        _append_again(raw)


def _append_again(raw: bytes) -> None:
    entry = ledger_queries.read_entry(raw)
    if entry.kind == "ledger.key_rotated":
        raise Refusal("backup.key_rotated_since", entry=entry.seq)
    if entry.kind == "ledger.clock_advanced":
        ledger.advance_clock(to=entry.at, by=entry.by)
        leaf = ledger_queries.ref(ledger_queries.height() - 1).leaf
    else:
        ref = ledger.append(kind=entry.kind, scope=entry.scope, at=entry.at, by=entry.by, facts=entry.facts)
        leaf = ref.leaf
    if leaf != leaf_hash(raw):
        raise Corrupt("ledger's tail that cannot be appended again", f"entry {entry.seq}")


def _check_known_outside(note: str | None, generation: int) -> int:
    """Neither ledger nor escrow is older than what is known outside; the checkpoint's size, 0 without one."""
    known = max((_generation(entry.facts) for entry in ledger_queries.entries(kinds=_FLIPPED)), default=0)
    if generation < known:
        raise Refusal("backup.escrow_older", escrow=generation, known=known)
    if note is None:
        return 0
    told = notes.read_checkpoint(note)
    if told.origin != ledger_queries.origin():
        raise Corrupt("checkpoint of another log", "checkpoint")
    _check_our_signature(note)
    if told.size > ledger_queries.height():
        raise Refusal("backup.ledger_behind_checkpoint", height=ledger_queries.height(), checkpoint=told.size)
    if told.size == 0 or ledger_queries.root_at(told.size) != told.root:
        raise Corrupt("ledger with another past than a checkpoint known outside", f"size {told.size}")
    return told.size


_FLIPPED = ("destroy.done", "vault.epoch_closed", "vault.escrow_set", "backup.escrowed")


def _generation(facts: Mapping[str, Any]) -> int:
    return int(facts.get("generation", 0))


def _check_our_signature(note: str) -> None:
    _, lines = notes.split_note(note)
    hashes = {line.key_hash for line in lines if line.name == ledger_queries.origin()}
    for public in ledger_queries.company_keys().values():
        if notes.key_hash(ledger_queries.origin(), public) in hashes:
            notes.check_checkpoint(note, public)
            return
    raise Corrupt("checkpoint without its log's signature", "checkpoint")


def _park() -> None:
    """The company's private key is laid aside, sealed as it is, where no verb that signs looks for it."""
    with transaction.atomic():
        for key, sealed in parties.lay_aside_company_key().items():
            Parked.objects.get_or_create(key_id=key, defaults={"sealed": sealed})


def _forget_sessions() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_session")


def _finish(into: Path, home: HomeFile, found: RestoreReport) -> None:
    mark = _read_mark(into)
    durable.write_whole(into / MARK, encode({**mark, "report": asdict(found)}))
    durable.write_whole(into / "session.secret", os.urandom(48))
    durable.step("all restored")
    durable.write_whole(into / FILE_NAME, home.to_text().encode())
    durable.step("home written")
    (into / MARK).unlink()
    durable.sync_folder(into)
