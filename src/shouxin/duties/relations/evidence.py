"""What this duty can prove about complaints and call-backs. Reads only."""

from datetime import datetime

from shouxin.duties.relations import queries
from shouxin.ground.kernel.findings import Finding, Missing
from shouxin.ground.kernel.times import day_in_china
from shouxin.stores.ledger import queries as ledger


def open_complaints(case: str, at: datetime) -> Finding:
    """No complaint that bears on the case waits for an answer; the value is how many do."""
    return _finding("open_complaints", case, at, queries.open(case, "complaint"))


def open_call_backs(case: str, at: datetime) -> Finding:
    """Nobody who asked to be called still waits for the call; the value is how many do."""
    return _finding("open_call_backs", case, at, queries.open(case, "call_back"))


def _finding(name: str, case: str, at: datetime, waiting: list[queries.MatterView]) -> Finding:
    today = day_in_china(at)
    missing = tuple(
        Missing(
            "relations.overdue" if today > each.due_on else "relations.open",
            {"matter": each.id, "kind": each.kind},
            owner="owner",
            due=each.due_on.isoformat(),
        )
        for each in waiting
    )
    scopes = [f"case:{case}", "company"]
    return Finding(
        name=f"relations.{name}",
        holds=not waiting,
        value=len(waiting),
        missing=missing,
        height=ledger.height(),
        entries=tuple(seq for seq in (ledger.newest(scopes, [kind]) for kind in queries.KINDS) if seq >= 0),
        kinds=queries.KINDS,
    )
