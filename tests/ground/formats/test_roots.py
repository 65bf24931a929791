"""Two sides that hold the same rows say the same; who lacks one row differs in one bucket."""

import hashlib
import hmac
import time
import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shouxin.ground.formats.roots import (
    LEAST_ROWS,
    Column,
    TableShape,
    Tagger,
    bucket_numbers,
    compare,
    person_tag,
    root_of,
    row_bytes_of,
    row_tag,
    table_roots,
    tags_root,
)
from shouxin.ground.kernel import merkle
from shouxin.ground.kernel.canonical import row_bytes
from shouxin.ground.kernel.refusals import Corrupt, Refusal

KEY = bytes(range(32))
SHAPE = TableShape("orders", (Column("person", "basic"), Column("note", "purchase")), "person")
TEXT = st.one_of(
    st.none(),
    st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=12),
    st.sampled_from(["", "𠮷", "é", "e\u0301", "\u0327\u0301", "家政 服务", "\x00"]),
)


def batch(*rows: tuple[str | None, str | None]) -> pa.RecordBatch:
    columns = [pa.array([row[i] for row in rows], pa.string()) for i in range(2)]
    return pa.RecordBatch.from_arrays(columns, names=["person", "note"])


def many(count: int, start: int = 0) -> pa.RecordBatch:
    return batch(*((f"p{i}", f"第{i}单") for i in range(start, count)))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT), max_size=9), st.integers(0, 3))
def test_rows_hashed_at_once_are_the_rows_hashed_one_by_one(rows, offset):
    whole = batch(*rows).slice(min(offset, len(rows)))
    expected = [row_bytes(list(row)) for row in rows[offset:]]
    assert row_bytes_of(whole, SHAPE).to_pylist() == expected


def test_a_tag_is_hmac_and_a_bucket_is_its_first_bits():
    row = ("p1", "e\u0301")
    expected = hmac.new(KEY, row_bytes([row[0], unicodedata.normalize("NFC", row[1])]), "sha256").digest()
    tags = Tagger(KEY, SHAPE).add(batch(row))
    assert tags.tobytes() == expected == row_tag(KEY, row)
    assert bucket_numbers(tags, 16).tolist() == [expected[0] >> 4]
    assert bucket_numbers(tags, 1024).tolist() == [int.from_bytes(expected[:2], "big") >> 6]


def test_the_root_is_what_the_page_says():
    rows = [(f"p{i}", "x") for i in range(100)] + [("p1", "x")]
    roots = table_roots(key=KEY, shape=SHAPE, batches=[batch(*rows)])
    count = len(roots.buckets)
    tags = sorted(row_tag(KEY, row) for row in rows)
    buckets = [b"".join(tag for tag in tags if tag[0] * count // 256 == i) for i in range(count)]
    values = [hashlib.sha256(b"SHOUXIN-BUCKET-1\x00" + each).digest() for each in buckets]
    assert roots.rows == 101
    assert count in (2, 4)
    assert list(roots.buckets) == values
    assert roots.root == merkle.root([hashlib.sha256(b"\x00" + value).digest() for value in values])


def test_the_frozen_root():
    roots = table_roots(key=KEY, shape=SHAPE, batches=[many(1000)])
    assert (len(roots.buckets), roots.root.hex()) == (
        16,
        "8227bae1b4ae385bbde43214fc7e253579fa45aaa10c479e30e344f18c4e5dd8",
    )
    assert SHAPE.digest == "sha256:1742712bcd2c00115f17c5dc36fbeb107aa708b9013af7bf6d48fde864e98f50"
    assert person_tag(KEY, "p1").hex() == "b73545e047f46b0c8da8b65fc6f4b912397e0724a8590e2c24f03b4e4c6f350b"


@pytest.mark.parametrize("count", [0, 1, 19, 20, 39, 40, 79, 500, 5000, 40000])
def test_every_bucket_holds_twenty_rows_and_twice_as_many_would_not_do(count):
    tagger = Tagger(KEY, SHAPE)
    tags = tagger.add(many(count)) if count else np.empty((0, 32), np.uint8)
    buckets = len(tagger.roots().buckets)
    held = np.bincount(bucket_numbers(tags, buckets), minlength=buckets)
    twice = np.bincount(bucket_numbers(tags, buckets * 2), minlength=buckets * 2)
    assert buckets & (buckets - 1) == 0
    assert buckets == 1 or held.min() >= LEAST_ROWS
    assert twice.min() < LEAST_ROWS


def test_order_and_batches_do_not_matter_but_duplicates_null_and_key_do():
    def roots(*batches, key=KEY):
        return table_roots(key=key, shape=SHAPE, batches=batches, buckets=4)

    whole = roots(many(200))
    assert whole == roots(many(200, 90), many(90))
    assert compare(whole, roots(many(200), many(1))) != ()
    assert roots(batch(("a", ""))) != roots(batch(("a", None)))
    assert roots(batch(("a", "bc"))) != roots(batch(("ab", "c")))
    assert whole != roots(many(200), key=bytes(32))


def test_one_row_less_differs_in_its_bucket_only():
    whole = table_roots(key=KEY, shape=SHAPE, batches=[many(2000)])
    count = len(whole.buckets)
    less = table_roots(key=KEY, shape=SHAPE, batches=[many(2000, 1)], buckets=count)
    tag = np.frombuffer(row_tag(KEY, ("p0", "第0单")), np.uint8).reshape(1, 32)
    assert compare(whole, less) == tuple(bucket_numbers(tag, count).tolist())
    assert compare(whole, whole) == ()


def test_tables_that_cannot_be_compared_are_corrupt():
    one = table_roots(key=KEY, shape=SHAPE, batches=[many(100)], buckets=2)
    other = TableShape("orders", tuple(reversed(SHAPE.columns)), "person")
    for wrong in (
        table_roots(key=KEY, shape=SHAPE, batches=[many(100)], buckets=4),
        table_roots(key=KEY, shape=other, batches=[], buckets=2),
    ):
        with pytest.raises(Corrupt):
            compare(one, wrong)


@pytest.mark.parametrize("buckets", [0, 3, -4, 131072])
def test_a_number_of_buckets_of_another_form_is_refused(buckets):
    with pytest.raises(Corrupt):
        table_roots(key=KEY, shape=SHAPE, batches=[], buckets=buckets)


def test_only_text_in_the_schemas_order_is_tagged():
    numbers = pa.RecordBatch.from_arrays([pa.array(["a"]), pa.array([1])], names=["person", "note"])
    turned = pa.RecordBatch.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["note", "person"])
    for wrong in (numbers, turned):
        with pytest.raises(Refusal, match=r"roots\.columns"):
            Tagger(KEY, SHAPE).add(wrong)
    with pytest.raises(Refusal, match=r"roots\.key"):
        Tagger(KEY[:16], SHAPE)
    with pytest.raises(Corrupt):
        root_of([b"short"])


def test_a_persons_tag_is_not_a_rows_tag_and_the_list_has_one_root():
    assert person_tag(KEY, "p1") != row_tag(KEY, ["p1"])
    assert person_tag(KEY, "p1") != person_tag(bytes(32), "p1")
    tags = [person_tag(KEY, f"p{i}") for i in range(5)]
    assert tags_root(tags) == tags_root(reversed(tags)) != tags_root(tags[1:])
    assert tags_root([]) == hashlib.sha256(b"").digest()


def test_a_hundred_thousand_rows_take_less_than_two_seconds():
    whole = many(100_000)
    began = time.perf_counter()
    table_roots(key=KEY, shape=SHAPE, batches=[whole])
    assert time.perf_counter() - began < 2
