"""The receiver's verbs (B): accept, receive, import, answer, ask for parts again.

1. One fresh age key per transfer (and per replacement before delivery); destroyed once all is settled.
2. No row is used before the newest withdrawal is applied; past the package's `expires` nothing is imported: it is
   deleted and refused.
3. What IMPORTED and ANSWER say is recomputed from our own database, every value opened again, never from the package.
4. The same package again is the same receipt; the same import again takes nothing twice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from django.db import transaction

from shouxin.duties.transfer import arriving, chain, places, rows, secrets, sending, withdrawing
from shouxin.duties.transfer.chain import Sent, Voice
from shouxin.duties.transfer.ending import refuse
from shouxin.duties.transfer.models import Challenge, Part, Transfer
from shouxin.ground.formats import pit
from shouxin.ground.formats.package import new_identity
from shouxin.ground.formats.roots import TableRoots, bucket_numbers
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.signing import new_private
from shouxin.ground.kernel.times import to_text
from shouxin.stores.jobs import services as jobs
from shouxin.stores.parties import queries as parties

MOST_EXCEPTIONS = 1000
_REFUSED_AS = {"transfer.cannot_open": "cannot_open", "transfer.manifest_mismatch": "manifest_mismatch"}


@dataclass(frozen=True)
class Drill:
    """A restore drill of a backup made after the import: its digest, when it was drilled, how large a sample."""

    digest: str
    drilled: datetime
    sample: int


@dataclass(frozen=True)
class Imported:
    """What an import left behind: people we knew, people new to us, rows; and the message that tells of it."""

    customers_new: int
    rows: int
    withdrawn: int
    sent: Sent | None


def accept(
    *,
    offer: bytes,
    capacity: int,
    voice: Voice,
    purposes: Sequence[str] = (),
    expires: datetime | None = None,
    key_lost: bool = False,
) -> Sent:
    """Accept an offer with a key made for it alone; all its purposes unless some are named. `key_lost`: another key, as
    long as nothing was delivered.

    Raises:
        Refusal("transfer.unknown_party"): not a company that we pinned; Refusal("transfer.no_agreement");
        Refusal("transfer.other_contract"): not the agreement that we have on record; Refusal("transfer.expired").
    """
    with transaction.atomic():
        row = _row_of_offer(offer, voice)
        message = chain.take(row, offer, voice=voice).message
        state = chain.load(row, voice.at)
        last = state.last("accept")
        if last is not None and not key_lost:
            return chain.own_again(row, last)
        identity = new_identity()
        secrets.keep(row, secrets.PACKAGE, identity.secret.encode(), voice.wrapping)
        fields = {
            "purposes": sorted(set(purposes)) or list(message["purposes"]),
            "recipient": identity.recipient,
            "withdrawals": last["withdrawals"] if last else _withdrawals_key(row, voice),
            "nonce": new_private().hex(),
            "capacity": capacity,
            "replaces": last.digest if last else None,
        }
        return chain.say(row, "accept", fields, voice=voice, expires=expires, facts={"peer": row.peer})


def _row_of_offer(offer: bytes, voice: Voice) -> Transfer:
    """The transfer of an offer; it begins here when the offer is new and its sender pinned, under our agreement."""
    kind, said = pit.peek(offer)
    tid, sender = said.get("tid"), said.get("from")
    if kind != "offer" or not isinstance(tid, str):
        raise Refusal("transfer.not_an_offer", kind=kind[:24])
    if Transfer.objects.filter(tid=tid).exists():
        return chain.lock(tid)
    peer = next((each for each in parties.recipients() if each.key_id == sender), None)
    if peer is None:
        raise Refusal("transfer.unknown_party", key=str(sender)[:80])
    agreement = parties.agreement(peer.id)
    if agreement is None:
        raise Refusal("transfer.no_agreement", recipient=peer.id)
    if agreement.document_digest != said.get("contract"):
        raise Refusal("transfer.other_contract", recipient=peer.id)
    return chain.start(tid=tid, role="B", peer=peer.id, contract=agreement.document_digest, case="", at=voice.at)


def _withdrawals_key(row: Transfer, voice: Voice) -> str:
    identity = new_identity()
    secrets.keep(row, secrets.WITHDRAWALS, identity.secret.encode(), voice.wrapping)
    return identity.recipient


def receipt(*, tid: str, parts: Sequence[Path], voice: Voice) -> Sent:
    """Say which parts of the package arrived and open; the same parts again are the same receipt.

    What is late, not for us, or not what its message says is deleted and refused: then the message is REFUSED.

    Raises:
        Refusal("transfer.secret_destroyed"): our key for it is lost: accept again with another (`key_lost`); Corrupt:
        the bytes are those that were sent, and are no package.
    """
    row = chain.find(tid)
    places.tidy(row)
    state = chain.load(row, voice.at)
    package = state.the("package")
    if voice.at > package.expires and state.status in (pit.Status.SEALED, pit.Status.DELIVERED):
        return refuse(tid=tid, reason="expired", voice=voice)
    told = _arrived(row, package, parts)
    if all(told.values()) and state.status is pit.Status.SEALED:
        try:
            arriving.open_arrived(row, package, voice)
        except Refusal as error:
            if error.code not in _REFUSED_AS:
                raise
            return refuse(tid=tid, reason=_REFUSED_AS[error.code], voice=voice)
    return _say_receipt(row, package, told, voice)


def _say_receipt(row: Transfer, package: pit.Message, told: Mapping[str, bool], voice: Voice) -> Sent:
    whole = all(told.values())
    listed = [
        {
            "arrived": told[each["name"]],
            "digest": each["digest"] if told[each["name"]] else None,
            "name": each["name"],
            "opened": whole,
        }
        for each in package["parts"]
    ]
    with transaction.atomic():
        row = chain.lock(row.tid)
        state = chain.load(row, voice.at)
        last = state.last("receipt")
        if last is not None and last["package"] == package.digest and last["parts"] == listed:
            return chain.own_again(row, last)
        fields = {"package": package.digest, "parts": listed}
        count = sum(told.values())
        return chain.say(row, "receipt", fields, voice=voice, facts={"arrived": count, "parts": len(listed)})


def _arrived(row: Transfer, package: pit.Message, paths: Sequence[Path]) -> dict[str, bool]:
    """Bring the parts to their place; which of them are here now, whole."""
    given, found = {path.name: path for path in paths}, {}
    for each in package["parts"]:
        part, _ = Part.objects.get_or_create(
            transfer=row,
            seq=package["seq"],
            name=each["name"],
            defaults={"size": each["size"], "digest": each["digest"]},
        )
        place = places.folder(row.tid) / each["name"]
        part.here = places.take_part(given.get(part.name, place), place, size=part.size, digest=part.digest)
        part.save(update_fields=["here"])
        found[part.name] = part.here
    return found


def import_package(
    *, tid: str, title: str, drill: Callable[[], Drill], voice: Voice, progress: rows.Progress | None = None
) -> Imported:
    """Take the rows into our own vault, apply the newest withdrawal, recompute everything from our own database, have a
    backup drilled, and say what we hold. The same again takes nothing twice; after a withdrawal it says the new totals.

    Raises:
        Refusal("transfer.expired"): refuse it; Refusal("transfer.not_acknowledged"): our own withdrawal waits for the
        sender; Refusal("jobs.leased"); Corrupt: the rows do not come to what the package says.
    """
    row = chain.find(tid)
    if row.role != "B":
        raise Refusal("transfer.not_our_part", transfer=tid, role=row.role)
    places.tidy(row)
    state = chain.load(row, voice.at)
    package = state.the("package")
    said = _said_all(state)
    if said is not None:
        return Imported(0, 0, 0, chain.own_again(row, said))
    with sending.at_work("transfer.import", f"transfer.import:{tid}:{package['seq']}", voice) as job:
        taken = arriving.Taking(0, 0)
        if not row.intakes.filter(seq=package["seq"], is_done=True).exists():
            _check_delivered(state, voice.at)
            taken = arriving.take_rows(row, state, title=title, voice=voice, progress=progress)
        if not job.is_done:
            jobs.finish(job=job, result={"rows": taken.rows}, at=voice.at)
    key = secrets.open_secret(row, secrets.KEY, voice.wrapping)
    withdrawing.catch_up(row, key, voice)
    found = rows.held(row, key, by=voice.by, at=voice.at)
    tried = drill()
    sent = _say_imported(row, found, tried, replace(voice, at=max(voice.at, tried.drilled)))
    return Imported(taken.customers_new, taken.rows, len(withdrawing.known_tags(row)), sent)


def _said_all(state: pit.Transfer) -> pit.Message | None:
    """Our IMPORTED, when there is nothing to add to it."""
    return state.imported if state.is_full or state.status is not pit.Status.IMPORTED else None


def _check_delivered(state: pit.Transfer, at: datetime) -> None:
    if state.status is not pit.Status.DELIVERED:
        raise Refusal("transfer.out_of_turn", kind="imported", status=state.status.value)
    pit.check_may_import(state, at)


_HELD = ("package", "epoch", "tables", "exceptions")


def _say_imported(row: Transfer, found: rows.Held, tried: Drill, voice: Voice) -> Sent:
    with transaction.atomic():
        row = chain.lock(row.tid)
        state = chain.load(row, voice.at)
        said = _said_all(state)
        if said is not None:
            return chain.own_again(row, said)
        wanted = state.expected(state.epoch)
        if wanted is None:
            raise Refusal("transfer.not_acknowledged", epoch=state.epoch)
        exceptions = _exceptions(row, found)
        fields = {
            "package": state.the("package").digest,
            "epoch": state.epoch,
            "tables": {name: _table_fields(found.roots[name], each) for name, each in wanted.items()},
            "exceptions": exceptions,
            "backup": {"digest": tried.digest, "drilled": to_text(tried.drilled), "sample": tried.sample},
        }
        if state.imported is not None and all(state.imported[name] == fields[name] for name in _HELD):
            return chain.own_again(row, state.imported)
        told = {"epoch": state.epoch, "exceptions": len(exceptions), "drill": tried.digest}
        return chain.say(row, "imported", fields, voice=voice, facts=told)


def _table_fields(roots: TableRoots, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What we hold of a table; the values of every bucket where it is not what was expected."""
    is_expected = (roots.root.hex(), roots.rows) == (wanted["root"], wanted["rows"])
    values = None if is_expected else [each.hex() for each in roots.buckets]
    return {"root": roots.root.hex(), "rows": roots.rows, "values": values}


