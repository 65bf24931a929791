"""PDF from data: typst sources beside this file read their document as JSON, so no value is ever markup.

Fonts come with the package; signs that they lack (rare characters in names) are known before a page is set.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
import typst
from fontTools.ttLib import TTFont

from shouxin.ground.kernel.refusals import Corrupt

_FONTS = Path(pylopdf_fonts_zh_cn.__file__).parent
_SERIF = _FONTS / "NotoSerifSC-Regular.otf"


@cache
def _known_signs() -> frozenset[int]:
    return frozenset(TTFont(_SERIF, lazy=True).getBestCmap())


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[str(_FONTS)])


def missing_signs(text: str) -> tuple[str, ...]:
    """The signs of a text that the built-in font cannot print, each once, in order."""
    known = _known_signs()
    return tuple(dict.fromkeys(sign for sign in text if sign not in "\n\r\t" and ord(sign) not in known))


def printable(text: str) -> str:
    """The same text, each sign the font lacks written as its code point (〔U+20BB7〕), never silently dropped."""
    missing = missing_signs(text)
    for sign in missing:
        text = text.replace(sign, f"〔U+{ord(sign):04X}〕")
    return text


def to_pdf(source: str, document: Mapping[str, Any], *, at: datetime) -> bytes:
    """The document set by a typst source of this package; the same input and time give the same bytes.

    Raises:
        Corrupt: the document does not fit the source.
    """
    raw = resources.files(__package__).joinpath(source).read_bytes()
    inputs = {"document": json.dumps(_printable_all(document), ensure_ascii=False)}
    try:
        return typst.compile(
            raw,
            format="pdf",
            font_paths=_fonts(),
            sys_inputs=inputs,
            timestamp=at,
        )
    except typst.TypstError as error:
        raise Corrupt("document that cannot be set", source) from error


def letters_pdf(letters: Iterable[Mapping[str, str]], *, title: str, at: datetime) -> bytes:
    """One letter per person, each from a page of its own: `to` (lines of the address), `body`."""
    pages: Sequence[Mapping[str, str]] = list(letters)
    return to_pdf("letters.typ", {"title": title, "letters": pages}, at=at)


def _printable_all(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {name: _printable_all(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_printable_all(inner) for inner in value]
    return value
