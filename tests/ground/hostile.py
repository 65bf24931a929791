"""What a stranger might send: good bytes changed in every way that is cheap to think of. All of it repeats itself.

`of_bytes` changes the bytes; `of_value` changes one node of a JSON value to something of another kind, leaves it out,
doubles it or puts something beside it, so that a test can sign the result again and come past the signature.
"""

import copy
import json
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from shouxin.ground.kernel.canonical import encode
from shouxin.ground.kernel.refusals import Corrupt, Refusal

STRANGE: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**53 - 1),
    *("", " ", "x", "天", "\x00", "9" * 5000, "1" * 64, "..", "a\nb", "\u2028", "é\x7f"),
    *("sha256:" + "0" * 64, "AA==", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
    *([], {}, [[]], [{}], [None], {"": None}, {"a": [1]}, [1, "1"]),
)
"""Values of every kind, none of which most fields take."""

Read = Callable[[bytes], object]


def of_bytes(raw: bytes, *, rounds: int = 60, seed: int = 7) -> Iterator[bytes]:
    """The bytes cut, flipped, doubled, stretched and replaced."""
    draw = random.Random(seed)
    yield from (
        b"",
        b"\x00",
        b"\xff" * 64,
        b"null",
        b"[]",
        b"{}",
        b'""',
        b"[" * 100_000,
        b'{"a":' * 40 + b"1" + b"}" * 40,
    )
    yield from (raw + b"\x00", raw + raw, b"\n" + raw, raw[:-1], raw[1:])
    for _ in range(rounds):
        place, other = sorted((draw.randrange(len(raw)), draw.randrange(len(raw))))
        yield raw[:place]
        yield raw[:place] + bytes([raw[place] ^ (1 << draw.randrange(8))]) + raw[place + 1 :]
        yield raw[:place] + draw.randbytes(draw.randrange(1, 40)) + raw[place:]
        yield raw[:place] + raw[other:]
        yield raw[:place] + b"9" * draw.choice([20, 400, 5000]) + raw[other:]


def of_value(value: Any, *, most: int = 100_000, seed: int = 7) -> Iterator[tuple[str, Any]]:
    """Every node of a JSON value made strange, one at a time, with what was done; at most so many, drawn alike."""
    found = [(path, *change) for path in _paths(value) for change in _changes(_node(value, path))]
    chosen = found if len(found) <= most else random.Random(seed).sample(found, most)
    for path, told, change in chosen:
        yield f"{json.dumps(path)} {told}", _changed(value, path, change)


def _changes(node: Any) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    for number, strange in enumerate(STRANGE):
        yield f"is strange {number}", lambda _, strange=strange: strange
    if isinstance(node, dict):
        yield "has one more", lambda each: {**each, "zzz": 1}
        for key in node:
            yield f"lacks {key}", lambda each, key=key: _less(each, key)
    if isinstance(node, list) and node:
        yield "is doubled", lambda each: [*each, *each]
        yield "is backwards", lambda each: [*reversed(each)]


def spelled(values: Iterable[tuple[str, Any]]) -> Iterator[bytes]:
    """The canonical bytes of those values that have some."""
    for _, value in values:
        yield from spelled_by(lambda value=value: encode(value))


def spelled_by(write: Callable[[], bytes]) -> Iterator[bytes]:
    """What a writer makes, unless it has no spelling for it."""
    with suppress(Corrupt):
        yield write()


def some(items: Iterable[bytes], most: int, *, seed: int = 7) -> list[bytes]:
    """At most so many of them, drawn alike every time."""
    found = list(items)
    return found if len(found) <= most else random.Random(seed).sample(found, most)


def of_lines(text: str, *, lines: tuple[str, ...]) -> Iterator[str]:
    """A text of lines with each line left out, doubled, or replaced."""
    found = text.split("\n")
    for place in range(len(found)):
        yield "\n".join(found[:place] + found[place + 1 :])
        yield "\n".join(found[: place + 1] + found[place:])
        for line in lines:
            yield "\n".join([*found[:place], line, *found[place + 1 :]])


def told(read: Read, raw: bytes) -> str:
    """What a reader says of some bytes: nothing when it takes them, else its refusal.

    Raises: whatever else the reader raises, which is what these tests look for.
    """
    try:
        read(raw)
    except Corrupt as error:
        return f"corrupt: {error.what}" if error.what and error.where else "corrupt without a word"
    except Refusal as error:
        return error.code
    return ""


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from _paths(inner, (*path, key))


def _node(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def _changed(value: Any, path: tuple[Any, ...], change: Callable[[Any], Any]) -> Any:
    if not path:
        return change(copy.deepcopy(value))
    made = copy.deepcopy(value)
    holder = _node(made, path[:-1])
    holder[path[-1]] = change(holder[path[-1]])
    return made


def _less(value: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: inner for name, inner in value.items() if name != key}
