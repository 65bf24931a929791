"""One closed case of an invented company, small enough to read: its ledger, messages, permit, certificate, balance."""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shouxin.ground.formats import certificate as certificates
from shouxin.ground.formats import pack, permit, verify
from shouxin.ground.formats.balance import CELL_ENDS, COPY_ENDS, PERSON_ENDS, Balance, CellRow, PersonEnds, SourceRows
from shouxin.ground.formats.certificate import Words
from shouxin.ground.kernel import merkle
from shouxin.ground.kernel.canonical import encode, to_base64
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.findings import Finding
from shouxin.ground.kernel.notes import Checkpoint, cosign, sign_checkpoint
from shouxin.ground.kernel.signing import KeySigner, signer
from shouxin.ground.kernel.times import to_text
from tests.ground.formats.test_pit import cast as pit_cast

FOUNDED = datetime(2026, 11, 1, 1, 0, tzinfo=UTC)
ENDED = datetime(2026, 12, 20, 1, 0, tzinfo=UTC)
CASE = "case_" + "abcdefghij234567klmnopqrst"
DECISION_SET = "sha256:" + "d5" * 32
SCOPE = "sha256:" + "5c" * 32
NAME = "某某家政服务部"
GOOD = Words(zh="本店信息库内的客户信息", en="Customers' information in the vault")


def sha(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def person(name: str) -> KeySigner:
    return signer(hashlib.sha256(name.encode()).digest(), name)


COMPANY, RECEIVER, WITNESS = person("A"), person("B"), person("V")
OFFICER, OWNER, OUTSIDER = person("officer"), person("owner"), person("X")


@dataclass
class Log:
    """The company's ledger, entry by entry."""

    origin: str = "example.test/a"
    simulated: bool = False
    entries: list[bytes] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)
    at: datetime = FOUNDED

    def add(self, kind: str, at: datetime | None = None, scope: str = f"case:{CASE}", **facts: object) -> int:
        self.at = max(self.at, at or self.at)
        seq = len(self.entries)
        entry = {
            "v": 1,
            "seq": seq,
            "at": to_text(self.at),
            "kind": kind,
            "scope": scope,
            "by": "system",
            "facts": facts,
            "simulated": self.simulated,
        }
        self.entries.append(encode(entry))
        self.leaves.append(merkle.leaf_hash(self.entries[-1]))
        return seq

    def note(self, size: int | None = None) -> str:
        size = len(self.leaves) if size is None else size
        return sign_checkpoint(Checkpoint(self.origin, size, merkle.root(self.leaves[:size])), COMPANY)

    def proof(self, seq: int) -> certificates.LedgerProof:
        path = tuple(merkle.inclusion_proof(self.leaves, seq))
        return certificates.LedgerProof(self.origin, seq, self.entries[seq], path, self.note())


class LoggedHouse(pit_cast.House):
    """House A of the transfer's story, on the company's own ledger."""

    def __init__(self, log: Log) -> None:
        super().__init__("A", COMPANY)
        self.log = log

    @property
    def origin(self) -> str:
        return self.log.origin

    def note(self) -> str:
        return self.log.note()

    def ledger(self, transfer, at):
        self.log.add("transfer.sent", at, number=transfer.seq)
        self.leaves = self.log.leaves
        own = [each for each in transfer.messages if each.role == "A"]
        path: list[bytes] = []
        if own:
            size = int(own[-1]["checkpoint"].split("\n")[1])
            path = merkle.consistency_proof(self.leaves, size)
        return pit_cast.Ledger(self.note(), path, self.cosigned(transfer, at))


class PermittedStory(pit_cast.Story):
    """The transfer's story in which two people signed a permit before A speaks of one."""

    def __init__(self, log: Log, *, simulated: bool) -> None:
        super().__init__(simulated=simulated)
        self.log, self.permit = log, b""
        self.houses["A"] = LoggedHouse(log)

    def _destroy_permit(self, role):
        height = len(self.log.entries) + 1  # the message is an entry itself, written in the same moment
        allowed = permit_of(self.log, simulated=self.log.simulated, at=self.at, height=height)
        self.permit = permit.issue(allowed, signers=[OFFICER, OWNER])
        approvers = sorted([OFFICER.key_id, OWNER.key_id])
        return {**super()._destroy_permit(role), "permit": digest(self.permit), "approvers": approvers}


@dataclass
class Closed:
    """The case once it is closed, and every part of its pack."""

    log: Log
    story: pit_cast.Story
    permit: bytes
    certificate: bytes
    content: certificates.Certificate
    parts: pack.PackParts
    keys: dict[str, int]


