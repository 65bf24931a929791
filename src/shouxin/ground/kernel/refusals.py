"""Three kinds of error, by whose fault it is. Each carries facts, never a personal value.

`Refusal`: a rule said no and the user can act. `Corrupt`: bytes do not verify, stop. `Unavailable`: the world is down.
"""

from collections.abc import Mapping
from typing import Any


class ShouxinError(Exception):
    """The root of what the house raises on purpose."""


class Refusal(ShouxinError):
    """A rule said no. `code` names the rule; `facts` say what it saw and what to do (counts, ids, names of files)."""

    def __init__(self, code: str, /, **facts: Any) -> None:
        super().__init__(code, facts)
        self.code = code
        self.facts: Mapping[str, Any] = facts

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.facts.items())
        return f"{self.code}({told})"


class Corrupt(ShouxinError):
    """Bytes do not verify. Stop; never repair silently; never go on with the rest."""

    def __init__(self, what: str, where: str) -> None:
        super().__init__(what, where)
        self.what = what
        self.where = where

    def __str__(self) -> str:
        return f"{self.what} at {self.where}"


class Unavailable(ShouxinError):
    """The world is down. `permanent` tells a retrier whether trying again can help."""

    def __init__(self, what: str, permanent: bool = False) -> None:
        super().__init__(what)
        self.what = what
        self.permanent = permanent
