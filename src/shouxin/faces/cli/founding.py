"""`init`, `company`, `staff`, `recipient`: who the company is and with whom it deals."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from shouxin.faces import words
from shouxin.faces.cli.door import Outcome, given_bytes, given_json, session, verb
from shouxin.ground.kernel.digests import digest, digest_file
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.times import SystemClock, from_text, to_text
from shouxin.stores.backup import services as backup
from shouxin.stores.ledger import queries as ledger_queries
from shouxin.stores.ledger import services as ledger
from shouxin.stores.parties import queries as parties_queries
from shouxin.stores.parties import services as parties

UNDERTAKING_TEXT = (
    "本人承诺对工作中知悉的客户个人信息保密,只为经授权的目的查看和使用,离任后继续保密。"
    "I keep what I learn of customers here confidential and use it for authorised purposes only, also after I leave."
)

company_app = typer.Typer(no_args_is_help=True, help="公司 / the company")
staff_app = typer.Typer(no_args_is_help=True, help="人员 / staff")
recipient_app = typer.Typer(no_args_is_help=True, help="接收方 / recipients")


def now() -> datetime:
    """The company's present instant: the machine's clock, or a simulated company's own."""
    return ledger_queries.clock().now()


@verb
def init(
    *,
    name: Annotated[str, typer.Option(help="公司名称 / name")],
    uscc: Annotated[str, typer.Option(help="统一社会信用代码 / credit code")],
    contact: Annotated[str, typer.Option(help="联系电话 / contact")],
    address: Annotated[str, typer.Option(help="地址 / address")],
    simulated: Annotated[bool, typer.Option("--simulated", help="模拟公司,不可更改 / simulated, for ever")] = False,
    clock: Annotated[str, typer.Option(help="模拟的起始时刻 / first instant of a simulated company")] = "",
    escrow: Annotated[list[Path] | None, typer.Option(help="密钥托管文件夹,可多个 / escrow folders, apart")] = None,
    kek: Annotated[Path | None, typer.Option(help="主密钥文件,放在另一设备 / KEK on another device")] = None,
    recovery_out: Annotated[Path | None, typer.Option(help="恢复密钥写到 / where the recovery key is written")] = None,
    algorithm: Annotated[str, typer.Option(help="aes-256-gcm | sm4-gcm")] = "aes-256-gcm",
    public_address: Annotated[
        str, typer.Option(help="客户页面的公网地址 / public address of the customer's page")
    ] = "",
    mail_server: Annotated[str, typer.Option(help="SMTP host:port")] = "",
    mail_from: Annotated[str, typer.Option(help="发件地址 / sender")] = "",
) -> Outcome:
    """建立一家公司 / Found a company in this folder."""
    if simulated != settings.SHOUXIN.simulated or (clock and not simulated):
        raise Refusal("home.other_kind", simulated=settings.SHOUXIN.simulated)
    at = from_text(clock) if clock else SystemClock().now()
    _prepare_database()
    secret = session.passphrase("company")
    if not parties_queries.is_founded():
        parties.found_company(name=name, uscc=uscc, contact=contact, address=address, company_passphrase=secret, at=at)
    if not ledger_queries.is_founded():
        ledger.found(
            origin=_origin(),
            simulated=simulated,
            company=settings.SHOUXIN.id,
            signer=parties.company_signer(passphrase=secret),
            at=at,
        )
    founded = backup.found(
        escrow_targets=[Path(each) for each in settings.SHOUXIN.escrow],
        kek=Path(settings.SHOUXIN.kek) if settings.SHOUXIN.kek else None,
        algorithm=algorithm,
        recovery_out=recovery_out,
        recovery_passphrase=session.passphrase("recovery") if settings.SHOUXIN.escrow else b"",
        at=now(),
    )
    plain = {"home": settings.SHOUXIN.id, "origin": ledger_queries.origin(), "simulated": simulated, **founded}
    return Outcome(plain)


def _prepare_database() -> None:
    if settings.SHOUXIN.schema:
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE SCHEMA IF NOT EXISTS "{settings.SHOUXIN.schema}"')
    backup.lay_out_tables()


def _origin() -> str:
    prefix = "simulated." if settings.SHOUXIN.simulated else ""
    return f"{prefix}shouxin/{settings.SHOUXIN.id.removeprefix('home_')}"


@company_app.command("show")
@verb
def company_show() -> Outcome:
    """公司与账本 / The company and its ledger."""
    own = parties_queries.company()
    head = ledger_queries.head()
    return Outcome(
        {
            "name": own.name,
            "uscc": own.uscc,
            "contact": own.contact,
            "origin": ledger_queries.origin(),
            "simulated": ledger_queries.is_simulated(),
            "height": head.size,
            "now": to_text(now()),
        }
    )


@company_app.command("card")
@verb
def company_card(*, out: Annotated[Path, typer.Option(help="名片文件 / card file")]) -> Outcome:
    """写出公司名片(名称、地址、公钥),交给对方 / Write the card that the other company pins."""
    signer = parties.company_signer(passphrase=session.passphrase("company"))
    raw = parties.issue_card(signer=signer, at=now())
    out.write_bytes(raw)
    return Outcome({"card": str(out), "digest": digest(raw), "key": signer.key_id})


