"""CSV files, good and bad: a bad one is refused by name, row and what to do, before a row is read."""

import csv
import gc
import hashlib
import io
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shouxin.engine.sources import delimited, open_source
from shouxin.engine.sources.structure import Structure
from shouxin.ground.kernel.refusals import Refusal

GOOD = "姓名,手机号码,身份证号\n王五,13900000000,990101199003071234\n赵六,,\n"


def rows_of(path, **options):
    source = open_source(path, **options)
    table = source.tables()[0]
    rows = [row for batch in source.batches(table.name) for row in batch.to_pylist()]
    assert table.rows == len(rows)
    return [list(row.values()) for row in rows]


def written(tmp_path, content, name="客户.csv"):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refused(path, code, **options):
    with pytest.raises(Refusal) as caught:
        open_source(path, **options)
    assert caught.value.code == code
    assert caught.value.facts.get("file") == path.name
    assert str(path.parent) not in str(caught.value)
    return caught.value.facts


def open_readers(path):
    readers = [each for each in gc.get_objects() if isinstance(each, io.BufferedReader)]
    return [each for each in readers if not each.closed and each.name == str(path)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_each_encoding_line_end_and_delimiter_gives_the_same_text(tmp_path, encoding, end, mark):
    text = GOOD.replace("\n", end).replace(",", mark)
    path = written(tmp_path, text.encode(encoding))
    assert rows_of(path) == [["王五", "13900000000", "990101199003071234"], ["赵六", None, None]]


def test_numbers_stay_text_and_rare_characters_stay_whole(tmp_path):
    path = written(tmp_path, "编号,姓名\n007,𠮷田\n12345678901234567890123,王五\n".encode("gb18030"))
    assert rows_of(path) == [["007", "𠮷田"], ["12345678901234567890123", "王五"]]


def test_quoted_line_ends_and_marks_stay_in_their_cell(tmp_path):
    path = written(tmp_path, '姓名,备注\n王五,"第一行\n第二行,说""好"""\n\n赵六,x"y\n')
    assert rows_of(path) == [["王五", '第一行\n第二行,说"好"'], ["赵六", 'x"y']]


def test_a_characters_bytes_may_lie_across_the_edge_of_a_chunk(tmp_path, monkeypatch):
    monkeypatch.setattr("shouxin.engine.sources.delimited.CHUNK", 7)
    path = written(tmp_path, GOOD.encode("gb18030"))
    monkeypatch.setattr("shouxin.engine.sources.delimited._head", lambda *_: (",", ("姓名", "手机号码", "身份证号")))
    assert rows_of(path)[0][0] == "王五"


def test_reading_can_begin_at_any_row_and_in_any_size(tmp_path):
    path = written(tmp_path, "编号,备注\n" + "".join(f"{n},x\n" for n in range(1000)))
    source = open_source(path)
    batches = list(source.batches("客户", columns=["编号"], size=64, start_row=100))
    assert [batch.num_rows for batch in batches] == [64] * 14 + [4]
    assert [text for batch in batches for text in batch["编号"].to_pylist()] == [str(n) for n in range(100, 1000)]


def test_ragged_rows_are_named(tmp_path):
    facts = refused(written(tmp_path, '姓名,备注\n王五,"a\nb"\n赵六,多,一\n钱七\n'), "source.ragged")
    assert facts["expected"] == 2
    assert facts["count"] == 2
    assert facts["rows"] == [{"row": 3, "line": 4, "columns": 3}, {"row": 4, "line": 5, "columns": 1}]
    assert facts["do"]


@pytest.mark.parametrize(
    ("content", "code", "expected"),
    [
        (b"", "source.empty", {}),
        (b"\xef\xbb\xbf", "source.empty", {}),
        (b"\r\n\r\n", "source.empty", {}),
        ("姓名,姓名,备注\n王五,赵六,x\n", "source.header_duplicate", {"columns": {"姓名": [1, 2]}}),
        ("姓名,,备注\n王五,赵六,x\n", "source.header_blank", {"columns": [2]}),
        ("王五,13900000000\n赵六,13900000001\n", "source.header_missing", {"row": 1}),
        ('姓名,备注\n王五,"没有结束\n赵六,x\n', "source.quote_open", {"row": 2}),
        ("姓名,备注\n王五,a\n赵六,b\x00c\n", "source.nul_byte", {"row": 3}),
        (
            "姓名,备注\n王五,a\n".encode() + b"\xff\xfe\xfa,b\n" + "赵六,好\n".encode() * 30,
            "source.encoding",
            {"row": 3},
        ),
        (GOOD.encode("utf-16")[:-1], "source.encoding", {}),
        (("nom,ville\n" + "Zoé,Orléans\n" * 20).encode("latin-1"), "source.encoding", {}),
        (("姓名,地址\n" + "王小明,臺北市中正區\n" * 20).encode("big5"), "source.encoding_unsure", {}),
    ],
)
def test_a_bad_file_is_refused_with_its_row(tmp_path, content, code, expected):
    path = written(tmp_path, content)
    facts = refused(path, code)
    assert {name: facts[name] for name in expected} == expected


def test_the_stated_encoding_is_taken_instead_of_the_ladder(tmp_path):
    path = written(tmp_path, ("nom,ville\n" + "Zoé,Orléans\n" * 20).encode("latin-1"))
    assert rows_of(path, encoding="latin-1")[0] == ["Zoé", "Orléans"]


def test_damaged_utf8_is_not_read_as_other_characters(tmp_path):
    text = ("姓名,地址\n" + "王小明,上海市普陀区栖鹭路\n" * 50).encode()
    place = text.index("栖".encode(), 600)
    facts = refused(written(tmp_path, text[:place] + b"\xff" + text[place + 1 :]), "source.encoding")
    assert facts["byte"] == place
    assert facts["row"] == text[:place].count(b"\n") + 1


def test_an_endless_field_is_refused_in_flat_memory(tmp_path):
    path = tmp_path / "大.csv"
    with path.open("wb") as file:
        file.write("姓名,备注\n王五,".encode())
        for _ in range(20):
            file.write(b"x" * 2**20)
        file.truncate(2 * 2**30)  # two gigabytes, of which the disk holds twenty megabytes
    tracemalloc.start()
    facts = refused(path, "source.field_too_large")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (facts["row"], facts["column"]) == (2, "备注")
    assert peak < 64 * 2**20


def test_what_is_no_file_is_refused(tmp_path):
    assert refused(tmp_path / "无.csv", "source.missing")["do"]
    folder = tmp_path / "夹.csv"
    folder.mkdir()
    refused(folder, "source.is_folder")


def test_a_file_changed_after_opening_is_not_read(tmp_path):
    path = written(tmp_path, GOOD)
    source = open_source(path)
    path.write_text(GOOD + "钱七,,\n", encoding="utf-8")
    with pytest.raises(Refusal, match=r"source\.changed"):
        next(source.batches("客户"))


def slow_down(monkeypatch):
    """From now on the read of the fourth chunk begins (`reading`) and ends a while after `closing`."""
    reading, closing, decoded = threading.Event(), threading.Event(), delimited._decoded

    def slowly(*arguments):
        for number, chunk in enumerate(decoded(*arguments)):
            if number == 3:
                reading.set()
                closing.wait(60)
                time.sleep(0.3)
            yield chunk

    monkeypatch.setattr("shouxin.engine.sources.delimited._decoded", slowly)
    return reading, closing


def test_closing_waits_for_the_read_under_way_in_another_thread(tmp_path, monkeypatch):
    monkeypatch.setattr("shouxin.engine.sources.delimited.CHUNK", 4096)
    path, (reading, closing) = written(tmp_path, b"x" * 50_000), slow_down(monkeypatch)
    with ThreadPoolExecutor(1) as other:
        file = delimited._Utf8Reader(path, "gb18030")
        begun = other.submit(file.read, 20_000)
        assert reading.wait(60)
        assert len(open_readers(path)) == 1
        closing.set()
        file.close()
        assert not open_readers(path)
        assert begun.result(60) == b"x" * 20_000
        with pytest.raises(ValueError, match="closed"):
            other.submit(file.read, 1).result(60)


def test_a_reader_dropped_while_arrow_reads_ahead_leaves_no_open_file(tmp_path, monkeypatch):
    monkeypatch.setattr("shouxin.engine.sources.delimited.CHUNK", 4096)
    path = written(tmp_path, ("编号,备注\n" + "".join(f"{n},王\n" for n in range(10_000))).encode("gb18030"))
    batches, ignored = open_source(path).batches("客户", size=64), []
    monkeypatch.setattr("sys.unraisablehook", ignored.append)
    reading, closing = slow_down(monkeypatch)
    next(batches)
    assert reading.wait(60)
    closing.set()
    batches.close()
    assert not ignored
    assert not open_readers(path)
    path.unlink()  # refused on Windows as long as anybody holds the file open


def test_the_digest_is_of_the_bytes_as_they_lie(tmp_path):
    raw = GOOD.encode("gb18030")
    assert open_source(written(tmp_path, raw)).digest() == hashlib.sha256(raw).hexdigest()


CELL = st.text(st.sampled_from('a王,"\r\n '), max_size=5)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=6), st.integers(1, 9))
def test_the_walk_counts_what_a_writer_wrote_however_it_is_cut(rows, step):
    stream = io.StringIO(newline="")
    csv.writer(stream, quoting=csv.QUOTE_ALL).writerows(rows)
    raw, structure = stream.getvalue().encode(), Structure(ord(","), 100)
    for place in range(0, len(raw), step):
        assert structure.feed(raw[place : place + step]) == 0
    structure.finish()
    assert (structure.records, structure.columns, structure.ragged_count) == (len(rows), 3, 0)
    assert not structure.has_open_quote
