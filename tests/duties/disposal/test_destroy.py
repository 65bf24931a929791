"""What a decision set ends is gone, what it keeps is untouched, and nothing begins without a good permit."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from django.db import connection, transaction

from shouxin.duties.disposal import destruction, evidence, fates, queries, services, steps
from shouxin.duties.inventory import services as inventory
from shouxin.duties.inventory.models import Customer
from shouxin.duties.inventory.rows import read_rows
from shouxin.duties.notices.models import ReplyKey
from shouxin.ground.formats import balance as balances
from shouxin.ground.formats import certificate
from shouxin.ground.formats import permit as permits
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.kernel.signing import signer
from shouxin.ground.rulebook.access import Grant
from shouxin.ground.rulebook.gates import Holding
from shouxin.stores.ledger import queries as ledger_queries
from shouxin.stores.ledger import services as ledger
from shouxin.stores.vault import queries as vault_queries
from shouxin.stores.vault import services as vault
from tests.duties.disposal.scene import (
    AT,
    CASE,
    CATEGORIES,
    DUTY,
    EXTRACT,
    GONE,
    HALF,
    HELD,
    MOVED,
    NOTED,
    SENSITIVE,
    certify,
    decide,
    decided_of,
    destroy,
    permit,
    phone,
)

EVERYTHING = frozenset({"basic", "purchase", "need", "behaviour", "sensitive", "evidence", "retained"})


def opened(customer, purpose="dispose"):
    """(category, kind) → rows of a customer."""
    leave = Grant(actor="staff:x", role="privacy_officer", purpose=purpose, categories=EVERYTHING, until=AT)
    found = vault.open_for(grant=leave, customers=[customer], categories=EVERYTHING, reason="test", at=AT)
    return {(each.category, each.kind): [row["f"] for row in read_rows(each.value)] for each in found}


def test_each_person_meets_the_end_that_was_decided(scene):
    result = destroy(scene)
    states = vault_queries.state(scene.customers)
    whole = [scene.customers[place] for place in (GONE, NOTED, SENSITIVE)]
    assert [each for each in scene.customers if states[each].state == "destroyed"] == whole == list(result.gone)
    for place in (GONE, NOTED, SENSITIVE):
        with pytest.raises(Refusal, match=r"vault\.destroyed"):
            opened(scene.customers[place])
    found = vault.look_up(entries=[("phone", phone(place)) for place in range(8)])
    assert [bool(each) for each in found] == [place in (DUTY, HELD) for place in range(8)]
    # Of the recent purchase only the fields of its record class; how it was paid is gone with the slot.
    kept = opened(scene.customers[EXTRACT])
    assert set(kept) == {("retained", "extract"), ("evidence", "collected")}
    assert kept["retained", "extract"] == [
        {"order_no": "D1", "item": "日常保洁", "amount": "200", "ordered_on": "2026-03-01"}
    ]
    assert ("retained", "extract") not in opened(scene.customers[EXTRACT], purpose="reveal")
    # What was handed over leaves the proof of it, and nothing else.
    assert list(opened(scene.customers[MOVED])) == [("evidence", "collected")]
    assert {category for category, _ in opened(scene.customers[DUTY])} == {"basic", "purchase"}
    assert {category for category, _ in opened(scene.customers[HELD])} == {"basic", "purchase"}
    # The unsettled half of a category is sealed apart without the free text that had to go.
    assert opened(scene.customers[HALF])["retained", "extract"] == [{"rating": "4"}]


def test_what_the_rooms_knew_of_the_gone_is_gone_too(scene):
    destroy(scene)
    gone = [scene.customers[place] for place in (GONE, NOTED, SENSITIVE)]
    rows = Customer.objects.in_bulk(scene.customers)
    assert all(rows[number].handle is None and rows[number].state == "destroyed" for number in gone)
    assert rows[scene.customers[EXTRACT]].categories == 1 << 6 | 1 << 5
    assert rows[scene.customers[MOVED]].categories == 1 << 5
    assert rows[scene.customers[HELD]].categories == 0b11
    assert set(ReplyKey.objects.filter(customer__in=gone).values_list("code_tag", "token_tag")) == {(None, None)}
    assert ReplyKey.objects.exclude(code_tag=None).count() == 5


def test_the_same_call_again_gives_the_same_result_and_destroys_nothing_twice(scene):
    first = destroy(scene)
    height = ledger_queries.height()
    assert destroy(scene) == first
    assert ledger_queries.height() == height
    assert len(ledger_queries.entries(kinds={"destroy.done"})) == 1


def test_the_balance_is_even_and_says_where_every_cell_went(scene):
    expected = queries.balance(CASE, scene.decided)
    destroy(scene)
    found = queries.balance(CASE)
    assert found == expected
    assert balances.check(found) == ()
    by_category = {row.category: row for row in found.cells}
    assert by_category["basic"].ends == {
        "handed_over": 1, "sealed": 1, "archived": 0, "anonymised": 0, "destroyed": 5, "kept": 1,
    }  # fmt: skip
    assert by_category["purchase"].copy["destroyed"] == 1
    assert by_category["evidence"].ends["sealed"] == 1
    assert found.persons.customers == 8
    # Whose duty is open lost the rest: by precedence "destroyed" stands above "kept".
    assert found.persons.ends["destroyed"] == 4
    # Decision 0005: the proof of a hand-over that stays sealed is not the person's headline.
    assert (found.persons.ends["sealed"], found.persons.ends["handed_over"]) == (2, 2)


def decide_again(scene, **of_whom):
    """A later set over who is left, with what the inventory says of them."""
    left = Customer.objects.filter(state="alive").order_by("customer")
    numbers = tuple(left.values_list("customer", flat=True))
    holding = np.zeros((len(numbers), len(CATEGORIES)), np.uint8)
    running = np.zeros_like(holding)
    for place, row in enumerate(left):
        for column, name in enumerate(CATEGORIES):
            if name in fates.BIT and row.categories & fates.BIT[name]:
                holding[place, column] = Holding.LIVE
        running[place, 1] = row.last_purchase_on is not None and row.last_purchase_on.year > 2020
        running[place, 6] = row.customer in of_whom["provided"]
    return decided_of(numbers, holding=holding, went=np.zeros(holding.shape, bool), running=running)


def test_a_second_destruction_ends_what_was_held_and_the_balance_stays_even(scene):
    destroy(scene)
    first = certify(scene)
    services.release_hold(hold=queries.holds()[0].id, signer=scene.signers[scene.second], by=scene.second, at=AT)
    inventory.settle_duty(customer=scene.customers[DUTY], duty="prepaid", by=scene.officer, at=AT)
    careless = decide_again(scene, provided=())
    with pytest.raises(Refusal, match=r"gates\.statutory_period_runs"):
        destroy(scene, decided=careless, permit_envelope=permit(careless, scene.signers))
    decided = decide_again(scene, provided=queries.provided_customers().tolist())
    envelope = permit(decided, scene.signers)
    result = destroy(scene, decided=decided, permit_envelope=envelope)
    assert result.gone == (scene.customers[HELD],)
    assert list(opened(scene.customers[MOVED])) == [("evidence", "collected")]
    assert list(opened(scene.customers[EXTRACT])) == [("retained", "extract")]
    assert list(opened(scene.customers[DUTY])) == [("retained", "extract")]
    found = queries.balance(CASE)
    assert balances.check(found) == ()
    by_category = {row.category: row.ends for row in found.cells}
    # Cells of both destructions, each once: the extract stands for the purchase that it was taken from.
    assert sum(by_category["purchase"].values()) == 5
    assert (by_category["purchase"]["sealed"], by_category["purchase"]["destroyed"]) == (2, 2)
    assert sum(by_category["basic"].values()) == 8
    assert found.persons.customers == 8
    second = certify(scene)
    assert second.previous == first.digest
    certificate.check(second.envelope, permit=permits.check(envelope))


def test_a_destroyed_persons_text_leaves_the_database(scene):
    destroy(scene)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM vault_record WHERE customer = %s", [scene.customers[GONE]])
        assert cursor.fetchone() == (0,)
    assert vault_queries.self_test(sample=1000).wrong == ()


def _held(scene):
    services.place_hold(reason="audit", authority="税务局", customer=scene.customers[GONE], by=scene.clerk, at=AT)
    return {}


def _moved(told, scope=f"case:{CASE}", **facts):
    def tell(scene):
        with transaction.atomic():
            ledger.append(kind=told, scope=scope, at=AT, by="system", facts=facts)
        return {}

    return tell


def _new_order(scene):
    Customer.objects.filter(customer=scene.customers[GONE]).update(last_purchase_on=date(2026, 11, 1))
    return {}


def _one_signer(scene):
    other = signer(b"\x09" * 32, "nobody")
    two = {scene.officer: scene.signers[scene.officer], "staff:other": other}
    return {
        "permit_envelope": permit(scene.decided, two),
        "keys": {each.key_id: each.public for each in two.values()},
    }


REFUSED = (
        ("disposal.held", _held),
        ("disposal.facts_moved", _moved("rights.taken_in")),
        ("disposal.facts_moved", _moved("consent.recorded")),
        ("disposal.facts_moved", _moved("transfer.withdrawn", "transfer:t1", case=CASE, kind="withdraw")),
        ("disposal.facts_moved", _moved("inventory.batch_collected", "company")),
        ("gates.statutory_period_runs", _new_order),
        ("permit.expired", lambda scene: {"at": AT + timedelta(days=31)}),
        ("permit.early", lambda scene: {"at": AT - timedelta(seconds=1)}),
        ("disposal.permit_of_another", lambda scene: {"decided": replace(scene.decided, case="case_b")}),
        ("disposal.permit_of_another", lambda scene: {"case": "case_b"}),
        (
            "disposal.permit_of_another",
            lambda scene: {
                "permit_envelope": permit(
                    scene.decided, scene.signers, counts=(permits.ScopeCount("basic", "destroyed", 1),),
                    scope_digest="sha256:" + "0" * 64,
                )
            },
        ),
        ("disposal.permit_approvers", _one_signer),
        ("access.not_for_this_role", lambda scene: {"by": scene.clerk}),
        ("access.no_staff", lambda scene: {"by": "staff:" + "o" * 26}),
)  # fmt: skip


def test_nothing_begins_where_the_permit_or_the_facts_do_not_hold(scene):
    for code, change in REFUSED:
        with transaction.atomic():
            with pytest.raises(Refusal) as refused:
                destroy(scene, **change(scene))
            transaction.set_rollback(True)
        assert refused.value.code == code
    assert ledger_queries.entries(kinds={"destroy.intent", "disposal.begun"}) == []
    assert len(opened(scene.customers[GONE])) == 3


def test_a_permit_by_unknown_keys_or_with_a_changed_bit_is_corrupt(scene):
    strangers = {f"staff:{name}": signer(name.encode() * 32, name) for name in "pq"}
    for envelope in (permit(scene.decided, strangers), scene.envelope.replace(b'"sig":"', b'"sig":"A', 1)):
        with pytest.raises(Corrupt):
            destroy(scene, permit_envelope=envelope)


def test_words_about_the_permit_do_not_count_as_moved_facts(scene):
    _moved("transfer.permitted", "transfer:t1", case=CASE, kind="destroy-permit")(scene)
    _moved("transfer.withdrawn", "transfer:t2", case="case_of_another", kind="withdraw")(scene)
    assert destroy(scene).whole == 3


def test_an_open_decision_is_no_decision(scene):
    requests = np.zeros((8, 7), np.uint8)
    requests[GONE] = 2
    decided = decide(scene.customers, requests=requests)
    with pytest.raises(Refusal, match=r"disposal\.decisions_open"):
        services.plan(case=CASE, decided=decided, by=scene.officer, at=AT)
    with pytest.raises(Refusal, match=r"disposal\.decisions_open"):
        destroy(scene, decided=decided, permit_envelope=permit(decided, scene.signers))


def test_a_changed_decision_set_is_corrupt(scene):
    end = scene.decided.end.copy()
    end[HELD] = 10
    with pytest.raises(Corrupt):
        destroy(scene, decided=replace(scene.decided, end=end, digest=scene.decided.digest), permit_envelope=permit(
            replace(scene.decided, end=end), scene.signers
        ))  # fmt: skip


def test_a_hold_that_comes_in_the_middle_leaves_its_person_out(scene, monkeypatch):
    def hold_then_stop(name):
        if name == "extract committed":
            services.place_hold(
                reason="audit", authority="税务局", customer=scene.customers[GONE], by=scene.clerk, at=AT
            )
            raise KeyboardInterrupt

    monkeypatch.setattr(steps, "reached", hold_then_stop)
    with pytest.raises(KeyboardInterrupt):
        destroy(scene)
    monkeypatch.setattr(steps, "reached", None)
    monkeypatch.setattr(destruction, "SHRED_STEP", 3)
    result = destroy(scene)
    assert (result.left_out, result.whole) == (1, 2)
    assert len(opened(scene.customers[GONE])) == 3
    assert balances.check(queries.balance(CASE)) == ()
    assert {row.category: row for row in queries.balance(CASE).cells}["basic"].ends["sealed"] == 2
    assert "held_since" in [each.code for each in read_certificate(certify(scene)).exclusions]


def read_certificate(view):
    """The certificate inside, checked."""
    return certificate.check(view.envelope)


def test_the_findings_hold_only_after_the_deed(scene):
    assert evidence.permit_valid(CASE, AT).holds
    assert not evidence.permit_valid(CASE, AT + timedelta(days=31)).holds
    assert not evidence.permit_valid("case_b", AT).holds
    assert not evidence.cells_ended_share(CASE, AT).holds
    destroy(scene)
    assert evidence.cells_ended_share(CASE, AT).holds
    assert evidence.permit_valid(CASE, AT + timedelta(days=400)).holds
    assert [item.code for item in evidence.certificate_issued(CASE, AT).missing] == ["disposal.no_certificate"]
    certify(scene)
    assert evidence.certificate_issued(CASE, AT).holds