def _exceptions(row: Transfer, found: rows.Held) -> list[dict[str, Any]]:
    """The rows that we could not take or keep as they came, by tag; the values tell of the rest beyond a thousand."""
    listed: list[dict[str, Any]] = []
    for each in rows.columns_of(row):
        lost = np.flatnonzero(found.lost(each))[: MOST_EXCEPTIONS - len(listed)]
        numbers = bucket_numbers(each.tags, each.table.buckets)
        listed += [
            {
                "bucket": int(numbers[place]),
                "reason": "not_held",
                "table": each.table.name,
                "tag": each.tags[place].tobytes().hex(),
            }
            for place in lost.tolist()
        ]
    return listed


def answer(*, tid: str, voice: Voice, message: bytes | None = None) -> Sent:
    """Answer the last challenge from our own database, every value of the transfer opened again.

    Raises:
        Refusal("transfer.out_of_turn"): nobody asked.
    """
    row = chain.find(tid)
    places.tidy(row)
    with transaction.atomic():
        row = chain.lock(tid)
        if message is not None:
            sending.taken(row, message, voice)
        state = chain.load(row, voice.at)
        asked = state.the("challenge")
        said = _answered(state, asked)
        if said is not None:
            return chain.own_again(row, said)
    key = secrets.open_secret(row, secrets.KEY, voice.wrapping)
    found = rows.held(row, key, by=voice.by, at=voice.at)
    with transaction.atomic():
        row = chain.lock(tid)
        state = chain.load(row, voice.at)
        said, epoch = _answered(state, asked), state.epoch
        if said is not None:
            return chain.own_again(row, said)
        tables = pit.answer(found.roots, asked["buckets"])
        fields = {"challenge": asked.digest, "epoch": epoch, "tables": tables}
        sent = chain.say(row, "answer", fields, voice=voice, facts={"epoch": epoch})
        passed = chain.load(row, voice.at).is_right(chain.load(row, voice.at).messages[-1])
        Challenge.objects.filter(message=asked.digest).update(passed=passed)
        return sent


