"""Looking again after the end: in the vault for keys and records, in files for values that must not be there any more.

Absence cannot be proved from within; what is claimed is bounded: these files, this method, this many looked for.
"""

import gzip
import io
import zipfile
import zlib
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO

import numpy as np

from shouxin.duties.disposal.fates import COMPARTMENTS, WHOLE, Fates
from shouxin.duties.disposal.models import Destruction, Rescan
from shouxin.stores.vault import queries as vault

VAULT, FILES = "vault: records, key states, self-test", "files: search of planted and sampled values"
ENCODINGS = ("utf-8", "gb18030", "utf-16-le")
SHORTEST = 6
"""Bytes. Shorter ones stand in any ciphertext by chance."""
_CHUNK = 1 << 20
_MOST_OF_A_MEMBER = 1 << 28


def vault_again(row: Destruction, fates: Fates, *, at: datetime) -> Rescan:
    """Look for every destroyed cell: no record, no living state; and whether the vault is in order."""
    skipped = {customer for group in row.groups.all() for customer in group.skipped}
    masks = {
        customer: mask
        for customer, mask in zip(fates.customer.tolist(), fates.ends.tolist(), strict=True)
        if customer not in skipped
    }
    cells = vault.cells(list(masks))
    left = sum(
        1
        for customer, category in zip(cells.customer.tolist(), cells.category.tolist(), strict=True)
        if masks[customer] >> category & 1
    )
    states = vault.state(list(masks))
    alive = sum(1 for customer, mask in masks.items() if not _is_ended(states[customer], mask))
    test = vault.self_test()
    return Rescan.objects.create(
        case=row.case,
        destruction=row,
        method=VAULT,
        planted=0,
        looked_for=sum(mask.bit_count() for mask in masks.values()),
        found=left + alive,
        where=list(test.wrong),
        at=at,
    )


def _is_ended(state: vault.CustomerState, mask: int) -> bool:
    if mask == WHOLE:
        return state.state == "destroyed"
    return all(name in state.closed for place, name in enumerate(COMPARTMENTS) if mask >> place & 1)


class Needles:
    """Byte strings to look for, any number at once: a table of their first two bytes, small enough to stay near the
    processor, and one of their first three leave few places to compare.
    """

    def __init__(self, texts: Collection[str]) -> None:
        """The bytes that each text may stand as; texts too short to mean anybody are left out."""
        found = {text.encode(name, errors="ignore") for text in texts for name in ENCODINGS}
        self.wanted = frozenset(each for each in found if len(each) >= SHORTEST)
        self._lengths: dict[bytes, list[int]] = {}
        self._two, self._three = np.zeros(1 << 16, bool), np.zeros(1 << 24, bool)
        for each in self.wanted:
            lengths = self._lengths.setdefault(each[:3], [])
            if len(each) not in lengths:
                lengths.append(len(each))
            self._two[int.from_bytes(each[:2], "little")] = True
            self._three[int.from_bytes(each[:3], "little")] = True
        self.longest = max((len(each) for each in self.wanted), default=0)

    def __len__(self) -> int:
        return len(self.wanted)

    def in_window(self, window: bytes) -> set[bytes]:
        """Those that stand in these bytes."""
        if len(window) < SHORTEST:
            return set()
        found = set()
        for start in (0, 1):  # every byte pair begins at an even place or at an odd one
            for place in self._may_begin(window, start):
                for length in self._lengths[window[place : place + 3]]:
                    part = window[place : place + length]
                    if part in self.wanted:
                        found.add(part)
        return found

    def _may_begin(self, window: bytes, start: int) -> list[int]:
        """The places, of every second one from `start`, whose next three bytes begin something wanted."""
        pairs = np.frombuffer(window, "<u2", count=(len(window) - start) // 2, offset=start)
        places = np.flatnonzero(self._two[pairs]) * 2 + start
        places = places[places < len(window) - 2]
        raw = np.frombuffer(window, np.uint8)
        three = pairs[(places - start) // 2] | raw[places + 2].astype(np.uint32) << 16
        return places[self._three[three]].tolist()


def search(paths: Collection[Path], needles: Needles) -> dict[Path, int]:
    """For each file in which one of these byte strings stands: how many of them. Archives are looked into."""
    found: dict[Path, int] = {}
    for path in sorted(set(paths)):
        try:
            hits = _search_file(path, needles)
        except FileNotFoundError:  # a journal that a database took away meanwhile
            continue
        if hits:
            found[path] = hits
    return found


def files_in(folder: Path) -> list[Path]:
    """Every file below a folder."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]


def _search_file(path: Path, needles: Needles) -> int:
    hits: set[bytes] = set()
    with path.open("rb") as file:
        for stream in _streams(file):
            hits |= _search_stream(stream, needles)
    return len(hits)


def _streams(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """The file itself, and what is packed in it."""
    head = file.read(4)
    file.seek(0)
    yield file
    file.seek(0)
    if head.startswith(b"PK\x03\x04") and zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                if not member.is_dir() and not member.flag_bits & 1:
                    with archive.open(member) as packed:
                        yield packed
    elif head.startswith(b"\x1f\x8b"):
        yield io.BytesIO(_unpacked(file))


def _unpacked(file: IO[bytes]) -> bytes:
    try:
        with gzip.GzipFile(fileobj=file) as packed:
            return packed.read(_MOST_OF_A_MEMBER)
    except (OSError, EOFError, zlib.error):
        return b""


def _search_stream(stream: IO[bytes], needles: Needles) -> set[bytes]:
    overlap, tail = needles.longest - 1, b""
    found: set[bytes] = set()
    while chunk := stream.read(_CHUNK):
        window = tail + chunk
        found |= needles.in_window(window)
        tail = window[-overlap:]
    return found
