"""People who can sign in, what they sign in with, their sessions and phones, and failed attempts."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from meetingcheck.accounts.rules import LinkPurpose, Privilege
from meetingcheck.lib.db import Base, enum_type
from meetingcheck.lib.text import search_form

__all__ = ["LinkPurpose", "Privilege"]


def _search_form_of_name(context: Any) -> str:
    """What a new person's name is searched by; whoever changes a name changes this too."""
    return search_form(str(context.get_current_parameters()["name"]))


class User(Base):
    """A person. The login is a phone number or a mail address, kept in one normal form.

    `mail_stopped_at` is when the person asked for no more mail; the bell goes on.
    `founder_at` is when the command `create-admin` named the person before there was any unit to administer.
    """

    __tablename__ = "user_account"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(120), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    name_sort: Mapped[bytes] = mapped_column(index=True)
    name_search: Mapped[str] = mapped_column(String(120), default=_search_form_of_name)
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(20))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(2))
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    mail_stopped_at: Mapped[datetime | None]
    founder_at: Mapped[datetime | None]


class UserSession(Base):
    """One sign-in. The cookie holds the token, this row only its hash; revoking acts on the next request.

    `proven_at` is when the person last proved who they are: grave actions ask for it to be recent. `privilege` is what
    the sign-in was strong enough for; `name` is the browser's, for the list of devices. A session that a report link
    opened is limited to one obligation.
    """

    __tablename__ = "user_session"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    proven_at: Mapped[datetime]
    device_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("device.id"), index=True)
    privilege: Mapped[Privilege] = mapped_column(enum_type(Privilege), default=Privilege.ORDINARY)
    name: Mapped[str] = mapped_column(String(80), default="")
    limited_to: Mapped[uuid.UUID | None]


class OneTimeLink(Base):
    """Lets one person choose a password, once: the first one (invitation) or a new one (reset)."""

    __tablename__ = "one_time_link"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    purpose: Mapped[LinkPurpose] = mapped_column(enum_type(LinkPurpose))
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Authenticator(Base):
    """An authenticator app (TOTP, RFC 6238). The secret is encrypted; `last_step` keeps a code from use twice."""

    __tablename__ = "authenticator"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[bytes]
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(default=0)


class Passkey(Base):
    """A passkey (WebAuthn credential) of a person."""

    __tablename__ = "passkey"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Device(Base):
    """A phone that was pinned by an enrolment code: its cookie holds the token, this row the hash.

    The PIN works only together with this phone; wrong ones make it wait and in the end unpin it.
    """

    __tablename__ = "device"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    pin_hash: Mapped[str | None] = mapped_column(String(200))
    pin_failures: Mapped[int] = mapped_column(default=0)
    pin_wait_until: Mapped[datetime | None]


class Enrolment(Base):
    """A code on a printed sheet that pins one phone for one person and cell, once, within 14 days.

    `code_hash` is of the short code under the QR, for whoever types it by hand.
    """

    __tablename__ = "enrolment"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"))
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class ApiToken(Base):
    """A bearer token for /api/v1: acts for one person, ends after 30 days or when it is revoked."""

    __tablename__ = "api_token"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class PersonalPurpose(StrEnum):
    CALENDAR = "calendar"
    UNSUBSCRIBE = "unsubscribe"


class PersonalToken(Base):
    """A standing token of one person for one purpose: reading the calendar, or stopping mail."""

    __tablename__ = "personal_token"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[PersonalPurpose] = mapped_column(enum_type(PersonalPurpose))
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SignInFailure(Base):
    """A wrong password for a login, known or not; only the login's hash is kept."""

    __tablename__ = "sign_in_failure"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    login_hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]

    __table_args__ = (Index("ix_sign_in_failure_login_hash_at", "login_hash", "at"),)
