"""The checker's verbs (V): take in a chain, commit to a draw before anything is packed, attest what was checked.

V holds no data and no key of the transfer; its installation knows both companies by their cards.
"""

from collections.abc import Sequence

from django.db import transaction

from shouxin.duties.transfer import chain, places, secrets, sending
from shouxin.duties.transfer.chain import Sent, Voice
from shouxin.duties.transfer.models import Transfer
from shouxin.ground.formats import pit
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.signing import new_private
from shouxin.stores.parties import queries as parties


def observe(*, envelopes: Sequence[bytes], voice: Voice) -> str:
    """Take in a chain from its first message; gives the state in which it stands.

    Raises:
        Refusal("transfer.unknown_party"): a company that we have not pinned; Corrupt, Refusal: as `pit.step`.
    """
    with transaction.atomic():
        row = _row_of(envelopes[0], voice)
        for envelope in envelopes:
            if not row.messages.filter(envelope=envelope, stands=True).exists():
                sending.taken(row, envelope, voice)
        return str(row.status)


def _row_of(first: bytes, voice: Voice) -> Transfer:
    kind, said = pit.peek(first)
    tid = said.get("tid")
    if isinstance(tid, str) and Transfer.objects.filter(tid=tid).exists():
        return chain.lock(tid)
    if kind != "offer" or not isinstance(tid, str):
        raise Refusal("transfer.not_an_offer", kind=kind[:24])
    known = {each.key_id: each.id for each in parties.recipients()}
    ends = [known.get(str(said.get("from"))), known.get(str(said.get("to")))]
    if ends[0] is None or ends[1] is None:
        raise Refusal("transfer.unknown_party", pinned=sum(each is not None for each in ends))
    return chain.start(
        tid=tid, role="V", peer=ends[0], other=ends[1], contract=str(said.get("contract")), case="", at=voice.at
    )


def commit_to_draw(*, tid: str, voice: Voice) -> str:
    """The commitment to a draw of ours, which the sender puts into its package; the seed stays sealed here."""
    with transaction.atomic():
        row = _checker(tid)
        if secrets.has(row, "seed-V"):
            seed = secrets.open_secret(row, "seed-V", voice.wrapping)
        else:
            seed = new_private()
            secrets.keep(row, "seed-V", seed, voice.wrapping)
        return pit.commit(tid, seed)


def attest(*, tid: str, checked: Sequence[str], result: str, findings: str | None, voice: Voice) -> Sent:
    """Sign what was checked (codes) and whether it holds; `findings` is the digest of the report."""
    with transaction.atomic():
        row = _checker(tid)
        places.tidy(row)
        fields = {"checked": sorted(set(checked)), "result": result, "findings": findings}
        state = chain.load(row, voice.at)
        last = state.last("attest")
        if last is not None and last.public == voice.signer.public and all(last[n] == fields[n] for n in fields):
            return chain.own_again(row, last)
        return chain.say(row, "attest", fields, voice=voice, facts={"result": result})


def _checker(tid: str) -> Transfer:
    row = chain.lock(tid)
    if row.role != "V":
        raise Refusal("transfer.not_our_part", transfer=tid, role=row.role)
    return row
