"""Closing periods: a missed event for each cell that did not report, one message for each person who must know."""

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from meetingcheck.duties.actions import close_missed
from meetingcheck.duties.models import Obligation
from meetingcheck.duties.rules import Month
from meetingcheck.lib.instants import local_day
from meetingcheck.messages.actions import News, tell
from meetingcheck.orgs.models import Unit
from meetingcheck.orgs.queries import alert_recipients, secretaries_of

MISSED = "alerts.missed"
MISSED_OWN = "alerts.missed_own"
NAMED_CELLS = 30  # more are counted, not listed


def close_periods(session: Session, at: datetime, limit: int) -> int:
    """Close what ended by `at`, at most `limit` obligations, and tell who must know; the number closed.

    A watcher, or a reviewer where there is none, hears once about all cells of one call and period: a list, not
    twenty mails; a secretary about the own cell. A message's key comes from the missed events, which exist once, so
    none is doubled; events and messages stand in one transaction, so none is lost.
    """
    closed = close_missed(session, at, limit)
    unit_ids = {one.unit_id for one in closed}
    units = {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(unit_ids)))}
    recipients = alert_recipients(session, unit_ids, local_day(at))
    for (user_id, period), missed in _by_person_and_period(closed, recipients).items():
        cells = sorted((units[one.unit_id] for one in missed), key=lambda unit: unit.name_sort)
        params = {
            "period": _shown(period),
            "cells": [cell.name for cell in cells[:NAMED_CELLS]],
            "count": len(cells),
            "path": f"/?month={period}",
        }
        tell(
            session,
            user_id,
            News(MISSED, f"missed:{user_id}:{min(one.id for one in missed)}", params, can_wait=True),
            at,
        )
    secretaries = secretaries_of(session, unit_ids, local_day(at))
    for obligation in closed:
        for user_id in secretaries.get(obligation.unit_id, []):
            params = {
                "period": _shown(obligation.period),
                "cell": units[obligation.unit_id].name,
                "path": f"/obligations/{obligation.id}/check-in",
            }
            tell(session, user_id, News(MISSED_OWN, f"missed_own:{user_id}:{obligation.id}", params, can_wait=True), at)
    return len(closed)


def _by_person_and_period(
    closed: list[Obligation], recipients: dict[uuid.UUID, list[uuid.UUID]]
) -> dict[tuple[uuid.UUID, str], list[Obligation]]:
    found: dict[tuple[uuid.UUID, str], list[Obligation]] = {}
    for obligation in closed:
        for user_id in recipients.get(obligation.unit_id, []):
            found.setdefault((user_id, obligation.period), []).append(obligation)
    return found


def _shown(period: str) -> str:
    return Month.parse(period).shown
