"""Flask-Login over our own session rows: the signed cookie carries a token, the row decides whether it counts.

Between the first factor and the second there is no row: the signed cookie says for a few minutes who is half way in.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from flask import Flask, abort, after_this_request, current_app, g, redirect, render_template, request, session, url_for
from flask_login import LoginManager, current_user, login_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from meetingcheck.accounts.actions import (
    Counted,
    begin_attempt,
    end_session,
    forget_attempt,
    forget_failures,
    open_limited_session,
    open_session,
    touch_session,
)
from meetingcheck.accounts.actor import Actor
from meetingcheck.accounts.api_tokens.actions import note_use
from meetingcheck.accounts.api_tokens.queries import find_actor_by_token
from meetingcheck.accounts.kept_forms import worth_keeping
from meetingcheck.accounts.keys import keyed_hash
from meetingcheck.accounts.models import Device, User
from meetingcheck.accounts.paths import just_entered, local_path
from meetingcheck.accounts.queries import Factors, PrivilegeOf, factors_of, find_actor, find_device, get_user
from meetingcheck.accounts.rules import (
    ADDRESS_FAILURES_ALLOWED,
    BETWEEN_FACTORS,
    FAILURES_ALLOWED,
    SESSION_PINNED,
    Privilege,
    browser_name,
    needs_second_factor,
    proof_is_recent,
)
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.http.api import bearer_token, is_api, is_own_script, must_be_own_script
from meetingcheck.lib.http.errors import error_response, wants_json
from meetingcheck.lib.http.requests import SAFE_METHODS
from meetingcheck.lib.http.rights import PUBLIC, needed_right, open_by_address, open_to_links
from meetingcheck.lib.i18n import LANGUAGE_KEY
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.logs import log
from meetingcheck.lib.services import services
from meetingcheck.lib.settings import Settings
from meetingcheck.lib.tokens import new_token, token_hash

ACCOUNT_HEADER = "X-Account"  # for whom a phone keeps what it sends
PRIVILEGE_OF = "meetingcheck.privilege_of"
HALF_WAY = "half_way"  # who gave the right password and still has to show the second factor
KNOWN = "known"  # the logins that got in with this browser before
KNOWN_LOGINS = 5
PIN_LATER = "pin_later"  # somebody was offered a PIN on this phone and does not want one now
FORMS = "csrf_token"  # Flask-WTF's own name for it
COOKIE_LASTS = timedelta(days=400)  # browsers keep none longer


def configure_sessions(app: Flask, settings: Settings, privilege_of: PrivilegeOf) -> None:
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-session" if settings.https else "session",
        SESSION_COOKIE_SECURE=settings.https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=SESSION_PINNED + timedelta(days=30),  # a form left open still has its token
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,  # asked below, where forms are
        WTF_CSRF_SSL_STRICT=False,  # it wants a Referer, which our pages leave out; Origin is checked instead
    )
    app.extensions[PRIVILEGE_OF] = privilege_of
    protect = CSRFProtect(app)
    app.register_error_handler(CSRFError, lambda _error: error_response(400))
    manager = LoginManager()
    manager.init_app(app, add_context_processor=False)  # its own loads the person for each page, for errors too
    app.jinja_env.globals["current_user"] = current_user
    app.config["SESSION_PROTECTION"] = None  # it ties a session to an address, and phones change theirs all day
    manager.user_loader(_load_actor)

    def require_form_token() -> None:
        if request.endpoint is not None and not is_api() and not open_by_address():
            protect.protect()

    app.before_request(require_form_token)
    app.before_request(_require_sign_in)
    app.before_request(_require_own_script)


def _privilege_of() -> PrivilegeOf:
    privilege_of: PrivilegeOf = current_app.extensions[PRIVILEGE_OF]
    return privilege_of


def privilege_now(rows: Session, user_id: uuid.UUID, now: datetime) -> Privilege:
    """How privileged a person is today."""
    return _privilege_of()(rows, user_id, local_day(now))


def _load_actor(token: str) -> Actor | None:
    now = services().now()
    with read_transaction() as rows:
        actor, stale = find_actor(rows, token, _privilege_of(), now)
    if actor is not None and stale:
        with write_transaction() as rows:
            touch_session(rows, actor.session_id, now)
    return actor


def _require_sign_in() -> Response | tuple[str, int] | None:
    """A route is closed unless it says that it is public; the actor is loaded here, before any transaction."""
    if request.endpoint is None or needed_right() == PUBLIC:
        return None
    if find_signed_in() is not None:
        return None
    if wants_json():
        abort(401)
    if request.method in SAFE_METHODS:
        return redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")))
    return render_template("accounts/signed_out.html"), 401  # reloading it sends the form again, photos and all


def _require_own_script() -> None:
    """A write through the API by cookie could come from a form elsewhere, unless it shows what no form can send."""
    if request.endpoint is not None and must_be_own_script() and not is_own_script():
        abort(403)


def find_signed_in() -> Actor | None:
    """The person who is signed in, if any. Whoever came by a report link is nobody but where that link leads.

    A program that shows a token is the token's person, or nobody: its cookies do not count.
    """
    if "actor" not in g:
        token = bearer_token()
        g.actor = _find_by_cookie() if token is None else _find_by_token(token)
    actor: Actor | None = g.actor
    return actor


def _find_by_cookie() -> Actor | None:
    user = current_user._get_current_object()
    if not isinstance(user, Actor) or not (user.limited_to is None or open_to_links()):
        return None
    # A phone sends what it keeps in nobody's name but that of whom it keeps it for.
    if request.headers.get(ACCOUNT_HEADER, str(user.user_id)).partition(".")[0] != str(user.user_id):
        return None
    if LANGUAGE_KEY not in session:
        session[LANGUAGE_KEY] = user.language
    return user


def _find_by_token(token: str) -> Actor | None:
    now = services().now()
    with read_transaction() as rows:
        actor, stale = find_actor_by_token(rows, token, _privilege_of(), now)
    if actor is None:
        log("token refused")
        return None
    setattr(g, LANGUAGE_KEY, actor.language)
    if stale:
        with write_transaction() as rows:
            note_use(rows, actor.session_id, now)
    return actor


def signed_in() -> Actor:
    """The person who is signed in; for routes that are not public."""
    actor = find_signed_in()
    if actor is None:
        abort(401)
    return actor


def require_recent_proof(back: str | None = None) -> None:
    """Go on only if the person proved within ten minutes who they are; else ask, and come back to `back`.

    Without `back` they come back to this page: right for GET. A POST names the page with its form; what was pressed
    and typed there is kept. Call it before any transaction.
    """
    proven_at = signed_in().proven_at
    if proven_at is not None and proof_is_recent(proven_at, services().now()):
        return
    if wants_json():
        abort(403)
    if request.method == "POST" and worth_keeping(list(request.form.items(multi=True))) is not None:
        # 307: the browser sends the same form once more, to the page that keeps it while it asks
        abort(redirect(url_for("account.keep_form", to=request.path, next=back or "/"), 307))
    wanted = back or (request.full_path.rstrip("?") if request.method in SAFE_METHODS else "/")
    abort(redirect(url_for("account.confirm_page", next=wanted), 303))


# --- getting in


@dataclass(frozen=True)
class HalfWay:
    """Somebody who gave the first factor. `mark` changes with the password, so that an older state counts no more."""

    user_id: uuid.UUID
    mark: str
    next: str
    device_id: uuid.UUID | None


def let_in(user: User, next_path: str, *, device_id: uuid.UUID | None = None) -> Response:
    """After the right password, PIN or link: to the second factor where one is needed, else in."""
    now = services().now()
    with read_transaction() as rows:
        privilege = privilege_now(rows, user.id, now)
        factors = factors_of(rows, user.id)
    if not must_show_second(privilege, factors):
        return enter(user, privilege, next_path, device_id)
    _start_over(user.language)
    session[HALF_WAY] = {
        "user": user.id.hex,
        "mark": _mark_of(user),
        "next": next_path,
        "device": device_id.hex if device_id else None,
        "at": now.isoformat(),
    }
    log("first factor given", user=str(user.id))
    return redirect(url_for("factors.ask_page" if factors else "factors.begin_page"), 303)


def must_show_second(privilege: Privilege, factors: Factors) -> bool:
    """Whether somebody must show a second factor: those who need one, and those who set one up all the same."""
    demo = services().settings.demo
    return needs_second_factor(privilege, demo=demo) or (bool(factors) and not demo)


def find_half_way() -> tuple[HalfWay, User] | None:
    """Who is half way in, while that counts."""
    said = session.get(HALF_WAY)
    if said is None or not timedelta() <= services().now() - datetime.fromisoformat(said["at"]) < BETWEEN_FACTORS:
        return None
    device = uuid.UUID(said["device"]) if said["device"] else None
    half_way = HalfWay(uuid.UUID(said["user"]), said["mark"], said["next"], device)
    with read_transaction() as rows:
        user = get_user(rows, half_way.user_id)
    if user.disabled_at is not None or _mark_of(user) != half_way.mark:
        return None
    return half_way, user


def _mark_of(user: User) -> str:
    return token_hash(f"{user.password_hash} {user.login}")[:16]


def enter(user: User, privilege: Privilege, next_path: str, device_id: uuid.UUID | None = None) -> Response:
    """Open a session in this browser, in place of one that was open in it, and go on."""
    earlier, now = find_signed_in(), services().now()
    name = browser_name(request.user_agent.string)
    with write_transaction() as rows:
        if earlier is not None:
            end_session(rows, earlier.session_id, earlier.user_id, now)
        session_id, token = open_session(rows, user.id, now, privilege=privilege, device_id=device_id, name=name)
    _start_over(user.language)
    session.permanent = True
    _remember(user.login)
    _begin(Actor(user.id, session_id, user.name, user.language, token, device_id, privilege, now))
    log("signed in", user=str(user.id))
    return redirect(just_entered(local_path(next_path)), 303)


def enter_by_link(user: User, obligation_id: uuid.UUID, until: datetime) -> None:
    """Open a session in this browser that reaches one obligation only, until an instant."""
    now = services().now()
    with write_transaction() as rows:
        session_id, token = open_limited_session(rows, user.id, obligation_id, until, now)
    _start_over(user.language)
    session.permanent = True
    _begin(Actor(user.id, session_id, user.name, user.language, token, limited_to=obligation_id))
    log("report link opened", user=str(user.id))


def _begin(actor: Actor) -> None:
    g.pop("actor", None)
    login_user(actor)
    _name_account(actor.account)


def _start_over(language: str) -> None:
    """Nothing that was set before signing in is carried over, but which logins this browser knows, that it wants no
    PIN, and the secret of its forms: one that was left open in another tab, with all that was typed, must still
    submit."""
    kept = {key: session[key] for key in (KNOWN, PIN_LATER, FORMS) if session.get(key)}
    session.clear()
    session.update(kept, **{LANGUAGE_KEY: language})


def forget_browser_state() -> None:
    """What signing out leaves: the language, and which logins this browser knows."""
    _start_over(session.get(LANGUAGE_KEY, ""))
    _name_account("")


def _name_account(account: str) -> None:
    """Tell the browser whose phone it is now, with the very answer that changes it: a page's script may come too late,
    and a phone that opens a report from its own keep must not show one person what another has left there."""

    @after_this_request
    def name(response: Response) -> Response:
        return _keep_cookie(response, account_cookie(), account, httponly=False)


def account_cookie() -> str:
    return "__Host-account" if services().settings.https else "account"


def _keep_cookie(response: Response, name: str, value: str, *, httponly: bool) -> Response:
    https = services().settings.https
    response.set_cookie(name, value, max_age=COOKIE_LASTS, path="/", secure=https, httponly=httponly, samesite="Lax")
    return response


def _remember(login: str) -> None:
    known = dict(session.get(KNOWN, {}))
    nonce = known.pop(token_hash(login)[:16], None) or new_token()
    kept = list(known.items())[1 - KNOWN_LOGINS :]
    session[KNOWN] = dict([*kept, (token_hash(login)[:16], nonce)])


# --- too many attempts


def counted_for(login: str) -> list[Counted]:
    """What a wrong password for a login is counted for.

    A browser that got in with this login before is counted apart: strangers who try the login cannot keep it out, nor
    can others behind the same address.
    """
    nonce = session.get(KNOWN, {}).get(token_hash(login)[:16])
    if nonce is not None:
        return [Counted(token_hash(f"known {nonce}"), FAILURES_ALLOWED)]
    return [Counted(token_hash(login), FAILURES_ALLOWED), counted_for_address()]


def counted_for_address(purpose: str = "address") -> Counted:
    """The address that a request comes from, loosely; only a hash that nobody else can make is kept. What has a purpose
    of its own is counted apart."""
    address = ip_address(request.remote_addr or "0.0.0.0")  # noqa: S104 - no address to listen on
    where = str(ip_network((address, 64), strict=False)) if isinstance(address, IPv6Address) else str(address)
    hashed = keyed_hash(services().settings.secret_key, purpose, where)
    return Counted(hashed, ADDRESS_FAILURES_ALLOWED)


def attempt(counted: list[Counted]) -> list[uuid.UUID]:
    """Count an attempt as failed until it succeeds; answers "too many" when there were."""
    with write_transaction() as rows:
        begun = begin_attempt(rows, counted, services().now())
    if begun is None:
        log("too many attempts")
        abort(429)
    return begun


def attempt_succeeded(counted: list[Counted], begun: list[uuid.UUID]) -> None:
    """Forget this attempt, and the failures before it that were counted for the same thing."""
    with write_transaction() as rows:
        forget_failures(rows, counted[0].hash)
        forget_attempt(rows, begun)


# --- the pinned phone


def device_cookie() -> str:
    return "__Host-device" if services().settings.https else "device"


def find_pinned() -> tuple[Device, User] | None:
    """The pinned phone that this browser is, and its person."""
    token = request.cookies.get(device_cookie())
    if not token:
        return None
    with read_transaction() as rows:
        return find_device(rows, token)


def pin_browser(response: Response, token: str) -> Response:
    """Give the browser the cookie that makes it a pinned phone."""
    return _keep_cookie(response, device_cookie(), token, httponly=True)


def pinned_for(user_id: uuid.UUID) -> uuid.UUID | None:
    """The id of the pinned phone that this browser is, if it is pinned to this person."""
    pinned = find_pinned()
    return pinned[0].id if pinned is not None and pinned[1].id == user_id else None
