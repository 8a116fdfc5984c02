"""What may be said about a receipt: to everybody that the report arrived, to the committee which report it is."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from meetingcheck.duties.models import Obligation
from meetingcheck.meetings.models import Meeting, MeetingState, MeetingVersion, VersionDocument, VersionPhoto
from meetingcheck.orgs.access import GRANTS, Reach, Right
from meetingcheck.orgs.models import RoleAssignment, Unit
from meetingcheck.orgs.queries import in_force, seen_below


@dataclass(frozen=True)
class Received:
    """That a report arrived. Nobody is named, and nothing is said of what it says."""

    unit_name: str
    period: str | None
    received_at: datetime
    version: int
    photos: int
    documents: int
    void: bool


def find_received(session: Session, meeting_id: uuid.UUID) -> Received | None:
    """That the report of this id arrived, in one query whether there is one or not."""
    photos, documents = (
        select(func.count())
        .select_from(held)
        .where(held.version_id == MeetingVersion.id)
        .correlate(MeetingVersion)
        .scalar_subquery()
        for held in (VersionPhoto, VersionDocument)
    )
    row = session.execute(
        select(
            Unit.name,
            Obligation.period,
            MeetingVersion.submitted_at,
            Meeting.version,
            photos,
            documents,
            Meeting.state,
        )
        .select_from(Meeting)
        .join(Unit, Unit.id == Meeting.unit_id)
        .join(MeetingVersion, and_(MeetingVersion.meeting_id == Meeting.id, MeetingVersion.number == Meeting.version))
        .outerjoin(Obligation, Obligation.id == Meeting.obligation_id)
        .where(Meeting.id == meeting_id, Meeting.state != MeetingState.DRAFT)
    ).one_or_none()
    if row is None:
        return None
    unit_name, period, received_at, version, photo_count, document_count, state = row
    return Received(unit_name, period, received_at, version, photo_count, document_count, state == MeetingState.VOID)


@dataclass(frozen=True)
class FoundReport:
    meeting_id: uuid.UUID
    unit_name: str
    held_on: date
    received_at: datetime


def find_reports(
    session: Session, ids: tuple[uuid.UUID, uuid.UUID], user_id: uuid.UUID, today: date, limit: int
) -> list[FoundReport]:
    """The reports between two ids, in the units about which a person may ask."""
    roles = [grant.role for grant in GRANTS[Right.FIND_RECEIPT] if grant.reach == Reach.ALL]
    places = session.scalars(
        select(RoleAssignment.unit_id).where(
            RoleAssignment.user_id == user_id,
            RoleAssignment.role.in_(roles),
            in_force(RoleAssignment.from_on, RoleAssignment.to_on, today),
        )
    ).all()
    in_reach = Meeting.unit_id.in_(seen_below(places, today))
    rows = session.execute(
        select(Meeting.id, Unit.name, MeetingVersion.held_on, MeetingVersion.submitted_at)
        .select_from(Meeting)
        .join(Unit, Unit.id == Meeting.unit_id)
        .join(MeetingVersion, and_(MeetingVersion.meeting_id == Meeting.id, MeetingVersion.number == Meeting.version))
        .where(Meeting.id.between(*ids), Meeting.state != MeetingState.DRAFT, in_reach)
        .order_by(MeetingVersion.submitted_at.desc(), Meeting.id)
        .limit(limit)
    )
    return [FoundReport(*row) for row in rows]
