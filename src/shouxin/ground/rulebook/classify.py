"""What a column is: field, category, level, sensitive kind, how sure, and why.

Rules:
- Values with a check of their own (identity number, e-mail, credit code) speak for themselves. Weak ones (mobile, card,
  passport, date) need nearly the whole column, or the header.
- A header without fitting values is nothing; a header over an empty column is suspected. A header alone never confirms.
- Words such as 订单, 流水 or 编号 in the header mean that digits are no telephone and no card, whatever they look like;
  numbers that only ever rise are serial numbers.
- A date is a date of birth only by its header or because it agrees with the identity numbers beside it.
- A sample never proves absence: the counts of a full pass are the scan's.

    classify(table, as_of=date(2026, 1, 1)) -> (ColumnVerdict(column="手机", field="phone", status="confirmed", …), …)
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from shouxin.ground.rulebook.identifiers import KINDS, Spans, find, text_column
from shouxin.ground.rulebook.masking import mask, mask_any
from shouxin.ground.rulebook.terms import fields

SAMPLE_ROWS = 4096
_SHAPE_CELLS = 1024  # enough for a share that must be half or more; the identifier pass sees every sampled cell
CONFIRMED, SUSPECTED, NONE = "confirmed", "suspected", "none"

DIRECT_IDENTIFIERS = frozenset(
    (
        *(
            "name",
            "phone",
            "phone2",
            "email",
            "email2",
            "address",
            "service_address",
            "wechat",
            "guardian_name",
            "guardian_phone",
        ),
        *("id_no", "passport_no", "bank_card"),
    )
)
"""Fields that name or reach one natural person by themselves. `customer_ref` is a pseudonym and is not among them."""

FREE_TEXT_FIELDS = frozenset({"note", "requirement", "preference", "household", "complaint", "health"})


@dataclass(frozen=True)
class ColumnVerdict:
    """What a column is held to be. `why` gives reason codes and masked samples, never a value."""

    column: str
    field: str | None
    category: str | None
    level: str | None
    sensitive_kind: str | None
    confidence: float
    status: str
    why: tuple[str, ...]
    non_null: int
    distinct_share: float
    is_free_text: bool = False
    is_part: bool = False
    """One of several columns that make the field together (first and last name, city of an address)."""

    @property
    def is_direct_identifier(self) -> bool:
        """Whether the column names or reaches a natural person (a lone city or postcode does not)."""
        alone = not self.is_part or self.field == "name"
        return self.status != NONE and self.field in DIRECT_IDENTIFIERS and alone


@dataclass(frozen=True)
class HeaderRule:
    """Words of a header that point to a field; the longest match over all rules decides."""

    field: str | None
    zh: tuple[str, ...]
    en: tuple[str, ...] = ()
    is_part: bool = False


def _rule(field: str | None, zh: str, en: str = "", *, is_part: bool = False) -> HeaderRule:
    phrases = tuple(phrase.strip() for phrase in en.split(",") if phrase.strip())
    return HeaderRule(field, tuple(zh.split()), phrases, is_part)


HEADER_RULES = (
    _rule(
        "customer_ref",
        "客户编号 客户号 客户代码 客户ID 会员号 会员编号 会员卡号 用户编号 用户ID",
        "customer id, customer no, customer number, customer code, customer ref, cust id, cust no, client id, "
        "member id, user id",
    ),
    _rule(
        "name",
        "姓名 客户姓名 客户名称 联系人 联系人姓名 收货人 收件人 顾客 会员姓名 用户姓名 名字",
        "name, full name, contact name, customer name, client name, recipient, contact person, user name, nick name",
    ),
    _rule("name", "姓", "last name, surname, family name", is_part=True),
    _rule("name", "名", "first name, given name, middle name", is_part=True),
    _rule("gender", "性别", "gender, sex"),
    _rule(
        "phone",
        "手机 手机号 手机号码 电话 联系电话 电话号码 联系方式 移动电话 收货电话",
        "phone, mobile, telephone, tel, cell, cell phone, phone number, phonenumber, mobile no, home phone, "
        "contact phone",
    ),
    _rule(
        "phone2",
        "备用电话 第二电话 其他电话 家庭电话 固定电话 座机 传真",
        "phone2, phone 2, alternate phone, second phone, fax",
    ),
    _rule("email", "邮箱 电子邮箱 电子邮件 邮件地址", "email, e mail, mail, email address"),
    _rule("email2", "备用邮箱 第二邮箱 其他邮箱", "email2, email 2, second email, alternate email, other email"),
    _rule(
        "address",
        "地址 家庭住址 住址 家庭地址 联系地址 居住地址 通讯地址",
        "address, home address, street, addr, street address",
    ),
    _rule(
        "address",
        "省份 城市 区县 邮编 邮政编码",
        "city, region, state, province, country, postal code, postcode, zip, zip code, district",
        is_part=True,
    ),
    _rule("birth_date", "出生日期 出生年月 生日 出生", "birth date, birthdate, date of birth, dob, birthday, birth"),
    _rule("wechat", "微信 微信号", "wechat, weixin, wechat id"),
    _rule(
        "organisation",
        "单位 单位名称 公司 公司名称 企业名称 工作单位 机构名称",
        "company, company name, organisation, organization, employer, organisation name, organization name",
    ),
    _rule("uscc", "统一社会信用代码 信用代码 税号 纳税人识别号", "uscc, tax no, tax id, credit code"),
    _rule("job_title", "职务 职位 岗位", "job title, contact title, position, title, job"),
    _rule("guardian_name", "监护人 监护人姓名 家长姓名", "guardian, guardian name, parent name"),
    _rule("guardian_phone", "监护人电话 监护人手机 家长电话 家长手机", "guardian phone, parent phone"),
    _rule("language", "语言", "language, lang"),
    _rule("life_status", "在世状态 是否在世 是否去世", "life status, deceased"),
    _rule(
        "registered_on",
        "登记日期 注册日期 建档日期 入会日期 注册时间",
        "registered on, registered, registration date, sign up date",
    ),
    _rule(
        "order_no",
        "订单号 订单编号 单号 流水号 交易流水 快递单号 运单号 订单",
        "order no, order id, order number, invoice id, invoice no, transaction id, txn no, tracking no",
    ),
    _rule(
        "ordered_on",
        "下单日期 下单时间 订单日期 购买日期 交易日期 消费日期",
        "ordered on, order date, invoice date, purchase date",
    ),
    _rule("item", "服务项目 商品 商品名称 产品名称 项目", "item, product, product name, service item"),
    _rule("quantity", "数量 件数", "quantity, qty"),
    _rule(
        "amount",
        "金额 订单金额 交易金额 总价 单价 实付 应付 费用",
        "amount, total, unit price, price, charges, monthly charges, total charges, freight, order amount",
    ),
    _rule("payment_method", "付款方式 支付方式", "payment method, payment type"),
    _rule("invoice_title", "发票抬头", "invoice title, ship name, billing name"),
    _rule(
        "service_address",
        "服务地址 收货地址 送货地址 上门地址",
        "service address, ship address, shipping address, billing address",
    ),
    _rule(
        "service_address",
        "",
        "ship city, ship region, ship postal code, ship country, billing city, billing state, billing country, "
        "billing postal code",
        is_part=True,
    ),
    _rule("contract_no", "合同编号 合同号", "contract no, contract number, contract id"),
    _rule("prepaid_balance", "预付余额 余额 储值余额 卡余额 预存余额", "prepaid balance, balance, stored value"),
    _rule("keys_held", "代管钥匙 钥匙", "keys held, keys"),
    _rule("requirement", "服务需求 需求 要求", "requirement, requirements, request"),
    _rule("preference", "偏好 喜好 标签", "preference, preferences, tag"),
    _rule("frequency", "服务频次 频次 频率", "frequency"),
    _rule("household", "家庭情况 家庭成员 家庭人口", "household, family"),
    _rule("visit_on", "上门日期 上门时间 服务日期 回访日期", "visit on, visit date, visited on"),
    _rule("note", "备注 上门备注 说明 跟进记录 沟通记录 摘要", "note, notes, remark, remarks, comment"),
    _rule("rating", "评分 满意度", "rating, score"),
    _rule("complaint", "投诉 评价 评价与投诉 反馈", "complaint, feedback, review"),
    _rule(
        "worker",
        "服务人员 阿姨 上门人员 技师 客服 业务员 员工",
        "worker, employee id, staff, support rep id, sales rep, operator",
    ),
    _rule("channel", "渠道 来源渠道", "channel"),
    _rule(
        "id_no",
        "身份证 身份证号 身份证号码 证件号 证件号码",
        "id card, id no, idcard, identity number, identity no, national id",
    ),
    _rule("passport_no", "护照 护照号 护照号码", "passport, passport no, passport number"),
    _rule(
        "bank_card", "银行卡 银行卡号 卡号 银行账号 账号", "bank card, card no, card number, bank account, account no"
    ),
    _rule("health", "健康 健康状况 病史 过敏 疾病 诊断", "health, allergy, diagnosis, medical"),
    _rule("religion", "宗教 信仰 宗教信仰", "religion"),
    _rule("door_code", "门锁密码 门禁密码 门密码 密码锁", "door code, door password, lock code"),
    # Headers that look like one of the above and are not.
    _rule(
        None,
        "商品编号 产品编号 批次号 型号 版本号 版本 序列号",
        "product id, category name, file name, batch no, model, version, serial no",
    ),
    _rule(
        None,
        "登录名 部门 品牌 物品",
        "genre, artist, media type, playlist, category, description, hire date, extension",
    ),
)
"""The header words, by hand. A field may have two rules: whole, and parts that are joined."""

NEGATIVE_WORDS = ("订单", "流水", "快递", "运单", "批次", "型号", "版本", "编号", "金额", "单号", "序列")
NEGATIVE_ENGLISH = frozenset(
    ("order", "txn", "transaction", "tracking", "batch", "model", "version", "serial", "amount", "invoice", "sku")
)
SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖萧田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖"
    "贾夏韦付傅方白邹孟熊秦邱江尹薛闫阎段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧"
    "耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项"
    "连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝"
    "欧上诸司慕皇尉公东令夏𠮷"
)
_ADDRESS_SIGNS = "[省市区县镇乡村路街道巷弄号栋幢座楼室]"
_ORGANISATION = (
    r"(?:公司|集团|厂|店|中心|医院|学校|幼儿园|合作社|事务所|工作室|商行|经营部|超市|酒店|饭店|个体工商户[)）]?)$"
    r"|(?i:\b(?:ltd|inc|gmbh|co|corp|llc|s\.a|plc)\.?$)"
)


@dataclass(frozen=True, repr=False)
class Shape:
    """What the sampled values of a column look like: shares of the non-null cells."""

    non_null: int
    distinct_share: float
    shares: Mapping[str, float]
    covered: Mapping[str, float]
    """Identifier kind → share of cells that are nothing but one of it."""
    touched: float
    """Share of cells with an identifier inside longer text."""
    is_free_text: bool
    rises: bool
    sample: tuple[str, ...]

    def share(self, *names: str) -> float:
        """The sum of these kinds' and shapes' shares."""
        return sum(self.covered.get(name, 0.0) + self.shares.get(name, 0.0) for name in names)


def classify(table: pa.Table, *, table_name: str = "") -> tuple[ColumnVerdict, ...]:
    """A verdict for every column of a sample (text columns), in order.

    The sample should be spread over the whole file. Raises TypeError when a column is not text.
    """
    names = table.column_names
    shapes = dict(zip(names, shapes_of([table.column(name) for name in names]), strict=True))
    agreeing = _birth_columns(table, shapes)
    verdicts = [_verdict(name, shapes[name], agrees=name in agreeing) for name in names]
    return tuple(_in_company(verdict, verdicts, table_name) for verdict in verdicts)


def header_field(header: str) -> tuple[HeaderRule | None, bool]:
    """(rule that the header points to, whether a negative word stands in it)."""
    text = unicodedata.normalize("NFKC", header).strip().lower()
    words = header_words(header)
    line = f" {' '.join(words)} "
    best, best_length = None, 0
    for rule in HEADER_RULES:
        length = max(_longest_zh(rule, text), _longest_en(rule, line))
        if length > best_length:
            best, best_length = rule, length
    is_negative = any(word in text for word in NEGATIVE_WORDS) or not NEGATIVE_ENGLISH.isdisjoint(words)
    return best, is_negative


def header_words(header: str) -> list[str]:
    """The English words of a header: customerID, CUSTOMER_ID and "Customer Id" are all customer, id."""
    text = unicodedata.normalize("NFKC", header)
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", text))
    return [word.lower() for word in re.split(r"[^A-Za-z0-9]+", text) if word]


def _longest_zh(rule: HeaderRule, text: str) -> int:
    """A single-character word (姓, 名) must be the whole header."""
    return max(
        (2 * len(word) for word in rule.zh if (word.lower() in text if len(word) > 1 else word == text)), default=0
    )


def _longest_en(rule: HeaderRule, line: str) -> int:
    return max((len(phrase) for phrase in rule.en if f" {phrase} " in line), default=0)


def shapes_of(columns: Sequence[pa.Array | pa.ChunkedArray]) -> list[Shape]:
    """The shares that verdicts rest on; all columns in one go, because preparing the patterns is most of the cost."""
    texts = [_filled(column) for column in columns]
    shares = _shares([text.gather_every(max(1, text.len() // _SHAPE_CELLS)) for text in texts])
    return [_shape(column, text, share) for column, text, share in zip(columns, texts, shares, strict=True)]


def _filled(column: pa.Array | pa.ChunkedArray) -> pl.Series:
    values = pl.Series(pl.from_arrow(column)).cast(pl.String).str.strip_chars()
    return values.filter(values.str.len_bytes() > 0)


def _shape(column: pa.Array | pa.ChunkedArray, values: pl.Series, shares: Mapping[str, float]) -> Shape:
    count = values.len()
    if not count:
        return Shape(0, 0.0, {}, {}, 0.0, is_free_text=False, rises=False, sample=())
    cells = text_column(column)
    spans = find(cells)
    spread = values.str.len_chars().to_numpy()
    return Shape(
        non_null=count,
        distinct_share=round(values.n_unique() / count, 4),
        shares=shares,
        covered=_covered(cells.lengths, spans, count),
        touched=float(np.unique(spans.rows).size / count),
        is_free_text=bool(spread.std() > 8 and spread.max() >= 30 and shares["token"] < 0.9),
        rises=_rises(values),
        sample=tuple(values.gather([0, count // 2]).to_list()) if count > 1 else (values[0],),
    )


def _shares(texts: Sequence[pl.Series]) -> list[dict[str, float]]:
    parts = [
        pl.DataFrame({"c": pl.repeat(place, text.len(), eager=True, dtype=pl.Int32), "t": text})
        for place, text in enumerate(texts)
    ]
    frame = pl.concat(parts).with_columns(pl.col("t").str.normalize("NFKC"))
    means = frame.group_by("c").agg(**{name: test.mean().round(4) for name, test in _tests(pl.col("t")).items()})
    found = {row.pop("c"): row for row in means.iter_rows(named=True)}
    return [found.get(place, {}) for place in range(len(texts))]


def _tests(cell: pl.Expr) -> dict[str, pl.Expr]:
    digits = cell.str.count_matches("[0-9]")
    surname = cell.str.slice(0, 1).is_in(list(SURNAMES))
    return {
        "token": cell.str.contains(r"^[\p{L}0-9_./#:-]+$"),
        "numeric": cell.str.contains(r"^[-+]?[¥$]?[0-9][0-9,]*(?:\.[0-9]+)?元?$"),
        "callable": cell.str.contains(r"^[+(]?[0-9][0-9 ().+/*-]{5,}(?:转[0-9]+)?$") & digits.is_between(7, 15),
        "han_name": cell.str.contains(r"^\p{Han}{2,4}(?:·\p{Han}{1,6})?(?:先生|女士|小姐)?$|^\p{Han}[*]{1,3}$")
        & surname,
        "latin_name": cell.str.contains(r"^\p{Lu}[\p{L}'.’-]*(?: [\p{L}'.’-]+){0,4}$"),
        "han_short": cell.str.contains(r"^[\p{Han} ·*]{2,8}$"),
        "han_address": cell.str.contains(r"\p{Han}") & (cell.str.count_matches(_ADDRESS_SIGNS) >= 2) & (digits > 0),
        "lettered": cell.str.contains(r"\p{L}"),
        "long": cell.str.len_chars() >= 5,
        "organisation": cell.str.contains(_ORGANISATION),
        "id_shape": cell.str.contains(r"^[0-9]{6}[12*][0-9*]{10}[0-9Xx*]$|^[0-9]{15}$"),
        "passport_shape": cell.str.contains(r"^[A-Z]{1,2}[0-9]{6,9}$"),
        "credit_shape": cell.str.contains(r"^[0-9A-HJ-NPQRTUWXY]{18}$"),
        "card_shape": cell.str.contains(r"^[0-9* ]{12,23}$"),
        "at": cell.str.contains("@", literal=True),
        "date_shape": cell.str.contains(
            r"^[0-9]{4}[-/.年][0-9]{1,2}(?:[-/.月][0-9]{1,2})?|^[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}"
        ),
    }


def _covered(lengths: np.ndarray, spans: Spans, count: int) -> dict[str, float]:
    """Four bytes may be left over: brackets, a space, a unit."""
    whole = (spans.ends - spans.starts) >= lengths[spans.rows] - 4
    totals = np.bincount(spans.kinds[whole], minlength=len(KINDS))
    return {kind: float(total / count) for kind, total in zip(KINDS, totals, strict=True) if total}


def _rises(text: pl.Series) -> bool:
    """Numbers of one length that go up from row to row: a serial number, not what people chose or were given."""
    if text.len() < 8 or not text.str.contains(r"^\d{6,18}$").all():
        return False
    steps = text.cast(pl.Int64).diff().drop_nulls()
    return bool((steps > 0).mean() >= 0.95)  # type: ignore[operator]


def _birth_columns(table: pa.Table, shapes: Mapping[str, Shape]) -> frozenset[str]:
    """Date columns that agree with the dates inside a column of identity numbers beside them."""
    ids = [name for name, shape in shapes.items() if shape.share("id_no") >= 0.5]
    dates = [name for name, shape in shapes.items() if shape.share("date") >= 0.5]
    if not ids or not dates:
        return frozenset()
    frame = pl.DataFrame(pl.from_arrow(table.select([ids[0], *dates])))
    born = frame[ids[0]].str.slice(6, 8)
    agrees = {}
    for name in dates:
        digits = (
            frame[name].str.replace_all(r"(\D)(\d)(\D|$)", "${1}0${2}${3}").str.replace_all(r"\D", "").str.slice(0, 8)
        )
        both = born.is_not_null() & digits.is_not_null()
        agrees[name] = float((born.filter(both) == digits.filter(both)).mean() or 0.0)  # type: ignore[arg-type]
    return frozenset(name for name, share in agrees.items() if share >= 0.6)


Fits = Callable[[Shape], bool]


def _at_least(share: float, *names: str) -> Fits:
    return lambda shape: shape.share(*names) >= share


def _any(_: Shape) -> bool:
    return True


def _reference(shape: Shape) -> bool:
    return shape.share("token") >= 0.8 and not shape.is_free_text


def _numbered(shape: Shape) -> bool:
    """Most cells differ, as numbers of orders and contracts do; a kind of contract does not."""
    return _reference(shape) and (shape.distinct_share >= 0.2 or shape.share("numeric") >= 0.8)


def _few(shape: Shape) -> bool:
    return shape.distinct_share <= 0.7 or shape.non_null < 12


def _words(shape: Shape) -> bool:
    return shape.share("lettered") >= 0.5


FITS: Mapping[str, Fits] = {
    "customer_ref": _reference,
    "name": lambda shape: shape.share("han_short", "latin_name") >= 0.5 or shape.share("han_name") >= 0.5,
    "guardian_name": _at_least(0.5, "han_short", "latin_name"),
    "phone": _at_least(0.5, "callable"),
    "phone2": _at_least(0.5, "callable"),
    "guardian_phone": _at_least(0.5, "callable"),
    "email": _at_least(0.5, "at"),
    "email2": _at_least(0.5, "at"),
    "address": lambda shape: shape.share("lettered") >= 0.5 and shape.share("long") >= 0.5,
    "service_address": lambda shape: shape.share("lettered") >= 0.5 and shape.share("long") >= 0.5,
    "birth_date": _at_least(0.5, "date_shape", "date"),
    "registered_on": _at_least(0.5, "date_shape", "date"),
    "ordered_on": _at_least(0.5, "date_shape", "date"),
    "visit_on": _at_least(0.5, "date_shape", "date"),
    "organisation": _words,
    "job_title": lambda shape: _words(shape) and _few(shape),
    "uscc": _at_least(0.5, "credit_shape"),
    "id_no": _at_least(0.5, "id_shape", "passport_shape"),
    "passport_no": _at_least(0.5, "passport_shape", "token"),
    "bank_card": _at_least(0.5, "card_shape"),
    "gender": _few,
    "order_no": _reference,
    "contract_no": _numbered,
    "amount": _at_least(0.5, "numeric"),
    "quantity": _at_least(0.5, "numeric"),
    "prepaid_balance": _at_least(0.5, "numeric"),
    "rating": _at_least(0.5, "numeric"),
    "item": _words,
    "payment_method": _few,
}
"""Field → whether values can be it at all; a field not named here takes anything."""


def _verdict(column: str, shape: Shape, *, agrees: bool) -> ColumnVerdict:
    rule, is_negative = header_field(column)
    if not shape.non_null:
        named = rule.field if rule else None
        hint = (f"header.{named}",) if named else ()
        return _build(column, shape, named, 0.3 if named else 0.0, why=(*hint, "empty"), rule=rule)
    field, confidence, why = _by_values(shape, is_negative=is_negative, agrees=agrees)
    if rule and rule.field and (rule.is_part or FITS.get(rule.field, _any)(shape)):
        told_otherwise = rule.field not in (field, f"{field}2")
        if field and told_otherwise and field in _SELF_EVIDENT and shape.share(*_KINDS_OF[field]) >= 0.8:
            return _build(column, shape, field, confidence, why=(*why, f"header_says.{rule.field}"), rule=None)
        sure = 0.98 if field == rule.field else 0.9
        return _build(column, shape, rule.field, sure, why=(f"header.{rule.field}", *why), rule=rule)
    if rule and rule.field:
        why = (*why, f"header_without_values.{rule.field}")
    if rule and field not in _SELF_EVIDENT:
        return _build(column, shape, None, 0.0, why=why, rule=None)
    return _build(column, shape, field, confidence, why=why, rule=None)


_SELF_EVIDENT = frozenset({"id_no", "email", "uscc"})
_KINDS_OF = {"id_no": ("id_no",), "email": ("email",), "uscc": ("uscc",)}


def _by_values(shape: Shape, *, is_negative: bool, agrees: bool) -> tuple[str | None, float, tuple[str, ...]]:
    """(field, confidence, reasons) from the values alone."""
    for field in ("id_no", "email", "uscc"):
        share = shape.covered.get(field, 0.0)
        if share >= 0.5:
            return field, round(0.9 + 0.09 * share, 2), (f"values.{field}={share:.2f}",)
    if agrees:
        return "birth_date", 0.95, ("agrees_with_id_no",)
    called, cards = (
        shape.covered.get("mobile", 0.0) + shape.covered.get("landline", 0.0),
        shape.covered.get("bank_card", 0.0),
    )
    if max(called, cards) >= 0.8:
        kind, field, share = ("phone", "phone", called) if called >= cards else ("bank_card", "bank_card", cards)
        if is_negative or shape.rises:
            return None, 0.0, (f"looks_like.{kind}={share:.2f}", "negative_word" if is_negative else "rises")
        return field, round(0.85 * share, 2), (f"values.{kind}={share:.2f}",)
    return _by_shape(shape)


def _by_shape(shape: Shape) -> tuple[str | None, float, tuple[str, ...]]:
    """What only looks like a name, an address, an organisation or talk is suspected at most."""
    if shape.is_free_text and shape.share("han_address") < 0.6:
        return "note", 0.5, ("free_text",)
    if shape.share("organisation") >= 0.6:
        return "organisation", 0.55, (f"values.organisation={shape.share('organisation'):.2f}",)
    if shape.share("han_address") >= 0.6:
        return "address", 0.65, (f"values.address={shape.share('han_address'):.2f}",)
    if shape.share("han_name") >= 0.8 and shape.distinct_share >= 0.3:
        return "name", 0.6, (f"values.name={shape.share('han_name'):.2f}",)
    if shape.share("passport") >= 0.8:
        return "passport_no", 0.5, (f"values.passport={shape.share('passport'):.2f}",)
    return None, 0.0, ()


def _build(
    column: str, shape: Shape, field: str | None, confidence: float, *, why: tuple[str, ...], rule: HeaderRule | None
) -> ColumnVerdict:
    known = fields()[field] if field else None
    samples = tuple(f"sample={mask(field, value) if field else mask_any(value)}" for value in shape.sample[:2])
    status = NONE if known is None else CONFIRMED if confidence >= 0.7 else SUSPECTED
    return ColumnVerdict(
        column=column,
        field=field,
        category=known.category if known else None,
        level=known.level if known else None,
        sensitive_kind=known.sensitive_kind if known else None,
        confidence=confidence,
        status=status,
        why=(*why, *samples),
        non_null=shape.non_null,
        distinct_share=shape.distinct_share,
        is_free_text=shape.is_free_text,
        is_part=bool(rule and rule.is_part and field == rule.field),
    )


_BARE_NAME = frozenset({"name", "title"})
_PERSONAL = frozenset(
    (
        "phone",
        "phone2",
        "email",
        "email2",
        "address",
        "birth_date",
        "id_no",
        "gender",
        "wechat",
        "organisation",
        "customer_ref",
    )
)


def _in_company(verdict: ColumnVerdict, verdicts: list[ColumnVerdict], table_name: str) -> ColumnVerdict:
    """A bare Name or Title is a person's only beside other columns of a person, or in a table of people."""
    if " ".join(header_words(verdict.column)) not in _BARE_NAME or verdict.field not in ("name", "job_title"):
        return verdict
    beside = any(other.field in _PERSONAL and other.status != NONE for other in verdicts)
    people = re.search(r"customer|client|member|people|person|user|contact|employee|客户|会员|用户", table_name.lower())
    if beside or people:
        return verdict
    return _replaced(verdict, field=None, status=NONE, confidence=0.0, reason="bare_name_alone")


