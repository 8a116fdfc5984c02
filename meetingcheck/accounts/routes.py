"""Sign in, sign out, choose a language."""

from flask import Blueprint, abort, current_app, redirect, render_template, request, session, url_for
from flask_babel import gettext
from flask_login import login_user, logout_user
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response

from meetingcheck.accounts.actions import choose_language, end_session, forget_failures, note_failure, open_session
from meetingcheck.accounts.actor import Actor
from meetingcheck.accounts.passwords import verify_password
from meetingcheck.accounts.queries import count_recent_failures, find_user_by_login
from meetingcheck.accounts.rules import must_wait, normal_login
from meetingcheck.accounts.sessions import find_signed_in, signed_in
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.http.requests import form_text
from meetingcheck.lib.http.rights import PUBLIC, SIGNED_IN, needs
from meetingcheck.lib.i18n import LANGUAGE_KEY, LANGUAGES
from meetingcheck.lib.logs import log
from meetingcheck.lib.services import services
from meetingcheck.lib.tokens import token_hash

blueprint = Blueprint("accounts", __name__)

LONGEST_PASSWORD = 500  # characters; argon2 would take any length, an attacker's too
HOME = "/"


@blueprint.get("/sign-in")
@needs(PUBLIC)
def sign_in() -> str | Response:
    if find_signed_in() is not None:
        return redirect(local_path(request.args.get("next", "")))
    return _sign_in_page()


@blueprint.post("/sign-in")
@needs(PUBLIC)
def sign_in_submit() -> Response | tuple[str, int]:
    login, password = normal_login(form_text("login")), form_text("password")[:LONGEST_PASSWORD]
    login_hash, now = token_hash(login), services().now()
    if not login or not password:
        return _sign_in_page(gettext("Đồng chí hãy nhập số điện thoại (hoặc email) và mật khẩu.")), 422
    with read_transaction() as rows:
        waiting = must_wait(count_recent_failures(rows, login_hash, now))
        user = find_user_by_login(rows, login)
    if waiting:
        abort(429)
    right_password = verify_password(user.password_hash if user else None, password)
    if user is None or user.disabled_at is not None or not right_password:
        with write_transaction() as rows:
            note_failure(rows, login_hash, now)
        log("sign-in refused")
        return _sign_in_page(gettext("Số điện thoại (hoặc email) hay mật khẩu chưa đúng. Đồng chí hãy thử lại.")), 422
    earlier = find_signed_in()
    with write_transaction() as rows:
        forget_failures(rows, login_hash)
        if earlier is not None:
            end_session(rows, earlier.session_id, earlier.user_id, now)
        session_id, token = open_session(rows, user.id, now)
    session.clear()  # nothing that was set before signing in is carried over
    session.permanent = True
    session[LANGUAGE_KEY] = user.language
    login_user(Actor(user.id, session_id, user.name, user.language, token))
    log("signed in", user=str(user.id))
    return redirect(local_path(form_text("next")), 303)


@blueprint.post("/sign-out")
@needs(SIGNED_IN)
def sign_out() -> Response:
    actor = signed_in()
    with write_transaction() as rows:
        end_session(rows, actor.session_id, actor.user_id, services().now())
    language = session.get(LANGUAGE_KEY)
    logout_user()
    session.clear()
    session[LANGUAGE_KEY] = language
    return redirect(url_for("accounts.sign_in"), 303)


@blueprint.post("/language")
@needs(PUBLIC)
def set_language() -> Response:
    language = form_text("language")
    if language not in LANGUAGES:
        abort(400)
    session[LANGUAGE_KEY] = language
    actor = find_signed_in()
    if actor is not None:
        with write_transaction() as rows:
            choose_language(rows, actor.user_id, language)
    return redirect(local_path(form_text("next")), 303)


def _sign_in_page(problem: str | None = None) -> str:
    wanted = request.values.get("next", "")
    return render_template("accounts/sign_in.html", problem=problem, next=local_path(wanted), login=form_text("login"))


def local_path(wanted: str) -> str:
    """`wanted` when it is a path that our own routes answer by GET; everything else goes home."""
    path, _, query = wanted.partition("?")
    if not path.startswith("/") or path.startswith(("//", "/\\")) or any(ord(char) < 32 for char in wanted):
        return HOME
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None
    try:
        endpoint, _ = adapter.match(path, method="GET")
    except (HTTPException, RequestRedirect):
        return HOME
    if endpoint in {"accounts.sign_in", "static"}:
        return HOME
    return f"{path}?{query}" if query else path
