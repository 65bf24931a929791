"""`notices`, `consent`, `rights` on the command line: by officer and clerk, and refused in words."""

import dataclasses
import json

import pytest

from shouxin.cases import queries
from shouxin.duties.consent import services as consent
from shouxin.duties.inventory import queries as inventory
from shouxin.duties.notices import queries as notices_queries
from shouxin.duties.notices import sending
from shouxin.duties.notices import services as notices
from shouxin.stores.ledger import queries as ledger
from tests.faces.web import shop as shops

NOBODY = "staff:" + "o" * 26


@pytest.fixture
def wording(tmp_path):
    """The case's wording as a file."""
    plain = {"shop": "青禾家政", "kinds": {kind: list(names) for kind, names in shops.KINDS.items()}}
    plain |= {language: dataclasses.asdict(told) for language, told in shops.WORDS.items()}
    path = tmp_path / "wording.json"
    path.write_text(json.dumps(plain, ensure_ascii=False), "utf-8")
    return path


def adopt(shouxin, shop, wording, by="privacy_officer"):
    who = shop.staff.get(by, by)
    return shouxin("notices", "adopt", shop.case, "--wording", wording, "--by", who, "--json")


def test_the_notice_is_adopted_in_both_languages_and_answers_are_taken(shouxin, shop, wording):
    told = adopt(shouxin, shop, wording)
    assert told.code == 0
    assert set(told.plain["texts"]) == {"zh", "en"}
    answers = shouxin("consent", "status", shop.case, "--json").plain
    assert answers["until"] == queries.case(shop.case).answers_until.isoformat()
    assert sum(answers["answers"].values()) == 0


def test_nobody_is_asked_before_the_notice_is_adopted(shouxin, shop):
    told = shouxin("consent", "status", shop.case, "--json")
    assert (told.code, told.plain["error"]) == (1, "consent.not_asked")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda plain: plain.pop("en"), "notices.wording"),
        (lambda plain: plain["zh"].pop("period"), "notices.wording"),
        (lambda plain: plain["zh"].update(slogan="买一送一"), "notices.wording"),
        (lambda plain: plain.update(kinds=[]), "notices.wording"),
        (lambda plain: plain["zh"].update(business="{name}"), "papers.braces"),
        (lambda plain: plain["zh"].update(necessity=""), "papers.sensitive_unexplained"),
    ],
)
def test_a_wording_with_a_gap_is_refused_by_the_name_of_the_gap(shouxin, shop, wording, change, error):
    plain = json.loads(wording.read_text("utf-8"))
    change(plain)
    wording.write_text(json.dumps(plain, ensure_ascii=False), "utf-8")
    told = adopt(shouxin, shop, wording)
    assert (told.code, told.plain["error"]) == (1, error)
    assert "—" not in told.plain["sentence"]


@pytest.mark.parametrize("stop", ["the second language", "the window for answers"])
def test_adopting_is_whole_or_not_at_all_and_the_same_command_again_completes_it(
    shouxin, shop, wording, monkeypatch, stop
):
    height, told = ledger.height(), []

    def stopping(call):
        def called(**given):
            told.append(given)
            if stop == "the window for answers" or len(told) == 2:
                raise InterruptedError(stop)
            return call(**given)

        return called

    with monkeypatch.context() as patch:
        where = (notices, "adopt_text") if stop == "the second language" else (consent, "open_window")
        patch.setattr(*where, stopping(getattr(*where)))
        assert adopt(shouxin, shop, wording).plain["error"] == "unexpected"
    assert (ledger.height(), notices_queries.texts(shop.case)) == (height, [])
    assert adopt(shouxin, shop, wording).code == 0
    assert {(each.language, each.version) for each in notices_queries.texts(shop.case)} == {("en", 1), ("zh", 1)}
    assert shouxin("consent", "status", shop.case, "--json").code == 0


