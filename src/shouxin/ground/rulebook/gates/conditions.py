"""What several rows ask of the same facts: sensitivity, consent, role, whether someone was told. Masks over columns."""

from collections.abc import Iterable

import numpy as np

from shouxin.ground.rulebook.bases import Basis
from shouxin.ground.rulebook.gates.codes import Age, Answer, FlowRole, Notice, Question, Route
from shouxin.ground.rulebook.gates.facts import Facts, Flags
from shouxin.ground.rulebook.gates.flows import SMALL_HANDLER_BELOW, FlowFacts, counting_for
from shouxin.ground.rulebook.gates.opinions import columns_chosen, columns_of_kinds
from shouxin.ground.rulebook.gates.recipients import takes_over

CARRIERS = (FlowRole.PROCESSOR, FlowRole.CUSTODIAN)
NAME_AND_CONTACT = frozenset({"recipient_name", "recipient_contact"})
MILLION = 1_000_000
TEN_THOUSAND = 10_000
_SCENARIOS = frozenset({Route.PERSONS_CONTRACT, Route.STAFF_RULES, Route.EMERGENCY, Route.STATUTORY_DUTY})
_CONTRACTS = frozenset({Route.STANDARD_CONTRACT, Route.CERTIFICATION})


def chosen(facts: Facts, flow: FlowFacts, question: Question) -> Flags:
    """Which columns a lawyer's opinion releases from the strict reading."""
    return columns_chosen(counting_for(flow, question), facts.categories)


def is_needed(facts: Facts, flow: FlowFacts) -> Flags:
    """Which columns the flow's purposes need; a part named as surplus is not needed with its whole."""
    surplus: Flags = np.array([[name in flow.surplus for name in facts.categories]], dtype=np.bool_)
    return columns_of_kinds(facts.categories, flow.needed) & ~surplus


def is_under_14(facts: Facts) -> Flags:
    """Under fourteen, or of unknown age where the information suggests a child."""
    child: Flags = (facts.age == Age.UNDER_14)[:, None]
    return child | ((facts.age == Age.UNKNOWN)[:, None] & facts.child_suggested)


def is_sensitive(facts: Facts) -> Flags:
    """Sensitive by kind, or because all information of someone under fourteen is (PIPL 28)."""
    return facts.sensitive | is_under_14(facts)


def purpose_on_consent(facts: Facts) -> Flags:
    """Whether the original purpose rests on consent; an unrecorded basis counts as consent."""
    on_consent: Flags = facts.purpose_basis <= Basis.CONSENT
    return on_consent


def changes_purpose(flow: FlowFacts) -> bool:
    """Whether the recipient's purpose or method is, or may be, another than the original one."""
    return not (flow.same_purpose and flow.same_method)


def rests_on_consent(facts: Facts, flow: FlowFacts) -> Flags:
    """Whether the flow, or the purpose it serves, rests on consent."""
    purpose = purpose_on_consent(facts)
    if flow.role not in (FlowRole.OTHER_HANDLER, FlowRole.SUCCESSOR):
        return purpose
    as_other: Flags = purpose | ~chosen(facts, flow, Question.OTHER_BASIS)
    if flow.role is FlowRole.OTHER_HANDLER:
        return as_other
    return np.where(takes_over(facts, flow), purpose | changes_purpose(flow), as_other)


def agreed_soundly(facts: Facts) -> Flags:
    """Whether there is a yes to this flow without a defect."""
    yes: Flags = (facts.answer == Answer.AGREE) & (facts.defects == 0)
    return yes


def refused(facts: Facts) -> Flags:
    """Whether the person said no to this flow, at once or later."""
    no: Flags = (facts.answer == Answer.REFUSE) | (facts.answer == Answer.WITHDRAW)
    return no


def told_by_name(facts: Facts, flow: FlowFacts) -> Flags:
    """Who knows the recipient's name and contact: reached, or by an announcement where that is allowed (SH-9)."""
    told = facts.notice == Notice.REACHED
    if flow.sender.may_announce:
        stands = flow.announcement.posted_on is not None
        told = told | (facts.notice == Notice.ANNOUNCED) | ((facts.notice == Notice.UNREACHABLE) & stands)
    return (told & (flow.told_elements >= NAME_AND_CONTACT))[:, None]


def route_carries(flow: FlowFacts) -> tuple[bool, bool]:
    """Whether the route abroad carries the flow by checked texts alone; and if texts that were not checked are taken.

    Checked: the scenarios of NDSR 35, few people for a small handler (SH-10), contract or certification below the
    counts of audit guide 15. That few people free a large handler too, and scenarios a critical operator, is quoted
    by others only.
    """
    if flow.route is Route.ASSESSMENT:
        return True, True
    if flow.important_data or flow.route is Route.NONE:
        return False, False
    if flow.route in _SCENARIOS:
        return not flow.critical_operator, True
    people, sensitive = flow.abroad_people, flow.abroad_sensitive_people
    if flow.critical_operator or people is None or sensitive is None:
        return False, False
    if flow.route in _CONTRACTS:
        carried = people < MILLION and sensitive < TEN_THOUSAND
        return carried, carried
    return people < SMALL_HANDLER_BELOW and flow.sender.may_announce, people < SMALL_HANDLER_BELOW


def any_of(masks: Iterable[Flags]) -> Flags:
    """Where at least one mask holds."""
    first, *others = masks
    for mask in others:
        first = first | mask
    return first
