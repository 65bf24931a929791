"""The part of docs/law.md that is written from the data: each duty, how it is enforced, or why it is only registered.

python -m tests.ground.rulebook.law_page      writes it anew after a line of enforcement.toml changed
"""

from collections.abc import Iterator
from pathlib import Path

from shouxin.ground.rulebook import law
from shouxin.ground.rulebook.law.enforcement import WAYS, beyond_law

PAGE = Path(__file__).resolve().parents[3] / "docs" / "law.md"
BEGIN, END = "<!-- written from the data: begin -->\n", "<!-- written from the data: end -->\n"
_WAYS = {"checks": "check", "gates": "row", "windows": "window", "retention": "retention", "formats": "form"}


def written(page: str) -> str:
    """What stands between the two marks."""
    return page.partition(BEGIN)[2].partition(END)[0]


def from_data() -> str:
    """What must stand between the two marks."""
    return "\n".join([*_counts(), "", *_duties(), "", *_windows(), ""])


def _counts() -> Iterator[str]:
    told = law.enforcements()
    checked = sum(bool(each.checks) for each in told.values())
    some = sum(each.is_enforced for each in told.values())
    yield f"Of {len(told)} duties today **{checked} are enforced by a check** that closes a step,"
    yield f"**{some} in some way** (check, gate row, window of the plan, retention rule, check of a form) and"
    yield f"**{len(told) - some} are only registered**. The target is at least 100 by a check."
    yield ""
    yield "| way | duties |"
    yield "|---|---|"
    for way in WAYS:
        yield f"| {_WAYS[way]} | {sum(bool(getattr(each, way)) for each in told.values())} |"
    reasons = {each.registered.code: each.registered for each in told.values() if each.registered}
    for code, reason in sorted(reasons.items()):
        count = sum(each.registered == reason for each in told.values())
        yield f"| registered, `{code}`: {reason.zh} · {reason.en} | {count} |"
    yield ""
    yield (
        "Checks that no duty asks for; they hold what the two sides promised each other: " + _names(beyond_law()) + "."
    )


def _duties() -> Iterator[str]:
    yield "| duty | 原文 | set off by | time | severity | mark | enforced by |"
    yield "|---|---|---|---|---|---|---|"
    for id, duty in law.shipped().obligations.items():
        told = law.enforcements()[id]
        codes = " ".join(code for code in law.TRIGGERS if code in duty.triggers)
        when = codes + (f" ({duty.condition})" if duty.condition else "")
        by = "; ".join(f"{_WAYS[way]} {_names(getattr(told, way))}" for way in WAYS if getattr(told, way))
        how = by or (f"registered: {told.registered.zh}" if told.registered else "")
        yield f"| {id} | {duty.quote} | {when} | {_times(duty)} | {duty.severity} | {duty.mark} | {how} |"


def _times(duty: law.Obligation) -> str:
    return "; ".join(
        " ".join(str(part) for part in (each.how, each.amount or "", each.unit, each.event, f"[{each.mark}]") if part)
        for each in duty.deadlines
    )


def _windows() -> Iterator[str]:
    table = law.shipped().windows
    yield "| window | 要求 | from → to | time | law | mark | where |"
    yield "|---|---|---|---|---|---|---|"
    for id, each in table.windows.items():
        days = f"{table.events[each.start].zh} → {table.events[each.end].zh}"
        time = " ".join(str(part) for part in (each.how, each.amount or "", each.unit) if part)
        facts = [name if asked else f"not {name}" for name, asked in sorted(each.when.facts.items())]
        out = [f"not {name}" for name in sorted(each.when.unless)]
        parts = (each.when.structures, out, each.when.kinds, each.when.roles, facts)
        where = " · ".join(", ".join(sorted(part)) for part in parts if part)
        yield f"| {id} | {each.zh} | {days} | {time} | {' '.join(each.law)} | {each.mark} | {where} |"


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}{from_data()}{END}{rest.partition(END)[2]}", "utf-8")
