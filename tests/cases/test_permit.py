"""The permit rests on findings that hold, the newest final decision and two people's keys."""

import pytest

from shouxin.cases import queries, services
from shouxin.cases.models import Permit
from shouxin.ground.formats import permit as permits
from shouxin.ground.kernel.findings import Finding
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook.gates import Verdict
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.parties import services as parties
from tests.cases.conftest import keys_of
from tests.cast import SENDER


def permit(shop, at, **changed):
    keys = keys_of(shop)
    two = {shop.staff[role]: keys[role] for role in ("owner", "privacy_officer")}
    told = {"case": shop.case, "signers": two, "by": shop.staff["privacy_officer"], "at": at}
    return services.permit(**{**told, **changed})


@pytest.fixture
def provable(monkeypatch):
    """Each check that the permit asks holds. What makes them hold is tried in their own rooms, and all of it together
    in the story.
    """
    for name in services.PERMIT_CHECKS + services.HAND_OVER_CHECKS:
        monkeypatch.setitem(services.CHECKS, name, lambda case, at, name=name: Finding(name, True, True))


def test_it_names_every_finding_that_does_not_hold(undone):
    shop, _, at = undone
    services.decide(case=shop.case, by=shop.staff["privacy_officer"], at=at)
    with pytest.raises(Refusal) as caught:
        permit(shop, at)
    assert caught.value.code == "cases.permit_findings"
    missing = set(caught.value.facts["missing"])
    assert {"transfer.settled_share", "transfer.cooling_off_over", "backup.drill_fresh"} <= missing
    assert "review.assessment_signed_by_two" not in missing  # signed in this scene
    assert not Permit.objects.exists()


def test_nothing_is_permitted_before_the_final_decision(undone, provable):
    shop, later, _ = undone
    services.decide(case=shop.case, by=shop.staff["privacy_officer"], at=later)
    with pytest.raises(Refusal, match=r"cases\.not_decided"):
        permit(shop, later)


def test_it_counts_what_ends_and_binds_it_to_the_decision(undone, provable):
    shop, _, at = undone
    stored = services.decide(case=shop.case, by=shop.staff["privacy_officer"], at=at)
    row = permit(shop, at)
    opened = permits.check(bytes(row.envelope))
    decided = queries.final_decision(shop.case)
    assert opened.decision_set == stored.digest
    assert opened.cells == int((decided.end == Verdict.DESTROY).sum()) > 0
    assert set(opened.approvers) == {shop.staff["owner"], shop.staff["privacy_officer"]}
    assert queries.newest_permit(shop.case).digest == row.digest
    entry = ledger.entries(scope=f"case:{shop.case}", kinds=["cases.permitted"])[0]
    assert entry.facts["cells"] == opened.cells


def test_two_signatures_are_two_people_with_their_own_keys(undone, provable):
    shop, _, at = undone
    services.decide(case=shop.case, by=shop.staff["privacy_officer"], at=at)
    keys, owner, officer = keys_of(shop), shop.staff["owner"], shop.staff["privacy_officer"]
    company = parties.company_signer(passphrase=SENDER.passphrase)
    for signers, code in (
        ({}, "permit.approvers"),
        ({owner: keys["owner"]}, "permit.approvers"),
        ({owner: keys["owner"], officer: keys["owner"]}, "disposal.not_the_signers_key"),
        ({owner: keys["owner"], officer: company}, "disposal.not_the_signers_key"),
        ({owner: keys["owner"], "staff:" + "o" * 26: keys["clerk"]}, "disposal.not_the_signers_key"),
    ):
        with pytest.raises(Refusal) as caught:
            permit(shop, at, signers=signers)
        assert caught.value.code == code
    assert not Permit.objects.exists()


def test_an_outsider_asks_for_no_permit(undone, provable):
    shop, _, at = undone
    services.decide(case=shop.case, by=shop.staff["privacy_officer"], at=at)
    with pytest.raises(Refusal, match=r"parties\.no_staff"):
        permit(shop, at, by="staff:" + "o" * 26)
