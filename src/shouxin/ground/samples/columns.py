"""The columns of the company's own files, and which field of the rulebook each is (`rulebook/terms/fields.toml`)."""

# ruff: noqa: SIM905 - lists of short words read better as one line of text

LIST_FILE = "客户名单.xlsx"
LIST_SHEET = "客户"
ORDERS_FILE = "订单台账.csv"
CRM_FILE = "crm.sqlite"
BOXES_FILE = "纸箱登记.csv"
CONTRACTS_FILE = "合同索引.csv"
GOODS_FILE = "出售物品清单.csv"
SHOP_FILE = "客户登记表.xlsx"
COMPANY_FILES = (LIST_FILE, ORDERS_FILE, CRM_FILE, BOXES_FILE, CONTRACTS_FILE, GOODS_FILE)

LIST_COLUMNS = {
    "客户编号": "customer_ref",
    "姓名": "name",
    "性别": "gender",
    "手机号码": "phone",
    "备用电话": "phone2",
    "电子邮箱": "email",
    "家庭住址": "address",
    "出生日期": "birth_date",
    "身份证号": "id_no",  # the passport number of customers from abroad stands here too
    "微信号": "wechat",
    "单位名称": "organisation",
    "统一社会信用代码": "uscc",
    "职务": "job_title",
    "监护人姓名": "guardian_name",
    "监护人电话": "guardian_phone",
    "语言": "language",
    "在世状态": "life_status",
    "登记日期": "registered_on",
    "服务需求": "requirement",
    "偏好": "preference",
    "服务频次": "frequency",
    "家庭情况": "household",
    "健康状况": "health",
    "银行卡号": "bank_card",
}
ORDER_COLUMNS = {
    "订单号": "order_no",
    "客户编号": "customer_ref",
    "联系人": "name",
    "联系电话": "phone",
    "下单日期": "ordered_on",
    "服务项目": "item",
    "数量": "quantity",
    "金额": "amount",
    "付款方式": "payment_method",
    "发票抬头": "invoice_title",
    "服务地址": "service_address",
    "合同编号": "contract_no",
    "预付余额": "prepaid_balance",
    "代管钥匙": "keys_held",
}
_SHOP_ORDER = "订单号 下单日期 服务项目 金额 付款方式 服务地址 合同编号 预付余额 代管钥匙".split()
SHOP_COLUMNS = LIST_COLUMNS | {header: ORDER_COLUMNS[header] for header in _SHOP_ORDER}
CRM_COLUMNS = {
    "customers": {"id": None, "customer_no": "customer_ref", "name": "name", "phone": "phone"},
    "visits": {
        "id": None,
        "customer_id": None,
        "visit_on": "visit_on",
        "worker": "worker",
        "note": "note",
        "rating": "rating",
        "complaint": "complaint",
        "channel": "channel",
    },
    "tags": {"id": None, "customer_id": None, "tag": "preference"},
}
BOX_COLUMNS = ("箱号", "位置", "保管人", "内容", "起始合同编号", "截止合同编号", "份数", "年份")
CONTRACT_COLUMNS = ("合同编号", "客户编号", "箱号")
GOODS_COLUMNS = ("编号", "物品", "品牌型号", "序列号", "有无客户信息", "取出", "清除", "核对", "交付")

_NEED = frozenset({"requirement", "preference", "frequency", "household"})
_BEHAVIOUR = frozenset({"visit_on", "note", "rating", "complaint", "worker", "channel"})
_SENSITIVE = frozenset({"id_no", "passport_no", "bank_card", "health", "religion", "door_code"})
_PURCHASE = frozenset(ORDER_COLUMNS.values()) - {"customer_ref", "name", "phone"}


_CATEGORIES = {
    field: category
    for category, fields in (
        ("purchase", _PURCHASE),
        ("need", _NEED),
        ("behaviour", _BEHAVIOUR),
        ("sensitive", _SENSITIVE),
    )
    for field in fields
}


def category_of(field: str) -> str:
    """The category of a field that these files use (article D's four, the sensitive ones apart)."""
    return _CATEGORIES.get(field, "basic")
