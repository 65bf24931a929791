"""Another edition of the law: what changes, what rests on it, what is refused, how it is adopted."""

import ast
import inspect
import json
import tomllib
from datetime import date
from importlib import resources

import pytest

from shouxin.ground.kernel import canonical
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.rulebook import law, windows, workdays
from shouxin.ground.rulebook.gates.outcomes import OUTCOMES
from shouxin.ground.rulebook.law import proposal

SHIPPED = law.shipped()
CITING = {
    "step": {"asset_sale/tell-customers": {"PIPL-23a", "PIPL-17b"}, "deregistration/announce": {"SH-9b"}},
    "template": {"notice/successor": {"PIPL-22a", "SH-9a"}},
    "gate": {"A20": {"SH-9"}, "A14": {"PIPL-21a", "NDSR-12a"}, "A25": {"NDSR-62"}},
    "case": {"case_1": {"SH-9b", "PIPL-23a"}, "case_2": {"TAX-29"}},
}


def statute(file, change, **statute_entry):
    """The files of an edition in which one statute's content was changed and its digest registered anew."""
    content = json.loads(SHIPPED.text(f"statutes/{file}.json"))
    change(content)
    old = digest(canonical.encode(json.loads(SHIPPED.text(f"statutes/{file}.json"))))
    register = SHIPPED.text("statutes.toml").replace(old, digest(canonical.encode(content)))
    for find, put in statute_entry.items():
        assert register.count(find) == 1, find
        register = register.replace(find, put)
    raw = json.dumps(content, ensure_ascii=False, indent=1).encode()
    return {f"statutes/{file}.json": raw, "statutes.toml": register.encode()}


def table(name, *changes):
    """The file of a table with some words replaced, each standing there once."""
    text = SHIPPED.text(name)
    for find, put in changes:
        assert text.count(find) == 1, find
        text = text.replace(find, put)
    return {name: text.encode()}


def reword(number, find, put):
    def change(content):
        held = next(each for each in content["articles"] if each["n"] == number)
        assert find in held["text"]
        held["text"] = held["text"].replace(find, put)

    return change


def propose(*files, citing=CITING):
    return law.propose({name: raw for each in files for name, raw in each.items()}, base=SHIPPED, citing=citing)


def problems(*files):
    return {(problem.code, problem.where) for problem in propose(*files).problems}


def longer_announcement():
    """SH 9 asks for 40 working days, and the windows and readings that quote it follow."""
    forty = [("至少提前30个工作日", "至少提前40个工作日")]
    text = statute("small_handler_2026", reword(9, *forty[0]))
    days = SHIPPED.text("windows.toml").replace("应当至少提前30个工作日", "应当至少提前40个工作日")
    parts = days.split("\n[")
    parts = [p.replace("amount = 30", "amount = 40") if "至少提前40个工作日公开发布" in p else p for p in parts]
    read = 'amount = {0}, unit = "working_day", event = "transfer", words = "应当至少提前{0}'
    readings = table("readings.toml", (read.format(30), read.format(40)))
    catalogue = SHIPPED.text("obligations.json").replace("应当至少提前30个工作日", "应当至少提前40个工作日")
    was = digest(canonical.encode(json.loads(SHIPPED.text("obligations.json"))))
    register = text["statutes.toml"].decode().replace(was, digest(canonical.encode(json.loads(catalogue))))
    files = {"windows.toml": "\n[".join(parts).encode(), "obligations.json": catalogue.encode()}
    return {**text, **readings, **files, "statutes.toml": register.encode()}


# --- what rests on a text --------------------------------------------------------------------------------------------


def test_the_same_law_changes_nothing_and_is_not_adopted():
    proposed = propose({})
    assert proposed.impact.is_empty
    assert proposed.impact.touched == {}
    assert proposed.digest == SHIPPED.digest
    with pytest.raises(Refusal, match=r"law\.edition_unfit"):
        law.adopt(proposed, confirmed=proposed.digest, in_use=SHIPPED.digest, read=[])


