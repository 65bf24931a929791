"""Reads of the transfers: where each stands, who waits for whom, which cells went and which of them are settled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from shouxin.duties.transfer import chain, places, rows
from shouxin.duties.transfer import scope as scopes
from shouxin.duties.transfer.models import Transfer
from shouxin.ground.formats import pit
from shouxin.ground.formats.roots import bucket_numbers
from shouxin.ground.kernel import dsse
from shouxin.ground.kernel.times import to_text
from shouxin.stores.parties import queries as parties

ENDED = ("REFUSED", "VOID", "EXPIRED")
WHOLLY_SETTLED = ("SETTLED", "HOLD", "PERMITTED", "DESTROYED", "CLOSED")


@dataclass(frozen=True)
class TransferView:
    """One transfer on our side."""

    tid: str
    role: str
    case: str
    peer: str
    status: str
    epoch: int
    messages: int
    begun_at: datetime


@dataclass(frozen=True)
class MessageView:
    """One message that stands in the chain, and its file."""

    seq: int
    kind: str
    role: str
    digest: str
    issued: str
    path: Path


@dataclass(frozen=True)
class StatusView:
    """Three lines: where it stands, who waits for whom, until when; and what a gate for destruction still lacks."""

    tid: str
    status: str
    waits_for: str
    owed: str
    until: str
    overdue: tuple[str, ...]
    gates_missing: tuple[str, ...]


@dataclass(frozen=True)
class CellColumns:
    """Cells as columns: customer and kind of information (`behaviour:free_text` apart), by customer then kind."""

    customer: np.ndarray
    category: np.ndarray

    def __len__(self) -> int:
        return len(self.customer)


_OWED: Mapping[str, tuple[str, str]] = {
    "DRAFT": ("A", "offer"),
    "OFFERED": ("B", "accept"),
    "ACCEPTED": ("A", "package"),
    "SEALED": ("B", "receipt"),
    "DELIVERED": ("B", "imported"),
    "IMPORTED": ("A", "settled"),
    "SETTLED": ("B", "ack"),
    "HOLD": ("A", "destroy-permit"),
    "PERMITTED": ("A", "destroyed"),
    "DESTROYED": ("B", "ack"),
    "DISPUTED": ("A", "void"),
}


def transfers(case: str | None = None) -> list[TransferView]:
    """Every transfer of a case, or of the company, the oldest first."""
    found = Transfer.objects.order_by("begun_at", "tid")
    return [_view(row) for row in (found if case is None else found.filter(case=case))]


def transfer(tid: str) -> TransferView:
    """One transfer. Raises Refusal("transfer.unknown")."""
    return _view(chain.find(tid))


def state(tid: str, at: datetime) -> pit.Transfer:
    """What its chain says, every envelope checked again.

    Raises:
        Refusal("transfer.unknown"); Corrupt: what lies here is not what was checked when it came.
    """
    return chain.load(chain.find(tid), at)


def current(case: str) -> TransferView | None:
    """The transfer of a case that counts: the newest that did not end before it was settled, else the newest."""
    found = [each for each in transfers(case) if each.role == "A"]
    going = [each for each in found if each.status not in ENDED]
    standing = going or found
    return standing[-1] if standing else None


def messages(tid: str, at: datetime) -> list[MessageView]:
    """The messages that stand in the chain, in order."""
    return [
        MessageView(
            seq=each["seq"],
            kind=each.kind,
            role=each.role,
            digest=each.digest,
            issued=each["issued"],
            path=places.envelope_path(tid, each["seq"]),
        )
        for each in state(tid, at).messages
    ]


def envelopes(tid: str) -> list[bytes]:
    """The envelopes of the chain, in order: what an evidence pack takes along."""
    found = chain.find(tid).messages.filter(stands=True).order_by("seq").values_list("envelope", flat=True)
    return [bytes(each) for each in found]


def part_paths(tid: str) -> list[Path]:
    """The files of the newest package that lie here."""
    found = chain.find(tid).parts.filter(here=True).order_by("-seq", "name")
    newest = found.first()
    return [] if newest is None else [places.folder(tid) / each.name for each in found.filter(seq=newest.seq)]


def status(tid: str, at: datetime) -> StatusView:
    """Where it stands, whose turn it is, until when; what is overdue, and what still forbids destruction."""
    here = state(tid, at)
    who, what, until = _owed(here)
    return StatusView(
        tid=tid,
        status=here.status.value,
        waits_for=who,
        owed=what,
        until=until,
        overdue=tuple(each.code for each in pit.overdue(here, at)),
        gates_missing=tuple(each.code for each in pit.missing_by_chain(here)),
    )


def _owed(here: pit.Transfer) -> tuple[str, str, str]:
    withdraw = here.unacknowledged
    if withdraw is not None and here.status.value in _OWED:
        due = withdraw.issued + timedelta(hours=here.the("offer")["ack_hours"])
        return ("B" if withdraw.role == "A" else "A"), "ack", to_text(due)
    who, what = _OWED.get(here.status.value, ("", ""))
    challenge, answered = here.last("challenge"), here.last("answer")
    if challenge is not None and not here.is_later(answered, challenge) and what in ("settled", "destroy-permit"):
        who, what = "B", "answer"
    bounded = {"accept": "offer", "receipt": "package", "imported": "package"}.get(what)
    return who, what, here.the(bounded)["expires"] if bounded else ""


def key_matches_contract(case: str, recipient: str) -> bool:  # noqa: ARG001 - asked per case and flow
    """Whether an agreement is on record that names the recipient's pinned key and ours as the two companies' keys."""
    agreement, pinned = parties.agreement(recipient), parties.recipient(recipient)
    if agreement is None or not agreement.envelopes:
        return False
    wanted = sorted([parties.company().key_id, pinned.key_id])
    return all(dsse.peek(each)["predicate"].get("companies") == wanted for each in agreement.envelopes)


def handed_over(case: str) -> CellColumns:
    """The cells that went to the recipient of a case, settled or not; who withdrew on the way is not among them."""
    row = _counting(case)
    return _columns([] if row is None else _scope_cells(row))


def settled_cells(case: str) -> CellColumns:
    """The cells whose every row the receiver holds and the sender has settled: only these may end here (B01)."""
    row = _counting(case)
    if row is None:
        return _columns([])
    if row.status in WHOLLY_SETTLED:
        return _columns(_scope_cells(row))
    return _columns(_partly_settled(row))


def settled_mask(case: str, customers: np.ndarray, categories: Sequence[str]) -> np.ndarray:
    """`settled_cells` as a matrix of customers × categories, as the gates take it."""
    found, mask = settled_cells(case), np.zeros((len(customers), len(categories)), np.bool_)
    for place, name in enumerate(categories):
        mask[:, place] = np.isin(customers, found.customer[found.category == name])
    return mask


def settled_share(case: str) -> tuple[int, int]:
    """Settled cells and cells handed over."""
    return len(settled_cells(case)), len(handed_over(case))


def _counting(case: str) -> Transfer | None:
    found = current(case)
    if found is None or found.status in ENDED:
        return None
    return chain.find(found.tid)


def _scope_cells(row: Transfer) -> list[tuple[str, np.ndarray]]:
    scope = scopes.read_scope(bytes(row.scope))
    return [(name, scope.having(name)) for name in scopes.CELLS if name != scopes.ORGANISATION]


def _partly_settled(row: Transfer) -> list[tuple[str, np.ndarray]]:
    """Behind a SETTLED that leaves buckets open: the customers of a table with no row in an open bucket."""
    settled = row.messages.filter(stands=True, kind="settled").order_by("-seq").first()
    if settled is None or row.status != "IMPORTED":
        return []
    unsettled = pit.peek(bytes(settled.envelope))[1]["unsettled"]
    waiting = {each.table.name: _customers_in(each, unsettled) for each in rows.columns_of(row)}
    nobody = np.zeros(0, np.int64)
    return [
        (name, customers[~np.isin(customers, waiting.get(name.partition(":")[0], nobody))])
        for name, customers in _scope_cells(row)
    ]


def _customers_in(columns: rows.Columns, unsettled: Mapping[str, Any]) -> np.ndarray:
    numbers = bucket_numbers(columns.tags, columns.table.buckets)
    inside = columns.kept & np.isin(numbers, unsettled.get(columns.table.name, []))
    return np.unique(columns.customers[inside])


def _columns(cells: Sequence[tuple[str, np.ndarray]]) -> CellColumns:
    kept = [(name, customers) for name, customers in cells if len(customers)]
    if not kept:
        return CellColumns(np.zeros(0, np.int64), np.zeros(0, "U32"))
    customer = np.concatenate([customers for _, customers in kept])
    category = np.concatenate([np.full(len(customers), name, "U32") for name, customers in kept])
    order = np.lexsort((category, customer))
    return CellColumns(customer[order], category[order])


def _view(row: Transfer) -> TransferView:
    newest = row.withdrawals.order_by("-epoch").first()
    return TransferView(
        tid=row.tid,
        role=row.role,
        case=row.case,
        peer=row.peer,
        status=row.status,
        epoch=newest.epoch if newest else 0,
        messages=row.messages.filter(stands=True).count(),
        begun_at=row.begun_at,
    )
