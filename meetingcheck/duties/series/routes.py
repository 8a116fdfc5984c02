"""Which meetings are owed how often: kinds of meetings as data."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from meetingcheck.accounts.sessions import require_recent_proof, signed_in
from meetingcheck.duties.jobs import MAKE
from meetingcheck.duties.models import Series
from meetingcheck.duties.queries import find_series, list_all_series
from meetingcheck.duties.rules import PeriodType
from meetingcheck.duties.series.actions import add_series, change_series
from meetingcheck.lib.db import db, write_transaction
from meetingcheck.lib.http.forms import TypedForm
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.jobs import enqueue
from meetingcheck.lib.services import services
from meetingcheck.lib.text import N_
from meetingcheck.orgs.access import Right, ask_at_root
from meetingcheck.orgs.forms import refusals_at
from meetingcheck.orgs.queries import list_kinds

blueprint = Blueprint("series", __name__)

LONGEST_NAME = 80
ALL_CELLS = "all_cells"
NAME_WANTED = N_("Đồng chí hãy ghi tên loại sinh hoạt.")


@blueprint.get("/office/series")
@needs(Right.SET_POLICY)
def index() -> str:
    return _page()


def _page(form: TypedForm | None = None) -> str:
    session = db.session()
    if ask_at_root(session, signed_in(), Right.SET_POLICY, local_day(services().now())) is None:
        abort(409)
    kinds = list_kinds(session)
    return render_template(
        "duties/series.html",
        series=list_all_series(session),
        kinds=kinds,
        kind_names={kind.code: kind.name for kind in kinds},
        all_cells=ALL_CELLS,
        period_types=list(PeriodType),
        typed=form.typed if form else {},
        problems=form.problems if form else {},
    )


@blueprint.post("/office/series")
@needs(Right.SET_POLICY)
def add() -> Response | tuple[str, int]:
    """A further kind of meeting; its periods are made at once."""
    require_recent_proof(url_for("series.index"))
    actor, now, form = signed_in(), services().now(), TypedForm()
    name, from_on = form.line("series_name", LONGEST_NAME, NAME_WANTED), form.day("series_from_on")
    period_type = form.choice("period_type", [one.value for one in PeriodType])
    with refusals_at(form, "series_name"), write_transaction() as session:
        ask_at_root(session, actor, Right.SET_POLICY, local_day(now))
        kind = form.choice("series_kind", [ALL_CELLS, *(kind.code for kind in list_kinds(session))])
        if not form.problems and from_on is not None:
            new = Series(
                name=name,
                unit_kind=None if kind == ALL_CELLS else kind,
                period_type=PeriodType(period_type),
                from_on=from_on,
            )
            add_series(session, new, actor.user_id, now)
            enqueue(session, MAKE, {}, now)
    return _after(form, gettext("Đã thêm loại sinh hoạt."))


@blueprint.post("/office/series/change")
@needs(Right.SET_POLICY)
def change() -> Response | tuple[str, int]:
    """Rename one, or say when it ends; an empty day means that it goes on."""
    require_recent_proof(url_for("series.index"))
    actor, now, form = signed_in(), services().now(), TypedForm()
    code = form.typed.get("code", "")
    name = form.line(f"name_{code}", LONGEST_NAME, NAME_WANTED)
    to_on = form.day(f"to_on_{code}") if form.typed.get(f"to_on_{code}", "").strip() else None
    with refusals_at(form, f"to_on_{code}"), write_transaction() as session:
        ask_at_root(session, actor, Right.SET_POLICY, local_day(now))
        series = find_series(session, code)
        if series is None:
            form.refuse("code", NAME_WANTED)
        elif not form.problems:
            change_series(session, series, name, to_on, actor.user_id, now)
    return _after(form, gettext("Đã lưu."))


def _after(form: TypedForm, said: str) -> Response | tuple[str, int]:
    if form.problems:
        return _page(form), 422
    flash(said)
    return redirect(url_for("series.index"), 303)
