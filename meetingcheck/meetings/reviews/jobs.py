"""Telling a cell of an answer, a minute after it was given."""

import uuid
from datetime import datetime
from typing import Any

from meetingcheck.lib.db import write_transaction
from meetingcheck.meetings.reviews.actions import TELL_ANSWER, tell_answer

__all__ = ["TELL_ANSWER", "tell_answer_given"]


def tell_answer_given(params: dict[str, Any], now: datetime) -> None:
    with write_transaction() as session:
        tell_answer(session, uuid.UUID(params["review"]), now)
