"""`dispose` and `hold`: what ends, under whose permit, every place, and the certificate."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from django.conf import settings

from shouxin.cases import queries as cases
from shouxin.duties.disposal import evidence, queries, services
from shouxin.duties.disposal.queries import CertificateView
from shouxin.duties.inventory import queries as inventory
from shouxin.faces.cli.casework import By, Signers, signers_of
from shouxin.faces.cli.door import Outcome, Teller, given_day, given_text, session, verb
from shouxin.faces.cli.founding import now
from shouxin.ground.formats.certificate import Copy, Words
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.signing import Signer
from shouxin.ground.kernel.times import from_text, to_text
from shouxin.stores.backup import queries as backups
from shouxin.stores.backup import services as backup
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.parties import services as parties

app = typer.Typer(no_args_is_help=True, help="封存与销毁 / keep and end")
hold_app = typer.Typer(no_args_is_help=True, help="保全 / holds")
Witness = Annotated[str, typer.Option("--witness", help="见证人 staff:… / who watches")]
ESCROW_WORDS = Words(
    "密钥托管副本：销毁时已换为新一代，旧副本已覆写；离线带走的旧副本须由保管人交回销毁。",
    "Key escrow: renewed with the destruction, the older copy overwritten; one carried away must be handed back.",
)
BACKUP_WORDS = Words(
    "备份只含密文，不含根密钥；已销毁密钥者的密文不能再打开，到期删除。",
    "Backups hold ciphertext and no root key; what was sealed under destroyed keys opens no more, and expires.",
)


# --- holds ---------------------------------------------------------------------------------------------------------


@hold_app.command("add")
@verb
def hold_add(
    *,
    reason: Annotated[str, typer.Option(help=" | ".join(services.REASONS))],
    authority: Annotated[str, typer.Option(help="依据:机关、文号 / on whose authority")],
    by: By,
    customer: Annotated[str, typer.Option(help="客户句柄 c_… / the customer's handle")] = "",
    category: Annotated[str, typer.Option(help="信息类别,对所有人 / a kind of information, of everybody")] = "",
    case: Annotated[str, typer.Option(help="变更事项 / case")] = "",
    until: Annotated[str, typer.Option(help="2027-01-31T16:00:00Z")] = "",
) -> Outcome:
    """对一位客户或一类信息加以保全,解除前不销毁 / Hold one customer or one kind of information."""
    number = services.place_hold(
        reason=reason,
        authority=authority,
        customer=inventory.customer(customer) if customer else None,
        category=category,
        case=case,
        until=from_text(until) if until else None,
        by=by,
        at=now(),
    )
    return Outcome({"hold": number, "held": len(queries.held_customers(now()))})


@hold_app.command("release")
@verb
def hold_release(hold: int, *, by: By) -> Outcome:
    """由另一人签字解除保全 / Release a hold; signed by another person than the one who placed it."""
    services.release_hold(hold=hold, signer=signers_of([by])[by], by=by, at=now())
    return Outcome({"hold": hold, "released_by": by, "held": len(queries.held_customers(now()))})


@hold_app.command("list")
@verb
def hold_list(
    *, everything: Annotated[bool, typer.Option("--all", help="含已解除 / released ones too")] = False
) -> Outcome:
    """现有的保全 / The holds that stand."""
    found = queries.holds(None if everything else now())
    rows = [_plain_hold(each) for each in found]
    return Outcome({"holds": rows, "held": len(queries.held_customers(now()))})


def _plain_hold(view: queries.HoldView) -> dict[str, Any]:
    living = inventory.handles([view.customer]) if view.customer is not None else {}
    return {
        "hold": view.id,
        "customer": living.get(view.customer, "") if view.customer is not None else "",
        "category": view.category,
        "case": view.case,
        "reason": view.reason,
        "authority": view.authority,
        "until": to_text(view.until) if view.until else "",
        "placed_by": view.placed_by,
        "released_by": view.released_by,
    }


# --- the vault -----------------------------------------------------------------------------------------------------


@app.command("plan")
@verb
def dispose_plan(case: str, *, by: By) -> Outcome:
    """按最终决定列出销毁、封存和保留的数量 / Count what the final decision ends, seals and keeps."""
    view = services.plan(case=case, decided=cases.final_decision(case), by=by, at=now())
    return Outcome({"plan": view.digest, "decision_set": view.decision_set, **view.summary})


@app.command("approve")
@verb
def dispose_approve(
    case: str, *, signer: Signers = None, plan: Annotated[str, typer.Option(help="方案摘要 / plan")] = ""
) -> Outcome:
    """两人各用自己的密钥签署方案 / Two people sign the plan with keys of their own."""
    known = queries.plans(case)
    if not plan and not known:
        raise Refusal("disposal.no_such_plan", case=case)
    view = services.approve(plan=plan or known[-1].digest, signers=signers_of(signer), at=now())
    return Outcome({"plan": view.digest, "approved_by": list(view.approved_by)})


@app.command("destroy")
@verb
def dispose_destroy(
    case: str,
    *,
    by: By,
    witness: Witness = "",
    custodian: Annotated[str, typer.Option(help="法定摘录的保管人 / who keeps the statutory extracts")] = "",
) -> Outcome:
    """凭许可销毁,随即出具证明;中断后再执行即继续 / Destroy under the permit, then certify; run again after a stop."""
    company = parties.company_signer(passphrase=session.passphrase("company"))
    watching = _witness(witness)
    teller = Teller()
    result = services.destroy(
        case=case,
        decided=cases.final_decision(case),
        permit_envelope=bytes(cases.newest_permit(case).envelope),
        by=by,
        at=now(),
        witness=watching,
        custodian=custodian,
        clock=ledger.clock(),
        progress=teller,
    )
    view = _certify(case, company=company, witness=watching, by=by)
    teller.stop()
    plain = {name: value for name, value in vars(result).items() if name != "gone"}
    told = {**plain, "started_at": to_text(result.started_at), "ended_at": to_text(result.ended_at)}
    return Outcome({**told, **_plain_certificate(view), "seconds": teller.seconds})


# --- places --------------------------------------------------------------------------------------------------------


@app.command("sources")
@verb
def dispose_sources(
    case: str,
    *,
    by: By,
    confirm: Annotated[bool, typer.Option("--confirm", help="确认删除 / really remove")] = False,
    canaries: Annotated[
        Path | None, typer.Option(help="预埋值,每行一个 / planted values, one a line, looked for afterwards")
    ] = None,
) -> Outcome:
    """删除每一处文件副本、清空暂存,再查一遍 / Remove every file copy, empty the spools, look again."""
    home, teller = Path(settings.SHOUXIN_HOME), Teller()
    result = services.dispose_sources(
        case=case,
        confirm=confirm,
        home=home,
        canaries=[line.strip() for line in given_text(canaries).splitlines() if line.strip()] if canaries else (),
        staged=_packages(home),
        by=by,
        at=now(),
        progress=teller,
    )
    goods = services.end_goods(case=case, by=by, at=now()) if confirm else []
    teller.stop()
    plain = {**vars(result), "goods_ended": goods, "open": [each.key for each in queries.open_places()]}
    return Outcome(plain, holds=not confirm or result.is_clean)


def _packages(home: Path) -> Sequence[services.Staged]:
    """Ciphertext that was sent and lies here still: settled, it has served."""
    found = sorted((home / "messages").glob("*/*-package.age*"))
    return [
        services.Staged(f"package:{path.parent.name}/{path.name}", "file", f"package {path.name}", str(path))
        for path in found
        if path.is_file()
    ]


@app.command("box")
@verb
def dispose_box(
    case: str,
    box: str,
    *,
    shredded: Annotated[int, typer.Option(help="粉碎张数 / sheets shredded")],
    sealed: Annotated[int, typer.Option(help="整件封存张数 / sheets sealed whole")] = 0,
    signer: Signers = None,
    by: By,
    custodian: Annotated[str, typer.Option(help="封存件保管人 / who keeps the sealed ones")] = "",
    until: Annotated[str, typer.Option(help="2036-12-31")] = "",
) -> Outcome:
    """两人签字:这一箱纸质材料如何了结 / Two people sign what became of a paper box."""
    counted = services.BoxCount(box, shredded, sealed, custodian, given_day(until) if until else None)
    statements = services.end_boxes(case=case, counts=[counted], signers=signers_of(signer), by=by, at=now())
    return Outcome({"box": box, "statement": statements[box]})


@app.command("boxes")
@verb
def dispose_boxes(
    case: str,
    sheet: Annotated[Path | None, typer.Argument(help="填好的清点表 / the sheet, filled in")] = None,
    *,
    signer: Signers = None,
    by: By,
    out: Annotated[Path | None, typer.Option(help="清点表写到哪里 / write the counting sheet here")] = None,
) -> Outcome:
    """列出未了结的纸箱并写出清点表;交回填好的表,两人签字,逐箱了结 / The open boxes; with a sheet, their end."""
    ended: Mapping[str, str] = {}
    if sheet is not None:
        counts = services.read_sheet(sheet)
        ended = services.end_boxes(case=case, counts=counts, signers=signers_of(signer), by=by, at=now())
    boxes = services.open_boxes(case)
    if out is not None:
        services.write_sheet(out, boxes)
    return Outcome({"ended": ended, "open": [vars(each) for each in boxes], "out": str(out or "")})


@app.command("exclude")
@verb
def dispose_exclude(
    case: str,
    place: str,
    *,
    code: Annotated[str, typer.Option(help="原因代码 / a code")],
    zh: Annotated[str, typer.Option(help="中文理由 / reason in Chinese")],
    en: Annotated[str, typer.Option(help="英文理由 / reason in English")],
    by: By,
    until: Annotated[str, typer.Option(help="2027-06-30")] = "",
) -> Outcome:
    """点名列为例外,写在证明首页 / Exclude a place by name; it stands on the certificate's first page."""
    services.exclude(
        case=case,
        place=place,
        code=code,
        reason=Words(zh, en),
        until=given_day(until) if until else None,
        by=by,
        at=now(),
    )
    return Outcome({"place": place, "excluded": code})


