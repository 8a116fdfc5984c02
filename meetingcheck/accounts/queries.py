"""Reading people and sessions."""

import uuid
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from meetingcheck.accounts.actor import Actor
from meetingcheck.accounts.models import SignInFailure, User, UserSession
from meetingcheck.accounts.rules import FAILURE_WINDOW, TOUCH_AFTER, session_alive
from meetingcheck.lib.tokens import token_hash


def find_user_by_login(session: Session, login: str) -> User | None:
    """The person with this login in its normal form, disabled ones included."""
    return session.scalars(select(User).where(User.login == login)).one_or_none()


def get_user(session: Session, user_id: uuid.UUID) -> User:
    """Raises NoResultFound when there is no such person."""
    return session.scalars(select(User).where(User.id == user_id)).one()


def find_actor(session: Session, token: str, now: datetime) -> tuple[Actor | None, bool]:
    """Who a session's token stands for, and whether the session's last use should be noted."""
    row = session.execute(
        select(UserSession, User)
        .join(User, User.id == UserSession.user_id)
        .where(UserSession.token_hash == token_hash(token), User.disabled_at.is_(None))
    ).one_or_none()
    if row is None:
        return None, False
    found, user = row
    if not session_alive(found.created_at, found.seen_at, found.expires_at, found.revoked_at, now):
        return None, False
    return Actor(user.id, found.id, user.name, user.language, token), now - found.seen_at > TOUCH_AFTER


def count_recent_failures(session: Session, login_hash: str, now: datetime) -> int:
    """Failed attempts for a login within the window."""
    counted = session.scalar(
        select(func.count())
        .select_from(SignInFailure)
        .where(SignInFailure.login_hash == login_hash, SignInFailure.at > now - FAILURE_WINDOW)
    )
    return counted or 0
