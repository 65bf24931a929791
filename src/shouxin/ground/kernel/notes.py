"""Signed notes, checkpoints and cosignatures (C2SP signed-note, tlog-checkpoint, tlog-cosignature).

A checkpoint says: origin, size, root. A witness or the other company cosigns it with a time; two such cosignatures of a
peer that lie far enough apart are what proves that a window has passed.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from shouxin.ground.kernel.canonical import from_base64, to_base64
from shouxin.ground.kernel.refusals import Corrupt
from shouxin.ground.kernel.signing import Signer, check_signature
from shouxin.ground.kernel.times import check_instant

MAX_NOTE = 64 * 1024
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_ED25519, _COSIGNATURE = b"\x01", b"\x04"
_DASH = "\u2014 "


@dataclass(frozen=True)
class Checkpoint:
    """The state of one log: whose, how many entries, the 32-byte root."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """The signed text: three lines."""
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n"


@dataclass(frozen=True)
class NoteSignature:
    """One signature line: whose name, which four key bytes, the signature, and a cosignature's time."""

    name: str
    key_hash: bytes
    signature: bytes
    at: datetime | None = None


def key_hash(name: str, public: bytes, *, cosignature: bool = False) -> bytes:
    """The four bytes that tell keys of one name apart (signed-note)."""
    kind = _COSIGNATURE if cosignature else _ED25519
    return hashlib.sha256(name.encode() + b"\n" + kind + public).digest()[:4]


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> str:
    """The note: body, empty line, the log's own signature under its origin's name."""
    body = checkpoint.body()
    return (
        body + "\n" + _line(checkpoint.origin, key_hash(checkpoint.origin, signer.public), signer.sign(body.encode()))
    )


def cosign(note: str, *, name: str, signer: Signer, at: datetime) -> str:
    """The note with one more line: a cosignature/v1 with its time in seconds."""
    body, _ = split_note(note)
    seconds = int(check_instant(at).timestamp())
    signature = seconds.to_bytes(8, "big") + signer.sign(_cosigned(body, seconds))
    return note + _line(name, key_hash(name, signer.public, cosignature=True), signature)


def split_note(note: str) -> tuple[str, list[NoteSignature]]:
    """The body and its signature lines, not yet checked.

    Raises:
        Corrupt: not a note.
    """
    body, gap, tail = note.partition("\n\n")
    if not _is_text(note) or len(note.encode()) > MAX_NOTE or not gap or not tail.endswith("\n"):
        raise Corrupt("note of a refused form", "checkpoint")
    return body + "\n", [_read_line(line) for line in tail[:-1].split("\n")]


def read_checkpoint(note: str) -> Checkpoint:
    """What the body says; signatures are checked by `check_checkpoint`.

    Raises:
        Corrupt: not a checkpoint of three lines.
    """
    body, _ = split_note(note)
    lines = body[:-1].split("\n")
    if len(lines) != 3 or not lines[0] or not _SIZE.fullmatch(lines[1]):
        raise Corrupt("checkpoint of a refused form", "checkpoint")
    root = from_base64(lines[2], where="checkpoint")
    if len(root) != 32:
        raise Corrupt("checkpoint of a refused form", "checkpoint")
    return Checkpoint(origin=lines[0], size=int(lines[1]), root=root)


def check_checkpoint(note: str, public: bytes) -> Checkpoint:
    """The checkpoint, the log's own signature checked.

    Raises:
        Corrupt: no valid signature of that key under the origin's name.
    """
    checkpoint = read_checkpoint(note)
    body, lines = split_note(note)
    expected = key_hash(checkpoint.origin, public)
    for line in lines:
        if line.name == checkpoint.origin and line.key_hash == expected:
            check_signature(public, line.signature, body.encode(), where="checkpoint")
            return checkpoint
    raise Corrupt("checkpoint without its log's signature", "checkpoint")


def joined(copies: Sequence[str]) -> str:
    """One note with the signature lines of several copies of it, each once, in the order of the copies.

    Raises:
        Corrupt: the copies are not of one checkpoint.
    """
    bodies = {copy.partition("\n\n")[0] for copy in copies}
    if len(bodies) != 1:
        raise Corrupt("signatures of different checkpoints cannot be joined", "checkpoint")
    lines = dict.fromkeys(line for copy in copies for line in copy.partition("\n\n")[2].splitlines())
    return bodies.pop() + "\n\n" + "".join(f"{line}\n" for line in lines)


def cosignatures(note: str, witnesses: Mapping[str, bytes]) -> dict[str, datetime]:
    """The times at which known witnesses (name → public key) cosigned; unknown names are passed over.

    Raises:
        Corrupt: a line under a known name and key does not verify.
    """
    body, lines = split_note(note)
    seen: dict[str, datetime] = {}
    for line in lines:
        public = witnesses.get(line.name)
        if public is None or line.key_hash != key_hash(line.name, public, cosignature=True):
            continue
        if len(line.signature) != 72:
            raise Corrupt("cosignature of a wrong length", "checkpoint")
        seconds = int.from_bytes(line.signature[:8], "big")
        check_signature(public, line.signature[8:], _cosigned(body, seconds), where="checkpoint")
        seen[line.name] = _instant(seconds)
    return seen


def _is_text(note: str) -> bool:
    """Whether it can be written as UTF-8: JSON may spell half a pair of surrogates."""
    try:
        note.encode()
    except UnicodeEncodeError:
        return False
    return True


def _instant(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Corrupt("cosignature of a time that is none", "checkpoint") from error


def _cosigned(body: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{body}".encode()


def _line(name: str, hashed: bytes, signature: bytes) -> str:
    return f"{_DASH}{name} {to_base64(hashed + signature)}\n"


def _read_line(line: str) -> NoteSignature:
    name, gap, coded = line.removeprefix(_DASH).rpartition(" ")
    if not line.startswith(_DASH) or not gap or not name:
        raise Corrupt("signature line of a refused form", "checkpoint")
    raw = from_base64(coded, where="checkpoint")
    if len(raw) not in (68, 76):
        raise Corrupt("signature line of a refused form", "checkpoint")
    return NoteSignature(name=name, key_hash=raw[:4], signature=raw[4:])
