"""One story of the demo told in a process of its own, and what stands in its pack."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shouxin.ground.samples import Truth
from tests.stories.leaks import Search


@dataclass(frozen=True)
class Told:
    """What a telling said at its end, its folder, and the truth behind company A's files."""

    plain: dict[str, Any]
    folder: Path
    truth: Truth

    def in_pack(self, name: str) -> bytes:
        """One entry of the evidence pack."""
        with zipfile.ZipFile(self.plain["pack"]) as pack:
            return pack.read(name)

    def ledger(self) -> list[dict[str, Any]]:
        """Every ledger entry that the pack shows."""
        with zipfile.ZipFile(self.plain["pack"]) as pack:
            files = sorted(name for name in pack.namelist() if name.startswith("ledger/entries/"))
            return [json.loads(entry) for name in files for entry in _entries(pack.read(name))]

    def search(self) -> Search:
        """Looking for every text of everybody but the staff, whose names stand on what they signed."""
        staff = [each for each in self.truth.people.values() if each.kind == "staff"]
        theirs = {text for each in staff for texts in each.texts.values() for text in texts}
        return Search(found for found in self.truth.identifiers() if found[2] not in theirs)

    def call(self, *arguments: str) -> dict[str, Any]:
        """A verb on company A's home, after the story."""
        environment = {**os.environ, "SHOUXIN_HOME": str(self.folder / "A" / "home")}
        command = [sys.executable, "-m", "shouxin.faces.cli.main", *arguments, "--json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        return json.loads(done.stdout)


def _entries(bundle: bytes) -> Iterator[bytes]:
    """The entries of a bundle, each behind two bytes of length."""
    place = 0
    while place < len(bundle):
        length = int.from_bytes(bundle[place : place + 2], "big")
        yield bundle[place + 2 : place + 2 + length]
        place += 2 + length


def tell(story: str, folder: Path, *, customers: int, truth: Truth) -> Told:
    """Tell a story; it must end with a proof that verifies."""
    environment = {name: value for name, value in os.environ.items() if name not in ("SHOUXIN_HOME", "DATABASE_URL")}
    done = subprocess.run(
        [sys.executable, "-m", "shouxin.faces.cli.main", "demo", "--story", story, "--customers", str(customers),
         "--home", str(folder), "--json"],
        env=environment, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    return Told(json.loads(done.stdout), folder, truth)


def verified_by_both(told: Told, folder: Path) -> bool:
    """Whether `verify` and the one-file verifier both accept the pack under the trust file."""
    alone = folder / "verifier.py"
    subprocess.run([sys.executable, "-m", "shouxin.faces.cli.main", "verifier", str(alone)], check=True)
    judges = ([sys.executable, str(alone)], [sys.executable, "-m", "shouxin.faces.cli.main", "verify"])
    ends = [
        subprocess.run([*judge, told.plain["pack"], "--trust", told.plain["trust"]], capture_output=True, check=False)
        for judge in judges
    ]
    return [end.returncode for end in ends] == [0, 0]
