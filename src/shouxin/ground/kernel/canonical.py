"""One spelling for everything that is signed or digested.

JSON after RFC 8785 without floating-point numbers: keys sorted, no space, UTF-8, NFC text. Reading refuses what writing
would not have written: doubled keys, floats, other spellings, depth and size beyond the limits. Base64 is re-derived,
because two spellings can decode to one byte string (RFC 4648, 3.5).
"""

import base64
import binascii
import json
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from shouxin.ground.kernel.refusals import Corrupt

MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 32
MAX_INTEGER = 2**53 - 1


def encode(value: Any) -> bytes:
    """Canonical JSON bytes of dictionaries, lists, text, integers, booleans and null.

    Raises:
        Corrupt("canonical JSON"): a float, a non-text key, text that is not NFC or holds lone surrogates.
    """
    _check_shape(value, 0)
    return _ENCODER.encode(value).encode("utf-8")


def decode(raw: bytes, *, where: str = "document") -> Any:
    """The value whose canonical bytes are exactly `raw`.

    Raises:
        Corrupt: not JSON, doubled keys, another spelling, too deep or too large.
    """
    if len(raw) > MAX_BYTES:
        raise Corrupt("JSON larger than 64 MiB", where)
    try:
        text = raw.decode("utf-8")
        value = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise Corrupt("JSON that cannot be read", where) from error
    if not _is_plainly_well_shaped(text):
        _check_shape(value, 0)
    if _ENCODER.encode(value) != text:
        raise Corrupt("JSON in another than the canonical spelling", where)
    return value


def to_base64(raw: bytes) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(raw).decode("ascii")


def from_base64(text: str, *, where: str = "base64") -> bytes:
    """The bytes whose one canonical spelling is `text`.

    Raises:
        Corrupt: another alphabet, other padding or set trailing bits.
    """
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError) as error:
        raise Corrupt("base64 that cannot be read", where) from error
    if to_base64(raw) != text:
        raise Corrupt("base64 in another than the canonical spelling", where)
    return raw


def length_prefixed(parts: Iterable[bytes | None]) -> bytes:
    """Parts joined so that no two lists collide: a mark, eight bytes of length, the bytes; null has its own mark."""
    out = bytearray()
    for part in parts:
        if part is None:
            out += b"\x00"
        else:
            out += b"\x01" + len(part).to_bytes(8, "big") + part
    return bytes(out)


def row_bytes(values: Sequence[str | None]) -> bytes:
    """Canonical row bytes, version 1: columns in the schema's order, null apart from empty, text in NFC."""
    return b"row1" + length_prefixed(
        None if value is None else unicodedata.normalize("NFC", value).encode("utf-8") for value in values
    )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("doubled key")
    return found


def _no_float(text: str) -> Any:
    raise ValueError(f"number {text[:20]} is not an integer")


def _small(text: str) -> int:
    value = int(text)
    if abs(value) > MAX_INTEGER:
        raise Corrupt("integer beyond 2^53", "document")
    return value


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_small, parse_float=_no_float, parse_constant=_no_float
)


def _is_plainly_well_shaped(text: str) -> bool:
    """Whether what was read from this JSON needs no look at each of its parts: not too many brackets to be too deep, no
    escape that hides a character, and NFC as a whole, which every text in it then is too.
    """
    if "\\u" in text or text.count("{") + text.count("[") > MAX_DEPTH:
        return False
    return text.isascii() or unicodedata.is_normalized("NFC", text)


def _check_shape(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise Corrupt("JSON deeper than 32 levels", "document")
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise Corrupt("integer beyond 2^53", "document")
    elif isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise Corrupt("key that is not text", "document")
            _check_text(key)
            _check_shape(inner, depth + 1)
    elif isinstance(value, list | tuple):
        for inner in value:
            _check_shape(inner, depth + 1)
    else:
        raise Corrupt(f"value of type {type(value).__name__}", "document")


def _check_text(text: str) -> None:
    if text.isascii():
        return
    if not unicodedata.is_normalized("NFC", text):
        raise Corrupt("text that is not NFC", "document")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Corrupt("lone surrogate", "document") from error
