"""The values in force for a unit and all below it: what was set when, and what a new one would change."""

import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from meetingcheck.accounts.sessions import require_recent_proof, signed_in
from meetingcheck.duties.actions import Move, change_policy, plan_policy
from meetingcheck.duties.forms import NO, YES, typed_policy
from meetingcheck.duties.models import Policy
from meetingcheck.duties.queries import list_policies, policies_for
from meetingcheck.lib.db import db, write_transaction
from meetingcheck.lib.http.forms import TypedForm
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import last_day_before, local_day
from meetingcheck.lib.services import services
from meetingcheck.orgs.access import Right, ask
from meetingcheck.orgs.forms import refusals_at
from meetingcheck.orgs.queries import find_unit

blueprint = Blueprint("duties", __name__)


@dataclass(frozen=True)
class Effect:
    """So many cells' deadline in one period moves from one last day to another."""

    period: str
    due_before: date
    due_after: date
    closes_after: date
    cells: int


@blueprint.get("/office/units/<uuid:unit_id>/policies")
@needs(Right.SET_POLICY)
def policies(unit_id: uuid.UUID) -> str:
    return _page(unit_id)


@blueprint.post("/office/units/<uuid:unit_id>/policies/preview")
@needs(Right.SET_POLICY)
def preview(unit_id: uuid.UUID) -> str | tuple[str, int]:
    """What would change; nothing does yet."""
    form, now = TypedForm(), services().now()
    policy = typed_policy(form, unit_id, form.day("from_on"))
    page = _page(unit_id, form, plan_policy(db.session(), policy, now) if policy else None)
    return page if policy else (page, 422)


@blueprint.post("/office/units/<uuid:unit_id>/policies")
@needs(Right.SET_POLICY)
def add_policy(unit_id: uuid.UUID) -> Response | tuple[str, int]:
    require_recent_proof(url_for("duties.policies", unit_id=unit_id))
    actor, now, form = signed_in(), services().now(), TypedForm()
    policy = typed_policy(form, unit_id, form.day("from_on"))
    moved = 0
    with refusals_at(form, "from_on"), write_transaction() as session:
        ask(session, actor, Right.SET_POLICY, unit_id, local_day(now))
        if policy is not None:
            moved = change_policy(session, policy, actor.user_id, now)
    if form.problems:
        return _page(unit_id, form), 422
    flash(gettext("Đã đặt mức quy định mới. Số kỳ được tính lại hạn: %(moved)s.", moved=moved))
    return redirect(url_for("duties.policies", unit_id=unit_id), 303)


def _page(unit_id: uuid.UUID, form: TypedForm | None = None, moves: list[Move] | None = None) -> str:
    session, today = db.session(), local_day(services().now())
    unit = find_unit(session, unit_id)
    if unit is None:
        abort(404)
    ask(session, signed_in(), Right.SET_POLICY, unit_id, today)
    in_force: Policy | None = policies_for(session, [unit_id], today).get(unit_id)
    return render_template(
        "duties/policies.html",
        unit=unit,
        in_force=in_force,
        from_above=find_unit(session, in_force.unit_id) if in_force and in_force.unit_id != unit_id else None,
        policies=list_policies(session, unit_id),
        typed=form.typed if form else _as_typed(in_force),
        problems=form.problems if form else {},
        effects=None if moves is None else _effects(moves),
    )


def _as_typed(policy: Policy | None) -> dict[str, str]:
    """The form begins with the values in force, so that only what changes is typed."""
    if policy is None:
        return {}
    numbers = ("usual_day", "report_days", "minimum_minutes", "combined_minutes", "overviews_asked")
    answers = ("minutes_asked", "absent_names_asked")
    return {name: str(getattr(policy, name)) for name in numbers} | {
        name: YES if getattr(policy, name) else NO for name in answers
    }


def _effects(moves: list[Move]) -> list[Effect]:
    counted = Counter(
        (
            move.period,
            last_day_before(move.before.due_at),
            last_day_before(move.after.due_at),
            last_day_before(move.after.closes_at),
        )
        for move in moves
        if move.counts
    )
    return [Effect(*days, cells) for days, cells in sorted(counted.items())]
