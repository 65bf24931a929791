"""Compiles the words of the screens: `django.po` to `django.mo`, without gettext's own tools.

    python packaging/screen_words.py            write every .mo
    python packaging/screen_words.py --check    fail when a .mo is not its .po, or a screen says what no .po has

A .po holds `msgid` and `msgstr` in double quotes, each perhaps over several lines; no plurals and no contexts. The .mo
is the format of GNU gettext: magic, revision 0, a table of sorted ids, a table of their translations.
"""

import ast
import re
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

WEB = Path(__file__).resolve().parent.parent / "src" / "shouxin" / "faces" / "web"
_MAGIC = 0x950412DE
_HEAD = 28
_CALLS = ("_", "gettext", "gettext_lazy")
_TRANSLATE = re.compile(r"""\{%\s*translate\s+(?:"([^"]*)"|'([^']*)')\s*%\}""")
_BLOCK = re.compile(r"\{%\s*blocktranslate\b[^%]*%\}(.*?)\{%\s*endblocktranslate\s*%\}", re.DOTALL)
_SLOT = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")


def read_po(text: str) -> dict[str, str]:
    """Id → translation; the empty id holds the head."""
    found: dict[str, str] = {}
    parts = {"msgid": "", "msgstr": ""}
    kind = ""
    for line in [*text.splitlines(), 'msgid ""']:
        if line.startswith("#") or not line.strip():
            continue
        word, _, quoted = line.partition(" ") if not line.startswith('"') else (kind, "", line)
        if word == "msgid" and kind == "msgstr":
            found[parts["msgid"]] = parts["msgstr"]
            parts = {"msgid": "", "msgstr": ""}
        kind = word
        parts[kind] += ast.literal_eval(quoted)
    return found


def write_mo(words: dict[str, str]) -> bytes:
    """The compiled catalogue: only what is translated."""
    pairs = sorted((key.encode(), value.encode()) for key, value in words.items() if value)
    start = _HEAD + 16 * len(pairs)
    ids, texts, body = b"", b"", b""
    for key, _ in pairs:
        ids += struct.pack("<II", len(key), start + len(body))
        body += key + b"\0"
    for _, value in pairs:
        texts += struct.pack("<II", len(value), start + len(body))
        body += value + b"\0"
    head = struct.pack("<IIIIIII", _MAGIC, 0, len(pairs), _HEAD, _HEAD + 8 * len(pairs), 0, start)
    return head + ids + texts + body


def spoken(folder: Path = WEB) -> set[str]:
    """Every id that a screen says: in templates and in code."""
    found: set[str] = set()
    for path in sorted((folder / "templates").rglob("*.html")):
        found |= set(_in_template(path.read_text("utf-8")))
    for path in sorted(folder.rglob("*.py")):
        found |= set(_in_code(ast.parse(path.read_text("utf-8"))))
    return found


def _in_template(text: str) -> Iterator[str]:
    for double, single in _TRANSLATE.findall(text):
        yield double or single
    for block in _BLOCK.findall(text):
        trimmed = " ".join(line.strip() for line in block.strip().splitlines())
        yield _SLOT.sub(r"%(\1)s", trimmed.replace("%", "%%"))


def _in_code(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CALLS and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def catalogues() -> list[Path]:
    """Every .po of the screens."""
    return sorted(WEB.glob("locale/*/LC_MESSAGES/django.po"))


def main(arguments: list[str]) -> int:
    """Write or check."""
    wrong = 0
    for path in catalogues():
        words, compiled = read_po(path.read_text("utf-8")), path.with_suffix(".mo")
        lacking = sorted(key for key in spoken() if not words.get(key))
        if "--check" not in arguments:
            compiled.write_bytes(write_mo(words))
        elif compiled.read_bytes() != write_mo(words) or lacking:
            wrong = 1
        for key in lacking:
            print(f"{path.parent.parent.name}: {key!r}")
    return wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
