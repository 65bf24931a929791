"""A copy is made: catalogued before its first byte, written beside, whole or not there, told in the ledger.

1. The catalogue knows a copy before its folder exists, so that no file of ours lies anywhere unnamed; one that was
   begun and not finished is removed by the next.
2. A consistent state of the database, read while others write; only pages that changed since the newest copy in the
   same folder, if that one and the pages' hashes are there.
3. Increments expire with the full copy they go on from, so that a day told in a certificate stays true; after a week a
   full one begins anew.
4. Never in a copy: keys, blind indexes, spools, packages, session secrets. The database holds ciphertext under keys
   that are elsewhere.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from shouxin.ground.kernel.canonical import encode, from_base64, to_base64
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.ids import new_id
from shouxin.ground.kernel.refusals import Refusal, Unavailable
from shouxin.ground.kernel.signing import Signer
from shouxin.ground.kernel.times import day_in_china, to_text
from shouxin.stores.backup import cataloguing, chunks, frames, manifests, pages, queries, snapshots
from shouxin.stores.backup.models import Copy
from shouxin.stores.backup.queries import CopyView
from shouxin.stores.ledger import queries as ledger_queries
from shouxin.stores.ledger import services as ledger
from shouxin.stores.vault import durable, keyring, section
from shouxin.stores.vault import queries as vault

Told = Callable[[str, int, int], None]
KEEP_DAYS = 30
MOST_INCREMENTS = 30
CYCLE_DAYS = 7
_PIECE = 1 << 20


@dataclass
class Passed:
    """What the stream of a copy learned while it ran."""

    changed: int = 0
    marks: list[bytes] = field(default_factory=list)


def create(
    *,
    target: Path | None,
    by: str,
    at: datetime,
    signer: Signer | None = None,
    keep_days: int = KEEP_DAYS,
    full: bool = False,
    told: Told | None = None,
) -> CopyView:
    """Make a copy in a folder (the home's `backups` when none is named); entry `backup.created`.

    Raises:
        Refusal("backup.no_recovery_key"): there is no recovery key to which a copy could be sealed;
        Refusal("backup.target_in_escrow"): folder and escrow would lie in one another; Refusal("backup.under_way");
        Refusal("backup.keep_days"); Refusal("vault.not_founded"); Refusal("vault.inside_transaction");
        Unavailable: a disk refuses.
    """
    section.check_outside()
    if keep_days < 1:
        raise Refusal("backup.keep_days", least=1)
    public = recovery_public()
    place = _checked_target(target or cataloguing.own_folder())
    with cataloguing.alone():
        tidy()
        expires = day_in_china(at) + timedelta(days=keep_days)
        base = None if full else _base(place, expires, cycle=min(CYCLE_DAYS, keep_days // 2))
        row = Copy.objects.create(
            id=new_id("copy"),
            target=str(place),
            kind="incremental" if base else "full",
            base=base[0].id if base else "",
            created_at=at,
            expires=base[0].expires if base else expires,
        )
        durable.step("copy catalogued")
        try:
            manifest = _write(row, public, before=base[1] if base else None, signer=signer, told=told)
        except (OSError, Unavailable):
            _give_room_back(row)
            raise
        view = _enter(row, manifest, by=by, at=at)
        _drop_older_hashes(row)
    return view


def recovery_public() -> bytes:
    """The public half of the recovery key. Raises Refusal("backup.no_recovery_key"), Refusal("vault.not_founded")."""
    public = from_base64(keyring.current().description.recipient)
    if len(public) != 32:
        raise Refusal("backup.no_recovery_key")
    return public


def tidy() -> int:
    """Remove what stopped makings left: scratch files and copies begun; how many copies. An absent folder waits."""
    for left in cataloguing.own_folder().glob(".scratch*"):
        left.unlink(missing_ok=True)
    gone = 0
    for row in Copy.objects.filter(state="begun"):
        if Path(row.target).is_dir():
            _remove_files(row)
            row.delete()
            gone += 1
    return gone


def _remove_files(row: Copy) -> None:
    cataloguing.remove_folder(Path(row.target) / row.id)
    hashes = hashes_path(row.id)
    for path in (hashes, hashes.with_name(hashes.name + ".new")):
        path.unlink(missing_ok=True)


def _give_room_back(row: Copy) -> None:
    """A copy that could not be written fills the disk no longer; what cannot be removed now, the next one removes."""
    with contextlib.suppress(OSError, Unavailable):
        _remove_files(row)


def hashes_path(copy_id: str) -> Path:
    """Where the hashes of a copy's pages lie."""
    return cataloguing.own_folder() / f"{copy_id}.pages"


def header_of(row: Copy, *, created: datetime) -> manifests.Header:
    """The header of a copy of this home."""
    return manifests.Header(
        copy=row.id,
        home=settings.SHOUXIN.id,
        vault=keyring.current().vault.hex(),
        origin=ledger_queries.origin(),
        simulated=ledger_queries.is_simulated(),
        created=to_text(created),
        kind=row.kind,
        base=row.base,
    )


def _checked_target(place: Path) -> Path:
    place = place.resolve()
    for folder in vault.escrow_headers():
        if queries.overlap(place, Path(folder)):
            raise Refusal("backup.target_in_escrow", folder=place.name)
    try:
        place.mkdir(exist_ok=True)
    except OSError as error:
        raise Unavailable(f"backup folder ({error.strerror})") from error
    return place


def _base(place: Path, expires: date, *, cycle: int) -> tuple[CopyView, pages.Hashes] | None:
    """The newest copy in that folder and its hashes, if an increment can go on from it: they expire on the same day."""
    if connection.vendor != "sqlite":
        return None
    here = [copy for copy in queries.copies() if copy.target == str(place)]
    newest = next(reversed(here), None)
    if newest is None or not (newest.folder / manifests.FILE).is_file():
        return None
    if not timedelta(0) <= expires - newest.expires <= timedelta(days=cycle):
        return None
    hashes = pages.kept(hashes_path(newest.id))
    if hashes is None or _length(newest, {copy.id: copy for copy in here}) >= MOST_INCREMENTS:
        return None
    return newest, hashes


def _length(copy: CopyView, known: dict[str, CopyView]) -> int:
    """How many copies an increment on this one would go on from; too many when one of them is gone."""
    length = 1
    while copy.base:
        if copy.base not in known:
            return MOST_INCREMENTS
        copy, length = known[copy.base], length + 1
    return length


def _write(
    row: Copy, public: bytes, *, before: pages.Hashes | None, signer: Signer | None, told: Told | None
) -> manifests.Manifest:
    folder, key = Path(row.target) / row.id, os.urandom(32)
    header = header_of(row, created=row.created_at)
    pages_key, passed = before.key if before else os.urandom(32), Passed()
    durable.make_folder(folder)
    with snapshots.taken(cataloguing.own_folder() / ".scratch.sqlite3") as shot:
        if before is not None and before.page_size != shot.page_size:
            raise Unavailable("database whose page size changed; make a full copy", permanent=True)
        stream = _stream(shot, before, pages_key, passed, told or _silent)
        written = chunks.write(folder / chunks.FILE, stream, key=key, copy=row.id)
        durable.step("copy written")
        content = _content(row, shot, pages.Hashes(pages_key, shot.page_size, b"".join(passed.marks)), passed.changed)
    manifest = manifests.Manifest(
        header=header,
        content=content,
        recipient=digest(public),
        sealed_key=manifests.seal_key(key, header, public),
        chunks=tuple(written),
    )
    whole = manifests.write(folder, manifest, key=key, signer=signer)
    durable.step("manifest written")
    if shot.page_size:
        pages.keep(hashes_path(row.id), pages.Hashes(pages_key, shot.page_size, b"".join(passed.marks)))
    return whole


def _content(row: Copy, shot: snapshots.Shot, hashes: pages.Hashes, changed: int) -> manifests.Content:
    return manifests.Content(
        database=connection.vendor,
        generation=shot.generation,
        height=shot.height,
        root=to_base64(shot.root),
        page_size=shot.page_size,
        pages=hashes.pages,
        changed=changed,
        pages_digest=hashes.digest if shot.page_size else "",
        migrations=shot.migrations,
        expires=row.expires.isoformat(),
    )


def _stream(
    shot: snapshots.Shot, before: pages.Hashes | None, pages_key: bytes, passed: Passed, told: Told
) -> Iterator[bytes]:
    head = {
        "pages_key": to_base64(pages_key),
        "home": {**asdict(settings.SHOUXIN), "escrow": list(settings.SHOUXIN.escrow)},
    }
    yield frames.pack(frames.HEAD, body=encode(head))
    for packed, count, marks in shot.frames(before, pages_key, lambda done, total: told("backup.write", done, total)):
        passed.changed += count
        passed.marks.append(marks)
        yield packed
    for name, path in cataloguing.home_files():
        yield frames.pack(frames.FILE, name.encode())
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                yield frames.pack(frames.FILE, name.encode(), piece)
    yield frames.pack(frames.END)


def _enter(row: Copy, manifest: manifests.Manifest, *, by: str, at: datetime) -> CopyView:
    row.state, row.digest, row.size = "kept", manifest.digest, manifest.size
    row.generation, row.height = manifest.content.generation, manifest.content.height
    row.pages, row.changed, row.signed = manifest.content.pages, manifest.content.changed, bool(manifest.envelope)
    facts = {
        "copy": row.id,
        "kind": row.kind,
        "base": row.base,
        "generation": row.generation,
        "height": row.height,
        "bytes": row.size,
        "manifest": row.digest,
        "signed": row.signed,
        "expires": row.expires.isoformat(),
    }
    with transaction.atomic():
        row.entry = ledger.append(kind="backup.created", scope="company", at=at, by=by, facts=facts).seq
        row.save()
    durable.step("copy told")
    return queries.copy_view(row)


def _drop_older_hashes(row: Copy) -> None:
    """Only the newest copy of a folder can be gone on from."""
    for other in Copy.objects.filter(target=row.target).exclude(id=row.id).values_list("id", flat=True):
        hashes_path(other).unlink(missing_ok=True)


def _silent(phase: str, done: int, total: int) -> None:
    """Nobody listens."""
