"""Reading photos."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from meetingcheck.photos.models import Photo


def find_photo(session: Session, photo_id: uuid.UUID) -> Photo | None:
    """A photo of a cell; what waits for somebody to confirm it is none yet."""
    return session.scalars(select(Photo).where(Photo.id == photo_id, Photo.held_at.is_(None))).one_or_none()


def find_stored_photo(session: Session, photo_id: uuid.UUID) -> Photo | None:
    """Any photo that there is, for those who do not show it to anybody."""
    return session.scalars(select(Photo).where(Photo.id == photo_id)).one_or_none()
