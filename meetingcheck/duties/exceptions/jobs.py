"""Telling the cells of an area what was decided for them, a few hundred in one job."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select

from meetingcheck.duties.exceptions.actions import tell_cell
from meetingcheck.duties.exceptions.queries import covered, find_exception
from meetingcheck.duties.models import Obligation
from meetingcheck.lib.db import write_transaction
from meetingcheck.lib.instants import local_day
from meetingcheck.orgs.models import Unit
from meetingcheck.orgs.queries import secretaries_of


def tell_cells(params: dict[str, Any], now: datetime) -> None:
    """Tell the secretaries of the cells whose terms an exception changed, unless they have reported meanwhile.
    Repeating it tells nobody twice."""
    with write_transaction() as session:
        exception = find_exception(session, uuid.UUID(params["exception"]))
        if exception is None:
            return
        found = (
            select(Unit)
            .join(Obligation, Obligation.unit_id == Unit.id)
            .where(
                covered(exception.unit_id, exception.period, exception.series),
                Obligation.reported_at.is_(None),
                Unit.id.in_([uuid.UUID(one) for one in params["cells"]]),
            )
            .distinct()
            .order_by(Unit.id)
        )
        cells = list(session.scalars(found))
        people = secretaries_of(session, [cell.id for cell in cells], local_day(now))
        for cell in cells:
            for user_id in people.get(cell.id, []):
                tell_cell(session, exception, user_id, cell, now)
