"""People for the office: who can be reached, and one person's ways in."""

import uuid
from datetime import datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from meetingcheck.accounts.actions import enable_user, forget_second_factors, revoke_all_access
from meetingcheck.accounts.api_tokens.actions import revoke_token
from meetingcheck.accounts.api_tokens.queries import list_tokens
from meetingcheck.accounts.models import User
from meetingcheck.accounts.queries import factors_of, find_user, list_devices, list_sessions
from meetingcheck.accounts.sessions import require_recent_proof, signed_in
from meetingcheck.lib.db import db, write_transaction
from meetingcheck.lib.http.forms import CHOICE_WANTED, TypedForm
from meetingcheck.lib.http.requests import form_text
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.qr import qr_code
from meetingcheck.lib.services import services
from meetingcheck.lib.text import N_, one_line, storable
from meetingcheck.office.people.actions import (
    Sheet,
    correct_person,
    disable,
    invite_by_mail,
    make_sheet,
    make_way_in,
)
from meetingcheck.office.people.forms import typed_person_facts
from meetingcheck.office.people.queries import (
    Search,
    administered_by,
    cells_reported_for,
    find_people,
    last_seen,
    list_people,
    people_in_reach,
    units_within,
)
from meetingcheck.office.units.actions import Appointment, appoint
from meetingcheck.orgs.access import Right, all_within, ask, ask_about_person, ask_anywhere, ask_to_change_person
from meetingcheck.orgs.actions import person_for_role
from meetingcheck.orgs.forms import refusals_at, typed_person
from meetingcheck.orgs.models import Role
from meetingcheck.orgs.queries import find_unit_by_code_or_name, list_roles_held

blueprint = Blueprint("people", __name__)

SHEETS_AT_ONCE = 100
UNIT_WANTED = N_("Không có đúng một tổ chức đảng có mã hoặc tên này. Đồng chí hãy ghi mã, hoặc thêm ở trang của nó.")


@blueprint.get("/office/people")
@needs(Right.MANAGE_PEOPLE)
def index() -> str:
    return _list_page()


def _list_page(form: TypedForm | None = None) -> str:
    session, now, actor = db.session(), services().now(), signed_in()
    today = local_day(now)
    ask_anywhere(session, actor, Right.MANAGE_PEOPLE, today)
    wanted = Search(
        text=one_line(storable(request.args.get("q", "")))[:100],
        unreachable=request.args.get("unreachable") == "1",
        without_access=request.args.get("without_access") == "1",
        page=min(request.args.get("page", 1, type=int), 100_000),
    )
    return render_template(
        "office/people.html",
        wanted=wanted,
        found=find_people(
            session,
            people_in_reach(session, actor.user_id, today),
            administered_by(session, actor.user_id, today),
            wanted,
            now,
            today,
        ),
        roles=list(Role),
        today=today,
        typed=form.typed if form else {},
        problems=form.problems if form else {},
    )


@blueprint.post("/office/people")
@needs(Right.GIVE_ROLES)
def add() -> Response | tuple[str, int]:
    """Add a person by hand, with the role that brings them into the tree."""
    require_recent_proof(url_for("people.index"))
    actor, now, form = signed_in(), services().now(), TypedForm()
    today, person = local_day(now), typed_person(form)
    role, place = form.choice("role", [one.value for one in Role]), form.line("unit", 200, UNIT_WANTED)
    user_id: uuid.UUID | None = None
    with refusals_at(form, "login"), write_transaction() as session:
        ask_anywhere(session, actor, Right.GIVE_ROLES, today)
        unit = find_unit_by_code_or_name(session, place, actor.user_id, today)
        if unit is None:
            form.refuse("unit", UNIT_WANTED)
        if unit is not None and not form.problems:
            ask(session, actor, Right.GIVE_ROLES, unit.id, today)
            user = person_for_role(
                session,
                person,
                lambda user_id: all_within(session, actor, Right.GIVE_ROLES, user_id, today),
                actor.user_id,
                now,
            )
            appoint(session, user, Appointment(unit, Role(role), today), actor.user_id, now)
            user_id = user.id
    if form.problems or user_id is None:
        return _list_page(form), 422
    flash(gettext("Đã thêm người dùng."))
    return redirect(url_for("people.show", user_id=user_id), 303)


