"""Reading the tree and the roles."""

import uuid
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, ScalarSelect, Select, Subquery, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from meetingcheck.accounts.models import User
from meetingcheck.accounts.queries import is_founder
from meetingcheck.accounts.rules import Privilege
from meetingcheck.lib.text import search_form, search_words
from meetingcheck.orgs.models import Role, RoleAssignment, Unit, UnitKind, UnitParent, UnitScope, Watcher


def in_force(
    from_on: InstrumentedAttribute[date], to_on: InstrumentedAttribute[date | None], day: date
) -> ColumnElement[bool]:
    """A dated row counts on `day`: from its first day until before the first day on which it no longer does."""
    return and_(from_on <= day, or_(to_on.is_(None), to_on > day))


def roles_for(*, is_cell: bool) -> list[Role]:
    """The roles that can be held in a unit: who reports belongs to a cell, who reviews to what stands above it."""
    of_cells = {Role.SECRETARY, Role.REPORTER, Role.READER}
    return [role for role in Role if (role in of_cells if is_cell else role not in {Role.SECRETARY, Role.REPORTER})]


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


def seen_through(unit_id: uuid.UUID) -> ScalarSelect[uuid.UUID]:
    """The unit itself, or the last of those that it was merged into, one after the other; as a subquery."""
    return select(_lasts([unit_id]).c.last).scalar_subquery()


def _lasts(unit_ids: Iterable[uuid.UUID]) -> Subquery:
    """Each of the units with the one that it is seen through, as `unit` and `last`."""
    line = select(Unit.id.label("unit"), Unit.id, Unit.successor_id).where(Unit.id.in_(list(unit_ids)))
    steps = line.cte("line", recursive=True)
    further = select(steps.c.unit, Unit.id, Unit.successor_id).join(steps, steps.c.successor_id == Unit.id)
    steps = steps.union_all(further)
    return select(steps.c.unit, steps.c.id.label("last")).where(steps.c.successor_id.is_(None)).subquery()


def with_predecessors(units: Select[uuid.UUID]) -> Select[uuid.UUID]:
    """The units and all that were merged into them, one after the other; as a subquery."""
    found = select(Unit.id).where(Unit.id.in_(units)).cte("with_predecessors", recursive=True)
    found = found.union(select(Unit.id).join(found, Unit.successor_id == found.c.id))
    return select(found.c.id)


def itself_and_predecessors(unit_id: uuid.UUID) -> Select[uuid.UUID]:
    """A unit and all that were merged into it: what was theirs is its own now. As a subquery."""
    return with_predecessors(select(Unit.id).where(Unit.id == unit_id))


def seen_below(committees: Iterable[uuid.UUID], day: date, *, directly: bool = False) -> Select[uuid.UUID]:
    """The committees and the units below them on a day, or those directly below them, and all that were merged into
    these; what was merged into a unit elsewhere is seen there alone. As a subquery."""
    below = (
        select(UnitScope.descendant)
        .join(Unit, Unit.id == UnitScope.descendant)
        .where(
            UnitScope.ancestor.in_(list(committees)),
            Unit.successor_id.is_(None),
            in_force(UnitScope.from_on, UnitScope.to_on, day),
        )
    )
    return with_predecessors(below.where(UnitScope.depth == 1) if directly else below)


def list_predecessors(session: Session, unit_id: uuid.UUID) -> list[Unit]:
    """The units that were merged into one, themselves or through another, the latest first."""
    which = select(Unit).where(Unit.id.in_(itself_and_predecessors(unit_id)), Unit.id != unit_id)
    return list(session.scalars(which.order_by(Unit.closed_on.desc(), Unit.name_sort)))


