"""Founding units and giving roles. Callers commit."""

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, delete, insert, literal, select, text, tuple_, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from meetingcheck.accounts.actions import NewUser, add_user
from meetingcheck.accounts.models import User
from meetingcheck.accounts.queries import find_user_by_login
from meetingcheck.accounts.rules import is_mail, is_phone, normal_login
from meetingcheck.lib.db import insert_if_new
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.text import N_, one_line, search_form, sort_key
from meetingcheck.orgs.models import Role, RoleAssignment, Unit, UnitKind, UnitParent, UnitScope, Watcher
from meetingcheck.orgs.queries import (
    active_scope,
    descendants_of,
    find_parent,
    find_root,
    has_open_units_below,
    list_administrators,
    list_holders,
    list_roles_held,
    list_watchers,
    roles_for,
)
from meetingcheck.record.actions import Fact, append

ROWS_AT_A_TIME = 2_000


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


class Refused(ValueError):
    """Something that may not be done; the text is a sentence to be translated and shown."""


def end_role(
    session: Session, assignment: RoleAssignment, to_on: date, actor_id: uuid.UUID | None, now: datetime
) -> None:
    """End a role: `to_on` is the first day on which it no longer counts. Raises Refused for the last administrator."""
    if assignment.role == Role.ADMINISTRATOR:
        _keep_an_administrator(session, assignment.user_id, assignment.unit_id, to_on, now)
    assignment.to_on = to_on
    session.flush()
    payload = {"unit": str(assignment.unit_id), "role": assignment.role.value, "to_on": to_on.isoformat()}
    append(session, now, Fact("role_ended", "user", assignment.user_id, actor_id, payload))


def keep_administrator(session: Session, user_id: uuid.UUID, now: datetime) -> None:
    """Raises Refused when nobody could run the installation without this person."""
    root = find_root(session, local_day(now))
    if root is not None:
        _keep_an_administrator(session, user_id, root.id, local_day(now), now)


def _keep_an_administrator(
    session: Session, user_id: uuid.UUID, unit_id: uuid.UUID, to_on: date, now: datetime
) -> None:
    """The root keeps one administrator who is there today and after the day; those to come do not count yet."""
    session.execute(select(Unit.id).where(Unit.id == unit_id).with_for_update())  # two who end each other at once
    root = find_root(session, local_day(now))
    if root is None or root.id != unit_id:
        return
    today = list_administrators(session, unit_id, local_day(now))
    if user_id in today and not (today & list_administrators(session, unit_id, to_on)) - {user_id}:
        raise Refused(N_("Đây là người quản trị cuối cùng. Đồng chí hãy giao nhiệm vụ quản trị cho người khác trước."))


def give_role_once(
    session: Session,
    user_id: uuid.UUID,
    unit: Unit,
    role: Role,
    from_on: date,
    actor_id: uuid.UUID | None,
    now: datetime,
) -> RoleAssignment:
    """Give a role that the person does not hold yet. Raises Refused when they do, or when the unit cannot have it."""
    kind = session.scalars(select(UnitKind).where(UnitKind.code == unit.kind)).one()
    if role not in roles_for(is_cell=kind.is_cell):
        raise Refused(N_("Nhiệm vụ này không có ở loại tổ chức đảng này."))
    if from_on < unit.founded_on or (unit.closed_on is not None and from_on >= unit.closed_on):
        raise Refused(N_("Ngày này tổ chức đảng chưa thành lập hoặc đã kết thúc hoạt động."))
    session.execute(select(Unit.id).where(Unit.id == unit.id).with_for_update(key_share=True))  # a button pressed twice
    held = list_roles_held(session, user_id, from_on)
    if any(one.assignment.unit_id == unit.id and one.assignment.role == role for one in held):
        raise Refused(N_("Đồng chí này đã có nhiệm vụ đó rồi."))
    earlier = session.scalars(
        select(RoleAssignment).where(
            RoleAssignment.user_id == user_id,
            RoleAssignment.unit_id == unit.id,
            RoleAssignment.role == role,
            RoleAssignment.from_on == from_on,
        )
    ).one_or_none()
    if earlier is None:
        return give_role(session, user_id, unit.id, role, from_on, actor_id, now)
    earlier.to_on = None  # it was ended before it began, and is given again after all
    session.flush()
    append(session, now, Fact("role_given", "user", user_id, actor_id, {"unit": str(unit.id), "role": role.value}))
    return earlier


