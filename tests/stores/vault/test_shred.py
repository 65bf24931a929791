"""A person destroyed cannot be found, opened or sealed again; everybody else is as before."""

import pytest
from django.db import connection, transaction

from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.vault import keyring, queries, services
from shouxin.stores.vault.numbers import DEAD_KEY
from shouxin.stores.vault.services import Item
from tests.stores.vault.conftest import AT, PERMIT, fill, nobody, rows, texts

WHY = {"case": "case_1", "permit": "sha256:00"}


def shred(cells, *, held=nobody, reason=WHY):
    return services.shred(cells=cells, reason=reason, at=AT, by="staff:1", held=held)


def test_a_person_destroyed_cannot_be_found_opened_or_sealed_again(vault):
    numbers = fill(130)
    gone, kept = [5, 64, 130], [n for n in numbers if n not in (5, 64, 130)]
    result = shred(dict.fromkeys(gone))
    assert (result.customers, result.keys, result.pages, result.records) == (3, 24, 3, 9)
    assert services.look_up(entries=[("phone", f"000{n:08d}") for n in numbers]) == [
        () if n in gone else (n,) for n in numbers
    ]
    for customer in gone:
        with pytest.raises(Refusal, match=r"vault\.destroyed"):
            texts([customer])
        with pytest.raises(Refusal, match=r"vault\.destroyed"), transaction.atomic():
            services.seal_batch(items=[Item(customer, "need", 1, 1, rows("again"))], at=AT)
        with pytest.raises(Refusal, match=r"vault\.destroyed"), transaction.atomic():
            services.index(entries=[("phone", "00000000005", customer)])
        assert keyring.current().keys_of(customer) == [DEAD_KEY] * 8
    assert len(texts(kept)) == 2 * len(kept)
    assert {queries.state(gone)[n].state for n in gone} == {"destroyed"}
    assert queries.self_test().wrong == ()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM vault_customer WHERE token IS NULL")
        assert cursor.fetchone()[0] == 3


def test_two_entries_tell_of_it_with_digests_and_counts_only(vault):
    fill(3)
    result = shred({1: None, 2: frozenset({"purchase"})})
    intent, done = ledger.entries(kinds={"destroy.intent", "destroy.done"})
    assert intent.facts["cells"] == done.facts["digest"] == result.digest
    assert done.facts["custody"] == "K0"
    assert (done.facts["keys"], done.facts["records"]) == (9, 4)
    assert intent.facts["reason"] == WHY


def test_some_compartments_go_and_the_others_stay(vault):
    fill(2)
    shred({1: frozenset({"purchase", "need"})})
    assert set(texts([1, 2])) == {(1, "basic"), (2, "basic"), (2, "purchase")}
    assert services.look_up(entries=[("phone", "00000000001")]) == [(1,)]
    assert queries.state([1])[1].closed == {"purchase", "need"}
    with pytest.raises(Refusal, match=r"vault\.destroyed"), transaction.atomic():
        services.seal_batch(items=[Item(1, "need", 1, 1, rows("again"))], at=AT)
    shred({1: frozenset({"basic"})})
    assert services.look_up(entries=[("phone", "00000000001")]) == [()]
    assert set(texts([1, 2])) == {(2, "basic"), (2, "purchase")}


def test_a_hold_stops_it_before_anything_is_written(vault):
    fill(3)
    height = ledger.height()
    with pytest.raises(Refusal, match=r"vault\.held") as refused:
        shred({1: None, 2: None}, held=lambda customers: [2])
    assert refused.value.facts == {"customers": 1}
    assert ledger.height() == height
    assert queries.state([1])[1].state == "alive"
    assert len(texts([1, 2])) == 4


def test_the_same_request_again_gives_the_same_result(vault):
    fill(3)
    first = shred({1: None})
    assert shred({1: None}) == first
    assert len(ledger.entries(kinds={"destroy.done"})) == 1
    with pytest.raises(Refusal, match=r"vault\.destroyed"):
        shred({1: None}, reason={"case": "case_2"})
    with pytest.raises(Refusal, match=r"vault\.no_such_customer"):
        shred({4000: None})
    with pytest.raises(Refusal, match=r"vault\.nothing"):
        shred({})


def test_destroying_a_customer_destroys_whoever_was_merged_into_it(vault):
    fill(3)
    with transaction.atomic():
        services.merge(customer=3, into=1)
    assert services.look_up(entries=[("phone", "00000000003")]) == [(1,)]
    assert list(texts([1])) == [(1, "basic"), (1, "purchase")]
    assert (
        sum(1 for _ in services.open_for(grant=PERMIT, customers=[1], categories=["basic"], reason="test", at=AT)) == 2
    )
    shred({1: None})
    assert queries.state([3])[3].state == "destroyed"
    assert services.look_up(entries=[("phone", "00000000003")]) == [()]


def test_a_large_batch_goes_at_once(vault):
    numbers = fill(1500, categories=("basic",), index=False)
    gone = [n for n in numbers if n % 3]
    result = shred(dict.fromkeys(gone))
    assert result.records == len(gone)
    assert len(texts([n for n in numbers if n % 3 == 0])) == 500
