"""One value, one spelling: writing gives it, reading refuses every other."""

import json
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shouxin.ground.kernel.canonical import (
    decode,
    encode,
    from_base64,
    length_prefixed,
    row_bytes,
    to_base64,
)
from shouxin.ground.kernel.refusals import Corrupt

texts = st.text(alphabet=string.ascii_letters + ' "\\\n\t中文𠮷é')
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(values)
def test_what_is_written_is_read_back_and_written_the_same(value):
    raw = encode(value)
    assert decode(raw) == value
    assert encode(decode(raw)) == raw


def test_the_order_of_keys_in_memory_does_not_show():
    assert encode({"b": 1, "a": [True, None, "乙"]}) == encode({"a": [True, None, "乙"], "b": 1})
    assert encode({"b": 1, "a": "乙"}) == '{"a":"乙","b":1}'.encode()


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("a float", 1.5),
        ("a float without a fraction", {"n": 1.0}),
        ("not a number", [float("nan")]),
        ("an integer beyond 2^53", 2**53),
        ("a key that is a number", {1: "a"}),
        ("text that is not NFC", "e\u0301"),
        ("a key that is not NFC", {"e\u0301": 1}),
        ("a lone surrogate", "\ud800"),
        ("bytes", b"raw"),
        ("a set", {"a"}),
        ("depth beyond 32", eval("[" * 40 + "]" * 40)),
    ],
)
def test_it_refuses_to_write_what_has_no_one_spelling(what, value):
    with pytest.raises(Corrupt):
        encode(value)


def spelled(value, *, escaped):
    """JSON as somebody else may spell it."""
    return json.dumps(value, ensure_ascii=escaped, sort_keys=True, separators=(",", ":")).encode("utf-8", "replace")


marks = st.text(alphabet='ne=<\u0301\u0303\u0338\u1100\u1161\ud800\n\\"[{')
odd = st.recursive(
    st.integers(-(2**53) - 1, 2**53 + 1) | marks,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(marks, inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=400, deadline=None)
@given(odd, st.booleans())
def test_what_is_read_is_exactly_what_writing_it_again_would_give(value, escaped):
    raw = spelled(value, escaped=escaped)
    try:
        canonical = encode(json.loads(raw)) == raw
    except Corrupt:
        canonical = False
    if canonical:
        assert decode(raw) == json.loads(raw)
    else:
        with pytest.raises(Corrupt):
            decode(raw)


@pytest.mark.parametrize("depth", [31, 32, 33, 34])
def test_depth_is_counted_where_it_lies_and_brackets_in_words_are_none(depth):
    deep, words = b"[" * depth + b"]" * depth, b'"' + b"[{" * depth + b'"'
    assert decode(words) == "[{" * depth
    if depth <= 33:
        assert encode(decode(deep)) == deep
    else:
        with pytest.raises(Corrupt):
            decode(deep)


@pytest.mark.parametrize(
    ("what", "raw"),
    [
        ("a space", b'{"a": 1}'),
        ("keys out of order", b'{"b":1,"a":2}'),
        ("a doubled key", b'{"a":1,"a":1}'),
        ("a doubled key further in", b'[{"a":{"b":1,"b":2}}]'),
        ("a float", b"1.0"),
        ("an exponent", b"1e2"),
        ("minus nought", b"-0"),
        ("NaN", b"NaN"),
        ("Infinity", b"[Infinity]"),
        ("an escape that was not needed", b'"\\u0061"'),
        ("an escaped slash", b'"\\/"'),
        ("a Chinese sign as an escape", b'"\\u4e59"'),
        ("a lone surrogate as an escape", b'"\\ud800"'),
        ("a final line end", b"{}\n"),
        ("a byte order mark", b"\xef\xbb\xbf{}"),
        ("another encoding", '"é"'.encode("latin-1")),
        ("overlong UTF-8", b'"\xc0\xaf"'),
        ("two values", b"1 2"),
        ("nothing", b""),
        ("text that is not NFC", json.dumps("e\u0301", ensure_ascii=False).encode()),
        ("an integer beyond 2^53", b"9007199254740993"),
        ("an integer of many thousand digits", b"9" * 5000),
        ("depth beyond what can be read", b"[" * 100_000),
    ],
)
def test_it_refuses_to_read_another_spelling(what, raw):
    with pytest.raises(Corrupt):
        decode(raw, where="test")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_base64_has_one_spelling(raw):
    assert from_base64(to_base64(raw)) == raw


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("set trailing bits", "QUJ="),
        ("no padding", "QUI"),
        ("too much padding", "QUJD===="),
        ("the address alphabet", "-_-_"),
        ("a space", "QU JD"),
        ("a line end", "QUJD\n"),
        ("a sign outside ASCII", "QUJé"),
    ],
)
def test_it_refuses_base64_in_another_spelling(what, text):
    with pytest.raises(Corrupt):
        from_base64(text)


def test_a_number_where_base64_should_stand_is_refused():
    with pytest.raises(Corrupt):
        from_base64(7)


parts = st.lists(st.none() | st.binary(max_size=6), max_size=5)


@settings(max_examples=150, deadline=None)
@given(parts, parts)
def test_two_lists_of_parts_never_share_their_bytes(left, right):
    assert (length_prefixed(left) == length_prefixed(right)) == (left == right)


def test_a_row_tells_nothing_from_empty_and_spells_text_in_one_form():
    assert row_bytes(["a", None]) != row_bytes(["a", ""])
    assert row_bytes(["ab", "c"]) != row_bytes(["a", "bc"])
    assert row_bytes(["e\u0301"]) == row_bytes(["é"])
    assert row_bytes(["𠮷"]) != row_bytes(["吉"])
