"""Documents for programs: handed out as attachments only, and taken back when they were sent by mistake."""

import uuid
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any

from apiflask import APIBlueprint
from apiflask.schemas import FileSchema
from flask import Response, abort
from sqlalchemy.orm import Session

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.lib.db import write_transaction
from meetingcheck.lib.http.api_document import refusal
from meetingcheck.lib.http.api_problems import conflict
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.meetings.documents.actions import put_back, take_back
from meetingcheck.meetings.documents.queries import find_document
from meetingcheck.meetings.documents.routes import fetch
from meetingcheck.meetings.documents.rules import CONTENT_TYPES
from meetingcheck.meetings.models import Document
from meetingcheck.meetings.schemas import Conflict, DocumentTold
from meetingcheck.orgs.access import Right, ask, has_right
from meetingcheck.photos.rules import may_put_back

blueprint = APIBlueprint("documents_api", __name__, tag="files", url_prefix="/api/v1")

RAW = FileSchema(type="string", format="binary")
PDF, *OTHERS = CONTENT_TYPES.values()


@blueprint.get("/documents/<uuid:document_id>")
@needs(Right.VIEW_UNIT)
@blueprint.output(RAW, content_type=PDF)
@blueprint.doc(
    responses={
        200: {"content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in OTHERS}},
        409: refusal("It waits for the virus scanner (`waiting`), or a virus was found in it (`infected`).", Conflict),
    }
)
def one(document_id: uuid.UUID) -> Response:
    """A document as it was sent"""
    response = fetch(document_id)
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        conflict("infected" if response.status_code == HTTPStatus.GONE else "waiting")
    return response


@blueprint.post("/documents/<uuid:document_id>/take-back")
@needs(Right.TAKE_BACK)
@blueprint.output(DocumentTold)
def take_back_document(document_id: uuid.UUID) -> Any:
    """It was sent by mistake

    From now on only administrators see it.
    """
    return _changed(document_id, Right.TAKE_BACK, take_back)


@blueprint.post("/documents/<uuid:document_id>/put-back")
@needs(Right.PUT_BACK)
@blueprint.output(DocumentTold)
def put_back_document(document_id: uuid.UUID) -> Any:
    """It was taken back by mistake

    Within ten minutes by whoever took it back, by an administrator at any time.
    """

    def change(session: Session, document: Document, actor_id: uuid.UUID, now: datetime) -> bool:
        by, at = document.withdrawn_by, document.withdrawn_at
        may = has_right(session, signed_in(), Right.VIEW_WITHDRAWN, document.unit_id, local_day(now))
        if not may_put_back(by, at, actor_id, now, administrator=may):
            abort(403)
        return put_back(session, document, actor_id, now)

    return _changed(document_id, Right.PUT_BACK, change)


def _changed(
    document_id: uuid.UUID, right: Right, change: Callable[[Session, Document, uuid.UUID, datetime], bool]
) -> Document:
    actor, now = signed_in(), services().now()
    with write_transaction() as session:
        document = find_document(session, document_id)
        if document is None:
            abort(404)
        ask(session, actor, right, document.unit_id, local_day(now))
        change(session, document, actor.user_id, now)
    return document
