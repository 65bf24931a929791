"""What a transfer can prove about a case, from its signed chain. Reads only."""

from collections.abc import Callable
from datetime import datetime

from shouxin.duties.transfer import queries
from shouxin.duties.transfer.chain import ENTRY_KINDS, TAKEN
from shouxin.ground.formats import pit
from shouxin.ground.kernel.findings import Finding, Missing
from shouxin.ground.kernel.times import to_text
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.parties import evidence as parties
from shouxin.stores.parties import queries as parties_queries

KINDS = tuple(sorted({*ENTRY_KINDS.values(), TAKEN}))
_ACCEPTED = ("ACCEPTED", "SEALED", "DELIVERED", "IMPORTED", *queries.WHOLLY_SETTLED)
_DELIVERED = ("DELIVERED", "IMPORTED", *queries.WHOLLY_SETTLED)


def accepted(case: str, at: datetime) -> Finding:
    """The recipient has accepted the purposes and given a key for this transfer alone."""
    return _judged("accepted", case, at, lambda state: state.status.value in _ACCEPTED, owner="B")


def delivered(case: str, at: datetime) -> Finding:
    """The recipient's signed receipt says that every part arrived and opened."""
    return _judged("delivered", case, at, lambda state: state.status.value in _DELIVERED, owner="B")


def challenge_passed(case: str, at: datetime) -> Finding:
    """The recipient recomputed drawn buckets from its own database after the import, and they are ours."""
    return _judged("challenge_passed", case, at, lambda state: state.challenge_passed, owner="B")


def withdrawals_acknowledged(case: str, at: datetime) -> Finding:
    """The last withdrawal in flight has its acknowledgement."""
    return _judged("withdrawals_acknowledged", case, at, lambda state: state.unacknowledged is None, owner="B")


def cooling_off_over(case: str, at: datetime) -> Finding:
    """Two cosignatures of the recipient on our ledger since SETTLED lie as far apart as was agreed."""
    state = _state(case, at)
    if state is None:
        return _finding("cooling_off_over", case, holds=False, value=False)
    missing = tuple(each for each in pit.missing_by_chain(state) if each.code == "transfer.gate.cooling_off")
    over = state.settled is not None and not missing
    return _finding("cooling_off_over", case, holds=over, value=over, missing=missing)


def settled_share(case: str, at: datetime) -> Finding:
    """The share of cells handed over that the recipient holds and we have settled; holds at 1.0."""
    state = _state(case, at)
    if state is None:
        return _finding("settled_share", case, holds=False, value=0.0, missing=(_none(case),))
    settled, handed = queries.settled_share(case)
    share = settled / handed if handed else float(state.settled is not None)
    whole = share == 1.0 and state.settled is not None
    missing = () if whole else (Missing("transfer.unsettled", {"cells": handed - settled}, owner="A"),)
    return _finding("settled_share", case, holds=whole, value=share, missing=missing)


def hand_over_prepared(case: str, at: datetime) -> Finding:
    """The key is the agreement's, the agreement is complete: nothing but the offer is missing."""
    found = queries.current(case)
    if found is None:
        return _finding("hand_over_prepared", case, holds=False, value=False, missing=(_none(case),))
    missing = list(agreement_complete(case, at).missing)
    if not queries.key_matches_contract(case, found.peer):
        missing.append(Missing("transfer.key_not_of_contract", {"recipient": found.peer}, owner="role.owner"))
    return _finding("hand_over_prepared", case, holds=not missing, value=not missing, missing=tuple(missing))


def agreement_complete(case: str, at: datetime) -> Finding:  # noqa: ARG001 - every check has this shape
    """The agreement with this case's recipient lacks no clause (NDSR 12) and is signed by both sides."""
    found = queries.current(case)
    if found is None:
        return _finding("agreement_complete", case, holds=False, value=False, missing=(_none(case),))
    return parties.agreement_complete(found.peer)


def overdue(case: str, at: datetime) -> Finding:
    """Nothing that the other side owes is late."""
    state = _state(case, at)
    missing = () if state is None else pit.overdue(state, at)
    return _finding("overdue", case, holds=state is not None and not missing, value=len(missing), missing=missing)


def _judged(name: str, case: str, at: datetime, holds: Callable[[pit.Transfer], bool], *, owner: str) -> Finding:
    state = _state(case, at)
    if state is None:
        return _finding(name, case, holds=False, value=False, missing=(_none(case),))
    good = holds(state)
    facts = {"status": state.status.value, "at": to_text(at)}
    missing = () if good else (Missing(f"transfer.not_{name}", facts, owner=_owner(case, owner)),)
    return _finding(name, case, holds=good, value=good, missing=missing)


def _owner(case: str, side: str) -> str:
    """The recipient by its id, or the role that carries the hand-over here."""
    found = queries.current(case)
    if side == "B" and found is not None:
        return parties_queries.recipient(found.peer).id
    return "role.privacy_officer"


def _state(case: str, at: datetime) -> pit.Transfer | None:
    found = queries.current(case)
    return None if found is None else queries.state(found.tid, at)


def _none(case: str) -> Missing:
    return Missing("transfer.none", {"case": case}, owner="role.privacy_officer")


def _finding(
    name: str, case: str, *, holds: bool, value: bool | float | int, missing: tuple[Missing, ...] = ()
) -> Finding:
    found = queries.current(case)
    scopes = [f"case:{case}", *([f"transfer:{found.tid}"] if found else [])]
    seen = ledger.newest(scopes, KINDS)
    return Finding(
        name=f"transfer.{name}",
        holds=holds,
        value=value,
        missing=missing,
        height=ledger.height(),
        entries=(seen,) if seen >= 0 else (),
        kinds=KINDS,
    )
