"""What the parties can prove: agreements that are complete, and that nobody who may look has not promised silence."""

from datetime import datetime

from shouxin.ground.kernel.findings import Finding, Missing
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.parties import queries

_AGREEMENT_KINDS = ("parties.agreement_recorded", "parties.key_revoked")
_STAFF_KINDS = ("parties.staff_added", "parties.staff_revoked", "parties.undertaking_signed")


def agreement_complete(recipient: str) -> Finding:
    """The newest agreement with this recipient lacks no clause (NDSR 12) and is signed by us and by them.

    Raises:
        Refusal("parties.no_recipient").
    """
    found = queries.agreement(recipient)
    missing = queries.agreement_gaps(recipient)
    return Finding(
        name="parties.agreement_complete",
        holds=not missing,
        value=not missing,
        missing=missing,
        height=ledger.height(),
        entries=() if found is None else (found.entry,),
        kinds=_AGREEMENT_KINDS,
    )


def undertakings_share(scope: str, at: datetime) -> Finding:  # noqa: ARG001 - every check takes a scope
    """The share of those who work here that have signed their undertaking; holds at 1.0, and not for a company without
    staff.
    """
    members = [each for each in queries.staff(include_revoked=True) if each.revoked_at is None or each.revoked_at > at]
    without = [each for each in members if not each.has_undertaken]
    share = (len(members) - len(without)) / len(members) if members else 0.0
    gaps = tuple(Missing(code="parties.no_undertaking", facts={"staff": each.id}, owner=each.id) for each in without)
    if not members:
        gaps = (Missing(code="parties.nobody", owner="owner"),)
    return Finding(
        name="parties.undertakings_share",
        holds=not gaps,
        value=share,
        missing=gaps,
        height=ledger.height(),
        kinds=_STAFF_KINDS,
    )
