"""Serving photos: a rights check for every one of them, then the object, cached for a day on the phone only."""

import uuid

from flask import Blueprint, Response, abort, request

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.lib.db import read_transaction
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.orgs.access import Right, ask, has_right
from meetingcheck.photos.models import PhotoState
from meetingcheck.photos.queries import find_photo
from meetingcheck.photos.rules import Size, rendition_key

blueprint = Blueprint("photos", __name__)

CACHE = "private, max-age=86400"


@blueprint.get("/photos/<uuid:photo_id>/<int:size>")
@needs(Right.VIEW_UNIT)
def show(photo_id: uuid.UUID, size: int) -> Response:
    actor, today = signed_in(), local_day(services().now())
    with read_transaction() as session:
        photo = find_photo(session, photo_id)
        if photo is None or size not in set(Size):
            abort(404)
        ask(session, actor, Right.VIEW_UNIT, photo.unit_id, today)
        if photo.published_at is None and not has_right(session, actor, Right.VIEW_DRAFTS, photo.unit_id, today):
            abort(404)
    if photo.state != PhotoState.READY:
        abort(404)
    etag = f"{photo.sha256[:32]}-{size}"
    if request.if_none_match.contains(etag):
        response = Response(status=304)
    else:
        found = services().storage.stream(rendition_key(photo.id, photo.sha256, Size(size)))
        response = Response(found, mimetype="image/jpeg")
        response.content_length = found.length
    response.set_etag(etag)
    response.headers["Cache-Control"] = CACHE
    response.headers["Vary"] = "Cookie"
    return response
