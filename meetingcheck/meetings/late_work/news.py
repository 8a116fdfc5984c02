"""What people hear about held work. Callers commit."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from meetingcheck.accounts.queries import get_user
from meetingcheck.lib.i18n import format_deadline
from meetingcheck.lib.instants import local_day
from meetingcheck.meetings.late_work.models import LateWork
from meetingcheck.messages.actions import News, tell
from meetingcheck.orgs.access import Right, people_with_right
from meetingcheck.orgs.queries import get_unit


def tell_waiting(session: Session, work: LateWork, now: datetime) -> None:
    """Whoever may decide hears that something waits; each of them once, however often this is said."""
    _tell_deciders(session, work, "meetings.late_waiting", now)


def tell_ending(session: Session, work: LateWork, now: datetime) -> None:
    """The same before it is discarded by itself."""
    _tell_deciders(session, work, "meetings.late_ending", now)


def tell_decided(session: Session, work: LateWork, now: datetime) -> None:
    """Whoever sent it hears what became of it."""
    params = {"state": work.state.value, "path": f"/late-work/{work.id}"}
    _tell(session, work.author_id, "meetings.late_decided", work, params, now)


def _tell_deciders(session: Session, work: LateWork, kind: str, now: datetime) -> None:
    params = {"author": get_user(session, work.author_id).name, "path": f"/late-work/{work.id}/decide"}
    for user_id in deciders_of(session, work.unit_id, local_day(now)):
        _tell(session, user_id, kind, work, params, now)


def deciders_of(session: Session, unit_id: uuid.UUID, today: date) -> list[uuid.UUID]:
    return list(people_with_right(session, Right.CONFIRM_LATE, unit_id, today))


def _tell(
    session: Session, user_id: uuid.UUID, kind: str, work: LateWork, params: dict[str, Any], now: datetime
) -> None:
    """`arrived_at` is part of the key: what came again after a decision waits anew."""
    key = f"{kind}:{user_id}:{work.id}:{work.arrived_at.isoformat()}"
    told = {"cell": get_unit(session, work.unit_id).name, "until": format_deadline(work.expires_at), **params}
    tell(session, user_id, News(kind, key, told, can_wait=True), now)
