"""The office's own links, shown on its pages and on those of lower features that belong to it."""

from typing import Any

from meetingcheck.accounts.sessions import find_signed_in
from meetingcheck.lib.db import db
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.orgs.models import Role
from meetingcheck.orgs.queries import find_root, list_roles


def office_nav() -> dict[str, Any] | None:
    """Where an administrator can go; nothing for everybody else, and nothing before there is a root."""
    actor, today = find_signed_in(), local_day(services().now())
    if actor is None:
        return None
    roles = list_roles(db.session(), actor.user_id, today)
    own = [role.unit_id for role in roles if role.role == Role.ADMINISTRATOR]
    root = find_root(db.session(), today)
    if not own or root is None:
        return None
    return {"at_root": root.id in own, "import_into": root.id if root.id in own else own[0]}
