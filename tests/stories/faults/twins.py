"""Every command of the story given by two processes of the company at the same moment, and each next one first to the
other process, so that what either remembers is always old.
"""

import collections
import contextlib
from dataclasses import dataclass, field

ONCE = frozenset({"init", "staff add", "source add", "backup create", "source boxes"})
"""Of what these make there would rightly be two."""
MOST_ROUNDS = 50
UNDER_WAY = frozenset({"jobs.leased", "jobs.under_way", "backup.under_way"})
"""What is told to whoever comes while another process is at it."""
NO_ANSWER = frozenset({"unexpected", "unavailable", "corrupt"})
"""What nobody should be told because another process of the same company lives."""


@dataclass
class Twins:
    """What became of the commands that were given twice at once."""

    phase: str = "found"
    ballast: str = ""
    turn: contextlib.AbstractContextManager = field(default_factory=contextlib.nullcontext)
    both: int = 0
    refused: collections.Counter = field(default_factory=collections.Counter)
    wrong: list[tuple] = field(default_factory=list)

    def strike(self, company, verb, words, key):
        """Let both processes do it; the answer of the one that did, again as long as one of them is at it."""
        if not company.staff or verb in ONCE:
            return None
        for _ in range(MOST_ROUNDS):
            answers = self._together(company, words)
            said = [each["result"].get("error", "") for each in answers]
            self.refused.update((verb, each) for each in said if each)
            self.wrong += [(verb, each["result"]) for each in answers if each["result"].get("error") in NO_ANSWER]
            if said == ["", ""]:
                self.both += 1
            if "" in said:
                return answers[said.index("")]
            if not set(said) & UNDER_WAY:
                return answers[0]
        raise AssertionError(f"{verb}: neither came to an end")

    def hurt(self, key):
        """A refusal is the other process's success."""
        return True

    def _together(self, company, words):
        processes = []
        for _ in range(2):
            company.change_over()
            processes.append(company.process())
        for each in processes:
            each.shared.arm()
            each.send(words)
        answers = [each.answer() for each in processes]
        company.change_over()
        return answers
