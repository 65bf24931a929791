"""A case made ready for its page: what is missing first, people by end, the time line, steps with live findings.

Nothing is judged here: each word comes from a finding, a decision set or the playbook, each finding leads to the newest
entry that it rests on.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import numpy as np

from shouxin.cases import decisions
from shouxin.cases import queries as cases
from shouxin.cases.acts import ACTS
from shouxin.cases.models import Case, Step
from shouxin.duties.consent import queries as consent
from shouxin.duties.inventory import queries as inventory
from shouxin.duties.notices import queries as notices
from shouxin.faces.web import findings, speech
from shouxin.ground.formats import playbook as playbooks
from shouxin.ground.kernel.findings import Finding, Missing
from shouxin.ground.kernel.refusals import Refusal, ShouxinError
from shouxin.ground.kernel.times import day_in_china
from shouxin.ground.rulebook import gates, workdays
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.parties import queries as parties

MARKS = {"proved": "●", "waived": "◍", "stale": "◑", "closable": "◕", "missing": "◐", "waiting": "◔", "not_yet": "○"}
ENDS = ("handed_over", "sealed", "destroyed", "archived", "anonymised", "kept", "open", "none")
ANSWERS = ("agree", "refuse", "withdraw", "call_me")
ALIKE_SHOWN = 3
_STORED_SHARE = re.compile(r"\d\.\d{4}")
_STEP_CLOSED = "cases.step_closed"


@dataclass(frozen=True)
class FindingLine:
    """One check: what it found, whether it holds, and the entry it rests on."""

    name: str
    value: str
    holds: bool
    height: int
    entry: int | None


@dataclass(frozen=True)
class MissingLine:
    """One thing that is missing, in words, from whom, until when."""

    text: str
    owner: str
    due: str
    times: int = 1


@dataclass(frozen=True)
class Found:
    """What a step's checks found, what is missing, what a waiver lets pass."""

    findings: tuple[FindingLine, ...]
    missing: tuple[MissingLine, ...]
    waived: tuple[str, ...]


@dataclass(frozen=True)
class StepLine:
    """One step: state, owner, last day, law, findings, what is missing, what it waits for."""

    key: str
    name: str
    state: str
    mark: str
    owner: str
    due: date | None
    is_provisional: bool
    is_late: bool
    laws: tuple[str, ...]
    findings: tuple[FindingLine, ...]
    missing: tuple[MissingLine, ...]
    needs: tuple[str, ...]
    waived: tuple[str, ...]
    command: str
    closed_at: datetime | None
    entry: int | None

    @property
    def is_open(self) -> bool:
        """Whether something is to be done here now."""
        return self.state in ("missing", "waiting", "closable", "stale")


@dataclass(frozen=True)
class Bar:
    """How many people, out of all, and where their list is."""

    name: str
    word: str
    count: int
    share: float
    which: str


@dataclass(frozen=True)
class Milestone:
    """A day on the time line and its place between the first and the last, 0 to 100."""

    name: str
    on: date
    place: float
    is_past: bool


@dataclass(frozen=True)
class Page:
    """All that the page shows."""

    case: Case
    at: datetime
    phases: tuple[tuple[str, tuple[StepLine, ...]], ...]
    states: tuple[tuple[str, str, int], ...]
    next: StepLine | None
    closable: tuple[StepLine, ...]
    missing_count: int
    customers: int
    bars: tuple[Bar, ...]
    is_decided: bool
    is_final: bool
    milestones: tuple[Milestone, ...]
    today: float
    workday: int
    recipient: str
    waivers: tuple[Any, ...]
    packs: tuple[Any, ...]
    decision_entry: int | None


def build(case_id: str, at: datetime) -> Page:
    """The page of a case now.

    Raises:
        Refusal("cases.no_such_case").
    """
    row, parsed = cases.case(case_id), cases.playbook_of(case_id)
    closings = {each.facts["step"]: each.seq for each in ledger.entries(scope=row.scope, kinds=(_STEP_CLOSED,))}
    steps = {step.key: _step(row, parsed, step, at, closings.get(step.key)) for step in row.steps.all()}
    waiting = [step for step in steps.values() if step.is_open]
    newest = row.decisions.order_by("-id").first()
    milestones = _milestones(row, parsed, at)
    customers = inventory.counts()["customers"]
    return Page(
        case=row,
        at=at,
        phases=tuple(_by_phase(parsed, steps)),
        states=tuple((state, mark, _count(steps, state)) for state, mark in MARKS.items() if _count(steps, state)),
        next=next((step for step in waiting if step.missing), waiting[0] if waiting else None),
        closable=tuple(step for step in waiting if step.state == "closable"),
        missing_count=sum(each.times for step in waiting for each in step.missing),
        customers=customers,
        bars=tuple(_ends(newest.summary) if newest else _answers(row, customers, at)),
        is_decided=newest is not None,
        is_final=bool(newest and newest.is_final),
        milestones=tuple(milestones),
        today=_place(day_in_china(at), milestones[0].on, milestones[-1].on),
        workday=_workday(day_in_china(row.opened_at), day_in_china(row.answers_until)),
        recipient=_recipient(row.recipient),
        waivers=tuple(row.waivers.all()),
        packs=tuple(row.packs.order_by("-id")[:1]),
        decision_entry=_entry(row, ("cases.decided",)),
    )


