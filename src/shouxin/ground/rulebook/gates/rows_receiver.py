"""Rows A17 to A27 and A99: a successor is told of, another handler needs the person's separate consent.

A flow whose recipient is a successor for some people only meets A23 to A27 for all the others. An announcement never
counts as consent: no row from A23 on reads `ANNOUNCED` as told.
"""

import numpy as np

from shouxin.ground.rulebook.bases import NOTICE_ELEMENTS
from shouxin.ground.rulebook.gates.codes import Answer, FlowRole, Notice, Question
from shouxin.ground.rulebook.gates.conditions import (
    NAME_AND_CONTACT,
    agreed_soundly,
    changes_purpose,
    chosen,
    is_sensitive,
    purpose_on_consent,
    refused,
    told_by_name,
)
from shouxin.ground.rulebook.gates.facts import Facts, Flags
from shouxin.ground.rulebook.gates.flows import FlowFacts
from shouxin.ground.rulebook.gates.outcomes import Outcome
from shouxin.ground.rulebook.gates.recipients import takes_over
from shouxin.ground.rulebook.gates.rows import Cases
from shouxin.ground.rulebook.gates.waiting import waiting_over


def _is_successor(flow: FlowFacts) -> bool:
    return flow.role is FlowRole.SUCCESSOR and bool(flow.sender.structures)


def a17(facts: Facts, flow: FlowFacts) -> Cases:
    """Purpose or method changes: a yes to the new one is needed."""
    if not _is_successor(flow) or not changes_purpose(flow):
        return []
    return [(takes_over(facts, flow) & ~agreed_soundly(facts), Outcome.A17_ASK)]


def a18(facts: Facts, flow: FlowFacts) -> Cases:
    """Sensitive and resting on consent: the separate consent to the original processing is proved, or given now."""
    if not _is_successor(flow):
        return []
    given_now = facts.separately_agreed & agreed_soundly(facts)
    proved = facts.original_separate_consent | given_now | chosen(facts, flow, Question.ORIGINAL_CONSENT)
    unproved = is_sensitive(facts) & purpose_on_consent(facts) & ~proved
    return [(takes_over(facts, flow) & unproved, Outcome.A18_ASK)]


def a19(facts: Facts, flow: FlowFacts) -> Cases:
    """The recipient's name and contact, told; whom a large handler cannot reach is not moved without an opinion."""
    if not _is_successor(flow):
        return []
    succeeds = takes_over(facts, flow)
    by_opinion = chosen(facts, flow, Question.UNREACHABLE) & (flow.announcement.posted_on is not None)
    unreachable = (facts.notice == Notice.UNREACHABLE)[:, None]
    named = flow.told_elements >= NAME_AND_CONTACT
    told = told_by_name(facts, flow) | (unreachable & by_opinion & named)
    lost = unreachable & ~by_opinion & (not flow.sender.may_announce)
    return [(succeeds & lost, Outcome.A19_UNREACHABLE), (succeeds & ~told, Outcome.A19_TELL)]


def a20(facts: Facts, flow: FlowFacts) -> Cases:
    """The small handlers' days, also where each was told."""
    if not _is_successor(flow):
        return []
    each_told = (facts.notice == Notice.REACHED)[:, None] & chosen(facts, flow, Question.EACH_TOLD)
    waited = waiting_over(flow, facts.categories) | each_told
    return [(takes_over(facts, flow) & ~waited, Outcome.A20_WAIT)]


def a21(facts: Facts, flow: FlowFacts) -> Cases:
    """Objected where contract or law carries the purpose: a human decides while the sender goes on."""
    if not _is_successor(flow) or flow.sender.ends:
        return []
    against = (facts.objected | refused(facts)) & ~chosen(facts, flow, Question.OBJECTION)
    return [(takes_over(facts, flow) & against, Outcome.A21_OBJECTED)]


def a22(facts: Facts, flow: FlowFacts) -> Cases:
    """Nothing stands in the way of a successor."""
    return [(takes_over(facts, flow), Outcome.A22_HAND_OVER)] if _is_successor(flow) else []


def _to_another(facts: Facts, flow: FlowFacts) -> Flags | None:
    """For whom the recipient is another handler; None where the role has no such row."""
    if flow.role not in (FlowRole.OTHER_HANDLER, FlowRole.SUCCESSOR) or not flow.sender.structures:
        return None
    return ~takes_over(facts, flow)


def a23(facts: Facts, flow: FlowFacts) -> Cases:
    """Objected or refused; or another basis than consent, on a signed opinion, with everything told."""
    other = _to_another(facts, flow)
    if other is None:
        return []
    other_basis = chosen(facts, flow, Question.OTHER_BASIS)
    reached = ((facts.notice == Notice.REACHED) & (flow.told_elements >= NOTICE_ELEMENTS))[:, None]
    told = reached & (~is_sensitive(facts) | facts.necessity_told)
    return [
        (other & (facts.objected | refused(facts)), Outcome.A23_OBJECTED),
        (other & other_basis & told, Outcome.A23_HAND_OVER),
        (other & other_basis & ~told, Outcome.A23_TELL),
    ]


def a24(facts: Facts, flow: FlowFacts) -> Cases:
    """No consent on record for this flow."""
    other = _to_another(facts, flow)
    return [] if other is None else [(other & (facts.answer != Answer.AGREE), Outcome.A24_ASK)]


def a25(facts: Facts, flow: FlowFacts) -> Cases:
    """A consent that does not match, or has a defect."""
    other = _to_another(facts, flow)
    return [] if other is None else [(other & (facts.defects != 0), Outcome.A25_ASK)]


def a26(facts: Facts, flow: FlowFacts) -> Cases:
    """Sensitive: necessity and impact told, and agreed to separately."""
    other = _to_another(facts, flow)
    if other is None:
        return []
    sensitive = is_sensitive(facts)
    return [
        (other & sensitive & ~facts.necessity_told, Outcome.A26_NOT_TOLD),
        (other & sensitive & ~facts.separately_agreed, Outcome.A26_NOT_SEPARATE),
    ]


def a27(facts: Facts, flow: FlowFacts) -> Cases:
    """Nothing stands in the way of another handler."""
    other = _to_another(facts, flow)
    return [] if other is None else [(other & (facts.answer == Answer.AGREE), Outcome.A27_HAND_OVER)]


def a99(facts: Facts, flow: FlowFacts) -> Cases:  # noqa: ARG001 - the last row asks nothing
    """No row fits."""
    return [(np.True_, Outcome.A99_NO_ROW)]
