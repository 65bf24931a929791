"""Reply codes and tokens: derived, never stored, forgiving to read out, strict about wrong signs."""

from itertools import pairwise

import pytest

from shouxin.duties.notices import codes, queries, sending, services
from shouxin.duties.notices.models import ReplyKey
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.ledger import queries as ledger
from tests.duties.stage import AT, CASE, adopt


def test_a_code_is_derived_again_and_differs_per_case_customer_and_number(stage):
    key = codes.derive(CASE, 1, 1)
    assert codes.derive(CASE, 1, 1) == key
    others = [codes.derive(CASE, 2, 1), codes.derive("case_other", 1, 1), codes.derive(CASE, 1, 2)]
    assert len({key.code, key.token, *(o.code for o in others), *(o.token for o in others)}) == 8
    assert (len(key.code), len(key.token)) == (8, 26)
    assert key.code not in repr(key)
    assert key.token not in repr(key)


def test_every_wrong_sign_and_every_swap_of_neighbours_is_noticed(stage):
    for number in range(1, 30):
        code = codes.derive(CASE, number, 1).code
        assert codes.clean_code(code) == code
        wrong = [code[:at] + sign + code[at + 1 :] for at in range(8) for sign in codes.SIGNS if sign != code[at]]
        for at, (left, right) in enumerate(pairwise(code)):
            if left != right:
                wrong.append(code[:at] + right + left + code[at + 2 :])
        assert not [said for said in wrong if _passes(said)]


def _passes(said):
    try:
        codes.clean_code(said)
    except Refusal:
        return False
    return True


@pytest.mark.parametrize("said", ["", "ABC", "ABCDEFGHJ", "同意同意同意同意", "ABCD-EFGU"])
def test_what_is_no_code_is_refused(said):
    with pytest.raises(Refusal, match=r"notices\.code_mistyped"):
        codes.clean_code(said)


def test_a_code_is_read_as_people_write_it(stage):
    adopt(stage)
    key = services.issue_key(case=CASE, customer=stage.customers[0], by=stage.clerk, at=AT)
    said = key.spoken.lower().replace("0", "o").replace("1", "l").replace("-", " - ")
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in key.code)
    assert queries.resolve_code(said) == queries.resolve_code(f" {wide}\r\n") == (CASE, stage.customers[0])
    assert queries.resolve_token(key.token) == (CASE, stage.customers[0])
    with pytest.raises(Refusal, match=r"notices\.code_unknown"):
        queries.resolve_code(codes.derive(CASE, 99, 1).code)
    with pytest.raises(Refusal, match=r"notices\.token_unknown"):
        queries.resolve_token("0" * 26)
    with pytest.raises(Refusal, match=r"access\."):
        services.issue_key(case=CASE, customer=stage.customers[0], by=stage.outsider, at=AT)


def test_many_codes_are_looked_up_together_each_with_its_own_answer(stage, django_assert_num_queries):
    adopt(stage)
    told = [sending.key_of(CASE, issue(stage, customer)).spoken for customer in stage.customers]
    nobodys, mistyped = codes.derive(CASE, 99, 1).code, "1234-5678"
    with django_assert_num_queries(1):
        found = queries.resolve_codes([*told, nobodys, mistyped, ""])
    assert [found[each] for each in told] == [(CASE, customer) for customer in stage.customers]
    assert [found[each].code for each in (nobodys, mistyped, "")] == [
        "notices.code_unknown",
        "notices.code_mistyped",
        "notices.code_mistyped",
    ]
    for each, owner in found.items():  # one by one they say the same
        if isinstance(owner, Refusal):
            with pytest.raises(Refusal, match=owner.code):
                queries.resolve_code(each)
        else:
            assert queries.resolve_code(each) == owner


def issue(stage, customer):
    """A code for this customer, at the counter."""
    services.issue_key(case=CASE, customer=customer, by=stage.clerk, at=AT)
    return customer


def test_more_codes_than_one_question_takes_are_looked_up_all_the_same(stage, monkeypatch, django_assert_num_queries):
    adopt(stage)
    told = [sending.key_of(CASE, issue(stage, customer)).code for customer in stage.customers]
    monkeypatch.setattr(queries, "_MOST_NAMED", 2)
    with django_assert_num_queries(-(-len(told) // 2)):
        assert [owner[1] for owner in queries.resolve_codes(told).values()] == list(stage.customers)
    assert queries.texts_shown(CASE, stage.customers) == {
        customer: queries.text(CASE, "zh").digest for customer in stage.customers
    }


def test_two_codes_that_would_meet_are_moved_apart(stage, monkeypatch):
    first, second = stage.customers[:2]
    met, derive_all = codes.derive(CASE, first, 1), codes.derive_all

    def meeting(case, numbers):
        return {
            customer: met if (customer, numbers[customer]) == (second, 1) else key
            for customer, key in derive_all(case, numbers).items()
        }

    monkeypatch.setattr(codes, "derive_all", meeting)
    sending.ensure_keys(CASE, [first, second])
    assert sorted(ReplyKey.objects.values_list("customer", "round")) == [(first, 1), (second, 2)]
    assert queries.resolve_code(sending.key_of(CASE, second).code) == (CASE, second)


def test_a_destroyed_persons_code_leads_nowhere(stage):
    adopt(stage)
    key = services.issue_key(case=CASE, customer=stage.customers[0], by=stage.clerk, at=AT)
    assert services.forget(customers=[stage.customers[0]]) == 1
    for resolve, said in ((queries.resolve_code, key.code), (queries.resolve_token, key.token)):
        with pytest.raises(Refusal, match="unknown"):
            resolve(said)
    with pytest.raises(Refusal, match=r"notices\.no_key"):
        sending.key_of(CASE, stage.customers[0])
    assert key.code not in "".join(raw.decode() for raw in ledger.raw())
