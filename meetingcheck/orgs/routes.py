"""The secretary says who else files reports for the cell."""

import uuid

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.lib.db import db, write_transaction
from meetingcheck.lib.http.forms import TypedForm
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.orgs.access import Right, all_within, ask
from meetingcheck.orgs.actions import end_role, give_role_once, person_for_role
from meetingcheck.orgs.forms import refusals_at, typed_person
from meetingcheck.orgs.models import Role
from meetingcheck.orgs.queries import find_assignment, find_unit, get_unit, list_holders

blueprint = Blueprint("orgs", __name__)


@blueprint.get("/cells/<uuid:unit_id>/reporters")
@needs(Right.CHOOSE_REPORTERS)
def reporters(unit_id: uuid.UUID) -> str:
    return _page(unit_id)


def _page(unit_id: uuid.UUID, form: TypedForm | None = None) -> str:
    session, today = db.session(), local_day(services().now())
    unit = find_unit(session, unit_id)
    if unit is None:
        abort(404)
    ask(session, signed_in(), Right.CHOOSE_REPORTERS, unit_id, today)
    return render_template(
        "orgs/reporters.html",
        unit=unit,
        today=today,
        held=[one for one in list_holders(session, unit_id, today) if one.assignment.role == Role.REPORTER],
        typed=form.typed if form else {},
        problems=form.problems if form else {},
    )


@blueprint.post("/cells/<uuid:unit_id>/reporters")
@needs(Right.CHOOSE_REPORTERS)
def add_reporter(unit_id: uuid.UUID) -> Response | tuple[str, int]:
    """From today on. Somebody who has a role elsewhere is given this one by the office."""
    actor, now, form = signed_in(), services().now(), TypedForm()
    today, person = local_day(now), typed_person(form)
    with refusals_at(form, "login"), write_transaction() as session:
        ask(session, actor, Right.CHOOSE_REPORTERS, unit_id, today)
        if not form.problems:
            user = person_for_role(
                session,
                person,
                lambda user_id: all_within(session, actor, Right.CHOOSE_REPORTERS, user_id, today),
                actor.user_id,
                now,
            )
            give_role_once(session, user.id, get_unit(session, unit_id), Role.REPORTER, today, actor.user_id, now)
    if form.problems:
        return _page(unit_id, form), 422
    flash(gettext("Đã thêm người gửi báo cáo."))
    return redirect(url_for("orgs.reporters", unit_id=unit_id), 303)


@blueprint.post("/cells/<uuid:unit_id>/reporters/<uuid:role_id>/end")
@needs(Right.CHOOSE_REPORTERS)
def end_reporter(unit_id: uuid.UUID, role_id: uuid.UUID) -> Response:
    """From today on they file no more."""
    actor, now = signed_in(), services().now()
    with write_transaction() as session:
        ask(session, actor, Right.CHOOSE_REPORTERS, unit_id, local_day(now))
        assignment = find_assignment(session, role_id)
        if assignment is None or assignment.unit_id != unit_id or assignment.role != Role.REPORTER:
            abort(404)
        end_role(session, assignment, local_day(now), actor.user_id, now)
    flash(gettext("Đồng chí này không còn gửi báo cáo cho chi bộ nữa."))
    return redirect(url_for("orgs.reporters", unit_id=unit_id), 303)
