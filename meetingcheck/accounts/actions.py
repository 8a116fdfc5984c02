"""Making people; opening and ending sessions, phones, links and codes. Callers commit."""

import hashlib
import secrets
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from meetingcheck.accounts.api_tokens.actions import revoke_tokens_of
from meetingcheck.accounts.factors import NewPasskey
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
from meetingcheck.accounts.personal_tokens.actions import switch_calendar_off
from meetingcheck.accounts.queries import count_recent_failures, find_user_by_login
from meetingcheck.accounts.rules import (
    CODE_ALPHABET,
    CODE_LENGTH,
    ENROLMENT_LASTS,
    FAILURE_WINDOW,
    LINK_LASTS,
    PIN_FAILURES_BEFORE_UNPIN,
    PIN_FAILURES_BEFORE_WAIT,
    PIN_WAIT,
    LinkPurpose,
    Privilege,
    code_for_people,
    is_mail,
    is_phone,
    must_wait,
    normal_login,
    pin_waits,
    session_lasts,
)
from meetingcheck.lib.db import insert_if_new
from meetingcheck.lib.jobs import enqueue
from meetingcheck.lib.registries import JobKind
from meetingcheck.lib.text import name_sort_key, one_line
from meetingcheck.lib.tokens import new_token, token_hash
from meetingcheck.record.actions import Fact, append

ACCESS_CHANGED = JobKind("accounts.access_changed", lane="alerts")
PEOPLE_AT_A_TIME = 500
CODE_HASH_ROUNDS = 10_000  # a code for people is short: some milliseconds each keep a stolen table from being tried out


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


def name_founder(session: Session, user_id: uuid.UUID, now: datetime) -> None:
    """Let a person set the system up while there is no unit yet."""
    session.execute(update(User).where(User.id == user_id).values(founder_at=now))
    append(session, now, Fact("founder_named", "user", user_id))


def enable_user(session: Session, user_id: uuid.UUID, actor_id: uuid.UUID | None, now: datetime) -> None:
    """Let a disabled person in again; nothing happens to others."""
    enabled = session.execute(
        update(User)
        .where(User.id == user_id, User.disabled_at.is_not(None))
        .values(disabled_at=None)
        .returning(User.id)
    )
    if enabled.first() is not None:
        append(session, now, Fact("user_enabled", "user", user_id, actor_id))


class AccessChange(StrEnum):
    """What a person hears of, because it may not have been the person."""

    PASSWORD = "password_changed"  # noqa: S105 - what happened, not a password
    PHONE = "phone_pinned"


def _have_told(session: Session, user_id: uuid.UUID, what: AccessChange, about: uuid.UUID, now: datetime) -> None:
    """Have the person told in the background; telling is a feature to the right."""
    enqueue(session, ACCESS_CHANGED, {"user": str(user_id), "what": what.value, "about": str(about)}, now)


def choose_language(session: Session, user_id: uuid.UUID, language: str) -> None:
    session.execute(update(User).where(User.id == user_id).values(language=language))


def set_password(session: Session, user_id: uuid.UUID, password_hash: str, actor_id: uuid.UUID, now: datetime) -> None:
    """Set a password. Another one in place of one that was there is told to the person: it may be somebody else's."""
    if session.scalar(select(User.password_hash).where(User.id == user_id)) is not None:
        _have_told(session, user_id, AccessChange.PASSWORD, uuid.uuid4(), now)
    session.execute(update(User).where(User.id == user_id).values(password_hash=password_hash))
    append(session, now, Fact("password_set", "user", user_id, actor_id))


def change_login(session: Session, user_id: uuid.UUID, login: str, now: datetime) -> bool:
    """Give a person another login in its normal form, and reach them there; False when somebody else has it."""
    holder = find_user_by_login(session, login)
    if holder is not None and holder.id != user_id:
        return False
    reached = {"phone": login} if is_phone(login) else {"email": login} if is_mail(login) else {}
    session.execute(update(User).where(User.id == user_id).values(login=login, **reached))
    append(session, now, Fact("login_changed", "user", user_id, user_id))
    return True


# --- sessions


