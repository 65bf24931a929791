"""The answer book follows the shares, the channels and the seed."""

from collections import Counter

import pytest

from shouxin.ground.samples import answer_book, write_company

from .conftest import AS_OF, Written


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    folder = tmp_path_factory.mktemp("large")
    return write_company(folder, customers=1500, seed=8, as_of=AS_OF, orders=1500)


def test_the_shares_are_the_stated_ones(large):
    counts = Counter(plan.answer for plan in answer_book(large, seed=1).values())
    assert counts["agree"] == round(0.62 * 1500)
    assert counts["refuse"] == round(0.18 * 1500)
    assert counts["silent"] == round(0.17 * 1500)
    assert min(counts[kind] for kind in ("call_me", "correct", "copy", "delete")) >= 11


def test_the_same_seed_plans_the_same_and_another_seed_otherwise(company: Written):
    book = answer_book(company.truth, seed=1)
    assert book == answer_book(company.truth, seed=1)
    assert book != answer_book(company.truth, seed=2)
    assert list(book) == [person.key for person in company.truth.customers()]


def test_nobody_answers_by_a_route_that_does_not_reach_them(large):
    book = answer_book(large, seed=1)
    needs = {"page": "email", "reply_code": "phone", "telephone": "phone", "paper": "address"}
    for person in large.customers():
        plan = book[person.key]
        assert (plan.route == "") is (plan.answer == "silent")
        if plan.route:
            assert needs[plan.route] in person.channels
        if person.dead or not person.channels:
            assert plan.answer == "silent"
    assert set(Counter(plan.route for plan in book.values())) == {"", *needs}


def test_a_minors_answer_is_the_guardians(large):
    book = answer_book(large, seed=1)
    minors = [person for person in large.customers() if person.guardian]
    spoken = [book[person.key] for person in minors if book[person.key].answer != "silent"]
    assert any(plan.answer == "agree" for plan in spoken)
    assert all(plan.by_guardian for plan in spoken)
    assert not any(plan.by_guardian for key, plan in book.items() if not large.people[key].guardian)


def test_each_handful_is_there_and_no_person_is_in_two(company: Written):
    plans = list(answer_book(company.truth, seed=1).values())
    handfuls = [
        {p.person_key for p in plans if p.withdraws == "before_packing"},
        {p.person_key for p in plans if p.withdraws == "after_packing"},
        {p.person_key for p in plans if p.disputes},
        {p.person_key for p in plans if p.complains},
    ]
    assert all(handfuls)
    assert sum(map(len, handfuls)) == len(set().union(*handfuls))
    assert all(p.answer == "agree" for p in plans if p.withdraws or p.disputes)
    assert any(p.answer == "agree" and not p.sensitive_agreed for p in plans)
    assert {p.answer for p in plans if p.complains} == {"agree", "refuse"}


def test_what_follows_a_request_is_said(company: Written):
    for plan in answer_book(company.truth, seed=1).values():
        assert bool(plan.then) is (plan.answer in ("call_me", "correct", "copy"))
        assert bool(plan.correction) is (plan.answer == "correct")
        assert plan.final in ("agree", "refuse", "delete", "silent")
        assert plan.final == "agree" or not plan.sensitive_agreed


def test_a_demo_of_five_thousand_has_two_hundred_answers_for_the_page(large):
    pages = sum(plan.route == "page" for plan in answer_book(large, seed=1).values())
    assert pages / 1500 * 5000 > 200


def test_the_shop_is_completed_by_telephone_and_paper_alone(shop: Written):
    book = answer_book(shop.truth, seed=1)
    assert {plan.route for plan in book.values()} == {"telephone", "paper", ""}
    assert {"agree", "refuse", "silent", "call_me", "correct", "copy", "delete"} == {p.answer for p in book.values()}
