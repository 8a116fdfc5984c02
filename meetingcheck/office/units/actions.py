"""What the office does to units and roles, with everything that follows from it. Callers commit."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from meetingcheck.accounts.actions import end_sessions_of
from meetingcheck.accounts.models import User
from meetingcheck.duties.actions import follow_usual_day, settle_unit
from meetingcheck.duties.jobs import MAKE
from meetingcheck.lib.instants import local_day, start_of_day
from meetingcheck.lib.jobs import enqueue
from meetingcheck.meetings.drafts.actions import PASS_DRAFTS, pass_drafts
from meetingcheck.meetings.drafts.queries import authors_left_behind
from meetingcheck.orgs.actions import (
    NewUnit,
    UnitFacts,
    change_unit,
    close_unit,
    end_role,
    found_checked,
    give_role_once,
    reopen_unit,
    succeed_secretary,
)
from meetingcheck.orgs.models import Role, RoleAssignment, Unit


@dataclass(frozen=True)
class Appointment:
    """A role to be given in a unit from a day on."""

    unit: Unit
    role: Role
    from_on: date


def appoint(session: Session, user: User, to: Appointment, actor_id: uuid.UUID, now: datetime) -> None:
    """Give a role; the person's sessions end, so that the next sign-in is as strong as the role needs.

    A new secretary takes over from the one before, with what that one, or somebody whose role ended earlier, had begun
    and not sent. Raises Refused.
    """
    if to.role == Role.SECRETARY:
        before = succeed_secretary(session, to.unit, user.id, to.from_on, actor_id, now)
        left = authors_left_behind(session, to.unit.id, to.from_on)
        _pass_drafts(session, to, list({*before, *left} - {user.id}), user.id, actor_id, now)
        for predecessor in before:
            end_sessions_of(session, predecessor, actor_id, now)
    else:
        give_role_once(session, user.id, to.unit, to.role, to.from_on, actor_id, now)
    end_sessions_of(session, user.id, actor_id, now)


def _pass_drafts(
    session: Session, to: Appointment, before: list[uuid.UUID], user_id: uuid.UUID, actor_id: uuid.UUID, now: datetime
) -> None:
    """Now, or at the beginning of the day on which the successor begins."""
    if not before:
        return
    if to.from_on <= local_day(now):
        pass_drafts(session, to.unit.id, before, user_id, actor_id, now)
        return
    params = {"unit": str(to.unit.id), "from": [str(one) for one in before], "to": str(user_id)}
    enqueue(session, PASS_DRAFTS, params, now, run_at=start_of_day(to.from_on))


def dismiss(session: Session, assignment: RoleAssignment, to_on: date, actor_id: uuid.UUID, now: datetime) -> None:
    """End a role from a day on, and the person's sessions now. Raises Refused for the last administrator."""
    end_role(session, assignment, to_on, actor_id, now)
    end_sessions_of(session, assignment.user_id, actor_id, now)


def correct_unit(session: Session, unit: Unit, facts: UnitFacts, actor_id: uuid.UUID, now: datetime) -> None:
    """Correct a unit; a new usual day moves the deadlines of the periods that have not begun. Raises Refused."""
    moved = unit.usual_day != facts.usual_day
    change_unit(session, unit, facts, actor_id, now)
    if moved:
        follow_usual_day(session, unit.id, actor_id, now)


def found(session: Session, new: NewUnit, actor_id: uuid.UUID, now: datetime) -> Unit:
    """Found a unit and let its periods be made at once. Raises Refused."""
    unit = found_checked(session, new, actor_id, now)
    enqueue(session, MAKE, {}, now)
    return unit


def close(session: Session, unit: Unit, closed_on: date, document: str, actor_id: uuid.UUID, now: datetime) -> None:
    """End a unit by a decision; periods that were not due before do not count. Raises Refused."""
    close_unit(session, unit, closed_on, document, actor_id, now)
    settle_unit(session, unit.id, now)


def reopen(session: Session, unit: Unit, actor_id: uuid.UUID, now: datetime) -> None:
    """Take back a mistaken closing; the periods that it released are owed again. Raises Refused."""
    reopen_unit(session, unit, actor_id, now)
    settle_unit(session, unit.id, now)
    enqueue(session, MAKE, {}, now)
