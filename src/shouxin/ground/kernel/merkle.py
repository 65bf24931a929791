"""The Merkle tree of RFC 6962, section 2: leaves under 0x00, nodes under 0x01, the left side a power of two.

tree = Frontier()
for entry in entries: tree.add(leaf_hash(entry))
tree.root()
"""

import hashlib
from collections.abc import Sequence

from shouxin.ground.kernel.refusals import Corrupt

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: enough to append and to know the root; one hash per set bit of the size."""

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        if len(hashes) != size.bit_count() or any(len(value) != 32 for value in hashes):
            raise Corrupt("frontier of another size", f"size {size}")
        self.size = size
        self.hashes = list(hashes)

    def add(self, leaf: bytes) -> None:
        """Append one leaf hash."""
        left, value = self.size, leaf
        while left & 1:
            value = node_hash(self.hashes.pop(), value)
            left >>= 1
        self.hashes.append(value)
        self.size += 1

    def root(self) -> bytes:
        """The root over all leaves so far."""
        if not self.hashes:
            return EMPTY_ROOT
        value = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            value = node_hash(left, value)
        return value


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over these leaf hashes."""
    tree = Frontier()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of one leaf (RFC 6962, 2.1.1), nearest sibling first."""
    if not 0 <= index < len(leaves):
        raise Corrupt("leaf outside the tree", f"leaf {index} of {len(leaves)}")
    path: list[bytes] = []
    level = list(leaves)
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        level = _next_level(level)
        index >>= 1
    return path


def check_inclusion(*, leaf: bytes, index: int, size: int, path: Sequence[bytes], expected: bytes) -> None:
    """Refuse a leaf that the root does not cover (RFC 9162, 2.1.3.2).

    Raises:
        Corrupt: the path does not lead to the root.
    """
    if not 0 <= index < size:
        raise Corrupt("leaf outside the tree", f"leaf {index} of {size}")
    value, node, last = leaf, index, size - 1
    for sibling in path:
        if last == 0:
            raise Corrupt("inclusion path too long", f"leaf {index}")
        if node & 1 or node == last:
            value = node_hash(sibling, value)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        node, last = node >> 1, last >> 1
    if last != 0 or value != expected:
        raise Corrupt("inclusion not proved", f"leaf {index} of {size}")


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """The proof that the tree of `old_size` leaves is a prefix of this one (RFC 6962, 2.1.2)."""
    if not 0 < old_size <= len(leaves):
        raise Corrupt("older tree outside the newer", f"{old_size} of {len(leaves)}")
    return _consistency(leaves, old_size, whole=True)


def check_consistency(*, old_size: int, old_root: bytes, size: int, new_root: bytes, path: Sequence[bytes]) -> None:
    """Refuse a newer root that does not extend the older one (RFC 9162, 2.1.4.2).

    Raises:
        Corrupt: history was changed or the proof is not one.
    """
    where = f"{old_size} to {size}"
    if not 0 < old_size <= size:
        raise Corrupt("older tree outside the newer", where)
    if old_size == size:
        if path or old_root != new_root:
            raise Corrupt("consistency not proved", where)
        return
    steps = list(path)
    if old_size & (old_size - 1) == 0:
        steps.insert(0, old_root)
    if not steps:
        raise Corrupt("consistency not proved", where)
    node, last = old_size - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old, new = steps[0], steps[0]
    for sibling in steps[1:]:
        if last == 0:
            raise Corrupt("consistency path too long", where)
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    if last != 0 or old != old_root or new != new_root:
        raise Corrupt("consistency not proved", where)


def _next_level(level: list[bytes]) -> list[bytes]:
    paired = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return paired + level[-1:] if len(level) & 1 else paired


def _consistency(leaves: Sequence[bytes], old_size: int, *, whole: bool) -> list[bytes]:
    size = len(leaves)
    if old_size == size:
        return [] if whole else [root(leaves)]
    left = 1 << ((size - 1).bit_length() - 1)
    if old_size <= left:
        return [*_consistency(leaves[:left], old_size, whole=whole), root(leaves[left:])]
    return [*_consistency(leaves[left:], old_size - left, whole=False), root(leaves[:left])]