def succeed_secretary(
    session: Session, unit: Unit, user_id: uuid.UUID, from_on: date, actor_id: uuid.UUID | None, now: datetime
) -> list[uuid.UUID]:
    """Make somebody the secretary of a cell from a day on; the role of whoever was it ends that day. The
    predecessors."""
    before = [
        one.assignment
        for one in list_holders(session, unit.id, from_on)
        if one.assignment.role == Role.SECRETARY and one.assignment.user_id != user_id
    ]
    give_role_once(session, user_id, unit, Role.SECRETARY, from_on, actor_id, now)
    for assignment in before:
        end_role(session, assignment, max(from_on, assignment.from_on), actor_id, now)
    return [assignment.user_id for assignment in before]


@dataclass(frozen=True)
class UnitFacts:
    """What the office may correct about a unit."""

    name: str
    code: str | None
    usual_day: int | None


def change_unit(session: Session, unit: Unit, facts: UnitFacts, actor_id: uuid.UUID | None, now: datetime) -> None:
    """Correct name, code and usual day. Raises Refused when the code belongs to another unit."""
    _keep_code_unique(session, facts.code, unit.id)
    name = one_line(facts.name)
    changed = [
        field
        for field, old, new in (
            ("name", unit.name, name),
            ("code", unit.code, facts.code),
            ("usual_day", unit.usual_day, facts.usual_day),
        )
        if old != new
    ]
    unit.name, unit.name_sort, unit.name_search = name, sort_key(name), search_form(name)
    unit.code, unit.usual_day = facts.code, facts.usual_day
    session.flush()
    append(session, now, Fact("unit_changed", "unit", unit.id, actor_id, {"fields": changed}))


def found_checked(session: Session, new: NewUnit, actor_id: uuid.UUID | None, now: datetime) -> Unit:
    """Found a unit by hand. Raises Refused as `check_founding` does."""
    check_founding(session, new)
    return found_unit(session, new, actor_id, now)


def check_founding(session: Session, new: NewUnit) -> None:
    """Raises Refused when the code is taken or the superior is not there on that day."""
    _keep_code_unique(session, new.code, None)
    parent = session.get(Unit, new.parent_id) if new.parent_id else None
    if parent is not None:
        if parent.kind in set(session.scalars(select(UnitKind.code).where(UnitKind.is_cell))):
            raise Refused(N_("Chi bộ không có tổ chức đảng trực thuộc."))
        if parent.closed_on and new.founded_on >= parent.closed_on:
            raise Refused(N_("Ngày này tổ chức đảng cấp trên đã kết thúc hoạt động."))


def _keep_code_unique(session: Session, code: str | None, own_id: uuid.UUID | None) -> None:
    other = session.scalar(select(Unit.id).where(Unit.code == code)) if code else None
    if other is not None and other != own_id:
        raise Refused(N_("Mã này đã dùng cho một tổ chức đảng khác."))


def supervise_from(session: Session, unit: Unit, first_day: date, actor_id: uuid.UUID | None, now: datetime) -> None:
    """Set the first period that counts for a unit and all below it."""
    unit.supervised_from = first_day
    session.flush()
    payload = {"from": first_day.isoformat()}
    append(session, now, Fact("supervised_from_set", "unit", unit.id, actor_id, payload))


def check_closing(session: Session, unit: Unit, closed_on: date, now: datetime) -> None:
    """Raises Refused for a day to come, for the root, for a unit that others still stand under, and for a day before
    its founding."""
    root = find_root(session, local_day(now))
    if root is not None and root.id == unit.id:
        raise Refused(N_("Tổ chức đảng cao nhất trong hệ thống không kết thúc hoạt động ở đây được."))
    if unit.closed_on is not None:
        raise Refused(N_("Tổ chức đảng này đã có ngày kết thúc hoạt động."))
    if closed_on > local_day(now):
        raise Refused(N_("Ngày này chưa đến. Đồng chí hãy ghi khi đến ngày."))
    if closed_on <= unit.founded_on:
        raise Refused(N_("Ngày kết thúc phải sau ngày thành lập."))
    if has_open_units_below(session, unit.id, closed_on):
        raise Refused(N_("Còn tổ chức đảng trực thuộc đang hoạt động. Đồng chí hãy chuyển hoặc kết thúc chúng trước."))


