"""Who must not be destroyed, who may let go of it, and what two people sign before a permit is asked for."""

from datetime import timedelta

import pytest
from django.db import transaction

from shouxin.duties.disposal import queries, services
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.ledger import queries as ledger_queries
from tests.duties.disposal.scene import AT, CASE, DUTY, GONE, HELD, destroy

LATER = AT + timedelta(days=40)


def test_a_hold_stands_until_it_is_over_or_another_person_releases_it(scene):
    assert queries.held_customers(AT).tolist() == [scene.customers[HELD]]
    number = services.place_hold(
        reason="claim",
        authority="仲裁委",
        customer=scene.customers[GONE],
        until=AT + timedelta(days=30),
        by=scene.clerk,
        at=AT,
    )
    assert queries.held_customers(AT).tolist() == sorted([scene.customers[GONE], scene.customers[HELD]])
    assert queries.held_customers(LATER).tolist() == [scene.customers[HELD]]
    services.release_hold(hold=number, signer=scene.signers[scene.second], by=scene.second, at=AT)
    assert queries.held_customers(AT).tolist() == [scene.customers[HELD]]
    assert [each.released_by for each in queries.holds()] == ["", scene.second]
    told = [entry.facts for entry in ledger_queries.entries(kinds={"disposal.hold_placed"})]
    assert all("customer" not in facts and len(facts["tag"]) == 64 for facts in told)


def test_a_hold_on_a_kind_holds_everybody_who_has_it(scene):
    services.place_hold(reason="investigation", authority="公安分局", category="need", by=scene.officer, at=AT)
    assert queries.held_customers(AT).tolist() == sorted([scene.customers[DUTY], scene.customers[HELD]])
    with pytest.raises(Refusal, match=r"disposal\.held"):
        destroy(scene)


def test_a_hold_is_refused_where_it_says_too_little_or_its_person_is_gone(scene):
    good = {"reason": "dispute", "authority": "法院", "customer": scene.customers[GONE], "by": scene.clerk, "at": AT}
    for change, code in (
        ({"reason": "because"}, "disposal.hold_reason"),
        ({"authority": "  "}, "disposal.hold_authority"),
        ({"until": AT}, "disposal.hold_over"),
        ({"category": "gossip"}, "disposal.no_such_category"),
        ({"customer": None}, "disposal.hold_on_nothing"),
        ({"customer": 999}, "vault.no_such_customer"),
        ({"by": "staff:" + "o" * 26}, "parties.no_staff"),
    ):
        with pytest.raises(Refusal) as refused:
            services.place_hold(**{**good, **change})
        assert refused.value.code == code
    destroy(scene)
    with pytest.raises(Refusal, match=r"vault\.destroyed"):
        services.place_hold(**good)


def test_who_placed_a_hold_cannot_release_it_nor_sign_with_anothers_key(scene):
    number = queries.holds()[0].id
    officer, second = scene.signers[scene.officer], scene.signers[scene.second]
    for by, signer, code in (
        (scene.officer, officer, "disposal.own_hold"),
        (scene.clerk, second, "disposal.not_the_signers_key"),
        (scene.second, scene.company, "disposal.not_the_signers_key"),
    ):
        with pytest.raises(Refusal) as refused:
            services.release_hold(hold=number, signer=signer, by=by, at=AT)
        assert refused.value.code == code
    services.release_hold(hold=number, signer=second, by=scene.second, at=AT)
    with pytest.raises(Refusal, match=r"disposal\.hold_released_already"):
        services.release_hold(hold=number, signer=second, by=scene.second, at=AT)


def test_the_plan_counts_every_end_and_two_people_sign_it_once(scene):
    view = services.plan(case=CASE, decided=scene.decided, by=scene.officer, at=AT)
    assert (view.summary["ending"], view.summary["whole"], view.summary["extracted"]) == (7, 3, 1)
    assert view.summary["ends"]["basic"] == {"kept": 1, "sealed": 1, "destroyed": 6}
    assert view.summary["own_copies"]["purchase"] == 1
    assert view.summary["kept_by"]["B04"] == 2
    assert services.plan(case=CASE, decided=scene.decided, by=scene.second, at=AT) == view
    with pytest.raises(Refusal, match=r"disposal\.two_people"):
        services.approve(plan=view.digest, signers={scene.officer: scene.signers[scene.officer]}, at=AT)
    with pytest.raises(Refusal, match=r"disposal\.not_the_signers_key"), transaction.atomic():
        services.approve(
            plan=view.digest,
            signers={scene.officer: scene.signers[scene.officer], scene.clerk: scene.signers[scene.second]},
            at=AT,
        )
    assert set(services.approve(plan=view.digest, signers=scene.signers, at=AT).approved_by) == set(scene.signers)
    with pytest.raises(Refusal, match=r"disposal\.plan_approved_already"):
        services.approve(plan=view.digest, signers=scene.signers, at=AT)


def test_a_plan_has_nothing_to_end_once_all_has_ended(scene):
    destroy(scene)
    with pytest.raises(Refusal, match=r"disposal\.nothing_ends"):
        services.plan(case=CASE, decided=scene.decided, by=scene.officer, at=AT)


def test_the_same_hold_again_is_the_same_hold_and_another_reason_another(scene):
    told = {"reason": "court_order", "authority": "样例区法院", "customer": scene.customers[GONE]}
    told |= {"by": scene.clerk, "at": AT}
    before = len(queries.holds(AT))
    first = services.place_hold(**told)
    assert services.place_hold(**told) == first
    assert services.place_hold(**{**told, "reason": "audit"}) != first
    assert len(queries.holds(AT)) == before + 2
