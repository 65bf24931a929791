"""Issuing the certificate of destruction (docs/formats/certificate.md), again whenever a place has met its end.

It is made from what is recorded and nothing else; issued again without a change it is the same paper. Each names the
one before it, so that none can be taken out of the row.
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.db.models import Count, Max

from shouxin.duties.consent.actors import check_staff
from shouxin.duties.disposal import queries, wiping
from shouxin.duties.disposal.models import Certificate, Destruction, PlaceEnd, Plan, Rescan
from shouxin.duties.disposal.queries import CertificateView
from shouxin.duties.disposal.steps import step
from shouxin.ground.formats import certificate as certificates
from shouxin.ground.formats.certificate import (
    LOOKS_PERSONAL,
    Approval,
    Copy,
    Custody,
    Exclusion,
    Failure,
    Ground,
    LedgerProof,
    Party,
    Place,
    PlaceRescan,
    Scope,
    Witness,
    Words,
)
from shouxin.ground.formats.certificate import Rescan as RescanStatement
from shouxin.ground.kernel.canonical import encode
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.ids import Entropy, new_id
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.signing import Signer
from shouxin.ground.kernel.times import from_text
from shouxin.ground.rulebook import law
from shouxin.ground.rulebook.gates import OUTCOMES, Outcome
from shouxin.stores.ledger import queries as ledger_queries
from shouxin.stores.ledger import services as ledger
from shouxin.stores.parties import queries as parties

GROUND = Words(
    "处理目的已经实现或者不再提供服务，个人信息处理者应当主动删除。",
    "The purpose is achieved or the service has ended: the handler shall delete on its own.",
)
SCOPE = Words(
    "仅限保险库内该决定集所列各类信息；其他存放地逐一列明。",
    "The vault's cells that the decision set ends; every other place is listed by itself.",
)
CUSTODY = {
    "K0": Words(
        "主密钥与密钥文件在同一存储卷：销毁前的整机快照可能恢复已销毁的密钥。",
        "The key-encrypting key lies on the keys' own volume: an image of the machine taken before could revive keys.",
    ),
    "K1": Words(
        "主密钥在另一设备：须同时持有该设备的旧副本才可能恢复。",
        "The key-encrypting key lies on another device: only with an older copy of that device could keys revive.",
    ),
    "K2": Words(
        "主密钥由密钥服务按版本销毁。", "The key-encrypting key lies in a key service that destroys its versions."
    ),
}
KEPT = {
    "B01": Words(
        "已移交但对方尚未结清：封存，不销毁。", "Handed over and not settled by the receiver: sealed, not destroyed."
    ),
    "B03": Words(
        "尚有未了结的义务（退款、保修、钥匙等）：为此继续保存。",
        "A duty is not wound up (refund, warranty, keys): kept for it.",
    ),
    "B04": Words("处于保全或者争议中：封存至解除。", "Under a hold or in dispute: sealed until released."),
    "B06": Words("处理目的仍在：继续使用。", "The purpose is alive: kept in use."),
    "B07": Words(
        "法定保存期内：只封存该类凭证所需字段，到期销毁。",
        "A statutory period runs: only the fields its record class needs are sealed, until its end.",
    ),
    "B08": Words("技术上暂难删除：停止除存储和保护以外的处理。", "Hard to delete now: stored and protected only."),
}
CLEARED = Words(
    "文件以覆写一次后删除的方式清除（Clear），不是净化（Purge）：固态盘备用区、快照、同步盘中的早期块不在查验之内。",
    "Files were overwritten once and deleted (clear, not purge): spare blocks of flash media, snapshots and "
    "synchronised folders were not looked at.",
)
KEPT_ELSEWHERE = Words(
    "文件中也有依法应当保留者的信息：所保留的部分在保险库内，明文文件不为此留存。",
    "Files also held people of whom something is kept: what is kept stands in the vault; no plain copy stays for it.",
)
AGAIN = {
    "vault": Words(
        "在保险库内逐项查找已销毁的密钥和记录；各存放地的文件尚未查找。",
        "Every destroyed key and record was looked for in the vault; files of other places have not been searched yet.",
    ),
    "files": Words(
        "在保险库内逐项查找已销毁的密钥和记录，并在已了结的存放地和本公司文件夹内查找预埋值与抽样值（含压缩包）。不含空闲块、快照和备份。",
        "Every destroyed key and record was looked for in the vault; planted and sampled values in the ended places "
        "and the company's folder, archives included. Not free blocks, snapshots or backups.",
    ),
}


def certificate(
    *,
    case: str,
    company: Signer,
    by: str,
    at: datetime,
    witness: Signer | None = None,
    signers: Sequence[Signer] = (),
    copies: Sequence[Copy] = (),
    folder: Path | None = None,
    entropy: Entropy = os.urandom,
) -> CertificateView:
    """The certificate of the case's newest destruction as things stand now; the same again while nothing changed.

    Kept in the database and, when `folder` is given, as a file in it.

    Raises:
        Refusal("disposal.not_destroyed"): nothing was destroyed, or a destruction is not at its end;
        Refusal("certificate.remains"): something was found again; Refusal("certificate.early" | "certificate.personal"
        | "certificate.witness"), Refusal("ledger.signer"): not the company's present key.
    """
    check_staff(by)
    destruction = queries.newest_destruction(case)
    with transaction.atomic():
        rescan = destruction.rescans.order_by("id").last()
        content = _content(destruction, rescan, copies=copies, witness=witness, by=by, at=at, entropy=entropy)
        state = _state(content, destruction)
        newest = Certificate.objects.select_for_update().order_by("number").last()
        if newest is not None and newest.state == state:
            row = newest
        else:
            row = _issue(content, destruction, newest, state, company=company, witness=witness, signers=signers, by=by)
        step("certificate written")
    step("certificate committed")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"certificate-{row.number:04d}.dsse").write_bytes(bytes(row.envelope))
    return queries.certificate_view(row)


def _state(content: certificates.Certificate, destruction: Destruction) -> str:
    """What a certificate says, without what each issue has of its own: id, link, day, checkpoint."""
    plain = certificates.to_plain(content, keys={})
    for name in ("id", "previous", "issued", "ledger", "keys", "operator"):
        del plain[name]
    return digest(encode([destruction.permit, plain]))


def _issue(
    content: certificates.Certificate,
    destruction: Destruction,
    newest: Certificate | None,
    state: str,
    *,
    company: Signer,
    witness: Signer | None,
    signers: Sequence[Signer],
    by: str,
) -> Certificate:
    note = ledger.checkpoint(signer=company, at=content.issued)
    whole = _with_proof(content, destruction, note=note, previous=newest)
    beside = [*([witness] if witness else []), *signers]
    envelope = certificates.issue(whole, company=company, signers=beside)
    row = Certificate.objects.create(
        id=content.id,
        case=content.case,
        destruction=destruction,
        number=newest.number + 1 if newest else 1,
        previous=whole.previous,
        headline=content.headline,
        envelope=envelope,
        digest=certificates.chain_digest(envelope),
        state=state,
        at=content.issued,
    )
    facts = {
        "certificate": row.digest,
        "previous": row.previous,
        "headline": row.headline,
        "permit": destruction.permit,
        "open": len(content.open_places),
    }
    ledger.append(kind="disposal.certified", scope=f"case:{content.case}", at=content.issued, by=by, facts=facts)
    return row


def _with_proof(
    content: certificates.Certificate, destruction: Destruction, *, note: str, previous: Certificate | None
) -> certificates.Certificate:
    """The same content with its link and the proof that its destruction's entry stands under this checkpoint."""
    entry, size = int((destruction.result or {})["entry"]), ledger_queries.height()
    proof = LedgerProof(
        origin=ledger_queries.origin(),
        index=entry,
        entry=next(ledger_queries.raw(entry, entry + 1)),
        path=tuple(ledger_queries.inclusion(entry, size)),
        checkpoint=note,
    )
    return replace(content, ledger=proof, previous=previous.digest if previous else "")


