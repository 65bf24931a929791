"""The question first: what the answers fix, what they may not leave open, and where common advice is wrong."""

from pathlib import Path

import pytest

from shouxin.cases.interview import (
    BRANCHES,
    BUSINESS_KINDS,
    OWED,
    QUESTIONS,
    RECIPIENT_KINDS,
    UNDECLARED_FLOWS,
    rule_on,
)
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook import law
from shouxin.ground.rulebook.gates import Structure
from tests.faces.web.shop import FLOW, interview

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "formats" / "interview.md").read_text("utf-8")

BUYER = "recipient:b"
ANSWERS = interview(BUYER)


def change(*structures, legal_person="stays", business="goes_on", flows=(), **more):
    """The answers of another change; `flows` as (to whom, recipient)."""
    told = [{**FLOW, "to": to, "recipient": recipient} for to, recipient in flows]
    return interview(
        BUYER, structures=list(structures), legal_person=legal_person, business=business, **{**more, "flows": told}
    )


def ending(**more):
    return change("deregistration", legal_person="ends", business="ends", **more)


def refused(answers) -> Refusal:
    with pytest.raises(Refusal) as caught:
        rule_on(answers)
    return caught.value


def codes(points):
    return [point.code.partition(".")[2] for point in points]


def test_a_sale_of_assets_asks_everyone_separately_by_article_23():
    ruling = rule_on(ANSWERS)
    assert (ruling.playbook, ruling.rule, ruling.handler) == ("asset_sale", "PIPL-23", "stays")
    assert "第二十三条" in ruling.reading  # the text leaves two readings; the stricter one is taken and said
    assert ruling.blocks == ()
    assert ruling.asking.role == "other_handler"
    assert ruling.to_plain()["flows"][0]["categories"] == FLOW["categories"]


@pytest.mark.parametrize(
    ("answers", "playbook", "handler", "rule"),
    [
        (change("address"), "address", "stays", "PIPL-17b"),
        (change("equity"), "equity", "stays", "PIPL-17b"),
        (change("equity", "address"), "equity", "stays", "PIPL-17b"),
        (change("business_sale", business="ends", flows=[("buyer", BUYER)]), "transfer", "stays", "PIPL-23"),
        (
            change("merger", legal_person="ends", business="ends", flows=[("absorbing_company", BUYER)]),
            "merger_division",
            "succeeded",
            "PIPL-22a",
        ),
        (
            change("merger", "deregistration", legal_person="ends", business="ends"),
            "deregistration",
            "succeeded",
            "PIPL-47a",
        ),
        (ending(flows=[("keeper", BUYER)]), "deregistration", "ends", "PIPL-47a"),
        (
            change("operator_change", legal_person="changes", business_kind="individual_business"),
            "operator_change",
            "changes",
            "PIPL-23",
        ),
    ],
)
def test_the_structure_fixes_the_playbook_the_handler_and_the_article(answers, playbook, handler, rule):
    ruling = rule_on(answers)
    assert (ruling.playbook, ruling.handler, ruling.rule) == (playbook, handler, rule)


@pytest.mark.parametrize(
    ("to", "structures", "role"),
    [
        ("absorbing_company", ("merger",), "successor"),
        # A company that calls itself the successor without a merger or division is another handler.
        ("absorbing_company", ("business_sale",), "other_handler"),
        ("buyer", ("merger",), "other_handler"),
        ("shareholder", ("equity",), "other_handler"),
        ("helper", ("address",), "processor"),
        ("keeper", ("address",), "custodian"),
        ("customers_choice", ("equity",), "subject_directed"),
    ],
)
def test_the_role_is_what_the_law_makes_of_the_recipient_not_what_it_calls_itself(to, structures, role):
    (flow,) = rule_on(change(*structures, flows=[(to, BUYER)])).flows
    assert flow.role == role


@pytest.mark.parametrize(
    ("answers", "advice"),
    [
        (change("equity"), "equity_moves_nothing"),
        (change("merger", legal_person="ends", business="ends"), "merger_needs_notice_not_consent"),
        (ANSWERS, "asset_sale_needs_separate_consent"),
        (ending(), "simplified_is_shorter_than_notice"),
        (interview(BUYER, undeclared={**ANSWERS["undeclared"], "wechat_accounts": True}), "devices_carry_people"),
        (interview(BUYER, prepaid=True), "prepaid_is_asked_apart"),
    ],
)
def test_where_common_advice_is_wrong_in_law_the_ruling_says_so(answers, advice):
    assert advice in codes(rule_on(answers).advice)


@pytest.mark.parametrize(
    ("answers", "owed", "not_owed"),
    [
        (change("address"), "tell_what_changed", "announce_30_working_days"),
        (change("address", online_service=True), "licence_data_15_days", "home_page_30_days"),
        (
            change("merger", legal_person="ends", business="ends", flows=[("absorbing_company", BUYER)]),
            "announce_30_working_days",
            "tell_what_changed",
        ),
        (
            change("merger", legal_person="ends", business="ends", people=100_000),
            "tell_recipient",
            "announce_30_working_days",
        ),
        (ending(flows=[("keeper", BUYER)], online_service=True), "home_page_30_days", "creditors_of_merger"),
        (ending(business_kind="individual_business"), "cause_published", "creditors_of_liquidation"),
    ],
)
def test_notices_are_owed_even_where_nothing_moves(answers, owed, not_owed):
    found = codes(rule_on(answers).owed)
    assert not_owed not in found
    if owed != "cause_published":
        assert owed in found


