"""Reading period exceptions."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, union
from sqlalchemy.orm import Session

from meetingcheck.accounts.models import User
from meetingcheck.duties.models import ExceptionState, Obligation, PeriodException, Series
from meetingcheck.duties.queries import state_expression
from meetingcheck.duties.rules import ObligationState
from meetingcheck.orgs.models import Unit, UnitScope
from meetingcheck.orgs.queries import itself_and_predecessors, seen_below


def find_exception(session: Session, exception_id: uuid.UUID) -> PeriodException | None:
    return session.scalars(select(PeriodException).where(PeriodException.id == exception_id)).one_or_none()


def lock_exception(session: Session, exception_id: uuid.UUID) -> PeriodException:
    """The exception, held against other writers until the transaction ends. Raises NoResultFound."""
    which = select(PeriodException).where(PeriodException.id == exception_id).with_for_update()
    return session.scalars(which.execution_options(populate_existing=True)).one()


@dataclass(frozen=True)
class ShownException:
    """An exception as pages show it: for whom, who asked or set it."""

    exception: PeriodException
    unit: Unit
    series: Series | None
    asked_by: User


def list_exceptions(
    session: Session, committee_id: uuid.UUID, states: Iterable[ExceptionState], today: date, limit: int
) -> list[ShownException]:
    """The exceptions of a unit and of all below it, newest first."""
    below = PeriodException.unit_id.in_(seen_below([committee_id], today))
    which = and_(below, PeriodException.state.in_(list(states)))
    return _shown(session, which, limit)


def list_exceptions_of(session: Session, obligation: Obligation, limit: int) -> list[ShownException]:
    """What was asked for one period of a cell, newest first; what a superior set for it is not the cell's own."""
    which = and_(
        PeriodException.unit_id == obligation.unit_id,
        PeriodException.period == obligation.period,
        or_(PeriodException.series.is_(None), PeriodException.series == obligation.series),
    )
    return _shown(session, which, limit)


def list_exceptions_after(
    session: Session, committee_id: uuid.UUID, today: date, after: tuple[datetime, uuid.UUID] | None, limit: int
) -> list[PeriodException]:
    """The exceptions of a unit and of all below it that follow one of them, newest first; the first ones without
    `after`."""
    found = select(PeriodException).where(PeriodException.unit_id.in_(seen_below([committee_id], today)))
    if after is not None:
        asked_at, exception_id = after
        later = and_(PeriodException.asked_at == asked_at, PeriodException.id > exception_id)
        found = found.where(or_(PeriodException.asked_at < asked_at, later))
    return list(session.scalars(found.order_by(PeriodException.asked_at.desc(), PeriodException.id).limit(limit)))


def get_shown(session: Session, exception_id: uuid.UUID) -> ShownException:
    """Raises IndexError when there is none."""
    return _shown(session, PeriodException.id == exception_id, 1)[0]


def _shown(session: Session, which: ColumnElement[bool], limit: int) -> list[ShownException]:
    rows = session.execute(
        select(PeriodException, Unit, Series, User)
        .join(Unit, Unit.id == PeriodException.unit_id)
        .join(User, User.id == PeriodException.asked_by)
        .outerjoin(Series, Series.code == PeriodException.series)
        .where(which)
        .order_by(PeriodException.asked_at.desc(), PeriodException.id)
        .limit(limit)
    )
    return [ShownException(*row) for row in rows]


def covered(unit_id: uuid.UUID, period: str, series: str | None) -> ColumnElement[bool]:
    """The obligations of a period that an exception for a unit may cover: those of all that ever stood below it.

    Which of them it does cover, `duties.terms` decides.
    """
    below = select(UnitScope.descendant).where(UnitScope.ancestor == unit_id)
    which = and_(Obligation.unit_id.in_(below), Obligation.period == period)
    return and_(which, Obligation.series == series) if series is not None else which


def lock_covered(session: Session, exception: PeriodException, after: uuid.UUID | None, limit: int) -> list[Obligation]:
    """What an exception may cover, in order of id from `after` on, held until the transaction ends."""
    found = (
        select(Obligation)
        .where(covered(exception.unit_id, exception.period, exception.series))
        .order_by(Obligation.id)
        .limit(limit)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(found.where(Obligation.id > after) if after is not None else found))


@dataclass(frozen=True)
class Effect:
    """What an exception would meet: so many periods, of which so many were reported (they stay as they are), and so
    many closed without a report."""

    periods: int
    reported: int
    missed: int


def count_effect(session: Session, unit_id: uuid.UUID, period: str, series: str | None, now: datetime) -> Effect:
    state = state_expression(now)
    today_below = select(UnitScope.descendant).where(UnitScope.ancestor == unit_id, UnitScope.to_on.is_(None))
    rows = session.execute(
        select(state, func.count())
        .where(covered(unit_id, period, series), Obligation.unit_id.in_(today_below))
        .group_by(state)
    )
    counts = {ObligationState(name): count for name, count in rows}
    reported = counts.get(ObligationState.REPORTED, 0) + counts.get(ObligationState.REPORTED_LATE, 0)
    return Effect(sum(counts.values()), reported, counts.get(ObligationState.MISSED, 0))


def find_asked(session: Session, obligation: Obligation) -> PeriodException | None:
    """What the cell asked about this period and nobody has answered yet."""
    which = select(PeriodException).where(
        PeriodException.unit_id == obligation.unit_id,
        PeriodException.series == obligation.series,
        PeriodException.period == obligation.period,
        PeriodException.state == ExceptionState.ASKED,
    )
    return session.scalars(which.limit(1)).one_or_none()


def list_asked(session: Session, unit_id: uuid.UUID) -> dict[uuid.UUID, PeriodException]:
    """What a cell, or one that was merged into it, asked and nobody has answered yet, by its obligation."""
    rows = session.execute(
        select(Obligation.id, PeriodException)
        .join(
            Obligation,
            and_(
                Obligation.unit_id == PeriodException.unit_id,
                Obligation.series == PeriodException.series,
                Obligation.period == PeriodException.period,
            ),
        )
        .where(
            PeriodException.unit_id.in_(itself_and_predecessors(unit_id)),
            PeriodException.state == ExceptionState.ASKED,
        )
    )
    return dict(rows.all())


def first_supervised(session: Session, unit_id: uuid.UUID) -> date | None:
    """The first day of the first period that counts for a unit or any cell below it, None when none does."""
    line = union(
        select(UnitScope.ancestor).where(UnitScope.descendant == unit_id, UnitScope.to_on.is_(None)),
        select(UnitScope.descendant).where(UnitScope.ancestor == unit_id, UnitScope.to_on.is_(None)),
    )
    return session.scalar(select(func.min(Unit.supervised_from)).where(Unit.id.in_(line)))


def find_latest_set(session: Session, unit_id: uuid.UUID, period: str, series: str | None) -> PeriodException | None:
    """The approved exception for just this unit that was decided last, of those that bear on a series, or on any with
    None."""
    which = select(PeriodException).where(
        PeriodException.unit_id == unit_id,
        PeriodException.period == period,
        PeriodException.state == ExceptionState.APPROVED,
    )
    if series is not None:
        which = which.where(or_(PeriodException.series.is_(None), PeriodException.series == series))
    return session.scalars(which.order_by(PeriodException.decided_at.desc(), PeriodException.id).limit(1)).one_or_none()
