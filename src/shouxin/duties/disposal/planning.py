"""The plan: what would end under a decision set, counted, frozen, signed by two people before a permit is asked for."""

from collections.abc import Mapping
from datetime import datetime

import numpy as np
from django.db import transaction

from shouxin.duties.consent.actors import check_staff
from shouxin.duties.disposal import balancing, queries
from shouxin.duties.disposal import fates as fates_of
from shouxin.duties.disposal.holding import check_two
from shouxin.duties.disposal.models import Plan
from shouxin.duties.disposal.queries import PlanView
from shouxin.ground.kernel import dsse
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.signing import Signer
from shouxin.ground.kernel.times import to_text
from shouxin.ground.rulebook.gates import DecisionSet, Verdict
from shouxin.stores.ledger import queries as ledger_queries
from shouxin.stores.ledger import services as ledger
from shouxin.stores.parties import authority

PREDICATE = "disposal-plan/v1"


@transaction.atomic
def plan(*, case: str, decided: DecisionSet, by: str, at: datetime) -> PlanView:
    """Count what a decision set ends, seals and keeps; the same set again gives the same plan.

    Raises:
        Refusal("disposal.decisions_open"), ("disposal.end_not_done_here"), ("disposal.nothing_ends"),
        ("disposal.permit_of_another"): a set of another case; ("parties.no_staff"), ("access.staff_revoked").
    """
    check_staff(by)
    if decided.case != case:
        raise Refusal("disposal.permit_of_another", what=["decided_case"])
    fates_of.check_executable(decided)
    scope = fates_of.scope_digest(decided)
    known = Plan.objects.filter(digest=scope).first()
    if known is not None:
        return queries.plan_view(known)
    fates = fates_of.fates(decided, balancing.held_now(decided))
    if not len(fates):
        raise Refusal("disposal.nothing_ends", case=case)
    went = decided.verdict == Verdict.HAND_OVER
    summary = {
        "customers": len(decided.customers),
        "ending": len(fates),
        "whole": len(fates.whole),
        "extracted": int(np.count_nonzero(fates.trimmed)),
        "ends": fates_of.end_counts(decided),
        "kept_by": fates_of.kept_counts(decided),
        "own_copies": {
            category: int((went[:, place] & (decided.end[:, place] == Verdict.DESTROY)).sum())
            for place, category in enumerate(decided.categories)
        },
        "held": len(queries.held_among(decided.customers.tolist(), at)),
        "papers": balancing.papers(decided),
        "places": {each.key: each.kind for each in queries.places()},
    }
    row = Plan.objects.create(case=case, decision_set=decided.digest, digest=scope, summary=summary, by=by, at=at)
    facts = {"plan": scope, "decision_set": decided.digest, "ending": len(fates), "whole": len(fates.whole)}
    ledger.append(kind="disposal.planned", scope=f"case:{case}", at=at, by=by, facts=facts)
    return queries.plan_view(row)


@transaction.atomic
def approve(*, plan: str, signers: Mapping[str, Signer], at: datetime) -> PlanView:
    """Two different people sign the plan with their own keys; `signers` by staff id.

    Raises:
        Refusal("disposal.no_such_plan"), ("disposal.plan_approved_already"), ("disposal.two_people"),
        ("disposal.not_the_signers_key"), ("access.…"): one of them leads, the other may sign beside.
    """
    row = Plan.objects.select_for_update().filter(digest=plan).first()
    if row is None:
        raise Refusal("disposal.no_such_plan", digest=plan)
    if row.approved_at is not None:
        raise Refusal("disposal.plan_approved_already", digest=plan)
    check_two(dict(signers))
    authority.check_signed(staff=list(signers), act="permit", at=at)
    told = {
        "case": row.case,
        "decision_set": row.decision_set,
        "summary": row.summary,
        "approvers": list(signers),
        "at": to_text(at),
        "simulated": ledger_queries.is_simulated(),
    }
    content = dsse.statement(subject={"plan": row.digest}, predicate_type=PREDICATE, predicate=told)
    row.envelope = dsse.sign(content, list(signers.values()))
    row.approved_by, row.approved_at = list(signers), at
    row.save(update_fields=["envelope", "approved_by", "approved_at"])
    facts = {"plan": row.digest, "approvers": list(signers), "signed": digest(row.envelope)}
    ledger.append(kind="disposal.plan_approved", scope=f"case:{row.case}", at=at, by=next(iter(signers)), facts=facts)
    return queries.plan_view(row)
