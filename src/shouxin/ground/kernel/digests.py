"""Digests and keyed digests. What can be enumerated (a telephone number) gets a key or a salt, never a bare digest."""

import hashlib
import hmac
from collections.abc import Iterable
from pathlib import Path

_CHUNK = 1024 * 1024


def digest(raw: bytes) -> str:
    """`sha256:` and 64 hexadecimal digits (FIPS 180-4)."""
    return "sha256:" + hashlib.sha256(raw).hexdigest()


def digest_parts(parts: Iterable[bytes]) -> str:
    """The digest of the parts in a row, without holding them together."""
    state = hashlib.sha256()
    for part in parts:
        state.update(part)
    return "sha256:" + state.hexdigest()


def digest_file(path: Path) -> str:
    """The digest of a file's bytes, read in 1 MiB steps."""
    with path.open("rb") as file:
        return digest_parts(iter(lambda: file.read(_CHUNK), b""))


def keyed(key: bytes, raw: bytes) -> bytes:
    """HMAC-SHA-256 (RFC 2104), 32 bytes."""
    return hmac.digest(key, raw, "sha256")


def derive(key: bytes, label: str, length: int = 32) -> bytes:
    """HKDF-Expand with SHA-256 (RFC 5869, 2.3) of a uniformly random key under a label; at most 255 × 32 bytes."""
    out, block, counter = b"", b"", 1
    while len(out) < length:
        block = hmac.digest(key, block + label.encode() + bytes([counter]), "sha256")
        out += block
        counter += 1
    return out[:length]


def same(left: bytes, right: bytes) -> bool:
    """Whether both are equal, in time that does not depend on where they differ."""
    return hmac.compare_digest(left, right)
