"""Reading what an import needs: the area as it is today, and the runs with their rows."""

import uuid
from collections.abc import Iterable
from datetime import date

from sqlalchemy import func, or_, select, union_all
from sqlalchemy.orm import Session

from meetingcheck.accounts.models import User
from meetingcheck.orgs.importing.plan import Area, Kind, KnownPerson, KnownUnit, Verdict
from meetingcheck.orgs.importing.values import WATCHER
from meetingcheck.orgs.models import (
    ImportRow,
    ImportRun,
    Role,
    RoleAssignment,
    Unit,
    UnitKind,
    UnitParent,
    UnitScope,
    Watcher,
)
from meetingcheck.orgs.queries import find_parent, find_root, in_force, roles_for

ROWS_PER_PAGE = 50
RUNS_SHOWN = 10


def load_area(session: Session, top: uuid.UUID, actor_id: uuid.UUID | None, today: date) -> Area:
    """The chosen unit with all below it and everybody whom a list may name.

    `actor_id` decides whose data may be changed; None, for the command line, may change everybody's.
    """
    below = select(UnitScope.descendant).where(UnitScope.ancestor == top, UnitScope.to_on.is_(None))
    units = {
        unit_id: KnownUnit(unit_id, code, name, kind, founded_on, closed_on, usual_day, parent_id)
        for unit_id, code, name, kind, founded_on, closed_on, usual_day, parent_id in session.execute(
            select(
                Unit.id,
                Unit.code,
                Unit.name,
                Unit.kind,
                Unit.founded_on,
                Unit.closed_on,
                Unit.usual_day,
                UnitParent.parent_id,
            )
            .outerjoin(UnitParent, (UnitParent.unit_id == Unit.id) & UnitParent.to_on.is_(None))
            .where(Unit.id.in_(below))
        )
    }
    codes = session.scalars(select(Unit.code).where(Unit.code.is_not(None), Unit.id.not_in(below)))
    parent = find_parent(session, top, today)
    kinds = session.scalars(select(UnitKind).order_by(UnitKind.is_cell, UnitKind.name))
    return Area(
        top=top,
        top_parent=(parent.code, parent.name) if parent else None,
        units=units,
        codes_elsewhere=frozenset(code for code in codes if code),
        kinds=tuple(Kind(kind.code, kind.name, kind.is_cell) for kind in kinds),
        roles_allowed={
            True: frozenset({*map(str, roles_for(is_cell=True)), WATCHER}),
            False: frozenset(map(str, roles_for(is_cell=False))),
        },
        people=_people(session, actor_id, today),
        held=_held(session, units, today),
        today=today,
    )


def _people(session: Session, actor_id: uuid.UUID | None, today: date) -> dict[uuid.UUID, KnownPerson]:
    """Everybody; their own are those all of whose roles lie where the actor administers (security.md 3)."""
    rows = session.execute(select(User.id, User.name, User.login, User.phone, User.email, User.disabled_at)).all()
    foreign = _people_elsewhere(session, actor_id, today) if actor_id else set()
    return {
        user_id: KnownPerson(user_id, name, login, phone, email, disabled_at is not None, user_id not in foreign)
        for user_id, name, login, phone, email, disabled_at in rows
    }


def _people_elsewhere(session: Session, actor_id: uuid.UUID, today: date) -> set[uuid.UUID]:
    """People whom an administrator may not change. Somebody without any role belongs to the whole installation."""
    administered = list(
        session.scalars(
            select(RoleAssignment.unit_id).where(
                RoleAssignment.user_id == actor_id,
                RoleAssignment.role == Role.ADMINISTRATOR,
                in_force(RoleAssignment.from_on, RoleAssignment.to_on, today),
            )
        )
    )
    own = select(UnitScope.descendant).where(
        UnitScope.ancestor.in_(administered), in_force(UnitScope.from_on, UnitScope.to_on, today)
    )
    places = union_all(
        select(RoleAssignment.user_id, RoleAssignment.unit_id).where(
            or_(RoleAssignment.to_on.is_(None), RoleAssignment.to_on > today)
        ),
        select(Watcher.user_id, Watcher.unit_id).where(or_(Watcher.to_on.is_(None), Watcher.to_on > today)),
    ).subquery()
    elsewhere = set(session.scalars(select(places.c.user_id).where(places.c.unit_id.not_in(own))))
    root = find_root(session, today)
    if root is not None and root.id not in administered:
        elsewhere |= set(session.scalars(select(User.id).where(User.id.not_in(select(places.c.user_id)))))
    return elsewhere


def _held(session: Session, units: Iterable[uuid.UUID], today: date) -> frozenset[tuple[uuid.UUID, uuid.UUID, str]]:
    """Who does or will do what where, within the area; watchers as a role of their own."""
    inside = set(units)
    roles = session.execute(
        select(RoleAssignment.user_id, RoleAssignment.unit_id, RoleAssignment.role).where(
            or_(RoleAssignment.to_on.is_(None), RoleAssignment.to_on > today)
        )
    ).all()
    watchers = session.execute(
        select(Watcher.user_id, Watcher.unit_id).where(or_(Watcher.to_on.is_(None), Watcher.to_on > today))
    ).all()
    return frozenset(
        [
            *((user_id, unit_id, role.value) for user_id, unit_id, role in roles if unit_id in inside),
            *((user_id, unit_id, WATCHER) for user_id, unit_id in watchers if unit_id in inside),
        ]
    )


def find_run(session: Session, run_id: uuid.UUID) -> ImportRun | None:
    return session.scalars(select(ImportRun).where(ImportRun.id == run_id)).one_or_none()


def lock_run(session: Session, run_id: uuid.UUID) -> ImportRun:
    """The run, held against other writers until the transaction ends. Raises NoResultFound."""
    return session.scalars(
        select(ImportRun).where(ImportRun.id == run_id).with_for_update().execution_options(populate_existing=True)
    ).one()


def list_runs(session: Session, unit_id: uuid.UUID) -> list[ImportRun]:
    """The latest imports into a unit, newest first."""
    return list(
        session.scalars(
            select(ImportRun)
            .where(ImportRun.options["unit"].as_string() == str(unit_id))
            .order_by(ImportRun.uploaded_at.desc(), ImportRun.id)
            .limit(RUNS_SHOWN)
        )
    )


def list_rows(session: Session, run_id: uuid.UUID, verdict: Verdict | None, page: int) -> list[ImportRow]:
    """One page of rows in the order of the file, of one verdict or of all."""
    rows = select(ImportRow).where(ImportRow.run_id == run_id)
    if verdict is not None:
        rows = rows.where(ImportRow.verdict == verdict.value)
    return list(session.scalars(rows.order_by(ImportRow.line).offset((page - 1) * ROWS_PER_PAGE).limit(ROWS_PER_PAGE)))


def list_all_rows(session: Session, run_id: uuid.UUID) -> list[ImportRow]:
    return list(session.scalars(select(ImportRow).where(ImportRow.run_id == run_id).order_by(ImportRow.line)))


def count_rows(session: Session, run_id: uuid.UUID) -> int:
    return session.scalar(select(func.count()).select_from(ImportRow).where(ImportRow.run_id == run_id)) or 0
