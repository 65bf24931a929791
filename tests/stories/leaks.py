"""Looking for people in files: every text of every person, in three encodings, through archives, PDF and base64.

A file is opened as far as it goes: ZIP (XLSX, DOCX, evidence packs, NumPy archives), PDF text, base64 runs of 32
signs and more, JSON's escapes. What is sealed stays noise. Texts shorter than six bytes are not looked for.
"""

import base64
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pypdf

ENCODINGS = ("utf-8", "gb18030", "utf-16-le")
SHORTEST = 6
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{32,}={0,2}")
_ESCAPED = re.compile(rb"\\u[0-9a-fA-F]{4}")
_MASK = np.uint64((1 << (8 * SHORTEST)) - 1)


@dataclass(frozen=True)
class Leak:
    """A text found: whose (by key), of which kind, in which file."""

    person: str
    kind: str
    file: str


class Search:
    """All texts to look for, ready for one pass over each file."""

    def __init__(self, texts: Iterable[tuple[str, str, str]]) -> None:
        self._patterns: dict[int, list[tuple[bytes, str, str]]] = {}
        for person, kind, text in texts:
            for encoding in ENCODINGS:
                raw = text.encode(encoding)
                if len(raw) >= SHORTEST:
                    self._patterns.setdefault(int.from_bytes(raw[:SHORTEST], "little"), []).append((raw, person, kind))
        self._heads = np.array(sorted(self._patterns), np.uint64)

    def in_folder(self, folder: Path, *, but: Iterable[Path] = ()) -> list[Leak]:
        """Every text found below a folder."""
        left_out = [path.resolve() for path in but]
        found: dict[Leak, None] = {}
        for path in sorted(folder.rglob("*")):
            if not path.is_file() or any(path.resolve().is_relative_to(each) for each in left_out):
                continue
            for leak in self._in_bytes(path.read_bytes(), str(path.relative_to(folder))):
                found[leak] = None
        return list(found)

    def _in_bytes(self, raw: bytes, name: str, depth: int = 0) -> Iterator[Leak]:
        yield from self._matches(raw, name)
        if depth < 4:
            for inner_name, inner in _inside(raw):
                yield from self._in_bytes(inner, f"{name}!{inner_name}", depth + 1)

    def _matches(self, raw: bytes, name: str) -> Iterator[Leak]:
        if len(raw) < 8:
            return
        padded = raw + b"\0" * 16
        for shift in range(8):
            words = np.frombuffer(padded, np.uint64, count=(len(raw) + 8 - shift) // 8, offset=shift) & _MASK
            places = np.searchsorted(self._heads, words)
            places[places == len(self._heads)] = 0
            for hit in np.flatnonzero(self._heads[places] == words) if len(self._heads) else ():
                start = int(hit) * 8 + shift
                for pattern, person, kind in self._patterns[int(words[hit])]:
                    if raw.startswith(pattern, start):
                        yield Leak(person, kind, name)


def _inside(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """What stands inside: archive members, PDF text, decoded base64, unescaped JSON."""
    if raw[:4] == b"PK\x03\x04":
        try:
            with zipfile.ZipFile(io.BytesIO(raw)) as archive:
                for name in archive.namelist():
                    yield name, archive.read(name)
        except (zipfile.BadZipFile, NotImplementedError):
            return
    elif raw[:5] == b"%PDF-":
        pages = pypdf.PdfReader(io.BytesIO(raw)).pages
        yield "text", "\n".join(page.extract_text() for page in pages).encode()
    for place, run in enumerate(_BASE64.finditer(raw)):
        text = run.group()
        yield f"base64-{place}", base64.b64decode(text[: len(text) // 4 * 4])
    if _ESCAPED.search(raw):
        try:
            yield "unescaped", json.dumps(json.loads(raw), ensure_ascii=False).encode()
        except ValueError:
            return
