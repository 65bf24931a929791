"""The bytes that are sealed: a batch written column by column says exactly what row by row would."""

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from shouxin.duties.inventory.rows import Rows, category_masks, items, write_rows
from shouxin.ground.rulebook.terms import categories, fields

FIELDS = ("name", "phone", "item", "note", "health", "amount")
texts = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12))
row = st.fixed_dictionaries(dict.fromkeys(FIELDS, texts))


def rows_of(values):
    frame = pl.DataFrame(values, schema=dict.fromkeys(FIELDS, pl.String))
    return Rows(np.arange(2, 2 + len(values)), (), frame, pl.DataFrame())


@settings(deadline=None)  # the first call sets polars up
@given(st.lists(st.tuples(st.integers(0, 3), row), min_size=1, max_size=8))
def test_columns_give_the_same_bytes_as_rows(told):
    rows, owners = rows_of([values for _, values in told]), np.array([owner for owner, _ in told])
    found = {(part.customer, part.category): (part.rows, part.raw) for part in items(rows, owners, source=3)}
    expected: dict = {}
    for number, (owner, values) in enumerate(told, start=2):
        for category in categories():
            own = {name: text for name, text in values.items() if text and fields()[name].category == category}
            if own and owner:
                expected.setdefault((owner, category), []).append((number, own))
    assert found == {cell: (len(part), write_rows(part)) for cell, part in expected.items()}


def test_every_sign_that_json_escapes_is_escaped_as_json_does():
    signs = "".join(map(chr, range(0x20))) + '"\\/\x7f\u2028𠮷'
    rows = rows_of([dict.fromkeys(FIELDS) | {"note": signs}])
    (part,) = items(rows, np.array([1]), source=3)
    assert part.raw == write_rows([(2, {"note": signs})])


def test_a_mask_names_the_categories_that_a_row_says_anything_of():
    rows = rows_of([dict.fromkeys(FIELDS) | {"name": "甲", "health": "乙"}, dict.fromkeys(FIELDS) | {"amount": "1"}])
    assert category_masks(rows).tolist() == [0b10001, 0b00010]


def test_nothing_of_a_row_is_printed():
    rows = rows_of([dict.fromkeys(FIELDS) | {"name": "叶青岚"}])
    (part,) = items(rows, np.array([1]), source=3)
    assert "叶青岚" not in repr(rows) + repr(part)
