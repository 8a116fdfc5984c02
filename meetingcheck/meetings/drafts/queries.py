"""What people of a cell began and did not send."""

import uuid
from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import and_, exists, select
from sqlalchemy.orm import Session

from meetingcheck.meetings.models import Meeting, MeetingState, Satisfaction
from meetingcheck.orgs.models import Role, RoleAssignment
from meetingcheck.orgs.queries import in_force, itself_and_predecessors


def authors_left_behind(session: Session, unit_id: uuid.UUID, day: date) -> list[uuid.UUID]:
    """Whose drafts of a cell, or of one that was merged into it, nobody goes on with: they reported for it once, and
    no longer do on that day."""
    reported = and_(
        RoleAssignment.user_id == Meeting.author_id,
        RoleAssignment.unit_id == Meeting.unit_id,
        RoleAssignment.role.in_((Role.SECRETARY, Role.REPORTER)),
    )
    reports = and_(
        RoleAssignment.user_id == Meeting.author_id,
        RoleAssignment.unit_id == unit_id,
        RoleAssignment.role.in_((Role.SECRETARY, Role.REPORTER)),
        in_force(RoleAssignment.from_on, RoleAssignment.to_on, day),
    )
    of_cell = Meeting.unit_id.in_(itself_and_predecessors(unit_id))
    drafts = select(Meeting.author_id).where(of_cell, Meeting.state == MeetingState.DRAFT)
    left = drafts.where(exists().where(reported), ~exists().where(reports)).distinct()
    return list(session.scalars(left.order_by(Meeting.author_id)))


def list_drafts_of(session: Session, unit_id: uuid.UUID, author_ids: Iterable[uuid.UUID]) -> list[Meeting]:
    """What these people began for a cell, or for one that was merged into it, and did not send, oldest first."""
    return list(
        session.scalars(
            select(Meeting)
            .where(
                Meeting.unit_id.in_(itself_and_predecessors(unit_id)),
                Meeting.author_id.in_(list(author_ids)),
                Meeting.state == MeetingState.DRAFT,
            )
            .order_by(Meeting.updated_at, Meeting.id)
        )
    )


def list_unsent(
    session: Session, touched: tuple[datetime, datetime], after: uuid.UUID | None, limit: int
) -> list[Meeting]:
    """Drafts that were touched last between two instants and whose period, if they have one, nobody has reported; in
    portions: those that follow one of them."""
    unsent = (
        select(Meeting)
        .where(
            Meeting.state == MeetingState.DRAFT,
            Meeting.updated_at.between(*touched),
            ~exists().where(Satisfaction.obligation_id == Meeting.obligation_id),
        )
        .order_by(Meeting.id)
        .limit(limit)
    )
    return list(session.scalars(unsent.where(Meeting.id > after) if after else unsent))
