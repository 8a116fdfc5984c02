"""Who asks, and the units that they may see."""

import uuid
from typing import Any

from apiflask import APIBlueprint
from flask import abort

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.lib.db import db
from meetingcheck.lib.http.rights import SIGNED_IN, needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.orgs.access import Right, ask, has_right
from meetingcheck.orgs.models import Unit, UnitKind
from meetingcheck.orgs.queries import find_parent, find_unit, list_roles
from meetingcheck.orgs.schemas import Me, UnitTold

blueprint = APIBlueprint("orgs_api", __name__, tag="units", url_prefix="/api/v1")


@blueprint.get("/me")
@needs(SIGNED_IN)
@blueprint.output(Me)
def me() -> dict[str, Any]:
    """Who I am and what I do where"""
    actor = signed_in()
    roles = list_roles(db.session(), actor.user_id, local_day(services().now()))
    return {
        "id": actor.user_id,
        "name": actor.name,
        "language": actor.language,
        "by_token": actor.by_token,
        "roles": [
            {"role": held.role.value, "unit": {"id": held.unit_id, "name": held.unit_name}, "is_cell": held.is_cell}
            for held in roles
        ],
    }


@blueprint.get("/units/<uuid:unit_id>")
@needs(Right.VIEW_UNIT)
@blueprint.output(UnitTold)
def unit(unit_id: uuid.UUID) -> dict[str, Any]:
    """A cell or committee"""
    session, actor, today = db.session(), signed_in(), local_day(services().now())
    found = asked_unit(unit_id, Right.VIEW_UNIT)
    parent = find_parent(session, unit_id, today)
    return {
        **{name: getattr(found, name) for name in ("id", "code", "name", "kind", "founded_on", "closed_on")},
        **{name: getattr(found, name) for name in ("usual_day", "supervised_from", "successor_id")},
        "is_cell": session.get_one(UnitKind, found.kind).is_cell,
        "parent": unit_name(parent) if parent is not None else None,
        "rights": [right.value for right in Right if has_right(session, actor, right, unit_id, today)],
    }


def asked_unit(unit_id: uuid.UUID, right: Right) -> Unit:
    """A unit about which the person has the right; else 404 or 403."""
    session = db.session()
    found = find_unit(session, unit_id)
    if found is None:
        abort(404)
    ask(session, signed_in(), right, unit_id, local_day(services().now()))
    return found


def unit_name(unit: Unit) -> dict[str, Any]:
    return {"id": unit.id, "name": unit.name}
