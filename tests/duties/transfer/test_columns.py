"""Rows as columns: the same links and the same fields as one by one, and the same refusals."""

import json
import os

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shouxin.duties.transfer import columns
from shouxin.ground.kernel.refusals import Corrupt
from shouxin.ground.kernel.sealing import Value
from shouxin.stores.vault.services import Opened

NAMES = ("name", "note", "phone")
TEXT = st.text(st.sampled_from('a王"\\\n\u0301𠮷,[]{}'), max_size=4)
ROW = st.dictionaries(st.sampled_from((*NAMES, "not_asked_for")), TEXT, max_size=3)


def opened(raw, rows):
    return Opened(customer=1, category="basic", source=1, kind="collected", rows=rows, value=Value(raw))


@given(st.lists(st.binary(min_size=16, max_size=16), max_size=5))
def test_links_are_bytes_and_text_and_the_same_again(raws):
    links = columns.links_from(b"".join(raws))
    text = columns.text_of_links(links)
    assert text.to_pylist() == [columns.link_text(raw) for raw in raws]
    text.validate(full=True)
    assert columns.links_of_text(text).tobytes() == b"".join(raws)


@pytest.mark.parametrize("odd", [None, "", "p_", "p_" + "0" * 31, "p_" + "A0" * 16, "q_" + "00" * 16, "p_" + "00" * 17])
def test_what_is_no_link_is_refused(odd):
    sound = columns.link_text(os.urandom(16))
    with pytest.raises(Corrupt, match="link"):
        columns.links_of_text(pa.array([sound, odd, sound], pa.string()))


@settings(deadline=None)
@given(st.lists(st.lists(ROW, min_size=1, max_size=3), max_size=5))
def test_many_values_read_at_once_say_what_each_says(told):
    raws = [
        json.dumps([{"n": n, "f": fields} for n, fields in enumerate(rows)], ensure_ascii=False).encode()
        for rows in told
    ]
    found = columns.read_values([opened(raw, len(rows)) for raw, rows in zip(raws, told, strict=True)], NAMES)
    assert found.counts.tolist() == [len(rows) for rows in told]
    assert found.numbers.tolist() == [n for rows in told for n in range(len(rows))]
    for name in NAMES:
        assert found.fields[name].to_pylist() == [row.get(name) for rows in told for row in rows]
    assert "‹sealed›" in repr(found)


GOOD = b'[{"f":{"name":"x"},"n":1}]'
BAD = {
    "no JSON": b'[{"f":{',
    "no row": b'{"f":{"name":"x"},"n":1}',
    "a field that is no text": b'[{"f":{"name":7},"n":1}]',
    "no fields": b'[{"f":null,"n":1}]',
    "no number": b'[{"f":{"name":"x"}}]',
    "two values in one": GOOD + b"," + GOOD,
    "a row more than was sealed": GOOD[:-1] + b"," + GOOD[1:],
    "an end that the next begins": GOOD[:-1],
}


@pytest.mark.parametrize("what", BAD)
def test_a_value_that_does_not_hold_its_rows_is_refused(what):
    with pytest.raises(Corrupt, match="does not hold rows"):
        columns.read_values([opened(GOOD, 1), opened(BAD[what], 1), opened(GOOD, 1)], NAMES)


def test_values_come_in_steps_of_a_bearable_number_of_rows(monkeypatch):
    monkeypatch.setattr(columns, "BATCH", 10)
    every = [opened(GOOD, rows) for rows in (4, 4, 4, 30, 1, 1)]
    steps = list(columns.in_steps(iter(every)))
    assert [[each.rows for each in some] for some in steps] == [[4, 4, 4], [30], [1, 1]]
    assert [each for some in steps for each in some] == every
