"""The certificate's page: what is excluded first, then what was done, place by place."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from shouxin.ground.formats.certificate import Certificate, Place
from shouxin.ground.formats.report.closing import LANGUAGES
from shouxin.ground.formats.report.typesetting import Kind, typeset
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.times import SHANGHAI
from shouxin.ground.rulebook.terms import categories, term

_KINDS = {
    "file": ("文件", "File"),
    "database": ("数据库", "Database"),
    "box": ("纸箱", "Box"),
    "goods": ("物品", "Goods"),
    "spool": ("待发文件夹", "Outbox"),
}
_TEXT = {
    "title": ("销毁证明", "Certificate of destruction"),
    "complete": ("登记地点全部完成", "Complete: every registered place"),
    "partial": ("部分完成", "Partial"),
    "simulated": ("模拟演练：数据和人物均为虚构。", "Simulated: all data and people are invented."),
    "excluded": ("先看例外：以下内容没有销毁", "First the exceptions: what was NOT destroyed"),
    "nothing": ("无。", "None."),
    "open_place": ("未结地点：{title}", "Open place: {title}"),
    "failure": ("失败：{words}", "Failure: {words}"),
    "until": ("（至 {until}）", " (until {until})"),
    "ground": ("依据", "Ground"),
    "scope": ("范围", "Scope"),
    "classes": ("信息类别", "Categories"),
    "figures": ("数量", "Figures"),
    "people": ("{customers} 人，{cells} 项", "{customers} people, {cells} cells"),
    "time": ("起止", "From – to"),
    "approved": ("批准", "Approved by"),
    "witness": ("见证人", "Witness"),
    "rescan": ("复扫", "Re-scan"),
    "rescanned": (
        "{method}；投放 {planted}，查找 {looked_for}，发现 {found}。{words}",
        "{method}; planted {planted}, looked for {looked_for}, found {found}. {words}",
    ),
    "custody": ("密钥保管", "Custody of keys"),
    "copies": ("其他副本", "Copies elsewhere"),
    "what": ("内容", "What was done"),
    "places": ("登记地点", "Registered places"),
    "place": ("地点", "Place"),
    "kind": ("类别", "Kind"),
    "method": ("方法", "Method"),
    "when": ("完成时间", "Ended"),
    "result": ("结果", "Result"),
    "digests": ("摘要", "Digests"),
    "certificate": ("本证明（签名文件）", "This certificate (signed file)"),
    "permit": ("销毁许可", "Permit"),
    "before": ("销毁前的根", "Root before"),
    "still_open": ("未结", "Open"),
    "excluded_place": ("列为例外", "Named exclusion"),
    "clean": ("复扫未发现", "Re-scan found nothing"),
    "two_signed": ("两人签字", "Signed by two"),
}


def certificate_page(
    content: Certificate, *, language: str, extra_fonts: Sequence[Path] = (), kind: Kind = "pdf"
) -> bytes:
    """The certificate for people, from a certificate that was checked.

    Raises:
        Refusal("report.language"); Refusal("fonts.missing").
    """
    return typeset(
        "certificate.typ",
        certificate_values(content, language=language),
        issued=content.issued,
        extra_fonts=extra_fonts,
        kind=kind,
    )


def certificate_values(content: Certificate, *, language: str) -> dict[str, Any]:
    """Everything the page says, as plain values."""
    if language not in LANGUAGES:
        raise Refusal("report.language", language=language)
    return {
        "language": language,
        "company": content.controller.name,
        "title": _say("title", language),
        "headline": _say(content.headline, language),
        "complete": content.headline == "complete",
        "simulated": _say("simulated", language) if content.simulated else "",
        "subtitle": f"{content.controller.name} · {content.id}",
        "footer": f"{content.id} · {_clock(content.issued, language)}",
        "exclusions": {
            "title": _say("excluded", language),
            "lines": _excluded(content, language),
            "empty": _say("nothing", language),
        },
        "parts": [{"title": _say("what", language), "rows": _rows(content, language)}],
        "places": {
            "title": _say("places", language),
            "head": [_say(name, language) for name in ("place", "kind", "method", "when", "result")],
            "rows": [_place(each, language) for each in content.places],
        },
        "digests": {"title": _say("digests", language), "rows": _digests(content, language)},
    }


def _say(name: str, language: str, **facts: object) -> str:
    return _TEXT[name][LANGUAGES.index(language)].format(**facts)


def _excluded(content: Certificate, language: str) -> list[str]:
    lines = [
        each.words.say(language) + (_say("until", language, until=each.until) if each.until else "")
        for each in content.exclusions
    ]
    lines += [_say("open_place", language, title=each.title) for each in content.places if each.is_open]
    return lines + [_say("failure", language, words=each.words.say(language)) for each in content.failures]


def _rows(content: Certificate, language: str) -> list[list[str]]:
    again, scope = content.rescan, content.scope
    known = categories()
    named = [
        (known[each].zh if language == "zh" else known[each].en) if each in known else each for each in scope.classes
    ]
    figures = _say("people", language, customers=f"{scope.customers:,}", cells=f"{scope.cells:,}")
    rescanned = _say("rescanned", language, **{**vars(again), "words": again.words.say(language)})
    rows = [
        ["ground", " · ".join(f"{each.law} {each.words.say(language)}" for each in content.ground)],
        ["scope", scope.words.say(language)],
        ["classes", "、".join(named) if language == "zh" else ", ".join(named)],
        ["figures", figures],
        ["time", f"{_clock(content.started, language)} – {_clock(content.ended, language)}"],
        ["approved", " · ".join(each.by for each in content.approvals)],
        ["rescan", rescanned],
        ["custody", f"{content.custody.level} · {content.custody.words.say(language)}"],
        ["copies", " · ".join(_copy(each, language) for each in content.copies) or _say("nothing", language)],
    ]
    if content.witness:
        rows.append(["witness", content.witness.name])
    return [[_say(name, language), value] for name, value in rows]


def _copy(copy: Any, language: str) -> str:
    until = _say("until", language, until=copy.expires) if copy.expires else ""
    return f"{copy.title}{until} {copy.words.say(language)}"


def _place(place: Place, language: str) -> list[str]:
    method = term(f"end_method.{place.method}").say(language) if place.method else "—"
    if place.is_open:
        result = _say("still_open", language)
    elif not place.has_end and place.exclusion:
        result = f"{_say('excluded_place', language)}: {place.exclusion.words.say(language)}"
    else:
        result = _say("clean" if place.rescan else "two_signed", language)
    kind = _KINDS.get(place.kind, (place.kind, place.kind))[LANGUAGES.index(language)]
    return [place.title, kind, method, _clock(place.ended, language) if place.ended else "—", result]


def _clock(at: datetime, language: str) -> str:
    """The hour on a Chinese wall: certificates are read where they were made."""
    local = at.astimezone(SHANGHAI)
    day = f"{local.year}年{local.month}月{local.day}日" if language == "zh" else f"{local:%Y-%m-%d}"
    return f"{day} {local:%H:%M}" + ("" if language == "zh" else " (China)")


def _digests(content: Certificate, language: str) -> list[dict[str, str]]:
    named = [("certificate", content.digest), ("permit", content.permit), ("before", content.scope.root_before)]
    return [{"name": _say(name, language), "value": value} for name, value in named if value]
