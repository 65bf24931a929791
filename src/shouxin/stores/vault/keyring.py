"""The opened key files of one home.

    KEK → root key (one use per flip) → page-key table (page → generation, key) → leaf of 512 keys → key of customer ×
    compartment

1. Opening only reads. The newest root slot whose checksum holds is the root; if its table does not open, that is
   Corrupt: the older root is never taken instead and no slot is overwritten.
2. The database remembers the newest flip it has seen; older keys are refused.
3. Before a remembered table is used, the two slots' first bytes are read again; when they moved, everything
   remembered goes.
4. What is remembered is bounded: leaves and cipher objects, dropped with their generation.
"""

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import connection

from shouxin.ground.kernel.canonical import decode, encode
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.kernel.sealing import AES_256_GCM, ALGORITHMS
from shouxin.stores.vault import custody, durable, roots
from shouxin.stores.vault.numbers import COMPARTMENTS, DEAD_KEY, KEY, SLOTS_A_PAGE

try:
    import resource
except ImportError:
    resource = None  # type: ignore[assignment]

LEAVES_KEPT = 512
CIPHERS_KEPT = 8192
_FETCH = 128
_ATTEMPTS, _PAUSE = 8, 0.03
_ZERO_NONCE = bytes(12)
DESCRIPTION = "vault.json"


@dataclass(frozen=True)
class Description:
    """What lies open beside the keys: whose they are, the cipher, where KEK and escrow lie. No secrets."""

    vault: bytes
    algorithm: str
    kek: str
    escrow: tuple[str, ...]
    recipient: str

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        return encode({**vars(self), "vault": self.vault.hex(), "escrow": list(self.escrow)})


def read_description(folder: Path) -> Description:
    """The description of a key folder.

    Raises:
        Refusal("vault.not_founded"): there is none; Corrupt: it cannot be read.
    """
    try:
        plain: dict[str, Any] = decode((folder / DESCRIPTION).read_bytes(), where=DESCRIPTION)
        vault, escrow = bytes.fromhex(plain["vault"]), tuple(plain["escrow"])
        return Description(vault, plain["algorithm"], plain["kek"], escrow, plain["recipient"])
    except FileNotFoundError:
        raise Refusal("vault.not_founded") from None
    except (KeyError, TypeError, ValueError) as error:
        raise Corrupt("description of the keys", DESCRIPTION) from error


def folder() -> Path:
    """Where this home's keys lie."""
    return Path(settings.SHOUXIN_HOME) / "keys"


def kek_path(keys: Path, described: str) -> Path:
    """Where the KEK lies: the home file's word (a device mounted elsewhere today) before the founding's; else beside
    the keys.
    """
    named = settings.SHOUXIN.kek or described
    return Path(settings.SHOUXIN_HOME, named) if named else keys / "kek"


def seal_leaf(raw: bytes, *, key: bytes, vault: bytes, page: int, gen: int) -> bytes:
    """A leaf's 512 keys under a page key that is used for nothing else."""
    return AESGCM(key).encrypt(_ZERO_NONCE, raw, _leaf_context(vault, page, gen))


def open_leaf(sealed: bytes, *, key: bytes, vault: bytes, page: int, gen: int) -> bytes:
    """The 512 keys.

    Raises:
        Corrupt: the leaf does not open.
    """
    try:
        return AESGCM(key).decrypt(_ZERO_NONCE, sealed, _leaf_context(vault, page, gen))
    except InvalidTag as error:
        raise Corrupt("leaf that does not open under its page key", f"page {page}") from error


