"""The board: cells by months. The number of queries does not grow with the cells."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from meetingcheck.duties.models import Obligation
from meetingcheck.duties.queries import REGULAR, THEMATIC, state_expression
from meetingcheck.duties.rules import Month, ObligationState
from meetingcheck.meetings.queries import reports_of
from meetingcheck.orgs.models import Unit, UnitKind, UnitScope, Watcher
from meetingcheck.orgs.queries import cell_ids_below, in_force, named_like, seen_below
from meetingcheck.supervision.rules import MISSING, WAITING, BoardFilter, Group, group_of

ROWS_A_PAGE = 50
ROWS_AT_A_TIME = 500  # of an exported board
MONTHS = 12
QUARTERS = 4
MOST_PARENTS = 300  # offered as a filter; above that, names are searched
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
class Scope:
    """Whose board of which month: the cells that stood under a committee at the month's end, or today in a month that
    is not over, narrowed by a filter of the person who looks."""

    committee_id: uuid.UUID
    month: Month
    filter: BoardFilter
    viewer_id: uuid.UUID
    now: datetime
    today: date

    @property
    def counted_on(self) -> date:
        """The day whose tree is counted (product.md, "Rules")."""
        return min(self.today, self.month.last_day)


@dataclass(frozen=True)
class Square:
    """One cell in one period: its state, the day that an exception moved it to, and the report that it leads to."""

    period: str
    state: ObligationState
    moved_on: date | None
    meeting_id: uuid.UUID | None

    @property
    def shown(self) -> str:
        """The state as people see it: a period that was moved and is still awaited says so."""
        moved = self.moved_on is not None
        waits = group_of(self.state, moved=moved) == Group.EXCEPTED and self.state != ObligationState.EXCUSED
        return "moved" if waits else self.state.value


@dataclass(frozen=True)
class Row:
    unit: Unit
    parent_name: str
    squares: list[Square | None]  # January to December; None where nothing is owed
    quarters: list[Square | None]


@dataclass(frozen=True)
class Board:
    """One page. `counts` and `cells` are over the whole scope, whatever is shown of it; `elsewhere` of them are counted
    and not shown, because they stand under somebody else by now."""

    rows: list[Row]
    counts: dict[Group, int]
    cells: int
    elsewhere: int
    thematic: bool
    page: int
    pages: int


def load_board(session: Session, scope: Scope, page: int) -> Board:
    """One page of a committee's year: cells that lack the month's report first, then in alphabetical order.

    Five queries, six for a month that is over, whatever the number of cells.
    """
    counts, cells = count_groups(session, scope)
    counted = counts.get(scope.filter.group, 0) if scope.filter.group else cells
    shown = counted if scope.counted_on == scope.today else _count_shown(session, scope)
    pages = max(1, -(-shown // ROWS_A_PAGE))
    page = min(max(page, 1), pages)
    asked = _units(scope).limit(ROWS_A_PAGE).offset((page - 1) * ROWS_A_PAGE)
    rows = _rows(session, list(session.scalars(asked)), scope)
    thematic = any(square is not None for row in rows for square in row.quarters)
    return Board(rows, counts, cells, counted - shown, thematic, page, pages)


def _count_shown(session: Session, scope: Scope) -> int:
    found = _units(scope).with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
    return session.scalar(found) or 0


def iterate_rows(session: Session, scope: Scope) -> Iterator[Row]:
    """All rows of a board in its order, a few hundred at a time."""
    ids = list(session.scalars(_units(scope).with_only_columns(Unit.id)))
    for start in range(0, len(ids), ROWS_AT_A_TIME):
        piece = ids[start : start + ROWS_AT_A_TIME]
        found = {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(piece)))}
        yield from _rows(session, [found[unit_id] for unit_id in piece], scope)
        session.expunge_all()  # what was written need not be remembered


def count_groups(session: Session, scope: Scope) -> tuple[dict[Group, int], int]:
    """How many cells of the scope stand where in the month, and how many there are in all."""
    owed = _owed(scope)
    group = _group(owed)
    rows = session.execute(
        select(group, func.count())
        .select_from(Unit)
        .outerjoin(owed, owed.c.unit_id == Unit.id)
        .where(*_in_scope(scope))
        .group_by(group)
    ).all()
    return {Group(name): count for name, count in rows}, sum(count for _, count in rows)


def _owed(scope: Scope) -> Subquery:
    """What the cells owe in the month: the regular meeting."""
    return (
        select(Obligation.unit_id, Obligation.moved_on, state_expression(scope.now).label("state"))
        .where(Obligation.series == REGULAR, Obligation.period == scope.month.code)
        .subquery()
    )


def _group(owed: Subquery) -> ColumnElement[str]:
    """The same rule as `supervision.rules.group_of`."""
    state = owed.c.state
    return case(
        (state.is_(None), Group.NO_PERIOD.value),
        (state == ObligationState.EXCUSED.value, Group.EXCEPTED.value),
        (
            and_(owed.c.moved_on.is_not(None), state.in_([one.value for one in WAITING])),
            Group.EXCEPTED.value,
        ),
        (state == ObligationState.REPORTED.value, Group.REPORTED.value),
        (state == ObligationState.REPORTED_LATE.value, Group.LATE.value),
        (state.in_([one.value for one in MISSING]), Group.MISSING.value),
        else_=Group.WAITING.value,
    )


def _in_scope(scope: Scope) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = [Unit.id.in_(cell_ids_below(scope.committee_id, scope.counted_on))]
    if scope.filter.parent is not None:
        chosen.append(
            Unit.id.in_(
                select(UnitScope.descendant).where(
                    UnitScope.ancestor == scope.filter.parent,
                    UnitScope.depth == 1,
                    in_force(UnitScope.from_on, UnitScope.to_on, scope.counted_on),
                )
            )
        )
    if scope.filter.mine:
        chosen.append(Unit.id.in_(_watched(scope.viewer_id, scope.today)))
    return [*chosen, *named_like(scope.filter.words)]


def _watched(user_id: uuid.UUID, today: date) -> Select[uuid.UUID]:
    return select(Watcher.unit_id).where(Watcher.user_id == user_id, in_force(Watcher.from_on, Watcher.to_on, today))


def _units(scope: Scope) -> Select[Unit]:
    """The cells to show, in the order of the board."""
    owed = _owed(scope)
    rank = {state.value: number for number, state in enumerate(URGENCY)}
    found = select(Unit).outerjoin(owed, owed.c.unit_id == Unit.id).where(*_in_scope(scope))
    if scope.counted_on < scope.today:
        # A former superior sees nothing of a cell after its transfer.
        found = found.where(Unit.id.in_(seen_below([scope.committee_id], scope.today)))
    if scope.filter.group is not None:
        found = found.where(_group(owed) == scope.filter.group.value)
    return found.order_by(case(rank, value=owed.c.state, else_=len(URGENCY)), Unit.name_sort, Unit.id)


def _rows(session: Session, units: list[Unit], scope: Scope) -> list[Row]:
    unit_ids = [unit.id for unit in units]
    squares = _squares(session, unit_ids, scope.month.year, scope.now)
    parents = _parent_names(session, unit_ids, scope.counted_on)
    year = scope.month.year
    months = [Month(year, number).code for number in range(1, MONTHS + 1)]
    quarters = [f"{year:04}-Q{number}" for number in range(1, QUARTERS + 1)]
    return [
        Row(
            unit,
            parents.get(unit.id, ""),
            [squares.get((unit.id, REGULAR, code)) for code in months],
            [squares.get((unit.id, THEMATIC, code)) for code in quarters],
        )
        for unit in units
    ]


def _squares(
    session: Session, unit_ids: list[uuid.UUID], year: int, now: datetime
) -> dict[tuple[uuid.UUID, str, str], Square]:
    rows = session.execute(
        select(
            Obligation.id,
            Obligation.satisfied_by,
            Obligation.unit_id,
            Obligation.series,
            Obligation.period,
            Obligation.moved_on,
            state_expression(now).label("state"),
        ).where(
            Obligation.unit_id.in_(unit_ids),
            Obligation.series.in_([REGULAR, THEMATIC]),
            Obligation.period_from >= date(year, 1, 1),
            Obligation.period_from <= date(year, MONTHS, 31),
        )
    ).all()
    meetings = reports_of(session, {row.id: row.satisfied_by for row in rows})
    return {
        (row.unit_id, row.series, row.period): Square(
            row.period,
            ObligationState(row.state),
            row.moved_on,
            meetings.get(row.id),
        )
        for row in rows
    }


def _parent_names(session: Session, unit_ids: list[uuid.UUID], day: date) -> dict[uuid.UUID, str]:
    rows = session.execute(
        select(UnitScope.descendant, Unit.name)
        .join(Unit, Unit.id == UnitScope.ancestor)
        .where(
            UnitScope.descendant.in_(unit_ids),
            UnitScope.depth == 1,
            in_force(UnitScope.from_on, UnitScope.to_on, day),
        )
    )
    return {row.descendant: row.name for row in rows}


def list_parents(session: Session, committee_id: uuid.UUID, day: date) -> list[Unit]:
    """The committees of a board that have working cells directly below them on a day; at most as many as can be
    offered."""
    cell, below = aliased(Unit), aliased(UnitScope)
    has_cells = exists().where(
        below.ancestor == Unit.id,
        below.depth == 1,
        in_force(below.from_on, below.to_on, day),
        cell.id == below.descendant,
        or_(cell.closed_on.is_(None), cell.closed_on > day),
        UnitKind.code == cell.kind,
        UnitKind.is_cell,
    )
    return list(
        session.scalars(
            select(Unit)
            .join(UnitScope, UnitScope.descendant == Unit.id)
            .where(
                UnitScope.ancestor == committee_id,
                in_force(UnitScope.from_on, UnitScope.to_on, day),
                Unit.kind.in_(select(UnitKind.code).where(~UnitKind.is_cell)),
                has_cells,
            )
            .order_by(Unit.name_sort, Unit.id)
            .limit(MOST_PARENTS)
        )
    )


def watches_any(session: Session, user_id: uuid.UUID, committee_id: uuid.UUID, today: date) -> bool:
    """Whether a person looks after a cell of this board."""
    mine = (
        _watched(user_id, today)
        .join(UnitScope, UnitScope.descendant == Watcher.unit_id)
        .where(UnitScope.ancestor == committee_id, in_force(UnitScope.from_on, UnitScope.to_on, today))
    )
    return session.scalar(mine.limit(1)) is not None


def has_thematic(session: Session, year: int) -> bool:
    """Whether thematic meetings are owed at all in a year; else an exported board has no columns for them."""
    owed = exists().where(
        Obligation.series == THEMATIC,
        Obligation.period_from >= date(year, 1, 1),
        Obligation.period_from <= date(year, MONTHS, 31),
    )
    return bool(session.scalar(select(owed)))
