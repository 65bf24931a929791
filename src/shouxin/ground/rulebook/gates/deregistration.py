"""What must hold before a company is struck off; its days are planned in `rulebook.windows`.

After that day nobody of the company is left: nothing may still be in use, and whatever is sealed has a custodian who
outlives the company, answers people, and has a day of destruction. An open A15 stops the deregistration, not the
sealing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np

from shouxin.ground.rulebook.gates.case_level import CaseCheck
from shouxin.ground.rulebook.gates.codes import OPEN, Detail, Verdict
from shouxin.ground.rulebook.gates.decisions import Decisions
from shouxin.ground.rulebook.gates.facts import Remains
from shouxin.ground.rulebook.gates.flows import SenderFacts

_CUSTODIAN_ROW = 15

# What bars the simplified way (REGR-48, CO-240); what was not looked into counts as there.
OBSTACLES = (
    "abnormal_list",
    "frozen_shares",
    "pledged_shares",
    "chattel_mortgage",
    "investments_held",
    "investigation",
    "enforcement",
    "litigation",
    "licence_revoked",
    "unpaid_fines",
    "unpaid_debts",
)


@dataclass(frozen=True)
class DeregistrationFacts:
    """What a company knows of itself before it is struck off; what was not recorded counts as missing.

    `clear_of` names the obstacles that were looked into and are not there. Money is in yuan.
    """

    on: date | None
    is_simplified: bool = True
    custodian_outlives: bool = False
    custodian_answers: bool = False
    announced_until: date | None = None
    clear_of: frozenset[str] = frozenset()
    prepaid_unpaid_yuan: int | None = None
    prepaid_repaid_on: tuple[date, ...] = ()
    claims_declared_until: date | None = None
    cards_moved: int = 0
    cards_answered: int = 0


@dataclass(frozen=True)
class Left:
    """What a decision set leaves behind, counted in cells."""

    in_use: int
    still_open: int
    custody_open: int
    sealed: int
    sealed_without_end: int
    sealed_by_successor: int


def what_is_left(flows: Sequence[Decisions], staying: Decisions, remains: Remains) -> Left:
    """Count what stands in the way of a deregistration; `flows` as they stood before the cut-off closed them."""
    sealed = staying.verdict == Verdict.SEAL
    by_successor = sealed & ((staying.detail & np.uint16(Detail.SUCCESSOR_KEEPS)) != 0)
    custody = sum(
        int(np.count_nonzero((each.row == _CUSTODIAN_ROW) & (np.isin(each.verdict, OPEN) | _closed(each))))
        for each in flows
    )
    return Left(
        in_use=staying.count(Verdict.KEEP),
        still_open=int(np.count_nonzero(staying.is_open())),
        custody_open=custody,
        sealed=int(np.count_nonzero(sealed)),
        sealed_without_end=int(np.count_nonzero(sealed & np.isnat(remains.until))),
        sealed_by_successor=int(np.count_nonzero(by_successor)),
    )


def _closed(flow: Decisions) -> "np.ndarray":
    """What the cut-off closed was open."""
    return (flow.detail & np.uint16(Detail.AT_CUT_OFF)) != 0


def deregistration_checks(facts: DeregistrationFacts, left: Left, sender: SenderFacts) -> tuple[CaseCheck, ...]:
    """Return every check that stands before a deregistration, each with how much is missing."""
    return (*_of_information(facts, left), *_of_days(facts, sender), *_of_money(facts), *_of_the_way(facts))


def _of_information(facts: DeregistrationFacts, left: Left) -> tuple[CaseCheck, ...]:
    needs_custodian = left.sealed > left.sealed_by_successor
    kept = {"cells": left.sealed - left.sealed_by_successor}
    return (
        CaseCheck("case.nothing_in_use", left.in_use == 0, ("PIPL-47a", "REG-31"), {"cells": left.in_use}),
        CaseCheck("case.nothing_open", left.still_open == 0, ("CO-234",), {"cells": left.still_open}),
        CaseCheck("case.custody_settled", left.custody_open == 0, ("PIPL-22a", "SH-9b"), {"cells": left.custody_open}),
        CaseCheck(
            "case.custodian_outlives", facts.custodian_outlives or not needs_custodian, ("PIPL-21b", "PIPL-56"), kept
        ),
        CaseCheck("case.custodian_answers", facts.custodian_answers or not needs_custodian, ("PIPL-50",), kept),
        CaseCheck(
            "case.seals_end", left.sealed_without_end == 0, ("PIPL-19", "PIPL-47b"), {"cells": left.sealed_without_end}
        ),
    )


def _of_days(facts: DeregistrationFacts, sender: SenderFacts) -> tuple[CaseCheck, ...]:
    announced = facts.announced_until is not None and facts.on is not None and facts.announced_until < facts.on
    return (CaseCheck("case.announcement_ends_before", announced or not sender.must_wait, ("SH-9b", "REG-31"), {}),)


def _of_money(facts: DeregistrationFacts) -> tuple[CaseCheck, ...]:
    until = facts.claims_declared_until
    early = sum(1 for day in facts.prepaid_repaid_on if until is None or day <= until)
    unpaid = facts.prepaid_unpaid_yuan
    owed = {} if unpaid is None else {"yuan": unpaid}
    unasked = facts.cards_moved - facts.cards_answered
    return (
        CaseCheck("case.prepaid_settled", unpaid == 0, ("CO-240", "CO-236"), owed),
        CaseCheck("case.no_refund_while_claims", early == 0, ("CO-235",), {"refunds": early}),
        CaseCheck("case.cards_asked", unasked <= 0, ("CC-551", "CC-555"), {"cards": max(0, unasked)}),
    )


def _of_the_way(facts: DeregistrationFacts) -> tuple[CaseCheck, ...]:
    unclear = [name for name in OBSTACLES if name not in facts.clear_of]
    free = not unclear and facts.prepaid_unpaid_yuan == 0
    holds = free or not facts.is_simplified
    return (CaseCheck("case.simplified_way_open", holds, ("REGR-48", "CO-240", "REG-33"), dict.fromkeys(unclear, 1)),)


class Signatory(StrEnum):
    """Who signs for a company that is being wound up."""

    DIRECTOR = "director"
    LIQUIDATION_GROUP = "liquidation_group"
    ADMINISTRATOR = "administrator"


def who_signs(on: date, *, liquidation_group_on: date | None, administrator_on: date | None) -> Signatory:
    """Return who signs on a day: from its formation the liquidation group, from the court's choice the administrator.

    Company Law 234, 236 and 237.
    """
    if administrator_on is not None and on >= administrator_on:
        return Signatory.ADMINISTRATOR
    if liquidation_group_on is not None and on >= liquidation_group_on:
        return Signatory.LIQUIDATION_GROUP
    return Signatory.DIRECTOR
