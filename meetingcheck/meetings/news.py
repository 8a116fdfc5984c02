"""What the other side hears about a report. Callers commit."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from meetingcheck.lib.instants import local_day
from meetingcheck.meetings.models import Meeting
from meetingcheck.meetings.queries import find_meeting, find_version
from meetingcheck.messages.actions import News, tell
from meetingcheck.orgs.queries import get_unit, people_who_file, reviewers_of


def tell_about_correction(session: Session, meeting_id: uuid.UUID, before: int, now: datetime) -> None:
    """The cell has added what it was asked for: whoever answers its reports hears of the new version, once."""
    meeting = find_meeting(session, meeting_id)
    if meeting is None or meeting.version == before:
        return
    readers = reviewers_of(session, [meeting.unit_id], local_day(now)).get(meeting.unit_id, [])
    _tell_each(session, readers, "meetings.corrected", f"v{meeting.version}", meeting, {}, now)


def tell_about_telephone(session: Session, meeting_id: uuid.UUID, now: datetime) -> None:
    """Somebody of the committee filed for the cell, or corrected that: its people hear of it and can correct it."""
    meeting = find_meeting(session, meeting_id)
    version = find_version(session, meeting) if meeting else None
    if meeting is None or version is None:
        return
    cell = people_who_file(session, meeting.unit_id, local_day(now))
    _tell_each(session, cell, "meetings.filed_for", f"v{meeting.version}", meeting, {"told_by": version.told_by}, now)


def tell_about_void(session: Session, meeting: Meeting, *, by_cell: bool, now: datetime) -> None:
    """A report does not count any more: the other side hears why."""
    params = {"reason": meeting.void_reason}
    _tell_each(
        session,
        _other_side(session, meeting, by_cell, now),
        "meetings.void",
        f"r{meeting.revision}",
        meeting,
        params,
        now,
    )


def tell_about_restoring(session: Session, meeting: Meeting, *, by_cell: bool, now: datetime) -> None:
    """A report that was void counts again: the other side, which heard of the one, hears of the other."""
    people = _other_side(session, meeting, by_cell, now)
    _tell_each(session, people, "meetings.restored", f"r{meeting.revision}", meeting, {}, now)


def tell_about_move(session: Session, meeting: Meeting, from_cell: uuid.UUID, *, by_cell: bool, now: datetime) -> None:
    """A report counts for another period or cell now; the cell that had it hears of it too, as its period is owed
    again."""
    occasion = f"r{meeting.revision}"
    people = _other_side(session, meeting, by_cell, now)
    _tell_each(session, people, "meetings.moved", occasion, meeting, {}, now)
    if from_cell != meeting.unit_id:
        left = set(people_who_file(session, from_cell, local_day(now))) - set(people)
        home = {"path": f"/cells/{from_cell}/home", "cell": get_unit(session, from_cell).name}
        _tell_each(session, left, "meetings.moved", occasion, meeting, home, now)


def _other_side(session: Session, meeting: Meeting, by_cell: bool, now: datetime) -> list[uuid.UUID]:
    if by_cell:
        return reviewers_of(session, [meeting.unit_id], local_day(now)).get(meeting.unit_id, [])
    return people_who_file(session, meeting.unit_id, local_day(now))


def _tell_each(
    session: Session,
    people: Iterable[uuid.UUID],
    kind: str,
    occasion: str,
    meeting: Meeting,
    params: dict[str, Any],
    now: datetime,
) -> None:
    version = find_version(session, meeting)
    told = {
        "cell": get_unit(session, meeting.unit_id).name,
        "day": version.held_on.strftime("%d/%m/%Y") if version else "",
        "path": f"/meetings/{meeting.id}",
        **params,
    }
    for user_id in people:
        tell(session, user_id, News(kind, f"{kind}:{user_id}:{meeting.id}:{occasion}", told), now)
