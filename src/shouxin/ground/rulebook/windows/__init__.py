"""The days of a change, planned backwards under the law's windows, with the clashes found when planned.

The windows are data of the law (`law/windows.toml`): from one event to another, so many days, under a condition, by an
article. This room counts: working days of the Chinese calendar or calendar days, the stricter day where a notice or a
text is missing. Nothing here knows a case; hand in what the interview answered and which days stand or are wanted.

    made = plan(structures={"deregistration"}, business_kind="limited_company", roles={"custodian"},
                facts={"small_handler": True, "simplified": True}, today=date(2026, 11, 23),
                happened={}, wanted={"deregistration": date(2027, 2, 26)})
    made.earliest_transfer, made.earliest_deregistration
    made.events["announced"].latest         begin the announcement by this day at the latest
    [each.say("zh") for each in made.clashes + made.foreseen]
    moved(made, "publication", date(2027, 1, 4)).differences(made)
"""

from shouxin.ground.rulebook.windows.counting import holds
from shouxin.ground.rulebook.windows.planning import BUSINESS_KINDS, ROLES, backwards, happened, moved, plan
from shouxin.ground.rulebook.windows.values import Asked, Clash, Foreseen, Plan, Planned

__all__ = [
    "BUSINESS_KINDS",
    "ROLES",
    "Asked",
    "Clash",
    "Foreseen",
    "Plan",
    "Planned",
    "backwards",
    "happened",
    "holds",
    "moved",
    "plan",
]
