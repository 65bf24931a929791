"""What anyone can check from the messages of a transfer, without the product, the data or the key.

It cannot see K, so roots and tags tell nothing of people; and it cannot see whether A's tables covered every source:
for that, somebody draws buckets and watches both sides recompute, before A destroys.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from shouxin.ground.formats.package import Ciphertext, Part, check_ciphertext
from shouxin.ground.formats.pit.chain import BASE, Message, Parties
from shouxin.ground.formats.pit.gates import missing_by_chain
from shouxin.ground.formats.pit.rules import replay
from shouxin.ground.formats.pit.transfer import Status, Transfer
from shouxin.ground.formats.roots import root_of
from shouxin.ground.kernel import dsse
from shouxin.ground.kernel.findings import Finding, Missing
from shouxin.ground.kernel.refusals import Corrupt, Refusal

BucketTables = Mapping[str, Sequence[bytes]]
NOT_SEEN = ("transfer.not_seen.key", "transfer.not_seen.sources")


@dataclass(frozen=True)
class Copies:
    """What lies beside the messages, as far as it does: the ciphertext's parts, and each side's bucket values."""

    parts: tuple[Path, ...] = ()
    buckets_a: BucketTables = field(default_factory=dict)
    buckets_b: BucketTables = field(default_factory=dict)


@dataclass(frozen=True)
class OfflineReport:
    """The verdict: `fault` is "", "corrupt" or "refused", with the message's number and the reason."""

    holds: bool
    status: str
    fault: str
    fault_seq: int
    reason: str
    findings: tuple[Finding, ...]
    not_seen: tuple[str, ...] = NOT_SEEN


def peek(envelope: bytes) -> tuple[str, Mapping[str, Any]]:
    """Kind and fields of an envelope, nothing checked yet: only to learn which transfer and contract it claims.

    Raises:
        Corrupt: not an envelope of this protocol.
    """
    statement = dsse.peek(envelope)
    kind = str(statement["predicateType"]).removeprefix(dsse.PREDICATE_BASE + BASE)
    if not isinstance(statement["predicate"], dict):
        raise Corrupt("statement of a refused form", "envelope")
    return kind, statement["predicate"]


def check_offline(
    envelopes: Sequence[bytes], parties: Parties, *, at: datetime, copies: Copies | None = None
) -> OfflineReport:
    """Walk the chain as V, then compare both sides' totals, the gates, and whatever lies beside."""
    if not envelopes:
        return _fault(None, "corrupt", 1, "chain that is empty", ())
    try:
        transfer = _begin(envelopes[0], parties)
    except (Refusal, Corrupt) as error:
        return _fault(None, *_said(error, 1), ())
    for number, envelope in enumerate(envelopes, start=1):
        try:
            transfer = replay(transfer, [envelope], at=at)
        except (Refusal, Corrupt) as error:
            return _fault(transfer, *_said(error, number), ())
    findings = (*_findings(transfer), *_beside(transfer, copies or Copies()))
    wrong = [each for each in findings if not each.holds]
    if wrong:
        return _fault(transfer, "refused", len(envelopes), wrong[0].name, findings)
    return OfflineReport(holds=True, status=transfer.status.value, fault="", fault_seq=0, reason="", findings=findings)


def _begin(envelope: bytes, parties: Parties) -> Transfer:
    _, predicate = peek(envelope)
    tid, contract, simulated = predicate.get("tid"), predicate.get("contract"), predicate.get("simulated")
    if not isinstance(tid, str) or not isinstance(contract, str) or not isinstance(simulated, bool):
        raise Corrupt("fields that are missing or too many", "message 1")
    return Transfer.start(tid=tid, contract=contract, simulated=simulated, parties=parties)


def _said(error: Refusal | Corrupt, number: int) -> tuple[str, int, str]:
    if isinstance(error, Refusal):
        return "refused", number, error.code
    return "corrupt", number, error.what


def _fault(
    transfer: Transfer | None, fault: str, number: int, reason: str, findings: tuple[Finding, ...]
) -> OfflineReport:
    status = transfer.status if transfer is not None else Status.DRAFT
    return OfflineReport(
        holds=False, status=status.value, fault=fault, fault_seq=number, reason=reason, findings=findings
    )


def _findings(transfer: Transfer) -> tuple[Finding, ...]:
    found = [Finding(name="transfer.chain", holds=True, value=len(transfer.messages))]
    settled, imported = transfer.settled, transfer.imported
    if settled is not None:
        equal = settled["tables"] == transfer.expected(settled["epoch"])
        rows = sum(each["rows"] for each in settled["tables"].values())
        found.append(Finding(name="transfer.totals_equal", holds=equal, value=rows))
    elif imported is not None:
        found.append(Finding(name="transfer.tables_differing", holds=True, value=len(transfer.differing(imported))))
    gates = missing_by_chain(transfer)
    # Before the permit a gate that is missing is a state of things; from the permit on it would be a fault.
    after = transfer.last("destroy-permit") is not None and transfer.status is not Status.HOLD
    found.append(Finding(name="transfer.gates", holds=not (after and gates), value=len(gates), missing=gates))
    found.append(_quarantine(transfer))
    return tuple(found)


def _quarantine(transfer: Transfer) -> Finding:
    current = transfer.epoch or 0
    open_one = transfer.unacknowledged
    missing = () if open_one is None else (Missing("transfer.gate.withdrawals_acknowledged", {"epoch": current}),)
    return Finding(name="transfer.epoch", holds=True, value=current, missing=missing)


def _beside(transfer: Transfer, copies: Copies) -> tuple[Finding, ...]:
    package = transfer.last("package")
    if package is None:
        return ()
    found = []
    if copies.parts:
        found.append(_ciphertext(package, copies.parts))
    if copies.buckets_a:
        found.append(_bucket_tables(transfer, copies.buckets_a, "transfer.buckets_a"))
    if copies.buckets_b:
        found.append(_bucket_tables(transfer, copies.buckets_b, "transfer.buckets_b"))
    return tuple(found)


def _ciphertext(package: Message, paths: tuple[Path, ...]) -> Finding:
    parts = tuple(Part(name=each["name"], size=each["size"], digest=each["digest"]) for each in package["parts"])
    try:
        check_ciphertext(paths, Ciphertext(digest=package["digest"], size=package["size"], parts=parts))
    except Corrupt as error:
        return Finding(name="transfer.ciphertext", holds=False, value=error.where)
    return Finding(name="transfer.ciphertext", holds=True, value=len(paths))


def _bucket_tables(transfer: Transfer, tables: BucketTables, name: str) -> Finding:
    """Each side's bucket values come to the root that this side signed last."""
    imported = transfer.imported
    source = imported["tables"] if name.endswith("_b") and imported else transfer.expected(transfer.epoch) or {}
    wrong = tuple(
        Missing("transfer.bucket_table", {"table": table})
        for table in sorted(set(source) | set(tables))
        if not _comes_to(tables.get(table, ()), source.get(table), transfer.buckets.get(table, 0))
    )
    return Finding(name=name, holds=not wrong, value=len(tables), missing=wrong)


def _comes_to(values: Sequence[bytes], total: Mapping[str, Any] | None, count: int) -> bool:
    if total is None or len(values) != count:
        return False
    try:
        return root_of(values).hex() == total["root"]
    except Corrupt:
        return False
