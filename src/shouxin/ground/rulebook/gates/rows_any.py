"""Rows A01 to A16: what is asked of every recipient, then processor, custodian, and whom the person named.

A judge goes from facts to a list of (mask, outcome), tried in order; a mask is a plain bool, one row or one column, or
the whole (n × k). A06 to A12 do not apply to a processor or a custodian.
"""

# ruff: noqa: ARG001 - every judge of a table takes the same facts, whether or not its row reads them

import numpy as np

from shouxin.ground.rulebook.bases import Basis
from shouxin.ground.rulebook.gates.codes import (
    Age,
    Answer,
    FlowRole,
    Holding,
    Question,
    Request,
    Route,
    Several,
)
from shouxin.ground.rulebook.gates.conditions import (
    CARRIERS,
    changes_purpose,
    chosen,
    is_needed,
    is_sensitive,
    is_under_14,
    purpose_on_consent,
    rests_on_consent,
    route_carries,
    told_by_name,
)
from shouxin.ground.rulebook.gates.facts import Facts, Flags
from shouxin.ground.rulebook.gates.flows import FlowFacts, carries_open_questions
from shouxin.ground.rulebook.gates.outcomes import Outcome
from shouxin.ground.rulebook.gates.recipients import takes_over
from shouxin.ground.rulebook.gates.rows import Cases
from shouxin.ground.rulebook.gates.waiting import waiting_over


def a01(facts: Facts, flow: FlowFacts) -> Cases:
    """Already destroyed, or nothing held."""
    return [
        (facts.holding == Holding.NONE, Outcome.NOTHING_HELD),
        (facts.holding != Holding.LIVE, Outcome.A01_GONE),
    ]


def a02(facts: Facts, flow: FlowFacts) -> Cases:
    """The list of restricted recipients speaks of recipients abroad (PIPL 42); for them it must have been read."""
    return [
        (flow.recipient_restricted is True, Outcome.A02_RESTRICTED),
        (not flow.recipient_identified, Outcome.A02_NOT_IDENTIFIED),
        (not flow.key_matches, Outcome.A02_KEY_MISMATCH),
        (flow.recipient_restricted is None and flow.abroad, Outcome.A02_NOT_CHECKED),
    ]


def a03(facts: Facts, flow: FlowFacts) -> Cases:
    """A foreign court or law-enforcement request needs approval."""
    return [(flow.foreign_request and not flow.foreign_request_approved, Outcome.A03_FOREIGN_REQUEST)]


def a04(facts: Facts, flow: FlowFacts) -> Cases:
    """Not needed for the purposes that were stated."""
    return [(~is_needed(facts, flow), Outcome.A04_SURPLUS)]


def a05(facts: Facts, flow: FlowFacts) -> Cases:
    """Abroad by a route that is fixed and carries the counts; few people never covers sensitive information."""
    if not flow.abroad:
        return []
    checked, unchecked = route_carries(flow)
    carried = chosen(facts, flow, Question.ROUTE_ABROAD) & unchecked | checked
    return [
        (flow.route is Route.NONE, Outcome.A05_NO_ROUTE),
        (~carried, Outcome.A05_ROUTE_TOO_WEAK),
        (is_sensitive(facts) & (flow.route is Route.FEW_PEOPLE), Outcome.A05_SENSITIVE),
    ]


def a06(facts: Facts, flow: FlowFacts) -> Cases:
    """Under hold or in dispute."""
    if flow.role in CARRIERS or carries_open_questions(flow):
        return []
    return [(facts.hold & ~chosen(facts, flow, Question.HELD_MOVES), Outcome.A06_HOLD)]


def a07(facts: Facts, flow: FlowFacts) -> Cases:
    """An open request; the one that a flow to whom the person named answers is not open."""
    if flow.role in CARRIERS or carries_open_questions(flow):
        return []
    answered_by_flow = Request.MOVE if flow.role is FlowRole.SUBJECT_DIRECTED else 0
    still_open = facts.requests & np.uint8(255 - int(answered_by_flow))
    return [((still_open & np.uint8(Request.DELETE)) != 0, Outcome.A07_DELETE), (still_open != 0, Outcome.A07_REQUEST)]


def a08(facts: Facts, flow: FlowFacts) -> Cases:
    """Rests on consent, and the person said no; towards a successor an objection is a no."""
    if flow.role in CARRIERS:
        return []
    on_consent = rests_on_consent(facts, flow)
    withdrew = (facts.answer == Answer.WITHDRAW) | facts.purpose_withdrawn
    said_no = facts.answer == Answer.REFUSE
    if flow.role is FlowRole.SUCCESSOR:
        said_no = said_no | (facts.objected & takes_over(facts, flow))
    return [(on_consent & said_no, Outcome.A08_REFUSED), (on_consent & withdrew, Outcome.A08_WITHDREW)]


