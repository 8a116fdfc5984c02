"""What decides each obligation, read from the tables, and bringing rows to what follows from it. Callers commit."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from meetingcheck.duties.models import ExceptionState, MissedEvent, Obligation, PeriodException
from meetingcheck.duties.queries import cells_with_dates
from meetingcheck.duties.rules import Basis, Standing, Terms, parse_period, terms_of
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.jobs import enqueue
from meetingcheck.lib.registries import JobKind
from meetingcheck.orgs.models import Unit, UnitScope
from meetingcheck.record.actions import Fact, append

# Misses that no longer count; who was alerted of them is told by a higher feature.
MISSES_LIFTED = JobKind("duties.misses_lifted", lane="alerts")


MAKING_AND_DECIDING = 7_411_630_208_915_530_240  # the key of an advisory lock, any number that nothing else uses


def lock_duties(session: Session) -> None:
    """Let only one transaction at a time make obligations or change what decides many of them, before it locks any.

    Else rows that are just being made would not hear of what is just being decided. SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(MAKING_AND_DECIDING)))


def bases_of(session: Session, obligations: Sequence[Obligation]) -> dict[uuid.UUID, Basis]:
    """All that decides each of the obligations; four queries, whatever their number."""
    unit_ids = {one.unit_id for one in obligations}
    cells = cells_with_dates(session, unit_ids)
    standing = standing_exceptions(session, unit_ids, {one.period for one in obligations})
    return {
        one.id: Basis(
            period=parse_period(one.period),
            usual_on=one.usual_on,
            report_days=one.report_days,
            planned_on=one.planned_on,
            exceptions=standing.of(one.unit_id, one.period, one.series),
            cell=cells[one.unit_id].dates,
        )
        for one in obligations
    }


class StandingExceptions:
    """Approved exceptions by the cell and the period that they cover."""

    def __init__(self) -> None:
        self._found: dict[tuple[uuid.UUID, str], list[tuple[str | None, Standing]]] = {}

    def add(self, unit_id: uuid.UUID, period: str, series: str | None, standing: Standing) -> None:
        self._found.setdefault((unit_id, period), []).append((series, standing))

    def of(self, unit_id: uuid.UUID, period: str, series: str) -> tuple[Standing, ...]:
        found = self._found.get((unit_id, period), [])
        return tuple(standing for of_series, standing in found if of_series in {None, series})


def standing_exceptions(session: Session, unit_ids: Iterable[uuid.UUID], periods: Iterable[str]) -> StandingExceptions:
    """The approved exceptions that cover these cells in these periods, with the steps that they were set above."""
    rows = session.execute(
        select(PeriodException, UnitScope, Unit.founded_on)
        .join(UnitScope, UnitScope.ancestor == PeriodException.unit_id)
        .join(Unit, Unit.id == UnitScope.descendant)
        .where(
            PeriodException.state == ExceptionState.APPROVED,
            PeriodException.period.in_(list(periods)),
            UnitScope.descendant.in_(list(unit_ids)),
        )
    )
    found = StandingExceptions()
    for one, scope, founded_on in rows:
        if one.decided_at is not None and _covers(scope, founded_on, local_day(one.decided_at)):
            standing = Standing(scope.depth, one.decided_at, one.moved_to)
            found.add(scope.descendant, one.period, one.series, standing)
    return found


def _covers(scope: UnitScope, founded_on: date, decided_on: date) -> bool:
    """An exception covers the cells that stood below its unit when it was decided, and those founded there later.

    So a cell that is transferred afterwards keeps what was decided for it, and a former superior changes nothing.
    """
    below = scope.to_on is None or scope.to_on > decided_on
    return below and (scope.from_on <= decided_on or scope.from_on == founded_on)


def settle(session: Session, obligations: Sequence[Obligation], now: datetime) -> list[Obligation]:
    """Bring obligations, which the caller holds locked, to what decides them; those that changed.

    What was reported keeps the instants that it was judged by: exceptions, plans and policies change only what still
    waits for a report, or was never judged because it did not count.
    """
    _take_over_reports(session, obligations)
    waiting = [one for one in obligations if one.reported_at is None or one.excepted_at is not None]
    bases = bases_of(session, waiting) if waiting else {}
    events = _events_of(session, [one.id for one in waiting])
    lifted, changed = [], []
    for one in waiting:
        before = _stored(one), one.missed_at
        counted = one.missed_at is not None and one.excepted_at is None
        _store(one, terms_of(bases[one.id]))
        one.missed_at = min((at for at in events.get(one.id, []) if at >= one.closes_at), default=None)
        if before != (_stored(one), one.missed_at):
            changed.append(one)
        if counted and (one.missed_at is None or one.excepted_at is not None):
            lifted.append(str(one.id))
    session.flush()
    lapse_asked(session, obligations, now)
    if lifted:
        enqueue(session, MISSES_LIFTED, {"obligations": lifted}, now)
    return changed


