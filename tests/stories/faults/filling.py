"""A disk that takes nothing more, at chosen events of the story's commands; each is sent again when there is room.

Two ways: a small disk of its own that is really filled (Linux, root), and a limit under which no file may be written,
which works anywhere. The company's process lives on through it.
"""

import collections
import contextlib
import itertools
import random
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

from tests.stories.faults.sitecustomize import FILL, FORBID

try:
    import resource
except ImportError:
    resource = None

THOROUGH = frozenset(
    {"collect", "backup create", "backup drill", "transfer pack", "transfer import", "dispose destroy"}
    | {"dispose sources", "dispose certificate", "evidence export", "notices send", "consent import"}
)
"""Whose every stretch is tried, from the first event to beyond the last."""
NEED_ROOM = THOROUGH - {"consent import", "backup drill"}
"""Of these, what cannot do without new room even where old room of the database's log can be written over."""
AT_ONCE = frozenset(
    {"source goods", "source boxes", "case open", "case step", "case decide", "case permit", "case close"}
    | {"assessment sign", "recipient add", "recipient agreement", "company clock", "notices announce"}
    | {"consent import", "consent record", "dispose plan", "dispose approve"}
)
"""What stands wholly in one transaction: refused, it left nothing behind. The others go on behind their last step."""
FREQUENT = {"source goods": 0.1, "case step": 0.3, "company clock": 0.3}
DISK_MB = 256


@dataclass
class FullDisk:
    """Which command was refused at which event, and what was not as it must be."""

    way: int
    draw: random.Random
    ballast: Path
    share: float = 1.0
    phase: str = "found"
    refused: collections.Counter = field(default_factory=collections.Counter)
    lived: int = 0
    wrong: list[tuple] = field(default_factory=list)
    turn: threading.Lock = field(default_factory=threading.Lock)
    _hurt: set = field(default_factory=set)

    def strike(self, company, verb, words, key):
        """Send it with a full disk, at one event after the other; gives the answer when it needed no room."""
        for moment in self._moments(verb):
            answer = self._attempt(company, verb, words, moment)
            if "error" not in answer["result"]:
                self.lived += 1
                return answer
            self._hurt.add(key)
        return None

    def hurt(self, key):
        """Whether this command met a full disk before."""
        return key in self._hurt

    def _moments(self, verb):
        if verb in THOROUGH:
            return itertools.chain((0, 1, 2, 3), _ever_further(4))
        if self.draw.random() > self.share * FREQUENT.get(verb, 1):
            return ()
        return (0, self.draw.randint(1, 6))

    def _attempt(self, company, verb, words, moment):
        founded = verb not in ("init", "staff add")
        before = company.ask("company", "show") if founded else {}
        if moment == 0:
            self._fill(company)
        answer = company.once(words, number=moment, way=self.way)
        shared = company.process().shared
        place, reached = shared.place(), moment == 0 or shared.count() >= moment
        after = company.ask("company", "show") if founded else {}
        self._relieve(company)
        said = answer["result"].get("error", "")
        if not reached or not said:
            if said:
                self.wrong.append((verb, moment, place, said))
            return answer
        self.refused[verb] += 1
        if (said, answer["code"]) != ("disk.full", 4):
            self.wrong.append((verb, moment, place, said, answer["result"].get("facts")))
        elif after.get("height") != before.get("height") and verb in AT_ONCE:
            self.wrong.append((verb, moment, place, "something was done"))
        return answer

    def _fill(self, company):
        if self.way == FORBID:
            resource.prlimit(company.process().pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            return
        with self.ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(bytes(4096)):
                pass

    def _relieve(self, company):
        if self.way == FILL:
            self.ballast.unlink(missing_ok=True)
        else:
            resource.prlimit(company.process().pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)


def _ever_further(start):
    """4, 6, 9, 13, 19 …"""
    while True:
        yield start
        start += start // 2


@contextlib.contextmanager
def small_disk(folder):
    """A disk of its own at this folder; nothing when this user may mount none."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "shouxin-test", str(folder)],
        capture_output=True,
        check=False,
    )
    try:
        yield mounted.returncode == 0
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "-l", str(folder)], check=True)
