"""`notices`, `consent`, `rights`: telling customers, their answers, what else they ask for."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from django.db import transaction

from shouxin.cases import queries as cases
from shouxin.duties.consent import queries as consent_queries
from shouxin.duties.consent import services as consent
from shouxin.duties.consent.services import AskedRow
from shouxin.duties.inventory import queries as inventory
from shouxin.duties.notices import queries as notices_queries
from shouxin.duties.notices import services as notices
from shouxin.duties.relations import queries as relations_queries
from shouxin.duties.relations import services as relations
from shouxin.duties.relations.queries import MatterView
from shouxin.duties.rights import queries as rights_queries
from shouxin.duties.rights import services as rights
from shouxin.duties.rights.queries import RequestView
from shouxin.faces.cli.door import Outcome, Teller, given_json, given_text, verb
from shouxin.faces.cli.founding import now
from shouxin.faces.cli.wording import texts_of
from shouxin.ground.kernel.digests import digest_file
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook.gates import Answer

notices_app = typer.Typer(no_args_is_help=True, help="告知 / notices")
consent_app = typer.Typer(no_args_is_help=True, help="答复 / answers")
rights_app = typer.Typer(no_args_is_help=True, help="权利请求与投诉 / requests and complaints")
By = Annotated[str, typer.Option(help="经办人 staff:… / who does it")]
TAKEN_IN = (*rights.REQUEST_KINDS, *relations.DUE_WORKDAYS)


@notices_app.command("adopt")
@verb
def notices_adopt(
    case: str,
    *,
    wording: Annotated[Path, typer.Option(help="措辞 JSON:征求同意写 kinds,只告知写 changes / the case's wording")],
    by: By,
) -> Outcome:
    """定下告知书(中、英);缺一项要素就不能用 / Adopt the notice in both languages; a missing element refuses it."""
    row, given = cases.case(case), given_json(wording)
    texts = texts_of(case, given)
    with transaction.atomic():  # one language alone is not what was adopted, nor a text that nobody may answer to
        digests = {each: notices.adopt_text(case=case, text=text, by=by, at=now()) for each, text in texts.items()}
        if cases.asks(case):
            consent.open_window(
                case=case,
                recipient=row.recipient,
                texts=list(digests.values()),
                categories=set(given["kinds"]),
                opens_at=now(),
                cut_off=row.answers_until,
                by=by,
                at=now(),
            )
    return Outcome({"case": case, "texts": digests})


@notices_app.command("send")
@verb
def notices_send(case: str, *, by: By) -> Outcome:
    """逐人告知:邮件、短信,其余列入电话和信函名单 / Tell everyone; the rest goes to telephone and letter lists."""
    result = notices.send(case=case, by=by, at=now(), progress=Teller())
    return Outcome({"told": result.told, "states": dict(result.states), "counts": notices_queries.counts(case)})


@notices_app.command("announce")
@verb
def notices_announce(
    case: str,
    *,
    place: Annotated[str, typer.Option(help="张贴处 / where")],
    days: Annotated[int, typer.Option(help="天数 / for how many days")],
    photo: Annotated[Path, typer.Option(help="照片 / photograph")],
    by: By,
) -> Outcome:
    """登记公告:只告知,不征求 / Record the announcement; it informs and collects nothing."""
    notices.record_announcement(case=case, place=place, days=days, photo_digest=digest_file(photo), by=by, at=now())
    return Outcome({"case": case, "days": days})


@notices_app.command("delivered")
@verb
def notices_delivered(
    case: str,
    *,
    customers: Annotated[Path, typer.Option(help="每行一个客户 c_… / one handle a line")],
    how: Annotated[str, typer.Option(help="called | handed_over | receipt")],
    by: By,
) -> Outcome:
    """电话打通或信函签收 / They were told for certain."""
    numbers = [inventory.customer(line) for line in given_text(customers).split()]
    return Outcome({"marked": notices.mark_delivered(case=case, customers=numbers, how=how, by=by, at=now())})


@notices_app.command("bounces")
@verb
def notices_bounces(case: str, folder: Path, *, by: By) -> Outcome:
    """读入退信 / Read mail that came back."""
    return Outcome({"bounced": notices.import_bounces(case=case, folder=folder, by=by, at=now())})


@notices_app.command("status")
@verb
def notices_status(case: str) -> Outcome:
    """告知到哪了 / How far the telling came."""
    missing = notices_queries.missing(case, now())
    plain = {"counts": notices_queries.counts(case), "untold": missing, "lists": notices_queries.mailing_files(case)}
    return Outcome(plain, holds=not missing)


@consent_app.command("import")
@verb
def consent_import(case: str, path: Path, *, by: By) -> Outcome:
    """读入答复登记表(电话、纸面、当面) / Read an answer sheet."""
    at = now()
    with transaction.atomic():
        result = consent.import_sheet(
            path=path,
            case=case,
            texts_of=lambda customers: notices_queries.texts_shown(case, customers),
            resolve=notices_queries.resolve_codes,
            by=by,
            at=at,
        )
        new = _not_taken_in_before(result.asked)
        for each in new:
            _take_in(each.kind, customer=each.customer, case=case, route=each.route, by=by, at=at, wish=each.wish)
    refused = [{"row": each.row, "code": each.code} for each in result.refused]
    told_again = len(result.asked) - len(new)
    plain = {
        "rows": result.rows,
        "recorded": result.recorded - told_again,
        "known": result.known + told_again,
        "answers": dict(result.answers),
        "asked": dict(Counter(each.kind for each in new)),
    }
    return Outcome({**plain, "refused": refused}, holds=not refused)


def _not_taken_in_before(asked: Sequence[AskedRow]) -> list[AskedRow]:
    """Without what an earlier edition of the sheet brought: as many of a kind as were taken in since it was said."""
    told, new = Counter[tuple[int, str, str]](), []
    for each in sorted(asked, key=lambda row: row.given_at):
        told[each.customer, each.kind, each.route] += 1
        room = rights_queries if each.kind in rights.REQUEST_KINDS else relations_queries
        known = room.count_since(customer=each.customer, kind=each.kind, route=each.route, since=each.given_at)
        if told[each.customer, each.kind, each.route] > known:
            new.append(each)
    return new


def _take_in(
    kind: str, *, customer: int, case: str, route: str, by: str, at: datetime, wish: bytes
) -> RequestView | MatterView:
    """A right goes to `rights`, a complaint or a wish to be called to `relations`."""
    room = rights if kind in rights.REQUEST_KINDS else relations
    return room.take_in(customer=customer, case=case, kind=kind, route=route, by=by, at=at, wish=wish)


@consent_app.command("record")
@verb
def consent_record(
    case: str,
    code: Annotated[str, typer.Argument(help="答复码 / reply code")],
    answer: Annotated[str, typer.Argument(help="agree | refuse | call_me | withdraw")],
    *,
    by: By,
    route: Annotated[str, typer.Option(help="telephone | paper | counter | reply_code")] = "telephone",
    proof: Annotated[str, typer.Option(help="凭证:通话时间、纸张编号 / what proves it")],
    sensitive: Annotated[bool, typer.Option("--sensitive", help="单独同意敏感信息 / also the sensitive kinds")] = False,
    guardian: Annotated[bool, typer.Option("--guardian", help="监护人答复 / by the guardian")] = False,
) -> Outcome:
    """登记一个答复 / Record one answer."""
    customer, at = _whose(code, case), now()
    standing = consent_queries.standing(case, [customer]).get(customer)
    told = {"answer": answer, "customer": inventory.handle(customer), "defects": []}
    if answer == "withdraw" and standing == Answer.WITHDRAW:
        return Outcome({**told, "known": True})
    window = consent_queries.window(case)
    with transaction.atomic():
        if answer == "call_me":
            _take_in("call_back", customer=customer, case=case, route=route, by=by, at=at, wish=proof.encode())
            if standing in _DECIDED:
                return Outcome(told)
        view = consent.record(
            case=case,
            customer=customer,
            recipient=window.recipient,
            text_digest=notices_queries.text_shown(case, customer),
            answer=answer,
            categories=window.categories - {"sensitive"} if answer == "agree" else (),
            sensitive_agreed=sensitive,
            guardian=guardian,
            route=route,
            proof=proof.encode(),
            recorded_by=by,
            at=at,
        )
    return Outcome({**told, "defects": list(view.defects)})


_DECIDED = (Answer.AGREE, Answer.REFUSE, Answer.WITHDRAW)


def _whose(code: str, case: str) -> int:
    """The customer behind a reply code of this case.

    Raises:
        Refusal("notices.code_…"), ("consent.code_of_another_case").
    """
    code_case, customer = notices_queries.resolve_code(code)
    if code_case != case:
        raise Refusal("consent.code_of_another_case")
    return customer


@consent_app.command("status")
@verb
def consent_status(case: str) -> Outcome:
    """答复统计 / Answers so far."""
    window = consent_queries.window(case)
    return Outcome({"answers": consent_queries.counts(case, now()), "until": window.cut_off.isoformat()})


@rights_app.command("list")
@verb
def rights_list(case: str) -> Outcome:
    """未答复的请求、投诉和回电 / Open requests, complaints and call-backs."""
    requests = [_shown(vars(each)) for each in rights_queries.open(case)]
    matters = [_shown(vars(each)) for each in relations_queries.open(case)]
    return Outcome({"requests": requests, "matters": matters})


@rights_app.command("take")
@verb
def rights_take(
    case: str,
    code: Annotated[str, typer.Argument(help="答复码 / reply code")],
    kind: Annotated[str, typer.Argument(help=" | ".join(TAKEN_IN))],
    *,
    by: By,
    said: Annotated[str, typer.Option(help="客户的原话或凭证 / what the person said, or where it stands")],
    route: Annotated[str, typer.Option(help="telephone | paper | counter | email")] = "telephone",
) -> Outcome:
    """登记一项请求、投诉或回电 / Take in a request, a complaint or a wish to be called."""
    if kind not in TAKEN_IN:
        raise Refusal("rights.no_such_kind", known=list(TAKEN_IN))
    customer = _whose(code, case)
    view = _take_in(kind, customer=customer, case=case, route=route, by=by, at=now(), wish=said.encode())
    plain = {"id": view.id, "kind": view.kind, "state": view.state, "due_on": view.due_on.isoformat()}
    return Outcome({**plain, "customer": inventory.handle(customer)})


@rights_app.command("answer")
@verb
def rights_answer(
    request: int,
    *,
    by: By,
    said: Annotated[str, typer.Option(help="答复内容 / what was answered")],
    refuse: Annotated[str, typer.Option(help="拒绝的理由代码 / reason code of a refusal")] = "",
    law: Annotated[str, typer.Option(help="条文 / article")] = "",
) -> Outcome:
    """答复一项权利请求 / Answer a request, or refuse it with reason and article."""
    if refuse:
        view = rights.refuse(request=request, reason=refuse, law=law, by=by, at=now(), said=said.encode())
    else:
        view = rights.answer(request=request, by=by, at=now(), said=said.encode())
    return Outcome({"request": view.id, "state": view.state})


@rights_app.command("settle")
@verb
def rights_settle(
    matter: int,
    *,
    by: By,
    outcome: Annotated[str, typer.Option(help="put_right | explained | objection_stands | called …")],
    said: Annotated[str, typer.Option(help="处理内容 / what was done")],
) -> Outcome:
    """办结一件投诉或回电 / Settle a complaint or a call-back."""
    view = relations.answer(matter=matter, outcome=outcome, by=by, at=now(), said=said.encode())
    return Outcome({"matter": view.id, "state": view.state})


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    number = row.pop("customer")
    plain = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
    return {**plain, "customer": inventory.handles([number]).get(number, "")}
