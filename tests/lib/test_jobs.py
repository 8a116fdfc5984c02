"""Background work: in the caller's transaction, claimed once, survived by leases, ended visibly."""

import threading
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.jobs import (
    KEEP_FINISHED,
    LEASE,
    LONGEST_RETRY,
    Job,
    JobState,
    Worker,
    claim,
    delete_finished,
    enqueue,
    finish,
    renew,
    retry_dead,
    retry_delay,
)
from meetingcheck.lib.registries import JobHandler, JobKind, registries_of
from tests.clock import SetClock

KIND = JobKind("tests.note", lane="bulk", max_attempts=3)


class Notes:
    """A handler that notes what it was given, and fails when told to."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.failing = False

    def __call__(self, params: dict[str, Any], _now: datetime) -> None:
        self.seen.append(params["n"])
        if self.failing:
            raise RuntimeError("a secret that somebody typed")


@pytest.fixture
def notes(app: Flask) -> Notes:
    handler = Notes()
    registries_of(app).job_handlers.add(KIND.name, JobHandler(KIND, handler))
    return handler


def add(app: Flask, clock: SetClock, n: int = 1, **options: Any) -> bool:
    with app.app_context(), write_transaction() as session:
        return enqueue(session, KIND, {"n": n}, clock(), **options)


def only_job(app: Flask) -> Job:
    with app.app_context(), read_transaction() as session:
        return session.scalars(select(Job).where(Job.kind == KIND.name)).one()


def test_a_job_stands_or_falls_with_its_transaction(app: Flask, clock: SetClock, notes: Notes) -> None:
    def enqueue_and_fail(session: Session) -> None:
        enqueue(session, KIND, {"n": 1}, clock())
        raise ZeroDivisionError

    with app.app_context(), pytest.raises(ZeroDivisionError), write_transaction() as session:
        enqueue_and_fail(session)
    Worker(app, "bulk").run_due()
    assert notes.seen == []


def test_a_unique_key_makes_it_once(app: Flask, clock: SetClock, notes: Notes) -> None:
    assert add(app, clock, 1, unique_key="k")
    assert not add(app, clock, 2, unique_key="k")
    Worker(app, "bulk").run_due()
    assert notes.seen == [1]
    assert not add(app, clock, 3, unique_key="k"), "a finished job still holds its key"


def test_it_waits_until_it_is_due(app: Flask, clock: SetClock, notes: Notes) -> None:
    add(app, clock, run_at=clock() + timedelta(hours=1))
    Worker(app, "bulk").run_due()
    assert notes.seen == []
    clock.advance(hours=1)
    Worker(app, "bulk").run_due()
    assert notes.seen == [1]


def test_lanes_do_not_mix(app: Flask, clock: SetClock, notes: Notes) -> None:
    add(app, clock)
    assert Worker(app, "alerts").run_due() == 0
    assert Worker(app, "bulk").run_due() == 1


def test_many_claimers_get_different_jobs(app: Flask, clock: SetClock, notes: Notes) -> None:
    for number in range(20):
        add(app, clock, number)
    threads = [threading.Thread(target=Worker(app, "bulk").run_due) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(notes.seen) == list(range(20))


def test_a_lost_lease_is_taken_over_and_cannot_finish_the_job(app: Flask, clock: SetClock, notes: Notes) -> None:
    """What a worker killed with -9 leaves behind: a running job whose lease runs out."""
    add(app, clock)
    with app.app_context():
        with write_transaction() as session:
            dead_worker_s = claim(session, "bulk", clock())
            assert dead_worker_s is not None
            assert claim(session, "bulk", clock()) is None
        clock.advance(seconds=LEASE.total_seconds() + 1)
        Worker(app, "bulk").run_due()
        assert notes.seen == [1]
        with write_transaction() as session:
            assert not finish(session, dead_worker_s.id, dead_worker_s.lease or uuid.uuid4(), clock())
    assert only_job(app).state == JobState.DONE
    assert only_job(app).attempts == 2


def test_a_renewed_lease_is_not_taken_over(app: Flask, clock: SetClock, notes: Notes) -> None:
    add(app, clock)
    with app.app_context(), write_transaction() as session:
        job = claim(session, "bulk", clock())
        assert job is not None
        assert job.lease is not None
        clock.advance(seconds=LEASE.total_seconds() - 1)
        assert renew(session, job.id, job.lease, clock())
        clock.advance(seconds=2)
        assert claim(session, "bulk", clock()) is None


def test_a_failure_backs_off_ends_dead_and_can_be_tried_again(app: Flask, clock: SetClock, notes: Notes) -> None:
    notes.failing = True
    add(app, clock)
    for attempt in range(1, KIND.max_attempts + 1):
        Worker(app, "bulk").run_due()
        assert len(notes.seen) == attempt, "it does not run again before its time"
        clock.advance(seconds=retry_delay(attempt).total_seconds())
    dead = only_job(app)
    assert dead.state == JobState.DEAD
    assert dead.error == "RuntimeError", "what somebody typed is not kept"
    clock.advance(days=30)
    Worker(app, "bulk").run_due()
    assert len(notes.seen) == KIND.max_attempts
    notes.failing = False
    with app.app_context(), write_transaction() as session:
        assert retry_dead(session, dead.id, clock())
        assert not retry_dead(session, dead.id, clock())
    Worker(app, "bulk").run_due()
    assert only_job(app).state == JobState.DONE


def test_a_failing_job_does_not_stop_the_others(app: Flask, clock: SetClock, notes: Notes) -> None:
    unknown = JobKind("tests.unknown", lane="bulk", max_attempts=1)
    with app.app_context(), write_transaction() as session:
        enqueue(session, unknown, {}, clock() - timedelta(hours=1))
    add(app, clock)
    Worker(app, "bulk").run_due()
    assert notes.seen == [1]


def test_the_wait_between_tries_grows_to_an_hour() -> None:
    delays = [retry_delay(attempt) for attempt in range(1, 40)]
    assert delays == sorted(delays)
    assert delays[0] == timedelta(seconds=15)
    assert delays[-1] == LONGEST_RETRY


def test_periodic_work_is_planned_once_a_slot(app: Flask, clock: SetClock) -> None:
    periodic = JobKind("tests.periodic", lane="bulk", every=timedelta(minutes=5))
    ran = []
    registries_of(app).job_handlers.add(periodic.name, JobHandler(periodic, lambda _params, now: ran.append(now)))
    workers = [Worker(app, "bulk") for _ in range(3)]
    for _ in range(3):
        for worker in workers:
            worker.plan_periodic()
            worker.run_due()
        clock.advance(minutes=5)
    assert len(ran) == 3


def test_finished_jobs_are_forgotten_and_dead_ones_kept(app: Flask, clock: SetClock, notes: Notes) -> None:
    add(app, clock, 1)
    Worker(app, "bulk").run_due()
    notes.failing = True
    add(app, clock, 2)
    for _ in range(KIND.max_attempts):
        Worker(app, "bulk").run_due()
        clock.advance(hours=1)
    clock.advance(seconds=KEEP_FINISHED.total_seconds())
    with app.app_context(), write_transaction() as session:
        delete_finished(session, clock())
    assert only_job(app).state == JobState.DEAD
