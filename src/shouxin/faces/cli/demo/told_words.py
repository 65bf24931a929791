"""What the made-up companies say in the stories in which customers are told and nobody is asked."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from shouxin.cases.interview import UNDECLARED_FLOWS
from shouxin.faces.cli.demo.words import HOUSEKEEPING, Speech
from shouxin.ground.samples import COMPANY, GRAPHICS_FIRM, Shape

_CHECKED = "变更前后各点一次数、各核一次摘要，两人签字；负责人为个人信息保护负责人。"


@dataclass(frozen=True)
class ToldSpeech:
    """A change that is told: what the companies say, the structures, and what is stated with a document on the way."""

    says: Speech
    structures: tuple[str, ...]
    statements: Mapping[str, str]
    """Step → what is stated when its paper is filed."""
    entrusts: bool
    """Whether the other company is a processor (a mover); otherwise it only witnesses."""
    shape: Shape = COMPANY

    def interview(self, recipient: str, *, people: int, answers_until: str, closing_on: str) -> dict[str, Any]:
        """The answers to the case's first questions."""
        mover = {
            "to": "helper",
            "recipient": recipient,
            "purposes": list(self.says.purposes),
            "methods": list(self.says.methods),
            "categories": ["basic", "purchase"],
            "abroad": False,
            "same_purpose": True,
        }
        return {
            "business_kind": "limited_company",
            "structures": list(self.structures),
            "legal_person": "stays",
            "business": "goes_on",
            "flows": [mover] if self.entrusts else [],
            "people": people,
            "inactive_after_years": 0,
            "children": True,
            "prepaid": True,
            "important_data": False,
            "online_service": True,
            "platform_shop": False,
            "disputes": False,
            "undeclared": dict.fromkeys(UNDECLARED_FLOWS, False),
            "answers_until": answers_until,
            "closing_on": closing_on,
        }


_LICENCE = "首页公示的营业执照信息已更新，截图存档。"
ADDRESS = ToldSpeech(
    says=replace(
        HOUSEKEEPING,
        title="注册地址变更",
        receiver={
            "name": "顺达搬运服务有限公司",
            "uscc": "91310999MA1DEMO0B2",
            "contact": "021-00000002",
            "address": "样例市样例区示范路20号",
        },
        purposes=("搬运纸档和设备",),
        methods=("封箱搬运，不开箱，不查看",),
        wording={
            "shop": "禾苗居家",
            "changes": [{"what": "address", "old": "样例市样例区示范路1号", "new": "样例市样例区示范路66号"}],
            "zh": {"business": "上门家政服务", "settlement": "已约的服务和预付余额照常"},
            "en": {"business": "Home service", "settlement": "Booked visits and balances go on as before"},
        },
        assessment={
            "why_change": "只是办公地址变了，处理目的、方式、种类、人员和系统都不变。",
            "harm": "搬运途中丢失纸档或者设备，客户的住址、电话可能被他人知悉。",
            "sensitive_harm": "健康注意事项泄露会损害尊严；搬运人不开箱、不接触电子数据。",
            "minors": "未成年人的信息不因搬迁有任何新的处理，监护人同意照旧。",
            "recipient_risk": "搬运人签了委托协议，封箱编号、全程有人押运，没有处罚记录。",
            "measures": _CHECKED,
            "remaining_risk": "封箱押运后剩余风险低，可以接受。",
        },
        clauses={
            "purpose": "只为把纸档和设备从原址搬到新址。",
            "method": "封箱搬运，不开箱，不查看，不复制。",
            "scope": "登记编号的纸箱和设备，清单附后。",
            "period": "2026年12月18日当天完成。",
            "security_duties": "封条完好，全程押运，发生破损、丢失立即通知委托人。",
            "rights_and_duties": "委托人有权派人押运；搬运人对在途物品负责。",
            "supervision": "委托人全程监督，可以随时检查封条。",
            "destruction_or_return": "到达后逐箱清点交还，不留存任何物品和记录。",
            "sub_processing": "未经委托人同意，不得转委托。",
        },
    ),
    structures=("address",),
    statements={"register-change": "已向登记机关申请变更登记，取得登记通知书。", "publish-licence": _LICENCE},
    entrusts=True,
)
EQUITY = ToldSpeech(
    says=replace(
        HOUSEKEEPING,
        title="股权变更",
        sender={
            "name": "墨线图文制作有限公司",
            "uscc": "91310999MA1DEMO0E5",
            "contact": "021-00000005",
            "address": "样例市样例区示范路5号",
        },
        receiver={
            "name": "明理会计师事务所",
            "uscc": "91310999MA1DEMO0B2",
            "contact": "021-00000002",
            "address": "样例市样例区示范路21号",
        },
        purposes=("见证",),
        methods=("联署核对点",),
        wording={
            "shop": "墨线图文",
            "changes": [
                {"what": "shareholder", "old": "原股东", "new": "新元投资有限公司"},
                {"what": "officer", "old": "原负责人", "new": "个人信息保护专员，电话021-00000009"},
            ],
            "zh": {"business": "图文设计和制作", "settlement": "已下的订单和预付余额照常"},
            "en": {"business": "Design and print", "settlement": "Orders placed and balances go on as before"},
        },
        assessment={
            "why_change": "股东变了，公司没有变，处理目的、方式、种类和人员都不变；新股东没有账号也没有名单。",
            "harm": "如果新股东私下取得客户名单，客户可能被骚扰、被推销。",
            "sensitive_harm": "健康信息泄露会损害尊严；权限表不含新股东及其集团的任何人。",
            "minors": "未成年人的信息不因股权变更有任何新的处理。",
            "recipient_risk": "见证人只见核对点，见不到任何客户信息。",
            "measures": "变更前后各出一份权限表，新股东及其集团无账号；负责人为个人信息保护负责人。",
            "remaining_risk": "内部人员私下外传的风险靠留痕和保密承诺约束，可以接受。",
        },
    ),
    structures=("equity",),
    statements={
        "bar-shareholder": "新股东及其集团没有系统账号，没有取得任何客户名单；权限表附后。",
        "register-change": "已申请变更登记并备案受益所有人，取得通知书。",
        "publish-licence": _LICENCE,
    },
    entrusts=False,
    shape=GRAPHICS_FIRM,
)
