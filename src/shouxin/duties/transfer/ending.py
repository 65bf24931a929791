"""How a transfer ends, or goes on after a word of the other side: acknowledge, refuse, void (A, B).

Who says that something was deleted has deleted it before the message is signed. What came of a customer of our own
cannot be taken out of that customer's keys: then nothing is claimed (`deleted` false, or the verb refuses).
"""

from typing import Any

from django.db import transaction

from shouxin.duties.transfer import chain, places, secrets, sending, withdrawing
from shouxin.duties.transfer.chain import Sent, Voice
from shouxin.duties.transfer.models import Transfer
from shouxin.ground.formats import pit
from shouxin.ground.kernel.refusals import Refusal

_ANSWERED = ("settled", "withdraw", "void", "refused", "destroyed", "destroy-permit")


def acknowledge(*, tid: str, voice: Voice, message: bytes | None = None, again: bool = False) -> Sent:
    """Acknowledge their newest word and do what it asks: apply a withdrawal, delete after VOID, let go of the package's
    key after SETTLED, of everything after DESTROYED. `again`: once more, so that a cooling-off can be proved; while
    another word would prove no more, and once it is proved, the last one is given back.

    Raises:
        Refusal("transfer.nothing_to_acknowledge").
    """
    row = chain.find(tid)
    places.tidy(row)
    with transaction.atomic():
        row = chain.lock(tid)
        target = sending.taken(row, message, voice) if message is not None else None
    state = chain.load(row, voice.at)
    target = target if target is not None and target.kind in _ANSWERED else _newest(row, state)
    said = _said(row, state, target, voice, again=again)
    if said is not None:
        return chain.own_again(row, said)
    if target.kind == "withdraw":
        return withdrawing.answer_withdraw(row, target, voice)
    deleted = _let_go(row, state, target, voice)
    with transaction.atomic():
        row = chain.lock(tid)
        said = _said(row, chain.load(row, voice.at), target, voice, again=again)
        if said is not None:
            return chain.own_again(row, said)
        fields = {"answers": target.digest, "epoch": None, "tables": None, "deleted": deleted}
        sent = chain.say(row, "ack", fields, voice=voice, facts={"answers": target.kind, "deleted": deleted})
        _destroy_secrets(row, target)
    secrets.scrub()
    return sent


def _said(row: Transfer, state: pit.Transfer, target: pit.Message, voice: Voice, *, again: bool) -> pit.Message | None:
    """Our acknowledgement that stands; None when there is none, or when another would prove the cooling-off."""
    said = state.acknowledged(target, chain.role_of(row))
    return None if said is None or (again and pit.would_prove_cooling_off(state, voice.at)) else said


def _newest(row: Transfer, state: pit.Transfer) -> pit.Message:
    """Their newest word that wants an answer: first one that has none."""
    theirs = [each for each in state.messages if each.role not in (row.role, "V") and each.kind in _ANSWERED]
    if not theirs:
        raise Refusal("transfer.nothing_to_acknowledge", transfer=row.tid)
    answered = {each["answers"] for each in state.messages if each.kind == "ack" and each.role == row.role}
    waiting = [each for each in theirs if each.digest not in answered]
    return (waiting or theirs)[-1]


def _let_go(row: Transfer, state: pit.Transfer, target: pit.Message, voice: Voice) -> bool:
    """As receiver, delete what the sender's word ends; whether all of it is gone."""
    if row.role != "B" or target.kind not in ("void", "refused"):
        return False
    return state.last("package") is not None and not delete_all(row, voice, why=target.kind)


def _destroy_secrets(row: Transfer, target: pit.Message) -> None:
    if row.role != "B":
        return
    if target.kind == "settled" and row.status in ("SETTLED", "HOLD"):
        secrets.destroy(row, secrets.PACKAGE)
        delete_ciphertext(row)
    if target.kind in ("void", "destroyed"):
        secrets.destroy(row)
        row.tables.all().delete()


