"""What must hold before A destroys: all that is missing, not only the first thing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from shouxin.ground.formats.pit.chain import cosigned_at
from shouxin.ground.formats.pit.transfer import Status, Transfer
from shouxin.ground.kernel.findings import Missing
from shouxin.ground.kernel.notes import read_checkpoint
from shouxin.ground.kernel.times import to_text


@dataclass(frozen=True)
class DestructionFacts:
    """What A's own house says: who approved (key ids), how many backups are listed, how many holds are open."""

    approvers: frozenset[str]
    backups_listed: int
    holds_open: int


def gates_for_destruction(transfer: Transfer, facts: DestructionFacts) -> tuple[Missing, ...]:
    """Everything that still forbids destruction; empty when nothing does."""
    return (*missing_by_chain(transfer), *_missing_by_house(facts))


def missing_by_chain(transfer: Transfer) -> tuple[Missing, ...]:
    """The gates that anyone can check from the envelopes alone."""
    return tuple(_by_chain(transfer))


def cooling_off_since(transfer: Transfer) -> list[datetime]:
    """B's cosignatures of A's ledger from SETTLED on, in order: only they prove that a window has passed."""
    settled = transfer.settled
    if settled is None:
        return []
    least = read_checkpoint(settled["checkpoint"]).size
    notes = [
        each["cosigned"]
        for each in transfer.messages
        if each.role == "B" and each["seq"] > settled["seq"] and each["cosigned"] is not None
    ]
    covering = [note for note in notes if read_checkpoint(note).size >= least]
    return sorted(time for note in covering for _, time in cosigned_at(note, transfer.parties.b))


def would_prove_cooling_off(transfer: Transfer, at: datetime) -> bool:
    """Whether one more cosignature of B, now, proves that the window has passed, and none has proved it before."""
    offer, times = transfer.last("offer"), cooling_off_since(transfer)
    if offer is None or not times or not any(_cooling_off(transfer)):
        return False
    return at - times[0] >= timedelta(hours=offer["cooling_off_hours"])


def _by_chain(transfer: Transfer) -> Iterator[Missing]:
    if transfer.settled is None and not transfer.is_full:
        yield _missing("imported_full", "B")
    if not transfer.challenge_passed:
        yield _missing("challenge_passed", "B")
    if transfer.settled is None:
        yield _missing("settled", "A")
    yield from _cooling_off(transfer)
    if transfer.status is Status.DISPUTED:
        yield _missing("no_dispute", "A")
    withdraw = transfer.unacknowledged
    if withdraw is not None:
        yield _missing("withdrawals_acknowledged", "B" if withdraw.role == "A" else "A", epoch=withdraw["epoch"])


def _cooling_off(transfer: Transfer) -> Iterator[Missing]:
    offer = transfer.last("offer")
    hours = 0 if offer is None else offer["cooling_off_hours"]
    times = cooling_off_since(transfer)
    if not times:
        yield _missing("cooling_off", "B", hours=hours)
    elif times[-1] - times[0] < timedelta(hours=hours):
        due = to_text(times[0] + timedelta(hours=hours))
        yield Missing("transfer.gate.cooling_off", {"hours": hours, "since": to_text(times[0])}, "B", due)


def _missing_by_house(facts: DestructionFacts) -> Iterator[Missing]:
    if facts.backups_listed < 1:
        yield _missing("backups_listed", "A")
    if len(facts.approvers) < 2:
        yield _missing("two_approvers", "A", approvers=len(facts.approvers))
    if facts.holds_open:
        yield _missing("no_hold", "A", holds=facts.holds_open)


def _missing(gate: str, owner: str, **facts: object) -> Missing:
    return Missing("transfer.gate." + gate, facts, owner)
