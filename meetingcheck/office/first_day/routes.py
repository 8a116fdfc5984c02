"""From an empty database to the first report: six steps on one page."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from meetingcheck.accounts.queries import get_user
from meetingcheck.accounts.rules import is_mail, normal_login
from meetingcheck.accounts.sessions import require_recent_proof, signed_in
from meetingcheck.duties.forms import typed_policy
from meetingcheck.lib.db import db, write_transaction
from meetingcheck.lib.http.forms import TypedForm
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.lib.text import N_
from meetingcheck.office.first_day.actions import (
    begin_supervision,
    ensure_default_kinds,
    found_the_root,
    invite_all,
    send_test_mail,
    set_first_policy,
)
from meetingcheck.office.first_day.queries import load_first_day
from meetingcheck.office.first_day.rules import DEFAULT_KINDS, SUGGESTED, may_begin_with
from meetingcheck.office.people.forms import MAIL_WANTED
from meetingcheck.office.people.queries import list_without_access, people_in_reach
from meetingcheck.office.units.forms import LONGEST_UNIT_NAME, NAME_WANTED
from meetingcheck.orgs.access import Right, ask_at_root
from meetingcheck.orgs.actions import NewUnit
from meetingcheck.orgs.forms import refusals_at
from meetingcheck.orgs.models import Unit
from meetingcheck.orgs.queries import list_kinds

blueprint = Blueprint("first_day", __name__)

FUTURE = N_("Ngày thành lập không thể ở sau hôm nay.")
PAST_MONTH = N_("Tháng này đã qua. Đồng chí hãy chọn tháng này hoặc một tháng sắp tới.")


@blueprint.get("/office/first-day")
@needs(Right.RUN_OFFICE)
def show() -> str:
    return _page()


def _page(form: TypedForm | None = None) -> str:
    session, now, actor = db.session(), services().now(), signed_in()
    today = local_day(now)
    ask_at_root(session, actor, Right.RUN_OFFICE, today)
    state = load_first_day(session, actor.user_id, now, today)
    return render_template(
        "office/first_day.html",
        state=state,
        kinds=state.kinds or [kind for kind in DEFAULT_KINDS if not kind.is_cell],
        mails_leave=services().mails_leave,
        next_month=today.replace(day=28),
        typed=form.typed if form else SUGGESTED,
        problems=form.problems if form else {},
    )


def _after(form: TypedForm, said: str) -> Response | tuple[str, int]:
    if form.problems:
        return _page(form), 422
    flash(said)
    return redirect(url_for("first_day.show"), 303)


def _asked_root(session: Session) -> Unit:
    """The root, for the steps that need one."""
    root = ask_at_root(session, signed_in(), Right.RUN_OFFICE, local_day(services().now()))
    if root is None:
        abort(409)
    return root


@blueprint.post("/office/first-day/root")
@needs(Right.RUN_OFFICE)
def found_root() -> Response | tuple[str, int]:
    actor, now, form = signed_in(), services().now(), TypedForm()
    today = local_day(now)
    name = form.line("root_name", LONGEST_UNIT_NAME, NAME_WANTED)
    founded_on = form.day("root_founded_on") if form.typed.get("root_founded_on", "").strip() else today
    if founded_on is not None and founded_on > today:
        form.refuse("root_founded_on", FUTURE)
    with refusals_at(form, "root_name"), write_transaction() as session:
        ask_at_root(session, actor, Right.RUN_OFFICE, today)
        ensure_default_kinds(session)
        kind = form.choice("root_kind", [kind.code for kind in list_kinds(session) if not kind.is_cell])
        if not form.problems and founded_on is not None:
            found_the_root(session, NewUnit(name, kind, founded_on), actor.user_id, now)
    return _after(form, gettext("Đã lập tổ chức đảng cao nhất."))


@blueprint.post("/office/first-day/period")
@needs(Right.RUN_OFFICE)
def set_period() -> Response | tuple[str, int]:
    actor, now, form = signed_in(), services().now(), TypedForm()
    first_day = form.month("supervised_from")
    if first_day is not None and not may_begin_with(first_day, local_day(now)):
        form.refuse("supervised_from", PAST_MONTH)
    with refusals_at(form, "supervised_from"), write_transaction() as session:
        root = _asked_root(session)
        if first_day is not None and not form.problems:
            begin_supervision(session, root, first_day, actor.user_id, now)
    return _after(form, gettext("Đã lưu tháng đầu tiên."))


@blueprint.post("/office/first-day/policy")
@needs(Right.SET_POLICY)
def first_policy() -> Response | tuple[str, int]:
    """The first values count from the first period that counts."""
    require_recent_proof(url_for("first_day.show"))
    actor, now, form = signed_in(), services().now(), TypedForm()
    with refusals_at(form, "usual_day"), write_transaction() as session:
        root = ask_at_root(session, actor, Right.SET_POLICY, local_day(now))
        if root is None or root.supervised_from is None:
            abort(409)
        policy = typed_policy(form, root.id, root.supervised_from)
        if policy is not None:
            set_first_policy(session, policy, actor.user_id, now)
    return _after(form, gettext("Đã lưu mức quy định."))


@blueprint.post("/office/first-day/test-mail")
@needs(Right.RUN_OFFICE)
def test_mail() -> Response | tuple[str, int]:
    actor, now, form = signed_in(), services().now(), TypedForm()
    email = normal_login(form.line("email", 120, MAIL_WANTED))
    if email and not is_mail(email):
        form.refuse("email", MAIL_WANTED)
    with write_transaction() as session:
        ask_at_root(session, actor, Right.RUN_OFFICE, local_day(now))
        if not form.problems:
            send_test_mail(session, get_user(session, actor.user_id), email, now)
    return _after(form, gettext("Thư thử đang được gửi đi."))


@blueprint.post("/office/first-day/invitations")
@needs(Right.MANAGE_PEOPLE)
def invite_everybody() -> Response | tuple[str, int]:
    require_recent_proof(url_for("first_day.show"))
    actor, now = signed_in(), services().now()
    today = local_day(now)
    with write_transaction() as session:
        ask_at_root(session, actor, Right.MANAGE_PEOPLE, today)
        people = list_without_access(session, people_in_reach(session, actor.user_id, today), now, today)
        mails = invite_all(session, people, actor.user_id, now)
    return _after(TypedForm(), gettext("Số thư mời đang được gửi đi: %(mails)s.", mails=mails))
