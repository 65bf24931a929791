"""What the law makes of the answers: the handler before and after, each flow's role, articles, notices owed, blocks.

The stricter reading is taken wherever a text leaves two; where the advice that owners commonly get is wrong in law,
the ruling says so. Every point names its article; the sentences stand in the faces' words under the point's code.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from shouxin.cases.interview import points
from shouxin.cases.interview.answers import COUNTS, UNDECLARED_FLOWS, YES_NO, Answers, FlowAnswer, read
from shouxin.cases.interview.points import ENDING, OWED, SMALL_HANDLER, SUCCEEDING, Flow, Point
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook.gates import FlowRole, Structure

# Which playbook carries a change, the weightiest structure first; the others' steps join it by its branches.
_PLAYBOOKS = (
    (ENDING, "deregistration"),
    (SUCCEEDING, "merger_division"),
    (frozenset({Structure.BUSINESS_SALE}), "transfer"),
    (frozenset({Structure.ASSET_SALE}), "asset_sale"),
    (frozenset({Structure.OPERATOR_CHANGE}), "operator_change"),
    (frozenset({Structure.EQUITY}), "equity"),
    (frozenset({Structure.ADDRESS}), "address"),
)


@dataclass(frozen=True)
class Ruling:
    """What the interview fixes. `structure` is the weightiest of `structures`, the one that chose the playbook."""

    playbook: str
    structures: tuple[str, ...]
    structure: str
    handler: str
    rule: str
    reading: str
    reading_en: str
    flows: tuple[Flow, ...]
    undeclared: tuple[str, ...]
    blocks: tuple[Point, ...]
    advice: tuple[Point, ...]
    owed: tuple[Point, ...]
    is_small_handler: bool
    ends_business: bool
    legal_person: str
    business_kind: str
    facts: dict[str, Any]
    answers_until: date
    closing_on: date
    days: dict[str, date]

    @property
    def asking(self) -> Flow | None:
        """The flow whose recipient every person is asked about; None where nobody is."""
        return next((flow for flow in self.flows if flow.asks_consent), None)

    @property
    def main(self) -> Flow | None:
        """The flow that hands the customers over: the one that asks, else a successor's or custodian's."""
        order = (FlowRole.OTHER_HANDLER, FlowRole.SUCCESSOR, FlowRole.CUSTODIAN)
        return next((flow for role in order for flow in self.flows if flow.role == role), None)

    @property
    def laws(self) -> tuple[str, ...]:
        """Every article named, once."""
        named = [self.rule, *(point.law for points in (self.blocks, self.owed, self.advice) for point in points)]
        return tuple(dict.fromkeys(named))

    @property
    def branches(self) -> dict[str, bool | int | str]:
        """What a playbook's `when` may ask (`interview.<name>`): answers; a flag per structure, role, notice owed."""
        roles, owed = {flow.role for flow in self.flows}, {point.code for point in self.owed}
        return {
            **self.facts,
            "business_kind": self.business_kind,
            "legal_person": self.legal_person,
            "ends_business": self.ends_business,
            "small_handler": self.is_small_handler,
            "abroad": any(flow.abroad for flow in self.flows),
            **{f"is_{each.value}": each.value in self.structures for each in Structure},
            **{f"to_{each.value}": each.value in roles for each in FlowRole},
            **{f"gives_{name}": name in self.undeclared for name in UNDECLARED_FLOWS},
            **{f"owes_{code.partition('.')[2]}": code in owed for code in OWED},
        }

    def to_plain(self) -> dict[str, Any]:
        """For the case's row and the evidence."""
        return {
            "playbook": self.playbook,
            "structures": list(self.structures),
            "structure": self.structure,
            "handler": self.handler,
            "rule": self.rule,
            "reading": self.reading,
            "reading_en": self.reading_en,
            "flows": [flow.to_plain() for flow in self.flows],
            "undeclared": list(self.undeclared),
            **{name: [vars(point) for point in getattr(self, name)] for name in ("blocks", "advice", "owed")},
            "laws": list(self.laws),
            "small_handler": self.is_small_handler,
            "ends_business": self.ends_business,
            "legal_person": self.legal_person,
            "business_kind": self.business_kind,
            "facts": self.facts,
            "answers_until": self.answers_until.isoformat(),
            "closing_on": self.closing_on.isoformat(),
            "days": {name: day.isoformat() for name, day in self.days.items()},
        }