@app.command("certificate")
@verb
def dispose_certificate(case: str, *, by: By, witness: Witness = "") -> Outcome:
    """按现状出具销毁证明;没有变化则仍是同一份 / The certificate as things stand; the same while nothing changed."""
    company = parties.company_signer(passphrase=session.passphrase("company"))
    return Outcome(_plain_certificate(_certify(case, company=company, witness=_witness(witness), by=by)))


@app.command("status")
@verb
def dispose_status(case: str) -> Outcome:
    """销毁到哪一步,哪些地方还没有了结 / How far it came, which places are open."""
    findings = [
        check(case, now())
        for check in (
            evidence.permit_valid,
            evidence.cells_ended_share,
            evidence.places_ended_share,
            evidence.certificate_issued,
        )
    ]
    return Outcome(
        {
            "case": case,
            "unfinished": queries.unfinished(case),
            "findings": {each.name: each.value for each in findings},
            "missing": [item.code for each in findings for item in each.missing],
            "places": {each.key: each.state or "open" for each in queries.places()},
            "certificates": [_plain_certificate(each) for each in queries.issued(case)],
            "held": len(queries.held_customers(now())),
        }
    )


def _witness(staff: str) -> Signer | None:
    return signers_of([staff])[staff] if staff else None


def _certify(case: str, *, company: Signer, witness: Signer | None, by: str) -> CertificateView:
    view = services.certificate(
        case=case,
        company=company,
        witness=witness,
        copies=_copies(),
        folder=Path(settings.SHOUXIN_HOME) / "evidence",
        by=by,
        at=now(),
    )
    backup.keep_tail(at=now())
    return view


def _copies() -> tuple[Copy, ...]:
    """Copies that are no places of ours: key escrow apart, backups in the home."""
    escrow = [
        Copy("escrow", f"escrow {number}", "", ESCROW_WORDS) for number, _ in enumerate(settings.SHOUXIN.escrow, 1)
    ]
    kept = [Copy("backup", each.id, each.expires.isoformat(), BACKUP_WORDS) for each in backups.copies()]
    return (*escrow, *kept)


def _plain_certificate(view: CertificateView) -> Mapping[str, Any]:
    return {
        "certificate": view.id,
        "headline": view.headline,
        "digest": view.digest,
        "previous": view.previous,
        "issued": to_text(view.at),
    }
