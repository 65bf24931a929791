"""The packs that were given out, kept byte for byte in the home's `evidence/`: whoever asks again gets the same file.

A pack names its own digest nowhere; the ledger does. A kept file whose bytes are not those of the noted digest is not
given out: a new pack is issued, and what differs from the noted one is said entry by entry.
"""

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from shouxin.cases.models import Pack
from shouxin.ground.formats import pack
from shouxin.ground.kernel.digests import digest_file
from shouxin.ground.kernel.notes import Checkpoint, read_checkpoint
from shouxin.ground.kernel.refusals import Corrupt

GOOD = (0, 3)
CHECKPOINT = "ledger/checkpoint"


@dataclass(frozen=True)
class Kept:
    """A pack that was noted and verified: what it was called by digest, when, its entries' digests, and its file."""

    digest: str
    at: datetime
    entries: Mapping[str, str]
    path: Path

    @property
    def is_whole(self) -> bool:
        """Whether the file lies here with exactly the bytes that were noted."""
        return self.path.is_file() and digest_file(self.path) == self.digest


@dataclass(frozen=True)
class Difference:
    """One entry of the container that is not the same: its digest then and now, empty where it was not there."""

    name: str
    was: str
    now: str


def keep(path: Path, digest: str) -> None:
    """Keep the bytes of a pack under its digest; the same again is kept once."""
    place = _place(digest)
    if place.is_file() and digest_file(place) == digest:
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_suffix(".part")
    shutil.copyfile(path, part)
    with part.open("r+b") as file:
        os.fsync(file.fileno())
    os.replace(part, place)


def newest(case: str, *, edition: str) -> Kept | None:
    """The pack of this edition that was noted last and verified; none where there is none."""
    row = Pack.objects.filter(case_id=case, edition=edition, exit_code__in=GOOD).order_by("-id").first()
    if row is None:
        return None
    return Kept(digest=row.digest, at=row.at, entries=row.entries, path=_place(row.digest))


def entries(path: Path) -> dict[str, str]:
    """Each entry of a pack and its digest, the signed statement and the manifest itself among them."""
    found = {}
    with path.open("rb") as file:
        for each in pack.read(file, size=path.stat().st_size).entries:
            found[each.name] = hashlib.sha256(pack.content(file, each)).hexdigest()
    return found


def checkpoint(path: Path) -> Checkpoint:
    """How far the ledger goes that a pack shows.

    Raises:
        Corrupt: the pack holds none that can be read.
    """
    with path.open("rb") as file:
        found = {each.name: each for each in pack.read(file, size=path.stat().st_size).entries}
        if CHECKPOINT not in found:
            raise Corrupt("pack without its checkpoint", CHECKPOINT)
        return read_checkpoint(pack.content(file, found[CHECKPOINT]).decode("utf-8", "replace"))


def differences(was: Mapping[str, str], now: Mapping[str, str]) -> list[Difference]:
    """What is not the same in two packs, by name."""
    names = sorted({*was, *now})
    return [Difference(name, was.get(name, ""), now.get(name, "")) for name in names if was.get(name) != now.get(name)]


def _place(digest: str) -> Path:
    return Path(settings.SHOUXIN_HOME) / "evidence" / f"{digest.removeprefix('sha256:')}.zip"
