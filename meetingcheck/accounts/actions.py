"""Making people, opening and ending sessions. Callers commit."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from meetingcheck.accounts.models import SignInFailure, User, UserSession
from meetingcheck.accounts.rules import FAILURE_WINDOW, SESSION_ABSOLUTE, normal_login
from meetingcheck.lib.text import name_sort_key, one_line
from meetingcheck.lib.tokens import new_token, token_hash
from meetingcheck.record.actions import Fact, append


@dataclass(frozen=True)
class NewUser:
    login: str
    name: str
    password_hash: str | None = None
    email: str | None = None
    phone: str | None = None
    language: str = "vi"


def add_user(session: Session, new: NewUser, actor_id: uuid.UUID | None, now: datetime) -> User:
    """Add a person. Raises IntegrityError at the flush when the login is taken."""
    name = one_line(new.name)
    user = User(
        id=uuid.uuid4(),
        login=normal_login(new.login),
        name=name,
        name_sort=name_sort_key(name),
        email=new.email,
        phone=new.phone,
        password_hash=new.password_hash,
        language=new.language,
        created_at=now,
    )
    session.add(user)
    session.flush()
    append(session, now, Fact("user_added", "user", user.id, actor_id))
    return user


def open_session(session: Session, user_id: uuid.UUID, now: datetime) -> tuple[uuid.UUID, str]:
    """A new session's id and its token, which is not kept."""
    token = new_token()
    opened = UserSession(
        id=uuid.uuid4(),
        token_hash=token_hash(token),
        user_id=user_id,
        created_at=now,
        seen_at=now,
        expires_at=now + SESSION_ABSOLUTE,
        proven_at=now,
    )
    session.add(opened)
    session.flush()
    append(session, now, Fact("signed_in", "session", opened.id, user_id))
    return opened.id, token


def end_session(session: Session, session_id: uuid.UUID, actor_id: uuid.UUID, now: datetime) -> None:
    session.execute(
        update(UserSession).where(UserSession.id == session_id, UserSession.revoked_at.is_(None)).values(revoked_at=now)
    )
    append(session, now, Fact("signed_out", "session", session_id, actor_id))


def touch_session(session: Session, session_id: uuid.UUID, now: datetime) -> None:
    """Note that a session was used."""
    session.execute(update(UserSession).where(UserSession.id == session_id).values(seen_at=now))


def note_failure(session: Session, login_hash: str, now: datetime) -> None:
    """Remember a failed attempt, and forget the old ones of all logins."""
    session.add(SignInFailure(id=uuid.uuid4(), login_hash=login_hash, at=now))
    session.execute(delete(SignInFailure).where(SignInFailure.at < now - FAILURE_WINDOW))


def forget_failures(session: Session, login_hash: str) -> None:
    session.execute(delete(SignInFailure).where(SignInFailure.login_hash == login_hash))


def choose_language(session: Session, user_id: uuid.UUID, language: str) -> None:
    session.execute(update(User).where(User.id == user_id).values(language=language))
