"""The stories from which the gates' examples start, and how a line of `gates_a.toml` or `gates_b.toml` is read.

A story is a flow, a person and a company of whom nothing stands in the way; a line says what differs.
"""

import tomllib
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path

from shouxin.ground.rulebook.bases import NOTICE_ELEMENTS, Basis, Defect
from shouxin.ground.rulebook.gates import (
    Age,
    Announcement,
    Answer,
    Facts,
    FlowFacts,
    FlowRole,
    Holding,
    Moved,
    Notice,
    Opinion,
    PersonKind,
    PurposeState,
    Question,
    Remains,
    Request,
    Route,
    SenderFacts,
    Several,
    Structure,
)
from shouxin.ground.rulebook.retention import Running

CATEGORY = ("basic",)
PURPOSES = frozenset({"continue_service"})
SMALL = {"people_at_announcement": 5_000, "people_at_cut_off": 5_000}
STOOD = Announcement(posted_on=date(2026, 4, 8), popup_on=date(2026, 4, 8))
MOVES_ON = date(2026, 6, 30)

SELLER = SenderFacts(structures=frozenset({Structure.ASSET_SALE}), ends_business=True)
BUYER = FlowFacts(
    role=FlowRole.OTHER_HANDLER,
    sender=SELLER,
    recipient="recipient:b",
    needed=frozenset(CATEGORY),
    purposes=PURPOSES,
    recipient_identified=True,
    recipient_restricted=False,
    key_matches=True,
    abroad=False,
    important_data=False,
    critical_operator=False,
    child_rules=True,
    told_elements=NOTICE_ELEMENTS,
    agreement_on_record=True,
)
CLEAR = {
    "person_kind": PersonKind.CONTRACT_PARTY,
    "age": Age.ADULT,
    "dead": False,
    "notice": Notice.REACHED,
    "holding": Holding.LIVE,
    "hold": False,
    "requests": 0,
    "objected": False,
    "several": Several.ONE,
    "sensitive": False,
    "answer": Answer.AGREE,
}
NOT_ASKED = {"answer": Answer.NONE, "purpose_basis": Basis.CONTRACT}


def _taking_over(structures, *, goes_on):
    sender = SenderFacts(structures=frozenset(structures), ends_business=not goes_on, goes_on=goes_on, **SMALL)
    return replace(
        BUYER,
        role=FlowRole.SUCCESSOR,
        sender=sender,
        succession_on_record=True,
        same_purpose=True,
        same_method=True,
        announcement=STOOD,
        transfer_on=MOVES_ON,
    )


SUCCESSOR = _taking_over({Structure.MERGER}, goes_on=False)
DIVISION = _taking_over({Structure.DIVISION}, goes_on=True)
CLOSING = _taking_over({Structure.DISSOLUTION}, goes_on=False)
MOVER = replace(BUYER, role=FlowRole.PROCESSOR, supervision_on_record=True, return_fixed=True)
KEEPER = replace(CLOSING, role=FlowRole.CUSTODIAN, undertaking=True)
NAMED = replace(BUYER, role=FlowRole.SUBJECT_DIRECTED, feasible=True)
OWN_WISH = {"identity_verified": True, "no_harm_to_others": True, "purpose_basis": Basis.CONTRACT}

STORIES = {
    "sale": (BUYER, {}),
    "successor": (SUCCESSOR, NOT_ASKED),
    "division": (DIVISION, NOT_ASKED),
    "closing": (CLOSING, {**NOT_ASKED, "taken_over": True}),
    "mover": (MOVER, NOT_ASKED),
    "keeper": (KEEPER, NOT_ASKED),
    "named": (NAMED, OWN_WISH),
}

STAYS = {
    "holding": Holding.LIVE,
    "moved": Moved.NOT_MOVED,
    "hold": False,
    "requests": 0,
    "duty_open": False,
    "running": Running.NONE,
}
REPORTED = {**SMALL, "inability_reported": True}
HOLDERS = {
    "shop": (SenderFacts(frozenset({Structure.ASSET_SALE}), ends_business=True, **REPORTED), {}),
    "open_shop": (SenderFacts(frozenset({Structure.ADDRESS}), ends_business=False, **REPORTED), {}),
    "closed": (
        SenderFacts(
            frozenset({Structure.DISSOLUTION, Structure.DEREGISTRATION}),
            ends_business=True,
            goes_on=False,
            custodian=True,
            **REPORTED,
        ),
        {"purpose": PurposeState.ENDED},
    ),
    "merged": (SenderFacts(frozenset({Structure.MERGER}), ends_business=True, goes_on=False, **REPORTED), {}),
}

