"""Opens what a company keeps its customers in: CSV, XLSX, SQLite files, SQL databases. All cells come as text.

Opening looks at the whole file and refuses early, with the file's name, the row and what to do, never a cell's value.
Start at `open_source`.
"""

from pathlib import Path

from shouxin.engine.sources.database import open_sqlite, open_url
from shouxin.engine.sources.delimited import DelimitedFile
from shouxin.engine.sources.source import BATCH_ROWS, FIELD_LIMIT, Link, Source, SourceFinding, TableInfo
from shouxin.engine.sources.workbook import Workbook
from shouxin.ground.kernel.refusals import Refusal, Unavailable

__all__ = ["BATCH_ROWS", "FIELD_LIMIT", "Link", "Source", "SourceFinding", "TableInfo", "open_source"]

_ZIP, _OLE, _SQLITE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"SQLite format 3\x00"
_WORKBOOKS = frozenset({".xlsx", ".xlsm"})
_DATABASES = frozenset({".sqlite", ".sqlite3", ".db"})
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def open_source(locator: str | Path, *, encoding: str | None = None, field_limit: int = FIELD_LIMIT) -> Source:
    """Open a file or database URL as a source, by what it holds and not only by its name.

    `encoding` overrides the charset ladder of a CSV file. Raises:
        Refusal("source.missing" | "source.is_folder" | "source.not_a_file" | …): see each reader.
        Unavailable: the file may not be read, or the server does not answer.
    """
    if isinstance(locator, str) and "://" in locator:
        return open_url(locator)
    path = Path(locator)
    _check_file(path)
    try:
        with path.open("rb") as file:
            head = file.read(16)
        return _open_file(path, head, encoding=encoding, field_limit=field_limit)
    except PermissionError:
        raise Unavailable(f"file {path.name}", permanent=True) from None


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise Refusal("source.is_folder", file=path.name, do="name_one_file")
    if not path.exists():
        raise Refusal("source.missing", file=path.name, do="check_path")
    if not path.is_file():  # a pipe or device would block or never end
        raise Refusal("source.not_a_file", file=path.name, do="name_one_file")


def _open_file(path: Path, head: bytes, *, encoding: str | None, field_limit: int) -> Source:
    suffix = path.suffix.lower()
    if not head:
        raise Refusal("source.empty", file=path.name, do="check_file")
    if head.startswith(_OLE):
        code = "source.xlsx_encrypted" if _holds(path, _ENCRYPTED) else "source.xls_old"
        raise Refusal(code, file=path.name, do="save_as_xlsx_without_password")
    if head.startswith(_ZIP):
        return Workbook(path)
    if head.startswith(_SQLITE):
        return open_sqlite(path)
    if suffix in _WORKBOOKS:
        raise Refusal("source.xlsx_damaged", file=path.name, do="save_again")
    if suffix in _DATABASES:
        raise Refusal("source.database_damaged", file=path.name, do="check_file")
    return DelimitedFile(path, encoding=encoding, field_limit=field_limit)


def _holds(path: Path, mark: bytes) -> bool:
    tail = b""
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            if mark in tail + chunk:
                return True
            tail = chunk[-len(mark) :]
    return False
