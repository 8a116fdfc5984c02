"""Forgetting report links that ended long ago."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_

from meetingcheck.lib.db import write_transaction
from meetingcheck.lib.registries import JobKind
from meetingcheck.meetings.models import ReportLink

SWEEP_LINKS = JobKind("meetings.sweep_links", lane="bulk", every=timedelta(hours=24))
KEEP_ENDED = timedelta(days=30)


def sweep_links(_params: dict[str, Any], now: datetime) -> None:
    """Forget report links that ended more than 30 days ago; that they were made and opened stays on record."""
    before = now - KEEP_ENDED
    with write_transaction() as session:
        session.execute(delete(ReportLink).where(or_(ReportLink.expires_at < before, ReportLink.revoked_at < before)))
