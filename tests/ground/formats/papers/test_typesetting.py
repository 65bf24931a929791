"""PDFs: values are never markup, the same input gives the same bytes, rare signs are not dropped."""

import io
from datetime import UTC, datetime

from pypdf import PdfReader

from shouxin.ground.formats import papers
from shouxin.ground.formats.papers.typesetting import printable

AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def words(raw):
    """What a reader of the PDF finds, without spaces."""
    return "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(raw)).pages).split())


def test_a_value_is_never_markup():
    letters = [{"to": "#panic()\n$x$", "body": "*不是粗体* #let x = 1 \\ [甲]"}]
    raw = papers.letters_pdf(letters, title="#x", at=AT)
    assert "#panic()" in words(raw)
    assert "*不是粗体*#letx=1\\[甲]" in words(raw)


def test_each_person_has_pages_of_their_own_and_the_bytes_repeat():
    letters = [{"to": f"第{n}位", "body": "您好\n\n正文"} for n in range(3)]
    raw = papers.letters_pdf(letters, title="信", at=AT)
    assert len(PdfReader(io.BytesIO(raw)).pages) == 3
    assert papers.letters_pdf(letters, title="信", at=AT) == raw


def test_a_sign_the_font_lacks_is_known_before_and_written_as_its_code_point():
    assert papers.missing_signs("吉𠮷安\n") == ("𠮷",)
    assert printable("𠮷安") == "〔U+20BB7〕安"
    assert printable("吉安 Ada é") == "吉安 Ada é"
