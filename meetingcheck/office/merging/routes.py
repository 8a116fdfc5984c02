"""A unit is merged into another, with others at once; what would change is shown before."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from meetingcheck.accounts.sessions import require_recent_proof, signed_in
from meetingcheck.duties.actions import MergerEffect, plan_merger
from meetingcheck.lib.db import db, write_transaction
from meetingcheck.lib.http.forms import TypedForm
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.office.merging.actions import Merger, merge
from meetingcheck.office.merging.forms import NEW, typed_merger
from meetingcheck.orgs.access import Right, ask
from meetingcheck.orgs.actions import check_merger
from meetingcheck.orgs.forms import refusals_at
from meetingcheck.orgs.models import Unit
from meetingcheck.orgs.queries import find_parent, find_unit, list_children

blueprint = Blueprint("merging", __name__)

UNITS_OFFERED = 500


@dataclass(frozen=True)
class Place:
    """A unit with its superior, and the units beside it that it may be merged with."""

    unit: Unit
    parent: Unit
    beside: list[Unit]


def _place(session: Session, unit_id: uuid.UUID, now: datetime) -> Place:
    unit = find_unit(session, unit_id)
    if unit is None:
        abort(404)
    today = local_day(now)
    ask(session, signed_in(), Right.CHANGE_TREE, unit_id, today)
    parent = find_parent(session, unit_id, today)
    if parent is None or unit.closed_on is not None:
        abort(404)
    ask(session, signed_in(), Right.CHANGE_TREE, parent.id, today)
    found = list_children(session, parent.id, today, UNITS_OFFERED)
    beside = [one for one in found if one.id != unit_id and one.kind == unit.kind and one.closed_on is None]
    return Place(unit, parent, beside)


@blueprint.get("/office/units/<uuid:unit_id>/merger")
@needs(Right.CHANGE_TREE)
def show(unit_id: uuid.UUID) -> str:
    return _page(_place(db.session(), unit_id, services().now()))


def _page(
    place: Place, form: TypedForm | None = None, merger: Merger | None = None, effect: MergerEffect | None = None
) -> str:
    return render_template(
        "office/merger.html",
        place=place,
        unit=place.unit,
        merger=merger,
        effect=effect,
        ticked={str(one) for one in form.ids("with")} if form else set(),
        new=NEW,
        typed=form.typed if form else {},
        problems=form.problems if form else {},
    )


@blueprint.post("/office/units/<uuid:unit_id>/merger/preview")
@needs(Right.CHANGE_TREE)
def preview(unit_id: uuid.UUID) -> str | tuple[str, int]:
    """What would become of the units and of what they owe; nothing changes yet."""
    session, form, now = db.session(), TypedForm(), services().now()
    place = _place(session, unit_id, now)
    merger = typed_merger(form, place.unit, place.beside, place.parent, local_day(now))
    if merger is not None:
        with refusals_at(form, "merged_on"):
            check_merger(session, merger.units, merger.into, merger.on, now)
    if merger is None or form.problems:
        return _page(place, form), 422
    return _page(place, form, merger, plan_merger(session, [one.id for one in merger.units], merger.on))


@blueprint.post("/office/units/<uuid:unit_id>/merger")
@needs(Right.CHANGE_TREE)
def merge_units(unit_id: uuid.UUID) -> Response | tuple[str, int]:
    require_recent_proof(url_for("merging.show", unit_id=unit_id))
    actor, now, form = signed_in(), services().now(), TypedForm()
    successor: Unit | None = None
    with refusals_at(form, "merged_on"), write_transaction() as session:
        place = _place(session, unit_id, now)
        merger = typed_merger(form, place.unit, place.beside, place.parent, local_day(now))
        if merger is not None:
            successor = merge(session, merger, actor.user_id, now)
    if successor is None or form.problems:
        return _page(_place(db.session(), unit_id, now), form), 422
    flash(gettext("Đã ghi việc sáp nhập."))
    return redirect(url_for("units.show", unit_id=successor.id), 303)
