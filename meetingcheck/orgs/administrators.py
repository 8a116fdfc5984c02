"""Letting an administrator in from the machine itself, also when the last one is locked out."""

from datetime import datetime

from sqlalchemy.orm import Session

from meetingcheck.accounts.actions import (
    NewUser,
    add_user,
    enable_user,
    forget_second_factors,
    make_link,
    name_founder,
)
from meetingcheck.accounts.queries import find_user_by_login
from meetingcheck.accounts.rules import LinkPurpose, is_mail, is_phone, normal_login
from meetingcheck.lib.instants import local_day
from meetingcheck.orgs.actions import give_role_once
from meetingcheck.orgs.models import Role
from meetingcheck.orgs.queries import find_root, list_roles


def let_administrator_in(session: Session, login: str, name: str | None, now: datetime) -> str:
    """The token of a one-time link for an administrator at the root, who is added if new.

    While there is no unit, the person may found one. One who is there already gets in again whatever was lost: enabled,
    without second factor until the next sign-in sets one up, with a new password.
    """
    login, today = normal_login(login), local_day(now)
    user = find_user_by_login(session, login)
    if user is None:
        phone, email = (login if is_phone(login) else None), (login if is_mail(login) else None)
        user = add_user(session, NewUser(login, name or login, phone=phone, email=email), None, now)
    else:
        enable_user(session, user.id, None, now)
        forget_second_factors(session, user.id, None, now)
    root = find_root(session, today)
    if root is None:
        name_founder(session, user.id, now)
    elif root.id not in {
        held.unit_id for held in list_roles(session, user.id, today) if held.role == Role.ADMINISTRATOR
    }:
        give_role_once(session, user.id, root, Role.ADMINISTRATOR, today, None, now)
    purpose = LinkPurpose.INVITATION if user.password_hash is None else LinkPurpose.RESET
    return make_link(session, user.id, purpose, None, now)
