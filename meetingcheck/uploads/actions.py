"""Announcing a file, adding to it, ending it. Callers commit."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from meetingcheck.lib.db import insert_if_new
from meetingcheck.lib.instants import local_day, start_of_day
from meetingcheck.lib.jobs import enqueue
from meetingcheck.lib.registries import JobKind
from meetingcheck.uploads.models import Upload, UploadPart, UploadState
from meetingcheck.uploads.queries import bytes_since, count_open, find_upload
from meetingcheck.uploads.rules import LIFETIME, MOST_BYTES_A_DAY, MOST_OPEN, parts_of

HAND_OVER = JobKind("uploads.hand_over", lane="photos", max_attempts=100)


class Announced(StrEnum):
    CREATED = "created"  # now, or the same announcement repeated
    OTHER_FILE = "other_file"  # the same UUID stands for another file, or for one that was given up
    TOO_MANY = "too_many"  # the cell has too many files on their way
    TOO_MUCH = "too_much"  # the cell has sent too many bytes today


@dataclass(frozen=True)
class NewUpload:
    """A file that somebody announces; `facts` are the taker's own."""

    id: uuid.UUID
    consumer: str
    unit_id: uuid.UUID
    about: uuid.UUID | None
    actor_id: uuid.UUID
    length: int
    sha256: str | None
    facts: Mapping[str, str]


def announce(session: Session, new: NewUpload, now: datetime) -> Announced:
    """Make room for a file. The same announced again finds how far it has come; it costs no quota twice."""
    known = find_upload(session, new.id)
    if known is not None:
        if known.state == UploadState.ENDED:
            return Announced.OTHER_FILE
        same = (known.length, known.sha256, known.facts) == (new.length, new.sha256, dict(new.facts))
        return Announced.CREATED if same else Announced.OTHER_FILE
    if count_open(session, new.unit_id) >= MOST_OPEN:
        return Announced.TOO_MANY
    if bytes_since(session, new.unit_id, start_of_day(local_day(now))) + new.length > MOST_BYTES_A_DAY:
        return Announced.TOO_MUCH
    row: dict[str, Any] = {
        "id": new.id,
        "consumer": new.consumer,
        "unit_id": new.unit_id,
        "about": new.about,
        "actor_id": new.actor_id,
        "length": new.length,
        "arrived": 0,
        "sha256": new.sha256,
        "facts": dict(new.facts),
        "state": UploadState.OPEN,
        "outcome": {},
        "created_at": now,
        "expires_at": now + LIFETIME,
    }
    insert_if_new(session, Upload, row)
    return Announced.CREATED


def add_bytes(session: Session, upload: Upload, starts_at: int, data: bytes, now: datetime) -> bool:
    """Keep what came, and with it how far the file has come; False when another part came first.

    The conditional UPDATE decides. With the last byte a job is left that hands the file over, should this process die.
    """
    arrived = starts_at + len(data)
    whole = arrived == upload.length
    moved = session.execute(
        update(Upload)
        .where(Upload.id == upload.id, Upload.arrived == starts_at, Upload.state == UploadState.OPEN)
        .values(
            arrived=arrived,
            expires_at=now + LIFETIME,
            state=UploadState.WHOLE if whole else UploadState.OPEN,
        )
        .returning(Upload.id)
    )
    if moved.first() is None:
        return False
    session.add_all(
        UploadPart(upload_id=upload.id, starts_at=start, data=piece) for start, piece in parts_of(data, starts_at)
    )
    session.flush()
    if whole:
        enqueue(session, HAND_OVER, {"upload": str(upload.id)}, now, unique_key=f"hand_over:{upload.id}")
    return True


def settle(session: Session, upload_id: uuid.UUID, state: UploadState, outcome: Mapping[str, str]) -> None:
    """The taker has the file, or will not have it: what it answered stays, the parts go."""
    session.execute(
        update(Upload)
        .where(Upload.id == upload_id, Upload.state == UploadState.WHOLE)
        .values(state=state, outcome=dict(outcome))
    )
    session.execute(delete(UploadPart).where(UploadPart.upload_id == upload_id))


def end_upload(session: Session, upload: Upload) -> None:
    """Forget the bytes of a file that its sender no longer wants to send, but not how many came: else a cell could send
    any number of files in a day."""
    session.execute(update(Upload).where(Upload.id == upload.id).values(state=UploadState.ENDED, length=Upload.arrived))
    session.execute(delete(UploadPart).where(UploadPart.upload_id == upload.id))


def sweep_expired(session: Session, now: datetime, limit: int) -> int:
    """Forget files whose time is over, those that were taken too; the number forgotten."""
    expired = select(Upload.id).where(Upload.expires_at <= now, Upload.state != UploadState.WHOLE).limit(limit)
    from_ids = list(session.scalars(expired))
    session.execute(delete(UploadPart).where(UploadPart.upload_id.in_(from_ids)))
    session.execute(delete(Upload).where(Upload.id.in_(from_ids)))
    return len(from_ids)
