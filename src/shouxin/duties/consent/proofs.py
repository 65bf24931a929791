"""What a person said, sealed under that person's evidence key, and a salted digest of it that may stand outside.

The salt is sealed with the proof: once the person is destroyed, nobody can try guesses against the digest.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shouxin.ground.kernel.canonical import encode, length_prefixed, to_base64
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.ids import Entropy
from shouxin.stores.vault import services as vault

SALT_BYTES = 32
NO_SOURCE = 0


@dataclass(frozen=True)
class Proof:
    """What is to be sealed for one customer: a kind (answer, wish, complaint, reply) and the bytes."""

    customer: int
    raw: bytes = field(repr=False)


def seal_proofs(*, proofs: Sequence[Proof], kind: str, at: datetime, entropy: Entropy) -> list[str]:
    """Seal each proof with a salt of its own; the salted digests, in the same order. In the caller's transaction.

    Raises:
        Refusal("vault.…"): a customer's slot is not alive any more.
    """
    items, digests = [], []
    for number, proof in enumerate(proofs):
        salt = entropy(SALT_BYTES)
        row = {"n": number, "f": {"salt": to_base64(salt), "proof": to_base64(proof.raw)}}
        items.append(
            vault.Item(customer=proof.customer, category="evidence", source=NO_SOURCE, rows=1, raw=encode([row]))
        )
        digests.append(salted_digest(salt, proof.raw))
    if items:
        vault.seal_batch(items=items, kind=kind, at=at)
    return digests


def salted_digest(salt: bytes, raw: bytes) -> str:
    """The digest that stands outside the vault; an auditor who is shown salt and proof can repeat it."""
    return digest(length_prefixed([salt, raw]))
