"""Which objects of the store belong to which photo: what a backup must hold, and what a sweep must leave alone."""

import re
import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from meetingcheck.lib.registries import NamedObject, ObjectKind
from meetingcheck.photos.models import Photo, PhotoState
from meetingcheck.photos.rules import Size, original_key, rendition_key

PREFIX = "photos/"

_KEY = re.compile(r"photos/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/([0-9a-f]{64})(?:-\d+\.jpg)?")


def list_named(session: Session) -> list[NamedObject]:
    """Every object that the photos of this database rest on, by key.

    Renditions are named once the photo is ready; before, a job that waits in the same database makes them.
    """
    named = []
    for photo_id, sha256, state in session.execute(select(Photo.id, Photo.sha256, Photo.state)):
        named.append(NamedObject(original_key(photo_id, sha256), sha256))
        if state == PhotoState.READY:
            named += [NamedObject(rendition_key(photo_id, sha256, size)) for size in Size]
    return sorted(named, key=lambda one: one.key)


def photo_of(key: str) -> tuple[uuid.UUID, str] | None:
    """Id and SHA-256 of the photo that an object belongs to; None when the key is not one of a photo."""
    parts = _KEY.fullmatch(key)
    return (uuid.UUID(parts.group(1)), parts.group(2)) if parts else None


def known_photos(session: Session, photo_ids: set[uuid.UUID]) -> set[uuid.UUID]:
    """Those that have a row."""
    return set(session.scalars(select(Photo.id).where(Photo.id.in_(photo_ids))))


PHOTO_OBJECTS = ObjectKind(PREFIX, photo_of, known_photos, list_named)
