"""Reading obligations; the state as one SQL expression."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from meetingcheck.duties.models import MissedEvent, Obligation, Policy, Series
from meetingcheck.duties.rules import CellDates, ObligationState
from meetingcheck.lib.instants import ONE_DAY, Instant
from meetingcheck.orgs.models import Unit, UnitScope

REGULAR = "regular"

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


def lock_obligation(session: Session, obligation_id: uuid.UUID) -> Obligation:
    """The obligation, held against other writers until the transaction ends. Raises NoResultFound."""
    return session.scalars(
        select(Obligation)
        .where(Obligation.id == obligation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def list_obligations(session: Session, unit_id: uuid.UUID, limit: int) -> list[Obligation]:
    """The obligations of a cell, newest period first."""
    return list(
        session.scalars(
            select(Obligation)
            .where(Obligation.unit_id == unit_id)
            .order_by(Obligation.period_from.desc(), Obligation.series)
            .limit(limit)
        )
    )


def ids_to_close(session: Session, at: datetime, limit: int) -> list[uuid.UUID]:
    """Obligations whose period closed by `at` with neither report nor exception nor a missed event yet."""
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
            .with_for_update(skip_locked=True)
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


def counts_by_state(
    session: Session, cells: Select[uuid.UUID], period: str, now: datetime
) -> dict[ObligationState, int]:
    """How many of the cells are in which state in one period of the regular series."""
    state = state_expression(now)
    rows = session.execute(
        select(state, func.count())
        .where(Obligation.unit_id.in_(cells), Obligation.series == REGULAR, Obligation.period == period)
        .group_by(state)
    )
    return {ObligationState(name): count for name, count in rows}


@dataclass(frozen=True)
class OwingCell:
    """A cell of a series' kind with what decides its periods."""

    unit_id: uuid.UUID
    usual_day: int | None
    dates: CellDates


def list_owing_cells(session: Session, series: Series, after: uuid.UUID | None, limit: int) -> list[OwingCell]:
    """Cells that a series is for, in order of id from `after` on; `supervised_from` is the nearest one upward."""
    nearest = (
        select(Unit.supervised_from)
        .join(UnitScope, UnitScope.ancestor == Unit.id)
        .where(UnitScope.descendant == _Cell.id, Unit.supervised_from.is_not(None), UnitScope.to_on.is_(None))
        .order_by(UnitScope.depth)
        .limit(1)
        .correlate(_Cell)
        .scalar_subquery()
    )
    found = select(_Cell, nearest).where(_Cell.kind == series.unit_kind).order_by(_Cell.id).limit(limit)
    if after is not None:
        found = found.where(_Cell.id > after)
    return [
        OwingCell(cell.id, cell.usual_day, CellDates(cell.founded_on, cell.closed_on, supervised_from))
        for cell, supervised_from in session.execute(found)
    ]


def policies_for(session: Session, unit_ids: Iterable[uuid.UUID], day: date) -> dict[uuid.UUID, Policy]:
    """For each unit the policy in force on a day: the nearest unit upward that has one, there the latest."""
    rows = session.execute(
        select(UnitScope.descendant, Policy)
        .join(Policy, Policy.unit_id == UnitScope.ancestor)
        .where(
            UnitScope.descendant.in_(list(unit_ids)),
            Policy.from_on <= day,
            or_(UnitScope.to_on.is_(None), UnitScope.to_on > day),
        )
        .order_by(UnitScope.descendant, UnitScope.depth, Policy.from_on.desc())
    )
    nearest: dict[uuid.UUID, Policy] = {}
    for unit_id, policy in rows:
        nearest.setdefault(unit_id, policy)
    return nearest


def list_series(session: Session, day: date) -> list[Series]:
    return list(
        session.scalars(
            select(Series).where(and_(Series.from_on <= day, or_(Series.to_on.is_(None), Series.to_on > day)))
        )
    )
