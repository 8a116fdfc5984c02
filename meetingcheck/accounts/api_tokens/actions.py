"""Giving out and ending the tokens by which programs act for a person. Callers commit."""

import uuid
from datetime import datetime

from sqlalchemy import ColumnElement, update
from sqlalchemy.orm import Session

from meetingcheck.accounts.models import ApiToken
from meetingcheck.accounts.rules import API_TOKEN_LASTS
from meetingcheck.lib.text import one_line
from meetingcheck.lib.tokens import new_token, token_hash
from meetingcheck.record.actions import Fact, append

LONGEST_TOKEN_NAME = 80  # characters


def issue_token(session: Session, user_id: uuid.UUID, name: str, now: datetime) -> tuple[str, datetime]:
    """A new token, which is not kept, and when it ends."""
    token = new_token()
    issued = ApiToken(
        id=uuid.uuid4(),
        token_hash=token_hash(token),
        user_id=user_id,
        name=one_line(name)[:LONGEST_TOKEN_NAME],
        created_at=now,
        expires_at=now + API_TOKEN_LASTS,
    )
    session.add(issued)
    session.flush()
    append(session, now, Fact("api_token_issued", "user", user_id, None, {"token": str(issued.id)}))
    return token, issued.expires_at


def note_use(session: Session, token_id: uuid.UUID, now: datetime) -> None:
    session.execute(update(ApiToken).where(ApiToken.id == token_id).values(used_at=now))


def revoke_token(
    session: Session, token_id: uuid.UUID, user_id: uuid.UUID, actor_id: uuid.UUID | None, now: datetime
) -> bool:
    """End a token of this person; False when there is none of that id that still counts."""
    return _revoke(session, actor_id, now, ApiToken.id == token_id, ApiToken.user_id == user_id) > 0


def revoke_tokens_of(session: Session, user_id: uuid.UUID, actor_id: uuid.UUID | None, now: datetime) -> None:
    """End all tokens of a person."""
    _revoke(session, actor_id, now, ApiToken.user_id == user_id)


def _revoke(session: Session, actor_id: uuid.UUID | None, now: datetime, *which: ColumnElement[bool]) -> int:
    ended = session.execute(
        update(ApiToken)
        .where(ApiToken.revoked_at.is_(None), *which)
        .values(revoked_at=now)
        .returning(ApiToken.id, ApiToken.user_id)
        .execution_options(synchronize_session=False)
    ).all()
    facts = (
        Fact("api_token_ended", "user", user_id, actor_id, {"token": str(token_id)}) for token_id, user_id in ended
    )
    append(session, now, *facts)
    return len(ended)
