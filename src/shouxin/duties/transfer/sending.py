"""The sender's verbs (A): offer, pack, challenge, settle, send again, permit and report destruction.

1. Nothing is sealed before the recipient's key is the agreement's, the agreement is complete, and two people have
   signed the impact assessment (PIPL 55, 56; NDSR 12).
2. The same verb again gives the same message back, unless the chain has moved on since.
3. A package is written beside, whole, and counts only once its message is committed: a stop leaves nothing that anybody
   could take for a package.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from shouxin.duties.consent import queries as consent
from shouxin.duties.transfer import chain, places, queries, rows, secrets
from shouxin.duties.transfer import scope as scopes
from shouxin.duties.transfer.chain import Sent, Voice
from shouxin.duties.transfer.models import Challenge, Part, Transfer
from shouxin.ground.formats import pit
from shouxin.ground.formats.package import Letter, build, build_resend, new_identity
from shouxin.ground.formats.package.age import PART_SIZE
from shouxin.ground.formats.pit.transfer import MOST_ROUNDS
from shouxin.ground.formats.roots import TableRoots, TableShape
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.findings import Finding
from shouxin.ground.kernel.ids import new_id
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.signing import key_id, new_private
from shouxin.ground.rulebook.gates import DecisionSet, check_decision_set
from shouxin.stores.jobs import services as jobs
from shouxin.stores.jobs.alone import take_turn
from shouxin.stores.jobs.queries import JobView
from shouxin.stores.ledger import services as ledger
from shouxin.stores.parties import evidence as parties_evidence
from shouxin.stores.parties import queries as parties

ENDED = ("REFUSED", "VOID", "EXPIRED")
_AFTER_PACK = ("SEALED", "DELIVERED", "IMPORTED")


@dataclass(frozen=True)
class OfferTerms:
    """What an offer says: how much of which kinds (rounded up, so that no count points at a person), for what, by which
    rule with which evidence, after which assessment and notice."""

    counts: Mapping[str, int]
    purposes: Sequence[str]
    rule: str
    rule_evidence: str
    assessment: str
    notice_plan: str
    rounded_to: int = 100
    ack_hours: int = 48
    cooling_off_hours: int = 72

    def to_fields(self) -> dict[str, Any]:
        """The fields of OFFER but the key for withdrawals."""
        unit = self.rounded_to
        return {
            "classes": sorted(self.counts),
            "counts": {name: math.ceil(count / unit) * unit for name, count in self.counts.items()},
            "rounded_to": unit,
            "purposes": sorted(set(self.purposes)),
            "rule": self.rule,
            "rule_evidence": self.rule_evidence,
            "assessment": self.assessment,
            "notice_plan": self.notice_plan,
            "ack_hours": self.ack_hours,
            "cooling_off_hours": self.cooling_off_hours,
        }


@dataclass(frozen=True)
class PackTerms:
    """What a package says besides rows: the notices' root, how long each kind is needed, a checker's commitment; and of
    which fields the notices told, kind by kind: no other field moves.
    """

    notice_root: str
    told: Mapping[str, Collection[str]]
    retention: Mapping[str, str]
    auditor_commitment: str | None = None
    part_size: int = PART_SIZE


def offer(*, case: str, recipient: str, terms: OfferTerms, expires: datetime, voice: Voice) -> Sent:
    """Offer a recipient the kinds that a case would hand over. The same offer again gives the same message.

    Raises:
        Refusal("transfer.no_agreement"), Refusal("transfer.key_not_of_contract"): not the agreement's key is pinned;
        Refusal("transfer.open_already", transfer=…): another offer of this case is under way.
    """
    agreement = parties.agreement(recipient)
    if agreement is None:
        raise Refusal("transfer.no_agreement", recipient=recipient)
    if not queries.key_matches_contract(case, recipient):
        raise Refusal("transfer.key_not_of_contract", recipient=recipient)
    with transaction.atomic():
        take_turn("offers")
        known = Transfer.objects.filter(case=case, role="A", peer=recipient).exclude(status__in=ENDED).first()
        if known is not None:
            return _same_offer(known, terms, expires, voice)
        identity = new_identity()
        row = chain.start(
            tid=new_id("tid"), role="A", peer=recipient, contract=agreement.document_digest, case=case, at=voice.at
        )
        secrets.keep(row, secrets.WITHDRAWALS, identity.secret.encode(), voice.wrapping)
        fields = {**terms.to_fields(), "withdrawals": identity.recipient}
        return chain.say(row, "offer", fields, voice=voice, expires=expires, facts={"recipient": recipient})


def _same_offer(known: Transfer, terms: OfferTerms, expires: datetime, voice: Voice) -> Sent:
    message = chain.load(known, voice.at).the("offer")
    same = all(message[name] == value for name, value in terms.to_fields().items()) and message.expires == expires
    if not same:
        raise Refusal("transfer.open_already", transfer=known.tid, status=known.status)
    return chain.own_again(known, message)


def pack(
    *,
    tid: str,
    decided: DecisionSet,
    assessment: Finding,
    terms: PackTerms,
    voice: Voice,
    accept: bytes | None = None,
    expires: datetime | None = None,
    progress: rows.Progress | None = None,
) -> Sent:
    """Seal what the final decision lets go to the key that the recipient gave for this transfer; after a stop, again.

    Raises:
        Refusal("transfer.key_not_of_contract" | "transfer.agreement_incomplete" | "transfer.assessment_not_signed");
        Refusal("transfer.open_cells" | "transfer.nothing_to_hand_over" | "transfer.beyond_offer"); Refusal(
        "transfer.capacity"): larger than the recipient can take; Refusal("transfer.rows_changed"): sealing again to a
        new key, but the rows are not those of the first package; Refusal("jobs.leased"): another process is at it.
    """
    row = _sender(tid)
    if accept is not None:
        with transaction.atomic():
            chain.take(chain.lock(tid), accept, voice=voice)
    state = chain.load(row, voice.at)
    last = _packed(state)
    if last is not None:
        return chain.own_again(row, last)
    _check_may_pack(row, state, decided, assessment)
    with at_work("transfer.pack", f"transfer.pack:{tid}:{state.seq}", voice) as job:
        last = _packed(chain.load(row, voice.at))
        if last is not None:  # another process was faster; what it sealed lies where ours would
            return chain.own_again(row, last)
        made = _Packing(row, state, _scope_of(row, decided, state), terms, voice, progress).whole()
        with transaction.atomic():
            sent = made.commit(expires)
            jobs.finish(job=job, result={"message": sent.digest}, at=voice.at)
    return sent


def _packed(state: pit.Transfer) -> pit.Message | None:
    """The package under the key that was accepted last."""
    last = state.last("package")
    return None if state.is_later(state.last("accept"), last) else last


@contextmanager
def at_work(kind: str, key: str, voice: Voice) -> Iterator[JobView]:
    """One process at a time; what was refused may be begun again by anybody.

    Raises:
        Refusal("jobs.leased"): a living process is at it.
    """
    job = jobs.begin(kind=kind, key=key, total=0, by=voice.by, at=voice.at)
    try:
        yield job
    except Refusal as error:
        jobs.fail(job=job, code=error.code, at=voice.at)
        raise


def _sender(tid: str) -> Transfer:
    row = chain.find(tid)
    if row.role != "A":
        raise Refusal("transfer.not_our_part", transfer=tid, role=row.role)
    places.tidy(row)
    return row


def _check_may_pack(row: Transfer, state: pit.Transfer, decided: DecisionSet, assessment: Finding) -> None:
    if state.status is not pit.Status.ACCEPTED:
        raise Refusal("transfer.out_of_turn", kind="package", status=state.status.value)
    if check_decision_set(decided).case != row.case:
        raise Refusal("transfer.other_case", transfer=row.tid)
    if not queries.key_matches_contract(row.case, row.peer):
        raise Refusal("transfer.key_not_of_contract", recipient=row.peer)
    missing = parties_evidence.agreement_complete(row.peer).missing
    if missing:
        raise Refusal("transfer.agreement_incomplete", missing=[each.code for each in missing])
    if not assessment.holds or not assessment.name.startswith("review.assessment_signed"):
        raise Refusal("transfer.assessment_not_signed", finding=assessment.name)


def _scope_of(row: Transfer, decided: DecisionSet, state: pit.Transfer) -> scopes.Scope:
    """What the first package moves; a package sealed again moves the same."""
    if row.scope:
        return scopes.read_scope(bytes(row.scope))
    alive = rows.living(decided.customers.tolist())
    found = scopes.of_decision(decided, refused=consent.refusals(row.case), living=alive)
    beyond = sorted(set(found.classes()) - set(state.the("offer")["classes"]))
    if beyond:
        raise Refusal("transfer.beyond_offer", classes=beyond)
    return found


@dataclass
class _Packing:
    """One package on its way: built outside transactions, counted inside one."""

    row: Transfer
    state: pit.Transfer
    scope: scopes.Scope
    terms: PackTerms
    voice: Voice
    progress: rows.Progress | None

    def whole(self) -> "_Packing":
        """Build all rows."""
        self._prepare()
        self.facts = build(
            tables=self._rows(),
            letter=self._letter(None),
            recipient=self.accept["recipient"],
            out=self.path,
            part_size=self.terms.part_size,
        )
        return self._checked()

    def again(self, buckets: Mapping[str, Sequence[int]], whole: Mapping[str, TableRoots]) -> "_Packing":
        """Build only the rows of some buckets of the whole."""
        self._prepare()
        covers = {name: tuple(numbers) for name, numbers in buckets.items()}
        try:
            self.facts = build_resend(
                tables=self._rows(),
                letter=self._letter(covers),
                whole=whole,
                recipient=self.accept["recipient"],
                out=self.path,
                part_size=self.terms.part_size,
            )
        except Refusal as error:
            if error.code == "package.rows_changed":
                raise Refusal("transfer.rows_changed", table=error.facts["table"]) from error
            raise
        return self._checked()

    def _prepare(self) -> None:
        self.accept, self.offer = self.state.the("accept"), self.state.the("offer")
        self.path = places.package_path(self.row.tid, self.state.seq)
        places.clear_package(self.row.tid, self.state.seq)
        self.is_first = not secrets.has(self.row, secrets.KEY)
        self.key = new_private() if self.is_first else secrets.open_secret(self.row, secrets.KEY, self.voice.wrapping)
        self.shapes = self._shapes()
        self.sending = rows.Sending(
            case=self.row.case,
            scope=self.scope,
            key=self.key,
            by=self.voice.by,
            at=self.voice.at,
            ledger_scope=self.row.ledger_scope,
            progress=self.progress,
        )

    def _shapes(self) -> dict[str, TableShape]:
        known = {each.name: scopes.shape_of(each.shape) for each in self.row.tables.all()}
        return known or scopes.shapes(self.scope.classes(), told=self.terms.told)

    def _rows(self) -> Any:
        return self.sending.tables(self.shapes)

    def _letter(self, covers: Mapping[str, tuple[int, ...]] | None) -> Letter:
        return Letter(
            tid=self.row.tid,
            seq=self.state.seq,
            sender=key_id(self.state.parties.a),
            receiver=key_id(self.state.parties.b),
            nonce=self.accept["nonce"],
            epoch=self.state.epoch or 0,
            key=self.key,
            categories=tuple(self.offer["classes"]),
            legal_basis=self.offer["rule"],
            retention=dict(self.terms.retention),
            notice_root=self.terms.notice_root,
            covers=covers,
        )

    def _checked(self) -> "_Packing":
        """Refuse, and leave nothing behind, when it is too large or not the same whole as before."""
        problem = None
        if self.facts.size > self.accept["capacity"]:
            problem = Refusal("transfer.capacity", size=self.facts.size, capacity=self.accept["capacity"])
        wanted = self.state.expected(self.state.epoch) if not self.is_first else None
        if wanted is not None and wanted != {
            name: {"root": each.root.hex(), "rows": each.rows} for name, each in self.facts.tables.items()
        }:
            problem = Refusal("transfer.rows_changed", transfer=self.row.tid)
        if problem is not None:
            places.clear_package(self.row.tid, self.state.seq)
            raise problem
        return self

    def commit(self, expires: datetime | None) -> Sent:
        """The message, the arrays of tags and the secrets, in the caller's transaction."""
        row, voice, last = chain.lock(self.row.tid), self.voice, self.state.last("package")
        seed = new_private()
        secrets.keep(row, f"seed-{self.state.seq}", seed, voice.wrapping)
        if self.is_first:
            secrets.keep(row, secrets.KEY, self.key, voice.wrapping)
            row.scope = self.scope.to_bytes()
            row.save(update_fields=["scope"])
            self._keep_tables(row)
        fields = {
            "digest": self.facts.digest,
            "size": self.facts.size,
            "parts": [each.to_plain() for each in self.facts.parts],
            "recipient": self.accept["recipient"],
            "nonce": self.accept["nonce"],
            "tables": {name: each.to_message() for name, each in self.facts.tables.items()},
            "epoch": self.state.epoch or 0,
            "notice_root": self.terms.notice_root,
            "retention": dict(self.terms.retention),
            "commitments": {"A": pit.commit(row.tid, seed), "V": self.terms.auditor_commitment},
            "replaces": last.digest if last else None,
            "covers": self._covers(),
        }
        for part in self.facts.parts:
            Part.objects.create(
                transfer=row, seq=self.state.seq, name=part.name, size=part.size, digest=part.digest, here=True
            )
        told = {"rows": {name: each.held for name, each in self.facts.tables.items()}, "customers": len(self.scope)}
        told |= {"surplus": dict(sorted(self.sending.surplus.items()))}
        return chain.say(row, "package", fields, voice=voice, expires=expires, facts=told)

    def _covers(self) -> dict[str, list[int]] | None:
        resend = self.state.last("resend")
        if self.state.status is pit.Status.ACCEPTED or resend is None:
            return None
        return {name: list(numbers) for name, numbers in resend["buckets"].items()} or None

    def _keep_tables(self, row: Transfer) -> None:
        for name, shape in self.shapes.items():
            rows.keep_table(
                row,
                shape,
                buckets=self.facts.tables[name].buckets,
                tags=self.facts.tags[name],
                customers=self.sending.owners(name),
            )


