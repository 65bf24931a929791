"""Answer sheets: an XLSX or CSV file on which staff wrote what customers said by telephone, on paper or at the counter.

Columns (zh or en, in any order): 答复码 reply code · 答复 answer · 途径 route · 答复时间 answered at · 登记人 taken by
· 凭证 proof · 敏感信息 sensitive · 监护人 guardian · 内容 wish. A row is read whole or refused with its number and the
reason. 答复 also takes what a person asked for instead (查阅, 更正, 删除, …) or a complaint (投诉); 内容 says what.
Route 来电 (called in) means that the person spoke first; 电话 means that the shop called.
"""

import csv
import io
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import fastexcel

from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.times import SHANGHAI

HEADERS: Mapping[str, tuple[str, ...]] = {
    "reply_code": ("答复码", "reply code", "reply_code"),
    "answer": ("答复", "answer"),
    "route": ("途径", "route"),
    "answered_at": ("答复时间", "answered at", "answered_at"),
    "taken_by": ("登记人", "taken by", "taken_by"),
    "proof": ("凭证", "proof"),
    "sensitive": ("敏感信息", "sensitive"),
    "guardian": ("监护人", "guardian"),
    "wish": ("内容", "wish"),
}
NEEDED = ("reply_code", "answer", "answered_at", "taken_by")
ANSWER_WORDS: Mapping[str, tuple[str, ...]] = {
    "agree": ("同意", "agree", "yes"),
    "refuse": ("不同意", "refuse", "do not agree", "no"),
    "call_me": ("请打电话给我", "请回电", "call_me", "call me"),
    "withdraw": ("撤回", "撤回同意", "withdraw"),
}
REQUEST_WORDS: Mapping[str, tuple[str, ...]] = {
    "copy": ("查阅", "复制", "查阅复制", "copy", "see"),
    "correct": ("更正", "补充", "correct"),
    "delete": ("删除", "delete"),
    "restrict": ("限制处理", "restrict"),
    "explain": ("解释说明", "explain"),
    "move": ("转移", "move"),
    "complaint": ("投诉", "complaint"),
}
SAYS_WHAT = ("correct", "complaint")
"""What cannot be met without words of the person's own."""
ROUTE_WORDS: Mapping[str, tuple[str, ...]] = {
    "telephone": ("电话", "去电", "telephone", "phone"),
    "called_in": ("来电", "客户来电", "called in"),
    "paper": ("纸面", "纸质回执", "信函", "paper", "letter"),
    "counter": ("当面", "到店", "counter"),
    "reply_code": ("答复码", "短信", "reply code", "reply_code", "sms"),
}
YES = ("是", "同意", "有", "yes", "y", "agree", "1")
NO = ("", "否", "不同意", "无", "no", "n", "0")
_TIME_FORMS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y年%m月%d日 %H:%M",
    "%Y-%m-%d",
    "%Y/%m/%d",
)
_MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class SheetRow:
    """One row as it was written: its number in the file (the header is 1) and the words in its columns."""

    number: int
    words: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class SheetFile:
    """A sheet that was read: the digest of its bytes and its rows."""

    name: str
    digest: str
    rows: tuple[SheetRow, ...]


@dataclass(frozen=True)
class ReadRow:
    """A row understood: `proof` is what staff wrote as proof, empty when nothing."""

    number: int
    reply_code: str
    answer: str
    route: str
    given_at: datetime
    taken_by: str = field(repr=False)
    proof: str = field(repr=False)
    sensitive: bool = False
    guardian: bool = False
    initiative: str = "person"
    day_only: bool = False
    wish: str = field(default="", repr=False)


def open_sheet(path: Path) -> SheetFile:
    """The rows of a sheet, empty ones left out.

    Raises:
        Refusal("consent.sheet_unreadable"): not a file, too large, not XLSX or CSV, wrong encoding or truncated;
        Refusal("consent.sheet_columns"): columns missing or doubled; all are named.
    """
    if not path.is_file() or path.stat().st_size > _MOST_BYTES:
        raise Refusal("consent.sheet_unreadable", file=path.name, why="no_file_or_too_large")
    raw = path.read_bytes()
    table = _xlsx(raw, path.name) if raw[:2] == b"PK" else _csv(raw, path.name)
    if not table:
        raise Refusal("consent.sheet_unreadable", file=path.name, why="empty")
    places = _places(table[0], path.name)
    rows = tuple(
        SheetRow(number, {name: _cell(cells, place) for name, place in places.items()})
        for number, cells in enumerate(table[1:], start=2)
        if any(cell.strip() for cell in cells)
    )
    return SheetFile(name=path.name, digest=digest(raw), rows=rows)


