"""Reading photos."""

import uuid
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from meetingcheck.photos.models import Photo


def find_photo(session: Session, photo_id: uuid.UUID) -> Photo | None:
    return session.scalars(select(Photo).where(Photo.id == photo_id)).one_or_none()


def list_photos(session: Session, photo_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Photo]:
    """The photos with these ids, by id, in one query."""
    found = session.scalars(select(Photo).where(Photo.id.in_(list(photo_ids))))
    return {photo.id: photo for photo in found}
