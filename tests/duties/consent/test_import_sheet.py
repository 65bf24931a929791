"""Answer sheets: each row wholly or not at all, with the reason of each refusal; nothing twice."""

import io

import pytest
import xlsxwriter

from shouxin.duties.consent import queries, services
from shouxin.duties.consent.models import Sheet
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook.bases import Defect
from shouxin.ground.rulebook.gates.codes import Answer
from shouxin.stores.ledger import queries as ledger
from tests.duties.stage import CASE, TEXT, ask, later

HEADER = ["序号", "答复码", "答复", "途径", "答复时间", "登记人", "凭证", "敏感信息", "监护人"]


def code(stage, number):
    """A stand-in for a reply code: the codes themselves are tried with the notices."""
    return f"CODE-{stage.customers[number]}"


def resolver(stage, case=CASE):
    """Whose code it is."""
    known = {code(stage, number): customer for number, customer in enumerate(stage.customers)}

    def owner(said):
        return (case, known[said]) if said in known else Refusal("notices.code_unknown")

    def resolve(said):
        assert not isinstance(said, str)  # all codes of a sheet are asked together
        return {each: owner(each) for each in said}

    return resolve


def good_rows(stage):
    """A yes with proof, a no, a call-back, a guardian's yes without proof, a yes to everything."""
    return [
        ["1", code(stage, 0), "同意", "电话", "2026-11-24 10:05", "纪小满", "录音 0001", "", ""],
        ["2", code(stage, 1), "不同意", "纸面", "2026-11-24", "纪小满", "回执 0002", "", ""],
        ["3", code(stage, 3), "Call me", "telephone", "2026/11/24 11:00", "纪小满", "", "", ""],
        ["4", code(stage, 2), "同意", "当面", "2026年11月24日 09:00", "纪小满", "", "", "是"],
        ["5", code(stage, 4), "同意", "来电", "2026-11-24 12:00:00", "纪小满", "录音 0005", "同意", ""],
    ]


def as_csv(path, rows, header=HEADER, encoding="utf-8-sig"):
    """Write a CSV."""
    path.write_bytes("\n".join(",".join(row) for row in [header, *rows]).encode(encoding))
    return path


