"""The closing report: facts, structure, rule, people by end, exceptions, readings relied on, what is not proved.

    facts = ClosingFacts(company=…, words={"zh": {...}, "en": {...}}, ends={...}, …)
    pdf = closing_report(facts, language="zh")
    docx = closing_document(facts, language="zh")

At most five pages: a list longer than it can bear is cut and says where the rest stands. The pack's own digest cannot
stand inside the pack; `closing_report(facts, pack_digest=…)` made afterwards is the copy that is printed and notarised.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from docx import Document
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor

from shouxin.ground.formats import fonts
from shouxin.ground.formats.balance import PERSON_ENDS
from shouxin.ground.formats.certificate import Words
from shouxin.ground.formats.report.typesetting import Kind, typeset
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.times import day_in_china
from shouxin.ground.rulebook.terms import term

LANGUAGES = ("zh", "en")
MOST_LINES = 10
_MARKS = {
    "R": ("法条理解", "Reading"),
    "M": ("未核对", "From memory"),
    "K": ("通常认识", "Common"),
    "Q": ("引述", "Quoted"),
}


@dataclass(frozen=True)
class Relied:
    """A rule that was relied on and is not simply the text of a law that was checked: mark R, Q, M or K."""

    id: str
    mark: str
    words: Words


@dataclass(frozen=True)
class Exceptional:
    """An exception or a waiver: what, who approved it, until when (ISO day or empty)."""

    words: Words
    approved_by: str
    until: str = ""


@dataclass(frozen=True)
class Listed:
    """One line of the file list: number, title, the entry in the pack, its digest; `on_paper` marks a scan."""

    number: int
    title: Words
    name: str
    digest: str
    on_paper: bool = False


@dataclass(frozen=True)
class ClosingFacts:
    """What the report says. `facts`, `structure`, `rule` are sentences; `ends` counts persons by headline end."""

    company: str
    case: str
    simulated: bool
    issued: datetime
    facts: Sequence[Words]
    structure: Sequence[Words]
    rule: Sequence[Words]
    ends: Mapping[str, int]
    exceptions: Sequence[Exceptional]
    relied: Sequence[Relied]
    not_proved: Sequence[Words]
    decision_set: str
    checkpoint: str
    signers: Sequence[Words] = ()


_TEXT: Mapping[str, tuple[str, str]] = {
    "title": ("结案报告", "Closing report"),
    "simulated": ("模拟演练：数据和人物均为虚构。", "Simulated: all data and people are invented."),
    "facts": ("一、事实", "1. Facts"),
    "structure": ("二、变更结构", "2. Structure of the change"),
    "rule": ("三、适用的规则", "3. Rule applied"),
    "people": ("四、客户去向", "4. People by end"),
    "end": ("去向", "End"),
    "count": ("人数", "People"),
    "share": ("占比", "Share"),
    "total": ("合计", "Total"),
    "exceptions": ("五、例外与例外放行", "5. Exceptions and waivers"),
    "relied": ("六、依据的法条理解与未核对规则", "6. Readings and unverified rules relied on"),
    "not_proved": ("七、没有证明的事项", "7. What is NOT proved"),
    "digests": ("八、摘要（供公证或时间戳）", "8. Digests, for a notary or a time stamp"),
    "what": ("内容", "What"),
    "by": ("批准人", "Approved by"),
    "until": ("至", "Until"),
    "mark": ("性质", "Kind"),
    "id": ("编号", "Id"),
    "none": ("无。", "None."),
    "more": ("其余 {count} 项见证明材料。", "{count} more in the evidence pack."),
    "decision_set": ("决定集", "Decision set"),
    "checkpoint": ("操作留痕核对点", "Ledger checkpoint"),
    "pack": ("证明材料（整包）", "Evidence pack (the whole file)"),
    "pack_later": ("见整包封面页：摘要不能写在整包之内。", "On the cover sheet: a file cannot hold its own digest."),
    "footer": ("事项 {case} · {day}", "Case {case} · {day}"),
    "list_title": ("卷宗目录", "File list"),
    "number": ("序号", "No."),
    "file": ("文件", "File"),
    "paper": ("（纸质）", " (paper)"),
    "cover": ("证明材料封面", "Evidence pack: cover sheet"),
}


def closing_report(
    facts: ClosingFacts,
    *,
    language: str,
    pack_digest: str = "",
    extra_fonts: Sequence[Path] = (),
    kind: Kind = "pdf",
) -> bytes:
    """The report as PDF (or PNG of page 1).

    Raises:
        Refusal("report.language"); Refusal("fonts.missing"): a sign without a glyph.
    """
    values = report_values(facts, language=language, pack_digest=pack_digest)
    return typeset("closing.typ", values, issued=facts.issued, extra_fonts=extra_fonts, kind=kind)


def closing_document(facts: ClosingFacts, *, language: str, pack_digest: str = "") -> bytes:
    """The same report as DOCX, for a lawyer who wants to write into it.

    Raises:
        Refusal("report.language"); Refusal("fonts.missing").
    """
    values = report_values(facts, language=language, pack_digest=pack_digest)
    document = _blank_document(values["title"], values["subtitle"], values["simulated"])
    for part in values["words"]:
        _heading(document, part["title"])
        for line in part["lines"]:
            document.add_paragraph(line)
    people = values["people"]
    _heading(document, people["title"])
    rows = [[row["name"], row["shown"], row["share"]] for row in people["rows"]]
    _table(document, people["head"], [*rows, [people["total"], people["customers"], ""]])
    for part in values["lists"]:
        _heading(document, part["title"])
        if part["rows"]:
            _table(document, part["head"], part["rows"])
        document.add_paragraph(part["more"] if part["rows"] else part["empty"])
    _heading(document, values["digests"]["title"])
    _table(document, ["", ""], [[row["name"], row["value"]] for row in values["digests"]["rows"]])
    return _saved(document, facts.issued)


def file_list(
    listed: Sequence[Listed],
    facts: ClosingFacts,
    *,
    language: str,
    extra_fonts: Sequence[Path] = (),
    kind: Kind = "pdf",
) -> bytes:
    """The numbered file list (卷宗目录), in the order a reader needs.

    Raises:
        Refusal("report.language"); Refusal("fonts.missing").
    """
    say = _speaker(language)
    rows = [
        [str(each.number), each.title.say(language) + (say("paper") if each.on_paper else ""), each.name, each.digest]
        for each in listed
    ]
    values = _frame(facts, say, "list_title")
    lists = [{"title": "", "head": [say("number"), say("what"), say("file"), "SHA-256"], "rows": _short(rows)}]
    values["lists"] = [{**part, "empty": say("none"), "more": ""} for part in lists]
    return typeset("list.typ", values, issued=facts.issued, extra_fonts=extra_fonts, kind=kind)


def cover_sheet(facts: ClosingFacts, *, pack_digest: str, language: str, kind: Kind = "pdf") -> bytes:
    """One sheet with the pack's digest, to be stamped or notarised; it lies beside the pack, not in it."""
    say = _speaker(language)
    values = _frame(facts, say, "cover")
    values["lists"] = []
    values["digests"] = {"title": say("digests"), "rows": _digests(facts, say, pack_digest)}
    return typeset("list.typ", values, issued=facts.issued, kind=kind)


