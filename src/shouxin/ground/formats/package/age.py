"""The age file on disk, in parts, and the plain stream beside it in memory: nothing plain ever reaches a disk.

Encryption and decryption run in a thread of their own, a bounded queue away, so that memory stays small and both cores
work; the caller's thread keeps its database cursor.
"""

import contextlib
import hashlib
import io
import os
import queue
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import pyrage

from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.refusals import Corrupt, Refusal, Unavailable

PIECE = 256 * 1024
DEPTH = 16
PART_SIZE = 1 << 30
_PATIENCE = 0.2
_HEAD_LIMIT = 8192
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,94}$")


@dataclass(frozen=True)
class Identity:
    """A fresh age key pair of one transfer: the secret prints as sealed, the recipient may be shown."""

    secret: str = field(repr=False)
    recipient: str


@dataclass(frozen=True)
class Part:
    """One file of the ciphertext."""

    name: str
    size: int
    digest: str

    def to_plain(self) -> dict[str, object]:
        """As a message spells it."""
        return {"digest": self.digest, "name": self.name, "size": self.size}


@dataclass(frozen=True)
class Ciphertext:
    """What was written: the whole's digest and size, and its parts in order."""

    digest: str
    size: int
    parts: tuple[Part, ...]


def new_identity() -> Identity:
    """A fresh X25519 identity from the system's own randomness; one per transfer."""
    made = pyrage.x25519.Identity.generate()
    return Identity(secret=str(made), recipient=str(made.to_public()))


def read_recipient(text: str) -> pyrage.x25519.Recipient:
    """The recipient of that one spelling.

    Raises:
        Refusal("transfer.recipient_key"): not an age X25519 recipient.
    """
    try:
        found = pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise Refusal("transfer.recipient_key") from error
    if str(found) != text:
        raise Refusal("transfer.recipient_key")
    return found


def read_identity(secret: str) -> pyrage.x25519.Identity:
    """The identity of a secret.

    Raises:
        Refusal("transfer.identity"): not an age X25519 secret.
    """
    try:
        return pyrage.x25519.Identity.from_str(secret)
    except pyrage.IdentityError as error:
        raise Refusal("transfer.identity") from error


class Sealer:
    """Takes plain bytes and writes ciphertext parts. Leaves nothing behind when the block ends in an error."""

    def __init__(self, out: Path, recipient: str, part_size: int = PART_SIZE) -> None:
        """Raises Refusal("transfer.recipient_key"), Refusal("package.taken") when a file of that name is there."""
        key = read_recipient(recipient)
        self._sink = _PartFiles(out, part_size)
        self._pieces: queue.Queue[bytes | memoryview | None] = queue.Queue(DEPTH)
        self._rest = io.BytesIO()
        self._failed: BaseException | None = None
        self._abandoned = False
        self._thread = threading.Thread(target=self._encrypt, args=(key,), daemon=True)
        self._thread.start()

    def write(self, raw: bytes | memoryview) -> None:
        """Give plain bytes to the thread; waits while it is behind."""
        view = memoryview(raw)
        for start in range(0, len(view), PIECE):
            self._put(view[start : start + PIECE])

    def finish(self) -> Ciphertext:
        """End the age file and name its parts.

        Raises:
            Unavailable("package file"): the disk did not take the bytes.
        """
        self._put(None)
        self._thread.join()
        if self._failed is not None:
            raise Unavailable("package file") from self._failed
        return self._sink.finish()

    def __enter__(self) -> "Sealer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None or self._failed is not None:
            self._abandoned = True
            with contextlib.suppress(Unavailable):
                self._put(None)
            self._thread.join()
            self._sink.discard()

    def read(self, size: int = -1) -> bytes:
        """What age asks for; not for callers."""
        while not (taken := self._rest.read(size)):
            piece = self._pieces.get()
            if self._abandoned:
                raise OSError("abandoned")
            if piece is None:
                self._pieces.put(None)
                return b""
            self._rest = io.BytesIO(piece)
        return taken

    def _put(self, piece: bytes | memoryview | None) -> None:
        while self._thread.is_alive():
            with contextlib.suppress(queue.Full):
                self._pieces.put(piece, timeout=_PATIENCE)
                return
        if self._failed is not None:
            raise Unavailable("package file") from self._failed

    def _encrypt(self, key: pyrage.x25519.Recipient) -> None:
        try:
            pyrage.encrypt_io(self, self._sink, [key])
        except (OSError, ValueError, pyrage.EncryptError) as error:
            self._failed = error


