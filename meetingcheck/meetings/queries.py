"""Reading reports."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from meetingcheck.accounts.actor import Actor
from meetingcheck.accounts.models import User
from meetingcheck.duties.models import Obligation
from meetingcheck.meetings.models import Meeting, MeetingPhoto, MeetingState, MeetingVersion, Review
from meetingcheck.meetings.rules import Evidence
from meetingcheck.orgs.access import Right, has_right
from meetingcheck.photos.models import Photo, PhotoState, Purpose


def find_meeting(session: Session, meeting_id: uuid.UUID) -> Meeting | None:
    return session.scalars(select(Meeting).where(Meeting.id == meeting_id)).one_or_none()


def find_reported_meeting(session: Session, obligation_id: uuid.UUID) -> Meeting | None:
    """The report that satisfies an obligation; drafts do not."""
    return session.scalars(
        select(Meeting).where(Meeting.obligation_id == obligation_id, Meeting.state != MeetingState.DRAFT)
    ).one_or_none()


def find_own_draft(session: Session, obligation_id: uuid.UUID, author_id: uuid.UUID) -> Meeting | None:
    """The latest draft that this person began for this obligation."""
    return session.scalars(
        select(Meeting)
        .where(
            Meeting.obligation_id == obligation_id,
            Meeting.author_id == author_id,
            Meeting.state == MeetingState.DRAFT,
        )
        .order_by(Meeting.updated_at.desc())
        .limit(1)
    ).one_or_none()


def find_version(session: Session, meeting: Meeting) -> MeetingVersion | None:
    """The latest submitted version."""
    return session.scalars(
        select(MeetingVersion).where(MeetingVersion.meeting_id == meeting.id, MeetingVersion.number == meeting.version)
    ).one_or_none()


def find_last_version(session: Session, unit_id: uuid.UUID) -> MeetingVersion | None:
    """What the cell said the last time, to prefill the next check-in."""
    return session.scalars(
        select(MeetingVersion)
        .join(Meeting, Meeting.id == MeetingVersion.meeting_id)
        .where(Meeting.unit_id == unit_id, MeetingVersion.number == Meeting.version)
        .order_by(MeetingVersion.held_on.desc(), MeetingVersion.submitted_at.desc())
        .limit(1)
    ).one_or_none()


def list_meeting_photos(session: Session, meeting_id: uuid.UUID) -> list[Photo]:
    """The photos of a report in their order."""
    return list(
        session.scalars(
            select(Photo)
            .join(MeetingPhoto, MeetingPhoto.photo_id == Photo.id)
            .where(MeetingPhoto.meeting_id == meeting_id)
            .order_by(MeetingPhoto.position, Photo.id)
        )
    )


def evidence_of(photos: Iterable[Photo]) -> Evidence:
    """How many usable photos of each purpose there are; an unreadable one proves nothing."""
    usable = [photo.purpose for photo in photos if photo.state != PhotoState.UNREADABLE]
    return Evidence(usable.count(Purpose.OVERVIEW), usable.count(Purpose.MINUTES_PAGE))


@dataclass(frozen=True)
class ReportedMeeting:
    """A report as a list shows it."""

    meeting: Meeting
    version: MeetingVersion
    obligation: Obligation | None
    photos: int
    last_review: Review | None


def list_reported(session: Session, unit_id: uuid.UUID, limit: int) -> list[ReportedMeeting]:
    """The reports of a cell, newest first, with the number of photos and the last answer; three queries in all."""
    photos = (
        select(func.count())
        .select_from(MeetingPhoto)
        .where(MeetingPhoto.meeting_id == Meeting.id)
        .correlate(Meeting)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Meeting, MeetingVersion, Obligation, photos)
        .join(
            MeetingVersion,
            and_(MeetingVersion.meeting_id == Meeting.id, MeetingVersion.number == Meeting.version),
        )
        .outerjoin(Obligation, Obligation.id == Meeting.obligation_id)
        .where(Meeting.unit_id == unit_id, Meeting.state != MeetingState.DRAFT)
        .order_by(MeetingVersion.held_on.desc(), Meeting.id)
        .limit(limit)
    ).all()
    reviews = latest_reviews(session, [meeting.id for meeting, *_ in rows])
    return [
        ReportedMeeting(meeting, version, obligation, count, reviews.get(meeting.id))
        for meeting, version, obligation, count in rows
    ]


def latest_reviews(session: Session, meeting_ids: list[uuid.UUID]) -> dict[uuid.UUID, Review]:
    """The last answer to each report."""
    found = session.scalars(select(Review).where(Review.meeting_id.in_(meeting_ids)).order_by(Review.at))
    return {review.meeting_id: review for review in found}


def photos_by_meeting(session: Session, meeting_ids: list[uuid.UUID]) -> dict[uuid.UUID, list[Photo]]:
    """The photos of several reports, each in its order, in one query."""
    rows = session.execute(
        select(MeetingPhoto.meeting_id, Photo)
        .join(Photo, Photo.id == MeetingPhoto.photo_id)
        .where(MeetingPhoto.meeting_id.in_(meeting_ids))
        .order_by(MeetingPhoto.meeting_id, MeetingPhoto.position, Photo.id)
    )
    found: dict[uuid.UUID, list[Photo]] = {}
    for meeting_id, photo in rows:
        found.setdefault(meeting_id, []).append(photo)
    return found


def list_reviews(session: Session, meeting_id: uuid.UUID) -> list[tuple[Review, str]]:
    """All answers to a report with the reviewers' names, oldest first."""
    rows = session.execute(
        select(Review, User.name)
        .join(User, User.id == Review.reviewer_id)
        .where(Review.meeting_id == meeting_id)
        .order_by(Review.at)
    )
    return [(review, name) for review, name in rows]


def meeting_ids_of(session: Session, obligation_ids: list[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """The report of each obligation that has one."""
    rows = session.execute(
        select(Meeting.obligation_id, Meeting.id).where(
            Meeting.obligation_id.in_(obligation_ids), Meeting.state != MeetingState.DRAFT
        )
    )
    return {obligation_id: meeting_id for obligation_id, meeting_id in rows if obligation_id is not None}


def may_review(session: Session, actor: Actor, meeting: Meeting, today: date) -> bool:
    """Whether a person may answer a report: the direct superior's reviewer does, but nobody who filed any of it."""
    filed = select(MeetingVersion.id).where(
        MeetingVersion.meeting_id == meeting.id, MeetingVersion.submitted_by == actor.user_id
    )
    if meeting.author_id == actor.user_id or session.scalar(filed.limit(1)) is not None:
        return False
    return has_right(session, actor, Right.REVIEW, meeting.unit_id, today)


def list_drafts_of(session: Session, unit_id: uuid.UUID, author_ids: Iterable[uuid.UUID]) -> list[Meeting]:
    """What these people began for a cell and did not send, oldest first."""
    return list(
        session.scalars(
            select(Meeting)
            .where(
                Meeting.unit_id == unit_id,
                Meeting.author_id.in_(list(author_ids)),
                Meeting.state == MeetingState.DRAFT,
            )
            .order_by(Meeting.updated_at, Meeting.id)
        )
    )
