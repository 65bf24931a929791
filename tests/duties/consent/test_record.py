"""Answers: who said what to which text, by which act, with which proof, and what stands."""

import numpy as np
import pytest
from django.db import connection

from shouxin.duties.consent import evidence, queries, services
from shouxin.duties.consent.proofs import salted_digest
from shouxin.ground.kernel.canonical import decode, from_base64
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook.bases import Defect
from shouxin.ground.rulebook.gates.codes import Answer
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.parties import services as parties
from shouxin.stores.vault import services as vault
from tests.duties.stage import AT, CASE, CUT_OFF, RECIPIENT, TEXT, ask, later

SAID = "电话里说同意，录音编号 0001".encode()


def say(customer, answer="agree", **changed):
    """One answer, from the page unless told otherwise."""
    plain = {
        "case": CASE,
        "customer": customer,
        "recipient": RECIPIENT,
        "text_digest": TEXT,
        "answer": answer,
        "categories": {"basic", "purchase"} if answer == "agree" else set(),
        "sensitive_agreed": False,
        "guardian": False,
        "route": "page",
        "proof": SAID,
        "recorded_by": "customer",
        "at": later(days=1),
    }
    return services.record(**{**plain, **changed})


def standing(stage, number=0):
    """The answer that stands."""
    return queries.standing(CASE, [stage.customers[number]]).get(stage.customers[number])


def test_an_answer_is_recorded_with_who_how_and_a_proof_sealed_under_the_persons_key(stage):
    ask(stage)
    view = say(stage.customers[0])
    assert (view.answer, view.categories, view.defects) == ("agree", {"basic", "purchase"}, ())
    grant = parties.grant(by=stage.officer, purpose="rights", categories={"evidence"}, reason="test", at=later(days=1))
    (opened,) = vault.open_for(
        grant=grant, customers=[stage.customers[0]], categories=["evidence"], reason="test", at=later(days=1)
    )
    (row,) = decode(opened.value.raw)
    raw, salt = from_base64(row["f"]["proof"]), from_base64(row["f"]["salt"])
    assert raw.endswith(SAID)
    assert b'"recorded_by":"customer"' in raw
    assert len(salt) == 32
    assert view.proof_digest == salted_digest(salt, raw)


def test_the_ledger_holds_codes_and_a_tag_and_no_word_that_was_said(stage):
    ask(stage)
    say(stage.customers[0])
    (entry,) = ledger.entries(kinds=["consent.recorded"])
    assert entry.facts["answers"] == {"agree": 1}
    assert (
        entry.facts["tag"] == vault.tags(customers=[stage.customers[0]], event=entry.facts["event"])[stage.customers[0]]
    )
    assert "录音" not in "".join(raw.decode() for raw in ledger.raw())


def test_a_later_answer_stands_and_the_time_it_was_given_counts_not_the_time_it_was_written_down(stage):
    ask(stage)
    person = stage.customers[0]
    say(person, at=later(days=1))
    say(person, "refuse", at=later(days=3))
    assert standing(stage) == Answer.REFUSE
    # A sheet entered on day four tells of a yes on day two: the no of day three stands above it.
    say(person, at=later(days=4), given_at=later(days=2), route="paper")
    assert standing(stage) == Answer.REFUSE
    assert len(queries.history(person, CASE)) == 3


def test_after_a_clear_no_the_company_asks_no_second_time_but_the_person_may_think_again(stage):
    ask(stage)
    person = stage.customers[0]
    say(person, "refuse")
    with pytest.raises(Refusal, match=r"consent\.already_refused"):
        say(person, route="telephone", initiative="company", recorded_by=stage.clerk, at=later(days=2))
    assert queries.refusals(CASE) == {person}
    say(person, at=later(days=2))
    assert standing(stage) == Answer.AGREE
    assert queries.refusals(CASE) == frozenset()


@pytest.mark.parametrize(
    ("answer", "at", "code"),
    [
        ("agree", later(days=40), "consent.window_over"),
        ("withdraw", later(days=1), "consent.not_given"),
        ("perhaps", later(days=1), "consent.no_such_answer"),
    ],
)
def test_it_refuses_what_cannot_count(stage, answer, at, code):
    ask(stage)
    with pytest.raises(Refusal) as refused:
        say(stage.customers[0], answer, at=at)
    assert refused.value.code == code
    assert standing(stage) is None


def test_a_no_and_a_withdrawal_count_after_the_cut_off_too(stage):
    ask(stage)
    say(stage.customers[0])
    say(stage.customers[0], "withdraw", at=later(days=40))
    say(stage.customers[1], "refuse", at=later(days=40))
    assert standing(stage) == Answer.WITHDRAW
    assert standing(stage, 1) == Answer.REFUSE


def test_nothing_is_asked_before_the_window_opens(stage):
    with pytest.raises(Refusal, match=r"consent\.not_asked"):
        say(stage.customers[0])


