"""A paper from a template and plain values, as PDF. Fonts are checked first; values are data; no network, no clock."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import typst

from shouxin.ground.formats import fonts
from shouxin.ground.kernel.refusals import Corrupt

Kind = Literal["pdf", "png"]


def typeset(
    template: str, values: Mapping[str, Any], *, issued: datetime, extra_fonts: Sequence[Path] = (), kind: Kind = "pdf"
) -> bytes:
    """The paper's bytes (`pdf`, or `png` of its first page).

    Raises:
        Refusal("fonts.missing"): a sign without a glyph; Corrupt: values that do not fit the template.
    """
    fonts.check("".join(_texts(values)), extra=extra_fonts)
    source = resources.files(__package__).joinpath(template).read_bytes()
    try:
        made = typst.compile(
            source,
            format=kind,
            font_paths=_fonts(tuple(extra_fonts)),
            sys_inputs={"values": json.dumps(values, ensure_ascii=False)},
            timestamp=issued,
            ppi=110.0 if kind == "png" else None,
        )
    except typst.TypstError as error:
        raise Corrupt("values that do not fit the template", template) from error
    return made[0] if isinstance(made, list) else made


@cache
def _fonts(extra: tuple[Path, ...]) -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[str(folder) for folder in fonts.folders(extra)])


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
