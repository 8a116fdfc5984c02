"""Founding units and giving roles. Callers commit."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from meetingcheck.lib.db import insert_if_new
from meetingcheck.lib.text import one_line, search_form, sort_key
from meetingcheck.orgs.models import Role, RoleAssignment, Unit, UnitKind, UnitParent, UnitScope
from meetingcheck.record.actions import Fact, append


@dataclass(frozen=True)
class NewUnit:
    name: str
    kind: str
    founded_on: date
    parent_id: uuid.UUID | None = None
    code: str | None = None
    usual_day: int | None = None
    supervised_from: date | None = None


def ensure_kind(session: Session, code: str, name: str, *, is_cell: bool) -> None:
    insert_if_new(session, UnitKind, {"code": code, "name": name, "is_cell": is_cell})


def found_unit(session: Session, new: NewUnit, actor_id: uuid.UUID | None, now: datetime) -> Unit:
    """Add a unit under its parent from its founding day on."""
    name = one_line(new.name)
    unit = Unit(
        id=uuid.uuid4(),
        code=new.code,
        name=name,
        name_sort=sort_key(name),
        name_search=search_form(name),
        kind=new.kind,
        founded_on=new.founded_on,
        usual_day=new.usual_day,
        supervised_from=new.supervised_from,
        created_at=now,
    )
    session.add(unit)
    session.flush()
    session.add(UnitScope(ancestor=unit.id, descendant=unit.id, from_on=new.founded_on, to_on=None, depth=0))
    if new.parent_id is not None:
        _place_under(session, unit.id, new.parent_id, new.founded_on)
    append(session, now, Fact("unit_founded", "unit", unit.id, actor_id))
    return unit


def _place_under(session: Session, unit_id: uuid.UUID, parent_id: uuid.UUID, from_on: date) -> None:
    """A new leaf gets all ancestors of its parent, one step further up."""
    session.add(UnitParent(unit_id=unit_id, parent_id=parent_id, from_on=from_on, to_on=None))
    above = session.execute(
        select(UnitScope.ancestor, UnitScope.depth + literal(1)).where(
            UnitScope.descendant == parent_id, UnitScope.to_on.is_(None)
        )
    )
    session.add_all(
        UnitScope(ancestor=ancestor, descendant=unit_id, from_on=from_on, to_on=None, depth=depth)
        for ancestor, depth in above
    )
    session.flush()


def give_role(
    session: Session,
    user_id: uuid.UUID,
    unit_id: uuid.UUID,
    role: Role,
    from_on: date,
    actor_id: uuid.UUID | None,
    now: datetime,
) -> RoleAssignment:
    assignment = RoleAssignment(id=uuid.uuid4(), user_id=user_id, unit_id=unit_id, role=role, from_on=from_on)
    session.add(assignment)
    session.flush()
    append(session, now, Fact("role_given", "user", user_id, actor_id, {"unit": str(unit_id), "role": role.value}))
    return assignment
