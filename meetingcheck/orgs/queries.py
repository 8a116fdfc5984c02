"""Reading the tree and the roles."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from meetingcheck.orgs.models import Role, RoleAssignment, Unit, UnitKind, UnitScope


def in_force(
    from_on: InstrumentedAttribute[date], to_on: InstrumentedAttribute[date | None], day: date
) -> ColumnElement[bool]:
    """A dated row counts on `day`: from its first day until before the first day on which it no longer does."""
    return and_(from_on <= day, or_(to_on.is_(None), to_on > day))


def find_unit(session: Session, unit_id: uuid.UUID) -> Unit | None:
    return session.get(Unit, unit_id)


def get_unit(session: Session, unit_id: uuid.UUID) -> Unit:
    """Raises NoResultFound when there is no such unit."""
    return session.scalars(select(Unit).where(Unit.id == unit_id)).one()


def find_root(session: Session, day: date) -> Unit | None:
    """The unit that stands under no other; None before the set-up."""
    below_another = select(UnitScope.descendant).where(
        UnitScope.depth > 0, in_force(UnitScope.from_on, UnitScope.to_on, day)
    )
    return session.scalars(
        select(Unit).where(Unit.id.not_in(below_another)).order_by(Unit.created_at, Unit.id).limit(1)
    ).one_or_none()


def cell_ids_below(committee_id: uuid.UUID, day: date) -> Select[uuid.UUID]:
    """The cells under a committee on a day, as a subquery; the unit itself when it is a cell."""
    return (
        select(Unit.id)
        .join(UnitScope, UnitScope.descendant == Unit.id)
        .join(UnitKind, UnitKind.code == Unit.kind)
        .where(
            UnitScope.ancestor == committee_id,
            in_force(UnitScope.from_on, UnitScope.to_on, day),
            UnitKind.is_cell,
            or_(Unit.closed_on.is_(None), Unit.closed_on > day),
        )
    )


def find_parent(session: Session, unit_id: uuid.UUID, day: date) -> Unit | None:
    """The direct superior of a unit on a day; None for the root."""
    return session.scalars(
        select(Unit)
        .join(UnitScope, UnitScope.ancestor == Unit.id)
        .where(UnitScope.descendant == unit_id, UnitScope.depth == 1, in_force(UnitScope.from_on, UnitScope.to_on, day))
    ).one_or_none()


@dataclass(frozen=True)
class UserRole:
    """One role of a person, with the unit that it is held in."""

    role: Role
    unit_id: uuid.UUID
    unit_name: str
    is_cell: bool


def list_roles(session: Session, user_id: uuid.UUID, day: date) -> list[UserRole]:
    """What a person does where on a day, units in alphabetical order."""
    rows = session.execute(
        select(RoleAssignment.role, Unit.id, Unit.name, UnitKind.is_cell)
        .join(Unit, Unit.id == RoleAssignment.unit_id)
        .join(UnitKind, UnitKind.code == Unit.kind)
        .where(RoleAssignment.user_id == user_id, in_force(RoleAssignment.from_on, RoleAssignment.to_on, day))
        .order_by(Unit.name_sort, RoleAssignment.role)
    )
    return [UserRole(role, unit_id, name, is_cell) for role, unit_id, name, is_cell in rows]


def secretaries_of(session: Session, unit_ids: Iterable[uuid.UUID], day: date) -> dict[uuid.UUID, list[uuid.UUID]]:
    """For each cell its secretaries, by user id."""
    rows = session.execute(
        select(RoleAssignment.unit_id, RoleAssignment.user_id)
        .where(
            RoleAssignment.unit_id.in_(list(unit_ids)),
            RoleAssignment.role == Role.SECRETARY,
            in_force(RoleAssignment.from_on, RoleAssignment.to_on, day),
        )
        .order_by(RoleAssignment.unit_id, RoleAssignment.user_id)
    )
    found: dict[uuid.UUID, list[uuid.UUID]] = {}
    for unit_id, user_id in rows:
        found.setdefault(unit_id, []).append(user_id)
    return found


def reviewers_of(session: Session, unit_ids: Iterable[uuid.UUID], day: date) -> dict[uuid.UUID, list[uuid.UUID]]:
    """For each unit the reviewers of the nearest superior that has any, by user id."""
    rows = session.execute(
        select(UnitScope.descendant, UnitScope.depth, RoleAssignment.user_id)
        .join(RoleAssignment, RoleAssignment.unit_id == UnitScope.ancestor)
        .where(
            UnitScope.descendant.in_(list(unit_ids)),
            UnitScope.depth > 0,
            RoleAssignment.role == Role.REVIEWER,
            in_force(UnitScope.from_on, UnitScope.to_on, day),
            in_force(RoleAssignment.from_on, RoleAssignment.to_on, day),
        )
        .order_by(UnitScope.descendant, UnitScope.depth, RoleAssignment.user_id)
    ).all()
    nearest: dict[uuid.UUID, int] = {}
    found: dict[uuid.UUID, list[uuid.UUID]] = {}
    for unit_id, depth, user_id in rows:
        if depth == nearest.setdefault(unit_id, depth) and user_id not in found.setdefault(unit_id, []):
            found[unit_id].append(user_id)
    return found
