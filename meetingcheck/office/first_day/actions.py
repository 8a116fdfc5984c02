"""Setting up a fresh installation. Callers commit."""

import uuid
from datetime import date, datetime

from sqlalchemy.orm import Session

from meetingcheck.accounts.models import User
from meetingcheck.duties.actions import change_policy
from meetingcheck.duties.jobs import MAKE
from meetingcheck.duties.models import Policy
from meetingcheck.duties.queries import has_obligations
from meetingcheck.duties.series.actions import ensure_default_series
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.jobs import enqueue
from meetingcheck.lib.text import N_
from meetingcheck.messages.actions import News, tell
from meetingcheck.office.first_day.rules import DEFAULT_KINDS, TEST_MAIL
from meetingcheck.office.people.actions import invite_by_mail
from meetingcheck.orgs.actions import NewUnit, Refused, ensure_kind, found_unit, give_role, supervise_from
from meetingcheck.orgs.models import Role, Unit
from meetingcheck.orgs.queries import find_root, list_kinds


def ensure_default_kinds(session: Session) -> None:
    """The kinds that every installation begins with, when there is none yet."""
    if not list_kinds(session):
        for kind in DEFAULT_KINDS:
            ensure_kind(session, kind.code, kind.name, is_cell=kind.is_cell)


def found_the_root(session: Session, new: NewUnit, founder_id: uuid.UUID, now: datetime) -> Unit:
    """Found the first unit and make its founder the administrator. Raises Refused when there is one already."""
    if find_root(session, local_day(now)) is not None:
        raise Refused(N_("Đã có tổ chức đảng cao nhất rồi."))
    root = found_unit(session, new, founder_id, now)
    give_role(session, founder_id, root.id, Role.ADMINISTRATOR, local_day(now), founder_id, now)
    return root


def begin_supervision(session: Session, root: Unit, first_day: date, actor_id: uuid.UUID, now: datetime) -> None:
    """Set the first period that counts. Raises Refused once there are obligations."""
    if has_obligations(session):
        raise Refused(N_("Đã có kỳ sinh hoạt được lập, nên không đổi tháng đầu tiên được nữa."))
    supervise_from(session, root, first_day, actor_id, now)


def set_first_policy(session: Session, policy: Policy, actor_id: uuid.UUID, now: datetime) -> None:
    """The first values in force, and the meetings that all cells owe. Raises Refused."""
    change_policy(session, policy, actor_id, now)
    ensure_default_series(session, policy.from_on)
    enqueue(session, MAKE, {}, now)


def send_test_mail(session: Session, user: User, email: str, now: datetime) -> None:
    """Send a mail to an administrator's own address, which is kept as theirs."""
    user.email = email
    session.flush()
    tell(session, user.id, News(TEST_MAIL, f"test_mail:{uuid.uuid4()}", {}, essential=True), now)


def invite_all(session: Session, people: list[User], actor_id: uuid.UUID, now: datetime) -> int:
    """Invite by mail those who have an address; the number of mails. The others get a sheet."""
    with_address = [user for user in people if user.email]
    for user in with_address:
        invite_by_mail(session, user, actor_id, now)
    return len(with_address)
