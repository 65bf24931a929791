"""What a notice and an agreement must say: remove any one thing and it is named."""

from dataclasses import replace

import pytest

from shouxin.ground.rulebook.messages import (
    AGREEMENT_CLAUSES,
    NoticeElements,
    check_agreement,
    check_notice,
    length_hints,
)

ZH = NoticeElements(
    sender_name="晴天家政",
    sender_contact="000-5550100",
    recipient_name="清风服务有限公司",
    recipient_contact="000-5550200",
    purposes=["继续提供保洁服务"],
    methods=["加密移交后存储、使用"],
    categories=["基本信息", "购买信息"],
    consequences={
        "agree": "同意：您的信息交给清风服务有限公司，由它继续服务",
        "refuse": "不同意：不移交，我们依法销毁或封存",
        "none": "不答复：视为没有同意，不移交",
    },
    answer_until="2026年12月8日",
    reply_code="答复码 7K3M",
)
NOTICE_ZH = """【晴天家政】我店将于12月31日停止本项服务。清风服务有限公司（电话 000-5550200）希望接手。
接收方取得信息的目的：继续提供保洁服务。方式：加密移交后存储、使用。种类：基本信息、购买信息。
同意：您的信息交给清风服务有限公司，由它继续服务。不同意：不移交，我们依法销毁或封存。不答复：视为没有同意，不移交。
不同意也不影响退款。请在2026年12月8日前答复，可拨打 000-5550100 报答复码 7K3M。
我们不会索要验证码、银行卡或转账。"""

EN = NoticeElements(
    sender_name="Fair Weather Housekeeping",
    sender_contact="000-5550100",
    recipient_name="Clear Breeze Services",
    recipient_contact="000-5550200",
    purposes=["to go on with the cleaning service"],
    methods=["encrypted hand-over, then storage and use"],
    categories=["basic information", "purchases"],
    consequences={
        "agree": "If you agree, your information goes to Clear Breeze Services",
        "refuse": "If you do not agree, it is not moved",
        "none": "If you do not answer, that is not consent and nothing is moved",
    },
    answer_until="8 December 2026",
    reply_code="reply code 7K3M",
    language="en",
)
NOTICE_EN = """Fair Weather Housekeeping (000-5550100) stops this service on 31 December. Clear Breeze Services
(000-5550200) asks for your basic information and purchases, to go on with the cleaning service, by encrypted
hand-over, then storage and use. If you agree, your information goes to Clear Breeze Services. If you do not agree,
it is not moved. If you do not answer, that is not consent and nothing is moved. If you refuse, you lose nothing.
Answer by 8 December 2026 with reply code 7K3M. We never ask for a verification code, a password or a bank card."""


def codes(text, elements=ZH):
    return [(missing.code, *missing.facts.values()) for missing in check_notice(text, elements)]


def test_a_complete_notice_misses_nothing_in_either_language():
    assert codes(NOTICE_ZH) == []
    assert codes(NOTICE_EN, EN) == []


def test_full_width_digits_and_line_breaks_do_not_hide_an_element():
    assert (
        codes(NOTICE_ZH.replace("000-5550200", "０００－５５５０２００").replace("继续提供保洁", "继续提供\n保洁"))
        == []
    )


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        ("000-5550200", ("notice.element", "recipient_contact")),
        ("目的：继续提供保洁服务", ("notice.element", "purpose")),
        ("加密移交后存储、使用", ("notice.element", "method")),
        ("、购买信息", ("notice.element", "categories")),
        ("【晴天家政】", ("notice.sender", "name")),
        ("000-5550100", ("notice.sender", "contact")),
        ("不答复：视为没有同意，不移交", ("notice.consequence", "none")),
        ("不同意也不影响退款", ("notice.refusal_is_free",)),
        ("答复码 7K3M", ("notice.reply_code",)),
        ("2026年12月8日", ("notice.answer_until",)),
    ],
)
def test_whatever_is_taken_out_is_named(words, missing):
    assert NOTICE_ZH.count(words) == 1
    assert codes(NOTICE_ZH.replace(words, "")) == [missing]


