"""kill -9 at chosen events of the story's commands; each is sent again to a process that knows nothing."""

import collections
import contextlib
import random
import sqlite3
from dataclasses import dataclass, field

from tests.stories.faults.looking import LOOKS

LEAST_EACH = 2
FREQUENT = {"source goods": 0.15, "case step": 0.5, "company clock": 0.5}
"""Of the verbs the story says most often only a share is killed."""


@dataclass
class Kills:
    """Which command was killed at which event, and how often in each phase."""

    usual: dict[tuple[str, str, int], int]
    draw: random.Random
    phase: str = "found"
    deaths: list[dict[str, object]] = field(default_factory=list)
    survived: int = 0
    early: list[str] = field(default_factory=list)
    ballast: str = ""
    turn: contextlib.AbstractContextManager = field(default_factory=contextlib.nullcontext)

    def strike(self, company, verb, words, key):
        """Die at some events of this verb; gives an answer when it lived, or when a look says it is done."""
        for moment in self._moments(verb, self.usual.get(key, 0)):
            answer = company.once(words, number=moment)
            shared = company.process().shared
            at = shared.place()
            if answer is not None and shared.count() < moment:
                if shared.count() < self.usual.get(key, 0):
                    self.survived += 1
                    return answer
                at = "after the last event, before the answer was read"
            company.bury()
            self._died(key, at)
            self.early += _certificates_without_destruction(company.folder)
            if verb in LOOKS and (done := LOOKS[verb](company, words)) is not None:
                return {"code": 0, "result": done}
        return None

    def hurt(self, key):
        """Whether this command was killed before."""
        company, verb, number = key
        told = {"company": company, "verb": verb, "number": number}
        return any(told.items() <= each.items() for each in self.deaths)

    def each_phase(self):
        """Kills by phase."""
        return collections.Counter(each["phase"] for each in self.deaths)

    def _died(self, key, at):
        company, verb, number = key
        self.deaths.append({"phase": self.phase, "company": company, "verb": verb, "number": number, "at": at})

    def _moments(self, verb, usual):
        """At which events to die, one life after the other: early, middle and late in turn, and after the last."""
        if not usual or (verb in FREQUENT and self.draw.random() > FREQUENT[verb]):
            return []
        third = len(self.deaths) % 3
        low, high = 1 + third * usual // 3, max(1 + third * usual // 3, (third + 1) * usual // 3)
        chosen = [self.draw.randint(low, high)]
        if usual > 12 or self.each_phase()[self.phase] < 2 * LEAST_EACH:
            chosen.append(self.draw.randint(1, usual + 1))
        return chosen


def _certificates_without_destruction(home):
    """Certificates of a destruction that did not end; none may be there at any moment."""
    path = home / "company.sqlite3"
    if not path.is_file():
        return []
    with contextlib.closing(sqlite3.connect(path)) as database:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'disposal_certificate'").fetchone():
            return []
        return database.execute(
            "SELECT c.id FROM disposal_certificate c JOIN disposal_destruction d ON c.destruction_id = d.id"
            " WHERE d.ended_at IS NULL"
        ).fetchall()
