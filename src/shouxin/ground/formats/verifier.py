#!/usr/bin/env python3
"""守信 Shouxin: the one-file verifier. Standard library only, Python 3.8 or newer; imports nothing of the product.

    python3 verifier.py FILE [--trust FILE] [--json]

FILE is an evidence pack, a certificate of destruction, a permit, a message of a transfer, or (from outside) a package.
Exit: 0 verified with the trust file · 1 a fault, with its place · 2 usage · 3 consistent, origin NOT established.

It is the second implementation of the pages docs/formats/pack.md, certificate.md, permit.md, balance.md, trust.md and
pit.md. Get it apart from the pack. Sections 1 to 9 (strict JSON, Ed25519, Merkle tree, signed notes, envelopes, the
ZIP, what is in a pack, certificate and balance) and 11 are an hour's reading; section 10, what two companies may say to
each other in a transfer, is a second one, for whoever checks messages.
一个文件,只用标准库;请与证明材料分开取得。
"""

from __future__ import annotations

import base64
import calendar
import functools
import hashlib
import json
import re
import struct
import sys
import time
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from typing import Any


class Bad(Exception):
    """Something is wrong: where (an entry's name, perhaps with #number) and what."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(where, what)
        self.where, self.what = where, what


def need(holds: Any, where: str, what: str) -> None:
    """Go on only when it holds."""
    if not holds:
        raise Bad(where, what)


def sha256(raw: bytes) -> str:
    """A digest as it is written everywhere in the documents."""
    return "sha256:" + hashlib.sha256(raw).hexdigest()


# === 1. Strict JSON and base64: one spelling for one value ===========================================================
# Two spellings of one value would let a changed byte pass unseen. So what was read is written again and compared.

LARGEST_JSON, DEEPEST, LARGEST_INT = 64 * 1024 * 1024, 32, 2**53 - 1


def read_json(raw: bytes, where: str) -> Any:
    """The value of canonical JSON: keys sorted and unique, no spaces, no floats, UTF-8, NFC."""
    need(len(raw) <= LARGEST_JSON, where, "JSON larger than 64 MiB")

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("doubled key")
        return found

    def no_float(text: str) -> Any:
        raise ValueError("not an integer: " + text[:20])

    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=unique, parse_float=no_float, parse_constant=no_float)
        plain(value, 0, where)
        again = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise Bad(where, "JSON that cannot be read") from error
    need(again == raw, where, "JSON in another than the canonical spelling")
    return value


def plain(value: Any, depth: int, where: str) -> None:
    """Only what canonical JSON may hold."""
    need(depth <= DEEPEST, where, "JSON too deep")
    if isinstance(value, str):
        need(value.isascii() or unicodedata.is_normalized("NFC", value), where, "text that is not NFC")
    elif isinstance(value, dict):
        for key, inner in value.items():
            plain(key, depth, where)
            plain(inner, depth + 1, where)
    elif isinstance(value, list):
        for inner in value:
            plain(inner, depth + 1, where)
    elif isinstance(value, int) and not isinstance(value, bool):
        need(abs(value) <= LARGEST_INT, where, "integer too large")


def read_base64(text: str, where: str) -> bytes:
    """The bytes whose one spelling this is."""
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Bad(where, "base64 that cannot be read") from error
    need(base64.b64encode(raw).decode() == text, where, "base64 in another than the canonical spelling")
    return raw


def to_base64(raw: bytes) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(raw).decode()


# A shape says what a document may hold: a dictionary names exactly its keys, [x] is a list of x, ("?", x) or null,
# {"a", "b"} one of these words, a word is one of the TESTS below, a function any other test. `rec` writes dictionaries
# short: rec("id,case:text ended:?time classes:[text]", words=WORDS).

DIGEST, HEX, TIME = r"sha256:[0-9a-f]{64}", r"[0-9a-f]{64}", r"[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


def matches(pattern: str) -> Callable[[Any], bool]:
    """A test for text of this pattern."""
    compiled = re.compile(pattern, re.ASCII)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def is_count(value: Any) -> bool:
    """A whole number from zero."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_time(value: Any) -> bool:
    """A real instant, spelled YYYY-MM-DDTHH:MM:SSZ (so that text order is time order)."""
    try:
        return matches(TIME)(value) and bool(time.strptime(value, "%Y-%m-%dT%H:%M:%SZ")) and value[17:19] < "60"
    except ValueError:
        return False


TESTS: dict[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str) and value != "",
    "label": lambda value: isinstance(value, str),
    "flag": lambda value: isinstance(value, bool),
    "count": is_count,
    "digest": matches(DIGEST),
    "digest-or-none": matches("|" + DIGEST),
    "hex": matches(HEX),
    "time": is_time,
    "any": lambda value: True,
}


def rec(names: str, **more: Any) -> dict[str, Any]:
    """The shape of an object: names, colon, their test; `?` before a test: or null; `[test]`: a list of such."""
    for group in names.split():
        listed, _, test = group.partition(":")
        shape = ("?", test[1:]) if test[0] == "?" else [test[1:-1]] if test[0] == "[" else test
        more.update(dict.fromkeys(listed.split(","), shape))
    return more


WORDS = rec("zh,en:text")


def fits(value: Any, shape: Any) -> bool:
    """Whether a value has a shape."""
    if isinstance(shape, dict):
        return isinstance(value, dict) and set(value) == set(shape) and all(fits(value[k], shape[k]) for k in shape)
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(item, shape[0]) for item in value)
    if isinstance(shape, tuple):
        return value is None or fits(value, shape[1])
    if isinstance(shape, (set, frozenset)):
        return isinstance(value, str) and value in shape
    return bool(TESTS[shape](value) if isinstance(shape, str) else shape(value))


def read_shape(raw: bytes, shape: Any, where: str) -> Any:
    """Canonical JSON of one shape."""
    value = read_json(raw, where)
    need(fits(value, shape), where, "a document of a refused form")
    return value


# === 2. Ed25519 (RFC 8032), strictly =================================================================================
# Points (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z. S must be below the order L; small-order and non-canonical points
# are refused, for the key and for R: so a signature has one spelling and one meaning.

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
EIGHT = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
SMALL_ORDER = {0, 1, P - 1, EIGHT, P - EIGHT}
Point = tuple
NEUTRAL: Point = (0, 1, 1, 0)


def add(a: Point, b: Point) -> Point:
    """The sum of two points (complete formulas of RFC 8032, 5.1.4)."""
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    one, two = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    three, four = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = two - one, four - three, four + three, two + one
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def double(a: Point) -> Point:
    """Twice a point."""
    x, y, z, _ = a
    one, two = x * x % P, y * y % P
    h, g = one + two, one - two
    e, f = h - (x + y) * (x + y), 2 * z * z + g
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def decompress(raw: bytes) -> Point | None:
    """The point of 32 bytes, or None when they are none (RFC 8032, 5.1.3)."""
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P != u:
        x = x * ROOT_OF_MINUS_ONE % P
    if v * x * x % P != u or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


