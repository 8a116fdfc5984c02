"""The tree for the office: a unit with what stands above and below it, and who does what in it."""

import uuid
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from meetingcheck.accounts.actor import Actor
from meetingcheck.accounts.sessions import require_recent_proof, signed_in
from meetingcheck.duties.queries import policies_for
from meetingcheck.lib.db import db, write_transaction
from meetingcheck.lib.http.forms import TypedForm
from meetingcheck.lib.http.rights import SIGNED_IN, needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.lib.text import LONGEST_SEARCH, N_, storable
from meetingcheck.office.units.actions import Appointment, appoint, close, correct_unit, dismiss, found, reopen
from meetingcheck.office.units.forms import CLOSING_DOCUMENT_WANTED, LONGEST_DOCUMENT, typed_child, typed_facts
from meetingcheck.orgs.access import Right, all_within, ask, ask_at_root, has_right
from meetingcheck.orgs.actions import add_kind, add_watcher, end_watch, person_for_role, rename_kind
from meetingcheck.orgs.forms import refusals_at, typed_person
from meetingcheck.orgs.models import Role, Unit
from meetingcheck.orgs.queries import (
    find_assignment,
    find_below,
    find_kind,
    find_unit,
    list_children,
    list_holders,
    list_kinds,
    list_line,
    list_predecessors,
    list_roles,
    list_watchers,
    roles_for,
)

blueprint = Blueprint("units", __name__)

CHILDREN_SHOWN = 500
FOUND_SHOWN = 50
KIND_WANTED = N_("Đồng chí hãy ghi tên loại tổ chức đảng.")


@blueprint.get("/office/units")
@needs(SIGNED_IN)
def index() -> str | Response:
    """Where an administrator's own tree begins: the unit itself, or a choice when there are several."""
    roles = list_roles(db.session(), signed_in().user_id, local_day(services().now()))
    own = {role.unit_id: role.unit_name for role in roles if role.role == Role.ADMINISTRATOR}
    if not own:
        abort(404)
    if len(own) == 1:
        return redirect(url_for("units.show", unit_id=next(iter(own))))
    return render_template("office/units.html", units=own)


@blueprint.get("/office/units/<uuid:unit_id>")
@needs(Right.CHANGE_TREE)
def show(unit_id: uuid.UUID) -> str:
    return _page(unit_id)


def _words() -> str:
    return storable(request.args.get("q", ""))[:LONGEST_SEARCH].strip()


def _page(unit_id: uuid.UUID, form: TypedForm | None = None) -> str:
    session, now = db.session(), services().now()
    unit, today = _asked_unit(session, unit_id, Right.CHANGE_TREE, now), local_day(now)
    kind, line, words = find_kind(session, unit.kind), list_line(session, unit_id, today), _words()
    assert kind is not None
    return render_template(
        "office/unit.html",
        unit=unit,
        kind=kind,
        kinds=list_kinds(session),
        line=line,
        in_reach={one.id for one in line if has_right(session, signed_in(), Right.CHANGE_TREE, one.id, today)},
        words=words,
        found=find_below(session, unit_id, words, today, FOUND_SHOWN + 1) if words else [],
        found_shown=FOUND_SHOWN,
        children=[] if words else list_children(session, unit_id, today, CHILDREN_SHOWN),
        holders=list_holders(session, unit_id, today),
        watchers=list_watchers(session, unit_id, today),
        roles=roles_for(is_cell=kind.is_cell),
        successor=find_unit(session, unit.successor_id) if unit.successor_id else None,
        predecessors=list_predecessors(session, unit_id),
        policy=policies_for(session, [unit_id], today).get(unit_id),
        today=today,
        typed=form.typed if form else _as_typed(unit),
        problems=form.problems if form else {},
    )


def _as_typed(unit: Unit) -> dict[str, Any]:
    return {"unit_name": unit.name, "code": unit.code or "", "usual_day": unit.usual_day or ""}


def _asked_unit(session: Session, unit_id: uuid.UUID, right: Right, now: datetime) -> Unit:
    unit = find_unit(session, unit_id)
    if unit is None:
        abort(404)
    ask(session, signed_in(), right, unit_id, local_day(now))
    return unit