def close_unit(
    session: Session, unit: Unit, closed_on: date, document: str, actor_id: uuid.UUID | None, now: datetime
) -> None:
    """End a unit by a decision; `closed_on` is the first day on which it is no more. Roles and watchers end with it.

    Raises Refused as `check_closing` does.
    """
    check_closing(session, unit, closed_on, now)
    unit.closed_on, unit.merged_by = closed_on, document
    for held in list_holders(session, unit.id, closed_on):
        end_role(session, held.assignment, max(closed_on, held.assignment.from_on), actor_id, now)
    for watcher, _ in list_watchers(session, unit.id, closed_on):
        end_watch(session, watcher, max(closed_on, watcher.from_on), actor_id, now)
    session.flush()
    payload = {"closed_on": closed_on.isoformat(), "document": document}
    append(session, now, Fact("unit_closed", "unit", unit.id, actor_id, payload))


def reopen_unit(session: Session, unit: Unit, actor_id: uuid.UUID | None, now: datetime) -> None:
    """Take back a mistaken closing. Roles and watchers that ended with it are to be given again by hand: who was
    dismissed on the same day for another reason must not come back.

    Raises Refused for a unit that is open, for one that was merged into another, and below one that is closed.
    """
    if unit.closed_on is None:
        raise Refused(N_("Tổ chức đảng này đang hoạt động."))
    if unit.successor_id is not None:
        raise Refused(N_("Tổ chức đảng này đã sáp nhập vào nơi khác, nên không mở lại ở đây được."))
    parent = find_parent(session, unit.id, local_day(now))
    if parent is not None and parent.closed_on is not None:
        raise Refused(N_("Tổ chức đảng cấp trên đã kết thúc hoạt động. Đồng chí hãy mở lại nơi ấy trước."))
    payload = {"closed_on": unit.closed_on.isoformat()}
    unit.closed_on = unit.merged_by = None
    session.flush()
    append(session, now, Fact("unit_reopened", "unit", unit.id, actor_id, payload))


def check_merger(session: Session, units: Sequence[Unit], successor: Unit | NewUnit, on: date, now: datetime) -> None:
    """Raises Refused for a day to come, for units of another nature than the successor, for a new successor that
    cannot be founded, and as `check_closing` does."""
    if on > local_day(now):
        raise Refused(N_("Ngày sáp nhập chưa đến. Đồng chí hãy ghi khi đến ngày."))
    if isinstance(successor, NewUnit):
        check_founding(session, successor)
    elif successor.founded_on > on or successor.closed_on is not None:
        raise Refused(N_("Ngày này tổ chức đảng nhận sáp nhập chưa thành lập hoặc đã kết thúc hoạt động."))
    cells = set(session.scalars(select(UnitKind.code).where(UnitKind.is_cell)))
    for unit in units:
        if isinstance(successor, Unit) and unit.id == successor.id:
            raise Refused(N_("Một tổ chức đảng không sáp nhập vào chính mình được."))
        if (unit.kind in cells) != (successor.kind in cells):
            raise Refused(N_("Chi bộ chỉ sáp nhập vào chi bộ, đảng bộ chỉ sáp nhập vào đảng bộ."))
        check_closing(session, unit, on, now)


def merge_into(
    session: Session,
    units: Sequence[Unit],
    successor: Unit,
    on: date,
    document: str,
    actor_id: uuid.UUID | None,
    now: datetime,
) -> None:
    """End units because they were merged into a successor on a day, by a decision. Roles and watchers end with them.

    Raises Refused as `check_merger` does.
    """
    check_merger(session, units, successor, on, now)
    for unit in units:
        close_unit(session, unit, on, document, actor_id, now)
        unit.successor_id = successor.id
        session.flush()
        payload = {"successor": str(successor.id), "on": on.isoformat()}
        append(session, now, Fact("unit_merged", "unit", unit.id, actor_id, payload))


