"""The catalogue and the home's own files: what belongs in a copy, what is removed when its day has come, what a restore
finds again.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from filelock import FileLock, Timeout

from shouxin.ground.kernel.refusals import Corrupt, Refusal, Unavailable
from shouxin.ground.kernel.times import day_in_china, from_text
from shouxin.stores.backup import manifests, queries
from shouxin.stores.backup.manifests import Manifest
from shouxin.stores.backup.models import Copy
from shouxin.stores.ledger import queries as ledger_queries
from shouxin.stores.ledger import services as ledger
from shouxin.stores.vault import durable
from shouxin.stores.vault import services as vault

FOLDERS = ("messages", "evidence")
PACKAGE = "-package.age"


def own_folder() -> Path:
    """Where this home's copies lie when no other folder is named; its hashes and scratch files always."""
    folder = Path(settings.SHOUXIN_HOME) / "backups"
    if not folder.is_dir():
        durable.make_folder(folder)
    return folder


@contextmanager
def alone() -> Iterator[None]:
    """One copy, drill or expiry at a time. Raises Refusal("backup.under_way")."""
    lock = FileLock(own_folder() / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise Refusal("backup.under_way") from None
    try:
        yield
    finally:
        lock.release()


@dataclass(frozen=True)
class Expired:
    """Which copies went; `away`: those whose folder could not be reached, and which therefore still count."""

    gone: tuple[str, ...]
    away: tuple[str, ...]
    leaves: int


def home_files() -> Iterator[tuple[str, Path]]:
    """The files of the home that belong in a copy, by relative name: messages without packages, evidence."""
    home = Path(settings.SHOUXIN_HOME)
    for folder in FOLDERS:
        for path in sorted((home / folder).rglob("*")):
            if path.is_file() and not path.is_symlink() and PACKAGE not in path.name and ".unfinished" not in path.name:
                yield path.relative_to(home).as_posix(), path


def expire(*, by: str, at: datetime) -> Expired:
    """Remove the copies whose last day is over, and the escrowed leaves that no copy needs any more; entry
    `backup.expired`. Nothing expired: no entry.

    Raises:
        Refusal("backup.last_copy"): none would be left: make a new one first; Refusal("backup.under_way"); Unavailable:
        a disk refuses.
    """
    with alone():
        return _expire(by=by, at=at)


def _expire(*, by: str, at: datetime) -> Expired:
    kept = queries.copies()
    over = [copy for copy in kept if copy.expires < day_in_china(at)]
    if over and len(over) == len(kept):
        raise Refusal("backup.last_copy", copy=over[-1].id)
    gone, away = [], []
    for copy in reversed(over):  # an increment before that from which it goes on
        if Path(copy.target).is_dir():
            remove_folder(copy.folder)
            gone.append(copy.id)
        else:
            away.append(copy.id)
    durable.step("copies removed")
    if gone:
        with transaction.atomic():
            Copy.objects.filter(id__in=gone).update(state="gone", gone_at=at)
            facts = {"copies": gone, "away": len(away)}
            ledger.append(kind="backup.expired", scope="company", at=at, by=by, facts=facts)
    leaves = vault.prune_escrow(born_until=min(copy.generation for copy in queries.copies())) if kept else 0
    return Expired(tuple(gone), tuple(away), leaves)


def remove_folder(folder: Path) -> None:
    """Take a copy's folder away, durably; its bytes are ciphertext under a key of its own. Raises Unavailable."""
    try:
        (folder / manifests.FILE).unlink(missing_ok=True)
        if folder.is_dir():
            shutil.rmtree(folder)
    except OSError as error:
        raise Unavailable(f"backup folder ({error.strerror})") from error
    durable.sync_folder(folder.parent)


def adopt(target: Path, restored: Manifest) -> int:
    """Catalogue the copies of this company that lie in a folder and that a restored database does not know; how many.

    The caller holds the transaction.
    """
    entries = {entry.facts["copy"]: entry.seq for entry in ledger_queries.entries(kinds=("backup.created",))}
    found = 0
    for folder in sorted(path for path in target.resolve().iterdir() if (path / manifests.FILE).is_file()):
        try:
            manifest = manifests.read(folder)
        except Corrupt:
            continue
        header = manifest.header
        if header.copy != folder.name or (header.home, header.vault) != (restored.header.home, restored.header.vault):
            continue
        if header.kind in ("full", "incremental"):
            _adopt(folder, manifest, entries.get(header.copy))
            found += 1
    return found


def _adopt(folder: Path, manifest: Manifest, entry: int | None) -> None:
    header, content = manifest.header, manifest.content
    Copy.objects.update_or_create(
        id=header.copy,
        defaults={
            "target": str(folder.parent),
            "kind": header.kind,
            "base": header.base,
            "state": "kept",
            "created_at": from_text(header.created),
            "expires": date.fromisoformat(content.expires),
            "generation": content.generation,
            "height": content.height,
            "size": manifest.size,
            "pages": content.pages,
            "changed": content.changed,
            "digest": manifest.digest,
            "signed": bool(manifest.envelope),
            "entry": entry,
        },
    )
