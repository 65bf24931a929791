"""`ask`: the question first. What the answers mean in law, on one screen, before any data."""

from pathlib import Path

from shouxin.cases.interview import Ruling, rule_on
from shouxin.faces import words
from shouxin.faces.cli.door import Outcome, given_json
from shouxin.ground.rulebook import law, terms


def ruled(interview: Path) -> Outcome:
    """The ruling on a file of answers."""
    ruling = rule_on(given_json(interview))
    return Outcome(ruling.to_plain(), holds=not ruling.blocks, lines=_lines(ruling))


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