def _xlsx(raw: bytes, name: str) -> list[list[str]]:
    try:
        sheet = fastexcel.read_excel(raw).load_sheet(0, header_row=None, dtypes="string")
        columns = [column.to_pylist() for column in sheet.to_arrow().columns]
    except (fastexcel.FastExcelError, ValueError) as error:
        raise Refusal("consent.sheet_unreadable", file=name, why="not_xlsx") from error
    return [[str(cell or "") for cell in cells] for cells in zip(*columns, strict=True)]


def _csv(raw: bytes, name: str) -> list[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        try:
            return list(csv.reader(io.StringIO(text, newline=""), strict=True))
        except csv.Error as error:
            raise Refusal("consent.sheet_unreadable", file=name, why="ragged") from error
    raise Refusal("consent.sheet_unreadable", file=name, why="encoding")


def _places(header: Sequence[str], name: str) -> dict[str, int]:
    known = {word: column for column, words in HEADERS.items() for word in words}
    found: dict[str, int] = {}
    doubled = []
    for place, word in enumerate(header):
        column = known.get(word.strip().lower())
        if column in found:
            doubled.append(column)
        elif column:
            found[column] = place
    missing = [HEADERS[column][0] for column in NEEDED if column not in found]
    if missing or doubled:
        raise Refusal("consent.sheet_columns", file=name, missing=missing, doubled=doubled)
    return found


def _cell(cells: Sequence[str], place: int) -> str:
    return unicodedata.normalize("NFC", cells[place].strip()) if place < len(cells) else ""


def read_row(row: SheetRow) -> ReadRow:
    """The row understood.

    Raises:
        Refusal("consent.row_words"): columns whose words are not understood or empty; all are named.
    """
    words = row.words
    answer = _word(words["answer"], {**ANSWER_WORDS, **REQUEST_WORDS})
    route = _word(words.get("route", ""), ROUTE_WORDS) if words.get("route") else "telephone"
    given_at = _instant(words["answered_at"])
    wrong = [
        HEADERS[column][0]
        for column, understood in (
            ("reply_code", bool(words["reply_code"])),
            ("answer", bool(answer)),
            ("route", bool(route)),
            ("answered_at", given_at is not None),
            ("taken_by", bool(words["taken_by"])),
            ("sensitive", _is_known(words.get("sensitive", ""))),
            ("guardian", _is_known(words.get("guardian", ""))),
            ("wish", answer not in SAYS_WHAT or bool(words.get("wish"))),
        )
        if not understood
    ]
    if wrong or given_at is None:
        raise Refusal("consent.row_words", columns=wrong)
    return ReadRow(
        number=row.number,
        reply_code=words["reply_code"],
        answer=answer,
        route="telephone" if route == "called_in" else route,
        initiative="company" if route == "telephone" else "person",
        given_at=given_at,
        day_only=":" not in words["answered_at"],
        taken_by=words["taken_by"],
        proof=words.get("proof", ""),
        sensitive=words.get("sensitive", "").lower() in YES,
        guardian=words.get("guardian", "").lower() in YES,
        wish=words.get("wish", ""),
    )


def _word(said: str, known: Mapping[str, tuple[str, ...]]) -> str:
    return next((name for name, words in known.items() if said.strip().lower() in words), "")


def _is_known(said: str) -> bool:
    return said.lower() in YES or said.lower() in NO


def _instant(said: str) -> datetime | None:
    """Times on a sheet are China's; a day alone means its first minute, so that it never lies after the recording."""
    for form in _TIME_FORMS:
        try:
            return datetime.strptime(said, form).replace(tzinfo=SHANGHAI)
        except ValueError:
            continue
    return None
