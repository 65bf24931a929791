"""The days of a change, planned under the law's windows from what the interview fixed. Pure."""

from datetime import date

from shouxin.cases.interview import Ruling
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


def plan_of(ruling: Ruling, *, today: date) -> windows.Plan:
    """Plan the days of a change; the closing day is wanted for what the change comes to.

    Raises:
        Refusal("workdays.unknown_year"): the calendar does not reach there.
    """
    roles = {flow.role for flow in ruling.flows}
    told = {event: ruling.days[name] for name, event in _EVENT_OF_DAY.items() if name in ruling.days}
    happened = {event: day for event, day in told.items() if day <= today}
    wanted = {event: day for event, day in told.items() if day > today}
    wanted.setdefault(_aim(ruling, roles), ruling.closing_on)
    return windows.plan(
        structures=ruling.structures,
        business_kind=ruling.business_kind,
        roles=roles,
        facts=_facts(ruling),
        today=today,
        happened=happened,
        wanted=wanted,
    )


def _aim(ruling: Ruling, roles: set[str]) -> str:
    """What the closing day is: the hand-over, the end of the company, the move, or the change of the licence."""
    if roles & _MOVING and not set(ruling.structures) & _ENDING:
        return "transfer"
    if set(ruling.structures) & _ENDING:
        return "deregistration"
    return "moved_in" if "address" in ruling.structures else "equity_transferred"


def _facts(ruling: Ruling) -> dict[str, bool]:
    """What was answered; what was not is taken by the plan as given, and said there (`Plan.assumed`)."""
    asked = ruling.facts
    return {
        "small_handler": ruling.is_small_handler,
        "abroad_by_contract": any(flow.abroad for flow in ruling.flows),
        "online": bool(asked["online_service"] or asked["platform_shop"]),
        "ends_business": ruling.ends_business,
        "company_ends": ruling.legal_person == "ends",
        "important_data": bool(asked["important_data"]),
    }
