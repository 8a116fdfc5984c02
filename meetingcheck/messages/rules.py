"""When people may be disturbed."""

from datetime import datetime, time, timedelta

from meetingcheck.lib.instants import LOCAL_ZONE, local_time

QUIET_FROM = time(21, 0)
QUIET_UNTIL = time(7, 0)


def next_waking_hour(now: datetime) -> datetime:
    """When a message that exists `now` may leave: at once by day, else at seven in the morning, local time."""
    local = local_time(now)
    if QUIET_UNTIL <= local.time() < QUIET_FROM:
        return now
    day = local.date() + timedelta(days=1 if local.time() >= QUIET_FROM else 0)
    return datetime.combine(day, QUIET_UNTIL, LOCAL_ZONE)