def challenge(*, tid: str, draw: int, voice: Voice) -> Sent:
    """Draw buckets by the seed that was committed in the package; the receiver answers from its own database.

    Raises:
        Refusal("transfer.not_full"), Refusal("transfer.commitment"): this package's seed was used before.
    """
    row = chain.find(tid)
    with transaction.atomic():
        row = chain.lock(tid)
        state = chain.load(row, voice.at)
        package, asked = state.the("package"), state.last("challenge", chain.role_of(row))
        if asked is not None and state.is_later(asked, package):
            return chain.own_again(row, asked)
        if state.imported is None:
            raise Refusal("transfer.not_full")
        seed = secrets.open_secret(row, seed_name(row, package), voice.wrapping)
        fields = {
            "imported": state.imported.digest,
            "seed": seed.hex(),
            "draw": draw,
            "buckets": pit.draw(seed, tid=tid, tables=state.buckets, count=draw),
        }
        sent = chain.say(row, "challenge", fields, voice=voice, facts={"draw": draw})
        Challenge.objects.create(transfer=row, message=sent.digest, by_role=row.role, draw=draw)
        return sent


def seed_name(row: Transfer, package: pit.Message) -> str:
    """Where the seed of a package's draw lies: ours as sender by the package, a checker's by the transfer."""
    return "seed-V" if row.role == "V" else f"seed-{package['seq']}"


