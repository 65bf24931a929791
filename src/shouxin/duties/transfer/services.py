"""The verbs of a transfer, its only writers. Each takes a `Voice` (`voice(...)`): the company's signer, who asked,
when.

    A: offer → pack → challenge → settle → (permit_destruction → report_destroyed)
    B: accept → receive → import_package → answer → acknowledge
    V: observe → commit_to_draw → attest
    either: withdraw, resend, acknowledge, refuse, void

Each verb that signs gives a `Sent`: the file to hand over. The same verb again gives the same file. The rules of PIT-1
stand in `ground.formats.pit`; each verb's own stand in its module.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from django.db import transaction

from shouxin.duties.transfer import chain, places, receiving, secrets, sending
from shouxin.duties.transfer.chain import Sent, Voice
from shouxin.duties.transfer.checking import attest, commit_to_draw, observe
from shouxin.duties.transfer.ending import acknowledge, refuse, void
from shouxin.duties.transfer.receiving import Drill, Imported, accept, answer, import_package
from shouxin.duties.transfer.rows import Progress
from shouxin.duties.transfer.secrets import rewrap
from shouxin.duties.transfer.sending import (
    OfferTerms,
    PackTerms,
    challenge,
    offer,
    pack,
    permit_destruction,
    report_destroyed,
    settle,
)
from shouxin.duties.transfer.withdrawing import withdraw
from shouxin.ground.formats import pit
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.times import check_instant
from shouxin.stores.parties import services as parties

__all__ = [
    "Drill",
    "Imported",
    "OfferTerms",
    "PackTerms",
    "Sent",
    "Voice",
    "accept",
    "acknowledge",
    "answer",
    "attest",
    "challenge",
    "commit_to_draw",
    "import_package",
    "observe",
    "offer",
    "pack",
    "permit_destruction",
    "receive",
    "refuse",
    "report_destroyed",
    "resend",
    "rewrap",
    "settle",
    "voice",
    "void",
    "withdraw",
]


def voice(*, passphrase: bytes, by: str, at: datetime) -> Voice:
    """Who speaks for the company: its key is opened once for a verb, and the secrets of transfers rest under the same
    passphrase.

    Raises:
        Refusal("passphrase.wrong"), Refusal("parties.not_founded").
    """
    own = parties.company_signer(passphrase=passphrase)
    return Voice(signer=own, wrapping=secrets.wrapping_key(passphrase), by=by, at=check_instant(at))


def receive(*, message: bytes, voice: Voice, parts: Sequence[Path] = ()) -> Sent | None:
    """Take any message of a known transfer; a package is answered at once with a receipt, or refused and deleted.

    Raises:
        Refusal("transfer.unknown"): begin with the offer (`accept`, `observe`); Refusal, Corrupt: as `pit.step`.
    """
    tid = tid_of(message)
    places.tidy(chain.find(tid))
    with transaction.atomic():
        row = chain.lock(tid)
        taken = sending.taken(row, message, voice)
    if taken.kind == "package" and row.role == "B":
        return receiving.receipt(tid=tid, parts=parts, voice=voice)
    return None


def tid_of(message: bytes) -> str:
    """Which transfer a message claims to belong to.

    Raises:
        Corrupt: not a message of this protocol; Refusal("transfer.unknown").
    """
    tid = pit.peek(message)[1].get("tid")
    if not isinstance(tid, str):
        raise Refusal("transfer.unknown", transfer="")
    return tid


def resend(
    *,
    tid: str,
    voice: Voice,
    message: bytes | None = None,
    terms: PackTerms | None = None,
    reason: str = "mismatch",
    parts: Sequence[str] = (),
    expires: datetime | None = None,
    progress: Progress | None = None,
) -> list[Sent]:
    """As receiver, ask for parts or buckets again; as sender, send what was asked for, or what an import shows to
    differ.

    Raises:
        as `receiving.ask_again` and `sending.resend`; Refusal("transfer.pack_terms"): a sender's package needs them.
    """
    if chain.find(tid).role == "B":
        return [receiving.ask_again(tid=tid, reason=reason, parts=parts, voice=voice)]
    if terms is None:
        raise Refusal("transfer.pack_terms", transfer=tid)
    return sending.resend(tid=tid, terms=terms, voice=voice, message=message, expires=expires, progress=progress)
