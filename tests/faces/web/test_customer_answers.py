"""Answers and requests by the holder of a link: what is recorded, what is refused, and what she reads afterwards."""

import re
import time

import pytest

from shouxin.duties.consent import queries as consent
from shouxin.duties.relations import queries as relations
from shouxin.duties.rights import queries as rights
from shouxin.faces.web.answering import CORRECTABLE
from shouxin.faces.web.customer import not_taken_words
from shouxin.ground.kernel.canonical import decode, from_base64
from shouxin.ground.rulebook.terms import fields
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.ledger import services as clock
from shouxin.stores.parties import services as parties
from shouxin.stores.vault import services as vault
from tests.cast import CUSTOMERS
from tests.duties.stage import AT, CASE

CHILD = 2
GUARDIAN = {"guardian": "on", "guardian_name": "白远", "guardian_relation": "father"}


def given(asked, number=0):
    """Every answer of one customer."""
    return consent.history(asked.stage.customers[number], CASE)


def proofs(asked, number=0):
    """What was sealed as proof, as text."""
    person = asked.stage.customers[number]
    at = ledger.clock().now()
    grant = parties.grant(by=asked.stage.officer, purpose="rights", categories={"evidence"}, reason="test", at=at)
    opened = vault.open_for(grant=grant, customers=[person], categories=["evidence"], reason="test", at=at)
    raw = [from_base64(row["f"]["proof"]) for each in opened for row in decode(each.value.raw)]
    return [each.rpartition(b"\n")[2] for each in raw]


def test_no_is_one_press_without_any_digits(press, asked):
    before = ledger.height()
    page = press.press(answer="refuse")
    assert page.status_code == 303
    assert page["Location"] == asked.link(0, "/done?lang=zh")
    (answer,) = given(asked)
    assert (answer.answer, answer.route, answer.recorded_by) == ("refuse", "page", "customer")
    assert answer.text_digest == asked.texts["zh"]
    assert ledger.height() == before + 1
    said = press.open(0, "/done").content.decode()
    assert "已收到您的答复：不同意" in said
    assert "12月23日前可改" in said
    assert answer.proof_digest[7:19] in said


def test_the_proof_says_what_was_shown_and_that_the_holder_of_the_link_answered(press, asked):
    key = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', press.open().content.decode())[1]
    form = {"csrfmiddlewaretoken": key, "answer": "agree", "kinds": ["basic"], "sensitive": "on"}
    agent = "Mozilla/5.0 (Linux; Android 6.0; Phone 1234) MicroMessenger/8.0"
    press.client.post(asked.link(), form, headers={"User-Agent": agent}, REMOTE_ADDR="203.0.113.9")
    (raw,) = proofs(asked)
    plain = decode(raw)
    assert plain["by"] == "the holder of the link answered"
    assert plain["text"] == asked.texts["zh"]
    assert plain["said"] == {"answer": "agree", "kinds": ["basic"], "sensitive": True}
    assert plain["agent"] == "wechat"
    assert (plain["opened_at"], plain["answered_at"]) == ("2026-11-23T01:00:00Z", "2026-11-23T01:00:00Z")
    assert b"203.0.113.9" not in raw
    assert b"Phone 1234" not in raw


@pytest.mark.parametrize(
    ("form", "categories", "sensitive"),
    [
        ({"kinds": "all"}, {"basic", "purchase"}, False),
        ({"kinds": "all", "sensitive": "on"}, {"basic", "purchase", "sensitive"}, True),
        ({"kinds": ["purchase"], "part": "on"}, {"purchase"}, False),
        ({"kinds": ["basic", "sensitive", "evidence"]}, {"basic"}, False),
    ],
    ids=["all ordinary kinds", "and the sensitive ones", "one of them", "a kind nobody asked for"],
)
def test_yes_covers_what_was_ticked_and_no_more(press, asked, form, categories, sensitive):
    assert press.press(answer="agree", **form).status_code == 303
    (answer,) = given(asked)
    assert answer.categories == categories
    assert answer.sensitive_agreed is sensitive
    assert answer.defects == ()


@pytest.mark.parametrize(
    "form",
    [
        {"answer": "agree"},
        {"answer": "agree", "part": "on"},
        {"answer": "agree", "kinds": "nothing"},
        {"answer": "perhaps"},
        {},
        {"answer": "correct", "field": "phone", "text": "  "},
        {"answer": "correct", "field": "shoe_size", "text": "44"},
        {"answer": "complain"},
    ],
    ids=str,
)
def test_what_is_unclear_is_not_taken(press, asked, form):
    before = ledger.height()
    page = press.press(**form)
    assert page.status_code == 400
    assert ledger.height() == before
    assert given(asked) == []


@pytest.mark.parametrize("left_out", GUARDIAN)
def test_for_a_child_a_guardian_ticks_and_gives_name_and_relation(press, asked, left_out):
    form = {name: value for name, value in GUARDIAN.items() if name != left_out}
    assert press.press(CHILD, answer="agree", kinds="all", **form).status_code == 400
    assert given(asked, CHILD) == []


