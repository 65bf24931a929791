"""Values are shown masked, after the last four digits of a telephone number the company knows; guessing ends soon."""

from datetime import timedelta

import pytest

from shouxin.faces.web import limits
from shouxin.faces.web.models import Try
from shouxin.ground.kernel.times import FixedClock, SystemClock
from shouxin.stores.ledger import queries as ledger
from tests.cast import CUSTOMERS

RIGHT, WRONG = CUSTOMERS[0].mobile[-4:], "9999"


def test_the_right_digits_show_the_values_masked(press):
    page = press.press(0, "/values", digits=RIGHT)
    said = page.content.decode()
    assert page.status_code == 200
    assert "154****0001" in said
    assert "叶**" in said
    assert CUSTOMERS[0].name not in said
    assert CUSTOMERS[0].mobile not in said
    assert "no-store" in page["Cache-Control"]
    assert not page.cookies


def test_each_look_leaves_its_entries(press):
    before = ledger.height()
    press.press(0, "/values", digits=RIGHT)
    kinds = [(entry.kind, entry.facts.get("reason")) for entry in ledger.entries(since=before)]
    assert ("vault.opened", "second_factor") in kinds
    assert ("vault.opened", "own_information") in kinds


@pytest.mark.parametrize("digits", [WRONG, "", "12345", "00-1", "一二三四", CUSTOMERS[1].mobile[-4:], "0001 OR 1"])
def test_other_digits_show_nothing(press, digits):
    page = press.press(0, "/values", digits=digits)
    assert page.status_code == 400
    assert "154****" not in page.content.decode()


def test_after_five_wrong_tries_the_right_digits_do_not_help(press):
    pages = [press.press(0, "/values", digits=WRONG).status_code for _ in range(5)]
    assert pages == [400, 400, 400, 400, 429]
    page = press.press(0, "/values", digits=RIGHT)
    assert page.status_code == 429
    assert "154****" not in page.content.decode()
    assert "试的次数太多了" in press.open(0, "/values").content.decode()


def test_a_lock_is_the_links_own_and_stops_no_answer(press):
    for _ in range(6):
        press.press(0, "/values", digits=WRONG)
    assert press.press(1, "/values", digits=CUSTOMERS[1].mobile[-4:]).status_code == 200
    assert press.press(0, answer="refuse").status_code == 303


def test_the_lock_opens_after_an_hour_and_closes_for_good_after_twenty(press, monkeypatch):
    start = SystemClock().now()
    for hour in range(4):
        monkeypatch.setattr(limits, "_clock", FixedClock(start + timedelta(hours=hour, minutes=hour)))
        assert [press.press(0, "/values", digits=WRONG).status_code for _ in range(5)][:4] == [400] * 4
    monkeypatch.setattr(limits, "_clock", FixedClock(start + timedelta(days=2)))
    assert press.press(0, "/values", digits=RIGHT).status_code == 429


def test_right_digits_do_not_use_up_tries(press):
    assert [press.press(0, "/values", digits=RIGHT).status_code for _ in range(7)] == [200] * 7
    assert not Try.objects.filter(kind="second_factor").exists()


def test_digits_are_asked_with_a_form_of_this_page_only(client, asked):
    assert client.post(asked.link(0, "/values"), {"digits": RIGHT}).status_code == 400


def test_digits_in_an_address_are_not_read(client, asked):
    page = client.get(asked.link(0, "/values"), {"digits": RIGHT})
    assert "154****" not in page.content.decode()