def settle(*, tid: str, voice: Voice, message: bytes | None = None) -> Sent:
    """Say what is settled: all of it when the receiver's totals are ours, else everything but the buckets that differ.

    Raises:
        Refusal("transfer.other_import"): nothing was imported yet; Refusal("transfer.old_epoch"): without the newest
        withdrawal.
    """
    _sender(tid)
    with transaction.atomic():
        row = chain.lock(tid)
        if message is not None:
            taken(row, message, voice)
        state = chain.load(row, voice.at)
        imported, last = state.imported, state.last("settled")
        if imported is None:
            if state.settled is not None:
                return chain.own_again(row, state.settled)
            raise Refusal("transfer.other_import")
        if last is not None and last["imported"] == imported.digest:
            return chain.own_again(row, last)
        unsettled = {} if state.is_full else differing_buckets(row, state, imported, voice)
        fields = {
            "imported": imported.digest,
            "epoch": state.epoch,
            "tables": {n: {"root": e["root"], "rows": e["rows"]} for n, e in imported["tables"].items()},
            "unsettled": unsettled,
        }
        told = {"unsettled": sum(len(each) for each in unsettled.values())}
        return chain.say(row, "settled", fields, voice=voice, facts=told)


def taken(row: Transfer, message: bytes, voice: Voice) -> pit.Message:
    """Take a message and what it means to us as sender or checker: an answer closes its challenge."""
    found = chain.take(row, message, voice=voice)
    if found.is_new and found.message.kind == "answer":
        right = chain.load(row, voice.at).is_right(found.message)
        Challenge.objects.filter(message=found.message["challenge"]).update(passed=right)
    if found.is_new and found.message.kind == "challenge":
        Challenge.objects.create(
            transfer=row, message=found.message.digest, by_role=found.message.role, draw=found.message["draw"]
        )
    if found.is_new and row.role == "A" and chain.load(row, voice.at).is_incident:
        facts = {"message": found.message.digest, "law": "PIPL-57", "reason": found.message.predicate.get("reason")}
        ledger.append(kind="transfer.incident", scope=row.ledger_scope, at=voice.at, by=voice.by, facts=facts)
    return found.message


