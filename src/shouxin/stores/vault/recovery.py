"""What stopped in the middle is finished by whoever comes next, before anything new begins."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from shouxin.stores.ledger import queries as ledger
from shouxin.stores.vault import blind, section
from shouxin.stores.vault.epochs import tell_epoch
from shouxin.stores.vault.models import Intent, State
from shouxin.stores.vault.section import Section
from shouxin.stores.vault.shredding import carry_out


@dataclass(frozen=True)
class RecoveryResult:
    """What was found and finished: whether a change of keys had stopped, leaves swept, intents redone, keys records
    read into the index.
    """

    unsettled: bool
    leaves: int
    intents: int
    indexed: int


@contextmanager
def enter() -> Iterator[Section]:
    """The exclusive section with nothing left open: swept, and every intent carried out. Raises as
    `section.exclusive`, `carry_out`.
    """
    with section.exclusive() as alone:
        _redo(alone)
        yield alone


def recover() -> RecoveryResult:
    """Under the exclusive lock: sweep to the newest root, redo intents, make the blind index whole. Raises as
    `enter`.
    """
    with section.exclusive() as alone:
        unsettled = alone.swept is not None
        intents = _redo(alone)
        indexed = blind.reconcile(alone.ring)
        return RecoveryResult(unsettled, alone.swept or 0, intents, indexed)


def _redo(alone: Section) -> int:
    waiting = list(Intent.objects.filter(result="").order_by("pk"))
    for intent in waiting:
        # The company's own clock: whoever redoes was asked for something else, at another time than the intent's.
        carry_out(alone, intent, at=ledger.clock().now(), is_fresh=False)
    if State.objects.get(pk=1).epoch != alone.ring.table.epoch:
        tell_epoch(alone, at=ledger.clock().now(), by="system")
    return len(waiting)
