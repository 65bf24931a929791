"""Reads of a case: where it stands, what each step still lacks, why one person is treated as decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from shouxin.cases import decisions, facts
from shouxin.cases import playbooks as shipped
from shouxin.cases.acts import ACTS
from shouxin.cases.checks import CHECKS
from shouxin.cases.judging import judge
from shouxin.cases.models import Case, Permit, Step, StoredDecision
from shouxin.cases.planning import plan_of
from shouxin.duties.inventory import queries as inventory
from shouxin.ground.formats import playbook as playbooks
from shouxin.ground.formats.papers import PlannedDay, PlannedStep, PlanSheet
from shouxin.ground.kernel.findings import Finding, Missing
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.times import day_in_china
from shouxin.ground.rulebook import gates, law, terms, windows
from shouxin.ground.rulebook.gates import FlowRole
from shouxin.ground.rulebook.terms import reasons
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.parties import queries as parties


@dataclass(frozen=True)
class StepReport:
    """What a step's checks found now, what is missing, which checks a waiver lets pass."""

    step: str
    findings: tuple[Finding, ...]
    missing: tuple[Missing, ...]
    waived: tuple[str, ...]

    @property
    def provable(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


def case(case_id: str) -> Case:
    """One case.

    Raises:
        Refusal("cases.no_such_case").
    """
    row = Case.objects.filter(id=case_id).first()
    if row is None:
        raise Refusal("cases.no_such_case")
    return row


def cases() -> list[Case]:
    """All cases, the newest first."""
    return list(Case.objects.order_by("-opened_at"))


def asks(case_id: str) -> bool:
    """Whether this case asks each person for consent to its flow; otherwise it tells."""
    flow = facts.main_flow(case(case_id))
    return flow is not None and flow["role"] == FlowRole.OTHER_HANDLER


def main_flow(case_id: str) -> Mapping[str, Any]:
    """The flow to the case's recipient.

    Raises:
        Refusal("cases.no_flow"): nothing is handed over in this case.
    """
    flow = facts.main_flow(case(case_id))
    if flow is None:
        raise Refusal("cases.no_flow", case=case_id)
    return flow


def playbook_of(case_id: str) -> playbooks.Playbook:
    """The playbook that the case pinned."""
    return shipped.read(case(case_id).playbook_text)


def step_report(case_id: str, step: str, at: datetime) -> StepReport:
    """Evaluate a step's checks now."""
    row, planned = case(case_id), playbook_of(case_id).step(step)
    waivers = set(row.waivers.filter(step=step, expires_at__gt=at).values_list("check_name", flat=True))
    findings: list[Finding] = []
    missing: list[Missing] = []
    waived: list[str] = []
    for predicate in planned.closes_on:
        finding = CHECKS[predicate.name](case_id, at)
        findings.append(finding)
        if _is_met(predicate, finding):
            continue
        if predicate.name in waivers:
            waived.append(predicate.name)
            continue
        unmet = Missing("cases.check_unmet", {"check": str(predicate), "value": str(finding.value)})
        missing += finding.missing or [unmet]
    return StepReport(step, tuple(findings), tuple(missing), tuple(waived))


def _is_met(predicate: playbooks.Predicate, finding: Finding) -> bool:
    """The predicate holds over something; over nothing only where the playbook says that nothing is expected."""
    if finding.holds and predicate.holds(finding.value):
        return True
    return predicate.allows_nothing and not finding.missing


def is_stale(step: Step) -> bool:
    """Whether the ledger holds a later entry of a kind that a closed step's checks read."""
    for plain in step.findings:
        check = CHECKS.get(plain["name"])
        if check is None:
            continue
        kinds = check(step.case_id, step.closed_at or step.case.opened_at).kinds
        if kinds and ledger.newest(("company", step.case.scope), kinds) >= plain["height"]:
            return True
    return False


def status(case_id: str, at: datetime) -> dict[str, Any]:
    """The case on one page: rule, dates, steps with what they lack, people by end, waivers."""
    row, parsed = case(case_id), playbook_of(case_id)
    steps = [_step_line(row, parsed, step, at) for step in row.steps.all()]
    newest = row.decisions.order_by("-id").first()
    return {
        "case": row.id,
        "title": row.title,
        "state": row.state,
        "structure": row.structure,
        "rule": row.interview["rule"],
        "reading": row.interview["reading"],
        "answers_until": row.interview["answers_until"],
        "closing_on": row.interview["closing_on"],
        "steps": steps,
        "people": newest.summary["people"] if newest else {},
        "decision_set": newest.digest if newest else "",
        "waivers": [
            {
                "step": each.step,
                "check": each.check_name,
                "approved_by": each.approved_by,
                "until": each.expires_at.isoformat(),
            }
            for each in row.waivers.all()
        ],
        "height": ledger.height(),
    }


def plan_sheet(case_id: str, at: datetime, *, language: str) -> PlanSheet:
    """The plan of the case for one page: our steps, the days of the law's windows, what clashes."""
    row, parsed = case(case_id), playbook_of(case_id)
    fixed, plan = row.interview, plan_of(row.interview, today=day_in_china(row.opened_at))
    told = status(case_id, at)
    lines = [(each, parsed.step(each["step"])) for each in told["steps"]]
    owners = {each.id: terms.term(f"role.{each.role}").say(language) for each in parties.staff(include_revoked=True)}
    return PlanSheet(
        title=row.title,
        company=parties.company().name,
        rule=f"{law.cite(fixed['rule']).say(language)} · {fixed['reading' if language == 'zh' else 'reading_en']}",
        steps=[
            PlannedStep(
                name=planned.zh if language == "zh" else planned.en,
                owner=owners.get(each["owner"], ""),
                due=str(each["due"] or ""),
                state=each["state"],
                files_paper="document" in planned.evidence,
            )
            for each, planned in lines
        ],
        days=[_planned_day(each, language) for each in sorted(plan.events.values(), key=_first_day)],
        clashes=[each.say(language) for each in plan.clashes],
        playbook_digest=row.playbook_digest,
    )


def _first_day(planned: windows.Planned) -> tuple[date, date]:
    return planned.fixed or planned.earliest, planned.earliest


def _planned_day(planned: windows.Planned, language: str) -> PlannedDay:
    span = f"{planned.earliest} –" if planned.latest is None else f"{planned.earliest} – {planned.latest}"
    mark = "*" if planned.provisional else ""
    is_authority = planned.event.road == "authority"
    return PlannedDay(f"{planned.fixed or span}{mark}", planned.event.say(language), is_authority)


def _step_line(row: Case, parsed: playbooks.Playbook, step: Step, at: datetime) -> dict[str, Any]:
    planned = parsed.step(step.key)
    line = {
        "step": step.key,
        "zh": planned.zh,
        "en": planned.en,
        "phase": planned.phase,
        "law": list(planned.law),
        "owner": step.owner,
        "due": step.due.isoformat() if step.due else "",
        "due_is_provisional": step.due_is_provisional,
        "state": step.state,
        "act": ACTS.get(planned.act or "", ""),
    }
    if step.state != Step.OPEN:
        return {**line, "missing": []}
    waiting = sorted(row.steps.filter(key__in=planned.needs, state=Step.OPEN).values_list("key", flat=True))
    report = step_report(row.id, step.key, at)
    found = [
        {"code": each.code, "facts": dict(each.facts), "owner": each.owner, "due": each.due} for each in report.missing
    ]
    return {**line, "state": "provable" if not found and not waiting else "open", "needs": waiting, "missing": found}


def newest_final(case_id: str) -> StoredDecision:
    """The newest decision made after the cut-off.

    Raises:
        Refusal("cases.not_decided").
    """
    row = StoredDecision.objects.filter(case_id=case_id, is_final=True).order_by("-id").first()
    if row is None:
        raise Refusal("cases.not_decided", case=case_id)
    return row


def final_decision(case_id: str) -> gates.DecisionSet:
    """The newest final decision set, frozen.

    Raises:
        Refusal("cases.not_decided"); Corrupt: its bytes are not what was recorded.
    """
    return decisions.unpack(newest_final(case_id))


def newest_permit(case_id: str) -> Permit:
    """The newest permit.

    Raises:
        Refusal("cases.no_permit").
    """
    row = Permit.objects.filter(case_id=case_id).order_by("-id").first()
    if row is None:
        raise Refusal("cases.no_permit", case=case_id)
    return row


def explain_person(case_id: str, customer: int, at: datetime) -> dict[str, Any]:
    """Why this person is treated so, per category: the deciding row, its article, the facts, what would change it; and
    the same for what `stays` here.

    Raises:
        Refusal("cases.no_such_case"), ("inventory.no_such_customer").
    """
    judged = judge(case(case_id), at)
    place = judged.place(customer)
    if place is None:
        raise Refusal("inventory.no_such_customer")
    told = []
    for category in facts.CATEGORIES:
        goes, stays = judged.explain(place, category)
        told.append({"category": category, **_explained(goes or stays), "stays": _explained(stays)})
    return {"case": case_id, "customer": inventory.handle(customer), "categories": told}


def _explained(why: gates.Explanation) -> Mapping[str, Any]:
    reason = reasons().get(why.code)
    return {
        "row": why.row,
        "verdict": why.verdict.name,
        "code": why.code,
        "zh": reason.zh if reason else why.code,
        "en": reason.en if reason else why.code,
        "law": [{"id": each.id, "mark": each.mark, "zh": each.zh} for each in why.law],
        "is_reading": why.is_reading,
        "is_verified": why.is_verified,
        "tried": [each.row for each in why.tried],
        "facts": {each.name: each.value for each in why.facts},
        "would_change": [
            {
                "fact": each.name,
                "was": each.was,
                "otherwise": each.otherwise,
                "verdict": each.verdict.name,
                "row": each.row,
            }
            for each in why.changes
        ],
    }


def command_of(case_id: str, step: str) -> str:
    """The command that does what a step asks; empty where a person only signs."""
    return ACTS.get(playbook_of(case_id).step(step).act or "", "")
