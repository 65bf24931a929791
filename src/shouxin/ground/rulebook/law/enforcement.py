"""How each duty is enforced, or why it is only registered: a table written by hand, read from `enforcement.toml`.

A duty is enforced by a check that closes a step, by a row of the gates, by a window of the plan, by a retention rule
that nobody can destroy against, or by a standing check of a form. The names live above this room; tests hold each of
them against what exists. A duty that nothing evaluates is registered with its reason, and says so.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from shouxin.ground.kernel.refusals import Corrupt
from shouxin.ground.rulebook.law.edition import PLACE, shipped
from shouxin.ground.rulebook.terms import check_whole

WAYS = ("checks", "gates", "windows", "retention", "formats")


@dataclass(frozen=True)
class Reason:
    """Why a duty is only registered."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True)
class Enforcement:
    """What evaluates one duty, or why nothing does."""

    obligation: str
    checks: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()
    retention: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    registered: Reason | None = None

    @property
    def is_enforced(self) -> bool:
        """Whether the system evaluates this duty."""
        return any(getattr(self, way) for way in WAYS)


def read_enforcements(tree: Mapping[str, Any], known: frozenset[str]) -> dict[str, Enforcement]:
    """Read the table; every duty stands in it once, enforced or registered with a reason, never both.

    Raises:
        Corrupt: a duty is missing, unknown, or says neither or both.
    """
    reasons = {}
    for code, entry in tree["reasons"].items():
        check_whole(f"law/enforcement.toml {code}", entry)
        reasons[code] = Reason(code, entry["zh"], entry["en"])
    found = {}
    for id, entry in tree["obligations"].items():
        ways = {way: tuple(entry.get(way, ())) for way in WAYS}
        reason = reasons.get(entry.get("registered", ""))
        if id not in known or set(entry) - {*WAYS, "registered"} or any(ways.values()) == (reason is not None):
            raise Corrupt("a duty is neither enforced nor registered, or is unknown", f"law/enforcement.toml {id}")
        found[id] = Enforcement(obligation=id, registered=reason, **ways)
    for id in sorted(known - set(found)):
        raise Corrupt("a duty says neither how it is enforced nor why not", f"law/enforcement.toml {id}")
    return found


@cache
def _tree() -> Mapping[str, Any]:
    return tomllib.loads(resources.files(PLACE).joinpath("enforcement.toml").read_text(encoding="utf-8"))


@cache
def enforcements() -> Mapping[str, Enforcement]:
    """How every duty of this release is enforced.

    Raises:
        Corrupt: as `read_enforcements`.
    """
    return MappingProxyType(read_enforcements(_tree(), frozenset(shipped().obligations)))


def enforcement(id: str) -> Enforcement | None:
    """Return how one duty is enforced; None for a duty that an adopted edition added: nothing evaluates it yet."""
    return enforcements().get(id)


def beyond_law() -> tuple[str, ...]:
    """The checks that no duty asks for: they hold what the two sides promised each other."""
    return tuple(_tree()["beyond_law"]["checks"])