def _count(steps: Mapping[str, StepLine], state: str) -> int:
    return sum(1 for step in steps.values() if step.state == state)


def _by_phase(parsed: playbooks.Playbook, steps: Mapping[str, StepLine]) -> Iterator[tuple[str, tuple[StepLine, ...]]]:
    for phase in parsed.phases:
        inside = tuple(steps[step.id] for step in parsed.steps if step.phase == phase.id and step.id in steps)
        if inside:
            yield _said(phase), inside


def _said(named: Any) -> str:
    return str(getattr(named, speech.language()))


def _step(row: Case, parsed: playbooks.Playbook, step: Step, at: datetime, entry: int | None) -> StepLine:
    planned = parsed.step(step.key)
    needs = row.steps.filter(key__in=planned.needs, state=Step.OPEN)
    waits_for = tuple(_said(parsed.step(key)) for key in needs.values_list("key", flat=True))
    found = _found(row, step, at, entry=entry, is_due=not waits_for)
    state = _state(step, waits_for, found.missing)
    return StepLine(
        key=step.key,
        name=_said(planned),
        state=state,
        mark=MARKS[state],
        owner=_name_of(step.owner),
        due=step.due,
        is_provisional=step.due_is_provisional,
        is_late=bool(step.due and step.state == Step.OPEN and day_in_china(at) > step.due),
        laws=tuple(planned.law),
        findings=found.findings,
        missing=found.missing,
        needs=waits_for,
        waived=found.waived,
        command=ACTS.get(planned.act or "", ""),
        closed_at=step.closed_at,
        entry=entry,
    )


def _found(row: Case, step: Step, at: datetime, *, entry: int | None, is_due: bool) -> Found:
    """Live findings of an open step whose turn it is, and of a closed one since when something came in; otherwise what
    it closed on.
    """
    is_closed = step.state != Step.OPEN
    if is_closed and not cases.is_stale(step):
        return Found(tuple(_kept(plain, entry) for plain in step.findings), (), ())
    if not is_closed and not is_due:
        return Found((), (), ())
    try:
        report = cases.step_report(row.id, step.key, at)
    except ShouxinError as error:
        return Found((), (_trouble(error),), ())
    return Found(tuple(_finding(row, finding) for finding in report.findings), _once(report.missing), report.waived)


def _once(missing: tuple[Missing, ...]) -> tuple[MissingLine, ...]:
    """The missing things; many of one kind stand as one line with their number."""
    kinds: dict[tuple[str, str], list[Missing]] = {}
    for each in missing:
        kinds.setdefault((each.code, each.owner), []).append(each)
    lines = []
    for alike in kinds.values():
        shown = alike if len(alike) <= ALIKE_SHOWN else alike[:1]
        lines += [replace(_missing(each), times=len(alike) if len(shown) < len(alike) else 1) for each in shown]
    return tuple(lines)


def _state(step: Step, waits_for: tuple[str, ...], missing: tuple[MissingLine, ...]) -> str:
    if step.state != Step.OPEN:
        return "stale" if missing else "waived" if step.state == Step.WAIVED else "proved"
    if waits_for:
        return "not_yet"
    if not missing:
        return "closable"
    return "waiting" if all(each.owner == "peer" for each in missing) else "missing"


def _finding(row: Case, finding: Finding) -> FindingLine:
    entry = finding.entries[-1] if finding.entries else _entry(row, finding.kinds)
    return FindingLine(finding.name, _value(finding.value), finding.holds, finding.height, entry)


def _kept(plain: Mapping[str, Any], closing: int | None) -> FindingLine:
    """A finding as the step closed on it; it rests on the entry that closed the step where it names none."""
    entry = plain["entries"][-1] if plain["entries"] else closing
    return FindingLine(plain["name"], _value(plain["value"]), bool(plain["holds"]), plain["height"], entry)


def _entry(row: Case, kinds: tuple[str, ...]) -> int | None:
    found = ledger.newest(("company", row.scope), kinds) if kinds else -1
    return found if found >= 0 else None


def _value(value: object) -> str:
    if isinstance(value, bool):
        return {"zh": ("否", "是"), "en": ("no", "yes")}[speech.language()][value]
    if isinstance(value, float):
        return f"{value:.1%}"
    if isinstance(value, str) and _STORED_SHARE.fullmatch(value):
        return f"{float(value):.1%}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _missing(each: Missing) -> MissingLine:
    return MissingLine(findings.missing(each.code, each.facts), _owner(each.owner), each.due)