def test_a_reworded_article_shows_every_step_template_notice_rule_and_case_that_rests_on_it():
    found = propose(longer_announcement())
    assert found.problems == ()
    changes = {change.name: change for change in found.impact.changes}
    assert set(changes) == {
        "article:SH-9",
        "obligation:SH-9b",
        "window:small-handler-ahead",
        "window:custodian-ahead",
    }
    assert "40个工作日" in changes["article:SH-9"].after
    assert changes["window:small-handler-ahead"].laxer is False
    touched = found.impact.touched
    assert set(touched["obligation"]) == {"SH-9a", "SH-9b"}
    assert set(touched["window"]) == {
        "small-handler-ahead",
        "custodian-ahead",
        "small-handler-standing",
        "announcement-before-end",
    }
    assert touched["step"] == {"deregistration/announce": ("SH-9b",)}
    assert touched["template"] == {"notice/successor": ("SH-9a",)}
    assert touched["gate"] == {"A20": ("SH-9",)}
    assert touched["case"] == {"case_1": ("SH-9b",)}
    assert "retention" not in touched
    assert found.takes_effect == {"SH": "2026-09-01"}


def test_a_tax_text_reaches_the_retention_rules_that_keep_by_it():
    found = propose(statute("tax_admin_rules", reword(29, "合法、真实、完整", "真实、合法、完整")))
    assert found.problems == ()
    assert set(found.impact.touched["retention"]) >= {"tax_voucher", "contract_paper"}
    assert found.impact.touched["case"] == {"case_2": ("TAX-29",)}


def test_a_statute_s_mark_or_days_reach_everything_that_cites_it():
    found = propose(
        table("statutes.toml", ('NDSR  = { files = ["ndsr"], mark = "V"', 'NDSR  = { files = ["ndsr"], mark = "Q"'))
    )
    (change,) = [each for each in found.impact.changes if each.kind == "statute"]
    assert (change.id, change.parts, change.before, change.after) == ("NDSR", ("mark",), "V", "Q")
    assert found.impact.touched["gate"] == {"A14": ("NDSR-12a",), "A25": ("NDSR-62",)}
    assert set(found.impact.touched["retention"]) >= {"provision_record"}
    # A period that was relied on may no longer be: that is said, not passed over.
    assert ("relied_on_unverified", "law/retention.toml provision_record") in {
        (p.code, p.where) for p in found.problems
    }


def test_a_notice_of_the_state_council_is_an_edition_too():
    head, _, tail = workdays.shipped_text().partition("[years.2027]\nprovisional = true")
    found = propose({"workdays.toml": f"{head}[years.2027]{tail}".encode()})
    assert [(each.name, each.what) for each in found.impact.changes] == [("calendar:2027", "published")]
    assert found.may_be_adopted


# --- what is refused -------------------------------------------------------------------------------------------------


def test_a_text_that_does_not_match_its_digest_is_refused():
    files = statute("pipl", reword(23, "单独同意", "同意"))
    del files["statutes.toml"]
    found = propose(files)
    assert found.edition is None
    assert any("digest" in problem.word for problem in found.problems)


def test_a_quote_that_no_longer_stands_is_refused():
    found = propose(statute("pipl", reword(23, "单独同意", "同意")))
    assert found.edition is None
    assert {problem.where for problem in found.problems} == {"law/obligations.json PIPL-23a"}


def test_a_mark_never_rises_without_a_whole_new_text_and_a_source():
    fragments = (
        'CB    = { files = ["crossborder_2024"], mark = "Q"',
        'CB    = { files = ["crossborder_2024"], mark = "V"',
    )
    assert {code for code, _ in problems(table("statutes.toml", fragments))} == {
        "verified_without_text",
        "verified_without_new_text",
    }
    old = ('CSL   = { files = ["csl_2017"], mark = "Q"', 'CSL   = { files = ["csl_2017"], mark = "V"')
    assert ("verified_without_text", "law/statutes.toml CSL") in problems(table("statutes.toml", old))


def _whole(content):
    content["status"] = "verbatim-stored-text"
    content["partial"] = False
    content["source"] = {"url": "https://www.example.cn/law"}


def test_a_mark_rises_with_a_whole_text_from_a_source():
    verified = {
        'CB    = { files = ["crossborder_2024"], mark = "Q"': 'CB    = { files = ["crossborder_2024"], mark = "V"'
    }
    assert problems(statute("crossborder_2024", _whole, **verified)) == set()

    def without_source(content):
        _whole(content)
        content["source"], content["official_url"] = {}, ""

    assert problems(statute("crossborder_2024", without_source, **verified)) == {
        ("verified_without_source", "law/statutes.toml CB")
    }


