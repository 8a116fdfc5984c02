"""Reading what resolutions asked of people."""

import uuid
from collections.abc import Collection

from sqlalchemy import and_, case, or_, select
from sqlalchemy.orm import Session

from meetingcheck.meetings.models import Meeting, MeetingState, MeetingVersion, Task, TaskState
from meetingcheck.orgs.queries import itself_and_predecessors

TASKS_SHOWN = 20


def list_open_tasks(session: Session, unit_id: uuid.UUID, answered_in: uuid.UUID | None = None) -> list[Task]:
    """Tasks of a cell's reports, and of those merged into it, that are not done, the nearest deadline first; also those
    that one report answered, when it is being corrected. Not its own: they are asked about next time."""
    wanted = Task.state != TaskState.DONE
    of_cell = Task.unit_id.in_(itself_and_predecessors(unit_id))
    by_deadline = Task.until_on.is_(None), Task.until_on, Task.id
    found = select(Task).join(Meeting, Meeting.id == Task.meeting_id).where(of_cell, Meeting.state != MeetingState.VOID)
    if answered_in is None:
        return list(session.scalars(found.where(wanted).order_by(*by_deadline).limit(TASKS_SHOWN)))
    # What this report answered is never left out: a correction that does not name it would take it back.
    answered = Task.answered_in == answered_in
    found = found.where(or_(wanted, answered), Meeting.id != answered_in)
    return list(session.scalars(found.order_by(case((answered, 0), else_=1), *by_deadline).limit(TASKS_SHOWN)))


def held_later(session: Session, meeting: Meeting, others: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of some reports whose meetings were held after that of one report, by their latest versions."""
    own = select(MeetingVersion.held_on).where(
        MeetingVersion.meeting_id == meeting.id, MeetingVersion.number == meeting.version
    )
    later = (
        select(Meeting.id)
        .join(MeetingVersion, and_(MeetingVersion.meeting_id == Meeting.id, MeetingVersion.number == Meeting.version))
        .where(Meeting.id.in_(others), Meeting.id != meeting.id, MeetingVersion.held_on > own.scalar_subquery())
    )
    return set(session.scalars(later)) if others else set()


def list_tasks_of(session: Session, meeting_id: uuid.UUID) -> list[Task]:
    """The tasks that one report gave, in their order."""
    return list(session.scalars(select(Task).where(Task.meeting_id == meeting_id).order_by(Task.position)))


def list_answered_in(session: Session, meeting_id: uuid.UUID) -> list[Task]:
    """The tasks of earlier reports that one report answered."""
    return list(session.scalars(select(Task).where(Task.answered_in == meeting_id).order_by(Task.until_on, Task.id)))
