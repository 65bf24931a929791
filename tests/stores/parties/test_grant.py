"""Nobody opens anything without an undertaking, a role that may, a reason and an entry."""

from datetime import timedelta

import pytest

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook import access
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.parties import queries, services


def _code(**given):
    with pytest.raises(Refusal) as refusal:
        services.grant(**given)
    return refusal.value.code


def test_a_grant_says_who_as_what_for_what_and_until_when_and_leaves_an_entry(founded, officer, at):
    grant = services.grant(
        by=officer.id, purpose="rights", categories=["basic", "sensitive"], reason="request:17", at=at
    )
    assert (grant.actor, grant.role, grant.categories) == (officer.id, "privacy_officer", {"basic", "sensitive"})
    assert grant.covers(purpose="rights", categories={"basic"}, at=at + timedelta(hours=8))
    assert not grant.covers(purpose="rights", categories={"basic"}, at=at + timedelta(hours=8, seconds=1))
    [entry] = ledger.entries(kinds=["parties.granted"])
    assert entry.by == officer.id
    assert entry.facts == {
        "role": "privacy_officer",
        "purpose": "rights",
        "categories": ["basic", "sensitive"],
        "until": "2026-11-23T09:00:00Z",
        "reason": "request:17",
    }
    [issued] = queries.grants(actors=[officer.id])
    assert (issued.entry, issued.reason) == (entry.seq, "request:17")


def test_words_of_a_reason_stay_out_of_the_ledger(founded, officer, at):
    services.grant(by=officer.id, purpose="reveal", categories={"basic"}, reason="叶青岚来电核对地址", at=at)
    assert ledger.entries(kinds=["parties.granted"])[0].facts["reason"] == "in_words"
    assert "叶青岚" not in b"".join(ledger.raw()).decode()
    assert queries.grants()[0].reason == "叶青岚来电核对地址"


OF_THE_CAST = [row for row in sorted(access.TABLE) if row[0] in ("privacy_officer", "second_signer", "clerk", "system")]


@pytest.mark.parametrize(("role", "purpose"), OF_THE_CAST)
def test_officer_and_clerk_get_what_the_table_gives_them_and_not_a_category_more(founded, at, role, purpose):
    members = {"privacy_officer": founded.officer, "second_signer": founded.second, "clerk": founded.clerk}
    by = members[role].id if role in members else "system"
    allowed = access.TABLE[role, purpose]
    assert services.grant(by=by, purpose=purpose, categories=allowed, reason="test", at=at).categories == allowed
    for beyond in access.TABLE["customer", "rights"] - allowed:
        assert _code(by=by, purpose=purpose, categories={*allowed, beyond}, reason="test", at=at) == "access.beyond"


def test_it_refuses_the_outsider_the_revoked_and_whoever_has_not_undertaken(founded, officer, clerk, outsider, at):
    given = {"purpose": "notify", "categories": {"basic"}, "reason": "test", "at": at}
    assert _code(by=outsider, **given) == "access.no_staff"
    assert _code(by="customer", **given) == "access.no_staff"
    new = services.add_staff(name="新人", role="clerk", passphrase=b"another passphrase", by=officer.id, at=at)
    assert _code(by=new, **given) == "access.no_undertaking"
    services.sign_undertaking(
        staff=new, passphrase=b"another passphrase", text_digest="sha256:" + "0" * 64, at=at + timedelta(hours=1)
    )
    # The undertaking counts from its own instant on.
    assert _code(by=new, **given) == "access.no_undertaking"
    later = {**given, "at": at + timedelta(hours=1)}
    assert services.grant(by=new, **later).actor == new
    services.revoke_staff(staff=clerk.id, by=officer.id, at=at + timedelta(hours=2))
    assert _code(by=clerk.id, **{**given, "at": at + timedelta(hours=2)}) == "access.staff_revoked"


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("access.no_reason", {"reason": "  "}),
        ("access.unknown_purpose", {"purpose": "curiosity"}),
        ("access.nothing_asked", {"categories": set()}),
        ("access.beyond", {"categories": {"everything"}}),
        ("access.not_for_this_role", {"purpose": "hand_over"}),
    ],
)
def test_it_refuses_a_clerk(founded, clerk, at, code, changed):
    given = {"by": clerk.id, "purpose": "notify", "categories": {"basic"}, "reason": "test", "at": at}
    height = ledger.height()
    assert _code(**{**given, **changed}) == code
    assert (ledger.height(), queries.grants()) == (height, [])


def test_a_person_may_see_what_is_held_about_her_for_half_an_hour(founded, at):
    grant = services.customer_grant(customer=17, at=at)
    assert (grant.actor, grant.role, grant.purpose) == ("customer", "customer", "rights")
    assert grant.until == at + timedelta(minutes=30)
    [entry] = ledger.entries(kinds=["parties.granted"])
    assert entry.by == "customer"
    assert "17" not in str(entry.facts["reason"]) + str(entry.facts["categories"])
    with pytest.raises(Refusal) as refusal:
        services.customer_grant(customer=0, at=at)
    assert refusal.value.code == "access.no_customer"
