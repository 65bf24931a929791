"""Who may act on a case: the owner and the privacy officer lead it, a second signer signs beside one of them, a clerk
opens and asks, an auditor looks. A refused act leaves nothing behind; one that passes names in its entry who did it.
"""

from datetime import timedelta

import pytest

from shouxin.cases import services
from shouxin.cases.models import Case, Permit, Waiver
from shouxin.duties.disposal import planning
from shouxin.duties.disposal.models import Plan
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.parties import services as parties
from tests.cases.conftest import keys_of
from tests.faces.web import shop as shops

LEADING = ("owner", "privacy_officer")
ROLES = tuple(role.role for role in shops.WORKING)
NOT_FOR = "access.act_not_for_this_role"


def deciding(shop, by):
    return services.decide(case=shop.case, by=by, at=shops.AT)


def permitting(shop, by):
    keys = keys_of(shop)
    signers = {shop.staff[role]: keys[role] for role in LEADING}
    return services.permit(case=shop.case, signers=signers, by=by, at=shops.AT)


def closing(shop, by):
    return services.close(case=shop.case, by=by, at=shops.AT)


def closing_a_step(shop, by):
    return services.close_step(case=shop.case, step="name-people", by=by, at=shops.AT)


def refusal(act) -> Refusal:
    """What an act is refused with, after which the ledger is as high as before."""
    height = ledger.height()
    with pytest.raises(Refusal) as caught:
        act()
    assert ledger.height() == height
    return caught.value


@pytest.mark.parametrize("act", [deciding, permitting, closing, closing_a_step])
def test_whoever_does_not_lead_the_case_is_refused_and_told_who_may(shop, act):
    for role in set(ROLES) - set(LEADING):
        error = refusal(lambda role=role: act(shop, shop.staff[role]))
        assert (error.code, error.facts["roles"]) == (NOT_FOR, list(LEADING))
    assert refusal(lambda: act(shop, "system")).code == NOT_FOR


@pytest.mark.parametrize(("act", "kind"), [(deciding, "cases.decided"), (closing_a_step, "cases.step_closed")])
@pytest.mark.parametrize("role", LEADING)
def test_whoever_leads_acts_and_the_entry_names_who(shop, act, kind, role):
    act(shop, shop.staff[role])
    (entry,) = ledger.entries(scope=f"case:{shop.case}", kinds=[kind])
    assert entry.by == shop.staff[role]


@pytest.mark.parametrize("act", [permitting, closing])
def test_whoever_leads_is_stopped_by_the_evidence_only(shop, act):
    for role in LEADING:
        assert refusal(lambda role=role: act(shop, shop.staff[role])).code in ("cases.not_decided", "cases.steps_open")


def test_nobody_leads_before_the_undertaking(shop):
    newcomer = parties.add_staff(
        name="新来者", role="owner", passphrase=b"newcomer-own-passphrase", by="system", at=shops.AT
    )
    assert refusal(lambda: deciding(shop, newcomer)).code == "access.no_undertaking"


def waiving(shop, asked, approved):
    return services.waive(
        case=shop.case,
        step="list-goods",
        check="inventory.goods_marked_share",
        reason="物品清单下周随车送到门店",
        asked_by=shop.staff[asked],
        approver=keys_of(shop)[approved],
        approved_by=shop.staff[approved],
        expires_at=shops.AT + timedelta(days=30),
        at=shops.AT,
    )


@pytest.mark.parametrize(
    ("asked", "approved", "code"),
    [
        ("clerk", "owner", ""),
        ("owner", "privacy_officer", ""),
        ("owner", "second_signer", ""),  # a firm of one person: the owner asks, the named second signer signs
        ("clerk", "second_signer", "access.nobody_leads"),
        ("owner", "clerk", NOT_FOR),
        ("owner", "auditor", NOT_FOR),
        ("auditor", "owner", NOT_FOR),
        ("second_signer", "owner", NOT_FOR),
    ],
)
def test_a_waiver_is_answered_for_by_somebody_who_leads(shop, asked, approved, code):
    if code:
        assert refusal(lambda: waiving(shop, asked, approved)).code == code
        assert not Waiver.objects.exists()
        return
    assert waiving(shop, asked, approved).approved_by == shop.staff[approved]


@pytest.mark.parametrize(
    ("two", "code"),
    [
        (("owner", "second_signer"), "cases.not_decided"),  # the signatures pass; nothing was decided yet
        (("privacy_officer", "owner"), "cases.not_decided"),
        (("owner", "clerk"), NOT_FOR),
        (("auditor", "privacy_officer"), NOT_FOR),
        (("second_signer",), "access.nobody_leads"),
    ],
)
def test_a_permit_carries_the_signature_of_somebody_who_leads_and_of_no_clerk(shop, two, code):
    keys = keys_of(shop)
    signers = {shop.staff[role]: keys[role] for role in two}
    told = {"case": shop.case, "signers": signers, "by": shop.staff["owner"], "at": shops.AT}
    assert refusal(lambda: services.permit(**told)).code == code
    assert not Permit.objects.exists()


@pytest.mark.parametrize("two", [("owner", "clerk"), ("second_signer", "auditor")])
def test_a_plan_to_destroy_is_not_approved_by_a_clerk_or_an_auditor(shop, two):
    keys = keys_of(shop)
    row = Plan.objects.create(
        case=shop.case, decision_set="sha256:" + "1" * 64, digest="plan", summary={}, by="x", at=shops.AT
    )
    signers = {shop.staff[role]: keys[role] for role in two}
    assert refusal(lambda: planning.approve(plan=row.digest, signers=signers, at=shops.AT)).code == NOT_FOR
    assert Plan.objects.get().approved_at is None


@pytest.mark.parametrize("role", ["second_signer", "auditor"])
def test_a_case_is_opened_by_those_who_work_on_it(shop, role):
    answers = shops.interview(Case.objects.get().recipient)
    told = {"title": "另一家", "answers": answers, "by": shop.staff[role], "at": shops.AT}
    assert refusal(lambda: services.open_case(**told)).code == NOT_FOR
    assert Case.objects.count() == 1
