"""What this duty can prove about notices. Reads only."""

from datetime import datetime

from shouxin.duties.notices import queries
from shouxin.ground.formats import papers
from shouxin.ground.kernel.findings import Finding, Missing
from shouxin.ground.rulebook.gates.codes import Notice
from shouxin.stores.ledger import queries as ledger

KINDS = (*queries.KINDS, "consent.recorded")


def text_complete(case: str, at: datetime) -> Finding:  # noqa: ARG001 - every check has this shape
    """The newest text in each language misses nothing (PIPL 17, 23, 30)."""
    newest = {each.language: each for each in queries.texts(case)}
    missing = [
        Missing(lack.code, {**lack.facts, "language": language}, owner=lack.owner)
        for language, each in sorted(newest.items())
        for lack in papers.missing_in(each.text)
    ]
    if "zh" not in newest:
        missing.append(Missing("notices.no_text", {"case": case, "language": "zh"}, owner="privacy_officer"))
    return _finding("text_complete", case, not missing, not missing, tuple(missing))


def reached_or_announced_share(case: str, at: datetime) -> Finding:
    """Everyone to be told was reached, sent a message that did not come back, or announced to; the value is the share.

    Nobody to tell is not everybody told: an empty scope does not hold.
    """
    found = queries.states(case, at)
    total = len(found.customer)
    told = int(sum((found.notice == state).sum() for state in (Notice.SENT, Notice.REACHED, Notice.ANNOUNCED)))
    share = told / total if total else 0.0
    missing = _reasons(case, at) if told < total else ()
    if not total:
        missing = (Missing("notices.nobody_to_tell", {"case": case}, owner="owner"),)
    return _finding("reached_or_announced_share", case, total > 0 and told == total, share, missing)


def nobody_unreachable(case: str, at: datetime) -> Finding:
    """Nobody is left whom neither a channel nor an announcement reached; the value is how many are."""
    found = queries.states(case, at)
    count = int((found.notice == Notice.UNREACHABLE).sum())
    missing = (Missing("notices.unreachable", {"count": count}, owner="clerk"),) if count else ()
    return _finding("nobody_unreachable", case, count == 0 and len(found.customer) > 0, count, missing)


def _reasons(case: str, at: datetime) -> tuple[Missing, ...]:
    return tuple(
        Missing(f"notices.{reason}", {"count": count}, owner="clerk")
        for reason, count in sorted(queries.missing(case, at).items())
    )


def _finding(name: str, case: str, holds: bool, value: float | bool, missing: tuple[Missing, ...]) -> Finding:
    scope = f"case:{case}"
    seen = [ledger.newest([scope], [kind]) for kind in KINDS]
    return Finding(
        name=f"notices.{name}",
        holds=holds,
        value=value,
        missing=missing,
        height=ledger.height(),
        entries=tuple(seq for seq in seen if seq >= 0),
        kinds=KINDS,
    )
