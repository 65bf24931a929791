"""PIT-1: how A hands rows to B so that A may destroy its own, and V can check it: signed messages in one chain.

Page: docs/formats/pit.md. Pure: no clock, no disk, no database; time and randomness are passed in.

transfer = Transfer.start(tid=tid, contract=contract, simulated=False, parties=Parties(a=key_a, b=key_b))
envelope = write(transfer, "offer", fields, role="A", signer=signer, ledger=Ledger(note), issued=at, expires=later)
transfer = step(transfer, envelope, role="A", at=at)
"""

from shouxin.ground.formats.pit.chain import Message, Parties, Role, read
from shouxin.ground.formats.pit.draws import answer, commit, draw, new_seed
from shouxin.ground.formats.pit.gates import (
    DestructionFacts,
    cooling_off_since,
    gates_for_destruction,
    missing_by_chain,
    would_prove_cooling_off,
)
from shouxin.ground.formats.pit.offline import Copies, OfflineReport, check_offline, peek
from shouxin.ground.formats.pit.rules import RULES, TURNS, give_way, replay, step
from shouxin.ground.formats.pit.schema import FIELDS, GATES, KINDS, SHREDDED
from shouxin.ground.formats.pit.transfer import Status, Transfer, check_may_import, overdue
from shouxin.ground.formats.pit.withdrawals import open_tags, seal_tags
from shouxin.ground.formats.pit.writing import Ledger, file_name, write

__all__ = [
    "FIELDS",
    "GATES",
    "KINDS",
    "RULES",
    "SHREDDED",
    "TURNS",
    "Copies",
    "DestructionFacts",
    "Ledger",
    "Message",
    "OfflineReport",
    "Parties",
    "Role",
    "Status",
    "Transfer",
    "answer",
    "check_may_import",
    "check_offline",
    "commit",
    "cooling_off_since",
    "draw",
    "file_name",
    "gates_for_destruction",
    "give_way",
    "missing_by_chain",
    "new_seed",
    "open_tags",
    "overdue",
    "peek",
    "read",
    "replay",
    "seal_tags",
    "step",
    "would_prove_cooling_off",
    "write",
]
