"""Forgetting sessions, links, codes, tokens and phones that ended long ago. That they were there stays on record."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from meetingcheck.accounts.models import (
    ApiToken,
    Device,
    Enrolment,
    OneTimeLink,
    PersonalToken,
    SignInFailure,
    UserSession,
)
from meetingcheck.lib.db import write_transaction
from meetingcheck.lib.registries import JobKind

SWEEP_ACCESS = JobKind("accounts.sweep", lane="bulk", every=timedelta(hours=24))
KEEP_ENDED = timedelta(days=30)  # so long somebody may still ask why a link or a phone does not work


def sweep_access(_params: dict[str, Any], now: datetime) -> None:
    """Forget what ended more than 30 days ago. Repeating it changes nothing."""
    before = now - KEEP_ENDED
    for forget in (_forget_sessions, _forget_links_and_codes, _forget_tokens, _forget_phones):
        with write_transaction() as session:
            forget(session, before)


def _forget_sessions(session: Session, before: datetime) -> None:
    """The last session of each person stays: the office sees by it when they were last here."""
    later = aliased(UserSession)
    superseded = select(later.id).where(later.user_id == UserSession.user_id, later.seen_at > UserSession.seen_at)
    session.execute(
        delete(UserSession)
        .where(_ended(before, UserSession.revoked_at, UserSession.expires_at), superseded.exists())
        .execution_options(synchronize_session=False)
    )


def _forget_links_and_codes(session: Session, before: datetime) -> None:
    for model in (OneTimeLink, Enrolment):
        session.execute(delete(model).where(_ended(before, model.used_at, model.revoked_at, model.expires_at)))
    session.execute(delete(SignInFailure).where(SignInFailure.at < before))


def _forget_tokens(session: Session, before: datetime) -> None:
    """A mail's token never ends by itself: mails are kept for years."""
    session.execute(delete(ApiToken).where(_ended(before, ApiToken.revoked_at, ApiToken.expires_at)))
    session.execute(delete(PersonalToken).where(_ended(before, PersonalToken.revoked_at)))


def _forget_phones(session: Session, before: datetime) -> None:
    """A phone goes after its last session."""
    used = select(UserSession.id).where(UserSession.device_id == Device.id)
    session.execute(delete(Device).where(and_(_ended(before, Device.revoked_at), ~used.exists())))


def _ended(
    before: datetime, *ends: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]
) -> ColumnElement[bool]:
    return or_(*(end < before for end in ends))
