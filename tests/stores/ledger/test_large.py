"""A log of 70,000 leaves: two levels of blocks. The leaves are made up, since the tree does not look at entries."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shouxin.ground.kernel import merkle
from shouxin.ground.kernel.merkle import Frontier
from shouxin.stores.ledger import queries, services, tree
from shouxin.stores.ledger.models import Entry, Head, Node


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_proof_of_a_large_tree_holds(large, data):
    size = data.draw(st.integers(1, large))
    seq, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    root = queries.root_at(size)
    merkle.check_inclusion(leaf=_leaf(seq), index=seq, size=size, path=queries.inclusion(seq, size), expected=root)
    merkle.check_consistency(
        old_size=old, old_root=queries.root_at(old), size=size, new_root=root, path=queries.consistency(old, size)
    )


def test_a_proof_reads_a_few_hashes_however_long_the_log(large):
    with CaptureQueriesContext(connection) as seen:
        queries.inclusion(33_333, large)
    assert len(seen) < 15
    assert queries.root_at(large) == queries.head().root


def _leaf(seq):
    return merkle.leaf_hash(b"%d" % seq)


@pytest.fixture(scope="module")
def large(django_db_setup, django_db_blocker):
    """A log of 70,000 leaves for this file's tests, taken away again behind them."""
    count = 70_000
    with django_db_blocker.unblock():
        frontier, rows = Frontier(), []
        for seq in range(count):
            rows.append((seq, "test.made", "company", "2026-11-23T01:00:00Z", "system", b"", _leaf(seq)))
            frontier.add(rows[-1][-1])
        connection.set_autocommit(False)
        with connection.cursor() as cursor:
            cursor.executemany(services._COLUMNS, rows)
        for level, index in tree.completed(0, count):
            Node.objects.create(level=level, index=index, hash=tree.block_root(level, index))
        Head.objects.create(
            origin="simulated.large.example",
            simulated=True,
            public=bytes(32),
            size=count,
            frontier=b"".join(frontier.hashes),
            newest_at=rows[-1][3],
        )
        assert Entry.objects.count() == count
        yield count
        connection.rollback()
        connection.set_autocommit(True)
