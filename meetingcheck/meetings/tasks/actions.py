"""Keeping what a report says about tasks: those it gives and those it answers. Callers commit."""

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from meetingcheck.meetings.models import Meeting, Task, TaskState
from meetingcheck.meetings.tasks.queries import held_later, list_answered_in, list_tasks_of
from meetingcheck.meetings.tasks.rules import match_tasks
from meetingcheck.meetings.values import CheckIn, TaskAnswer
from meetingcheck.orgs.queries import itself_and_predecessors


def keep_tasks(session: Session, meeting: Meeting, check_in: CheckIn, now: datetime) -> None:
    """Make the rows say what the latest version says."""
    _keep_given(session, meeting, check_in)
    _keep_answers(session, meeting, {answer.task_id: answer for answer in check_in.details.answers}, now)
    session.flush()


def withdraw_answers(session: Session, meeting: Meeting, now: datetime) -> None:
    """The report counts no more: what it answered is asked again."""
    _keep_answers(session, meeting, {}, now)
    session.flush()


def reopen_tasks_of(session: Session, meeting: Meeting) -> None:
    """Nobody has answered what the report gave: it belongs to another cell now."""
    for task in list_tasks_of(session, meeting.id):
        _reopen(task)
    session.flush()


def _reopen(task: Task) -> None:
    task.state, task.answer, task.answered_in, task.answered_at = TaskState.OPEN, None, None, None


def _keep_given(session: Session, meeting: Meeting, check_in: CheckIn) -> None:
    """A task keeps its answer while it is the same work; one that the version no longer names goes."""
    before, given = list_tasks_of(session, meeting.id), check_in.details.tasks
    matches = match_tasks([task.what for task in before], [one.what for one in given])
    for index, task in enumerate(before):
        if index in matches:
            task.position = -task.position  # out of the way: no two may have one place, not even for a moment
        else:
            session.delete(task)
    session.flush()
    for position, (one, match) in enumerate(zip(given, matches, strict=True), start=1):
        kept = before[match] if match is not None else _new_task(meeting)
        kept.position, kept.what, kept.who, kept.until_on = position, one.what, one.who, one.until_on
        session.add(kept)


def _new_task(meeting: Meeting) -> Task:
    return Task(id=uuid.uuid4(), unit_id=meeting.unit_id, meeting_id=meeting.id, state=TaskState.OPEN)


def _keep_answers(session: Session, meeting: Meeting, answers: dict[uuid.UUID, TaskAnswer], now: datetime) -> None:
    """Only tasks of the same cell or of one that was merged into it can be answered, and none that another report found
    done or that a later meeting has spoken of."""
    for task in list_answered_in(session, meeting.id):
        if task.id not in answers:
            _reopen(task)
    of_cell = Task.unit_id.in_(itself_and_predecessors(meeting.unit_id))
    asked = session.scalars(select(Task).where(Task.id.in_(answers), of_cell).order_by(Task.id)).all()
    later = held_later(session, meeting, {task.answered_in for task in asked if task.answered_in})
    for task in asked:
        found_done = task.state == TaskState.DONE and task.answered_in != meeting.id
        if task.meeting_id == meeting.id or found_done or task.answered_in in later:
            continue
        answer = answers[task.id]
        task.state = TaskState.DONE if answer.done else TaskState.NOT_DONE
        task.answer, task.answered_in, task.answered_at = answer.note or None, meeting.id, now
