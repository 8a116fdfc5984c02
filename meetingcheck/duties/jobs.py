"""Making obligations ahead of time."""

from datetime import datetime, timedelta
from typing import Any

from meetingcheck.duties.actions import make_obligations
from meetingcheck.duties.rules import Month, Quarter
from meetingcheck.lib.db import write_transaction
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.registries import JobKind

MAKE = JobKind("duties.make_obligations", lane="alerts", every=timedelta(hours=6))
MONTHS_AHEAD = 1


def make_due_obligations(_params: dict[str, Any], now: datetime) -> None:
    """This month's and next month's obligations, with those of the quarters in which the two lie. Repeating it
    changes nothing."""
    this_month = Month.of(local_day(now))
    months = [this_month.plus(ahead) for ahead in range(MONTHS_AHEAD + 1)]
    quarters = sorted({Quarter.of(month.first_day) for month in months}, key=lambda quarter: quarter.first_day)
    with write_transaction() as session:
        make_obligations(session, [*months, *quarters], now)
