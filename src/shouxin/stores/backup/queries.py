"""What one can ask about backups: which copies exist and until when, which drills were held, where the keys lie."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from django.conf import settings

from shouxin.stores.backup.models import Copy, Drill, Parked
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.vault import escrow as bundles
from shouxin.stores.vault import keyring
from shouxin.stores.vault import queries as vault

COLLECTING = ("inventory.batch_collected", "inventory.package_imported", "backup.restored")


@dataclass(frozen=True)
class CopyView:
    """One backup that still lies somewhere: where, of when, which keys' generation and ledger height its data have, and
    its last day.
    """

    id: str
    kind: str
    target: str
    base: str
    created: datetime
    expires: date
    generation: int
    height: int
    size: int
    pages: int
    changed: int
    digest: str
    signed: bool
    entry: int

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return Path(self.target) / self.id


@dataclass(frozen=True)
class DrillView:
    """One restore drill: of which copy, when, whether it passed, how many records were compared, how many destroyed
    slots failed to open.
    """

    copy: str
    copy_digest: str
    at: datetime
    passed: bool
    sample: int
    destroyed: int
    generation: int
    report: bytes
    digest: str
    entry: int


@dataclass(frozen=True)
class EscrowView:
    """One escrow folder as it is now: reachable, of the present keys, outside the home and every backup, on another
    device than the home.
    """

    target: str
    reachable: bool
    present: bool
    outside: bool
    other_device: bool
    generation: int

    @property
    def apart(self) -> bool:
        """Whether it would survive the loss of the home and of the backups, and would open the newest data."""
        return self.reachable and self.present and self.outside


def copies() -> list[CopyView]:
    """Every backup that still lies somewhere, oldest first: what a certificate must name."""
    found = [copy_view(row) for row in Copy.objects.filter(state="kept")]
    return sorted(found, key=lambda each: (each.created, each.entry, each.id))


def latest() -> CopyView | None:
    """The newest backup; None when there is none."""
    return next(reversed(copies()), None)


def copy(copy_id: str) -> CopyView | None:
    """One backup that still lies somewhere."""
    row = Copy.objects.filter(state="kept", id=copy_id).first()
    return None if row is None else copy_view(row)


def drills() -> list[DrillView]:
    """Every drill, newest first."""
    return [
        DrillView(
            copy=row.copy,
            copy_digest=row.copy_digest,
            at=row.at,
            passed=row.passed,
            sample=row.sample,
            destroyed=row.destroyed,
            generation=row.generation,
            report=bytes(row.report),
            digest=row.digest,
            entry=row.entry,
        )
        for row in Drill.objects.order_by("-id")
    ]


def escrows() -> list[EscrowView]:
    """The escrow folders as they are now. Raises Refusal("vault.not_founded")."""
    if not vault.is_founded():
        return []
    generation = keyring.current().fresh().generation
    found = []
    for target, header in vault.escrow_headers().items():
        folder = Path(target)
        found.append(
            EscrowView(
                target=target,
                reachable=(folder / bundles.MARK).is_file(),
                present=header is not None and header.generation == generation,
                outside=is_outside(folder),
                other_device=_other_device(folder),
                generation=-1 if header is None else header.generation,
            )
        )
    return found


def is_outside(folder: Path) -> bool:
    """Whether a folder lies neither in the home, nor in a backup's folder, nor they in it."""
    home = Path(settings.SHOUXIN_HOME)
    targets = Copy.objects.exclude(state="gone").values_list("target", flat=True).distinct()
    return not any(overlap(folder, other) for other in (home, *map(Path, targets)))


def overlap(one: Path, other: Path) -> bool:
    """Whether one of two folders lies in the other."""
    left, right = one.resolve(), other.resolve()
    return left.is_relative_to(right) or right.is_relative_to(left)


def newest_collected() -> int:
    """The number of the newest entry by which data came in, or came back; -1 when there is none."""
    found = ledger.entries(kinds=COLLECTING)
    return found[-1].seq if found else -1


def awaits_declaration() -> bool:
    """Whether this is a restored machine that may not sign yet: nobody has declared the old one dead."""
    return Parked.objects.exists()


def copy_view(row: Copy) -> CopyView:
    """A row of the catalogue, read."""
    names = ("id", "kind", "target", "base", "expires", "generation", "height", "size", "pages", "changed", "digest")
    known = {name: getattr(row, name) for name in names}
    return CopyView(**known, created=row.created_at, signed=row.signed, entry=-1 if row.entry is None else row.entry)


def _other_device(folder: Path) -> bool:
    try:
        return folder.stat().st_dev != Path(settings.SHOUXIN_HOME).stat().st_dev
    except OSError:
        return False
