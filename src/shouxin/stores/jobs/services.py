"""The writers of jobs.

1. One key is one work: `begin` makes it, or goes on where it stopped.
2. One process at a time: who begins holds a lease, and each step renews it. A lease ends by its time, or when its
   process has ended.
3. A step counts only with its data: `advance` is called inside the batch's transaction.
4. Who was cancelled, or lost the lease, learns it at the next step, and that batch does not happen.

    job = begin(kind="collect", key="collect:3", total=rows, by=by, at=at)
    for batch in batches_from(job.cursor):
        with transaction.atomic():
            ...
            job = advance(job=job, done=job.done + len(batch), cursor=batch.cursor, at=at)
    finish(job=job, result={"rows": job.done}, at=at)
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.times import check_instant
from shouxin.stores.jobs import presence, queries
from shouxin.stores.jobs.models import Job
from shouxin.stores.jobs.queries import JobView
from shouxin.stores.ledger import services as ledger

LEASE = timedelta(minutes=10)


@transaction.atomic
def begin(*, kind: str, key: str, total: int, by: str, at: datetime) -> JobView:
    """Begin the work of this key, or take it up where it stopped; done work comes back as it ended (`state == "done"`).

    Raises:
        Refusal("jobs.leased", until=…): a living process is at it; Refusal("jobs.kind"): the key is another kind's.
    """
    check_instant(at)
    owner = presence.announce(settings.SHOUXIN_HOME)
    row, is_new = Job.objects.select_for_update().get_or_create(
        key=key,
        defaults={
            "kind": kind,
            "total": total,
            "lease_owner": owner,
            "lease_until": at + LEASE,
            "by": by,
            "started_at": at,
            "updated_at": at,
        },
    )
    if row.kind != kind:
        raise Refusal("jobs.kind", key=key, kind=row.kind)
    if is_new or row.state == "done":
        return queries.view(row)
    _refuse_living_lease(row, owner, at)
    row.state, row.total, row.by = "running", total, by
    return _save(row, owner=owner, at=at)


def advance(*, job: JobView | str, done: int, cursor: Any, at: datetime) -> JobView:
    """Record how far the work came, inside the batch's transaction; renews the lease.

    Raises:
        Refusal("jobs.cancelled"), Refusal("jobs.leased"): another process took it over, Refusal("jobs.ended"),
        Refusal("jobs.backwards"): fewer done than before. RuntimeError: called outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a step is recorded inside the transaction of its batch")
    row = _own(job)
    if done < row.done:
        raise Refusal("jobs.backwards", key=row.key, done=row.done)
    row.done, row.cursor = done, cursor
    return _save(row, owner=row.lease_owner, at=at)


@transaction.atomic
def renew(*, job: JobView | str, at: datetime) -> JobView:
    """Hold the lease on, between two steps that lie far apart. Raises as `advance`."""
    row = _own(job)
    return _save(row, owner=row.lease_owner, at=at)


@transaction.atomic
def finish(*, job: JobView | str, result: Any, at: datetime) -> JobView:
    """The work is done; its key gives the result from now on. Raises as `advance`."""
    row = _own(job)
    row.state, row.result = "done", result
    return _save(row, owner=row.lease_owner, at=at)


@transaction.atomic
def fail(*, job: JobView | str, code: str, at: datetime) -> JobView:
    """The work stopped for a reason, told as a code; the same key takes it up again. Raises as `advance`."""
    row = _own(job)
    row.state, row.result = "failed", {"code": code}
    return _save(row, owner=row.lease_owner, at=at)


@transaction.atomic
def cancel(*, job: JobView | str, by: str, at: datetime) -> JobView:
    """Someone wants the work to stop: it stops at its next step, and what it did until then stays.

    Raises:
        Refusal("jobs.absent"), Refusal("jobs.ended"): it is not running.
    """
    row = _locked(job)
    if row.state != "running":
        raise Refusal("jobs.ended", key=row.key, state=row.state)
    row.state = "cancelled"
    facts = {"job": row.pk, "kind": row.kind, "done": row.done, "total": row.total}
    ledger.append(kind="jobs.cancelled", scope="company", at=at, by=by, facts=facts)
    row.save(update_fields=["state"])
    return queries.view(row)


def _own(job: JobView | str) -> Job:
    """The row, locked, running and leased to this process."""
    row = _locked(job)
    if row.state == "cancelled":
        raise Refusal("jobs.cancelled", key=row.key, done=row.done)
    if row.state != "running":
        raise Refusal("jobs.ended", key=row.key, state=row.state)
    if row.lease_owner != presence.announce(settings.SHOUXIN_HOME):
        raise Refusal("jobs.leased", key=row.key, until=row.lease_until.isoformat())
    return row


def _locked(job: JobView | str) -> Job:
    key = job if isinstance(job, str) else job.key
    row = Job.objects.select_for_update().filter(key=key).first()
    if row is None:
        raise Refusal("jobs.absent", key=key)
    return row


def _refuse_living_lease(row: Job, owner: str, at: datetime) -> None:
    if row.lease_owner == owner or not row.is_leased(at):
        return
    if not presence.is_gone(settings.SHOUXIN_HOME, row.lease_owner):
        raise Refusal("jobs.leased", key=row.key, until=row.lease_until.isoformat())


def _save(row: Job, *, owner: str, at: datetime) -> JobView:
    row.lease_owner, row.lease_until, row.updated_at = owner, at + LEASE, check_instant(at)
    row.save()
    return queries.view(row)
