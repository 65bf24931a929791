"""The writers of complaints and call-backs.

Rules:
- Nobody has to say which article a complaint rests on; it is taken in as it comes, on any route.
- A complaint is answered within fifteen working days, a call-back within three (the house's own rule, not a statute's).
- A complaint that was an objection to the hand-over and is found right ends as such: it stands against every decision
  from then on (PIPL 44).
- A wish to be called stays open until the person was called, was tried three times, or wants it no longer.
"""

import os
from datetime import datetime

from django.db import transaction

from shouxin.duties.consent.actors import take_leave
from shouxin.duties.consent.proofs import Proof, seal_proofs
from shouxin.duties.relations import queries
from shouxin.duties.relations.models import Matter
from shouxin.duties.relations.queries import MatterView
from shouxin.ground.kernel.ids import Entropy
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.times import day_in_china, to_text
from shouxin.ground.rulebook.workdays import add_workdays
from shouxin.stores.ledger import services as ledger
from shouxin.stores.vault import services as vault

DUE_WORKDAYS = {"complaint": 15, "call_back": 3}
ROUTES = ("page", "reply_code", "telephone", "paper", "counter", "email")
OUTCOMES = {
    "complaint": ("put_right", "explained", "not_founded", queries.OBJECTION_STANDS),
    "call_back": ("called", "not_reached_three_times", "no_longer_wanted"),
}


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
) -> MatterView:
    """Take in a complaint or a wish to be called; `case` may be empty. A second open call-back is the same one.

    Raises:
        Refusal("relations.no_such_kind"), Refusal("relations.no_such_route"), Refusal("workdays.unknown_year").
    """
    if kind not in DUE_WORKDAYS:
        raise Refusal("relations.no_such_kind", known=list(DUE_WORKDAYS))
    if route not in ROUTES:
        raise Refusal("relations.no_such_route", known=list(ROUTES))
    take_leave(by=by, purpose="answer", reason="relations.take_in", at=at)
    due = add_workdays(day_in_china(at), DUE_WORKDAYS[kind])
    standing = None
    if kind == "call_back":
        standing = Matter.objects.filter(customer=customer, case=case, kind=kind, state=Matter.OPEN).first()
    (wish_digest,) = seal_proofs(proofs=[Proof(customer, wish)], kind="wish", at=at, entropy=entropy)
    row = standing or Matter.objects.create(
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
def answer(
    *, matter: int, outcome: str, by: str, at: datetime, said: bytes, entropy: Entropy = os.urandom
) -> MatterView:
    """Close a matter with its outcome and what was said.

    Raises:
        Refusal("relations.no_such_matter"), Refusal("relations.already_ended"), Refusal("relations.no_such_outcome"),
        Refusal("relations.nothing_said").
    """
    row = Matter.objects.select_for_update().filter(pk=matter).first()
    if row is None:
        raise Refusal("relations.no_such_matter", matter=matter)
    if row.state != Matter.OPEN:
        raise Refusal("relations.already_ended", matter=matter)
    if outcome not in OUTCOMES[row.kind]:
        raise Refusal("relations.no_such_outcome", known=list(OUTCOMES[row.kind]))
    if not said.strip():
        raise Refusal("relations.nothing_said", matter=matter)
    take_leave(by=by, purpose="answer", reason=f"relations:{matter}", at=at)
    (row.answer_digest,) = seal_proofs(proofs=[Proof(row.customer, said)], kind="reply", at=at, entropy=entropy)
    row.state, row.ended_by, row.ended_at, row.outcome = Matter.ANSWERED, by, at, outcome
    row.save()
    late = day_in_china(at) > row.due_on
    _tell_ledger("answered", row, by=by, at=at, late=late, outcome=outcome, answer=row.answer_digest)
    return queries.view(row)


def _tell_ledger(what: str, row: Matter, *, by: str, at: datetime, **facts: object) -> None:
    event = f"relations.{what}:{row.pk}:{to_text(at)}"
    tags = vault.tags(customers=[row.customer], event=event)
    ledger.append(
        kind=f"relations.{what}",
        scope=f"case:{row.case}" if row.case else "company",
        at=at,
        by=by,
        facts={
            "matter": row.pk,
            "kind": row.kind,
            "route": row.route,
            "due_on": row.due_on.isoformat(),
            "due_provisional": row.due_provisional,
            "event": event,
            "tag": tags[row.customer],
            **facts,
        },
    )