@blueprint.get("/office/people/<uuid:user_id>")
@needs(Right.MANAGE_PEOPLE)
def show(user_id: uuid.UUID) -> str:
    return _page(user_id)


def _page(user_id: uuid.UUID, form: TypedForm | None = None, link: str | None = None) -> str:
    session, now = db.session(), services().now()
    user, today = _found(session, user_id), local_day(now)
    actor = signed_in()
    may_change = ask_about_person(session, actor, user_id, today)
    held = list_roles_held(session, user_id, today)
    within = units_within(session, {one.unit.id for one in held}, administered_by(session, actor.user_id, today), today)
    seen = [one for one in held if one.unit.id in within]
    return render_template(
        "office/person.html",
        user=user,
        may_change=may_change,
        held=seen,
        held_elsewhere=len(held) > len(seen),
        cells=cells_reported_for(session, user_id, today),
        last_seen=last_seen(session, user_id),
        devices=list_devices(session, user_id),
        sessions=list_sessions(session, user_id, now),
        tokens=list_tokens(session, user_id, now),
        has_factors=bool(factors_of(session, user_id)),
        link=link,
        typed=form.typed if form else {"name": user.name, "phone": user.phone or "", "email": user.email or ""},
        problems=form.problems if form else {},
    )


def _found(session: Session, user_id: uuid.UUID) -> User:
    user = find_user(session, user_id)
    if user is None:
        abort(404)
    return user


def _to_change(session: Session, user_id: uuid.UUID, now: datetime) -> User:
    """The person, when all their roles lie in the own subtree."""
    user = _found(session, user_id)
    ask_to_change_person(session, signed_in(), user_id, local_day(now))
    return user


def _after(user_id: uuid.UUID, form: TypedForm, said: str) -> Response | tuple[str, int]:
    if form.problems:
        return _page(user_id, form), 422
    flash(said)
    return redirect(url_for("people.show", user_id=user_id), 303)


@blueprint.post("/office/people/<uuid:user_id>/facts")
@needs(Right.MANAGE_PEOPLE)
def change(user_id: uuid.UUID) -> Response | tuple[str, int]:
    require_recent_proof(url_for("people.show", user_id=user_id))
    actor, now, form = signed_in(), services().now(), TypedForm()
    facts = typed_person_facts(form)
    with refusals_at(form, "phone"), write_transaction() as session:
        user = _to_change(session, user_id, now)
        if not form.problems:
            correct_person(session, user, facts, actor.user_id, now)
    return _after(user_id, form, gettext("Đã lưu."))


@blueprint.post("/office/people/<uuid:user_id>/link")
@needs(Right.MANAGE_PEOPLE)
def make_link_page(user_id: uuid.UUID) -> str:
    """Make a one-time link and show it, this once."""
    require_recent_proof(url_for("people.show", user_id=user_id))
    actor, now = signed_in(), services().now()
    with write_transaction() as session:
        path = make_way_in(session, _to_change(session, user_id, now), actor.user_id, now)
    return _page(user_id, link=services().settings.public_url + path)


@blueprint.post("/office/people/<uuid:user_id>/invitation")
@needs(Right.MANAGE_PEOPLE)
def invite(user_id: uuid.UUID) -> Response | tuple[str, int]:
    """Send a one-time link by mail."""
    require_recent_proof(url_for("people.show", user_id=user_id))
    actor, now, form = signed_in(), services().now(), TypedForm()
    with write_transaction() as session:
        user = _to_change(session, user_id, now)
        if user.email:
            invite_by_mail(session, user, actor.user_id, now)
        else:
            form.refuse("email", N_("Đồng chí này chưa có địa chỉ email."))
    return _after(user_id, form, gettext("Thư kèm đường dẫn đang được gửi đi."))


@blueprint.post("/office/people/<uuid:user_id>/lost-phone")
@needs(Right.MANAGE_PEOPLE)
def lost_phone(user_id: uuid.UUID) -> str:
    """One button: everything that the lost phone could do ends, and the new sheet is there to print."""
    require_recent_proof(url_for("people.show", user_id=user_id))
    actor, now = signed_in(), services().now()
    with write_transaction() as session:
        user = _to_change(session, user_id, now)
        revoke_all_access(session, user_id, actor.user_id, now)
        sheet = make_sheet(session, user, actor.user_id, local_day(now), now)
    return _sheets_page([sheet])


