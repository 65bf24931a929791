"""Who may say what, when, and what follows. An envelope that breaks a rule changes nothing.

- B silent: no receipt, no permit, ever. Only B's own signature moves a transfer beyond SEALED.
- A part that came again is the same receipt; a new ciphertext is a new PACKAGE that names the one it replaces.
- What did not match is narrowed to buckets and sent again, three rounds at most; then it is disputed.
- An import with an old suppression epoch is never settled.
- The key is checked before sealing; who cannot open says so with the digest and deletes.
- Past `expires` B does not import: it deletes and signs REFUSED(expired).
- Before SETTLED either side may end it (VOID), A keeps everything; from SETTLED on a return is a new flow.
- A withdrawal is possible until A has destroyed, and takes a permit back.
- Destruction only when every gate holds, and only after SETTLED.

state = step(state, envelope, role="B", at=at)
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from shouxin.ground.formats.pit import draws
from shouxin.ground.formats.pit.chain import CLOCKS_APART, Message, Role, check_place, read
from shouxin.ground.formats.pit.gates import missing_by_chain
from shouxin.ground.formats.pit.transfer import MOST_ROUNDS, Status, Transfer, total_of
from shouxin.ground.formats.roots import root_of
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.kernel.times import check_instant, from_text

S = Status
_ALL = frozenset(S) - {S.DRAFT}
_SENT = frozenset({S.SEALED, S.DELIVERED, S.IMPORTED})
_KEPT = frozenset({S.IMPORTED, S.SETTLED, S.HOLD})
_VOIDABLE = frozenset({S.OFFERED, S.ACCEPTED, S.SEALED, S.DELIVERED, S.IMPORTED, S.DISPUTED})
_OPEN = frozenset({S.SEALED, S.DELIVERED, S.IMPORTED, S.SETTLED, S.HOLD, S.PERMITTED, S.DISPUTED})
_RANK = {"A": 0, "B": 1, "V": 2}

TURNS: Mapping[str, Mapping[Role, frozenset[Status]]] = {
    "offer": {"A": frozenset({S.DRAFT})},
    "accept": {"B": frozenset({S.OFFERED, S.ACCEPTED, S.SEALED})},
    "package": {"A": frozenset({S.ACCEPTED, *_SENT})},
    "receipt": {"B": frozenset({S.SEALED, S.DELIVERED})},
    "imported": {"B": frozenset({S.DELIVERED, S.IMPORTED})},
    "challenge": {"A": _KEPT, "V": _KEPT},
    "answer": {"B": _KEPT},
    "settled": {"A": frozenset({S.IMPORTED})},
    "withdraw": {"A": _OPEN, "B": _OPEN},
    "ack": {"A": _ALL, "B": _ALL},
    "destroy-permit": {"A": frozenset({S.HOLD})},
    "destroyed": {"A": frozenset({S.PERMITTED})},
    "attest": {"V": _ALL},
    "refused": {"A": frozenset({S.ACCEPTED}), "B": frozenset({S.OFFERED, S.SEALED, S.DELIVERED})},
    "resend": {"A": _SENT, "B": _SENT},
    "void": {"A": _VOIDABLE, "B": _VOIDABLE},
}


def step(transfer: Transfer, envelope: bytes, *, role: Role, at: datetime) -> Transfer:
    """The transfer after one more envelope, our own or the other side's.

    Raises:
        Refusal: a rule of docs/formats/pit.md says no ("transfer.…"); Corrupt: the envelope, its signature, its fields
        or its place in the chain are not what they must be. The state given stays as it was.
    """
    after = _apply(transfer, envelope, at)
    message = after.messages[-1]
    if message.role == role and message.issued < check_instant(at) - CLOCKS_APART:
        raise Refusal("transfer.backdated", issued=message["issued"])
    return after


def replay(transfer: Transfer, envelopes: Iterable[bytes], *, at: datetime) -> Transfer:
    """The transfer after envelopes that were kept, whenever they were signed; raises what `step` raises."""
    for envelope in envelopes:
        transfer = _apply(transfer, envelope, at)
    return transfer


def give_way(transfer: Transfer, envelope: bytes, *, role: Role, at: datetime) -> Transfer:
    """Both wrote at once: A's envelope stands, ours is taken back and must be signed again behind it.

    Raises:
        Refusal("transfer.crossed"): the last envelope is not ours, or ours stands before theirs; and as `step`.
    """
    message = read(envelope, transfer.parties, f"{transfer.tid}#{len(transfer.messages)}")
    last, before = (transfer.messages[-1] if transfer.messages else None), transfer.before
    crossed = last is not None and before is not None and last.role == role and message["seq"] == last["seq"]
    if not crossed or before is None or _RANK[message.role] >= _RANK[role]:
        raise Refusal("transfer.crossed", seq=message["seq"])
    return step(before, envelope, role=role, at=at)


def _apply(transfer: Transfer, envelope: bytes, at: datetime) -> Transfer:
    where = f"{transfer.tid}#{transfer.seq}"
    message = read(envelope, transfer.parties, where)
    _check_same(transfer, message)
    check_place(message, transfer.messages, transfer.parties, at, where)
    if transfer.status not in TURNS[message.kind].get(message.role, ()):
        _refuse_turn(transfer, message)
    return transfer.taken(message, RULES[message.kind](transfer, message))


def _check_same(transfer: Transfer, message: Message) -> None:
    if message["tid"] != transfer.tid:
        raise Refusal("transfer.other_transfer")
    if message["contract"] != transfer.contract:
        raise Refusal("transfer.other_contract")
    if message["simulated"] != transfer.simulated:
        raise Refusal("transfer.simulated_mismatch", here=transfer.simulated)


def _refuse_turn(transfer: Transfer, message: Message) -> None:
    if message.kind == "void" and transfer.settled is not None:
        raise Refusal("transfer.settled")
    raise Refusal("transfer.out_of_turn", kind=message.kind, role=message.role, status=transfer.status.value)


def _require(holds: bool, code: str, **facts: object) -> None:
    if not holds:
        raise Refusal(code, **facts)


def _offer(_transfer: Transfer, message: Message) -> Status:
    counts, unit = message["counts"], message["rounded_to"]
    _require(sorted(counts) == message["classes"], "transfer.counts")
    _require(all(each % unit == 0 for each in counts.values()), "transfer.counts", rounded_to=unit)
    return S.OFFERED


def _accept(transfer: Transfer, message: Message) -> Status:
    offer, earlier = transfer.the("offer"), [each for each in transfer.messages if each.kind == "accept"]
    _require(set(message["purposes"]) <= set(offer["purposes"]), "transfer.purposes")
    if transfer.status is S.OFFERED:
        _require(message.issued <= offer.expires, "transfer.expired", expires=offer["expires"])
        _require(message["replaces"] is None, "transfer.replaces")
        return S.ACCEPTED
    _require(message["replaces"] == earlier[-1].digest, "transfer.replaces")
    used = {each["recipient"] for each in earlier} | {each["nonce"] for each in earlier}
    _require(message["recipient"] not in used and message["nonce"] not in used, "transfer.key_reused")
    return S.ACCEPTED


def _package(transfer: Transfer, message: Message) -> Status:
    accept, last = transfer.the("accept"), transfer.last("package")
    _require(message["recipient"] == accept["recipient"], "transfer.wrong_recipient")
    _require(message["nonce"] == accept["nonce"], "transfer.wrong_nonce")
    _require(sum(each["size"] for each in message["parts"]) == message["size"], "transfer.parts")
    names = [each["name"] for each in message["parts"]]
    _require(len(set(names)) == len(names), "transfer.parts")
    _require(set(message["retention"]) <= set(transfer.the("offer")["classes"]), "transfer.retention")
    _check_commitments(transfer, message)
    _require(message["replaces"] == (last.digest if last else None), "transfer.replaces")
    covers = None
    if transfer.status is not S.ACCEPTED:
        resend = transfer.last("resend")
        _require(transfer.is_later(resend, last), "transfer.out_of_turn", status=transfer.status.value)
        covers = (resend["buckets"] if resend else None) or None
    _require(message["covers"] == covers, "transfer.covers")
    if last is not None:
        _check_again(transfer, message, last)
    return S.SEALED


def _check_commitments(transfer: Transfer, message: Message) -> None:
    seeds = [each["seed"] for each in transfer.messages if each.kind == "challenge"]
    revealed = {draws.commit(transfer.tid, bytes.fromhex(seed)) for seed in seeds}
    given = [each for each in message["commitments"].values() if each is not None]
    _require(len(set(given)) == len(given) and not revealed & set(given), "transfer.commitment")


def _check_again(transfer: Transfer, message: Message, last: Message) -> None:
    """A PACKAGE that replaces another is about the same whole, at the current epoch."""
    wanted = transfer.expected(transfer.epoch)
    if wanted is None:
        raise Refusal("transfer.not_acknowledged", epoch=transfer.epoch)
    _require(message["epoch"] == transfer.epoch, "transfer.old_epoch", current=transfer.epoch)
    tables = message["tables"]
    _require({name: total_of(each) for name, each in tables.items()} == wanted, "transfer.tables")
    same = all(tables[name][what] == last["tables"][name][what] for name in tables for what in ("buckets", "schema"))
    _require(same, "transfer.tables")


def _receipt(transfer: Transfer, message: Message) -> Status:
    package = transfer.the("package")
    _require(message["package"] == package.digest, "transfer.other_package")
    _require(message.issued <= package.expires, "transfer.expired", expires=package["expires"])
    parts = message["parts"]
    _require([each["name"] for each in parts] == [each["name"] for each in package["parts"]], "transfer.parts")
    for each, sent in zip(parts, package["parts"], strict=True):
        _require(each["digest"] == (sent["digest"] if each["arrived"] else None), "transfer.parts", part=sent["name"])
        _require(each["arrived"] or not each["opened"], "transfer.parts", part=sent["name"])
    earlier = transfer.last("receipt")
    if earlier is not None and transfer.is_later(earlier, package):
        for was, now in zip(earlier["parts"], parts, strict=True):
            _require(was["arrived"] <= now["arrived"] and was["opened"] <= now["opened"], "transfer.parts")
    return S.DELIVERED if all(each["opened"] for each in parts) else transfer.status


def _imported(transfer: Transfer, message: Message) -> Status:
    package, receipt = transfer.the("package"), transfer.the("receipt")
    _require(message["package"] == package.digest, "transfer.other_package")
    if transfer.status is S.DELIVERED:
        _require(message.issued <= package.expires, "transfer.expired", expires=package["expires"])
    current = transfer.epoch or 0
    _require(package["epoch"] <= message["epoch"] <= current, "transfer.epoch", current=current)
    wanted = transfer.expected(message["epoch"])
    if wanted is None:
        raise Refusal("transfer.not_acknowledged", epoch=message["epoch"])
    _require(set(message["tables"]) == set(wanted), "transfer.tables")
    for name, each in message["tables"].items():
        _check_values(name, each, is_expected=total_of(each) == wanted[name], count=transfer.buckets[name])
    _check_exceptions(transfer, message)
    drilled = from_text(message["backup"]["drilled"])
    _require(receipt.issued <= drilled <= message.issued, "transfer.drill")
    after = transfer.taken(message, S.IMPORTED)
    disputed = message["epoch"] == current and not after.is_full and transfer.rounds >= MOST_ROUNDS
    return S.DISPUTED if disputed else S.IMPORTED


def _check_values(name: str, each: Mapping[str, object], *, is_expected: bool, count: int) -> None:
    values = each["values"]
    if is_expected or not isinstance(values, list):
        _require(is_expected and values is None, "transfer.values", table=name)
        return
    raw = [bytes.fromhex(value) for value in values]
    if len(raw) != count or root_of(raw).hex() != each["root"]:
        raise Corrupt("bucket values that do not come to their root", name)


def _check_exceptions(transfer: Transfer, message: Message) -> None:
    for each in message["exceptions"]:
        held = transfer.buckets.get(each["table"], 0)
        _require(each["bucket"] < held, "transfer.exceptions", table=each["table"])


def _challenge(transfer: Transfer, message: Message) -> Status:
    imported, package = transfer.imported, transfer.the("package")
    is_there = imported is not None and (transfer.is_full or transfer.settled is not None)
    _require(is_there, "transfer.not_full")
    _require(imported is not None and message["imported"] == imported.digest, "transfer.other_import")
    seed = bytes.fromhex(message["seed"])
    _require(draws.commit(transfer.tid, seed) == package["commitments"][message.role], "transfer.commitment")
    revealed = {each["seed"] for each in transfer.messages if each.kind == "challenge"}
    _require(message["seed"] not in revealed, "transfer.commitment")
    drawn = draws.draw(seed, tid=transfer.tid, tables=transfer.buckets, count=message["draw"])
    _require(message["buckets"] == drawn, "transfer.draw")
    return transfer.status


def _answer(transfer: Transfer, message: Message) -> Status:
    challenge = transfer.the("challenge")
    _require(message["challenge"] == challenge.digest, "transfer.other_challenge")
    answered = {each["challenge"] for each in transfer.messages if each.kind == "answer"}
    _require(challenge.digest not in answered, "transfer.out_of_turn", status=transfer.status.value)
    _require(transfer.is_later(challenge, transfer.last("package")), "transfer.other_challenge")
    least = transfer.named(challenge["imported"])["epoch"]
    _require(least <= message["epoch"] <= (transfer.epoch or 0), "transfer.epoch", current=transfer.epoch)
    _require(transfer.expected(message["epoch"]) is not None, "transfer.not_acknowledged", epoch=message["epoch"])
    found = {name: [each["bucket"] for each in listed] for name, listed in message["tables"].items()}
    _require(found == challenge["buckets"], "transfer.draw")
    return transfer.status if transfer.is_right(message) else S.DISPUTED


def _settled(transfer: Transfer, message: Message) -> Status:
    imported = transfer.imported
    if imported is None or message["imported"] != imported.digest:
        raise Refusal("transfer.other_import")
    fresh = message["epoch"] == imported["epoch"] == transfer.epoch
    _require(fresh, "transfer.old_epoch", current=transfer.epoch)
    _require(message["tables"] == {n: total_of(each) for n, each in imported["tables"].items()}, "transfer.tables")
    if transfer.is_full:
        _require(not message["unsettled"], "transfer.unsettled")
        return S.SETTLED
    _check_unsettled(transfer, message["unsettled"], imported)
    return transfer.status


def _check_unsettled(transfer: Transfer, unsettled: Mapping[str, list[int]], imported: Message) -> None:
    left_out = [(each["table"], each["bucket"]) for each in imported["exceptions"]]
    wanted = set(transfer.differing(imported)) | {name for name, _ in left_out}
    _require(set(unsettled) == wanted, "transfer.unsettled", tables=sorted(wanted))
    _check_buckets(transfer, unsettled)
    _require(all(bucket in unsettled[name] for name, bucket in left_out), "transfer.unsettled")


def _check_buckets(transfer: Transfer, buckets: Mapping[str, list[int]]) -> None:
    for name, numbers in buckets.items():
        _require(numbers[-1] < transfer.buckets.get(name, 0), "transfer.buckets", table=name)


def _withdraw(transfer: Transfer, message: Message) -> Status:
    current = transfer.epoch or 0
    _require(message["epoch"] == current + 1, "transfer.epoch", current=current)
    _require((message["tables"] is None) == (message.role == "B"), "transfer.tables")
    if message["tables"] is not None:
        _check_fewer(transfer, message["tables"])
    return S.HOLD if transfer.status is S.PERMITTED else transfer.status


def _check_fewer(transfer: Transfer, tables: Mapping[str, Mapping[str, int]]) -> None:
    before = next(found for epoch in range(transfer.epoch or 0, -1, -1) if (found := transfer.expected(epoch)))
    _require(set(tables) == set(before), "transfer.tables")
    _require(all(tables[name]["rows"] <= before[name]["rows"] for name in tables), "transfer.tables")


def _ack(transfer: Transfer, message: Message) -> Status:
    answered = transfer.named(message["answers"], "B" if message.role == "A" else "A")
    ends = message.role == "B" and answered.kind in ("void", "refused")
    _require(ends or not message["deleted"], "transfer.deleted")
    if answered.kind == "withdraw":
        return _ack_withdraw(transfer, message, answered)
    _require(message["epoch"] is None and message["tables"] is None, "transfer.tables")
    if message.role == "B" and answered is transfer.settled and transfer.status is S.SETTLED:
        return S.HOLD
    if message.role == "B" and answered.kind == "destroyed" and transfer.status is S.DESTROYED:
        return S.CLOSED
    return transfer.status


def _ack_withdraw(transfer: Transfer, message: Message, withdraw: Message) -> Status:
    _require(message["epoch"] == withdraw["epoch"], "transfer.epoch", current=withdraw["epoch"])
    tables = message["tables"]
    if message.role == "A":
        _require(tables is not None and transfer.expected(withdraw["epoch"]) in (None, tables), "transfer.tables")
        _check_fewer(transfer, tables)
        return transfer.status
    is_later = transfer.status in (S.SETTLED, S.HOLD)
    _require((tables is not None) == is_later, "transfer.tables")
    return S.DISPUTED if is_later and tables != transfer.expected(withdraw["epoch"]) else transfer.status


def _permit(transfer: Transfer, message: Message) -> Status:
    settled = transfer.settled
    missing = [each.code for each in missing_by_chain(transfer)]
    _require(not missing, "transfer.gates", missing=missing)
    _require(settled is not None and message["settled"] == settled.digest, "transfer.other_settlement")
    return S.PERMITTED


def _destroyed(transfer: Transfer, message: Message) -> Status:
    settled, permit = transfer.settled, transfer.the("destroy-permit")
    _require(settled is not None and message["settled"] == settled.digest, "transfer.other_settlement")
    _require(message["permit"] == permit.digest, "transfer.other_permit")
    return S.DESTROYED


def _attest(transfer: Transfer, _message: Message) -> Status:
    return transfer.status


def _refused(transfer: Transfer, message: Message) -> Status:
    theirs = [each for each in transfer.messages if each.role == ("B" if message.role == "A" else "A")]
    _require(message["answers"] == theirs[-1].digest, "transfer.no_such_message")
    package = transfer.the("package") if transfer.status in (S.SEALED, S.DELIVERED) else None
    _require(message["ciphertext"] == (package["digest"] if package else None), "transfer.ciphertext")
    _require(message["deleted"] == (package is not None), "transfer.deleted")
    if message["reason"] != "expired":
        return S.REFUSED
    limit = (package or transfer.the("offer")).expires
    _require(message.role == "B" and message.issued > limit, "transfer.not_expired")
    return S.EXPIRED


def _resend(transfer: Transfer, message: Message) -> Status:
    transfer.named(message["answers"], "B" if message.role == "A" else "A")
    _require(not (transfer.status is S.IMPORTED and transfer.is_full), "transfer.nothing_to_resend")
    names = {each["name"] for each in transfer.the("package")["parts"]}
    parts, buckets = message["parts"], message["buckets"]
    if message["reason"] != "mismatch":
        of_parts = bool(parts) and set(parts) <= names and not buckets and message["round"] == 0
        _require(of_parts, "transfer.parts")
        return transfer.status
    imported = transfer.imported
    is_fresh = transfer.status is S.IMPORTED and imported is not None and imported["epoch"] == transfer.epoch
    _require(is_fresh, "transfer.out_of_turn", status=transfer.status.value)
    _require(transfer.rounds < MOST_ROUNDS and message["round"] == transfer.rounds + 1, "transfer.rounds")
    _require(bool(buckets) and not parts, "transfer.buckets")
    _check_buckets(transfer, buckets)
    return transfer.status


def _void(transfer: Transfer, message: Message) -> Status:
    transfer.named(message["answers"])
    package = transfer.last("package")
    _require(message["deleted"] == (message.role == "B" and package is not None), "transfer.deleted")
    if message["reason"] != "expired":
        return S.VOID
    limits = {S.OFFERED: transfer.last("offer"), S.SEALED: package, S.DELIVERED: package}
    limit = limits.get(transfer.status)
    past = limit is not None and message.issued > limit.expires
    _require(message.role == "A" and past, "transfer.not_expired")
    return S.EXPIRED


RULES: Mapping[str, Callable[[Transfer, Message], Status]] = {
    "offer": _offer,
    "accept": _accept,
    "package": _package,
    "receipt": _receipt,
    "imported": _imported,
    "challenge": _challenge,
    "answer": _answer,
    "settled": _settled,
    "withdraw": _withdraw,
    "ack": _ack,
    "destroy-permit": _permit,
    "destroyed": _destroyed,
    "attest": _attest,
    "refused": _refused,
    "resend": _resend,
    "void": _void,
}