@pytest.mark.parametrize(
    ("answers", "code", "law_id"),
    [
        (interview(BUYER, flow={"abroad": True}), "interview.abroad_needs_route", "PIPL-38"),
        (interview(BUYER, important_data=True), "interview.important_data_needs_report", "NDSR-32"),
        (interview(BUYER, people=10_000_000), "interview.important_data_needs_report", "NDSR-32"),
        (ending(), "interview.custodian_needed", "PIPL-47b"),
        (ending(flows=[("keeper", BUYER)], prepaid=True), "interview.prepaid_bars_simplified", "CO-240"),
        (ending(flows=[("keeper", BUYER)], disputes=True), "interview.disputes_bar_simplified", "REGR-48"),
    ],
)
def test_an_answer_that_stands_in_the_way_is_a_block_with_its_article(answers, code, law_id):
    (block,) = rule_on(answers).blocks
    assert (block.code, block.law) == (code, law_id)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_without_an_answer_is_named(name):
    error = refused({key: value for key, value in ANSWERS.items() if key != name})
    assert error.code == "interview.missing"
    assert name in error.facts["questions"][0]


def test_every_flow_that_a_buyer_may_get_by_the_way_is_asked_for_by_name():
    assert refused({**ANSWERS, "undeclared": {}}).facts["questions"] == [
        f"undeclared.{name}" for name in UNDECLARED_FLOWS
    ]
    told = {**ANSWERS["undeclared"], "wechat_accounts": True}
    assert rule_on({**ANSWERS, "undeclared": told}).undeclared == ("wechat_accounts",)


def test_two_recipients_are_never_asked_about_in_one_case():
    two = [{**FLOW, "recipient": name} for name in (BUYER, "recipient:c")]
    assert refused({**ANSWERS, "flows": two}).code == "interview.two_asked"
    mover = {**FLOW, "to": "helper", "recipient": "recipient:mover"}
    assert rule_on({**ANSWERS, "flows": [two[0], mover]}).main.recipient == BUYER


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"structures": []}, "interview.unknown"),
        ({"structures": ["asset_sale", "a good deal"]}, "interview.unknown"),
        ({"structures": "asset_sale"}, "interview.unknown"),  # a text would be taken apart into signs
        ({"business_kind": "club"}, "interview.unknown"),
        ({"legal_person": "sleeps"}, "interview.unknown"),
        ({"legal_person": "ends"}, None),
        ({"legal_person": "ends", "business": "goes_on"}, "interview.contradiction"),
        ({"legal_person": "changes"}, "interview.contradiction"),
        ({"structures": ["deregistration"]}, "interview.contradiction"),
        ({"structures": ["operator_change"]}, "interview.contradiction"),
        ({"closing_on": "2026-12-22"}, "interview.dates"),
        ({"closing_on": "2026-12-01"}, "interview.dates"),
        ({"closing_on": "the last day"}, "interview.unknown"),
        ({"answers_until": None}, "interview.unknown"),
        ({"children": "no"}, "interview.unknown"),  # a text that is not empty would count as yes
        ({"people": True}, "interview.unknown"),
        ({"people": -1}, "interview.unknown"),
        ({"flows": {}}, "interview.unknown"),
        ({"flows": [{**FLOW, "recipient": ""}]}, "interview.unknown"),
        ({"flows": [{**FLOW}]}, "interview.missing"),
        ({"flows": [{**FLOW, "recipient": BUYER, "purposes": "继续服务"}]}, "interview.unknown"),
        ({"flows": [{**FLOW, "recipient": BUYER, "categories": []}]}, "interview.unknown"),
        ({"flows": [{**FLOW, "recipient": BUYER, "categories": ["everything"]}]}, "interview.unknown"),
        ({"flows": [{**FLOW, "recipient": BUYER, "to": "friend"}]}, "interview.unknown"),
        ({"undeclared": ["wechat_accounts"]}, "interview.missing"),
    ],
)
def test_it_refuses_what_is_not_an_answer_and_answers_that_cannot_both_be_true(changed, code):
    if code is None:
        assert rule_on({**ANSWERS, **changed}).legal_person == "ends"
        return
    assert refused({**ANSWERS, **changed}).code == code


def test_every_point_cites_a_law_that_is_held_or_referred_to():
    rulings = [rule_on(ANSWERS), rule_on(ending(prepaid=True, disputes=True)), rule_on(change("equity", "address"))]
    named = {name for ruling in rulings for name in ruling.laws} | set(OWED.values())
    assert [name for name in sorted(named) if not law.knows(name)] == []


def test_a_playbook_may_ask_exactly_the_branches_that_a_ruling_answers():
    assert set(rule_on(ANSWERS).branches) == set(BRANCHES)


def test_the_page_names_every_question_and_every_answer_of_a_list():
    known = (*QUESTIONS, *BUSINESS_KINDS, *UNDECLARED_FLOWS, *RECIPIENT_KINDS, *(each.value for each in Structure))
    assert [name for name in known if f"`{name}`" not in PAGE] == []