def find_parent(session: Session, unit_id: uuid.UUID, day: date) -> Unit | None:
    """The direct superior of a unit on a day, for one that was merged into another of that one; None for the root."""
    return session.scalars(
        select(Unit)
        .join(UnitScope, UnitScope.ancestor == Unit.id)
        .where(
            UnitScope.descendant == seen_through(unit_id),
            UnitScope.depth == 1,
            in_force(UnitScope.from_on, UnitScope.to_on, day),
        )
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
    """For each cell its secretaries, by user id; for one that was merged into another, those of that one."""
    lasts = _lasts(unit_ids)
    rows = session.execute(
        select(lasts.c.unit, RoleAssignment.user_id)
        .join(lasts, lasts.c.last == RoleAssignment.unit_id)
        .where(RoleAssignment.role == Role.SECRETARY, in_force(RoleAssignment.from_on, RoleAssignment.to_on, day))
        .order_by(lasts.c.unit, RoleAssignment.user_id)
    )
    found: dict[uuid.UUID, list[uuid.UUID]] = {}
    for unit_id, user_id in rows:
        found.setdefault(unit_id, []).append(user_id)
    return found


def people_who_file(session: Session, unit_id: uuid.UUID, day: date) -> list[uuid.UUID]:
    """The secretaries and reporters of one cell, or of the one that it was merged into."""
    return list(
        session.scalars(
            select(RoleAssignment.user_id)
            .where(
                RoleAssignment.unit_id.in_([unit_id, seen_through(unit_id)]),
                RoleAssignment.role.in_([Role.SECRETARY, Role.REPORTER]),
                in_force(RoleAssignment.from_on, RoleAssignment.to_on, day),
            )
            .distinct()
        )
    )


def reviewers_of(session: Session, unit_ids: Iterable[uuid.UUID], day: date) -> dict[uuid.UUID, list[uuid.UUID]]:
    """For each unit the reviewers of the nearest superior that has any, by user id; for one that was merged into
    another, of that one's superior."""
    lasts = _lasts(unit_ids)
    rows = session.execute(
        select(lasts.c.unit, UnitScope.depth, RoleAssignment.user_id)
        .join(UnitScope, UnitScope.descendant == lasts.c.last)
        .join(RoleAssignment, RoleAssignment.unit_id == UnitScope.ancestor)
        .where(
            UnitScope.depth > 0,
            RoleAssignment.role == Role.REVIEWER,
            in_force(UnitScope.from_on, UnitScope.to_on, day),
            in_force(RoleAssignment.from_on, RoleAssignment.to_on, day),
        )
        .order_by(lasts.c.unit, UnitScope.depth, RoleAssignment.user_id)
    ).all()
    nearest: dict[uuid.UUID, int] = {}
    found: dict[uuid.UUID, list[uuid.UUID]] = {}
    for unit_id, depth, user_id in rows:
        if depth == nearest.setdefault(unit_id, depth) and user_id not in found.setdefault(unit_id, []):
            found[unit_id].append(user_id)
    return found


def watchers_of(session: Session, unit_ids: Iterable[uuid.UUID], day: date) -> dict[uuid.UUID, list[uuid.UUID]]:
    """For each cell the committee members who look after it, or after the one that it was merged into, on a day."""
    lasts = _lasts(unit_ids)
    rows = session.execute(
        select(lasts.c.unit, Watcher.user_id)
        .join(lasts, lasts.c.last == Watcher.unit_id)
        .where(in_force(Watcher.from_on, Watcher.to_on, day))
        .order_by(lasts.c.unit, Watcher.user_id)
    )
    found: dict[uuid.UUID, list[uuid.UUID]] = {}
    for unit_id, user_id in rows:
        found.setdefault(unit_id, []).append(user_id)
    return found


def alert_recipients(session: Session, unit_ids: Iterable[uuid.UUID], day: date) -> dict[uuid.UUID, list[uuid.UUID]]:
    """Who hears of a cell's misses: those who look after it, else the reviewers of the nearest superior."""
    asked = list(unit_ids)
    watchers = watchers_of(session, asked, day)
    return reviewers_of(session, [unit_id for unit_id in asked if unit_id not in watchers], day) | watchers


def may_found(session: Session, user_id: uuid.UUID) -> bool:
    """Whether a person may set up an empty installation: `create-admin` named them, and there is no unit yet."""
    return session.scalar(select(Unit.id).limit(1)) is None and is_founder(session, user_id)


def list_places(session: Session, user_id: uuid.UUID, day: date) -> list[uuid.UUID]:
    """The units in which a person holds a role on a day or will hold one, and those that they look after."""
    held = select(RoleAssignment.unit_id).where(
        RoleAssignment.user_id == user_id, _not_over(RoleAssignment.from_on, RoleAssignment.to_on, day)
    )
    watched = select(Watcher.unit_id).where(Watcher.user_id == user_id, _not_over(Watcher.from_on, Watcher.to_on, day))
    return list(session.scalars(held.union(watched)))


def list_former_places(session: Session, user_id: uuid.UUID) -> list[uuid.UUID]:
    """The units in which a person ever held a role."""
    return list(session.scalars(select(RoleAssignment.unit_id).where(RoleAssignment.user_id == user_id).distinct()))


def _not_over(
    from_on: InstrumentedAttribute[date], to_on: InstrumentedAttribute[date | None], day: date
) -> ColumnElement[bool]:
    """In force on a day or from a later one; a row that ended before it began never counts."""
    return or_(to_on.is_(None), and_(to_on > day, to_on > from_on))


@dataclass(frozen=True)
class HeldRole:
    """One role of one person in one unit, in force or to come."""

    assignment: RoleAssignment
    user: User
    unit: Unit


def list_holders(session: Session, unit_id: uuid.UUID, day: date) -> list[HeldRole]:
    """Who does what in a unit from a day on, people by their given names."""
    return _held_roles(session, RoleAssignment.unit_id == unit_id, day)


def list_roles_held(session: Session, user_id: uuid.UUID, day: date) -> list[HeldRole]:
    """What a person does from a day on, everywhere."""
    return _held_roles(session, RoleAssignment.user_id == user_id, day)


def _held_roles(session: Session, which: ColumnElement[bool], day: date) -> list[HeldRole]:
    rows = session.execute(
        select(RoleAssignment, User, Unit)
        .join(User, User.id == RoleAssignment.user_id)
        .join(Unit, Unit.id == RoleAssignment.unit_id)
        .where(which, _not_over(RoleAssignment.from_on, RoleAssignment.to_on, day))
        .order_by(RoleAssignment.role, User.name_sort, Unit.name_sort, RoleAssignment.from_on)
    )
    return [HeldRole(assignment, user, unit) for assignment, user, unit in rows]


def find_reporting_end(session: Session, user_id: uuid.UUID, unit_id: uuid.UUID, today: date) -> date | None:
    """The first day on which a person's role as secretary or reporter of a cell no longer counted, the latest if there
    were several; None when none has ended."""
    return session.scalar(
        select(func.max(RoleAssignment.to_on)).where(
            RoleAssignment.user_id == user_id,
            RoleAssignment.unit_id == unit_id,
            RoleAssignment.role.in_([Role.SECRETARY, Role.REPORTER]),
            RoleAssignment.to_on <= today,
            RoleAssignment.to_on > RoleAssignment.from_on,
        )
    )


def find_assignment(session: Session, assignment_id: uuid.UUID) -> RoleAssignment | None:
    return session.scalars(select(RoleAssignment).where(RoleAssignment.id == assignment_id)).one_or_none()


def list_watchers(session: Session, unit_id: uuid.UUID, day: date) -> list[tuple[Watcher, User]]:
    """Who looks after a cell from a day on."""
    rows = session.execute(
        select(Watcher, User)
        .join(User, User.id == Watcher.user_id)
        .where(Watcher.unit_id == unit_id, _not_over(Watcher.from_on, Watcher.to_on, day))
        .order_by(User.name_sort, Watcher.from_on)
    )
    return [(watcher, user) for watcher, user in rows]


def list_line(session: Session, unit_id: uuid.UUID, day: date) -> list[Unit]:
    """The superiors of a unit on a day, the root first."""
    return list(
        session.scalars(
            select(Unit)
            .join(UnitScope, UnitScope.ancestor == Unit.id)
            .where(
                UnitScope.descendant == unit_id,
                UnitScope.depth > 0,
                in_force(UnitScope.from_on, UnitScope.to_on, day),
            )
            .order_by(UnitScope.depth.desc())
        )
    )


def list_children(session: Session, unit_id: uuid.UUID, day: date, limit: int) -> list[Unit]:
    """The units directly below one, those to come included, closed ones last."""
    return list(
        session.scalars(
            select(Unit)
            .join(UnitParent, UnitParent.unit_id == Unit.id)
            .where(UnitParent.parent_id == unit_id, _not_over(UnitParent.from_on, UnitParent.to_on, day))
            .order_by(Unit.closed_on.is_not(None), Unit.name_sort, Unit.id)
            .limit(limit)
        )
    )


def named_like(words: str) -> list[ColumnElement[bool]]:
    """Units whose name holds each of the words, in any order and without accents, or whose code one of them is."""
    return [
        or_(Unit.name_search.contains(word, autoescape=True), func.lower(Unit.code) == word)
        for word in search_words(words)
    ]


def find_below(session: Session, unit_id: uuid.UUID, words: str, day: date, limit: int) -> list[tuple[Unit, str]]:
    """The units anywhere below one that are called so, each with its superior's name; closed ones last."""
    superior = aliased(Unit)
    rows = session.execute(
        select(Unit, superior.name)
        .join(UnitScope, UnitScope.descendant == Unit.id)
        .join(UnitParent, UnitParent.unit_id == Unit.id)
        .join(superior, superior.id == UnitParent.parent_id)
        .where(
            UnitScope.ancestor == unit_id,
            UnitScope.depth > 0,
            _not_over(UnitScope.from_on, UnitScope.to_on, day),
            _not_over(UnitParent.from_on, UnitParent.to_on, day),
            *named_like(words),
        )
        .order_by(Unit.closed_on.is_not(None), Unit.name_sort, Unit.id)
        .limit(limit)
    )
    return list(dict.fromkeys((unit, name) for unit, name in rows))


def list_kinds(session: Session) -> list[UnitKind]:
    return list(session.scalars(select(UnitKind).order_by(UnitKind.is_cell, UnitKind.name)))


def find_kind(session: Session, code: str) -> UnitKind | None:
    return session.scalars(select(UnitKind).where(UnitKind.code == code)).one_or_none()


def count_units(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Unit)) or 0


