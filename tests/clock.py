"""The only thing that tests fake: the edge of the world that says what time it is."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 3, 14, 30, tzinfo=UTC)  # 21:30 on 3 November 2026 in Viet Nam


class SetClock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = START) -> None:
        self._now = now

    def __call__(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        self._now = now

    def advance(self, **step: float) -> None:
        self._now += timedelta(**step)