class Keyring:
    """The newest generation of one home's keys, shared by the threads of a process."""

    def __init__(self, keys: Path) -> None:
        self.folder = keys
        self.description = read_description(keys)
        self.vault = self.description.vault
        self.algorithm = ALGORITHMS[self.description.algorithm]
        self._lock = threading.RLock()
        self._leaves: OrderedDict[int, tuple[int, bytes]] = OrderedDict()
        self._ciphers: OrderedDict[int, AESGCM] = OrderedDict()
        self._files = [path.open("rb", buffering=0) for path in self._slot_paths()]
        self._marks: tuple[bytes, ...] = ()
        self.slot: roots.RootSlot
        self.table: roots.Table
        _forbid_core_dumps()
        self.reload()

    def close(self) -> None:
        """Give the files back."""
        for file in self._files:
            file.close()

    @property
    def generation(self) -> int:
        """The generation in memory."""
        return self.table.generation

    @property
    def kek(self) -> Path:
        """Where the KEK lies."""
        return kek_path(self.folder, self.description.kek)

    def custody_class(self) -> str:
        """ "K0" or "K1"; see `custody`."""
        return custody.custody_class(self.folder, self.kek)

    def fresh(self) -> roots.Table:
        """The newest table; read again when another process flipped. Raises as `reload`."""
        with self._lock:
            if self._read_marks() != self._marks:
                self.reload()
            return self.table

    def reload(self) -> None:
        """Read slots and table from the disk; all that was remembered of older generations goes.

        Raises:
            Corrupt: no valid root, the newest root's table does not open, or keys older than the database;
            Unavailable: the KEK is away.
        """
        with self._lock:
            seen = _generation_in_database(self.vault)
            for attempt in range(_ATTEMPTS):
                try:
                    self._adopt(*self._read())
                    break
                except Corrupt:
                    # A flip of another process may be under way between our reads; what stays so is damage.
                    if attempt == _ATTEMPTS - 1:
                        raise
                    time.sleep(_PAUSE)
            if self.table.generation < seen:
                raise Corrupt("keys older than the database", f"generation {self.table.generation} of {seen}")

    def older_root_stands(self) -> bool:
        """Whether the other slot still holds a valid root: a flip was not finished."""
        place = (self.generation + 1) & 1
        return roots.read_slot(self._slot_paths()[place].read_bytes(), place) is not None

    def key(self, slot: int) -> bytes:
        """The key of a slot; 32 zero bytes when it was destroyed. Raises as `leaves`."""
        page, place = divmod(slot, SLOTS_A_PAGE)
        return self.leaves((page,))[page][place * KEY : place * KEY + KEY]

    def cipher(self, slot: int) -> AESGCM | None:
        """The cipher object of a slot, remembered for hot customers; None when the key was destroyed."""
        with self._lock:
            self.fresh()
            known = self._ciphers.get(slot)
            if known is not None:
                self._ciphers.move_to_end(slot)
                return known
            key = self.key(slot)
            if key == DEAD_KEY:
                return None
            made = self._ciphers[slot] = AESGCM(key)
            if len(self._ciphers) > CIPHERS_KEPT:
                self._ciphers.popitem(last=False)
            return made

    def keys_of(self, customer: int) -> list[bytes]:
        """The eight keys of a customer, in the compartments' order."""
        first = customer * COMPARTMENTS
        page, place = divmod(first, SLOTS_A_PAGE)
        leaf = self.leaves((page,))[page]
        return [leaf[at * KEY : at * KEY + KEY] for at in range(place, place + COMPARTMENTS)]

    def leaves(self, pages: Collection[int]) -> dict[int, bytes]:
        """The opened leaves of some pages, of the newest generation.

        Raises:
            Corrupt: a leaf is missing or does not open.
        """
        with self._lock:
            for _ in range(_ATTEMPTS):
                table = self.fresh()
                found = self._remembered(table, pages)
                found |= self._fetch(table, [page for page in pages if page not in found])
                missing = [page for page in pages if page not in found]
                if not missing:
                    return found
                if self._read_marks() == self._marks:
                    break
            raise Corrupt("leaf missing", f"page {missing[0]} of {len(missing)}")

    def flip(self, table: roots.Table, kek: custody.Kek) -> None:
        """Make `table` the truth: the table to the alternate file, its new root key to the alternate slot. The caller
        holds the lock.

        Raises:
            Unavailable: the disk failed; what stands is read anew by the next opening.
        """
        place, root = table.generation & 1, os.urandom(32)
        sealed = self.folder / f"pkt.{place}"
        durable.write_at(sealed, roots.seal_table(table, root, self.vault))
        durable.step("table written")
        durable.sync(sealed)
        durable.sync_folder(self.folder)
        durable.step("table durable")
        slot = roots.write_slot(
            root, generation=table.generation, kek=kek.key, kek_version=kek.version, vault=self.vault
        )
        durable.write_at(self._slot_paths()[place], slot)
        durable.step("root written")
        durable.sync(self._slot_paths()[place])
        durable.step("flipped")
        self.reload()

    def affirm(self) -> None:
        """Write what was read once more and sync it: after a crash the page cache may show what the disk does not
        hold.
        """
        place = self.generation & 1
        for path in (self.folder / f"pkt.{place}", self._slot_paths()[place]):
            durable.write_at(path, path.read_bytes())
            durable.sync(path)
        durable.sync_folder(self.folder)

    def erase_older(self) -> None:
        """Overwrite the other slot: the root key of every older generation is gone from it."""
        durable.erase(self._slot_paths()[(self.generation + 1) & 1])
        with self._lock:
            self._marks = self._read_marks()
        durable.step("older root erased")

    def present_kek(self) -> custody.Kek:
        """The version that the newest root slot names. Raises as `custody.find`."""
        return custody.find(self.kek, self.slot.kek_version)

    def _slot_paths(self) -> tuple[Path, Path]:
        return self.folder / "root.0", self.folder / "root.1"

    def _read_marks(self) -> tuple[bytes, ...]:
        if hasattr(os, "pread"):
            return tuple(os.pread(file.fileno(), roots.MARK_BYTES, 0) for file in self._files)
        marks = []
        for file in self._files:
            file.seek(0)
            marks.append(file.read(roots.MARK_BYTES) or b"")
        return tuple(marks)

    def _read(self) -> tuple[roots.RootSlot, roots.Table, tuple[bytes, ...]]:
        raws = [path.read_bytes() for path in self._slot_paths()]
        slots = [roots.read_slot(raw, place) for place, raw in enumerate(raws)]
        newest = max((slot for slot in slots if slot), key=lambda slot: slot.generation, default=None)
        if newest is None:
            raise Corrupt("no valid root", "keys")
        kek = custody.find(self.kek, newest.kek_version)
        root = roots.unwrap(newest, kek=kek.key, vault=self.vault)
        try:
            sealed = (self.folder / f"pkt.{newest.generation & 1}").read_bytes()
        except FileNotFoundError:
            raise Corrupt("page-key table missing", f"generation {newest.generation}") from None
        table = roots.open_table(sealed, root, vault=self.vault, generation=newest.generation)
        return newest, table, tuple(raw[: roots.MARK_BYTES] for raw in raws)

    def _adopt(self, slot: roots.RootSlot, table: roots.Table, marks: tuple[bytes, ...]) -> None:
        moved = not hasattr(self, "table") or table.generation != self.table.generation
        self.slot, self.table, self._marks = slot, table, marks
        if moved:
            self._ciphers.clear()
            for page in [page for page, (gen, _) in self._leaves.items() if table.page(page)[0] != gen]:
                del self._leaves[page]

    def _remembered(self, table: roots.Table, pages: Iterable[int]) -> dict[int, bytes]:
        found = {}
        for page in pages:
            known = self._leaves.get(page)
            if known is not None and known[0] == table.page(page)[0]:
                self._leaves.move_to_end(page)
                found[page] = known[1]
        return found

    def _fetch(self, table: roots.Table, pages: list[int]) -> dict[int, bytes]:
        found = {}
        for start in range(0, len(pages), _FETCH):
            for page, gen, sealed in _stored(pages[start : start + _FETCH]):
                current, key = table.page(page)
                if gen == current:
                    found[page] = open_leaf(sealed, key=key, vault=self.vault, page=page, gen=gen)
                    self._remember(page, gen, found[page])
        return found

    def _remember(self, page: int, gen: int, leaf: bytes) -> None:
        self._leaves[page] = gen, leaf
        self._leaves.move_to_end(page)
        if len(self._leaves) > LEAVES_KEPT:
            self._leaves.popitem(last=False)