def _after(unit_id: uuid.UUID, form: TypedForm, said: str) -> Response | tuple[str, int]:
    """Back to the unit's page: with the sentences, or with what was done."""
    if form.problems:
        return _page(unit_id, form), 422
    flash(said)
    return redirect(url_for("units.show", unit_id=unit_id), 303)


@blueprint.post("/office/units/<uuid:unit_id>/facts")
@needs(Right.CHANGE_TREE)
def change(unit_id: uuid.UUID) -> Response | tuple[str, int]:
    actor, now, form = signed_in(), services().now(), TypedForm()
    facts = typed_facts(form)
    with refusals_at(form, "code"), write_transaction() as session:
        unit = _asked_unit(session, unit_id, Right.CHANGE_TREE, now)
        if not form.problems:
            correct_unit(session, unit, facts, actor.user_id, now)
    return _after(unit_id, form, gettext("Đã lưu."))


@blueprint.post("/office/units/<uuid:unit_id>/children")
@needs(Right.CHANGE_TREE)
def add_child(unit_id: uuid.UUID) -> Response | tuple[str, int]:
    actor, now, form = signed_in(), services().now(), TypedForm()
    with refusals_at(form, "child_name"), write_transaction() as session:
        _asked_unit(session, unit_id, Right.CHANGE_TREE, now)
        new = typed_child(form, unit_id, {kind.code for kind in list_kinds(session)}, local_day(now))
        if not form.problems:
            found(session, new, actor.user_id, now)
    return _after(unit_id, form, gettext("Đã thêm tổ chức đảng trực thuộc."))


@blueprint.post("/office/units/<uuid:unit_id>/roles")
@needs(Right.GIVE_ROLES)
def give_role(unit_id: uuid.UUID) -> Response | tuple[str, int]:
    require_recent_proof(url_for("units.show", unit_id=unit_id))
    actor, now, form = signed_in(), services().now(), TypedForm()
    person, role = typed_person(form, "role_"), form.choice("role", [role.value for role in Role])
    from_on = form.day("role_from_on")
    with refusals_at(form, "role_login"), write_transaction() as session:
        unit = _asked_unit(session, unit_id, Right.GIVE_ROLES, now)
        if not form.problems and from_on is not None:
            user = person_for_role(session, person, _choosable(session, actor, now), actor.user_id, now)
            appoint(session, user, Appointment(unit, Role(role), from_on), actor.user_id, now)
    return _after(unit_id, form, gettext("Đã giao nhiệm vụ."))


def _choosable(session: Session, actor: Actor, now: datetime) -> Any:
    """People all of whose roles lie in the own subtree."""
    return lambda user_id: all_within(session, actor, Right.GIVE_ROLES, user_id, local_day(now))


@blueprint.post("/office/units/<uuid:unit_id>/roles/<uuid:role_id>/end")
@needs(Right.GIVE_ROLES)
def end_role(unit_id: uuid.UUID, role_id: uuid.UUID) -> Response | tuple[str, int]:
    """From today on."""
    require_recent_proof(url_for("units.show", unit_id=unit_id))
    actor, now, form = signed_in(), services().now(), TypedForm()
    with refusals_at(form, "roles"), write_transaction() as session:
        _asked_unit(session, unit_id, Right.GIVE_ROLES, now)
        assignment = find_assignment(session, role_id)
        if assignment is None or assignment.unit_id != unit_id:
            abort(404)
        dismiss(session, assignment, max(local_day(now), assignment.from_on), actor.user_id, now)
    return _after(unit_id, form, gettext("Đã kết thúc nhiệm vụ."))


@blueprint.post("/office/units/<uuid:unit_id>/watchers")
@needs(Right.CHANGE_TREE)
def watch(unit_id: uuid.UUID) -> Response | tuple[str, int]:
    require_recent_proof(url_for("units.show", unit_id=unit_id))
    actor, now, form = signed_in(), services().now(), TypedForm()
    person, from_on = typed_person(form, "watcher_"), form.day("watcher_from_on")
    with refusals_at(form, "watcher_login"), write_transaction() as session:
        _asked_unit(session, unit_id, Right.CHANGE_TREE, now)
        if not form.problems and from_on is not None:
            user = person_for_role(session, person, _choosable(session, actor, now), actor.user_id, now)
            add_watcher(session, unit_id, user.id, from_on, actor.user_id, now)
    return _after(unit_id, form, gettext("Đã ghi cấp ủy viên phụ trách."))