def test_a_reference_never_calls_itself_verified():
    found = propose(table("references.toml", ('"CC-201"        = { mark = "M"', '"CC-201"        = { mark = "V"')))
    assert any(problem.where == "law/references.toml CC-201" for problem in found.problems)


def test_a_window_cannot_be_shorter_than_its_words():
    shorter = 'to = "service_ended"\nhow = "full"\namount = '
    text = SHIPPED.text("windows.toml")
    assert text.count(shorter + "30") == 2
    found = propose({"windows.toml": text.replace(shorter + "30", shorter + "20").encode()})
    assert found.edition is None
    assert any("do not name its length" in problem.word for problem in found.problems)


def test_a_period_cannot_be_shorter_than_its_article():
    two = 'period = { years = 2, source = "LAB-50"'
    found = problems(table("retention.toml", (two, two.replace("2", "1", 1))))
    assert ("period_not_in_text", "law/retention.toml labour_contract") in found


def test_what_was_only_prolonged_from_memory_is_not_shortened_from_memory():
    thirty = 'prolonged_by = { years = 30, source = "ACC-ARCHIVES"'
    found = problems(table("retention.toml", (thirty, thirty.replace("30", "5"))))
    assert ("laxer_on_unverified", "law:retention:accounting_voucher") in found


def test_a_rule_is_not_dropped_while_its_article_stands():
    text = SHIPPED.text("windows.toml")
    gone = "window.tax-left]"
    parts = [part for part in text.split("\n[") if not part.startswith(gone)]
    found = problems({"windows.toml": "\n[".join(parts).encode()})
    assert found == {("dropped_while_in_force", "law:window:tax-left")}


def test_what_somebody_cites_must_still_be_there():
    def without_52(content):
        content["articles"] = [each for each in content["articles"] if each["n"] != 21]

    found = propose(statute("small_handler_2026", without_52), citing={"step": {"own/step": {"SH-21"}}})
    assert [(p.code, p.where, p.word) for p in found.problems] == [("still_cited", "step:own/step", "SH-21")]


def test_everything_that_is_wrong_is_said_at_once():
    files = {
        **statute("pipl", reword(23, "单独同意", "同意")),
        "notes.txt": b"",
        "statutes/../secret.json": b"",
        "workdays.toml": b"[years]",
        "references.toml": b"= nothing",
    }
    where = {problem.where for problem in propose(files).problems}
    assert {"notes.txt", "statutes/../secret.json", "law/obligations.json PIPL-23a", "law/references.toml"} <= where


def test_every_problem_is_said_in_both_languages_with_its_place():
    files = {**statute("pipl", reword(23, "单独同意", "同意")), "notes.txt": b"", "workdays.toml": b"[years]"}
    for problem in propose(files).problems:
        assert problem.say("zh") != problem.say("en")
        assert problem.where in problem.say("zh")
    calls = [each for each in ast.walk(ast.parse(inspect.getsource(proposal))) if isinstance(each, ast.Call)]
    named = [each.args[1] for each in calls if getattr(each.func, "id", "") == "Problem"]
    said = {each.value for each in named if isinstance(each, ast.Constant)}
    assert len(said) == 11
    assert set(proposal._sentences()) == said


# --- with what the house really cites --------------------------------------------------------------------------------


def steps_of_the_house():
    """Every step of every playbook, and of the shelf they share, with the law it cites."""
    found = {}
    for file in resources.files("shouxin.cases.playbooks").iterdir():
        if file.name.endswith(".toml"):
            for step in tomllib.loads(file.read_text("utf-8")).get("step", []):
                found[f"{file.name}/{step.get('id', step.get('use'))}"] = set(step.get("law", ()))
    return found


