"""The second factor: show it, or set it up."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from meetingcheck.accounts.actions import drop_passkey, keep_authenticator, keep_passkey, use_code, use_passkey
from meetingcheck.accounts.factors import (
    SEALED_FOR,
    NewPasskey,
    Site,
    app_address,
    authentication_options,
    credential_in,
    matching_step,
    new_secret,
    qr_svg,
    read_authentication,
    read_registration,
    registration_options,
)
from meetingcheck.accounts.keys import seal, unseal
from meetingcheck.accounts.models import User
from meetingcheck.accounts.queries import Factors, factors_of, get_user
from meetingcheck.accounts.rules import BETWEEN_FACTORS, Privilege, browser_name
from meetingcheck.accounts.sessions import (
    HalfWay,
    attempt,
    attempt_succeeded,
    counted_for,
    enter,
    find_half_way,
    find_pinned,
    find_signed_in,
    must_show_second,
    privilege_now,
    require_recent_proof,
    signed_in,
)
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.http.requests import form_text
from meetingcheck.lib.http.rights import PUBLIC, SIGNED_IN, needs
from meetingcheck.lib.logs import log
from meetingcheck.lib.services import services
from meetingcheck.lib.text import N_

blueprint = Blueprint("factors", __name__)

CHALLENGE = "challenge"  # what a passkey was asked, and when
SETTING_UP = "setting_up"  # the sealed secret of an authenticator app that has not shown a code yet
WRONG_CODE = N_("Mã chưa đúng hoặc đã dùng. Đồng chí hãy đợi mã mới trong ứng dụng rồi nhập lại.")
WRONG_PASSKEY = N_("Khóa truy cập không khớp. Đồng chí hãy thử lại.")


# --- show it


@blueprint.get("/second-factor")
@needs(PUBLIC)
def ask_page() -> str:
    _, user = _half_way()
    return _ask_page(user)


@blueprint.post("/second-factor/code")
@needs(PUBLIC)
def ask_code() -> AnyResponse | tuple[str, int]:
    half_way, user = _half_way()
    if not code_is_right(user, form_text("code")):
        return _ask_page(user, {"code": [WRONG_CODE]}), 422
    return _go_on(half_way, user)


@blueprint.post("/second-factor/passkey")
@needs(PUBLIC)
def ask_passkey() -> AnyResponse | tuple[str, int]:
    half_way, user = _half_way()
    if not passkey_is_right(user, form_text("passkey")):
        return _ask_page(user, {"passkey": [WRONG_PASSKEY]}), 422
    return _go_on(half_way, user)


def _half_way() -> tuple[HalfWay, User]:
    """Who is half way in; back to the beginning when nobody is."""
    found = find_half_way()
    if found is None:
        abort(redirect(url_for("accounts.sign_in"), 303))
    return found


def _go_on(half_way: HalfWay, user: User) -> AnyResponse:
    with read_transaction() as rows:
        privilege = privilege_now(rows, user.id, services().now())
    return enter(user, privilege, half_way.next, half_way.device_id)


def _ask_page(user: User, problems: dict[str, list[str]] | None = None) -> str:
    with read_transaction() as rows:
        factors = factors_of(rows, user.id)
        privilege = privilege_now(rows, user.id, services().now())
    return render_template(
        "accounts/second_factor.html",
        needed=privilege != Privilege.ORDINARY,
        factors=factors,
        passkey_options=ask_for_passkey(factors),
        problems=problems or {},
    )


def site() -> Site:
    settings = services().settings
    return Site(settings.public_host, settings.public_url)


def ask_for_passkey(factors: Factors, *, alone: bool = False) -> str | None:
    """What the browser needs to ask for a passkey; the cookie remembers the question. None when there is none."""
    if not factors.passkeys:
        return None
    options, challenge = authentication_options(site(), factors.credential_ids, alone=alone)
    _ask(challenge, alone=alone)
    return options


def ask_pinned_for_passkey() -> str | None:
    """The same for who may come in by a passkey alone: on a pinned phone, those who need no second factor."""
    pinned = find_pinned()
    if pinned is None:
        return None
    with read_transaction() as rows:
        privilege = privilege_now(rows, pinned[1].id, services().now())
        factors = factors_of(rows, pinned[1].id)
    return ask_for_passkey(factors, alone=True) if privilege == Privilege.ORDINARY else None


def _ask(challenge: str, *, alone: bool = False) -> None:
    session[CHALLENGE] = {"challenge": challenge, "at": services().now().isoformat(), "alone": alone}


def _asked(*, alone: bool = False) -> tuple[str, datetime] | None:
    """The last question, which is answered once, and when it was asked; None when that is too long ago, or when it was
    asked for another purpose."""
    said = session.pop(CHALLENGE, None)
    if said is None or said.get("alone", False) != alone:
        return None
    at = datetime.fromisoformat(said["at"])
    return (said["challenge"], at) if timedelta() <= services().now() - at < BETWEEN_FACTORS else None


def code_is_right(user: User, typed: str) -> bool:
    """Whether the code is of the person's authenticator app and was not used before; uses it up."""
    with read_transaction() as rows:
        sealed = factors_of(rows, user.id).secret
    counted = counted_for(f"second factor {user.id}")
    begun = attempt(counted)
    secret = unseal(services().settings.secret_key, SEALED_FOR, sealed) if sealed is not None else None
    step = matching_step(secret, _digits(typed), services().now()) if secret is not None else None
    if step is not None:
        with write_transaction() as rows:
            fresh = use_code(rows, user.id, step)
        if fresh:
            attempt_succeeded(counted, begun)
            return True
    log("code refused", user=str(user.id))
    return False


