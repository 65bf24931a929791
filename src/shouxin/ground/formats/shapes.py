"""The shape of a signed document, written as a value and compared strictly: no key more, no key less, no other type.

    check(value, {"case": TEXT, "height": COUNT, "approvers": [{"by": TEXT}]}, where="permit")

A list shape has one element and stands for any number of such values; a dictionary shape names exactly its keys.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from shouxin.ground.kernel import dsse
from shouxin.ground.kernel.canonical import decode, from_base64
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.kernel.signing import check_point, key_id
from shouxin.ground.kernel.times import from_text

Check = Callable[[Any], bool]

_TIME = re.compile(r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)


def is_text(value: Any) -> bool:
    """Whether it is text that is not empty."""
    return isinstance(value, str) and value != ""


def is_label(value: Any) -> bool:
    """Whether it is text, empty or not."""
    return isinstance(value, str)


def is_flag(value: Any) -> bool:
    """Whether it is true or false."""
    return isinstance(value, bool)


def is_count(value: Any) -> bool:
    """Whether it is an integer of at least zero."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_digest(value: Any) -> bool:
    """Whether it is spelled as a SHA-256 digest."""
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def is_digest_or_none(value: Any) -> bool:
    """Whether it is a digest, or the empty text that stands for none."""
    return value == "" or is_digest(value)


def is_time(value: Any) -> bool:
    """Whether it is an instant in the one spelling of signed documents (what `times.from_text` takes, but faster)."""
    if not isinstance(value, str) or _TIME.fullmatch(value) is None:
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def is_anything(value: Any) -> bool:
    """True: the value is judged elsewhere."""
    del value
    return True


def one_of(*words: str) -> Check:
    """The check that a value is one of these words."""
    return lambda value: isinstance(value, str) and value in words


def optional(shape: Any) -> tuple[Any]:
    """The shape of a value that may be null."""
    return (shape,)


WORDS: Mapping[str, Any] = {"zh": is_text, "en": is_text}
_ENVELOPE = {"payloadType": is_text, "payload": is_text, "signatures": [{"keyid": is_digest, "sig": is_text}]}
_STATEMENT = {
    "_type": is_text,
    "subject": [{"name": is_text, "digest": {"sha256": is_text}}],
    "predicateType": is_text,
    "predicate": is_anything,
}


def check(value: Any, shape: Any, *, where: str) -> Any:
    """The same value.

    Raises:
        Corrupt("… of a refused form", where): a key, a type or a spelling that the page of the format does not allow.
    """
    fault = _first_fault(value, shape, "")
    if fault:
        raise Corrupt(f"{fault} of a refused form", where)
    return value


def instant(text: str, *, where: str) -> datetime:
    """The instant of a time already known to be well spelled.

    Raises:
        Corrupt: it is not.
    """
    try:
        return from_text(text)
    except Refusal as error:
        raise Corrupt("time of a refused form", where) from error


@contextmanager
def at(where: str) -> Iterator[None]:
    """Whatever is found wrong inside is wrong at this place.

    Raises:
        Corrupt: the same, under the place's name.
    """
    try:
        yield
    except Corrupt as error:
        raise Corrupt(error.what, where) from error
    except ValueError as error:
        raise Corrupt("value that cannot be read", where) from error


def read_json(raw: bytes, shape: Any, *, where: str) -> Any:
    """The value of canonical JSON of one shape.

    Raises:
        Corrupt: another spelling or another shape.
    """
    with at(where):
        return check(decode(raw, where=where), shape, where=where)


def peek(envelope: bytes, *, where: str) -> Mapping[str, Any]:
    """The statement of an envelope whose form is right to the last key; signatures not yet checked.

    Raises:
        Corrupt: an envelope or statement of a refused form.
    """
    with at(where):
        check(decode(envelope, where=where), _ENVELOPE, where=where)
        statement = dsse.peek(envelope, where=where)
        check(dict(statement), _STATEMENT, where=where)
    return statement


def read_keys(plain: Any, *, where: str) -> dict[str, bytes]:
    """Public keys (base64) by their id, each of an accepted form and under its own digest.

    Raises:
        Corrupt: not such keys, a key of a refused form or under another id.
    """
    if not isinstance(plain, dict) or not all(is_text(text) for text in plain.values()):
        raise Corrupt("keys of a refused form", where)
    keys: dict[str, bytes] = {}
    for name, text in plain.items():
        public = check_point(from_base64(text, where=where), where=where)
        if key_id(public) != name:
            raise Corrupt("key under another id", where)
        keys[name] = public
    return keys


def _first_fault(value: Any, shape: Any, path: str) -> str:
    if isinstance(shape, tuple):
        return "" if value is None else _first_fault(value, shape[0], path)
    if isinstance(shape, list):
        return _fault_in_list(value, shape[0], path)
    if isinstance(shape, Mapping):
        return _fault_in_keys(value, shape, path)
    return "" if shape(value) else path or "value"


def _fault_in_list(value: Any, shape: Any, path: str) -> str:
    if not isinstance(value, list):
        return path or "list"
    faults = (_first_fault(item, shape, f"{path}[{number}]") for number, item in enumerate(value))
    return next((fault for fault in faults if fault), "")


def _fault_in_keys(value: Any, shape: Mapping[str, Any], path: str) -> str:
    if not isinstance(value, dict):
        return path or "object"
    if value.keys() != shape.keys():
        return f"{path}.{min(value.keys() ^ shape.keys())}".strip(".") or "object"
    for name, inner in shape.items():
        if callable(inner) and inner(value[name]):
            continue
        fault = _first_fault(value[name], inner, f"{path}.{name}".strip("."))
        if fault:
            return fault
    return ""
