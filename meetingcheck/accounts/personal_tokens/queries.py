"""Whom a standing token belongs to."""

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from meetingcheck.accounts.models import PersonalPurpose, PersonalToken, User
from meetingcheck.lib.tokens import token_hash


def find_person_by_token(session: Session, token: str, purpose: PersonalPurpose) -> User | None:
    """The person of a token that still counts for this purpose; nobody who may not sign in any more."""
    return session.scalars(
        select(User)
        .join(PersonalToken, PersonalToken.user_id == User.id)
        .where(
            PersonalToken.token_hash == token_hash(token),
            PersonalToken.purpose == purpose,
            PersonalToken.revoked_at.is_(None),
            User.disabled_at.is_(None),
        )
    ).one_or_none()


def calendar_since(session: Session, user_id: uuid.UUID) -> datetime | None:
    """Since when a person's calendar address counts; None when it is off."""
    return session.scalar(
        select(PersonalToken.created_at).where(
            PersonalToken.user_id == user_id,
            PersonalToken.purpose == PersonalPurpose.CALENDAR,
            PersonalToken.revoked_at.is_(None),
        )
    )
