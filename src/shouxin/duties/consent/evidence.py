"""What this duty can prove about answers. Reads only."""

from datetime import datetime

from shouxin.duties.consent import queries
from shouxin.duties.consent.models import Window
from shouxin.ground.kernel.findings import Finding, Missing
from shouxin.ground.kernel.times import day_in_china
from shouxin.stores.ledger import queries as ledger


def answer_window_over(case: str, at: datetime) -> Finding:
    """The time in which customers may agree has run out; before it, silence is not yet an answer (PIPL 14, 23)."""
    row = Window.objects.filter(case=case).first()
    over = row is not None and row.is_over(at)
    missing: tuple[Missing, ...] = ()
    if row is None:
        missing = (Missing("consent.not_asked", {"case": case}, owner="owner"),)
    elif not over:
        due = day_in_china(row.cut_off).isoformat()
        missing = (Missing("consent.window_open", {"until": due}, owner="customer", due=due),)
    return _finding("answer_window_over", case, over, over, missing)


def answers_recorded(case: str, at: datetime) -> Finding:
    """Answers stand on record, each with who, how and proof; an agreement with a defect is named, not counted."""
    counts = queries.counts(case, at)
    total = sum(number for name, number in counts.items() if name != "agree_defective")
    missing = []
    if not total:
        missing.append(Missing("consent.no_answers", {"case": case}, owner="clerk"))
    if counts["agree_defective"]:
        missing.append(Missing("consent.defective", {"count": counts["agree_defective"]}, owner="clerk"))
    return _finding("answers_recorded", case, total > 0, total, tuple(missing))


def _finding(name: str, case: str, holds: bool, value: int | bool, missing: tuple[Missing, ...]) -> Finding:
    scope = f"case:{case}"
    seen = [ledger.newest([scope], [kind]) for kind in queries.KINDS]
    return Finding(
        name=f"consent.{name}",
        holds=holds,
        value=value,
        missing=missing,
        height=ledger.height(),
        entries=tuple(seq for seq in seen if seq >= 0),
        kinds=queries.KINDS,
    )
