"""Check digits are the real ones; positions never collide."""

import numpy as np
import pytest

from shouxin.ground.samples import identifiers, places


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("11010519491231002X", True),  # the standard's own example (GB 11643)
        ("110105194912310021", False),
        ("11010519491231002x", False),
        ("1101051949123100", False),
    ],
)
def test_the_identity_check_is_the_standards(text, holds):
    assert identifiers.id_check_holds(text) is holds


def test_identity_numbers_carry_birth_date_and_an_area_that_no_place_has():
    births = np.array([19_560_229, 20_190_630, 19_991_231], dtype=np.int64)
    made = identifiers.id_numbers(births, np.array([0, 12_345, 356_399], dtype=np.int64))
    assert [text[6:14] for text in made] == ["19560229", "20190630", "19991231"]
    assert all(identifiers.id_check_holds(text) and text[2:4] == "99" for text in made)


def test_identity_numbers_of_one_birthday_are_distinct_for_the_stated_span():
    serials = np.arange(356_400, dtype=np.int64)
    made = identifiers.id_numbers(np.full(len(serials), 19_800_101, dtype=np.int64), serials)
    assert len(set(made)) == len(made)


def test_the_luhn_check_is_the_published_one():
    assert identifiers.luhn_holds("79927398713")
    assert not identifiers.luhn_holds("79927398710")
    assert all(identifiers.luhn_holds(identifiers.bank_card(serial)) for serial in range(200))
    assert all(len(identifiers.bank_card(serial)) == 19 for serial in range(200))


def test_credit_codes_hold_until_a_character_changes():
    for serial in range(50):
        code = identifiers.credit_code(serial, sole_trader=serial % 2 == 0)
        assert len(code) == 18
        assert code[:2] == ("92" if serial % 2 == 0 else "91")
        assert identifiers.credit_code_holds(code)
        assert not identifiers.credit_code_holds(code[:5] + ("1" if code[5] != "1" else "2") + code[6:])


def test_a_hundred_thousand_positions_give_as_many_mobiles_and_addresses():
    serials = np.arange(100_000, dtype=np.int64)
    assert len(np.unique(identifiers.mobile_tails(serials, offset=77))) == len(serials)
    parts = np.stack(places.house_numbers(serials, home_city=2, offset=77)[1:])
    assert np.unique(parts, axis=1).shape[1] == len(serials)


def test_no_mobile_begins_as_order_numbers_do():
    prefixes = {identifiers.mobile(serial, offset=5)[:3] for serial in range(3000)}
    assert prefixes == set(identifiers.MOBILE_PREFIXES)
    assert not prefixes & {"130", "131", "132", "133", "134"}
