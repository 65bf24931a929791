"""An XLSX workbook, read as text, after its parts have been walked: whole, of bounded size, and saying what it shows.

A cell that is a formula shows its last computed value; without one it shows nothing, and the cell is named. A number
of more than 15 digits was rounded by the spreadsheet: an identity number typed as a number is lost. The row is named.
"""

import hashlib
import html
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import fastexcel
import pyarrow as pa

from shouxin.engine.sources.headers import check_headers
from shouxin.engine.sources.source import BATCH_ROWS, FIELD_LIMIT, SourceFinding, TableInfo, rebatched
from shouxin.ground.kernel.refusals import Refusal

UNPACKED_LIMIT = 2 * 2**30
RATIO_LIMIT = 400
"""How many times larger a part may be than its packed form, from `RATIO_FROM` bytes on; sheets reach about 100."""
RATIO_FROM = 64 * 2**20
_ROW_LIMIT = 4 * FIELD_LIMIT
_CHUNK = 1 << 20
_TOLD = 20
_SHEET = re.compile(r"<(?:\w+:)?sheet\b([^>]*)/?>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\b([^>]*)/?>")
_ATTRIBUTE = re.compile(r'([\w:]+)="([^"]*)"')
_CELL_WITH_VALUE = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="[A-Z]+(\d+)"[^>]*(?<!/)>')
_REFERENCE = re.compile(rb'\br="([A-Z]+)(\d+)"')
_TYPE = re.compile(rb'\bt="(\w+)"')
_ROUNDED = re.compile(rb"<(?:\w+:)?v>(?:-?\d{16,}(?:\.\d*)?|-?\d(?:\.\d+)?[eE]\+?(?:1[5-9]|[2-9]\d))</")
_TEXT_TYPES = frozenset({b"s", b"str", b"inlineStr", b"e", b"d"})
Wanted = Sequence[str] | None


@dataclass
class _SheetWalk:
    first_row: int = 0
    formulas: int = 0
    uncomputed: list[str] = field(default_factory=list)
    uncomputed_count: int = 0
    rounded: list[str] = field(default_factory=list)
    rounded_count: int = 0


@dataclass(frozen=True)
class _Sheet:
    info: TableInfo
    table: pa.RecordBatch
    header_row: int


class Workbook:
    """A workbook as a source: each sheet with content is a table."""

    kind = "xlsx"
    row_base = 2

    def __init__(self, path: Path) -> None:
        """Walk the workbook's parts.

        Raises:
            Refusal("source.xlsx_damaged" | "source.xlsx_too_large" | "source.xlsx_encrypted" | "source.formula_empty" |
                "source.number_rounded" | "source.empty" | header refusals): with file, sheet, cells and what to do.
        """
        self._path = path
        self.name = path.name
        walks = _walk_parts(path)
        self._findings = tuple(
            SourceFinding("source.formula_cells", {"table": name, "count": walk.formulas})
            for name, walk in walks.items()
            if walk.formulas
        )
        self._sheets = self._load(walks)
        if not self._sheets:
            raise Refusal("source.empty", file=self.name, do="check_file")

    def tables(self) -> list[TableInfo]:
        return [sheet.info for sheet in self._sheets.values()]

    def findings(self) -> tuple[SourceFinding, ...]:
        moved = [sheet for sheet in self._sheets.values() if sheet.header_row > 1]
        facts = [{"table": sheet.info.name, "row": sheet.header_row} for sheet in moved]
        return self._findings + tuple(SourceFinding("source.header_row", fact) for fact in facts)

    def digest(self) -> str:
        with self._path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def batches(
        self, table: str, *, columns: Wanted = None, size: int = BATCH_ROWS, start_row: int = 0
    ) -> Iterator[pa.RecordBatch]:
        sheet = self._sheets.get(table)
        if sheet is None:
            raise Refusal("source.no_such_table", file=self.name, table=table)
        batch = sheet.table if columns is None else sheet.table.select(list(columns))
        yield from rebatched([batch], size=size, start_row=start_row)

    def _load(self, walks: dict[str, _SheetWalk]) -> dict[str, _Sheet]:
        try:
            book = fastexcel.read_excel(str(self._path))
            raw = {
                name: book.load_sheet(name, header_row=None, dtypes="string", whitespace_as_null=True).to_arrow()
                for name in book.sheet_names
                if name in walks and walks[name].first_row
            }
        except fastexcel.FastExcelError:
            raise Refusal("source.xlsx_damaged", file=self.name, do="save_again") from None
        return {name: _sheet(self.name, name, cells, walks[name]) for name, cells in raw.items() if cells.num_rows}


def _sheet(file: str, name: str, cells: pa.RecordBatch, walk: _SheetWalk) -> _Sheet:
    above = _rows_above_header(cells)
    headers = [(column[above].as_py() or "").strip() for column in cells.columns]
    body = cells.slice(above + 1)
    kept = [n for n, header in enumerate(headers) if header or body.column(n).null_count < body.num_rows]
    names = [headers[n] for n in kept]
    check_headers(file, names, table=name)
    rows = body.num_rows
    while rows and all(not body.column(n)[rows - 1].is_valid for n in kept):
        rows -= 1  # formatted but empty rows at the end
    columns = [body.column(n).slice(0, rows).cast(pa.string()) for n in kept]
    table = pa.RecordBatch.from_arrays(columns, names=names)
    return _Sheet(TableInfo(name, rows, tuple(names)), table, walk.first_row + above)


