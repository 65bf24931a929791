"""Everything a screen says is said in both languages, and what is compiled is what is written."""

import gettext
import importlib.util
import io
import re
from pathlib import Path

import pytest

from shouxin.faces.web import findings

ROOT = Path(__file__).resolve().parents[3]
SOURCE = ROOT / "src" / "shouxin"


def _tool():
    spec = importlib.util.spec_from_file_location("screen_words", ROOT / "packaging" / "screen_words.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOOL = _tool()
PO = TOOL.WEB / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"


def test_every_visible_string_has_its_chinese():
    words = TOOL.read_po(PO.read_text("utf-8"))
    spoken = TOOL.spoken()
    assert len(spoken) > 150
    assert sorted(key for key in spoken if not words.get(key)) == []
    assert sorted(key for key in words if key and key not in spoken) == []


def test_both_languages_name_the_same_facts():
    words = TOOL.read_po(PO.read_text("utf-8"))
    slots = re.compile(r"%\((\w+)\)s")
    assert [
        key for key, value in words.items() if key and sorted(slots.findall(key)) != sorted(slots.findall(value))
    ] == []


def test_no_template_says_anything_outside_the_catalogue():
    """English words outside of tags, variables and translation are not shown to a Chinese reader."""
    bilingual = {"unknown.html", "broken.html"}
    for path in sorted((TOOL.WEB / "templates").rglob("*.html")):
        if path.name in bilingual:
            continue
        text = re.sub(
            r"\{% blocktranslate.*?endblocktranslate %\}|<code>.*?</code>", "", path.read_text("utf-8"), flags=re.DOTALL
        )
        text = re.sub(r"\{[%{].*?[%}]\}|<[^>]+>|&\w+;", " ", text, flags=re.DOTALL)
        assert set(re.findall(r"[A-Za-z\u4e00-\u9fff]{2,}", text)) <= {"English", "中文"}, path.name


def test_the_compiled_catalogue_is_the_written_one():
    assert PO.with_suffix(".mo").read_bytes() == TOOL.write_mo(TOOL.read_po(PO.read_text("utf-8")))
    with PO.with_suffix(".mo").open("rb") as file:
        catalogue = gettext.GNUTranslations(file)
    assert catalogue.gettext("Do not agree") == "不同意"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('msgid "a"\nmsgstr "b"\n', {"a": "b"}),
        ('# a note\nmsgid ""\n"a "\n"c"\nmsgstr "b\\n"\n', {"a c": "b\n"}),
        ('msgid "q\\"q"\nmsgstr ""\n', {'q"q': ""}),
    ],
)
def test_a_catalogue_is_read_as_gettext_reads_it(text, expected):
    words = TOOL.read_po(text)
    assert words == expected
    compiled = gettext.GNUTranslations(
        io.BytesIO(TOOL.write_mo({"": "Content-Type: text/plain; charset=UTF-8\n", **words}))
    )
    assert all(compiled.gettext(key) == value for key, value in words.items() if value)


def test_everything_that_may_be_missing_is_said_in_words():
    """Each code that evidence may name as missing; a code built from a name is listed by its makers."""
    found = set()
    for path in sorted(SOURCE.rglob("evidence.py")):
        found |= set(re.findall(r'Missing\(\s*(?:code=)?"([a-z_.]+)"', path.read_text("utf-8")))
    found |= set(re.findall(r'Missing\(code="([a-z_.]+)"', (SOURCE / "stores/parties/queries.py").read_text("utf-8")))
    found |= set(
        re.findall(
            r'"((?:rights|relations)\.(?:overdue|open))"', (SOURCE / "duties/rights/evidence.py").read_text("utf-8")
        )
    )
    assert sorted(found - set(findings.tables()["missing"]) - set(_NOT_ON_A_CASE)) == []


_NOT_ON_A_CASE = ("transfer.key_not_of_contract",)
