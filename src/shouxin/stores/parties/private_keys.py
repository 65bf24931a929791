"""Opening private keys; what was opened is kept by a process that says so, and by no other.

Stretching a passphrase is slow on purpose. A process that holds the passphrases of its people for a row of commands
anyway (`faces.cli.actor`) stretches each once; the pages and a single command keep nothing. The passphrase is asked
for all the same: a kept key is found by the very sealed bytes and the very passphrase that opened it, never by a name.
Whether a key may still sign stands in the database, never here.
"""

import os

from shouxin.ground.kernel.canonical import length_prefixed
from shouxin.ground.kernel.digests import keyed
from shouxin.ground.kernel.signing import open_private


class Opener:
    """Opens private keys for one process."""

    def __init__(self) -> None:
        """Keeps nothing."""
        self.keeps = False
        self._kept: dict[bytes, bytes] = {}
        self._mark = os.urandom(32)

    def __repr__(self) -> str:
        return f"Opener(keeps={self.keeps})"

    def open(self, sealed: bytes, passphrase: bytes) -> bytes:
        """The private key, stretched from the passphrase unless the same two opened it before and it was kept.

        Raises:
            Refusal("passphrase.wrong"); Corrupt: the sealed bytes are malformed.
        """
        mark = keyed(self._mark, length_prefixed((sealed, passphrase)))
        if mark in self._kept:
            return self._kept[mark]
        private = open_private(sealed, passphrase)
        if self.keeps:
            self._kept[mark] = private
        return private

    def forget(self) -> None:
        """Let go of every kept key."""
        self._kept.clear()


opener = Opener()
