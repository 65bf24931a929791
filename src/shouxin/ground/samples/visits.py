"""What the company's workers noted at the customers' doors: free text with numbers and other people in it."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from shouxin.ground.samples.cells import say_phone
from shouxin.ground.samples.dealings import Dealings, Order
from shouxin.ground.samples.draws import Draws
from shouxin.ground.samples.people import FOREIGN, Draft, Population


class Visit(NamedTuple):
    """One visit as the CRM keeps it."""

    customer_id: int
    visit_on: str
    worker: str
    note: str
    rating: int | None
    complaint: str | None
    channel: str


def draw_visits(population: Population, dealings: Dealings, crm_ids: dict[str, int]) -> Iterator[tuple[Draft, Visit]]:
    """Up to four visits for a buyer, one inquiry for one in five of the others; notes name people and numbers."""
    draws = Draws(population.seed, "visits")
    for draft in population.people:
        if draft.key not in crm_ids:
            continue
        theirs = dealings.by_person.get(draft.key, [])
        days = [order.on for order in theirs[-draws.between(1, 4) :]]
        if not theirs and draws.chance(0.2):
            days = [population.as_of - timedelta(days=draws.between(20, 900))]
        for day in days:
            yield draft, _visit(population, draws, draft, customer_id=crm_ids[draft.key], day=day, theirs=theirs)


def _visit(
    population: Population, draws: Draws, draft: Draft, *, customer_id: int, day: date, theirs: list[Order]
) -> Visit:
    worker, trade = draws.pick(population.staff), population.shape.trade
    draft.categories.add("behaviour")
    return Visit(
        customer_id=customer_id,
        visit_on=day.isoformat(),
        worker=worker.said_by(draft, "name", worker.name.text),
        note=_note(population, draws, draft, theirs),
        rating=draws.between(2, 5) if theirs and draws.chance(0.7) else None,
        complaint=draws.pick(trade.complaints) if theirs and draws.chance(0.04) else None,
        channel=draws.pick(trade.visit_channels),
    )


def _note(population: Population, draws: Draws, draft: Draft, theirs: list[Order]) -> str:
    kind, trade = draws.one(100), population.shape.trade
    if kind < 55:
        return draws.pick(trade.plain_notes)
    if draft.label == FOREIGN:
        return _filled(population, draws, draft, theirs, draws.pick(trade.english_notes))
    pool = trade.number_notes if kind < 82 else trade.member_notes if kind < 92 else trade.others_notes
    return _filled(population, draws, draft, theirs, draws.pick(pool))


def _filled(population: Population, draws: Draws, draft: Draft, theirs: list[Order], form: str) -> str:
    words: dict[str, str] = {
        "amount": str(draws.between(2, 90) * 10),
        "door": f"{draws.one(10**6):06d}",
        "floor": str(draws.between(2, 30)),
        "order_no": draws.pick(theirs).number if theirs else f"13{population.as_of.year % 100:02d}0000000",
    }
    if "{door}" in form:
        draft.marks.add("door_code_in_note")
    if "{phone}" in form:
        other = population.stranger("third_party")
        words["other"] = other.said_by(draft, "name", other.name.text)
        words["phone"] = say_phone(draws, other, draft, other.mobile)
        draft.marks.add("third_person_in_note")
    if "{member}" in form:
        member = _member(population, draws, draft)
        words["member"] = member.said_by(draft, "name", member.name.text)
        draft.marks.add("member_in_note")
    return form.format(**words)


def _member(population: Population, draws: Draws, draft: Draft) -> Draft:
    family = [m for m in population.members[draft.household] if m is not draft]
    return draws.pick(family) if family else population.stranger("household_member", near=draft)