def rename_kind(session: Session, kind: UnitKind, name: str, actor_id: uuid.UUID | None, now: datetime) -> None:
    """Names of kinds changed often; what is of the kind stays of it."""
    kind.name = one_line(name)
    session.flush()
    append(session, now, Fact("kind_renamed", "unit_kind", uuid.uuid5(uuid.NAMESPACE_OID, kind.code), actor_id))


def add_kind(session: Session, name: str, *, is_cell: bool, actor_id: uuid.UUID | None, now: datetime) -> None:
    """Add a kind of unit; its code comes from the name. Raises Refused when there is one of that name."""
    code = re.sub(r"[^a-z0-9]+", "_", search_form(name)).strip("_")[:32]
    if not code or not insert_if_new(session, UnitKind, {"code": code, "name": one_line(name), "is_cell": is_cell}):
        raise Refused(N_("Đã có loại tổ chức đảng tên như vậy."))
    append(session, now, Fact("kind_added", "unit_kind", uuid.uuid5(uuid.NAMESPACE_OID, code), actor_id))


def add_watcher(
    session: Session, unit_id: uuid.UUID, user_id: uuid.UUID, from_on: date, actor_id: uuid.UUID | None, now: datetime
) -> None:
    """Let a committee member look after a cell from a day on. Raises Refused when they do so already, and for a unit
    that is no more."""
    if session.get_one(Unit, unit_id).closed_on is not None:
        raise Refused(N_("Tổ chức đảng này đã kết thúc hoạt động."))
    if any(user.id == user_id for _, user in list_watchers(session, unit_id, from_on)):
        raise Refused(N_("Đồng chí này đã phụ trách chi bộ rồi."))
    values = {"user_id": user_id, "unit_id": unit_id, "from_on": from_on}
    if not insert_if_new(session, Watcher, {**values, "to_on": None}):
        session.execute(
            update(Watcher).where(*(getattr(Watcher, key) == val for key, val in values.items())).values(to_on=None)
        )
    append(session, now, Fact("watcher_named", "user", user_id, actor_id, {"unit": str(unit_id)}))


def end_watch(session: Session, watcher: Watcher, to_on: date, actor_id: uuid.UUID | None, now: datetime) -> None:
    watcher.to_on = to_on
    session.flush()
    append(session, now, Fact("watch_ended", "user", watcher.user_id, actor_id, {"unit": str(watcher.unit_id)}))


@dataclass(frozen=True)
class TypedPerson:
    """Somebody named by phone number or mail address; the name is needed when they are new."""

    login: str
    name: str


def person_for_role(
    session: Session,
    typed: TypedPerson,
    may_choose: Callable[[uuid.UUID], bool],
    actor_id: uuid.UUID | None,
    now: datetime,
) -> User:
    """The person to whom a role is to be given, added when nobody has this login yet.

    Raises Refused when the login is neither a phone number nor a mail address, when it is somebody's whom the giver
    may not choose, or when the name is another's: a mistyped number must not make a stranger secretary.
    """
    login = normal_login(typed.login)
    if not is_phone(login) and not is_mail(login):
        raise Refused(N_("Đồng chí hãy ghi số điện thoại (10 chữ số) hoặc địa chỉ email."))
    known = find_user_by_login(session, login)
    if known is None:
        if not typed.name:
            raise Refused(N_("Chưa có ai dùng số điện thoại (email) này. Đồng chí hãy ghi thêm họ và tên."))
        new = NewUser(
            login, typed.name, phone=login if is_phone(login) else None, email=None if is_phone(login) else login
        )
        lock_tree(session)  # the same person may be added in two places at once, an import being one of them
        known = find_user_by_login(session, login)
        if known is None:
            return add_user(session, new, actor_id, now)
    if known.disabled_at is not None or not may_choose(known.id):
        raise Refused(N_("Số điện thoại (email) này của một đồng chí ngoài phạm vi. Hãy nhờ văn phòng cấp trên giao."))
    if typed.name and search_form(typed.name) != search_form(known.name):
        raise Refused(N_("Số điện thoại (email) này đang ghi tên khác. Đồng chí hãy kiểm tra lại."))
    return known


