"""Reading people, their sessions, phones, links and second factors."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from meetingcheck.accounts.actor import Actor
from meetingcheck.accounts.models import (
    Authenticator,
    Device,
    Enrolment,
    OneTimeLink,
    Passkey,
    SignInFailure,
    User,
    UserSession,
)
from meetingcheck.accounts.rules import (
    FAILURE_WINDOW,
    SESSION_IDLE,
    TOUCH_AFTER,
    Privilege,
    SessionFacts,
    session_alive,
)
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.tokens import token_hash


class PrivilegeOf(Protocol):
    """How privileged a person is today; given from outside, because roles are not known here."""

    def __call__(self, session: Session, user_id: uuid.UUID, today: date) -> Privilege: ...


# --- people


def find_user_by_login(session: Session, login: str) -> User | None:
    """The person with this login in its normal form, disabled ones included."""
    return session.scalars(select(User).where(User.login == login)).one_or_none()


def find_user(session: Session, user_id: uuid.UUID) -> User | None:
    return session.scalars(select(User).where(User.id == user_id)).one_or_none()


def get_user(session: Session, user_id: uuid.UUID) -> User:
    """Raises NoResultFound when there is no such person."""
    return session.scalars(select(User).where(User.id == user_id)).one()


def is_founder(session: Session, user_id: uuid.UUID) -> bool:
    """Whether `create-admin` named this person before there was any unit, so that they may set the system up."""
    founded = session.scalar(
        select(User.founder_at).where(User.id == user_id, User.founder_at.is_not(None), User.disabled_at.is_(None))
    )
    return founded is not None


# --- sessions


def find_actor(session: Session, token: str, privilege_of: PrivilegeOf, now: datetime) -> tuple[Actor | None, bool]:
    """Who a session's token stands for, and whether the session's last use should be noted."""
    row = session.execute(
        select(UserSession, User)
        .join(User, User.id == UserSession.user_id)
        .outerjoin(Device, Device.id == UserSession.device_id)
        .where(
            UserSession.token_hash == token_hash(token),
            User.disabled_at.is_(None),
            or_(UserSession.device_id.is_(None), Device.revoked_at.is_(None)),
        )
    ).one_or_none()
    if row is None:
        return None, False
    found, user = row
    privilege = privilege_of(session, user.id, local_day(now))
    if not session_alive(facts_of(found), privilege, now):
        return None, False
    actor = Actor(
        user.id,
        found.id,
        user.name,
        user.language,
        token,
        found.device_id,
        privilege,
        found.proven_at,
        found.limited_to,
    )
    return actor, now - found.seen_at > TOUCH_AFTER


def facts_of(found: UserSession) -> SessionFacts:
    return SessionFacts(found.seen_at, found.expires_at, found.revoked_at, found.device_id is not None, found.privilege)


def list_sessions(session: Session, user_id: uuid.UUID, now: datetime) -> list[UserSession]:
    """A person's sessions that still count, the last used first."""
    return list(
        session.scalars(
            select(UserSession)
            .where(
                UserSession.user_id == user_id,
                UserSession.limited_to.is_(None),
                UserSession.revoked_at.is_(None),
                UserSession.expires_at > now,
                or_(UserSession.device_id.is_not(None), UserSession.seen_at > now - SESSION_IDLE),
            )
            .order_by(UserSession.seen_at.desc(), UserSession.id)
        )
    )


# --- failures


def count_recent_failures(session: Session, login_hash: str, now: datetime) -> int:
    """Failed attempts for a login within the window."""
    counted = session.scalar(
        select(func.count())
        .select_from(SignInFailure)
        .where(SignInFailure.login_hash == login_hash, SignInFailure.at > now - FAILURE_WINDOW)
    )
    return counted or 0


# --- the second factor


@dataclass(frozen=True)
class Factors:
    """What a person can prove themselves with besides the password."""

    secret: bytes | None  # of the authenticator app, sealed
    passkeys: Sequence[Passkey]

    def __bool__(self) -> bool:
        return self.secret is not None or bool(self.passkeys)

    @property
    def credential_ids(self) -> list[bytes]:
        return [passkey.credential_id for passkey in self.passkeys]


def factors_of(session: Session, user_id: uuid.UUID) -> Factors:
    secret = session.scalar(
        select(Authenticator.secret).where(Authenticator.user_id == user_id, Authenticator.confirmed_at.is_not(None))
    )
    passkeys = session.scalars(
        select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.created_at, Passkey.id)
    )
    return Factors(secret, list(passkeys))


# --- links, phones, enrolments


def find_usable_link(session: Session, token: str, now: datetime) -> tuple[OneTimeLink, User] | None:
    """The link of a token and its person, when it can still be used."""
    row = session.execute(
        select(OneTimeLink, User)
        .join(User, User.id == OneTimeLink.user_id)
        .where(
            OneTimeLink.token_hash == token_hash(token),
            OneTimeLink.used_at.is_(None),
            OneTimeLink.revoked_at.is_(None),
            OneTimeLink.expires_at > now,
            User.disabled_at.is_(None),
        )
    ).one_or_none()
    return (row[0], row[1]) if row else None


def find_device(session: Session, token: str) -> tuple[Device, User] | None:
    """The pinned phone that holds this token, and its person; None when it was unpinned or the person disabled."""
    row = session.execute(
        select(Device, User)
        .join(User, User.id == Device.user_id)
        .where(Device.token_hash == token_hash(token), Device.revoked_at.is_(None), User.disabled_at.is_(None))
    ).one_or_none()
    return (row[0], row[1]) if row else None


def list_devices(session: Session, user_id: uuid.UUID) -> list[Device]:
    """A person's pinned phones, the last used first."""
    return list(
        session.scalars(
            select(Device)
            .where(Device.user_id == user_id, Device.revoked_at.is_(None))
            .order_by(Device.seen_at.desc(), Device.id)
        )
    )


def find_enrolment(session: Session, hashes: Sequence[str]) -> tuple[Enrolment, User] | None:
    """The enrolment whose token or code has one of these hashes, used and ended ones included."""
    row = session.execute(
        select(Enrolment, User)
        .join(User, User.id == Enrolment.user_id)
        .where(or_(Enrolment.token_hash.in_(hashes), Enrolment.code_hash.in_(hashes)))
    ).one_or_none()
    return (row[0], row[1]) if row else None
