"""Work that reaches the server after its sender's role had ended: what is kept, for how long. Pure.

A phone may have been without a line for days when the role ends. What it then sends is kept and shown to the new
secretary and the reviewer, who take it in or discard it; until then it counts nowhere. It is kept only when it can have
been begun while its sender still had the right to report. The phone's own word for when that was is worth nothing: a
former secretary could set its clock. So the server asks what it knows by itself:

- the role ended no more than 30 days ago;
- the earliest day on which the work can have been begun is not after the day on which the role ended. For a period that
  is the first day on which its meeting could be held, for the correction of a report the day on which that report was
  begun, and in any case the day on which a draft of the same sending came here. For an extra meeting of which nothing
  has come before it is the day on which the meeting was held, as typed, if it was typed: people judge that one.

The day itself counts: a role that is ended today ends in the middle of it, and what was written that morning was
written with the right.
"""

import uuid
from datetime import date, datetime, timedelta

from meetingcheck.lib.instants import end_of_day, local_day

KEPT_FOR = timedelta(days=30)  # after a role's end, and again after the arrival
REMINDED_BEFORE = timedelta(days=7)
MOST_WAITING = 5  # held works of one person
MOST_PHOTOS = 30  # of one held work
MOST_DOCUMENTS = 5  # of one held work


def is_kept(ended_on: date, begun_on: date | None, today: date) -> bool:
    """Whether work that comes today is kept. `ended_on` is the first day on which its sender's role no longer counted,
    `begun_on` the earliest day on which the work can have been begun, None when the server knows of none."""
    return timedelta() <= today - ended_on <= KEPT_FOR and (begun_on is None or begun_on <= ended_on)


def earliest(*days: date | None) -> date | None:
    """The earliest of the days that are known; None when none is."""
    return min((day for day in days if day is not None), default=None)


def kept_until(arrived_at: datetime) -> datetime:
    """The end of the last day on which somebody may still decide."""
    return end_of_day(local_day(arrived_at) + KEPT_FOR)


def correction_id_of(meeting_id: uuid.UUID, author_id: uuid.UUID) -> uuid.UUID:
    """What one person wanted to add to a report that was sent is one held work."""
    return uuid.uuid5(meeting_id, f"late/{author_id}")