def report_values(facts: ClosingFacts, *, language: str, pack_digest: str = "") -> dict[str, Any]:
    """Everything the report says, as plain values, the same for PDF and DOCX."""
    say = _speaker(language)
    values = _frame(facts, say, "title")
    values["words"] = [
        {"title": say(name), "lines": [words.say(language) for words in lines]}
        for name, lines in (("facts", facts.facts), ("structure", facts.structure), ("rule", facts.rule))
    ]
    values["people"] = _people(facts, say, language)
    values["lists"] = [
        _list(
            say,
            "exceptions",
            [say("by"), say("until"), say("what")],
            [[each.approved_by, each.until or "—", each.words.say(language)] for each in facts.exceptions],
        ),
        _list(
            say,
            "relied",
            [say("id"), say("mark"), say("what")],
            [[each.id, _mark(each.mark, language), each.words.say(language)] for each in facts.relied],
        ),
        _list(say, "not_proved", [say("what")], [[words.say(language)] for words in facts.not_proved]),
    ]
    values["digests"] = {"title": say("digests"), "rows": _digests(facts, say, pack_digest)}
    values["signatures"] = [words.say(language) for words in facts.signers]
    fonts.check("".join(_flat(values)))
    return values


class _speaker:  # noqa: N801 -- reads as a verb where it is used
    """The paper's fixed words in one language."""

    def __init__(self, language: str) -> None:
        if language not in LANGUAGES:
            raise Refusal("report.language", language=language)
        self.language = language

    def __call__(self, name: str, **facts: object) -> str:
        return _TEXT[name][LANGUAGES.index(self.language)].format(**facts)


