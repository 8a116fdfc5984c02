"""What the office does for people: correct, let in, keep out, print sheets. Callers commit."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from meetingcheck.accounts.actions import make_enrolment, make_link, revoke_all_access
from meetingcheck.accounts.models import User
from meetingcheck.accounts.queries import find_user_by_login
from meetingcheck.accounts.rules import LinkPurpose, enrolment_path, is_mail, is_phone, link_path
from meetingcheck.lib.registries import JobKind
from meetingcheck.lib.text import N_, name_sort_key, one_line, search_form
from meetingcheck.messages.actions import News, tell
from meetingcheck.office.people.queries import cells_reported_for
from meetingcheck.orgs.actions import Refused, keep_administrator
from meetingcheck.orgs.models import Unit
from meetingcheck.record.actions import Fact, append

INVITATION = "office.invitation"
# The link is made when the mail leaves: a token is never kept, neither in a message nor in a job.
SEND_INVITATION = JobKind("office.send_invitation", lane="alerts", max_attempts=100)


@dataclass(frozen=True)
class PersonFacts:
    """What the office may correct about a person; phone and mail in their normal form, None when there is none."""

    name: str
    phone: str | None
    email: str | None


class SheetKind(StrEnum):
    ENROLMENT = "enrolment"  # pins the phone of somebody who files for a cell
    LINK = "link"  # lets anybody else choose a password


@dataclass(frozen=True)
class Sheet:
    """What is printed for one person. `path` goes into the QR, `code` is typed by hand where there is one."""

    kind: SheetKind
    user: User
    unit: Unit | None
    path: str
    code: str | None


def correct_person(session: Session, user: User, facts: PersonFacts, actor_id: uuid.UUID, now: datetime) -> None:
    """Correct name, phone and mail. Whoever signs in with the number or address that changes, does so with the new
    one. Raises Refused when that is somebody else's, or when nothing would be left to sign in with."""
    login = _login_after(user, facts)
    holder = find_user_by_login(session, login)
    if holder is not None and holder.id != user.id:
        raise Refused(N_("Số điện thoại (email) này đang dùng để đăng nhập của một đồng chí khác."))
    changed = [
        field
        for field, old, new in (
            ("name", user.name, facts.name),
            ("phone", user.phone, facts.phone),
            ("email", user.email, facts.email),
            ("login", user.login, login),
        )
        if old != new
    ]
    user.name, user.phone, user.email, user.login = one_line(facts.name), facts.phone, facts.email, login
    user.name_sort, user.name_search = name_sort_key(user.name), search_form(user.name)
    session.flush()
    append(session, now, Fact("user_changed", "user", user.id, actor_id, {"fields": changed}))


def _login_after(user: User, facts: PersonFacts) -> str:
    if is_phone(user.login) and user.login != facts.phone:
        login = facts.phone or facts.email
    elif is_mail(user.login) and user.login != facts.email:
        login = facts.email or facts.phone
    else:
        return user.login
    if login is None:
        raise Refused(N_("Cần ít nhất một số điện thoại hoặc email để đăng nhập."))
    return login


def disable(session: Session, user: User, actor_id: uuid.UUID, now: datetime) -> None:
    """Keep a person out: nothing that they have works any more. Raises Refused for the last administrator."""
    keep_administrator(session, user.id, now)
    user.disabled_at = now
    session.flush()
    revoke_all_access(session, user.id, actor_id, now)
    append(session, now, Fact("user_disabled", "user", user.id, actor_id))


def make_sheet(session: Session, user: User, actor_id: uuid.UUID, today: date, now: datetime) -> Sheet:
    """A new sheet for a person; sheets printed before for the same purpose end."""
    cells = cells_reported_for(session, user.id, today)
    if cells:
        token, code = make_enrolment(session, user.id, cells[0].id, actor_id, now)
        return Sheet(SheetKind.ENROLMENT, user, cells[0], enrolment_path(token), code)
    return Sheet(SheetKind.LINK, user, None, make_way_in(session, user, actor_id, now), None)


def make_way_in(session: Session, user: User, actor_id: uuid.UUID | None, now: datetime) -> str:
    """The path of a new one-time link: an invitation for the first password, else a reset."""
    purpose = LinkPurpose.RESET if user.password_hash else LinkPurpose.INVITATION
    return link_path(make_link(session, user.id, purpose, actor_id, now))


def invite_by_mail(session: Session, user: User, actor_id: uuid.UUID, now: datetime) -> None:
    """Send a mail with a one-time link to somebody who has an address."""
    key = f"invitation:{user.id}:{uuid.uuid4()}"
    tell(session, user.id, News(INVITATION, key, {}, essential=True), now, mail_job=SEND_INVITATION)
    append(session, now, Fact("invited", "user", user.id, actor_id))
