"""Pinned phones: enrol one, its PIN, the list of devices."""

import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from meetingcheck.accounts.actions import (
    begin_pin_attempt,
    code_hash,
    end_own_session,
    end_pin_attempt,
    forget_attempt,
    pin_device,
    set_pin,
    unpin_device,
    unpin_own_device,
    use_enrolment,
)
from meetingcheck.accounts.api_tokens.actions import revoke_token
from meetingcheck.accounts.api_tokens.queries import list_tokens
from meetingcheck.accounts.factor_routes import WRONG_PASSKEY, ask_pinned_for_passkey, passkey_is_right
from meetingcheck.accounts.keys import keyed_hash
from meetingcheck.accounts.models import Device, Enrolment, User
from meetingcheck.accounts.passwords import hash_password, peppered, verify_password
from meetingcheck.accounts.paths import HOME, local_path
from meetingcheck.accounts.queries import factors_of, find_device, find_enrolment, list_devices, list_sessions
from meetingcheck.accounts.rules import Privilege, browser_name, code_as_typed, in_chat_browser, pin_problem
from meetingcheck.accounts.sessions import (
    PIN_LATER,
    attempt,
    counted_for_address,
    device_cookie,
    enter,
    find_pinned,
    find_signed_in,
    let_in,
    must_show_second,
    pin_browser,
    pinned_for,
    privilege_now,
    require_recent_proof,
    signed_in,
)
from meetingcheck.lib.db import db, read_transaction, write_transaction
from meetingcheck.lib.http.requests import form_text
from meetingcheck.lib.http.rights import PUBLIC, SIGNED_IN, needs
from meetingcheck.lib.logs import log
from meetingcheck.lib.services import services
from meetingcheck.lib.text import N_
from meetingcheck.lib.tokens import new_token, token_hash

blueprint = Blueprint("phones", __name__)

ENROLLING = "enrolling"  # makes the phone's token the same when an answer was lost and the button is pressed again
USED = N_("Mã này đã dùng. Mỗi mã chỉ đăng ký được một máy; đồng chí hãy gọi văn phòng cấp ủy để nhận mã mới.")
UNKNOWN = N_("Mã này không dùng được: sai hoặc đã hết hạn. Đồng chí hãy gọi văn phòng cấp ủy để nhận mã mới.")
CHAT_BROWSER = N_(
    "Trang đang mở trong ứng dụng nhắn tin, máy chưa được đăng ký. Đồng chí hãy mở bằng Chrome hoặc Safari."
)


# --- enrol


@blueprint.get("/enrol")
@needs(PUBLIC)
def enrol() -> str:
    session.setdefault(ENROLLING, new_token())
    return _enrol_page()


@blueprint.post("/enrol")
@needs(PUBLIC)
def enrol_submit() -> Response | tuple[str, int]:
    typed = form_text("token").strip()
    if in_chat_browser(request.user_agent.string):
        return _enrol_page(CHAT_BROWSER, typed), 422
    begun = attempt([counted_for_address()])
    pinned = _pin(typed, session.setdefault(ENROLLING, new_token()))
    if isinstance(pinned, str):
        log("enrolment refused")
        return _enrol_page(pinned, typed), 422
    with write_transaction() as rows:
        forget_attempt(rows, begun)
    log("device pinned", user=str(pinned.user.id))
    return pin_browser(_let_phone_in(pinned), pinned.token)


@dataclass(frozen=True)
class _Pinned:
    user: User
    device_id: uuid.UUID
    token: str


def _pin(typed: str, nonce: str) -> _Pinned | str:
    """Pin this browser by an enrolment's token or code; else the sentence that says why not."""
    code, now = code_as_typed(typed), services().now()
    hashes = [token_hash(typed), *([code_hash(code)] if code else [])]
    with write_transaction() as rows:
        found = find_enrolment(rows, hashes)
        if found is None or found[1].disabled_at is not None:
            return UNKNOWN
        enrolment, user = found
        token = _device_token(enrolment, nonce)
        if use_enrolment(rows, enrolment.id, now):
            before = find_device(rows, request.cookies.get(device_cookie(), ""))
            if before is not None:
                unpin_device(rows, before[0].id, user.id, now)
            device_id = pin_device(rows, user.id, token, browser_name(request.user_agent.string), now)
            return _Pinned(user, device_id, token)
        rows.refresh(enrolment)
        again = find_device(rows, token)
    if again is not None:
        return _Pinned(user, again[0].id, token)
    return USED if enrolment.used_at is not None else UNKNOWN


