"""Looking for periods that have ended."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from meetingcheck.alerts.actions import close_periods, lift_misses
from meetingcheck.lib.db import write_transaction
from meetingcheck.lib.logs import log
from meetingcheck.lib.registries import JobKind

CLOSE = JobKind("alerts.close_periods", lane="alerts", every=timedelta(minutes=5))
AT_A_TIME = 500


def close_ended_periods(_params: dict[str, Any], now: datetime) -> None:
    close_all(now)


def tell_lifted(params: dict[str, Any], now: datetime) -> None:
    """Misses that no longer count: who was alerted hears so."""
    with write_transaction() as session:
        lift_misses(session, [uuid.UUID(one) for one in params["obligations"]], now)


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
