"""Table B: what stays with the sender. A judge sees what is left, who holds it, and whether the cut-off has come.

When a business ends and its handler goes on, every purpose of that business has ended at the cut-off. When the handler
itself ends, a purpose must have been wound up, or have gone to a successor who settled; one still alive stops.
"""

# ruff: noqa: ARG001 - every judge of a table takes the same facts, whether or not its row reads them

import numpy as np

from shouxin.ground.rulebook.gates.codes import Holding, Moved, PurposeState, Question, Request, Structure
from shouxin.ground.rulebook.gates.facts import Codes, Flags, Remains
from shouxin.ground.rulebook.gates.flows import SenderFacts, counting_for_sender
from shouxin.ground.rulebook.gates.opinions import columns_chosen
from shouxin.ground.rulebook.gates.outcomes import Outcome
from shouxin.ground.rulebook.gates.rows import Cases
from shouxin.ground.rulebook.retention import Running


def _chosen(remains: Remains, sender: SenderFacts, question: Question) -> Flags:
    return columns_chosen(counting_for_sender(sender, question), remains.categories)


def _all_ended(sender: SenderFacts, at_cut_off: bool) -> bool:
    return at_cut_off and sender.ends_business and not sender.ends


def _passed_on(remains: Remains, sender: SenderFacts) -> Flags:
    """What a successor settled has no purpose left with a sender that ends."""
    passed: Flags = (remains.moved == Moved.SUCCEEDED) & sender.ends
    return passed


def is_alive(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Flags:
    """Where a purpose of the sender still lives."""
    if _all_ended(sender, at_cut_off):
        return np.zeros(remains.purpose.shape, dtype=np.bool_)
    return (remains.purpose == PurposeState.ALIVE) & ~_passed_on(remains, sender)


def has_ended(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Flags:
    """Where every purpose of the sender has ended; an unrecorded purpose has not."""
    if _all_ended(sender, at_cut_off):
        return np.ones(remains.purpose.shape, dtype=np.bool_)
    return (remains.purpose == PurposeState.ENDED) | _passed_on(remains, sender)


def effective_running(remains: Remains, sender: SenderFacts) -> Codes:
    """The periods that bind: an unverified one does not where a signed opinion says so."""
    released = _chosen(remains, sender, Question.UNVERIFIED_PERIOD) & (remains.running == Running.RUNS_UNVERIFIED)
    return np.where(released, np.uint8(Running.NONE), remains.running)


def b00(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Cases:
    """Nothing held."""
    return [(remains.holding != Holding.LIVE, Outcome.NOTHING_HELD)]


def b01(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Cases:
    """Moved and not settled: never destroyed."""
    unsettled = remains.moved == Moved.UNSETTLED
    goes_on = is_alive(remains, sender, at_cut_off) & (not sender.ends)
    return [(unsettled & goes_on, Outcome.B01_KEEP), (unsettled, Outcome.B01_SEAL)]


def b03(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Cases:
    """A duty not yet wound up; a deposit with a notary ends it on an opinion only (Civil Code 570, from memory)."""
    deposited = remains.duty_deposited & ~_chosen(remains, sender, Question.DEPOSIT)
    return [(remains.duty_open | deposited, Outcome.B03_KEEP)]


def b04(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Cases:
    """Hold, dispute or open request; at deregistration the custodian answers what is not a request to delete."""
    asked = remains.requests != 0
    custodian_answers = sender.custodian and at_cut_off and Structure.DEREGISTRATION in sender.structures
    delete = (remains.requests & np.uint8(Request.DELETE)) != 0
    return [
        (remains.hold, Outcome.B04_HOLD),
        (asked & ~delete & custodian_answers, Outcome.B04_CUSTODIAN),
        (asked, Outcome.B04_REQUEST),
    ]


def b05(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Cases:
    """Routes only: ended purposes pass B06 and meet B07. A change that nobody named is decided by a person."""
    return [(not sender.structures, Outcome.B99_NO_ROW)]


def b06(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Cases:
    """A purpose is alive: kept where the handler goes on, wound up first where it ends."""
    alive = is_alive(remains, sender, at_cut_off)
    return [(alive & (not sender.ends), Outcome.B06_KEEP), (alive, Outcome.B06_WIND_UP)]


def b07(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Cases:
    """A statutory period runs."""
    ended = has_ended(remains, sender, at_cut_off)
    running = effective_running(remains, sender)
    return [
        (ended & (running == Running.RUNS), Outcome.B07_SEAL),
        (ended & (running != Running.NONE), Outcome.B07_SEAL_UNVERIFIED),
    ]


def b08(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Cases:
    """Technically hard to delete; a small handler reports that and keeps the receipt (SH-12)."""
    hard = has_ended(remains, sender, at_cut_off) & remains.hard_to_delete
    unreported = sender.must_wait and not sender.inability_reported
    return [(hard & unreported, Outcome.B08_REPORT), (hard, Outcome.B08_SEAL)]


def b09(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Cases:
    """An archive that a law names; a company's own rule or possible claims only on an opinion."""
    ended = has_ended(remains, sender, at_cut_off)
    claims = remains.own_rule & _chosen(remains, sender, Question.FUTURE_CLAIMS)
    return [(ended & remains.archive_named, Outcome.B09_ARCHIVE), (ended & claims, Outcome.B09_CLAIMS)]


def b10(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Cases:
    """Part of a signed release of statistics."""
    released = remains.statistics & sender.statistics_release
    return [(has_ended(remains, sender, at_cut_off) & released, Outcome.B10_ANONYMISE)]


def b11(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Cases:
    """Nothing keeps it."""
    return [(has_ended(remains, sender, at_cut_off), Outcome.B11_DESTROY)]


def b99(remains: Remains, sender: SenderFacts, at_cut_off: bool) -> Cases:
    """No row fits."""
    return [(np.True_, Outcome.B99_NO_ROW)]
