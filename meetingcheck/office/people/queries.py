"""Finding people: who is in the own subtree, who cannot be reached, who has no way in yet."""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from meetingcheck.accounts.models import Device, Enrolment, OneTimeLink, User, UserSession
from meetingcheck.accounts.rules import is_phone, normal_login
from meetingcheck.lib.text import search_form
from meetingcheck.messages.models import Delivery, DeliveryState, Message
from meetingcheck.orgs.models import Role, RoleAssignment, Unit, UnitKind
from meetingcheck.orgs.queries import find_root, in_force, list_roles, people_below, seen_below

PEOPLE_ON_A_PAGE = 50
PHONE_LENGTH = 10


@dataclass(frozen=True)
class Search:
    """What is looked for: a piece of a name or number, only who cannot be reached, only who has no way in."""

    text: str = ""
    unreachable: bool = False
    without_access: bool = False
    page: int = 1


@dataclass(frozen=True)
class Place:
    """One role as the list of people shows it."""

    role: Role
    unit_id: uuid.UUID
    unit_name: str


@dataclass(frozen=True)
class Found:
    """One page of people, with what they do where, and how many there are in all."""

    people: list[User]
    places: dict[uuid.UUID, list[Place]]
    total: int
    pages: int


def administered_by(session: Session, user_id: uuid.UUID, today: date) -> list[uuid.UUID]:
    """The units of which a person is an administrator today."""
    return [role.unit_id for role in list_roles(session, user_id, today) if role.role == Role.ADMINISTRATOR]


def people_in_reach(session: Session, user_id: uuid.UUID, today: date) -> ColumnElement[bool]:
    """The people whom an administrator may see: all of them at the root, else those with a role in the own subtree."""
    own = administered_by(session, user_id, today)
    root = find_root(session, today)
    if root is not None and root.id in own:
        return User.id.is_not(None)
    return User.id.in_(people_below(own, today))


