"""Entries stand one behind the other, each with its leaf in the tree, and only inside a transaction."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from shouxin.ground.kernel.canonical import decode
from shouxin.ground.kernel.merkle import leaf_hash
from shouxin.ground.kernel.merkle import root as merkle_root
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.stores.ledger import queries, services


def _append(at, **changed):
    given = {"kind": "consent.recorded", "scope": "case:c1", "by": "customer", "facts": {"answer": "agree"}}
    return services.append(at=at, **{**given, **changed})


def test_an_entry_is_its_canonical_bytes_and_its_leaf_is_in_the_root(own, at):
    ref = _append(at + timedelta(seconds=5, microseconds=9))
    first, body = queries.raw()
    assert decode(body) == {
        "v": 1,
        "seq": 1,
        "at": "2026-11-23T01:00:05Z",
        "kind": "consent.recorded",
        "scope": "case:c1",
        "by": "customer",
        "facts": {"answer": "agree"},
        "simulated": True,
    }
    assert (ref.seq, ref.leaf) == (1, leaf_hash(body))
    assert queries.head().root == merkle_root([leaf_hash(first), leaf_hash(body)])
    assert queries.ref(1) == ref


def test_an_entry_and_what_it_tells_about_are_both_there_or_neither(own, at):
    before = queries.head()
    with transaction.atomic():
        _append(at)
        assert queries.height() == 2
        transaction.set_rollback(True)
    assert queries.head() == before == queries.check_whole()


def test_it_is_a_mistake_to_append_outside_a_transaction(at):
    with pytest.raises(RuntimeError):
        _append(at)


def test_time_never_runs_back_but_may_stand(own, at):
    _append(at + timedelta(hours=1))
    _append(at + timedelta(hours=1))
    with pytest.raises(Refusal) as refusal:
        _append(at + timedelta(minutes=59))
    assert refusal.value.code == "ledger.time_runs_back"
    assert queries.height() == 3


@pytest.mark.parametrize(
    ("what", "facts"),
    [
        ("a float", {"share": 0.5}),
        ("a float deep inside", {"a": [{"b": [1.0]}]}),
        ("bytes", {"raw": b"x"}),
        ("a time", {"at": timedelta(1)}),
        ("a key that is a number", {1: "x"}),
        ("text that is not NFC", {"a": "e\u0301"}),
        ("an integer beyond 2^53", {"n": 2**60}),
        ("depth beyond what an entry may have", {"a": eval("[" * 32 + "]" * 32)}),
    ],
)
def test_facts_without_one_spelling_are_refused_and_not_repeated(own, at, what, facts):
    with pytest.raises(Refusal) as refusal:
        _append(at, facts=facts)
    assert refusal.value.code == "ledger.facts"
    assert set(refusal.value.facts) == {"kind", "why"}
    assert queries.height() == 1


def test_an_entry_is_at_most_65535_bytes(own, at):
    room = services.MAX_ENTRY - len(_body_of(at, {"text": ""}))
    _append(at, facts={"text": "x" * room})
    assert len(list(queries.raw())[-1]) == services.MAX_ENTRY
    with pytest.raises(Refusal) as refusal:
        _append(at, facts={"text": "x" * (room + 1)})
    assert refusal.value.code == "ledger.entry_too_large"


def _body_of(at, facts):
    """The bytes that an entry of these facts would have, without leaving it behind."""
    with transaction.atomic():
        _append(at, facts=facts)
        body = list(queries.raw())[-1]
        transaction.set_rollback(True)
    return body


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("ledger.kind", {"kind": "recorded"}),
        ("ledger.kind", {"kind": "Consent.recorded"}),
        ("ledger.kind", {"kind": "consent.recorded\n"}),
        ("ledger.scope", {"scope": ""}),
        ("ledger.scope", {"scope": "case:"}),
        ("ledger.scope", {"scope": "customer:5"}),
        ("ledger.scope", {"scope": "case:叶青岚"}),
        ("ledger.by", {"by": "叶青岚"}),
        ("ledger.by", {"by": "customer:5"}),
        ("ledger.by", {"by": "staff:"}),
    ],
)
def test_kind_scope_and_hand_have_their_shapes(own, at, code, changed):
    with pytest.raises(Refusal) as refusal:
        _append(at, **changed)
    assert refusal.value.code == code


def test_many_entries_are_the_same_as_one_after_the_other(own, at, fill):
    before = queries.head()
    with transaction.atomic():
        refs = fill(700)
        together = queries.head()
        transaction.set_rollback(True)
    assert queries.head() == before
    for number in range(700):
        _append(at, facts={"n": number})
    assert queries.head() == together == queries.check_whole()
    assert [each.seq for each in refs] == list(range(1, 701))
    assert services.append_many(entries=[], at=at, by="system") == []


def test_the_entries_are_found_by_scope_kind_and_number(own, at, fill):
    fill(3)
    fill(2, scope="case:c2")
    fill(2, kind="notices.sent")
    assert [each.seq for each in queries.entries(scope="case:c1", kinds=["consent.recorded"])] == [1, 2, 3]
    assert [each.seq for each in queries.entries(kinds=["notices.sent"], since=7)] == [7]
    assert queries.newest("case:c1", ["consent.recorded"]) == 3
    assert queries.newest(["case:c1", "case:c2"], ["consent.recorded", "notices.sent"]) == 7
    assert queries.newest("case:c3", ["consent.recorded"]) == queries.newest("case:c1", []) == -1
    with pytest.raises(Refusal, match=r"ledger\.no_entry"):
        queries.entry(8)


CHANGES = [
    "UPDATE ledger_entry SET kind = 'a.b' WHERE seq = 1",
    "UPDATE ledger_entry SET seq = 9 WHERE seq = 2",
    "DELETE FROM ledger_entry WHERE seq = 2",
    "DELETE FROM ledger_entry",
    'INSERT INTO ledger_entry SELECT 3 + 1, kind, scope, at, "by", body, leaf FROM ledger_entry WHERE seq = 2',
    'INSERT INTO ledger_entry SELECT 2, kind, scope, at, "by", body, leaf FROM ledger_entry WHERE seq = 1',
    'INSERT INTO ledger_entry SELECT -1, kind, scope, at, "by", body, leaf FROM ledger_entry WHERE seq = 1',
    "UPDATE ledger_checkpoint SET size = 5",
    "DELETE FROM ledger_checkpoint",
    "UPDATE ledger_node SET level = 2",
    "DELETE FROM ledger_node",
]


@pytest.mark.parametrize("change", CHANGES)
def test_the_database_refuses_change_removal_and_gaps(own, at, fill, change):
    fill(300)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change.replace("3 + 1", "302"))
    assert queries.check_whole().size == 301


@pytest.mark.only_on("sqlite")  # REPLACE is SQLite's
def test_sqlite_refuses_to_replace(own, at, fill):
    fill(2)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT OR REPLACE INTO ledger_entry SELECT * FROM ledger_entry WHERE seq = 1")


@pytest.mark.only_on("postgresql")  # TRUNCATE is PostgreSQL's
def test_postgresql_refuses_to_truncate(own, at, fill):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE ledger_entry")


TAMPERING = [
    "UPDATE ledger_entry SET kind = 'consent.withdrawn' WHERE seq = 5",
    "UPDATE ledger_entry SET scope = 'case:c9' WHERE seq = 5",
    "UPDATE ledger_entry SET at = '2026-11-24T01:00:00Z' WHERE seq = 5",
    "UPDATE ledger_entry SET leaf = (SELECT leaf FROM ledger_entry WHERE seq = 6) WHERE seq = 5",
    "UPDATE ledger_entry SET body = (SELECT body FROM ledger_entry WHERE seq = 6) WHERE seq = 5",
    "DELETE FROM ledger_entry WHERE seq = 5",
    "DELETE FROM ledger_entry WHERE seq = 300",
    "UPDATE ledger_head SET size = 300",
    "UPDATE ledger_node SET hash = (SELECT leaf FROM ledger_entry WHERE seq = 6)",
    "DELETE FROM ledger_node",
    "UPDATE ledger_checkpoint SET root = (SELECT leaf FROM ledger_entry WHERE seq = 6)",
    "UPDATE ledger_checkpoint SET size = 500",
]


@pytest.mark.parametrize("change", TAMPERING)
def test_whoever_owns_the_database_and_drops_the_triggers_is_found_out(own, at, fill, change, without_triggers):
    fill(300)
    queries.check_whole()
    with connection.cursor() as cursor:
        without_triggers(cursor)
        cursor.execute(change)
    with pytest.raises(Corrupt):
        queries.check_whole()


def test_the_whole_check_tells_how_far_it_came(own, fill):
    fill(300)
    told = []
    queries.check_whole(lambda *each: told.append(each))
    assert told == [("ledger", 301, 301)]


def test_the_deepest_facts_that_are_taken_can_be_read_back(own, at):
    ref = _append(at, facts={"a": eval("[" * 31 + "]" * 31)})
    assert list(queries.entry(ref.seq).facts) == ["a"]