@blueprint.post("/office/units/<uuid:unit_id>/watchers/<uuid:user_id>/end")
@needs(Right.CHANGE_TREE)
def unwatch(unit_id: uuid.UUID, user_id: uuid.UUID) -> Response | tuple[str, int]:
    """From today on."""
    actor, now = signed_in(), services().now()
    today = local_day(now)
    with write_transaction() as session:
        _asked_unit(session, unit_id, Right.CHANGE_TREE, now)
        rows = [watcher for watcher, user in list_watchers(session, unit_id, today) if user.id == user_id]
        if not rows:
            abort(404)
        for watcher in rows:
            end_watch(session, watcher, max(today, watcher.from_on), actor.user_id, now)
    return _after(unit_id, TypedForm(), gettext("Đồng chí này không còn phụ trách chi bộ nữa."))


@blueprint.post("/office/units/<uuid:unit_id>/closing")
@needs(Right.CHANGE_TREE)
def end_unit(unit_id: uuid.UUID) -> Response | tuple[str, int]:
    require_recent_proof(url_for("units.show", unit_id=unit_id))
    actor, now, form = signed_in(), services().now(), TypedForm()
    closed_on = form.day("closed_on")
    document = form.line("closing_document", LONGEST_DOCUMENT, CLOSING_DOCUMENT_WANTED)
    with refusals_at(form, "closed_on"), write_transaction() as session:
        unit = _asked_unit(session, unit_id, Right.CHANGE_TREE, now)
        if closed_on is not None and not form.problems:
            close(session, unit, closed_on, document, actor.user_id, now)
    return _after(unit_id, form, gettext("Đã ghi ngày kết thúc hoạt động."))


@blueprint.post("/office/units/<uuid:unit_id>/reopening")
@needs(Right.CHANGE_TREE)
def reopen_unit(unit_id: uuid.UUID) -> Response | tuple[str, int]:
    require_recent_proof(url_for("units.show", unit_id=unit_id))
    actor, now, form = signed_in(), services().now(), TypedForm()
    with refusals_at(form, "reopening"), write_transaction() as session:
        reopen(session, _asked_unit(session, unit_id, Right.CHANGE_TREE, now), actor.user_id, now)
    return _after(unit_id, form, gettext("Đã mở lại. Nhiệm vụ ở đây đã kết thúc, đồng chí hãy giao lại."))


@blueprint.get("/office/kinds")
@needs(Right.RUN_OFFICE)
def kinds() -> str:
    return _kinds_page()


def _kinds_page(form: TypedForm | None = None) -> str:
    session = db.session()
    ask_at_root(session, signed_in(), Right.RUN_OFFICE, local_day(services().now()))
    return render_template(
        "office/kinds.html",
        kinds=list_kinds(session),
        typed=form.typed if form else {},
        problems=form.problems if form else {},
    )


@blueprint.post("/office/kinds/change")
@needs(Right.RUN_OFFICE)
def rename_unit_kind() -> Response | tuple[str, int]:
    actor, now, form = signed_in(), services().now(), TypedForm()
    code = form.typed.get("code", "")
    name = form.line(f"name_{code}", 80, KIND_WANTED)
    with write_transaction() as session:
        ask_at_root(session, actor, Right.RUN_OFFICE, local_day(now))
        kind = find_kind(session, code)
        if kind is None:
            form.refuse("code", KIND_WANTED)
        elif not form.problems:
            rename_kind(session, kind, name, actor.user_id, now)
    if form.problems:
        return _kinds_page(form), 422
    flash(gettext("Đã lưu."))
    return redirect(url_for("units.kinds"), 303)


@blueprint.post("/office/kinds")
@needs(Right.RUN_OFFICE)
def add_unit_kind() -> Response | tuple[str, int]:
    actor, now, form = signed_in(), services().now(), TypedForm()
    name = form.line("kind_name", 80, KIND_WANTED)
    with refusals_at(form, "kind_name"), write_transaction() as session:
        ask_at_root(session, actor, Right.RUN_OFFICE, local_day(now))
        if not form.problems:
            add_kind(session, name, is_cell=form.typed.get("is_cell") == "yes", actor_id=actor.user_id, now=now)
    if form.problems:
        return _kinds_page(form), 422
    flash(gettext("Đã thêm loại tổ chức đảng."))
    return redirect(url_for("units.kinds"), 303)
