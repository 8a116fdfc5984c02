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
from meetingcheck.orgs.models import Role, RoleAssignment, Unit, UnitScope
from meetingcheck.orgs.queries import (
    find_reporting_end,
    find_root,
    in_force,
    list_former_places,
    list_places,
    list_roles,
    may_found,
    seen_through,
)


class Right(StrEnum):
    VIEW_UNIT = "view_unit"  # see a unit, its submitted reports and their photos
    VIEW_DRAFTS = "view_drafts"  # see what a cell has begun and not yet sent
    REPORT = "report"  # file the reports of a cell
    FILE_FOR = "file_for"  # file what a cell told on the telephone
    CHANGE_REPORT = "change_report"  # void a report, or move it to the right cell or period
    VIEW_BOARD = "view_board"  # see a committee's board over all its cells
    REVIEW = "review"  # answer a report
    TALK = "talk"  # speak about a report, for the cell or for the committee directly above
    GIVE_REPORT_LINK = "give_report_link"  # make a link that opens one report of a cell
    FIND_RECEIPT = "find_receipt"  # find a report by the short code of its receipt
    RUN_OFFICE = "run_office"  # see the state of the system and mend it
    CHANGE_TREE = "change_tree"  # found, name and close units, say who watches them
    GIVE_ROLES = "give_roles"  # give and end roles
    CHOOSE_REPORTERS = "choose_reporters"  # say who else files for the own cell
    SET_POLICY = "set_policy"  # set usual days, deadlines and lengths
    DECIDE_EXCEPTIONS = "decide_exceptions"  # answer a cell that did not meet
    SET_EXCEPTIONS = "set_exceptions"  # move or excuse a period for the own area, and take it back
    MANAGE_PEOPLE = "manage_people"  # add people, correct, invite, enrol and disable them
    TAKE_BACK = "take_back"  # take back photos and documents that the own cell sent by mistake
    PUT_BACK = "put_back"  # have them back in their report
    VIEW_WITHDRAWN = "view_withdrawn"  # see what was taken back
    CONFIRM_LATE = "confirm_late"  # take in, or discard, what came after its sender's role had ended
    IMPORT = "import"  # read a list of units, people and roles into the own subtree


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
    Right.FILE_FOR: (Grant(Role.REVIEWER, Reach.DIRECT), Grant(Role.ADMINISTRATOR, Reach.ALL)),
    Right.CHANGE_REPORT: (
        Grant(Role.SECRETARY, Reach.OWN),
        Grant(Role.REVIEWER, Reach.DIRECT),
        Grant(Role.ADMINISTRATOR, Reach.ALL),
    ),
    Right.VIEW_BOARD: OVERSIGHT,
    Right.REVIEW: (Grant(Role.REVIEWER, Reach.DIRECT),),
    Right.TALK: (*OWN_CELL, Grant(Role.REVIEWER, Reach.DIRECT)),
    Right.GIVE_REPORT_LINK: (Grant(Role.REVIEWER, Reach.ALL), Grant(Role.ADMINISTRATOR, Reach.ALL)),
    Right.FIND_RECEIPT: (Grant(Role.REVIEWER, Reach.ALL), Grant(Role.ADMINISTRATOR, Reach.ALL)),
    Right.RUN_OFFICE: (Grant(Role.ADMINISTRATOR, Reach.ALL),),
    Right.CHANGE_TREE: (Grant(Role.ADMINISTRATOR, Reach.ALL),),
    Right.GIVE_ROLES: (Grant(Role.ADMINISTRATOR, Reach.ALL),),
    Right.CHOOSE_REPORTERS: (Grant(Role.SECRETARY, Reach.OWN),),
    Right.SET_POLICY: (Grant(Role.ADMINISTRATOR, Reach.ALL),),
    Right.DECIDE_EXCEPTIONS: (Grant(Role.REVIEWER, Reach.DIRECT), Grant(Role.ADMINISTRATOR, Reach.ALL)),
    Right.SET_EXCEPTIONS: (Grant(Role.REVIEWER, Reach.ALL), Grant(Role.ADMINISTRATOR, Reach.ALL)),
    Right.MANAGE_PEOPLE: (Grant(Role.ADMINISTRATOR, Reach.ALL),),
    Right.TAKE_BACK: OWN_CELL,
    Right.PUT_BACK: (*OWN_CELL, Grant(Role.ADMINISTRATOR, Reach.ALL)),
    Right.VIEW_WITHDRAWN: (Grant(Role.ADMINISTRATOR, Reach.ALL),),
    Right.CONFIRM_LATE: (Grant(Role.SECRETARY, Reach.OWN), Grant(Role.REVIEWER, Reach.DIRECT)),
    Right.IMPORT: (Grant(Role.ADMINISTRATOR, Reach.ALL),),
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
    """The roles that a person holds today in a unit or above it; a unit that was merged into another is seen through
    its successor."""
    rows = session.execute(
        select(RoleAssignment.role, UnitScope.depth)
        .join(UnitScope, UnitScope.ancestor == RoleAssignment.unit_id)
        .where(
            RoleAssignment.user_id == user_id,
            UnitScope.descendant == seen_through(unit_id),
            in_force(RoleAssignment.from_on, RoleAssignment.to_on, today),
            in_force(UnitScope.from_on, UnitScope.to_on, today),
        )
    )
    return [Held(role, depth) for role, depth in rows]


