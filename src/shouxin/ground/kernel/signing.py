"""Ed25519 (RFC 8032), strictly: S below the group order, no small-order or non-canonical points, so that a signature
has one spelling and one meaning. A key's id is the digest of its public bytes; a name beside it is only a label.

Private keys rest sealed under their owner's passphrase (scrypt, RFC 7914, N=2^15, r=8, p=1; AES-256-GCM).
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from shouxin.ground.kernel.canonical import decode, encode, from_base64, to_base64
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.refusals import Corrupt, Refusal

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
_ORDER_EIGHT = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
SMALL_ORDER_Y = frozenset({0, 1, PRIME - 1, _ORDER_EIGHT, PRIME - _ORDER_EIGHT})
_SCRYPT_LOG_N = 15


class Signer(Protocol):
    """Who can sign: a name for people, a key id, and the act."""

    @property
    def name(self) -> str: ...

    @property
    def key_id(self) -> str: ...

    @property
    def public(self) -> bytes: ...

    def sign(self, message: bytes) -> bytes: ...


@dataclass(frozen=True)
class KeySigner:
    """A signer that holds its private key in memory. Prints without the key."""

    name: str
    public: bytes
    _sign: Callable[[bytes], bytes] = field(repr=False)

    @property
    def key_id(self) -> str:
        """The digest of the public bytes."""
        return key_id(self.public)

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of the signature."""
        return self._sign(message)


def key_id(public: bytes) -> str:
    """`sha256:…` of the 32 public bytes."""
    return digest(public)


def new_private(entropy: Callable[[int], bytes] = os.urandom) -> bytes:
    """A fresh 32-byte seed."""
    return entropy(32)


def signer(private: bytes, name: str) -> KeySigner:
    """The signer of a 32-byte seed."""
    key = Ed25519PrivateKey.from_private_bytes(private)
    return KeySigner(name=name, public=key.public_key().public_bytes_raw(), _sign=key.sign)


def check_signature(public: bytes, signature: bytes, message: bytes, *, where: str = "signature") -> None:
    """Refuse a signature that is not exactly one of this key over this message.

    Raises:
        Corrupt: wrong, malleable (S not below the order), or made with a small-order point.
    """
    if len(signature) != 64 or int.from_bytes(signature[32:], "little") >= ORDER:
        raise Corrupt("signature of a refused form", where)
    check_point(public, where=where)
    check_point(signature[:32], where=where)
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise Corrupt("signature does not verify", where) from error


def check_point(raw: bytes, *, where: str = "key") -> bytes:
    """The same 32 bytes.

    Raises:
        Corrupt: not 32 bytes, not canonical, or of small order.
    """
    if len(raw) != 32:
        raise Corrupt("key of a wrong length", where)
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if y >= PRIME or y in SMALL_ORDER_Y:
        raise Corrupt("key of a refused form", where)
    return raw


_SEALED_HEAD = ("kdf", "log_n", "r", "p", "salt", "nonce")


def seal_private(private: bytes, passphrase: bytes, entropy: Callable[[int], bytes] = os.urandom) -> bytes:
    """The private key under a passphrase, as canonical JSON.

    Raises:
        Refusal("passphrase.short"): fewer than eight bytes.
    """
    if len(passphrase) < 8:
        raise Refusal("passphrase.short", least=8)
    salt, nonce = entropy(16), entropy(12)
    head = {"kdf": "scrypt", "log_n": _SCRYPT_LOG_N, "r": 8, "p": 1, "salt": to_base64(salt), "nonce": to_base64(nonce)}
    body = AESGCM(_stretch(passphrase, salt, _SCRYPT_LOG_N)).encrypt(nonce, private, encode(head))
    return encode({**head, "body": to_base64(body)})


def open_private(sealed: bytes, passphrase: bytes) -> bytes:
    """The private key.

    Raises:
        Refusal("passphrase.wrong"): it does not open; Corrupt: the sealed bytes are malformed.
    """
    plain = decode(sealed, where="sealed key")
    if not isinstance(plain, dict) or set(plain) != {*_SEALED_HEAD, "body"}:
        raise Corrupt("sealed key of an unknown form", "sealed key")
    head = {name: plain[name] for name in _SEALED_HEAD}
    if head["kdf"] != "scrypt" or (head["log_n"], head["r"], head["p"]) != (_SCRYPT_LOG_N, 8, 1):
        raise Corrupt("sealed key of an unknown form", "sealed key")
    salt, nonce, body = (from_base64(plain[name], where="sealed key") for name in ("salt", "nonce", "body"))
    if len(nonce) != 12:
        raise Corrupt("sealed key of an unknown form", "sealed key")
    try:
        return AESGCM(_stretch(passphrase, salt, _SCRYPT_LOG_N)).decrypt(nonce, body, encode(head))
    except InvalidTag as error:
        raise Refusal("passphrase.wrong") from error


def _stretch(passphrase: bytes, salt: bytes, log_n: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=1 << log_n, r=8, p=1).derive(passphrase)
