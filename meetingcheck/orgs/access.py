"""Who may do what: the whole table on one screen.

A right is granted by a role held in a unit, and reaches that unit itself, the units directly below it, or all below it.
Rights use today's tree. A unit that one may not see is "not found"; a visible one without the right is "forbidden".
"""

import uuid
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from flask import abort, g, has_request_context
from sqlalchemy import select
from sqlalchemy.orm import Session

from meetingcheck.accounts.actor import Actor
from meetingcheck.lib.http.rights import PUBLIC, SIGNED_IN
from meetingcheck.orgs.models import Role, RoleAssignment, UnitScope
from meetingcheck.orgs.queries import in_force


class Right(StrEnum):
    VIEW_UNIT = "view_unit"  # see a unit, its submitted reports and their photos
    VIEW_DRAFTS = "view_drafts"  # see what a cell has begun and not yet sent
    REPORT = "report"  # file the reports of a cell
    VIEW_BOARD = "view_board"  # see a committee's board over all its cells
    REVIEW = "review"  # answer a report
    RUN_OFFICE = "run_office"  # see the state of the system and mend it


class Reach(StrEnum):
    OWN = "own"
    DIRECT = "direct"
    ALL = "all"


@dataclass(frozen=True)
class Grant:
    role: Role
    reach: Reach


OWN_CELL = (Grant(Role.SECRETARY, Reach.OWN), Grant(Role.REPORTER, Reach.OWN))
OVERSIGHT = (
    Grant(Role.REVIEWER, Reach.ALL),
    Grant(Role.READER, Reach.ALL),
    Grant(Role.ADMINISTRATOR, Reach.ALL),
)

GRANTS: dict[Right, tuple[Grant, ...]] = {
    Right.VIEW_UNIT: (*OWN_CELL, *OVERSIGHT),
    Right.VIEW_DRAFTS: OWN_CELL,
    Right.REPORT: OWN_CELL,
    Right.VIEW_BOARD: OVERSIGHT,
    Right.REVIEW: (Grant(Role.REVIEWER, Reach.DIRECT),),
    Right.RUN_OFFICE: (Grant(Role.ADMINISTRATOR, Reach.ALL),),
}


@dataclass(frozen=True)
class Held:
    """A role that somebody holds `steps` above a unit; 0 is in the unit itself."""

    role: Role
    steps: int


def grants(right: Right, held: Held) -> bool:
    """Whether a held role gives a right."""
    return any(grant.role == held.role and _reaches(grant.reach, held.steps) for grant in GRANTS[right])


def _reaches(reach: Reach, steps: int) -> bool:
    return reach == Reach.ALL or (reach == Reach.DIRECT and steps == 1) or (reach == Reach.OWN and steps == 0)


def list_held(session: Session, user_id: uuid.UUID, unit_id: uuid.UUID, today: date) -> list[Held]:
    """The roles that a person holds today in a unit or above it."""
    rows = session.execute(
        select(RoleAssignment.role, UnitScope.depth)
        .join(UnitScope, UnitScope.ancestor == RoleAssignment.unit_id)
        .where(
            RoleAssignment.user_id == user_id,
            UnitScope.descendant == unit_id,
            in_force(RoleAssignment.from_on, RoleAssignment.to_on, today),
            in_force(UnitScope.from_on, UnitScope.to_on, today),
        )
    )
    return [Held(role, depth) for role, depth in rows]


def has_right(session: Session, actor: Actor, right: Right, unit_id: uuid.UUID, today: date) -> bool:
    """Whether a person has a right about a unit today."""
    return any(grants(right, held) for held in list_held(session, actor.user_id, unit_id, today))


def ask(session: Session, actor: Actor, right: Right, unit_id: uuid.UUID, today: date) -> None:
    """Go on only with the right about the unit: 404 when the unit may not even be seen, 403 when it may.

    Remembers that the right was asked for: `answer_was_asked_for` refuses answers for which nobody asked.
    """
    held = list_held(session, actor.user_id, unit_id, today)
    if not any(grants(Right.VIEW_UNIT, one) for one in held):
        abort(404)
    if not any(grants(right, one) for one in held):
        abort(403)
    if has_request_context():
        g.rights_asked = {*g.get("rights_asked", set()), str(right)}


def answer_was_asked_for(needed: str | None) -> bool:
    """Whether the route's right was really asked for during this request."""
    return needed in {PUBLIC, SIGNED_IN} or needed in g.get("rights_asked", set())
