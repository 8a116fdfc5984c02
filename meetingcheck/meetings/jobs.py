"""Passing drafts on the day on which a cell's secretary changes."""

import uuid
from datetime import datetime
from typing import Any

from meetingcheck.lib.db import write_transaction
from meetingcheck.meetings.actions import PASS_DRAFTS, pass_drafts

__all__ = ["PASS_DRAFTS", "pass_drafts_on_the_day"]


def pass_drafts_on_the_day(params: dict[str, Any], now: datetime) -> None:
    with write_transaction() as session:
        pass_drafts(
            session,
            uuid.UUID(params["unit"]),
            [uuid.UUID(one) for one in params["from"]],
            uuid.UUID(params["to"]),
            None,
            now,
        )
