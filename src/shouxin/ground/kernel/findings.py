"""What a check found: whether it holds, the value it saw, what is missing and from whom, and how fresh it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Missing:
    """One thing that is missing: a code, the facts, who owes it and, where there is one, the last day (ISO)."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    owner: str = ""
    due: str = ""


@dataclass(frozen=True)
class Finding:
    """The result of one check on one scope at one ledger height. Reads only; never a tick-box.

    `name` is the check's (`notices.reached_or_announced_share`), `value` a number or text without personal data,
    `holds` the check's own verdict (a predicate of a playbook compares `value` itself), `kinds` the ledger kinds the
    check reads: a later entry of such a kind on the same scope makes the finding stale.
    """

    name: str
    holds: bool
    value: int | float | str | bool
    missing: tuple[Missing, ...] = ()
    height: int = 0
    entries: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()

    def to_plain(self) -> dict[str, Any]:
        """A plain value for canonical JSON; shares become text with four decimals, since signed JSON has no floats."""
        value = f"{self.value:.4f}" if isinstance(self.value, float) else self.value
        return {
            "name": self.name,
            "holds": self.holds,
            "value": value,
            "height": self.height,
            "entries": list(self.entries),
            "missing": [
                {"code": item.code, "facts": dict(item.facts), "owner": item.owner, "due": item.due}
                for item in self.missing
            ],
        }
