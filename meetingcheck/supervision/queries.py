"""The board: cells by months. The number of queries does not grow with the cells."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from meetingcheck.duties.models import Obligation
from meetingcheck.duties.queries import REGULAR, state_expression
from meetingcheck.duties.rules import Month, ObligationState
from meetingcheck.meetings.queries import meeting_ids_of
from meetingcheck.orgs.models import Unit
from meetingcheck.orgs.queries import cell_ids_below

ROWS_A_PAGE = 50
MONTHS = 12
# On the board and in its counts: first who is missing, then who is late, then the rest.
URGENCY = (
    ObligationState.MISSED,
    ObligationState.LATE,
    ObligationState.DUE,
    ObligationState.OPEN,
    ObligationState.REPORTED_LATE,
    ObligationState.EXCUSED,
    ObligationState.REPORTED,
    ObligationState.UPCOMING,
)


@dataclass(frozen=True)
class Square:
    """One cell in one month: its state, and the report that it leads to."""

    month: Month
    state: ObligationState
    meeting_id: uuid.UUID | None


@dataclass(frozen=True)
class Row:
    unit: Unit
    squares: list[Square | None]  # January to December; None where nothing is owed


@dataclass(frozen=True)
class Board:
    rows: list[Row]
    cells: int
    page: int
    pages: int


def load_board(session: Session, committee_id: uuid.UUID, month: Month, page: int, now: datetime, today: date) -> Board:
    """One page of a committee's year: cells that lack the month's report first, then in alphabetical order.

    Five queries, whatever the number of cells.
    """
    cells = cell_ids_below(committee_id, today)
    total = session.scalar(select(func.count()).select_from(cells.subquery())) or 0
    pages = max(1, -(-total // ROWS_A_PAGE))
    page = min(max(page, 1), pages)
    units = list(session.scalars(_page_of_units(cells, month, now).limit(ROWS_A_PAGE).offset((page - 1) * ROWS_A_PAGE)))
    squares = _squares(session, [unit.id for unit in units], month.year, now)
    rows = [Row(unit, [squares.get((unit.id, number)) for number in range(1, MONTHS + 1)]) for unit in units]
    return Board(rows, total, page, pages)


def _page_of_units(cells: Select[uuid.UUID], month: Month, now: datetime) -> Select[Unit]:
    rank = {state.value: number for number, state in enumerate(URGENCY)}
    lacking = (
        select(Obligation.unit_id, state_expression(now).label("state"))
        .where(Obligation.series == REGULAR, Obligation.period == month.code)
        .subquery()
    )
    order = case(rank, value=lacking.c.state, else_=len(URGENCY))
    return (
        select(Unit)
        .outerjoin(lacking, lacking.c.unit_id == Unit.id)
        .where(Unit.id.in_(cells))
        .order_by(order, Unit.name_sort, Unit.id)
    )


def _squares(
    session: Session, unit_ids: list[uuid.UUID], year: int, now: datetime
) -> dict[tuple[uuid.UUID, int], Square]:
    rows = session.execute(
        select(Obligation.id, Obligation.unit_id, Obligation.period, state_expression(now)).where(
            Obligation.unit_id.in_(unit_ids),
            Obligation.series == REGULAR,
            Obligation.period_from >= date(year, 1, 1),
            Obligation.period_from <= date(year, MONTHS, 31),
        )
    ).all()
    meetings = meeting_ids_of(session, [obligation_id for obligation_id, *_ in rows])
    found = {}
    for obligation_id, unit_id, period, state in rows:
        month = Month.parse(period)
        found[unit_id, month.month] = Square(month, ObligationState(state), meetings.get(obligation_id))
    return found


def years_with_obligations(session: Session) -> tuple[int, int] | None:
    """The first and the last year in which anything is owed; None when nothing is."""
    first, last = session.execute(select(func.min(Obligation.period_from), func.max(Obligation.period_from))).one()
    return (first.year, last.year) if first and last else None
