"""The administrators' page of what cells sent by mistake and took back."""

import uuid
from datetime import datetime

from flask import Blueprint, render_template, request

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.lib.db import db
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.office.withdrawn.queries import Place, list_withdrawn
from meetingcheck.orgs.access import Right, ask_anywhere
from meetingcheck.orgs.models import Role
from meetingcheck.orgs.queries import list_roles

blueprint = Blueprint("withdrawn", __name__)


@blueprint.get("/office/withdrawn")
@needs(Right.VIEW_WITHDRAWN)
def index() -> str:
    session, actor, today = db.session(), signed_in(), local_day(services().now())
    ask_anywhere(session, actor, Right.VIEW_WITHDRAWN, today)
    own = [role.unit_id for role in list_roles(session, actor.user_id, today) if role.role == Role.ADMINISTRATOR]
    things, following = list_withdrawn(session, own, _place(request.args.get("before", "")), today)
    older = f"{following.withdrawn_at.isoformat()}_{following.id}" if following else None
    return render_template("office/withdrawn.html", things=things, older=older)


def _place(text: str) -> Place | None:
    """Where the page before ended; the beginning for what is no place."""
    moment, _, identifier = text.rpartition("_")
    try:
        place = Place(datetime.fromisoformat(moment), uuid.UUID(identifier))
    except ValueError:
        return None
    return place if place.withdrawn_at.tzinfo is not None else None
