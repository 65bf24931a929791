"""Our end of a chain: what stands in it, one message more by us, one message taken from the other side.

1. A message, its effects and its ledger entry are one transaction; the file follows, or is written by the next verb.
2. Each of our messages carries our checkpoint, the proof that it extends the last one shown, and our cosignature of
   theirs; each of theirs brings our checkpoint home cosigned.
3. A message that breaks a rule changes nothing. The same message again is known and changes nothing either.
4. Both wrote at once: A's stands. Ours, as B, is taken back; the same verb signs it again behind theirs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from django.db import transaction

from shouxin.duties.transfer import places
from shouxin.duties.transfer.models import Message, Transfer
from shouxin.ground.formats import pit
from shouxin.ground.formats.pit.chain import cosigned_at
from shouxin.ground.kernel import notes
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.kernel.signing import Signer
from shouxin.ground.kernel.times import check_instant
from shouxin.stores.ledger import queries as ledger_queries
from shouxin.stores.ledger import services as ledger
from shouxin.stores.parties import queries as parties

LIFETIME = timedelta(days=14)
ENTRY_KINDS: Mapping[str, str] = {
    "offer": "transfer.offered",
    "accept": "transfer.accepted",
    "package": "transfer.packed",
    "receipt": "transfer.received",
    "imported": "transfer.imported",
    "challenge": "transfer.challenged",
    "answer": "transfer.answered",
    "settled": "transfer.settled",
    "withdraw": "transfer.withdrawn",
    "ack": "transfer.acknowledged",
    "destroy-permit": "transfer.permitted",
    "destroyed": "transfer.destroyed",
    "attest": "transfer.attested",
    "refused": "transfer.refused",
    "resend": "transfer.resent",
    "void": "transfer.voided",
}
TAKEN, GAVE_WAY = "transfer.message_taken", "transfer.gave_way"


@dataclass(frozen=True)
class Voice:
    """Who speaks for the company in one verb: its signer, the key of its secrets, who asked, and when."""

    signer: Signer
    wrapping: bytes
    by: str
    at: datetime

    def __repr__(self) -> str:
        return f"Voice({self.by!r}, ‹sealed›)"


@dataclass(frozen=True)
class Sent:
    """A message of ours: where its file lies, where the transfer stands behind it, whether it was said before."""

    tid: str
    seq: int
    kind: str
    path: Path
    digest: str
    status: str
    again: bool = False


@dataclass(frozen=True)
class Taken:
    """A message of theirs that now stands in the chain; `is_new` unless it stood there before."""

    row: Transfer
    message: pit.Message
    is_new: bool


def find(tid: str) -> Transfer:
    """The transfer.

    Raises:
        Refusal("transfer.unknown").
    """
    row = Transfer.objects.filter(tid=tid).first()
    if row is None:
        raise Refusal("transfer.unknown", transfer=tid[:40])
    return row


def lock(tid: str) -> Transfer:
    """The transfer, held until the caller's transaction ends. Raises as `find`."""
    find(tid)
    return Transfer.objects.select_for_update().get(tid=tid)


def parties_of(row: Transfer) -> pit.Parties:
    """The keys that were pinned when the transfer began."""
    return pit.Parties(
        a=bytes.fromhex(row.keys["A"]),
        b=bytes.fromhex(row.keys["B"]),
        auditors=tuple(bytes.fromhex(each) for each in row.keys["V"]),
        origins=row.origins,
    )


def role_of(row: Transfer) -> pit.Role:
    """Our role in it."""
    return cast(pit.Role, row.role)


def load(row: Transfer, at: datetime) -> pit.Transfer:
    """The transfer as its standing envelopes tell it. Each envelope's bytes are checked once per process, in order.

    Raises:
        Corrupt: what lies in the database is not what was checked when it came.
    """
    standing = row.messages.filter(stands=True).order_by("seq").values_list("envelope", flat=True)
    envelopes = [bytes(each) for each in standing]
    digests = [digest(each) for each in envelopes]
    state = _checked.get(row.tid)
    if state is None or [each.digest for each in state.messages] != digests[: len(state.messages)]:
        state = pit.Transfer.start(tid=row.tid, contract=row.contract, simulated=row.simulated, parties=parties_of(row))
    state = pit.replay(state, envelopes[len(state.messages) :], at=at)
    _checked[row.tid] = state
    while len(_checked) > _MOST_CHECKED:
        _checked.pop(next(iter(_checked)))
    return state


