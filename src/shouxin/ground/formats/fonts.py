"""Which signs the house can print. A sign without a glyph is named before the document is made, never printed as a box.

Fonts come from the package `pylopdf_fonts_zh_cn` (Noto Sans SC, Noto Serif SC); a server may add folders of its own.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pylopdf_fonts_zh_cn
from fontTools.ttLib import TTCollection, TTFont

from shouxin.ground.kernel.refusals import Refusal

SANS = "Noto Sans SC"
SERIF = "Noto Serif SC"
UNSEEN = frozenset("\n\t\u200b\u00ad\ufeff")
_KINDS = (".otf", ".ttf", ".ttc")


def folders(extra: Sequence[Path] = ()) -> list[Path]:
    """The folders a document's fonts are taken from; system fonts are never asked."""
    return [pylopdf_fonts_zh_cn.sans_path().parent, *extra]


def missing(text: str, *, extra: Sequence[Path] = ()) -> tuple[str, ...]:
    """The signs of a text that no font can draw, each once, in order."""
    wanted = dict.fromkeys(sign for sign in text if sign not in UNSEEN)
    known = _drawn(pylopdf_fonts_zh_cn.sans_path())
    for path in [font for folder in extra for font in sorted(folder.rglob("*")) if font.suffix.lower() in _KINDS]:
        if all(ord(sign) in known for sign in wanted):
            break
        known |= _drawn(path)
    return tuple(sign for sign in wanted if ord(sign) not in known)


def check(text: str, *, extra: Sequence[Path] = ()) -> None:
    """Refuse a text that would be printed with boxes.

    Raises:
        Refusal("fonts.missing"): with the code points; add a folder with a font that has them.
    """
    gone = missing(text, extra=extra)
    if gone:
        raise Refusal("fonts.missing", signs=[f"U+{ord(sign):04X}" for sign in gone])


@cache
def _drawn(path: Path) -> frozenset[int]:
    """The code points one font file has glyphs for."""
    if path.suffix.lower() == ".ttc":
        with TTCollection(path, lazy=True) as collection:
            return frozenset(point for font in collection.fonts for point in font.getBestCmap() or {})
    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap() or {})
