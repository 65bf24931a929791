"""Reads of complaints and call-backs."""

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from django.db.models import Q, QuerySet

from shouxin.duties.relations.models import Matter
from shouxin.ground.kernel.refusals import Refusal

KINDS = ("relations.taken_in", "relations.answered")
OBJECTION_STANDS = "objection_stands"


@dataclass(frozen=True)
class MatterView:
    """One complaint or call-back."""

    id: int
    case: str
    customer: int
    kind: str
    route: str
    state: str
    taken_at: datetime
    due_on: date
    due_provisional: bool
    outcome: str


def matter(number: int) -> MatterView:
    """One matter.

    Raises:
        Refusal("relations.no_such_matter").
    """
    row = Matter.objects.filter(pk=number).first()
    if row is None:
        raise Refusal("relations.no_such_matter", matter=number)
    return view(row)


def open(case: str, kind: str = "") -> list[MatterView]:
    """The open matters that bear on a case: its own and those that name no case, the most urgent first."""
    rows = _bearing_on(case).filter(state=Matter.OPEN)
    if kind:
        rows = rows.filter(kind=kind)
    return [view(row) for row in rows.order_by("due_on", "id")]


def of_customer(customer: int) -> list[MatterView]:
    """Every matter of one customer, first to last."""
    return [view(row) for row in Matter.objects.filter(customer=customer).order_by("id")]


def count_since(*, customer: int, kind: str, route: str, since: datetime) -> int:
    """How many matters of one kind a customer brought by this route, as taken in at or after a moment."""
    return Matter.objects.filter(customer=customer, kind=kind, route=route, taken_at__gte=since).count()


def complaining(case: str, at: datetime) -> np.ndarray:
    """Customers whose complaint was open at that moment, in order."""
    rows = _bearing_on(case).filter(kind="complaint", taken_at__lte=at)
    rows = rows.filter(Q(state=Matter.OPEN) | Q(ended_at__gt=at))
    return np.array(sorted(set(rows.values_list("customer", flat=True))), np.int64)


def objecting(case: str, at: datetime) -> np.ndarray:
    """Customers whose complaint was an objection to the hand-over that was found right by that moment. In order."""
    rows = _bearing_on(case).filter(kind="complaint", outcome=OBJECTION_STANDS, ended_at__lte=at)
    return np.array(sorted(set(rows.values_list("customer", flat=True))), np.int64)


def _bearing_on(case: str) -> QuerySet[Matter]:
    return Matter.objects.filter(Q(case=case) | Q(case=""))


def view(row: Matter) -> MatterView:
    """A row as a value."""
    return MatterView(
        id=row.pk,
        case=row.case,
        customer=row.customer,
        kind=row.kind,
        route=row.route,
        state=row.state,
        taken_at=row.taken_at,
        due_on=row.due_on,
        due_provisional=row.due_provisional,
        outcome=row.outcome,
    )
