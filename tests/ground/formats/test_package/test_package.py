"""Rows go to one receiver and come back the same; on the way nothing plain touches a disk."""

import io
import sys
import tarfile
from dataclasses import replace

import pyarrow as pa
import pytest

from shouxin.ground.formats.package import (
    Rows,
    age,
    build,
    build_resend,
    building,
    new_identity,
    open_package,
    open_small,
    seal_small,
    ustar,
)
from shouxin.ground.formats.roots import TableShape, row_tag, table_roots
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from tests.ground.formats.test_package.cast import KEY, LETTER, SHAPES, TID, built, expected_of, rows, tables, unseal

WATCHED: list[list[str]] = []


def _watch(event: str, arguments: tuple) -> None:
    if event == "open" and WATCHED and any(mode in str(arguments[1]) for mode in "wax+"):
        WATCHED[-1].append(str(arguments[0]))


sys.addaudithook(_watch)


@pytest.fixture
def ours():
    return new_identity()


def paths_of(folder, facts):
    return [folder / part.name for part in facts.parts]


def test_what_went_in_comes_out_and_the_roots_agree(tmp_path, ours):
    facts = built(tmp_path, ours.recipient)
    package = open_package(paths_of(tmp_path, facts), identity=ours.secret, expected=expected_of(facts))

    out = {name: pa.Table.from_batches(package.batches(name)) for name in SHAPES}

    assert package.letter == LETTER
    assert out == {name: pa.Table.from_batches([rows(name)]) for name in SHAPES}
    assert package.recompute() == facts.roots
    assert facts.roots["orders"] == table_roots(key=KEY, shape=SHAPES["orders"], batches=[rows("orders")])
    for name in SHAPES:
        told = [tuple(row.values()) for row in rows(name).to_pylist()]
        assert facts.tags[name].tobytes() == b"".join(row_tag(KEY, row) for row in told)
    with pytest.raises(Refusal, match=r"package\.no_table"):
        package.batches("invoices")


def test_nothing_plain_touches_a_disk_when_sealing_or_opening(tmp_path, ours):
    WATCHED.append([])
    facts = built(tmp_path, ours.recipient, count=20_000, part_size=100_000)
    package = open_package(paths_of(tmp_path, facts), identity=ours.secret, expected=expected_of(facts))
    count = sum(batch.num_rows for _, batch in package.read())
    written = WATCHED.pop()

    assert count == 40_000
    assert len(facts.parts) > 2
    assert len(written) == len(facts.parts)
    assert all(path.endswith(".unfinished") and str(tmp_path) in path for path in written)
    sealed = b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))
    assert sealed.startswith(b"age-encryption.org/v1\n")
    assert b"PAR1" not in sealed


def test_parts_are_named_in_order_and_each_is_checked(tmp_path, ours):
    facts = built(tmp_path, ours.recipient, count=20_000, part_size=100_000)
    paths, expected = paths_of(tmp_path, facts), expected_of(facts)
    assert [path.name for path in paths][:2] == ["package.age.001", "package.age.002"]
    assert [part.size for part in facts.parts[:-1]] == [100_000] * (len(facts.parts) - 1)

    for wrong in (paths[:-1], [paths[1], paths[0], *paths[2:]]):
        with pytest.raises(Corrupt):
            open_package(wrong, identity=ours.secret, expected=expected)


def test_any_tar_reads_the_bag_and_the_same_rows_give_the_same_bytes(tmp_path, ours):
    built(tmp_path, ours.recipient, name="one.age")
    built(tmp_path, ours.recipient, name="two.age")
    one, two = (unseal((tmp_path / name).read_bytes(), ours.secret) for name in ("one.age", "two.age"))
    with tarfile.open(fileobj=io.BytesIO(one)) as tar:
        names = tar.getnames()
    assert one == two
    assert (tmp_path / "one.age").read_bytes() != (tmp_path / "two.age").read_bytes()
    assert names[0] == f"{TID}/bagit.txt"
    assert names[-1] == f"{TID}/tagmanifest-sha256.txt"