def has_open_units_below(session: Session, unit_id: uuid.UUID, day: date) -> bool:
    """Whether a unit below this one still works on a day."""
    below = (
        select(Unit.id)
        .join(UnitScope, UnitScope.descendant == Unit.id)
        .where(
            UnitScope.ancestor == unit_id,
            UnitScope.depth > 0,
            or_(UnitScope.to_on.is_(None), UnitScope.to_on > day),
            or_(Unit.closed_on.is_(None), Unit.closed_on > day),
        )
        .limit(1)
    )
    return session.scalar(below) is not None


def list_administrators(session: Session, unit_id: uuid.UUID, day: date) -> set[uuid.UUID]:
    """The people who can sign in and are administrators of a unit on a day, whatever comes later."""
    return set(
        session.scalars(
            select(RoleAssignment.user_id)
            .join(User, User.id == RoleAssignment.user_id)
            .where(
                RoleAssignment.unit_id == unit_id,
                RoleAssignment.role == Role.ADMINISTRATOR,
                in_force(RoleAssignment.from_on, RoleAssignment.to_on, day),
                User.disabled_at.is_(None),
            )
        )
    )


def people_below(unit_ids: Iterable[uuid.UUID], day: date) -> Select[uuid.UUID]:
    """People who hold or will hold a role in one of the units or below it, as a subquery."""
    return (
        select(RoleAssignment.user_id)
        .join(UnitScope, UnitScope.descendant == RoleAssignment.unit_id)
        .where(
            UnitScope.ancestor.in_(list(unit_ids)),
            in_force(UnitScope.from_on, UnitScope.to_on, day),
            _not_over(RoleAssignment.from_on, RoleAssignment.to_on, day),
        )
    )


