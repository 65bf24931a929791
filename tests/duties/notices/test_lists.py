"""The telephone list goes out, is filled in, and comes back as an answer sheet."""

import io

import fastexcel
import xlsxwriter
from pypdf import PdfReader

from shouxin.duties.consent import queries as consent_queries
from shouxin.duties.consent import services as consent
from shouxin.duties.notices import queries, services
from shouxin.ground.rulebook.gates.codes import Answer, Notice
from tests.cast import CUSTOMERS
from tests.duties.stage import AT, CASE, add_customers, adopt, ask, later


def filled_in(path, folder):
    """The same list with answers written into its columns."""
    table = fastexcel.read_excel(path).load_sheet(0, header_row=None, dtypes="string").to_arrow()
    rows = [[str(cell or "") for cell in row] for row in zip(*(c.to_pylist() for c in table.columns), strict=True)]
    header, people = rows[0], rows[1:]
    for number, person in enumerate(people):
        said = dict(zip(header, person, strict=True))
        said |= {"答复": "同意" if number % 2 == 0 else "不同意", "途径": "电话", "答复时间": "2026-11-24 10:00"}
        said |= {"登记人": "纪小满", "凭证": f"通话记录 {number}"}
        people[number] = [said[name] for name in header]
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([header, *people]):
            sheet.write_row(number, 0, row)
    back = folder / "back.xlsx"
    back.write_bytes(target.getvalue())
    return back


def test_a_telephone_list_comes_back_as_answers(stage, without_mail, home, tmp_path):
    digests = adopt(stage)
    ask(stage, texts=tuple(digests.values()))
    result = services.send(case=CASE, by=stage.clerk, at=AT, channels=("phone",))
    (path,) = [home / file for file in result.files if "名单" in fastexcel.read_excel(home / file).sheet_names]
    script = fastexcel.read_excel(path).load_sheet(1, header_row=None, dtypes="string").to_arrow()
    assert "您好，我是青禾家政的工作人员" in str(script.column(0)[0])
    result = consent.import_sheet(
        path=filled_in(path, tmp_path),
        case=CASE,
        texts_of=lambda customers: queries.texts_shown(CASE, customers),
        resolve=queries.resolve_codes,
        by=stage.clerk,
        at=later(days=2),
    )
    # Four speak Chinese; the fifth stands on the English list.
    assert (result.recorded, result.refused) == (4, ())
    columns = consent_queries.answers(CASE, later(days=2))
    assert columns.answer.tolist() == [Answer.AGREE, Answer.REFUSE, Answer.AGREE, Answer.REFUSE]
    assert columns.defect.tolist() == [0, 0, 0, 0]
    states = queries.states(CASE, later(days=2))
    assert states.notice.tolist().count(Notice.REACHED) == 4


def test_letters_print_one_page_or_more_per_person_with_address_and_code(stage, without_mail, home):
    adopt(stage)
    add_customers(({"name": "叶青岚", "address": CUSTOMERS[0].address},))
    result = services.send(case=CASE, by=stage.clerk, at=AT, channels=("letter",))
    pdfs = [home / file for file in result.files if file.endswith(".pdf")]
    texts = ["".join(page.extract_text() for page in PdfReader(path).pages) for path in pdfs]
    whole = "".join("".join(texts).split())
    assert whole.count("尊敬的客户，您好") == 5
    assert whole.count("Dearcustomer") == 1
    assert CUSTOMERS[0].address in whole
    # A sign the font lacks is written as its code point, never dropped.
    assert "〔U+20BB7〕" in whole
