"""One file of sealed chunks: 1 MiB of the stream each, AES-256-GCM, in order, the last one marked.

A copy has a key of its own, so the chunk's number is the nonce; number, copy and whether it is the last are associated
data: a chunk that was changed, moved, doubled or cut off does not open. The digests of the sealed chunks stand in the
manifest, so that whoever has no key can check the file too.
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shouxin.ground.kernel.refusals import Corrupt, Unavailable
from shouxin.stores.vault import durable

SIZE = 1 << 20
FILE = "chunks.bin"
_TAG = 16
_BOUND = struct.Struct(">QB")


@dataclass(frozen=True)
class Chunk:
    """A sealed chunk: its length and the digest of its sealed bytes."""

    size: int
    digest: str


def write(path: Path, stream: Iterable[bytes], *, key: bytes, copy: str) -> list[Chunk]:
    """Seal a stream into a file that appears whole and durable; its chunks.

    Raises:
        Unavailable: the disk refuses.
    """
    found: list[Chunk] = []

    def sealed() -> Iterator[bytes]:
        cipher = AESGCM(key)
        for number, (raw, is_last) in enumerate(_cut(stream)):
            body = cipher.encrypt(_nonce(number), raw, _bound(copy, number, is_last))
            found.append(Chunk(len(body), hashlib.sha256(body).hexdigest()))
            yield body

    durable.write_stream(path, sealed())
    return found


def read(path: Path, chunks: Sequence[Chunk], *, key: bytes, copy: str) -> Iterator[bytes]:
    """The stream of a file of chunks.

    Raises:
        Corrupt: a chunk missing, cut, changed, or of another copy; which one, is said. Unavailable: no such file.
    """
    cipher, where = AESGCM(key), f"{copy}/{FILE}"
    for number, body in enumerate(_sealed(path, chunks, where)):
        try:
            yield cipher.decrypt(_nonce(number), body, _bound(copy, number, number == len(chunks) - 1))
        except InvalidTag as error:
            raise Corrupt("backup chunk that does not open", f"{where} chunk {number}") from error


def check(path: Path, chunks: Sequence[Chunk], *, copy: str) -> int:
    """Read every sealed chunk and compare its digest; no key is needed. How many bytes. Raises as `read`."""
    return sum(len(body) for body in _sealed(path, chunks, f"{copy}/{FILE}"))


def _sealed(path: Path, chunks: Sequence[Chunk], where: str) -> Iterator[bytes]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise Unavailable(f"backup file {where}") from error
    with file:
        for number, chunk in enumerate(chunks):
            body = file.read(chunk.size)
            if len(body) != chunk.size:
                raise Corrupt("backup file that is cut", f"{where} chunk {number}")
            if hashlib.sha256(body).hexdigest() != chunk.digest:
                raise Corrupt("backup chunk with changed bytes", f"{where} chunk {number}")
            yield body
        if file.read(1):
            raise Corrupt("backup file with bytes behind its last chunk", where)


def _cut(stream: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """The stream in pieces of one size; at least one, the last one marked."""
    held = bytearray()
    for part in stream:
        held += part
        while len(held) > SIZE:
            yield bytes(held[:SIZE]), False
            del held[:SIZE]
    yield bytes(held), True


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _bound(copy: str, number: int, is_last: bool) -> bytes:
    return b"shouxin backup chunk\0" + copy.encode() + b"\0" + _BOUND.pack(number, is_last)