@blueprint.post("/office/people/<uuid:user_id>/tokens/<uuid:token_id>/end")
@needs(Right.MANAGE_PEOPLE)
def end_token(user_id: uuid.UUID, token_id: uuid.UUID) -> Response | tuple[str, int]:
    """A program may no longer act for the person. It only takes access away, so nobody is asked to prove anything."""
    actor, now = signed_in(), services().now()
    with write_transaction() as session:
        _to_change(session, user_id, now)
        if not revoke_token(session, token_id, user_id, actor.user_id, now):
            abort(404)
    return _after(user_id, TypedForm(), gettext("Đã thu hồi mã truy cập."))


@blueprint.post("/office/people/<uuid:user_id>/second-factor")
@needs(Right.MANAGE_PEOPLE)
def forget_factors(user_id: uuid.UUID) -> Response | tuple[str, int]:
    """The person lost the app or the key: the next sign-in asks for a new one."""
    require_recent_proof(url_for("people.show", user_id=user_id))
    actor, now = signed_in(), services().now()
    with write_transaction() as session:
        _to_change(session, user_id, now)
        forget_second_factors(session, user_id, actor.user_id, now)
    return _after(user_id, TypedForm(), gettext("Lần đăng nhập sau, đồng chí ấy sẽ đặt lại lớp bảo vệ thứ hai."))


@blueprint.post("/office/people/<uuid:user_id>/disabling")
@needs(Right.MANAGE_PEOPLE)
def keep_out(user_id: uuid.UUID) -> Response | tuple[str, int]:
    require_recent_proof(url_for("people.show", user_id=user_id))
    actor, now, form = signed_in(), services().now(), TypedForm()
    with refusals_at(form, "disabling"), write_transaction() as session:
        disable(session, _to_change(session, user_id, now), actor.user_id, now)
    return _after(user_id, form, gettext("Đã khóa. Đồng chí này không vào hệ thống được nữa."))


@blueprint.post("/office/people/<uuid:user_id>/enabling")
@needs(Right.MANAGE_PEOPLE)
def let_in_again(user_id: uuid.UUID) -> Response | tuple[str, int]:
    require_recent_proof(url_for("people.show", user_id=user_id))
    actor, now = signed_in(), services().now()
    with write_transaction() as session:
        _to_change(session, user_id, now)
        enable_user(session, user_id, actor.user_id, now)
    return _after(user_id, TypedForm(), gettext("Đã mở lại. Đồng chí này đăng nhập được như trước."))


@blueprint.post("/office/people/sheets")
@needs(Right.MANAGE_PEOPLE)
def sheets() -> str | tuple[str, int]:
    """Print a sheet for each of the chosen people, or for all on the page of those who have no way in.

    One whom one may not change is refused with all others when chosen, and left out when only listed.
    """
    require_recent_proof(url_for("people.index"))
    actor, now, form = signed_in(), services().now(), TypedForm()
    today, all_listed = local_day(now), form_text("which") == "listed"
    chosen = form.ids("listed" if all_listed else "person")[:SHEETS_AT_ONCE]
    with write_transaction() as session:
        ask_anywhere(session, actor, Right.MANAGE_PEOPLE, today)
        people = list_people(session, people_in_reach(session, actor.user_id, today), chosen)
        if all_listed:
            people = [user for user in people if ask_about_person(session, actor, user.id, today)]
        for user in people:
            ask_to_change_person(session, actor, user.id, today)
        printed = [make_sheet(session, user, actor.user_id, today, now) for user in people if not user.disabled_at]
    if not printed:
        form.refuse("person", CHOICE_WANTED)
        return _list_page(form), 422
    return _sheets_page(printed)


def _sheets_page(printed: list[Sheet]) -> str:
    public_url = services().settings.public_url
    return render_template(
        "office/sheets.html",
        sheets=[(sheet, qr_code(public_url + sheet.path), public_url + sheet.path) for sheet in printed],
        public_url=public_url,
    )