_rings: dict[str, Keyring] = {}
_opening = threading.Lock()


def current() -> Keyring:
    """The keyring of this process's home, opened on first use.

    Raises:
        Refusal("vault.not_founded"); Corrupt, Unavailable: as `Keyring.reload`.
    """
    home = str(settings.SHOUXIN_HOME)
    ring = _rings.get(home)
    if ring is None:
        with _opening:
            ring = _rings.get(home) or _rings.setdefault(home, Keyring(folder()))
    return ring


def forget() -> None:
    """Drop this home's keyring from memory; the next use opens it anew."""
    ring = _rings.pop(str(settings.SHOUXIN_HOME), None)
    if ring is not None:
        ring.close()


def algorithm_name(number: int) -> str:
    """The name of a cipher number."""
    return "aes-256-gcm" if number == AES_256_GCM else "sm4-gcm"


def _stored(pages: list[int]) -> list[tuple[int, int, bytes]]:
    with connection.cursor() as cursor:
        marks = ", ".join(str(int(page)) for page in pages)
        cursor.execute(f"SELECT page, gen, body FROM vault_leaf WHERE page IN ({marks})")
        return [(page, gen, bytes(body)) for page, gen, body in cursor.fetchall()]


def _generation_in_database(vault: bytes) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT vault, generation FROM vault_state WHERE id = 1")
        row = cursor.fetchone()
    if row is None:
        raise Refusal("vault.not_founded")
    if bytes(row[0]) != vault:
        raise Corrupt("keys of another vault than the database's", "keys")
    return int(row[1])


def _leaf_context(vault: bytes, page: int, gen: int) -> bytes:
    return b"shouxin leaf" + vault + page.to_bytes(8, "big") + gen.to_bytes(4, "big")


def _forbid_core_dumps() -> None:
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