def lock_tree(session: Session) -> None:
    """Hold the tree against other writers until the transaction ends. SQLite has one writer at a time anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE unit_parent IN SHARE ROW EXCLUSIVE MODE"))


def move_unit(
    session: Session, unit_id: uuid.UUID, parent_id: uuid.UUID, on: date, actor_id: uuid.UUID | None, now: datetime
) -> None:
    """Put a unit, with all below it, under another parent from a day on. Raises Refused for a circle."""
    move_units(session, {unit_id: parent_id}, on, actor_id, now)


def move_units(
    session: Session,
    moves: Mapping[uuid.UUID, uuid.UUID],
    on: date,
    actor_id: uuid.UUID | None,
    now: datetime,
) -> None:
    """Put units under other parents from a day on, all at once: the tree before and after is looked at, not between.

    `on` is not before the day of an earlier move. Rows that stop counting end that day, those that would end before
    they began go, and those that stay true are left alone. Raises Refused for a circle.
    """
    lock_tree(session)
    within = descendants_of(session, moves)
    known = active_scope(session, within)
    parents = {unit: above for (above, unit), depth in known.items() if depth == 1} | dict(moves)
    outside = active_scope(session, {above for above in parents.values() if above not in within})
    wanted = _scope_within(within, parents, outside)
    ended = [pair for pair, depth in known.items() if wanted.get(pair) != depth]
    begun = [pair for pair, depth in wanted.items() if known.get(pair) != depth]
    _end_rows(session, UnitScope, [UnitScope.ancestor, UnitScope.descendant], ended, on)
    _insert_all(
        session,
        UnitScope,
        [
            {"ancestor": above, "descendant": unit, "from_on": on, "to_on": None, "depth": wanted[above, unit]}
            for above, unit in begun
        ],
    )
    _end_rows(session, UnitParent, [UnitParent.unit_id], [(unit,) for unit in moves], on)
    _insert_all(
        session,
        UnitParent,
        [{"unit_id": unit, "parent_id": above, "from_on": on, "to_on": None} for unit, above in moves.items()],
    )
    append(
        session,
        now,
        *(
            Fact("unit_moved", "unit", unit, actor_id, {"parent": str(above), "on": on.isoformat()})
            for unit, above in moves.items()
        ),
    )


def _scope_within(
    within: set[uuid.UUID],
    parents: Mapping[uuid.UUID, uuid.UUID],
    outside: Mapping[tuple[uuid.UUID, uuid.UUID], int],
) -> dict[tuple[uuid.UUID, uuid.UUID], int]:
    """Who stands how many steps above the units `within`, by their parents and by what stands above these `outside`.

    Raises Refused for a circle.
    """
    lines: dict[uuid.UUID, list[tuple[uuid.UUID, int]]] = {}
    for (higher, unit), depth in outside.items():
        lines.setdefault(unit, []).append((higher, depth))
    wanted: dict[tuple[uuid.UUID, uuid.UUID], int] = {}
    for unit in within:
        wanted[unit, unit] = steps = 0
        above = parents.get(unit)
        while above is not None and above in within:
            steps += 1
            if above == unit or steps > len(within):
                raise Refused(N_("Tổ chức đảng không thể trực thuộc chính mình hoặc cấp dưới của mình."))
            wanted[above, unit] = steps
            above = parents.get(above)
        if above is not None:
            wanted |= {(higher, unit): steps + 1 + depth for higher, depth in lines.get(above, [])}
    return wanted


def _end_rows(
    session: Session,
    model: type[UnitScope] | type[UnitParent],
    key: list[InstrumentedAttribute[uuid.UUID]],
    ended: Sequence[tuple[uuid.UUID, ...]],
    on: date,
) -> None:
    for start in range(0, len(ended), ROWS_AT_A_TIME):
        which = tuple_(*key).in_(ended[start : start + ROWS_AT_A_TIME])
        open_rows = and_(which, model.to_on.is_(None))
        unsynchronized = {"synchronize_session": False}
        session.execute(delete(model).where(open_rows, model.from_on >= on).execution_options(**unsynchronized))
        session.execute(update(model).where(open_rows).values(to_on=on).execution_options(**unsynchronized))


def _insert_all(session: Session, model: type[UnitScope] | type[UnitParent], rows: list[dict[str, object]]) -> None:
    if rows:
        session.execute(insert(model), rows)
