"""The key escrow: copies of the keys apart from the data, readable only by the holders of the recovery key.

1. In each target folder lie `keys-<generation>.escrow` (the page-key table, HPKE-sealed to the recovery key: RFC
   9180, X25519, AES-256-GCM) and `leaves/<generation>.leaves` (the leaf bodies born since the target's last bundle:
   ciphertext under page keys, immutable).
2. The vault itself replaces it: the new bundle is durable before the flip, the older one is overwritten after it.
3. A folder without its mark `escrow.json` (a device not mounted) is unreachable, not empty. Then allocation refuses,
   and a destruction is flipped but not done until every older bundle is dead.
4. Whoever holds an old bundle and the recovery key can still revive what died since: certificates say so.
"""

import hashlib
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from django.conf import settings
from django.db import connection

from shouxin.ground.kernel.canonical import decode, encode, from_base64, to_base64
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.refusals import Corrupt, Refusal, Unavailable
from shouxin.stores.vault import durable, roots
from shouxin.stores.vault.keyring import DESCRIPTION, Keyring

MARK = "escrow.json"
_MAGIC = b"SXESCR1\0"
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_LEAF = struct.Struct(">QQQI")
_CHUNK = 64


@dataclass(frozen=True)
class Header:
    """What a bundle says openly."""

    vault: bytes
    algorithm: str
    generation: int
    pages: int
    recipient: str

    def to_bytes(self) -> bytes:
        """Canonical JSON; bound to the sealed part."""
        return encode({**vars(self), "vault": self.vault.hex()})


@dataclass(frozen=True, repr=False)
class Bundle:
    """An opened bundle: the header and the page-key table. Never printed."""

    header: Header
    table: roots.Table


def new_recovery() -> tuple[bytes, bytes]:
    """A fresh recovery key: private and public bytes. The private part never lies beside the data."""
    key = X25519PrivateKey.generate()
    return key.private_bytes_raw(), key.public_key().public_bytes_raw()


def targets(ring: Keyring) -> list[Path]:
    """The folders of the escrow; a relative one lies in the home."""
    return [Path(settings.SHOUXIN_HOME, name) for name in ring.description.escrow]


def mark(folder: Path, vault: bytes) -> None:
    """Make a folder an escrow target of this vault.

    Raises:
        Refusal("vault.escrow_taken"): it is another vault's.
    """
    durable.make_folder(folder / "leaves")
    if (folder / MARK).exists():
        if not _reachable(folder, vault):
            raise Refusal("vault.escrow_taken", folder=folder.name)
        return
    durable.write_whole(folder / MARK, encode({"vault": vault.hex()}))


def store(ring: Keyring, table: roots.Table) -> list[Unavailable]:
    """Make the bundle of `table`, and the leaves born since each target's last one, durable; why, for each target that
    could not be reached.

    The leaves are committed in the database already.
    """
    missed = []
    for folder in targets(ring):
        try:
            _store_in(folder, ring, table)
        except Unavailable as error:
            missed.append(error)
    durable.step("escrow durable")
    return missed


def settle(ring: Keyring) -> None:
    """Overwrite every bundle but the present generation's; store that one where it is missing.

    Raises:
        Unavailable("escrow"): a target cannot be reached: its older bundle may live.
    """
    missed = []
    for folder in targets(ring):
        try:
            _settle_in(folder, ring)
        except Unavailable as error:
            missed.append(error)
    if missed:
        raise Unavailable(f"escrow: {len(missed)} of {len(targets(ring))} copies cannot be reached") from missed[0]
    durable.step("older escrow dead")


def change(ring: Keyring, *, targets: Sequence[Path], recovery_public: bytes) -> None:
    """Other folders, another recovery key: marked, described, and the present bundle stored anew in each. The caller
    holds the lock.

    Raises:
        Refusal("vault.escrow_taken"); Unavailable: a folder.
    """
    for target in targets:
        mark(Path(settings.SHOUXIN_HOME, target), ring.vault)
    changed = replace(
        ring.description, escrow=tuple(str(target) for target in targets), recipient=to_base64(recovery_public)
    )
    durable.write_whole(ring.folder / DESCRIPTION, changed.to_bytes())
    ring.description = changed
    missed = store(ring, ring.table)
    if missed:
        raise Unavailable(f"escrow: {len(missed)} copies cannot be reached") from missed[0]
    settle(ring)


def prune(ring: Keyring, *, born_until: int) -> int:
    """Remove leaf files whose leaves every retained backup holds; returns how many."""
    gone = 0
    for folder in targets(ring):
        for path in sorted((folder / "leaves").glob("*.leaves")):
            if int(path.stem) <= born_until:
                path.unlink()
                gone += 1
    return gone


def newest(folder: Path) -> Path:
    """The newest whole bundle of a folder.

    Raises:
        Unavailable: there is none.
    """
    found = _bundles(folder)
    if not found:
        raise Unavailable("escrow: no bundle in this folder")
    return found[max(found)]


def header_of(folder: Path) -> Header | None:
    """What the newest bundle of a target says openly; None when there is none or it cannot be reached."""
    found = _bundles(folder)
    return read_header(found[max(found)]) if found else None


