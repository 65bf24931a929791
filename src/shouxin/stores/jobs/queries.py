"""What one can ask about long work."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.jobs.models import Job


@dataclass(frozen=True)
class JobView:
    """One work: how far it came, where to go on (`cursor`), what came of it (`result`; `{"code"}` when it failed)."""

    id: int
    kind: str
    key: str
    state: str
    total: int
    done: int
    cursor: Any
    result: Any
    by: str
    started_at: datetime
    updated_at: datetime
    lease_until: datetime

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return self.state == "done"


def job(key: str) -> JobView:
    """The work of this key. Raises Refusal("jobs.absent")."""
    row = Job.objects.filter(key=key).first()
    if row is None:
        raise Refusal("jobs.absent", key=key)
    return view(row)


def running() -> list[JobView]:
    """The work that has begun and neither ended nor was stopped, oldest first."""
    return [view(row) for row in Job.objects.filter(state="running").order_by("id")]


def all_of(kind: str) -> list[JobView]:
    """Every work of one kind, oldest first."""
    return [view(row) for row in Job.objects.filter(kind=kind).order_by("id")]


def view(row: Job) -> JobView:
    """The row as a value."""
    return JobView(
        id=row.pk,
        kind=row.kind,
        key=row.key,
        state=row.state,
        total=row.total,
        done=row.done,
        cursor=row.cursor,
        result=row.result,
        by=row.by,
        started_at=row.started_at,
        updated_at=row.updated_at,
        lease_until=row.lease_until,
    )
