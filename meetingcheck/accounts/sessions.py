"""Flask-Login over our own session rows: the signed cookie carries a token, the row decides whether it counts."""

from datetime import timedelta

from flask import Flask, abort, g, redirect, request, session, url_for
from flask_login import LoginManager, current_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.wrappers import Response

from meetingcheck.accounts.actions import touch_session
from meetingcheck.accounts.actor import Actor
from meetingcheck.accounts.queries import find_actor
from meetingcheck.accounts.rules import SESSION_ABSOLUTE
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.http.errors import error_response, wants_json
from meetingcheck.lib.http.requests import SAFE_METHODS
from meetingcheck.lib.http.rights import PUBLIC, needed_right
from meetingcheck.lib.i18n import LANGUAGE_KEY
from meetingcheck.lib.services import services
from meetingcheck.lib.settings import Settings


def configure_sessions(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-session" if settings.https else "session",
        SESSION_COOKIE_SECURE=settings.https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=SESSION_ABSOLUTE + timedelta(days=30),  # a form left open still has its token
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,  # it wants a Referer, which our pages leave out; Origin is checked instead
    )
    CSRFProtect(app)
    app.register_error_handler(CSRFError, lambda _error: error_response(400))
    manager = LoginManager()
    manager.init_app(app, add_context_processor=False)  # its own loads the person for each page, for errors too
    app.jinja_env.globals["current_user"] = current_user
    app.config["SESSION_PROTECTION"] = None  # it ties a session to an address, and phones change theirs all day
    manager.user_loader(_load_actor)
    app.before_request(_require_sign_in)


def _load_actor(token: str) -> Actor | None:
    now = services().now()
    with read_transaction() as rows:
        actor, stale = find_actor(rows, token, now)
    if actor is not None and stale:
        with write_transaction() as rows:
            touch_session(rows, actor.session_id, now)
    return actor


def _require_sign_in() -> Response | None:
    """A route is closed unless it says that it is public; the actor is loaded here, before any transaction."""
    if request.endpoint is None or needed_right() == PUBLIC:
        return None
    if find_signed_in() is not None:
        return None
    if wants_json():
        abort(401)
    if request.method in SAFE_METHODS:
        return redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")))
    return redirect(url_for("accounts.sign_in"), 303)


def find_signed_in() -> Actor | None:
    """The person who is signed in, if any."""
    if "actor" not in g:
        user = current_user._get_current_object()
        g.actor = user if isinstance(user, Actor) else None
        if g.actor is not None and LANGUAGE_KEY not in session:
            session[LANGUAGE_KEY] = g.actor.language
    actor: Actor | None = g.actor
    return actor


def signed_in() -> Actor:
    """The person who is signed in; for routes that are not public."""
    actor = find_signed_in()
    if actor is None:
        abort(401)
    return actor
