"""`case` on the command line: who may, what comes back, what it says when something is missing."""

import json

import pytest

from shouxin.cases import queries
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.ledger import services as ledger_services
from tests.faces.web import shop as shops

UNTIL = "2026-12-20T00:00:00Z"
NOBODY = "staff:" + "o" * 26


@pytest.fixture
def interview(shop, tmp_path):
    """The interview's answers as a file."""
    path = tmp_path / "answers.json"
    recipient = queries.case(shop.case).recipient
    path.write_text(json.dumps(shops.interview(recipient), ensure_ascii=False), "utf-8")
    return path


@pytest.mark.parametrize(("by", "error"), [("privacy_officer", ""), ("clerk", ""), (NOBODY, "parties.no_staff")])
def test_a_case_is_opened_from_the_interview_by_whoever_works_here(shouxin, shop, interview, by, error):
    arguments = ["case", "open", "--title", "另一家", "--interview", interview, "--by", shop.staff.get(by, by)]
    told = shouxin(*arguments, "--another", "--json")
    if error:
        assert (told.code, told.plain["error"]) == (1, error)
        return
    assert told.code == 0
    assert told.plain["rule"] == "PIPL-23"
    assert told.plain["case"] in {each["case"] for each in shouxin("case", "list", "--json").plain["cases"]}


def test_the_same_interview_again_names_the_open_case_and_what_to_do(shouxin, shop, interview):
    arguments = ["case", "open", "--title", "另一家", "--interview", interview, "--by", shop.staff["owner"]]
    told = shouxin(*arguments, "--json")
    assert (told.code, told.plain["error"], told.plain["facts"]) == (1, "cases.open_already", {"case": shop.case})
    assert "--another" in shouxin(*arguments).err
    assert len(queries.cases()) == 1


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("{", "file.not_json"),
        ("[]", "file.not_json"),
        ("{}", "interview.missing"),
        (None, "file.missing"),
    ],
)
def test_an_interview_that_cannot_be_read_is_refused_by_name(shouxin, shop, tmp_path, content, error):
    file = tmp_path / "answers.json"
    if content is not None:
        file.write_text(content, "utf-8")
    told = shouxin("case", "open", "--title", "x", "--interview", file, "--by", shop.staff["owner"], "--json")
    assert (told.code, told.plain["error"]) == (1, error)
    assert len(queries.cases()) == 1


def test_the_status_in_words_says_what_each_step_lacks_and_what_to_do(shouxin, shop):
    shops.add_outsider()
    told = shouxin("case", "status", shop.case)
    assert told.code == 0
    assert "还没有签保密承诺" in told.out
    assert "parties.no_undertaking" not in told.out
    plain = shouxin("case", "status", shop.case, "--json").plain
    assert plain["steps"][0]["missing"][0]["code"] == "parties.no_undertaking"


def test_a_step_is_closed_or_refused_with_what_is_missing(shouxin, shop):
    officer = ["--by", shop.staff["privacy_officer"], "--json"]
    assert shouxin("case", "step", shop.case, "name-people", *officer).plain["state"] == "closed"
    assert shouxin("case", "step", shop.case, "name-people", *officer).plain["error"] == "cases.step_closed"
    waiting = shouxin("case", "step", shop.case, "confirm-fields", *officer)
    assert (waiting.code, waiting.plain["error"]) == (1, "cases.needs_open")
    assert shouxin("case", "step", shop.case, "register-sources", "--by", NOBODY, "--json").code == 1


def test_a_clerk_is_told_who_may_close_a_step_in_both_languages(shouxin, shop, monkeypatch):
    arguments = ["case", "step", shop.case, "name-people", "--by", shop.staff["clerk"], "--json"]
    told = shouxin(*arguments)
    assert (told.code, told.plain["error"]) == (1, "access.act_not_for_this_role")
    assert told.plain["sentence"] == "经办人不能关闭步骤。能办理的是：店主、个人信息保护负责人。请由其中一位办理。"
    monkeypatch.setenv("SHOUXIN_LANGUAGE", "en")
    assert "close a step is for Owner, Privacy officer" in shouxin(*arguments).plain["sentence"]


