"""Appending to the record, in the same transaction as the fact."""

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert
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
    if not facts:
        return
    salts = [secrets.token_bytes(SALT_BYTES) for _ in facts]
    entries = [
        {
            "at": now,
            "action": fact.action,
            "subject_type": fact.subject_type,
            "subject_id": fact.subject_id,
            "actor_id": fact.actor_id,
            "commitment": commitment(salt, fact.payload),
        }
        for fact, salt in zip(facts, salts, strict=True)
    ]
    session.flush()
    # Straight to the tables: an import appends tens of thousands at once.
    rows = session.connection()
    tables = RecordEntry.metadata.tables
    entry_table, payload_table = tables[RecordEntry.__tablename__], tables[RecordPayload.__tablename__]
    inserted = insert(entry_table).returning(entry_table.c.id, sort_by_parameter_order=True)
    ids = rows.execute(inserted, entries).scalars().all()
    payloads = [
        {"entry_id": entry_id, "salt": salt, "payload": dict(fact.payload)}
        for entry_id, fact, salt in zip(ids, facts, salts, strict=True)
    ]
    rows.execute(insert(payload_table), payloads)
