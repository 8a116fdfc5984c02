"""Where a report or a photo could belong instead."""

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from meetingcheck.duties.models import Obligation
from meetingcheck.lib.instants import start_of_day
from meetingcheck.meetings.actions import days_for
from meetingcheck.meetings.models import NOT_STANDING, Meeting, MeetingPhoto, MeetingVersion, Satisfaction
from meetingcheck.photos.models import Photo

CHOICES_SHOWN = 24


def list_free_periods(session: Session, unit_id: uuid.UUID, held_on: date) -> list[Obligation]:
    """The periods of a cell that no report satisfies and to which a meeting on that day may belong, newest first."""
    taken = select(Satisfaction.obligation_id).where(Satisfaction.obligation_id == Obligation.id)
    found = session.scalars(
        select(Obligation)
        .where(
            Obligation.unit_id == unit_id,
            or_(Obligation.period_from <= held_on, Obligation.moved_on <= held_on),
            Obligation.closes_at > start_of_day(held_on),
            ~taken.exists(),
        )
        .order_by(Obligation.period_from.desc(), Obligation.series)
        .limit(CHOICES_SHOWN)
    )
    return [one for one in found if days_for(one)[0] <= held_on <= days_for(one)[1]]


@dataclass(frozen=True)
class OtherReport:
    """A report that a photo could be moved to."""

    meeting: Meeting
    version: MeetingVersion


def list_other_reports(session: Session, unit_id: uuid.UUID, not_this: uuid.UUID) -> list[OtherReport]:
    """The latest reports of a cell that were sent and are not void, newest first."""
    rows = session.execute(
        select(Meeting, MeetingVersion)
        .join(MeetingVersion, and_(MeetingVersion.meeting_id == Meeting.id, MeetingVersion.number == Meeting.version))
        .where(
            Meeting.unit_id == unit_id,
            Meeting.id != not_this,
            Meeting.state.not_in(NOT_STANDING),
        )
        .order_by(MeetingVersion.held_on.desc(), Meeting.id)
        .limit(CHOICES_SHOWN)
    )
    return [OtherReport(meeting, version) for meeting, version in rows]


def find_photo_of(session: Session, meeting_id: uuid.UUID, photo_id: uuid.UUID) -> Photo | None:
    """A photo, only as one of this report's that was sent: one that the cell has yet to send is nobody's to move."""
    return session.scalars(
        select(Photo)
        .join(MeetingPhoto, MeetingPhoto.photo_id == Photo.id)
        .where(
            MeetingPhoto.meeting_id == meeting_id,
            Photo.id == photo_id,
            Photo.withdrawn_at.is_(None),
            Photo.published_at.is_not(None),
        )
    ).one_or_none()
