"""The catalogue of duties: each read out of one article, with what sets it off, its time, its evidence, its weight.

The catalogue's words stay as they were collected; beside them stand the forms that a program can compute with: codes
of the changes that set a duty off, a condition, and deadlines. A reading whose words stand in the article is V, any
other is R: it may make the product stricter only.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Any

from shouxin.ground.rulebook.law.numerals import Length, lengths_in

ALWAYS = "ALWAYS"
CHANGES = ("ADDR", "XFER", "DEREG", "EQUITY", "ASSET")
TRIGGERS = (ALWAYS, *CHANGES)

# Which changes a legal structure is, in the catalogue's codes. A change of operator is a sale and an ending in one.
TRIGGERS_OF: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "address": frozenset({"ADDR"}),
        "equity": frozenset({"EQUITY"}),
        "merger": frozenset({"XFER"}),
        "division": frozenset({"XFER"}),
        "dissolution": frozenset({"DEREG"}),
        "bankruptcy": frozenset({"DEREG"}),
        "deregistration": frozenset({"DEREG"}),
        "business_sale": frozenset({"XFER", "ASSET"}),
        "asset_sale": frozenset({"ASSET"}),
        "operator_change": frozenset({"XFER", "ASSET", "DEREG"}),
    }
)

HOWS = ("before", "at", "from", "within", "ahead", "standing", "at_once", "promptly", "keep", "every")
UNITS = ("hour", "day", "working_day", "month", "year")
_ASIDE = re.compile(r"（[^）]*）")


class Severity(IntEnum):
    """How grave a breach is, as the catalogue ranks it; NONE names a consequence, not a duty."""

    NONE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    FATAL = 4


_SEVERITIES = {
    "—": Severity.NONE,
    "低": Severity.LOW,
    "中": Severity.MEDIUM,
    "高": Severity.HIGH,
    "致命": Severity.FATAL,
}


@dataclass(frozen=True)
class Deadline:
    """A time in a form that can be computed; the amount is 0 where the text names an event only, or 及时."""

    how: str
    amount: int
    unit: str
    event: str
    mark: str
    source: str
    words: str


@dataclass(frozen=True)
class Obligation:
    """A duty read out of one article: who owes it, when, and what evidence shows it; `quote` is verbatim."""

    id: str
    statute: str
    article: str
    quote: str
    who: str
    trigger: str
    evidence: str
    deadline: str
    severity: str
    mark: str
    triggers: frozenset[str]
    condition: str
    deadlines: tuple[Deadline, ...]

    @property
    def article_id(self) -> str:
        """The law id of the article it is read out of."""
        return f"{self.statute}-{self.article}"

    @property
    def weight(self) -> Severity:
        """How grave its breach is."""
        return _SEVERITIES[self.severity]

    @property
    def is_standing(self) -> bool:
        """Whether it is owed all the time, not only in a change."""
        return ALWAYS in self.triggers

    def is_set_off_by(self, codes: frozenset[str], conditions: frozenset[str] | None) -> bool:
        """Whether one of these changes sets it off; a condition nobody has answered for counts as met."""
        met = not self.condition or conditions is None or self.condition in conditions
        return met and bool(self.triggers & codes)


def read_triggers(words: str, before: frozenset[str]) -> frozenset[str]:
    """Return the codes in a trigger's words; 同上 repeats the entry above, 出境 may come with every change.

    Raises:
        ValueError: a word that is no code.
    """
    plain = _ASIDE.sub("", words)
    if plain == "同上":
        return before
    if plain == "出境":
        return frozenset(CHANGES)
    found = frozenset(plain.split("/"))
    if not found <= set(TRIGGERS):
        raise ValueError(words)
    return found


def needs_condition(words: str) -> bool:
    """Whether a trigger's words name more than codes, so that a reading must say which condition they mean."""
    return words in ("同上", "出境") or _ASIDE.search(words) is not None


def read_deadline(entry: Mapping[str, Any], *, article_text: str, is_verified: bool, id: str) -> Deadline:
    """Read one deadline; it is V only by words that stand in a verified article.

    Raises:
        ValueError: its words do not stand in the article or do not name its length, it calls itself verified, or a way
        of counting that nobody knows.
    """
    words, how, unit = entry.get("words", ""), entry["how"], entry.get("unit", "")
    amount, said = entry.get("amount", 0), entry.get("mark", "Q" if words else "R")
    if words not in article_text or how not in HOWS or said == "V" or (unit and unit not in UNITS):
        raise ValueError(id)
    if words and amount and Length(amount, unit) not in lengths_in(words):
        raise ValueError(id)
    mark = "V" if words and is_verified else said
    return Deadline(how, amount, unit, entry.get("event", ""), mark, entry.get("source", id), words)
