"""What the holder of a link sees: no value is shown, nothing changes, the law's five elements stand there."""

import itertools
import re

import pytest
from django.db import connection

from shouxin.duties.consent import queries as consent
from shouxin.duties.inventory import services as inventory
from shouxin.faces.web.models import Try
from shouxin.stores.ledger import queries as ledger
from tests.cast import CUSTOMERS, RECEIVER, SENDER
from tests.duties.stage import AT, CASE

READ = ("", "/agree", "/family", "/requests", "/values", "/done")
CHILD = 2


def words_of(html):
    """The visible words of a piece of HTML, blanks left out."""
    return re.sub(r"\s+", "", re.sub(r"<[^>]+>", "", html))


def test_opening_changes_nothing_and_shows_no_value(press, asked):
    before = ledger.height()
    shown = [value for each in CUSTOMERS for value in (each.name, each.mobile, each.address)]
    for number, rest in itertools.product((0, CHILD, 3), READ):
        page = press.open(number, rest)
        assert page.status_code == 200
        assert not [value for value in shown if value in page.content.decode()]
        assert consent.history(asked.stage.customers[number], CASE) == []
    assert ledger.height() == before
    assert not Try.objects.exists()


def test_head_by_a_mail_scanner_changes_nothing(client, asked):
    before = ledger.height()
    assert client.head(asked.link()).status_code == 200
    assert ledger.height() == before


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_other_ways_of_asking_are_refused(client, asked, method):
    assert getattr(client, method)(asked.link()).status_code == 405


@pytest.mark.parametrize(("language", "most"), [("zh", 120), ("en", 260)])
def test_the_first_screen_is_short(press, language, most):
    said = press.open(lang=language).content.decode()
    first = re.search(r'<header.*?</header>.*?<section class="first">(.*?)</section>', said, re.DOTALL)
    assert len(words_of(first[0])) <= most


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_holds_every_element_of_the_notice(press, asked, language):
    said = press.open(lang=language).content.decode()
    told = [RECEIVER.name, "021-00000002", "021-00000001", SENDER.name, SENDER.address]
    assert not [word for word in told if word not in said]
    kinds = {"zh": ("基本信息", "购买信息", "门锁密码"), "en": ("Basic information", "Purchases")}
    assert not [word for word in kinds[language] if word not in said]
    free = {"zh": "不影响退款和未完成的服务", "en": "you lose nothing: refunds and unfinished visits"}
    assert free[language] in said


def test_the_language_is_the_one_she_was_told_in_and_can_be_changed(press):
    assert 'lang="zh-CN"' in press.open(0).content.decode()
    changed = press.open(0, lang="en")
    assert 'lang="en"' in changed.content.decode()
    assert changed["Content-Language"] == "en"


def test_no_box_is_ticked_and_nothing_is_chosen_beforehand(press):
    for number in (0, CHILD):
        said = press.open(number, "/agree").content.decode()
        boxes = re.findall(r"<input[^>]*type=\"checkbox\"[^>]*>", said)
        assert boxes
        assert not [box for box in boxes if "checked" in box]
        assert "selected" not in said


def test_sensitive_kinds_stand_apart_with_necessity_and_impact(press):
    said = press.open(0, "/agree").content.decode()
    apart = re.search(r'<div class="apart">(.*?)</div>', said, re.DOTALL)[1]
    assert "门锁密码" in apart
    assert "上门服务需要开门" in apart
    assert "泄露可能危及住家安全" in apart
    assert 'name="sensitive"' in apart
    assert "门锁密码" not in said.replace(apart, "")


def test_only_a_childs_page_asks_for_the_guardian(press):
    assert "guardian_name" in press.open(CHILD, "/agree").content.decode()
    assert "guardian_name" not in press.open(0, "/agree").content.decode()


def test_pages_are_kept_by_nobody_and_load_nothing_from_elsewhere(press):
    for rest in READ:
        page = press.open(0, rest)
        said = page.content.decode()
        assert "no-store" in page["Cache-Control"]
        assert page["Referrer-Policy"] == "no-referrer"
        assert page["X-Content-Type-Options"] == "nosniff"
        policy = page["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http:" not in policy
        assert "script-src" not in policy
        assert not re.search(r"<script|\sstyle=|\son[a-z]+=|https?://", said)
        assert "Set-Cookie" not in page.headers
        assert not page.cookies


def test_every_dead_link_shows_the_same_page(press, client, asked, settings):
    inventory.forget_customers(customers=[asked.stage.customers[1]])
    token = asked.tokens[0]
    dead = [asked.link(1), f"/a/{token[:-1]}{'0' if token[-1] != '0' else '1'}", "/a/" + "0" * 26, "/a/x", "/a/A/agree"]
    pages = [client.get(address) for address in dead]
    assert {page.status_code for page in pages} == {404}
    assert len({page.content for page in pages}) == 1
    assert {page["Referrer-Policy"] for page in pages} == {"no-referrer"}
    posted = client.post(asked.link(1), {"answer": "agree", "kinds": "all"})
    assert posted.content == pages[0].content


def test_nothing_is_left_behind_a_link_whose_owner_was_forgotten(press, client, asked):
    from_before = press.open(1).content.decode()
    inventory.forget_customers(customers=[asked.stage.customers[1]])
    key = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', from_before)[1]
    before = ledger.height()
    page = client.post(asked.link(1), {"csrfmiddlewaretoken": key, "answer": "agree", "kinds": "all"})
    assert page.status_code == 404
    assert ledger.height() == before


def test_after_many_dead_links_from_one_place_no_more_are_looked_up(client, asked):
    pages = [client.get("/a/" + "0" * 26).status_code for _ in range(62)]
    assert pages[:60] == [404] * 60
    assert pages[60:] == [429] * 2
    assert client.get(asked.link()).status_code == 200


def test_a_reply_code_leads_to_the_page_of_its_owner(client, asked):
    said = f" {asked.codes[0][:4].lower()}-{asked.codes[0][4:]} "
    page = client.post("/a", {"code": said, "lang": "zh"})
    assert page.status_code == 303
    assert page["Location"].startswith(asked.link())


def test_codes_cannot_be_guessed_for_long(client, asked):
    wrong = [client.post("/a", {"code": "0000-0000", "lang": "zh"}).status_code for _ in range(21)]
    assert wrong[:20] == [404] * 20
    assert wrong[20] == 429
    assert client.post("/a", {"code": asked.codes[0]}).status_code == 429


def test_no_token_stands_in_the_tables_of_the_pages(client, asked):
    client.get("/a/" + "Z" * 26)
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind, key FROM web_try")
        rows = cursor.fetchall()
    assert rows
    assert all("Z" * 26 not in f"{kind}{key}" and "127.0.0.1" not in key for kind, key in rows)


def test_the_page_says_when_the_time_for_answers_is_over(press, after_cut_off):
    said = press.open().content.decode()
    assert "答复期已于" in said
    assert 'action="' + after_cut_off.link(0, "/agree") not in said
    assert "不同意</button>" in said
    assert ledger.clock().now() > AT
