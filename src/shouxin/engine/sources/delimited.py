"""A CSV file: charset by trying the whole file, delimiter by its header, every record as wide as the header.

Opening walks the whole file once, in flat memory, and refuses what would be read wrongly: bytes that are no text,
records of another width, an open quote, a NUL, an endless field, a missing, blank or doubled header. Then it reads.

    encodings: a byte order mark decides; else UTF-8; else GB18030 where it makes plausible Chinese; else ask
"""

import codecs
import csv
import hashlib
import io
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv

from shouxin.engine.sources.headers import check_headers
from shouxin.engine.sources.source import BATCH_ROWS, FIELD_LIMIT, SourceFinding, TableInfo, rebatched
from shouxin.engine.sources.structure import NUL, TOO_LONG, Structure
from shouxin.ground.kernel.refusals import Refusal

CHUNK = 1 << 20
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DELIMITERS = ",;\t|"
_JUDGED = 4 * CHUNK
Wanted = Sequence[str] | None


@dataclass(frozen=True)
class _Inspection:
    encoding: str
    delimiter: str
    headers: tuple[str, ...]
    rows: int
    longest: int
    digest: str


class DelimitedFile:
    """A delimited text file as a source of one table, named after the file."""

    kind = "csv"
    row_base = 2

    def __init__(self, path: Path, *, encoding: str | None = None, field_limit: int = FIELD_LIMIT) -> None:
        """Look at the whole file.

        Raises:
            Refusal("source.empty" | "source.encoding" | "source.encoding_unsure" | "source.nul_byte" |
                "source.field_too_large" | "source.ragged" | "source.quote_open" | "source.header_blank" |
                "source.header_duplicate" | "source.header_missing"): with the file's name, the row and what to do.
        """
        self._path = path
        self.name = path.name
        self._stamp = _stamp(path)
        self._seen = _inspect(path, encoding=encoding, limit=field_limit)

    def tables(self) -> list[TableInfo]:
        return [TableInfo(self._path.stem, self._seen.rows, self._seen.headers)]

    def digest(self) -> str:
        return self._seen.digest

    def findings(self) -> tuple[SourceFinding, ...]:
        if self._seen.encoding.startswith("utf-8"):
            return ()
        return (SourceFinding("source.encoding_found", {"encoding": self._seen.encoding}),)

    def batches(
        self, table: str, *, columns: Wanted = None, size: int = BATCH_ROWS, start_row: int = 0
    ) -> Iterator[pa.RecordBatch]:
        if table != self._path.stem:
            raise Refusal("source.no_such_table", file=self.name, table=table)
        if _stamp(self._path) != self._stamp:
            raise Refusal("source.changed", file=self.name, do="scan_again")
        if self._seen.rows:
            with closing(self._read(columns)) as read:
                yield from rebatched(read, size=size, start_row=start_row)

    def _read(self, columns: Wanted) -> Generator[pa.RecordBatch]:
        names = list(self._seen.headers)
        block = max(CHUNK, 2 * self._seen.longest + 64)
        options = {
            "read_options": pacsv.ReadOptions(
                column_names=names, skip_rows_after_names=1, block_size=block, use_threads=False
            ),
            "parse_options": pacsv.ParseOptions(delimiter=self._seen.delimiter, newlines_in_values=True),
            "convert_options": pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                include_columns=list(columns) if columns is not None else None,
                null_values=[""],
                strings_can_be_null=True,
                check_utf8=False,  # the walk has decoded every byte
            ),
        }
        with pa.PythonFile(_Utf8Reader(self._path, self._seen.encoding), mode="r") as stream:
            yield from pacsv.open_csv(stream, **options)


class _Utf8Reader(io.RawIOBase):
    """The file as UTF-8 bytes, whatever its charset, decoded as it is read.

    Arrow reads ahead in a thread of its own and goes on when its reader is dropped: closing waits for the read that is
    under way, closes the file, and every later read is refused.
    """

    def __init__(self, path: Path, encoding: str) -> None:
        super().__init__()
        self._chunks = _utf8_chunks(path, encoding)
        self._rest = b""
        self._at_work = threading.Lock()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        with self._at_work:
            if self.closed:
                raise ValueError("read of a closed file")
            while size < 0 or len(self._rest) < size:
                chunk = next(self._chunks, None)
                if chunk is None:
                    break
                self._rest += chunk
            taken = self._rest if size < 0 else self._rest[:size]
            self._rest = self._rest[len(taken) :]
            return taken

    def close(self) -> None:
        with self._at_work:
            self._chunks.close()
            self._rest = b""
            super().close()


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _utf8_chunks(path: Path, encoding: str):  # type: ignore[no-untyped-def]
    for _, text in _decoded(path, encoding):
        yield text.encode("utf-8")


def _decoded(path: Path, encoding: str) -> Iterator[tuple[bytes, str]]:
    """(bytes as they lie, text) of each chunk. Raises UnicodeDecodeError with `start` counted from the file's begin."""
    decoder = codecs.getincrementaldecoder(encoding)()
    done = 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK)
            held = len(decoder.getstate()[0])
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                error.start += done - held
                raise
            yield chunk, text
            done += len(chunk)
            if not chunk:
                return


