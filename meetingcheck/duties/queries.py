"""Reading obligations; the state as one SQL expression."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, case, literal, or_, select
from sqlalchemy.orm import Session, aliased

from meetingcheck.duties.models import MissedEvent, Obligation, Policy, Series
from meetingcheck.duties.rules import CellDates, ObligationState, parse_period
from meetingcheck.lib.instants import ONE_DAY, Instant, start_of_day
from meetingcheck.orgs.models import Unit, UnitKind, UnitScope
from meetingcheck.orgs.queries import itself_and_predecessors

REGULAR = "regular"
THEMATIC = "thematic"

_Cell = aliased(Unit)


def state_expression(now: datetime) -> ColumnElement[str]:
    """The state at an instant over one row of Obligation; the same rule as `duties.rules.state_of`."""
    at, next_day = literal(now, Instant()), literal(now + ONE_DAY, Instant())
    return case(
        (Obligation.excepted_at.is_not(None), ObligationState.EXCUSED.value),
        (Obligation.reported_at < Obligation.due_at, ObligationState.REPORTED.value),
        (Obligation.reported_at.is_not(None), ObligationState.REPORTED_LATE.value),
        (at < Obligation.opens_at, ObligationState.UPCOMING.value),
        (next_day < Obligation.due_at, ObligationState.OPEN.value),
        (at < Obligation.due_at, ObligationState.DUE.value),
        (at < Obligation.closes_at, ObligationState.LATE.value),
        else_=ObligationState.MISSED.value,
    )


def find_obligation(session: Session, obligation_id: uuid.UUID) -> Obligation | None:
    return session.scalars(select(Obligation).where(Obligation.id == obligation_id)).one_or_none()


def find_other_series(session: Session, obligation: Obligation, day: date) -> Obligation | None:
    """What the same cell owes beside a period: the thematic meeting beside the regular one, or the other way round, for
    the period in which a day lies; a day after the first one's own counts as its last."""
    beside = {REGULAR: THEMATIC, THEMATIC: REGULAR}
    if obligation.series not in beside:
        return None
    day = min(day, parse_period(obligation.period).last_day)
    return session.scalars(
        select(Obligation)
        .where(
            Obligation.unit_id == obligation.unit_id,
            Obligation.series == beside[obligation.series],
            Obligation.period_from <= day,
            Obligation.closes_at > start_of_day(day),
        )
        .order_by(Obligation.period_from.desc(), Obligation.series)
        .limit(1)
    ).one_or_none()