class Opener:
    """The plain stream of a ciphertext. Each chunk was authenticated before it is here; the end is known at the end."""

    def __init__(self, paths: Sequence[Path], secret: str) -> None:
        self._paths = tuple(paths)
        self._pieces: queue.Queue[bytes | None] = queue.Queue(DEPTH)
        self._gathered: list[bytes] = []
        self._weight = 0
        self._rest = memoryview(b"")
        self._failed: BaseException | None = None
        self._abandoned = False
        self._ended = False
        self._thread = threading.Thread(target=self._decrypt, args=(read_identity(secret),), daemon=True)
        self._thread.start()

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes, fewer only at the end.

        Raises:
            Refusal("transfer.cannot_open"): not sealed to this key; Corrupt: a chunk does not authenticate.
        """
        taken: list[bytes | memoryview] = []
        while size > 0 and self._fill():
            taken.append(self._rest[:size])
            self._rest = self._rest[size:]
            size -= len(taken[-1])
        return b"".join(taken)

    def __enter__(self) -> "Opener":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._abandoned = True
        while self._thread.is_alive():
            with contextlib.suppress(queue.Empty):
                self._pieces.get(timeout=0.01)
        self._rest = memoryview(b"")

    def write(self, raw: bytes) -> int:
        """What age gives; not for callers."""
        if self._abandoned:
            raise OSError("abandoned")
        self._gathered.append(raw)
        self._weight += len(raw)
        if self._weight >= PIECE:
            self.flush()
        return len(raw)

    def flush(self) -> None:
        """Hand on what was gathered; not for callers."""
        if self._gathered:
            self._pieces.put(b"".join(self._gathered))
            self._gathered, self._weight = [], 0

    def _fill(self) -> bool:
        """Whether there are bytes; waits for the thread."""
        while not self._rest and not self._ended:
            piece = self._pieces.get()
            if piece is None:
                self._ended = True
                self._raise()
            else:
                self._rest = memoryview(piece)
        return bool(self._rest)

    def _decrypt(self, key: pyrage.x25519.Identity) -> None:
        try:
            with _Joined(self._paths) as source:
                pyrage.decrypt_io(source, self, [key])
            self.flush()
        except (OSError, ValueError, pyrage.DecryptError) as error:
            self._failed = error
        self._pieces.put(None)

    def _raise(self) -> None:
        if isinstance(self._failed, pyrage.DecryptError):
            raise Refusal("transfer.cannot_open") from self._failed
        if self._failed is not None:
            raise Corrupt("ciphertext that does not authenticate", "package") from self._failed


def check_header(paths: Sequence[Path]) -> None:
    """Refuse an age file with more than one recipient, or one of another kind than X25519.

    Raises:
        Corrupt: no age v1 header, or another number or kind of recipients.
    """
    with _Joined(paths) as source:
        raw = source.read(_HEAD_LIMIT)
    head, mark, _ = raw.partition(b"\n--- ")
    lines = head.split(b"\n")
    kinds = [line.split(b" ")[1] for line in lines if line.startswith(b"-> ")]
    if not mark or lines[0] != b"age-encryption.org/v1":
        raise Corrupt("not an age file", "package")
    if [kind for kind in kinds if not kind.endswith(b"-grease")] != [b"X25519"]:
        raise Corrupt("sealed to other than exactly one recipient", "package")


def check_ciphertext(paths: Sequence[Path], expected: Ciphertext) -> None:
    """Refuse files that are not exactly the expected parts and whole.

    Raises:
        Corrupt: another number, size or digest, named by the part.
    """
    if len(paths) != len(expected.parts):
        raise Corrupt("parts that are missing or too many", f"{len(paths)} of {len(expected.parts)}")
    whole, size = hashlib.sha256(), 0
    for path, part in zip(paths, expected.parts, strict=True):
        own = hashlib.sha256() if size else None
        length = 0
        with path.open("rb", buffering=0) as file:
            while piece := file.read(1 << 20):
                whole.update(piece)
                if own is not None:
                    own.update(piece)
                length += len(piece)
        # Up to the end of the first part its digest is the whole's: one pass of SHA-256 saved where there is one part.
        if length != part.size or "sha256:" + (own or whole).hexdigest() != part.digest:
            raise Corrupt("part with another digest", part.name)
        size += length
    if size != expected.size or "sha256:" + whole.hexdigest() != expected.digest:
        raise Corrupt("ciphertext with another digest", "package")


def seal_small(raw: bytes, recipient: str) -> bytes:
    """A small text sealed to one recipient, in memory.

    Raises:
        Refusal("transfer.recipient_key").
    """
    return pyrage.encrypt(raw, [read_recipient(recipient)])


def open_small(sealed: bytes, secret: str) -> bytes:
    """What was sealed by `seal_small`.

    Raises:
        Refusal("transfer.cannot_open"): not sealed to this key, or changed on the way.
    """
    try:
        return pyrage.decrypt(sealed, [read_identity(secret)])
    except pyrage.DecryptError as error:
        raise Refusal("transfer.cannot_open", digest=digest(sealed)) from error


class _Digests:
    """SHA-256 of the whole and of each part, in a thread of its own: the cipher does not wait for it."""

    def __init__(self) -> None:
        self._pieces: queue.Queue[bytes | None] = queue.Queue(DEPTH)
        self._whole = hashlib.sha256()
        self.parts: list[str] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def update(self, piece: bytes) -> None:
        """More bytes of the part."""
        self._pieces.put(piece)

    def end_part(self) -> None:
        """The part ends here."""
        self._pieces.put(b"")

    def finish(self) -> str:
        """The digest of the whole; `parts` are known now."""
        self._pieces.put(None)
        self._thread.join()
        return "sha256:" + self._whole.hexdigest()

    def _run(self) -> None:
        own = None
        while (piece := self._pieces.get()) is not None:
            if piece:
                self._whole.update(piece)
                if own is not None:
                    own.update(piece)
            else:
                # Up to the end of the first part its digest is the whole's.
                self.parts.append("sha256:" + (own or self._whole).hexdigest())
                own = hashlib.sha256()


class _PartFiles:
    """Ciphertext files `NAME.001`, …; one file keeps the bare name. Written beside, renamed at the end."""

    def __init__(self, out: Path, part_size: int) -> None:
        if not _NAME.match(out.name):
            raise Refusal("package.name", name=out.name)
        if out.exists() or out.with_name(out.name + ".001").exists():
            raise Refusal("package.taken", name=out.name)
        self._out, self._limit = out, part_size
        self._digests = _Digests()
        self._done: list[tuple[Path, int]] = []
        self._file: BinaryIO | None = None

    def write(self, raw: bytes) -> int:
        """Append, beginning a new part where one is full."""
        start = 0
        while start < len(raw):
            if self._file is None:
                self._begin()
            piece = raw[start : start + self._limit - self._written]
            self._append(piece)
            start += len(piece)
        return len(raw)

    def flush(self) -> None:
        """Nothing is held back."""

    def finish(self) -> Ciphertext:
        """Close, name and describe the parts."""
        self._end()
        whole, single = self._digests.finish(), len(self._done) == 1
        parts = []
        for number, ((path, size), value) in enumerate(zip(self._done, self._digests.parts, strict=True), start=1):
            final = self._out if single else self._out.with_name(f"{self._out.name}.{number:03d}")
            os.replace(path, final)
            parts.append(Part(name=final.name, size=size, digest=value))
        return Ciphertext(digest=whole, size=sum(size for _, size in self._done), parts=tuple(parts))

    def discard(self) -> None:
        """Remove what was written."""
        self._digests.finish()
        if self._file is not None:
            self._file.close()
            self._file = None
            self._path.unlink(missing_ok=True)
        for path, _ in self._done:
            path.unlink(missing_ok=True)

    def _begin(self) -> None:
        self._path = self._out.with_name(f"{self._out.name}.{len(self._done) + 1:03d}.unfinished")
        self._file = self._path.open("wb", buffering=1 << 20)
        self._written = 0

    def _append(self, piece: bytes) -> None:
        assert self._file is not None
        self._digests.update(piece)
        self._file.write(piece)
        self._written += len(piece)
        if self._written == self._limit:
            self._end()

    def _end(self) -> None:
        if self._file is None:
            return
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._file = None
        self._digests.end_part()
        self._done.append((self._path, self._written))


class _Joined:
    """Several files read as one."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._left = list(paths)
        self._file: BinaryIO | None = None

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, empty only at the end of the last file."""
        while True:
            if self._file is None:
                if not self._left:
                    return b""
                self._file = self._left.pop(0).open("rb", buffering=1 << 20)
            if piece := self._file.read(size):
                return piece
            self._file.close()
            self._file = None

    def __enter__(self) -> "_Joined":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
