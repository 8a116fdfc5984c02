"""The bell and the page behind it."""

from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from meetingcheck.accounts.sessions import find_signed_in, signed_in
from meetingcheck.lib.db import db, write_transaction
from meetingcheck.lib.http.rights import SIGNED_IN, needs
from meetingcheck.lib.services import services
from meetingcheck.messages.actions import mark_all_read
from meetingcheck.messages.queries import count_unread, list_messages
from meetingcheck.messages.texts import words_of

blueprint = Blueprint("messages", __name__)


@blueprint.get("/messages")
@needs(SIGNED_IN)
def list_page() -> str:
    found = list_messages(db.session(), signed_in().user_id)
    matters = [[(message, words_of(message)) for message in matter] for matter in found]
    return render_template("messages/list.html", matters=matters)


@blueprint.post("/messages/read")
@needs(SIGNED_IN)
def mark_read() -> Response:
    actor = signed_in()
    with write_transaction() as session:
        mark_all_read(session, actor.user_id, services().now())
    return redirect(url_for("messages.list_page"), 303)


def bell() -> dict[str, Any] | None:
    """What the bell in the top bar shows; nothing for people who are not signed in."""
    actor = find_signed_in()
    return {"unread": count_unread(db.session(), actor.user_id)} if actor else None