def _trouble(error: ShouxinError) -> MissingLine:
    """A check that could not be made is a thing that is missing."""
    code, facts = (error.code, error.facts) if isinstance(error, Refusal) else ("unavailable", {"what": str(error)})
    return MissingLine(findings.missing(code, facts), "", "")


def _owner(owner: str) -> str:
    """Whose turn it is: a person by name, the other company, or a role."""
    if owner.startswith("staff:"):
        return _name_of(owner)
    if owner == "peer" or owner.startswith("recipient:"):
        return "peer"
    return owner.removeprefix("role.")


def _name_of(staff: str) -> str:
    try:
        return parties.staff_member(staff).name
    except Refusal:
        return ""


def _recipient(recipient: str) -> str:
    try:
        return parties.recipient(recipient).name
    except Refusal:
        return ""


def _ends(summary: Mapping[str, Any]) -> Iterator[Bar]:
    """People by their one headline end, as the newest decision set has them."""
    people, total = summary["people"], max(summary["customers"], 1)
    for name in ENDS:
        if people.get(name):
            yield Bar(name, f"end.{name}", people[name], people[name] / total, name)


def _answers(row: Case, customers: int, at: datetime) -> Iterator[Bar]:
    """Before anything is decided: people by the answer that stands."""
    counted = consent.counts(row.id, at)
    silent = customers - sum(counted.get(name, 0) for name in ANSWERS)
    for name in ANSWERS:
        if counted.get(name):
            yield Bar(name, f"answer.{name}", counted[name], counted[name] / max(customers, 1), name)
    if silent > 0:
        yield Bar("none", "answer.none", silent, silent / max(customers, 1), "no_answer")


def people(case_id: str, which: str, at: datetime) -> list[int]:
    """The customers behind a count: not told yet, by standing answer, or by headline end.

    Raises:
        Refusal("cases.no_such_case"), Refusal("web.no_such_list").
    """
    row = cases.case(case_id)
    if which == "untold":
        return notices.untold(case_id, at)
    if which in ANSWERS or which == "no_answer":
        return _by_answer(case_id, which, at)
    if which in ENDS:
        return _by_end(row, which)
    raise Refusal("web.no_such_list", which=which)


def _by_answer(case_id: str, which: str, at: datetime) -> list[int]:
    found = consent.answers(case_id, at)
    if which == "no_answer":
        everyone = [chunk.customer for chunk in inventory.facts()]
        answered = found.customer[found.answer != gates.Answer.NONE]
        return [int(each) for chunk in everyone for each in chunk[~np.isin(chunk, answered)]]
    return [int(each) for each in found.customer[found.answer == gates.Answer[which.upper()]]]


def _by_end(row: Case, which: str) -> list[int]:
    newest = row.decisions.order_by("-id").first()
    if newest is None:
        return []
    decided = decisions.unpack(newest)
    stays = gates.Decisions(
        categories=decided.categories,
        row=decided.end_row,
        verdict=decided.end,
        outcome=decided.end_outcome,
        detail=decided.end_detail,
    )
    flow = gates.Decisions(
        categories=decided.categories,
        row=decided.row,
        verdict=decided.verdict,
        outcome=decided.outcome,
        detail=decided.detail,
    )
    ends = gates.headline(flows=[flow], remains=stays)
    return [int(each) for each in decided.customers[ends == gates.End[which.upper()]]]


def _milestones(row: Case, parsed: playbooks.Playbook, at: datetime) -> list[Milestone]:
    """The opening, the last day of each phase, the last day for answers, the closing day."""
    days: dict[str, date] = {"opening": day_in_china(row.opened_at)}
    days["answers_until"] = day_in_china(row.answers_until)
    days["closing_day"] = day_in_china(row.closing_at)
    for name, key in _STEPS_ON_THE_LINE.items():
        step = row.steps.filter(key=key).first()
        if step is not None and step.due:
            days[name] = step.due
    ordered = sorted(days.items(), key=lambda each: each[1])
    first, last = ordered[0][1], ordered[-1][1]
    today = day_in_china(at)
    return [Milestone(name, on, _place(on, first, last), on < today) for name, on in ordered]


_STEPS_ON_THE_LINE = {
    "tell": "tell-customers",
    "pack": "pack",
    "receipt": "settle",
    "end": "destroy",
    "archive": "prove",
}


def _place(on: date, first: date, last: date) -> float:
    span = max((last - first).days, 1)
    return min(max((on - first).days / span, 0), 1) * 100


def _workday(start: date, end: date) -> int:
    try:
        return workdays.workdays_between(start, end)
    except Refusal:
        return 0
