"""What must hold for the whole case before any HAND_OVER executes, and the criminal thresholds as a red flag.

A check here judges facts that others established; it says what is missing and on which law that rests. The thresholds
are a warning to stop and ask a lawyer, never a conclusion about anyone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from shouxin.ground.rulebook import terms

# Judicial interpretation 5(1)(8): half of 50 / 500 / 5,000 items and of 5,000 yuan, for those who got the information
# while providing a service.
CRIMINAL_ITEMS: Mapping[str, int] = {"gravest": 25, "grave": 250, "other": 2500}
CRIMINAL_YUAN = 2500
LARGE_HANDLER_PEOPLE = 10_000_000

_GRAVEST_KINDS = frozenset({"account", "track"})
_GRAVEST_FIELDS = frozenset({"prepaid_balance"})
_GRAVE_KINDS = frozenset({"health"})
_GRAVE_FIELDS = frozenset({"address", "service_address"})
_GRAVE_CATEGORIES = frozenset({"purchase"})


@dataclass(frozen=True)
class CaseFacts:
    """What a case knows about itself before its first hand-over; what was not recorded counts as missing."""

    people: int
    handed_over_at: datetime | None
    assessment_signed_at: datetime | None = None
    agreement_on_record: bool = False
    important_data: bool = False
    disposal_plan_reported: bool = False
    drill_fresh: bool = False
    cooling_off_ends_on: date | None = None
    today: date | None = None
    withdrawal_epoch_applied: bool = False
    offer_in_legal_notice: bool = False
    buyer_insolvent: bool = False
    settled: bool = False
    people_without_basis: int = 0
    items_without_basis: Mapping[str, int] = field(default_factory=dict)
    proceeds_yuan: int = 0


@dataclass(frozen=True)
class CaseCheck:
    """One check's answer. A red flag is shown to people and does not by itself decide anything."""

    code: str
    holds: bool
    law: tuple[str, ...]
    facts: Mapping[str, int]
    is_red_flag: bool = False


def criminal_kind(field_id: str) -> str:
    """Return in which of the interpretation's three groups a field counts: `gravest`, `grave` or `other` (a reading).

    Gravest: whereabouts, communication contents, credit, property. Grave: lodging, health, transactions.
    """
    known = terms.fields()[field_id]
    if known.sensitive_kind in _GRAVEST_KINDS or field_id in _GRAVEST_FIELDS:
        return "gravest"
    by_field = known.sensitive_kind in _GRAVE_KINDS or field_id in _GRAVE_FIELDS
    return "grave" if by_field or known.category in _GRAVE_CATEGORIES else "other"


def reaches_criminal_threshold(items: Mapping[str, int], *, proceeds_yuan: int = 0) -> bool:
    """Whether items moved without a valid basis, kinds taken in proportion and summed, reach half the threshold."""
    scale = CRIMINAL_ITEMS["other"]
    weighted = sum(count * (scale // CRIMINAL_ITEMS[kind]) for kind, count in items.items())
    return weighted >= scale or (proceeds_yuan >= CRIMINAL_YUAN and weighted > 0)


def case_level_checks(case: CaseFacts) -> tuple[CaseCheck, ...]:
    """Return every check that stands before a hand-over, in the order in which a reader asks them."""
    return (*_before_moving(case), *_while_moving(case), *_without_basis(case))


def _before_moving(case: CaseFacts) -> tuple[CaseCheck, ...]:
    assessed = case.assessment_signed_at is not None and (
        case.handed_over_at is None or case.assessment_signed_at < case.handed_over_at
    )
    must_report = case.important_data or case.people >= LARGE_HANDLER_PEOPLE
    return (
        CaseCheck("case.assessment_before", assessed, ("PIPL-55", "PIPL-56"), {}),
        CaseCheck("case.agreement", case.agreement_on_record, ("NDSR-12a", "NDSR-14"), {}),
        CaseCheck(
            "case.disposal_plan_reported",
            case.disposal_plan_reported or not must_report,
            ("NDSR-32",),
            {"people": case.people},
        ),
        CaseCheck("case.drill_fresh", case.drill_fresh, ("PIPL-51c",), {}),
        CaseCheck("case.no_offer_in_notice", not case.offer_in_legal_notice, ("CON-29b",), {}),
    )


def _while_moving(case: CaseFacts) -> tuple[CaseCheck, ...]:
    days = (case.cooling_off_ends_on, case.today)
    cooled = days[0] is not None and days[1] is not None and days[0] < days[1]
    return (
        CaseCheck("case.cooling_off_over", cooled, ("PIT-1",), {}),
        CaseCheck("case.withdrawals_applied", case.withdrawal_epoch_applied, ("PIPL-15",), {}),
        CaseCheck("case.buyer_solvent", not case.buyer_insolvent or case.settled, ("PIT-1",), {}),
    )


def _without_basis(case: CaseFacts) -> tuple[CaseCheck, ...]:
    near = reaches_criminal_threshold(case.items_without_basis, proceeds_yuan=case.proceeds_yuan)
    people = {"people": case.people_without_basis}
    return (
        CaseCheck("case.nobody_without_basis", case.people_without_basis == 0, ("PIPL-10", "PIPL-23a"), people),
        CaseCheck(
            "case.criminal_thresholds",
            not near,
            ("CRIM-5", "PENAL-253-1"),
            {**case.items_without_basis, "proceeds_yuan": case.proceeds_yuan},
            is_red_flag=near,
        ),
    )
