"""What was sealed opens for a grant and an entry, and only where it belongs."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from django.db import connection, transaction

from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.vault import keyring, queries, records, services
from shouxin.stores.vault.services import Item
from tests.stores.vault.conftest import AT, PERMIT, fill, nobody, rows, texts


def test_what_was_sealed_opens_again_with_an_entry_without_personal_information(vault):
    numbers = fill(70)
    assert list(numbers) == list(range(1, 71))
    found = texts(numbers)
    assert found == {(n, c): rows(f"{c} {n}") for n in numbers for c in ("basic", "purchase")}
    entry = ledger.entries(kinds={"vault.opened"})[-1]
    assert entry.by == "staff:1"
    assert entry.facts["customers"] == 70
    assert entry.facts["purpose"] == "dispose"
    assert "000" not in str(entry.facts)


def test_a_second_allocation_takes_new_numbers_and_needs_no_key_write(vault):
    services.allocate(10)
    generation = keyring.current().generation
    assert services.allocate(5) == range(11, 16)
    assert keyring.current().generation == generation
    assert services.allocate(2000)[0] == 16
    assert keyring.current().generation == generation + 1


def test_allocation_inside_a_transaction_is_refused(vault):
    with pytest.raises(Refusal, match=r"vault\.inside_transaction"), transaction.atomic():
        services.allocate(1)


def test_a_record_moved_to_another_customer_does_not_open(vault):
    numbers = fill(3)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE vault_record SET customer = 2 WHERE customer = 1")
    with pytest.raises(Corrupt, match="another slot"):
        texts(numbers)


def test_a_record_under_another_number_or_with_a_flipped_byte_does_not_open(vault):
    numbers = fill(2, categories=("basic",), index=False)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE vault_record SET id = id + 100")
    with pytest.raises(Corrupt, match="does not open"):
        texts(numbers)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE vault_record SET id = id - 100")
        cursor.execute("SELECT id, body FROM vault_record WHERE customer = 1")
        number, body = cursor.fetchone()
        cursor.execute(
            "UPDATE vault_record SET body = %s WHERE id = %s", (bytes(body)[:-1] + bytes([bytes(body)[-1] ^ 1]), number)
        )
    with pytest.raises(Corrupt, match="does not open"):
        texts(numbers)


def test_the_fast_loop_writes_what_the_kernel_reads(vault):
    fill(2, categories=("basic",), index=False)
    ring = keyring.current()
    for record in records.read([1, 2], [0]):
        value = records.open_with(ring.key, record, vault=ring.vault)
        assert value is not None
        assert value.raw == rows(f"basic {record.customer}")


def test_a_vault_of_chinese_ciphers_seals_and_opens(bare):
    services.found(at=AT, algorithm="sm4-gcm")
    numbers = fill(3)
    assert texts(numbers)[3, "basic"] == rows("basic 3")
    assert services.look_up(entries=[("phone", "00000000002")]) == [(2,)]


@pytest.mark.parametrize(
    ("grant", "categories", "code"),
    [
        (replace(PERMIT, until=datetime(2026, 1, 1, tzinfo=UTC)), ("basic",), r"access\.expired"),
        (replace(PERMIT, purpose=""), ("basic",), r"access\.unknown_purpose"),
        (replace(PERMIT, role="clerk"), ("basic",), r"access\.not_for_this_role"),
        (replace(PERMIT, categories=frozenset({"need"})), ("basic", "need"), r"access\.beyond"),
        (PERMIT, (), r"access\.nothing_asked"),
    ],
)
def test_a_grant_that_does_not_cover_it_opens_nothing_and_leaves_no_entry(vault, grant, categories, code):
    fill(1)
    height = ledger.height()
    with pytest.raises(Refusal, match=code):
        services.open_for(grant=grant, customers=[1], categories=categories, reason="test", at=AT)
    assert ledger.height() == height


def test_an_envelope_with_a_purpose_or_an_end_opens_only_within_them(vault):
    services.allocate(1)
    with transaction.atomic():
        services.seal_batch(
            items=[
                Item(1, "retained", 1, 1, rows("law"), purpose="rights", expires=date(2031, 1, 1)),
                Item(1, "basic", 1, 1, rows("basic 1")),
            ],
            at=AT,
        )
    both = ("basic", "retained")
    assert set(texts([1], categories=both)) == {(1, "basic")}
    statutory = replace(PERMIT, purpose="rights", until=datetime(2040, 1, 1, tzinfo=UTC))
    assert set(texts([1], categories=both, permit=statutory)) == {(1, "basic"), (1, "retained")}
    later = datetime(2031, 1, 2, tzinfo=UTC)
    assert set(texts([1], categories=both, permit=statutory, at=later)) == {(1, "basic")}


def test_values_are_never_printed(vault):
    fill(1)
    opened = next(services.open_for(grant=PERMIT, customers=[1], categories=["basic"], reason="test", at=AT))
    assert "basic 1" not in repr(opened)
    assert "basic 1" not in repr(Item(1, "basic", 1, 1, rows("basic 1")))


def test_counts_and_cells_say_what_lies_there_without_opening(vault):
    fill(3)
    with transaction.atomic():
        seal = services.seal_batch(items=[Item(2, "basic", 7, 4, rows("more"))], at=AT)
    assert (seal.envelopes, seal.rows, seal.digest[:7]) == (1, 4, "sha256:")
    assert [(c.category, c.source, c.rows, c.envelopes) for c in queries.counts()] == [
        ("basic", 1, 3, 3),
        ("basic", 7, 4, 1),
        ("purchase", 1, 3, 3),
    ]
    cells = queries.cells([2])
    assert list(zip(cells.customer, cells.category, cells.source, cells.rows, strict=True)) == [
        (2, 0, 1, 1),
        (2, 0, 7, 4),
        (2, 1, 1, 1),
    ]
    assert len(queries.cells().customer) == 7


def test_what_was_rolled_back_leaves_nothing(vault):
    services.allocate(2)
    with transaction.atomic():
        services.seal_batch(items=[Item(1, "basic", 1, 1, rows("x"))], at=AT)
        services.index(entries=[("phone", "00000000001", 1)])
        assert services.look_up(entries=[("phone", "00000000001")]) == [(1,)]
        transaction.set_rollback(True)
    assert services.look_up(entries=[("phone", "00000000001")]) == [()]
    assert queries.counts() == []


def test_a_tag_means_one_customer_and_one_event_and_dies_with_the_key(vault):
    fill(2)
    first = services.tags(customers=[1, 2], event="case:1")
    assert first == services.tags(customers=[1, 2], event="case:1")
    assert len({*first.values(), *services.tags(customers=[1, 2], event="case:2").values()}) == 4
    services.shred(cells={1: frozenset({"evidence"})}, reason={"why": "test"}, at=AT, by="system", held=nobody)
    with pytest.raises(Refusal, match=r"vault\.destroyed"):
        services.tags(customers=[1], event="case:1")


def test_the_self_test_finds_nothing_wrong_and_finds_plaintext(vault):
    fill(5)
    assert queries.self_test().wrong == ()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE vault_record SET body = %s WHERE customer = 3", (b"a telephone number in the clear",))
    assert queries.self_test().wrong == ("vault.not_an_envelope",)
