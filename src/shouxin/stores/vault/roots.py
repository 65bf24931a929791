"""The two root slots and the page-key table: bytes only, no files.

A root slot is 4,096 bytes: a wrapped root key with its generation, and a checksum over all of it, so that a torn slot
is no slot. The table holds for each page its generation and key, and the roots of the blind index and of the token
tags. Root keys are used once (one table each), so the table's nonce is constant; what wraps the root key has a random
one.
"""

import hashlib
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shouxin.ground.kernel.refusals import Corrupt

SLOT_BYTES = 4096
MARK_BYTES = 64
_SLOT = struct.Struct(">8sQI12s48s")
_SLOT_MAGIC = b"SXROOT1\0"
_HEAD = struct.Struct(">8sQIQ32s32s")
_HEAD_MAGIC = b"SXPKT01\0"
ENTRY = struct.Struct(">I32s")
_ZERO_NONCE = bytes(12)


@dataclass(frozen=True)
class RootSlot:
    """A root slot whose checksum holds: the newest generation of two is the root."""

    generation: int
    kek_version: int
    nonce: bytes
    wrapped: bytes


@dataclass(frozen=True, repr=False)
class Table:
    """The page-key table of one generation. Never printed."""

    generation: int
    epoch: int
    index_root: bytes
    token_root: bytes
    entries: bytes

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return len(self.entries) // ENTRY.size

    def page(self, number: int) -> tuple[int, bytes]:
        """Generation and key of one page.

        Raises:
            Corrupt: no such page.
        """
        if not 0 <= number < self.pages:
            raise Corrupt("page that was never made", f"page {number}")
        return ENTRY.unpack_from(self.entries, number * ENTRY.size)  # type: ignore[return-value]

    def generations(self) -> list[int]:
        """The generation of each page, in order."""
        return [gen for gen, _ in ENTRY.iter_unpack(self.entries)]

    def changed(self, pages: Mapping[int, tuple[int, bytes]]) -> "Table":
        """The next generation: some pages with new keys, further pages at the end."""
        entries = bytearray(self.entries)
        for number in sorted(pages):
            if number * ENTRY.size == len(entries):
                entries += bytes(ENTRY.size)
            ENTRY.pack_into(entries, number * ENTRY.size, *pages[number])
        return replace(self, generation=self.generation + 1, entries=bytes(entries))

    def to_bytes(self) -> bytes:
        """The table as it is sealed."""
        head = _HEAD.pack(_HEAD_MAGIC, self.generation, self.epoch, self.pages, self.index_root, self.token_root)
        return head + self.entries


def read_table(raw: bytes) -> Table:
    """The table of its bytes.

    Raises:
        Corrupt: another form.
    """
    if len(raw) < _HEAD.size:
        raise Corrupt("page-key table of an unknown form", "keys")
    magic, generation, epoch, pages, index_root, token_root = _HEAD.unpack_from(raw)
    if magic != _HEAD_MAGIC or len(raw) != _HEAD.size + pages * ENTRY.size:
        raise Corrupt("page-key table of an unknown form", "keys")
    return Table(generation, epoch, index_root, token_root, raw[_HEAD.size :])


def seal_table(table: Table, root: bytes, vault: bytes) -> bytes:
    """The table under a root key that is used for nothing else."""
    return AESGCM(root).encrypt(_ZERO_NONCE, table.to_bytes(), _table_context(vault, table.generation))


def open_table(sealed: bytes, root: bytes, *, vault: bytes, generation: int) -> Table:
    """The table.

    Raises:
        Corrupt: it does not open under this root, or is another generation's.
    """
    try:
        table = read_table(AESGCM(root).decrypt(_ZERO_NONCE, sealed, _table_context(vault, generation)))
    except InvalidTag as error:
        raise Corrupt("page-key table does not open under the newest root", f"generation {generation}") from error
    if table.generation != generation:
        raise Corrupt("page-key table of another generation", f"generation {generation}")
    return table


def write_slot(root: bytes, *, generation: int, kek: bytes, kek_version: int, vault: bytes) -> bytes:
    """The 4,096 bytes of a root slot."""
    nonce = os.urandom(12)
    wrapped = AESGCM(kek).encrypt(nonce, root, _root_context(vault, generation, kek_version))
    body = _SLOT.pack(_SLOT_MAGIC, generation, kek_version, nonce, wrapped).ljust(SLOT_BYTES - 32, b"\0")
    return body + hashlib.sha256(body).digest()


def read_slot(raw: bytes, place: int) -> RootSlot | None:
    """The slot in this place (0 or 1), or None when it is erased, torn or of the other place."""
    if len(raw) != SLOT_BYTES or hashlib.sha256(raw[:-32]).digest() != raw[-32:]:
        return None
    magic, generation, kek_version, nonce, wrapped = _SLOT.unpack_from(raw)
    if magic != _SLOT_MAGIC or generation & 1 != place:
        return None
    return RootSlot(generation, kek_version, nonce, wrapped)


def unwrap(slot: RootSlot, *, kek: bytes, vault: bytes) -> bytes:
    """The root key.

    Raises:
        Corrupt: the KEK does not open it.
    """
    try:
        return AESGCM(kek).decrypt(slot.nonce, slot.wrapped, _root_context(vault, slot.generation, slot.kek_version))
    except InvalidTag as error:
        raise Corrupt("root key does not open under its KEK", f"generation {slot.generation}") from error


def _table_context(vault: bytes, generation: int) -> bytes:
    return b"shouxin page keys" + vault + generation.to_bytes(8, "big")


def _root_context(vault: bytes, generation: int, kek_version: int) -> bytes:
    return b"shouxin root" + vault + generation.to_bytes(8, "big") + kek_version.to_bytes(4, "big")
