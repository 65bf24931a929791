"""A PostgreSQL schema as frames: every permanent table by COPY in one REPEATABLE READ snapshot, and laid down again.

Unlogged tables (the blind indexes) and sessions are left out. The structure is not copied: migrations make it.
"""

import json
import re
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management import CommandError, call_command
from django.db import connection, transaction

from shouxin.ground.kernel.canonical import encode
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.stores.backup import frames
from shouxin.stores.backup.frames import Frame

LEFT_OUT = frozenset({"django_session"})
IN_TURN = {"ledger_entry": "seq"}
_PIECE = 1 << 20
_ESCAPED = re.compile(rb"\\([\\bfnrtv])")
_PLAIN = {b"\\": b"\\", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_TABLES = """
SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum) FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND c.relpersistence = 'p'
GROUP BY c.relname ORDER BY c.relname"""
_COUNTERS = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = current_schema() ORDER BY 1"


@contextmanager
def repeatable() -> Iterator[None]:
    """A transaction that sees one state only and writes nothing.

    Raises:
        Refusal("backup.inside_transaction").
    """
    if connection.in_atomic_block:
        raise Refusal("backup.inside_transaction")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def dump(told: Callable[[int, int], None]) -> Iterator[bytes]:
    """The frames of every table and sequence, inside `repeatable`."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        found = [(name, columns) for name, columns in cursor.fetchall() if name not in LEFT_OUT]
        for number, (name, columns) in enumerate(found):
            yield frames.pack(frames.TABLE, encode({"table": name, "columns": columns}))
            for piece in _pieces(cursor, name, columns):
                yield frames.pack(frames.ROWS, body=zlib.compress(piece, 1))
            told(number + 1, len(found))
        cursor.execute(_COUNTERS)
        for name, value in cursor.fetchall():
            if value is not None:
                yield frames.pack(frames.COUNTER, name.encode(), str(value).encode())


class Laying:
    """Frames laid down in a schema that the same migrations made, in one transaction of the caller."""

    def __init__(self) -> None:
        self._copy: Any = None
        self._open: Any = None
        self._cursor = connection.cursor()
        self._cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        self._columns = _columns_here(self._cursor)
        self._empty()

    def __call__(self, frame: Frame) -> None:
        """Lay one frame down. Raises Corrupt: a table or column that these migrations do not know."""
        if frame.kind == frames.TABLE:
            self.end_table()
            self._begin(*_table_of(frame))
        elif frame.kind == frames.ROWS:
            self._copy.write(_inflate(frame))
        elif frame.kind == frames.COUNTER:
            self.end_table()
            self._cursor.execute("SELECT setval(%s::regclass, %s)", (f'"{frame.name.decode()}"', int(frame.body)))

    def end_table(self) -> None:
        """The present table has all its rows."""
        if self._open is not None:
            self._open.__exit__(None, None, None)
            self._open = self._copy = None

    def _begin(self, table: str, columns: list[str]) -> None:
        if not set(columns) <= self._columns.get(table, set()):
            raise Corrupt("backup of a table that is unknown here", table)
        self._open = self._cursor.copy(f"COPY {_quoted(table)} ({_listed(columns)}) FROM STDIN")
        self._copy = self._open.__enter__()

    def _empty(self) -> None:
        """What the migrations themselves put in goes; tables that are written once are empty."""
        for table in sorted(self._columns):
            self._cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {_quoted(table)})")
            if self._cursor.fetchone()[0]:
                self._cursor.execute(f"DELETE FROM {_quoted(table)}")


def lay_out_tables() -> None:
    """The tables of this release, all or none: after a stop between a table and its note there would be no way on."""
    with connection.constraint_checks_disabled(), transaction.atomic():
        call_command("migrate", verbosity=0, interactive=False)


def migrate_to(migrations: dict[str, str]) -> None:
    """Make the tables as they were when the copy was made, in the caller's transaction. Raises Refusal("backup.newer"):
    of a later release.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        if cursor.fetchall():
            raise Refusal("backup.database_not_empty")
    for app, name in sorted(migrations.items()):
        try:
            call_command("migrate", app, name, verbosity=0, interactive=False)
        except CommandError as error:
            raise Refusal("backup.newer", app=app, migration=name) from error


def into_scratch(scratch: sqlite3.Connection, wanted: frozenset[str]) -> Callable[[Frame], None]:
    """What lays the frames of some tables down in a scratch SQLite file: numbers, bytes and text as a drill reads
    them.
    """
    state: dict[str, Any] = {"table": None, "held": b""}

    def take(frame: Frame) -> None:
        if frame.kind == frames.TABLE:
            table, columns = _table_of(frame)
            state["table"], state["held"] = (table if table in wanted else None), b""
            if table in wanted:
                scratch.execute(f"CREATE TABLE {_quoted(table)} ({_listed(columns)})")
                state["marks"] = ", ".join("?" * len(columns))
        elif frame.kind == frames.ROWS and state["table"]:
            *lines, state["held"] = (state["held"] + _inflate(frame)).split(b"\n")
            rows = [[_value(field) for field in line.split(b"\t")] for line in lines]
            scratch.executemany(f"INSERT INTO {_quoted(state['table'])} VALUES ({state['marks']})", rows)

    return take


def _pieces(cursor: Any, name: str, columns: list[str]) -> Iterator[bytes]:
    held = bytearray()
    order = f" ORDER BY {_quoted(IN_TURN[name])}" if name in IN_TURN else ""
    with cursor.copy(f"COPY (SELECT {_listed(columns)} FROM {_quoted(name)}{order}) TO STDOUT") as copy:
        for part in copy:
            held += part
            if len(held) >= _PIECE:
                yield bytes(held)
                held.clear()
    if held:
        yield bytes(held)


def _value(field: bytes) -> Any:
    """A field of COPY text: null, bytes, a number, or text."""
    if field == b"\\N":
        return None
    raw = _ESCAPED.sub(lambda found: _PLAIN[found[1]], field)
    if raw.startswith(b"\\x"):
        return bytes.fromhex(raw[2:].decode())
    text = raw.decode()
    return int(text) if text.lstrip("-").isdigit() and text.isascii() else text


def _inflate(frame: Frame) -> bytes:
    try:
        return zlib.decompress(frame.body)
    except zlib.error as error:
        raise Corrupt("backup rows that do not inflate", "rows") from error


def _table_of(frame: Frame) -> tuple[str, list[str]]:
    plain = json.loads(frame.name)
    return plain["table"], plain["columns"]


def _columns_here(cursor: Any) -> dict[str, set[str]]:
    cursor.execute(_TABLES)
    return {name: set(columns) for name, columns in cursor.fetchall()}


def _listed(names: list[str]) -> str:
    return ", ".join(_quoted(name) for name in names)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
