"""The key-encrypting key: a file with a name that says real or simulated, whose, and which version; and what its
place is worth.

K0: on the same volume as the keys: a snapshot of the machine revives a destroyed key. K1: on another device. K2 (a
key service with version destruction) has no driver here and is never claimed. Renewal (`close_epoch`) writes
`kek.next`, flips the root to it, then erases the older.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from shouxin.ground.kernel.canonical import decode, encode, from_base64, to_base64
from shouxin.ground.kernel.refusals import Corrupt, Refusal, Unavailable
from shouxin.stores.vault import durable

_NEXT = ".next"


@dataclass(frozen=True, repr=False)
class Kek:
    """One version of the key-encrypting key. Never printed."""

    version: int
    key: bytes

    @property
    def name(self) -> str:
        """What the key is called: real or simulated, whose, which version."""
        return f"{_prefix()}{self.version}"


def fresh(version: int) -> Kek:
    """A new random version."""
    return Kek(version, os.urandom(32))


def present_or_new(path: Path) -> Kek:
    """The key that a stopped founding left in this file, or a new one put there.

    Raises:
        Refusal("vault.kek_taken"): the file holds something else; it is not overwritten.
    """
    if path.exists():
        left = _read(path)
        if left is None:
            raise Refusal("vault.kek_taken", file=path.name)
        return left
    kek = fresh(1)
    write(path, kek)
    return kek


def write(path: Path, kek: Kek) -> None:
    """Put the key in its file, whole and durable."""
    if not path.parent.is_dir():
        raise Unavailable("folder of the key-encrypting key")
    durable.write_whole(path, encode({"name": kek.name, "key": to_base64(kek.key)}))


def write_next(path: Path, kek: Kek) -> None:
    """Put the next version beside the present one."""
    write(path.with_name(path.name + _NEXT), kek)


def settle(path: Path, version: int) -> None:
    """Only the version in use stays: the older is overwritten and the next takes its name; an unused next goes."""
    beside = path.with_name(path.name + _NEXT)
    if not beside.exists():
        return
    waiting = _read(beside)
    if waiting is None or waiting.version != version:
        durable.remove(beside)
        return
    if path.exists():
        durable.erase(path)
    durable.step("older KEK erased")
    durable.write_whole(path, encode({"name": waiting.name, "key": to_base64(waiting.key)}))
    durable.remove(beside)


def find(path: Path, version: int) -> Kek:
    """The version that a root slot names.

    Raises:
        Unavailable: the file is not there (a removed device); Corrupt: it holds another company's, kind's or
        version's key.
    """
    candidates = [path, path.with_name(path.name + _NEXT)]
    if not any(candidate.exists() for candidate in candidates):
        raise Unavailable("key-encrypting key: its file is not there")
    for candidate in candidates:
        kek = _read(candidate)
        if kek is not None and kek.version == version:
            return kek
    raise Corrupt("key-encrypting key of another name or version", "kek")


def custody_class(keys: Path, kek: Path) -> str:
    """What the place of the KEK is worth: "K1" on another device than the keys, else "K0"."""
    apart = kek.parent.stat().st_dev != keys.stat().st_dev
    return "K1" if apart else "K0"


def _read(path: Path) -> Kek | None:
    """The key in a file, or None when the file is away, erased, torn or of another name."""
    try:
        plain: Mapping[str, str] = decode(path.read_bytes(), where="kek")
    except (OSError, Corrupt):
        return None
    name, prefix = str(plain.get("name", "")), _prefix()
    version = name.removeprefix(prefix)
    if not name.startswith(prefix) or not version.isdigit():
        return None
    return Kek(int(version), from_base64(plain["key"], where="kek"))


def _prefix() -> str:
    home = settings.SHOUXIN
    return f"shouxin.kek/{'simulated' if home.simulated else 'real'}/{home.id}/"