def test_a_text_that_is_refused_in_one_language_is_adopted_in_none(shouxin, shop, wording):
    plain = json.loads(wording.read_text("utf-8"))
    plain["en"]["settlement"] = "a discount coupon for your next visit"
    wording.write_text(json.dumps(plain, ensure_ascii=False), "utf-8")
    told = adopt(shouxin, shop, wording)
    assert (told.code, told.plain["error"], told.plain["facts"]["language"]) == (1, "notices.text_incomplete", "en")
    assert notices_queries.texts(shop.case) == []


def test_an_outsider_adopts_nothing(shouxin, shop, wording):
    told = adopt(shouxin, shop, wording, by=NOBODY)
    assert (told.code, told.plain["error"]) == (1, "parties.no_staff")
    assert shouxin("consent", "status", shop.case, "--json").plain["error"] == "consent.not_asked"


@pytest.mark.parametrize("code", ["0000-0001", "telephone", ""])
def test_a_mistyped_reply_code_is_refused(shouxin, shop, wording, code):
    adopt(shouxin, shop, wording)
    arguments = ["consent", "record", shop.case, code, "agree", "--proof", "通话 10:20", "--by", shop.staff["clerk"]]
    told = shouxin(*arguments, "--json")
    assert (told.code, told.plain["error"]) == (1, "notices.code_mistyped")


def test_an_answer_sheet_that_is_none_is_refused_and_nothing_is_recorded(shouxin, shop, wording, tmp_path):
    adopt(shouxin, shop, wording)
    sheet = tmp_path / "answers.csv"
    sheet.write_text("答复码,备注\nx,y\n", "utf-8")
    told = shouxin("consent", "import", shop.case, sheet, "--by", shop.staff["clerk"], "--json")
    assert (told.code, told.plain["error"]) == (1, "consent.sheet_columns")
    assert told.plain["facts"]["file"] == "answers.csv"


@pytest.fixture
def peopled(db, home, quick_keys, tmp_path):
    """The shop with its case open, and twenty customers."""
    return shops.open_shop(tmp_path / "papers", customers=20)


def customers():
    """Who is a customer here, by number."""
    return [int(number) for chunk in inventory.facts() for number in chunk.customer]


def code_of(shop, customer):
    """The reply code that this customer was given."""
    sending.ensure_keys(shop.case, [customer])
    return sending.key_of(shop.case, customer).spoken


def sheet_of(path, *rows):
    """An answer sheet."""
    head = "答复码,答复,途径,答复时间,登记人,凭证,内容"
    path.write_text("\n".join([head, *(",".join(row) for row in rows)]), "utf-8")
    return path


def test_what_a_sheet_asks_for_opens_with_its_clock_and_a_corrected_sheet_does_not_open_it_again(
    shouxin, peopled, wording, tmp_path
):
    adopt(shouxin, peopled, wording)
    one, two, three = (code_of(peopled, number) for number in customers()[:3])
    rows = [
        (one, "更正", "来电", "2026-11-24", "纪小满", "录音 1", "门牌改为 9 号"),
        (one, "投诉", "来电", "2026-11-24", "纪小满", "录音 1", "上门迟到"),
        (two, "请打电话给我", "来电", "2026-11-24 09:00", "纪小满", "", ""),
        (three, "哦", "来电", "2026-11-24", "纪小满", "", ""),
    ]
    by = ["--by", peopled.staff["clerk"], "--json"]
    told = shouxin("consent", "import", peopled.case, sheet_of(tmp_path / "a.csv", *rows), *by)
    assert (told.code, told.plain["recorded"], len(told.plain["refused"])) == (1, 3, 1)
    assert told.plain["asked"] == {"correct": 1, "complaint": 1, "call_back": 1}
    rows[3] = (three, "删除", "纸面", "2026-11-24", "纪小满", "回执 4", "")
    rows.append((one, "投诉", "来电", "2026-11-24 08:59", "纪小满", "录音 5", "没有回电"))
    told = shouxin("consent", "import", peopled.case, sheet_of(tmp_path / "b.csv", *rows), *by)
    assert (told.code, told.plain["asked"], told.plain["known"]) == (0, {"delete": 1, "complaint": 1}, 3)
    waiting = shouxin("rights", "list", peopled.case, "--json").plain
    assert sorted(each["kind"] for each in waiting["requests"]) == ["correct", "delete"]
    assert sorted(each["kind"] for each in waiting["matters"]) == ["call_back", "complaint", "complaint"]
    assert all(each["due_on"] > "2026-11-24" for each in (*waiting["requests"], *waiting["matters"]))