def a09(facts: Facts, flow: FlowFacts) -> Cases:
    """Dead, without a lifetime consent for this recipient; a successor takes the dead person's matters over too."""
    if flow.role in CARRIERS:
        return []
    dead = (facts.dead & ~facts.lifetime_consent)[:, None] & ~takes_over(facts, flow)
    return [
        (dead & facts.relatives_request[:, None], Outcome.A09_RELATIVES),
        (dead & ~chosen(facts, flow, Question.DEAD), Outcome.A09_DEAD),
    ]


def a10(facts: Facts, flow: FlowFacts) -> Cases:
    """Unread content only; what was read and not split is judged when every person in it is (`decide`)."""
    if flow.role in CARRIERS or carries_open_questions(flow):
        return []
    return [(facts.several == Several.UNREAD, Outcome.A10_UNREAD)]


def a11(facts: Facts, flow: FlowFacts) -> Cases:
    """Children: special rules, then the guardian; for a successor with the same purpose the original yes counts."""
    if flow.role in CARRIERS:
        return []
    child = is_under_14(facts)
    agreed: Flags = facts.guardian_agreed[:, None]
    if flow.role is FlowRole.SUCCESSOR and not changes_purpose(flow):
        agreed = agreed | (facts.guardian_agreed_originally[:, None] & takes_over(facts, flow))
    return [
        (child & (not flow.child_rules), Outcome.A11_NO_CHILD_RULES),
        (child & ~agreed, Outcome.A11_GUARDIAN),
    ]


def a12(facts: Facts, flow: FlowFacts) -> Cases:
    """Fourteen to seventeen, or without full capacity, where the matter rests on a consent that does not suit them."""
    if flow.role in CARRIERS:
        return []
    limited = (facts.age == Age.MINOR) | facts.lacks_capacity
    unfit = limited & ~facts.own_consent_suits & ~facts.representative_agreed
    strict = rests_on_consent(facts, flow) & ~chosen(facts, flow, Question.OWN_CONSENT)
    return [(unfit[:, None] & strict, Outcome.A12_REPRESENTATIVE)]


def a13(facts: Facts, flow: FlowFacts) -> Cases:
    """Abroad: the six elements, then separate consent; an opinion may waive it where the basis is not consent."""
    if not flow.abroad:
        return []
    waived = chosen(facts, flow, Question.CONSENT_ABROAD) & ~purpose_on_consent(facts)
    return [
        (~facts.abroad_told[:, None], Outcome.A13_TELL),
        (~facts.abroad_agreed & ~waived, Outcome.A13_ASK),
    ]


def a14(facts: Facts, flow: FlowFacts) -> Cases:
    """A processor, bound and supervised; its mandate ends with the company, so return or deletion must be fixed."""
    if flow.role is not FlowRole.PROCESSOR or not flow.sender.structures:
        return []
    bound = flow.agreement_on_record and flow.supervision_on_record
    return [
        (not bound, Outcome.A14_NO_AGREEMENT),
        (flow.sender.ends and not flow.return_fixed, Outcome.A14_MANDATE_ENDS),
        (True, Outcome.A14_HAND_OVER),
    ]


def a15(facts: Facts, flow: FlowFacts) -> Cases:
    """A custodian who undertook to store and to answer, named to the people, after the days of announcement."""
    if flow.role is not FlowRole.CUSTODIAN or not flow.sender.structures:
        return []
    waited = waiting_over(flow, facts.categories) | chosen(facts, flow, Question.CUSTODY_WITHOUT_WAITING)
    return [
        (not flow.undertaking, Outcome.A15_NO_UNDERTAKING),
        (~told_by_name(facts, flow), Outcome.A15_TELL),
        (~waited, Outcome.A15_WAIT),
        (True, Outcome.A15_HAND_OVER),
    ]


def a16(facts: Facts, flow: FlowFacts) -> Cases:
    """Whom the person named: identity, own or contract information, feasible, no harm to others (NDSR 25)."""
    if flow.role is not FlowRole.SUBJECT_DIRECTED or not flow.sender.structures:
        return []
    own = (facts.purpose_basis == Basis.CONSENT) | (facts.purpose_basis == Basis.CONTRACT)
    return [
        (~facts.identity_verified[:, None], Outcome.A16_NOT_VERIFIED),
        (~own, Outcome.A16_NOT_OWN),
        (not flow.feasible, Outcome.A16_NOT_FEASIBLE),
        (~facts.no_harm_to_others, Outcome.A16_HARMS_OTHERS),
        (True, Outcome.A16_HAND_OVER),
    ]
