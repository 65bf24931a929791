"""One person explained in one call: every flow and every kind of information, what stays, and what she keeps.

told = explain_person(grounds, customer)
told.flows["buyer"]["basic"].row, told.staying["basic"].verdict, told.headline
say(told.staying["basic"], "zh", company=…, recipient=…)      the sentence that may be sent to her
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from shouxin.ground.rulebook import law, terms
from shouxin.ground.rulebook.gates.codes import End, Verdict
from shouxin.ground.rulebook.gates.decide import keep_or_end
from shouxin.ground.rulebook.gates.ends import all_ends, ends_of, headline
from shouxin.ground.rulebook.gates.explain import Explanation, explain, explain_end
from shouxin.ground.rulebook.gates.facts import Remains
from shouxin.ground.rulebook.gates.grounds import Grounds, Movement, decide_flow, remains_after

_JOINED = {"zh": "、", "en": "; "}


@dataclass(frozen=True)
class PersonExplained:
    """Why one person is treated so. `keeps` are the codes of what a no costs nothing: balance, service, keys."""

    customer: int
    flows: Mapping[str, Mapping[str, Explanation]]
    staying: Mapping[str, Explanation]
    headline: End
    ends: tuple[End, ...]
    keeps: tuple[str, ...]


def explain_person(grounds: Grounds, customer: int) -> PersonExplained:
    """Explain everything that was decided of one customer.

    Raises:
        Refusal("gates.unknown_person"): the case knows no such customer.
        Refusal("workdays.unknown_year"): the days of announcement leave the calendar.
    """
    place = grounds.place(customer)
    hers = _alone(grounds, place)
    decided = {each.id: decide_flow(each, closed=grounds.at_cut_off) for each in hers.movements}
    first_row = {id: each.of_first(1) for id, each in decided.items()}
    remains = remains_after(hers, first_row)
    staying = keep_or_end(remains, grounds.sender, at_cut_off=grounds.at_cut_off)
    tables = list(first_row.values())
    return PersonExplained(
        customer=customer,
        flows={each.id: _of_flow(each, closed=grounds.at_cut_off) for each in hers.movements},
        staying={
            category: explain_end(remains, grounds.sender, 0, category, at_cut_off=grounds.at_cut_off)
            for category in remains.categories
        },
        headline=End(int(headline(flows=tables, remains=staying)[0])),
        ends=ends_of(int(all_ends(flows=tables, remains=staying)[0])),
        keeps=_keeps(remains, not_moved=any((each.verdict == Verdict.NOT_MOVED).any() for each in tables)),
    )


def _alone(grounds: Grounds, place: int) -> Grounds:
    """The grounds of one person; on each flow she stands first, before those who share an item with her."""
    persons = np.array([place])
    movements = tuple(
        Movement(each.id, each.facts.with_partners(persons), each.flow, _row_of(each.settled, place))
        for each in grounds.movements
    )
    return Grounds(
        grounds.customers[persons], movements, grounds.remains.part(persons), grounds.sender, grounds.at_cut_off
    )


def _row_of(settled: "np.ndarray | bool", place: int) -> "np.ndarray | bool":
    return settled if isinstance(settled, bool) or np.ndim(settled) == 0 else np.asarray(settled)[place : place + 1]


def _of_flow(movement: Movement, *, closed: bool) -> Mapping[str, Explanation]:
    return {
        category: explain(movement.facts, movement.flow, 0, category, cut_off=closed)
        for category in movement.facts.categories
    }


def _keeps(remains: Remains, *, not_moved: bool) -> tuple[str, ...]:
    if not not_moved:
        return ()
    return tuple(f"keeps.{name}" for name in ("balance", "service", "keys") if getattr(remains, name)[0])


def say(explained: Explanation, language: str, **facts: str) -> str:
    """Return the sentence of an explanation that may be sent to the person; `facts` name company and recipient.

    Raises:
        Refusal("terms.facts_missing"): the sentence needs a fact that neither the explanation nor the caller gives.
        Refusal("terms.no_such_language"): only zh and en are spoken.
    """
    reason = terms.reasons()[explained.code]
    return reason.say(language, **{**_known(explained, language), **facts})


def _known(explained: Explanation, language: str) -> dict[str, str]:
    known = {"category": _category(explained.category, language)}
    if explained.defects:
        known["defect"] = _JOINED[language].join(terms.term(each).say(language) for each in explained.defects)
    if explained.earliest is not None:
        known["until"] = explained.earliest.date.isoformat()
    if explained.kept is not None:
        known["law"] = law.cite(explained.kept.source).say(language)
        if explained.kept.until is not None:
            known["until"] = explained.kept.until.isoformat()
    return known


def _category(name: str, language: str) -> str:
    kind, _, part = name.partition(":")
    said = terms.term(f"category.{kind}").say(language)
    fields = terms.fields()
    if not part:
        return said
    named = terms.term(f"field.{part}") if part in fields else terms.term(f"part.{part}")
    return f"{said}（{named.say(language)}）" if language == "zh" else f"{said} ({named.say(language)})"
