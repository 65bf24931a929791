"""What the companies of the transfer story say: an instruments firm whose business passes to another firm."""

from shouxin.faces.cli.demo.words import CLAUSES, KINDS, Speech

_PURPOSES = ("继续供货、保修和校准",)
_METHODS = ("接收、存储,用于联系和售后",)

INSTRUMENTS = Speech(
    sender={
        "name": "恒准机电仪器设备有限公司",
        "uscc": "91310999MA1DEMO0C3",
        "contact": "021-00000003",
        "address": "样例市样例区示范路3号",
    },
    receiver={
        "name": "同衡精密仪器有限公司",
        "uscc": "91310999MA1DEMO0D4",
        "contact": "021-00000004",
        "address": "样例市样例区示范路4号",
    },
    title="仪器业务转让",
    structures=("business_sale",),
    purposes=_PURPOSES,
    methods=_METHODS,
    wording={
        "shop": "恒准仪器",
        "kinds": {**KINDS, "basic": tuple(each for each in KINDS["basic"] if not each.startswith("guardian"))},
        "zh": {
            "business": "仪器业务",
            "goods": "仪器业务和设备",
            "purposes": list(_PURPOSES),
            "methods": list(_METHODS),
            "period": "保修期满后一年",
            "settlement": "退款和未完成的订单",
            "necessity": "现场需避开强磁",
            "impact": "泄露可能损害您的尊严",
        },
        "en": {
            "business": "the sale and service of instruments",
            "goods": "the instruments business",
            "purposes": ["go on supplying, warranty and calibration"],
            "methods": ["receive and store, to contact you, deliver and service"],
            "period": "one year after warranty and calibration end",
            "settlement": "advance payments, deposits and open orders",
            "necessity": "work on site must avoid what harms you, such as strong magnets",
            "impact": "a leak could harm your dignity",
        },
    },
    assessment={
        "why_hand_over": "接收方接着供货、保修和校准,要能联系到客户的经办人;不同意的,单位合同照转,联系人的信息留空。",
        "least_kinds": "只移交联系、供货和售后所需的字段;证件号码、银行卡号、现场备注不移交。",
        "free_choice": "不同意、不答复的,已付款的订单照常交货,预付款照退,保修由双方约定的电话受理。",
        "harm": "误交或泄露会使经办人被推销、骚扰,采购价格为同行知悉。",
        "sensitive_harm": "健康状况泄露会损害尊严;移交只为现场作业避开危险,另行单独同意。",
        "minors": "不满十四周岁的由监护人答复;没有监护人同意的不移交。",
        "recipient_risk": "接收方签了协议、公钥写进协议;承诺一年内配合抽查,没有处罚记录。",
        "measures": "加密保险柜、两人签字、加密打包、回执和抽查相符之后才销毁;负责人为个人信息保护负责人。",
        "goods": "随转的电脑、手机、电话卡、微信号、文件柜逐件取出、清除、核对,两人签字。",
        "remaining_risk": "接收方此后的使用依赖其履约,协议约定违约责任和检查权,可以接受。",
    },
    clauses={
        **CLAUSES,
        "purpose": "只用于继续向同意移交的客户供应仪器、履行保修和校准,不得用于营销他人产品。",
        "method": "加密接收、存储,用于联系客户、供货和售后,不公开、不自动化决策。",
        "scope": "仅限客户单独同意的基本信息、购买信息、需求信息、评分和健康注意事项。",
    },
)
