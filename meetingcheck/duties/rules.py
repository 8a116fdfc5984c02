"""When a meeting is owed, and what became of it. Pure: values in, values out."""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from meetingcheck.lib.instants import ONE_DAY, end_of_day, last_day_before, start_of_day


class ObligationState(StrEnum):
    EXCUSED = "excused"
    REPORTED = "reported"
    REPORTED_LATE = "reported_late"
    UPCOMING = "upcoming"
    OPEN = "open"
    DUE = "due"
    LATE = "late"
    MISSED = "missed"


class ObligationFacts(Protocol):
    """What the state depends on: three stored instants and two facts. A missed event changes no state: it is history,
    and a period moved after the miss is open again."""

    @property
    def opens_at(self) -> datetime: ...
    @property
    def due_at(self) -> datetime: ...
    @property
    def closes_at(self) -> datetime: ...
    @property
    def reported_at(self) -> datetime | None: ...
    @property
    def excepted_at(self) -> datetime | None: ...


def state_of(obligation: ObligationFacts, now: datetime) -> ObligationState:
    """The state at an instant; the first that matches wins. Deadlines are exclusive: `due_at` itself is too late.

    The same expression in SQL is `duties.queries.state_expression`; a property test holds them equal.
    """
    if obligation.excepted_at is not None:
        return ObligationState.EXCUSED
    if obligation.reported_at is not None:
        in_time = obligation.reported_at < obligation.due_at
        return ObligationState.REPORTED if in_time else ObligationState.REPORTED_LATE
    if now < obligation.opens_at:
        return ObligationState.UPCOMING
    if now + ONE_DAY < obligation.due_at:
        return ObligationState.OPEN
    if now < obligation.due_at:
        return ObligationState.DUE
    if now < obligation.closes_at:
        return ObligationState.LATE
    return ObligationState.MISSED


class PeriodType(StrEnum):
    MONTH = "month"
    QUARTER = "quarter"


class Period(Protocol):
    """A month or a quarter of the calendar: what one obligation is about."""

    @property
    def first_day(self) -> date: ...
    @property
    def last_day(self) -> date: ...
    @property
    def code(self) -> str: ...
    @property
    def shown(self) -> str: ...
    def plus(self, periods: int) -> "Period": ...
    def day(self, usual_day: int) -> date: ...


@dataclass(frozen=True)
class Month:
    """A calendar month as a period."""

    year: int
    month: int

    @classmethod
    def of(cls, day: date) -> "Month":
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, code: str) -> "Month":
        """The month of a code such as 2026-11. Raises ValueError for anything else."""
        year, month = code.split("-")
        try:
            return cls.of(date(int(year), int(month), 1))
        except OverflowError as error:
            raise ValueError(f"no month: {code}") from error

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        return date(self.year, self.month, calendar.monthrange(self.year, self.month)[1])

    @property
    def code(self) -> str:
        return f"{self.year:04}-{self.month:02}"

    @property
    def shown(self) -> str:
        """As people write it: 11/2026."""
        return f"{self.month:02}/{self.year:04}"

    def plus(self, periods: int) -> "Month":
        years, index = divmod(self.month - 1 + periods, 12)
        return Month(self.year + years, index + 1)

    def day(self, usual_day: int) -> date:
        """The usual day in this month; 31 means the last day of a short month."""
        return self.first_day.replace(day=min(usual_day, self.last_day.day))


ROMAN = ("I", "II", "III", "IV")
MONTHS_A_QUARTER = 3