def open_session(
    session: Session,
    user_id: uuid.UUID,
    now: datetime,
    *,
    privilege: Privilege = Privilege.ORDINARY,
    device_id: uuid.UUID | None = None,
    name: str = "",
) -> tuple[uuid.UUID, str]:
    """A new session's id and its token, which is not kept."""
    token = new_token()
    opened = UserSession(
        id=uuid.uuid4(),
        token_hash=token_hash(token),
        user_id=user_id,
        created_at=now,
        seen_at=now,
        expires_at=now + session_lasts(privilege, pinned=device_id is not None),
        proven_at=now,
        device_id=device_id,
        privilege=privilege,
        name=name,
    )
    session.add(opened)
    session.flush()
    if device_id is not None:
        session.execute(update(Device).where(Device.id == device_id).values(seen_at=now))
    append(session, now, Fact("signed_in", "session", opened.id, user_id))
    return opened.id, token


def open_limited_session(
    session: Session, user_id: uuid.UUID, obligation_id: uuid.UUID, until: datetime, now: datetime
) -> tuple[uuid.UUID, str]:
    """A session that reaches one obligation only, as a report link opens it; its id and its token."""
    token = new_token()
    opened = UserSession(
        id=uuid.uuid4(),
        token_hash=token_hash(token),
        user_id=user_id,
        created_at=now,
        seen_at=now,
        expires_at=until,
        proven_at=now,
        limited_to=obligation_id,
    )
    session.add(opened)
    session.flush()
    append(session, now, Fact("link_opened", "session", opened.id, user_id, {"obligation": str(obligation_id)}))
    return opened.id, token


def end_session(session: Session, session_id: uuid.UUID, actor_id: uuid.UUID | None, now: datetime) -> None:
    session.execute(
        update(UserSession).where(UserSession.id == session_id, UserSession.revoked_at.is_(None)).values(revoked_at=now)
    )
    append(session, now, Fact("signed_out", "session", session_id, actor_id))


def end_own_session(session: Session, session_id: uuid.UUID, user_id: uuid.UUID, now: datetime) -> bool:
    """End a session of this person; False when there is none of that id that still counts."""
    return _end_sessions(session, now, user_id, UserSession.id == session_id, UserSession.user_id == user_id) > 0


def end_sessions_of(
    session: Session,
    user_id: uuid.UUID,
    actor_id: uuid.UUID | None,
    now: datetime,
    *,
    but: uuid.UUID | None = None,
) -> int:
    """End all sessions of a person, or all but one; the number of sessions ended. Roles that change ask for it."""
    wanted = [UserSession.user_id == user_id]
    if but is not None:
        wanted.append(UserSession.id != but)
    return _end_sessions(session, now, actor_id, *wanted)


def end_sessions_of_all(
    session: Session, user_ids: Collection[uuid.UUID], actor_id: uuid.UUID | None, now: datetime
) -> int:
    """End all sessions of many people at once; the number of sessions ended."""
    listed = sorted(user_ids)
    pieces = [listed[start : start + PEOPLE_AT_A_TIME] for start in range(0, len(listed), PEOPLE_AT_A_TIME)]
    return sum(_end_sessions(session, now, actor_id, UserSession.user_id.in_(piece)) for piece in pieces)


def _end_sessions(session: Session, now: datetime, actor_id: uuid.UUID | None, *wanted: ColumnElement[bool]) -> int:
    ended = session.scalars(
        update(UserSession)
        .where(UserSession.revoked_at.is_(None), *wanted)
        .values(revoked_at=now)
        .returning(UserSession.id)
        .execution_options(synchronize_session=False)
    ).all()
    append(session, now, *(Fact("session_ended", "session", session_id, actor_id) for session_id in ended))
    return len(ended)


def touch_session(session: Session, session_id: uuid.UUID, now: datetime) -> None:
    """Note that a session was used."""
    session.execute(update(UserSession).where(UserSession.id == session_id).values(seen_at=now))


def note_proof(session: Session, session_id: uuid.UUID, now: datetime) -> None:
    """Note that the person of a session has just proved who they are."""
    session.execute(update(UserSession).where(UserSession.id == session_id).values(proven_at=now))


# --- failures


@dataclass(frozen=True)
class Counted:
    """What failures are counted for, as a hash, and how many are allowed within the window."""

    hash: str
    allowed: int


