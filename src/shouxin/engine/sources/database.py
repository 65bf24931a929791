"""A SQL database, read only and as a stream: a local SQLite file, or any URL that SQLAlchemy knows.

Rows come in the order of the primary key (SQLite: rowid), so that a reading can be taken up again at a row number. What
a driver or server says in an error is never passed on: it can hold addresses, statements and values.
"""

import hashlib
import math
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError, SQLAlchemyError

from shouxin.engine.sources.source import BATCH_ROWS, FIELD_LIMIT, Link, SourceFinding, TableInfo
from shouxin.ground.kernel.refusals import Refusal, Unavailable

_EXACT_FLOAT = 2**53
Wanted = Sequence[str] | None


class Database:
    """A database's tables as a source."""

    row_base = 1

    def __init__(self, engine: sa.Engine, *, kind: str, name: str, path: Path | None = None) -> None:
        """Look at the tables' definitions.

        Raises:
            Refusal("source.database_damaged"): a file that is no database or does not hold together.
            Unavailable: the server does not answer.
        """
        self._engine, self.kind, self.name, self._path = engine, kind, name, path
        self._binary: set[tuple[str, str]] = set()
        with self._troubles():
            self._inspector = sa.inspect(engine)
            self._tables = self._describe()
        if not self._tables:
            raise Refusal("source.empty", file=name, do="check_file")

    def tables(self) -> list[TableInfo]:
        return list(self._tables.values())

    def findings(self) -> tuple[SourceFinding, ...]:
        columns = [SourceFinding("source.binary_column", {"table": t, "column": c}) for t, c in sorted(self._binary)]
        return tuple(columns)

    def digest(self) -> str:
        if self._path is not None:
            with self._path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        sha = hashlib.sha256()
        for table in sorted(self._tables):
            _add(sha, table, *self._tables[table].columns)
            for batch in self.batches(table):
                for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    _add(sha, *row)
        return sha.hexdigest()

    def batches(
        self, table: str, *, columns: Wanted = None, size: int = BATCH_ROWS, start_row: int = 0
    ) -> Iterator[pa.RecordBatch]:
        info = self._tables.get(table)
        if info is None:
            raise Refusal("source.no_such_table", file=self.name, table=table)
        wanted = list(info.columns if columns is None else columns)
        query = self._query(table, wanted).offset(start_row) if start_row else self._query(table, wanted)
        row = start_row + self.row_base
        with self._troubles(), self._engine.connect() as connection:
            result = connection.execution_options(stream_results=True, yield_per=size).execute(query)
            for rows in result.partitions(size):
                yield self._batch(table, wanted, rows, row)
                row += len(rows)

    def _query(self, table: str, wanted: list[str]) -> sa.Select[Any]:
        source = sa.table(table)
        named: list[Any] = [sa.column(name) for name in wanted]
        query: sa.Select[Any] = sa.select(*named).select_from(source)
        key = self._inspector.get_pk_constraint(table)["constrained_columns"]
        if not key and self._engine.dialect.name == "sqlite":
            return query.order_by(sa.text("rowid"))
        return query.order_by(*(sa.column(name) for name in key or self._tables[table].columns))

    def _batch(self, table: str, wanted: list[str], rows: Sequence[Any], first: int) -> pa.RecordBatch:
        columns = zip(wanted, zip(*rows, strict=True), strict=True)
        arrays = [self._column(table, name, values, first) for name, values in columns]
        return pa.RecordBatch.from_arrays(arrays, names=wanted)

    def _column(self, table: str, name: str, values: Sequence[Any], first: int) -> pa.StringArray:
        """Values as texts; columns of nothing but text or whole numbers, the usual ones, in one go."""
        kinds = set(map(type, values)) - {type(None)}
        if kinds <= {str}:
            column = pa.array([value or None for value in values], pa.string())
            if (pc.max(pc.utf8_length(column)).as_py() or 0) <= FIELD_LIMIT:
                return column
        if kinds <= {int}:
            return pa.array([value if value is None else str(value) for value in values], pa.string())
        texts = [self._text(table, name, value, first + place) for place, value in enumerate(values)]
        return pa.array(texts, pa.string())

    def _text(self, table: str, column: str, value: Any, row: int) -> str | None:
        """A value as the text its owner would read; a whole number keeps every digit or is refused."""
        if value is None or value == "":
            return None
        if isinstance(value, str):
            if len(value) > FIELD_LIMIT:
                raise Refusal("source.field_too_large", file=self.name, table=table, column=column, row=row)
            return value
        if isinstance(value, bytes | bytearray | memoryview):
            self._binary.add((table, column))
            return None
        if isinstance(value, float):
            return self._float(table, column, value, row)
        if isinstance(value, bool):
            return "1" if value else "0"
        if isinstance(value, datetime):
            return value.isoformat(sep=" ")
        if isinstance(value, date):
            return value.isoformat()
        return format(value, "f") if isinstance(value, Decimal) else str(value)

    def _float(self, table: str, column: str, value: float, row: int) -> str | None:
        if not math.isfinite(value):
            return None
        if abs(value) >= _EXACT_FLOAT:
            raise Refusal("source.number_rounded", file=self.name, table=table, column=column, rows=[row], count=1)
        return str(int(value)) if value.is_integer() else repr(value)

    def _describe(self) -> dict[str, TableInfo]:
        found = {}
        for name in self._inspector.get_table_names():
            columns = tuple(column["name"] for column in self._inspector.get_columns(name))
            found[name] = TableInfo(name, self._count(name), columns, self._links(name))
        return found

    def _count(self, table: str) -> int:
        with self._engine.connect() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(sa.table(table))).scalar_one())

    def _links(self, table: str) -> tuple[Link, ...]:
        links = []
        for key in self._inspector.get_foreign_keys(table):
            parents = (
                key["referred_columns"]
                or self._inspector.get_pk_constraint(key["referred_table"])["constrained_columns"]
            )
            if len(key["constrained_columns"]) == 1 == len(parents):
                links.append(Link(key["constrained_columns"][0], key["referred_table"], parents[0]))
        return tuple(links)

    @contextmanager
    def _troubles(self) -> Iterator[None]:
        try:
            yield
        except OperationalError as error:
            if "malformed" in str(error.orig) or "unsupported file format" in str(error.orig):
                raise Refusal("source.database_damaged", file=self.name, do="check_file") from None
            raise Unavailable(f"database {self.name}") from None
        except DatabaseError:
            raise Refusal("source.database_damaged", file=self.name, do="check_file") from None
        except SQLAlchemyError:
            raise Unavailable(f"database {self.name}") from None


