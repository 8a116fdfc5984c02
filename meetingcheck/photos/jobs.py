"""Making the two renditions of a photo: read, decode in the child, store both, then mark it ready."""

import uuid
from datetime import datetime
from typing import Any

from flask import current_app

from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.services import services
from meetingcheck.photos.actions import mark_ready, mark_unreadable
from meetingcheck.photos.extension import decoder_of
from meetingcheck.photos.models import PhotoState
from meetingcheck.photos.outcomes import PhotoError, PhotoRefused, Renditions
from meetingcheck.photos.queries import find_stored_photo
from meetingcheck.photos.rules import Size, original_key, rendition_key

JPEG = "image/jpeg"
TRIES = 3
MAY_PASS_LATER = {PhotoError.TOOK_TOO_LONG, PhotoError.CRASHED, PhotoError.OUT_OF_MEMORY}


def render_photo(params: dict[str, Any], now: datetime) -> None:
    """Make what a photo lacks. Running it twice writes the same objects again."""
    storage = services().storage
    with read_transaction() as session:
        photo = find_stored_photo(session, uuid.UUID(params["photo"]))
    if photo is None or photo.state != PhotoState.RECEIVED:
        return
    original = storage.get(original_key(photo.id, photo.sha256))
    try:
        renditions = _render_patiently(original)
    except PhotoRefused as refused:
        with write_transaction() as session:
            mark_unreadable(session, photo, refused.error, now)
        return
    storage.put(rendition_key(photo.id, photo.sha256, Size.LARGE), renditions.large.jpeg, JPEG)
    storage.put(rendition_key(photo.id, photo.sha256, Size.SMALL), renditions.small.jpeg, JPEG)
    with write_transaction() as session:
        mark_ready(session, photo.id, now)


def _render_patiently(original: bytes) -> Renditions:
    """A crash or a slow moment may be the machine's fault, not the photo's: it is believed the third time."""
    decoder = decoder_of(current_app)
    for _ in range(TRIES - 1):
        try:
            return decoder.render(original)
        except PhotoRefused as refused:
            if refused.error not in MAY_PASS_LATER:
                raise
    return decoder.render(original)
