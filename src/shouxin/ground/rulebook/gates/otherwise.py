"""What a fact could be otherwise, and how a fact is called: the material from which explanations are computed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from enum import IntEnum
from typing import Any

import numpy as np

from shouxin.ground.rulebook import terms
from shouxin.ground.rulebook.bases import NOTICE_ELEMENTS, Basis, name_defects
from shouxin.ground.rulebook.gates.codes import (
    Age,
    Answer,
    FlowRole,
    Holding,
    Moved,
    Notice,
    PersonKind,
    PurposeState,
    Question,
    Request,
    Route,
    Several,
    Structure,
)
from shouxin.ground.rulebook.gates.flows import SMALL_HANDLER_BELOW, Announcement, FlowFacts, SenderFacts
from shouxin.ground.rulebook.gates.opinions import Opinion
from shouxin.ground.rulebook.gates.waiting import latest_announcement
from shouxin.ground.rulebook.retention import Running

_LISTS: Mapping[type, str] = {FlowRole: "flow_role", Route: "route", Structure: "structure"}
SOME_PURPOSE = frozenset({"purpose"})

_WORDS: dict[str, tuple[type[IntEnum], str]] = {
    "person_kind": (PersonKind, "person_kind"),
    "age": (Age, "age"),
    "notice": (Notice, "notice_state"),
    "holding": (Holding, "holding"),
    "several": (Several, "several"),
    "purpose_basis": (Basis, "basis"),
    "answer": (Answer, "answer"),
    "moved": (Moved, "moved"),
    "running": (Running, "running"),
    "purpose": (PurposeState, "purpose_state"),
}


def fact_word(name: str, value: Any) -> str:
    """How a fact's value is called: a term's id, yes, no, not known, a number or a day."""
    if name in _WORDS:
        kind, prefix = _WORDS[name]
        return f"{prefix}.{kind(int(value)).name.lower()}"
    if name == "requests":
        return ",".join(f"request.{str(bit.name).lower()}" for bit in Request if int(value) & bit) or "no"
    if name == "defects":
        return ",".join(name_defects(int(value))) or "no"
    if name == "opinions":
        return ",".join(sorted({f"question.{each.question}" for each in value})) or "no"
    return _plain_word(value)


def _plain_word(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, frozenset):
        return ",".join(sorted(_item_word(item) for item in value)) or "no"
    if isinstance(value, Announcement):
        return _plain_word(value.posted_on)
    if isinstance(value, FlowRole | Route | Structure):
        return f"{_LISTS[type(value)]}.{value}"
    return "recorded.no" if value is None else str(value)


def _item_word(item: Any) -> str:
    return f"category.{item}" if item in terms.categories() else _plain_word(item)


def other_fact_values(name: str, value: Any) -> Iterator[Any]:
    """The other values that a fact of a person or cell could have."""
    if name in _WORDS:
        yield from (member for member in _WORDS[name][0] if member != int(value))
    elif name in ("requests", "defects"):
        yield from [0] if int(value) else []
    else:
        yield not bool(value)


def _stands(flow: FlowFacts, category: str) -> Iterator[Announcement]:  # noqa: ARG001 - one of a table of functions
    if flow.transfer_on is not None:
        day = latest_announcement(flow.transfer_on).date
        yield Announcement(posted_on=day, popup_on=day, first_posted_on=day)


_OTHER_FLOW: Mapping[str, Callable[[FlowFacts, str], Iterator[Any]]] = {
    "role": lambda flow, _: (each for each in FlowRole if each is not flow.role),
    "route": lambda flow, _: (each for each in Route if each is not flow.route),
    "needed": lambda flow, category: iter([flow.needed ^ {category}]),
    "surplus": lambda flow, category: iter([flow.surplus ^ {category}]),
    "told_elements": lambda flow, _: iter(
        [flow.told_elements | NOTICE_ELEMENTS] if not flow.told_elements >= NOTICE_ELEMENTS else []
    ),
    "recipient_restricted": lambda flow, _: (each for each in (True, False) if each is not flow.recipient_restricted),
    "abroad_people": lambda flow, _: (each for each in (0, SMALL_HANDLER_BELOW) if each != flow.abroad_people),
    "abroad_sensitive_people": lambda flow, _: (each for each in (0, 1) if each != flow.abroad_sensitive_people),
    "announcement": _stands,
}


def other_flow_values(name: str, flow: FlowFacts, category: str) -> Iterator[Any]:
    """The other values that a fact of the flow could have, as far as a person could make them so."""
    if name in _OTHER_FLOW:
        yield from _OTHER_FLOW[name](flow, category)
    elif isinstance(getattr(flow, name), bool):
        yield not getattr(flow, name)


def _with_counts(sender: SenderFacts, people: int) -> SenderFacts:
    return replace(sender, people_at_announcement=people, people_at_cut_off=people)


def _other_size(sender: SenderFacts) -> Iterator[SenderFacts]:
    yield _with_counts(sender, SMALL_HANDLER_BELOW)
    yield _with_counts(sender, SMALL_HANDLER_BELOW - 1)


_OTHER_SENDER: Mapping[str, Callable[[SenderFacts], Iterator[SenderFacts]]] = {
    "structures": lambda sender: (
        replace(sender, structures=sender.structures | {each}) for each in Structure if each not in sender.structures
    ),
    "ends": lambda sender: iter([replace(sender, goes_on=not sender.goes_on)]),
    "ends_by_merger": lambda sender: iter([replace(sender, goes_on=not sender.goes_on)]),
    "must_wait": _other_size,
    "may_announce": _other_size,
    "people_at_cut_off": _other_size,
    "opinions": lambda _: iter([]),
}


def other_senders(sender: SenderFacts, names: tuple[str, ...]) -> Iterator[tuple[str, str, str, SenderFacts]]:
    """For each fact that a row reads of the sender: its name, what it is, what it could be, and that sender."""
    for name in names:
        was = getattr(sender, name)
        if name in _OTHER_SENDER:
            others = _OTHER_SENDER[name](sender)
        else:
            changed: dict[str, Any] = {name: not was}
            others = iter([replace(sender, **changed)])
        for other in others:
            now = getattr(other, name)
            if now != was:
                yield name, fact_word(name, was), fact_word(name, now), other


def with_opinion(
    opinions: tuple[Opinion, ...], question: Question, purposes: frozenset[str], category: str, *, on: date | None
) -> tuple[Opinion, ...] | None:
    """The opinions and one more that answers a question; None where one of them answers it already."""
    if any(each.question is question and category in each.categories for each in opinions):
        return None
    given = Opinion(
        question=question,
        given_on=on or date.min,
        basis=Basis.CONTRACT,
        purposes=purposes or SOME_PURPOSE,
        categories=frozenset({category}),
        document="sha256:",
    )
    return (*opinions, given)
