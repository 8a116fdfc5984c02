"""Appending to the record, in the same transaction as the fact."""

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from meetingcheck.record.models import RecordEntry, RecordPayload
from meetingcheck.record.rules import SALT_BYTES, commitment


@dataclass(frozen=True)
class Fact:
    """Something that was done: `action` in the past tense, about one subject. The payload holds ids and hashes only."""

    action: str
    subject_type: str
    subject_id: uuid.UUID
    actor_id: uuid.UUID | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)


def append(session: Session, now: datetime, *facts: Fact) -> None:
    """Write the facts to the record; they stand or fall with the caller's transaction."""
    written = []
    for fact in facts:
        salt = secrets.token_bytes(SALT_BYTES)
        entry = RecordEntry(
            at=now,
            action=fact.action,
            subject_type=fact.subject_type,
            subject_id=fact.subject_id,
            actor_id=fact.actor_id,
            commitment=commitment(salt, fact.payload),
        )
        session.add(entry)
        written.append((entry, salt, dict(fact.payload)))
    session.flush()
    session.add_all(RecordPayload(entry_id=entry.id, salt=salt, payload=payload) for entry, salt, payload in written)
    session.flush()
