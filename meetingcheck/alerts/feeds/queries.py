"""What a calendar shows: the due days of the cells for which somebody files."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from meetingcheck.duties.models import Obligation
from meetingcheck.lib.instants import last_day_before
from meetingcheck.orgs.models import Role
from meetingcheck.orgs.queries import list_roles

SHOWN_FOR = timedelta(days=62)  # after the day, so that a calendar does not empty itself at once
MOST_DAYS = 500


@dataclass(frozen=True)
class DueDay:
    obligation_id: uuid.UUID
    day: date


def own_cells(session: Session, user_id: uuid.UUID, today: date) -> list[uuid.UUID]:
    """The cells for which a person files today; without one there is no calendar."""
    files = {Role.SECRETARY, Role.REPORTER}
    return [held.unit_id for held in list_roles(session, user_id, today) if held.role in files]


def list_due_days(session: Session, cells: list[uuid.UUID], now: datetime) -> list[DueDay]:
    """The last day for each report of these cells, from two months ago on; periods that do not count are left out."""
    rows = session.execute(
        select(Obligation.id, Obligation.due_at)
        .where(Obligation.unit_id.in_(cells), Obligation.excepted_at.is_(None), Obligation.due_at > now - SHOWN_FOR)
        .order_by(Obligation.due_at, Obligation.id)
        .limit(MOST_DAYS)
    )
    return [DueDay(obligation_id, last_day_before(due_at)) for obligation_id, due_at in rows]
