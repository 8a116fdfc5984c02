"""Looking for periods that have ended."""

from datetime import datetime, timedelta
from typing import Any

from meetingcheck.alerts.actions import close_periods
from meetingcheck.lib.db import write_transaction
from meetingcheck.lib.logs import log
from meetingcheck.lib.registries import JobKind

CLOSE = JobKind("alerts.close_periods", lane="alerts", every=timedelta(minutes=5))
AT_A_TIME = 500


def close_ended_periods(_params: dict[str, Any], now: datetime) -> None:
    close_all(now)


def close_all(at: datetime) -> int:
    """Close everything that ended by `at`, in transactions of bounded size; the number closed."""
    closed = 0
    while True:
        with write_transaction() as session:
            batch = close_periods(session, at, AT_A_TIME)
        closed += batch
        if batch < AT_A_TIME:
            break
    if closed:
        log("periods closed", missed=closed)
    return closed
