"""The impact assessment: questions asked once, two keys over the same bytes, before the first hand-over."""

from datetime import date

import pytest
from django.db import transaction

from shouxin.duties.inventory.models import Customer
from shouxin.duties.review import evidence, queries, services
from shouxin.duties.review.models import Assessment
from shouxin.ground.formats.papers import assessment_pdf
from shouxin.ground.kernel import dsse
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.stores.ledger import queries as ledger_queries
from shouxin.stores.ledger import services as ledger
from shouxin.stores.parties import queries as parties_queries
from shouxin.stores.parties import services as parties
from tests.cast import CLERK, OFFICER, RECEIVER, SECOND
from tests.duties.stage import AT, CASE, later

ROLES = ["other_handler"]
FACTS = {
    "roles": ROLES,
    "recipient": RECEIVER.name,
    "recipient_contact": "021-00000002",
    "purposes": ["继续安排上门服务"],
    "methods": ["接收、存储、联系和派单"],
    "structure": "asset_sale",
    "custodian": "冯知夏",
}


def answer_all(stage):
    """Every open question answered."""
    answers = {each.id: f"已核实：{each.id}" for each in queries.unanswered(CASE, ROLES)}
    return services.answer_questions(case=CASE, roles=ROLES, answers=answers, by=stage.officer, at=AT)


def drafted(stage):
    """A draft, ready to be signed."""
    answer_all(stage)
    return services.draft(case=CASE, facts=FACTS, by=stage.officer, at=AT)


def key(stage, role):
    """Who signs, with an own key."""
    staff = {OFFICER: stage.officer, SECOND: stage.second, CLERK: stage.clerk}[role]
    return {"staff": staff, "signer": parties.staff_signer(staff=staff, passphrase=role.passphrase)}


def sign(stage, role, days=1):
    return services.sign(case=CASE, **key(stage, role), at=later(days=days))


def test_each_question_is_asked_once_and_a_draft_waits_for_all(stage):
    asked = queries.unanswered(CASE, ROLES)
    assert "sensitive_harm" not in {each.id for each in asked}
    with pytest.raises(Refusal) as refused:
        services.draft(case=CASE, facts=FACTS, by=stage.officer, at=AT)
    assert refused.value.facts["questions"] == [each.id for each in asked]
    left = services.answer_questions(case=CASE, roles=ROLES, answers={"harm": "误交会被骚扰"}, by=stage.officer, at=AT)
    assert {each.id for each in left} == {each.id for each in asked} - {"harm"}
    assert answer_all(stage) == []
    with pytest.raises(Refusal, match=r"review\.no_such_question"):
        services.answer_questions(case=CASE, roles=ROLES, answers={"weather": "晴"}, by=stage.officer, at=AT)


def test_sensitive_kinds_and_children_add_their_questions(stage):
    Customer.objects.filter(customer=stage.customers[0]).update(categories=0b10001)
    asked = {each.id: each.law for each in queries.unanswered(CASE, ROLES)}
    assert asked["sensitive_harm"] == "PIPL-28"
    assert asked["minors"] == "PIPL-31"
    assert drafted(stage).plain["grounds"] == ["PIPL-55-3", "PIPL-55-1"]


def test_the_draft_has_the_three_contents_of_article_56_and_the_counts(stage):
    plain = drafted(stage).plain
    assert [section["id"] for section in plain["sections"]] == ["lawful", "impact", "measures"]
    assert all(section["answers"] for section in plain["sections"])
    assert plain["counts"]["customers"] == 5
    assert plain["counts"]["under_14"] == 1
    with pytest.raises(Refusal) as refused:
        services.draft(case=CASE, facts={**FACTS, "custodian": ""}, by=stage.officer, at=AT)
    assert refused.value.facts["missing"] == ["custodian"]


def test_two_keys_of_two_people_complete_it_and_it_is_kept_three_years(stage):
    drafted(stage)
    assert sign(stage, OFFICER).state == "draft"
    first = evidence.assessment_signed_by_two(CASE, later(days=1))
    assert (first.holds, first.value, first.missing[0].facts["signed"]) == (False, False, 1)
    view = sign(stage, SECOND)
    assert (view.state, view.signers) == ("signed", (stage.officer, stage.second))
    assert view.keep_until == date(2029, 11, 24)
    finding = evidence.assessment_signed_by_two(CASE, later(days=2))
    assert (finding.holds, finding.value, finding.missing) == (True, True, ())
    opened = dsse.open_envelope(view.envelope, keys=parties_queries.public_keys())
    assert opened.statement["subject"][0]["digest"]["sha256"] == digest(view.document).removeprefix("sha256:")


