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

from shouxin.cases.interview.answers import UNDECLARED_FLOWS, YES_NO, Answers, FlowAnswer, read
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook.gates import FlowRole, Structure

SMALL_HANDLER, LARGE_HANDLER, VERY_LARGE = 100_000, 1_000_000, 10_000_000
_ENDING = frozenset({Structure.DEREGISTRATION, Structure.DISSOLUTION, Structure.BANKRUPTCY})
_SUCCEEDING = frozenset({Structure.MERGER, Structure.DIVISION})

# Which playbook carries a change, the weightiest structure first; the others' steps join it by its branches.
_PLAYBOOKS = (
    (_ENDING, "deregistration"),
    (_SUCCEEDING, "merger_division"),
    (frozenset({Structure.BUSINESS_SALE}), "transfer"),
    (frozenset({Structure.ASSET_SALE}), "asset_sale"),
    (frozenset({Structure.OPERATOR_CHANGE}), "operator_change"),
    (frozenset({Structure.EQUITY}), "equity"),
    (frozenset({Structure.ADDRESS}), "address"),
)


@dataclass(frozen=True)
class Point:
    """Something that blocks, is owed, or is commonly got wrong: its code and its article."""

    code: str
    law: str


@dataclass(frozen=True)
class Flow:
    """One movement of information to someone, with the role that the law gives the recipient."""

    role: str
    recipient: str
    purposes: tuple[str, ...]
    methods: tuple[str, ...]
    categories: tuple[str, ...]
    abroad: bool = False
    same_purpose: bool = True

    @property
    def asks_consent(self) -> bool:
        """Whether each person is asked (PIPL 23) rather than told or not concerned."""
        return self.role == FlowRole.OTHER_HANDLER

    def to_plain(self) -> dict[str, Any]:
        """For the case's row."""
        return {**vars(self), **{name: list(vars(self)[name]) for name in ("purposes", "methods", "categories")}}


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
        """What a playbook's `when` may ask (`interview.<name>`): answers, one flag per structure, role and owed notice."""
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
        blocks=tuple(_blocks(told, flows)),
        advice=tuple(_advice(told, flows)),
        owed=tuple(_owed(told, flows)),
        is_small_handler=told.people < SMALL_HANDLER,
        ends_business=told.business == "ends",
        legal_person=told.legal_person,
        business_kind=told.business_kind,
        facts={name: getattr(told, name) for name in ("people", *YES_NO)},
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
    if told.structures & _SUCCEEDING and told.legal_person == "ends":
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
    if said.to == "absorbing_company" and told.structures & _SUCCEEDING:
        return FlowRole.SUCCESSOR
    return FlowRole.OTHER_HANDLER


def _blocks(told: Answers, flows: tuple[Flow, ...]) -> list[Point]:
    """What must be dealt with before anything moves."""
    ends = bool(told.structures & _ENDING)
    has_keeper = any(flow.role == FlowRole.CUSTODIAN for flow in flows)
    simplified_barred = ends and (told.prepaid or told.disputes)
    checks = (
        (any(flow.abroad for flow in flows), "interview.abroad_needs_route", "PIPL-38"),
        (told.important_data or told.people >= VERY_LARGE, "interview.important_data_needs_report", "NDSR-32"),
        (ends and not has_keeper and told.business == "ends", "interview.custodian_needed", "PIPL-47b"),
        (simplified_barred and told.prepaid, "interview.prepaid_bars_simplified", "CO-240"),
        (simplified_barred and told.disputes, "interview.disputes_bar_simplified", "REGR-48"),
    )
    return [Point(code, law) for holds, code, law in checks if holds]


