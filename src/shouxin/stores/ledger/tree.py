"""Roots and proofs over the stored tree, reading leaf hashes and block roots only; no entry's bytes are touched.

A proof at a million entries reads a few hundred hashes: what lies inside one block of 256 comes from the leaf column,
complete blocks come from `ledger_node` (tlog-tiles' levels: 256, 65,536, 16,777,216 entries).
"""

from collections.abc import Iterator

from django.db import connection

from shouxin.ground.kernel.merkle import EMPTY_ROOT, node_hash, root
from shouxin.ground.kernel.refusals import Corrupt
from shouxin.stores.ledger.models import BLOCK

LEVELS = 3
_SMALL = 16
_MOST_BLOCKS = 256


class Tree:
    """The tree of the first `size` entries. Holds what it has read, so that many proofs of one size cost little."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._blocks: dict[tuple[int, int], list[bytes]] = {}
        self._roots: dict[tuple[int, int], bytes] = {}

    def root(self) -> bytes:
        """The root over the first `size` entries."""
        return self._span(0, self.size) if self.size else EMPTY_ROOT

    def inclusion(self, seq: int) -> list[bytes]:
        """The audit path of one entry, nearest sibling first (RFC 6962, 2.1.1).

        Raises:
            Corrupt: no such entry in this tree.
        """
        if not 0 <= seq < self.size:
            raise Corrupt("leaf outside the tree", f"leaf {seq} of {self.size}")
        path: list[bytes] = []
        start, stop = 0, self.size
        while stop - start > 1:
            middle = start + _left(stop - start)
            if seq < middle:
                path.append(self._span(middle, stop))
                stop = middle
            else:
                path.append(self._span(start, middle))
                start = middle
        return path[::-1]

    def consistency(self, old: int) -> list[bytes]:
        """The proof that the first `old` entries are a prefix of this tree (RFC 6962, 2.1.2).

        Raises:
            Corrupt: `old` is not a size of an older, non-empty tree.
        """
        if not 0 < old <= self.size:
            raise Corrupt("older tree outside the newer", f"{old} of {self.size}")
        path: list[bytes] = []
        start, stop, whole = 0, self.size, True
        while old != stop:
            middle = start + _left(stop - start)
            if old <= middle:
                path.append(self._span(middle, stop))
                stop = middle
            else:
                path.append(self._span(start, middle))
                start, whole = middle, False
        if not whole:
            path.append(self._span(start, stop))
        return path[::-1]

    def _span(self, start: int, stop: int) -> bytes:
        """The root over entries start … stop; `start` is a multiple of the power of two that covers the span."""
        if stop - start < _SMALL:
            return root(self._leaves(start, stop))
        if (start, stop) not in self._roots:
            self._roots[start, stop] = self._built(start, stop)
        return self._roots[start, stop]

    def _built(self, start: int, stop: int) -> bytes:
        width = stop - start
        if width >= BLOCK and width & (width - 1) == 0:
            level = min(LEVELS, (width.bit_length() - 1) // 8)
            if width == BLOCK**level:
                return self._nodes(level, start // width, stop // width)[0]
        middle = start + _left(width)
        return node_hash(self._span(start, middle), self._span(middle, stop))

    def _leaves(self, start: int, stop: int) -> list[bytes]:
        block = start // BLOCK
        if (0, block) not in self._blocks:
            self._keep((0, block), leaves(block * BLOCK, min((block + 1) * BLOCK, self.size)))
        first = block * BLOCK
        return self._blocks[0, block][start - first : stop - first]

    def _nodes(self, level: int, start: int, stop: int) -> list[bytes]:
        block = start // BLOCK
        if (level, block) not in self._blocks:
            last = min((block + 1) * BLOCK, self.size // BLOCK**level)
            self._keep((level, block), nodes(level, block * BLOCK, last))
        first = block * BLOCK
        return self._blocks[level, block][start - first : stop - first]

    def _keep(self, place: tuple[int, int], hashes: list[bytes]) -> None:
        """Hold what was read; the block that was read first goes when there are many."""
        if len(self._blocks) >= _MOST_BLOCKS:
            self._blocks.pop(next(iter(self._blocks)))
        self._blocks[place] = hashes


def leaves(start: int, stop: int) -> list[bytes]:
    """The leaf hashes of entries start … stop.

    Raises:
        Corrupt: one is missing.
    """
    return _hashes(
        "SELECT leaf FROM ledger_entry WHERE seq >= %s AND seq < %s ORDER BY seq", (start, stop), stop - start
    )


def nodes(level: int, start: int, stop: int) -> list[bytes]:
    """The roots of the complete blocks start … stop of one level.

    Raises:
        Corrupt: one is missing.
    """
    found = 'SELECT hash FROM ledger_node WHERE level = %s AND "index" >= %s AND "index" < %s ORDER BY "index"'
    return _hashes(found, (level, start, stop), stop - start)


def completed(old_size: int, new_size: int) -> Iterator[tuple[int, int]]:
    """Level and index of each block that became complete when the tree grew."""
    for level in range(1, LEVELS + 1):
        for index in range(old_size // BLOCK**level, new_size // BLOCK**level):
            yield level, index


def block_root(level: int, index: int) -> bytes:
    """The root of one complete block, from the level below it."""
    below = leaves if level == 1 else lambda start, stop: nodes(level - 1, start, stop)
    return root(below(index * BLOCK, (index + 1) * BLOCK))


def _hashes(query: str, arguments: tuple[int, ...], count: int) -> list[bytes]:
    with connection.cursor() as cursor:
        cursor.execute(query, arguments)
        found = [bytes(row[0]) for row in cursor.fetchall()]
    if len(found) != count:
        raise Corrupt("ledger with missing hashes", f"{len(found)} of {count}")
    return found


def _left(width: int) -> int:
    return 1 << ((width - 1).bit_length() - 1)