def _rows_above_header(cells: pa.RecordBatch) -> int:
    """Title rows above the header: a single filled cell where the next row fills several columns."""
    filled = [sum(column[row].is_valid for column in cells.columns) for row in range(min(5, cells.num_rows))]
    above = 0
    while above + 1 < len(filled) and filled[above] <= 1 < filled[above + 1] - 1:
        above += 1
    return above


def _walk_parts(path: Path) -> dict[str, _SheetWalk]:
    """Every sheet's walk; each part's checksum is tried on the way."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_sizes(path.name, archive)
            parts = _sheet_parts(archive)
            _drain(path.name, archive, "xl/sharedStrings.xml")
            walks = {name: _walk_sheet(path.name, archive, part) for name, part in parts.items()}
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, UnicodeDecodeError):
        raise Refusal("source.xlsx_damaged", file=path.name, do="save_again") from None
    for name, walk in walks.items():
        _check_sheet(path.name, name, walk)
    return walks


def _check_sizes(file: str, archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    if any(entry.flag_bits & 1 for entry in entries):
        raise Refusal("source.xlsx_encrypted", file=file, do="remove_password")
    total = sum(entry.file_size for entry in entries)
    swollen = any(e.file_size > RATIO_FROM and e.file_size > RATIO_LIMIT * max(1, e.compress_size) for e in entries)
    if total > UNPACKED_LIMIT or swollen:
        raise Refusal("source.xlsx_too_large", file=file, unpacked=total, limit=UNPACKED_LIMIT, do="split_or_use_csv")


def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    book = archive.read("xl/workbook.xml").decode("utf-8")
    relations = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8")
    targets = {}
    for match in _RELATION.finditer(relations):
        found = dict(_ATTRIBUTE.findall(match.group(1)))
        target = found.get("Target", "")
        targets[found.get("Id")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    parts = {}
    for match in _SHEET.finditer(book):
        found = dict(_ATTRIBUTE.findall(match.group(1)))
        relation = next((value for name, value in found.items() if name.endswith(":id")), None)
        if "worksheets/" in targets.get(relation, ""):
            parts[html.unescape(found["name"])] = targets[relation]
    return parts


def _drain(file: str, archive: zipfile.ZipFile, part: str) -> None:
    if part not in archive.namelist():
        return
    for _ in _chunks(file, archive, part):
        pass


def _chunks(file: str, archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    read = 0
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            read += len(chunk)
            if read > UNPACKED_LIMIT:
                raise Refusal("source.xlsx_too_large", file=file, unpacked=read, limit=UNPACKED_LIMIT, do="use_csv")
            yield chunk


def _walk_sheet(file: str, archive: zipfile.ZipFile, part: str) -> _SheetWalk:
    walk, held = _SheetWalk(), b""
    for chunk in _chunks(file, archive, part):
        held += chunk
        cut = max(held.rfind(b"</row>"), held.rfind(b":row>")) + 6
        if cut > 6:
            _walk_rows(walk, held[:cut])
            held = held[cut:]
        if len(held) > _ROW_LIMIT:
            raise Refusal("source.field_too_large", file=file, limit=_ROW_LIMIT, do="check_file")
    return walk


def _walk_rows(walk: _SheetWalk, rows: bytes) -> None:
    if not walk.first_row:
        found = _CELL_WITH_VALUE.search(rows)
        walk.first_row = int(found.group(1)) if found else 0
    if b"<f" in rows or b":f>" in rows or b":f " in rows:
        _walk_formulas(walk, rows)
    for match in _ROUNDED.finditer(rows):
        head = rows[max(rows.rfind(b"<c ", 0, match.start()), rows.rfind(b":c ", 0, match.start())) : match.start()]
        kind = _TYPE.search(head)
        if kind is None or kind.group(1) not in _TEXT_TYPES:
            walk.rounded_count += 1
            _tell(walk.rounded, head)


def _walk_formulas(walk: _SheetWalk, rows: bytes) -> None:
    for cell in re.split(rb"</(?:\w+:)?c>", rows):
        if not re.search(rb"<(?:\w+:)?f[ >/]", cell):
            continue
        walk.formulas += 1
        if not re.search(rb"<(?:\w+:)?v[ >/]", cell):
            walk.uncomputed_count += 1
            _tell(walk.uncomputed, cell[max(cell.rfind(b"<c "), cell.rfind(b":c ")) :])


def _tell(cells: list[str], head: bytes) -> None:
    found = _REFERENCE.search(head)
    if found and len(cells) < _TOLD:
        cells.append((found.group(1) + found.group(2)).decode("ascii"))


def _check_sheet(file: str, table: str, walk: _SheetWalk) -> None:
    if walk.uncomputed_count:
        facts = {"cells": walk.uncomputed, "count": walk.uncomputed_count}
        raise Refusal("source.formula_empty", file=file, table=table, **facts, do="open_and_save_or_paste_values")
    if walk.rounded_count:
        rows = sorted({int(re.sub(r"\D", "", cell)) for cell in walk.rounded})
        facts = {"cells": walk.rounded, "rows": rows, "count": walk.rounded_count}
        raise Refusal("source.number_rounded", file=file, table=table, **facts, do="format_as_text_and_enter_again")
