"""How clerks write things down: telephones, names, dates and addresses in the forms that real lists show."""

from datetime import date

from shouxin.ground.samples.columns import LIST_COLUMNS, category_of
from shouxin.ground.samples.draws import Draws
from shouxin.ground.samples.identifiers import full_width
from shouxin.ground.samples.names import misspelt
from shouxin.ground.samples.people import ADDRESS, BOTH, CHILD, CONTACT, FOREIGN, NOTHING, TEEN, Draft, Population
from shouxin.ground.samples.trade import Trade

PHONE_FORMS = (
    ("{0}", 82),
    ("{1} {2} {3}", 5),
    ("{1}-{2}-{3}", 3),
    ("+86 {0}", 3),
    ("+86{0}", 2),
    ("0086{0}", 2),
    ("full width", 3),
)
_PHONE_LOTS = [form for form, weight in PHONE_FORMS for _ in range(weight)]


def phone_text(draws: Draws, number: str) -> str:
    """A telephone number as somebody typed it; landlines stay as they are."""
    if len(number) != 11 or "-" in number:
        return number
    form = _PHONE_LOTS[draws.one(len(_PHONE_LOTS))]
    return full_width(number) if form == "full width" else form.format(number, number[:3], number[3:7], number[7:])


def date_text(draws: Draws, day: date) -> str:
    """A date as somebody typed it: mostly ISO."""
    form = draws.one(100)
    if form < 4:
        return f"{day.year}/{day.month}/{day.day}"
    return f"{day.year}年{day.month}月{day.day}日" if form < 8 else day.isoformat()


def amount_text(draws: Draws, fen: int) -> str:
    """An amount in yuan; a few with a thousands separator."""
    return f"{fen / 100:,.2f}" if draws.chance(0.03) else f"{fen / 100:.2f}"


def say_phone(draws: Draws, owner: Draft, row_of: Draft, number: str) -> str:
    """A telephone number in a row: noted as its owner's, bare and as written."""
    if number:
        owner.said_by(row_of, "phone", number)
    return owner.said_by(row_of, "phone", phone_text(draws, number))


def say_address(draws: Draws, draft: Draft, *, vary: float) -> str:
    """The home address; a share of times in another spelling."""
    if draft.label != FOREIGN and draws.chance(vary):
        return draft.said("address", draws.pick(draft.house.zh_variants()))
    return draft.said("address", draft.home)


def list_row(population: Population, draft: Draft, number: str, registered_on: date) -> dict[str, str]:
    """One row of the customer list, by header."""
    draws = population.draws
    row = dict.fromkeys(LIST_COLUMNS, "")
    row |= {
        "客户编号": number,
        "姓名": _name_cell(draws, draft),
        "性别": draft.gender if draws.chance(0.95) else "",
        "身份证号": draft.said("id_no", draft.id_no),
        "单位名称": draft.organisation,
        "统一社会信用代码": draft.uscc,
        "职务": draft.job_title,
        "语言": "en" if draft.label == FOREIGN else "zh",
        "在世状态": "已故" if draft.dead else "在世",
        "登记日期": date_text(draws, registered_on),
        "健康状况": draft.health,
        "银行卡号": draft.said("bank_card", draft.bank_card),
    }
    row |= _contact_cells(draws, draft)
    row |= _need_cells(draws, draft, population.shape.trade)
    if draft.age_shown:
        row["出生日期"] = date_text(draws, draft.born)
    _note_categories(draft, row)
    return row


def second_row(population: Population, draft: Draft, number: str, registered_on: date) -> dict[str, str]:
    """The same person entered again: what joins the two rows is the telephone, the identity number or the e-mail."""
    draws, row = population.draws, dict.fromkeys(LIST_COLUMNS, "")
    row |= {"客户编号": number, "姓名": draft.name.text, "语言": "zh", "登记日期": date_text(draws, registered_on)}
    if "duplicate_by_id" in draft.marks:
        row["姓名"] = draft.said("name", misspelt(draws, draft.name))
        row["身份证号"] = draft.id_no
        row["手机号码"] = say_phone(draws, draft, draft, population.new_mobile())
    elif "duplicate_by_email" in draft.marks:
        row["电子邮箱"] = draft.said("email", draft.email.upper())
        row["手机号码"] = say_phone(draws, draft, draft, population.new_mobile())
    else:
        row["手机号码"] = draft.said("phone", "+86 " + draft.mobile)
        row["家庭住址"] = say_address(draws, draft, vary=1.0)
    row["服务频次"] = draws.pick(population.shape.trade.frequencies)
    _note_categories(draft, row)
    return row


def _name_cell(draws: Draws, draft: Draft) -> str:
    text = draft.said("name", draft.name.text)
    if draft.label != FOREIGN and draws.chance(0.02):
        draft.marks.add("name_slip")
        text = draft.said("name", text[:-1] + " " + text[-1])
    elif draft.label != FOREIGN and draws.chance(0.01):
        draft.marks.add("name_slip")
        text += "女士" if draft.gender == "女" else "先生"
    return text


def _contact_cells(draws: Draws, draft: Draft) -> dict[str, str]:
    owner = draft.phone_owner
    if draft.reach == NOTHING:
        return {"手机号码": _useless_phone(draws, draft)}
    cells = {"电子邮箱": draft.said("email", draft.email)}
    if draft.reach == ADDRESS or draft.label in (CHILD, TEEN) or draws.chance(0.9):
        cells["家庭住址"] = say_address(draws, draft, vary=0.08)
    if draft.label in (CHILD, TEEN):
        cells["监护人姓名"] = owner.said_by(draft, "name", owner.name.text)
        cells["监护人电话"] = say_phone(draws, owner, draft, owner.mobile)
        return cells
    cells["手机号码"] = say_phone(draws, draft, draft, draft.mobile)
    cells["备用电话"] = say_phone(draws, draft, draft, draft.second)
    cells["微信号"] = draft.said("phone" if draft.wechat.isdigit() else "wechat", draft.wechat)
    if cells["手机号码"] != draft.mobile:
        draft.marks.add("full_width" if not cells["手机号码"].isascii() else "phone_prefix_or_spaces")
    return cells


def _useless_phone(draws: Draws, draft: Draft) -> str:
    if "phone_slip" in draft.marks:
        return draft.said("phone", f"12{draws.one(10**8):08d}")  # ten digits: one was lost
    return "无" if "phone_word" in draft.marks else ""


def _need_cells(draws: Draws, draft: Draft, trade: Trade) -> dict[str, str]:
    if not draws.chance(0.7):
        return {}
    wishes = {CONTACT: trade.office_requirements, CHILD: trade.child_requirements, TEEN: trade.child_requirements}
    cells = {
        "服务需求": draws.pick(wishes.get(draft.label, trade.requirements)),
        "偏好": draws.pick(trade.preferences),
        "服务频次": draws.pick(trade.frequencies),
    }
    if draft.label != CONTACT:
        cells["家庭情况"] = draws.pick(trade.households)
    return cells


def _note_categories(draft: Draft, row: dict[str, str]) -> None:
    draft.categories.update(category_of(LIST_COLUMNS[header]) for header, text in row.items() if text)


def reachable_by(draft: Draft) -> tuple[str, ...]:
    """The channels that would reach this person, in the order of preference."""
    channels: tuple[str, ...] = ("email",) if draft.reach == BOTH else ()
    channels += ("phone",) if draft.has_phone else ()
    return channels + (("address",) if draft.texts.get("address") else ())
