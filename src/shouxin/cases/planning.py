"""The days of a change, planned under the law's windows from what the interview fixed. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from shouxin.ground.rulebook import windows
from shouxin.ground.rulebook.gates import FlowRole

_EVENT_OF_DAY = {
    "resolved_on": "resolution",
    "liquidation_group_on": "liquidation_group",
    "announced_on": "announced",
    "deregistered_on": "deregistration",
}
_ENDING = {"deregistration", "dissolution", "bankruptcy"}
_MOVING = {FlowRole.SUCCESSOR, FlowRole.OTHER_HANDLER, FlowRole.CUSTODIAN}


def plan_of(fixed: Mapping[str, Any], *, today: date) -> windows.Plan:
    """Plan the days of a change from a ruling as it is stored (`Ruling.to_plain`); the closing day is wanted for what
    the change comes to.

    Raises:
        Refusal("workdays.unknown_year"): the calendar does not reach there.
    """
    roles = {flow["role"] for flow in fixed["flows"]}
    days = {name: date.fromisoformat(day) for name, day in fixed["days"].items()}
    told = {event: days[name] for name, event in _EVENT_OF_DAY.items() if name in days}
    happened = {event: day for event, day in told.items() if day <= today}
    wanted = {event: day for event, day in told.items() if day > today}
    wanted.setdefault(_aim(fixed, roles), date.fromisoformat(fixed["closing_on"]))
    return windows.plan(
        structures=fixed["structures"],
        business_kind=fixed["business_kind"],
        roles=roles,
        facts=_facts(fixed),
        today=today,
        happened=happened,
        wanted=wanted,
    )


def _aim(fixed: Mapping[str, Any], roles: set[str]) -> str:
    """What the closing day is: the hand-over, the end of the company, the move, or the change of the licence."""
    structures = set(fixed["structures"])
    if structures & _ENDING:
        return "deregistration"
    if roles & _MOVING:
        return "transfer"
    return "moved_in" if "address" in structures else "equity_transferred"


def _facts(fixed: Mapping[str, Any]) -> dict[str, bool]:
    """What was answered; what was not is taken by the plan as given, and said there (`Plan.assumed`)."""
    asked = fixed["facts"]
    return {
        "small_handler": bool(fixed["small_handler"]),
        "abroad_by_contract": any(flow["abroad"] for flow in fixed["flows"]),
        "online": bool(asked["online_service"] or asked["platform_shop"]),
        "ends_business": bool(fixed["ends_business"]),
        "company_ends": fixed["legal_person"] == "ends",
        "important_data": bool(asked["important_data"]),
    }