@dataclass(frozen=True)
class Quarter:
    """A quarter of a calendar year as a period, numbered from 1 to 4."""

    year: int
    quarter: int

    @classmethod
    def of(cls, day: date) -> "Quarter":
        return cls(day.year, (day.month - 1) // MONTHS_A_QUARTER + 1)

    @classmethod
    def parse(cls, code: str) -> "Quarter":
        """The quarter of a code such as 2026-Q4. Raises ValueError for anything else."""
        year, quarter = code.split("-Q")
        if quarter not in {"1", "2", "3", "4"}:
            raise ValueError(f"no quarter: {code}")
        first = Month.parse(f"{year}-{(int(quarter) - 1) * MONTHS_A_QUARTER + 1}")
        return cls.of(first.first_day)

    @property
    def _last_month(self) -> Month:
        return Month(self.year, self.quarter * MONTHS_A_QUARTER)

    @property
    def first_day(self) -> date:
        return self._last_month.plus(1 - MONTHS_A_QUARTER).first_day

    @property
    def last_day(self) -> date:
        return self._last_month.last_day

    @property
    def code(self) -> str:
        return f"{self.year:04}-Q{self.quarter}"

    @property
    def shown(self) -> str:
        """As people write it: Quý IV/2026."""
        return f"Quý {ROMAN[self.quarter - 1]}/{self.year:04}"

    def plus(self, periods: int) -> "Quarter":
        years, index = divmod(self.quarter - 1 + periods, 4)
        return Quarter(self.year + years, index + 1)

    def day(self, usual_day: int) -> date:
        """The usual day in the quarter's last month."""
        return self._last_month.day(usual_day)


def parse_period(code: str) -> Period:
    """The period of a code such as 2026-11 or 2026-Q4. Raises ValueError for anything else."""
    return Quarter.parse(code) if "-Q" in code else Month.parse(code)


def period_of(period_type: PeriodType, day: date) -> Period:
    """The period of a type in which a day lies."""
    return Quarter.of(day) if period_type == PeriodType.QUARTER else Month.of(day)


def type_of(period: Period) -> PeriodType:
    return PeriodType.QUARTER if isinstance(period, Quarter) else PeriodType.MONTH


def contains(period: Period, day: date) -> bool:
    return period.first_day <= day <= period.last_day


@dataclass(frozen=True)
class Window:
    """The three instants of an obligation."""

    opens_at: datetime
    due_at: datetime
    closes_at: datetime


def window_of(period: Period, day: date, report_days: int) -> Window:
    """The instants for a meeting on `day`: the usual, the planned or the moved one.

    Opens with the period, or with the day of a meeting that was moved to before it. Due `report_days` days after the
    meeting's day. Closes `report_days` days after the period's last day, or after a later day that the meeting was
    moved to: a move never takes time away. So a meeting on the 30th with a report on the 2nd is in time.
    """
    grace = timedelta(days=report_days)
    closes_at = end_of_day(max(period.last_day, day) + grace)
    return Window(start_of_day(min(period.first_day, day)), end_of_day(day + grace), closes_at)


@dataclass(frozen=True)
class CellDates:
    """What decides which periods a cell owes. `supervised_from` None: not supervised yet, nothing is owed.

    `merged` are the days on which other cells were merged into this one; `succeeded`: it was itself merged into
    another when it closed.
    """

    founded_on: date
    closed_on: date | None
    supervised_from: date | None
    merged: tuple[date, ...] = ()
    succeeded: bool = False

    def has_predecessors(self, period: Period) -> bool:
        """Whether others were merged into this one by the end of the period: their reports of it count here too."""
        return any(day <= period.last_day for day in self.merged)

    def takes_over(self, period: Period) -> bool:
        """Whether this is the period of a merger into this cell: then it owes one whenever it was founded."""
        return any(contains(period, day) for day in self.merged)


@dataclass(frozen=True)
class Standing:
    """An approved exception as it bears on one obligation: set so many steps above the cell, 0 is for the cell itself.

    `moved_to` None: the period does not count.
    """

    steps: int
    decided_at: datetime
    moved_to: date | None


@dataclass(frozen=True)
class Basis:
    """All that decides the instants of one obligation and whether it counts.

    `usual_on` and `report_days` are the usual day and the days for reporting by the policy when the obligation was
    made or last moved by a policy, so that whatever is undone later comes back to the very same instants.
    """

    period: Period
    usual_on: date
    report_days: int
    planned_on: date | None
    exceptions: tuple[Standing, ...]
    cell: CellDates


@dataclass(frozen=True)
class Terms:
    """What an obligation's row says about when it is owed; `excepted_at` None means that it counts."""

    window: Window
    moved_on: date | None
    excepted_at: datetime | None


def terms_of(basis: Basis) -> Terms:
    """The one place where an obligation's instants come from: for making, planning, excepting, withdrawing an
    exception, changing a policy, closing and merging alike.

    Of several exceptions the one set nearest to the cell counts, among equals the one decided last. A moved day goes
    before the planned one, that before the usual one. A cell founded in the middle of a merger's period, after the
    usual day, has until the period closes.
    """
    standing = _nearest(basis.exceptions)
    moved_on = standing.moved_to if standing else None
    window = window_of(basis.period, moved_on or basis.planned_on or basis.usual_on, basis.report_days)
    if moved_on is None and basis.planned_on is None and basis.usual_on < basis.cell.founded_on:
        window = Window(window.opens_at, window.closes_at, window.closes_at)
    if standing is not None and moved_on is None:
        return Terms(window, None, standing.decided_at)
    return Terms(window, moved_on, released_at(basis.cell, basis.period, window))


def _nearest(exceptions: Iterable[Standing]) -> Standing | None:
    def order(one: Standing) -> tuple[int, float, date]:
        return one.steps, -one.decided_at.timestamp(), one.moved_to or date.max

    return min(exceptions, key=order, default=None)


def released_at(cell: CellDates, period: Period, window: Window) -> datetime | None:
    """The day from which a closed cell does not owe a period, None when it does.

    It owes one only if the due day passed before it closed; the period of a merger is its successor's.
    """
    if cell.closed_on is None:
        return None
    passed_on = cell.succeeded and contains(period, cell.closed_on)
    if last_day_before(window.due_at) < cell.closed_on and not passed_on:
        return None
    return start_of_day(cell.closed_on)


def owes(basis: Basis) -> bool:
    """Whether a cell owes a period's meeting of a series at all.

    Not before the first supervised period; a new cell from the first period whose usual day is on or after its
    founding, and that of a merger into it; a closing cell only if the due day passed before it closed.
    """
    cell, period = basis.cell, basis.period
    if cell.supervised_from is None or period.first_day < cell.supervised_from:
        return False
    if basis.usual_on < cell.founded_on and not cell.takes_over(period):
        return False
    return released_at(cell, period, terms_of(basis).window) is None


def may_plan(due_at: datetime, now: datetime) -> bool:
    """A meeting can be planned, and planned anew, while its report is not due yet: what is late stays late."""
    return now < due_at
