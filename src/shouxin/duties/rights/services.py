"""The writers of requests.

Rules:
- A request is taken in on any route and refused by none of them (NDSR 23).
- It is due on the fifteenth working day after it was taken in (mark M: from memory, so only ever a stricter reminder).
- A refusal gives its reason (PIPL 50). What was said and answered is sealed; the ledger has codes, a digest and a tag.
"""

import os
from datetime import datetime

from django.db import transaction

from shouxin.duties.consent.actors import take_leave
from shouxin.duties.consent.proofs import Proof, seal_proofs
from shouxin.duties.rights import queries
from shouxin.duties.rights.models import Request
from shouxin.duties.rights.queries import RequestView
from shouxin.ground.kernel.ids import Entropy
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.times import day_in_china, to_text
from shouxin.ground.rulebook.gates import codes
from shouxin.ground.rulebook.workdays import add_workdays
from shouxin.stores.ledger import services as ledger
from shouxin.stores.vault import services as vault

REQUEST_KINDS = tuple(str(kind.name).lower() for kind in codes.Request)
ROUTES = ("page", "reply_code", "telephone", "paper", "counter", "email")
DUE_WORKDAYS = 15
REASONS = (
    "not_the_person",
    "kept_by_law",
    "harms_others",
    "not_held",
    "already_answered",
    "beyond_reason",
    "not_feasible",
)


@transaction.atomic
def take_in(
    *,
    customer: int,
    case: str,
    kind: str,
    route: str,
    by: str,
    at: datetime,
    wish: bytes,
    entropy: Entropy = os.urandom,
) -> RequestView:
    """Take in one request; `case` may be empty. A second open one of the same kind is the same request.

    Raises:
        Refusal("rights.no_such_kind"), Refusal("rights.no_such_route"), Refusal("workdays.unknown_year").
    """
    if kind not in REQUEST_KINDS:
        raise Refusal("rights.no_such_kind", known=list(REQUEST_KINDS))
    if route not in ROUTES:
        raise Refusal("rights.no_such_route", known=list(ROUTES))
    take_leave(by=by, purpose="answer", reason="rights.take_in", at=at)
    due = add_workdays(day_in_china(at), DUE_WORKDAYS)
    standing = Request.objects.filter(customer=customer, case=case, kind=kind, state=Request.OPEN).first()
    (wish_digest,) = seal_proofs(proofs=[Proof(customer, wish)], kind="wish", at=at, entropy=entropy)
    row = standing or Request.objects.create(
        case=case,
        customer=customer,
        kind=kind,
        route=route,
        taken_by=by,
        taken_at=at,
        due_on=due.date,
        due_provisional=due.provisional,
        wish_digest=wish_digest,
    )
    _tell_ledger("taken_in", row, by=by, at=at, repeated=standing is not None, wish=wish_digest)
    return queries.view(row)


@transaction.atomic
def answer(*, request: int, by: str, at: datetime, said: bytes, entropy: Entropy = os.urandom) -> RequestView:
    """Close a request with what was answered or done.

    Raises:
        Refusal("rights.no_such_request"), Refusal("rights.already_ended"), Refusal("rights.nothing_said"),
        Refusal("access.…"): rights requests are answered by the privacy officer or the owner.
    """
    return _end(request, Request.ANSWERED, by=by, at=at, said=said, reason="", law="", entropy=entropy)


@transaction.atomic
def refuse(
    *, request: int, reason: str, law: str, by: str, at: datetime, said: bytes, entropy: Entropy = os.urandom
) -> RequestView:
    """Close a request with a refusal that names its reason and the article (PIPL 50).

    Raises:
        Refusal("rights.no_such_reason"), and as `answer`.
    """
    if reason not in REASONS or not law:
        raise Refusal("rights.no_such_reason", known=list(REASONS))
    return _end(request, Request.REFUSED, by=by, at=at, said=said, reason=reason, law=law, entropy=entropy)


def _end(
    number: int, state: str, *, by: str, at: datetime, said: bytes, reason: str, law: str, entropy: Entropy
) -> RequestView:
    row = Request.objects.select_for_update().filter(pk=number).first()
    if row is None:
        raise Refusal("rights.no_such_request", request=number)
    if row.state != Request.OPEN:
        raise Refusal("rights.already_ended", request=number, state=row.state)
    if not said.strip():
        raise Refusal("rights.nothing_said", request=number)
    take_leave(by=by, purpose="rights", reason=f"rights:{number}", at=at)
    (row.answer_digest,) = seal_proofs(proofs=[Proof(row.customer, said)], kind="reply", at=at, entropy=entropy)
    row.state, row.ended_by, row.ended_at, row.reason, row.law = state, by, at, reason, law
    row.save()
    told = {"reason": reason, "law": law} if reason else {}
    late = day_in_china(at) > row.due_on
    _tell_ledger(state, row, by=by, at=at, late=late, answer=row.answer_digest, **told)
    return queries.view(row)


def _tell_ledger(what: str, row: Request, *, by: str, at: datetime, **facts: object) -> None:
    event = f"rights.{what}:{row.pk}:{to_text(at)}"
    tags = vault.tags(customers=[row.customer], event=event)
    ledger.append(
        kind=f"rights.{what}",
        scope=f"case:{row.case}" if row.case else "company",
        at=at,
        by=by,
        facts={
            "request": row.pk,
            "kind": row.kind,
            "route": row.route,
            "due_on": row.due_on.isoformat(),
            "due_provisional": row.due_provisional,
            "event": event,
            "tag": tags[row.customer],
            **facts,
        },
    )