def note_failure(session: Session, login_hash: str, now: datetime) -> None:
    """Remember a failed attempt, and forget the old ones of all logins."""
    session.add(SignInFailure(id=uuid.uuid4(), login_hash=login_hash, at=now))
    session.execute(delete(SignInFailure).where(SignInFailure.at < now - FAILURE_WINDOW))


def begin_attempt(session: Session, counted: Sequence[Counted], now: datetime) -> list[uuid.UUID] | None:
    """Count an attempt as failed before it is looked at, so that many at once are no more than one after another.

    The ids to forget when it succeeds; None when there were too many, which adds none.
    """
    for one in counted:
        _one_after_another(session, one.hash)
    if any(must_wait(count_recent_failures(session, one.hash, now), one.allowed) for one in counted):
        return None
    session.execute(delete(SignInFailure).where(SignInFailure.at < now - FAILURE_WINDOW))
    noted = [SignInFailure(id=uuid.uuid4(), login_hash=one.hash, at=now) for one in counted]
    session.add_all(noted)
    session.flush()
    return [one.id for one in noted]


def _one_after_another(session: Session, name: str) -> None:
    """Let attempts of one name wait for each other until the commit. SQLite has one writer at a time anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def forget_attempt(session: Session, attempt: Sequence[uuid.UUID]) -> None:
    """An attempt was none of guessing after all."""
    session.execute(delete(SignInFailure).where(SignInFailure.id.in_(attempt)))


def forget_failures(session: Session, login_hash: str) -> None:
    session.execute(delete(SignInFailure).where(SignInFailure.login_hash == login_hash))


# --- one-time links


def make_link(
    session: Session, user_id: uuid.UUID, purpose: LinkPurpose, actor_id: uuid.UUID | None, now: datetime
) -> str:
    """The token of a new link, which is not kept; older links of the same purpose end. `rules.link_path` says where."""
    _revoke_links(session, user_id, now, OneTimeLink.purpose == purpose)
    token = new_token()
    link = OneTimeLink(
        id=uuid.uuid4(),
        token_hash=token_hash(token),
        purpose=purpose,
        user_id=user_id,
        created_by=actor_id,
        created_at=now,
        expires_at=now + LINK_LASTS[purpose],
    )
    session.add(link)
    session.flush()
    append(session, now, Fact("link_made", "user", user_id, actor_id, {"link": str(link.id), "purpose": purpose.value}))
    return token


def use_link(session: Session, token: str, password_hash: str, now: datetime) -> User | None:
    """Set the password, end all sessions, links and tokens of the person; None when the link counts no more.

    Of several at the same time, one gets the person.
    """
    user_id = session.scalar(
        update(OneTimeLink)
        .where(
            OneTimeLink.token_hash == token_hash(token),
            OneTimeLink.used_at.is_(None),
            OneTimeLink.revoked_at.is_(None),
            OneTimeLink.expires_at > now,
            OneTimeLink.user_id.in_(select(User.id).where(User.disabled_at.is_(None))),
        )
        .values(used_at=now)
        .returning(OneTimeLink.user_id)
        .execution_options(synchronize_session=False)
    )
    if user_id is None:
        return None
    _revoke_links(session, user_id, now)
    end_sessions_of(session, user_id, user_id, now)
    revoke_tokens_of(session, user_id, user_id, now)
    set_password(session, user_id, password_hash, user_id, now)
    append(session, now, Fact("link_used", "user", user_id, user_id))
    return session.scalars(select(User).where(User.id == user_id).execution_options(populate_existing=True)).one()


def _revoke_links(session: Session, user_id: uuid.UUID, now: datetime, *which: ColumnElement[bool]) -> None:
    session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.user_id == user_id, OneTimeLink.used_at.is_(None), OneTimeLink.revoked_at.is_(None), *which)
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )


# --- the second factor


def keep_authenticator(session: Session, user_id: uuid.UUID, sealed: bytes, step: int, now: datetime) -> None:
    """Keep an authenticator app whose first code was right, in place of an older one."""
    session.execute(delete(Authenticator).where(Authenticator.user_id == user_id))
    session.add(Authenticator(user_id=user_id, secret=sealed, created_at=now, confirmed_at=now, last_step=step))
    session.flush()
    append(session, now, Fact("authenticator_added", "user", user_id, user_id))


def use_code(session: Session, user_id: uuid.UUID, step: int) -> bool:
    """Use up the code of a time step and all before it; False when it was used already."""
    used = session.execute(
        update(Authenticator)
        .where(Authenticator.user_id == user_id, Authenticator.last_step < step)
        .values(last_step=step)
        .returning(Authenticator.user_id)
    )
    return used.first() is not None


def keep_passkey(session: Session, user_id: uuid.UUID, new: NewPasskey, name: str, now: datetime) -> bool:
    """Add a passkey; False when it is known already."""
    passkey_id = uuid.uuid4()
    kept = insert_if_new(
        session,
        Passkey,
        {
            "id": passkey_id,
            "user_id": user_id,
            "credential_id": new.credential_id,
            "public_key": new.public_key,
            "sign_count": new.sign_count,
            "name": name,
            "created_at": now,
        },
    )
    if kept:
        append(session, now, Fact("passkey_added", "user", user_id, user_id, {"passkey": str(passkey_id)}))
    return kept


def use_passkey(session: Session, passkey_id: uuid.UUID, sign_count: int, asked_at: datetime, now: datetime) -> bool:
    """Note a passkey's use; False when it was used since it was asked, which makes this answer a repeated one."""
    used = session.execute(
        update(Passkey)
        .where(Passkey.id == passkey_id, (Passkey.used_at.is_(None)) | (Passkey.used_at < asked_at))
        .values(used_at=now, sign_count=sign_count)
        .returning(Passkey.id)
    )
    return used.first() is not None