def differing_buckets(row: Transfer, state: pit.Transfer, imported: pit.Message, voice: Voice) -> dict[str, list[int]]:
    """The buckets in which the receiver's values are not ours, with those of rows that it could not take."""
    key = secrets.open_secret(row, secrets.KEY, voice.wrapping)
    ours = rows.roots_of_tags(row, key)
    found: dict[str, set[int]] = {}
    for name in state.differing(imported):
        theirs = [bytes.fromhex(each) for each in imported["tables"][name]["values"]]
        different = {n for n, (one, two) in enumerate(zip(ours[name].buckets, theirs, strict=True)) if one != two}
        found[name] = different
    for each in imported["exceptions"]:
        found.setdefault(each["table"], set()).add(each["bucket"])
    return {name: sorted(numbers) for name, numbers in sorted(found.items())}


def resend(
    *,
    tid: str,
    terms: PackTerms,
    voice: Voice,
    message: bytes | None = None,
    expires: datetime | None = None,
    progress: rows.Progress | None = None,
) -> list[Sent]:
    """Send again. After RESEND(lost, damaged) of a package that still lies here nothing new is said, the same parts go
    out; else the buckets that differ, or the whole, as a package that replaces the last. Gives the messages.

    Raises:
        Refusal("transfer.nothing_to_resend"), Refusal("transfer.rounds"): three rounds are over; Refusal(
        "transfer.rows_changed"): a correction since then; end this transfer (void) and offer anew.
    """
    row = _sender(tid)
    asked = _resend_asked(row, message, voice)
    state = chain.load(row, voice.at)
    wanted, last = state.last("resend"), state.the("package")
    if wanted is None or not state.is_later(wanted, last):
        return [*asked, chain.own_again(row, last)]
    if not wanted["buckets"] and _is_here(row, last):
        return [*asked, chain.own_again(row, last)]
    key = secrets.open_secret(row, secrets.KEY, voice.wrapping)
    with at_work("transfer.pack", f"transfer.pack:{tid}:{state.seq}", voice) as job:
        newest = chain.load(row, voice.at).the("package")
        if newest.digest != last.digest:
            return [*asked, chain.own_again(row, newest)]
        made = _Packing(row, state, scopes.read_scope(bytes(row.scope)), terms, voice, progress)
        made = made.again(wanted["buckets"], rows.roots_of_tags(row, key)) if wanted["buckets"] else made.whole()
        with transaction.atomic():
            sent = made.commit(expires)
            jobs.finish(job=job, result={"message": sent.digest}, at=voice.at)
    return [*asked, sent]


