"""Background work: one table, claimed by one conditional UPDATE with a lease.

A job is enqueued in the caller's own transaction. A worker claims it with a lease, renews the lease while it runs, and
only the lease's owner finishes it: a worker killed with -9 loses its lease, and another one runs the job again.
Handlers are therefore written to run twice. A failure backs off and ends dead, where the administrator can retry it.
"""

import threading
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import Index, String, and_, delete, func, or_, select, text, update
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from meetingcheck.lib.db import Base, db, enum_type, insert_if_new, write_transaction
from meetingcheck.lib.logs import log, log_error
from meetingcheck.lib.registries import JobHandler, JobKind, registries_of
from meetingcheck.lib.services import services_of

LANES = ("alerts", "photos", "bulk")
LEASE = timedelta(seconds=60)
HEARTBEAT_S = 15.0
POLL_S = 1.0
FIRST_RETRY = timedelta(seconds=15)
LONGEST_RETRY = timedelta(hours=1)
KEEP_FINISHED = timedelta(days=14)
CHANNEL = "meetingcheck_jobs"


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"


class Job(Base):
    """One piece of work. `unique_key` makes enqueuing idempotent; `lease` names the worker's claim on a running job."""

    __tablename__ = "job"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(64))
    lane: Mapped[str] = mapped_column(String(16))
    params: Mapped[dict[str, Any]]
    unique_key: Mapped[str | None] = mapped_column(String(200), unique=True)
    state: Mapped[JobState] = mapped_column(enum_type(JobState))
    run_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    lease: Mapped[uuid.UUID | None]
    lease_until: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_job_due",
            "lane",
            "run_at",
            sqlite_where=text("state IN ('queued', 'running')"),
            postgresql_where=text("state IN ('queued', 'running')"),
        ),
        Index("ix_job_finished", "state", "finished_at"),
    )


def enqueue(
    session: Session,
    kind: JobKind,
    params: dict[str, Any],
    now: datetime,
    *,
    unique_key: str | None = None,
    run_at: datetime | None = None,
) -> bool:
    """Add a job inside the caller's transaction; False when `unique_key` says that it is there already."""
    added = insert_if_new(
        session,
        Job,
        {
            "id": uuid.uuid4(),
            "kind": kind.name,
            "lane": kind.lane,
            "params": params,
            "unique_key": unique_key,
            "state": JobState.QUEUED,
            "run_at": run_at or now,
            "attempts": 0,
            "created_at": now,
        },
    )
    if added and session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"NOTIFY {CHANNEL}"))  # delivered by PostgreSQL when the transaction commits
    return added


