"""The law as held: verbatim, digested, cited with its mark."""

import copy
import json
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
        ("CSL-21", "Q", False, "《网络安全法》第二十一条（2026-01-01前文本）"),
        ("CB-7", "Q", False, "《促进和规范数据跨境流动规定》第七条（要点）"),
    ],
)
def test_a_citation_says_how_far_it_is_verified(id, mark, verified, zh):
    cited = law.cite(id)
    assert (cited.mark, cited.is_verified, cited.zh) == (mark, verified, zh)
    assert law.is_verified(id) is verified


@pytest.mark.parametrize("id", ["PIPL-75", "PIPL", "XYZ-1", "", "PIPL-23z", "CC-9999"])
def test_an_unknown_id_is_refused(id):
    assert not law.knows(id)
    with pytest.raises(Refusal, match=r"law\.unknown"):
        law.cite(id)


def test_no_reference_without_a_text_counts_as_verified():
    assert all(not cited.is_verified for cited in law.references().values())


def test_the_edition_is_one_digest_over_everything():
    assert law.edition().startswith("sha256:")


@needs_shared()
def test_the_texts_are_the_collected_ones():
    for code in law.statutes():
        for file in law.statute(code).file.split():
            assert _stored(file) == json.loads((SHARED / "law" / f"{file}.json").read_text(encoding="utf-8"))
