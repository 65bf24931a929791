"""What disposal can prove. Reads only; knows nothing of cases but their ledger scope."""

from datetime import datetime, timedelta

from shouxin.duties.disposal import queries
from shouxin.duties.disposal.fates import Fates
from shouxin.duties.disposal.models import Certificate, Destruction, PlaceEnd
from shouxin.ground.kernel.findings import Finding, Missing
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.vault import queries as vault

PERMIT_DAYS = timedelta(days=30)
"""As long as `cases` issues one for; the deed itself reads the permit's own last instant."""
READS = (
    "cases.decided",
    "cases.permitted",
    "destroy.done",
    "disposal.begun",
    "disposal.destroyed",
    "disposal.place_ended",
    "disposal.place_excluded",
    "disposal.place_missing",
    "disposal.certified",
    "inventory.source_registered",
    "inventory.boxes_registered",
    "inventory.goods_registered",
)


def permit_valid(case: str, at: datetime) -> Finding:
    """Whether a permit stands: used in its time, or issued on the newest decision set and in force."""
    name, scope = "disposal.permit_valid", f"case:{case}"
    permits = ledger.entries(scope=scope, kinds={"cases.permitted"})
    if not permits:
        return _finding(name, False, (Missing("disposal.no_permit", owner="owner"),))
    newest = permits[-1]
    if Destruction.objects.filter(case=case, permit=newest.facts["permit"]).exists():
        return _finding(name, True, (), entries=(newest.seq,))
    decisions = ledger.entries(scope=scope, kinds={"cases.decided"})
    missing = []
    if decisions and decisions[-1].facts["decision_set"] != newest.facts["decision_set"]:
        missing.append(Missing("disposal.decided_since", owner="owner"))
    if at > newest.at + PERMIT_DAYS:
        missing.append(Missing("disposal.permit_expired", owner="owner"))
    return _finding(name, not missing, tuple(missing), entries=(newest.seq,))


def cells_ended_share(case: str, at: datetime) -> Finding:  # noqa: ARG001 - every check has this shape
    """The share of frozen cells that are gone from the vault; counted in the vault now, not read from a record."""
    name, rows = "disposal.cells_ended_share", queries.destructions(case)
    if not rows:
        return _finding(name, 0.0, (Missing("disposal.not_destroyed", owner="privacy_officer"),))
    total, left = 0, 0
    for row in rows:
        standing, cells = _standing(row)
        total, left = total + cells, left + standing
    missing = [Missing("disposal.cells_left", {"cells": left}, owner="privacy_officer")] if left else []
    if queries.unfinished(case):
        missing.append(Missing("disposal.unfinished", owner="privacy_officer"))
    share = (total - left) / total if total else 0.0
    return _finding(name, share, tuple(missing))


def _standing(row: Destruction) -> tuple[int, int]:
    """How many cells of a destruction still have a record, and how many there were to end."""
    fates = Fates.unpack(bytes(row.fates))
    skipped = {customer for group in row.groups.all() for customer in group.skipped}
    masks = dict(zip(fates.customer.tolist(), fates.ends.tolist(), strict=True))
    cells = vault.cells([customer for customer in masks if customer not in skipped])
    left = sum(
        1
        for customer, category in zip(cells.customer.tolist(), cells.category.tolist(), strict=True)
        if masks[customer] >> category & 1
    )
    return left, sum(mask.bit_count() for customer, mask in masks.items() if customer not in skipped)


def places_ended_share(case: str, at: datetime) -> Finding:  # noqa: ARG001 - every check has this shape
    """The share of registered places that have their own end or are excluded by name."""
    places = queries.places()
    missing = [
        Missing("disposal.place_open", {"place": each.key, "state": each.state or "open"}, owner="clerk")
        for each in places
        if each.state not in (PlaceEnd.ENDED, PlaceEnd.EXCLUDED)
    ]
    share = (len(places) - len(missing)) / len(places) if places else 0.0
    return _finding("disposal.places_ended_share", share, tuple(missing))


def certificate_issued(case: str, at: datetime) -> Finding:  # noqa: ARG001 - every check has this shape
    """Whether the newest destruction of the case has a certificate, and that says how the places stand now."""
    name = "disposal.certificate_issued"
    rows = queries.destructions(case)
    if not rows or queries.unfinished(case):
        return _finding(name, False, (Missing("disposal.not_destroyed", owner="privacy_officer"),))
    newest = Certificate.objects.filter(destruction=rows[-1]).order_by("number").last()
    if newest is None:
        return _finding(name, False, (Missing("disposal.no_certificate", owner="privacy_officer"),))
    changed = PlaceEnd.objects.filter(at__gt=newest.at).exists()
    missing = (Missing("disposal.places_changed_since", owner="privacy_officer"),) if changed else ()
    return _finding(name, not missing, missing)


def _finding(name: str, value: float | bool, missing: tuple[Missing, ...], entries: tuple[int, ...] = ()) -> Finding:
    holds = not missing and (value is True or value == 1.0)
    return Finding(
        name=name, holds=holds, value=value, missing=missing, height=ledger.height(), entries=entries, kinds=READS
    )
