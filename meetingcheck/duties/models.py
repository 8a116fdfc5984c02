"""What cells owe: policies and series with dates, obligations with their three instants, missed events."""

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from meetingcheck.lib.db import Base, enum_type


class PeriodType(StrEnum):
    MONTH = "month"


class Policy(Base):
    """Rule values in force for a unit and all below it from a day on, with the document that they rest on.

    `usual_day` is a day of the month (31 means the last), `report_days` counts days after the meeting's day,
    `minimum_minutes` is the shortest regular meeting that needs no hint.
    """

    __tablename__ = "policy"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"))
    from_on: Mapped[date]
    usual_day: Mapped[int]
    report_days: Mapped[int]
    minimum_minutes: Mapped[int]
    document: Mapped[str] = mapped_column(String(200))

    __table_args__ = (UniqueConstraint("unit_id", "from_on"),)


class Series(Base):
    """A kind of meeting that units of one kind hold once in each period."""

    __tablename__ = "series"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    unit_kind: Mapped[str] = mapped_column(ForeignKey("unit_kind.code"))
    period_type: Mapped[PeriodType] = mapped_column(enum_type(PeriodType))
    from_on: Mapped[date]
    to_on: Mapped[date | None]


class Obligation(Base):
    """One meeting owed: its state is an expression over this row alone (duties/rules.py and duties/queries.py)."""

    __tablename__ = "obligation"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"))
    series: Mapped[str] = mapped_column(ForeignKey("series.code"))
    period: Mapped[str] = mapped_column(String(8))
    period_from: Mapped[date]
    opens_at: Mapped[datetime]
    due_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    reported_at: Mapped[datetime | None]
    excepted_at: Mapped[datetime | None]
    missed_at: Mapped[datetime | None]

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


class MissedEvent(Base):
    """A period closed without a report. It stays on record whatever follows."""

    __tablename__ = "missed_event"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    obligation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("obligation.id"), unique=True)
    at: Mapped[datetime]
