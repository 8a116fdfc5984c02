"""When a meeting is owed, and what became of it. Pure: values in, values out."""

import calendar
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

    def plus(self, months: int) -> "Month":
        years, index = divmod(self.month - 1 + months, 12)
        return Month(self.year + years, index + 1)

    def day(self, usual_day: int) -> date:
        """The usual day in this month; 31 means the last day of a short month."""
        return self.first_day.replace(day=min(usual_day, self.last_day.day))


@dataclass(frozen=True)
class Window:
    """The three instants of an obligation."""

    opens_at: datetime
    due_at: datetime
    closes_at: datetime


def window_of(month: Month, usual_day: int, report_days: int) -> Window:
    """Opens with the period; due `report_days` days after the usual day, at most at the closing; closes `report_days`
    days after the period's last day. So a meeting on the 30th with a report on the 2nd is in time."""
    grace = timedelta(days=report_days)
    closes_at = end_of_day(month.last_day + grace)
    due_at = min(end_of_day(month.day(usual_day) + grace), closes_at)
    return Window(start_of_day(month.first_day), due_at, closes_at)


@dataclass(frozen=True)
class CellDates:
    """What decides which periods a cell owes. `supervised_from` None: not supervised yet, nothing is owed."""

    founded_on: date
    closed_on: date | None
    supervised_from: date | None


def owes(cell: CellDates, month: Month, usual_day: int, window: Window) -> bool:
    """Whether a cell owes a month's regular meeting.

    Not before the first supervised period; a new cell from the first month whose usual day is on or after its
    founding; a closing cell only if the due day passed before it closed.
    """
    if cell.supervised_from is None or month.first_day < cell.supervised_from:
        return False
    if month.day(usual_day) < cell.founded_on:
        return False
    return cell.closed_on is None or last_day_before(window.due_at) < cell.closed_on
