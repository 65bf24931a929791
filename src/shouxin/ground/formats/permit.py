"""The permit to destroy: one scope, one decision set, one height of the ledger, two people (docs/formats/permit.md).

    envelope = permit.issue(content, signers=[officer, owner])
    permit.check(envelope, keys=pinned)              # Corrupt when anything is wrong
    permit.check_in_force(content, at=now)           # Refusal when it is too early or too late

It is message 8 of PIT-1 in the sender's own hands: no destruction without it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shouxin.ground.formats import shapes
from shouxin.ground.kernel import dsse
from shouxin.ground.kernel.canonical import encode, to_base64
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.findings import Finding
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.kernel.signing import Signer
from shouxin.ground.kernel.times import from_text, to_text

PREDICATE = "permit/v1"
FORMAT = "shouxin-permit-1"
ENDS = ("anonymised", "destroyed")
FINDING = {
    "name": shapes.is_text,
    "holds": shapes.is_flag,
    "value": shapes.is_anything,
    "height": shapes.is_count,
    "entries": [shapes.is_count],
    "missing": [
        {
            "code": shapes.is_text,
            "facts": shapes.is_anything,
            "owner": shapes.is_label,
            "due": shapes.is_label,
        }
    ],
}
SHAPE = {
    "format": shapes.one_of(FORMAT),
    "company": {"name": shapes.is_text, "origin": shapes.is_text},
    "case": shapes.is_text,
    "decision_set": shapes.is_digest,
    "scope": {
        "digest": shapes.is_digest,
        "counts": [{"category": shapes.is_text, "end": shapes.one_of(*ENDS), "count": shapes.is_count}],
    },
    "findings": [FINDING],
    "height": shapes.is_count,
    "approvers": [{"by": shapes.is_text, "key_id": shapes.is_digest}],
    "keys": shapes.is_anything,
    "issued": shapes.is_time,
    "expires": shapes.is_time,
    "simulated": shapes.is_flag,
}


@dataclass(frozen=True)
class ScopeCount:
    """How many cells of one category meet one end under the permit."""

    category: str
    end: str
    count: int


@dataclass(frozen=True)
class Permit:
    """What two people allowed: which case, decision set and scope, on which findings, from when until when.

    `approvers` are staff ids (`staff:…`) in the order of their signatures; `approver_keys` their key ids.
    """

    company: str
    origin: str
    case: str
    decision_set: str
    scope_digest: str
    counts: tuple[ScopeCount, ...]
    findings: tuple[Mapping[str, Any], ...]
    height: int
    approvers: tuple[str, ...]
    issued: datetime
    expires: datetime
    simulated: bool
    approver_keys: tuple[str, ...] = ()
    digest: str = ""

    @property
    def cells(self) -> int:
        """How many cells the permit covers."""
        return sum(each.count for each in self.counts)


def frozen_findings(findings: Sequence[Finding]) -> tuple[Mapping[str, Any], ...]:
    """The findings as they stand in a permit."""
    return tuple(finding.to_plain() for finding in findings)


def issue(content: Permit, *, signers: Sequence[Signer]) -> bytes:
    """The permit's envelope, signed by each approver; the n-th signer is the n-th approver.

    Raises:
        Refusal("permit.approvers"): fewer than two distinct people or keys, or not as many signers as approvers;
        Refusal("permit.findings"): one does not hold or is newer than the height;
        Refusal("permit.scope"): nothing to destroy; Refusal("permit.times"): it expires before it is issued.
    """
    people, keys = set(content.approvers), {each.key_id for each in signers}
    if len(people) < 2 or len(keys) < 2 or not len(people) == len(keys) == len(content.approvers) == len(signers):
        raise Refusal("permit.approvers", approvers=len(people), keys=len(keys), least=2)
    failing = [
        str(finding["name"])
        for finding in content.findings
        if not finding["holds"] or finding["height"] > content.height
    ]
    if failing:
        raise Refusal("permit.findings", failing=failing)
    if content.cells == 0:
        raise Refusal("permit.scope")
    if content.expires <= content.issued:
        raise Refusal("permit.times")
    predicate = _predicate(content, signers)
    shapes.check(predicate, SHAPE, where="permit")
    envelope = dsse.sign(
        dsse.statement(
            subject={"decision-set": content.decision_set, "scope": content.scope_digest},
            predicate_type=PREDICATE,
            predicate=predicate,
        ),
        signers,
    )
    check(envelope)
    return envelope


def check(envelope: bytes, *, keys: Mapping[str, bytes] | None = None, where: str = "permit") -> Permit:
    """The permit inside; signatures checked against `keys`, or (None) against the keys it carries: consistent only.

    Raises:
        Corrupt: anything that docs/formats/permit.md tells a reader to refuse, but the time of its use.
    """
    predicate = _open(envelope, keys, where)
    content = _content(predicate, digest(envelope))
    approvers, ids = set(content.approvers), set(content.approver_keys)
    if len(approvers) < 2 or len(ids) < 2 or not len(approvers) == len(ids) == len(predicate["approvers"]):
        raise Corrupt("permit without two distinct approvers", where)
    if not ids <= set(
        dsse.open_envelope(envelope, keys=shapes.read_keys(predicate["keys"], where=where), where=where).signed_by
    ):
        raise Corrupt("permit that an approver did not sign", where)
    if any(not item["holds"] or item["height"] > content.height for item in content.findings):
        raise Corrupt("permit on a finding that does not hold", where)
    pairs = [(each.category, each.end) for each in content.counts]
    if content.cells == 0 or pairs != sorted(set(pairs)):
        raise Corrupt("permit on an empty or unordered scope", where)
    if content.expires <= content.issued:
        raise Corrupt("permit that expires before it is issued", where)
    return content


def check_in_force(content: Permit, *, at: datetime) -> None:
    """Refuse to act under a permit outside its time.

    Raises:
        Refusal("permit.expired") or Refusal("permit.early").
    """
    if at < content.issued:
        raise Refusal("permit.early", issued=to_text(content.issued))
    if at > content.expires:
        raise Refusal("permit.expired", expires=to_text(content.expires))


def scope_digest(cells: Mapping[str, Mapping[str, str]]) -> str:
    """The digest of a small scope: what → category → end. Large scopes bring the digest of their own columns."""
    return digest(encode({name: dict(ends) for name, ends in cells.items()}))


def _predicate(content: Permit, signers: Sequence[Signer]) -> dict[str, Any]:
    counts = sorted(content.counts, key=lambda each: (each.category, each.end))
    return {
        "format": FORMAT,
        "company": {"name": content.company, "origin": content.origin},
        "case": content.case,
        "decision_set": content.decision_set,
        "scope": {"digest": content.scope_digest, "counts": [vars(each) for each in counts]},
        "findings": [dict(finding) for finding in content.findings],
        "height": content.height,
        "approvers": [
            {"by": by, "key_id": signer.key_id} for by, signer in zip(content.approvers, signers, strict=True)
        ],
        "keys": {each.key_id: to_base64(each.public) for each in signers},
        "issued": to_text(content.issued),
        "expires": to_text(content.expires),
        "simulated": content.simulated,
    }


def _open(envelope: bytes, keys: Mapping[str, bytes] | None, where: str) -> Mapping[str, Any]:
    statement = shapes.peek(envelope, where=where)
    if statement["predicateType"] != dsse.PREDICATE_BASE + PREDICATE:
        raise Corrupt("not a permit", where)
    predicate = shapes.check(statement["predicate"], SHAPE, where=where)
    dsse.open_envelope(
        envelope, keys=shapes.read_keys(predicate["keys"], where=where) if keys is None else keys, where=where
    )
    subject = dsse.statement(
        subject={"decision-set": predicate["decision_set"], "scope": predicate["scope"]["digest"]},
        predicate_type=PREDICATE,
        predicate=predicate,
    )["subject"]
    if statement["subject"] != subject:
        raise Corrupt("permit whose subject is another", where)
    return predicate


def _content(predicate: Mapping[str, Any], digest_of: str) -> Permit:
    return Permit(
        company=predicate["company"]["name"],
        origin=predicate["company"]["origin"],
        case=predicate["case"],
        decision_set=predicate["decision_set"],
        scope_digest=predicate["scope"]["digest"],
        counts=tuple(ScopeCount(**each) for each in predicate["scope"]["counts"]),
        findings=tuple(predicate["findings"]),
        height=predicate["height"],
        approvers=tuple(each["by"] for each in predicate["approvers"]),
        issued=from_text(predicate["issued"]),
        expires=from_text(predicate["expires"]),
        simulated=predicate["simulated"],
        approver_keys=tuple(each["key_id"] for each in predicate["approvers"]),
        digest=digest_of,
    )
