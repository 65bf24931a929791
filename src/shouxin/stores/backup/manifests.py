"""The manifest of a copy: what is in it, which chunks, under which key, and whose word that is.

    {"manifest": {…}, "mac": "…", "envelope": "…"}      canonical JSON in `manifest.json`

1. The copy's random key is sealed to the recovery key (HPKE, RFC 9180); nobody else opens the chunks.
2. `mac` is HMAC under a key derived from the copy's key: whoever opens the copy knows that the manifest is its maker's.
3. `envelope` is the company's signature (DSSE), when its signer was there; a copy without one is keyed only.
4. A manifest holds no digest of data, only of sealed chunks; the pages' digest is keyed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from shouxin.ground.kernel import dsse
from shouxin.ground.kernel.canonical import decode, encode, from_base64, to_base64
from shouxin.ground.kernel.digests import derive, digest, keyed, same
from shouxin.ground.kernel.refusals import Corrupt, Refusal, Unavailable
from shouxin.ground.kernel.signing import Signer
from shouxin.stores.backup.chunks import Chunk
from shouxin.stores.vault import durable

FILE = "manifest.json"
TYPE = "backup-manifest/v1"
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


@dataclass(frozen=True)
class Header:
    """Who made the copy and when: bound to the sealed key."""

    copy: str
    home: str
    vault: str
    origin: str
    simulated: bool
    created: str
    kind: str
    base: str


@dataclass(frozen=True)
class Content:
    """The state of the data inside: database, keys' generation, ledger height and root, pages and their keyed digest,
    migrations, the copy's last day.
    """

    database: str
    generation: int
    height: int
    root: str
    page_size: int
    pages: int
    changed: int
    pages_digest: str
    migrations: Mapping[str, str]
    expires: str


@dataclass(frozen=True)
class Manifest:
    """A manifest as it was read; `digest` is its file's."""

    header: Header
    content: Content
    recipient: str
    sealed_key: bytes
    chunks: tuple[Chunk, ...]
    envelope: bytes = b""
    mac: bytes = b""
    digest: str = ""

    def plain(self) -> dict[str, Any]:
        """What is keyed and signed."""
        return {
            "v": 1,
            "header": vars(self.header),
            "content": {**vars(self.content), "migrations": dict(self.content.migrations)},
            "recipient": self.recipient,
            "sealed_key": to_base64(self.sealed_key),
            "chunks": [[chunk.size, chunk.digest] for chunk in self.chunks],
        }

    @property
    def size(self) -> int:
        """The bytes of all chunks."""
        return sum(chunk.size for chunk in self.chunks)


def seal_key(key: bytes, header: Header, public: bytes) -> bytes:
    """The copy's key, sealed to the recovery key."""
    return _SUITE.encrypt(key, X25519PublicKey.from_public_bytes(public), info=_info(header))


def open_key(manifest: Manifest, recovery: bytes) -> bytes:
    """The copy's key, and by it the manifest proved.

    Raises:
        Refusal("backup.recovery_key"): another recovery key's; Corrupt: a changed manifest.
    """
    private = X25519PrivateKey.from_private_bytes(recovery)
    if digest(private.public_key().public_bytes_raw()) != manifest.recipient:
        raise Refusal("backup.recovery_key", copy=manifest.header.copy, needs=manifest.recipient)
    where = f"{manifest.header.copy}/{FILE}"
    try:
        key = _SUITE.decrypt(manifest.sealed_key, private, info=_info(manifest.header))
    except InvalidTag as error:
        raise Corrupt("backup key that does not open", where) from error
    if not same(_mac(key, manifest), manifest.mac):
        raise Corrupt("backup manifest with changed bytes", where)
    return key


def write(folder: Path, manifest: Manifest, *, key: bytes, signer: Signer | None) -> Manifest:
    """Write the manifest, keyed and, when there is a signer, signed; as it then reads. Raises Unavailable."""
    envelope = b""
    if signer is not None:
        envelope = dsse.sign(_statement(manifest), [signer])
    mac = _mac(key, manifest)
    raw = encode({"manifest": manifest.plain(), "mac": mac.hex(), "envelope": to_base64(envelope)})
    durable.write_whole(folder / FILE, raw)
    return replace(manifest, envelope=envelope, mac=mac, digest=digest(raw))


def read(folder: Path) -> Manifest:
    """The manifest of a copy's folder; neither key nor signature is checked yet.

    Raises:
        Unavailable: there is none; Corrupt: it cannot be read.
    """
    where = f"{folder.name}/{FILE}"
    try:
        raw = (folder / FILE).read_bytes()
    except OSError as error:
        raise Unavailable(f"backup manifest {where}") from error
    outer = decode(raw, where=where)
    try:
        inner = outer["manifest"]
        manifest = Manifest(
            header=Header(**inner["header"]),
            content=Content(**inner["content"]),
            recipient=inner["recipient"],
            sealed_key=from_base64(inner["sealed_key"], where=where),
            chunks=tuple(Chunk(int(size), str(mark)) for size, mark in inner["chunks"]),
            envelope=from_base64(outer["envelope"], where=where),
            mac=bytes.fromhex(outer["mac"]),
            digest=digest(raw),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Corrupt("backup manifest of an unknown form", where) from error
    if inner != manifest.plain() or set(outer) != {"manifest", "mac", "envelope"}:
        raise Corrupt("backup manifest of an unknown form", where)
    return manifest


def check_signed(manifest: Manifest, keys: Mapping[str, bytes]) -> None:
    """Refuse a signature that is not over exactly this manifest by one of these keys.

    Raises:
        Corrupt: unsigned, another manifest's, or by an unknown key.
    """
    where = f"{manifest.header.copy}/{FILE}"
    if not manifest.envelope:
        raise Corrupt("backup manifest without a signature", where)
    opened = dsse.open_envelope(manifest.envelope, keys=keys, where=where)
    if opened.statement != _statement(manifest):
        raise Corrupt("signature over another manifest", where)


def _statement(manifest: Manifest) -> dict[str, Any]:
    predicate = {"copy": manifest.header.copy, "created": manifest.header.created, "height": manifest.content.height}
    return dsse.statement(
        subject={"manifest": digest(encode(manifest.plain()))}, predicate_type=TYPE, predicate=predicate
    )


def _mac(key: bytes, manifest: Manifest) -> bytes:
    return keyed(derive(key, "shouxin backup manifest"), encode(manifest.plain()))


def _info(header: Header) -> bytes:
    return b"shouxin backup key\0" + encode(vars(header))