def closed_case(*, simulated: bool = False, customers: int = 5000, filler: int = 260) -> Closed:
    log, keys = found(simulated=simulated, filler=filler)
    early = cosign(log.note(), name="example.test/v", signer=WITNESS, at=log.at)
    story = PermittedStory(log, simulated=simulated)
    story.to("PERMITTED")
    envelope = story.permit
    done = log.add("destroy.done", story.at + timedelta(minutes=5), scope_digest=SCOPE)
    content = certificate_of(log, done, permit.check(envelope), simulated=simulated)
    paper = certificates.issue(content, company=COMPANY, signers=[WITNESS])
    story.at = log.at + timedelta(hours=1)
    story.say("A", "destroyed", certificate=certificates.chain_digest(paper)).say("B", "ack")
    log.add("case.closed", story.at)
    newest = cosign(log.note(), name="example.test/b", signer=RECEIVER, at=log.at)
    parts = parts_of(log, story, envelope, paper, keys, customers, early, newest)
    return Closed(log, story, envelope, paper, content, parts, keys)


def found(*, simulated: bool, filler: int) -> tuple[Log, dict[str, int]]:
    log = Log(origin="simulated.example.test/a" if simulated else "example.test/a", simulated=simulated)
    facts = {"company": NAME, "key": COMPANY.key_id, "public": to_base64(COMPANY.public)}
    log.add("ledger.founded", scope="company", origin=log.origin, simulated=simulated, **facts)
    keys = {COMPANY.name: 0}
    for who in (OFFICER, OWNER, RECEIVER, WITNESS):
        keys[who.name] = log.add("parties.key_added", scope="company", key=who.key_id)
    for number in range(filler):
        log.add("inventory.collected", FOUNDED + timedelta(minutes=number), batch=number, digest=sha(str(number)))
    return log, keys


def permit_of(log: Log, *, simulated: bool, at: datetime, height: int | None = None) -> permit.Permit:
    return permit.Permit(
        company=NAME,
        origin=log.origin,
        case=CASE,
        decision_set=DECISION_SET,
        scope_digest=SCOPE,
        counts=(permit.ScopeCount("basic", "destroyed", 1100), permit.ScopeCount("purchase", "destroyed", 980)),
        findings=permit.frozen_findings([Finding(name="transfer.settled", holds=True, value=1, height=9)]),
        height=len(log.entries) if height is None else height,
        approvers=("staff:1", "staff:2"),
        issued=at,
        expires=at + timedelta(days=7),
        simulated=simulated,
    )


def certificate_of(log: Log, done: int, allowed: permit.Permit, *, simulated: bool) -> certificates.Certificate:
    start = allowed.issued + timedelta(minutes=2)
    end = start + timedelta(minutes=3)
    return certificates.Certificate(
        id="cert_" + "abcdefghij234567klmnopqrst",
        previous="",
        simulated=simulated,
        controller=certificates.Party(NAME, "91310000MA00000X0X", log.origin),
        operator=NAME,
        case=CASE,
        decision_set=DECISION_SET,
        permit=allowed.digest,
        ground=(certificates.Ground("PIPL-47", "B07", "V", Words("目的已实现", "The purpose has been achieved")),),
        approvals=tuple(
            certificates.Approval(by, key, allowed.issued)
            for by, key in zip(allowed.approvers, allowed.approver_keys, strict=True)
        ),
        scope=certificates.Scope(SCOPE, GOOD, ("basic", "purchase"), (("customers", 1100),), 1100, 2080, sha("root")),
        started=start,
        ended=end,
        issued=end + timedelta(minutes=30),
        places=places(end),
        rescan=certificates.Rescan(
            "原始字节扫描", end + timedelta(minutes=10), 40, 40, 0, Words("未发现", "None found")
        ),
        custody=certificates.Custody("K0", Words("密钥与数据同盘", "Keys on the same volume as the data")),
        ledger=log.proof(done),
        copies=(certificates.Copy("backup", "备份一", "2026-12-31", Words("到期删除", "Deleted at expiry")),),
        exclusions=(
            certificates.Exclusion("tax_voucher", Words("发票依法保存十年", "Invoices kept ten years"), "2036-12-31"),
        ),
        witness=certificates.Witness("见证人甲", WITNESS.key_id),
        evidence=(sha("scan"),),
    )


def places(end: datetime) -> tuple[certificates.Place, ...]:
    again = certificates.PlaceRescan("原始字节扫描", 0)
    file = certificates.Place(
        id="source:1",
        kind="file",
        title="客户名单(Excel)",
        serial="vol-0001",
        method="delete",
        standard="NIST SP 800-88r2 Clear",
        tool="shouxin 0.1",
        started=end,
        ended=end + timedelta(minutes=4),
        proof=sha("file"),
        rescan=again,
    )
    box = replace(
        file, id="source:4", kind="box", title="合同纸箱", method="shred", rescan=None, signed_by=("staff:1", "staff:2")
    )
    tax = certificates.Place(
        id="source:5",
        kind="box",
        title="发票纸箱",
        exclusion=certificates.Exclusion("tax_voucher", Words("依法保存", "Kept by law"), "2036-12-31"),
    )
    return file, box, tax