def test_without_the_recipients_name_the_consequence_falls_too():
    assert codes(NOTICE_ZH.replace("清风服务有限公司", "买方")) == [
        ("notice.element", "recipient_name"),
        ("notice.consequence", "agree"),
    ]


@pytest.mark.parametrize(
    ("added", "elements", "code"),
    [
        ("新店开业，全场优惠。", ZH, "notice.sells"),
        ("首单打折！", ZH, "notice.sells"),
        ("Get a discount today.", EN, "notice.sells"),
        ("请回复验证码确认。", ZH, "notice.asks_secret"),
        ("请提供银行卡以便退款。", ZH, "notice.asks_secret"),
        ("请把退款转账至此卡。", ZH, "notice.asks_secret"),
        ("Send us your password to confirm.", EN, "notice.asks_secret"),
        ("联系人：____", ZH, "notice.placeholder"),
        ("日期待定。", ZH, "notice.placeholder"),
    ],
)
def test_what_a_notice_must_not_contain(added, elements, code):
    text = NOTICE_ZH if elements is ZH else NOTICE_EN
    assert [found[0] for found in codes(f"{text}\n{added}", elements)] == [code]


def test_sensitive_information_needs_its_necessity_and_impact_in_the_text():
    needs = replace(ZH, asks_sensitive=True)
    assert codes(NOTICE_ZH, needs) == [("notice.sensitive",)]
    told = replace(needs, sensitive=["门锁密码用于上门服务", "泄露会影响住家安全"])
    assert codes(NOTICE_ZH + "门锁密码用于上门服务，泄露会影响住家安全。", told) == []


def test_naming_a_bank_card_among_the_kinds_is_not_asking_for_it():
    assert codes(NOTICE_ZH + "敏感信息另问：银行卡号、门锁密码、身份证号码。") == []


def test_a_language_that_nobody_can_check_is_refused():
    assert codes(NOTICE_ZH, replace(ZH, language="fr")) == [("notice.language", "fr")]


def test_an_element_that_was_never_given_is_missing_even_in_a_long_text():
    assert ("notice.element", "purpose") in codes(NOTICE_ZH, replace(ZH, purposes=[]))
    assert ("notice.element", "recipient_name") in codes(NOTICE_ZH, replace(ZH, recipient_name=" "))


def test_length_is_a_hint_and_stops_nothing():
    assert length_hints("短" * 350, channel="sms") == []
    assert length_hints("长" * 351, channel="sms")[0].code == "notice.long_for_sms"
    assert length_hints("长" * 121 + "\n\n其余", channel="page")[0].facts["hint"] == 120
    assert length_hints("长" * 5000, channel="letter") == []


FULL = {name: f"双方就{name}约定如下：……内容完整".replace("……", "") for name in AGREEMENT_CLAUSES["processor"]}


def test_a_complete_agreement_misses_nothing():
    assert check_agreement(FULL) == []
    assert check_agreement(FULL, role="processor") == []
    assert check_agreement(FULL | {"purpose": {"zh": "继续提供保洁服务", "en": "Cleaning service"}}) == []
    assert check_agreement(FULL | {"scope": ["基本信息", "购买信息"]}) == []


@pytest.mark.parametrize("clause", AGREEMENT_CLAUSES["other_handler"])
@pytest.mark.parametrize(
    "said", [None, "", "   ", "同意", "期限为____日，届满删除", {"zh": "继续提供保洁服务", "en": ""}, []]
)
def test_each_clause_of_ndsr_12_is_named_when_it_is_not_said(clause, said):
    assert check_agreement(FULL | {clause: said}) == [clause]


def test_a_processor_and_a_custodian_must_say_more():
    assert check_agreement({name: FULL[name] for name in AGREEMENT_CLAUSES["other_handler"]}, role="processor") == [
        "period",
        "rights_and_duties",
    ]
    assert "storage_only" in check_agreement(FULL, role="custodian")
    assert check_agreement({}) == list(AGREEMENT_CLAUSES["other_handler"])
