"""The plan of a change on one A4 page: our steps with owner and day, the authority's road, the papers to file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shouxin.ground.formats.papers.typesetting import to_pdf
from shouxin.ground.kernel.times import to_text

_WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "ours": "我们的步骤",
        "days": "日子（登记机关的路用◇）",
        "clashes": "对不上的",
        "papers": "要归档的纸件（编号、日期）",
        "note": "* 放假安排还没有公布，先按较严的算。○ 未办　● 已凭证据关闭　◌ 例外放行",
    },
    "en": {
        "ours": "Our steps",
        "days": "The days (◇ the authority's road)",
        "clashes": "What clashes",
        "papers": "Papers to file (number, date)",
        "note": "* holidays not published yet, the stricter day is counted. ○ open  ● closed on evidence  ◌ waived",
    },
}
MARKS = {"open": "○", "provable": "○", "closed": "●", "waived": "◌"}


@dataclass(frozen=True)
class PlannedStep:
    """One step of the plan: its name, who owns it, its due day (with `*` where provisional), its state."""

    name: str
    owner: str
    due: str
    state: str
    files_paper: bool


@dataclass(frozen=True)
class PlannedDay:
    """One event: a day or a span as text, its name, whether it is on the authority's road."""

    day: str
    event: str
    is_authority: bool


@dataclass(frozen=True)
class PlanSheet:
    """Everything on the page, in one language."""

    title: str
    company: str
    rule: str
    steps: Sequence[PlannedStep]
    days: Sequence[PlannedDay]
    clashes: Sequence[str]
    playbook_digest: str


def plan_pdf(sheet: PlanSheet, *, language: str, at: datetime) -> bytes:
    """The page as PDF; the same sheet and time give the same bytes.

    Raises:
        Corrupt: the sheet cannot be set.
    """
    return to_pdf("plan.typ", _document(sheet, language, at), at=at)


def _document(sheet: PlanSheet, language: str, at: datetime) -> dict[str, Any]:
    words = _WORDS[language]
    return {
        "title": sheet.title,
        "company": sheet.company,
        "rule": sheet.rule,
        "words": {name: words[name] for name in ("ours", "days", "clashes", "papers")},
        "note": words["note"],
        "steps": [
            {"mark": MARKS[each.state], "name": each.name, "owner": each.owner, "due": each.due} for each in sheet.steps
        ],
        "days": [{"day": each.day, "event": f"{'◇ ' if each.is_authority else ''}{each.event}"} for each in sheet.days],
        "clashes": list(sheet.clashes),
        "papers": [each.name for each in sheet.steps if each.files_paper],
        "digest": sheet.playbook_digest,
        "made": to_text(at),
    }
