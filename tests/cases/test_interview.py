"""The question first: what the answers fix, and what they may not leave open."""

import pytest

from shouxin.cases.interview import QUESTIONS, UNDECLARED_FLOWS, rule_on
from shouxin.ground.kernel.refusals import Refusal
from tests.faces.web.shop import INTERVIEW

ANSWERS = {**INTERVIEW, "recipient": "recipient:b"}


def refused(answers) -> Refusal:
    with pytest.raises(Refusal) as caught:
        rule_on(answers)
    return caught.value


def test_a_sale_of_assets_asks_everyone_separately_by_article_23():
    ruling = rule_on(ANSWERS)
    assert (ruling.structure, ruling.rule, ruling.handler_changes) == ("asset_sale", "PIPL-23", False)
    assert "第二十三条" in ruling.reading  # the text leaves two readings; the stricter one is taken and said
    assert ruling.blocks == ()
    assert ruling.to_plain()["flows"][0]["categories"] == ANSWERS["categories"]


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


@pytest.mark.parametrize(
    ("changed", "code", "law"),
    [
        ({"abroad": True}, "interview.abroad_needs_route", "PIPL-38"),
        ({"important_data": True}, "interview.important_data_needs_report", "NDSR-32"),
        ({"ends_business": False}, "interview.business_goes_on_not_decided_here", "PIPL-47a"),
    ],
)
def test_an_answer_that_stands_in_the_way_is_a_block_with_its_article(changed, code, law):
    (block,) = rule_on({**ANSWERS, **changed}).blocks
    assert (block.code, block.law) == (code, law)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"structure": "merger"}, "interview.not_decided_here"),
        ({"business_kind": "club"}, "interview.unknown"),
        ({"closing_on": "2026-12-22"}, "interview.dates"),
        ({"closing_on": "2026-12-01"}, "interview.dates"),
        ({"closing_on": "the last day"}, "interview.unknown"),
        ({"answers_until": None}, "interview.unknown"),
        ({"abroad": "no"}, "interview.unknown"),  # a text that is not empty would count as yes
        ({"purposes": "继续服务"}, "interview.unknown"),  # a text would be taken apart into signs
        ({"categories": []}, "interview.unknown"),
        ({"categories": ["everything"]}, "interview.unknown"),
        ({"undeclared": ["wechat_accounts"]}, "interview.missing"),
    ],
)
def test_it_refuses_what_this_edition_does_not_carry(changed, code):
    assert refused({**ANSWERS, **changed}).code == code
