"""Sealing and opening private keys; what was opened is kept by a process that says so, and by no other.

Stretching a passphrase is slow on purpose. A process that holds the passphrases of its people for a row of commands
anyway (`faces.cli.actor`) stretches each once; the pages and a single command keep nothing. The passphrase is asked
for all the same: a kept key is found by the very sealed bytes and the very passphrase that opened it, never by a name.
Whether a key may still sign stands in the database, never here.
"""

import os
from hashlib import sha256

from shouxin.ground.kernel.canonical import length_prefixed
from shouxin.ground.kernel.digests import keyed, same
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.signing import open_private, seal_private

_BLOCK = 64


class Opener:
    """Seals and opens private keys for one process."""

    def __init__(self) -> None:
        """Keeps nothing."""
        self.keeps = False
        self._kept: dict[bytes, tuple[bytes, bytes]] = {}
        self._mark = os.urandom(32)

    def __repr__(self) -> str:
        return f"Opener(keeps={self.keeps})"

    def seal(self, private: bytes, passphrase: bytes) -> bytes:
        """The private key under a passphrase.

        Raises:
            Refusal("passphrase.short").
        """
        sealed = seal_private(private, passphrase)
        self._keep(sealed, passphrase, private)
        return sealed

    def open(self, sealed: bytes, passphrase: bytes) -> bytes:
        """The private key, stretched from the passphrase unless the same two opened it before and it was kept.

        Raises:
            Refusal("passphrase.wrong"); Corrupt: the sealed bytes are malformed.
        """
        mark, private = self._kept.get(sealed, (b"", b""))
        if same(mark, self._mark_of(sealed, passphrase)):
            return private
        private = open_private(sealed, passphrase)
        self._keep(sealed, passphrase, private)
        return private

    def opens(self, sealed: bytes, passphrase: bytes) -> bool:
        """Whether this passphrase opens the key. Where the one that does is kept, the two are compared: a sealed key
        has no other.

        Raises:
            Corrupt: the sealed bytes are malformed.
        """
        if sealed in self._kept:
            return same(self._kept[sealed][0], self._mark_of(sealed, passphrase))
        try:
            self.open(sealed, passphrase)
        except Refusal:
            return False
        return True

    def forget(self) -> None:
        """Let go of every kept key."""
        self._kept.clear()

    def _keep(self, sealed: bytes, passphrase: bytes, private: bytes) -> None:
        if self.keeps:
            self._kept[sealed] = self._mark_of(sealed, passphrase), private

    def _mark_of(self, sealed: bytes, passphrase: bytes) -> bytes:
        """Equal for passphrases that scrypt cannot tell apart: its HMAC (RFC 2104, 2) hashes a key longer than a block
        and fills a shorter one up with zeros.
        """
        taken = sha256(passphrase).digest() if len(passphrase) > _BLOCK else passphrase
        return keyed(self._mark, length_prefixed((sealed, taken.ljust(_BLOCK, b"\0"))))


opener = Opener()
