"""What a person was told."""

from typing import Any

from apiflask import APIBlueprint

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.lib.db import db, write_transaction
from meetingcheck.lib.http.api_paging import PAGE, After, an_id, an_instant, page_of, read_place
from meetingcheck.lib.http.rights import SIGNED_IN, needs
from meetingcheck.lib.services import services
from meetingcheck.messages.actions import mark_all_read
from meetingcheck.messages.models import Message
from meetingcheck.messages.queries import list_messages_after
from meetingcheck.messages.schemas import Messages
from meetingcheck.messages.texts import words_of

blueprint = APIBlueprint("messages_api", __name__, tag="messages", url_prefix="/api/v1")


@blueprint.get("/messages")
@needs(SIGNED_IN)
@blueprint.input(After, location="query")
@blueprint.output(Messages)
def messages(query_data: dict[str, Any]) -> dict[str, Any]:
    """What I was told, newest first"""
    after = read_place(query_data["after"], an_instant, an_id)
    found = list_messages_after(db.session(), signed_in().user_id, after, PAGE + 1)
    page = page_of(found, lambda one: (one.created_at, one.id))
    return {"items": [_told(message) for message in page.items], "next": page.next}


def _told(message: Message) -> dict[str, Any]:
    words = words_of(message)
    return {
        **{name: getattr(message, name) for name in ("id", "kind", "created_at", "read_at")},
        **{"title": words.title, "text": words.text, "path": words.path},
    }


@blueprint.post("/messages/read")
@needs(SIGNED_IN)
@blueprint.output({}, status_code=204)
def read() -> str:
    """Mark all of them as read"""
    with write_transaction() as session:
        mark_all_read(session, signed_in().user_id, services().now())
    return ""
