"""The law as held: verbatim, digested, cited with its mark."""

import copy
import json
from datetime import date
from importlib import resources

import pytest

from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.rulebook import law
from tests.conftest import SHARED, needs_shared


def _stored(file):
    return json.loads(resources.files(law).joinpath(f"statutes/{file}.json").read_text(encoding="utf-8"))


def test_all_132_obligations_quote_their_article_verbatim():
    assert len(law.obligations()) == 132
    duty = law.obligation("PIPL-22a")
    assert duty.quote in law.article("PIPL", 22).text
    assert duty.mark == "V"


def test_article_23_asks_for_separate_consent():
    held = law.article("PIPL", 23)
    assert held.label == "第二十三条"
    assert "取得个人的单独同意" in held.text


@pytest.mark.parametrize("code", law.statutes())
def test_every_statute_loads_with_source_and_digest(code):
    held = law.statute(code)
    assert held.articles
    assert held.digest.startswith("sha256:")
    assert held.zh
    assert held.en


def test_a_changed_letter_in_a_statute_is_corrupt():
    content = copy.deepcopy(_stored("pipl"))
    assert law.check_content("pipl", content) is content
    content["articles"][22]["text"] = content["articles"][22]["text"].replace("单独同意", "同意")
    with pytest.raises(Corrupt, match=r"pipl\.json"):
        law.check_content("pipl", content)


@pytest.mark.parametrize(
    ("id", "mark", "verified", "zh"),
    [
        ("PIPL-23", "V", True, "《个人信息保护法》第二十三条"),
        ("PIPL-22a", "V", True, "《个人信息保护法》第二十二条"),
        ("CC-67", "V", True, "《民法典》第六十七条"),
        ("PENAL-162-1", "V", True, "《刑法》第一百六十二条之一"),
        ("CC-201", "M", False, "《民法典》第二百零一条（未核对原文）"),
        ("CSL-21", "Q", False, "《网络安全法》第二十一条（2026-01-01前文本，现第二十三条）"),
        ("CSL-42", "Q", False, "《网络安全法》第四十二条（2026-01-01前文本，现条号推算为第四十四条，未核对）"),
        ("CSL-70", "Q", False, "《网络安全法》第七十条（2026-01-01前文本）"),
        ("CSLA-4", "Q", False, "《全国人民代表大会常务委员会关于修改《网络安全法》的决定》四"),
        ("AUDIT-GUIDE-7", "V", True, "《个人信息保护合规审计管理办法》附件《合规审计指引》第七条"),
        ("INC-GUIDE", "V", True, "《国家网络安全事件报告管理办法》附件《网络安全事件分级指南》"),
        ("TAXL-16", "V", True, "《税收征收管理法》第十六条"),
        ("CB-7", "Q", False, "《促进和规范数据跨境流动规定》第七条（要点）"),
    ],
)
def test_a_citation_says_how_far_it_is_verified(id, mark, verified, zh):
    cited = law.cite(id)
    assert (cited.mark, cited.is_verified, cited.zh) == (mark, verified, zh)
    assert law.is_verified(id) is verified


@pytest.mark.parametrize("id", ["PIPL-75", "PIPL", "XYZ-1", "", "PIPL-23z", "CC-9999", "AUDIT-GUIDE-20"])
def test_an_unknown_id_is_refused(id):
    assert not law.knows(id)
    with pytest.raises(Refusal, match=r"law\.unknown"):
        law.cite(id)


def test_a_new_number_is_shown_by_the_amending_words_or_said_to_be_inferred():
    shown = {id: law.present_number(id) for id in ("CSL-18", "CSL-21", "CSL-25", "CSL-40", "CSL-59")}
    assert {id: now.new for id, now in shown.items()} == {
        "CSL-18": "19",
        "CSL-21": "23",
        "CSL-25": "27",
        "CSL-40": "42",
        "CSL-59": "61",
    }
    assert all(now.is_verified and now.words in law.cite(now.by).text for now in shown.values())
    inferred = law.present_number("CSL-42")
    assert (inferred.new, inferred.is_verified) == ("44", False)
    assert [law.present_number(f"CSL-{old}").new for old in (2, 3, 17, 19)] == ["2", "4", "18", "21"]
    assert law.present_number("CSL-60") is None
    assert law.present_number("PIPL-23") is None


def test_the_rule_of_inference_agrees_with_every_number_that_is_shown():
    moved = law.current().renumberings["CSL"]
    assert {old: str(moved.inferred(int(old))) for old in moved.shown} == {
        old: now.new for old, now in moved.shown.items()
    }


def test_a_statute_knows_from_and_until_when_it_holds():
    small, old = law.statute("SH"), law.statute("CSL")
    assert (small.is_in_force(date(2026, 8, 31)), small.is_in_force(date(2026, 9, 1))) == (False, True)
    assert (old.is_in_force(date(2025, 12, 31)), old.is_in_force(date(2026, 1, 1))) == (True, False)


@pytest.mark.parametrize("code", law.statutes())
def test_what_is_verified_is_a_whole_text_in_force_from_a_named_source(code):
    held = law.statute(code)
    assert held.mark in ("V", "Q")
    if held.mark == "V":
        assert held.is_whole_text
        assert held.names_its_source
        assert not held.superseded_on


def test_what_is_not_verified_is_what_an_opinion_is_asked_about():
    asked = law.unverified(["PIPL-23a", "CC-201", "CSL-21", "CC-201"])
    assert [each.id for each in asked] == ["CC-201", "CSL-21"]


def test_no_reference_without_a_text_counts_as_verified():
    assert all(not cited.is_verified for cited in law.references().values())


def test_the_edition_is_one_digest_over_everything():
    assert law.edition().startswith("sha256:")


@needs_shared()
def test_every_collected_text_is_held_as_it_was_collected():
    collected = {each["id"] for each in json.loads((SHARED / "law" / "index.json").read_text(encoding="utf-8"))}
    held = {file for code in law.statutes() for file in law.statute(code).file.split()}
    assert held == collected - {"obligations"}
    for file in held:
        assert _stored(file) == json.loads((SHARED / "law" / f"{file}.json").read_text(encoding="utf-8"))
    catalogue = json.loads(law.shipped().text("obligations.json"))
    assert catalogue == json.loads((SHARED / "law" / "obligations.json").read_text(encoding="utf-8"))
