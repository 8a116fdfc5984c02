"""What cells owe: policies and series with dates, obligations with their three instants, missed events."""

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from meetingcheck.duties.rules import PeriodType
from meetingcheck.lib.db import Base, enum_type


class Policy(Base):
    """Rule values in force for a unit and all below it from a day on, with the document that they rest on.

    `usual_day` is a day of the month (31 means the last), `report_days` counts days after the meeting's day,
    `minimum_minutes` is the shortest meeting that needs no hint, `combined_minutes` the shortest sitting that holds a
    regular and a thematic meeting at once. What counts as complete evidence: `overviews_asked` photos of the room,
    minutes or not, names of those absent or not.
    """

    __tablename__ = "policy"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"))
    from_on: Mapped[date]
    usual_day: Mapped[int]
    report_days: Mapped[int]
    minimum_minutes: Mapped[int]
    combined_minutes: Mapped[int] = mapped_column(default=120)
    overviews_asked: Mapped[int] = mapped_column(default=1)
    minutes_asked: Mapped[bool] = mapped_column(default=True)
    absent_names_asked: Mapped[bool] = mapped_column(default=False)
    document: Mapped[str] = mapped_column(String(200))

    __table_args__ = (UniqueConstraint("unit_id", "from_on"),)


class Series(Base):
    """A kind of meeting that units of one kind, or all cells where `unit_kind` is None, hold once in each period.

    It counts for periods that begin on `from_on` or later and before `to_on`.
    """

    __tablename__ = "series"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    unit_kind: Mapped[str | None] = mapped_column(ForeignKey("unit_kind.code"))
    period_type: Mapped[PeriodType] = mapped_column(enum_type(PeriodType))
    from_on: Mapped[date]
    to_on: Mapped[date | None]


class Obligation(Base):
    """One meeting owed: its state is an expression over this row alone (duties/rules.py and duties/queries.py).

    `usual_on` and `report_days` are what the policy made of it; `planned_on` is the day that the cell planned within
    the period, `moved_on` the day that an approved exception moved the meeting to, inside the period or outside. The
    three instants follow from these (`duties.rules.terms_of`). `satisfied_by` is the period of a cell merged into this
    one whose report counts here as well: `reported_at` is then that report's. `missed_at` is the missed event that
    belongs to the present closing; one before a move is only history.
    """

    __tablename__ = "obligation"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"))
    series: Mapped[str] = mapped_column(ForeignKey("series.code"))
    period: Mapped[str] = mapped_column(String(8))
    period_from: Mapped[date]
    usual_on: Mapped[date]
    report_days: Mapped[int]
    planned_on: Mapped[date | None]
    moved_on: Mapped[date | None]
    opens_at: Mapped[datetime]
    due_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    reported_at: Mapped[datetime | None]
    excepted_at: Mapped[datetime | None]
    missed_at: Mapped[datetime | None]
    satisfied_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("obligation.id"), index=True)

    __table_args__ = (
        UniqueConstraint("unit_id", "series", "period"),
        Index(
            "ix_obligation_to_close",
            "closes_at",
            sqlite_where=text("reported_at IS NULL AND excepted_at IS NULL AND missed_at IS NULL"),
            postgresql_where=text("reported_at IS NULL AND excepted_at IS NULL AND missed_at IS NULL"),
        ),
        Index("ix_obligation_period_from", "period_from"),
    )


class ExceptionKind(StrEnum):
    MOVED = "moved"
    EXCUSED = "excused"


class ExceptionState(StrEnum):
    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class PeriodException(Base):
    """A period moved to another day, or not counted, for a cell or for all cells below a unit, with its reason.

    `series` None means all series. A cell asks, the authority above decides; what an authority itself sets is approved
    from the start. Nothing is deleted: a mistaken one is withdrawn.
    """

    __tablename__ = "period_exception"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"), index=True)
    series: Mapped[str | None] = mapped_column(ForeignKey("series.code"))
    period: Mapped[str] = mapped_column(String(8), index=True)
    kind: Mapped[ExceptionKind] = mapped_column(enum_type(ExceptionKind))
    moved_to: Mapped[date | None]
    reason: Mapped[str] = mapped_column(String(500))
    document: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[ExceptionState] = mapped_column(enum_type(ExceptionState))
    asked_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    asked_at: Mapped[datetime]
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None]
    decision: Mapped[str | None] = mapped_column(String(500))


class MissedEvent(Base):
    """A period closed without a report. It stays on record whatever follows; a period that was moved afterwards may
    close once more.

    `lifted_at`: it no longer counted then, and those who were alerted were told so, once.
    """

    __tablename__ = "missed_event"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    obligation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("obligation.id"))
    at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("obligation_id", "at"),)
