"""Reads of disposal: who is held, where a destruction stands, which places are open, the balance."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db.models import Q, QuerySet
from numpy.typing import NDArray

from shouxin.duties.disposal import balancing
from shouxin.duties.disposal import fates as fates_of
from shouxin.duties.disposal.models import Certificate, Destruction, Hold, PlaceEnd, Plan
from shouxin.duties.inventory import queries as inventory
from shouxin.ground.formats.balance import CELL_ENDS, COPY_ENDS, PERSON_ENDS, Balance, CellRow, PersonEnds, SourceRows
from shouxin.ground.formats.permit import ScopeCount
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook import terms
from shouxin.ground.rulebook.gates import DecisionSet


@dataclass(frozen=True)
class HoldView:
    """A hold as it stands. `customer` None: everybody of whom this category is held."""

    id: int
    customer: int | None
    category: str
    case: str
    reason: str
    authority: str
    until: datetime | None
    placed_by: str
    placed_at: datetime
    released_by: str
    released_at: datetime | None


def holds(at: datetime | None = None) -> list[HoldView]:
    """Every hold, or those that stand at an instant."""
    rows = Hold.objects.order_by("id") if at is None else _standing(at).order_by("id")
    return [HoldView(**{name: getattr(row, name) for name in HoldView.__dataclass_fields__}) for row in rows]


def held_customers(at: datetime) -> NDArray[np.int64]:
    """The customers of whom something is held at an instant, ascending; a hold on a kind holds all who have that kind.

    A hold on one category holds the whole person: table B (B04) seals until it is released, and a person half
    destroyed answers no court.
    """
    standing = list(_standing(at).values_list("customer", "category"))
    named = {customer for customer, _ in standing if customer is not None}
    kinds = {category for customer, category in standing if customer is None}
    if kinds:
        mask = sum(1 << terms.categories()[kind].compartment for kind in kinds)
        for chunk in inventory.facts():
            named |= set(chunk.customer[(chunk.categories & mask) != 0].tolist())
    return np.array(sorted(named), dtype=np.int64)


def held_among(customers: Collection[int], at: datetime) -> list[int]:
    """Those of some customers who are held at an instant."""
    return sorted(set(customers) & set(held_customers(at).tolist()))


def _standing(at: datetime) -> QuerySet[Hold]:
    """Holds in force: placed by then, not released by then, not past their last instant."""
    unreleased = Q(released_at=None) | Q(released_at__gt=at)
    return Hold.objects.filter(unreleased, Q(until=None) | Q(until__gte=at), placed_at__lte=at)


@dataclass(frozen=True)
class PlaceView:
    """A registered place, and where its end stands: empty (nothing happened yet) or a state of `PlaceEnd`."""

    key: str
    kind: str
    title: str
    locator: str
    state: str = ""


@dataclass(frozen=True)
class PlanView:
    """A plan: what would end, counted; who signed it."""

    case: str
    decision_set: str
    digest: str
    summary: Mapping[str, Any]
    approved_by: tuple[str, ...]
    at: datetime


@dataclass(frozen=True)
class CertificateView:
    """An issued certificate."""

    id: str
    case: str
    headline: str
    digest: str
    previous: str
    envelope: bytes
    at: datetime


def provided_customers() -> NDArray[np.int64]:
    """Of whom something was handed over before a destruction: the proof of it is still kept (NDSR 12); ascending."""
    return balancing.provided_customers()


def plan(digest: str) -> PlanView:
    """One plan by its digest.

    Raises:
        Refusal("disposal.no_such_plan").
    """
    row = Plan.objects.filter(digest=digest).first()
    if row is None:
        raise Refusal("disposal.no_such_plan", digest=digest)
    return plan_view(row)


def plan_view(row: Plan) -> PlanView:
    """The row as a value."""
    return PlanView(row.case, row.decision_set, row.digest, row.summary, tuple(row.approved_by), row.at)


def plans(case: str) -> list[PlanView]:
    """The plans of a case, oldest first."""
    return [plan_view(row) for row in Plan.objects.filter(case=case).order_by("id")]


def destructions(case: str) -> list[Destruction]:
    """The destructions of a case, oldest first, ended or not."""
    return list(Destruction.objects.filter(case=case).order_by("id"))


def newest_destruction(case: str) -> Destruction:
    """The newest destruction of a case that has ended.

    Raises:
        Refusal("disposal.not_destroyed").
    """
    row = Destruction.objects.filter(case=case).exclude(ended_at=None).order_by("id").last()
    if row is None:
        raise Refusal("disposal.not_destroyed", case=case)
    return row


def unfinished(case: str) -> bool:
    """Whether a destruction of this case was begun and has not ended: the same command goes on."""
    return Destruction.objects.filter(case=case, ended_at=None).exists()


def place_states() -> dict[str, str]:
    """Place → state of its end, for those where anything happened."""
    return dict(PlaceEnd.objects.values_list("place", "state"))


def place_ends() -> dict[str, PlaceEnd]:
    """Place → its end."""
    return {row.place: row for row in PlaceEnd.objects.order_by("id")}


def places() -> list[PlaceView]:
    """Every place that must meet an end: what the inventory registered (a thing without customers' information needs
    none), and what else was disposed of here.
    """
    ends, registered = place_ends(), inventory.places()
    found = [
        PlaceView(each.key, each.kind, each.title, each.locator, ends[each.key].state if each.key in ends else "")
        for each in registered
        if each.holds_information is not False
    ]
    known = {each.key for each in registered}
    found += [
        PlaceView(row.place, row.kind, row.title, row.facts.get("locator", ""), row.state)
        for row in ends.values()
        if row.place not in known
    ]
    return found


def open_places() -> list[PlaceView]:
    """The places that have neither an end nor a named exclusion."""
    return [each for each in places() if each.state not in (PlaceEnd.ENDED, PlaceEnd.EXCLUDED)]


def certificates(case: str) -> dict[str, bytes]:
    """Name → envelope of a case's certificates, in the order of their chain: as an evidence pack takes them."""
    rows = Certificate.objects.filter(case=case).order_by("number")
    return {f"{row.number:04d}": bytes(row.envelope) for row in rows}