def has_right(session: Session, actor: Actor, right: Right, unit_id: uuid.UUID, today: date) -> bool:
    """Whether a person has a right about a unit today; a session that a report link opened has none of these."""
    if actor.limited_to is not None:
        return False
    return person_has_right(session, actor.user_id, right, unit_id, today)


def person_has_right(session: Session, user_id: uuid.UUID, right: Right, unit_id: uuid.UUID, today: date) -> bool:
    """The same for a person who is not asking at this moment."""
    return any(grants(right, held) for held in list_held(session, user_id, unit_id, today))


def people_with_right(session: Session, right: Right, unit_id: uuid.UUID, today: date) -> dict[uuid.UUID, Role]:
    """Who has a right about a unit today, by user id, with a role that gives it."""
    rows = session.execute(
        select(RoleAssignment.user_id, RoleAssignment.role, UnitScope.depth)
        .join(UnitScope, UnitScope.ancestor == RoleAssignment.unit_id)
        .where(
            RoleAssignment.role.in_({grant.role for grant in GRANTS[right]}),
            UnitScope.descendant == seen_through(unit_id),
            in_force(RoleAssignment.from_on, RoleAssignment.to_on, today),
            in_force(UnitScope.from_on, UnitScope.to_on, today),
        )
        .order_by(UnitScope.depth.desc(), RoleAssignment.user_id.desc())
    )
    return {user_id: role for user_id, role, depth in rows if grants(right, Held(role, depth))}


def ask(
    session: Session, actor: Actor, right: Right, unit_id: uuid.UUID, today: date, about: uuid.UUID | None = None
) -> None:
    """Go on only with the right about the unit: 404 when the unit may not even be seen, 403 when it may.

    A session that a report link opened goes on only when it is `about` the one obligation that the link names.

    Remembers that the right was asked for: `answer_was_asked_for` refuses answers for which nobody asked.
    """
    if actor.limited_to is not None and actor.limited_to != about:
        abort(404)
    held = list_held(session, actor.user_id, unit_id, today)
    if not any(grants(Right.VIEW_UNIT, one) for one in held):
        abort(404)
    if not any(grants(right, one) for one in held):
        abort(403)
    _remember(right)


def ask_or_ended(
    session: Session, actor: Actor, unit_id: uuid.UUID, today: date, about: uuid.UUID | None = None
) -> date | None:
    """Go on with the right to report about a cell, or because a role that gave it has ended: then the first day
    without it is answered, and what may still be done is for the caller to say. Else as `ask`."""
    if actor.limited_to is None or actor.limited_to == about:
        ended_on = find_reporting_end(session, actor.user_id, unit_id, today)
        if ended_on is not None and not person_has_right(session, actor.user_id, Right.REPORT, unit_id, today):
            _remember(Right.REPORT)
            return ended_on
    ask(session, actor, Right.REPORT, unit_id, today, about=about)
    return None


def ask_at_root(session: Session, actor: Actor, right: Right, today: date) -> Unit | None:
    """Go on only with the right about the whole installation, which is held at the root; the root.

    While there is no root, the right is its founder's, and None is returned.
    """
    root = find_root(session, today)
    if root is not None:
        ask(session, actor, right, root.id, today)
        return root
    if not may_found(session, actor.user_id):
        abort(404)
    _remember(right)
    return None


def ask_anywhere(session: Session, actor: Actor, right: Right, today: date) -> None:
    """Go on only with the right about some unit: for pages that list what lies in the own subtrees. Else 403 for
    those who see the whole, 404 for everybody else, as for one unit."""
    held = {role.role for role in list_roles(session, actor.user_id, today)}
    if not any(grant.role in held for grant in GRANTS[right]):
        root = find_root(session, today)
        if root is not None:
            ask(session, actor, right, root.id, today)
        abort(404)
    _remember(right)


def all_within(session: Session, actor: Actor, right: Right, user_id: uuid.UUID, today: date) -> bool:
    """Whether the actor has a right about every unit in which a person holds a role, or held one when none is left.
    Somebody who never had any belongs to the whole installation: else an account could be taken by giving it one."""
    places = list_places(session, user_id, today) or list_former_places(session, user_id) or _root_of(session, today)
    return all(has_right(session, actor, right, place, today) for place in places)


def _root_of(session: Session, today: date) -> list[uuid.UUID]:
    return [root.id for root in [find_root(session, today)] if root]


def ask_about_person(session: Session, actor: Actor, user_id: uuid.UUID, today: date) -> bool:
    """Go on only when a role of the person lies in the own subtree, else 404; whether all do, so that the person may
    be changed. Somebody without any role belongs to the whole installation."""
    places = list_places(session, user_id, today) or _root_of(session, today)
    within = [has_right(session, actor, Right.MANAGE_PEOPLE, unit_id, today) for unit_id in places]
    if not any(within):
        abort(404)
    _remember(Right.MANAGE_PEOPLE)
    return all(within)


def ask_to_change_person(session: Session, actor: Actor, user_id: uuid.UUID, today: date) -> None:
    """Go on only when all roles of the person lie in the own subtree: 404 when none does, 403 when some do not."""
    if not ask_about_person(session, actor, user_id, today):
        abort(403)


def _remember(right: Right) -> None:
    if has_request_context():
        g.rights_asked = {*g.get("rights_asked", set()), str(right)}


def answer_was_asked_for(needed: str | None) -> bool:
    """Whether the route's right was really asked for during this request."""
    return needed in {PUBLIC, SIGNED_IN} or needed in g.get("rights_asked", set())
