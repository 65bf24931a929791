"""Proofs and bundles from the stored hashes are those of the definition, at every size about a block's edge."""

import pytest

from shouxin.ground.kernel import merkle
from shouxin.ground.kernel.refusals import Corrupt
from shouxin.stores.ledger import queries, services
from shouxin.stores.ledger.queries import bundle_path

EDGES = [1, 2, 3, 255, 256, 257, 300, 511, 512, 513, 700]


def test_roots_and_proofs_are_the_defined_ones(own, fill):
    fill(699)
    leaves = [merkle.leaf_hash(body) for body in queries.raw()]
    for size in EDGES:
        assert queries.root_at(size) == merkle.root(leaves[:size])
        for seq in {0, size // 2, size - 1}:
            assert queries.inclusion(seq, size) == merkle.inclusion_proof(leaves[:size], seq)
        for old in [each for each in EDGES if each <= size]:
            assert queries.consistency(old, size) == merkle.consistency_proof(leaves[:size], old)


def test_a_proof_holds_against_the_signed_checkpoint(own, at, fill):
    fill(300)
    services.checkpoint(signer=own, at=at)
    head = queries.checkpoints()[-1]
    paths = queries.inclusions(range(head.size), head.size)
    for seq, path in enumerate(paths):
        merkle.check_inclusion(leaf=queries.ref(seq).leaf, index=seq, size=head.size, path=path, expected=head.root)


@pytest.mark.parametrize(
    "act",
    [
        lambda: queries.inclusion(5, 6),
        lambda: queries.inclusion(3, 3),
        lambda: queries.root_at(99),
        lambda: queries.consistency(0, 4),
        lambda: queries.consistency(5, 4),
        lambda: queries.inclusion(-1, 4),
    ],
)
def test_a_tree_that_is_not_there_has_no_proofs(own, fill, act):
    fill(3)
    with pytest.raises(Corrupt):
        act()


def test_bundles_hold_every_entry_behind_its_length(own, fill):
    fill(599)
    bundles = list(queries.bundles())
    assert [each.path for each in bundles] == ["tile/entries/000", "tile/entries/001", "tile/entries/002.p/88"]
    read = []
    for each in bundles:
        raw = each.raw
        while raw:
            length = int.from_bytes(raw[:2], "big")
            read.append(raw[2 : 2 + length])
            raw = raw[2 + length :]
    assert read == list(queries.raw())
    assert [each.path for each in queries.bundles(256)] == ["tile/entries/000"]
    with pytest.raises(Corrupt):
        list(queries.bundles(601))


@pytest.mark.parametrize(
    ("index", "width", "path"),
    [
        (0, 256, "tile/entries/000"),
        (999, 256, "tile/entries/999"),
        (1000, 5, "tile/entries/x001/000.p/5"),
        (1234067, 256, "tile/entries/x001/x234/067"),
    ],
)
def test_a_bundles_path_is_that_of_tlog_tiles(index, width, path):
    assert bundle_path(index, width) == path
