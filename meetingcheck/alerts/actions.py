"""Closing periods: a missed event for each cell that did not report, one message for each person who must know."""

import uuid
from datetime import datetime

from sqlalchemy import Select, and_, not_, select, update
from sqlalchemy.orm import Session

from meetingcheck.duties.actions import close_missed
from meetingcheck.duties.models import MissedEvent, Obligation
from meetingcheck.lib.instants import local_day
from meetingcheck.messages.actions import News, tell
from meetingcheck.messages.models import Message
from meetingcheck.orgs.models import Unit
from meetingcheck.orgs.queries import alert_recipients, secretaries_of

MISSED = "alerts.missed"
MISSED_OWN = "alerts.missed_own"
LIFTED = "alerts.lifted"
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
        cells = sorted((units[unit_id] for unit_id in {one.unit_id for one in missed}), key=lambda one: one.name_sort)
        params = {
            "period": period,
            "cells": [cell.name for cell in cells[:NAMED_CELLS]],
            "count": len(cells),
            "path": f"/?month={period}",
        }
        tell(
            session,
            user_id,
            News(MISSED, f"missed:{user_id}:{min(one.id for one in missed)}:{_stamp(at)}", params, can_wait=True),
            at,
        )
    secretaries = secretaries_of(session, unit_ids, local_day(at))
    for obligation in closed:
        for user_id in secretaries.get(obligation.unit_id, []):
            params = {
                "period": obligation.period,
                "cell": units[obligation.unit_id].name,
                "path": f"/obligations/{obligation.id}/check-in",
            }
            key = f"missed_own:{user_id}:{obligation.id}:{_stamp(at)}"
            tell(session, user_id, News(MISSED_OWN, key, params, can_wait=True), at)
    return len(closed)


def lift_misses(session: Session, obligation_ids: list[uuid.UUID], now: datetime) -> int:
    """Tell those who were alerted of these misses that they no longer count: once for each miss, whatever is decided
    and undone afterwards; the number of misses lifted. What counts again by now is left alone.

    Who was alerted then is who held the roles on that day and has an alert of that instant.
    """
    events = list(
        session.scalars(
            update(MissedEvent)
            .where(
                MissedEvent.obligation_id.in_(_not_counting(obligation_ids)),
                MissedEvent.lifted_at.is_(None),
            )
            .values(lifted_at=now)
            .returning(MissedEvent)
            .execution_options(synchronize_session=False)
        )
    )
    found = session.scalars(select(Obligation).where(Obligation.id.in_({one.obligation_id for one in events})))
    obligations = {one.id: one for one in found}
    for (user_id, period), lifted in _alerted(session, events, obligations).items():
        names = _names(session, {obligations[event.obligation_id].unit_id for event in lifted})
        params = {
            "period": period,
            "cells": names[:NAMED_CELLS],
            "count": len(names),
            "path": f"/?month={period}",
        }
        key = f"lifted:{user_id}:{min(event.id for event in lifted)}"
        tell(session, user_id, News(LIFTED, key, params, can_wait=True), now)
    return len(events)


def _not_counting(obligation_ids: list[uuid.UUID]) -> Select[uuid.UUID]:
    missed = and_(Obligation.excepted_at.is_(None), Obligation.missed_at.is_not(None))
    return select(Obligation.id).where(Obligation.id.in_(obligation_ids), not_(missed))


def _alerted(
    session: Session, events: list[MissedEvent], obligations: dict[uuid.UUID, Obligation]
) -> dict[tuple[uuid.UUID, str], list[MissedEvent]]:
    """Who was alerted of which misses, by person and period."""
    found: dict[tuple[uuid.UUID, str], list[MissedEvent]] = {}
    for at in {event.at for event in events}:
        of_then = [event for event in events if event.at == at]
        unit_ids = {obligations[event.obligation_id].unit_id for event in of_then}
        above = alert_recipients(session, unit_ids, local_day(at))
        own = secretaries_of(session, unit_ids, local_day(at))
        told = set(
            session.scalars(
                select(Message.user_id).where(Message.kind.in_([MISSED, MISSED_OWN]), Message.created_at == at)
            )
        )
        for event in of_then:
            one = obligations[event.obligation_id]
            for user_id in {*above.get(one.unit_id, []), *own.get(one.unit_id, [])} & told:
                found.setdefault((user_id, one.period), []).append(event)
    return found


def _names(session: Session, unit_ids: set[uuid.UUID]) -> list[str]:
    return list(session.scalars(select(Unit.name).where(Unit.id.in_(unit_ids)).order_by(Unit.name_sort)))


def _stamp(at: datetime) -> str:
    """A period that was moved after its miss may close once more: that is another miss."""
    return at.strftime("%Y%m%dT%H%M%S")


def _by_person_and_period(
    closed: list[Obligation], recipients: dict[uuid.UUID, list[uuid.UUID]]
) -> dict[tuple[uuid.UUID, str], list[Obligation]]:
    found: dict[tuple[uuid.UUID, str], list[Obligation]] = {}
    for obligation in closed:
        for user_id in recipients.get(obligation.unit_id, []):
            found.setdefault((user_id, obligation.period), []).append(obligation)
    return found