def test_a_step_is_explained_with_exit_code_one_while_it_cannot_close(shouxin, shop):
    assert shouxin("case", "explain", shop.case, "--step", "name-people", "--json").code == 0
    told = shouxin("case", "explain", shop.case, "--step", "adopt-text", "--json")
    assert told.code == 1
    assert told.plain["missing"][0]["code"] == "notices.no_text"
    assert told.plain["findings"][0]["name"] == "notices.text_complete"


def test_what_a_step_asks_and_which_command_does_it(shouxin, shop):
    told = shouxin("case", "act", shop.case, "collect", "--json").plain
    assert told["command"] == "shouxin collect"
    assert told["zh"]
    assert told["en"]


def test_a_waiver_takes_the_approvers_own_passphrase(shouxin, shop, secrets):
    arguments = ["case", "waive", shop.case, "list-goods", "--check", "inventory.goods_marked_share"]
    arguments += [
        "--reason",
        "物品清单下周随车送到门店",
        "--by",
        shop.staff["clerk"],
        "--until",
        UNTIL,
    ]
    lacking = shouxin(*arguments, "--approver", shop.staff["owner"], "--json")
    assert (lacking.code, lacking.plain["error"]) == (1, "secrets.absent")
    told = shouxin(*arguments, "--approver", shop.staff["owner"], "--secrets", secrets, "--json")
    assert told.code == 0
    own = shouxin(*arguments, "--approver", shop.staff["clerk"], "--secrets", secrets, "--json")
    assert own.plain["error"] == "cases.own_waiver"


def test_a_statement_is_signed_with_its_file(shouxin, shop, secrets, tmp_path):
    receipt = tmp_path / "receipt.pdf"
    receipt.write_bytes(b"%PDF-1.4 invented")
    arguments = ["case", "state", shop.case, "--kind", "report-plan", "--text", "已报告", "--effective", "2026-11-20"]
    arguments += ["--by", shop.staff["owner"], "--secrets", secrets, "--file", receipt, "--json"]
    assert shouxin(*arguments).plain["error"] == "cases.statement_unsigned"
    told = shouxin(*arguments, "--signer", shop.staff["owner"])
    assert told.code == 0
    assert len(told.plain["signed_by"]) == 1


def test_deciding_before_the_last_day_says_that_it_is_not_final(shouxin, shop):
    told = shouxin("case", "decide", shop.case, "--by", shop.staff["privacy_officer"], "--json")
    assert (told.code, told.plain["final"]) == (0, False)
    ledger_services.advance_clock(to=queries.case(shop.case).closing_at, by="system")
    after = shouxin("case", "decide", shop.case, "--by", shop.staff["privacy_officer"], "--json")
    assert after.plain["final"] is True
    assert after.plain["customers"] == 0  # nobody was collected in this scene


def test_the_permit_is_refused_with_every_finding_and_closing_with_every_step(shouxin, shop, secrets):
    ledger_services.advance_clock(to=queries.case(shop.case).closing_at, by="system")
    shouxin("case", "decide", shop.case, "--by", shop.staff["owner"], "--json")
    both = ["--signer", shop.staff["owner"], "--signer", shop.staff["privacy_officer"], "--secrets", secrets]
    told = shouxin("case", "permit", shop.case, "--by", shop.staff["owner"], *both, "--json")
    assert (told.code, told.plain["error"]) == (1, "cases.permit_findings")
    assert "transfer.settled_share" in told.plain["facts"]["missing"]
    closing = shouxin("case", "close", shop.case, "--by", shop.staff["owner"], "--json")
    assert closing.plain["error"] == "cases.steps_open"
    assert ledger.newest([f"case:{shop.case}"], ["cases.permitted", "cases.closed"]) == -1
