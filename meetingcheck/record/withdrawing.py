"""Taking back a file that was sent by mistake, and having it back: one way for photos and documents. Callers commit.

`files` is their table, whose rows say since when and by whom they are taken back.
"""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from meetingcheck.record.actions import Fact, append


def withdraw(session: Session, files: type[Any], file_id: uuid.UUID, actor_id: uuid.UUID | None, now: datetime) -> bool:
    """From now on only administrators see it. False when it was taken back before. `actor_id` None: nobody did it."""
    taken = session.execute(
        update(files)
        .where(files.id == file_id, files.withdrawn_at.is_(None))
        .values(withdrawn_at=now, withdrawn_by=actor_id)
        .returning(files.id)
    )
    if taken.first() is None:
        return False
    append(session, now, Fact(f"{files.__tablename__}_taken_back", files.__tablename__, file_id, actor_id))
    return True


def reinstate(session: Session, files: type[Any], file_id: uuid.UUID, actor_id: uuid.UUID, now: datetime) -> bool:
    """It is seen again as before. False when it is there already. Who may do it: `photos.rules.may_put_back`."""
    put = session.execute(
        update(files)
        .where(files.id == file_id, files.withdrawn_at.is_not(None))
        .values(withdrawn_at=None, withdrawn_by=None)
        .returning(files.id)
    )
    if put.first() is None:
        return False
    append(session, now, Fact(f"{files.__tablename__}_put_back", files.__tablename__, file_id, actor_id))
    return True
