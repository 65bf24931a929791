"""Writes tests/vectors/ed25519/own.json: signatures that a careless verifier takes and a strict one refuses.

    python -m tests.ground.formats.test_pack.make_ed25519

The other two files there are facts copied by hand: `rfc8032.json` (RFC 8032, section 7.1) and `wycheproof.json`
(C2SP/wycheproof, testvectors_v1/ed25519_test.json, a part).
"""

import hashlib
import json
from pathlib import Path

from shouxin.ground.formats import verifier as ed
from shouxin.ground.kernel.signing import signer

OUT = Path(__file__).resolve().parents[3] / "vectors" / "ed25519" / "own.json"
SEED = hashlib.sha256(b"vector").digest()
MESSAGE = "证明材料".encode()


def vector(about: str, public: bytes, message: bytes, signature: bytes, *, good: bool = False) -> dict[str, object]:
    return {
        "about": about,
        "public": public.hex(),
        "message": message.hex(),
        "signature": signature.hex(),
        "good": good,
    }


def scalar() -> int:
    raw = bytearray(hashlib.sha512(SEED).digest()[:32])
    raw[0] &= 248
    raw[31] = raw[31] & 127 | 64
    return int.from_bytes(raw, "little")


def challenge(r: bytes, public: bytes, message: bytes) -> int:
    return int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % ed.L


def number(value: int) -> bytes:
    return value.to_bytes(32, "little")


def forged() -> list[dict[str, object]]:
    """Keys and points of small order: equations that hold without any private key."""
    found = []
    for name, public in {
        "key is the neutral point": number(1),
        "key is the neutral point, spelled with y + p": number(ed.P + 1),
        "key is the neutral point with the sign set": number(1 | 1 << 255),
        "key has order 2": number(ed.P - 1),
        "key has order 4": number(0),
        "key has order 8": number(ed.EIGHT),
    }.items():
        message = MESSAGE
        r = ed.compress(ed.times_base(5))
        while challenge(r, public, message) % 8:
            message += b"."
        found.append(vector(name, public, message, r + number(5)))
    public = signer(SEED, "").public
    for name, r in {
        "R is the neutral point": number(1),
        "R is the neutral point, spelled with y + p": number(ed.P + 1),
        "R has order 4": number(0),
    }.items():
        s = challenge(r, public, MESSAGE) * scalar() % ed.L
        found.append(vector(name, public, MESSAGE, r + number(s)))
    return found


def mixed_order() -> list[dict[str, object]]:
    """The key plus a point of order 8: good only when the challenge is a multiple of 8, without the cofactor."""
    torsion = ed.decompress(number(ed.EIGHT)) or ed.NEUTRAL
    public = ed.compress(ed.add(ed.times_base(scalar()), torsion))
    found = []
    for wanted in (0, 1, 4):
        message = MESSAGE
        r = ed.compress(ed.times_base(7))
        while challenge(r, public, message) % 8 != wanted:
            message += b"."
        s = (7 + challenge(r, public, message) * scalar()) % ed.L
        about = f"key with a part of order 8, challenge {wanted} mod 8"
        found.append(vector(about, public, message, r + number(s), good=wanted == 0))
    return found


def malleable() -> list[dict[str, object]]:
    mine = signer(SEED, "")
    good = mine.sign(MESSAGE)
    s = int.from_bytes(good[32:], "little")
    found = [vector("good", mine.public, MESSAGE, good, good=True)]
    for times in range(1, 15):
        if s + times * ed.L < 2**256:
            found.append(vector(f"S + {times} L", mine.public, MESSAGE, good[:32] + number(s + times * ed.L)))
    found.append(vector("minus S", mine.public, MESSAGE, good[:32] + number(ed.L - s)))
    found.append(
        vector("R with the sign turned", mine.public, MESSAGE, good[:31] + bytes([good[31] ^ 128]) + good[32:])
    )
    found.append(vector("another message", mine.public, MESSAGE + b"!", good))
    found.append(vector("another key", signer(bytes(32), "").public, MESSAGE, good))
    found.append(vector("a key that is no point", number(2), MESSAGE, good))
    found.append(vector("63 bytes", mine.public, MESSAGE, good[:63]))
    found.append(vector("65 bytes", mine.public, MESSAGE, good + b"\0"))
    found.append(vector("a key of 31 bytes", mine.public[:31], MESSAGE, good))
    return found


if __name__ == "__main__":
    made = [*malleable(), *forged(), *mixed_order()]
    OUT.write_text(json.dumps(made, ensure_ascii=False, indent=0) + "\n", "utf-8")
