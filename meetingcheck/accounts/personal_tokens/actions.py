"""Switching the calendar's address on and off; stopping mail and taking it up again. Callers commit."""

import uuid
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from meetingcheck.accounts.models import PersonalPurpose, PersonalToken, User
from meetingcheck.accounts.personal_tokens.rules import mail_token
from meetingcheck.lib.tokens import new_token, token_hash
from meetingcheck.record.actions import Fact, append


def ensure_mail_token(session: Session, user_id: uuid.UUID, secret_key: str, now: datetime) -> str:
    """The token for a person's mails, the same in all of them, also in those that were sent before."""
    kept = session.scalars(
        select(PersonalToken).where(
            PersonalToken.user_id == user_id,
            PersonalToken.purpose == PersonalPurpose.UNSUBSCRIBE,
            PersonalToken.revoked_at.is_(None),
        )
    )
    for one in kept:
        token = mail_token(secret_key, one.id)
        if one.token_hash == token_hash(token):  # else it was made with a secret key that was replaced since
            return token
    token_id = uuid.uuid4()
    token = mail_token(secret_key, token_id)
    _keep(session, token_id, token, user_id, PersonalPurpose.UNSUBSCRIBE, now)
    return token


def switch_calendar_on(session: Session, user_id: uuid.UUID, now: datetime) -> str:
    """The token of a new calendar address, which is not kept; the one before ends."""
    switch_calendar_off(session, user_id, user_id, now)
    token = new_token()
    _keep(session, uuid.uuid4(), token, user_id, PersonalPurpose.CALENDAR, now)
    append(session, now, Fact("calendar_switched_on", "user", user_id, user_id))
    return token


def switch_calendar_off(session: Session, user_id: uuid.UUID, actor_id: uuid.UUID | None, now: datetime) -> None:
    ended = session.execute(
        update(PersonalToken)
        .where(
            PersonalToken.user_id == user_id,
            PersonalToken.purpose == PersonalPurpose.CALENDAR,
            PersonalToken.revoked_at.is_(None),
        )
        .values(revoked_at=now)
        .returning(PersonalToken.id)
        .execution_options(synchronize_session=False)
    ).all()
    if ended:
        append(session, now, Fact("calendar_switched_off", "user", user_id, actor_id))


def _keep(
    session: Session, token_id: uuid.UUID, token: str, user_id: uuid.UUID, purpose: PersonalPurpose, now: datetime
) -> None:
    session.add(
        PersonalToken(id=token_id, token_hash=token_hash(token), user_id=user_id, purpose=purpose, created_at=now)
    )
    session.flush()


def stop_mail(session: Session, user_id: uuid.UUID, now: datetime) -> None:
    """No more mail, but what concerns the person's own sign-in; the bell goes on. Twice is once."""
    stopped = session.execute(
        update(User)
        .where(User.id == user_id, User.mail_stopped_at.is_(None))
        .values(mail_stopped_at=now)
        .returning(User.id)
    )
    if stopped.first() is not None:
        append(session, now, Fact("mail_stopped", "user", user_id, user_id))


def take_mail_up(session: Session, user_id: uuid.UUID, now: datetime) -> None:
    """Mail again, from now on."""
    taken_up = session.execute(
        update(User)
        .where(User.id == user_id, User.mail_stopped_at.is_not(None))
        .values(mail_stopped_at=None)
        .returning(User.id)
    )
    if taken_up.first() is not None:
        append(session, now, Fact("mail_taken_up", "user", user_id, user_id))
