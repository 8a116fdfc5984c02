"""Pictures for programs, and taking back what was sent by mistake."""

import uuid
from typing import Any

from apiflask import APIBlueprint
from apiflask.schemas import FileSchema
from flask import Response, abort

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.lib.db import write_transaction
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.orgs.access import Right, ask, has_right
from meetingcheck.photos.actions import put_back, take_back
from meetingcheck.photos.queries import find_photo
from meetingcheck.photos.routes import show
from meetingcheck.photos.rules import may_put_back
from meetingcheck.photos.schemas import PhotoTold

blueprint = APIBlueprint("photos_api", __name__, tag="photos", url_prefix="/api/v1")


@blueprint.get("/photos/<uuid:photo_id>/<int:size>")
@needs(Right.VIEW_UNIT)
@blueprint.output(FileSchema(type="string", format="binary"), content_type="image/jpeg")
@blueprint.doc(responses={304: "The picture that you have is the right one."})
def picture(photo_id: uuid.UUID, size: int) -> Response:
    """A photo as people see it

    `size` is the long edge in pixels: 320 or 1600.
    """
    response = show(photo_id, size)
    response.headers["Vary"] = "Cookie, Authorization"
    return response


@blueprint.post("/photos/<uuid:photo_id>/take-back")
@needs(Right.TAKE_BACK)
@blueprint.output(PhotoTold)
def take_back_photo(photo_id: uuid.UUID) -> Any:
    """It was sent by mistake

    From now on only administrators see it.
    """
    actor, now = signed_in(), services().now()
    with write_transaction() as session:
        photo = find_photo(session, photo_id)
        if photo is None:
            abort(404)
        ask(session, actor, Right.TAKE_BACK, photo.unit_id, local_day(now))
        take_back(session, photo, actor.user_id, now)
    return photo


@blueprint.post("/photos/<uuid:photo_id>/put-back")
@needs(Right.PUT_BACK)
@blueprint.output(PhotoTold)
def put_back_photo(photo_id: uuid.UUID) -> Any:
    """It was taken back by mistake

    Within ten minutes by whoever took it back, by an administrator at any time.
    """
    actor, now = signed_in(), services().now()
    with write_transaction() as session:
        photo = find_photo(session, photo_id)
        if photo is None:
            abort(404)
        ask(session, actor, Right.PUT_BACK, photo.unit_id, local_day(now))
        administrator = has_right(session, actor, Right.VIEW_WITHDRAWN, photo.unit_id, local_day(now))
        if not may_put_back(photo.withdrawn_by, photo.withdrawn_at, actor.user_id, now, administrator=administrator):
            abort(403)
        put_back(session, photo, actor.user_id, now)
    return photo
