"""What the people bought: orders, and the contracts that lie in boxes."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from shouxin.ground.samples.cells import amount_text, date_text, say_address, say_phone
from shouxin.ground.samples.columns import ORDER_COLUMNS
from shouxin.ground.samples.draws import Draws
from shouxin.ground.samples.people import CHILD, CONTACT, FOREIGN, LONG_AGO, NEVER, NOTHING, TEEN, Draft, Population
from shouxin.ground.samples.trade import Trade

_YEAR = 365.25
_PER_BOX = 250


@dataclass(slots=True)
class Order:
    """One line of the order book before it is written."""

    on: date
    draft: Draft
    number: str = ""
    contract: str = ""
    newest: bool = False
    fen: int = 0


@dataclass(slots=True)
class Dealings:
    """Orders in the order of their dates, the contracts and the boxes they lie in."""

    orders: list[Order]
    contracts: list[tuple[str, str, str]] = field(default_factory=list)
    """Contract number, customer number, box."""
    boxes: list[tuple[str, ...]] = field(default_factory=list)
    by_person: dict[str, list[Order]] = field(default_factory=dict)


def draw_dealings(population: Population, *, orders: int) -> Dealings:
    """Who ordered what and when; the numbers of orders look like telephone numbers (13 + year + position)."""
    draws = Draws(population.seed, "orders")
    drawn = [Order(day, draft) for draft, day in _order_days(population, draws, orders)]
    drawn.sort(key=lambda order: (order.on, order.draft.key))
    dealings = Dealings(drawn)
    positions: dict[int, int] = {}
    for order in drawn:
        positions[order.on.year] = positions.get(order.on.year, draws.between(1000, 9000)) + 1
        order.number = f"13{order.on.year % 100:02d}{positions[order.on.year]:07d}"
        dealings.by_person.setdefault(order.draft.key, []).append(order)
        order.draft.order_dates.append(order.on)
    for theirs in dealings.by_person.values():
        theirs[-1].newest = True
    _draw_contracts(population, dealings, draws)
    return dealings


def _order_days(population: Population, draws: Draws, orders: int) -> Iterator[tuple[Draft, date]]:
    buyers = [p for p in population.people if p.dealing != NEVER]
    recent = [p for p in buyers if p.dealing != LONG_AGO] or buyers
    firsts = buyers[:orders]
    extra = max(0, orders - len(firsts))
    # The square makes a few customers order often, as regulars do.
    picked = (len(recent) * draws.fractions(extra) ** 2).astype(np.int64).tolist()
    for draft in firsts:
        yield draft, draft.starts_on
    for place in picked:
        draft = recent[place]
        yield draft, _day_between(draws, draft.starts_on, _last_day(population, draft))


def _last_day(population: Population, draft: Draft) -> date:
    if draft.dealing == LONG_AGO:
        return draft.starts_on + timedelta(days=60)
    return population.as_of - timedelta(days=1)


def _day_between(draws: Draws, first: date, last: date) -> date:
    return first + timedelta(days=draws.one(max(1, (last - first).days)))


def _draw_contracts(population: Population, dealings: Dealings, draws: Draws) -> None:
    """A written contract for somewhat more than half of the buyers, renewed after three years; boxes hold one year."""
    starts: list[tuple[date, Draft, list[Order]]] = []
    for theirs in dealings.by_person.values():
        if not draws.chance(0.55):
            continue
        begun = theirs[0].on
        starts.append((begun, theirs[0].draft, theirs))
        later = [order for order in theirs if (order.on - begun).days > 3 * _YEAR]
        if later:
            starts.append((later[0].on, theirs[0].draft, later))
    per_year = Counter(order.on.year for order in dealings.orders)
    by_year: dict[int, list[tuple[str, Draft]]] = {}
    for begun, draft, theirs in sorted(starts, key=lambda start: (start[0], start[1].key)):
        numbered = by_year.setdefault(begun.year, [])
        number = f"HT{begun.year}-{len(numbered) + 1:05d}"
        numbered.append((number, draft))
        for order in theirs:
            order.contract = number
    for year, numbered in sorted(by_year.items()):
        _fill_boxes(population, dealings, draws, numbered, copies=per_year[year])


def _fill_boxes(
    population: Population, dealings: Dealings, draws: Draws, numbered: list[tuple[str, Draft]], *, copies: int
) -> None:
    for start in range(0, len(numbered), _PER_BOX):
        inside = numbered[start : start + _PER_BOX]
        box = _add_box(population, dealings, draws, what="合同", inside=inside, copies=len(inside))
        dealings.contracts += [(number, draft.numbers[0], box) for number, draft in inside]
    for what in ("收据", "上门单"):
        _add_box(population, dealings, draws, what=what, inside=numbered, copies=copies)


def _add_box(
    population: Population,
    dealings: Dealings,
    draws: Draws,
    *,
    what: str,
    inside: list[tuple[str, Draft]],
    copies: int,
) -> str:
    box = f"BX-{len(dealings.boxes) + 1:03d}"
    keeper = draws.pick(population.staff)
    place = f"库房{draws.pick('甲乙丙')}架{draws.between(1, 6)}层"
    first, last = inside[0][0], inside[-1][0]
    who = keeper.said("name", keeper.name.text)
    dealings.boxes.append((box, place, who, what, first, last, str(copies), first[2:6]))
    return box


def order_rows(
    population: Population, dealings: Dealings, *, headers: Iterable[str] = tuple(ORDER_COLUMNS)
) -> Iterator[tuple[Order, dict[str, str]]]:
    """The order book, line by line, by header; only the cells asked for are made (and noted as said)."""
    draws = Draws(population.seed, "order book")
    wanted = tuple(headers)
    for order in dealings.orders:
        cells = _order_cells(population, draws, order)
        row = {header: cells[header]() for header in wanted}
        order.draft.categories |= {"basic", "purchase"}
        yield order, row


def _order_cells(population: Population, draws: Draws, order: Order) -> dict[str, Callable[[], str]]:
    draft, owner = order.draft, order.draft.phone_owner
    item, price = draws.pick(_services(population.shape.trade, draft))
    quantity = draws.between(1, 4)
    order.fen = price * quantity * draws.between(9, 11) // 10
    has_address = draft.reach != NOTHING
    return {
        "订单号": lambda: order.number,
        "客户编号": lambda: draws.pick(draft.numbers),
        "联系人": lambda: _contact_name(population, draws, draft),
        "联系电话": lambda: say_phone(draws, owner, draft, owner.mobile) if draft.has_phone else "",
        "下单日期": lambda: date_text(draws, order.on),
        "服务项目": lambda: item,
        "数量": lambda: str(quantity),
        "金额": lambda: amount_text(draws, order.fen),
        "付款方式": lambda: draws.pick(population.shape.trade.payments),
        "发票抬头": lambda: _invoice_title(draws, draft),
        "服务地址": lambda: say_address(draws, draft, vary=0.06) if has_address else "",
        "合同编号": lambda: order.contract,
        "预付余额": lambda: f"{draft.prepaid_fen / 100:.2f}" if order.newest and draft.prepaid_fen else "0.00",
        "代管钥匙": lambda: "是" if order.newest and draft.keys_held else "否",
    }


def _services(trade: Trade, draft: Draft) -> tuple[tuple[str, int], ...]:
    if draft.label == CONTACT:
        return trade.office_services
    return trade.child_services if draft.label in (CHILD, TEEN) else trade.services


def _contact_name(population: Population, draws: Draws, draft: Draft) -> str:
    if draft.guardian:
        return draft.guardian.said_by(draft, "name", draft.guardian.name.text)
    family = [m for m in population.members[draft.household] if m is not draft and not m.guardian]
    if family and draws.chance(0.08):
        other = draws.pick(family)
        return other.said_by(draft, "name", other.name.text)
    if draft.label != FOREIGN and draws.chance(0.1):
        return draft.name.surname[0] + ("女士" if draft.gender == "女" else "先生")
    return draft.said("name", draft.name.text)


def _invoice_title(draws: Draws, draft: Draft) -> str:
    if draft.organisation:
        return draft.organisation if draws.chance(0.6) else ""
    if draft.guardian or not draws.chance(0.3):
        return ""
    return "个人" if draws.chance(0.5) else draft.said("name", draft.name.text)