def open_sqlite(path: Path) -> Database:
    """A local SQLite file, opened so that nothing can be written to it."""
    uri = f"{path.resolve().as_uri()}?mode=ro"
    engine = sa.create_engine("sqlite://", creator=lambda: sqlite3.connect(uri, uri=True), poolclass=sa.NullPool)
    return Database(engine, kind="sqlite", name=path.name, path=path)


def open_url(locator: str) -> Database:
    """A database by URL. Its name is the database's, never the URL, which can hold a password.

    Raises:
        Refusal("source.url"): not a database URL. Refusal("source.driver_missing"): no driver for it is installed.
    """
    try:
        url = sa.make_url(locator)
        kind, name = url.get_backend_name(), Path(url.database or "").name
        if kind == "sqlite":
            return _open_sqlite_url(url)
        options = {"postgresql_readonly": True} if kind == "postgresql" else {}
        engine = sa.create_engine(url, execution_options=options, poolclass=sa.NullPool)
    except ArgumentError:
        raise Refusal("source.url", do="check_url") from None
    except (NoSuchModuleError, ModuleNotFoundError):
        raise Refusal("source.driver_missing", kind=locator.partition(":")[0], do="export_csv") from None
    return Database(engine, kind="sql", name=name or kind)


def _open_sqlite_url(url: sa.URL) -> Database:
    path = Path(url.database or "")
    if not path.is_file():
        raise Refusal("source.missing", file=path.name, do="check_path")
    return open_sqlite(path)


def _add(sha: Any, *texts: str | None) -> None:
    """Length before text, and a mark for null, so that no two rows run together alike."""
    for text in texts:
        raw = b"" if text is None else text.encode("utf-8")
        sha.update(b"\0" if text is None else b"\1" + len(raw).to_bytes(8, "big") + raw)
    sha.update(b"\2")
