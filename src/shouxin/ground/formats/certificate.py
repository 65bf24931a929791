"""The certificate of destruction: what ended, why, where and how, and what did not (docs/formats/certificate.md).

    envelope = certificate.issue(content, signers=[company, witness])
    certificate.check(envelope, keys=pinned)         # Corrupt when anything is wrong

The headline is computed: "complete" only when every registered place has its own end or a named exclusion and nothing
failed. A certificate cannot be issued earlier than its destruction, nor after a re-scan that found something.
NIST SP 800-88r2 (clear, purge, destroy, cryptographic erase), ISO/IEC 27555 (terms); PIPL 47.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from shouxin.ground.formats import shapes
from shouxin.ground.formats.permit import Permit
from shouxin.ground.kernel import dsse, merkle, notes
from shouxin.ground.kernel.canonical import decode, from_base64, to_base64
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.kernel.signing import Signer
from shouxin.ground.kernel.times import from_text, to_text

PREDICATE = "certificate/v1"
FORMAT = "shouxin-certificate-1"
DESTRUCTION_KIND = "destroy.done"
METHODS = ("crypto_erase", "clear", "purge", "destroy", "shred", "delete")
BY_HAND = ("box", "goods")
COPIES = ("backup", "replica", "processor", "escrow")
FREE_TEXT = ("zh", "en", "title", "tool", "standard", "name", "table", "method")
LOOKS_PERSONAL = re.compile(r"(?<!\d)(?:1\d{10}|\d{15,19}|\d{17}[Xx])(?!\d)", re.ASCII)


@dataclass(frozen=True)
class Words:
    """One sentence in both languages."""

    zh: str
    en: str

    def say(self, language: str) -> str:
        """The sentence in one language."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class Party:
    """The controller (handler): name, unified social credit code (may be empty) and the origin of its ledger."""

    name: str
    uscc: str
    origin: str


@dataclass(frozen=True)
class Ground:
    """Why it had to end: the law's id, the house's rule, how sure the reading is (V R Q M K), in words."""

    law: str
    rule: str
    mark: str
    words: Words


@dataclass(frozen=True)
class Approval:
    """One of the two people: who, with which key, when."""

    by: str
    key_id: str
    at: datetime


@dataclass(frozen=True)
class Scope:
    """What was in the vault before: classes, tables with rows, persons, cells, and the root over them."""

    digest: str
    words: Words
    classes: tuple[str, ...]
    tables: tuple[tuple[str, int], ...]
    customers: int
    cells: int
    root_before: str


@dataclass(frozen=True)
class Rescan:
    """Looking again after the end: how, when, how many canaries were planted, looked for, and remains found."""

    method: str
    at: datetime
    planted: int
    looked_for: int
    found: int
    words: Words


@dataclass(frozen=True)
class PlaceRescan:
    """Looking again at one place."""

    method: str
    found: int


@dataclass(frozen=True)
class Exclusion:
    """What stays, by name: a code, until when (ISO day or empty), in words. Shown on the first page."""

    code: str
    words: Words
    until: str = ""


@dataclass(frozen=True)
class Place:
    """One registered place and its own end, or the exclusion it is named in, or neither: then it is open."""

    id: str
    kind: str
    title: str
    serial: str = ""
    encryption: str = ""
    method: str = ""
    standard: str = ""
    tool: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    signed_by: tuple[str, ...] = ()
    proof: str = ""
    rescan: PlaceRescan | None = None
    exclusion: Exclusion | None = None

    @property
    def is_open(self) -> bool:
        """Whether it has neither its own end nor a named exclusion."""
        return not (self.has_end or self.exclusion)

    @property
    def has_end(self) -> bool:
        """Whether method, times and proof are given, the re-scan found nothing, and things by hand have two signers."""
        if not (self.method and self.started and self.ended and self.proof):
            return False
        if self.kind in BY_HAND:
            return len(set(self.signed_by)) >= 2
        return self.rescan is not None and self.rescan.found == 0


@dataclass(frozen=True)
class Copy:
    """A copy elsewhere: backup, replica, processor's or escrow; the day it expires; in words."""

    kind: str
    title: str
    expires: str
    words: Words


@dataclass(frozen=True)
class Custody:
    """The custody class of the keys (K0, K1, K2) and what it means for this certificate."""

    level: str
    words: Words


@dataclass(frozen=True)
class Failure:
    """What did not work."""

    code: str
    words: Words


