"""Files that somebody of the cell has sent for a period that a colleague had reported first: they lie in a draft of
their own, beside the report."""

import uuid

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from meetingcheck.meetings.models import Document, Meeting, MeetingPhoto, MeetingState, Satisfaction
from meetingcheck.photos.models import Photo


def list_drafts_beside(session: Session, report_id: uuid.UUID, author_id: uuid.UUID) -> list[Meeting]:
    """What this person began for a period that the report satisfies, and did not send; oldest first."""
    return list(session.scalars(_drafts_beside(report_id, author_id).order_by(Meeting.created_at, Meeting.id)))


def count_files_beside(session: Session, report_id: uuid.UUID, author_id: uuid.UUID) -> int:
    """How many photos and documents these drafts hold, without those that were taken back; one query."""
    drafts = _drafts_beside(report_id, author_id).with_only_columns(Meeting.id)
    photos = (
        select(func.count())
        .select_from(MeetingPhoto)
        .join(Photo, Photo.id == MeetingPhoto.photo_id)
        .where(MeetingPhoto.meeting_id.in_(drafts), Photo.withdrawn_at.is_(None))
    )
    documents = (
        select(func.count())
        .select_from(Document)
        .where(Document.meeting_id.in_(drafts), Document.withdrawn_at.is_(None))
    )
    counted: int = session.execute(select(photos.scalar_subquery() + documents.scalar_subquery())).scalar_one()
    return counted


def _drafts_beside(report_id: uuid.UUID, author_id: uuid.UUID) -> Select[Meeting]:
    return (
        select(Meeting)
        .join(Satisfaction, Satisfaction.obligation_id == Meeting.obligation_id)
        .where(
            Satisfaction.meeting_id == report_id,
            Meeting.author_id == author_id,
            Meeting.state == MeetingState.DRAFT,
        )
    )
