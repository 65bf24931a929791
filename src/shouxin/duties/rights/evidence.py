"""What this duty can prove about requests. Reads only."""

from datetime import datetime

from shouxin.duties.rights import queries
from shouxin.ground.kernel.findings import Finding, Missing
from shouxin.ground.kernel.times import day_in_china
from shouxin.stores.ledger import queries as ledger


def open_requests(case: str, at: datetime) -> Finding:
    """No request that bears on the case waits for an answer (PIPL 45–50); the value is how many do."""
    waiting = queries.open(case)
    today = day_in_china(at)
    missing = tuple(
        Missing(
            "rights.overdue" if today > each.due_on else "rights.open",
            {"request": each.id, "kind": each.kind, "due_mark": each.due_mark, "due_provisional": each.due_provisional},
            owner="privacy_officer",
            due=each.due_on.isoformat(),
        )
        for each in waiting
    )
    scopes = [f"case:{case}", "company"]
    return Finding(
        name="rights.open_requests",
        holds=not waiting,
        value=len(waiting),
        missing=missing,
        height=ledger.height(),
        entries=tuple(seq for seq in (ledger.newest(scopes, [kind]) for kind in queries.KINDS) if seq >= 0),
        kinds=queries.KINDS,
    )
