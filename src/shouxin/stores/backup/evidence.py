"""What the backup room can prove: that a restore was tried with the newest data, and that the keys lie apart."""

from datetime import datetime, timedelta

from shouxin.ground.kernel.findings import Finding, Missing
from shouxin.stores.backup import queries
from shouxin.stores.ledger import queries as ledger

DRILL_DAYS = 30
_DRILL_KINDS = ("backup.drilled", *queries.COLLECTING)
_ESCROW_KINDS = ("backup.escrowed", "backup.restored", "vault.escrow_set", "vault.epoch_closed")


def drill_fresh(*, at: datetime) -> Finding:
    """The newest drill passed, at most 30 days ago, on a backup that is not older than the newest collected batch."""
    drills = queries.drills()
    missing = _drill_gaps(drills[0] if drills else None, at)
    return Finding(
        name="backup.drill_fresh",
        holds=not missing,
        value=not missing,
        missing=missing,
        height=ledger.height(),
        entries=(drills[0].entry,) if drills else (),
        kinds=_DRILL_KINDS,
    )


def escrow_apart(*, at: datetime) -> Finding:  # noqa: ARG001 - every check takes the instant
    """The escrow was checked, and every folder is now reachable, of the present keys, outside the home and the
    backups.
    """
    checked = ledger.newest("company", ("backup.escrowed",))
    folders = queries.escrows()
    missing = [Missing(code=_escrow_code(each), owner="privacy_officer") for each in folders if not each.apart]
    if not folders:
        missing.append(Missing(code="backup.no_escrow", owner="owner"))
    if checked < 0:
        missing.append(Missing(code="backup.escrow_unchecked", owner="privacy_officer"))
    return Finding(
        name="backup.escrow_apart",
        holds=not missing,
        value=not missing,
        missing=tuple(missing),
        height=ledger.height(),
        entries=(checked,) if checked >= 0 else (),
        kinds=_ESCROW_KINDS,
    )


def _drill_gaps(newest: queries.DrillView | None, at: datetime) -> tuple[Missing, ...]:
    if newest is None:
        return (Missing(code="backup.no_drill", owner="privacy_officer"),)
    gaps = []
    if not newest.passed:
        gaps.append(Missing(code="backup.drill_failed", facts={"copy": newest.copy}, owner="privacy_officer"))
    if at - newest.at > timedelta(days=DRILL_DAYS):
        gaps.append(Missing(code="backup.drill_old", facts={"days": DRILL_DAYS}, owner="privacy_officer"))
    tried = queries.copy(newest.copy)
    if tried is None or tried.height <= queries.newest_collected():
        gaps.append(Missing(code="backup.drill_before_data", facts={"copy": newest.copy}, owner="privacy_officer"))
    return tuple(gaps)


def _escrow_code(folder: queries.EscrowView) -> str:
    if not folder.outside:
        return "backup.escrow_not_apart"
    return "backup.escrow_behind" if folder.reachable else "backup.escrow_unreachable"
