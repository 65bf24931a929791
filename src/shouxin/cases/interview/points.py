"""What stands out in a change: what blocks, what common advice gets wrong, which notices are owed; each with its law.

The sentences stand in the faces' words under the point's code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shouxin.cases.interview.answers import Answers
from shouxin.ground.rulebook.gates import FlowRole, Structure

SMALL_HANDLER, LARGE_HANDLER, VERY_LARGE = 100_000, 1_000_000, 10_000_000
ENDING = frozenset({Structure.DEREGISTRATION, Structure.DISSOLUTION, Structure.BANKRUPTCY})
SUCCEEDING = frozenset({Structure.MERGER, Structure.DIVISION})


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


# What must be dealt with before anything moves.
BLOCKS: Mapping[str, str] = {
    "interview.abroad_needs_route": "PIPL-38",
    "interview.important_data_needs_report": "NDSR-32",
    "interview.custodian_needed": "PIPL-47b",
    "interview.prepaid_bars_simplified": "CO-240",
    "interview.disputes_bar_simplified": "REGR-48",
}

# What is commonly said about such a change and is wrong in law, or is right and surprises.
ADVICE: Mapping[str, str] = {
    "advice.equity_moves_nothing": "PIPL-23a",
    "advice.merger_needs_notice_not_consent": "PIPL-22a",
    "advice.asset_sale_needs_separate_consent": "PIPL-23a",
    "advice.business_sale_needs_separate_consent": "PIPL-23a",
    "advice.address_needs_no_consent": "PIPL-17b",
    "advice.deregistration_neither_all_nor_nothing": "PIPL-47b",
    "advice.simplified_is_shorter_than_notice": "SH-9b",
    "advice.new_operator_is_another_handler": "PIPL-23a",
    "advice.silence_is_no_consent": "PIPL-14a",
    "advice.list_is_no_goods": "CON-29a",
    "advice.devices_carry_people": "PIPL-10",
    "advice.children_need_guardian": "PIPL-31",
    "advice.prepaid_is_asked_apart": "CC-551",
}

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


def blocks(told: Answers, flows: tuple[Flow, ...]) -> tuple[Point, ...]:
    """What stands in the way."""
    ends = bool(told.structures & ENDING)
    has_keeper = any(flow.role == FlowRole.CUSTODIAN for flow in flows)
    holds = {
        "interview.abroad_needs_route": any(flow.abroad for flow in flows),
        "interview.important_data_needs_report": told.important_data or told.people >= VERY_LARGE,
        "interview.custodian_needed": ends and not has_keeper and told.business == "ends",
        "interview.prepaid_bars_simplified": ends and told.prepaid,
        "interview.disputes_bar_simplified": ends and told.disputes,
    }
    return _points(BLOCKS, holds)


def advice(told: Answers, flows: tuple[Flow, ...]) -> tuple[Point, ...]:
    """Where common advice is wrong in law."""
    asked, structures = any(flow.asks_consent for flow in flows), told.structures
    holds = {
        "advice.equity_moves_nothing": Structure.EQUITY in structures,
        "advice.merger_needs_notice_not_consent": bool(structures & SUCCEEDING),
        "advice.asset_sale_needs_separate_consent": Structure.ASSET_SALE in structures,
        "advice.business_sale_needs_separate_consent": Structure.BUSINESS_SALE in structures,
        "advice.address_needs_no_consent": Structure.ADDRESS in structures,
        "advice.deregistration_neither_all_nor_nothing": bool(structures & ENDING),
        "advice.simplified_is_shorter_than_notice": bool(structures & ENDING),
        "advice.new_operator_is_another_handler": Structure.OPERATOR_CHANGE in structures,
        "advice.silence_is_no_consent": asked,
        "advice.list_is_no_goods": asked,
        "advice.devices_carry_people": bool(told.undeclared),
        "advice.children_need_guardian": told.children,
        "advice.prepaid_is_asked_apart": told.prepaid and asked,
    }
    return _points(ADVICE, holds)


def owed(told: Answers, flows: tuple[Flow, ...]) -> tuple[Point, ...]:
    """Notices and reports owed even where nothing moves."""
    structures, online = told.structures, told.online_service or told.platform_shop
    changed = bool(structures & {Structure.ADDRESS, Structure.EQUITY})
    moving = any(flow.role in (FlowRole.SUCCESSOR, FlowRole.CUSTODIAN) for flow in flows)
    moving |= bool(structures & SUCCEEDING)
    ending_company = bool(structures & ENDING) and told.business_kind == "limited_company"
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
    return _points(OWED, holds)


def _points(table: Mapping[str, str], holds: Mapping[str, bool]) -> tuple[Point, ...]:
    return tuple(Point(code, law) for code, law in table.items() if holds[code])
