"""`transfer`: the hand-over by signed files. Each verb that signs writes one file, which goes to the other company."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from shouxin.cases import queries as cases
from shouxin.duties.disposal import queries as disposal
from shouxin.duties.inventory import queries as inventory
from shouxin.duties.notices import queries as notices
from shouxin.duties.review import evidence as review_evidence
from shouxin.duties.review import queries as review
from shouxin.duties.transfer import queries, services
from shouxin.duties.transfer.services import Drill, OfferTerms, PackTerms, Sent, Voice
from shouxin.faces import words
from shouxin.faces.cli.casework import By
from shouxin.faces.cli.door import Outcome, Teller, given_bytes, session, verb
from shouxin.faces.cli.founding import now
from shouxin.ground.formats import certificate as certificates
from shouxin.ground.formats import pit
from shouxin.ground.formats.package.age import PART_SIZE
from shouxin.ground.kernel import dsse, merkle
from shouxin.ground.kernel.canonical import encode
from shouxin.ground.kernel.digests import digest, digest_file
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.times import from_text
from shouxin.stores.backup import queries as backup_queries
from shouxin.stores.backup import services as backup
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.parties import queries as parties

app = typer.Typer(no_args_is_help=True, help="移交 / hand over by signed files")

Tid = Annotated[str, typer.Argument(help="tid_…")]
MessageFile = Annotated[Path, typer.Argument(help="对方的消息文件 / their message")]
Message = Annotated[Path | None, typer.Option("--message", help="对方的消息文件 / their message")]
Expires = Annotated[str, typer.Option(help="2026-12-31T16:00:00Z,默认十四天 / default: fourteen days")]
Retention = Annotated[
    list[str] | None, typer.Option(help="basic=至服务结束后三年,可多个 / how long each kind is needed")
]
PartSize = Annotated[int, typer.Option(help="每个密文文件的字节数 / bytes per file of ciphertext")]
GIGABYTE = 1 << 30


@app.command("offer")
@verb
def offer(
    *,
    case: Annotated[str, typer.Option(help="变更事项 / case")],
    by: By,
    expires: Expires = "",
    rounded_to: Annotated[int, typer.Option(help="人数按此取整 / counts are rounded up to")] = 100,
    ack_hours: Annotated[int, typer.Option(help="撤回须几小时内确认 / hours to acknowledge a withdrawal")] = 48,
    cooling_off_hours: Annotated[int, typer.Option(help="冷静期小时数 / hours of cooling-off")] = 72,
) -> Outcome:
    """向接收方发出移交要约 / Offer the recipient what the final decision lets go."""
    row, decided = cases.case(case), cases.final_decision(case)
    flow = cases.main_flow(case)
    counts = {
        name: len(decided.allowed(name))
        for name in decided.categories
        if name in flow["categories"] and len(decided.allowed(name))
    }
    terms = OfferTerms(
        counts=counts or dict.fromkeys(flow["categories"], 0),
        purposes=flow["purposes"],
        rule=row.interview["rule"].lower(),
        rule_evidence=decided.digest,
        assessment=review.assessment(case).digest,
        notice_plan=digest(encode(sorted(each.digest for each in notices.texts(case)))),
        rounded_to=rounded_to,
        ack_hours=ack_hours,
        cooling_off_hours=cooling_off_hours,
    )
    until = from_text(expires) if expires else now() + timedelta(days=14)
    return _told(services.offer(case=case, recipient=row.recipient, terms=terms, expires=until, voice=_voice(by)))


@app.command("accept")
@verb
def accept(
    offer: Annotated[Path, typer.Argument(help="要约文件 / the offer")],
    *,
    by: By,
    capacity: Annotated[int, typer.Option(help="最多能收多少字节 / bytes we can take")] = 100 * GIGABYTE,
    purpose: Annotated[list[str] | None, typer.Option(help="只接受这些目的 / accept these purposes only")] = None,
    expires: Expires = "",
    key_lost: Annotated[bool, typer.Option("--key-lost", help="密钥丢失,另给一把 / our key is lost: another")] = False,
) -> Outcome:
    """接受要约,为本次移交生成一次性密钥 / Accept an offer with a key made for it alone."""
    sent = services.accept(
        offer=given_bytes(offer),
        capacity=capacity,
        purposes=purpose or (),
        expires=from_text(expires) if expires else None,
        key_lost=key_lost,
        voice=_voice(by),
    )
    return _told(sent)


@app.command("pack")
@verb
def pack(
    tid: Tid,
    *,
    by: By,
    message: Annotated[Path | None, typer.Option("--message", help="对方的接受函 / their acceptance")] = None,
    retention: Retention = None,
    expires: Expires = "",
    auditor_commitment: Annotated[str, typer.Option(help="见证方的承诺 / a checker's commitment")] = "",
    part_size: PartSize = PART_SIZE,
) -> Outcome:
    """按终局决定加密打包,只有接收方能打开 / Seal what was decided, for the recipient alone."""
    case, teller = queries.transfer(tid).case, Teller()
    terms = PackTerms(
        notice_root=_notice_root(case),
        told=notices.told_fields(case),
        retention=_pairs(retention),
        auditor_commitment=auditor_commitment or None,
        part_size=part_size,
    )
    try:
        sent = services.pack(
            tid=tid,
            accept=_bytes(message),
            decided=cases.final_decision(case),
            assessment=review_evidence.assessment_signed_by_two(case, now()),
            terms=terms,
            expires=from_text(expires) if expires else None,
            voice=_voice(by),
            progress=teller,
        )
    finally:
        teller.stop()
    return _told(sent, parts=_parts(tid), seconds=teller.seconds)


@app.command("receive")
@verb
def receive(
    message: MessageFile,
    *,
    by: By,
    part: Annotated[list[Path] | None, typer.Option(help="密文文件,默认在消息旁边 / ciphertext, else beside")] = None,
) -> Outcome:
    """收下对方的一份消息;密文包当即验收并出回执 / Take a message; a package is checked and answered with a receipt."""
    raw = given_bytes(message)
    kind, said = pit.peek(raw)
    beside = [message.parent / each["name"] for each in said["parts"]] if kind == "package" else []
    sent = services.receive(message=raw, parts=part or [each for each in beside if each.is_file()], voice=_voice(by))
    if sent is not None:
        return _told(sent, holds=sent.kind != "refused")
    return Outcome({"transfer": services.tid_of(raw), "taken": kind, **_standing(services.tid_of(raw))})


@app.command("import")
@verb
def import_(
    tid: Tid,
    *,
    by: By,
    recovery: Annotated[Path, typer.Option(help="恢复密钥文件,导入后试恢复备份 / recovery key, for the drill")],
    target: Annotated[Path | None, typer.Option(help="备份放在 / where the backup goes")] = None,
    sample: Annotated[int, typer.Option(help="试恢复抽查多少条 / how many records are compared")] = backup.SAMPLE,
) -> Outcome:
    """收进自己的保险柜,备份并试恢复,用自己库里的数据回报 / Take the rows in, drill a backup, say what we hold."""
    teller, voice = Teller(), _voice(by)
    try:
        done = services.import_package(
            tid=tid,
            title=parties.recipient(queries.transfer(tid).peer).name,
            drill=lambda: _drill(recovery, target, sample, voice),
            voice=voice,
            progress=teller,
        )
    finally:
        teller.stop()
    return _told(
        done.sent, rows=done.rows, customers_new=done.customers_new, withdrawn=done.withdrawn, seconds=teller.seconds
    )


@app.command("challenge")
@verb
def challenge(
    tid: Tid, *, by: By, draw: Annotated[int, typer.Option(help="每张表抽几个桶 / buckets per table")] = 25
) -> Outcome:
    """抽查:按事先承诺的种子抽桶,由对方从自己库里重算 / Draw buckets by the seed committed before."""
    return _told(services.challenge(tid=tid, draw=draw, voice=_voice(by)))


@app.command("answer")
@verb
def answer(message: MessageFile, *, by: By) -> Outcome:
    """回答抽查,从自己库里重算 / Answer a challenge from our own database."""
    raw = given_bytes(message)
    return _told(services.answer(tid=services.tid_of(raw), message=raw, voice=_voice(by)))


@app.command("settle")
@verb
def settle(tid: Tid, *, by: By, message: Message = None) -> Outcome:
    """结清相符的部分 / Say what is settled: all of it, or all but the buckets that differ."""
    sent = services.settle(tid=tid, message=_bytes(message), voice=_voice(by))
    return _told(sent, holds=sent.status in queries.WHOLLY_SETTLED)


@app.command("withdraw")
@verb
def withdraw(
    tid: Tid, *, by: By, customer: Annotated[list[str], typer.Option(help="客户句柄,可多个 / customers' handles")]
) -> Outcome:
    """告知对方:这些客户撤回或者反对 / Tell the other side who withdrew or objected."""
    numbers = [inventory.customer(each) for each in customer]
    return _told(services.withdraw(tid=tid, customers=numbers, voice=_voice(by)))


@app.command("ack")
@verb
def acknowledge(
    tid: Tid,
    *,
    by: By,
    message: Message = None,
    again: Annotated[
        bool, typer.Option("--again", help="再确认一次,证明冷静期已过 / once more, for the cooling-off")
    ] = False,
) -> Outcome:
    """确认对方的结清、撤回、作废或者销毁通知 / Acknowledge their newest word and do what it asks."""
    return _told(services.acknowledge(tid=tid, message=_bytes(message), again=again, voice=_voice(by)))


@app.command("resend")
@verb
def resend(
    tid: Tid,
    *,
    by: By,
    message: Message = None,
    reason: Annotated[str, typer.Option(help="lost | damaged | mismatch(接收方 / as receiver)")] = "mismatch",
    part: Annotated[list[str] | None, typer.Option(help="缺的文件名 / names of the parts")] = None,
    retention: Retention = None,
    expires: Expires = "",
) -> Outcome:
    """接收方:请对方重发;发送方:重发缺的文件或者不符的桶 / Ask again, or send again what is missing or differs."""
    teller, view = Teller(), queries.transfer(tid)
    terms = None
    if view.role == "A":
        told = notices.told_fields(view.case)
        terms = PackTerms(notice_root=_notice_root(view.case), told=told, retention=_pairs(retention))
    try:
        made = services.resend(
            tid=tid,
            message=_bytes(message),
            reason=reason,
            parts=part or (),
            terms=terms,
            expires=from_text(expires) if expires else None,
            voice=_voice(by),
            progress=teller,
        )
    finally:
        teller.stop()
    return _told(made[-1], messages=[str(each.path) for each in made], parts=_parts(tid) if view.role == "A" else [])


@app.command("refuse")
@verb
def refuse(
    tid: Tid,
    *,
    by: By,
    reason: Annotated[
        str, typer.Option(help="cannot_open | expired | manifest_mismatch | not_agreed | replayed | wrong_recipient")
    ],
    message: Message = None,
) -> Outcome:
    """拒收;密文已删除 / Refuse what they sent; the ciphertext is deleted."""
    return _told(services.refuse(tid=tid, reason=reason, message=_bytes(message), voice=_voice(by)))


@app.command("void")
@verb
def void(
    tid: Tid,
    *,
    by: By,
    reason: Annotated[str, typer.Option(help="cancelled | expired | insolvent | key_lost | mismatch")],
) -> Outcome:
    """结清之前作废:发送方留存,接收方删除 / End it before it is settled."""
    return _told(services.void(tid=tid, reason=reason, voice=_voice(by)))


@app.command("permit")
@verb
def permit(tid: Tid, *, by: By) -> Outcome:
    """告知接收方:销毁许可已由两人签发,各项条件齐备 / Tell the receiver of the permit to destroy."""
    found = cases.newest_permit(queries.transfer(tid).case)
    opened = dsse.open_envelope(bytes(found.envelope), keys=parties.public_keys(), where="permit")
    copies = sorted(each.digest for each in backup_queries.copies())
    sent = services.permit_destruction(
        tid=tid,
        permit=found.digest,
        approvers=opened.signed_by,
        backups=len(copies),
        backups_digest=digest(encode(copies)),
        voice=_voice(by),
    )
    return _told(sent)


@app.command("destroyed")
@verb
def destroyed(
    tid: Tid, *, by: By, certificate: Annotated[Path, typer.Option(help="销毁证明 / the certificate")]
) -> Outcome:
    """告知接收方:已销毁;比对密钥和桶表一并销毁 / Tell the receiver that we destroyed."""
    told = _own_certificate(tid, given_bytes(certificate), certificate.name)
    return _told(services.report_destroyed(tid=tid, certificate=told, voice=_voice(by)))


def _own_certificate(tid: str, raw: bytes, name: str) -> str:
    """The digest of a certificate of this transfer's case, under the permit that the receiver was told of.

    Raises:
        Refusal("transfer.not_our_certificate"): an evidence pack would contradict the message.
    """
    permitted = queries.state(tid, now()).last("destroy-permit")
    issued = {each.digest for each in disposal.issued(queries.transfer(tid).case)}
    if permitted is not None:
        is_ours = digest(raw) in issued and certificates.check(raw).permit == permitted["permit"]
        if not is_ours:
            raise Refusal("transfer.not_our_certificate", file=name)
    return digest(raw)


@app.command("attest")
@verb
def attest(
    tid: Tid,
    *,
    by: By,
    message: Annotated[list[Path] | None, typer.Option(help="双方消息,依次 / both sides' messages, in order")] = None,
    commit: Annotated[bool, typer.Option("--commit", help="只给出抽查承诺 / only commit to a draw")] = False,
    checked: Annotated[list[str] | None, typer.Option(help="查了什么(代码) / what was checked (codes)")] = None,
    result: Annotated[str, typer.Option(help="holds | fails")] = "holds",
    findings: Annotated[Path | None, typer.Option(help="报告文件 / the report")] = None,
) -> Outcome:
    """见证方:查验双方消息并签署 / As a checker: follow the chain and sign what was checked."""
    voice = _voice(by)
    if message:
        services.observe(envelopes=[given_bytes(each) for each in message], voice=voice)
    if commit:
        return Outcome({"transfer": tid, "commitment": services.commit_to_draw(tid=tid, voice=voice)})
    if not checked:
        return Outcome({"transfer": tid, **_standing(tid)})
    report = None if findings is None else digest_file(findings)
    return _told(services.attest(tid=tid, checked=checked, result=result, findings=report, voice=voice))


@app.command("status")
@verb
def status(
    tid: Annotated[str, typer.Argument(help="tid_…,不填则列出全部 / all when absent")] = "",
    *,
    case: Annotated[str, typer.Option(help="只看这个变更事项 / only this case")] = "",
) -> Outcome:
    """到哪一步了,谁等谁,到什么时候 / Where it stands, who waits for whom, until when."""
    if not tid:
        found = queries.transfers(case or None)
        return Outcome({"transfers": [{**vars(each), **_standing(each.tid)} for each in found]})
    here = queries.status(tid, now())
    listed = [
        {"seq": each.seq, "kind": each.kind, "by": each.role, "issued": each.issued, "message": str(each.path)}
        for each in queries.messages(tid, now())
    ]
    plain = {**vars(here), "role": queries.transfer(tid).role, "messages": listed}
    lines = (
        f"{words.label('status')}: {here.status}",
        f"{words.label('waits_for')}: {here.waits_for} {here.owed}".rstrip(),
        f"{words.label('until')}: {here.until or '-'}" + (f"  {', '.join(here.overdue)}" if here.overdue else ""),
    )
    return Outcome(plain, lines=lines)


def _voice(by: str) -> Voice:
    return services.voice(passphrase=session.passphrase("company"), by=by, at=now())


def _told(sent: Sent | None, *, holds: bool = True, **more: Any) -> Outcome:
    """The message that was written, where the transfer stands behind it, and who is awaited."""
    if sent is None:
        return Outcome(more, holds=holds)
    plain = {
        "transfer": sent.tid,
        "seq": sent.seq,
        "kind": sent.kind,
        "message": str(sent.path),
        "digest": sent.digest,
        **({"said_before": True} if sent.again else {}),
        **_standing(sent.tid),
        **more,
    }
    return Outcome(plain, holds=holds)


def _standing(tid: str) -> dict[str, Any]:
    here = queries.status(tid, now())
    return {"status": here.status, "waits_for": here.waits_for, "owed": here.owed, "until": here.until}


def _parts(tid: str) -> list[str]:
    return [str(each) for each in queries.part_paths(tid)]


def _bytes(path: Path | None) -> bytes | None:
    return None if path is None else given_bytes(path)


def _pairs(texts: Sequence[str] | None) -> Mapping[str, str]:
    pairs = [text.partition("=") for text in texts or ()]
    wrong = [kind for kind, mark, said in pairs if not mark or not said]
    if wrong:
        raise Refusal("transfer.retention", wrong=wrong)
    return {kind: said for kind, _, said in pairs}


def _notice_root(case: str) -> str:
    """The Merkle root over the entries of a case's notices, as they stand in the ledger."""
    told = [each.seq for each in ledger.entries(scope=f"case:{case}") if each.kind.startswith("notices.")]
    return "sha256:" + merkle.root([ledger.ref(seq).leaf for seq in told]).hex()


def _drill(recovery: Path, target: Path | None, sample: int, voice: Voice) -> Drill:
    """A backup made now, behind the import, and its drill."""
    at = now()
    made = backup.create(target=target, by=voice.by, at=at, signer=voice.signer)
    key = backup.open_recovery(recovery, session.passphrase("recovery"))
    found = backup.drill(sample=sample, recovery=key, by=voice.by, at=at, signer=voice.signer)
    if not found.passed:
        raise Refusal("transfer.drill_failed", wrong=list(found.wrong))
    return Drill(digest=made.digest, drilled=at, sample=max(found.compared, 1))