def _frame(facts: ClosingFacts, say: _speaker, title: str) -> dict[str, Any]:
    day = day_in_china(facts.issued)
    shown = f"{day.year}年{day.month}月{day.day}日" if say.language == "zh" else day.isoformat()
    return {
        "language": say.language,
        "title": say(title),
        "company": facts.company,
        "subtitle": f"{facts.company} · {shown}",
        "simulated": say("simulated") if facts.simulated else "",
        "footer": say("footer", case=facts.case, day=day.isoformat()),
        "digests": {"title": "", "rows": []},
    }


def _people(facts: ClosingFacts, say: _speaker, language: str) -> dict[str, Any]:
    customers = sum(facts.ends.values())
    rows = [
        {
            "end": end,
            "name": term(f"end.{end}").say(language),
            "count": facts.ends.get(end, 0),
            "shown": f"{facts.ends.get(end, 0):,}",
            "share": f"{100 * facts.ends.get(end, 0) / max(1, customers):.1f} %",
        }
        for end in PERSON_ENDS
        if facts.ends.get(end, 0) or end not in ("open", "none")
    ]
    head = [say("end"), say("count"), say("share")]
    return {"title": say("people"), "head": head, "rows": rows, "total": say("total"), "customers": f"{customers:,}"}


def _list(say: _speaker, title: str, head: list[str], rows: list[list[str]]) -> dict[str, Any]:
    left = len(rows) - MOST_LINES
    return {
        "title": say(title),
        "head": head,
        "rows": rows[:MOST_LINES],
        "empty": say("none"),
        "more": say("more", count=left) if left > 0 else "",
    }


def _digests(facts: ClosingFacts, say: _speaker, pack_digest: str) -> list[dict[str, str]]:
    return [
        {"name": say("pack"), "value": pack_digest or say("pack_later")},
        {"name": say("decision_set"), "value": facts.decision_set},
        {"name": say("checkpoint"), "value": facts.checkpoint},
    ]


def _mark(mark: str, language: str) -> str:
    return _MARKS[mark][LANGUAGES.index(language)] if mark in _MARKS else mark


def _short(rows: list[list[str]]) -> list[list[str]]:
    """Digests by their first 16 signs: the whole ones stand in MANIFEST."""
    return [[*row[:3], row[3].removeprefix("sha256:")[:16] + "…"] for row in rows]


def _flat(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for each in inner for text in _flat(each)]


def _blank_document(title: str, subtitle: str, simulated: str) -> Any:
    document = Document()
    style = document.styles["Normal"]
    style.font.name, style.font.size = fonts.SANS, Pt(10.5)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), fonts.SANS)
    if simulated:
        document.add_paragraph().add_run(simulated).font.color.rgb = RGBColor(0xC8, 0x87, 0x1E)
    run = document.add_paragraph().add_run(title)
    run.font.size, run.font.color.rgb = Pt(21), RGBColor(0x0B, 0x5C, 0x5E)
    document.add_paragraph(subtitle)
    return document


def _heading(document: Any, title: str) -> None:
    run = document.add_paragraph().add_run(title)
    run.font.size, run.font.color.rgb = Pt(13), RGBColor(0x0B, 0x5C, 0x5E)


def _table(document: Any, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = document.add_table(rows=1, cols=len(head))
    table.style = "Light Grid Accent 1"
    for cell, word in zip(table.rows[0].cells, head, strict=True):
        cell.text = word
    for row in rows:
        for cell, word in zip(table.add_row().cells, row, strict=True):
            cell.text = word


def _saved(document: Any, issued: datetime) -> bytes:
    core = document.core_properties
    core.author, core.created, core.modified = "守信 Shouxin", issued, issued
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()