def lapse_asked(session: Session, obligations: Iterable[Obligation], now: datetime) -> None:
    """What a cell asked about periods that are reported by now, or count no more, needs no answer."""
    moot = [(one.unit_id, one.series, one.period) for one in obligations if one.reported_at or one.excepted_at]
    if not moot:
        return
    found = session.scalars(
        select(PeriodException)
        .where(
            PeriodException.state == ExceptionState.ASKED,
            tuple_(PeriodException.unit_id, PeriodException.series, PeriodException.period).in_(moot),
        )
        .with_for_update(skip_locked=True)  # one that is being decided at this moment is decided
    )
    for exception in found.all():
        exception.state = ExceptionState.WITHDRAWN
        append(session, now, Fact("exception_lapsed", "period_exception", exception.id))
    session.flush()


def _stored(one: Obligation) -> tuple[object, ...]:
    return one.opens_at, one.due_at, one.closes_at, one.moved_on, one.excepted_at


def _store(one: Obligation, terms: Terms) -> None:
    window = terms.window
    one.opens_at, one.due_at, one.closes_at = window.opens_at, window.due_at, window.closes_at
    one.moved_on, one.excepted_at = terms.moved_on, terms.excepted_at


def _events_of(session: Session, obligation_ids: list[uuid.UUID]) -> dict[uuid.UUID, list[datetime]]:
    """When each of the periods closed without a report."""
    found: dict[uuid.UUID, list[datetime]] = {}
    rows = session.execute(
        select(MissedEvent.obligation_id, MissedEvent.at).where(MissedEvent.obligation_id.in_(obligation_ids))
    )
    for obligation_id, at in rows:
        found.setdefault(obligation_id, []).append(at)
    return found


def _take_over_reports(session: Session, obligations: Sequence[Obligation]) -> None:
    """From the period of a merger on a predecessor's report, the earliest of them, is its successor's as well.

    An own report goes before; when the predecessor's turns out to be void, the successor owes one again.
    """
    open_to = [one for one in obligations if one.reported_at is None or one.satisfied_by is not None]
    reports = _predecessors_reports(session, open_to)
    for one in open_to:
        report = reports.get((one.unit_id, one.series, one.period))
        one.satisfied_by = report.id if report else None
        one.reported_at = report.reported_at if report else None


def _predecessors_reports(
    session: Session, obligations: Sequence[Obligation]
) -> dict[tuple[uuid.UUID, str, str], Obligation]:
    """By successor, series and period: the reported obligation of a unit that was merged into it in that period, or
    before: a merger may be put on record when the next reports have come already."""
    rows = session.execute(
        select(Obligation, Unit)
        .join(Unit, Unit.id == Obligation.unit_id)
        .where(
            Unit.successor_id.in_({one.unit_id for one in obligations}),
            Obligation.period.in_({one.period for one in obligations}),
            Obligation.reported_at.is_not(None),
        )
        .order_by(Obligation.reported_at, Obligation.id)
    )
    found: dict[tuple[uuid.UUID, str, str], Obligation] = {}
    for one, unit in rows:
        if unit.successor_id and unit.closed_on and unit.closed_on <= parse_period(one.period).last_day:
            found.setdefault((unit.successor_id, one.series, one.period), one)
    return found


def earliest_report(session: Session, obligation: Obligation, own: datetime) -> datetime:
    """When a period was reported: by its cell, or before by one that was merged into it in that period."""
    report = _predecessors_reports(session, [obligation]).get(
        (obligation.unit_id, obligation.series, obligation.period)
    )
    return min(own, report.reported_at) if report and report.reported_at else own


def settle_successor(session: Session, obligation: Obligation, now: datetime) -> None:
    """After a report came or went: the same period of the unit that this one was merged into, and so on."""
    seen = {obligation.unit_id}
    unit = session.get_one(Unit, obligation.unit_id)
    while unit.successor_id is not None and unit.successor_id not in seen:
        seen.add(unit.successor_id)
        following = session.scalars(
            select(Obligation)
            .where(
                Obligation.unit_id == unit.successor_id,
                Obligation.series == obligation.series,
                Obligation.period == obligation.period,
            )
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one_or_none()
        if following is None:
            return
        settle(session, [following], now)
        unit = session.get_one(Unit, unit.successor_id)