def read_header(path: Path) -> Header:
    """What the bundle says openly.

    Raises:
        Corrupt: cut, changed, or of another form.
    """
    return _split(path)[0]


def open_bundle(path: Path, recovery: bytes) -> Bundle:
    """The bundle, opened with the recovery key's private bytes.

    Raises:
        Refusal("vault.recovery_key"): another key's; Corrupt: changed bytes.
    """
    header, raw, sealed = _split(path)
    key = X25519PrivateKey.from_private_bytes(recovery)
    if digest(key.public_key().public_bytes_raw()) != header.recipient:
        raise Refusal("vault.recovery_key", needs=header.recipient)
    try:
        table = roots.read_table(_SUITE.decrypt(sealed, key, info=raw))
    except InvalidTag as error:
        raise Corrupt("escrow bundle that does not open", path.name) from error
    if (table.generation, table.pages) != (header.generation, header.pages):
        raise Corrupt("escrow bundle that contradicts its header", path.name)
    return Bundle(header, table)


def stored_leaves(folder: Path) -> Iterator[tuple[int, int, int, bytes]]:
    """Page, generation, birth and sealed body of every leaf in a target, oldest file first.

    Raises:
        Corrupt: a leaf file is cut.
    """
    for path in sorted((folder / "leaves").glob("*.leaves")):
        with path.open("rb") as file:
            while head := file.read(_LEAF.size):
                page, gen, born, length = _LEAF.unpack(head.ljust(_LEAF.size, b"\0"))
                body = file.read(length)
                if len(head) != _LEAF.size or len(body) != length:
                    raise Corrupt("leaf file that is cut", path.name)
                yield page, gen, born, body


def _store_in(folder: Path, ring: Keyring, table: roots.Table) -> None:
    if not _reachable(folder, ring.vault):
        raise Unavailable("escrow folder")
    have = max((generation for generation in _bundles(folder) if generation <= ring.generation), default=-1)
    durable.write_stream(folder / "leaves" / f"{table.generation:012d}.leaves", _leaves_since(have))
    header = Header(
        ring.vault,
        ring.description.algorithm,
        table.generation,
        table.pages,
        digest(from_base64(ring.description.recipient)),
    )
    durable.write_whole(folder / f"keys-{table.generation:012d}.escrow", _bundle(ring, header, table))


def _bundle(ring: Keyring, header: Header, table: roots.Table) -> bytes:
    raw = header.to_bytes()
    public = X25519PublicKey.from_public_bytes(from_base64(ring.description.recipient))
    body = _MAGIC + struct.pack(">I", len(raw)) + raw + _SUITE.encrypt(table.to_bytes(), public, info=raw)
    return body + hashlib.sha256(body).digest()


def _settle_in(folder: Path, ring: Keyring) -> None:
    if not _reachable(folder, ring.vault):
        raise Unavailable("escrow folder")
    for path in (folder / "leaves").glob("*.leaves"):
        if int(path.stem) > ring.generation:
            path.unlink()
    if ring.generation not in _bundles(folder):
        _store_in(folder, ring, ring.table)
    keep = f"keys-{ring.generation:012d}.escrow"
    for path in [*folder.glob("keys-*.escrow"), *folder.glob("keys-*.escrow.new")]:
        if path.name != keep:
            durable.remove(path)


def _bundles(folder: Path) -> dict[int, Path]:
    """The whole bundles by generation; one that was being overwritten is none."""
    found = {}
    for path in folder.glob("keys-*.escrow"):
        try:
            found[read_header(path).generation] = path
        except Corrupt:
            continue
    return found


def _split(path: Path) -> tuple[Header, bytes, bytes]:
    whole = path.read_bytes()
    body, check = whole[:-32], whole[-32:]
    if body[:8] != _MAGIC or hashlib.sha256(body).digest() != check:
        raise Corrupt("escrow bundle with changed bytes", path.name)
    (length,) = struct.unpack_from(">I", body, 8)
    raw = body[12 : 12 + length]
    plain: dict[str, Any] = decode(raw, where=path.name)
    header = Header(**{**plain, "vault": bytes.fromhex(plain["vault"])})
    return header, raw, body[12 + length :]


def _reachable(folder: Path, vault: bytes) -> bool:
    try:
        return bool(decode((folder / MARK).read_bytes(), where=MARK) == {"vault": vault.hex()})
    except OSError:
        return False


def _leaves_since(born: int) -> Iterator[bytes]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT page, gen FROM vault_leaf WHERE born > %s ORDER BY page, gen", (born,))
        found = cursor.fetchall()
        for start in range(0, len(found), _CHUNK):
            pages = ", ".join(str(int(page)) for page, _ in found[start : start + _CHUNK])
            cursor.execute(
                f"SELECT page, gen, born, body FROM vault_leaf WHERE page IN ({pages}) AND born > %s", (born,)
            )
            yield b"".join(
                _LEAF.pack(page, gen, of, len(body)) + bytes(body) for page, gen, of, body in cursor.fetchall()
            )
