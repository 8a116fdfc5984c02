"""What the committee sees: the board of the year, and the page of a cell."""

import uuid
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.duties.queries import missed_event_ids
from meetingcheck.duties.rules import Month
from meetingcheck.lib.db import db
from meetingcheck.lib.http.rights import SIGNED_IN, needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.meetings.late_work.queries import list_own_waiting, list_waiting
from meetingcheck.meetings.reviews.queries import count_answered, find_next_waiting, find_undoable, list_overdue
from meetingcheck.meetings.reviews.rules import undo_until
from meetingcheck.orgs.access import Right, ask, has_right, list_held
from meetingcheck.orgs.models import Role, Unit
from meetingcheck.orgs.queries import find_parent, find_unit, list_predecessors, list_roles, may_found
from meetingcheck.supervision.cells.queries import load_cell_page
from meetingcheck.supervision.forms import read_month, read_scope
from meetingcheck.supervision.queries import Scope, list_parents, load_board, watches_any
from meetingcheck.supervision.rules import Group

blueprint = Blueprint("supervision", __name__)

# Cards above the board: what is counted, the look and the sign.
OVERDUE_SHOWN = 10  # named above the board; the rest are on their cells' pages
CARDS = (
    (Group.REPORTED, "ok", "tick"),
    (Group.LATE, "late", "clock"),
    (Group.MISSING, "miss", "cross"),
    (Group.EXCEPTED, "moved", "diamond"),
    (Group.WAITING, "wait", "hourglass"),
    (Group.NO_PERIOD, "wait", "dot"),
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
    handed_in = list_own_waiting(db.session(), signed_in().user_id)
    return render_template("supervision/start.html", places=places, handed_in=handed_in)


@blueprint.get("/units/<uuid:unit_id>/board")
@needs(Right.VIEW_BOARD)
def board(unit_id: uuid.UUID) -> str:
    session, now, actor = db.session(), services().now(), signed_in()
    unit = _visible_unit(unit_id, Right.VIEW_BOARD)
    scope = read_scope(request.args, unit_id, actor.user_id, now)
    parent = find_parent(session, unit_id, scope.today)
    parents = list_parents(session, unit_id, scope.counted_on)
    undoable = find_undoable(session, actor.user_id, now)
    return render_template(
        "supervision/board.html",
        unit=unit,
        parent=parent,
        may_view_parent=parent is not None and has_right(session, actor, Right.VIEW_BOARD, parent.id, scope.today),
        month=scope.month,
        this_month=Month.of(scope.today),
        filter=scope.filter,
        query={"month": scope.month.code, **scope.filter.as_query()},
        board=load_board(session, scope, request.args.get("page", 1, type=int)),
        cards=CARDS,
        parents=parents,
        may_choose_mine=scope.filter.mine or watches_any(session, actor.user_id, unit_id, scope.today),
        may_run_office=has_right(session, actor, Right.RUN_OFFICE, unit_id, scope.today),
        may_set_exceptions=has_right(session, actor, Right.SET_EXCEPTIONS, unit_id, scope.today),
        **_to_review(scope),
        undoable=undoable,
        undo_until=undo_until(undoable.review.at) if undoable else None,
    )


@blueprint.get("/units/<uuid:unit_id>")
@needs(Right.VIEW_UNIT)
def unit_page(unit_id: uuid.UUID) -> str:
    """A cell's meetings and photos in time, newest first; of a committee, where its board and its photos are."""
    session, now, actor = db.session(), services().now(), signed_in()
    unit = _visible_unit(unit_id, Right.VIEW_UNIT)
    today = local_day(now)
    parent = find_parent(session, unit_id, today)
    page = load_cell_page(session, unit_id, read_month(request.args, now, "until"), now)
    return render_template(
        "supervision/unit.html",
        unit=unit,
        parent=parent,
        predecessors=list_predecessors(session, unit_id),
        page=page,
        this_month=Month.of(today),
        missed=missed_event_ids(session, unit_id),
        late=list_waiting(session, unit_id) if has_right(session, actor, Right.CONFIRM_LATE, unit_id, today) else [],
        may_report=has_right(session, actor, Right.REPORT, unit_id, today),
        may_file_for=has_right(session, signed_in(), Right.FILE_FOR, unit_id, today),
        may_give_link=has_right(session, actor, Right.GIVE_REPORT_LINK, unit_id, today),
        may_view_parent=parent is not None and has_right(session, actor, Right.VIEW_BOARD, parent.id, today),
        may_view_board=has_right(session, actor, Right.VIEW_BOARD, unit_id, today),
    )


def _to_review(scope: Scope) -> dict[str, Any]:
    """For the committee's own reviewers: how many reports of the month were answered, the first that waits, and what
    cells were asked to add and did not."""
    session, actor = db.session(), signed_in()
    held = list_held(session, actor.user_id, scope.committee_id, scope.today)
    if not any(one.role == Role.REVIEWER and one.steps == 0 for one in held):
        return {}
    return {
        "progress": count_answered(session, scope.committee_id, scope.month, scope.today),
        "waiting": find_next_waiting(session, scope.committee_id, scope.month, actor.user_id, None, scope.today),
        "overdue": list_overdue(session, scope.committee_id, scope.today, OVERDUE_SHOWN),
    }


def _visible_unit(unit_id: uuid.UUID, right: Right) -> Unit:
    unit = find_unit(db.session(), unit_id)
    if unit is None:
        abort(404)
    ask(db.session(), signed_in(), right, unit_id, local_day(services().now()))
    return unit