def _resend_asked(row: Transfer, message: bytes | None, voice: Voice) -> list[Sent]:
    """Take the receiver's RESEND, or, when an import differs and nobody has asked, ask ourselves."""
    with transaction.atomic():
        row = chain.lock(row.tid)
        if message is not None:
            taken(row, message, voice)
        state = chain.load(row, voice.at)
        imported, wanted = state.imported, state.last("resend")
        if state.is_later(wanted, state.the("package")) or imported is None:
            return []
        if state.is_full:
            raise Refusal("transfer.nothing_to_resend")
        fields = {
            "answers": imported.digest,
            "reason": "mismatch",
            "parts": [],
            "buckets": differing_buckets(row, state, imported, voice),
            "round": state.rounds + 1,
        }
        if state.rounds >= MOST_ROUNDS:
            raise Refusal("transfer.rounds", rounds=state.rounds)
        return [chain.say(row, "resend", fields, voice=voice, facts={"round": fields["round"]})]


def _is_here(row: Transfer, package: pit.Message) -> bool:
    found = places.folder(row.tid)
    return all(
        (found / each["name"]).is_file()
        and places.is_part(found / each["name"], size=each["size"], digest=each["digest"])
        for each in package["parts"]
    )


def permit_destruction(
    *, tid: str, permit: str, approvers: Sequence[str], backups: int, backups_digest: str, voice: Voice
) -> Sent:
    """Tell the receiver that a signed permit to destroy stands on every gate of the protocol.

    Raises:
        Refusal("transfer.gates", missing=[…]): all that is missing, two approvers and a listed backup among it.
    """
    _sender(tid)
    with transaction.atomic():
        row = chain.lock(tid)
        state = chain.load(row, voice.at)
        last = state.last("destroy-permit")
        if last is not None and last["permit"] == permit:
            return chain.own_again(row, last)
        facts = pit.DestructionFacts(approvers=frozenset(approvers), backups_listed=backups, holds_open=0)
        missing = pit.gates_for_destruction(state, facts)
        if missing:
            raise Refusal("transfer.gates", missing=[each.code for each in missing])
        fields = {
            "settled": state.settled.digest if state.settled else "",
            "permit": permit,
            "approvers": sorted(set(approvers)),
            "backups": {"count": backups, "digest": backups_digest},
            "holds": 0,
            "gates": list(pit.GATES),
        }
        return chain.say(row, "destroy-permit", fields, voice=voice, facts={"permit": permit})


def report_destroyed(*, tid: str, certificate: str, voice: Voice) -> Sent:
    """Tell the receiver that we destroyed, by which certificate; K and the bucket tables are shredded with it.

    Raises:
        Refusal("transfer.out_of_turn"): without a permit in the chain.
    """
    _sender(tid)
    with transaction.atomic():
        row = chain.lock(tid)
        state = chain.load(row, voice.at)
        last = state.last("destroyed")
        if last is not None:
            sent = chain.own_again(row, last)
        else:
            settled = state.settled
            fields = {
                "certificate": certificate,
                "settled": settled.digest if settled else digest(b""),
                "permit": state.the("destroy-permit").digest,
                "shredded": list(pit.SHREDDED),
            }
            sent = chain.say(row, "destroyed", fields, voice=voice, facts={"certificate": certificate})
            secrets.destroy(row)
            row.tables.all().delete()
    secrets.scrub()
    return sent
