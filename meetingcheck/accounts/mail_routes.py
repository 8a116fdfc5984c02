"""Stopping mail, by the link in each mail, by the mail program itself, or on the account page. Opening a link changes
nothing: mail scanners open them all."""

import uuid
from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from meetingcheck.accounts.models import PersonalPurpose
from meetingcheck.accounts.personal_tokens.actions import stop_mail, take_mail_up
from meetingcheck.accounts.personal_tokens.queries import find_person_by_token
from meetingcheck.accounts.personal_tokens.rules import mail_page_path
from meetingcheck.accounts.sessions import signed_in
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.http.requests import form_text
from meetingcheck.lib.http.rights import PUBLIC, SIGNED_IN, needs
from meetingcheck.lib.services import services
from meetingcheck.lib.text import N_

blueprint = Blueprint("mail", __name__)

ONE_CLICK = ("List-Unsubscribe", "One-Click")  # the one field that RFC 8058 has mail programs post
NO_LINK = N_(
    "Đường dẫn này không dùng được. Đồng chí hãy mở lại từ thư mới nhất, hoặc đăng nhập và vào trang Tài khoản."
)


@blueprint.get("/mail")
@needs(PUBLIC)
def page() -> str:
    return _page()


@blueprint.post("/mail/stop")
@needs(PUBLIC)
def stop() -> str | tuple[str, int]:
    token = form_text("token").strip()
    return _page(token, stopped=True) if _do(stop_mail, token) else (_page(token, problem=NO_LINK), 422)


@blueprint.post("/mail/resume")
@needs(PUBLIC)
def resume() -> str | tuple[str, int]:
    token = form_text("token").strip()
    return _page(token, resumed=True) if _do(take_mail_up, token) else (_page(token, problem=NO_LINK), 422)


@blueprint.get("/mail/<token:token>")
@needs(PUBLIC)
def open_address(token: str) -> Response:
    """A mail program may show the header's address as a link: on to the page, with the token out of the path."""
    return redirect(mail_page_path(token), 303)


@blueprint.post("/mail/<token:token>")
@needs(PUBLIC, by_address=True)
def one_click(token: str) -> tuple[str, int]:
    """What a mail program posts by itself, with no page of ours before it: the token is all that it has, and all that
    it takes. Asking for the standard's own field keeps other things that post from stopping mail."""
    if form_text(ONE_CLICK[0]) != ONE_CLICK[1]:
        abort(400)
    if not _do(stop_mail, token):
        abort(404)
    return "", 200


def _do(what: Callable[[Session, uuid.UUID, datetime], None], token: str) -> bool:
    """Do it for the person of a mail's token; False when it is none, which writes nothing."""
    with read_transaction() as rows:
        user = find_person_by_token(rows, token, PersonalPurpose.UNSUBSCRIBE)
    if user is None:
        return False
    with write_transaction() as rows:
        what(rows, user.id, services().now())
    return True


def _page(token: str = "", *, stopped: bool = False, resumed: bool = False, problem: str | None = None) -> str:
    return render_template(
        "accounts/mail.html",
        stopped=stopped,
        resumed=resumed,
        typed={"token": token},
        problems={"token": [problem]} if problem else {},
    )


@blueprint.post("/account/mail")
@needs(SIGNED_IN)
def choose() -> Response:
    """Stop or take up one's own mail."""
    user_id, wanted, now = signed_in().user_id, form_text("mail"), services().now()
    if wanted not in {"stop", "resume"}:
        abort(400)
    with write_transaction() as rows:
        (stop_mail if wanted == "stop" else take_mail_up)(rows, user_id, now)
    flash(
        gettext("Từ nay hệ thống không gửi thư nữa; thông báo vẫn có ở hình quả chuông.")
        if wanted == "stop"
        else gettext("Từ nay hệ thống lại gửi thư.")
    )
    return redirect(url_for("account.page"), 303)
