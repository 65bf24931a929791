"""Double entry: each line that does not add up is named; the public edition gives no small number away."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouxin.ground.formats import balance
from shouxin.ground.formats.balance import CELL_ENDS, COPY_ENDS, PERSON_ENDS, SMALL, STEP, Balance, CellRow, PersonEnds
from shouxin.ground.kernel.canonical import encode
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from tests.ground.formats.test_pack import cast

GOOD = cast.balance_of(500)


def test_what_adds_up_has_nothing_to_name_and_is_read_back():
    assert balance.check(GOOD) == ()
    assert balance.read(balance.to_bytes(GOOD)) == GOOD


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        (replace(GOOD, sources=(replace(GOOD.sources[0], rejected=3),)), "source source:1"),
        (replace(GOOD, cells=(replace(GOOD.cells[0], cells=1), GOOD.cells[1])), "cells basic from source:1"),
        (
            replace(GOOD, cells=(GOOD.cells[0], replace(GOOD.cells[1], copy=dict.fromkeys(COPY_ENDS, 0)))),
            "cells purchase from source:1: own copy",
        ),
        (replace(GOOD, persons=replace(GOOD.persons, customers=1)), "persons"),
    ],
)
def test_an_unbalanced_line_is_named(wrong, where):
    assert [line.where for line in balance.check(wrong)] == [where]
    with pytest.raises(Refusal, match=r"balance\.unbalanced"):
        balance.publish(wrong)


@pytest.mark.parametrize(
    "change",
    [
        lambda plain: plain.update(more=1),
        lambda plain: plain["sources"][0].update(read=-1),
        lambda plain: plain["sources"][0].update(read=None),
        lambda plain: plain["sources"][0].update(read=True),
        lambda plain: plain["sources"].append(plain["sources"][0]),
        lambda plain: plain["cells"].append(plain["cells"][0]),
        lambda plain: plain["persons"]["ends"].pop("none"),
        lambda plain: plain.update(recomputable=False),
        lambda plain: plain.update(edition="public"),
    ],
)
def test_another_form_is_refused(change):
    plain = balance.to_plain(balance.read(balance.to_bytes(GOOD)))
    change(plain)
    with pytest.raises(Corrupt):
        balance.read(encode(plain))


def test_a_public_edition_says_that_it_cannot_be_recomputed():
    shown = balance.publish(GOOD)
    assert balance.to_plain(shown)["recomputable"] is False
    assert balance.read(balance.to_bytes(shown)) == shown
    with pytest.raises(Refusal, match=r"balance\.public"):
        balance.check(shown)


counts = st.one_of(st.integers(0, 40), st.integers(0, 5000))


@given(st.lists(st.tuples(*[counts] * len(CELL_ENDS)), min_size=1, max_size=6), st.tuples(*[counts] * len(PERSON_ENDS)))
def test_no_small_number_and_no_single_gap_is_published(rows, persons):
    cells = tuple(
        CellRow(
            category=f"c{number}",
            source="source:1",
            cells=sum(row),
            ends=dict(zip(CELL_ENDS, row, strict=True)),
            copy={**dict.fromkeys(COPY_ENDS, 0), "kept": row[0]},
        )
        for number, row in enumerate(rows)
    )
    people = PersonEnds(sum(persons), dict(zip(PERSON_ENDS, persons, strict=True)))
    shown = balance.publish(Balance(sources=(), cells=cells, persons=people))
    table = [list(row.ends.values()) for row in shown.cells] + [list(shown.persons.ends.values())]
    for line in table:
        assert all(value is None or value == 0 or (value >= SMALL and value % STEP == 0) for value in line)
        hidden = sum(value is None for value in line)
        assert hidden != 1 or not any(line)
