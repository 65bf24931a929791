"""What a row of the tables is: its number, its words, the facts it reads, the readings it leaves open, its judge."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from shouxin.ground.rulebook.gates.codes import Question
from shouxin.ground.rulebook.gates.facts import Facts, Remains
from shouxin.ground.rulebook.gates.flows import FlowFacts, SenderFacts
from shouxin.ground.rulebook.gates.outcomes import Outcome

Mask = Any
Cases = Sequence[tuple[Mask, Outcome]]


@dataclass(frozen=True)
class Row:
    """One row of table A: its number, the condition in both languages, what it reads, and its judge."""

    number: int
    zh: str
    en: str
    judge: Callable[[Facts, FlowFacts], Cases]
    reads: tuple[str, ...] = ()
    reads_flow: tuple[str, ...] = ()
    reads_sender: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()

    @property
    def id(self) -> str:
        """How people name this row."""
        return f"A{self.number:02d}"


@dataclass(frozen=True)
class EndRow:
    """One row of table B."""

    number: int
    zh: str
    en: str
    judge: Callable[[Remains, SenderFacts, bool], Cases]
    reads: tuple[str, ...] = ()
    reads_sender: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()

    @property
    def id(self) -> str:
        """How people name this row."""
        return f"B{self.number:02d}"
