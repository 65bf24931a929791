"""The bulk finder says what the slow oracle says, cell by cell and byte by byte."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shouxin.ground.rulebook import identifiers
from shouxin.ground.rulebook.identifiers import KINDS, Spans, find, scanner
from shouxin.ground.rulebook.identifiers.checks import id_check_character
from tests.ground.rulebook.identifiers.oracle import identifiers as slowly

# Region 99 is the test range: no place has it.
GOOD_ID = "99010119900307" + "123" + id_check_character("99010119900307123")


def _with_check(body: str) -> str:
    signs = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    total = sum(signs.index(sign) * 3**place for place, sign in enumerate(body))
    return body + signs[-total % 31]


def _luhn(body: str) -> str:
    return next(body + str(last) for last in range(10) if _sum(body + str(last)) % 10 == 0)


def _sum(digits: str) -> int:
    return sum(sum(map(int, str(int(d) * (2 if place % 2 else 1)))) for place, d in enumerate(reversed(digits)))


CARD = _luhn("629910000000000001")
USCC = _with_check("91990101MA0000000")


def marked(cells: list[str | None], spans: Spans) -> list[list[tuple[int, int, str]]]:
    out: list[list[tuple[int, int, str]]] = [[] for _ in cells]
    for row, start, end, kind in zip(spans.rows, spans.starts, spans.ends, spans.kinds, strict=True):
        out[row].append((int(start), int(end), KINDS[kind]))
    return out


def texts(cell: str) -> list[tuple[str, str]]:
    spans = marked([cell], find(pa.array([cell])))[0]
    return [(cell.encode()[start:end].decode(), kind) for start, end, kind in spans]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("电话13900000000，请来电", [("13900000000", "mobile")]),
        ("+86 139-0000-0000", [("+86 139-0000-0000", "mobile")]),
        ("008613900000000", [("008613900000000", "mobile")]),
        ("0086-13900000000", [("0086-13900000000", "mobile")]),
        ("+8613900000000", [("+8613900000000", "mobile")]),
        ("１３９００００００００", [("１３９００００００００", "mobile")]),
        ("(021)62340000", [("(021)62340000", "landline")]),
        ("0571-82340000-801", [("0571-82340000-801", "landline")]),
        (GOOD_ID, [(GOOD_ID, "id_no")]),
        (GOOD_ID[:-1] + ("1" if GOOD_ID[-1] != "1" else "2"), []),
        ("a.b+c@example.cn。", [("a.b+c@example.cn", "email")]),
        ("13900000000.a@example.cn", [("13900000000.a@example.cn", "email")]),
        ("13900000000@139.example", [("13900000000@139.example", "email")]),
        (CARD, [(CARD, "bank_card")]),
        (f"{CARD[:4]} {CARD[4:8]} {CARD[8:12]} {CARD[12:16]} {CARD[16:]}", [(None, "bank_card")]),
        ("1" + CARD[1:], []),
        (USCC, [(USCC, "uscc")]),
        ("车牌沪A12345", [("沪A12345", "plate")]),
        ("车牌沪A·D12345", [("沪A·D12345", "plate")]),
        ("192.168.10.1", [("192.168.10.1", "ipv4")]),
        ("版本1.2.3.4", []),
        ("护照E12345678", [("E12345678", "passport")]),
        ("2001年2月3日", [("2001年2月3日", "date")]),
        ("2001-02-30", []),
        ("20010203", [("20010203", "date")]),
        ("0.13900000000", []),
        ("A13900000000", []),
        ("订单139000000001", []),
    ],
)
def test_each_kind_is_found_with_its_bounds(cell, expected):
    assert texts(cell) == [(text or cell, kind) for text, kind in expected]


def test_a_match_never_crosses_into_the_next_cell():
    cells = ["1390000", "0000", "", "13900000000"]
    assert [len(found) for found in marked(cells, find(pa.array(cells)))] == [0, 0, 0, 1]


def test_the_bytes_behind_a_null_are_not_read():
    whole = pa.array(["13900000000", "13900000001"])
    hidden = pa.Array.from_buffers(pa.string(), 2, [pa.py_buffer(b"\x02"), *whole.buffers()[1:]])
    assert hidden.to_pylist() == [None, "13900000001"]
    assert find(hidden).rows.tolist() == [1]


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]
)
def test_every_arrow_text_gives_the_same_finds_also_in_slices(kind):
    cells = ["x", None, "手机13900000000", "１３９００００００００", "a@b.cn"]
    column = pa.array(cells).cast(kind)
    for start in range(len(cells)):
        part = column.slice(start)
        assert marked(cells[start:], find(part)) == [slowly(cell or "") for cell in cells[start:]]
    assert marked(cells, find(pa.chunked_array([column.slice(0, 2), column.slice(2)])))[2] == slowly(cells[2])


def test_a_column_that_is_not_text_is_refused():
    with pytest.raises(TypeError):
        find(pa.array([13900000000]))


def test_nothing_is_dropped_when_one_cell_holds_more_finds_than_the_output(monkeypatch):
    monkeypatch.setattr(identifiers, "_scratch", type(identifiers._scratch)())
    cells = ["13900000000 " * 5000, "x", "13900000000"]
    assert np.bincount(find(pa.array(cells)).rows).tolist() == [5000, 0, 1]


def test_without_a_folder_for_its_cache_the_pass_is_compiled_in_memory(monkeypatch):
    asked = []

    def njit(**options):
        asked.append(options)
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: function

    monkeypatch.setattr(scanner, "njit", njit)
    assert scanner.compiled(len) is len
    assert [options.get("cache", False) for options in asked] == [True, False]


PIECES = st.sampled_from(
    [
        *[
            "13900000000",
            "139 0000 0000",
            "139-0000-0000",
            "+86",
            "0086",
            "86",
            "(021)",
            "021-",
            "62340000",
            "0571-8234000",
        ],
        *[GOOD_ID, GOOD_ID[:-1] + "x", CARD, USCC, f"{CARD[:4]} {CARD[4:8]} {CARD[8:12]} {CARD[12:16]}", "-801"],
        *["a@b.cn", "@", ".", "-", " ", "\u3000", "·", "(", ")", "@example.com", "x.y", "@b.c", "@1.22"],
        *[
            "沪A12345",
            "沪A·12345",
            "京",
            "A",
            "E12345678",
            "EA1234567",
            "版本",
            "1.2.3.4",
            "192.168.0.255",
            "256.1.1.1",
        ],
        *[
            "2001-02-03",
            "2001/2/29",
            "2000.2.29",
            "2001年2月3日",
            "20010203",
            "19000101",
            "年",
            "𠮷",
            "张",
            "１３９",
            "Ａ",
        ],
    ]
)
CELLS = st.lists(
    st.lists(st.one_of(PIECES, st.text("0123456789Xx -.@A京年月日", max_size=6)), max_size=6).map("".join) | st.none(),
    max_size=8,
)


@settings(max_examples=400, deadline=None)
@given(CELLS)
def test_the_fast_finder_and_the_slow_one_agree(cells):
    assert marked(cells, find(pa.array(cells, pa.string()))) == [slowly(cell or "") for cell in cells]