@pytest.mark.parametrize("count", [0, 1, 4095, 4096, 4097, 9000])
def test_a_table_is_cut_into_files_without_losing_a_row(tmp_path, ours, count, monkeypatch):
    monkeypatch.setattr(building, "ROWS_PER_FILE", 4096)
    facts = built(tmp_path, ours.recipient, count=count)
    package = open_package(paths_of(tmp_path, facts), identity=ours.secret, expected=expected_of(facts))
    found = [batch for name, batch in package.read() if name == "orders"]
    assert sum(batch.num_rows for batch in found) == count == facts.tables["orders"].rows
    assert facts.tables["orders"].files == max(1, -(-count // 4096))
    assert package.recompute() == facts.roots


def test_wide_rows_make_more_files_and_one_too_wide_is_refused(tmp_path, ours, monkeypatch):
    monkeypatch.setattr(building, "FILE_BYTES", 20_000)
    facts = built(tmp_path, ours.recipient, count=5000)
    package = open_package(paths_of(tmp_path, facts), identity=ours.secret, expected=expected_of(facts))
    assert facts.tables["orders"].files > 3
    assert package.recompute() == facts.roots
    monkeypatch.setattr(ustar, "MOST_BYTES", 700)
    with pytest.raises(Refusal, match=r"package\.row_too_large"):
        built(tmp_path, ours.recipient, name="wide.age", count=5000)


def test_a_resend_holds_the_rows_of_its_buckets_only(tmp_path, ours):
    facts = built(tmp_path, ours.recipient, count=2000)
    covers = {"orders": (0, 5)}
    letter = replace(LETTER, seq=9, covers=covers)

    again = build_resend(
        tables=tables(2000), letter=letter, whole=facts.roots, recipient=ours.recipient, out=tmp_path / "again.age"
    )
    expected = expected_of(again, letter)
    package = open_package(paths_of(tmp_path, again), identity=ours.secret, expected=expected)
    found = package.recompute()

    assert again.roots == facts.roots
    assert {name: each.held for name, each in again.tables.items()}["customers"] == 0
    assert 0 < again.tables["orders"].held < 200
    assert [found["orders"].buckets[i] for i in covers["orders"]] == [facts.roots["orders"].buckets[i] for i in (0, 5)]
    with pytest.raises(Refusal, match=r"transfer\.manifest_mismatch"):
        open_package(
            paths_of(tmp_path, again), identity=ours.secret, expected=replace(expected, covers={"orders": (0,)})
        )


@pytest.mark.parametrize(
    ("covers", "given", "code"),
    [
        (None, 2000, "package.covers"),
        ({"orders": (9999,)}, 2000, "package.covers"),
        ({"invoices": (0,)}, 2000, "package.covers"),
        ({"orders": (0,)}, 1999, "package.rows_changed"),
    ],
)
def test_a_resend_of_other_rows_or_buckets_is_refused_and_leaves_nothing(tmp_path, ours, covers, given, code):
    facts = built(tmp_path, ours.recipient, count=2000)
    with pytest.raises(Refusal) as caught:
        build_resend(
            tables=tables(given),
            letter=replace(LETTER, covers=covers),
            whole=facts.roots,
            recipient=ours.recipient,
            out=tmp_path / "again.age",
        )
    assert caught.value.code == code
    assert sorted(path.name for path in tmp_path.iterdir()) == ["package.age"]


def broken():
    yield rows("orders", 70_000)
    raise OSError("the source went away")


def wrong_column():
    yield pa.RecordBatch.from_arrays([pa.array(["a"]), pa.array([1])], names=list(SHAPES["orders"].names))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"tables": [Rows(SHAPES["orders"], broken())]}, OSError),
        ({"tables": [Rows(SHAPES["orders"], wrong_column())]}, Refusal),
        ({"tables": []}, Refusal),
        ({"tables": [*tables(), *tables()]}, Refusal),
        ({"tables": [Rows(replace(SHAPES["orders"], person="nobody"), [])]}, Refusal),
        ({"tables": [Rows(TableShape("../x", SHAPES["orders"].columns, "person"), [])]}, Refusal),
        ({"letter": replace(LETTER, covers={"orders": (1,)})}, Refusal),
        ({"letter": replace(LETTER, nonce="short")}, Refusal),
        ({"letter": replace(LETTER, categories=("purchase", "basic"))}, Refusal),
        ({"recipient": "age1nobody"}, Refusal),
    ],
)
def test_a_build_that_fails_leaves_nothing_behind(tmp_path, ours, changes, error):
    good = {"tables": tables(), "letter": LETTER, "recipient": ours.recipient, "out": tmp_path / "package.age"}
    with pytest.raises(error):
        build(**{**good, **changes})
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_not_written_over(tmp_path, ours):
    built(tmp_path, ours.recipient)
    with pytest.raises(Refusal, match=r"package\.taken"):
        built(tmp_path, ours.recipient)
    with pytest.raises(Refusal, match=r"package\.name"):
        built(tmp_path, ours.recipient, name="客户.age")