def issued(case: str | None = None) -> list[CertificateView]:
    """The certificates in the order of their chain, of one case or all."""
    rows = Certificate.objects.order_by("number")
    return [certificate_view(row) for row in (rows.filter(case=case) if case else rows)]


def certificate_view(row: Certificate) -> CertificateView:
    """The row as a value."""
    return CertificateView(
        id=row.id,
        case=row.case,
        headline=row.headline,
        digest=row.digest,
        previous=row.previous,
        envelope=bytes(row.envelope),
        at=row.at,
    )


def balance(case: str, decided: DecisionSet | None = None) -> Balance:
    """The double entry over rows, cells and people (docs/formats/balance.md).

    After a destruction it is what was counted before the first key died; earlier destructions of the case give what
    ended then. Before any, `decided` says what would become of every cell that stands.

    Raises:
        Refusal("disposal.not_destroyed"): neither a destruction nor a decision set.
    """
    rows = list(Destruction.objects.filter(case=case).order_by("id"))
    if not rows and decided is None:
        raise Refusal("disposal.not_destroyed", case=case)
    if not rows and decided is not None:
        fates = fates_of.fates(decided, balancing.held_now(decided))
        standing = balancing.standing(decided, fates)
        return _balance(balancing.count(standing), balancing.persons(standing, fates))
    lines: Counter[balancing.Line] = Counter()
    people: dict[str, Any] = {"customers": 0, "ends": Counter()}
    for row in rows:
        is_newest = row.pk == rows[-1].pk
        counted = row.balance.all() if is_newest else row.balance.filter(gone=True)
        for each in counted:
            lines[each.category, each.source, each.moved, each.end, each.gone] += each.cells
        ends = row.persons["ends"] if is_newest else row.persons["gone"]
        people["ends"].update(ends)
        people["customers"] += row.persons["customers"] if is_newest else sum(ends.values())
    return _balance(lines, people)


def _balance(lines: Mapping[balancing.Line, int], people: Mapping[str, Any]) -> Balance:
    cells: dict[tuple[str, int], dict[str, Counter[str]]] = {}
    for (category, source, moved, end, _), count in lines.items():
        row = cells.setdefault((category, source), {"ends": Counter(), "copy": Counter()})
        row["ends"]["handed_over" if moved else end] += count
        if moved:
            row["copy"][end] += count
    return Balance(
        sources=tuple(
            SourceRows(
                source=source_name(row["source"]),
                **{name: row[name] for name in ("read", "collected", "merged", "rejected")},
            )
            for row in inventory.rows_balance()
        ),
        cells=tuple(
            CellRow(
                category=category,
                source=source_name(source),
                cells=sum(row["ends"].values()),
                ends={end: row["ends"][end] for end in CELL_ENDS},
                copy={end: row["copy"][end] for end in COPY_ENDS},
            )
            for (category, source), row in sorted(cells.items())
        ),
        persons=PersonEnds(
            customers=people["customers"], ends={end: people["ends"].get(end, 0) for end in PERSON_ENDS}
        ),
    )


def source_name(source: int) -> str:
    """A source as the balance names it; 0 is what was said to the house itself: answers, wishes, complaints."""
    return f"source:{source}" if source else "answers"


def permit_scope(decided: DecisionSet) -> tuple[tuple[ScopeCount, ...], str]:
    """What a permit over this set must say: how many cells of each category end, and the digest of that scope."""
    counts = tuple(ScopeCount(*each) for each in fates_of.scope_counts(decided))
    return counts, fates_of.scope_digest(decided)
