"""The company of the story writes its own files: `write_company` the whole one, `write_shop` the one-workbook shop."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.samples import columns, dealings
from shouxin.ground.samples.cells import list_row, reachable_by, second_row
from shouxin.ground.samples.draws import Draws
from shouxin.ground.samples.files import CrmFile, write_csv, write_workbook
from shouxin.ground.samples.people import CHILD, COMPANY, NEVER, SHOP, TEEN, Draft, Population, Shape
from shouxin.ground.samples.trade import HOUSEKEEPING, Trade
from shouxin.ground.samples.truth import RowRef, TruePerson, Truth
from shouxin.ground.samples.visits import draw_visits

LEAST_CUSTOMERS = 20
Entry = tuple[Draft, str, date]


def write_company(
    folder: Path, *, customers: int, seed: int, as_of: date, orders: int | None = None, shape: Shape = COMPANY
) -> Truth:
    """Write a company's six files into a folder and return what is true behind them.

    `customers` counts people; about two in a hundred stand in the list twice. Orders are four per customer unless told.
    The same seed writes the same bytes.

    Raises:
        Refusal("samples.too_few"): fewer than 20 customers cannot show each kind of person.
        Refusal("samples.folder_in_use"): one of the files is already there.
    """
    _make_room(folder, customers, columns.COMPANY_FILES)
    population, drawn, entries = _drawn(shape, customers, seed, as_of, 4 * customers if orders is None else orders)
    counts = {columns.LIST_FILE: _write_list(folder, population, entries)}
    counts[columns.ORDERS_FILE] = _write_orders(folder, population, drawn)
    counts |= _write_crm(folder, population, drawn, entries)
    paper = {"encoding": "utf-8-sig"}
    counts[columns.BOXES_FILE] = write_csv(
        folder / columns.BOXES_FILE, headers=columns.BOX_COLUMNS, rows=drawn.boxes, **paper
    )
    counts[columns.CONTRACTS_FILE] = write_csv(
        folder / columns.CONTRACTS_FILE, headers=columns.CONTRACT_COLUMNS, rows=_contract_rows(drawn), **paper
    )
    counts[columns.GOODS_FILE] = write_goods(folder, seed, shape.trade)
    return _truth(population, counts)


def write_shop(folder: Path, *, customers: int, seed: int, as_of: date) -> Truth:
    """Write the small shop: one workbook with everything in it and the list of goods; no e-mail, six without telephone.

    Raises:
        Refusal("samples.too_few"), Refusal("samples.folder_in_use"): as for the company.
    """
    _make_room(folder, customers, (columns.SHOP_FILE, columns.GOODS_FILE))
    population, drawn, entries = _drawn(SHOP, customers, seed, as_of, None)
    counts = {columns.SHOP_FILE: _write_shop_list(folder, population, drawn, entries)}
    counts[columns.GOODS_FILE] = write_goods(folder, seed)
    return _truth(population, counts)


def _make_room(folder: Path, customers: int, names: tuple[str, ...]) -> None:
    if customers < LEAST_CUSTOMERS:
        raise Refusal("samples.too_few", customers=customers, least=LEAST_CUSTOMERS)
    taken = [name for name in names if (folder / name).exists()]
    if taken:
        raise Refusal("samples.folder_in_use", files=taken)
    folder.mkdir(parents=True, exist_ok=True)


def _drawn(
    shape: Shape, customers: int, seed: int, as_of: date, orders: int | None
) -> tuple[Population, dealings.Dealings, list[Entry]]:
    population = Population(shape, customers=customers, seed=seed, as_of=as_of)
    entries = _register(population)
    buyers = sum(draft.dealing != NEVER for draft in population.people)
    return population, dealings.draw_dealings(population, orders=buyers if orders is None else orders), entries


def _register(population: Population) -> list[Entry]:
    """Rows of the list in the order of registration; who stands twice was entered again later."""
    draws = Draws(population.seed, "registration")
    entries: list[tuple[date, str, bool, Draft]] = []
    for draft in population.people:
        first = draft.starts_on - timedelta(days=draws.one(30))
        entries.append((first, draft.key, False, draft))
        if "duplicate" in draft.marks:
            again = first + timedelta(days=draws.one(max(1, (population.as_of - first).days)))
            entries.append((again, draft.key, True, draft))
    entries.sort(key=lambda entry: entry[:3])
    register = []
    for position, (day, _, _, draft) in enumerate(entries, start=1):
        draft.numbers.append(f"KH{position:06d}")
        register.append((draft, draft.numbers[-1], day))
    return register


def _list_rows(population: Population, entries: list[Entry], file: str) -> Iterator[tuple[Draft, dict[str, str]]]:
    for line, (draft, number, day) in enumerate(entries, start=2):
        draft.rows.append(RowRef(file, columns.LIST_SHEET, line))
        first = number == draft.numbers[0]
        yield draft, (list_row if first else second_row)(population, draft, number, day)


def _write_list(folder: Path, population: Population, entries: list[Entry]) -> int:
    rows = (tuple(row.values()) for _, row in _list_rows(population, entries, columns.LIST_FILE))
    return write_workbook(
        folder / columns.LIST_FILE,
        sheet=columns.LIST_SHEET,
        headers=tuple(columns.LIST_COLUMNS),
        rows=rows,
        made_on=population.as_of,
    )


def _write_shop_list(folder: Path, population: Population, drawn: dealings.Dealings, entries: list[Entry]) -> int:
    extra = tuple(columns.SHOP_COLUMNS)[len(columns.LIST_COLUMNS) :]
    made = dealings.order_rows(population, drawn, headers=extra)
    last = {order.draft.key: row for order, row in made}  # a buyer has one order here

    def rows() -> Iterator[tuple[str, ...]]:
        for draft, row in _list_rows(population, entries, columns.SHOP_FILE):
            order = last.get(draft.key, {}) if row["客户编号"] == draft.numbers[0] else {}
            yield (*row.values(), *(order.get(header, "") for header in extra))

    return write_workbook(
        folder / columns.SHOP_FILE,
        sheet=columns.LIST_SHEET,
        headers=tuple(columns.SHOP_COLUMNS),
        rows=rows(),
        made_on=population.as_of,
    )


def _write_orders(folder: Path, population: Population, drawn: dealings.Dealings) -> int:
    def rows() -> Iterator[tuple[str, ...]]:
        for line, (order, row) in enumerate(dealings.order_rows(population, drawn), start=2):
            order.draft.rows.append(RowRef(columns.ORDERS_FILE, "", line))
            yield tuple(row.values())

    return write_csv(
        folder / columns.ORDERS_FILE, headers=tuple(columns.ORDER_COLUMNS), rows=rows(), encoding="gb18030"
    )


def _contract_rows(drawn: dealings.Dealings) -> Iterator[tuple[str, str, str]]:
    owners = {order.contract: order.draft for order in drawn.orders if order.contract}
    for line, row in enumerate(drawn.contracts, start=2):
        owners[row[0]].rows.append(RowRef(columns.CONTRACTS_FILE, "", line))
        yield row


def _write_crm(folder: Path, population: Population, drawn: dealings.Dealings, entries: list[Entry]) -> dict[str, int]:
    draws = Draws(population.seed, "crm")
    crm_ids: dict[str, int] = {}
    people: list[tuple[int, str, str, str]] = []
    for draft, number, _ in entries:
        if draws.chance(0.1):
            continue
        owner = draft.phone_owner
        crm_ids.setdefault(draft.key, len(people) + 1)
        phone = owner.said_by(draft, "phone", owner.mobile) if draft.has_phone else ""
        people.append((len(people) + 1, number, draft.said("name", draft.name.text), phone))
        draft.rows.append(RowRef(columns.CRM_FILE, "customers", len(people)))
    visits = []
    for visit_id, (draft, visit) in enumerate(draw_visits(population, drawn, crm_ids), start=1):
        draft.rows.append(RowRef(columns.CRM_FILE, "visits", visit_id))
        visits.append((visit_id, *visit))
    owners = [draft for draft in population.people if draft.key in crm_ids and draws.chance(0.4)]
    tags = []
    for tag_id, draft in enumerate(owners, start=1):
        draft.rows.append(RowRef(columns.CRM_FILE, "tags", tag_id))
        draft.categories.add("need")
        tags.append((tag_id, crm_ids[draft.key], draws.pick(population.shape.trade.tags)))
    with CrmFile(folder / columns.CRM_FILE) as crm:
        tables: dict[str, list[tuple[Any, ...]]] = {"customers": [*people], "visits": [*visits], "tags": [*tags]}
        return {f"{columns.CRM_FILE}/{table}": crm.add(table, rows) for table, rows in tables.items()}


def write_goods(folder: Path, seed: int, trade: Trade = HOUSEKEEPING) -> int:
    """The list of goods sold; how many things are on it."""
    draws = Draws(seed, "goods")
    rows: list[tuple[str, ...]] = []
    for thing, make, holds, count in trade.goods:
        for _ in range(count):
            serial = f"SN{draws.one(36**5):07X}{draws.between(10, 99)}"
            rows.append((f"WP{len(rows) + 1:03d}", thing, make, serial, holds, "", "", "", ""))
    return write_csv(folder / columns.GOODS_FILE, headers=columns.GOODS_COLUMNS, rows=rows, encoding="utf-8-sig")


def _truth(population: Population, counts: dict[str, int]) -> Truth:
    drafts = [*population.people, *population.others]
    return Truth(
        story=population.shape.story,
        seed=population.seed,
        as_of=population.as_of,
        people={draft.key: _person(draft) for draft in drafts},
        row_counts=counts,
    )


def _person(draft: Draft) -> TruePerson:
    return TruePerson(
        key=draft.key,
        kind=draft.kind,
        name=draft.name.text,
        texts={kind: tuple(texts) for kind, texts in draft.texts.items()},
        age_band={CHILD: "child", TEEN: "teen"}.get(draft.label, "adult"),
        age_known=draft.age_shown,
        dead=draft.dead,
        language="en" if "foreign" in draft.marks else "zh",
        channels=reachable_by(draft),
        categories=tuple(sorted(draft.categories)),
        customer_numbers=tuple(draft.numbers),
        household=draft.household,
        guardian=draft.guardian.key if draft.guardian else "",
        orders=len(draft.order_dates),
        newest_order_on=draft.order_dates[-1] if draft.order_dates else None,
        prepaid_fen=draft.prepaid_fen,
        keys_held=draft.keys_held,
        marks=frozenset(draft.marks),
        rows=tuple(draft.rows),
        mentioned_by=tuple(draft.mentioned_by),
    )