def as_xlsx(path, rows, header=HEADER):
    """Write an XLSX."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([header, *rows]):
            sheet.write_row(number, 0, row)
    path.write_bytes(target.getvalue())
    return path


def read(stage, path, *, at=None, by=None):
    """Import a sheet."""
    return services.import_sheet(
        path=path,
        case=CASE,
        texts_of=lambda customers: dict.fromkeys(customers, TEXT),
        resolve=resolver(stage),
        by=by or stage.clerk,
        at=at or later(days=2),
    )


@pytest.mark.parametrize("form", ["csv", "gb18030", "xlsx"])
def test_a_sheet_is_recorded_under_one_entry(stage, tmp_path, form):
    ask(stage)
    path = tmp_path / f"answers.{'xlsx' if form == 'xlsx' else 'csv'}"
    if form == "xlsx":
        as_xlsx(path, good_rows(stage))
    else:
        as_csv(path, good_rows(stage), encoding="gb18030" if form == "gb18030" else "utf-8-sig")
    result = read(stage, path)
    assert (result.rows, result.recorded, result.known, result.refused) == (5, 5, 0, ())
    assert result.answers == {"agree": 3, "refuse": 1, "call_me": 1}
    assert len(ledger.entries(kinds=["consent.recorded"])) == 1
    columns = queries.answers(CASE, later(days=3))
    assert columns.answer.tolist() == [1, 2, 1, 4, 1]
    assert columns.guardian.tolist() == [False, False, True, False, False]
    assert columns.sensitive.tolist() == [False, False, False, False, True]
    # The guardian's yes came without proof: recorded, and named as defective.
    assert columns.defect.tolist() == [0, 0, Defect.NO_PROOF, 0, 0]


def test_each_bad_row_is_named_with_its_reason_and_the_good_ones_are_recorded(stage, tmp_path):
    ask(stage)
    rows = [
        good_rows(stage)[0],
        ["2", "CODE-0", "同意", "电话", "2026-11-24 10:00", "纪小满", "", "", ""],
        ["3", code(stage, 1), "大概吧", "电话", "昨天", "", "", "", ""],
        ["4", code(stage, 1), "同意", "电话", "2027-11-24", "纪小满", "", "", ""],
        ["5", code(stage, 1), "撤回", "电话", "2026-11-24", "纪小满", "", "", ""],
        ["", "", "", "", "", "", "", "", ""],
        good_rows(stage)[1],
    ]
    result = read(stage, as_csv(tmp_path / "a.csv", rows))
    assert result.recorded == 2
    assert [(each.row, each.code) for each in result.refused] == [
        (3, "notices.code_unknown"),
        (4, "consent.row_words"),
        (5, "consent.given_later"),
        (6, "consent.not_given"),
    ]
    assert result.refused[1].facts["columns"] == ["答复", "答复时间", "登记人"]


def test_the_same_file_is_read_once_and_a_corrected_one_adds_only_what_is_new(stage, tmp_path):
    ask(stage)
    wrong = [*good_rows(stage)[:2], ["3", code(stage, 3), "哦", "电话", "2026-11-24", "纪小满", "", "", ""]]
    path = as_csv(tmp_path / "a.csv", wrong)
    assert read(stage, path).recorded == 2
    with pytest.raises(Refusal, match=r"consent\.sheet_known"):
        read(stage, path)
    result = read(stage, as_csv(tmp_path / "b.csv", good_rows(stage)[:3]))
    assert (result.recorded, result.known, result.refused) == (1, 2, ())
    assert len(queries.history(stage.customers[0], CASE)) == 1


ASKING, WISH = [*HEADER, "内容"], "电话尾号改为 0002"


def test_what_was_asked_for_comes_back_with_whose_it_is_and_a_wish_without_words_is_refused(stage, tmp_path):
    ask(stage)
    rows = [
        ["1", code(stage, 0), "更正", "来电", "2026-11-24 10:05", "纪小满", "录音 1", "", "", WISH],
        ["2", code(stage, 1), "删除", "纸面", "2026-11-24 10:06", "纪小满", "回执 2", "", "", ""],
        ["3", code(stage, 2), "请打电话给我", "短信", "2026-11-24 10:07", "纪小满", "", "", "", ""],
        ["4", code(stage, 3), "投诉", "来电", "2026-11-24 10:08", "纪小满", "录音 4", "", "", ""],
        ["5", code(stage, 4), "同意", "来电", "2026-11-24 10:09", "纪小满", "录音 5", "", "", ""],
        ["6", code(stage, 4), "请打电话给我", "来电", "2026-11-24 10:10", "纪小满", "", "", "", ""],
        ["7", code(stage, 0), "查阅", "来电", "2027-11-24 10:10", "纪小满", "", "", "", ""],
    ]
    result = read(stage, as_csv(tmp_path / "a.csv", rows, header=ASKING))
    asked = [(each.row, each.customer, each.kind, each.route) for each in result.asked]
    assert asked == [
        (2, stage.customers[0], "correct", "telephone"),
        (3, stage.customers[1], "delete", "paper"),
        (4, stage.customers[2], "call_back", "reply_code"),
        (7, stage.customers[4], "call_back", "telephone"),
    ]
    assert WISH.encode() in result.asked[0].wish
    assert WISH not in repr(result)
    assert [(each.row, each.code) for each in result.refused] == [
        (5, "consent.row_words"),
        (8, "consent.given_later"),
    ]
    assert result.refused[0].facts["columns"] == ["内容"]
    # A wish to be called is an answer only where none stands: the yes before it is not taken back.
    assert (result.answers, result.recorded) == ({"call_me": 1, "agree": 1}, 5)
    assert queries.standing(CASE) == {stage.customers[2]: Answer.CALL_ME, stage.customers[4]: Answer.AGREE}


def test_a_call_to_someone_who_said_no_is_refused_but_their_own_call_is_not(stage, tmp_path):
    ask(stage)
    read(stage, as_csv(tmp_path / "a.csv", good_rows(stage)[1:2]))
    called = ["1", code(stage, 1), "同意", "电话", "2026-11-24 18:00", "纪小满", "录音", "", ""]
    result = read(stage, as_csv(tmp_path / "b.csv", [called]))
    assert [each.code for each in result.refused] == ["consent.already_refused"]
    called[3] = "来电"
    assert read(stage, as_csv(tmp_path / "c.csv", [called])).recorded == 1
    assert queries.standing(CASE)[stage.customers[1]] == Answer.AGREE


def test_an_answer_on_the_day_the_window_opened_counts_without_an_hour(stage, tmp_path):
    ask(stage)
    row = ["1", code(stage, 0), "同意", "纸面", "2026-11-23", "纪小满", "回执 0001", "", ""]
    early = ["2", code(stage, 1), "同意", "纸面", "2026-11-22", "纪小满", "回执 0002", "", ""]
    result = read(stage, as_csv(tmp_path / "a.csv", [row, early]))
    assert result.recorded == 1
    assert [each.code for each in result.refused] == ["consent.before_window"]


@pytest.mark.parametrize(
    ("raw", "code_"),
    [
        (b"", "consent.sheet_unreadable"),
        (b"PK\x03\x04 truncated", "consent.sheet_unreadable"),
        (b"\xff\xfe\x00\x01", "consent.sheet_unreadable"),
        ("答复码,答复\nX,同意\n".encode(), "consent.sheet_columns"),
        ("答复码,答复,答复,答复时间,登记人\n".encode(), "consent.sheet_columns"),
        ('答复码,答复,答复时间,登记人\nX,"同意,a,b\n'.encode(), "consent.sheet_unreadable"),
    ],
)
def test_a_file_that_is_no_sheet_is_refused_and_nothing_is_recorded(stage, tmp_path, raw, code_):
    ask(stage)
    path = tmp_path / "x.csv"
    path.write_bytes(raw)
    with pytest.raises(Refusal) as refused:
        read(stage, path)
    assert refused.value.code == code_
    assert "同意" not in str(refused.value)
    assert Sheet.objects.count() == 0


def test_a_folder_is_no_sheet_and_an_outsider_imports_none(stage, tmp_path):
    ask(stage)
    with pytest.raises(Refusal, match=r"consent\.sheet_unreadable"):
        read(stage, tmp_path)
    path = as_csv(tmp_path / "a.csv", good_rows(stage))
    with pytest.raises(Refusal, match=r"access\."):
        read(stage, path, by=stage.outsider)
    assert queries.standing(CASE) == {}
