"""The keys lie apart: the escrow's folders are set and looked at, and the ledger's tail is laid beside the keys.

The vault itself keeps each folder's bundle at the present generation. What this adds: whether a folder would survive
what the escrow is for (the loss of the home and of the backups), and the ledger since the oldest backup, sealed to the
recovery key, so that a restore of an old backup knows what happened since.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from filelock import FileLock, Timeout

from shouxin.ground.kernel.canonical import to_base64
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.refusals import Corrupt, Refusal, Unavailable
from shouxin.ground.kernel.times import to_text
from shouxin.stores.backup import cataloguing, chunks, frames, manifests, queries, reading, writing
from shouxin.stores.backup.queries import EscrowView
from shouxin.stores.ledger import queries as ledger_queries
from shouxin.stores.ledger import services as ledger
from shouxin.stores.vault import durable, keyring
from shouxin.stores.vault import escrow as bundles
from shouxin.stores.vault import queries as vault_queries
from shouxin.stores.vault import services as vault

TAIL = "ledger-"
MOST_SEGMENTS = 32
_PATIENCE = 60.0


@dataclass(frozen=True)
class EscrowReport:
    """What was found at the escrow's folders. `left_behind`: former folders whose bundles could not be destroyed."""

    folders: tuple[EscrowView, ...]
    left_behind: int
    entry: int

    @property
    def apart(self) -> bool:
        """Whether there is a folder, and each would do."""
        return bool(self.folders) and all(each.apart for each in self.folders) and not self.left_behind


@dataclass(frozen=True)
class Tail:
    """The newest tail of a folder: entries from `start` to `stop`, each in its canonical bytes."""

    start: int
    stop: int
    entries: tuple[bytes, ...]


def escrow(*, targets: Sequence[Path] | None, by: str, at: datetime) -> EscrowReport:
    """Set other folders, or store anew where one is behind; look at each; entry `backup.escrowed`.

    Raises:
        Refusal("backup.escrow_not_apart", folder=…): a folder in the home or among backups, or they in it;
        Refusal("backup.no_recovery_key"), Refusal("vault.escrow_taken"); Unavailable: a folder that is named is away.
    """
    public = writing.recovery_public()
    present = [view.target for view in queries.escrows()]
    wanted = present if targets is None else [str(Path(target).resolve()) for target in targets]
    left_behind = 0
    if targets is not None:
        _check_apart(wanted)
    if wanted != present or not all(view.present for view in queries.escrows() if view.reachable):
        vault.escrow_to(targets=[Path(target) for target in wanted], recovery_public=public, at=at, by=by)
        left_behind = sum(not _destroy_bundles(Path(target)) for target in present if target not in wanted)
    keep_tail(at=at)
    views = tuple(queries.escrows())
    facts = {
        "copies": len(views),
        "apart": sum(view.apart for view in views),
        "other_device": sum(view.other_device for view in views),
        "left_behind": left_behind,
        "generation": keyring.current().fresh().generation,
    }
    with transaction.atomic():
        ref = ledger.append(kind="backup.escrowed", scope="company", at=at, by=by, facts=facts)
    return EscrowReport(views, left_behind, ref.seq)


def keep_tail(*, at: datetime) -> int:
    """Lay the entries since the last time beside each reachable escrow bundle; in how many folders. Costs what is new.

    Called after whatever a restore must not forget: a copy, a destruction, a checkpoint that went outside. One process
    at a time; the next one lays down what came meanwhile.

    Raises:
        Unavailable: a disk refuses, or another process is at it for long.
    """
    kept = queries.copies()
    if not kept or not vault_queries.is_founded():
        return 0
    with _alone():
        start, stop = min(copy.height for copy in kept), ledger_queries.height()
        reached = [Path(target) for target, header in vault_queries.escrow_headers().items() if header is not None]
        for folder in reached:
            _lengthen(folder, start, stop, at)
    return len(reached)


@contextmanager
def _alone() -> Iterator[None]:
    lock = FileLock(cataloguing.own_folder() / "tail.lock")
    try:
        lock.acquire(timeout=_PATIENCE)
    except Timeout:
        raise Unavailable("ledger's tail: another process is at it") from None
    try:
        yield
    finally:
        lock.release()


