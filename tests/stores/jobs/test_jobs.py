"""Long work goes on where it stopped, is done by one process at a time, and stops when it is told to."""

import os
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.db import transaction

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.signing import signer
from shouxin.stores.jobs import presence, queries, services
from shouxin.stores.jobs.models import Job
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.ledger import services as ledger_services

HOLDER = """
import sys, pathlib
from shouxin.stores.jobs import presence
print(presence.announce(pathlib.Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def begin(db, home, at):
    """Begin the work `collect:3`."""

    def begin(**changed):
        return services.begin(
            **{"kind": "collect", "key": "collect:3", "total": 90, "by": "system", "at": at, **changed}
        )

    return begin


@pytest.fixture
def other_process(home):
    """A living process that has announced itself, and its name as an owner."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": "src"},
    ) as process:
        yield process, process.stdout.readline().strip()
        process.kill()


def _code(act, **given):
    with pytest.raises(Refusal) as refusal:
        act(**given)
    return refusal.value.code


def _take_over(owner):
    Job.objects.update(lease_owner=owner)


def test_work_is_done_in_steps_and_its_key_gives_the_result(begin, at):
    job = begin()
    assert (job.state, job.done, job.total, job.cursor, job.is_done) == ("running", 0, 90, None, False)
    for step in (1, 2, 3):
        with transaction.atomic():
            job = services.advance(job=job, done=step * 30, cursor={"row": step * 30}, at=at + timedelta(minutes=step))
    assert queries.running() == [job] == queries.all_of("collect")
    assert job.lease_until == at + timedelta(minutes=3) + services.LEASE
    done = services.finish(job=job, result={"rows": 90}, at=at)
    assert (done.state, done.result, done.cursor, done.is_done) == ("done", {"rows": 90}, {"row": 90}, True)
    assert queries.running() == []
    again = begin(at=at + timedelta(days=9))
    assert again == done == queries.job("collect:3")


def test_a_step_and_its_data_are_both_there_or_neither(begin, at):
    job = begin()
    with transaction.atomic():
        services.advance(job=job, done=30, cursor=[30], at=at)
        transaction.set_rollback(True)
    assert (queries.job("collect:3").done, queries.job("collect:3").cursor) == (0, None)


def test_it_is_a_mistake_to_advance_outside_a_transaction(at):
    with pytest.raises(RuntimeError):
        services.advance(job="collect:3", done=1, cursor=None, at=at)


def test_the_same_key_goes_on_where_it_stopped(begin, at):
    services.advance(job=begin(), done=30, cursor={"row": 30}, at=at)
    resumed = begin(at=at + timedelta(minutes=1), by="staff:a", total=91)
    assert (resumed.done, resumed.cursor, resumed.total, resumed.by) == (30, {"row": 30}, 91, "staff:a")
    assert Job.objects.count() == 1
    services.fail(job=resumed, code="source.unreadable", at=at)
    failed = queries.job("collect:3")
    assert (failed.state, failed.result, failed.done) == ("failed", {"code": "source.unreadable"}, 30)
    assert begin().state == "running"
    assert begin().cursor == {"row": 30}


def test_a_key_is_one_kinds(begin):
    begin()
    assert _code(begin, kind="notices") == "jobs.kind"
    assert _code(queries.job, key="unknown") == "jobs.absent"


def test_a_living_process_is_not_disturbed_until_its_lease_is_over(begin, home, at, other_process):
    begin()
    _take_over(other_process[1])
    with pytest.raises(Refusal) as refusal:
        begin(at=at + services.LEASE - timedelta(seconds=1))
    assert refusal.value.code == "jobs.leased"
    assert refusal.value.facts["until"] == (at + services.LEASE).isoformat()
    assert begin(at=at + services.LEASE).state == "running"
    assert Job.objects.get().lease_owner == presence.announce(home)


def test_a_killed_process_loses_its_work_at_once_even_on_a_clock_that_stands(begin, home, at, other_process):
    process, owner = other_process
    begin()
    services.advance(job="collect:3", done=30, cursor={"row": 30}, at=at)
    _take_over(owner)
    assert _code(begin) == "jobs.leased"
    process.kill()
    process.wait()
    _wait_until(lambda: presence.is_gone(home, owner))
    assert begin().cursor == {"row": 30}


def test_of_another_machine_only_the_time_counts(begin, at):
    begin()
    _take_over("another-machine/1")
    assert _code(begin) == "jobs.leased"
    assert begin(at=at + services.LEASE).state == "running"


def test_who_lost_the_lease_learns_it_at_the_next_step(begin, at):
    job = begin()
    _take_over("another-machine/1")
    for act in (services.renew, services.finish, services.fail, services.advance):
        given = {
            services.renew: {},
            services.finish: {"result": None},
            services.fail: {"code": "x"},
            services.advance: {"done": 1, "cursor": None},
        }[act]
        assert _code(act, job=job, at=at, **given) == "jobs.leased"
    assert queries.job("collect:3").done == 0


def test_a_lease_is_held_on_between_far_steps(begin, at):
    renewed = services.renew(job=begin(), at=at + timedelta(minutes=9))
    assert renewed.lease_until == at + timedelta(minutes=9) + services.LEASE


def test_done_never_shrinks(begin, at):
    job = services.advance(job=begin(), done=30, cursor=None, at=at)
    assert _code(services.advance, job=job, done=29, cursor=None, at=at) == "jobs.backwards"


def test_cancelled_work_stops_at_its_next_step_and_can_be_taken_up_again(begin, at):
    ledger_services.found(
        origin="simulated.a.example", simulated=True, company="x", signer=signer(bytes(32), "x"), at=at
    )
    job = services.advance(job=begin(), done=30, cursor={"row": 30}, at=at)
    services.cancel(job=job, by="staff:a", at=at)
    [entry] = ledger.entries(kinds=["jobs.cancelled"])
    assert (entry.by, entry.facts) == ("staff:a", {"job": job.id, "kind": "collect", "done": 30, "total": 90})
    with pytest.raises(Refusal) as refusal:
        services.advance(job=job, done=60, cursor={"row": 60}, at=at)
    assert (refusal.value.code, refusal.value.facts["done"]) == ("jobs.cancelled", 30)
    assert _code(services.cancel, job=job, by="staff:a", at=at) == "jobs.ended"
    assert queries.running() == []
    assert begin().cursor == {"row": 30}


def test_ended_work_takes_no_step(begin, at):
    job = begin()
    services.finish(job=job, result=None, at=at)
    assert _code(services.advance, job=job, done=1, cursor=None, at=at) == "jobs.ended"
    assert _code(services.cancel, job=job, by="system", at=at) == "jobs.ended"
    assert _code(services.cancel, job="unknown", by="system", at=at) == "jobs.absent"


def test_presence_tells_the_living_from_the_gone(home, other_process):
    process, owner = other_process
    own = presence.announce(home)
    assert presence.announce(home) == own
    assert not presence.is_gone(home, own)
    assert not presence.is_gone(home, owner)
    assert not presence.is_gone(home, "another-machine/1")
    assert presence.is_gone(home, own.rpartition("/")[0] + "/999999999")
    process.kill()
    process.wait()
    _wait_until(lambda: presence.is_gone(home, owner))


def test_a_process_that_ends_by_itself_leaves_no_lock_behind(home, other_process):
    process, owner = other_process
    assert len(list((home / "locks").iterdir())) == 1
    process.stdin.close()
    assert process.wait() == 0
    assert list((home / "locks").iterdir()) == []
    assert presence.is_gone(home, owner)


def _wait_until(holds):
    for _ in range(200):
        if holds():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come true")
