"""Serving photos: a rights check for every one of them, then the object. And taking back what was sent by mistake."""

import uuid

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from meetingcheck.accounts.paths import local_path
from meetingcheck.accounts.sessions import signed_in
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.http.requests import form_text
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.orgs.access import Right, ask, has_right
from meetingcheck.photos.actions import put_back, take_back
from meetingcheck.photos.models import Photo, PhotoState
from meetingcheck.photos.queries import find_photo
from meetingcheck.photos.rules import Size, may_put_back, rendition_key

blueprint = Blueprint("photos", __name__)

# The browser keeps the picture and asks each time whether it may still show it: what was taken back is gone at once,
# also from the screens of a committee that saw it before. An answer without a picture costs a rights check, no store.
CACHE = "private, no-cache"


@blueprint.get("/photos/<uuid:photo_id>/<int:size>")
@needs(Right.VIEW_UNIT)
def show(photo_id: uuid.UUID, size: int) -> Response:
    actor, today = signed_in(), local_day(services().now())
    with read_transaction() as session:
        photo = find_photo(session, photo_id)
        if photo is None or size not in set(Size):
            abort(404)
        ask(session, actor, Right.VIEW_UNIT, photo.unit_id, today)
        for hidden, right in (
            (photo.published_at is None, Right.VIEW_DRAFTS),
            (photo.withdrawn_at is not None, Right.VIEW_WITHDRAWN),
        ):
            if hidden and not has_right(session, actor, right, photo.unit_id, today):
                abort(404)
    return picture_of(photo, size)


def picture_of(photo: Photo, size: int) -> Response:
    """A photo that the person who asks may see; 404 while it is not ready, and for a size that there is none of."""
    if photo.state != PhotoState.READY or size not in set(Size):
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


@blueprint.post("/photos/<uuid:photo_id>/take-back")
@needs(Right.TAKE_BACK)
def take_back_photo(photo_id: uuid.UUID) -> Redirect:
    actor, now = signed_in(), services().now()
    with write_transaction() as session:
        photo = _load(session, photo_id)
        ask(session, actor, Right.TAKE_BACK, photo.unit_id, local_day(now))
        take_back(session, photo, actor.user_id, now)
    flash(
        gettext("Đã gỡ ảnh. Từ giờ chỉ người quản trị còn xem được. Nếu gỡ nhầm, đồng chí có 10 phút để đưa lại."),
        url_for("photos.put_back_photo", photo_id=photo_id),
    )
    return redirect(local_path(form_text("next")), 303)


@blueprint.post("/photos/<uuid:photo_id>/put-back")
@needs(Right.PUT_BACK)
def put_back_photo(photo_id: uuid.UUID) -> Redirect:
    actor, now = signed_in(), services().now()
    with write_transaction() as session:
        photo = _load(session, photo_id)
        ask(session, actor, Right.PUT_BACK, photo.unit_id, local_day(now))
        administrator = has_right(session, actor, Right.VIEW_WITHDRAWN, photo.unit_id, local_day(now))
        if not may_put_back(photo.withdrawn_by, photo.withdrawn_at, actor.user_id, now, administrator=administrator):
            abort(403)
        put_back(session, photo, actor.user_id, now)
    flash(gettext("Đã đưa ảnh trở lại báo cáo."))
    return redirect(local_path(form_text("next")), 303)


def _load(session: Session, photo_id: uuid.UUID) -> Photo:
    photo = find_photo(session, photo_id)
    if photo is None:
        abort(404)
    return photo
