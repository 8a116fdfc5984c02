"""What the committee sees: the board of the year, and the page of a cell."""

import uuid
from datetime import datetime

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.duties.queries import counts_by_state, list_obligations, missed_event_ids
from meetingcheck.duties.rules import Month, ObligationState, state_of
from meetingcheck.lib.db import db
from meetingcheck.lib.http.rights import SIGNED_IN, needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.meetings.queries import list_reported, photos_by_meeting
from meetingcheck.orgs.access import Right, ask, has_right
from meetingcheck.orgs.models import Role, Unit
from meetingcheck.orgs.queries import cell_ids_below, find_parent, find_unit, list_roles, may_found
from meetingcheck.supervision.queries import load_board, years_with_obligations

blueprint = Blueprint("supervision", __name__)

MONTHS_ON_CELL_PAGE = 18
# Cards above the board: (states counted together, look, sign)
CARDS = (
    ((ObligationState.REPORTED,), "ok"),
    ((ObligationState.REPORTED_LATE,), "late"),
    ((ObligationState.LATE, ObligationState.MISSED), "miss"),
    ((ObligationState.EXCUSED,), "moved"),
    ((ObligationState.UPCOMING, ObligationState.OPEN, ObligationState.DUE), "wait"),
)
FILES_REPORTS = {Role.SECRETARY, Role.REPORTER}


@blueprint.get("/")
@needs(SIGNED_IN)
def start() -> str | Response:
    """Where a person begins: the own cell, the own board, or a choice when there are several.

    In an empty installation its founder begins with setting it up.
    """
    if may_found(db.session(), signed_in().user_id):
        return redirect(url_for("first_day.show"))
    roles = list_roles(db.session(), signed_in().user_id, local_day(services().now()))
    places: dict[str, str] = {}
    for held in roles:
        if held.role in FILES_REPORTS:
            address = url_for("meetings.home", unit_id=held.unit_id)
        else:
            address = url_for("supervision.board", unit_id=held.unit_id, month=request.args.get("month"))
        places.setdefault(address, held.unit_name)
    if len(places) == 1:
        return redirect(next(iter(places)))
    return render_template("supervision/start.html", places=places)


@blueprint.get("/units/<uuid:unit_id>/board")
@needs(Right.VIEW_BOARD)
def board(unit_id: uuid.UUID) -> str:
    session, now = db.session(), services().now()
    unit = _visible_unit(unit_id, Right.VIEW_BOARD)
    today = local_day(now)
    month = _asked_month(now)
    page = request.args.get("page", 1, type=int)
    counts = counts_by_state(session, cell_ids_below(unit_id, today), month.code, now)
    return render_template(
        "supervision/board.html",
        unit=unit,
        parent=find_parent(session, unit_id, today),
        month=month,
        this_month=Month.of(today),
        board=load_board(session, unit_id, month, page, now, today),
        cards=[(states, look, sum(counts.get(state, 0) for state in states)) for states, look in CARDS],
        years=years_with_obligations(session),
        may_run_office=has_right(session, signed_in(), Right.RUN_OFFICE, unit_id, today),
    )


@blueprint.get("/units/<uuid:unit_id>")
@needs(Right.VIEW_UNIT)
def unit_page(unit_id: uuid.UUID) -> str:
    """A cell's meetings and photos in time, newest first."""
    session, now = db.session(), services().now()
    unit = _visible_unit(unit_id, Right.VIEW_UNIT)
    today = local_day(now)
    obligations = list_obligations(session, unit_id, MONTHS_ON_CELL_PAGE)
    reported = {one.meeting.obligation_id: one for one in list_reported(session, unit_id, MONTHS_ON_CELL_PAGE)}
    return render_template(
        "supervision/unit.html",
        unit=unit,
        parent=find_parent(session, unit_id, today),
        periods=[
            (obligation, state_of(obligation, now), reported.get(obligation.id))
            for obligation in obligations
            if obligation.opens_at <= now
        ],
        photos=photos_by_meeting(session, [one.meeting.id for one in reported.values()]),
        missed=missed_event_ids(session, unit_id),
        may_report=has_right(session, signed_in(), Right.REPORT, unit_id, today),
        may_give_link=has_right(session, signed_in(), Right.GIVE_REPORT_LINK, unit_id, today),
        may_view_board=has_right(session, signed_in(), Right.VIEW_BOARD, unit_id, today),
    )


def _visible_unit(unit_id: uuid.UUID, right: Right) -> Unit:
    unit = find_unit(db.session(), unit_id)
    if unit is None:
        abort(404)
    ask(db.session(), signed_in(), right, unit_id, local_day(services().now()))
    return unit


def _asked_month(now: datetime) -> Month:
    try:
        return Month.parse(request.args.get("month", ""))
    except ValueError:
        return Month.of(local_day(now))