def drop_passkey(session: Session, user_id: uuid.UUID, passkey_id: uuid.UUID, now: datetime) -> None:
    session.execute(delete(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user_id))
    append(session, now, Fact("passkey_removed", "user", user_id, user_id, {"passkey": str(passkey_id)}))


def forget_second_factors(session: Session, user_id: uuid.UUID, actor_id: uuid.UUID | None, now: datetime) -> None:
    """The person lost the second factor: all go, all sessions end, and the next sign-in asks for a new one."""
    session.execute(delete(Authenticator).where(Authenticator.user_id == user_id))
    session.execute(delete(Passkey).where(Passkey.user_id == user_id))
    end_sessions_of(session, user_id, actor_id, now)
    append(session, now, Fact("second_factors_removed", "user", user_id, actor_id))


# --- phones


def make_enrolment(
    session: Session, user_id: uuid.UUID, unit_id: uuid.UUID, actor_id: uuid.UUID | None, now: datetime
) -> tuple[str, str]:
    """The token for the QR and the code in groups to print under it; neither is kept.

    Unused older ones for the same person and cell end. `rules.enrolment_path` says what the QR holds.
    """
    _revoke_enrolments(session, user_id, now, Enrolment.unit_id == unit_id)
    token, code = new_token(), new_code()
    enrolment = Enrolment(
        id=uuid.uuid4(),
        token_hash=token_hash(token),
        code_hash=code_hash(code),
        user_id=user_id,
        unit_id=unit_id,
        created_by=actor_id,
        created_at=now,
        expires_at=now + ENROLMENT_LASTS,
    )
    session.add(enrolment)
    session.flush()
    append(session, now, Fact("enrolment_made", "user", user_id, actor_id, {"unit": str(unit_id)}))
    return token, code_for_people(code)


def new_code() -> str:
    """A random code for people, without its dashes."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def code_hash(code: str) -> str:
    """What is stored of a code for people, without its dashes."""
    return hashlib.pbkdf2_hmac("sha256", code.encode(), b"meetingcheck code", CODE_HASH_ROUNDS).hex()


def use_enrolment(session: Session, enrolment_id: uuid.UUID, now: datetime) -> bool:
    """Use an enrolment up; of several at the same time, one gets True."""
    used = session.execute(
        update(Enrolment)
        .where(
            Enrolment.id == enrolment_id,
            Enrolment.used_at.is_(None),
            Enrolment.revoked_at.is_(None),
            Enrolment.expires_at > now,
        )
        .values(used_at=now)
        .returning(Enrolment.id)
        .execution_options(synchronize_session=False)
    )
    return used.first() is not None


def pin_device(session: Session, user_id: uuid.UUID, token: str, name: str, now: datetime) -> uuid.UUID:
    """Pin the phone that holds the token to a person; the device's id."""
    device = Device(
        id=uuid.uuid4(), token_hash=token_hash(token), user_id=user_id, name=name, created_at=now, seen_at=now
    )
    session.add(device)
    session.flush()
    append(session, now, Fact("device_pinned", "device", device.id, user_id))
    _have_told(session, user_id, AccessChange.PHONE, device.id, now)
    return device.id


