"""Who may write down what a person said: the person at the page, or staff with leave for that purpose."""

from datetime import datetime

from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.parties import queries as parties_queries
from shouxin.stores.parties import services as parties

CUSTOMER, SYSTEM = "customer", "system"


def take_leave(*, by: str, purpose: str, reason: str, at: datetime) -> None:
    """Let the person pass; take leave for staff, which leaves an entry.

    Raises:
        Refusal("access.…"): not of our staff, no undertaking, or no part in this purpose (PIPL 51).
    """
    if by != CUSTOMER:
        parties.grant(by=by, purpose=purpose, categories={"evidence"}, reason=reason, at=at)


def check_staff(by: str) -> None:
    """Let those pass who work here, and what runs by itself.

    Raises:
        Refusal("parties.no_staff"), Refusal("access.staff_revoked").
    """
    if by == SYSTEM:
        return
    if parties_queries.staff_member(by).revoked_at is not None:
        raise Refusal("access.staff_revoked", staff=by)
