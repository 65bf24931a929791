"""The tree against the definition of RFC 6962 as it stands there, and proofs against every flipped part."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shouxin.ground.kernel.merkle import (
    EMPTY_ROOT,
    Frontier,
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
)
from shouxin.ground.kernel.refusals import Corrupt

# Entries and roots of the reference log that the certificate-transparency projects share.
REFERENCE_ENTRIES = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    bytes(range(0x50, 0x58)),
    bytes(range(0x60, 0x70)),
]
REFERENCE_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def defined_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, over leaf hashes."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    left = max(2**power for power in range(64) if 2**power < len(leaves))
    return node_hash(defined_root(leaves[:left]), defined_root(leaves[left:]))


def defined_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962, 2.1.1."""
    if len(leaves) == 1:
        return []
    left = max(2**power for power in range(64) if 2**power < len(leaves))
    if index < left:
        return [*defined_path(index, leaves[:left]), defined_root(leaves[left:])]
    return [*defined_path(index - left, leaves[left:]), defined_root(leaves[:left])]


def defined_proof(old: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    """PROOF and SUBPROOF of RFC 6962, 2.1.2."""
    if old == len(leaves):
        return [] if whole else [defined_root(leaves)]
    left = max(2**power for power in range(64) if 2**power < len(leaves))
    if old <= left:
        return [*defined_proof(old, leaves[:left], whole), defined_root(leaves[left:])]
    return [*defined_proof(old - left, leaves[left:], False), defined_root(leaves[:left])]


def some_leaves(count: int) -> list[bytes]:
    return [leaf_hash(b"%d" % number) for number in range(count)]


sizes = st.integers(min_value=1, max_value=90)


def test_the_roots_are_those_of_the_reference_log():
    leaves = [leaf_hash(each) for each in REFERENCE_ENTRIES]
    assert [root(leaves[: size + 1]).hex() for size in range(8)] == REFERENCE_ROOTS
    assert root([]) == EMPTY_ROOT == defined_root([])


def test_a_leaf_is_never_a_node():
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)


@settings(max_examples=60, deadline=None)
@given(sizes)
def test_the_frontier_knows_the_root_of_every_prefix(size):
    leaves, tree = some_leaves(size), Frontier()
    for count, leaf in enumerate(leaves, 1):
        tree.add(leaf)
        assert (tree.size, len(tree.hashes)) == (count, count.bit_count())
        assert Frontier(count, tree.hashes).root() == tree.root() == defined_root(leaves[:count])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_an_inclusion_path_is_the_defined_one_and_holds_for_its_leaf_alone(data):
    size = data.draw(sizes)
    index = data.draw(st.integers(0, size - 1))
    leaves = some_leaves(size)
    path, expected = inclusion_proof(leaves, index), root(leaves)
    assert path == defined_path(index, leaves)
    check_inclusion(leaf=leaves[index], index=index, size=size, path=path, expected=expected)
    for other in {0, size - 1, data.draw(st.integers(0, size - 1))} - {index}:
        with pytest.raises(Corrupt):
            check_inclusion(leaf=leaves[other], index=index, size=size, path=path, expected=expected)
        with pytest.raises(Corrupt):
            check_inclusion(leaf=leaves[index], index=other, size=size, path=path, expected=expected)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_consistency_proof_is_the_defined_one_and_holds_for_its_past_alone(data):
    size = data.draw(sizes)
    old = data.draw(st.integers(1, size))
    leaves = some_leaves(size)
    path = consistency_proof(leaves, old)
    assert path == defined_proof(old, leaves)
    old_root, new_root = root(leaves[:old]), root(leaves)
    check_consistency(old_size=old, old_root=old_root, size=size, new_root=new_root, path=path)
    forked = root([leaf_hash(b"another past"), *leaves[1:old]])
    with pytest.raises(Corrupt):
        check_consistency(old_size=old, old_root=forked, size=size, new_root=new_root, path=path)
    with pytest.raises(Corrupt):
        check_consistency(old_size=old, old_root=old_root, size=size, new_root=forked, path=path)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_path_with_one_part_changed_left_out_or_added_is_refused(data):
    size = data.draw(st.integers(2, 90))
    old = data.draw(st.integers(1, size - 1))
    index = data.draw(st.integers(0, size - 1))
    leaves = some_leaves(size)
    whole = root(leaves)
    spoil = data.draw(st.sampled_from(["change", "drop", "add", "swap"]))
    for proof, check in (
        (inclusion_proof(leaves, index), lambda p: _holds(leaves, index, p)),
        (consistency_proof(leaves, old), lambda p: _extends(leaves, old, p)),
    ):
        check(proof)
        bad = _spoilt(proof, spoil, data.draw(st.integers(0, max(0, len(proof) - 1))), whole)
        if bad != proof:
            with pytest.raises(Corrupt):
                check(bad)


def test_a_tree_outside_its_bounds_is_refused():
    leaves = some_leaves(5)
    for act in (
        lambda: inclusion_proof(leaves, 5),
        lambda: inclusion_proof(leaves, -1),
        lambda: consistency_proof(leaves, 0),
        lambda: consistency_proof(leaves, 6),
        lambda: Frontier(3, [leaves[0]]),
        lambda: Frontier(1, [b"short"]),
        lambda: check_inclusion(leaf=leaves[0], index=5, size=5, path=[], expected=leaves[0]),
        lambda: check_consistency(old_size=0, old_root=EMPTY_ROOT, size=5, new_root=root(leaves), path=[]),
        lambda: check_consistency(old_size=6, old_root=root(leaves), size=5, new_root=root(leaves), path=[]),
        lambda: check_consistency(old_size=3, old_root=root(leaves[:3]), size=5, new_root=root(leaves), path=[]),
    ):
        with pytest.raises(Corrupt):
            act()


def _holds(leaves, index, path):
    check_inclusion(leaf=leaves[index], index=index, size=len(leaves), path=path, expected=root(leaves))


def _extends(leaves, old, path):
    check_consistency(old_size=old, old_root=root(leaves[:old]), size=len(leaves), new_root=root(leaves), path=path)


def _spoilt(path, how, place, other):
    if how == "add":
        return [*path[:place], other, *path[place:]]
    if not path:
        return path
    if how == "drop":
        return path[:place] + path[place + 1 :]
    if how == "swap":
        return [path[place], *path[:place], *path[place + 1 :]]
    return [*path[:place], bytes([path[place][0] ^ 1]) + path[place][1:], *path[place + 1 :]]