def test_an_outsiders_sheet_leaves_nothing(shouxin, peopled, wording, tmp_path):
    adopt(shouxin, peopled, wording)
    code = code_of(peopled, customers()[0])
    sheet = sheet_of(tmp_path / "a.csv", (code, "删除", "来电", "2026-11-24", "纪小满", "录音 1", ""))
    told = shouxin("consent", "import", peopled.case, sheet, "--by", NOBODY, "--json")
    assert (told.code, told.plain["error"]) == (1, "access.no_staff")
    assert shouxin("rights", "list", peopled.case, "--json").plain["requests"] == []
    assert shouxin("consent", "import", peopled.case, sheet, "--by", peopled.staff["clerk"], "--json").code == 0


def test_staff_take_in_what_a_customer_says_on_the_telephone(shouxin, peopled, wording):
    adopt(shouxin, peopled, wording)
    one, two = (code_of(peopled, number) for number in customers()[:2])
    by = ["--by", peopled.staff["clerk"], "--json"]
    taken = shouxin("rights", "take", peopled.case, one, "complaint", "--said", "上门迟到", *by)
    assert (taken.code, taken.plain["kind"], taken.plain["state"]) == (0, "complaint", "open")
    assert taken.plain["customer"].startswith("c_")
    wrong = shouxin("rights", "take", peopled.case, one, "praise", "--said", "很好", *by)
    assert (wrong.code, wrong.plain["error"]) == (1, "rights.no_such_kind")
    said = ["--proof", "通话 10:20", *by]
    assert shouxin("consent", "record", peopled.case, two, "agree", *said).code == 0
    assert shouxin("consent", "record", peopled.case, two, "call_me", *said).code == 0
    waiting = shouxin("rights", "list", peopled.case, "--json").plain
    assert sorted(each["kind"] for each in waiting["matters"]) == ["call_back", "complaint"]
    answers = shouxin("consent", "status", peopled.case, "--json").plain["answers"]
    assert (answers["agree"], answers["call_me"]) == (1, 0)
    other = shouxin("consent", "record", "case_" + "z" * 26, two, "refuse", *said)
    assert (other.code, other.plain["error"]) == (1, "consent.code_of_another_case")


def test_an_announcement_needs_its_photograph(shouxin, shop, wording, tmp_path):
    adopt(shouxin, shop, wording)
    arguments = ["notices", "announce", shop.case, "--place", "店门口", "--days", "15", "--json"]
    arguments += ["--by", shop.staff["clerk"]]
    told = shouxin(*arguments, "--photo", tmp_path / "photo.jpg")
    assert (told.code, told.plain["error"]) == (1, "file.missing")
    (tmp_path / "photo.jpg").write_bytes(b"invented")
    assert shouxin(*arguments, "--photo", tmp_path / "photo.jpg").code == 0


def test_requests_are_listed_and_what_does_not_exist_is_not_answered(shouxin, shop):
    assert shouxin("rights", "list", shop.case, "--json").plain == {"requests": [], "matters": []}
    officer = ["--by", shop.staff["privacy_officer"], "--json"]
    told = shouxin("rights", "answer", "7", "--said", "已答复", *officer)
    assert (told.code, told.plain["error"]) == (1, "rights.no_such_request")
    told = shouxin("rights", "settle", "7", "--outcome", "explained", "--said", "已说明", *officer)
    assert (told.code, told.plain["error"]) == (1, "relations.no_such_matter")