def test_a_new_wording_of_article_23_reaches_the_rows_and_the_steps_of_the_house():
    rows = {}
    for ruling in OUTCOMES:
        rows.setdefault(ruling.outcome.name, set()).update(ruling.law)
    citing = {"gate": rows, "step": steps_of_the_house()}
    found = law.propose(statute("pipl", reword(23, "告知", "书面告知")), base=SHIPPED, citing=citing)
    assert found.problems == ()
    assert {"A24_ASK", "A25_ASK", "A27_HAND_OVER"} <= set(found.impact.touched["gate"])
    touched = set(found.impact.touched["step"])
    assert touched == {id for id, ids in citing["step"].items() if {"PIPL-23", "PIPL-23a", "PIPL-23b"} & ids}
    assert {id.partition("/")[2] for id in touched} >= {"adopt-text", "tell-customers", "sign-agreement"}
    assert set(found.impact.touched["obligation"]) == {"PIPL-23a", "PIPL-23b"}


# --- adopting --------------------------------------------------------------------------------------------------------


def test_adopting_names_the_edition_and_every_rule_that_may_ask_for_less():
    proposed = propose(longer_announcement())
    to_read = [change.name for change in proposed.impact.to_be_read]
    assert to_read == ["obligation:SH-9b"]  # its words changed: only a reader can tell
    with pytest.raises(Refusal, match=r"law\.edition_unread") as refused:
        law.adopt(proposed, confirmed=proposed.digest, in_use=SHIPPED.digest, read=[])
    assert refused.value.facts["changes"] == to_read
    adopted = law.adopt(proposed, confirmed=proposed.digest, in_use=SHIPPED.digest, read=to_read)
    plain = adopted.to_plain()
    assert (plain["old"], plain["new"]) == (SHIPPED.digest, proposed.digest)
    assert "article:SH-9" in plain["changed"]
    assert plain["touched"]["case"] == ["case_1"]
    assert plain["read"] == to_read
    canonical.encode(plain)  # the facts of a ledger entry


def test_adopting_refuses_another_digest_and_a_law_that_moved_on_meanwhile():
    proposed = propose(longer_announcement())
    read = [change.name for change in proposed.impact.to_be_read]
    with pytest.raises(Refusal, match=r"law\.edition_other"):
        law.adopt(proposed, confirmed=SHIPPED.digest, in_use=SHIPPED.digest, read=read)
    with pytest.raises(Refusal, match=r"law\.edition_other"):
        law.adopt(proposed, confirmed=proposed.digest, in_use="sha256:other", read=read)


def test_an_unfit_edition_is_not_adopted_whatever_is_confirmed():
    proposed = propose(statute("pipl", reword(23, "单独同意", "同意")))
    with pytest.raises(Refusal, match=r"law\.edition_unfit"):
        law.adopt(proposed, confirmed=proposed.digest, in_use=SHIPPED.digest, read=[])


def test_an_adopted_edition_is_cited_planned_and_counted_by():
    proposed = propose(longer_announcement())
    asked = {
        "structures": {"merger"},
        "business_kind": "limited_company",
        "roles": {"successor"},
        "facts": {"small_handler": True},
        "happened": {},
        "wanted": {},
    }
    today = date(2026, 9, 2)
    before = windows.plan(**asked, today=today)
    with law.using(proposed.edition):
        assert "40个工作日" in law.cite("SH-9b").text
        assert law.edition() == proposed.digest
        after = windows.plan(**asked, today=today)
    assert "30个工作日" in law.cite("SH-9b").text
    assert workdays.full_workdays(today, before.earliest_transfer) >= 30
    assert workdays.full_workdays(today, after.earliest_transfer) >= 40


def test_the_edition_is_one_digest_over_texts_tables_and_calendar():
    other = {
        "comment": {"windows.toml": SHIPPED.files["windows.toml"] + b"\n# nothing\n"},
        "statute": statute("cii", reword(1, "为了", "为")),
        "references": table("references.toml", ("第二十一条（未核对原文）", "第二十一条（未核对）")),
        "calendar": {
            "workdays.toml": SHIPPED.files["workdays.toml"].replace(b"2026-10-01/2026-10-07", b"2026-10-01/2026-10-08")
        },
    }
    digests = {name: law.Edition({**SHIPPED.files, **files}).digest for name, files in other.items()}
    assert digests.pop("comment") == SHIPPED.digest
    assert len({SHIPPED.digest, *digests.values()}) == 4


def test_a_shipped_file_that_is_missing_is_corrupt():
    files = {name: raw for name, raw in SHIPPED.files.items() if name != "statutes/pipl.json"}
    with pytest.raises(Corrupt, match=r"pipl\.json"):
        law.Edition(files).cite("PIPL-23")