def test_one_person_signs_once_with_their_own_key_and_nobody_after_it_is_complete(stage):
    drafted(stage)
    sign(stage, OFFICER)
    with pytest.raises(Refusal, match=r"review\.signed_already"):
        sign(stage, OFFICER)
    with pytest.raises(Refusal, match=r"review\.signed_already"):
        services.sign(case=CASE, staff=stage.second, signer=key(stage, OFFICER)["signer"], at=later(days=1))
    with pytest.raises(Refusal, match=r"review\.not_your_key"):
        services.sign(case=CASE, staff=stage.second, signer=key(stage, CLERK)["signer"], at=later(days=1))
    sign(stage, SECOND)
    with pytest.raises(Refusal, match=r"review\.signed_already"):
        sign(stage, CLERK)


def test_a_new_edition_begins_without_signatures(stage):
    drafted(stage)
    sign(stage, OFFICER), sign(stage, SECOND)
    again = services.draft(case=CASE, facts=FACTS, by=stage.officer, at=later(days=2))
    assert (again.edition, again.state, again.signers) == (2, "draft", ())
    assert not evidence.assessment_signed_by_two(CASE, later(days=2)).holds


def hand_over(at):
    """What the transfer room writes when a package is made."""
    with transaction.atomic():
        ledger.append(kind="transfer.packed", scope=f"case:{CASE}", at=at, by="system", facts={"case": CASE})


def test_after_the_first_hand_over_it_is_too_late(stage):
    drafted(stage)
    sign(stage, OFFICER)
    hand_over(later(days=1))
    with pytest.raises(Refusal, match=r"review\.too_late"):
        sign(stage, SECOND, days=2)


def test_signed_before_the_hand_over_it_holds_and_signed_after_it_would_not(stage):
    drafted(stage)
    sign(stage, OFFICER), sign(stage, SECOND)
    hand_over(later(days=2))
    assert evidence.assessment_signed_by_two(CASE, later(days=3)).holds
    Assessment.objects.update(completed_entry=ledger_queries.height())
    assert evidence.assessment_signed_by_two(CASE, later(days=3)).missing[0].code == "review.signed_too_late"


def test_a_changed_byte_is_corrupt(stage):
    view = drafted(stage)
    sign(stage, OFFICER), sign(stage, SECOND)
    Assessment.objects.update(document=view.document.replace(b"asset_sale", b"asset_salt"))
    with pytest.raises(Corrupt):
        evidence.assessment_signed_by_two(CASE, later(days=3))


def test_it_prints_in_both_languages(stage):
    view = drafted(stage)
    for language in ("zh", "en"):
        assert assessment_pdf(view.plain, language=language, at=AT).startswith(b"%PDF")


def test_an_outsider_of_the_house_drafts_nothing(stage):
    with pytest.raises(Refusal, match=r"parties\.no_staff"):
        services.answer_questions(case=CASE, roles=ROLES, answers={"harm": "会被骚扰"}, by="staff:nobody", at=AT)
    with pytest.raises(Refusal, match=r"review\.no_assessment"):
        queries.assessment(CASE)
    assert not evidence.assessment_signed_by_two(CASE, AT).holds


def test_a_change_that_hands_nothing_over_asks_nothing_about_a_recipient(stage):
    asked = {each.id for each in queries.unanswered(CASE, [])}
    assert "why_change" in asked
    assert not asked & {"why_hand_over", "free_choice", "recipient_risk", "goods"}
    answers = {each: f"已核实：{each}" for each in asked}
    assert services.answer_questions(case=CASE, roles=[], answers=answers, by=stage.officer, at=AT) == []
    facts = {"roles": [], "structure": "address", "custodian": "冯知夏"}
    view = services.draft(case=CASE, facts=facts, by=stage.officer, at=AT)
    assert view.plain["grounds"] == ["PIPL-55-5"]
    assert set(view.plain["facts"]) == {"structure", "custodian"}


def test_a_processor_is_asked_about_and_nobody_is_asked_for_consent(stage):
    asked = {each.id for each in queries.unanswered(CASE, ["processor"])}
    assert {"recipient_risk", "why_change"} <= asked
    assert "free_choice" not in asked
