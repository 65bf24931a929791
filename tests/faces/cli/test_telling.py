"""`notices`, `consent`, `rights` on the command line: by officer and clerk, and refused in words."""

import dataclasses
import json

import pytest

from shouxin.cases import queries
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