def find_people(
    session: Session,
    reach: ColumnElement[bool],
    within: Collection[uuid.UUID],
    wanted: Search,
    now: datetime,
    today: date,
) -> Found:
    """One page of the people who match, by their given names; what they do `within` some units is said, what they do
    elsewhere is not the reader's to see."""
    matching = [reach, *_conditions(wanted, now, today)]
    total = session.scalar(select(func.count()).select_from(User).where(*matching)) or 0
    pages = max(1, -(-total // PEOPLE_ON_A_PAGE))
    page = min(max(wanted.page, 1), pages)
    people = list(
        session.scalars(
            select(User)
            .where(*matching)
            .order_by(User.name_sort, User.id)
            .limit(PEOPLE_ON_A_PAGE)
            .offset((page - 1) * PEOPLE_ON_A_PAGE)
        )
    )
    return Found(people, places_of(session, [user.id for user in people], within, today), total, pages)


def _conditions(wanted: Search, now: datetime, today: date) -> list[ColumnElement[bool]]:
    conditions = []
    if wanted.text:
        conditions.append(_matches(wanted.text))
    if wanted.unreachable:
        conditions += [User.disabled_at.is_(None), _unreachable()]
    if wanted.without_access:
        conditions.append(without_access(now, today))
    return conditions


def _matches(text: str) -> ColumnElement[bool]:
    """By name without accents, or by a piece of the number or address."""
    number = normal_login(text)
    return or_(
        User.name_search.contains(search_form(text), autoescape=True),
        User.login.contains(number, autoescape=True),
        User.phone.contains(number if is_phone(number) else "".join(text.split()), autoescape=True),
    )


def _unreachable() -> ColumnElement[bool]:
    """No phone number, and no mail address that takes our mails: the last one refused counts as none."""
    last_mail = (
        select(Delivery.state)
        .join(Message, Message.id == Delivery.message_id)
        .where(Message.user_id == User.id)
        .order_by(Message.created_at.desc(), Delivery.id)
        .limit(1)
        .correlate(User)
        .scalar_subquery()
    )
    has_phone = or_(
        func.length(func.coalesce(User.phone, "")) >= PHONE_LENGTH,
        and_(func.length(User.login) == PHONE_LENGTH, User.login.startswith("0"), ~User.login.contains("@")),
    )
    has_mail = and_(
        func.length(func.coalesce(User.email, "")) > 0,
        func.coalesce(last_mail, DeliveryState.SENT) != DeliveryState.REFUSED,
    )
    return and_(~has_phone, ~has_mail)


def without_access(now: datetime, today: date) -> ColumnElement[bool]:
    """People with a role who have neither password nor phone, nor a link or a code on its way to them."""
    return and_(
        User.disabled_at.is_(None),
        User.password_hash.is_(None),
        ~_exists(Device.user_id, Device.revoked_at.is_(None)),
        ~_exists(OneTimeLink.user_id, *_usable(OneTimeLink, now)),
        ~_exists(Enrolment.user_id, *_usable(Enrolment, now)),
        User.id.in_(
            select(RoleAssignment.user_id).where(in_force(RoleAssignment.from_on, RoleAssignment.to_on, today))
        ),
    )


def _usable(model: type[OneTimeLink] | type[Enrolment], now: datetime) -> list[ColumnElement[bool]]:
    return [model.used_at.is_(None), model.revoked_at.is_(None), model.expires_at > now]


def _exists(owner: InstrumentedAttribute[uuid.UUID], *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return select(owner).where(owner == User.id, *conditions).correlate(User).exists()


def count_without_access(session: Session, now: datetime, today: date) -> int:
    return session.scalar(select(func.count()).select_from(User).where(without_access(now, today))) or 0


def list_without_access(session: Session, reach: ColumnElement[bool], now: datetime, today: date) -> list[User]:
    """People who cannot get in yet, by their given names."""
    return list(
        session.scalars(select(User).where(reach, without_access(now, today)).order_by(User.name_sort, User.id))
    )


def list_people(session: Session, reach: ColumnElement[bool], user_ids: Iterable[uuid.UUID]) -> list[User]:
    """Those of the people who are in reach, by their given names."""
    return list(
        session.scalars(select(User).where(reach, User.id.in_(list(user_ids))).order_by(User.name_sort, User.id))
    )


def places_of(
    session: Session, user_ids: Iterable[uuid.UUID], within: Collection[uuid.UUID], today: date
) -> dict[uuid.UUID, list[Place]]:
    """What people do where today in some units and below them, in alphabetical order."""
    rows = session.execute(
        select(RoleAssignment.user_id, RoleAssignment.role, Unit.id, Unit.name)
        .join(Unit, Unit.id == RoleAssignment.unit_id)
        .where(
            RoleAssignment.user_id.in_(list(user_ids)),
            RoleAssignment.unit_id.in_(seen_below(within, today)),
            in_force(RoleAssignment.from_on, RoleAssignment.to_on, today),
        )
        .order_by(Unit.name_sort, RoleAssignment.role)
    )
    found: dict[uuid.UUID, list[Place]] = {}
    for user_id, role, unit_id, unit_name in rows:
        found.setdefault(user_id, []).append(Place(role, unit_id, unit_name))
    return found


def units_within(
    session: Session, unit_ids: Iterable[uuid.UUID], within: Collection[uuid.UUID], today: date
) -> set[uuid.UUID]:
    """Those of some units that stand in or below others today."""
    which = Unit.id.in_(list(unit_ids)), Unit.id.in_(seen_below(within, today))
    return set(session.scalars(select(Unit.id).where(*which)))


def last_seen(session: Session, user_id: uuid.UUID) -> datetime | None:
    """When a person was last here; None for somebody who never was."""
    return session.scalar(select(func.max(UserSession.seen_at)).where(UserSession.user_id == user_id))


def cells_reported_for(session: Session, user_id: uuid.UUID, today: date) -> list[Unit]:
    """The cells for which a person files reports, in alphabetical order."""
    return list(session.scalars(_reported_for(today).where(RoleAssignment.user_id == user_id)))


def _reported_for(today: date) -> Select[Unit]:
    return (
        select(Unit)
        .join(RoleAssignment, RoleAssignment.unit_id == Unit.id)
        .join(UnitKind, UnitKind.code == Unit.kind)
        .where(
            UnitKind.is_cell,
            RoleAssignment.role.in_([Role.SECRETARY, Role.REPORTER]),
            in_force(RoleAssignment.from_on, RoleAssignment.to_on, today),
        )
        .order_by(Unit.name_sort, Unit.id)
        .distinct()
    )


def count_unreachable(session: Session) -> int:
    """How many people with a way in have neither a number nor a working address."""
    return session.scalar(select(func.count()).select_from(User).where(User.disabled_at.is_(None), _unreachable())) or 0