def delete_all(row: Transfer, voice: Voice, *, why: str) -> int:
    """As receiver: the ciphertext, and whatever was imported. Gives how many customers of our own are left."""
    delete_ciphertext(row)
    return withdrawing.remove(row, withdrawing.everybody(row), voice, why=why)


def delete_ciphertext(row: Transfer) -> None:
    """Remove every part that lies here."""
    for part in row.parts.all():
        (places.folder(row.tid) / part.name).unlink(missing_ok=True)
    places.sync_folder(places.folder(row.tid))
    row.parts.update(here=False)


def refuse(*, tid: str, reason: str, voice: Voice, message: bytes | None = None) -> Sent:
    """Refuse what they sent: the offer, the acceptance, or the package, which we have deleted then.

    Raises:
        Refusal("transfer.rows_beside_own", customers=…): deletion cannot be claimed; Refusal("transfer.not_expired").
    """
    row = chain.find(tid)
    places.tidy(row)
    if message is not None:
        with transaction.atomic():
            sending.taken(chain.lock(tid), message, voice)
    state = chain.load(row, voice.at)
    last = state.last("refused")
    if last is not None and last.role == row.role:
        return chain.own_again(row, last)
    package = state.the("package") if state.status in (pit.Status.SEALED, pit.Status.DELIVERED) else None
    if package is not None:
        _check_reason(state, reason, voice)
        _delete_or_refuse(row, voice, why="refused")
    theirs = [each for each in state.messages if each.role not in (row.role, "V")]
    if not theirs:
        raise Refusal("transfer.nothing_to_refuse", transfer=tid)
    fields: dict[str, Any] = {
        "answers": theirs[-1].digest,
        "reason": reason,
        "ciphertext": package["digest"] if package else None,
        "deleted": package is not None,
    }
    with transaction.atomic():
        row = chain.lock(tid)
        last = chain.load(row, voice.at).last("refused", chain.role_of(row))
        if last is not None:
            return chain.own_again(row, last)
        sent = chain.say(row, "refused", fields, voice=voice, facts={"reason": reason})
        secrets.destroy(row)
        row.tables.all().delete() if row.role == "B" else None
    secrets.scrub()
    return sent


def _check_reason(state: pit.Transfer, reason: str, voice: Voice) -> None:
    """Nothing is deleted for a reason that the protocol would not take."""
    if reason == "expired" and voice.at <= state.the("package").expires:
        raise Refusal("transfer.not_expired")


def void(*, tid: str, reason: str, voice: Voice) -> Sent:
    """End the transfer before it is settled: the sender keeps everything, the receiver deletes.

    Raises:
        Refusal("transfer.settled"): a return is a new flow; Refusal("transfer.rows_beside_own").
    """
    row = chain.find(tid)
    places.tidy(row)
    state = chain.load(row, voice.at)
    last = state.last("void")
    if last is not None and last.role == row.role:
        return chain.own_again(row, last)
    if state.settled is not None:
        raise Refusal("transfer.settled", transfer=tid)
    if state.status not in pit.TURNS["void"][chain.role_of(row)]:
        raise Refusal("transfer.out_of_turn", kind="void", status=state.status.value)
    deleted = row.role == "B" and state.last("package") is not None
    if deleted:
        _delete_or_refuse(row, voice, why="void")
    with transaction.atomic():
        row = chain.lock(tid)
        last = chain.load(row, voice.at).last("void", chain.role_of(row))
        if last is not None:
            return chain.own_again(row, last)
        fields = {"answers": state.messages[-1].digest, "reason": reason, "deleted": deleted}
        sent = chain.say(row, "void", fields, voice=voice, facts={"reason": reason, "deleted": deleted})
        secrets.destroy(row)
        row.tables.all().delete()
    secrets.scrub()
    return sent


def _delete_or_refuse(row: Transfer, voice: Voice, *, why: str) -> None:
    beside = delete_all(row, voice, why=why)
    if beside:
        raise Refusal("transfer.rows_beside_own", transfer=row.tid, customers=beside)
