"""The papers for people: whole in both languages, at most five pages, never a box for a sign."""

import io
from dataclasses import replace
from datetime import UTC, datetime

import pypdf
import pytest
from docx import Document

from shouxin.ground.formats import certificate as certificates
from shouxin.ground.formats import fonts
from shouxin.ground.formats.certificate import Words
from shouxin.ground.formats.report import closing, papers
from shouxin.ground.kernel.refusals import Refusal
from tests.ground.formats.test_pack import cast

PACK_DIGEST = cast.sha("pack")
SENTENCE = Words("操作人员此前自行复制的内容。", "What an operator copied before.")
LISTS = ("exceptions", "relied", "not_proved")


def facts(**changes: object) -> closing.ClosingFacts:
    good = closing.ClosingFacts(
        company=cast.NAME,
        case=cast.CASE,
        simulated=False,
        issued=datetime(2027, 1, 4, 2, 0, tzinfo=UTC),
        facts=[Words("本店结束家政业务。", "The shop ended its housekeeping business.")],
        structure=[Words("物品（资产）转让。", "Sale of assets.")],
        rule=[Words("须取得单独同意。", "Separate consent is needed.")],
        ends={"handed_over": 3112, "sealed": 902, "destroyed": 875, "kept": 111},
        exceptions=[closing.Exceptional(Words("两把钥匙未还。", "Two keys not returned."), "staff:1", "2027-03-01")],
        relied=[closing.Relied("A20", "R", Words("次一工作日起移交。", "From the next working day."))],
        not_proved=[SENTENCE],
        decision_set=cast.DECISION_SET,
        checkpoint="example.test/a · 273",
        signers=[Words("店主", "Owner")],
    )
    return replace(good, **changes)


def read(pdf: bytes) -> tuple[int, str]:
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    return len(reader.pages), "".join(page.extract_text() for page in reader.pages).replace("\n", "")


@pytest.mark.parametrize(
    ("language", "wanted"),
    [("zh", ["结案报告", "没有证明的事项", "3,112", "62.2", "移交"]), ("en", ["NOT proved", "3,112", "Handed over"])],
)
def test_the_closing_report_says_everything_in_each_language(language, wanted):
    pages, text = read(closing.closing_report(facts(), language=language, pack_digest=PACK_DIGEST))
    assert pages <= 5
    for word in [*wanted, SENTENCE.say(language), PACK_DIGEST, cast.DECISION_SET]:
        assert word.replace(" ", "") in text.replace(" ", ""), word


def test_the_same_facts_give_the_same_bytes():
    assert closing.closing_report(facts(), language="zh") == closing.closing_report(facts(), language="zh")


def test_it_stays_within_five_pages_and_says_that_there_is_more():
    many = [SENTENCE] * 200
    full = facts(
        facts=many[:12],
        not_proved=many,
        exceptions=[closing.Exceptional(SENTENCE, "staff:1")] * 200,
        relied=[closing.Relied("A20", "M", SENTENCE)] * 200,
    )
    pages, text = read(closing.closing_report(full, language="zh"))
    assert pages <= 5
    assert text.replace(" ", "").count("其余190项") == len(LISTS)


def test_without_the_packs_digest_it_says_where_that_stands():
    _, text = read(closing.closing_report(facts(), language="zh"))
    assert "封面" in text


def test_a_simulated_case_says_so_on_every_paper():
    paper = replace(cast.closed_case(filler=0).content, simulated=True)
    assert "虚构" in read(closing.closing_report(facts(simulated=True), language="zh"))[1]
    assert "虚构" in read(papers.certificate_page(paper, language="zh"))[1]


def test_the_document_has_the_same_words_as_the_pdf():
    document = Document(io.BytesIO(closing.closing_document(facts(), language="zh", pack_digest=PACK_DIGEST)))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    said = [paragraph.text for paragraph in document.paragraphs] + cells
    for word in ["结案报告", "本店结束家政业务。", "3,112", SENTENCE.zh, PACK_DIGEST]:
        assert word in said


def test_a_value_is_never_markup():
    hostile = Words("#panic() *粗* $x$ [链]", "#panic() *b* $x$ [l]")
    _, text = read(closing.closing_report(facts(facts=[hostile]), language="en"))
    assert "#panic()" in text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_certificates_page_opens_with_what_was_not_destroyed(language):
    content = cast.closed_case(filler=0).content
    still_open = replace(content, places=tuple(replace(place, exclusion=None) for place in content.places))
    pages, text = read(papers.certificate_page(still_open, language=language))
    words = {"zh": ("没有销毁", "部分完成", "未结地点"), "en": ("NOT destroyed", "Partial", "Open place")}[language]
    flat = text.replace(" ", "")
    assert pages == 1
    assert all(word.replace(" ", "") in flat for word in words)
    first, then = (content.exclusions[0].words.say(language), {"zh": "登记地点", "en": "Registered places"}[language])
    assert flat.index(first.replace(" ", "")) < flat.rindex(then.replace(" ", ""))
    assert isinstance(still_open, certificates.Certificate)


def test_the_file_list_marks_what_is_on_paper():
    listed = [
        closing.Listed(n, Words("协议", "Agreement"), f"documents/{n:02d}.pdf", PACK_DIGEST, n == 2) for n in (1, 2)
    ]
    _, text = read(closing.file_list(listed, facts(), language="zh"))
    assert text.count("（纸质）") == 1
    assert "documents/02.pdf" in text


def test_the_cover_sheet_prints_the_whole_digest():
    _, text = read(closing.cover_sheet(facts(), pack_digest=PACK_DIGEST, language="zh"))
    assert PACK_DIGEST in text


def test_a_sign_without_a_glyph_is_named_and_nothing_is_printed():
    assert fonts.missing("王𠮷·—“”①") == ("𠮷",)
    with pytest.raises(Refusal) as refused:
        closing.closing_report(facts(company="𠮷家政"), language="zh")
    assert refused.value.facts["signs"] == ["U+20BB7"]


def test_a_third_language_is_refused():
    with pytest.raises(Refusal, match=r"report\.language"):
        closing.closing_report(facts(), language="fr")
