"""Every draw comes from a seed and a label: the same two give the same numbers on every machine and numpy version.

Only the raw bits of a counter-based generator are used (their stream is fixed for good); ranges and shares are derived
from them here. Nothing of this is secret or for secrets.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")

_POOL = 4096


class Draws:
    """A stream of numbers that belongs to one label of one seed; drawing from one stream never moves another."""

    def __init__(self, seed: int, label: str) -> None:
        key = int.from_bytes(sha256(f"{seed}/{label}".encode()).digest()[:16], "little")
        self._bits = np.random.Philox(key=key)
        self._pool: list[int] = []

    def below(self, limit: int, count: int) -> np.ndarray[Any, Any]:
        """`count` whole numbers in [0, limit), as int64."""
        return (self._raw(count) % np.uint64(limit)).astype(np.int64)

    def fractions(self, count: int) -> np.ndarray[Any, Any]:
        """`count` numbers in [0, 1)."""
        return self._raw(count).astype(np.float64) / 2.0**53

    def shuffled(self, count: int) -> np.ndarray[Any, Any]:
        """The numbers 0 … count-1 in a drawn order."""
        return np.argsort(self._raw(count), kind="stable")

    def one(self, limit: int) -> int:
        """One whole number in [0, limit)."""
        if not self._pool:
            self._pool = self._raw(_POOL).tolist()
        return self._pool.pop() % limit

    def between(self, low: int, high: int) -> int:
        """One whole number, both ends included."""
        return low + self.one(high - low + 1)

    def chance(self, share: float) -> bool:
        """True in about this share of calls."""
        return self.one(1_000_000) < share * 1_000_000

    def pick(self, things: Sequence[T]) -> T:
        """One of the things."""
        return things[self.one(len(things))]

    def some(self, things: Sequence[T], count: int) -> list[T]:
        """`count` different ones of the things (all of them when there are fewer), in a drawn order."""
        return [things[i] for i in self.shuffled(len(things))[:count].tolist()]

    def _raw(self, count: int) -> np.ndarray[Any, Any]:
        return np.atleast_1d(self._bits.random_raw(count)) >> np.uint64(11)


def quota(count: int, share: float, *, least: int = 1) -> int:
    """How many of `count` a share stands for, but never fewer than `least`: a small company has each kind too."""
    return max(least, round(count * share))
