"""Sign in, sign out, choose a language."""

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask_babel import gettext
from flask_login import logout_user
from werkzeug.wrappers import Response

from meetingcheck.accounts.actions import choose_language, end_session
from meetingcheck.accounts.factor_routes import ask_pinned_for_passkey
from meetingcheck.accounts.passwords import verify_password
from meetingcheck.accounts.paths import local_path
from meetingcheck.accounts.queries import find_user_by_login
from meetingcheck.accounts.rules import LONGEST_PASSWORD, normal_login
from meetingcheck.accounts.sessions import (
    attempt,
    attempt_succeeded,
    counted_for,
    find_pinned,
    find_signed_in,
    forget_browser_state,
    let_in,
    pinned_for,
    signed_in,
)
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.http.requests import form_text
from meetingcheck.lib.http.rights import PUBLIC, SIGNED_IN, needs
from meetingcheck.lib.i18n import LANGUAGE_KEY, LANGUAGES
from meetingcheck.lib.logs import log
from meetingcheck.lib.services import services

blueprint = Blueprint("accounts", __name__)


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
    if not login or not password:
        return _sign_in_page(gettext("Đồng chí hãy nhập số điện thoại (hoặc email) và mật khẩu.")), 422
    counted = counted_for(login)
    begun = attempt(counted)
    with read_transaction() as rows:
        user = find_user_by_login(rows, login)
    right_password = verify_password(user.password_hash if user else None, password)
    if user is None or user.disabled_at is not None or not right_password:
        log("sign-in refused")
        return _sign_in_page(gettext("Số điện thoại (hoặc email) hay mật khẩu chưa đúng. Đồng chí hãy thử lại.")), 422
    attempt_succeeded(counted, begun)
    return let_in(user, local_path(form_text("next")), device_id=pinned_for(user.id))


@blueprint.post("/sign-out")
@needs(SIGNED_IN, by_link=True)
def sign_out() -> Response:
    actor = signed_in()
    with write_transaction() as rows:
        end_session(rows, actor.session_id, actor.user_id, services().now())
    logout_user()
    forget_browser_state()
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
    pinned, wanted = find_pinned(), local_path(request.values.get("next", ""))
    with_pin = pinned[1].name if pinned is not None and pinned[0].pin_hash is not None else None
    return render_template(
        "accounts/sign_in.html",
        problem=problem,
        next=wanted,
        login=form_text("login"),
        with_pin=with_pin,
        problems={},
        passkey_options=ask_pinned_for_passkey(),
    )