def _content(
    row: Destruction,
    rescan: Rescan | None,
    *,
    copies: Sequence[Copy],
    witness: Signer | None,
    by: str,
    at: datetime,
    entropy: Entropy,
) -> certificates.Certificate:
    if rescan is None:
        raise Refusal("disposal.not_destroyed", case=row.case)
    own, result = parties.company(), dict(row.result or {})
    ended = queries.place_ends()
    ends = list(ended.values())
    return certificates.Certificate(
        id=new_id("cert", entropy),
        previous="",
        simulated=ledger_queries.is_simulated(),
        controller=Party(name=own.name, uscc=own.uscc, origin=ledger_queries.origin()),
        operator=_operator(by),
        case=row.case,
        decision_set=row.decision_set,
        permit=row.permit,
        ground=_ground(),
        approvals=tuple(Approval(each["by"], each["key_id"], from_text(each["at"])) for each in row.approvals),
        scope=Scope(
            digest=row.scope_digest,
            words=SCOPE,
            classes=tuple(sorted({line.category for line in row.balance.filter(gone=True)})),
            tables=tuple((table, rows) for table, rows in row.tables),
            customers=row.customers - result["left_out"],
            cells=row.cells,
            root_before=row.root_before,
        ),
        started=row.started_at,
        ended=row.ended_at or at,
        issued=at,
        places=tuple(_place(each, ended.get(each.key)) for each in queries.places()),
        rescan=RescanStatement(
            method=rescan.method,
            at=rescan.at,
            planted=rescan.planted,
            looked_for=rescan.looked_for,
            found=rescan.found,
            words=AGAIN["files" if rescan.files else "vault"],
        ),
        custody=Custody(level=result["custody"], words=CUSTODY[result["custody"]]),
        ledger=LedgerProof(origin="", index=0, entry=b"", path=(), checkpoint=""),
        copies=tuple(copies),
        exclusions=_exclusions(row, ends),
        failures=_failures(row, ends),
        witness=Witness(witness.name, witness.key_id) if witness else None,
        evidence=_evidence(row, ends),
    )


