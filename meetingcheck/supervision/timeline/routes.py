"""A committee's month in photos."""

import uuid
from typing import Any

from flask import Blueprint, abort, render_template, request

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.duties.rules import Month
from meetingcheck.lib.db import db
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.lib.text import LONGEST_SEARCH, storable
from meetingcheck.orgs.access import Right, ask
from meetingcheck.orgs.queries import find_unit
from meetingcheck.photos.models import Purpose
from meetingcheck.supervision.forms import read_month
from meetingcheck.supervision.timeline.queries import MOST_CELLS, Asked, list_cells, load_timeline
from meetingcheck.supervision.timeline.rules import parse_place

blueprint = Blueprint("timeline", __name__)

MONTHS_TO_JUMP_TO = 12


@blueprint.get("/units/<uuid:unit_id>/photos")
@needs(Right.VIEW_BOARD)
def photos(unit_id: uuid.UUID) -> str:
    session, now = db.session(), services().now()
    unit = find_unit(session, unit_id)
    if unit is None:
        abort(404)
    today = local_day(now)
    ask(session, signed_in(), Right.VIEW_BOARD, unit_id, today)
    asked = _asked(unit_id, read_month(request.args, now))
    cells = list_cells(session, unit_id, today)
    place = parse_place(request.args.get("after", ""))
    return render_template(
        "supervision/timeline.html",
        unit=unit,
        asked=asked,
        query=_query(asked),
        month=asked.month,
        this_month=Month.of(today),
        months=_months(asked.month, Month.of(today)),
        timeline=load_timeline(session, asked, place),
        continued=place is not None,
        cells=cells if len(cells) <= MOST_CELLS else [],
        purposes=list(Purpose),
    )


def _asked(unit_id: uuid.UUID, month: Month) -> Asked:
    """What the address asks for; what cannot be understood narrows nothing."""
    purpose = request.args.get("purpose", "")
    try:
        cell_id = uuid.UUID(request.args.get("cell", ""))
    except ValueError:
        cell_id = None
    chosen = Purpose(purpose) if purpose in set(Purpose) else None
    words = storable(request.args.get("q", ""))[:LONGEST_SEARCH].strip()
    return Asked(unit_id, month, cell_id, chosen, local_day(services().now()), words)


def _query(asked: Asked) -> dict[str, Any]:
    """The filters as they stand in an address, kept from page to page and month to month."""
    found = {
        "cell": asked.cell_id,
        "purpose": asked.purpose.value if asked.purpose else None,
        "q": asked.words,
    }
    return {name: value for name, value in found.items() if value}


def _months(month: Month, this_month: Month) -> list[Month]:
    """The months to jump to, newest first: the latest year, and the month that is shown."""
    latest = [this_month.plus(-number) for number in range(MONTHS_TO_JUMP_TO)]
    return sorted({*latest, month}, key=lambda one: one.code, reverse=True)
