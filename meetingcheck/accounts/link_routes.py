"""One-time links: choose a password, once. Opening one changes nothing; a button posts."""

from flask import Blueprint, render_template
from werkzeug.wrappers import Response

from meetingcheck.accounts.actions import forget_attempt, use_link
from meetingcheck.accounts.passwords import common_passwords, hash_password
from meetingcheck.accounts.paths import HOME
from meetingcheck.accounts.queries import find_usable_link
from meetingcheck.accounts.rules import password_problem
from meetingcheck.accounts.sessions import attempt, counted_for_address, let_in, pinned_for
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.http.requests import form_text
from meetingcheck.lib.http.rights import PUBLIC, needs
from meetingcheck.lib.logs import log
from meetingcheck.lib.services import services
from meetingcheck.lib.text import N_

blueprint = Blueprint("links", __name__)

NO_LINK = N_(
    "Đường dẫn này không dùng được: đã dùng rồi, đã hết hạn, hoặc chép thiếu. Đồng chí hãy gọi văn phòng cấp ủy "
    "để nhận đường dẫn mới."
)


@blueprint.get("/one-time")
@needs(PUBLIC)
def one_time() -> str:
    return _page()


@blueprint.post("/one-time")
@needs(PUBLIC)
def one_time_submit() -> Response | tuple[str, int]:
    token, password, now = form_text("token").strip(), form_text("password"), services().now()
    begun = attempt([counted_for_address()])
    with read_transaction() as rows:
        found = find_usable_link(rows, token, now)
    if found is None:
        log("link refused")
        return _page({"token": [NO_LINK]}, token), 422
    problem = password_problem(password, found[1].login, common_passwords())
    if problem is None:
        password_hash = hash_password(password)
    with write_transaction() as rows:
        forget_attempt(rows, begun)
        user = use_link(rows, token, password_hash, now) if problem is None else None
    if problem is not None:
        return _page({"password": [problem]}, token), 422
    if user is None:
        return _page({"token": [NO_LINK]}, token), 422
    return let_in(user, HOME, device_id=pinned_for(user.id))


def _page(problems: dict[str, list[str]] | None = None, token: str = "") -> str:
    return render_template("accounts/one_time.html", problems=problems or {}, typed={"token": token})