_checked: dict[str, pit.Transfer] = {}
_MOST_CHECKED = 32


def start(*, tid: str, role: pit.Role, peer: str, contract: str, case: str, at: datetime, other: str = "") -> Transfer:
    """A transfer begins here: keys and origins of both sides are pinned for its whole life. V names A and B."""
    own, first = parties.company(), parties.recipient(peer)
    watchers = {each.id: each.public.hex() for each in parties.recipients() if each.id not in (peer, other)}
    if role == "V":
        second = parties.recipient(other)
        ends = {"A": (first.public, first.origin), "B": (second.public, second.origin)}
        watching = sorted([*watchers.values(), own.public.hex()])
    else:
        theirs: pit.Role = "B" if role == "A" else "A"
        ends = {role: (own.public, ledger_queries.origin()), theirs: (first.public, first.origin)}
        watching = sorted(watchers.values())
    return Transfer.objects.create(
        tid=tid,
        role=role,
        case=case,
        peer=peer,
        contract=contract,
        simulated=ledger_queries.is_simulated(),
        keys={**{each: public.hex() for each, (public, _) in ends.items()}, "V": watching},
        origins={each: origin for each, (_, origin) in ends.items()},
        begun_at=check_instant(at),
    )


def say(
    row: Transfer,
    kind: str,
    fields: Mapping[str, Any],
    *,
    voice: Voice,
    expires: datetime | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Sent:
    """Sign the next message, inside the caller's transaction, which holds the transfer.

    Raises:
        Refusal, Corrupt: as `pit.step`; nothing was written.
    """
    state = load(row, voice.at)
    envelope = pit.write(
        state,
        kind,
        fields,
        role=role_of(row),
        signer=voice.signer,
        ledger=_ledger_of(row, state, voice),
        issued=voice.at,
        expires=expires or voice.at + LIFETIME,
    )
    after = pit.step(state, envelope, role=role_of(row), at=voice.at)
    stored = _store(row, after, envelope, is_own=True, cosigned="", at=voice.at)
    _enter(row, ENTRY_KINDS[kind], stored, voice, facts or {})
    return sent(stored, after.status.value)


def sent(stored: Message, status: str) -> Sent:
    """A message of ours as a verb gives it back; its file is written when the transaction has ended."""
    return Sent(
        tid=stored.transfer_id,
        seq=stored.seq,
        kind=stored.kind,
        path=places.envelope_path(stored.transfer_id, stored.seq),
        digest=stored.digest,
        status=status,
    )


def own_again(row: Transfer, message: pit.Message) -> Sent:
    """A message that we wrote before, given back once more."""
    stored = row.messages.get(digest=message.digest, stands=True)
    places.put_envelope(stored)
    return replace(sent(stored, row.status), again=True)


def take(row: Transfer, envelope: bytes, *, voice: Voice) -> Taken:
    """Let a message of theirs stand in the chain, inside the caller's transaction; cosign their ledger, keep ours.

    Raises:
        Refusal, Corrupt: as `pit.step`; Refusal("transfer.crossed"): as A, they must sign theirs again behind ours.
    """
    state = load(row, voice.at)
    known = next((each for each in state.messages if each.digest == digest(envelope)), None)
    if known is not None:
        return Taken(row, known, is_new=False)
    try:
        after = pit.step(state, envelope, role=role_of(row), at=voice.at)
    except Refusal as error:
        if error.code != "transfer.crossed":
            raise
        after = _give_way(row, state, envelope, voice)
    message = after.messages[-1]
    if message.public == voice.signer.public:
        raise Refusal("transfer.own_message", seq=message["seq"])
    stored = _store(row, after, envelope, is_own=False, cosigned=_cosign_on_arrival(row, after, voice), at=voice.at)
    _keep_cosigned(row, message, voice.at)
    _enter(row, TAKEN, stored, voice, {"from": message.role})
    return Taken(row, message, is_new=True)


def _store(
    row: Transfer, after: pit.Transfer, envelope: bytes, *, is_own: bool, cosigned: str, at: datetime
) -> Message:
    message = after.messages[-1]
    stored = Message.objects.create(
        transfer=row,
        seq=message["seq"],
        is_own=is_own,
        kind=message.kind,
        envelope=envelope,
        digest=message.digest,
        cosigned=cosigned,
        at=at,
    )
    row.status = after.status.value
    row.save(update_fields=["status"])
    transaction.on_commit(lambda: places.put_envelope(stored) and None)
    return stored


def _enter(row: Transfer, kind: str, stored: Message, voice: Voice, facts: Mapping[str, Any]) -> None:
    told = {
        "seq": stored.seq,
        "kind": stored.kind,
        "message": stored.digest,
        "status": row.status,
        "role": row.role,
        **({"case": row.case} if row.case else {}),
        **facts,
    }
    ledger.append(kind=kind, scope=row.ledger_scope, at=voice.at, by=voice.by, facts=told)


def _give_way(row: Transfer, state: pit.Transfer, envelope: bytes, voice: Voice) -> pit.Transfer:
    after = pit.give_way(state, envelope, role=role_of(row), at=voice.at)
    taken_back = row.messages.get(seq=after.messages[-1]["seq"], stands=True)
    taken_back.stands = False
    taken_back.save(update_fields=["stands"])
    facts = {"seq": taken_back.seq, "kind": taken_back.kind, "message": taken_back.digest}
    ledger.append(kind=GAVE_WAY, scope=row.ledger_scope, at=voice.at, by=voice.by, facts=facts)
    return after


def _ledger_of(row: Transfer, state: pit.Transfer, voice: Voice) -> pit.Ledger:
    if row.role == "V":
        return pit.Ledger(None)
    cosigned = _cosigned_last(row, state, voice)
    note = ledger.checkpoint(signer=voice.signer, at=voice.at)
    size = notes.read_checkpoint(note).size
    shown = [each["checkpoint"] for each in state.messages if each.role == row.role]
    before = notes.read_checkpoint(shown[-1]).size if shown else size
    path = ledger_queries.consistency(before, size) if before < size else []
    return pit.Ledger(note, path, cosigned)


def _cosigned_last(row: Transfer, state: pit.Transfer, voice: Voice) -> str | None:
    """Their last checkpoint in the chain, cosigned now; as cosigned on arrival once a newer one of theirs is known."""
    theirs = [each for each in state.messages if each.role not in (row.role, "V")]
    if not theirs:
        return None
    note = theirs[-1]["checkpoint"]
    if not _is_older_than_known(row, note):
        return _cosign(row, note, voice, proof=None)
    return row.messages.get(digest=theirs[-1].digest, stands=True).cosigned or _cosign_out_of_order(note, voice)


def _cosign_on_arrival(row: Transfer, after: pit.Transfer, voice: Voice) -> str:
    message = after.messages[-1]
    if message.role == "V" or row.role == "V" or _is_older_than_known(row, message["checkpoint"]):
        return ""
    earlier = [each["checkpoint"] for each in after.messages[:-1] if each.role == message.role]
    known = ledger_queries.peer(row.origins[message.role])
    fits = known is not None and bool(earlier) and notes.read_checkpoint(earlier[-1]).size == known.size
    proof = [bytes.fromhex(each) for each in message["consistency"]] if fits else None
    return _cosign(row, message["checkpoint"], voice, proof=proof)


def _cosign(row: Transfer, note: str, voice: Voice, proof: list[bytes] | None) -> str:
    theirs = "B" if row.role == "A" else "A"
    return ledger.cosign_peer(
        note=_bare(note),
        peer_name=row.origins[theirs],
        peer_public=bytes.fromhex(row.keys[theirs]),
        signer=voice.signer,
        at=voice.at,
        proof=proof,
    )


def _cosign_out_of_order(note: str, voice: Voice) -> str:
    """Messages of two transfers overtook one another: this state of theirs is older than one that we cosigned already.
    The chain has proved that it grew out of the one before."""
    return notes.cosign(_bare(note), name=ledger_queries.origin(), signer=voice.signer, at=voice.at)


def _bare(note: str) -> str:
    """The note as its log signed it, whoever else wrote a line below."""
    body, tail = note.split("\n\n", 1)
    return f"{body}\n\n{tail.splitlines()[0]}\n"


def _is_older_than_known(row: Transfer, note: str) -> bool:
    known = ledger_queries.peer(row.origins["B" if row.role == "A" else "A"])
    return known is not None and known.size > notes.read_checkpoint(note).size


def _keep_cosigned(row: Transfer, message: pit.Message, at: datetime) -> None:
    if message["cosigned"] is None or message.role == "V" or row.role == "V":
        return
    names = [name for name, _ in cosigned_at(message["cosigned"], message.public)]
    if not names:
        raise Corrupt("cosignature that is missing", row.tid)
    ledger.keep_cosigned(note=message["cosigned"], witness_name=names[0], witness_public=message.public, at=at)
