"""What was answered, read strictly: every question, no answer that is not on its list, no day out of order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook import terms
from shouxin.ground.rulebook.gates import Structure

BUSINESS_KINDS = ("limited_company", "individual_business", "sole_proprietorship", "branch")
LEGAL_PERSON = ("stays", "changes", "ends")
BUSINESS = ("goes_on", "ends")
STRUCTURES = tuple(each.value for each in Structure)
# Who would receive it, as an owner would say it; what that makes of the recipient in law is the ruling's to say.
RECIPIENT_KINDS = ("absorbing_company", "buyer", "shareholder", "helper", "keeper", "customers_choice")
# The flows nobody declares, asked for by default.
UNDECLARED_FLOWS = (
    "due_diligence_room",
    "computers_and_storage",
    "telephones_and_numbers",
    "wechat_accounts",
    "platform_accounts",
    "customer_groups",
    "single_sign_on",
    "bookkeeping_agency",
    "return_after_rescission",
)
YES_NO = (
    "children",
    "prepaid",
    "important_data",
    "online_service",
    "platform_shop",
    "disputes",
)
# `inactive_after_years`: after how many years without a purchase the purpose has ended (PIPL 19); 0 says never.
COUNTS = ("people", "inactive_after_years")
DAYS = ("answers_until", "closing_on")
OPTIONAL_DAYS = ("resolved_on", "liquidation_group_on", "announced_on", "deregistered_on")
QUESTIONS = (
    "business_kind",
    "structures",
    "legal_person",
    "business",
    "flows",
    "undeclared",
    *COUNTS,
    *YES_NO,
    *DAYS,
)


@dataclass(frozen=True)
class FlowAnswer:
    """One movement of information to someone, as the owner told it."""

    to: str
    recipient: str
    purposes: tuple[str, ...]
    methods: tuple[str, ...]
    categories: tuple[str, ...]
    abroad: bool
    same_purpose: bool


@dataclass(frozen=True)
class Answers:
    """The whole interview."""

    business_kind: str
    structures: frozenset[Structure]
    legal_person: str
    business: str
    flows: tuple[FlowAnswer, ...]
    undeclared: tuple[str, ...]
    people: int
    inactive_after_years: int
    children: bool
    prepaid: bool
    important_data: bool
    online_service: bool
    platform_shop: bool
    disputes: bool
    answers_until: date
    closing_on: date
    days: Mapping[str, date]


def read(given: Mapping[str, Any]) -> Answers:
    """Read the answers.

    Raises:
        Refusal("interview.missing"): questions without an answer; ("interview.unknown"): an answer that is not on its
        question's list; ("interview.dates"): the last day for answers is not before the closing day;
        ("interview.contradiction"): two answers that cannot both be true.
    """
    _check_asked(given)
    until, closing = _day(given, "answers_until"), _day(given, "closing_on")
    if not until < closing:
        raise Refusal("interview.dates", answers_until=str(until), closing_on=str(closing))
    told = Answers(
        business_kind=_one(given, "business_kind", BUSINESS_KINDS),
        structures=frozenset(Structure(each) for each in _some(given, "structures", STRUCTURES)),
        legal_person=_one(given, "legal_person", LEGAL_PERSON),
        business=_one(given, "business", BUSINESS),
        flows=tuple(_flow(each, f"flows.{place}") for place, each in enumerate(given["flows"])),
        undeclared=tuple(name for name in UNDECLARED_FLOWS if _yes_no(given["undeclared"], name, "undeclared.")),
        people=_count(given, "people"),
        inactive_after_years=_count(given, "inactive_after_years"),
        **{name: _yes_no(given, name) for name in YES_NO},
        answers_until=until,
        closing_on=closing,
        days={name: _day(given, name) for name in OPTIONAL_DAYS if given.get(name)},
    )
    _check_together(told)
    return told


def _check_asked(given: Mapping[str, Any]) -> None:
    missing = [name for name in QUESTIONS if name not in given]
    undeclared = given.get("undeclared", {})
    known = undeclared if isinstance(undeclared, Mapping) else {}
    missing += [f"undeclared.{name}" for name in UNDECLARED_FLOWS if name not in known]
    if missing:
        raise Refusal("interview.missing", questions=missing)
    flows = given["flows"]
    if not isinstance(flows, list | tuple) or not all(isinstance(each, Mapping) for each in flows):
        raise Refusal("interview.unknown", question="flows", choices=["[…]"])


def _flow(given: Mapping[str, Any], where: str) -> FlowAnswer:
    asked = ("to", "recipient", "purposes", "methods", "categories", "abroad", "same_purpose")
    missing = [f"{where}.{name}" for name in asked if name not in given]
    if missing:
        raise Refusal("interview.missing", questions=missing)
    if not isinstance(given["recipient"], str) or not given["recipient"]:
        raise Refusal("interview.unknown", question=f"{where}.recipient", choices=["recipient:…"])
    return FlowAnswer(
        to=_one(given, "to", RECIPIENT_KINDS, where),
        recipient=given["recipient"],
        purposes=_some(given, "purposes", None, where),
        methods=_some(given, "methods", None, where),
        categories=_some(given, "categories", tuple(terms.categories()), where),
        abroad=_yes_no(given, "abroad", f"{where}."),
        same_purpose=_yes_no(given, "same_purpose", f"{where}."),
    )


def _check_together(told: Answers) -> None:
    """Two answers that cannot both be true are said at once, rather than one of them believed."""
    ending = {Structure.DEREGISTRATION, Structure.DISSOLUTION, Structure.BANKRUPTCY}
    pairs = (
        (told.legal_person == "ends" and told.business == "goes_on", "legal_person", "business"),
        (told.legal_person != "ends" and bool(told.structures & ending), "legal_person", "structures"),
        (
            told.legal_person == "changes" and not told.structures & {Structure.OPERATOR_CHANGE, Structure.DIVISION},
            "legal_person",
            "structures",
        ),
        (
            Structure.OPERATOR_CHANGE in told.structures and told.business_kind != "individual_business",
            "structures",
            "business_kind",
        ),
    )
    for wrong, one, other in pairs:
        if wrong:
            raise Refusal("interview.contradiction", question=one, other=other)


def _one(given: Mapping[str, Any], name: str, choices: Sequence[str], where: str = "") -> str:
    if given[name] not in choices:
        raise Refusal("interview.unknown", question=f"{where}.{name}".lstrip("."), choices=list(choices))
    return str(given[name])


def _some(given: Mapping[str, Any], name: str, choices: Sequence[str] | None, where: str = "") -> tuple[str, ...]:
    said = given[name]
    good = isinstance(said, list | tuple) and said and all(isinstance(each, str) and each.strip() for each in said)
    if not good or (choices is not None and not set(said) <= set(choices)):
        raise Refusal("interview.unknown", question=f"{where}.{name}".lstrip("."), choices=list(choices or ["[…]"]))
    return tuple(dict.fromkeys(said))


def _yes_no(given: Mapping[str, Any], name: str, where: str = "") -> bool:
    if not isinstance(given[name], bool):
        raise Refusal("interview.unknown", question=f"{where}{name}", choices=["true", "false"])
    return bool(given[name])


def _count(given: Mapping[str, Any], name: str) -> int:
    if isinstance(given[name], bool) or not isinstance(given[name], int) or given[name] < 0:
        raise Refusal("interview.unknown", question=name, choices=["0, 1, 2, …"])
    return int(given[name])


def _day(given: Mapping[str, Any], name: str) -> date:
    try:
        return date.fromisoformat(str(given[name]))
    except ValueError as error:
        raise Refusal("interview.unknown", question=name, choices=["2026-12-31"]) from error
