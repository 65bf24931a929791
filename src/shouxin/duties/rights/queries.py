"""Reads of requests."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from django.db.models import Q, QuerySet

from shouxin.duties.rights.models import Request
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook.gates import codes

KINDS = ("rights.taken_in", "rights.answered", "rights.refused")
DUE_MARK = "M"
OBJECTIONS = ("restrict", "delete")
"""Requests by which a person restricts or refuses the handling (PIPL 44); granting one is no end of it."""


@dataclass(frozen=True)
class RequestView:
    """One request. `due_mark` M: the fifteen working days are from memory, not from a text held here."""

    id: int
    case: str
    customer: int
    kind: str
    route: str
    state: str
    taken_at: datetime
    due_on: date
    due_provisional: bool
    due_mark: str
    reason: str
    law: str


@dataclass(frozen=True)
class OpenColumns:
    """Who has open requests, for the gates: customers in order and `gates` Request bits."""

    customer: np.ndarray
    requests: np.ndarray


def request(number: int) -> RequestView:
    """One request.

    Raises:
        Refusal("rights.no_such_request").
    """
    row = Request.objects.filter(pk=number).first()
    if row is None:
        raise Refusal("rights.no_such_request", request=number)
    return view(row)


def open(case: str) -> list[RequestView]:
    """The open requests that bear on a case: its own and those that name no case, the most urgent first."""
    return [view(row) for row in _bearing_on(case).filter(state=Request.OPEN).order_by("due_on", "id")]


def of_customer(customer: int) -> list[RequestView]:
    """Every request of one customer, first to last."""
    return [view(row) for row in Request.objects.filter(customer=customer).order_by("id")]


def count_since(*, customer: int, kind: str, route: str, since: datetime) -> int:
    """How many requests of one kind a customer made by this route, as taken in at or after a moment."""
    return Request.objects.filter(customer=customer, kind=kind, route=route, taken_at__gte=since).count()


def open_by_customer(case: str, at: datetime) -> OpenColumns:
    """The requests that bear on a case and were open at that moment, as bits per customer."""
    rows = _bearing_on(case).filter(taken_at__lte=at).filter(Q(state=Request.OPEN) | Q(ended_at__gt=at))
    bits: dict[int, int] = defaultdict(int)
    for customer, kind in rows.values_list("customer", "kind"):
        bits[customer] |= int(codes.Request[kind.upper()])
    ordered = sorted(bits)
    return OpenColumns(
        customer=np.array(ordered, np.int64), requests=np.array([bits[customer] for customer in ordered], np.uint8)
    )


def objecting(case: str, at: datetime) -> np.ndarray:
    """Customers who, at that moment, stood by their wish that their information be restricted or deleted: it waited or
    was granted, and was not refused with a reason. In order.
    """
    rows = _bearing_on(case).filter(kind__in=OBJECTIONS, taken_at__lte=at)
    standing = rows.exclude(state=Request.REFUSED, ended_at__lte=at)
    return np.array(sorted(set(standing.values_list("customer", flat=True))), np.int64)


def counts(case: str) -> dict[str, int]:
    """How many requests bear on a case, per state."""
    states = list(_bearing_on(case).values_list("state", flat=True))
    return {state: states.count(state) for state in (Request.OPEN, Request.ANSWERED, Request.REFUSED)}


def _bearing_on(case: str) -> QuerySet[Request]:
    return Request.objects.filter(Q(case=case) | Q(case=""))


def view(row: Request) -> RequestView:
    """A row as a value."""
    return RequestView(
        id=row.pk,
        case=row.case,
        customer=row.customer,
        kind=row.kind,
        route=row.route,
        state=row.state,
        taken_at=row.taken_at,
        due_on=row.due_on,
        due_provisional=row.due_provisional,
        due_mark=DUE_MARK,
        reason=row.reason,
        law=row.law,
    )