def test_no_bit_of_a_package_can_be_flipped(tmp_path, ours):
    facts = built(tmp_path, ours.recipient)
    path, expected = tmp_path / "package.age", expected_of(facts)
    good = path.read_bytes()
    for place in range(0, len(good), max(1, len(good) // 60)):
        bad = bytearray(good)
        bad[place] ^= 4
        path.write_bytes(bytes(bad))
        with pytest.raises(Corrupt, match=r"package\.age"):
            open_package([path], identity=ours.secret, expected=expected)


def test_files_exchanged_after_they_were_verified_are_found(tmp_path, ours):
    facts = built(tmp_path, ours.recipient)
    package = open_package(paths_of(tmp_path, facts), identity=ours.secret, expected=expected_of(facts))
    (tmp_path / "package.age").unlink()
    build(
        tables=[Rows(shape, [rows(name, 101)]) for name, shape in SHAPES.items()],
        letter=LETTER,
        recipient=ours.recipient,
        out=tmp_path / "package.age",
    )
    with pytest.raises(Corrupt, match="another digest"):
        list(package.read())


def test_who_stops_reading_leaves_no_thread_behind(tmp_path, ours, monkeypatch):
    monkeypatch.setattr(age, "PIECE", 1024)
    monkeypatch.setattr(age, "DEPTH", 1)
    facts = built(tmp_path, ours.recipient, count=20_000)
    package = open_package(paths_of(tmp_path, facts), identity=ours.secret, expected=expected_of(facts))
    reading = package.read()
    next(reading)
    before = sum(thread.daemon for thread in age.threading.enumerate())
    reading.close()
    assert sum(thread.daemon for thread in age.threading.enumerate()) < before


def test_secrets_do_not_print(ours, tmp_path):
    facts = built(tmp_path, ours.recipient)
    package = open_package(paths_of(tmp_path, facts), identity=ours.secret, expected=expected_of(facts))
    shown = repr((ours, LETTER, package, facts, tables()))
    assert ours.secret not in shown
    assert repr(KEY) not in shown
    assert "某某1" not in shown


def test_a_small_text_opens_for_one_key_only(ours):
    sealed = seal_small(b"a list", ours.recipient)
    assert open_small(sealed, ours.secret) == b"a list"
    for secret, text in ((new_identity().secret, sealed), (ours.secret, sealed[:-1]), (ours.secret, b"no age")):
        with pytest.raises(Refusal, match=r"transfer\.cannot_open"):
            open_small(text, secret)
    with pytest.raises(Refusal, match=r"transfer\.identity"):
        open_small(sealed, "AGE-SECRET-KEY-1NO")