def compress(a: Point) -> bytes:
    """The 32 bytes of a point."""
    inverse = pow(a[2], P - 2, P)
    x, y = a[0] * inverse % P, a[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def multiples(a: Point) -> list[Point]:
    """0, 1, … 15 times a point."""
    found = [NEUTRAL]
    for _ in range(15):
        found.append(add(found[-1], a))
    return found


BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little")) or NEUTRAL
BASE_TABLES: list[list[Point]] = []
KEY_TABLES: dict[bytes, list[Point]] = {}


def times_base(scalar: int) -> Point:
    """A multiple of the base point: for each of 64 hexadecimal digits one ready-made multiple is added."""
    if not BASE_TABLES:
        step = BASE
        for _ in range(64):
            BASE_TABLES.append(multiples(step))
            step = double(BASE_TABLES[-1][8])
    total = NEUTRAL
    for place in range(64):
        digit = scalar >> 4 * place & 15
        if digit:
            total = add(total, BASE_TABLES[place][digit])
    return total


def times(table: list[Point], scalar: int) -> Point:
    """A multiple of a point by its table, four bits at a time from the top."""
    total = NEUTRAL
    for place in range(63, -1, -1):
        total = double(double(double(double(total))))
        digit = scalar >> 4 * place & 15
        if digit:
            total = add(total, table[digit])
    return total


def good_point(raw: bytes) -> bool:
    """32 bytes, canonical, not of small order."""
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    return len(raw) == 32 and y < P and y not in SMALL_ORDER


@functools.lru_cache(maxsize=4096)  # one checkpoint stands in many messages
def signature_holds(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether this is exactly a signature of this key over this message: R = S·B − k·A."""
    if len(signature) != 64 or not good_point(public) or not good_point(signature[:32]):
        return False
    s = int.from_bytes(signature[32:], "little")
    if s >= L:
        return False
    if public not in KEY_TABLES:
        a = decompress(public)
        if a is None:
            return False
        KEY_TABLES[public] = multiples((P - a[0], a[1], 1, P - a[3]))
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    return compress(add(times_base(s), times(KEY_TABLES[public], k))) == signature[:32]


# === 3. The Merkle tree (RFC 6962, RFC 9162) =========================================================================


def leaf(entry: bytes) -> bytes:
    """The hash of an entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A growing tree: the roots of its complete parts, largest first."""

    def __init__(self) -> None:
        self.size, self.parts = 0, []  # type: int, list[bytes]

    def add(self, value: bytes) -> None:
        """One more leaf hash."""
        size = self.size
        while size & 1:
            value, size = node(self.parts.pop(), value), size >> 1
        self.parts.append(value)
        self.size += 1

    def root(self) -> bytes:
        """The root over everything so far."""
        if not self.parts:
            return hashlib.sha256(b"").digest()
        value = self.parts[-1]
        for part in reversed(self.parts[:-1]):
            value = node(part, value)
        return value


def included(value: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    """Whether a leaf hash is number `index` under a root (RFC 9162, 2.1.3.2)."""
    if index >= size:
        return False
    at, last = index, size - 1
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            value = node(sibling, value)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            value = node(value, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and value == root


def consistent(old: int, old_root: bytes, size: int, root: bytes, path: list[bytes]) -> bool:
    """Whether the older tree is a beginning of the newer one (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= size:
        return False
    if old == size:
        return not path and old_root == root
    steps = ([old_root] if old & (old - 1) == 0 else []) + path
    if not steps:
        return False
    at, last = old - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = steps[0]
    for sibling in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            before, after = node(sibling, before), node(sibling, after)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            after = node(after, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and before == old_root and after == root


# === 4. Signed notes: checkpoints and cosignatures (C2SP signed-note, tlog-checkpoint, tlog-cosignature) =============


LAST_SECOND = 253402300800  # the year 10000


class Note:
    """A checkpoint: origin, size, root, and its signature lines (name, four key bytes, signature)."""

    def __init__(self, text: str, where: str) -> None:
        head, gap, tail = text.partition("\n\n")
        need(gap and tail.endswith("\n") and len(text.encode()) <= 65536, where, "note of a refused form")
        self.text, self.body, self.where = text, head + "\n", where
        lines = head.split("\n")
        need(
            len(lines) == 3 and lines[0] and matches("0|[1-9][0-9]{0,15}")(lines[1]),
            where,
            "checkpoint of a refused form",
        )
        self.origin, self.size, self.root = lines[0], int(lines[1]), read_base64(lines[2], where)
        need(len(self.root) == 32, where, "checkpoint of a refused form")
        self.lines = [self.read_line(line) for line in tail[:-1].split("\n")]

    def read_line(self, line: str) -> tuple[str, bytes, bytes]:
        """One signature line: dash, name, base64 of four key bytes and a signature (with a time, for a cosignature)."""
        name, gap, coded = line[2:].rpartition(" ")
        need(line[:2] == "\u2014 " and gap and name, self.where, "signature line of a refused form")
        raw = read_base64(coded, self.where)
        need(len(raw) in (68, 76), self.where, "signature line of a refused form")
        return name, raw[:4], raw[4:]

    def key_bytes(self, name: str, kind: bytes, public: bytes) -> bytes:
        """Four bytes that tell the keys of one name apart."""
        return hashlib.sha256(name.encode() + b"\n" + kind + public).digest()[:4]

    def check_own(self, keys: dict[str, bytes]) -> None:
        """The log itself must have signed, with one of these keys, under its origin's name."""
        for name, four, signature in self.lines:
            for public in keys.values():
                if name == self.origin and four == self.key_bytes(name, b"\x01", public):
                    holds = signature_holds(public, signature, self.body.encode())
                    need(holds, self.where, "checkpoint whose signature does not hold")
                    return
        raise Bad(self.where, "checkpoint without its log's signature")

    def cosigners(self, keys: dict[str, bytes]) -> dict[str, int]:
        """Which of these keys cosigned, and when (seconds); a wrong line of a known key is a fault."""
        found: dict[str, int] = {}
        for name, four, signature in self.lines:
            for key, public in keys.items():
                if four == self.key_bytes(name, b"\x04", public):
                    need(len(signature) == 72, self.where, "cosignature of a wrong length")
                    seconds = int.from_bytes(signature[:8], "big")
                    told = f"cosignature/v1\ntime {seconds}\n{self.body}"
                    holds = signature_holds(public, signature[8:], told.encode())
                    need(holds, self.where, "cosignature that does not hold")
                    need(seconds < LAST_SECOND, self.where, "cosignature of a time that is none")
                    found[key] = seconds
        return found


def read_text(raw: bytes, where: str) -> str:
    """UTF-8 text."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Bad(where, "text that is not UTF-8") from error


# === 5. Envelopes: DSSE around in-toto statements ====================================================================

KIND = "https://shouxin.example/"
ENVELOPE = rec("payloadType,payload:text", signatures=[rec("keyid:digest sig:text")])
STATEMENT = rec("_type,predicateType:text predicate:any", subject=[rec("name:text", digest=rec("sha256:text"))])


class Envelope:
    """A signed statement: its kind, subjects and predicate; signatures are checked by `check`."""

    def __init__(self, raw: bytes, where: str) -> None:
        outer = read_shape(raw, ENVELOPE, where)
        need(outer["payloadType"] == "application/vnd.in-toto+json", where, "envelope of a refused form")
        self.where, self.digest = where, sha256(raw)
        self.payload, self.marks = read_base64(outer["payload"], where), outer["signatures"]
        need(self.marks, where, "envelope without a signature")
        inner = read_shape(self.payload, STATEMENT, where)
        holds = inner["_type"] == "https://in-toto.io/Statement/v1" and inner["predicateType"].startswith(KIND)
        need(holds, where, "statement of a refused form")
        self.kind, self.predicate = inner["predicateType"][len(KIND) :], inner["predicate"]
        self.subject = inner["subject"]

    def check(self, keys: dict[str, bytes]) -> list[str]:
        """Every signature, each by a known key, none twice; the key ids in order."""
        kind = b"application/vnd.in-toto+json"
        message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(self.payload), self.payload)
        seen: list[str] = []
        for mark in self.marks:
            key = mark["keyid"]
            need(key not in seen and key in keys, self.where, "signed twice, or by a key that is not pinned")
            holds = signature_holds(keys[key], read_base64(mark["sig"], self.where), message)
            need(holds, self.where, "signature that does not hold")
            seen.append(key)
        return seen

    def check_subject(self, **digests: str) -> None:
        """The subjects must be exactly these, sorted by name."""
        expected = [{"name": name, "digest": {"sha256": digests[name][7:]}} for name in sorted(digests)]
        need(self.subject == expected, self.where, "a statement about something else")


def read_keys(told: Any, where: str) -> dict[str, bytes]:
    """Public keys by id; each of a good form and under its own digest."""
    need(
        isinstance(told, dict) and all(isinstance(v, str) and v for v in told.values()), where, "keys of a refused form"
    )
    keys = {name: read_base64(text, where) for name, text in told.items()}
    for name, public in keys.items():
        need(good_point(public) and sha256(public) == name, where, "a key of a refused form or under another id")
    return keys


# === 6. The ZIP, derived again =======================================================================================

LOCAL, CENTRAL, END = struct.Struct("<IHHHHHIIIHH"), struct.Struct("<IHHHHHHIIIHHHHHII"), struct.Struct("<IHHHHIIH")
PART = r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9_-])?"
GOOD_NAME = matches(r"MANIFEST|(?=.{1,120}\Z)" + PART + "(?:/" + PART + "){0,3}")
FIRST = ["statement.dsse", "MANIFEST", "balance.json"]
FOLDERS = ["documents", "decisions", "findings", "certificates", "messages", "ledger", "rules", "keys"]


def order(name: str) -> tuple[int, str]:
    """Where an entry stands."""
    if name in FIRST:
        return FIRST.index(name), ""
    top = name.split("/", 1)[0]
    return 3 + (FOLDERS.index(top) if top in FOLDERS else len(FOLDERS)), name


def local_header(name: bytes, crc: int, size: int) -> bytes:
    """What must stand before an entry's bytes."""
    return LOCAL.pack(0x04034B50, 20, 0, 0, 0, 0x21, crc, size, size, len(name), 0) + name


def central_record(name: bytes, crc: int, size: int, offset: int) -> bytes:
    """What must stand in the directory for an entry."""
    rest = (0x14, 20, 0, 0, 0, 0x21, crc, size, size, len(name), 0, 0, 0, 0, 0, offset)
    return CENTRAL.pack(0x02014B50, *rest) + name


def read_zip(raw: bytes) -> tuple[dict[str, bytes], list[Bad], bool]:
    """The entries, what is wrong with the container, and whether it could be walked to its end."""
    entries: dict[str, bytes] = {}
    faults: list[Bad] = []
    directory, place, last = b"", 0, ""
    try:
        need(len(raw) <= 2 * 1024**3, "container", "container larger than 2 GiB")
        while raw[place : place + 4] == b"PK\x03\x04":
            head = raw[place : place + 30].ljust(30, b"\0")
            crc, size, length = struct.unpack_from("<II", head, 14) + struct.unpack_from("<H", head, 26)
            coded = raw[place + 30 : place + 30 + length]
            name, start = coded.decode("ascii", "replace"), place + 30 + length
            good = raw[place:start] == local_header(coded, crc, size) and GOOD_NAME(name)
            need(good, name_at(raw, place), "entry header or name of a refused form")
            if last and order(name) <= order(last):
                told = name_at(raw, place)
                raise Bad(name if told == "container" else told, "entry twice or out of order")
            body, end = raw[start : start + size], start + size
            right = zlib.crc32(body) == crc
            if end > len(raw) or raw[end : end + 4] not in (b"PK\x03\x04", b"PK\x01\x02"):
                behind = name_at(raw, end) if right else "container"
                where = name if behind == "container" else behind
                raise Bad(where, "bytes that are neither this entry's nor the next one's")
            entries[name] = body
            if not right:
                faults.append(Bad(name, "bytes that do not match their checksum"))
            directory += central_record(coded, crc, size, place)
            place, last = end, name
        wrong = check_directory(raw, place, directory, len(entries))
        return entries, faults + wrong, not wrong
    except Bad as error:
        return entries, [*faults, error], False


def check_directory(raw: bytes, place: int, directory: bytes, count: int) -> list[Bad]:
    """The directory and the end record must be exactly what the local headers make of them."""
    tail, at = raw[place:], 0
    while at < len(directory):
        length = 46 + struct.unpack_from("<H", directory, at + 28)[0]
        if tail[at : at + length] != directory[at : at + length]:
            names = {directory[at + 46 : at + length].decode(), record_name(tail, at)} - {""}
            return [Bad(name, "directory record that differs from its entry") for name in sorted(names)]
        at += length
    end = END.pack(0x06054B50, 0, 0, count, count, len(directory), place, 0)
    return [] if tail[at:] == end else [Bad("container", "bytes after the last entry that do not belong there")]


def record_name(directory: bytes, at: int) -> str:
    """The name in a directory record, or nothing when there is no good one."""
    if at + 46 > len(directory):
        return ""
    length = struct.unpack_from("<H", directory, at + 28)[0]
    name = directory[at + 46 : at + 46 + length].decode("ascii", "replace")
    return name if GOOD_NAME(name) else ""


def name_at(raw: bytes, place: int) -> str:
    """The name the directory gives for the record at an offset (at its own start: the first), else `container`."""
    if len(raw) < 22:
        return "container"
    sign, _, _, count, _, length, start, _ = END.unpack(raw[-22:])
    if sign != 0x06054B50 or start + length + 22 != len(raw) or count > 60000:
        return "container"
    at, directory, place = 0, raw[start : start + length], 0 if place == start else place
    for _ in range(count):
        if at + 46 > len(directory):
            break
        sizes, offset = struct.unpack_from("<HHH", directory, at + 28), struct.unpack_from("<I", directory, at + 42)[0]
        if offset == place and record_name(directory, at):
            return record_name(directory, at)
        at += 46 + sum(sizes)
    return "container"


# === 7. What the reader holds, and what was found ====================================================================

ROLES = {"company", "staff", "recipient", "witness"}


class Trust:
    """The trust file: what the reader got elsewhere (docs/formats/trust.md)."""

    def __init__(self, raw: bytes) -> None:
        shape = rec("origin:text simulated:flag keys:any checkpoint:?text", format={"shouxin-trust-1"})
        told = read_shape(raw, shape, "trust")
        keys = told["keys"]
        need(isinstance(keys, dict), "trust", "keys of a refused form")
        for key in keys.values():
            need(fits(key, rec("public:text name:label", role=ROLES)), "trust", "keys of a refused form")
        self.keys = read_keys({name: key["public"] for name, key in keys.items()}, "trust")
        self.roles = {name: key["role"] for name, key in keys.items()}
        self.origin, self.simulated = told["origin"], told["simulated"]
        self.company = {name: key for name, key in self.keys.items() if self.roles[name] == "company"}
        need(self.company, "trust", "no company key")
        self.note = Note(told["checkpoint"], "trust") if told["checkpoint"] is not None else None
        if self.note:
            self.note.check_own(self.company)
            need(self.note.origin == self.origin, "trust", "checkpoint of another origin")

    def check_origin(self, origin: str, simulated: bool, where: str) -> None:
        """The document must be of the origin the reader trusts, real as real."""
        same = (origin, simulated) == (self.origin, self.simulated)
        need(same, where, "another origin than the trusted one, or simulated passed as real")


class Verdict:
    """Faults, what is proved, what rests on the company's word."""

    def __init__(self, kind: str, trust: Trust | None) -> None:
        self.kind, self.trust = kind, trust
        self.faults: list[Bad] = []
        self.proved: list[str] = []
        self.word: list[str] = []
        self.simulated: bool | None = None
        self.signed = True

    def exit_code(self) -> int:
        """0, 1 or 3."""
        return 1 if self.faults else 0 if self.trust and self.signed else 3

    def try_(self, check: Callable[..., None], *arguments: Any) -> bool:
        """Run one check; note its fault."""
        try:
            check(*arguments)
        except Bad as error:
            self.faults.append(error)
            return False
        return True


# === 8. The evidence pack (docs/formats/pack.md) =====================================================================

PERSON_ENDS = ["open", "sealed", "handed_over", "archived", "anonymised", "destroyed", "kept", "none"]
CELL_ENDS = ["handed_over", "sealed", "archived", "anonymised", "destroyed", "kept"]
PUBLIC_NAMES = r"statement\.dsse|MANIFEST|balance\.json|documents/.+|ledger/checkpoint|rules/.+|keys/keys\.json"
ALL_NAMES = PUBLIC_NAMES + (
    r"|decisions/summary\.json|decisions/permit-[0-9]{2}\.dsse|findings/[^/]+\.json|certificates/[^/]+\.dsse"
    r"|messages/[^/]+/[0-9]{4}\.dsse|ledger/checkpoints/[0-9]{12}|ledger/entries/[0-9]{6}|ledger/selected\.json"
)
NEEDED = ["balance.json", "ledger/checkpoint", "rules/editions.json"]
MARK = {"V", "R", "Q", "M", "K"}
STATED = rec(
    "simulated:flag case:text issued:time decision_set:digest",
    format={"shouxin-pack-1"},
    edition={"auditor", "public"},
    company=rec("name,origin:text"),
    ledger=rec("size:count root:text"),
    ends=dict.fromkeys(PERSON_ENDS, ("?", "count")),
    label=WORDS,
    not_proved=[WORDS],
)
ENTRY = rec("v,seq:count at:time kind,scope,by:text facts:any simulated:flag")
FINDING = rec(
    "name:text holds:flag value:any height:count entries:[count]",
    missing=[rec("code:text facts:any owner,due:label")],
)
SUMMARY = rec(
    "case:text digest:digest cutoff:time height,customers:count",
    categories=[rec("category:text", rows=[rec("row,verdict:text count:count")], ends=[rec("end:text count:count")])],
)


class Pack:
    """One evidence pack while it is checked, in the order of the page."""

    def __init__(self, raw: bytes, verdict: Verdict) -> None:
        self.verdict, self.trust = verdict, verdict.trust
        self.entries, faults, whole = read_zip(raw)
        verdict.faults += faults
        self.stated: dict[str, Any] = {}
        self.keys: dict[str, bytes] = {}
        self.told: list[dict[str, Any]] = []
        self.ledger: dict[int, bytes] = {}
        self.roots: dict[int, bytes] = {}
        self.size, self.cosigned, self.complete = 0, 0, False
        self.permits: dict[str, dict[str, Any]] = {}
        self.certificates: dict[str, dict[str, Any]] = {}
        frame = ["statement.dsse", "MANIFEST", "keys/keys.json"]
        if whole and self.present(frame):
            verdict.try_(self.check_manifest)
            checks = [self.read_keys, self.check_statement]
            if not self.bad() & {"MANIFEST", "keys/keys.json"} and all(verdict.try_(check) for check in checks):
                self.check_contents()

    def bad(self) -> set[str]:
        """The entries that something is wrong with."""
        return {fault.where.split("#")[0] for fault in self.verdict.faults}

    def sound(self, prefix: str) -> list[str]:
        """The entries under a prefix that nothing is wrong with."""
        bad = self.bad()
        return [name for name in self.entries if name.startswith(prefix) and name not in bad]

    def present(self, names: list[str]) -> bool:
        """Note what is missing; whether all these are there and sound."""
        bad = self.bad()
        for name in names:
            if name not in self.entries and name not in bad:
                self.verdict.faults.append(Bad(name, "missing"))
        return not self.bad() & set(names)

    def keys_of(self, *roles: str) -> dict[str, bytes]:
        """The pack's keys of these roles."""
        return {key["key_id"]: self.keys[key["key_id"]] for key in self.told if key["role"] in roles}

    def check_manifest(self) -> None:
        """Every entry is listed with its digest, nothing else is; a name is the place of each difference."""
        listed: dict[str, str] = {}
        *lines, rest = read_text(self.entries["MANIFEST"], "MANIFEST").split("\n")
        for number, line in enumerate(lines):
            good = matches(HEX)(line[:64]) and line[64:66] == "  " and line[66:] not in listed
            need(good, f"MANIFEST#{number + 1}", "line of a refused form")
            listed[line[66:]] = line[:64]
        need(rest == "" and list(listed) == sorted(listed, key=order), "MANIFEST", "lines out of order")
        damaged, found = self.bad(), self.verdict.faults
        found += [Bad(name, "listed in MANIFEST and missing") for name in listed if name not in self.entries]
        for name, body in self.entries.items():
            if name in ("statement.dsse", "MANIFEST"):
                continue
            if name not in listed:
                found.append(Bad(name, "not listed in MANIFEST"))
            elif name not in damaged and hashlib.sha256(body).hexdigest() != listed[name]:
                found.append(Bad(name, "bytes that are not those listed in MANIFEST"))

    def read_keys(self) -> None:
        """The public keys, sorted, each once; a pinned key may not have another role."""
        where = "keys/keys.json"
        shape = rec("key_id:digest public,name:text entries:[count]", role=ROLES)
        self.told = read_shape(self.entries[where], [shape], where)
        ids = [key["key_id"] for key in self.told]
        need(ids == sorted(set(ids)), where, "keys doubled or out of order")
        self.keys = read_keys({key["key_id"]: key["public"] for key in self.told}, where)
        for key in self.told:
            pinned = self.trust.roles.get(key["key_id"]) if self.trust else None
            need(pinned in (None, key["role"]), where, "pinned key under another role")

    def check_statement(self) -> None:
        """The signed summary: by the company's (pinned) key, over this MANIFEST."""
        where = "statement.dsse"
        envelope = Envelope(self.entries[where], where)
        told = envelope.predicate
        need(envelope.kind == "pack/v1" and fits(told, STATED), where, "not a pack's statement")
        signers = envelope.check(self.keys_of("company"))
        need(not self.trust or set(signers) <= set(self.trust.company), where, "signed by a key that is not pinned")
        expected = [{"name": "MANIFEST", "digest": {"sha256": sha256(self.entries["MANIFEST"])[7:]}}]
        need(envelope.subject == expected, "MANIFEST", "not the MANIFEST that was signed")
        need(told["not_proved"], where, "statement that leaves nothing unproved")
        origin, simulated = told["company"]["origin"], told["simulated"]
        need(origin.startswith("simulated.") == simulated, where, "simulated and real mixed")
        if self.trust:
            self.trust.check_origin(origin, simulated, where)
        self.stated, self.verdict.simulated, self.size = told, simulated, told["ledger"]["size"]

    def check_contents(self) -> None:
        """Everything the statement covers, by folder."""
        try_, public = self.verdict.try_, self.stated["edition"] == "public"
        for name in self.sound(""):
            if not matches(PUBLIC_NAMES if public else ALL_NAMES)(name):
                self.verdict.faults.append(Bad(name, "an entry that does not belong into a pack"))
        self.present(NEEDED if public else [*NEEDED, "decisions/summary.json"])
        sound = self.sound("")
        if "ledger/checkpoint" in sound and try_(self.check_head) and not public:
            self.check_ledger()
        if "decisions/summary.json" in sound:
            try_(self.check_summary)
        for name in self.sound("decisions/permit-"):
            try_(self.check_permit, name)
        for name in self.sound("findings/"):
            try_(self.check_findings, name)
        previous: set[str] = set()
        for name in self.sound("certificates/"):
            try_(self.check_certificate, name, previous)
        for tid in sorted({name.split("/")[1] for name in self.sound("messages/")}):
            names = [name for name in self.entries if name.startswith(f"messages/{tid}/")]
            if not set(names) & self.bad():
                try_(self.check_messages, names)
        if "balance.json" in sound:
            try_(self.check_balance)
        if "rules/editions.json" in sound:
            shape = [rec("id,title:text digest:digest", mark=MARK)]
            try_(read_shape, self.entries["rules/editions.json"], shape, "rules/editions.json")
        self.tell()

    # --- the ledger ---

    def read_note(self, where: str) -> Note:
        """A checkpoint of the company; cosignatures by keys the reader pinned are remembered."""
        note = Note(read_text(self.entries[where], where), where)
        note.check_own(self.keys_of("company"))
        need(note.origin == self.stated["company"]["origin"], where, "checkpoint of another origin")
        for key in note.cosigners(self.keys_of("recipient", "witness")):
            if self.trust and key in self.trust.keys:
                self.cosigned = max(self.cosigned, note.size)
        return note

    def check_head(self) -> None:
        """The newest checkpoint is the one the statement names."""
        note, told = self.read_note("ledger/checkpoint"), self.stated["ledger"]
        same = (note.size, to_base64(note.root)) == (told["size"], told["root"]) and note.size > 0
        need(same, "ledger/checkpoint", "not the checkpoint of the statement")
        self.roots[note.size] = note.root

    def check_ledger(self) -> None:
        """All entries, or some with proofs; then entry 0, older checkpoints, the trusted one, the keys' history."""
        bundles, selected = self.sound("ledger/entries/"), "ledger/selected.json" in self.sound("")
        if any(name.startswith(("ledger/entries/", "ledger/selected")) for name in self.bad()):
            return
        if bool(bundles) == selected:
            where = "ledger/selected.json" if selected else "ledger/entries/000000"
            self.verdict.faults.append(Bad(where, "not exactly one ledger"))
            return
        try_ = self.verdict.try_
        walked = try_(self.walk_bundles if bundles else self.read_selected, bundles)
        self.complete = walked and bool(bundles)
        if walked and try_(self.check_first, bundles):
            for name in self.sound("ledger/checkpoints/"):
                try_(self.check_older, name)
            try_(self.check_trusted)
            try_(self.check_recorded)

    def wanted(self) -> set[int]:
        """Sizes at which a root must be known."""
        sizes = {int(name[-12:]) for name in self.sound("ledger/checkpoints/")}
        sizes |= {self.trust.note.size} if self.trust and self.trust.note else set()
        return sizes | {note.size for _, _, note in self.shown_to_others()}

    def shown_to_others(self) -> list[tuple[str, str, Note]]:
        """The company's checkpoints in messages: entry, the message's sender, note. Their form is judged later."""
        found = []
        for name in self.sound("messages/"):
            try:
                told = Envelope(self.entries[name], name).predicate
                text = told["checkpoint" if told["from"] in self.keys_of("company") else "cosigned"]
                if text is not None:
                    found.append((name, told["from"], Note(text, name)))
            except (Bad, KeyError, TypeError, AttributeError):
                continue
        return found

    def walk_bundles(self, bundles: list[str]) -> None:
        """Every entry from 0 on goes into one tree whose root must be the checkpoint's."""
        tree, wanted, before = Tree(), self.wanted(), ""
        for number, name in enumerate(bundles):
            need(name == f"ledger/entries/{number:06d}", name, "bundle missing before this one")
            raw, place = self.entries[name], 0
            while place < len(raw):
                length = int.from_bytes(raw[place : place + 2], "big")
                entry, place = raw[place + 2 : place + 2 + length], place + 2 + length
                need(place <= len(raw), name, "bundle cut short")
                before = self.check_entry(entry, tree.size, before, f"{name}#{tree.size}")
                self.ledger[tree.size] = entry
                tree.add(leaf(entry))
                if tree.size in wanted and tree.size != self.size:
                    self.roots[tree.size] = tree.root()
            need(tree.size == min((number + 1) * 256, self.size), name, "bundle of another length")
        same = tree.size == self.size and tree.root() == self.roots[self.size]
        need(same, "ledger/checkpoint", "entries that are not those of the checkpoint")

    def check_entry(self, raw: bytes, seq: int, before: str, where: str) -> str:
        """One entry: its number, its time not before the last, simulated as the pack says."""
        told = read_shape(raw, ENTRY, where)
        need(told["v"] == 1 and told["seq"] == seq and told["at"] >= before, where, "entry out of its place or time")
        need(told["simulated"] == self.stated["simulated"], where, "simulated and real mixed")
        return str(told["at"])

    def read_selected(self, _: Any) -> None:
        """Some entries, each with its proof; proofs that older checkpoints are prefixes."""
        where = "ledger/selected.json"
        proof, older = rec("index:count entry:text path:[text]"), rec("old:count path:[text]")
        shape = {"entries": [proof], "consistency": [older]}
        told = read_shape(self.entries[where], shape, where)
        before, last = "", -1
        for item in told["entries"]:
            index, place = item["index"], "{}#{}".format(where, item["index"])
            entry = read_base64(item["entry"], where)
            need(index > last, place, "entries out of order")
            before, last = self.check_entry(entry, index, before, place), index
            path = [read_base64(one, place) for one in item["path"]]
            need(included(leaf(entry), index, self.size, path, self.roots[self.size]), place, "inclusion not proved")
            self.ledger[index] = entry
        need(0 in self.ledger, where, "entry 0 is not shown")
        notes = {int(name[-12:]): read_text(self.entries[name], name) for name in self.sound("ledger/checkpoints/")}
        if self.trust and self.trust.note:
            notes.setdefault(self.trust.note.size, self.trust.note.text)
        for item in told["consistency"]:
            size, path = item["old"], [read_base64(one, where) for one in item["path"]]
            if size in notes and 0 < size < self.size:
                old = Note(notes[size], f"ledger/checkpoints/{size:012d}").root
                if consistent(size, old, self.size, self.roots[self.size], path):
                    self.roots[size] = old

    def check_first(self, bundles: list[str]) -> None:
        """Entry 0 says whose ledger this is."""
        where = "ledger/entries/000000#0" if bundles else "ledger/selected.json#0"
        first, company = read_json(self.ledger[0], where), self.stated["company"]
        facts = first["facts"] if isinstance(first["facts"], dict) else {}
        same = (facts.get("origin"), facts.get("simulated")) == (company["origin"], self.stated["simulated"])
        need(same and first["kind"] == "ledger.founded", where, "entry 0 of another company")
        need(facts.get("key") in list(self.keys_of("company")), where, "entry 0 under a key that is not the company's")

    def check_older(self, name: str) -> None:
        """An older checkpoint is a beginning of this ledger."""
        note = self.read_note(name)
        need(f"{note.size:012d}" == name[-12:] and note.size < self.size, name, "checkpoint of another size")
        need(self.roots.get(note.size) == note.root, name, "checkpoint of another past")

    def check_trusted(self) -> None:
        """So is the checkpoint the reader holds: else the ledger was rolled back or forked."""
        held = self.trust.note if self.trust else None
        if held:
            where = "ledger/checkpoint"
            need(held.size <= self.size, where, "older than the checkpoint you hold: rolled back")
            same = held.size == 0 or self.roots.get(held.size) == held.root
            need(same, where, "another past than the checkpoint you hold: forked, or not shown")

    def check_recorded(self) -> None:
        """A key that says an entry recorded it must stand in that entry."""
        for key in self.told:
            for seq in key["entries"]:
                entry = self.ledger.get(seq, b"")
                stands = key["key_id"].encode() in entry or key["public"].encode() in entry
                need(stands, "keys/keys.json", f"key that entry {seq} does not record")

    # --- decided, found, destroyed ---

    def check_summary(self) -> None:
        """The decision set's counts add up, category by category."""
        where = "decisions/summary.json"
        told = read_shape(self.entries[where], SUMMARY, where)
        same = (told["case"], told["digest"]) == (self.stated["case"], self.stated["decision_set"])
        need(same and told["height"] <= self.size, where, "not the decision set of the statement")
        for group in told["categories"]:
            for part in (group["rows"], group["ends"]):
                need(sum(item["count"] for item in part) == told["customers"], where, "counts that do not add up")

    def check_same(self, origin: str, told: dict[str, Any], where: str) -> None:
        """A document of the same company and case, simulated alike."""
        stated = self.stated
        same = (origin, told["case"], told["simulated"]) == (
            stated["company"]["origin"],
            stated["case"],
            stated["simulated"],
        )
        need(same, where, "of another company or case, or simulated and real mixed")

    def check_permit(self, name: str) -> None:
        """A permit of this decision set, not above the ledger."""
        digest, told = check_permit(self.entries[name], self.keys, name)
        self.check_same(told["company"]["origin"], told, name)
        same = told["decision_set"] == self.stated["decision_set"] and told["height"] <= self.size
        need(same, name, "permit of another decision set or height")
        self.permits[digest] = told

    def check_findings(self, name: str) -> None:
        """Findings, none above the ledger."""
        for item in read_shape(self.entries[name], [FINDING], name):
            below = item["height"] <= self.size and all(seq < self.size for seq in item["entries"])
            need(below, name, "finding above the ledger's height")

    def check_certificate(self, name: str, previous: set[str]) -> None:
        """A certificate under a permit of this pack, on this ledger, in one chain."""
        paper, told = check_certificate(self.entries[name], self.keys, self.keys_of("company"), name)
        if told["permit"] in self.permits:
            check_under_permit(told, self.permits[told["permit"]], name)
        else:
            excused = any(entry.startswith("decisions/permit-") for entry in self.bad())
            need(excused, name, "certificate whose permit is not in the pack")
        self.check_same(told["controller"]["origin"], told, name)
        proof = told["ledger"]
        shown = self.ledger.get(proof["index"])
        same = shown is None or to_base64(shown) == proof["entry"]
        need(same, name, "certificate on another ledger than the pack's")
        need(told["previous"] not in previous, name, "second certificate after the same one")
        previous.add(told["previous"])
        self.certificates[paper.digest] = told
        self.verdict.proved.append(certified(told))

    def check_messages(self, names: list[str]) -> None:
        """One transfer's messages, in order."""
        tid = names[0].split("/")[1]
        numbered = [name[-9:-5] for name in names] == [f"{n:04d}" for n in range(1, len(names) + 1)]
        need(numbered, names[0], "messages that are not numbered from 1")
        company = self.keys_of("company")
        others = self.keys_of("recipient", "witness")
        state = check_chain([(name, self.entries[name]) for name in names], company, others, self.stated)
        for name, sender, note in self.shown_to_others() if self.complete else []:
            if name in names:
                same = note.origin == self.stated["company"]["origin"] and self.roots.get(note.size) == note.root
                need(same, name, "another past than the pack's ledger")
                if self.trust and self.trust.roles.get(sender, "company") != "company":
                    self.cosigned = max(self.cosigned, note.size)
        self.check_papers(names, company)
        self.verdict.proved.append(f"transfer {tid}: {len(names)} messages, state {state}")

    def check_papers(self, names: list[str], company: dict[str, bytes]) -> None:
        """The permit and the certificate that the company told the other side of are those of this pack."""
        told: dict[str, str] = {}
        for name in names:
            envelope = Envelope(self.entries[name], name)
            m = envelope.predicate
            if m["from"] in company and envelope.kind == PIT + "destroy-permit":
                permit = self.permits.get(m["permit"])
                excused = any(entry.startswith("decisions/permit-") for entry in self.bad())
                need(permit or excused, name, "message of a permit that is not in the pack")
                signed = sorted(each["key_id"] for each in permit["approvers"]) if permit else m["approvers"]
                need(signed == m["approvers"], name, "approvers that are not the permit's")
                told[envelope.digest] = m["permit"]
            if m["from"] in company and envelope.kind == PIT + "destroyed":
                paper = self.certificates.get(m["certificate"])
                excused = any(entry.startswith("certificates/") for entry in self.bad())
                need(paper or excused, name, "message of a certificate that is not in the pack")
                same = not paper or paper["permit"] == told.get(m["permit"])
                need(same, name, "message of a certificate under another permit")

    def check_balance(self) -> None:
        """Double entry: rows, cells, persons."""
        where, stated = "balance.json", self.stated
        told = check_balance(self.entries[where], where)
        same = told["edition"] == stated["edition"] and told["persons"]["ends"] == stated["ends"]
        need(same, where, "balance that is not the statement's")

    def tell(self) -> None:
        """Sentences for a pack in which nothing is wrong."""
        proved, word = self.verdict.proved, self.verdict.word
        proved.insert(0, f"{len(self.entries)} entries are, byte for byte, those that were signed")
        shown = "all recomputed" if len(self.ledger) == self.size else f"{len(self.ledger)} shown with proofs"
        proved.append(f"ledger of {self.size} entries, {shown}")
        exact = self.stated["edition"] == "auditor"
        (proved if exact else word).append(
            "every line of the balance adds up" if exact else "public edition: the balance cannot be recomputed"
        )
        if self.size > self.cosigned:
            word.append(f"the last {self.size - self.cosigned} ledger entries are not cosigned by a key you hold")
        unpinned = [key for key in self.keys if not self.trust or key not in self.trust.keys]
        word.append(f"{len(unpinned)} keys are known by the company's record only")
        word.append("what the documents say, copies nobody registered, and that two keys are two humans")


# === 9. Permit, certificate, balance =================================================================================

PERMIT = rec(
    "case:text decision_set:digest height:count keys:any issued,expires:time simulated:flag",
    format={"shouxin-permit-1"},
    company=rec("name,origin:text"),
    scope=rec("digest:digest", counts=[rec("category:text count:count", end={"anonymised", "destroyed"})]),
    findings=[FINDING],
    approvers=[rec("by:text key_id:digest")],
)


def two_of(people: list[dict[str, Any]]) -> bool:
    """At least two people, no person and no key twice."""
    by, keys = {each["by"] for each in people}, {each["key_id"] for each in people}
    return len(people) >= 2 and len(by) == len(keys) == len(people)


def check_permit(raw: bytes, keys: dict[str, bytes] | None, where: str) -> tuple[str, dict[str, Any]]:
    """A permit to destroy; keys None: those it carries."""
    envelope = Envelope(raw, where)
    told = envelope.predicate
    need(envelope.kind == "permit/v1" and fits(told, PERMIT), where, "not a permit")
    own = read_keys(told["keys"], where)
    signers = envelope.check(own if keys is None else keys)
    envelope.check_subject(**{"decision-set": told["decision_set"], "scope": told["scope"]["digest"]})
    approvers = {each["key_id"] for each in told["approvers"]}
    signed = approvers <= set(signers) <= set(own)
    need(two_of(told["approvers"]) and signed, where, "permit without the signatures of two approvers")
    held = all(item["holds"] and item["height"] <= told["height"] for item in told["findings"])
    need(held, where, "permit on a finding that does not hold")
    counts = [(item["category"], item["end"], item["count"]) for item in told["scope"]["counts"]]
    pairs = [item[:2] for item in counts]
    ordered = pairs == sorted(set(pairs))
    need(ordered and sum(item[2] for item in counts), where, "permit on an empty or unordered scope")
    need(told["issued"] < told["expires"], where, "permit that expires before it is issued")
    return envelope.digest, told


EXCLUSION = rec("code:text until:label", words=WORDS)
CERTIFICATE = rec(
    "id,case:text previous:digest-or-none simulated:flag decision_set,permit:digest started,ended,issued:time "
    "evidence:[digest] keys:any",
    format={"shouxin-certificate-1"},
    headline={"complete", "partial"},
    controller=rec("name,origin:text uscc:label"),
    operator=rec("name:text"),
    ground=[rec("law,rule:text", mark=MARK, words=WORDS)],
    approvals=[rec("by:text key_id:digest at:time")],
    scope=rec(
        "digest,root_before:digest classes:[text] customers,cells:count",
        words=WORDS,
        tables=[rec("table:text rows:count")],
    ),
    places=[
        rec(
            "id,kind,title:text serial,encryption,standard,tool:label started,ended:?time signed_by:[text] "
            "proof:digest-or-none",
            method={"", "crypto_erase", "clear", "purge", "destroy", "shred", "delete"},
            rescan=("?", rec("method:text found:count")),
            exclusion=("?", EXCLUSION),
        )
    ],
    rescan=rec("method:text at:time planted,looked_for,found:count", words=WORDS),
    copies=[rec("title:text expires:label", kind={"backup", "replica", "processor", "escrow"}, words=WORDS)],
    custody={"class": {"K0", "K1", "K2"}, "words": WORDS},
    exclusions=[EXCLUSION],
    failures=[rec("code:text", words=WORDS)],
    witness=("?", rec("name:text key_id:digest")),
    ledger=rec("origin,entry,checkpoint:text index:count path:[text]"),
)
PERSONAL = re.compile(r"(?<!\d)(?:1\d{10}|\d{15,19}|\d{17}[Xx])(?!\d)", re.ASCII)
FREE_TEXT = {"zh", "en", "title", "tool", "standard", "name", "table", "method"}


def is_open(place: dict[str, Any]) -> bool:
    """A place with neither its own end nor a named exclusion."""
    ended = place["method"] and place["started"] and place["ended"] and place["proof"]
    if place["kind"] in ("box", "goods"):
        ended = ended and len(set(place["signed_by"])) >= 2
    else:
        ended = ended and place["rescan"] and place["rescan"]["found"] == 0
    return not (ended or place["exclusion"])


def free_texts(value: Any, name: str = "") -> Iterator[str]:
    """Every text in which somebody could have typed a personal number."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from free_texts(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from free_texts(inner, name)
    elif isinstance(value, str) and name in FREE_TEXT:
        yield value


def check_certificate(
    raw: bytes, keys: dict[str, bytes] | None, company: dict[str, bytes] | None, where: str
) -> tuple[Envelope, dict[str, Any]]:
    """A certificate of destruction; keys or company None: those it carries."""
    envelope = Envelope(raw, where)
    told = envelope.predicate
    need(envelope.kind == "certificate/v1" and fits(told, CERTIFICATE), where, "not a certificate")
    own = read_keys(told["keys"], where)
    signers = envelope.check(own if keys is None else keys)
    first = signers[0]
    speaks = set(signers) <= set(own) and (company is None or first in company)
    need(speaks, where, "certificate that the company did not sign")
    envelope.check_subject(scope=told["scope"]["digest"])
    is_partial = any(is_open(place) for place in told["places"]) or told["failures"] or not told["places"]
    need(told["headline"] == ("partial" if is_partial else "complete"), where, "headline that is not the computed one")
    need(told["ground"], where, "certificate without a legal ground")
    ids = [place["id"] for place in told["places"]]
    need(len(ids) == len(set(ids)), where, "place given twice")
    need(not any(PERSONAL.search(text) for text in free_texts(told)), where, "what looks like a personal number")
    check_times(told, where)
    again = told["rescan"]
    clean = not again["found"] and 0 < again["looked_for"] >= again["planted"]
    clean = clean and not any(p["method"] and p["rescan"] and p["rescan"]["found"] for p in told["places"])
    need(clean, where, "a re-scan that found something or did not look")
    early = all(each["at"] <= told["started"] for each in told["approvals"])
    need(two_of(told["approvals"]) and early, where, "not approved by two before it began")
    need(not told["witness"] or told["witness"]["key_id"] in signers, where, "witness who did not sign")
    check_ledger_proof(told, own[first], where)
    return envelope, told


def check_times(told: dict[str, Any], where: str) -> None:
    """Nothing is certified before it happened (one spelling of time: text order is time order)."""
    good = told["started"] <= told["ended"] <= told["rescan"]["at"] <= told["issued"]
    for place in told["places"]:
        start, end = place["started"], place["ended"]
        good = good and not (end and end > told["issued"]) and not (start and end and start > end)
    need(good, where, "certificate earlier than its destruction")


def check_ledger_proof(told: dict[str, Any], public: bytes, where: str) -> None:
    """The entry of the destruction is in the company's signed checkpoint."""
    proof = told["ledger"]
    note = Note(proof["checkpoint"], where)
    note.check_own({"": public})
    need(note.origin == proof["origin"] == told["controller"]["origin"], where, "ledger of another origin")
    raw, path = read_base64(proof["entry"], where), [read_base64(one, where) for one in proof["path"]]
    need(included(leaf(raw), proof["index"], note.size, path, note.root), where, "inclusion not proved")
    entry = read_json(raw, where)
    is_end = isinstance(entry, dict) and entry.get("kind") == "destroy.done" and is_time(entry.get("at"))
    need(is_end, where, "ledger entry that is not the destruction's")
    need(entry["at"] <= told["issued"], where, "certificate earlier than its destruction")


def check_under_permit(told: dict[str, Any], permit: dict[str, Any], where: str) -> None:
    """A certificate does what its permit allowed, by the same two, in its time."""
    same = all(told[name] == permit[name] for name in ("decision_set", "simulated"))
    approved = {(each["by"], each["key_id"]) for each in told["approvals"]}
    same = same and approved == {(each["by"], each["key_id"]) for each in permit["approvers"]}
    need(same and told["scope"]["digest"] == permit["scope"]["digest"], where, "certificate of another permit")
    in_time = permit["issued"] <= told["started"] <= permit["expires"]
    need(in_time, where, "destruction outside its permit's time")


def certified(told: dict[str, Any]) -> str:
    """One sentence on a certificate."""
    still = sum(is_open(place) for place in told["places"])
    told_of = (told["id"], told["headline"], len(told["places"]), still, told["custody"]["class"])
    return "certificate {}: {}, {} places, {} open, custody {}".format(*told_of)


def check_balance(raw: bytes, where: str) -> dict[str, Any]:
    """The balance; an auditor's edition is added up line by line."""
    told = read_json(raw, where)
    public = isinstance(told, dict) and told.get("edition") == "public"
    count = "?count" if public else "count"
    shape = rec(
        "recomputable:flag",
        format={"shouxin-balance-1"},
        edition={"auditor", "public"},
        sources=[rec("source:text read,collected,merged,rejected:" + count)],
        cells=[
            rec(
                "category,source:text cells:" + count,
                ends=rec(",".join(CELL_ENDS) + ":" + count),
                copy=rec(",".join(CELL_ENDS[1:]) + ":" + count),
            )
        ],
        persons=rec("customers:" + count, ends=rec(",".join(PERSON_ENDS) + ":" + count)),
    )
    need(fits(told, shape) and told["recomputable"] is not public, where, "balance of a refused form")
    sources = [row["source"] for row in told["sources"]]
    cells = [(row["category"], row["source"]) for row in told["cells"]]
    doubled = len(set(sources)) != len(sources) or len(set(cells)) != len(cells)
    need(not doubled, where, "balance with a line given twice")
    if public:
        return told
    for row in told["sources"]:
        need(row["read"] == row["collected"] + row["merged"] + row["rejected"], where, "source " + row["source"])
    for row in told["cells"]:
        line = "cells {} from {}".format(row["category"], row["source"])
        need(row["cells"] == sum(row["ends"].values()), where, line)
        need(row["ends"]["handed_over"] == sum(row["copy"].values()), where, line + ": own copy")
    persons = told["persons"]
    need(persons["customers"] == sum(persons["ends"].values()), where, "persons that do not add up")
    return told


# === 10. The messages of a transfer (docs/formats/pit.md): one chain, one state ======================================

PIT = "pit/v1/"


def each(test: Any, least: int = 0, rising: bool = False) -> Callable[[Any], bool]:
    """A test for lists; rising: sorted and without doubles."""
    return lambda value: (
        isinstance(value, list)
        and len(value) >= least
        and all(fits(item, test) for item in value)
        and (not rising or all(value[i] < value[i + 1] for i in range(len(value) - 1)))
    )


def keyed(name: str, test: Any, least: int = 0) -> Callable[[Any], bool]:
    """A test for objects whose keys follow a pattern."""
    return lambda value: (
        isinstance(value, dict)
        and least <= len(value) <= 200
        and all(matches(name)(key) and fits(inner, test) for key, inner in value.items())
    )


def exactly(wanted: Any) -> Callable[[Any], bool]:
    """A test for one value."""
    return lambda value: type(value) is type(wanted) and value == wanted


def up_to(most: int, least: int = 0) -> Callable[[Any], bool]:
    """A test for numbers in a range."""
    return lambda value: is_count(value) and least <= value <= most


def is_base64(value: Any) -> bool:
    """Canonical base64 of at least one byte."""
    try:
        return isinstance(value, str) and len(read_base64(value, "")) > 0
    except Bad:
        return False


def is_line(value: Any) -> bool:
    """1 to 500 characters, none of them a control character."""
    return isinstance(value, str) and 0 < len(value) <= 500 and not re.search("[\x00-\x1f\x7f]", value)


def is_note(value: Any) -> bool:
    """Text that may be a note."""
    return isinstance(value, str) and 0 < len(value.encode()) <= 65536


CODE, TABLE = "[a-z0-9][a-z0-9_.-]{0,63}", "[a-z][a-z0-9_]{0,62}"
TESTS.update(
    one=up_to(LARGEST_INT, 1),
    tid=matches("tid_[a-z2-7]{26}"),
    note=is_note,
    line=is_line,
    code=matches(CODE),
    table=matches(TABLE),
    part=matches("[A-Za-z0-9][A-Za-z0-9._-]{0,99}"),
    age=matches("age1[02-9ac-hj-np-z]{58}"),
    bucket=up_to(65535),
    buckets=up_to(65536, 1),
    base64=is_base64,
    codes=each("code", 1, rising=True),
    lines=each("line", 1, rising=True),
    drawn=each("bucket", 1, rising=True),
    digests=each("digest", 2, rising=True),
    totals=keyed(TABLE, rec("root:hex rows:count"), 1),
    some=keyed(TABLE, "drawn", 1),
    any_some=keyed(TABLE, "drawn"),
)
GATES = ["backups_listed", "challenge_passed", "cooling_off", "imported_full", "no_dispute", "no_hold"]
GATES += ["settled", "two_approvers", "withdrawals_acknowledged"]
COMMON = rec(
    "tid:tid seq:one prev:?digest from,to,contract:digest issued,expires:time simulated:flag checkpoint,cosigned:?note "
    "consistency:[hex]"
)
FIELDS: dict[str, dict[str, Any]] = {
    "offer": rec(
        "classes:codes purposes:lines rule_evidence,assessment,notice_plan:digest rounded_to:one "
        "ack_hours,cooling_off_hours:count withdrawals:age",
        counts=keyed(CODE, "count"),
        rule={"pipl-22", "pipl-23"},
    ),
    "accept": rec("purposes:lines recipient,withdrawals:age nonce:hex capacity:count replaces:?digest"),
    "package": rec(
        "digest,notice_root:digest size:one recipient:age nonce:hex epoch:count replaces:?digest covers:?some",
        parts=each(rec("digest:digest name:part size:one"), 1),
        tables=keyed(TABLE, rec("buckets:buckets root:hex rows:count schema:digest"), 1),
        retention=keyed(CODE, "line"),
        commitments=rec("A:hex V:?hex"),
    ),
    "receipt": rec("package:digest", parts=each(rec("arrived,opened:flag digest:?digest name:part"), 1)),
    "imported": rec(
        "package:digest epoch:count",
        tables=keyed(TABLE, rec("root:hex rows:count", values=("?", each("hex", 1))), 1),
        exceptions=[rec("bucket:bucket reason:code table:table tag:hex")],
        backup=rec("digest:digest drilled:time sample:one"),
    ),
    "challenge": rec("imported:digest seed:hex draw:buckets buckets:some"),
    "answer": rec(
        "challenge:digest epoch:count", tables=keyed(TABLE, each(rec("bucket:bucket path:[hex] value:hex"), 1), 1)
    ),
    "settled": rec("imported:digest epoch:count tables:totals unsettled:any_some"),
    "withdraw": rec("epoch:one tags_root:hex tags:base64 tables:?totals"),
    "ack": rec("answers:digest epoch:?count tables:?totals deleted:flag"),
    "destroy-permit": rec(
        "settled,permit:digest approvers:digests",
        backups=rec("count:one digest:digest"),
        holds=exactly(0),
        gates=exactly(GATES),
    ),
    "destroyed": rec("certificate,settled,permit:digest", shredded=exactly(["bucket-tables", "key"])),
    "attest": rec("checked:codes findings:?digest", result={"holds", "fails"}),
    "refused": rec(
        "answers:digest ciphertext:?digest deleted:flag",
        reason={"cannot_open", "expired", "manifest_mismatch", "not_agreed", "replayed", "wrong_recipient"},
    ),
    "resend": rec(
        "answers:digest buckets:any_some",
        reason={"lost", "damaged", "mismatch"},
        round=up_to(3),
        parts=each("part", rising=True),
    ),
    "void": rec("answers:digest deleted:flag", reason={"cancelled", "expired", "insolvent", "key_lost", "mismatch"}),
}
SENT, KEPT = {"SEALED", "DELIVERED", "IMPORTED"}, {"IMPORTED", "SETTLED", "HOLD"}
BEGUN, OPEN = {"OFFERED", "ACCEPTED", *SENT}, {*SENT, *KEPT, "PERMITTED", "DISPUTED"}
EVER = {*BEGUN, *OPEN, "DESTROYED", "CLOSED", "REFUSED", "VOID", "EXPIRED"}
TURNS: dict[str, dict[str, set[str]]] = {  # who may say what in which state
    "offer": {"A": {"DRAFT"}},
    "accept": {"B": {"OFFERED", "ACCEPTED", "SEALED"}},
    "package": {"A": {"ACCEPTED", *SENT}},
    "receipt": {"B": {"SEALED", "DELIVERED"}},
    "imported": {"B": {"DELIVERED", "IMPORTED"}},
    "challenge": {"A": KEPT, "V": KEPT},
    "answer": {"B": KEPT},
    "settled": {"A": {"IMPORTED"}},
    "withdraw": {"A": OPEN, "B": OPEN},
    "ack": {"A": EVER, "B": EVER},
    "destroy-permit": {"A": {"HOLD"}},
    "destroyed": {"A": {"PERMITTED"}},
    "attest": {"V": EVER},
    "refused": {"A": {"ACCEPTED"}, "B": {"OFFERED", "SEALED", "DELIVERED"}},
    "resend": {"A": SENT, "B": SENT},
    "void": {"A": BEGUN | {"DISPUTED"}, "B": BEGUN | {"DISPUTED"}},
}


def clock(text: str) -> int:
    """Seconds since 1970 of a time in a document."""
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


class Transfer:
    """One transfer as its chain tells it. A message is its predicate with `_kind`, `_role`, `_digest` beside."""

    def __init__(self, first: dict[str, Any], keys: dict[str, bytes], latest: str) -> None:
        self.keys, self.latest, self.state = keys, clock(latest) + 24 * 3600, "DRAFT"
        self.a, self.b = first.get("from"), first.get("to")
        self.chain: list[dict[str, Any]] = []

    def role(self, key: str) -> str:
        """A discloses, B receives, anyone else checks."""
        return "A" if key == self.a else "B" if key == self.b else "V"

    def last(self, *kinds: str, by: str = "ABV") -> Any:
        """The newest message of these kinds, or None."""
        return next((m for m in reversed(self.chain) if m["_kind"] in kinds and m["_role"] in by), None)

    def after(self, one: dict[str, Any] | None, other: dict[str, Any] | None) -> bool:
        """Whether one is there and later than the other."""
        return one is not None and (other is None or one["seq"] > other["seq"])

    def take(self, raw: bytes, where: str) -> None:
        """One more message: form, signature, place in the chain, ledger, cosignature, turn, rule."""
        envelope = Envelope(raw, where)
        kind, m = envelope.kind[len(PIT) :], envelope.predicate
        need(envelope.kind.startswith(PIT) and kind in FIELDS, where, "message of an unknown kind")
        need(fits(m, {**COMMON, **FIELDS[kind]}), where, "fields of a refused form")
        need(envelope.check(self.keys) == [m["from"]], where, "signed by other than its sender alone")
        envelope.check_subject(**{m["tid"]: m["contract"]})
        role = self.role(m["from"])
        need(m["to"] == (self.b if role == "A" else self.a), where, "addressed to another party")
        first, before = (self.chain or [m])[0], self.chain[-1]["_digest"] if self.chain else None
        same = all(m[name] == first[name] for name in ("tid", "contract", "simulated"))
        need(same and m["seq"] == len(self.chain) + 1 and m["prev"] == before, where, "chain that is broken")
        own = [x for x in self.chain if x["from"] == m["from"]]
        good = m["issued"] <= m["expires"] and (not own or own[-1]["issued"] <= m["issued"])
        need(good and clock(m["issued"]) <= self.latest, where, "times that go back, or lie ahead")
        self.check_notes(m, role, own, where)
        need(self.state in TURNS[kind].get(role, ()), where, f"{kind} by {role} in state {self.state}")
        m = {**m, "_kind": kind, "_role": role, "_digest": envelope.digest}
        state = getattr(self, "on_" + kind.replace("-", "_"))(m, lambda holds: need(holds, where, "rule of " + kind))
        self.chain.append(m)
        self.state = state or self.state
        if kind == "imported" and m["epoch"] == self.epoch() and not self.full() and self.rounds() >= 3:
            self.state = "DISPUTED"

    def check_notes(self, m: dict[str, Any], role: str, own: list[dict[str, Any]], where: str) -> None:
        """The sender's ledger only grows; the other's last checkpoint is cosigned, once, not late."""
        if role == "V":
            need(m["checkpoint"] is None and not m["consistency"], where, "a checker's message has no ledger")
        else:
            need(m["checkpoint"], where, "checkpoint that is missing")
            now, path = Note(m["checkpoint"], where), [bytes.fromhex(one) for one in m["consistency"]]
            now.check_own({"": self.keys[m["from"]]})
            then = Note(own[-1]["checkpoint"], where) if own else now
            grown = consistent(then.size, then.root, now.size, now.root, path)
            need(now.origin == then.origin and now.size > 0 and grown, where, "ledger that goes back or is another's")
        theirs = [x for x in self.chain if x["_role"] == ("B" if role == "A" else "A")]
        if m["cosigned"] is None:
            need(role == "V" or not theirs, where, "cosignature that is missing")
            return
        need(theirs, where, "cosignature of nothing")
        note = Note(m["cosigned"], where)
        note.check_own({"": self.keys[theirs[-1]["from"]]})
        need(note.body == Note(theirs[-1]["checkpoint"], where).body, where, "cosignature of another checkpoint")
        public = self.keys[m["from"]]
        lines = [name for name, four, _ in note.lines if four == note.key_bytes(name, b"\x04", public)]
        times_ = note.cosigners({"": public})
        good = len(lines) == 1 and times_[""] <= clock(m["issued"])
        need(good, where, "cosignature that is missing, doubled or late")

    # What the chain says so far.

    def epoch(self) -> int:
        """The current suppression epoch."""
        found = self.last("package", "withdraw")
        return found["epoch"] if found else 0

    def tables(self) -> dict[str, Any]:
        """The first PACKAGE's tables: buckets and schemas never change."""
        return next((m["tables"] for m in self.chain if m["_kind"] == "package"), {})

    def expected(self, epoch: int) -> Any:
        """What every table must come to at an epoch, by A's word."""
        found = None
        first = next((m for m in self.chain if m["_kind"] == "package"), None)
        if first and first["epoch"] == epoch:
            found = totals(first["tables"])
        for m in self.chain:
            if m["_role"] == "A" and m["_kind"] in ("withdraw", "ack") and m["tables"] and m["epoch"] == epoch:
                found = m["tables"]
        return found

    def imported(self) -> Any:
        """The newest IMPORTED of the newest PACKAGE."""
        found = self.last("imported")
        return found if self.after(found, self.last("package")) else None

    def full(self) -> bool:
        """Imported whole: current epoch, expected totals, no exceptions."""
        m = self.imported()
        return m is not None and m["epoch"] == self.epoch() and not m["exceptions"] and not self.differing(m)

    def differing(self, m: dict[str, Any]) -> set[str]:
        """The tables of an import that do not come to what was expected."""
        wanted, found = self.expected(m["epoch"]) or {}, totals(m["tables"])
        return {name for name in found if found[name] != wanted.get(name)}

    def rounds(self) -> int:
        """Rounds of sending a mismatch again."""
        return sum(m["_kind"] == "resend" and m["reason"] == "mismatch" for m in self.chain)

    def settled(self) -> Any:
        """The SETTLED that left nothing open."""
        found = self.last("settled")
        return found if found and not found["unsettled"] else None

    def named(self, digest: str, roles: str, ok: Callable[[Any], None]) -> dict[str, Any]:
        """The message of a digest."""
        found = [m for m in self.chain if m["_digest"] == digest and m["_role"] in roles]
        ok(found)
        return found[0]

    def right(self, m: dict[str, Any]) -> bool:
        """Whether an ANSWER's buckets lie under the expected roots."""
        wanted, held = self.expected(m["epoch"]) or {}, self.tables()
        return bool(wanted) and all(
            included(
                leaf(bytes.fromhex(one["value"])),
                one["bucket"],
                held[name]["buckets"],
                [bytes.fromhex(step) for step in one["path"]],
                bytes.fromhex(wanted[name]["root"]),
            )
            for name, listed in m["tables"].items()
            for one in listed
        )

    def missing_gates(self) -> list[str]:
        """What still forbids destruction, as far as the chain tells."""
        settled, package, found = self.settled(), self.last("package"), []
        answers = [m for m in self.chain if m["_kind"] == "answer" and self.after(m, package)]
        if not settled:
            found.append("settled")
        if not any(self.right(m) for m in answers):
            found.append("challenge_passed")
        if self.state == "DISPUTED":
            found.append("no_dispute")
        withdraw = self.last("withdraw")
        acks = {m["answers"] for m in self.chain if m["_kind"] == "ack"}
        if withdraw and withdraw["_digest"] not in acks:
            found.append("withdrawals_acknowledged")
        seen: list[int] = []
        for m in self.chain:
            if settled and m["_role"] == "B" and m["seq"] > settled["seq"] and m["cosigned"]:
                note = Note(m["cosigned"], "cosigned")
                if note.size >= Note(settled["checkpoint"], "checkpoint").size:
                    seen += note.cosigners({"": self.keys[m["from"]]}).values()
        hours = next((m["cooling_off_hours"] for m in self.chain if m["_kind"] == "offer"), 0)
        if not seen or max(seen) - min(seen) < hours * 3600:
            found.append("cooling_off")
        return found

    # The rules, message by message: each gives the next state, or None to stay. `ok` refuses what does not hold.

    def on_offer(self, m: Any, ok: Any) -> str:
        """Counts of exactly the classes, rounded."""
        ok(sorted(m["counts"]) == m["classes"] and all(n % m["rounded_to"] == 0 for n in m["counts"].values()))
        return "OFFERED"

    def on_accept(self, m: Any, ok: Any) -> str:
        """Purposes that were offered; a replacement has a fresh key and nonce."""
        offer, before = self.last("offer"), [x for x in self.chain if x["_kind"] == "accept"]
        ok(set(m["purposes"]) <= set(offer["purposes"]))
        if self.state == "OFFERED":
            ok(m["issued"] <= offer["expires"] and m["replaces"] is None)
        else:
            used = {x[name] for x in before for name in ("recipient", "nonce")}
            ok(m["replaces"] == before[-1]["_digest"] and not used & {m["recipient"], m["nonce"]})
        return "ACCEPTED"

    def on_package(self, m: Any, ok: Any) -> str:
        """To the key and nonce of the last ACCEPT; a later one follows a RESEND and keeps tables and schemas."""
        accept, last, resend = self.last("accept"), self.last("package"), self.last("resend")
        ok((m["recipient"], m["nonce"]) == (accept["recipient"], accept["nonce"]))
        ok(m["replaces"] == (last["_digest"] if last else None))
        ok(sum(part["size"] for part in m["parts"]) == m["size"])
        ok(len({part["name"] for part in m["parts"]}) == len(m["parts"]))
        ok(all(n & (n - 1) == 0 for n in (table["buckets"] for table in m["tables"].values())))
        if self.state == "ACCEPTED":
            ok(m["covers"] is None)
        else:
            ok(self.after(resend, last) and m["covers"] == (resend["buckets"] or None))
        offer = self.last("offer")
        ok(set(m["retention"]) <= set(offer["classes"]))
        revealed = {commitment(x["tid"], x["seed"]) for x in self.chain if x["_kind"] == "challenge"}
        ok(m["commitments"]["A"] != m["commitments"]["V"] and not revealed & set(m["commitments"].values()))
        if last:
            held = self.tables()
            kept = {n: (t["buckets"], t["schema"]) for n, t in held.items()}
            ok({n: (t["buckets"], t["schema"]) for n, t in m["tables"].items()} == kept)
            ok(m["epoch"] == self.epoch() and totals(m["tables"]) == self.expected(m["epoch"]))
        return "SEALED"

    def on_receipt(self, m: Any, ok: Any) -> str | None:
        """The PACKAGE's parts in its order; what had come stays come."""
        package, last = self.last("package"), self.last("receipt")
        ok(m["package"] == package["_digest"] and m["issued"] <= package["expires"])
        ok([part["name"] for part in m["parts"]] == [part["name"] for part in package["parts"]])
        for number, part in enumerate(m["parts"]):
            sent = package["parts"][number]["digest"]
            ok(part["digest"] == (sent if part["arrived"] else None) and (part["arrived"] or not part["opened"]))
            if last and self.after(last, package):
                was = last["parts"][number]
                ok(was["arrived"] <= part["arrived"] and was["opened"] <= part["opened"])
        return "DELIVERED" if all(part["opened"] for part in m["parts"]) else None

    def on_imported(self, m: Any, ok: Any) -> str:
        """What B's own database comes to; values are shown for tables that differ."""
        package, receipt, held = self.last("package"), self.last("receipt"), self.tables()
        wanted = self.expected(m["epoch"]) or {}
        ok(m["package"] == package["_digest"] and (self.state == "IMPORTED" or m["issued"] <= package["expires"]))
        ok(package["epoch"] <= m["epoch"] <= self.epoch() and set(m["tables"]) == set(wanted))
        for name, table in m["tables"].items():
            same = {"root": table["root"], "rows": table["rows"]} == wanted[name]
            ok((table["values"] is None) == same)
            if not same:
                tree = Tree()
                for value in table["values"]:
                    tree.add(leaf(bytes.fromhex(value)))
                ok(tree.size == held[name]["buckets"] and tree.root().hex() == table["root"])
        ok(all(one["bucket"] < held.get(one["table"], {"buckets": 0})["buckets"] for one in m["exceptions"]))
        ok(receipt["issued"] <= m["backup"]["drilled"] <= m["issued"])
        return "IMPORTED"

    def on_challenge(self, m: Any, ok: Any) -> None:
        """The seed was committed to in PACKAGE, never used, and draws exactly these buckets."""
        imported, package = self.imported(), self.last("package")
        ok(imported and (self.full() or self.settled()) and m["imported"] == imported["_digest"])
        head, seed = m["tid"].encode() + b"\x00", bytes.fromhex(m["seed"])
        ok(commitment(m["tid"], m["seed"]) == package["commitments"][m["_role"]])
        ok(m["seed"] not in {x["seed"] for x in self.chain if x["_kind"] == "challenge"})
        drawn: dict[str, list[int]] = {}
        for name, table in self.tables().items():
            found: set[int] = set()
            number = 0
            while len(found) < min(m["draw"], table["buckets"]):
                told = b"pit/v1/draw\x00" + head + name.encode() + b"\x00" + seed + number.to_bytes(4, "big")
                found.add(int.from_bytes(hashlib.sha256(told).digest()[:8], "big") % table["buckets"])
                number += 1
            drawn[name] = sorted(found)
        ok(m["buckets"] == drawn)

    def on_answer(self, m: Any, ok: Any) -> str | None:
        """The last CHALLENGE's buckets, once; a wrong path is a dispute."""
        challenge = self.last("challenge")
        ok(challenge and m["challenge"] == challenge["_digest"] and self.after(challenge, self.last("package")))
        ok(m["challenge"] not in {x["challenge"] for x in self.chain if x["_kind"] == "answer"})
        named = self.named(challenge["imported"], "ABV", ok)
        ok(named["epoch"] <= m["epoch"] <= self.epoch())
        ok(self.expected(m["epoch"]))
        ok({n: [one["bucket"] for one in listed] for n, listed in m["tables"].items()} == challenge["buckets"])
        return None if self.right(m) else "DISPUTED"

    def on_settled(self, m: Any, ok: Any) -> str | None:
        """Equal: settled. Else exactly what differs is named as unsettled."""
        imported = self.imported()
        ok(imported and m["imported"] == imported["_digest"] and m["tables"] == totals(imported["tables"]))
        ok(m["epoch"] == imported["epoch"] == self.epoch())
        if self.full():
            ok(not m["unsettled"])
            return "SETTLED"
        left = [(one["table"], one["bucket"]) for one in imported["exceptions"]]
        ok(set(m["unsettled"]) == self.differing(imported) | {name for name, _ in left})
        ok(self.in_range(m["unsettled"]) and all(bucket in m["unsettled"][name] for name, bucket in left))
        return None

    def in_range(self, buckets: dict[str, list[int]]) -> bool:
        """Whether all bucket numbers are of their tables."""
        return all(n[-1] < self.tables().get(name, {"buckets": 0})["buckets"] for name, n in buckets.items())

    def fewer(self, tables: dict[str, Any]) -> bool:
        """Whether a withdrawal leaves no more rows than before."""
        known = [found for found in (self.expected(n) for n in range(self.epoch(), -1, -1)) if found]
        before = known[0] if known else {}
        return set(tables) == set(before) and all(tables[n]["rows"] <= before[n]["rows"] for n in tables)

    def on_withdraw(self, m: Any, ok: Any) -> str | None:
        """The next epoch; A says what the tables come to."""
        ok(m["epoch"] == self.epoch() + 1 and (m["tables"] is None) == (m["_role"] == "B"))
        ok(m["tables"] is None or self.fewer(m["tables"]))
        return "HOLD" if self.state == "PERMITTED" else None

    def on_ack(self, m: Any, ok: Any) -> str | None:
        """An answer to a message of the other side."""
        told = self.named(m["answers"], "B" if m["_role"] == "A" else "A", ok)
        by_b = m["_role"] == "B"
        ok(not m["deleted"] or (by_b and told["_kind"] in ("void", "refused")))
        if told["_kind"] == "withdraw":
            ok(m["epoch"] == told["epoch"])
            if not by_b:
                ok(m["tables"] is not None and self.expected(told["epoch"]) in (None, m["tables"]))
                ok(self.fewer(m["tables"]))
                return None
            late = self.state in ("SETTLED", "HOLD")
            ok((m["tables"] is not None) == late)
            return "DISPUTED" if late and m["tables"] != self.expected(told["epoch"]) else None
        ok(m["epoch"] is None and m["tables"] is None)
        if by_b and told is self.settled() and self.state == "SETTLED":
            return "HOLD"
        return "CLOSED" if by_b and told["_kind"] == "destroyed" and self.state == "DESTROYED" else None

    def on_destroy_permit(self, m: Any, ok: Any) -> str:
        """No gate is missing."""
        settled = self.settled()
        ok(not self.missing_gates() and settled and m["settled"] == settled["_digest"])
        return "PERMITTED"

    def on_destroyed(self, m: Any, ok: Any) -> str:
        """Of this settlement, under this permit."""
        settled, permit = self.settled(), self.last("destroy-permit")
        ok(settled and m["settled"] == settled["_digest"] and m["permit"] == permit["_digest"])
        return "DESTROYED"

    def on_attest(self, m: Any, ok: Any) -> None:
        """A checker's word."""

    def on_refused(self, m: Any, ok: Any) -> str:
        """Answers the other side's last message; whoever had the ciphertext deleted it."""
        theirs = [x for x in self.chain if x["_role"] == ("B" if m["_role"] == "A" else "A")]
        package = self.last("package") if self.state in ("SEALED", "DELIVERED") else None
        ok(theirs and m["answers"] == theirs[-1]["_digest"])
        ok(m["ciphertext"] == (package["digest"] if package else None) and m["deleted"] == (package is not None))
        if m["reason"] != "expired":
            return "REFUSED"
        ok(m["_role"] == "B" and m["issued"] > (package or self.last("offer"))["expires"])
        return "EXPIRED"

    def on_resend(self, m: Any, ok: Any) -> None:
        """Lost or damaged parts, or the buckets of a mismatch, three rounds at most."""
        self.named(m["answers"], "B" if m["_role"] == "A" else "A", ok)
        package, imported = self.last("package"), self.imported()
        ok(not (self.state == "IMPORTED" and self.full()))
        if m["reason"] != "mismatch":
            names = {part["name"] for part in package["parts"]}
            ok(m["parts"] and set(m["parts"]) <= names and not m["buckets"] and m["round"] == 0)
        else:
            ok(self.state == "IMPORTED" and imported and imported["epoch"] == self.epoch())
            ok(self.rounds() < 3 and m["round"] == self.rounds() + 1)
            ok(m["buckets"] and not m["parts"] and self.in_range(m["buckets"]))

    def on_void(self, m: Any, ok: Any) -> str:
        """Ended before it was settled."""
        self.named(m["answers"], "ABV", ok)
        package = self.last("package")
        ok(m["deleted"] == (m["_role"] == "B" and package is not None))
        if m["reason"] != "expired":
            return "VOID"
        limit = {"OFFERED": self.last("offer"), "SEALED": package, "DELIVERED": package}.get(self.state)
        ok(m["_role"] == "A" and limit and m["issued"] > limit["expires"])
        return "EXPIRED"


def commitment(tid: str, seed: str) -> str:
    """What binds a checker to a seed before the import."""
    return hashlib.sha256(b"pit/v1/seed\x00" + tid.encode() + b"\x00" + bytes.fromhex(seed)).hexdigest()


def totals(tables: dict[str, Any]) -> dict[str, Any]:
    """Root and rows of each table."""
    return {name: {"root": table["root"], "rows": table["rows"]} for name, table in tables.items()}


def check_chain(
    messages: list[tuple[str, bytes]], company: dict[str, bytes], others: dict[str, bytes], stated: dict[str, Any]
) -> str:
    """Walk one transfer's messages; the state it ends in."""
    where, raw = messages[0]
    first = Envelope(raw, where).predicate
    need(isinstance(first, dict), where, "message of a refused form")
    ends = [first.get("from"), first.get("to")]
    known = all(isinstance(end, str) and end in {**company, **others} for end in ends)
    need(known and ends[0] != ends[1], where, "between parties whose keys are not in the pack")
    need(sum(end in company for end in ends) == 1, where, "a transfer of other companies")
    transfer = Transfer(first, {**company, **others}, stated["issued"])
    for where, raw in messages:
        transfer.take(raw, where)
        need(transfer.chain[-1]["simulated"] == stated["simulated"], where, "simulated and real mixed")
    permitted = transfer.last("destroy-permit") and transfer.state != "HOLD"
    need(not (permitted and transfer.missing_gates()), where, "permitted with a gate missing")
    return transfer.state


# === 11. The command =================================================================================================


def check_alone(raw: bytes, verdict: Verdict) -> None:
    """A certificate, a permit or a message by itself."""
    envelope, trust = Envelope(raw, "envelope"), verdict.trust
    verdict.kind = {"certificate/v1": "certificate", "permit/v1": "permit"}.get(envelope.kind, "message")
    if envelope.kind == "certificate/v1":
        _, told = check_certificate(raw, None, trust.company if trust else None, "certificate")
        note = Note(told["ledger"]["checkpoint"], "certificate")
        if trust:
            trust.check_origin(told["controller"]["origin"], told["simulated"], "certificate")
            held = trust.note
            forked = held and held.size == note.size and held.root != note.root
            need(not forked, "certificate", "another past than the checkpoint you hold: forked")
        verdict.proved.append(certified(told))
        verdict.word.append("only the places listed; the previous certificate is not here; two keys are two humans")
    elif envelope.kind == "permit/v1":
        _, told = check_permit(raw, None, "permit")
        signers = [one["key_id"] for one in told["approvers"]]
        verdict.signed = not trust or set(signers) <= set(trust.keys)
        if trust:
            trust.check_origin(told["company"]["origin"], told["simulated"], "permit")
        verdict.proved.append(f"permit signed with {len(signers)} keys")
        verdict.word.append("that two keys are two humans")
    else:
        told = envelope.predicate
        known = envelope.kind.startswith(PIT) and envelope.kind[len(PIT) :] in FIELDS
        if not envelope.kind.startswith(PIT):
            verdict.kind = "unknown"
            raise Bad("envelope", "a statement of a kind that is not known here")
        good = known and isinstance(told, dict) and isinstance(told.get("simulated"), bool)
        good = good and len(envelope.marks) == 1 and told.get("from") == envelope.marks[0]["keyid"]
        need(good, "message", "message of a refused form")
        if trust:
            Envelope(raw, "message").check(trust.keys)
            need(told["simulated"] == trust.simulated, "message", "simulated passed as real, or real as simulated")
        verdict.word.append("one message proves itself only" + ("" if trust else "; its signature was NOT checked"))
    verdict.simulated = told["simulated"]


def check_package(head: bytes) -> None:
    """A package from outside: exactly one recipient."""
    need(b"\n---" in head, "package", "not for exactly one recipient")
    lines = [line.split(b" ") for line in head.split(b"\n---", 1)[0].split(b"\n")[1:] if line.startswith(b"-> ")]
    real = [words for words in lines if not words[1].endswith(b"-grease")]
    need(len(real) == 1 and real[0][1] == b"X25519", "package", "not for exactly one recipient")


def check_file(raw: bytes, trust: Trust | None) -> Verdict:
    """The verdict on one file's bytes."""
    verdict = Verdict("unknown", trust)
    if raw[:4] == b"PK\x03\x04" or raw[-22:-18] == b"PK\x05\x06":
        verdict.kind = "pack"
        Pack(raw, verdict)
    elif raw.startswith(b"age-encryption.org/v1\n"):
        verdict.kind, verdict.signed = "package", False
        verdict.try_(check_package, raw[:65536])
        verdict.word.append("only the receiver can open it; compare its digest with the PACKAGE message")
    elif raw[:1] == b"{":
        verdict.try_(check_alone, raw, verdict)
    else:
        verdict.faults.append(Bad("file", "neither a pack, nor a signed document, nor a package"))
    return verdict


def show(verdict: Verdict) -> None:
    """The verdict for people, Chinese first."""
    code = verdict.exit_code()
    head = {
        0: "核验通过 · verified",
        1: "发现问题 · FAULT",
        3: "内部一致,来源未确认 · consistent, origin NOT established",
    }
    print(f"{head[code]} ({verdict.kind})")
    if verdict.simulated:
        print("模拟演练,不是真实业务 · SIMULATED installation")
    for fault in verdict.faults:
        print(f"  ✗ {fault.where}: {fault.what}")
    for title, lines in (
        ("已核对 · checked", verdict.proved),
        ("凭公司陈述 · rests on the company's word", verdict.word),
    ):
        if lines and not verdict.faults:
            print(title)
            print("".join(f"  - {line}\n" for line in lines), end="")


def plain_verdict(verdict: Verdict) -> dict[str, Any]:
    """The verdict for programs."""
    return {
        "exit": verdict.exit_code(),
        "kind": verdict.kind,
        "simulated": verdict.simulated,
        "origin_established": verdict.exit_code() == 0,
        "faults": [{"where": fault.where, "what": fault.what} for fault in verdict.faults],
        "proved": [] if verdict.faults else verdict.proved,
        "rests_on_word": [] if verdict.faults else verdict.word,
    }


def main(arguments: list[str]) -> int:
    """The command; gives the exit code."""
    as_json = "--json" in arguments
    rest = [word for word in arguments if word != "--json"]
    trust_file = None
    if "--trust" in rest[:-1]:
        at = rest.index("--trust")
        trust_file = rest[at + 1]
        del rest[at : at + 2]
    if len(rest) != 1 or rest[0].startswith("-"):
        print("usage: python3 verifier.py FILE [--trust FILE] [--json]", file=sys.stderr)
        return 2
    try:
        trust = None
        if trust_file:
            with open(trust_file, "rb") as file:
                trust = Trust(file.read())
        with open(rest[0], "rb") as file:
            verdict = check_file(file.read(), trust)
    except (OSError, Bad) as error:
        print(f"cannot be used: {error}", file=sys.stderr)
        return 2
    if as_json:
        print(json.dumps(plain_verdict(verdict), ensure_ascii=False))
    else:
        show(verdict)
    return verdict.exit_code()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