def rule_on(answers: Mapping[str, Any]) -> Ruling:
    """Fix structure, rule, flows, notices owed and blocks from the answers.

    Raises:
        Refusal("interview.…"): as `answers.read`; ("interview.two_asked"): two recipients that each person would have
        to be asked about in one case (each has a case of its own, for each is asked separately: PIPL 23).
    """
    told = read(answers)
    playbook, structure = _playbook(told.structures)
    flows = tuple(_flow(each, told) for each in told.flows)
    if sum(flow.asks_consent for flow in flows) > 1:
        raise Refusal("interview.two_asked", recipients=[flow.recipient for flow in flows if flow.asks_consent])
    reading = _readings()[playbook]
    return Ruling(
        playbook=playbook,
        structures=tuple(sorted(each.value for each in told.structures)),
        structure=structure.value,
        handler=_handler(told),
        rule=reading["rule"],
        reading=reading["zh"],
        reading_en=reading["en"],
        flows=flows,
        undeclared=told.undeclared,
        blocks=points.blocks(told, flows),
        advice=points.advice(told, flows),
        owed=points.owed(told, flows),
        is_small_handler=told.people < SMALL_HANDLER,
        ends_business=told.business == "ends",
        legal_person=told.legal_person,
        business_kind=told.business_kind,
        facts={name: getattr(told, name) for name in (*COUNTS, *YES_NO)},
        answers_until=told.answers_until,
        closing_on=told.closing_on,
        days=dict(told.days),
    )


@cache
def _readings() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(resources.files(__package__).joinpath("readings.toml").read_text("utf-8"))


def _playbook(structures: frozenset[Structure]) -> tuple[str, Structure]:
    for group, name in _PLAYBOOKS:
        held = structures & group
        if held:
            return name, min(held, key=list(Structure).index)
    raise Refusal("interview.not_decided_here", structures=sorted(structures))


def _handler(told: Answers) -> str:
    """Whether the handler, the organisation that decides purposes and methods (PIPL 73-1), stays, changes or ends."""
    if told.structures & SUCCEEDING and told.legal_person == "ends":
        return "succeeded"
    if told.legal_person == "ends":
        return "ends"
    return "changes" if Structure.OPERATOR_CHANGE in told.structures else "stays"


def _flow(said: FlowAnswer, told: Answers) -> Flow:
    return Flow(
        role=_role(said, told).value,
        recipient=said.recipient,
        purposes=said.purposes,
        methods=said.methods,
        categories=said.categories,
        abroad=said.abroad,
        same_purpose=said.same_purpose,
    )


def _role(said: FlowAnswer, told: Answers) -> FlowRole:
    """A successor only where moving is needed: merger and division. Everyone else who decides is another handler."""
    fixed = {
        "helper": FlowRole.PROCESSOR,
        "keeper": FlowRole.CUSTODIAN,
        "customers_choice": FlowRole.SUBJECT_DIRECTED,
    }
    if said.to in fixed:
        return fixed[said.to]
    if said.to == "absorbing_company" and told.structures & SUCCEEDING:
        return FlowRole.SUCCESSOR
    return FlowRole.OTHER_HANDLER


# What a playbook's `when` may ask of every case, each with the kind of its answer (`Ruling.branches` gives them).
BRANCHES: Mapping[str, str] = {
    **dict.fromkeys(YES_NO, "yes_no"),
    **dict.fromkeys(COUNTS, "count"),
    "business_kind": "choice",
    "legal_person": "choice",
    **dict.fromkeys(("ends_business", "small_handler", "abroad"), "yes_no"),
    **{f"is_{each.value}": "yes_no" for each in Structure},
    **{f"to_{each.value}": "yes_no" for each in FlowRole},
    **{f"gives_{name}": "yes_no" for name in UNDECLARED_FLOWS},
    **{f"owes_{code.partition('.')[2]}": "yes_no" for code in OWED},
}