def unpin_device(session: Session, device_id: uuid.UUID, actor_id: uuid.UUID | None, now: datetime) -> bool:
    """End a phone and its sessions; False when it was ended before."""
    return _unpin(session, actor_id, now, Device.id == device_id) > 0


def unpin_own_device(session: Session, device_id: uuid.UUID, user_id: uuid.UUID, now: datetime) -> bool:
    """End a phone of this person; False when there is none of that id."""
    return _unpin(session, user_id, now, Device.id == device_id, Device.user_id == user_id) > 0


def _unpin(session: Session, actor_id: uuid.UUID | None, now: datetime, *which: ColumnElement[bool]) -> int:
    ended = session.scalars(
        update(Device)
        .where(Device.revoked_at.is_(None), *which)
        .values(revoked_at=now, pin_hash=None)
        .returning(Device.id)
        .execution_options(synchronize_session=False)
    ).all()
    if ended:
        _end_sessions(session, now, actor_id, UserSession.device_id.in_(ended))
    append(session, now, *(Fact("device_unpinned", "device", device_id, actor_id) for device_id in ended))
    return len(ended)


def set_pin(session: Session, device_id: uuid.UUID, user_id: uuid.UUID, pin_hash: str, now: datetime) -> None:
    session.execute(
        update(Device)
        .where(Device.id == device_id, Device.user_id == user_id, Device.revoked_at.is_(None))
        .values(pin_hash=pin_hash, pin_failures=0, pin_wait_until=None)
    )
    append(session, now, Fact("pin_set", "device", device_id, user_id))


def begin_pin_attempt(session: Session, device_id: uuid.UUID, now: datetime) -> bool:
    """Count an attempt as failed before it is looked at; False when the phone must wait or is not pinned any more."""
    device = session.scalars(select(Device).where(Device.id == device_id).with_for_update()).one()
    if device.revoked_at is not None or device.pin_hash is None or pin_waits(device.pin_wait_until, now):
        return False
    if device.pin_failures >= PIN_FAILURES_BEFORE_UNPIN:
        unpin_device(session, device_id, None, now)
        return False
    device.pin_failures += 1
    if device.pin_failures == PIN_FAILURES_BEFORE_WAIT:
        device.pin_wait_until = now + PIN_WAIT
    session.flush()
    return True


def end_pin_attempt(session: Session, device_id: uuid.UUID, now: datetime, *, right: bool) -> None:
    """Forget the failures after the right PIN; after the last wrong one, unpin the phone."""
    if right:
        session.execute(update(Device).where(Device.id == device_id).values(pin_failures=0, pin_wait_until=None))
        return
    failures = session.scalar(select(Device.pin_failures).where(Device.id == device_id)) or 0
    if failures >= PIN_FAILURES_BEFORE_UNPIN:
        unpin_device(session, device_id, None, now)


def _revoke_enrolments(session: Session, user_id: uuid.UUID, now: datetime, *which: ColumnElement[bool]) -> None:
    session.execute(
        update(Enrolment)
        .where(Enrolment.user_id == user_id, Enrolment.used_at.is_(None), Enrolment.revoked_at.is_(None), *which)
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )


def revoke_all_access(session: Session, user_id: uuid.UUID, actor_id: uuid.UUID | None, now: datetime) -> None:
    """A lost phone: the person's phones, sessions, links, enrolment codes, tokens and calendar end. Password and second
    factor stay."""
    _unpin(session, actor_id, now, Device.user_id == user_id)
    end_sessions_of(session, user_id, actor_id, now)
    revoke_tokens_of(session, user_id, actor_id, now)
    switch_calendar_off(session, user_id, actor_id, now)
    _revoke_links(session, user_id, now)
    _revoke_enrolments(session, user_id, now)
    append(session, now, Fact("access_revoked", "user", user_id, actor_id))
