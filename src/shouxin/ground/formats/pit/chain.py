"""One chain over all parties: each envelope names the one before, extends its sender's ledger, cosigns the other's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from shouxin.ground.formats.pit import schema
from shouxin.ground.kernel import dsse, merkle, notes
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.kernel.signing import key_id
from shouxin.ground.kernel.times import check_instant, from_text

Role = Literal["A", "B", "V"]
BASE = "pit/v1/"
CLOCKS_APART = timedelta(hours=24)
MOST_MESSAGES = 9999


@dataclass(frozen=True)
class Parties:
    """Whose keys are pinned in the contract: A discloses, B receives, any of V checks; origins where they are known."""

    a: bytes
    b: bytes
    auditors: tuple[bytes, ...] = ()
    origins: Mapping[Role, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises Refusal("transfer.same_key") when one key would stand for two parties."""
        every = [self.a, self.b, *self.auditors]
        if len(set(every)) != len(every):
            raise Refusal("transfer.same_key")

    @property
    def keys(self) -> dict[str, bytes]:
        """Key id → public bytes."""
        return {key_id(public): public for public in (self.a, self.b, *self.auditors)}

    def role(self, key: str) -> Role:
        """The party of a key id that is among `keys`."""
        return "A" if key == key_id(self.a) else "B" if key == key_id(self.b) else "V"

    def peer(self, role: Role) -> str:
        """The key id of whom a party writes to."""
        return key_id(self.b if role == "A" else self.a)

    def public(self, role: Role) -> bytes:
        """A's or B's public bytes."""
        return self.a if role == "A" else self.b


@dataclass(frozen=True)
class Message:
    """One envelope that was checked: kind, who signed it, its matter, the digest of its bytes."""

    kind: str
    role: Role
    predicate: Mapping[str, Any] = field(repr=False)
    digest: str
    public: bytes = field(repr=False)

    def __getitem__(self, name: str) -> Any:
        return self.predicate[name]

    @property
    def issued(self) -> datetime:
        """When its signer says it was signed."""
        return from_text(self.predicate["issued"])

    @property
    def expires(self) -> datetime:
        """Until when it may be acted on."""
        return from_text(self.predicate["expires"])


def read(envelope: bytes, parties: Parties, where: str) -> Message:
    """The message of an envelope: signature, statement and fields checked, not yet its place in a chain.

    Raises:
        Corrupt: another number of signatures than one, an unknown key, a form that is refused.
    """
    opened = dsse.open_envelope(envelope, keys=parties.keys, where=where)
    kind = opened.predicate_type.removeprefix(dsse.PREDICATE_BASE + BASE)
    schema.check_fields(kind, opened.predicate, where)
    predicate = opened.predicate
    if len(opened.signed_by) != 1 or predicate["from"] != opened.signed_by[0]:
        raise Corrupt("signed by other than its sender alone", where)
    role = parties.role(opened.signed_by[0])
    if predicate["to"] != parties.peer(role):
        raise Corrupt("addressed to another party", where)
    wanted = dsse.statement(
        subject={predicate["tid"]: predicate["contract"]}, predicate_type=BASE + kind, predicate=predicate
    )
    if wanted != opened.statement:
        raise Corrupt("statement about another subject", where)
    return Message(
        kind=kind, role=role, predicate=predicate, digest=digest(envelope), public=parties.keys[opened.signed_by[0]]
    )


def check_place(message: Message, messages: tuple[Message, ...], parties: Parties, at: datetime, where: str) -> None:
    """Refuse a message that does not follow the others.

    Raises:
        Refusal("transfer.replayed"): it is there already; Refusal("transfer.crossed"): its number is taken by another;
        Corrupt: a gap, another predecessor, times or ledgers that go back, a cosignature that is missing.
    """
    number = message["seq"]
    if number <= len(messages):
        known = messages[number - 1].digest == message.digest
        raise Refusal("transfer.replayed" if known else "transfer.crossed", seq=number)
    before = messages[-1].digest if messages else None
    if number != len(messages) + 1 or message["prev"] != before or number > MOST_MESSAGES:
        raise Corrupt("chain that is broken", where)
    own = [each for each in messages if each.public == message.public]
    if message.issued > message.expires or (own and message.issued < own[-1].issued):
        raise Corrupt("times that go back", where)
    if message.issued > check_instant(at) + CLOCKS_APART:
        raise Corrupt("issued in the future", where)
    _check_ledger(message, own, parties, where)
    _check_cosigned(message, messages, parties, where)


def cosigned_at(note: str, public: bytes) -> list[tuple[str, datetime]]:
    """Names and times of the cosignatures by one key on a note, each verified; a doubled name counts twice.

    Raises:
        Corrupt: a line of that key that does not verify.
    """
    _, lines = notes.split_note(note)
    names = [line.name for line in lines if line.key_hash == notes.key_hash(line.name, public, cosignature=True)]
    found = notes.cosignatures(note, dict.fromkeys(names, public))
    return [(name, found[name]) for name in names]


def _check_ledger(message: Message, own: list[Message], parties: Parties, where: str) -> None:
    note, path = message["checkpoint"], [bytes.fromhex(each) for each in message["consistency"]]
    if message.role == "V":
        if note is not None or path:
            raise Corrupt("a checker's message has no ledger", where)
        return
    if note is None:
        raise Corrupt("checkpoint that is missing", where)
    now = notes.check_checkpoint(note, message.public)
    wanted = parties.origins.get(message.role, now.origin)
    then = notes.read_checkpoint(own[-1]["checkpoint"]) if own else None
    if now.size < 1 or now.origin != wanted or (then and (then.origin != now.origin or then.size > now.size)):
        raise Corrupt("ledger that goes back or is another's", where)
    if then is None:
        if path:
            raise Corrupt("consistency with nothing", where)
        return
    merkle.check_consistency(old_size=then.size, old_root=then.root, size=now.size, new_root=now.root, path=path)


def _check_cosigned(message: Message, messages: tuple[Message, ...], parties: Parties, where: str) -> None:
    other: Role = "B" if message.role == "A" else "A"
    theirs = [each for each in messages if each.role == other]
    note = message["cosigned"]
    if note is None:
        if theirs and message.role != "V":
            raise Corrupt("cosignature that is missing", where)
        return
    if not theirs:
        raise Corrupt("cosignature of nothing", where)
    notes.check_checkpoint(note, parties.public(other))
    if notes.split_note(note)[0] != notes.split_note(theirs[-1]["checkpoint"])[0]:
        raise Corrupt("cosignature of another checkpoint than the last", where)
    times = cosigned_at(note, message.public)
    if len(times) != 1 or times[0][1] > message.issued:
        raise Corrupt("cosignature that is missing, doubled or late", where)