def _device_token(enrolment: Enrolment, nonce: str) -> str:
    """The same for the same browser and enrolment, and known to nobody else."""
    return keyed_hash(services().settings.secret_key, "device", f"{enrolment.id} {nonce}")


def _let_phone_in(pinned: _Pinned) -> Response:
    """In, but for those who need more than a sheet of paper: they sign in as always."""
    user, now = pinned.user, services().now()
    with read_transaction() as rows:
        privilege = privilege_now(rows, user.id, now)
        factors = factors_of(rows, user.id)
    if must_show_second(privilege, factors):
        flash(gettext("Máy này đã được đăng ký. Đồng chí hãy đăng nhập."))
        return redirect(url_for("accounts.sign_in"), 303)
    return enter(user, privilege, HOME, pinned.device_id)


def _enrol_page(problem: str | None = None, typed: str = "") -> str:
    return render_template(
        "accounts/enrol.html",
        problems={"token": [problem]} if problem else {},
        typed={"token": typed},
        in_chat=in_chat_browser(request.user_agent.string),
    )


# --- the PIN


class PinOutcome(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"
    WAIT = "wait"
    UNPINNED = "unpinned"


PIN_SENTENCES = {
    PinOutcome.WRONG: N_("Mã PIN chưa đúng. Đồng chí hãy thử lại, hoặc dùng mật khẩu."),
    PinOutcome.WAIT: N_("Mã PIN đã nhập sai 5 lần. Đồng chí hãy đợi 15 phút rồi thử lại, hoặc dùng mật khẩu."),
    PinOutcome.UNPINNED: N_(
        "Mã PIN đã nhập sai quá nhiều lần, máy này không còn được đăng ký. Báo cáo chưa gửi vẫn còn trong máy. "
        "Đồng chí hãy dùng mật khẩu, hoặc gọi văn phòng cấp ủy để đăng ký lại máy."
    ),
}


@blueprint.post("/sign-in/pin")
@needs(PUBLIC)
def pin_sign_in() -> Response | tuple[str, int]:
    pinned = find_pinned()
    if pinned is None:
        return redirect(url_for("accounts.sign_in"), 303)
    device, user = pinned
    outcome = try_pin(device, form_text("pin"))
    if outcome != PinOutcome.RIGHT:
        still_pinned = user.name if outcome != PinOutcome.UNPINNED else None
        problem, wanted = PIN_SENTENCES[outcome], local_path(form_text("next"))
        sentence = None if still_pinned else gettext(problem)
        return _sign_in_page(wanted, still_pinned, {"pin": [problem]}, sentence), 422
    token = request.cookies[device_cookie()]
    return pin_browser(let_in(user, local_path(form_text("next")), device_id=device.id), token)


@blueprint.post("/sign-in/passkey")
@needs(PUBLIC)
def passkey_sign_in() -> Response | tuple[str, int]:
    """On a pinned phone a finger, a face or the phone's own code does what the PIN does; for those who need a second
    factor it is that one, after their password, and opens nothing alone."""
    pinned, now, wanted = find_pinned(), services().now(), local_path(form_text("next"))
    with read_transaction() as rows:
        privilege = privilege_now(rows, pinned[1].id, now) if pinned else None
    if pinned is None or privilege != Privilege.ORDINARY:
        return redirect(url_for("accounts.sign_in", next=wanted), 303)
    device, user = pinned
    if not passkey_is_right(user, form_text("passkey"), alone=True):
        with_pin = user.name if device.pin_hash is not None else None
        return _sign_in_page(wanted, with_pin, {"passkey": [WRONG_PASSKEY]}), 422
    token = request.cookies[device_cookie()]
    return pin_browser(enter(user, privilege, wanted, device.id), token)


def _sign_in_page(
    wanted: str, with_pin: str | None, problems: dict[str, list[str]], sentence: str | None = None
) -> str:
    """The sign-in again, with what was wrong; `with_pin` is the name of who may still use the PIN."""
    return render_template(
        "accounts/sign_in.html",
        next=wanted,
        login="",
        with_pin=with_pin,
        problem=sentence,
        problems=problems,
        passkey_options=ask_pinned_for_passkey(),
    )


def try_pin(device: Device, pin: str) -> PinOutcome:
    """Whether this is the phone's PIN. Each try counts before it is looked at."""
    now, pin_hash = services().now(), device.pin_hash
    with write_transaction() as rows:
        may_try = begin_pin_attempt(rows, device.id, now)
    right = may_try and verify_password(pin_hash, peppered(services().settings.secret_key, pin))
    if may_try:
        with write_transaction() as rows:
            end_pin_attempt(rows, device.id, now, right=right)
    if right:
        return PinOutcome.RIGHT
    log("pin refused", device=str(device.id))
    still = find_pinned()
    if still is None or still[0].id != device.id:
        return PinOutcome.UNPINNED
    return PinOutcome.WRONG if may_try and still[0].pin_wait_until is None else PinOutcome.WAIT


@blueprint.get("/devices/pin")
@needs(SIGNED_IN)
def pin_page() -> str:
    _own_phone()
    require_recent_proof()
    return render_template("accounts/pin.html", problems={})


@blueprint.post("/devices/pin")
@needs(SIGNED_IN)
def pin_submit() -> Response | tuple[str, int]:
    device_id, pin = _own_phone(), form_text("pin").strip()
    require_recent_proof(url_for("phones.pin_page"))
    problem = pin_problem(pin)
    if problem is None and pin != form_text("again").strip():
        problem = N_("Hai lần nhập không giống nhau.")
    if problem is not None:
        return render_template("accounts/pin.html", problems={"pin": [problem]}), 422
    pin_hash = hash_password(peppered(services().settings.secret_key, pin))
    with write_transaction() as rows:
        set_pin(rows, device_id, signed_in().user_id, pin_hash, services().now())
    flash(gettext("Đã đặt mã PIN cho máy này."))
    return redirect(url_for("phones.devices"), 303)


def pin_offer() -> dict[str, Any] | None:
    """Once a report was sent from a pinned phone without a PIN: where to set one, until somebody says "later"."""
    actor, pinned = find_signed_in(), find_device(db.session(), request.cookies.get(device_cookie(), ""))
    if actor is None or pinned is None or pinned[1].id != actor.user_id or session.get(PIN_LATER):
        return None
    return {"back": request.path} if pinned[0].pin_hash is None else None


@blueprint.post("/devices/pin/later")
@needs(SIGNED_IN)
def pin_later() -> Response:
    """Not now: this phone does not offer it again by itself; the page of devices still does."""
    session[PIN_LATER] = True
    return redirect(local_path(form_text("next")), 303)


def _own_phone() -> uuid.UUID:
    """The phone that this browser is; only there a PIN makes sense."""
    device_id = pinned_for(signed_in().user_id)
    if device_id is None:
        abort(404)
    return device_id


# --- devices


@blueprint.get("/devices")
@needs(SIGNED_IN)
def devices() -> str:
    actor, rows = signed_in(), db.session()
    here = pinned_for(actor.user_id)
    sessions = list_sessions(rows, actor.user_id, services().now())
    return render_template(
        "accounts/devices.html",
        sessions=sessions,
        phones=list_devices(rows, actor.user_id),
        tokens=list_tokens(rows, actor.user_id, services().now()),
        here=here,
        actor=actor,
    )


@blueprint.post("/devices/<uuid:device_id>/end")
@needs(SIGNED_IN)
def end_device(device_id: uuid.UUID) -> Response:
    with write_transaction() as rows:
        if not unpin_own_device(rows, device_id, signed_in().user_id, services().now()):
            abort(404)
    return redirect(url_for("phones.devices"), 303)


@blueprint.post("/devices/tokens/<uuid:token_id>/end")
@needs(SIGNED_IN)
def end_token(token_id: uuid.UUID) -> Response:
    user_id = signed_in().user_id
    with write_transaction() as rows:
        if not revoke_token(rows, token_id, user_id, user_id, services().now()):
            abort(404)
    return redirect(url_for("phones.devices"), 303)


@blueprint.post("/devices/sessions/<uuid:session_id>/end")
@needs(SIGNED_IN)
def end_one_session(session_id: uuid.UUID) -> Response:
    with write_transaction() as rows:
        if not end_own_session(rows, session_id, signed_in().user_id, services().now()):
            abort(404)
    return redirect(url_for("phones.devices"), 303)
