"""What must hold for the whole case before any HAND_OVER executes, and the criminal thresholds as a red flag.

A check here judges facts that others established; it says what is missing and on which law that rests. The thresholds
are a warning to stop and ask a lawyer, never a conclusion about anyone.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from shouxin.ground.kernel.times import day_in_china
from shouxin.ground.rulebook import retention, terms
from shouxin.ground.rulebook.gates.codes import FlowRole

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
    """What a case knows about itself before its first hand-over; what was not recorded counts as missing.

    `roles` are those of its flows: other handlers and processors need an agreement and a record of three years,
    successors and custodians an undertaking. A buyer that fails before settlement makes the transfer void; after it,
    its administrator answers, and a return is a new flow.
    """

    people: int
    handed_over_at: datetime | None
    assessment_signed_at: datetime | None = None
    agreement_on_record: bool = False
    undertaking_on_record: bool = False
    roles: frozenset[FlowRole] = frozenset(FlowRole)
    record_kept_until: date | None = None
    important_data: bool = True
    disposal_plan_reported: bool = False
    drill_fresh: bool = False
    cooling_off_ends_on: date | None = None
    today: date | None = None
    withdrawal_epoch_applied: bool = False
    offer_in_legal_notice: bool = False
    legal_notices_suppressed: int = 0
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


def items_over_recipients(by_recipient: Iterable[Mapping[str, int]]) -> Mapping[str, int]:
    """Return the items by group, summed over all recipients: giving to two counts twice."""
    summed: Counter[str] = Counter()
    for items in by_recipient:
        summed.update(items)
    return dict(summed)


def reaches_criminal_threshold(items: Mapping[str, int], *, proceeds_yuan: int = 0) -> bool:
    """Whether items moved without a valid basis, kinds taken in proportion and summed, reach half the threshold."""
    scale = CRIMINAL_ITEMS["other"]
    weighted = sum(count * (scale // CRIMINAL_ITEMS[kind]) for kind, count in items.items())
    return weighted >= scale or (proceeds_yuan >= CRIMINAL_YUAN and weighted > 0)


def case_level_checks(case: CaseFacts) -> tuple[CaseCheck, ...]:
    """Return every check that stands before a hand-over, in the order in which a reader asks them."""
    return (*_before_moving(case), *_while_moving(case), *_without_basis(case))


_UNDERTAKING = frozenset({FlowRole.SUCCESSOR, FlowRole.CUSTODIAN})
_AGREEMENT = frozenset({FlowRole.OTHER_HANDLER, FlowRole.PROCESSOR})


def _before_moving(case: CaseFacts) -> tuple[CaseCheck, ...]:
    assessed = case.assessment_signed_at is not None and (
        case.handed_over_at is None or case.assessment_signed_at < case.handed_over_at
    )
    must_report = case.important_data or case.people >= LARGE_HANDLER_PEOPLE
    agreed = case.agreement_on_record or not case.roles & _AGREEMENT
    undertaken = case.undertaking_on_record or not case.roles & _UNDERTAKING
    reported = case.disposal_plan_reported or not must_report
    return (
        CaseCheck("case.assessment_before", assessed, ("PIPL-55", "PIPL-56"), {}),
        CaseCheck("case.agreement", agreed, ("NDSR-12a",), {}),
        CaseCheck("case.undertaking", undertaken, ("NDSR-14", "PIPL-22b"), {}),
        CaseCheck("case.record_kept", _record_kept(case), ("NDSR-12b",), {}),
        CaseCheck("case.disposal_plan_reported", reported, ("NDSR-32",), {"people": case.people}),
        CaseCheck("case.drill_fresh", case.drill_fresh, ("PIPL-51c",), {}),
        CaseCheck("case.no_offer_in_notice", not case.offer_in_legal_notice, ("CON-29b",), {}),
        CaseCheck(
            "case.no_notice_suppressed",
            case.legal_notices_suppressed == 0,
            ("PIPL-17b", "PIPL-22a"),
            {"people": case.legal_notices_suppressed},
        ),
    )


def _record_kept(case: CaseFacts) -> bool:
    """Whether the record of providing or entrusting is to be kept for three years from the hand-over."""
    if not case.roles & _AGREEMENT:
        return True
    if case.record_kept_until is None or case.handed_over_at is None:
        return False
    return case.record_kept_until >= retention.retention_end("provision_record", day_in_china(case.handed_over_at))


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
