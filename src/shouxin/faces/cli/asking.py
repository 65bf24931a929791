"""`ask`: the question first. What the answers mean in law, on one screen, before any data."""

from pathlib import Path
from typing import Any

from shouxin.cases.interview import Ruling, rule_on
from shouxin.cases.planning import plan_of
from shouxin.faces import words
from shouxin.faces.cli.door import Outcome, given_json
from shouxin.ground.kernel.times import SystemClock, day_in_china
from shouxin.ground.rulebook import law, terms
from shouxin.ground.rulebook.windows import Plan


def ruled(interview: Path) -> Outcome:
    """The ruling on a file of answers."""
    ruling = rule_on(given_json(interview))
    plan = plan_of(ruling.to_plain(), today=day_in_china(SystemClock().now()))
    plain = {**ruling.to_plain(), "plan": _plain(plan)}
    holds = not (ruling.blocks or plan.clashes)
    return Outcome(plain, holds=holds, lines=(*_lines(ruling), *_day_lines(plan)))


def _plain(plan: Plan) -> dict[str, Any]:
    told = words.language()
    return {
        "earliest_transfer": plan.earliest_transfer,
        "earliest_deregistration": plan.earliest_deregistration,
        "provisional": plan.is_provisional,
        "assumed": list(plan.assumed),
        "clashes": [each.say(told) for each in plan.clashes],
        "foreseen": [each.say(told) for each in plan.foreseen],
        "events": {
            name: {"earliest": each.earliest, "latest": each.latest, "wanted": each.fixed, "because": each.because}
            for name, each in plan.events.items()
        },
    }


def _day_lines(plan: Plan) -> tuple[str, ...]:
    """The days in order: the earliest the law leaves, the latest that still reaches the wanted day; what clashes."""
    told = words.language()
    rows = sorted(plan.events.values(), key=lambda each: (each.fixed or each.earliest, each.earliest))
    lines = ["", words.label("ruling.days")]
    for each in rows:
        span = f"{each.earliest} …" if each.latest is None else f"{each.earliest} … {each.latest}"
        lines.append(f"  {each.fixed or span}{'*' if each.provisional else ''}  {each.event.say(told)}")
    clashes = [each.say(told) for each in plan.clashes] + [each.say(told) for each in plan.foreseen]
    if clashes:
        lines += ["", words.label("ruling.clashes"), *(f"  ! {each}" for each in clashes)]
    if plan.is_provisional:
        lines += ["", words.label("ruling.provisional")]
    return tuple(lines)


def _lines(ruling: Ruling) -> tuple[str, ...]:
    """Rule and reading, each flow, what blocks, what is owed, where common advice is wrong."""
    zh = words.language() == "zh"
    names = "、".join(terms.term(f"structure.{each}").say(words.language()) for each in ruling.structures)
    cited, reading = law.cite(ruling.rule).say(words.language()), ruling.reading if zh else ruling.reading_en
    lines = [f"{names}  [{ruling.playbook}]", f"{cited}：{reading}" if zh else f"{cited}: {reading}"]
    for flow in ruling.flows:
        role = terms.term(f"flow_role.{flow.role}").say(words.language())
        lines.append(f" → {flow.recipient}  {role}")
    for title, points in (("blocks", ruling.blocks), ("owed", ruling.owed), ("advice", ruling.advice)):
        if points:
            lines += ["", words.label(f"ruling.{title}")]
            lines += [f"  · {words.sentence(each.code, {'law': each.law})}" for each in points]
    return tuple(lines)
