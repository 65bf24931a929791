"""The evidence pack of a case, gathered from duties and stores; and the trust file about another company.

A pack shows the whole ledger (no personal information is in it), the messages with the other company, findings,
permits, certificates, the balance, the rules by digest, and says in words what it does not prove.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from shouxin.cases import decisions, keeping, queries
from shouxin.cases.closing import closing_facts
from shouxin.cases.models import Case
from shouxin.duties.disposal import queries as disposal
from shouxin.duties.notices import queries as notices
from shouxin.duties.review import queries as review
from shouxin.duties.transfer import queries as transfer
from shouxin.ground.formats import pack
from shouxin.ground.formats.certificate import Words
from shouxin.ground.formats.report.closing import (
    LANGUAGES,
    ClosingFacts,
    Listed,
    closing_document,
    closing_report,
    file_list,
)
from shouxin.ground.kernel.canonical import encode, to_base64
from shouxin.ground.kernel.digests import digest, digest_file
from shouxin.ground.kernel.findings import Finding, Missing
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.signing import Signer
from shouxin.ground.rulebook.gates import DecisionSet
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.parties import queries as parties

NOT_PROVED = (
    Words(
        zh="登记的来源是否就是全部:没有登记的地方,这份材料无从证明。",
        en="That the registered places are all there were: what was never registered cannot be shown here.",
    ),
    Words(
        zh="链接或答复码的持有人就是本人:证明的是持有链接、答复码的人作了答复。",
        en="That the holder of a link or reply code was the person: it shows that the holder answered.",
    ),
    Words(
        zh="两把密钥由两个人使用:核验只能看到两把密钥。",
        en="That two keys were two human beings: a check sees two keys.",
    ),
    Words(
        zh="接收方此后怎样使用信息。",
        en="What the receiver does with the information afterwards.",
    ),
)


def write_pack(*, case: str, signer: Signer, out: Path, at: datetime, edition: str = "auditor") -> str:
    """Write the evidence pack of a case; its digest.

    Raises:
        Refusal("cases.not_decided"), ("pack.unbalanced"), ("cases.pack_exists"): the file is there already.
    """
    if out.exists():
        raise Refusal("cases.pack_exists", file=out.name)
    row, decided = queries.case(case), queries.final_decision(case)
    newest, balance = ledger.checkpoints()[-1], disposal.balance(case, decided)
    told = closing_facts(row, decided=decided, balance=balance, not_proved=NOT_PROVED, checkpoint=newest.root, at=at)
    parts = pack.PackParts(
        company=parties.company().name,
        origin=ledger.origin(),
        case=case,
        simulated=ledger.is_simulated(),
        issued=at,
        decision_set=decided.digest,
        balance=balance,
        summary=decisions.pack_summary(decided),
        checkpoint=newest.whole,
        keys=_keys(row),
        editions=_editions(row, decided),
        not_proved=NOT_PROVED,
        ledger=ledger.raw(0, newest.size),
        checkpoints=[each.whole for each in ledger.checkpoints()[:-1]],
        findings=_findings(row),
        permits=[bytes(each.envelope) for each in row.permits.order_by("id")],
        certificates=disposal.certificates(case),
        messages={each.tid: transfer.envelopes(each.tid) for each in transfer.transfers(case)},
        documents=_documents(row, told),
        rules={"playbook.json": row.playbook_text.encode()},
    )
    return pack.build(parts, signer=signer, out=out, edition=edition)


def trust_of(recipient: str) -> bytes:
    """The trust file about another company: the keys of its card, and the last checkpoint of it that was seen here."""
    other = parties.recipient(recipient)
    seen = ledger.peer(other.origin)
    keys: dict[str, Any] = {
        other.key_id: {"public": to_base64(other.public), "role": "company", "name": other.name},
    }
    for each in other.staff:
        keys[each.key_id] = {"public": to_base64(each.public), "role": "staff", "name": each.role}
    own = parties.company()
    keys[own.key_id] = {"public": to_base64(own.public), "role": "recipient", "name": own.name}
    return encode(
        {
            "format": "shouxin-trust-1",
            "origin": other.origin,
            "simulated": ledger.is_simulated(),
            "keys": keys,
            "checkpoint": seen.note if seen else None,
        }
    )


def _keys(row: Case) -> list[pack.PublicKey]:
    roles = {each.id: each.role for each in parties.staff(include_revoked=True)}
    own = parties.company()
    found = [
        pack.PublicKey(
            public=each.public,
            role="company" if each.owner not in roles else "staff",
            name=own.name if each.owner not in roles else each.owner,
            entries=(each.entry,),
        )
        for each in parties.key_history()
    ]
    concerned = {flow["recipient"] for flow in row.interview["flows"]}
    witnesses = {each.witness_key for each in ledger.cosigned()}
    for other in parties.recipients():
        if other.id not in concerned and other.key_id not in witnesses:
            continue
        found.append(pack.PublicKey(public=other.public, role="recipient", name=other.name, entries=(other.entry,)))
    return found


def _editions(row: Case, decided: DecisionSet) -> list[pack.Edition]:
    played, reading = queries.playbook_of(row.id), row.interview["reading"]
    return [
        pack.Edition(id="playbook", title=played.zh, digest=row.playbook_digest, mark="V"),
        pack.Edition(id="law", title="rulebook/law", digest=decided.law_edition, mark="V"),
        pack.Edition(id="reading", title=reading, digest=digest(reading.encode()), mark="R"),
    ]


def _findings(row: Case) -> Mapping[str, Sequence[Finding]]:
    found = {}
    for step in row.steps.exclude(findings=[]):
        found[step.key] = [_finding(plain) for plain in step.findings]
    return found


def _finding(plain: Mapping[str, Any]) -> Finding:
    missing = tuple(Missing(each["code"], each["facts"], each["owner"], each["due"]) for each in plain["missing"])
    return Finding(plain["name"], plain["holds"], plain["value"], missing, plain["height"], tuple(plain["entries"]))


def _documents(row: Case, told: ClosingFacts) -> dict[str, bytes | Path]:
    """The words first: the report in both languages, then what customers were told, the assessment, the file list."""
    found: dict[str, bytes | Path] = {}
    for language in LANGUAGES:
        found[f"01-closing-report-{language}.pdf"] = closing_report(told, language=language)
        found[f"01-closing-report-{language}.docx"] = closing_document(told, language=language)
    for each in notices.texts(row.id):
        found[f"02-notice-{each.language}-{each.version}.json"] = encode(each.text.plain)
    assessment = review.assessment(row.id)
    found["03-assessment.json"] = assessment.document
    found["03-assessment.dsse"] = assessment.envelope
    listed = [
        Listed(number, _TITLES.get(name[:2], Words(zh=name, en=name)), f"documents/{name}", digest(bytes(content)))
        for number, (name, content) in enumerate(found.items(), start=1)
        if isinstance(content, bytes)
    ]
    for language in LANGUAGES:
        found[f"00-file-list-{language}.pdf"] = file_list(listed, told, language=language)
    return found


_TITLES = {
    "01": Words(zh="结案报告", en="Closing report"),
    "02": Words(zh="告知书", en="Notice"),
    "03": Words(zh="事前影响评估", en="Impact assessment"),
}


def cover(*, case: str, pack: Path, at: datetime, language: str) -> bytes:
    """The report with the pack's digest and checkpoint in print, to be notarised or time-stamped; it lies beside the
    pack.
    """
    row, decided = queries.case(case), queries.final_decision(case)
    told = closing_facts(
        row,
        decided=decided,
        balance=disposal.balance(case, decided),
        not_proved=NOT_PROVED,
        checkpoint=keeping.checkpoint(pack).root,
        at=at,
    )
    return closing_report(told, language=language, pack_digest=digest_file(pack))


def people_by_end(case: str) -> dict[str, int]:
    """Each person's one headline end, counted, as the balance says."""
    ends = disposal.balance(case, queries.final_decision(case)).persons.ends
    return {name: count for name, count in ends.items() if count}