def _inspect(path: Path, *, encoding: str | None, limit: int) -> _Inspection:
    with path.open("rb") as file:
        head = file.read(CHUNK)
    if not head.strip(b"\r\n\t \xef\xbb\xbf"):
        raise Refusal("source.empty", file=path.name, do="check_file")
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), None)
    first = encoding or marked or "utf-8"
    try:
        return _walked(path, first, limit=limit)
    except UnicodeDecodeError as error:
        if encoding or marked or _is_damaged_utf8(path):
            raise _not_text(path, first, error) from None
    try:
        return _walked(path, "gb18030", limit=limit)
    except UnicodeDecodeError as error:
        raise _not_text(path, "gb18030", error) from None


def _not_text(path: Path, encoding: str, error: UnicodeDecodeError) -> Refusal:
    """Names the byte and the row it stands in; the bytes themselves could be a value."""
    line = 1
    with path.open("rb") as file:
        left = error.start
        while left > 0 and (chunk := file.read(min(CHUNK, left))):
            line += chunk.count(b"\n")
            left -= len(chunk)
    return Refusal("source.encoding", file=path.name, encoding=encoding, byte=error.start, row=line, do="save_as_utf8")


def _is_damaged_utf8(path: Path) -> bool:
    """UTF-8 with a few bad bytes would pass for GB18030 and become other characters: that must be refused."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    bad = beyond = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            text = decoder.decode(chunk)
            bad += text.count("\ufffd")
            beyond += len(text) - len(text.encode("ascii", "ignore"))
    return beyond - bad > 0 and bad <= 0.05 * beyond


def _walked(path: Path, encoding: str, *, limit: int) -> _Inspection:
    delimiter, headers = _head(path, encoding)
    structure, sha, judge = Structure(ord(delimiter), limit), hashlib.sha256(), _Plausible(encoding)
    trouble = 0
    for raw, text in _decoded(path, encoding):
        sha.update(raw)
        judge.look(text)
        trouble = structure.feed(text.encode("utf-8"))
        if trouble:
            break
    if not trouble:
        structure.finish()
    _check_walk(path.name, structure, headers, trouble)
    judge.check(path.name)
    check_headers(path.name, headers)
    return _Inspection(encoding, delimiter, headers, structure.records - 1, structure.longest, sha.hexdigest())


def _check_walk(file: str, structure: Structure, headers: tuple[str, ...], trouble: int) -> None:
    if trouble == NUL:
        raise Refusal("source.nul_byte", file=file, row=structure.row, line=structure.line, do="save_as_csv_again")
    column = structure.column
    name = headers[column - 1] if column <= len(headers) and structure.row > 1 else column
    if trouble == TOO_LONG:
        facts = {"row": structure.row, "column": name, "limit": structure.limit}
        raise Refusal("source.field_too_large", file=file, **facts, do="check_quotes")
    if structure.has_open_quote:
        raise Refusal("source.quote_open", file=file, row=structure.opened_at, do="close_quote")
    if structure.ragged_count:
        rows = [{"row": row, "line": line, "columns": found} for row, line, found in structure.ragged]
        count, expected = structure.ragged_count, structure.columns
        raise Refusal("source.ragged", file=file, rows=rows, count=count, expected=expected, do="quote_or_repair_rows")


def _head(path: Path, encoding: str) -> tuple[str, tuple[str, ...]]:
    """(delimiter, header cells) from the first record."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    with path.open("rb") as file:
        text = decoder.decode(file.read(CHUNK)).lstrip("\r\n\ufeff")
    record = _first_record(text)
    counts = {mark: sum(part.count(mark) for part in record.split('"')[::2]) for mark in _DELIMITERS}
    delimiter = max(_DELIMITERS, key=lambda mark: counts[mark])
    cells = next(csv.reader(io.StringIO(record, newline=""), delimiter=delimiter), [])
    return delimiter, tuple(cell.strip() for cell in cells)


def _first_record(text: str) -> str:
    quoted = False
    for place, sign in enumerate(text):
        quoted ^= sign == '"'
        if sign in "\r\n" and not quoted:
            return text[:place]
    return text


class _Plausible:
    """Any bytes are some GB18030; Chinese as people write it lies nearly all in the GB 2312 part of it."""

    def __init__(self, encoding: str) -> None:
        self._active = encoding == "gb18030"
        self._seen = self._beyond = self._common = 0

    def look(self, text: str) -> None:
        if not self._active or self._seen >= _JUDGED:
            return
        self._seen += len(text)
        plain = len(text.encode("ascii", "ignore"))
        self._beyond += len(text) - plain
        self._common += (len(text.encode("gb2312", "ignore")) - plain) // 2

    def check(self, file: str) -> None:
        """Raises Refusal("source.encoding_unsure") when the text looks like another charset's."""
        needed = 0.8 if self._beyond >= 10 else 0.5
        if self._active and self._common < needed * self._beyond:
            raise Refusal(
                "source.encoding_unsure", file=file, tried=["utf-8", "gb18030"], do="say_encoding_or_save_as_utf8"
            )