@company_app.command("clock")
@verb
def company_clock(*, to: Annotated[str, typer.Option(help="2026-12-08T01:00:00Z")]) -> Outcome:
    """把模拟公司的时钟拨到某时刻 / Move a simulated company's clock. A real company has none."""
    ledger.advance_clock(to=from_text(to), by="system")
    return Outcome({"now": to_text(now())})


@staff_app.command("add")
@verb
def staff_add(
    *,
    name: Annotated[str, typer.Option(help="姓名 / name")],
    role: Annotated[str, typer.Option(help="owner | privacy_officer | clerk | second_signer | auditor")],
    secret: Annotated[str, typer.Option(help="口令文件里的名称 / name in the secrets file")],
) -> Outcome:
    """登记一名人员,生成本人的密钥并签署保密承诺 / Add a member of staff with an own key and undertaking."""
    passphrase = session.passphrase(secret)
    text = digest(UNDERTAKING_TEXT.encode())
    with transaction.atomic():
        staff = parties.add_staff(name=name, role=role, passphrase=passphrase, by="system", at=now())
        parties.sign_undertaking(staff=staff, passphrase=passphrase, text_digest=text, at=now())
    return Outcome({"staff": staff, "role": role, "undertaking": text})


@staff_app.command("list")
@verb
def staff_list() -> Outcome:
    """人员:姓名、角色、是否签了保密承诺 / Staff: name, role, whether the undertaking is signed."""
    rows = [
        {
            "staff": each.id,
            "name": each.name,
            "role": each.role,
            "undertaking": each.has_undertaken,
            "key": each.key_id,
        }
        for each in parties_queries.staff()
    ]
    return Outcome({"staff": rows}, lines=tuple(_staff_line(each) for each in rows))


def _staff_line(row: Mapping[str, Any]) -> str:
    promise = words.label("undertaking.signed" if row["undertaking"] else "undertaking.open")
    return "  ".join([str(row["staff"]), str(row["name"]), words.label(f"role.{row['role']}"), promise])


@staff_app.command("login")
@verb
def staff_login(
    staff: str,
    *,
    secret: Annotated[
        str, typer.Option(help="口令文件里的名称 / name in the secrets file; web:STAFF when not given")
    ] = "",
    remove: Annotated[bool, typer.Option("--remove", help="取消网页登录 / take the log-in away")] = False,
) -> Outcome:
    """设定或取消网页登录密码;不得与签名口令相同 / Set or remove the password of the pages; never the passphrase."""
    password = "" if remove else session.passphrase(secret or f"web:{staff}").decode()
    refused = _refusal_of(lambda: call_command("weblogin", staff, password=password, remove=remove))
    if refused is not None:
        raise refused
    return Outcome({"staff": staff, "login": not remove})


def _refusal_of(command: Callable[[], object]) -> Refusal | None:
    """What a command of the site refused for; none when it did its work."""
    try:
        command()
    except CommandError as error:
        if not isinstance(error.__cause__, Refusal):
            raise
        return error.__cause__
    return None


@recipient_app.command("add")
@verb
def recipient_add(
    *,
    card: Annotated[Path, typer.Option(help="对方的名片 / their card")],
    contact: Annotated[str, typer.Option(help="告知客户的联系方式 / contact told to customers")],
    purpose: Annotated[list[str], typer.Option(help="目的,可多个 / purposes")],
    method: Annotated[list[str], typer.Option(help="方式,可多个 / methods")],
    role: Annotated[str, typer.Option(help="other_handler …")] = "other_handler",
    by: Annotated[str, typer.Option(help="staff:…")] = "system",
) -> Outcome:
    """登记接收方,固定其公钥 / Pin another company by its card."""
    raw = given_bytes(card)
    recipient = parties.add_recipient(
        card=raw, contact=contact, purposes=purpose, methods=method, role=role, by=by, at=now()
    )
    return Outcome({"recipient": recipient, "card": digest(raw)})


@recipient_app.command("agreement")
@verb
def recipient_agreement(
    recipient: str,
    *,
    clauses: Annotated[Path, typer.Option(help="条款 JSON / clauses")],
    document: Annotated[Path, typer.Option(help="协议文件 / the signed document")],
    signature: Annotated[list[Path] | None, typer.Option(help="签名信封 / signatures")] = None,
    sign_out: Annotated[Path | None, typer.Option(help="只写出我方签名 / only write our signature here")] = None,
    by: Annotated[str, typer.Option(help="staff:…")] = "system",
) -> Outcome:
    """登记协议并核对网数条例第十二条的条款 / Record the agreement and check the clauses of NDSR 12."""
    told = given_json(clauses)
    if sign_out is not None:
        signer = parties.company_signer(passphrase=session.passphrase("company"))
        raw = parties.sign_agreement(
            recipient=recipient, clauses=told, document_digest=digest_file(document), signer=signer
        )
        sign_out.write_bytes(raw)
        return Outcome({"signature": str(sign_out), "digest": digest(raw)})
    missing = parties.record_agreement(
        recipient=recipient,
        clauses=told,
        document_digest=digest_file(document),
        signatures=[given_bytes(path) for path in signature or []],
        by=by,
        at=now(),
    )
    return Outcome({"recipient": recipient, "missing": list(missing)}, holds=not missing)


@recipient_app.command("list")
@verb
def recipient_list() -> Outcome:
    """接收方 / Recipients."""
    rows = [{"recipient": each.id, "name": each.name, "key": each.key_id} for each in parties_queries.recipients()]
    return Outcome({"recipients": rows})
