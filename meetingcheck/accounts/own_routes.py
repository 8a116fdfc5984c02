"""One's own account: prove again who one is, another password, another login."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from meetingcheck.accounts.actions import change_login, end_sessions_of, note_proof, set_password
from meetingcheck.accounts.factor_routes import (
    WRONG_CODE,
    WRONG_PASSKEY,
    ask_for_passkey,
    code_is_right,
    passkey_is_right,
)
from meetingcheck.accounts.kept_forms import KeptForm, seal_form, unseal_form, worth_keeping
from meetingcheck.accounts.models import User
from meetingcheck.accounts.passwords import common_passwords, hash_password, verify_password
from meetingcheck.accounts.paths import local_path, takes_forms
from meetingcheck.accounts.phone_routes import PIN_SENTENCES, PinOutcome, try_pin
from meetingcheck.accounts.queries import factors_of, get_user
from meetingcheck.accounts.rules import LONGEST_PASSWORD, is_mail, is_phone, normal_login, password_problem
from meetingcheck.accounts.sessions import (
    attempt,
    attempt_succeeded,
    counted_for,
    enter,
    find_pinned,
    pinned_for,
    require_recent_proof,
    signed_in,
)
from meetingcheck.lib.db import db, read_transaction, write_transaction
from meetingcheck.lib.http.requests import form_text
from meetingcheck.lib.http.rights import SIGNED_IN, needs
from meetingcheck.lib.logs import log
from meetingcheck.lib.services import services
from meetingcheck.lib.text import N_, has_unsafe_characters, storable

blueprint = Blueprint("account", __name__)

LONGEST_LOGIN = 120  # characters
TAKEN = N_("Số điện thoại hoặc email này đã có người dùng. Nếu là của mình, đồng chí hãy gọi văn phòng cấp ủy.")
WRONG_PASSWORD = N_("Mật khẩu chưa đúng. Đồng chí hãy thử lại.")


def _own_user() -> User:
    with read_transaction() as rows:
        return get_user(rows, signed_in().user_id)


@blueprint.get("/account")
@needs(SIGNED_IN)
def page() -> str:
    actor, rows = signed_in(), db.session()
    return render_template(
        "accounts/account.html", user=get_user(rows, actor.user_id), factors=factors_of(rows, actor.user_id)
    )


# --- prove again who one is


@blueprint.get("/sign-in/confirm")
@needs(SIGNED_IN)
def confirm_page() -> str:
    return _confirm_page(_own_user())


@blueprint.post("/sign-in/confirm")
@needs(SIGNED_IN)
def confirm_submit() -> Response | tuple[str, int]:
    user, problems = _own_user(), {}
    if "code" in request.form:
        if not code_is_right(user, form_text("code")):
            problems["code"] = WRONG_CODE
    elif "passkey" in request.form:
        if not passkey_is_right(user, form_text("passkey")):
            problems["passkey"] = WRONG_PASSKEY
    elif "pin" in request.form:
        outcome = _pin_outcome(user)
        if outcome != PinOutcome.RIGHT:
            problems["pin"] = PIN_SENTENCES[outcome]
    elif not _password_is_right(user, form_text("password")[:LONGEST_PASSWORD]):
        problems["password"] = WRONG_PASSWORD
    sealed = form_text("kept")
    if problems:
        return _confirm_page(user, {name: [sentence] for name, sentence in problems.items()}, sealed), 422
    with write_transaction() as rows:
        note_proof(rows, signed_in().session_id, services().now())
    form = _form_in(sealed)
    if form is not None:
        return render_template("accounts/go_on.html", form=form), 200
    return redirect(local_path(form_text("next")), 303)


@blueprint.post("/sign-in/confirm/form")
@needs(SIGNED_IN)
def keep_form() -> str:
    """A form came here because the proof is too old: ask, and keep what was typed in the page that asks."""
    to, back = request.args.get("to", ""), local_path(request.args.get("next", ""))
    fields = worth_keeping([(name, storable(value)) for name, value in request.form.items(multi=True)])
    if fields is None or not takes_forms(to):
        abort(400)
    form = KeptForm(to, back, fields)
    sealed = seal_form(services().settings.secret_key, form, signed_in().session_id, services().now())
    return _confirm_page(_own_user(), sealed=sealed)


def _password_is_right(user: User, password: str) -> bool:
    counted = counted_for(user.login)
    begun = attempt(counted)
    if not verify_password(user.password_hash, password):
        log("proof refused", user=str(user.id))
        return False
    attempt_succeeded(counted, begun)
    return True


def _pin_outcome(user: User) -> PinOutcome:
    pinned = find_pinned()
    if pinned is None or pinned[1].id != user.id:
        return PinOutcome.WRONG
    return try_pin(pinned[0], form_text("pin"))


def _form_in(sealed: str) -> KeptForm | None:
    """The form that this page keeps while it asks, if it keeps one that is still good."""
    if not sealed:
        return None
    return unseal_form(services().settings.secret_key, sealed, signed_in().session_id, services().now())


def _confirm_page(user: User, problems: dict[str, list[str]] | None = None, sealed: str = "") -> str:
    pinned, form = find_pinned(), _form_in(sealed)
    with read_transaction() as rows:
        factors = factors_of(rows, user.id)
    return render_template(
        "accounts/confirm.html",
        next=local_path(request.values.get("next", "")),
        kept=sealed,
        typed=form is not None and bool(form.fields),
        has_password=user.password_hash is not None,
        has_pin=pinned is not None and pinned[1].id == user.id and pinned[0].pin_hash is not None,
        factors=factors,
        passkey_options=ask_for_passkey(factors),
        problems=problems or {},
    )


# --- another password


@blueprint.get("/account/password")
@needs(SIGNED_IN)
def password_page() -> str:
    require_recent_proof()
    return render_template("accounts/password.html", problems={})


@blueprint.post("/account/password")
@needs(SIGNED_IN)
def password_submit() -> Response | tuple[str, int]:
    require_recent_proof(url_for("account.password_page"))
    user, password, now = _own_user(), form_text("password"), services().now()
    problem = password_problem(password, user.login, common_passwords())
    if problem is not None:
        return render_template("accounts/password.html", problems={"password": [problem]}), 422
    password_hash = hash_password(password)
    with write_transaction() as rows:
        set_password(rows, user.id, password_hash, user.id, now)
        end_sessions_of(rows, user.id, user.id, now)
    answer = enter(user, signed_in().privilege, url_for("account.page"), pinned_for(user.id))
    flash(gettext("Đã đổi mật khẩu. Các máy khác cần đăng nhập lại."))
    return answer


# --- another login


@blueprint.get("/account/login")
@needs(SIGNED_IN)
def login_page() -> str:
    require_recent_proof()
    return render_template("accounts/login.html", typed={"login": _own_user().login}, problems={})


@blueprint.post("/account/login")
@needs(SIGNED_IN)
def login_submit() -> Response | tuple[str, int]:
    require_recent_proof(url_for("account.login_page"))
    login = normal_login(form_text("login"))
    problem = _login_problem(login)
    if problem is None and not _change_login(login):
        problem = TAKEN
    if problem is not None:
        typed, problems = {"login": form_text("login")}, {"login": [problem]}
        return render_template("accounts/login.html", typed=typed, problems=problems), 422
    flash(gettext("Đã đổi. Lần sau đồng chí đăng nhập bằng số điện thoại hoặc email mới."))
    return redirect(url_for("account.page"), 303)


def _login_problem(login: str) -> str | None:
    fits = len(login) <= LONGEST_LOGIN and not has_unsafe_characters(login)
    if fits and (is_phone(login) or is_mail(login)):
        return None
    return N_("Đồng chí hãy nhập số điện thoại 10 chữ số hoặc địa chỉ email.")


def _change_login(login: str) -> bool:
    try:
        with write_transaction() as rows:
            return change_login(rows, signed_in().user_id, login, services().now())
    except IntegrityError:  # somebody else took it at the same moment
        return False
