"""What follows from an import, besides the rows that it wrote: the same as from the office's own pages."""

import uuid
from datetime import date, datetime
from typing import Any

from meetingcheck.duties.actions import follow_policies, follow_usual_day
from meetingcheck.duties.jobs import make_due_obligations
from meetingcheck.lib.db import write_transaction
from meetingcheck.meetings.drafts.actions import pass_drafts


def follow_import(params: dict[str, Any], now: datetime) -> None:
    """New cells owe their periods, new usual days and new superiors move deadlines, new secretaries take over what was
    begun. Running it twice finds nothing left to do."""
    for unit_id in params.get("new_usual_day", []):
        with write_transaction() as session:
            follow_usual_day(session, uuid.UUID(unit_id), None, now)
    for unit_id in params.get("moved", []):
        with write_transaction() as session:
            follow_policies(session, uuid.UUID(unit_id), date.fromisoformat(params["on"]), None, now)
    for unit_id, before, after in params.get("succeeded", []):
        with write_transaction() as session:
            pass_drafts(session, uuid.UUID(unit_id), [uuid.UUID(before)], uuid.UUID(after), None, now)
    make_due_obligations(params, now)
