"""Instants are stored in UTC; days are local days in Viet Nam.

A deadline "hết ngày 05/11" is stored as the first instant after that day, so a fact counts as in time when it
happened strictly before the deadline. Viet Nam has no daylight saving: every local day has 24 hours.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator

LOCAL_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
ONE_DAY = timedelta(days=1)


class Instant(TypeDecorator[datetime]):
    """A column that refuses naive datetimes, stores UTC and gives back aware UTC (SQLite forgets the zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        assert isinstance(value, datetime)
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def local_day(instant: datetime) -> date:
    """The local day on which the aware `instant` falls."""
    return instant.astimezone(LOCAL_ZONE).date()


def local_time(instant: datetime) -> datetime:
    """The aware `instant` as a local wall-clock time."""
    return instant.astimezone(LOCAL_ZONE)


def start_of_day(day: date) -> datetime:
    """The first instant (UTC) of the local `day`."""
    return datetime.combine(day, time.min, LOCAL_ZONE).astimezone(UTC)


def end_of_day(day: date) -> datetime:
    """The first instant (UTC) after the local `day`."""
    return start_of_day(day + ONE_DAY)


def last_day_before(deadline: datetime) -> date:
    """The last local day that lies wholly before `deadline`; what people read as "hết ngày ..."."""
    return local_day(deadline - timedelta(microseconds=1))
