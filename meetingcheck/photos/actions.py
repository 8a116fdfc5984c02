"""Rows of photos. Callers commit."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from meetingcheck.lib.db import insert_if_new
from meetingcheck.lib.jobs import enqueue
from meetingcheck.lib.registries import JobKind
from meetingcheck.messages.actions import News, tell
from meetingcheck.photos.ingest import StoredPhoto
from meetingcheck.photos.models import Photo, PhotoState
from meetingcheck.photos.outcomes import PhotoError
from meetingcheck.photos.rules import taken_instant
from meetingcheck.record.actions import Fact, append

RENDER = JobKind("photos.render", lane="photos", max_attempts=60)


def add_photo(session: Session, stored: StoredPhoto, unit_id: uuid.UUID, actor_id: uuid.UUID, now: datetime) -> bool:
    """Make a stored photo known and have its renditions made; False when it was known before."""
    added = insert_if_new(
        session,
        Photo,
        {
            "id": stored.photo_id,
            "unit_id": unit_id,
            "purpose": stored.purpose,
            "sha256": stored.sha256,
            "size": stored.size,
            "format": stored.inspection.format,
            "width": stored.inspection.width,
            "height": stored.inspection.height,
            "taken_at": taken_instant(stored.inspection.taken_at),
            "received_at": now,
            "uploaded_by": actor_id,
            "state": PhotoState.RECEIVED,
        },
    )
    if added:
        enqueue(session, RENDER, {"photo": str(stored.photo_id)}, now, unique_key=f"render:{stored.photo_id}")
        append(session, now, Fact("photo_received", "photo", stored.photo_id, actor_id, {"sha256": stored.sha256}))
    else:
        # Sent again in another place of the form: the last word about what it shows counts, until the report is sent.
        session.execute(
            update(Photo)
            .where(Photo.id == stored.photo_id, Photo.published_at.is_(None))
            .values(purpose=stored.purpose)
        )
    return added


def publish_photos(session: Session, photo_ids: Iterable[uuid.UUID], now: datetime) -> None:
    """The report was sent: from now on the committee sees its photos."""
    session.execute(
        update(Photo).where(Photo.id.in_(list(photo_ids)), Photo.published_at.is_(None)).values(published_at=now)
    )


def mark_ready(session: Session, photo_id: uuid.UUID, now: datetime) -> None:
    session.execute(update(Photo).where(Photo.id == photo_id).values(state=PhotoState.READY))
    append(session, now, Fact("photo_ready", "photo", photo_id))


def mark_unreadable(session: Session, photo: Photo, reason: PhotoError, now: datetime) -> None:
    """The photo cannot be shown; whoever sent it is told, and the original stays."""
    session.execute(
        update(Photo).where(Photo.id == photo.id).values(state=PhotoState.UNREADABLE, unreadable_reason=reason.value)
    )
    append(session, now, Fact("photo_unreadable", "photo", photo.id, None, {"reason": reason.value}))
    news = News("photos.unreadable", f"unreadable:{photo.id}", {"reason": reason.value, "path": "/"})
    tell(session, photo.uploaded_by, news, now)
