"""Copies read back: checked without a key, or opened with the recovery key and put together again.

An incremental copy is opened together with those it goes on from, oldest first; the pages' keyed digest then says
whether the result is the file that was copied.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shouxin.ground.kernel.canonical import decode, from_base64
from shouxin.ground.kernel.refusals import Corrupt
from shouxin.stores.backup import chunks, frames, manifests, pages
from shouxin.stores.backup.frames import Frame
from shouxin.stores.backup.manifests import Manifest

LONGEST_CHAIN = 64
Told = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Head:
    """What a copy says of itself inside: the key of its page hashes and the home file."""

    pages_key: bytes
    home: dict[str, Any]


def chain(folder: Path) -> list[tuple[Path, Manifest]]:
    """A copy and those it goes on from, oldest first.

    Raises:
        Unavailable: one is not there; Corrupt: one cannot be read, or they do not belong together.
    """
    found: list[tuple[Path, Manifest]] = []
    place = folder
    while True:
        manifest = manifests.read(place)
        if manifest.header.copy != place.name or len(found) > LONGEST_CHAIN:
            raise Corrupt("backup under another copy's name", place.name)
        found.insert(0, (place, manifest))
        if not manifest.header.base:
            return found
        place = place.with_name(manifest.header.base)


def check(folder: Path, told: Told | None = None) -> Manifest:
    """Read all sealed bytes of a copy and of those it goes on from; no key is needed. Raises as `chain`, `stream`."""
    links = chain(folder)
    for number, (place, manifest) in enumerate(links):
        chunks.check(place / chunks.FILE, manifest.chunks, copy=manifest.header.copy)
        if told is not None:
            told("backup.check", number + 1, len(links))
    return links[-1][1]


def stream(folder: Path, manifest: Manifest, recovery: bytes) -> Iterator[Frame]:
    """The frames of one copy. Raises as `manifests.open_key`, `chunks.read`, `frames.unpack`."""
    key = manifests.open_key(manifest, recovery)
    copy = manifest.header.copy
    opened = chunks.read(folder / chunks.FILE, manifest.chunks, key=key, copy=copy)
    return frames.unpack(opened, where=f"{copy}/{chunks.FILE}")


def read_head(frame: Frame) -> Head:
    """The first frame of a copy. Raises Corrupt."""
    if frame.kind != frames.HEAD:
        raise Corrupt("backup without its head", "head")
    plain = decode(frame.body, where="backup head")
    return Head(from_base64(plain["pages_key"]), plain["home"])


def assemble(
    folder: Path, recovery: bytes, database: Path, *, other: Callable[[Frame], None], told: Told | None = None
) -> tuple[Manifest, Head]:
    """Put a SQLite file together from a copy and those it goes on from; `other` gets the newest copy's frames that are
    not pages.

    Raises:
        Refusal("backup.recovery_key"); Unavailable: a copy is not there; Corrupt: changed bytes, or the result is not
        the file that was copied.
    """
    links = chain(folder)
    manifest = links[-1][1]
    handle = os.open(database, os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
    try:
        for number, (place, link) in enumerate(links):
            head = _pour(place, link, recovery, handle, other if link is manifest else None)
            if told is not None:
                told("backup.open", number + 1, len(links))
        os.ftruncate(handle, manifest.content.pages * manifest.content.page_size)
        os.fsync(handle)
    finally:
        os.close(handle)
    if pages.hashes_of(database, head.pages_key).digest != manifest.content.pages_digest:
        raise Corrupt("backup whose pages are not those that were copied", manifest.header.copy)
    return manifest, head


def _pour(place: Path, link: Manifest, recovery: bytes, handle: int, other: Callable[[Frame], None] | None) -> Head:
    found = stream(place, link, recovery)
    head = read_head(next(found))
    for frame in found:
        if frame.kind == frames.PAGES:
            pages.write_run(handle, frame, link.content.page_size)
        elif other is not None:
            other(frame)
    return head
