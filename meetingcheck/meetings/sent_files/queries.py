"""Reading what programs sent, and how much came from a cell."""

import uuid
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from meetingcheck.meetings.models import Document, SentFile
from meetingcheck.photos.models import Photo


def find_sent(session: Session, sent_id: uuid.UUID) -> SentFile | None:
    return session.scalars(select(SentFile).where(SentFile.id == sent_id)).one_or_none()


def find_sent_photo(session: Session, sent: SentFile) -> Photo | None:
    return session.get(Photo, sent.photo_id, populate_existing=True) if sent.photo_id else None


def find_sent_document(session: Session, sent: SentFile) -> Document | None:
    return session.get(Document, sent.document_id, populate_existing=True) if sent.document_id else None


def bytes_received(session: Session, unit_id: uuid.UUID, since: datetime) -> int:
    """Size of all files that came for a cell since an instant, by whatever way."""
    photos = select(func.coalesce(func.sum(Photo.size), 0)).where(Photo.unit_id == unit_id, Photo.received_at >= since)
    documents = select(func.coalesce(func.sum(Document.size), 0)).where(
        Document.unit_id == unit_id, Document.received_at >= since
    )
    return int(session.scalar(photos) or 0) + int(session.scalar(documents) or 0)