def lock_obligation(session: Session, obligation_id: uuid.UUID) -> Obligation:
    """The obligation, held against other writers until the transaction ends. Raises NoResultFound."""
    return session.scalars(
        select(Obligation)
        .where(Obligation.id == obligation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def list_obligations_after(
    session: Session, unit_id: uuid.UUID, after: tuple[date, uuid.UUID] | None, limit: int
) -> list[Obligation]:
    """The obligations of a cell that follow one of them, the newest period first; the first ones without `after`."""
    found = select(Obligation).where(Obligation.unit_id == unit_id)
    if after is not None:
        period_from, obligation_id = after
        same_period = and_(Obligation.period_from == period_from, Obligation.id > obligation_id)
        found = found.where(or_(Obligation.period_from < period_from, same_period))
    return list(session.scalars(found.order_by(Obligation.period_from.desc(), Obligation.id).limit(limit)))


def list_unreported(session: Session, obligation_ids: Iterable[uuid.UUID]) -> list[Obligation]:
    """Those of some periods that nobody has reported, the newest period first."""
    which = Obligation.id.in_(list(obligation_ids)), Obligation.reported_at.is_(None)
    return list(session.scalars(select(Obligation).where(*which).order_by(Obligation.period_from.desc())))


def list_owed(session: Session, unit_id: uuid.UUID, now: datetime, limit: int) -> list[Obligation]:
    """What a cell still owes a report for, itself or for one that was merged into it, begun or long past, the newest
    period first."""
    return list(
        session.scalars(
            select(Obligation)
            .where(
                Obligation.unit_id.in_(itself_and_predecessors(unit_id)),
                Obligation.opens_at <= now,
                Obligation.reported_at.is_(None),
                Obligation.excepted_at.is_(None),
            )
            .order_by(Obligation.period_from.desc(), Obligation.series)
            .limit(limit)
        )
    )


def ids_to_close(session: Session, at: datetime, limit: int) -> list[uuid.UUID]:
    """Obligations whose period closed by `at` with neither report nor exception nor a missed event yet.

    They are held until the transaction ends: who closes at the same time waits, and then finds what is left. Were held
    ones passed over, two at once would share them out and tell people twice, and of one that dies nothing would be
    taken over.
    """
    return list(
        session.scalars(
            select(Obligation.id)
            .where(
                Obligation.closes_at <= at,
                Obligation.reported_at.is_(None),
                Obligation.excepted_at.is_(None),
                Obligation.missed_at.is_(None),
            )
            .order_by(Obligation.closes_at, Obligation.id)
            .limit(limit)
            .with_for_update()
        )
    )


def missed_event_ids(session: Session, unit_id: uuid.UUID) -> set[uuid.UUID]:
    """The obligations of a cell that have a missed event on record."""
    return set(
        session.scalars(
            select(MissedEvent.obligation_id)
            .join(Obligation, Obligation.id == MissedEvent.obligation_id)
            .where(Obligation.unit_id == unit_id)
        )
    )


@dataclass(frozen=True)
class OwingCell:
    """A cell of a series' kind with what decides its periods."""

    unit_id: uuid.UUID
    usual_day: int | None
    dates: CellDates


def list_owing_cells(
    session: Session, series: Series, after: uuid.UUID | None, limit: int, *, only: uuid.UUID | None = None
) -> list[OwingCell]:
    """Units that a series is for, in order of id from `after` on; of them `only` one."""
    cells = select(UnitKind.code).where(UnitKind.is_cell)
    which = _Cell.kind == series.unit_kind if series.unit_kind is not None else _Cell.kind.in_(cells)
    found = _with_supervision().where(which).order_by(_Cell.id).limit(limit)
    if after is not None:
        found = found.where(_Cell.id > after)
    return _owing_cells(session, found.where(_Cell.id == only) if only is not None else found)


def cells_with_dates(session: Session, unit_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, OwingCell]:
    """The same for these units."""
    found = _owing_cells(session, _with_supervision().where(_Cell.id.in_(list(unit_ids))))
    return {cell.unit_id: cell for cell in found}


def _with_supervision() -> Select[Unit, date | None]:
    """Units with their `supervised_from`, which is the nearest one upward."""
    nearest = (
        select(Unit.supervised_from)
        .join(UnitScope, UnitScope.ancestor == Unit.id)
        .where(UnitScope.descendant == _Cell.id, Unit.supervised_from.is_not(None), UnitScope.to_on.is_(None))
        .order_by(UnitScope.depth)
        .limit(1)
        .correlate(_Cell)
        .scalar_subquery()
    )
    return select(_Cell, nearest)


def _owing_cells(session: Session, found: Select[Unit, date | None]) -> list[OwingCell]:
    rows = session.execute(found).all()
    merged = _merger_days(session, [cell.id for cell, _ in rows])
    return [
        OwingCell(
            cell.id,
            cell.usual_day,
            CellDates(
                cell.founded_on,
                cell.closed_on,
                supervised_from,
                tuple(merged.get(cell.id, [])),
                succeeded=cell.successor_id is not None,
            ),
        )
        for cell, supervised_from in rows
    ]


def _merger_days(session: Session, unit_ids: list[uuid.UUID]) -> dict[uuid.UUID, list[date]]:
    """For each unit the days on which others were merged into it."""
    rows = session.execute(
        select(Unit.successor_id, Unit.closed_on).where(Unit.successor_id.in_(unit_ids), Unit.closed_on.is_not(None))
    )
    days: dict[uuid.UUID, list[date]] = {}
    for successor_id, closed_on in rows:
        if successor_id is not None and closed_on is not None:
            days.setdefault(successor_id, []).append(closed_on)
    return days


def policies_for(session: Session, unit_ids: Iterable[uuid.UUID], day: date) -> dict[uuid.UUID, Policy]:
    """For each unit the policy in force on a day: the nearest unit upward that has one, there the latest."""
    return {unit_id: policy for unit_id, (policy, _) in _nearest_policies(session, unit_ids, day).items()}


def policies_with(session: Session, unit_ids: Iterable[uuid.UUID], day: date, also: Policy) -> dict[uuid.UUID, Policy]:
    """The same as `policies_for` as if `also`, which is not stored yet, were in force too."""
    asked = list(unit_ids)
    nearest = _nearest_policies(session, asked, day)
    found = {unit_id: policy for unit_id, (policy, _) in nearest.items()}
    if also.from_on > day:
        return found
    for unit_id, steps in _steps_below(session, also.unit_id, asked).items():
        policy, depth = nearest.get(unit_id, (None, 0))
        if policy is None or steps < depth or (steps == depth and policy.from_on < also.from_on):
            found[unit_id] = also
    return found


def _steps_below(session: Session, ancestor: uuid.UUID, unit_ids: list[uuid.UUID]) -> dict[uuid.UUID, int]:
    rows = session.execute(
        select(UnitScope.descendant, UnitScope.depth).where(
            UnitScope.ancestor == ancestor, UnitScope.descendant.in_(unit_ids), UnitScope.to_on.is_(None)
        )
    )
    return {row.descendant: row.depth for row in rows}


def _nearest_policies(
    session: Session, unit_ids: Iterable[uuid.UUID], day: date
) -> dict[uuid.UUID, tuple[Policy, int]]:
    """For each unit its policy on a day, and how many steps above it that one was set."""
    rows = session.execute(
        select(UnitScope.descendant, Policy, UnitScope.depth)
        .join(Policy, Policy.unit_id == UnitScope.ancestor)
        .join(Unit, Unit.id == UnitScope.descendant)
        .where(
            UnitScope.descendant.in_(list(unit_ids)),
            Policy.from_on <= day,
            # A unit may owe the period in which it was founded: then its first superior's rule counts.
            or_(UnitScope.from_on <= day, UnitScope.from_on == Unit.founded_on),
            or_(UnitScope.to_on.is_(None), UnitScope.to_on > day),
        )
        .order_by(UnitScope.descendant, UnitScope.depth, Policy.from_on.desc())
    )
    nearest: dict[uuid.UUID, tuple[Policy, int]] = {}
    for unit_id, policy, depth in rows:
        nearest.setdefault(unit_id, (policy, depth))
    return nearest


def list_policies(session: Session, unit_id: uuid.UUID) -> list[Policy]:
    """What was ever set for a unit itself, the newest first."""
    return list(session.scalars(select(Policy).where(Policy.unit_id == unit_id).order_by(Policy.from_on.desc())))


@dataclass(frozen=True)
class OpenObligation:
    """A period that is neither due nor reported, with the usual day of the cell itself."""

    obligation: Obligation
    usual_day: int | None


def list_open_obligations(
    session: Session,
    unit_id: uuid.UUID,
    from_on: date,
    now: datetime,
    after: uuid.UUID | None,
    limit: int,
    *,
    lock: bool,
) -> list[OpenObligation]:
    """Periods of the cells below a unit (or of the cell itself) that begin on or after a day and are not due yet;
    with `lock` held until the transaction ends."""
    found = (
        select(Obligation, _Cell.usual_day)
        .join(_Cell, _Cell.id == Obligation.unit_id)
        .join(UnitScope, UnitScope.descendant == Obligation.unit_id)
        .where(
            UnitScope.ancestor == unit_id,
            UnitScope.to_on.is_(None),
            Obligation.period_from >= from_on,
            Obligation.due_at > now,
            Obligation.reported_at.is_(None),
        )
        .order_by(Obligation.id)
        .limit(limit)
    )
    if after is not None:
        found = found.where(Obligation.id > after)
    if lock:
        found = found.with_for_update(of=Obligation).execution_options(populate_existing=True)
    return [OpenObligation(obligation, usual_day) for obligation, usual_day in session.execute(found)]


def lock_unjudged(session: Session, unit_id: uuid.UUID) -> list[Obligation]:
    """What a unit has not reported, or what does not count, held against other writers until the transaction ends."""
    unjudged = or_(Obligation.reported_at.is_(None), Obligation.excepted_at.is_not(None))
    return list(
        session.scalars(
            select(Obligation)
            .where(Obligation.unit_id == unit_id, unjudged)
            .order_by(Obligation.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


def has_obligations(session: Session) -> bool:
    return session.scalar(select(Obligation.id).limit(1)) is not None


def list_series(session: Session, day: date) -> list[Series]:
    """The series in force on a day."""
    return list(
        session.scalars(
            select(Series)
            .where(and_(Series.from_on <= day, or_(Series.to_on.is_(None), Series.to_on > day)))
            .order_by(Series.code)
        )
    )


def list_all_series(session: Session) -> list[Series]:
    """All that ever was, the oldest first."""
    return list(session.scalars(select(Series).order_by(Series.from_on, Series.code)))


def find_series(session: Session, code: str) -> Series | None:
    return session.scalars(select(Series).where(Series.code == code)).one_or_none()
