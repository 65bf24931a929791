"""An envelope that fits where the chain stands: common fields from the transfer, matter and key from the caller."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shouxin.ground.formats.pit import schema
from shouxin.ground.formats.pit.chain import BASE, Role
from shouxin.ground.formats.pit.transfer import Transfer
from shouxin.ground.kernel import dsse
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.signing import Signer
from shouxin.ground.kernel.times import to_text


@dataclass(frozen=True)
class Ledger:
    """What the sender's ledger gives to a message: its signed checkpoint, the proof that it extends the last one in the
    chain (empty for the first, or when it did not grow), the other side's last checkpoint with our cosignature."""

    checkpoint: str | None
    consistency: Sequence[bytes] = ()
    cosigned: str | None = None


def write(
    transfer: Transfer,
    kind: str,
    fields: Mapping[str, Any],
    *,
    role: Role,
    signer: Signer,
    ledger: Ledger,
    issued: datetime,
    expires: datetime,
) -> bytes:
    """The next envelope of the chain. `step` it before it leaves the house: a rule may still refuse it.

    Raises:
        Corrupt: fields that the kind does not have, or of another form; Refusal("transfer.signer"): another's key.
    """
    schema.check_own_fields(kind, fields)
    if transfer.parties.keys.get(signer.key_id) is None or transfer.parties.role(signer.key_id) != role:
        raise Refusal("transfer.signer", role=role)
    predicate = {
        **fields,
        "tid": transfer.tid,
        "seq": transfer.seq,
        "prev": transfer.head,
        "from": signer.key_id,
        "to": transfer.parties.peer(role),
        "issued": to_text(issued),
        "expires": to_text(expires),
        "contract": transfer.contract,
        "simulated": transfer.simulated,
        "checkpoint": ledger.checkpoint,
        "consistency": [each.hex() for each in ledger.consistency],
        "cosigned": ledger.cosigned,
    }
    statement = dsse.statement(
        subject={transfer.tid: transfer.contract}, predicate_type=BASE + kind, predicate=predicate
    )
    return dsse.sign(statement, [signer])


def file_name(seq: int) -> str:
    """The name of an envelope's file in the transfer's folder."""
    return f"{seq:04d}.dsse"