def privilege_of(session: Session, user_id: uuid.UUID, today: date) -> Privilege:
    """How much harm somebody could do who signs in as this person: their strongest role today decides."""
    roles = set(
        session.scalars(
            select(RoleAssignment.role).where(
                RoleAssignment.user_id == user_id, in_force(RoleAssignment.from_on, RoleAssignment.to_on, today)
            )
        )
    )
    if Role.ADMINISTRATOR in roles:
        return Privilege.ADMINISTRATOR
    if Role.REVIEWER in roles:
        return Privilege.REVIEWER
    return Privilege.ADMINISTRATOR if not roles and may_found(session, user_id) else Privilege.ORDINARY


def find_unit_by_code_or_name(
    session: Session, typed: str, user_id: uuid.UUID, day: date, roles: Collection[Role] = (Role.ADMINISTRATOR,)
) -> Unit | None:
    """The one working unit with this code, or with this name, in the subtrees in which a person holds one of the
    roles; None when there is none or more than one."""
    own = select(RoleAssignment.unit_id).where(
        RoleAssignment.user_id == user_id,
        RoleAssignment.role.in_(roles),
        in_force(RoleAssignment.from_on, RoleAssignment.to_on, day),
    )
    within = select(UnitScope.descendant).where(
        UnitScope.ancestor.in_(own), in_force(UnitScope.from_on, UnitScope.to_on, day)
    )
    found = list(
        session.scalars(
            select(Unit)
            .where(
                Unit.id.in_(within),
                or_(Unit.code == typed, Unit.name_search == search_form(typed)),
                or_(Unit.closed_on.is_(None), Unit.closed_on > day),
            )
            .limit(2)
        )
    )
    return found[0] if len(found) == 1 else None


IDS_AT_A_TIME = 5_000  # both databases limit the number of values in one statement


def descendants_of(session: Session, unit_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """The units with all below them in the present tree."""
    found: set[uuid.UUID] = set()
    for ids in _in_pieces(unit_ids):
        below = select(UnitScope.descendant).where(UnitScope.ancestor.in_(ids), UnitScope.to_on.is_(None))
        found |= set(session.scalars(below))
    return found


def active_scope(session: Session, unit_ids: Iterable[uuid.UUID]) -> dict[tuple[uuid.UUID, uuid.UUID], int]:
    """Who stands how many steps above these units in the present tree: (ancestor, descendant) to steps."""
    found: dict[tuple[uuid.UUID, uuid.UUID], int] = {}
    for ids in _in_pieces(unit_ids):
        rows = session.execute(
            select(UnitScope.ancestor, UnitScope.descendant, UnitScope.depth).where(
                UnitScope.descendant.in_(ids), UnitScope.to_on.is_(None)
            )
        )
        found |= {(ancestor, descendant): depth for ancestor, descendant, depth in rows}
    return found


def _in_pieces(unit_ids: Iterable[uuid.UUID]) -> Iterator[list[uuid.UUID]]:
    ids = list(unit_ids)
    for start in range(0, len(ids), IDS_AT_A_TIME):
        yield ids[start : start + IDS_AT_A_TIME]
