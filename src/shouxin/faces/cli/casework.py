"""`case`, `assessment`: opening, deciding, closing on evidence; the impact assessment and its two signatures."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from shouxin.cases import queries, services
from shouxin.duties.inventory import queries as inventory
from shouxin.duties.review import queries as review_queries
from shouxin.duties.review import services as review
from shouxin.faces import words
from shouxin.faces.cli.door import Outcome, given_json, session, verb
from shouxin.faces.cli.founding import now
from shouxin.ground.formats.papers import plan_pdf
from shouxin.ground.kernel.digests import digest_file
from shouxin.ground.kernel.signing import Signer
from shouxin.ground.kernel.times import from_text
from shouxin.stores.parties import queries as parties_queries
from shouxin.stores.parties import services as parties

case_app = typer.Typer(no_args_is_help=True, help="变更事项 / cases")
assessment_app = typer.Typer(no_args_is_help=True, help="事前影响评估 / impact assessment")
By = Annotated[str, typer.Option(help="经办人 staff:… / who does it")]
Signers = Annotated[list[str] | None, typer.Option("--signer", help="签字人 staff:…,可多个 / who signs")]


def signers_of(staff: list[str] | None) -> dict[str, Signer]:
    """The signers of these members of staff, each opened with an own passphrase."""
    return {
        each: parties.staff_signer(staff=each, passphrase=session.passphrase(each))
        for each in dict.fromkeys(staff or [])
    }


@case_app.command("open")
@verb
def case_open(
    *,
    title: Annotated[str, typer.Option(help="标题 / title")],
    interview: Annotated[Path, typer.Option(help="问答 JSON / the interview's answers")],
    by: By,
    playbook: str = "",
    another: Annotated[
        bool, typer.Option("--another", help="答案相同也另开一个 / also beside one with the same answers")
    ] = False,
) -> Outcome:
    """开立变更事项:先问十个问题 / Open a case from the interview."""
    answers = given_json(interview)
    row = services.open_case(title=title, answers=answers, by=by, at=now(), playbook=playbook, another=another)
    return Outcome({"case": row.id, **row.interview, "playbook": row.playbook_digest})


@case_app.command("status")
@verb
def case_status(case: str) -> Outcome:
    """现在到哪一步、缺什么 / Where the case stands and what is missing."""
    plain = queries.status(case, now())
    return Outcome(plain, lines=_status_lines(plain))


@case_app.command("plan")
@verb
def case_plan(
    case: str,
    *,
    out: Annotated[Path, typer.Option(help="写出 PDF / write the PDF here")],
) -> Outcome:
    """计划印成一页 A4:我们的步骤、登记机关的路、日子、要归档的纸件 / The plan on one A4 page."""
    sheet = queries.plan_sheet(case, now(), language=words.language())
    out.write_bytes(plan_pdf(sheet, language=words.language(), at=now()))
    return Outcome({"file": str(out), "steps": len(sheet.steps), "days": len(sheet.days), "clashes": sheet.clashes})


@case_app.command("list")
@verb
def case_list() -> Outcome:
    """变更事项 / Cases."""
    return Outcome({"cases": [{"case": row.id, "title": row.title, "state": row.state} for row in queries.cases()]})


@case_app.command("act")
@verb
def case_act(case: str, step: str) -> Outcome:
    """这一步要做什么、用哪条命令 / What a step asks and which command does it."""
    planned = queries.playbook_of(case).step(step)
    report = queries.step_report(case, step, now())
    lacking = [{"code": each.code, "facts": dict(each.facts)} for each in report.missing]
    return Outcome(
        {
            "step": step,
            "zh": planned.zh,
            "en": planned.en,
            "command": queries.command_of(case, step),
            "missing": lacking,
        }
    )


@case_app.command("decide")
@verb
def case_decide(case: str, *, by: By) -> Outcome:
    """逐人逐类决定 / Decide for each person and kind."""
    row = services.decide(case=case, by=by, at=now())
    return Outcome({"decision_set": row.digest, "final": row.is_final, "height": row.height, **row.summary})


@case_app.command("explain")
@verb
def case_explain(
    case: str,
    *,
    person: Annotated[str, typer.Option(help="客户 c_… / a customer")] = "",
    step: Annotated[str, typer.Option(help="步骤 / a step")] = "",
) -> Outcome:
    """解释:这个人为什么这样处理,或这一步为什么关不上 / Why one person is treated so, or why a step will not close."""
    if person:
        return Outcome(queries.explain_person(case, inventory.customer(person), now()))
    report = queries.step_report(case, step, now())
    plain = {
        "step": step,
        "provable": report.provable,
        "findings": [finding.to_plain() for finding in report.findings],
        "missing": [{"code": each.code, "facts": dict(each.facts), "owner": each.owner} for each in report.missing],
        "waived": list(report.waived),
    }
    return Outcome(plain, holds=report.provable)


@case_app.command("step")
@verb
def case_step(case: str, step: str, *, by: By, signer: Signers = None) -> Outcome:
    """关闭一步:证据齐才关得上 / Close a step on its findings."""
    row = services.close_step(case=case, step=step, by=by, at=now(), signers=list(signers_of(signer).values()))
    return Outcome({"step": step, "state": row.state, "findings": row.findings})


@case_app.command("waive")
@verb
def case_waive(
    case: str,
    step: str,
    *,
    check: Annotated[str, typer.Option(help="核验项 / the check")],
    reason: Annotated[str, typer.Option(help="理由 / why")],
    by: By,
    approver: Annotated[str, typer.Option(help="批准人 staff:…,不得是本人 / approver, somebody else")],
    until: Annotated[str, typer.Option(help="2026-12-31T00:00:00Z")],
) -> Outcome:
    """例外放行(写明理由,另一人批准,有期限) / A waiver: reasoned, approved by another, expiring."""
    row = services.waive(
        case=case,
        step=step,
        check=check,
        reason=reason,
        asked_by=by,
        approver=signers_of([approver])[approver],
        approved_by=approver,
        expires_at=from_text(until),
        at=now(),
    )
    return Outcome({"step": step, "check": row.check_name, "until": row.expires_at.isoformat()})


@case_app.command("state")
@verb
def case_state(
    case: str,
    *,
    kind: Annotated[str, typer.Option(help="声明的种类 / kind")],
    text: Annotated[str, typer.Option(help="声明的内容 / what is stated")],
    effective: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="生效日 / since when")],
    by: By,
    signer: Signers = None,
    file: Annotated[Path | None, typer.Option(help="附件 / a file")] = None,
) -> Outcome:
    """签署声明 / A signed statement."""
    row = services.state(
        case=case,
        kind=kind,
        text=text,
        file_digest=digest_file(file) if file else "",
        effective_on=date(effective.year, effective.month, effective.day),
        signers=list(signers_of(signer).values()),
        by=by,
        at=now(),
    )
    return Outcome({"statement": row.digest, "kind": kind, "signed_by": row.signed_by})


@case_app.command("permit")
@verb
def case_permit(case: str, *, by: By, signer: Signers = None) -> Outcome:
    """两人签发销毁许可 / Two people sign the permit to destroy."""
    row = services.permit(case=case, signers=signers_of(signer), by=by, at=now())
    return Outcome({"permit": row.digest, "decision_set": row.decision.digest})


@case_app.command("close")
@verb
def case_close(case: str, *, by: By) -> Outcome:
    """结案:全部重新核验 / Close the case; everything is checked again."""
    row = services.close(case=case, by=by, at=now())
    return Outcome({"case": row.id, "state": row.state})


@assessment_app.command("draft")
@verb
def assessment_draft(
    case: str,
    *,
    by: By,
    answers: Annotated[Path | None, typer.Option(help="问题的答复 JSON / answers to the questions")] = None,
    custodian: Annotated[str, typer.Option(help="保管人 / custodian of the report")] = "",
    out: Annotated[Path | None, typer.Option(help="写出文件 / write the document here")] = None,
) -> Outcome:
    """起草影响评估:清单里有的自动填,其余问一次 / Draft the assessment; what is not known is asked once."""
    row = queries.case(case)
    roles = sorted({flow["role"] for flow in row.interview["flows"]})
    if answers is not None:
        review.answer_questions(case=case, answers=given_json(answers), roles=roles, by=by, at=now())
    waiting = review_queries.unanswered(case, roles)
    if waiting:
        asked = [{"id": each.id, "zh": each.zh, "en": each.en, "law": each.law} for each in waiting]
        return Outcome({"unanswered": asked}, holds=False)
    facts: dict[str, Any] = {"roles": roles, "structure": row.structure, "custodian": custodian or by}
    for flow in row.interview["flows"][:1]:
        recipient = parties_queries.recipient(flow["recipient"])
        facts |= {"recipient": recipient.name, "recipient_contact": recipient.contact}
        facts |= {"purposes": flow["purposes"], "methods": flow["methods"]}
    view = review.draft(case=case, facts=facts, by=by, at=now())
    if out is not None:
        out.write_bytes(view.document)
    return Outcome({"edition": view.edition, "digest": view.digest, "state": view.state})


@assessment_app.command("sign")
@verb
def assessment_sign(case: str, *, staff: Annotated[str, typer.Option(help="签字人 staff:… / who signs")]) -> Outcome:
    """签署影响评估;须两人各用自己的密钥 / Sign the assessment; two people, two keys."""
    view = review.sign(case=case, staff=staff, signer=signers_of([staff])[staff], at=now())
    return Outcome({"edition": view.edition, "digest": view.digest, "state": view.state, "signers": list(view.signers)})


def _status_lines(plain: dict[str, Any]) -> tuple[str, ...]:
    zh = words.language() == "zh"
    mark = {"closed": "●", "waived": "◌", "provable": "◐", "open": "○"}
    lines = [f"{plain['title']}  [{plain['rule']}]  {plain['answers_until']} → {plain['closing_on']}"]
    for step in plain["steps"]:
        name = step["zh"] if zh else step["en"]
        lines.append(f" {mark[step['state']]} {step['step']:<18} {name}  {step['due']}")
        lines += [f"      - {words.sentence(each['code'], each['facts'])}" for each in step.get("missing", [])[:3]]
    people = ", ".join(f"{words.label(f'end.{name}')} {count}" for name, count in plain["people"].items())
    return (*lines, people) if people else tuple(lines)
