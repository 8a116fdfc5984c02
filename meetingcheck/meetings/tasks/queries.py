"""Reading what resolutions asked of people."""

import uuid

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from meetingcheck.meetings.models import Meeting, MeetingState, Task, TaskState
from meetingcheck.orgs.queries import itself_and_predecessors

TASKS_SHOWN = 20


def list_open_tasks(session: Session, unit_id: uuid.UUID, answered_in: uuid.UUID | None = None) -> list[Task]:
    """Tasks of a cell's reports, and of those merged into it, that are not done, the nearest deadline first; also those
    that one report answered, when it is being corrected. Not its own: they are asked about next time."""
    wanted = Task.state != TaskState.DONE
    of_cell = Task.unit_id.in_(itself_and_predecessors(unit_id))
    if answered_in is not None:
        wanted = or_(wanted, Task.answered_in == answered_in)
    return list(
        session.scalars(
            select(Task)
            .join(Meeting, Meeting.id == Task.meeting_id)
            .where(of_cell, wanted, Meeting.state != MeetingState.VOID, Meeting.id != answered_in)
            .order_by(Task.until_on.is_(None), Task.until_on, Task.id)
            .limit(TASKS_SHOWN)
        )
    )


def list_tasks_of(session: Session, meeting_id: uuid.UUID) -> list[Task]:
    """The tasks that one report gave, in their order."""
    return list(session.scalars(select(Task).where(Task.meeting_id == meeting_id).order_by(Task.position)))


def list_answered_in(session: Session, meeting_id: uuid.UUID) -> list[Task]:
    """The tasks of earlier reports that one report answered."""
    return list(session.scalars(select(Task).where(Task.answered_in == meeting_id).order_by(Task.until_on, Task.id)))
