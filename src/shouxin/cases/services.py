"""The verbs of a case, its only writers.

1. A case pins its playbook by digest when it is opened; the interview fixes structure, rule, flows and dates. The
   same answers open a second case only where that is asked for.
2. A step closes when every check it names holds and what it needs is closed; otherwise all that is missing comes
   back. A waiver stands in for one check: reasoned, approved by somebody else, with an end.
3. A decision set is computed whole, never in part; only one made after the cut-off is final.
4. A permit rests on findings that hold, the newest final decision set and two people's keys.
5. Closing checks everything again; a closed case takes nothing more but the note that its
   evidence was given out again.
6. Whoever acts works here and has a role that may (`rulebook.access`): the owner and the privacy officer decide,
   permit and close; a second signer countersigns; a clerk opens and asks. Whoever signs signs with the own key: the
   company's key is nobody's.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

import numpy as np
from django.db import transaction

from shouxin.cases import decisions, queries
from shouxin.cases import playbooks as shipped
from shouxin.cases.checks import CHECKS
from shouxin.cases.interview import Ruling, rule_on
from shouxin.cases.judging import Judged, judge
from shouxin.cases.models import Case, Pack, Permit, Statement, Step, StoredDecision, Waiver
from shouxin.duties.consent.actors import check_staff
from shouxin.duties.disposal import queries as disposal
from shouxin.duties.disposal.holding import check_keys
from shouxin.ground.formats import permit as permits
from shouxin.ground.formats import playbook as playbooks
from shouxin.ground.kernel import dsse
from shouxin.ground.kernel.canonical import encode
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.ids import new_id
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.signing import Signer
from shouxin.ground.kernel.times import SHANGHAI, check_instant, day_in_china, to_text
from shouxin.ground.rulebook import gates
from shouxin.stores.jobs.alone import take_turn
from shouxin.stores.ledger import queries as ledger_queries
from shouxin.stores.ledger import services as ledger
from shouxin.stores.parties import authority
from shouxin.stores.parties import queries as parties

PERMIT_DAYS = 30
HAND_OVER_CHECKS = (
    "transfer.settled_share",
    "transfer.challenge_passed",
    "transfer.withdrawals_acknowledged",
    "transfer.cooling_off_over",
)
PERMIT_CHECKS = (
    "rights.open_requests",
    "relations.open_complaints",
    "review.assessment_signed_by_two",
    "backup.drill_fresh",
    "cases.decided",
)


@transaction.atomic
def open_case(
    *,
    title: str,
    answers: Mapping[str, Any],
    by: str,
    at: datetime,
    playbook: str = "",
    another: bool = False,
) -> Case:
    """Open a case from the interview; its steps get owners and due dates in Chinese working days.

    The interview chooses the playbook; naming one must agree with it. `another`: also beside one with the same answers.

    Raises:
        Refusal("cases.open_already", case=…): an open case rests on the same answers and the same playbook;
        Refusal("interview.…"), ("playbook.…"), ("parties.no_recipient"), ("parties.no_staff"), ("access.…").
    """
    _check_may(by, "open", at)
    ruling = rule_on(answers)
    for flow in ruling.flows:
        parties.recipient(flow.recipient)
    parsed = shipped.read(shipped.shipped(playbook or ruling.playbook))
    if not set(ruling.structures) & set(parsed.structures):
        raise Refusal("cases.playbook_of_another_structure", structure=ruling.structure, playbook=parsed.id)
    answers_digest = digest(json.dumps(answers, sort_keys=True).encode())
    take_turn("cases")
    known = Case.objects.filter(answers_digest=answers_digest, playbook_digest=parsed.digest, state=Case.OPEN).first()
    if known is not None and not another:
        raise Refusal("cases.open_already", case=known.id)
    row = Case.objects.create(
        id=new_id("case"),
        title=title,
        answers_digest=answers_digest,
        structure=ruling.structure,
        interview=ruling.to_plain(),
        recipient=ruling.main.recipient if ruling.main else "",
        playbook_text=parsed.whole,
        playbook_digest=parsed.digest,
        opened_at=check_instant(at),
        answers_until=datetime.combine(ruling.answers_until, time(23, 59, 59), SHANGHAI),
        closing_at=datetime.combine(ruling.closing_on, time(0, 0), SHANGHAI),
    )
    _plan_steps(row, parsed, ruling)
    told = {
        "playbook": parsed.digest,
        "edition": parsed.edition,
        "answers": answers_digest,
        "structures": list(ruling.structures),
        "rule": ruling.rule,
        "recipient": row.recipient,
        "answers_until": ruling.answers_until.isoformat(),
        "closing_on": ruling.closing_on.isoformat(),
        "blocks": [block.code for block in ruling.blocks],
        "undeclared": list(ruling.undeclared),
    }
    ledger.append(kind="cases.opened", scope=row.scope, at=at, by=by, facts=told)
    return row


def _open(case: str, by: str, act: str, at: datetime) -> Case:
    """The case, still open, for somebody who may act so on it.

    Raises:
        Refusal("cases.no_such_case"), ("cases.closed"), ("parties.no_staff"), ("access.…").
    """
    row = queries.case(case)
    _check_may(by, act, at)
    if row.state != Case.OPEN:
        raise Refusal("cases.closed", case=case)
    return row


def _check_may(by: str, act: str, at: datetime) -> None:
    check_staff(by)
    authority.check_may(by=by, act=act, at=at)


def _plan_steps(row: Case, parsed: playbooks.Playbook, ruling: Ruling) -> None:
    anchors = {
        "opening": day_in_china(row.opened_at),
        "answers_until": ruling.answers_until,
        "closing_day": ruling.closing_on,
    }
    plain = ruling.branches
    owners = {each.role: each.id for each in reversed(parties.staff())}
    for place, step in enumerate(parsed.in_order(plain)):
        due = step.due.day(anchors.get(step.due.anchor, anchors["opening"])) if step.due else None
        Step.objects.create(
            case=row,
            key=step.id,
            place=place,
            owner=owners.get(step.role, owners.get("owner", "")),
            due=due.date if due else None,
            due_is_provisional=bool(due and due.provisional),
        )


def close_step(*, case: str, step: str, by: str, at: datetime, signers: Sequence[Signer] = ()) -> Step:
    """Close a step on its findings, or refuse with everything that is missing.

    Raises:
        Refusal("cases.step_not_provable", missing=[…]), ("cases.step_closed"), ("cases.needs_open", steps=[…]),
        ("cases.second_signature"): the playbook asks for two people; and as `_open`.
    """
    row, parsed = _open(case, by, "close_step", at), queries.playbook_of(case)
    planned = parsed.step(step)
    with transaction.atomic():
        state = Step.objects.select_for_update().get(case=row, key=step)
        if state.state != Step.OPEN:
            raise Refusal("cases.step_closed", step=step, state=state.state)
        _check_needs(row, planned)
        _check_evidence(row, planned, signers, at)
        report = queries.step_report(case, step, at)
        if not report.provable:
            raise Refusal("cases.step_not_provable", step=step, missing=[item.code for item in report.missing])
        state.state = Step.WAIVED if report.waived else Step.CLOSED
        state.findings = [finding.to_plain() for finding in report.findings]
        state.closed_at = at
        state.save()
        told = {
            "step": step,
            "findings": digest(encode(state.findings)),
            "checks": [finding.name for finding in report.findings],
            "waived": list(report.waived),
            "signed_by": [each.key_id for each in signers],
        }
        ledger.append(kind="cases.step_closed", scope=row.scope, at=at, by=by, facts=told)
    return state


def _check_needs(row: Case, planned: playbooks.Step) -> None:
    waiting = Step.objects.filter(case=row, key__in=planned.needs, state=Step.OPEN).values_list("key", flat=True)
    if waiting:
        raise Refusal("cases.needs_open", step=planned.id, steps=sorted(waiting))


def _check_evidence(row: Case, planned: playbooks.Step, signers: Sequence[Signer], at: datetime) -> None:
    staff = parties.distinct_signers(each.key_id for each in signers)
    if "second_signature" in planned.evidence and len(staff) < 2:
        raise Refusal("cases.second_signature", step=planned.id)
    if staff:
        authority.check_signed(staff=staff, act="close_step", at=at)
    if "document" in planned.evidence and not row.statements.filter(kind=planned.id).exclude(file_digest="").exists():
        raise Refusal("cases.document_missing", step=planned.id)


@transaction.atomic
def waive(
    *,
    case: str,
    step: str,
    check: str,
    reason: str,
    asked_by: str,
    approver: Signer,
    approved_by: str,
    expires_at: datetime,
    at: datetime,
) -> Waiver:
    """Let one check pass for a while: reasoned, approved and signed by somebody else than who asked.

    Raises:
        Refusal("cases.own_waiver"), ("cases.waiver_reason"), ("cases.waiver_expiry"), ("cases.no_such_check"),
        ("disposal.not_the_signers_key"): the approval is not by the approver's own key; and as `_open`.
    """
    row, parsed = _open(case, asked_by, "ask_waiver", at), queries.playbook_of(case)
    if asked_by == approved_by:
        raise Refusal("cases.own_waiver")
    if len(reason.strip()) < 10:
        raise Refusal("cases.waiver_reason", least=10)
    if not at < expires_at <= at + timedelta(days=180):
        raise Refusal("cases.waiver_expiry", most_days=180)
    if check not in [predicate.name for predicate in parsed.step(step).closes_on]:
        raise Refusal("cases.no_such_check", step=step, check=check)
    check_keys({approved_by: approver})
    authority.check_may(by=approved_by, act="countersign", at=at)
    authority.check_led(staff=(asked_by, approved_by), act="waive", at=at)
    told = {
        "case": case,
        "step": step,
        "check": check,
        "reason": digest(reason.encode()),
        "asked_by": asked_by,
        "approved_by": approved_by,
        "expires": to_text(expires_at),
    }
    content = dsse.statement(subject={"reason": digest(reason.encode())}, predicate_type="waiver/v1", predicate=told)
    envelope = dsse.sign(content, [approver])
    ledger.append(
        kind="cases.waived", scope=row.scope, at=at, by=approved_by, facts={**told, "signed": digest(envelope)}
    )
    return Waiver.objects.create(
        case=row,
        step=step,
        check_name=check,
        reason=reason,
        asked_by=asked_by,
        approved_by=approved_by,
        envelope=envelope,
        expires_at=expires_at,
        at=at,
    )


@transaction.atomic
def state(
    *,
    case: str,
    kind: str,
    text: str,
    file_digest: str,
    effective_on: Any,
    signers: Sequence[Signer],
    by: str,
    at: datetime,
) -> Statement:
    """Keep a signed statement: what somebody says is true, since when, with a file's digest.

    Raises:
        Refusal("cases.statement_unsigned"), ("cases.statement_text"), ("cases.statement_future"); and as `_open`.
    """
    row = _open(case, by, "state", at)
    if not signers:
        raise Refusal("cases.statement_unsigned")
    if not text.strip():
        raise Refusal("cases.statement_text")
    if effective_on > day_in_china(at):
        raise Refusal("cases.statement_future", effective_on=effective_on.isoformat())
    told = {
        "case": case,
        "kind": kind,
        "text": digest(text.encode()),
        "file": file_digest,
        "effective_on": effective_on.isoformat(),
        "issued": to_text(at),
    }
    content = dsse.statement(subject={kind: digest(text.encode())}, predicate_type="statement/v1", predicate=told)
    envelope = dsse.sign(content, signers)
    ledger.append(kind="cases.stated", scope=row.scope, at=at, by=by, facts={**told, "signed": digest(envelope)})
    return Statement.objects.create(
        case=row,
        kind=kind,
        file_digest=file_digest,
        effective_on=effective_on,
        envelope=envelope,
        digest=digest(envelope),
        signed_by=[each.key_id for each in signers],
        at=at,
    )


def decide(*, case: str, by: str, at: datetime) -> StoredDecision:
    """Decide for every person and category what may be handed over and what becomes of what stays.

    Before the last day for answers the set is provisional and may hold open cells; from then on the cut-off rule closes
    them. Cells whose hand-over the other company has settled meet table B's own end.

    Raises:
        as `_open`.
    """
    row = _open(case, by, "decide", at)
    judged = judge(row, at)
    decided = gates.decision_set(
        case=case,
        cutoff=row.answers_until,
        height=ledger_queries.height(),
        customers=judged.gathered.customers,
        flow=judged.flow,
        remains=judged.stays,
    )
    return _keep_decision(row, decided, judged, by=by, at=at)


@transaction.atomic
def _keep_decision(row: Case, decided: gates.DecisionSet, judged: Judged, *, by: str, at: datetime) -> StoredDecision:
    counted = dict(decisions.summary(decided, judged.headline))
    rows, counts = np.unique(decided.row[judged.handed_over], return_counts=True)
    counted["moved_rows"] = {f"A{int(number):02d}": int(count) for number, count in zip(rows, counts, strict=True)}
    told = {
        "decision_set": decided.digest,
        "law": decided.law_edition,
        "final": judged.is_final,
        "customers": counted["customers"],
        "people": counted["people"],
    }
    ledger.append(kind="cases.decided", scope=row.scope, at=at, by=by, facts=told)
    return StoredDecision.objects.create(
        case=row,
        digest=decided.digest,
        height=decided.height,
        is_final=judged.is_final,
        summary=counted,
        body=decisions.pack(decided),
        at=at,
    )


def permit(*, case: str, signers: Mapping[str, Signer], by: str, at: datetime) -> Permit:
    """Issue the permit to destroy what the newest final decision set ends, signed by two people.

    Raises:
        Refusal("cases.not_decided"), ("cases.permit_findings", missing=[…]), ("permit.approvers"), ("permit.scope"),
        ("disposal.not_the_signers_key"); and as `_open`.
    """
    row = _open(case, by, "permit", at)
    check_keys(dict(signers))
    if signers:
        authority.check_signed(staff=list(signers), act="permit", at=at)
    stored = queries.newest_final(case)
    decided = decisions.unpack(stored)
    asked = PERMIT_CHECKS + (HAND_OVER_CHECKS if row.recipient else ())
    findings = [CHECKS[name](case, at) for name in asked]
    unmet = [finding.name for finding in findings if not finding.holds]
    if unmet:
        raise Refusal("cases.permit_findings", missing=unmet)
    counts, scope_digest = disposal.permit_scope(decided)
    content = permits.Permit(
        company=parties.company().name,
        origin=ledger_queries.origin(),
        case=case,
        decision_set=decided.digest,
        scope_digest=scope_digest,
        counts=counts,
        findings=permits.frozen_findings(findings),
        height=ledger_queries.height(),
        approvers=tuple(signers),
        issued=at,
        expires=at + timedelta(days=PERMIT_DAYS),
        simulated=ledger_queries.is_simulated(),
    )
    envelope = permits.issue(content, signers=list(signers.values()))
    with transaction.atomic():
        told = {
            "permit": digest(envelope),
            "decision_set": decided.digest,
            "approvers": list(signers),
            "cells": content.cells,
        }
        ledger.append(kind="cases.permitted", scope=row.scope, at=at, by=by, facts=told)
        return Permit.objects.create(case=row, envelope=envelope, digest=digest(envelope), decision=stored, at=at)


@transaction.atomic
def note_pack(
    *,
    case: str,
    pack_digest: str,
    file_name: str,
    exit_code: int,
    by: str,
    at: datetime,
    edition: str = "auditor",
    entries: Mapping[str, str] | None = None,
) -> Pack:
    """An evidence pack was exported and verified with this result; `entries` are its entries' digests."""
    row = queries.case(case)
    told = {"pack": pack_digest, "verified": exit_code}
    ledger.append(kind="cases.pack_exported", scope=row.scope, at=at, by=by, facts=told)
    return Pack.objects.create(
        case=row,
        digest=pack_digest,
        file_name=file_name,
        edition=edition,
        entries=dict(entries or {}),
        exit_code=exit_code,
        at=at,
    )


def close(*, case: str, by: str, at: datetime) -> Case:
    """Close the case: every step closed, every finding checked again now.

    Raises:
        Refusal("cases.steps_open", steps=[…]), ("cases.no_longer_provable", steps=[…]); and as `_open`.
    """
    row = _open(case, by, "close", at)
    still_open = list(row.steps.filter(state=Step.OPEN).values_list("key", flat=True))
    if still_open:
        raise Refusal("cases.steps_open", steps=still_open)
    broken = [step.key for step in row.steps.all() if not queries.step_report(case, step.key, at).provable]
    if broken:
        raise Refusal("cases.no_longer_provable", steps=broken)
    with transaction.atomic():
        row = Case.objects.select_for_update().get(id=case)
        if row.state != Case.OPEN:
            raise Refusal("cases.closed", case=case)
        row.state, row.closed_at = Case.CLOSED, at
        row.save()
        ledger.append(kind="cases.closed", scope=row.scope, at=at, by=by, facts={"steps": row.steps.count()})
    return row
