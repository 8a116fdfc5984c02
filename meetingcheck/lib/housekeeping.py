"""Forgetting finished jobs."""

from datetime import datetime, timedelta
from typing import Any

from meetingcheck.lib.db import write_transaction
from meetingcheck.lib.jobs import delete_finished
from meetingcheck.lib.registries import JobKind

SWEEP = JobKind("jobs.sweep", lane="bulk", every=timedelta(hours=6))


def sweep_finished(_params: dict[str, Any], now: datetime) -> None:
    with write_transaction() as session:
        delete_finished(session, now)
