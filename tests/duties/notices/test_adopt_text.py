"""A text is adopted only when nothing is missing; what was shown is never changed."""

from dataclasses import replace

import pytest

from shouxin.duties.notices import evidence, queries, services
from shouxin.duties.notices.models import Text
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook.bases import NOTICE_ELEMENTS
from tests.duties.stage import AT, CASE, KINDS, adopt, later, text


def test_a_whole_text_is_adopted_and_known_by_its_digest(stage):
    digests = adopt(stage)
    assert queries.text_by_digest(digests["zh"]).text == text("zh")
    assert queries.text(CASE, "en").digest == digests["en"]
    assert queries.told_elements(CASE) == NOTICE_ELEMENTS
    assert queries.told_necessity(CASE)
    assert evidence.text_complete(CASE, AT).holds


def test_the_same_text_again_is_the_same_version_and_another_one_the_next(stage):
    adopt(stage)
    adopt(stage)
    adopt(stage, contact="021-00000003")
    assert list(Text.objects.filter(language="zh").order_by("version").values_list("version", flat=True)) == [1, 2]
    assert "021-00000003" in queries.text(CASE, "zh").text.forms["long"]


@pytest.mark.parametrize(
    ("gone", "code"),
    [
        ("021-00000002", "notice.element"),
        ("继续为您安排上门服务", "notice.element"),
        ("泄露可能危及住家安全", "notice.sensitive"),
        ("您的答复码：{code}", "notice.reply_code"),
        ("同意：以上信息在答复截止后加密移交", "notice.consequence"),
    ],
)
def test_a_text_in_which_something_is_missing_is_refused_and_everything_is_named(stage, gone, code):
    whole = text("zh")
    broken = replace(whole, forms={**whole.forms, "long": whole.forms["long"].replace(gone, "")})
    with pytest.raises(Refusal) as refused:
        services.adopt_text(case=CASE, text=broken, by=stage.officer, at=AT)
    assert refused.value.code == "notices.text_incomplete"
    assert {(each["code"], each["form"]) for each in refused.value.facts["missing"]} == {(code, "long")}
    assert Text.objects.count() == 0


@pytest.mark.parametrize(
    ("added", "code"),
    [("新店开业全场八折优惠。", "notice.sells"), ("请回复验证码确认。", "notice.asks_secret")],
)
def test_marketing_and_asking_for_codes_are_refused(stage, added, code):
    whole = text("zh")
    broken = replace(whole, forms={**whole.forms, "short": whole.forms["short"] + added})
    with pytest.raises(Refusal) as refused:
        services.adopt_text(case=CASE, text=broken, by=stage.officer, at=AT)
    assert [each["code"] for each in refused.value.facts["missing"]] == [code]


def test_without_a_text_the_evidence_says_so_and_an_outsider_adopts_none(stage):
    finding = evidence.text_complete(CASE, AT)
    assert (finding.holds, finding.missing[0].code) == (False, "notices.no_text")
    assert queries.told_elements(CASE) == frozenset()
    assert not queries.told_necessity(CASE)
    with pytest.raises(Refusal, match=r"parties\.no_staff"):
        services.adopt_text(case=CASE, text=text(), by="staff:nobody", at=AT)


def test_told_is_only_what_every_text_of_the_case_names(stage):
    assert queries.told_fields(CASE) == {}
    adopt(stage)
    assert queries.told_fields(CASE) == {kind: frozenset(names) for kind, names in KINDS.items()}
    fewer = {"basic": ("name", "email"), "purchase": ("order_no", "item", "amount")}
    services.adopt_text(case=CASE, text=text("en", kinds=fewer), by=stage.officer, at=later(days=1))
    assert queries.told_fields(CASE) == {"basic": {"name"}, "purchase": {"order_no", "item"}}
