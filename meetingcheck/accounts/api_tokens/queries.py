"""Whom a program's token stands for, and which tokens somebody has."""

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from meetingcheck.accounts.actor import Actor
from meetingcheck.accounts.models import ApiToken, User
from meetingcheck.accounts.queries import PrivilegeOf
from meetingcheck.accounts.rules import TOUCH_AFTER
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.tokens import token_hash


def find_actor_by_token(
    session: Session, token: str, privilege_of: PrivilegeOf, now: datetime
) -> tuple[Actor | None, bool]:
    """Who a token stands for, and whether its use should be noted.

    It was given out on the machine itself, so it counts as much as the person's roles of today, without second factor.
    """
    row = session.execute(
        select(ApiToken, User)
        .join(User, User.id == ApiToken.user_id)
        .where(
            ApiToken.token_hash == token_hash(token),
            ApiToken.revoked_at.is_(None),
            ApiToken.expires_at > now,
            User.disabled_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        return None, False
    found, user = row
    privilege = privilege_of(session, user.id, local_day(now))
    actor = Actor(user.id, found.id, user.name, user.language, token="", privilege=privilege, by_token=True)
    return actor, found.used_at is None or now - found.used_at > TOUCH_AFTER


def list_tokens(session: Session, user_id: uuid.UUID, now: datetime) -> list[ApiToken]:
    """A person's tokens that still count, the newest first."""
    return list(
        session.scalars(
            select(ApiToken)
            .where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None), ApiToken.expires_at > now)
            .order_by(ApiToken.created_at.desc(), ApiToken.id)
        )
    )
