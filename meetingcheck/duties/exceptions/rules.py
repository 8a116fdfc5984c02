"""Which day a period's meeting may be moved to. Pure."""

from datetime import date, timedelta

from meetingcheck.duties.rules import Period

# A meeting may be held early, or late after a long flood; a mistyped year is neither.
LONGEST_BEFORE = timedelta(days=31)
LONGEST_AFTER = timedelta(days=92)
# Nobody decides now about a period so far away; it is a mistyped year.
FARTHEST_PERIOD = timedelta(days=731)


def days_to_move_to(period: Period) -> tuple[date, date]:
    """The first and the last day that are near enough to the period."""
    return period.first_day - LONGEST_BEFORE, period.last_day + LONGEST_AFTER


def may_move_to(period: Period, day: date) -> bool:
    """Whether a day is near enough to the period."""
    first, last = days_to_move_to(period)
    return first <= day <= last


def may_decide_about(period: Period, supervised_from: date | None, today: date) -> bool:
    """Whether a period is one that counts, and not years away."""
    first = supervised_from or today - FARTHEST_PERIOD
    return first <= period.first_day <= today + FARTHEST_PERIOD
