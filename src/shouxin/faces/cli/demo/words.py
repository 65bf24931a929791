"""What the demo's companies say: who they are, what they ask, what they agree. Invented throughout."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Speech:
    """What two companies say in one telling: who they are, what would be handed over and why, in which words."""

    sender: Mapping[str, str]
    receiver: Mapping[str, str]
    title: str
    """The case's title."""
    purposes: tuple[str, ...]
    methods: tuple[str, ...]
    wording: Mapping[str, Any]
    """The notice's words in both languages, and the kinds it names."""
    assessment: Mapping[str, str]
    clauses: Mapping[str, str]
    structures: tuple[str, ...] = ("asset_sale",)

    @property
    def categories(self) -> tuple[str, ...]:
        """The kinds of information that the receiver needs."""
        return tuple(self.wording["kinds"])


SENDER = {
    "name": "禾苗居家服务有限公司",
    "uscc": "91310999MA1DEMO0A1",
    "contact": "021-00000001",
    "address": "样例市样例区示范路1号",
}
RECEIVER = {
    "name": "安和家务服务有限公司",
    "uscc": "91310999MA1DEMO0B2",
    "contact": "021-00000002",
    "address": "样例市样例区示范路2号",
}
PURPOSES = ("继续为您安排上门家政服务",)
METHODS = ("接收、存储,用于联系和派单",)
KINDS: Mapping[str, tuple[str, ...]] = {
    "basic": (
        *("customer_ref", "name", "phone", "phone2", "email", "address", "gender", "language"),
        *("organisation", "job_title", "birth_date", "guardian_name", "guardian_phone"),
    ),
    "purchase": ("order_no", "ordered_on", "item", "quantity", "amount", "service_address"),
    "need": ("requirement", "preference", "frequency"),
    "behaviour": ("visit_on", "rating"),
    "sensitive": ("health",),
}

WORDING: Mapping[str, Any] = {
    "shop": "禾苗居家",
    "kinds": KINDS,
    "zh": {
        "business": "上门家政业务",
        "goods": "门店设备和物品",
        "purposes": list(PURPOSES),
        "methods": list(METHODS),
        "period": "服务结束后一年",
        "settlement": "退款和未完成的服务",
        "necessity": "上门服务需避开过敏原",
        "impact": "泄露可能损害您的尊严",
    },
    "en": {
        "business": "home services",
        "goods": "the shop's equipment",
        "purposes": ["go on arranging your home services"],
        "methods": ["receive and store, to contact you and send staff"],
        "period": "one year after service ends",
        "settlement": "refunds and unfinished visits",
        "necessity": "staff must avoid what harms you",
        "impact": "a leak could harm your dignity",
    },
}

ASSESSMENT: Mapping[str, str] = {
    "why_hand_over": "接收方要继续为同意的客户上门服务;不提供的,客户另找服务,本店不受影响。",
    "least_kinds": "只移交联系、派单所需的字段;证件号码、银行卡号、上门备注不移交。",
    "free_choice": "不同意、不答复的客户照常退款、完成已付款的服务,电话和柜台都可办理。",
    "harm": "误交或泄露会使客户住址、作息为他人知悉,可能受骚扰或财产损失。",
    "sensitive_harm": "健康状况泄露会损害尊严;移交只为上门时避开过敏原,另行单独同意。",
    "minors": "不满十四周岁的由监护人答复;没有监护人同意的不移交。",
    "recipient_risk": "接收方签了协议、公钥写进协议;承诺一年内配合抽查,没有处罚记录。",
    "measures": "加密保险柜、两人签字、加密打包、回执和抽查相符之后才销毁;负责人为个人信息保护负责人。",
    "goods": "随转的电脑、手机、电话卡、微信号、文件柜逐件取出、清除、核对,两人签字。",
    "remaining_risk": "接收方此后的使用依赖其履约,协议约定违约责任和检查权,可以接受。",
}

CLAUSES: Mapping[str, str] = {
    "purpose": "只用于继续为同意移交的客户安排上门家政服务,不得用于营销他人产品。",
    "method": "加密接收、存储,用于联系客户和派单,不公开、不自动化决策。",
    "scope": "仅限客户单独同意的基本信息、购买信息、需求信息、评分和健康注意事项。",
    "security_duties": "分级授权、加密存储、留痕,发生泄露立即通知本店和客户并补救。",
    "supervision": "提供方可以抽查,接收方在两个工作日内答复,保存处理记录三年。",
    "destruction_or_return": "目的实现、客户撤回或者协议终止时,删除并出具证明。",
    "sub_processing": "未经提供方和客户同意,不得转委托、转提供给第三方。",
    "rights": "接收方设专人受理查阅、复制、更正、删除和撤回同意的请求。",
    "responsibility": "违反约定造成损失的,接收方承担赔偿责任。",
}


HOUSEKEEPING = Speech(
    sender=SENDER,
    receiver=RECEIVER,
    title="家政门店物品转让",
    purposes=PURPOSES,
    methods=METHODS,
    wording=WORDING,
    assessment=ASSESSMENT,
    clauses=CLAUSES,
)


def interview(said: Speech, recipient: str, *, people: int, answers_until: str, closing_on: str) -> dict[str, Any]:
    """The answers to the case's first questions."""
    return {
        "business_kind": "limited_company",
        "structures": list(said.structures),
        "legal_person": "stays",
        "business": "ends",
        "flows": [
            {
                "to": "buyer",
                "recipient": recipient,
                "purposes": list(said.purposes),
                "methods": list(said.methods),
                "categories": list(said.categories),
                "abroad": False,
                "same_purpose": True,
            }
        ],
        "people": people,
        "inactive_after_years": 0,
        "children": True,
        "prepaid": True,
        "important_data": False,
        "online_service": False,
        "platform_shop": False,
        "disputes": False,
        "undeclared": {
            "due_diligence_room": False,
            "computers_and_storage": True,
            "telephones_and_numbers": True,
            "wechat_accounts": True,
            "platform_accounts": False,
            "customer_groups": False,
            "single_sign_on": False,
            "bookkeeping_agency": False,
            "return_after_rescission": False,
        },
        "answers_until": answers_until,
        "closing_on": closing_on,
    }