def _answered(state: pit.Transfer, asked: pit.Message) -> pit.Message | None:
    said = [each for each in state.messages if each.kind == "answer" and each["challenge"] == asked.digest]
    return said[-1] if said else None


def ask_again(*, tid: str, reason: str, voice: Voice, parts: Sequence[str] = ()) -> Sent:
    """Ask the sender for parts that did not arrive or are damaged, or for the buckets of rows that we lost.

    Raises:
        Refusal("transfer.nothing_to_resend"); Refusal("transfer.rounds").
    """
    row = chain.find(tid)
    places.tidy(row)
    lost = _lost_buckets(row, voice) if reason == "mismatch" else {}
    with transaction.atomic():
        row = chain.lock(tid)
        state = chain.load(row, voice.at)
        package, last = state.the("package"), state.last("resend", "B")
        if state.is_later(last, package) and last is not None and last["reason"] == reason:
            return chain.own_again(row, last)
        absent = sorted(row.parts.filter(seq=package["seq"], here=False).values_list("name", flat=True))
        fields = {
            "answers": package.digest,
            "reason": reason,
            "parts": [] if reason == "mismatch" else sorted(parts) or absent,
            "buckets": lost,
            "round": state.rounds + 1 if reason == "mismatch" else 0,
        }
        return chain.say(row, "resend", fields, voice=voice, facts={"reason": reason})


def _lost_buckets(row: Transfer, voice: Voice) -> dict[str, list[int]]:
    key, found = secrets.open_secret(row, secrets.KEY, voice.wrapping), dict[str, set[int]]()
    for each, lost in arriving.lost_of(row, key, voice):
        numbers = bucket_numbers(each.tags, each.table.buckets)[lost]
        if len(numbers):
            found.setdefault(each.table.name, set()).update(numbers.tolist())
    return {name: sorted(numbers) for name, numbers in sorted(found.items())}
