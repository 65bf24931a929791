"""The legal windows as data: from one event to another, so much time, under a condition, by an article.

What the words of the article state is V; what is read into them is R and says so. Every window narrows a plan, so a
reading can only make it stricter. The planner above (`rulebook.windows`) counts the days.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

HOWS = ("full", "standing", "exactly", "within", "by", "order", "before")
COUNTED = ("full", "standing", "exactly", "within", "by")
UNITS = ("day", "working_day")
ROADS = ("authority", "ours")
CHOSEN_ROADS = frozenset({"simplified"})


@dataclass(frozen=True)
class Event:
    """A day of a change: ours, or one on the authority's road."""

    id: str
    road: str
    zh: str
    en: str

    def say(self, language: str) -> str:
        """Return its name in one language."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class When:
    """Under which structures, business kinds, recipients' roles and facts a window holds; empty is no condition.

    `unless` names structures that the text itself takes out: a merger dissolves without liquidation (CO-232).
    """

    structures: frozenset[str]
    unless: frozenset[str]
    kinds: frozenset[str]
    roles: frozenset[str]
    facts: Mapping[str, bool]

    def holds(
        self, structures: frozenset[str], kind: str, roles: frozenset[str] | None, facts: Mapping[str, bool]
    ) -> bool:
        """Whether the condition is met; what nobody has answered counts as met, but for a road that one chooses."""
        if self.unless & structures or (self.structures and not self.structures & structures):
            return False
        if self.kinds and kind not in self.kinds:
            return False
        if self.roles and roles is not None and not self.roles & roles:
            return False
        return all(
            facts.get(name, False if name in CHOSEN_ROADS else asked) == asked for name, asked in self.facts.items()
        )


@dataclass(frozen=True)
class Window:
    """One window: `end` stands in relation to `start`, by so much time, on the law named; the first names the words."""

    id: str
    law: tuple[str, ...]
    words: str
    mark: str
    start: str
    end: str
    how: str
    amount: int
    unit: str
    when: When
    zh: str
    en: str

    @property
    def is_verified(self) -> bool:
        """Whether an article in force states it in so many words."""
        return self.mark == "V"

    def say(self, language: str) -> str:
        """Return what it asks for, in one language."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class Sentence:
    """A sentence in both languages with its gaps."""

    code: str
    zh: str
    en: str

    def say(self, language: str, **facts: str) -> str:
        """Return the sentence with its gaps filled."""
        return (self.zh if language == "zh" else self.en).format_map(facts)


@dataclass(frozen=True)
class Tension:
    """Windows of which one needs more time than the other leaves: said when foreseen, and when broken."""

    id: str
    longer: frozenset[str]
    shorter: frozenset[str]
    needs: str
    leaves: str
    foreseen: Sentence
    broken: Sentence


@dataclass(frozen=True)
class NotHeld:
    """A law whose days are not planned because its text is not held: a lawyer is asked."""

    id: str
    when: When
    zh: str
    en: str

    def say(self, language: str) -> str:
        """Return what is asked, in one language."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class WindowTable:
    """All windows of an edition with their events, what pulls against what, and what a clash says."""

    events: Mapping[str, Event]
    windows: Mapping[str, Window]
    tensions: tuple[Tension, ...]
    clashes: Mapping[str, Sentence]
    not_held: tuple[NotHeld, ...]

    @property
    def structures(self) -> frozenset[str]:
        """Every structure that a window names."""
        return frozenset().union(*(window.when.structures | window.when.unless for window in self.windows.values()))

    @property
    def kinds(self) -> frozenset[str]:
        """Every business kind that a window names."""
        return frozenset().union(*(window.when.kinds for window in self.windows.values()))

    @property
    def facts(self) -> frozenset[str]:
        """Every fact that a window asks for."""
        return frozenset(name for window in self.windows.values() for name in window.when.facts)


def read_when(asked: Mapping[str, Any]) -> When:
    """Read a condition."""
    return When(
        frozenset(asked.get("structures", ())),
        frozenset(asked.get("unless", ())),
        frozenset(asked.get("kinds", ())),
        frozenset(asked.get("roles", ())),
        dict(asked.get("facts", {})),
    )


def read_window(id: str, entry: Mapping[str, Any], mark: str) -> Window:
    """Read one window; `mark` is how far the words of its first law are verified.

    Raises:
        KeyError, ValueError: a part is missing, or a way of counting that nobody knows.
    """
    how, amount, unit = entry["how"], entry.get("amount", 0), entry.get("unit", "")
    known = how in HOWS and (unit in UNITS if how in COUNTED else not amount and not unit)
    if not known or amount < 0 or (how == "exactly" and unit != "day"):
        raise ValueError(id)
    words = entry.get("words", "")
    read = "R" if entry.get("reading", False) and mark == "V" else mark
    return Window(
        id=id,
        law=tuple(entry["law"]),
        words=words,
        mark=read,
        start=entry["from"],
        end=entry["to"],
        how=how,
        amount=amount,
        unit=unit,
        when=read_when(entry.get("when", {})),
        zh=entry["zh"],
        en=entry["en"],
    )


def read_tension(id: str, entry: Mapping[str, Any]) -> Tension:
    """Read one pair of windows that pull against each other."""
    said = {name: Sentence(f"windows.{id}.{name}", **entry[name]) for name in ("foreseen", "broken")}
    longer, shorter = frozenset(entry["longer"]), frozenset(entry["shorter"])
    return Tension(id, longer, shorter, entry["needs"], entry["leaves"], said["foreseen"], said["broken"])


def read_table(tree: Mapping[str, Any], marks: Mapping[str, str]) -> WindowTable:
    """Read every window of an edition; `marks` says how far the words of each window's first law are verified.

    Raises:
        KeyError, ValueError, TypeError: a part is missing or unknown.
    """
    events = {id: Event(id, **entry) for id, entry in tree["events"].items()}
    windows = {id: read_window(id, entry, marks[id]) for id, entry in tree["window"].items()}
    tensions = tuple(read_tension(id, entry) for id, entry in tree["tension"].items())
    named = [event for window in windows.values() for event in (window.start, window.end)]
    named += [event for pull in tensions for event in (pull.needs, pull.leaves)]
    pulled = [id for pull in tensions for id in pull.longer | pull.shorter]
    for id in [event for event in named if event not in events] + [id for id in pulled if id not in windows]:
        raise ValueError(id)
    clashes = {id: Sentence(f"windows.{id}", **entry) for id, entry in tree["clash"].items()}
    not_held = tuple(
        NotHeld(id, read_when(entry["when"]), entry["zh"], entry["en"]) for id, entry in tree["not_held"].items()
    )
    return WindowTable(events, windows, tensions, clashes, not_held)
