"""The cell says on which day of the period it will meet."""

import uuid
from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.duties.actions import plan_day
from meetingcheck.duties.models import Obligation
from meetingcheck.duties.queries import find_obligation, find_series, lock_obligation
from meetingcheck.duties.rules import may_plan, parse_period
from meetingcheck.lib.db import db, write_transaction
from meetingcheck.lib.http.forms import TypedForm
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.i18n import format_day
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.orgs.access import Right, ask
from meetingcheck.orgs.forms import refusals_at
from meetingcheck.orgs.queries import get_unit

blueprint = Blueprint("planning", __name__)

USUAL = "usual"


@blueprint.get("/obligations/<uuid:obligation_id>/plan")
@needs(Right.REPORT)
def show(obligation_id: uuid.UUID) -> str:
    return _page(obligation_id)


def _page(obligation_id: uuid.UUID, form: TypedForm | None = None) -> str:
    session, now = db.session(), services().now()
    obligation = _asked_obligation(session, obligation_id)
    return render_template(
        "duties/plan.html",
        unit=get_unit(session, obligation.unit_id),
        obligation=obligation,
        series=find_series(session, obligation.series),
        period=parse_period(obligation.period),
        open=may_plan(obligation.due_at, now)
        and obligation.reported_at is None
        and obligation.excepted_at is None
        and obligation.moved_on is None,
        typed=form.typed if form else _as_typed(obligation.planned_on),
        problems=form.problems if form else {},
        usual=USUAL,
    )


def _as_typed(planned_on: date | None) -> dict[str, str]:
    return {"planned_on": format_day(planned_on)} if planned_on else {}


def _asked_obligation(session: Session, obligation_id: uuid.UUID) -> Obligation:
    obligation = find_obligation(session, obligation_id)
    if obligation is None:
        abort(404)
    ask(session, signed_in(), Right.REPORT, obligation.unit_id, local_day(services().now()))
    return obligation


@blueprint.post("/obligations/<uuid:obligation_id>/plan")
@needs(Right.REPORT)
def plan(obligation_id: uuid.UUID) -> Response | tuple[str, int]:
    """Plan the meeting on the typed day, or go back to the usual one."""
    actor, now, form = signed_in(), services().now(), TypedForm()
    with refusals_at(form, "planned_on"), write_transaction() as session:
        obligation = _asked_obligation(session, obligation_id)
        back = form.typed.get("which") == USUAL
        period = parse_period(obligation.period)
        day = None if back else form.day("planned_on", within=(period.first_day, period.last_day))
        if not form.problems:
            plan_day(session, lock_obligation(session, obligation.id), day, actor.user_id, now)
    if form.problems:
        return _page(obligation_id, form), 422
    flash(gettext("Đã lưu ngày họp."))
    return redirect(url_for("planning.show", obligation_id=obligation_id), 303)