def claim(session: Session, lane: str, now: datetime) -> Job | None:
    """Take the next due job of a lane, or one whose worker's lease ran out. None when nothing is due."""
    other = aliased(Job)
    due = or_(
        and_(other.state == JobState.QUEUED, other.run_at <= now),
        and_(other.state == JobState.RUNNING, other.lease_until < now),
    )
    next_id = (
        select(other.id)
        .where(other.lane == lane, due)
        .order_by(other.run_at, other.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    return session.scalars(
        update(Job)
        .where(Job.id == next_id)
        .values(state=JobState.RUNNING, lease=uuid.uuid4(), lease_until=now + LEASE, attempts=Job.attempts + 1)
        .returning(Job)
        .execution_options(synchronize_session=False)
    ).one_or_none()


def renew(session: Session, job_id: uuid.UUID, lease: uuid.UUID, now: datetime) -> bool:
    """Keep the claim on a running job; False when the lease was lost to another worker."""
    return _change_leased(session, job_id, lease, lease_until=now + LEASE)


def finish(session: Session, job_id: uuid.UUID, lease: uuid.UUID, now: datetime) -> bool:
    """Mark a job done; False when the lease was lost to another worker, who will finish it."""
    return _change_leased(session, job_id, lease, state=JobState.DONE, lease=None, finished_at=now, error=None)


def fail(session: Session, job: Job, handler: JobHandler | None, error: str, now: datetime) -> bool:
    """Put the error on record and try again later, or give up after the handler's attempts."""
    assert job.lease is not None
    if handler is None or job.attempts >= handler.kind.max_attempts:
        return _change_leased(session, job.id, job.lease, state=JobState.DEAD, lease=None, finished_at=now, error=error)
    return _change_leased(
        session,
        job.id,
        job.lease,
        state=JobState.QUEUED,
        lease=None,
        run_at=now + retry_delay(job.attempts),
        error=error,
    )


def retry_delay(attempts: int) -> timedelta:
    """How long to wait after that many attempts: 15 s, 30 s, 1 min, ... at most an hour."""
    doublings = min(max(attempts - 1, 0), 16)
    return min(FIRST_RETRY * (1 << doublings), LONGEST_RETRY)


def retry_dead(session: Session, job_id: uuid.UUID, now: datetime) -> bool:
    """Give a dead job a fresh start; False when it is not dead (any more)."""
    changed = session.execute(
        update(Job)
        .where(Job.id == job_id, Job.state == JobState.DEAD)
        .values(state=JobState.QUEUED, attempts=0, run_at=now, finished_at=None)
        .returning(Job.id)
    )
    return changed.first() is not None


def hurry(session: Session, kind: JobKind, now: datetime) -> None:
    """Let the waiting jobs of a kind run now, also those that wait after a failure."""
    session.execute(
        update(Job).where(Job.kind == kind.name, Job.state == JobState.QUEUED, Job.run_at > now).values(run_at=now)
    )


def list_dead(session: Session) -> list[Job]:
    return list(
        session.scalars(select(Job).where(Job.state == JobState.DEAD).order_by(Job.finished_at.desc()).limit(200))
    )


def oldest_due(session: Session, now: datetime) -> datetime | None:
    """Since when the longest waiting due job has been waiting; None when none waits."""
    return session.scalar(select(func.min(Job.run_at)).where(Job.state == JobState.QUEUED, Job.run_at <= now))


def count_by_state(session: Session) -> dict[tuple[str, str], int]:
    """Number of jobs by (lane, state)."""
    rows = session.execute(select(Job.lane, Job.state, func.count()).group_by(Job.lane, Job.state))
    return {(lane, state.value): count for lane, state, count in rows}


def delete_finished(session: Session, now: datetime) -> None:
    """Forget jobs done more than 14 days ago; dead ones stay until someone looks."""
    session.execute(delete(Job).where(Job.state == JobState.DONE, Job.finished_at < now - KEEP_FINISHED))


def _change_leased(session: Session, job_id: uuid.UUID, lease_held: uuid.UUID, **values: Any) -> bool:
    changed = session.execute(
        update(Job)
        .where(Job.id == job_id, Job.lease == lease_held, Job.state == JobState.RUNNING)
        .values(**values)
        .returning(Job.id)
    )
    return changed.first() is not None


class Worker:
    """Runs the jobs of one lane in one application."""

    def __init__(self, app: Flask, lane: str) -> None:
        self._app = app
        self._lane = lane
        self._handlers = registries_of(app).job_handlers
        self._clock = services_of(app).clock

    def run_due(self) -> int:
        """Run everything that is due now; the number of jobs run, failed ones included."""
        ran = 0
        while self.run_one():
            ran += 1
        return ran

    def run_one(self) -> bool:
        """Claim and run one job; False when none is due."""
        with self._app.app_context():
            with write_transaction() as session:
                job = claim(session, self._lane, self._clock())
            if job is None:
                return False
            self._run(job)
            return True

    def plan_periodic(self) -> None:
        """Enqueue this slot's periodic work; the unique (kind, slot) makes it once however many workers plan it."""
        now = self._clock()
        with self._app.app_context(), write_transaction() as session:
            for name, handler in self._handlers.items():
                kind = handler.kind
                if kind.lane == self._lane and kind.every is not None:
                    slot = int(now.timestamp() // kind.every.total_seconds())
                    enqueue(session, kind, {}, now, unique_key=f"{name}@{slot}")

    def _run(self, job: Job) -> None:
        assert job.lease is not None
        handler = self._handlers.find(job.kind)
        try:
            if handler is None:
                raise LookupError("no handler for this kind of job")
            with _Heartbeat(self._app, job.id, job.lease, self._clock):
                handler.run(job.params, self._clock())
        except Exception as error:
            db.session.close()
            log_error("job failed", error, kind=job.kind, job=str(job.id), attempt=job.attempts)
            with write_transaction() as session:
                fail(session, job, handler, describe(error), self._clock())
            return
        with write_transaction() as session:
            kept = finish(session, job.id, job.lease, self._clock())
        log("job done" if kept else "job lease lost", kind=job.kind, job=str(job.id))

    def run_until(self, stop: threading.Event) -> None:
        """Run jobs as they fall due until `stop` is set. An outage of the database is survived."""
        wake = _Wake(self._app)
        last_plan: datetime | None = None
        while not stop.is_set():
            try:
                now = self._clock()
                if last_plan is None or not timedelta() <= now - last_plan < timedelta(minutes=1):
                    self.plan_periodic()
                    last_plan = now
                if self.run_due() == 0:
                    wake.wait(stop)
            except Exception as error:
                log_error("worker cannot work", error, lane=self._lane)
                stop.wait(POLL_S * 5)
        wake.close()


def describe(error: Exception) -> str:
    """What is kept of an error: its type and, from our own errors, the short text without personal data."""
    name = type(error).__name__
    own = type(error).__module__.startswith("meetingcheck.")
    return f"{name}: {error}"[:200] if own else name


class _Heartbeat:
    """Renews a lease while the job runs, from a thread of its own."""

    def __init__(self, app: Flask, job_id: uuid.UUID, lease: uuid.UUID, clock: Callable[[], datetime]) -> None:
        self._app, self._job_id, self._lease, self._clock = app, job_id, lease, clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._stop.wait(HEARTBEAT_S):
            try:
                with self._app.app_context(), write_transaction() as session:
                    if not renew(session, self._job_id, self._lease, self._clock()):
                        return
            except Exception as error:
                log_error("heartbeat failed", error, job=str(self._job_id))


class _Wake:
    """Waits for work: woken by NOTIFY on PostgreSQL, by polling on SQLite."""

    def __init__(self, app: Flask) -> None:
        url = services_of(app).settings.database_url
        self._address = url.replace("postgresql+psycopg://", "postgresql://") if url.startswith("postgresql") else None
        self._connection: psycopg.Connection[Any] | None = None

    def wait(self, stop: threading.Event) -> None:
        if self._address is None:
            stop.wait(POLL_S)
            return
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._address, autocommit=True, connect_timeout=5)
            self._connection.execute(f"LISTEN {CHANNEL}")
        for _ in self._connection.notifies(timeout=POLL_S, stop_after=1):
            break

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