def _operator(by: str) -> str:
    if not by.startswith("staff:"):
        return parties.company().name
    return parties.staff_member(by).name


def _ground() -> tuple[Ground, ...]:
    ruling = OUTCOMES[Outcome.B11_DESTROY]
    return tuple(Ground(law=id, rule="B11", mark=law.cite(id).mark, words=GROUND) for id in ruling.law)


def _place(view: queries.PlaceView, end: PlaceEnd | None) -> Place:
    kind = "goods" if view.kind == "good" else view.kind
    plain = Place(id=view.key, kind=kind, title=_harmless(view.title))
    if end is None:
        return plain
    if end.exclusion and end.state == PlaceEnd.EXCLUDED:
        return replace(plain, exclusion=_exclusion(end.exclusion))
    rescan = PlaceRescan(end.rescan_method, end.rescan_found) if end.rescan_found is not None else None
    if end.state != PlaceEnd.ENDED:
        return replace(plain, rescan=rescan)
    return replace(
        plain,
        method=end.method,
        standard=end.standard,
        tool=_harmless(end.tool),
        started=end.started_at,
        ended=end.ended_at,
        signed_by=tuple(end.signed_by),
        proof=end.proof,
        rescan=rescan,
    )


def _harmless(text: str) -> str:
    """A title without what looks like somebody's number (a SIM card's title may hold one)."""
    return LOOKS_PERSONAL.sub("…", text)


def _exclusion(plain: dict[str, str]) -> Exclusion:
    return Exclusion(code=plain["code"], until=plain["until"], words=Words(plain["zh"], plain["en"]))


def _exclusions(row: Destruction, ends: Sequence[PlaceEnd]) -> tuple[Exclusion, ...]:
    found = [_counted(KEPT[code], code, count) for code, count in sorted(row.exclusions.items()) if code in KEPT]
    left_out = int((row.result or {})["left_out"])
    if left_out:
        found.append(_counted(KEPT["B04"], "held_since", left_out))
    apart = row.sealed.aggregate(count=Count("id"), last=Max("until"))
    if apart["last"] is not None:
        last = apart["last"].isoformat()
        zh = f"封存的法定摘录:{apart['count']} 项,由{row.custodian}保管,最迟至 {last}。"
        en = f"Statutory extracts sealed: {apart['count']}, kept by {row.custodian}, until {last} at the latest."
        found.append(Exclusion("statutory_extract", Words(zh, en), until=last))
    for end in ends:
        if end.sealed_whole:
            kept = end.sealed_whole
            words = Words(
                f"原件整件封存:{kept['sheets']} 张,由{kept['custodian']}保管至 {kept['until']}。",
                f"Originals sealed whole: {kept['sheets']} sheets, kept by {kept['custodian']} until {kept['until']}.",
            )
            found.append(Exclusion("originals_sealed", words, until=kept["until"]))
        if end.exclusion and end.state == PlaceEnd.EXCLUDED:
            found.append(_exclusion(end.exclusion))
    if any(end.state == PlaceEnd.ENDED and end.standard == wiping.STANDARD for end in ends):
        found += [Exclusion("media_limits", CLEARED), Exclusion("kept_in_the_vault", KEPT_ELSEWHERE)]
    return tuple(found)


def _counted(words: Words, code: str, count: int) -> Exclusion:
    return Exclusion(code, Words(f"{words.zh}({count} 项)", f"{words.en} ({count})"))


def _failures(row: Destruction, ends: Sequence[PlaceEnd]) -> tuple[Failure, ...]:
    missing = sum(1 for each in ends if each.state == PlaceEnd.MISSING)
    remains = sum(1 for each in ends if each.state == PlaceEnd.REMAINS)
    found = []
    if missing:
        words = Words(
            f"{missing} 处文件不在原处,不是本程序销毁的。", f"{missing} files were not there; we did not destroy them."
        )
        found.append(Failure("place_missing", words))
    if remains:
        words = Words(f"{remains} 处销毁后仍发现副本。", f"In {remains} places copies were found after the end.")
        found.append(Failure("place_remains", words))
    wrong = sorted({code for each in row.rescans.filter(files=0) for code in each.where})
    if wrong:
        words = Words("保险库自检发现问题。", "The vault's self-test found something wrong.")
        found += [Failure(code, words) for code in wrong]
    return tuple(found)


def _evidence(row: Destruction, ends: Sequence[PlaceEnd]) -> tuple[str, ...]:
    plan = Plan.objects.filter(decision_set=row.decision_set).exclude(approved_at=None).first()
    found = [digest(bytes(plan.envelope))] if plan else []
    if row.witness_statement:
        found.append(digest(bytes(row.witness_statement)))
    found += [digest(bytes(each.envelope)) for each in ends if each.envelope]
    return tuple(found)