@dataclass(frozen=True)
class Witness:
    """Who watched, under which key."""

    name: str
    key_id: str


@dataclass(frozen=True)
class LedgerProof:
    """The entry of the destruction, its place in the tree and the signed checkpoint that covers it."""

    origin: str
    index: int
    entry: bytes
    path: tuple[bytes, ...]
    checkpoint: str


@dataclass(frozen=True)
class Certificate:
    """Everything a certificate says. `headline` and `digest` are filled in by the house."""

    id: str
    previous: str
    simulated: bool
    controller: Party
    operator: str
    case: str
    decision_set: str
    permit: str
    ground: tuple[Ground, ...]
    approvals: tuple[Approval, ...]
    scope: Scope
    started: datetime
    ended: datetime
    issued: datetime
    places: tuple[Place, ...]
    rescan: Rescan
    custody: Custody
    ledger: LedgerProof
    copies: tuple[Copy, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    failures: tuple[Failure, ...] = ()
    witness: Witness | None = None
    evidence: tuple[str, ...] = ()
    digest: str = field(default="", compare=False)
    signed_by: tuple[str, ...] = field(default=(), compare=False)

    @property
    def open_places(self) -> tuple[str, ...]:
        """The ids of the places that have neither an end nor a named exclusion."""
        return tuple(place.id for place in self.places if place.is_open)

    @property
    def headline(self) -> str:
        """`complete` when no place is open and nothing failed, else `partial`."""
        return "partial" if self.open_places or self.failures or not self.places else "complete"


_PLACE_SHAPE = {
    "id": shapes.is_text,
    "kind": shapes.is_text,
    "title": shapes.is_text,
    "serial": shapes.is_label,
    "encryption": shapes.is_label,
    "method": shapes.one_of("", *METHODS),
    "standard": shapes.is_label,
    "tool": shapes.is_label,
    "started": shapes.optional(shapes.is_time),
    "ended": shapes.optional(shapes.is_time),
    "signed_by": [shapes.is_text],
    "proof": shapes.is_digest_or_none,
    "rescan": shapes.optional({"method": shapes.is_text, "found": shapes.is_count}),
    "exclusion": shapes.optional({"code": shapes.is_text, "until": shapes.is_label, "words": shapes.WORDS}),
}
SHAPE = {
    "format": shapes.one_of(FORMAT),
    "id": shapes.is_text,
    "previous": shapes.is_digest_or_none,
    "simulated": shapes.is_flag,
    "headline": shapes.one_of("complete", "partial"),
    "controller": {"name": shapes.is_text, "uscc": shapes.is_label, "origin": shapes.is_text},
    "operator": {"name": shapes.is_text},
    "case": shapes.is_text,
    "decision_set": shapes.is_digest,
    "permit": shapes.is_digest,
    "ground": [
        {
            "law": shapes.is_text,
            "rule": shapes.is_text,
            "mark": shapes.one_of("V", "R", "Q", "M", "K"),
            "words": shapes.WORDS,
        }
    ],
    "approvals": [{"by": shapes.is_text, "key_id": shapes.is_digest, "at": shapes.is_time}],
    "scope": {
        "digest": shapes.is_digest,
        "words": shapes.WORDS,
        "classes": [shapes.is_text],
        "tables": [{"table": shapes.is_text, "rows": shapes.is_count}],
        "customers": shapes.is_count,
        "cells": shapes.is_count,
        "root_before": shapes.is_digest,
    },
    "started": shapes.is_time,
    "ended": shapes.is_time,
    "issued": shapes.is_time,
    "places": [_PLACE_SHAPE],
    "rescan": {
        "method": shapes.is_text,
        "at": shapes.is_time,
        "planted": shapes.is_count,
        "looked_for": shapes.is_count,
        "found": shapes.is_count,
        "words": shapes.WORDS,
    },
    "copies": [
        {"kind": shapes.one_of(*COPIES), "title": shapes.is_text, "expires": shapes.is_label, "words": shapes.WORDS}
    ],
    "custody": {"class": shapes.one_of("K0", "K1", "K2"), "words": shapes.WORDS},
    "exclusions": [{"code": shapes.is_text, "until": shapes.is_label, "words": shapes.WORDS}],
    "failures": [{"code": shapes.is_text, "words": shapes.WORDS}],
    "witness": shapes.optional({"name": shapes.is_text, "key_id": shapes.is_digest}),
    "ledger": {
        "origin": shapes.is_text,
        "index": shapes.is_count,
        "entry": shapes.is_text,
        "path": [shapes.is_text],
        "checkpoint": shapes.is_text,
    },
    "evidence": [shapes.is_digest],
    "keys": shapes.is_anything,
}


def issue(content: Certificate, *, company: Signer, signers: Sequence[Signer] = ()) -> bytes:
    """The certificate's envelope, signed by the company, then by the others (witness, approvers).

    Raises:
        Refusal("certificate.early"): issued before its destruction ended, or a place after the paper;
        Refusal("certificate.remains"): a re-scan found something or looked for less than was planted;
        Refusal("certificate.approvals"): not two distinct people with two keys, before it began;
        Refusal("certificate.personal"): free text looks like a telephone, card or identity number;
        Refusal("certificate.witness"): the named witness does not sign; Corrupt: the ledger proof does not hold.
    """
    everyone = [company, *signers]
    _refuse_early(content)
    _refuse_remains(content)
    _refuse_approvals(content)
    if content.witness and content.witness.key_id not in {each.key_id for each in everyone}:
        raise Refusal("certificate.witness")
    predicate = to_plain(content, keys={each.key_id: each.public for each in everyone})
    suspicious = [name for name, text in _free_text(predicate, "") if LOOKS_PERSONAL.search(text)]
    if suspicious:
        raise Refusal("certificate.personal", fields=suspicious)
    shapes.check(predicate, SHAPE, where="certificate")
    content_statement = dsse.statement(
        subject={"scope": content.scope.digest}, predicate_type=PREDICATE, predicate=predicate
    )
    envelope = dsse.sign(content_statement, everyone)
    check(envelope)
    return envelope


def check(
    envelope: bytes,
    *,
    keys: Mapping[str, bytes] | None = None,
    company_keys: Mapping[str, bytes] | None = None,
    permit: Permit | None = None,
    where: str = "certificate",
) -> Certificate:
    """The certificate inside, every rule of its page applied.

    `company_keys` are the keys that may speak for the company (pinned); None: the first signer's own, consistent only.
    `keys` are those that may sign beside it; None: the keys the certificate carries.

    Raises:
        Corrupt: anything that docs/formats/certificate.md tells a reader to refuse.
    """
    statement = shapes.peek(envelope, where=where)
    if statement["predicateType"] != dsse.PREDICATE_BASE + PREDICATE:
        raise Corrupt("not a certificate", where)
    predicate = shapes.check(statement["predicate"], SHAPE, where=where)
    own = shapes.read_keys(predicate["keys"], where=where)
    opened = dsse.open_envelope(envelope, keys=own if keys is None else keys, where=where)
    speaks = {opened.signed_by[0]: own.get(opened.signed_by[0], b"")} if company_keys is None else company_keys
    if opened.signed_by[0] not in speaks or not set(opened.signed_by) <= set(own):
        raise Corrupt("certificate that the company did not sign", where)
    if statement["subject"] != _subject(predicate):
        raise Corrupt("certificate whose subject is another", where)
    content = replace(from_plain(predicate, where=where), digest=opened.digest, signed_by=opened.signed_by)
    _check_words(content, predicate, where)
    with shapes.at(where):
        _check_ledger(predicate, {opened.signed_by[0]: speaks[opened.signed_by[0]]}, where)
    if permit is not None:
        check_permit(content, permit, where=where)
    return content


def check_permit(content: Certificate, permit: Permit, *, where: str = "certificate") -> None:
    """Refuse a certificate that is not of this permit.

    Raises:
        Corrupt: another scope, decision set, simulation or pair of approvers, or destroyed outside its time.
    """
    same = (
        content.permit == permit.digest
        and content.scope.digest == permit.scope_digest
        and content.decision_set == permit.decision_set
        and content.simulated == permit.simulated
        and {(each.by, each.key_id) for each in content.approvals}
        == set(zip(permit.approvers, permit.approver_keys, strict=True))
    )
    if not same:
        raise Corrupt("certificate of another permit", where)
    if not permit.issued <= content.started <= permit.expires:
        raise Corrupt("destruction outside its permit's time", where)


def to_plain(content: Certificate, *, keys: Mapping[str, bytes]) -> dict[str, Any]:
    """The predicate, as it is signed."""
    return {
        "format": FORMAT,
        "headline": content.headline,
        "id": content.id,
        "previous": content.previous,
        "simulated": content.simulated,
        "controller": vars(content.controller),
        "operator": {"name": content.operator},
        "case": content.case,
        "decision_set": content.decision_set,
        "permit": content.permit,
        "ground": [{**vars(each), "words": vars(each.words)} for each in content.ground],
        "approvals": [{**vars(each), "at": to_text(each.at)} for each in content.approvals],
        "scope": _plain_scope(content.scope),
        "started": to_text(content.started),
        "ended": to_text(content.ended),
        "issued": to_text(content.issued),
        "places": [_plain_place(each) for each in content.places],
        "rescan": {**vars(content.rescan), "at": to_text(content.rescan.at), "words": vars(content.rescan.words)},
        "copies": [{**vars(each), "words": vars(each.words)} for each in content.copies],
        "custody": {"class": content.custody.level, "words": vars(content.custody.words)},
        "exclusions": [_plain_exclusion(each) for each in content.exclusions],
        "failures": [{"code": each.code, "words": vars(each.words)} for each in content.failures],
        "witness": vars(content.witness) if content.witness else None,
        "ledger": _plain_proof(content.ledger),
        "evidence": list(content.evidence),
        "keys": {name: to_base64(public) for name, public in keys.items()},
    }


def from_plain(predicate: Mapping[str, Any], *, where: str = "certificate") -> Certificate:
    """The certificate of a predicate whose shape is known to be right.

    Raises:
        Corrupt: base64 of another spelling in the ledger proof.
    """
    scope, rescan, proof = predicate["scope"], predicate["rescan"], predicate["ledger"]
    return Certificate(
        id=predicate["id"],
        previous=predicate["previous"],
        simulated=predicate["simulated"],
        controller=Party(**predicate["controller"]),
        operator=predicate["operator"]["name"],
        case=predicate["case"],
        decision_set=predicate["decision_set"],
        permit=predicate["permit"],
        ground=tuple(Ground(**{**each, "words": Words(**each["words"])}) for each in predicate["ground"]),
        approvals=tuple(Approval(**{**each, "at": from_text(each["at"])}) for each in predicate["approvals"]),
        scope=Scope(
            **{
                **scope,
                "words": Words(**scope["words"]),
                "classes": tuple(scope["classes"]),
                "tables": tuple((each["table"], each["rows"]) for each in scope["tables"]),
            }
        ),
        started=from_text(predicate["started"]),
        ended=from_text(predicate["ended"]),
        issued=from_text(predicate["issued"]),
        places=tuple(_place(each) for each in predicate["places"]),
        rescan=Rescan(**{**rescan, "at": from_text(rescan["at"]), "words": Words(**rescan["words"])}),
        custody=Custody(level=predicate["custody"]["class"], words=Words(**predicate["custody"]["words"])),
        ledger=LedgerProof(
            origin=proof["origin"],
            index=proof["index"],
            entry=from_base64(proof["entry"], where=where),
            path=tuple(from_base64(each, where=where) for each in proof["path"]),
            checkpoint=proof["checkpoint"],
        ),
        copies=tuple(Copy(**{**each, "words": Words(**each["words"])}) for each in predicate["copies"]),
        exclusions=tuple(_exclusion(each) for each in predicate["exclusions"]),
        failures=tuple(Failure(code=each["code"], words=Words(**each["words"])) for each in predicate["failures"]),
        witness=Witness(**predicate["witness"]) if predicate["witness"] else None,
        evidence=tuple(predicate["evidence"]),
    )


def _check_words(content: Certificate, predicate: Mapping[str, Any], where: str) -> None:
    if predicate["headline"] != content.headline:
        raise Corrupt(f"headline {predicate['headline']} where it is {content.headline}", where)
    if not content.ground:
        raise Corrupt("certificate without a legal ground", where)
    ids = [place.id for place in content.places]
    if len(set(ids)) != len(ids):
        raise Corrupt("place given twice", where)
    if any(LOOKS_PERSONAL.search(text) for _, text in _free_text(predicate, "")):
        raise Corrupt("free text that looks like a personal number", where)
    try:
        _refuse_early(content)
        _refuse_remains(content)
        _refuse_approvals(content)
    except Refusal as error:
        raise Corrupt(f"certificate refused: {error}", where) from error
    if content.witness and content.witness.key_id not in content.signed_by:
        raise Corrupt("certificate that its witness did not sign", where)


def _refuse_early(content: Certificate) -> None:
    if not content.started <= content.ended <= content.issued:
        raise Refusal("certificate.early", ended=to_text(content.ended), issued=to_text(content.issued))
    for place in content.places:
        if (place.ended and place.ended > content.issued) or (
            place.started and place.ended and place.started > place.ended
        ):
            raise Refusal("certificate.early", place=place.id)
    if not content.ended <= content.rescan.at <= content.issued:
        raise Refusal("certificate.early", rescan=to_text(content.rescan.at))


def _refuse_remains(content: Certificate) -> None:
    again = content.rescan
    if again.found or not again.looked_for or again.looked_for < again.planted:
        raise Refusal("certificate.remains", found=again.found, planted=again.planted, looked_for=again.looked_for)
    remaining = [place.id for place in content.places if place.rescan and place.rescan.found and place.method]
    if remaining:
        raise Refusal("certificate.remains", places=remaining)


def _refuse_approvals(content: Certificate) -> None:
    people, keys = {each.by for each in content.approvals}, {each.key_id for each in content.approvals}
    late = [each.by for each in content.approvals if each.at > content.started]
    if len(people) < 2 or not len(people) == len(keys) == len(content.approvals) or late:
        raise Refusal("certificate.approvals", people=len(people), keys=len(keys), late=late)


def _check_ledger(predicate: Mapping[str, Any], company: Mapping[str, bytes], where: str) -> None:
    proof = predicate["ledger"]
    seen = notes.read_checkpoint(proof["checkpoint"])
    for public in company.values():
        notes.check_checkpoint(proof["checkpoint"], public)
    if not seen.origin == proof["origin"] == predicate["controller"]["origin"]:
        raise Corrupt("ledger of another origin", where)
    entry = from_base64(proof["entry"], where=where)
    merkle.check_inclusion(
        leaf=merkle.leaf_hash(entry),
        index=proof["index"],
        size=seen.size,
        path=[from_base64(each, where=where) for each in proof["path"]],
        expected=seen.root,
    )
    _check_entry(decode(entry, where=where), predicate, where)


def _check_entry(entry: Any, predicate: Mapping[str, Any], where: str) -> None:
    if not isinstance(entry, dict) or entry.get("kind") != DESTRUCTION_KIND or not shapes.is_time(entry.get("at")):
        raise Corrupt("ledger entry that is not the destruction's", where)
    if entry["at"] > predicate["issued"]:
        raise Corrupt("certificate earlier than its destruction", where)


def _subject(predicate: Mapping[str, Any]) -> Any:
    return dsse.statement(
        subject={"scope": predicate["scope"]["digest"]}, predicate_type=PREDICATE, predicate=predicate
    )["subject"]


def _free_text(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _free_text(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _free_text(inner, name)
    elif isinstance(value, str) and name in FREE_TEXT:
        yield name, value


def _plain_scope(scope: Scope) -> dict[str, Any]:
    tables = [{"table": table, "rows": rows} for table, rows in scope.tables]
    return {**vars(scope), "words": vars(scope.words), "classes": list(scope.classes), "tables": tables}


def _plain_place(place: Place) -> dict[str, Any]:
    return {
        **vars(place),
        "started": to_text(place.started) if place.started else None,
        "ended": to_text(place.ended) if place.ended else None,
        "signed_by": list(place.signed_by),
        "rescan": vars(place.rescan) if place.rescan else None,
        "exclusion": _plain_exclusion(place.exclusion) if place.exclusion else None,
    }


def _plain_exclusion(each: Exclusion) -> dict[str, Any]:
    return {"code": each.code, "until": each.until, "words": vars(each.words)}


def _plain_proof(proof: LedgerProof) -> dict[str, Any]:
    return {
        "origin": proof.origin,
        "index": proof.index,
        "entry": to_base64(proof.entry),
        "path": [to_base64(each) for each in proof.path],
        "checkpoint": proof.checkpoint,
    }


def _place(plain: Mapping[str, Any]) -> Place:
    return Place(
        **{
            **plain,
            "started": from_text(plain["started"]) if plain["started"] else None,
            "ended": from_text(plain["ended"]) if plain["ended"] else None,
            "signed_by": tuple(plain["signed_by"]),
            "rescan": PlaceRescan(**plain["rescan"]) if plain["rescan"] else None,
            "exclusion": _exclusion(plain["exclusion"]) if plain["exclusion"] else None,
        }
    )


def _exclusion(plain: Mapping[str, Any]) -> Exclusion:
    return Exclusion(code=plain["code"], until=plain["until"], words=Words(**plain["words"]))


def chain_digest(envelope: bytes) -> str:
    """What the next certificate of the company names as `previous`."""
    return digest(envelope)
