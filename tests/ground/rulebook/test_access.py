"""Who may open what for what: one table, and nothing beyond it."""

from datetime import UTC, datetime, timedelta

import pytest

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook import access, terms

UNTIL = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def test_every_role_purpose_and_category_has_a_word():
    assert {f"role.{role}" for role in access.ROLES} <= set(terms.terms())
    assert {f"access_purpose.{purpose}" for purpose in access.PURPOSES} <= set(terms.terms())
    assert {f"case_act.{act}" for act in access.ACTS} <= set(terms.terms())
    for (role, purpose), categories in access.TABLE.items():
        assert role in access.ROLES
        assert purpose in access.PURPOSES
        assert categories <= set(terms.categories())


@pytest.mark.parametrize(
    ("role", "purpose", "categories"),
    [
        ("clerk", "notify", {"basic"}),
        ("clerk", "answer", {"basic", "evidence"}),
        ("system", "hand_over", {"basic", "purchase", "sensitive"}),
        ("privacy_officer", "reveal", {"sensitive"}),
        ("customer", "rights", {"basic", "sensitive", "evidence"}),
        ("auditor", "drill", {"basic"}),
    ],
)
def test_what_the_table_allows_is_granted(role, purpose, categories):
    assert access.decide_access(role, purpose, categories) == categories
    given = access.grant(actor="staff:a", role=role, purpose=purpose, categories=categories, until=UNTIL)
    assert given.covers(purpose=purpose, categories=categories, at=UNTIL)


@pytest.mark.parametrize(
    ("role", "purpose", "categories", "code"),
    [
        ("clerk", "reveal", {"sensitive"}, "access.beyond"),
        ("clerk", "hand_over", {"basic"}, "access.not_for_this_role"),
        ("clerk", "dispose", {"basic"}, "access.not_for_this_role"),
        ("auditor", "reveal", {"basic"}, "access.not_for_this_role"),
        ("second_signer", "reveal", {"basic"}, "access.not_for_this_role"),
        ("system", "reveal", {"basic"}, "access.not_for_this_role"),
        ("customer", "reveal", {"basic"}, "access.not_for_this_role"),
        ("system", "notify", {"basic", "sensitive"}, "access.beyond"),
        ("owner", "reveal", {"sensitive"}, "access.beyond"),
        ("outsider", "notify", {"basic"}, "access.unknown_role"),
        ("owner", "marketing", {"basic"}, "access.unknown_purpose"),
        ("owner", "notify", set(), "access.nothing_asked"),
    ],
)
def test_what_the_table_does_not_name_is_refused(role, purpose, categories, code):
    with pytest.raises(Refusal) as refused:
        access.decide_access(role, purpose, categories)
    assert refused.value.code == code


@pytest.mark.parametrize("act", access.ACTS)
@pytest.mark.parametrize("role", access.ROLES)
def test_a_case_is_decided_permitted_and_closed_by_who_leads_it_alone(role, act):
    may = {"owner", "privacy_officer"}
    may |= {"clerk"} if act in ("open", "ask_waiver", "state") else set()
    may |= {"second_signer"} if act in ("countersign", "state") else set()
    if role in may:
        access.check_act(role, act)
        return
    with pytest.raises(Refusal) as refused:
        access.check_act(role, act)
    assert refused.value.code == "access.act_not_for_this_role"
    assert set(refused.value.facts["roles"]) == may


@pytest.mark.parametrize(
    ("role", "act", "code"), [("king", "decide", "access.unknown_role"), ("owner", "reign", "access.unknown_act")]
)
def test_a_role_or_an_act_that_the_table_does_not_know_is_refused(role, act, code):
    with pytest.raises(Refusal) as refused:
        access.check_act(role, act)
    assert refused.value.code == code


def test_a_grant_ends_and_covers_only_what_it_names():
    given = access.grant(actor="staff:a", role="clerk", purpose="notify", categories={"basic"}, until=UNTIL)
    assert not given.covers(purpose="notify", categories={"basic"}, at=UNTIL + timedelta(seconds=1))
    assert not given.covers(purpose="reveal", categories={"basic"}, at=UNTIL)
    assert not given.covers(purpose="notify", categories={"basic", "purchase"}, at=UNTIL)
    assert not given.covers(purpose="notify", categories=(), at=UNTIL)
    with pytest.raises(Refusal, match=r"time\.naive"):
        access.grant(
            actor="staff:a", role="clerk", purpose="notify", categories={"basic"}, until=UNTIL.replace(tzinfo=None)
        )