def test_a_guardians_agreement_is_recorded_as_such_and_the_name_only_sealed(press, asked):
    assert press.press(CHILD, answer="agree", kinds="all", **GUARDIAN).status_code == 303
    (answer,) = given(asked, CHILD)
    assert answer.guardian is True
    assert "白远".encode() in proofs(asked, CHILD)[0]
    assert not [entry for entry in ledger.entries() if "白远" in str(entry.facts)]


def test_a_child_may_say_no_without_a_guardian(press, asked):
    assert press.press(CHILD, answer="refuse").status_code == 303
    assert given(asked, CHILD)[0].answer == "refuse"


def test_an_answer_can_be_changed_until_the_cut_off(press, asked):
    press.press(answer="refuse")
    press.press(answer="agree", kinds="all")
    assert [each.answer for each in given(asked)] == ["refuse", "agree"]
    assert "撤回同意" in press.open().content.decode()


def test_after_the_cut_off_yes_is_refused_and_withdrawing_still_counts(press, asked):
    press.press(answer="agree", kinds="all")
    clock.advance_clock(to=AT.replace(month=12, day=28), by="system")
    page = press.press(answer="agree", kinds="all")
    assert page.status_code == 409
    assert "答复期已过，现在不能再同意" in page.content.decode()
    assert len(given(asked)) == 1
    assert press.press(answer="withdraw").status_code == 303
    assert given(asked)[-1].answer == "withdraw"


def test_there_is_nothing_to_take_back_where_nothing_was_given(press, asked):
    page = press.press(answer="withdraw")
    assert page.status_code == 409
    assert given(asked) == []


def test_call_me_is_an_answer_and_a_matter_with_a_last_day(press, asked):
    press.press(answer="call_me")
    (matter,) = relations.of_customer(asked.stage.customers[0])
    assert (matter.kind, matter.route, given(asked)[0].answer) == ("call_back", "page", "call_me")
    assert "我们在2026年11月26日前给您打电话" in press.open(0, "/done").content.decode()


@pytest.mark.parametrize("standing", [{"answer": "refuse"}, {"answer": "agree", "kinds": "all"}], ids=str)
def test_a_wish_to_be_called_never_takes_back_what_was_said(press, asked, standing):
    press.press(**standing)
    assert press.press(answer="call_me").status_code == 303
    assert [each.answer for each in given(asked)] == [standing["answer"]]
    assert len(relations.of_customer(asked.stage.customers[0])) == 1


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ({"answer": "correct", "field": "phone", "text": "15400000009"}, "correct"),
        ({"answer": "copy"}, "copy"),
        ({"answer": "delete"}, "delete"),
    ],
)
def test_a_request_is_taken_in_with_its_last_day_and_its_words_sealed(press, asked, form, kind):
    assert press.press(**form).status_code == 303
    (request,) = rights.of_customer(asked.stage.customers[0])
    assert (request.kind, request.route, request.case) == (kind, "page", CASE)
    assert "我们在2026年12月14日前答复您" in press.open(0, "/done").content.decode()
    sealed = proofs(asked)[0]
    assert form.get("text", "").encode() in sealed
    assert not [entry for entry in ledger.entries() if "15400000009" in str(entry.facts)]


def test_a_complaint_is_taken_in(press, asked):
    press.press(answer="complain", text="没有人告诉过我")
    (matter,) = relations.of_customer(asked.stage.customers[0])
    assert matter.kind == "complaint"
    assert "您的投诉" in press.open(0, "/done").content.decode()


def test_a_form_of_another_link_or_without_a_key_is_not_taken(press, client, asked):
    key = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', press.open(1).content.decode())[1]
    for form in ({"answer": "refuse"}, {"answer": "refuse", "csrfmiddlewaretoken": key}):
        assert client.post(asked.link(0), form).status_code == 400
    assert given(asked) == []


def test_a_form_that_is_a_week_old_is_not_taken(press, asked, monkeypatch):
    key = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', press.open().content.decode())[1]
    much_later = time.time() + 8 * 24 * 3600
    monkeypatch.setattr("django.core.signing.time.time", lambda: much_later)
    page = press.client.post(asked.link(), {"answer": "refuse", "csrfmiddlewaretoken": key})
    assert page.status_code == 400
    assert "页面放得太久了" in page.content.decode()


def test_an_answer_by_reading_alone_is_no_answer(press, client, asked):
    for query in ("?answer=agree&kinds=all", "?answer=refuse"):
        assert client.get(asked.link() + query).status_code == 200
    assert given(asked) == []


def test_a_link_takes_only_so_many_forms_an_hour(press, asked):
    pages = [press.press(answer="copy").status_code for _ in range(31)]
    assert pages == [303] * 30 + [429]


def test_answers_of_one_customer_touch_nobody_else(press, asked):
    press.press(0, answer="refuse")
    assert [len(given(asked, number)) for number in range(len(CUSTOMERS))] == [1, 0, 0, 0, 0]
    assert "还没有收到您的答复" in press.open(1, "/done").content.decode()


def test_every_field_that_can_be_corrected_has_a_name():
    assert set(CORRECTABLE) - {"other"} <= set(fields())
    assert {"consent.window_over", "consent.not_given", "page_old"} <= set(not_taken_words())