def _advice(told: Answers, flows: tuple[Flow, ...]) -> list[Point]:
    """What is commonly said about such a change and is wrong in law, or is right and surprises."""
    asked, structures = any(flow.asks_consent for flow in flows), told.structures
    checks = (
        (Structure.EQUITY in structures, "advice.equity_moves_nothing", "PIPL-23a"),
        (bool(structures & _SUCCEEDING), "advice.merger_needs_notice_not_consent", "PIPL-22a"),
        (Structure.ASSET_SALE in structures, "advice.asset_sale_needs_separate_consent", "PIPL-23a"),
        (Structure.BUSINESS_SALE in structures, "advice.business_sale_needs_separate_consent", "PIPL-23a"),
        (Structure.ADDRESS in structures, "advice.address_needs_no_consent", "PIPL-17b"),
        (bool(structures & _ENDING), "advice.deregistration_neither_all_nor_nothing", "PIPL-47b"),
        (bool(structures & _ENDING), "advice.simplified_is_shorter_than_notice", "SH-9b"),
        (Structure.OPERATOR_CHANGE in structures, "advice.new_operator_is_another_handler", "PIPL-23a"),
        (asked, "advice.silence_is_no_consent", "PIPL-14a"),
        (asked, "advice.list_is_no_goods", "CON-29a"),
        (bool(told.undeclared), "advice.devices_carry_people", "PIPL-10"),
        (told.children, "advice.children_need_guardian", "PIPL-31"),
        (told.prepaid and asked, "advice.prepaid_is_asked_apart", "CC-551"),
    )
    return [Point(code, law) for holds, code, law in checks if holds]


# The notices owed even where nothing moves (the gates' table C) and the reports to authorities, each with its article.
OWED: Mapping[str, str] = {
    "owed.tell_what_changed": "PIPL-17b",
    "owed.tell_recipient": "PIPL-22a",
    "owed.announce_30_working_days": "SH-9b",
    "owed.pop_up": "SH-9a",
    "owed.home_page_30_days": "EC-16",
    "owed.licence_data_15_days": "REGR-64",
    "owed.privacy_officer_reported": "PIPL-52",
    "owed.authority_may_change": "INC-4",
    "owed.register_within_30_days": "REG-24",
    "owed.creditors_of_merger": "CO-220",
    "owed.creditors_of_division": "CO-222",
    "owed.creditors_of_liquidation": "CO-235",
    "owed.cause_published_10_days": "CO-229",
    "owed.liquidation_group_15_days": "CO-232",
    "owed.simplified_notice_ends": "SH-6",
}


def _owed(told: Answers, flows: tuple[Flow, ...]) -> list[Point]:
    structures, online = told.structures, told.online_service or told.platform_shop
    changed = bool(structures & {Structure.ADDRESS, Structure.EQUITY})
    moving = any(flow.role in (FlowRole.SUCCESSOR, FlowRole.CUSTODIAN) for flow in flows)
    moving |= bool(structures & _SUCCEEDING)
    ending_company = bool(structures & _ENDING) and told.business_kind == "limited_company"
    holds = {
        "owed.tell_what_changed": changed,
        "owed.tell_recipient": moving,
        "owed.announce_30_working_days": moving and told.people < SMALL_HANDLER,
        "owed.pop_up": moving and told.online_service,
        "owed.home_page_30_days": online and told.business == "ends",
        "owed.licence_data_15_days": online and changed,
        "owed.privacy_officer_reported": told.people >= LARGE_HANDLER,
        "owed.authority_may_change": Structure.ADDRESS in structures,
        "owed.register_within_30_days": changed,
        "owed.creditors_of_merger": Structure.MERGER in structures,
        "owed.creditors_of_division": Structure.DIVISION in structures,
        "owed.creditors_of_liquidation": ending_company,
        "owed.cause_published_10_days": ending_company,
        "owed.liquidation_group_15_days": ending_company,
        "owed.simplified_notice_ends": told.platform_shop and any(flow.asks_consent for flow in flows),
    }
    return [Point(code, law) for code, law in OWED.items() if holds[code]]


# What a playbook's `when` may ask of every case, each with the kind of its answer (`Ruling.branches` gives them).
BRANCHES: Mapping[str, str] = {
    **dict.fromkeys(YES_NO, "yes_no"),
    "people": "count",
    "business_kind": "choice",
    "legal_person": "choice",
    **dict.fromkeys(("ends_business", "small_handler", "abroad"), "yes_no"),
    **{f"is_{each.value}": "yes_no" for each in Structure},
    **{f"to_{each.value}": "yes_no" for each in FlowRole},
    **{f"gives_{name}": "yes_no" for name in UNDECLARED_FLOWS},
    **{f"owes_{code.partition('.')[2]}": "yes_no" for code in OWED},
}