_WORDS = {
    "person_kind": PersonKind,
    "age": Age,
    "notice": Notice,
    "holding": Holding,
    "several": Several,
    "purpose_basis": Basis,
    "answer": Answer,
    "moved": Moved,
    "running": Running,
    "purpose": PurposeState,
}
_BITS = {"requests": Request, "defects": Defect}
_DEFAULTS = {each.name: each.default for kind in (FlowFacts, SenderFacts) for each in fields(kind)}


def fact(name, value):
    """A fact's value from its word."""
    if name in _WORDS:
        return _WORDS[name][value.upper()]
    if name in _BITS:
        return sum(_BITS[name][word.upper()] for word in value)
    return value


def flow_fact(name, value):
    """A flow's fact from its word."""
    kinds = {"role": FlowRole, "route": Route, "announcement": lambda days: Announcement(**days)}
    if name in kinds:
        return kinds[name](value)
    return frozenset(value) if isinstance(value, list) else value


def sender_with(sender, told, opinions=()):
    """The company with what a line says of it."""
    told = dict(told)
    forgotten = {name: _DEFAULTS[name] for name in told.pop("forget", [])}
    known = {name: frozenset(map(Structure, each)) if name == "structures" else each for name, each in told.items()}
    return replace(sender, **known, **forgotten, opinions=tuple(opinions))


def opinion(answers, category="basic", **more):
    """A whole opinion on one question."""
    told = {
        "given_on": date(2026, 4, 1),
        "basis": Basis.CONTRACT,
        "purposes": PURPOSES,
        "categories": frozenset({category}),
        "document": "sha256:opinion",
    }
    return Opinion(**({"question": Question(answers)} | told | more))


def person(**facts):
    """One person of whom nothing stands in the way but what is said."""
    return Facts.of(1, CATEGORY, **(CLEAR | facts))


@dataclass(frozen=True)
class Line:
    """One example: its row, what it says, and the facts it stands for."""

    row: str
    told: dict

    def __str__(self):
        return f"{self.row}-{self.told['kind']}-{self.told['zh']}"

    def known(self):
        """The facts about the person, as keywords."""
        _, of_story = STORIES[self.told["on"]]
        known = CLEAR | of_story | {name: fact(name, each) for name, each in self.told.get("person", {}).items()}
        left_out = {*self.told.get("forget", []), self.told.get("must_be_named")}
        return {name: each for name, each in known.items() if name not in left_out}

    def flow(self):
        """The flow."""
        story, _ = STORIES[self.told["on"]]
        told = {name: flow_fact(name, each) for name, each in self.told.get("flow", {}).items() if name in _DEFAULTS}
        forgotten = {name: _DEFAULTS[name] for name in self.told.get("forget", []) if name in _DEFAULTS}
        given = tuple(opinion(each) for each in self.told.get("opinions", []))
        sender = sender_with(story.sender, self.told.get("sender", {}))
        return replace(story, **told, **forgotten, opinions=given, sender=sender)

    def left(self):
        """What stays, as keywords."""
        _, of_holder = HOLDERS[self.told["on"]]
        known = STAYS | of_holder | {name: fact(name, each) for name, each in self.told.get("left", {}).items()}
        left_out = {*self.told.get("forget", []), self.told.get("must_be_named")}
        return {name: each for name, each in known.items() if name not in left_out}

    def holder(self):
        """The company that holds it."""
        sender, _ = HOLDERS[self.told["on"]]
        return sender_with(sender, self.told.get("sender", {}), map(opinion, self.told.get("opinions", [])))

    def remains(self):
        """What stays, as columns."""
        return Remains.of(1, CATEGORY, **self.left())


def lines(table):
    """Every line of a table of examples."""
    tree = tomllib.loads((Path(__file__).parent / f"gates_{table}.toml").read_text("utf-8"))
    return [Line(row, told) for row, lines_of_row in tree.items() for told in lines_of_row]
