"""What the ledger can prove about itself."""

from datetime import datetime

from shouxin.ground.kernel.findings import Finding, Missing
from shouxin.ground.kernel.times import to_text
from shouxin.stores.ledger import queries
from shouxin.stores.ledger.models import Cosigned, Entry

_OWN = "ledger."


def checkpoint_cosigned(scope: str, at: datetime) -> Finding:
    """Someone outside cosigned our log at or after the newest entry on this scope, so that its past cannot be
    rewritten unseen.

    The ledger's own entries (a cosignature coming home is one) do not count as something to be covered. An empty scope
    does not hold.
    """
    rows = Entry.objects.filter(scope=scope, seq__lt=queries.height()).exclude(kind__startswith=_OWN)
    newest = rows.order_by("-seq").values_list("seq", flat=True).first()
    last = Cosigned.objects.filter(cosigned_at__lte=to_text(at)).order_by("-size", "-id").first()
    covered = 0 if last is None else last.size
    holds = newest is not None and covered > newest
    facts = {"newest": -1 if newest is None else newest, "covered": covered}
    code = "ledger.scope_empty" if newest is None else "ledger.not_cosigned_since"
    return Finding(
        name="ledger.checkpoint_cosigned",
        holds=holds,
        value=holds,
        missing=() if holds else (Missing(code=code, facts=facts, owner="peer"),),
        height=queries.height(),
        entries=() if last is None else (last.entry,),
        kinds=("ledger.cosigned",),
    )