def balance_of(customers: int) -> Balance:
    handed, destroyed, sealed = customers * 6 // 10, customers * 3 // 10, customers - customers * 9 // 10
    none = dict.fromkeys(CELL_ENDS, 0)
    cells = tuple(
        CellRow(
            category=category,
            source="source:1",
            cells=handed + destroyed + sealed,
            ends={**none, "handed_over": handed, "destroyed": destroyed, "sealed": sealed},
            copy={**dict.fromkeys(COPY_ENDS, 0), "destroyed": handed},
        )
        for category in ("basic", "purchase")
    )
    ends = {**dict.fromkeys(PERSON_ENDS, 0), "handed_over": handed, "destroyed": destroyed, "sealed": sealed}
    total = handed + destroyed + sealed
    return Balance(
        sources=(SourceRows("source:1", total + 7, total, 5, 2),), cells=cells, persons=PersonEnds(total, ends)
    )


def summary_of(customers: int) -> dict[str, object]:
    rows = [
        {"row": "A22", "verdict": "hand_over", "count": customers * 6 // 10},
        {"row": "A08", "verdict": "not_moved", "count": customers - customers * 6 // 10},
    ]
    ends = [
        {"end": "handed_over", "count": customers * 6 // 10},
        {"end": "destroyed", "count": customers - customers * 6 // 10},
    ]
    groups = [{"category": name, "rows": rows, "ends": ends} for name in ("basic", "purchase")]
    return {
        "case": CASE,
        "digest": DECISION_SET,
        "cutoff": to_text(FOUNDED + timedelta(days=10)),
        "height": 9,
        "customers": customers,
        "categories": groups,
    }


def public_keys(keys: dict[str, int]) -> list[pack.PublicKey]:
    roles = {"A": "company", "B": "recipient", "V": "witness", "officer": "staff", "owner": "staff"}
    people = {who.name: who for who in (COMPANY, RECEIVER, WITNESS, OFFICER, OWNER)}
    return [pack.PublicKey(people[name].public, roles[name], name, (seq,)) for name, seq in keys.items()]


def parts_of(log, story, envelope, paper, keys, customers, early, newest) -> pack.PackParts:
    balance = balance_of(customers)
    total = balance.persons.customers
    return pack.PackParts(
        company=NAME,
        origin=log.origin,
        case=CASE,
        simulated=log.simulated,
        issued=log.at + timedelta(hours=1),
        decision_set=DECISION_SET,
        balance=balance,
        summary=summary_of(total),
        checkpoint=newest,
        keys=public_keys(keys),
        editions=[pack.Edition("PIPL", "个人信息保护法", sha("pipl"), "V")],
        not_proved=[Words("未登记的副本", "Copies nobody registered")],
        ledger=list(log.entries),
        checkpoints=[early],
        findings={"notices": [Finding(name="notices.reached", holds=True, value=1.0, height=8, entries=(3,))]},
        permits=[envelope],
        certificates={"cert-0001": paper},
        messages={pit_cast.TID: list(story.envelopes)},
        documents={"01-report.zh.txt": "结案报告\n".encode(), "02-scan.bin": bytes(range(256))},
        rules={"playbook.toml": b'id = "asset"\n'},
    )


def selected(case: Closed) -> pack.PackParts:
    """The same pack with only the case's own entries, each with its proof."""
    log = case.log
    shown = [0, 1, 2, 3, 4, case.content.ledger.index]
    entries = tuple(
        pack.SelectedEntry(seq, log.entries[seq], tuple(merkle.inclusion_proof(log.leaves, seq))) for seq in shown
    )
    size = int(case.parts.checkpoints[0].split("\n")[1])
    proofs = {size: tuple(merkle.consistency_proof(log.leaves, size))}
    return replace(case.parts, ledger=None, selected=pack.Selected(entries, proofs))


def trust_of(case: Closed, *, size: int | None = 100, **changes: object) -> verify.Trust:
    pinned = {
        COMPANY.key_id: verify.TrustedKey(COMPANY.public, "company", NAME),
        RECEIVER.key_id: verify.TrustedKey(RECEIVER.public, "recipient", "B"),
        WITNESS.key_id: verify.TrustedKey(WITNESS.public, "witness", "V"),
    }
    note = None if size is None else case.log.note(size)
    return replace(verify.Trust(case.log.origin, case.log.simulated, pinned, note), **changes)


def write_trust(trust: verify.Trust, path: Path) -> Path:
    path.write_bytes(encode(verify.write_trust(trust)))
    return path