def _replaced(
    verdict: ColumnVerdict, *, field: str | None, status: str, confidence: float, reason: str
) -> ColumnVerdict:
    samples = tuple(why for why in verdict.why if not why.startswith("sample="))
    return ColumnVerdict(
        verdict.column,
        field,
        category=None,
        level=None,
        sensitive_kind=None,
        confidence=confidence,
        status=status,
        why=(*samples, reason),
        non_null=verdict.non_null,
        distinct_share=verdict.distinct_share,
        is_free_text=verdict.is_free_text,
    )


PERSON_KINDS_BY_TABLE = (
    ("staff", re.compile(r"employee|staff|worker|员工|职员|阿姨")),
    ("contact_of_organisation", re.compile(r"supplier|vendor|shipper|供应商|单位联系人")),
)


def person_kind_of(table_name: str, verdicts: tuple[ColumnVerdict, ...]) -> str | None:
    """A hint which kind of person a table is about; None when no column is about a person."""
    found = {verdict.field for verdict in verdicts if verdict.status != NONE}
    if not found & {"name", "phone", "email", "customer_ref"}:
        return None
    for kind, pattern in PERSON_KINDS_BY_TABLE:
        if pattern.search(table_name.lower()):
            return kind
    rows = max((verdict.non_null for verdict in verdicts), default=0)
    organised = any(v.field == "organisation" and v.status == CONFIRMED and v.non_null >= 0.8 * rows for v in verdicts)
    return "contact_of_organisation" if organised else "contract_party"
