"""SQL sources: read only, in a fixed order, every digit kept, nothing of a server's words passed on."""

import os
import sqlite3
from contextlib import closing

import pytest

from shouxin.engine.sources import open_source
from shouxin.ground.kernel.refusals import Refusal, Unavailable


@pytest.fixture
def crm(tmp_path):
    path = tmp_path / "crm.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(
        """
        CREATE TABLE customers (id INTEGER PRIMARY KEY, no TEXT, phone INTEGER, balance REAL, photo BLOB, born DATE);
        CREATE TABLE visits (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers, note TEXT);
        CREATE TABLE "odd ""name" (a TEXT);
        INSERT INTO customers VALUES (2, 'K2', 13900000001, 1e3, x'00ff', '1990-03-07');
        INSERT INTO customers VALUES (1, 'K1', 13900000000, 0.5, NULL, NULL);
        INSERT INTO visits VALUES (1, 2, '好'), (2, 1, '');
        """
    )
    connection.commit()
    connection.close()
    return path


def rows_of(source, table, **options):
    return [tuple(row.values()) for batch in source.batches(table, **options) for row in batch.to_pylist()]


def read_whole(path):
    source = open_source(path)
    return [rows_of(source, table.name) for table in source.tables()]


def test_rows_come_as_text_in_the_order_of_the_key(crm):
    source = open_source(crm)
    assert rows_of(source, "customers") == [
        ("1", "K1", "13900000000", "0.5", None, None),
        ("2", "K2", "13900000001", "1000", None, "1990-03-07"),
    ]
    assert rows_of(source, "visits", columns=["note"], size=1, start_row=1) == [(None,)]
    assert [(f.code, f.facts["column"]) for f in source.findings()] == [("source.binary_column", "photo")]


def test_a_column_of_several_kinds_reads_as_each_value_would_alone(tmp_path):
    path = tmp_path / "mixed.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (texts, numbers, both, none)")
        values = [("王", 7, "a", None), ("", 2**62, 5, None), (None, None, 1.5, None), ("x", -1, "", None)]
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", values)
        connection.commit()
    columns = list(zip(*rows_of(open_source(path), "t"), strict=True))
    assert columns == [
        ("王", None, None, "x"),
        ("7", str(2**62), None, "-1"),
        ("a", "5", "1.5", None),
        (None,) * 4,
    ]


def test_a_text_beyond_the_limit_is_refused_with_its_row(crm, monkeypatch):
    monkeypatch.setattr("shouxin.engine.sources.database.FIELD_LIMIT", 2)
    assert rows_of(open_source(crm), "customers", columns=["no"]) == [("K1",), ("K2",)]
    monkeypatch.setattr("shouxin.engine.sources.database.FIELD_LIMIT", 1)
    with pytest.raises(Refusal, match=r"source\.field_too_large") as caught:
        rows_of(open_source(crm), "customers", columns=["no"], start_row=1)
    assert (caught.value.facts["column"], caught.value.facts["row"]) == ("no", 2)


def test_foreign_keys_are_known(crm):
    visits = next(table for table in open_source(crm).tables() if table.name == "visits")
    link = visits.links[0]
    assert (link.column, link.table, link.parent_column) == ("customer_id", "customers", "id")


def test_a_database_file_is_opened_so_that_it_cannot_be_written(crm):
    before = crm.read_bytes()
    source = open_source(crm)
    with pytest.raises(sqlite3.OperationalError), source._engine.connect() as connection:
        connection.connection.execute("DELETE FROM visits")
    assert crm.read_bytes() == before


def test_a_url_reads_the_same_as_the_file(crm):
    assert rows_of(open_source(f"sqlite:///{crm}"), "customers") == rows_of(open_source(crm), "customers")


def test_a_number_that_has_lost_digits_is_refused_with_its_row(tmp_path):
    path = tmp_path / "x.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (id_no REAL)")
    connection.execute("INSERT INTO t VALUES (1.0), (990101199003071234.0)")
    connection.commit()
    connection.close()
    with pytest.raises(Refusal) as caught:
        rows_of(open_source(path), "t")
    assert caught.value.code == "source.number_rounded"
    assert (caught.value.facts["rows"], caught.value.facts["column"]) == ([2], "id_no")


@pytest.mark.parametrize("damage", ["cut", "text", "noise"])
def test_a_damaged_database_is_refused(crm, damage):
    raw = crm.read_bytes()
    changed = {"cut": raw[:1500], "text": b"no database", "noise": raw[:100] + os.urandom(len(raw) - 100)}[damage]
    crm.write_bytes(changed)
    with pytest.raises(Refusal, match=r"source\.database_damaged"):
        read_whole(crm)


def test_no_word_of_a_server_and_no_password_is_passed_on():
    with pytest.raises((Unavailable, Refusal)) as caught:
        open_source("postgresql+psycopg://clerk:secret-word@127.0.0.1:1/crm?connect_timeout=1")
    assert "secret-word" not in str(caught.value)
    assert "clerk" not in str(caught.value)
    assert caught.value.__cause__ is None
    with pytest.raises(Refusal, match=r"source\.driver_missing"):
        open_source("oracle://x/y")
    with pytest.raises(Refusal, match=r"source\.missing"):
        open_source("sqlite:///无/crm.sqlite")


def test_an_unknown_table_is_refused(crm):
    with pytest.raises(Refusal, match=r"source\.no_such_table"):
        rows_of(open_source(crm), "orders")
