"""Sealed records: `V1 | alg | slot(8) | ver(4) | nonce(12) | ciphertext | tag(16)`, one key per customer × compartment.

AES-256-GCM or SM4-GCM, random nonces; the associated data are the header and the caller's context (vault, record,
kind), so that an envelope moved to another place does not open. Opened values print as `‹sealed›`.
"""

import os
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shouxin.ground.kernel.refusals import Corrupt

AES_256_GCM, SM4_GCM = 1, 2
ALGORITHMS = {"aes-256-gcm": AES_256_GCM, "sm4-gcm": SM4_GCM}
HEADER = struct.Struct(">BBQI")
NONCE, TAG = 12, 16
OVERHEAD = HEADER.size + NONCE + TAG


@dataclass(frozen=True, repr=False)
class Value:
    """Bytes that were sealed and are open now. Never printed."""

    raw: bytes

    def __repr__(self) -> str:
        return "‹sealed›"


def seal(key: bytes, raw: bytes, *, slot: int, context: bytes, algorithm: int = AES_256_GCM, version: int = 1) -> bytes:
    """The envelope of `raw` under a 32-byte key (SM4 takes its first 16 bytes)."""
    header = HEADER.pack(1, algorithm, slot, version)
    nonce = os.urandom(NONCE)
    if algorithm == AES_256_GCM:
        return header + nonce + AESGCM(key).encrypt(nonce, raw, header + context)
    return header + nonce + _sm4_seal(key, nonce, raw, header + context)


def unseal(key: bytes, envelope: bytes, *, slot: int, context: bytes) -> Value:
    """The value inside.

    Raises:
        Corrupt: another slot's envelope, a wrong key, a changed byte, an unknown form.
    """
    where = f"slot {slot}"
    if len(envelope) < OVERHEAD:
        raise Corrupt("sealed record too short", where)
    version, algorithm, of_slot, _ = HEADER.unpack_from(envelope)
    if version != 1 or of_slot != slot:
        raise Corrupt("sealed record of another slot or form", where)
    header, nonce, body = (
        envelope[: HEADER.size],
        envelope[HEADER.size : HEADER.size + NONCE],
        envelope[HEADER.size + NONCE :],
    )
    try:
        if algorithm == AES_256_GCM:
            return Value(AESGCM(key).decrypt(nonce, body, header + context))
        if algorithm == SM4_GCM:
            return Value(_sm4_unseal(key, nonce, body, header + context))
    except InvalidTag as error:
        raise Corrupt("sealed record does not open", where) from error
    raise Corrupt("sealed record of an unknown cipher", where)


def _sm4_seal(key: bytes, nonce: bytes, raw: bytes, context: bytes) -> bytes:
    worker = Cipher(algorithms.SM4(key[:16]), modes.GCM(nonce)).encryptor()
    worker.authenticate_additional_data(context)
    return worker.update(raw) + worker.finalize() + worker.tag


def _sm4_unseal(key: bytes, nonce: bytes, body: bytes, context: bytes) -> bytes:
    worker = Cipher(algorithms.SM4(key[:16]), modes.GCM(nonce, body[-TAG:])).decryptor()
    worker.authenticate_additional_data(context)
    return worker.update(body[:-TAG]) + worker.finalize()