def newest_tail(folder: Path, recovery: bytes) -> Tail | None:
    """The tail in an escrow folder, opened and put together; None when there is none.

    Raises:
        Refusal("backup.recovery_key"); Corrupt: changed or cut bytes, or a segment missing between two.
    """
    tail: Tail | None = None
    for place in _segments(folder):
        start, stop, entries = _open_segment(place, recovery)
        if tail is None:
            tail = Tail(start, stop, entries)
        elif start > tail.stop:
            raise Corrupt("ledger's tail with a segment missing", place.name)
        elif stop > tail.stop:
            tail = Tail(tail.start, stop, tail.entries + entries[tail.stop - start :])
    return tail


def _open_segment(place: Path, recovery: bytes) -> tuple[int, int, tuple[bytes, ...]]:
    manifest = manifests.read(place)
    start, stop = _range(place)
    found = reading.stream(place, manifest, recovery)
    entries = tuple(frame.body for frame in found if frame.kind == frames.ENTRY)
    if manifest.header.copy != place.name or manifest.content.height != stop or len(entries) != stop - start:
        raise Corrupt("ledger's tail under another name", place.name)
    return start, stop, entries


def _lengthen(folder: Path, start: int, stop: int, at: datetime) -> None:
    """One more segment, or one instead of all where they became many or begin too early or too late."""
    there = _segments(folder)
    first, last = (_range(there[0])[0], max(_range(place)[1] for place in there)) if there else (start, start)
    anew = first != start or len(there) >= MOST_SEGMENTS or last > stop
    begin = start if anew else last
    if there and not anew and begin == stop:
        return
    place = folder / f"{TAIL}{begin:010d}-{stop:010d}"
    if not (place / manifests.FILE).is_file():
        durable.make_folder(place)
        _seal_tail(place, begin, stop, at)
    durable.step("tail written")
    for other in folder.glob(f"{TAIL}*"):
        if other != place and (anew or not (other / manifests.FILE).is_file()):
            cataloguing.remove_folder(other)
    durable.step("tail kept")


def _segments(folder: Path) -> list[Path]:
    """The whole segments, by their range."""
    return sorted(place for place in folder.glob(f"{TAIL}*") if (place / manifests.FILE).is_file())


def _range(place: Path) -> tuple[int, int]:
    try:
        start, stop = place.name.removeprefix(TAIL).split("-")
        return int(start), int(stop)
    except ValueError as error:
        raise Corrupt("ledger's tail under another name", place.name) from error


def _seal_tail(place: Path, start: int, stop: int, at: datetime) -> None:
    key, public, copy = os.urandom(32), writing.recovery_public(), place.name
    header = manifests.Header(
        copy=copy,
        home=settings.SHOUXIN.id,
        vault=keyring.current().vault.hex(),
        origin=ledger_queries.origin(),
        simulated=ledger_queries.is_simulated(),
        created=to_text(at),
        kind="tail",
        base="",
    )
    stream = (frames.pack(frames.ENTRY, body=raw) for raw in ledger_queries.raw(start, stop))
    written = chunks.write(place / chunks.FILE, _ended(stream), key=key, copy=copy)
    content = manifests.Content(
        database=connection.vendor,
        generation=keyring.current().generation,
        height=stop,
        root=to_base64(ledger_queries.root_at(stop)),
        page_size=0,
        pages=0,
        changed=0,
        pages_digest="",
        migrations={},
        expires="",
    )
    sealed = manifests.seal_key(key, header, public)
    manifest = manifests.Manifest(header, content, digest(public), sealed, tuple(written))
    manifests.write(place, manifest, key=key, signer=None)


def _ended(stream: Iterable[bytes]) -> Iterator[bytes]:
    yield from stream
    yield frames.pack(frames.END)


def _check_apart(targets: Sequence[str]) -> None:
    if not targets:
        raise Refusal("backup.no_escrow")
    for target in targets:
        if not queries.is_outside(Path(target)):
            raise Refusal("backup.escrow_not_apart", folder=Path(target).name)


def _destroy_bundles(folder: Path) -> bool:
    """Overwrite what a former escrow folder holds; whether it could be reached."""
    if not (folder / bundles.MARK).is_file():
        return False
    try:
        for path in [*folder.glob("keys-*.escrow*"), *(folder / "leaves").glob("*.leaves*"), folder / bundles.MARK]:
            durable.remove(path)
        for place in folder.glob(f"{TAIL}*"):
            cataloguing.remove_folder(place)
    except Unavailable:
        return False
    return True
