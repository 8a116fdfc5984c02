"""Rows of photos. Callers commit."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select, update
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
from meetingcheck.record.withdrawing import reinstate, withdraw

RENDER = JobKind("photos.render", lane="photos", max_attempts=60)


def add_photo(session: Session, stored: StoredPhoto, unit_id: uuid.UUID, actor_id: uuid.UUID, now: datetime) -> bool:
    """Make a stored photo known and have its renditions made; False when it was known before."""
    added = _add(session, stored, unit_id, actor_id, now)
    if not added:
        _send_again(session, stored, actor_id, now)
    return added


def hold_photo(session: Session, stored: StoredPhoto, unit_id: uuid.UUID, actor_id: uuid.UUID, now: datetime) -> bool:
    """The same for a photo that came after its sender's right had ended: it is of no report until it is released.
    False when it belongs to a report already; nothing of that changes."""
    if _add(session, stored, unit_id, actor_id, now, held_at=now):
        return True
    held = session.scalar(select(Photo.id).where(Photo.id == stored.photo_id, Photo.held_at.is_not(None)))
    if held is None:
        return False
    _send_again(session, stored, actor_id, now)
    return True


def release_photos(session: Session, photo_ids: Iterable[uuid.UUID]) -> None:
    """Somebody has confirmed them: they are photos like others."""
    session.execute(update(Photo).where(Photo.id.in_(list(photo_ids))).values(held_at=None))


def _add(
    session: Session,
    stored: StoredPhoto,
    unit_id: uuid.UUID,
    actor_id: uuid.UUID,
    now: datetime,
    held_at: datetime | None = None,
) -> bool:
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
            "held_at": held_at,
            "state": PhotoState.RECEIVED,
        },
    )
    if added:
        enqueue(session, RENDER, {"photo": str(stored.photo_id)}, now, unique_key=f"render:{stored.photo_id}")
        append(session, now, Fact("photo_received", "photo", stored.photo_id, actor_id, {"sha256": stored.sha256}))
    return added


def _send_again(session: Session, stored: StoredPhoto, actor_id: uuid.UUID, now: datetime) -> None:
    """Sent again in another place of the form: the last word about what it shows counts, until the report is sent. And
    whoever sends a photo again that was taken back wants it back."""
    session.execute(
        update(Photo).where(Photo.id == stored.photo_id, Photo.published_at.is_(None)).values(purpose=stored.purpose)
    )
    reinstate(session, Photo, stored.photo_id, actor_id, now)


def publish_photos(session: Session, photo_ids: Iterable[uuid.UUID], now: datetime) -> None:
    """The report was sent: from now on the committee sees its photos."""
    session.execute(
        update(Photo).where(Photo.id.in_(list(photo_ids)), Photo.published_at.is_(None)).values(published_at=now)
    )


def take_back(session: Session, photo: Photo, actor_id: uuid.UUID | None, now: datetime) -> bool:
    """It was sent by mistake: from now on only administrators see it. False when it was taken back before. `actor_id`
    None: nobody did it, its time was over."""
    return withdraw(session, Photo, photo.id, actor_id, now)


def put_back(session: Session, photo: Photo, actor_id: uuid.UUID, now: datetime) -> bool:
    """It was taken back by mistake. False when it is there already. Who may do it, say the rules."""
    return reinstate(session, Photo, photo.id, actor_id, now)


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