@pytest.mark.parametrize(
    ("changed", "defect"),
    [
        ({"proof": b""}, Defect.NO_PROOF),
        ({"text_digest": "sha256:" + "9" * 64}, Defect.TEXT),
        ({"recipient": "recipient:another"}, Defect.RECIPIENT),
        ({"categories": {"basic", "need"}}, Defect.CATEGORY),
        ({"defects": ("bundled", "wrong_person")}, Defect.BUNDLED | Defect.WRONG_PERSON),
    ],
)
def test_what_is_wrong_with_an_agreement_is_recorded_with_it(stage, changed, defect):
    ask(stage)
    say(stage.customers[0], **changed)
    columns = queries.answers(CASE, later(days=2))
    assert columns.defect[0] == defect
    assert bool(columns.recipient_match[0]) is ("recipient" not in changed)
    assert evidence.answers_recorded(CASE, later(days=2)).missing[0].facts == {"count": 1}


def test_the_columns_show_what_was_recorded_by_then_in_the_order_of_customers(stage):
    ask(stage)
    first, second, third = stage.customers[:3]
    say(third, sensitive_agreed=True, categories={"basic", "sensitive"}, guardian=True)
    say(first, "refuse")
    say(second, at=later(days=5))
    columns = queries.answers(CASE, later(days=2))
    assert columns.customer.tolist() == [first, third]
    assert columns.answer.tolist() == [Answer.REFUSE, Answer.AGREE]
    assert columns.categories_mask.tolist() == [0, 0b10001]
    assert columns.sensitive.tolist() == columns.guardian.tolist() == [False, True]
    assert columns.customer.dtype == np.int64
    assert len(queries.answers("case_other", AT)) == 0


def test_staff_without_leave_record_nothing(stage):
    ask(stage)
    for by in (stage.outsider, stage.second, "staff:nobody"):
        with pytest.raises(Refusal, match=r"access\."):
            say(stage.customers[0], recorded_by=by, route="telephone")
    say(stage.customers[0], recorded_by=stage.clerk, route="telephone")
    assert standing(stage) == Answer.AGREE


def test_many_answers_are_one_entry_and_one_wrong_row_records_none(stage):
    ask(stage)
    rows = [
        services.AnswerRow(
            customer=customer,
            answer=answer,
            categories=frozenset({"basic"}) if answer == "agree" else frozenset(),
            sensitive_agreed=False,
            guardian=False,
            route="page",
            given_at=later(days=1),
            proof=SAID,
        )
        for customer, answer in zip(stage.customers, ("agree", "refuse", "agree", "call_me", "agree"), strict=True)
    ]
    wrong = [*rows, services.AnswerRow(stage.customers[0], "withdrawn", frozenset(), False, False, "page", AT)]
    before = ledger.height()
    with pytest.raises(Refusal) as refused:
        services.record_many(
            case=CASE, recipient=RECIPIENT, text_digest=TEXT, rows=wrong, recorded_by="customer", at=later(days=1)
        )
    assert refused.value.facts["row"] == 6
    assert (ledger.height(), queries.standing(CASE)) == (before, {})
    counts = services.record_many(
        case=CASE, recipient=RECIPIENT, text_digest=TEXT, rows=rows, recorded_by="customer", at=later(days=1)
    )
    assert counts == {"agree": 3, "refuse": 1, "call_me": 1}
    assert ledger.height() == before + 1
    assert queries.call_backs(CASE) == {stage.customers[3]}


def test_no_value_and_no_word_stands_in_the_rooms_tables(stage):
    ask(stage)
    say(stage.customers[0])
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM consent_answer")
        stored = str(cursor.fetchall())
    assert "录音" not in stored
    assert "0001" not in stored


def test_the_window_moves_only_later_and_never_to_another_recipient(stage):
    ask(stage)
    assert evidence.answer_window_over(CASE, AT).missing[0].due == "2026-12-23"
    again = {
        "case": CASE,
        "texts": ["sha256:2"],
        "categories": {"basic"},
        "opens_at": AT,
        "by": stage.officer,
        "at": AT,
    }
    with pytest.raises(Refusal, match=r"consent\.window_backwards"):
        services.open_window(**again, recipient=RECIPIENT, cut_off=later(days=2))
    with pytest.raises(Refusal, match=r"consent\.recipient_changed"):
        services.open_window(**again, recipient="recipient:another", cut_off=CUT_OFF)
    window = services.open_window(**again, recipient=RECIPIENT, cut_off=CUT_OFF)
    assert set(window.texts) == {TEXT, "sha256:2"}
    assert not evidence.answer_window_over(CASE, CUT_OFF).holds
    assert evidence.answer_window_over(CASE, later(days=40)).holds
    assert not evidence.answer_window_over("case_other", later(days=40)).holds