def passkey_is_right(user: User, answer: str, *, alone: bool = False) -> bool:
    """Whether the answer is by one of the person's passkeys to the question that this browser was asked."""
    asked, credential_id, now = _asked(alone=alone), credential_in(answer), services().now()
    with read_transaction() as rows:
        known = {passkey.credential_id: passkey for passkey in factors_of(rows, user.id).passkeys}
    passkey = known.get(credential_id) if credential_id is not None else None
    if asked is not None and passkey is not None:
        key, used = passkey.public_key, passkey.sign_count
        count = read_authentication(site(), asked[0], answer, key, used, alone=alone)
        if count is not None:
            with write_transaction() as rows:
                return use_passkey(rows, passkey.id, count, asked[1], now)
    log("passkey refused", user=str(user.id))
    return False


def _digits(typed: str) -> str:
    return "".join(char for char in typed if char.isascii() and char.isdecimal())


# --- set it up


@dataclass(frozen=True)
class _SettingUp:
    """Somebody who may set a second factor up: half way in and without any, or signed in and just proven."""

    user: User
    half_way: HalfWay | None


@blueprint.get("/second-factor/new")
@needs(PUBLIC)
def begin_page() -> str:
    return _begin_page(_setting_up())


@blueprint.get("/second-factor/new/qr.svg")
@needs(PUBLIC)
def qr() -> Response:
    user = _setting_up().user
    return Response(qr_svg(app_address(_new_secret(), user.login)), mimetype="image/svg+xml")


@blueprint.post("/second-factor/new/app")
@needs(PUBLIC)
def begin_app() -> AnyResponse | tuple[str, int]:
    setting_up, now = _setting_up(), services().now()
    user, secret = setting_up.user, _new_secret()
    counted = counted_for(f"second factor {user.id}")
    begun = attempt(counted)
    step = matching_step(secret, _digits(form_text("code")), now)
    if step is None:
        return _begin_page(setting_up, {"code": [WRONG_CODE]}), 422
    attempt_succeeded(counted, begun)
    with write_transaction() as rows:
        keep_authenticator(rows, user.id, seal(services().settings.secret_key, SEALED_FOR, secret), step, now)
    session.pop(SETTING_UP, None)
    return _set_up(setting_up)


@blueprint.post("/second-factor/new/passkey")
@needs(PUBLIC)
def begin_passkey() -> AnyResponse | tuple[str, int]:
    setting_up, asked, now = _setting_up(), _asked(), services().now()
    made = read_registration(site(), asked[0], form_text("passkey")) if asked is not None else None
    if made is None or not _keep(setting_up.user.id, made, now):
        return _begin_page(setting_up, {"passkey": [WRONG_PASSKEY]}), 422
    return _set_up(setting_up)


def _keep(user_id: uuid.UUID, made: NewPasskey, now: datetime) -> bool:
    with write_transaction() as rows:
        return keep_passkey(rows, user_id, made, browser_name(request.user_agent.string), now)


def _setting_up() -> _SettingUp:
    """Who may set a second factor up. The password alone never adds one beside another that was not shown."""
    found = find_half_way()
    if found is None:
        return _SettingUp(_just_proven(), None)
    half_way, user = found
    with read_transaction() as rows:
        factors = factors_of(rows, user.id)
    if factors:
        abort(redirect(url_for("factors.ask_page"), 303))
    return _SettingUp(user, half_way)


def _just_proven() -> User:
    actor = find_signed_in()
    if actor is None:
        abort(redirect(url_for("accounts.sign_in"), 303))
    require_recent_proof(url_for("factors.begin_page"))
    with read_transaction() as rows:
        return get_user(rows, actor.user_id)


def _new_secret() -> str:
    """The secret that is being set up; it is in the cookie, sealed, until its first code is right."""
    key = services().settings.secret_key
    secret = unseal(key, SETTING_UP, str(session.get(SETTING_UP, "")).encode())
    if secret is None:
        secret = new_secret()
        session[SETTING_UP] = seal(key, SETTING_UP, secret).decode()
    return secret


def _set_up(setting_up: _SettingUp) -> AnyResponse:
    if setting_up.half_way is not None:
        return _go_on(setting_up.half_way, setting_up.user)
    flash(gettext("Đã thêm cách xác nhận thứ hai."))
    return redirect(url_for("account.page"), 303)


def _begin_page(setting_up: _SettingUp, problems: dict[str, list[str]] | None = None) -> str:
    user, secret = setting_up.user, _new_secret()
    with read_transaction() as rows:
        known = factors_of(rows, user.id).credential_ids
    options, challenge = registration_options(site(), user.id.bytes, user.login, user.name, known)
    _ask(challenge)
    return render_template(
        "accounts/second_factor_new.html",
        needed=setting_up.half_way is not None,
        secret=[secret[start : start + 4] for start in range(0, len(secret), 4)],
        passkey_options=options,
        problems=problems or {},
    )


@blueprint.post("/second-factor/passkeys/<uuid:passkey_id>/remove")
@needs(SIGNED_IN)
def remove_passkey(passkey_id: uuid.UUID) -> AnyResponse:
    require_recent_proof(url_for("account.page"))
    actor, now = signed_in(), services().now()
    with write_transaction() as rows:
        factors = factors_of(rows, actor.user_id)
        left = Factors(factors.secret, [one for one in factors.passkeys if one.id != passkey_id])
        if len(left.passkeys) == len(factors.passkeys):
            abort(404)
        last = not left and must_show_second(actor.privilege, left)
        if not last:
            drop_passkey(rows, actor.user_id, passkey_id, now)
    if last:
        flash(gettext("Đây là cách xác nhận thứ hai duy nhất. Đồng chí hãy thêm cách khác trước khi xóa."))
    return redirect(url_for("account.page"), 303)
