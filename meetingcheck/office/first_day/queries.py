"""How far the setting up has come."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from meetingcheck.accounts.queries import get_user
from meetingcheck.duties.models import Policy
from meetingcheck.duties.queries import list_policies
from meetingcheck.messages.models import Delivery, DeliveryState, Message
from meetingcheck.messages.queries import find_last_delivery
from meetingcheck.office.first_day.rules import TEST_MAIL
from meetingcheck.office.people.queries import count_without_access
from meetingcheck.orgs.models import Unit, UnitKind
from meetingcheck.orgs.queries import find_root


@dataclass(frozen=True)
class FirstDay:
    """What was done of the six steps. `waiting` counts people with a role and no way in yet."""

    root: Unit | None
    kinds: list[UnitKind]  # that the root may be of
    policy: Policy | None
    email: str | None
    test_mail: Delivery | None
    mail_sent: bool
    cells: int
    waiting: int

    @property
    def supervised_from(self) -> date | None:
        return self.root.supervised_from if self.root else None

    @property
    def invited(self) -> bool:
        return self.cells > 0 and self.waiting == 0

    @property
    def steps(self) -> int:
        return len(self._done)

    @property
    def done(self) -> int:
        return sum(self._done)

    @property
    def _done(self) -> tuple[bool, ...]:
        return (
            self.root is not None,
            self.supervised_from is not None,
            self.policy is not None,
            self.mail_sent,
            self.cells > 0,
            self.invited,
        )


def _any_test_mail_sent(session: Session) -> bool:
    """Whether a test mail left once, whoever asked for it."""
    sent = (
        select(Delivery.id)
        .join(Message, Message.id == Delivery.message_id)
        .where(Message.kind == TEST_MAIL, Delivery.state == DeliveryState.SENT)
    )
    return session.scalar(sent.limit(1)) is not None


def load_first_day(session: Session, user_id: uuid.UUID, now: datetime, today: date) -> FirstDay:
    """The state of the steps, for the administrator who looks: the test mail is their own."""
    root = find_root(session, today)
    policies = list_policies(session, root.id) if root else []
    kinds = session.scalars(select(UnitKind).where(~UnitKind.is_cell).order_by(UnitKind.name))
    cells = select(func.count()).select_from(Unit).join(UnitKind, UnitKind.code == Unit.kind).where(UnitKind.is_cell)
    return FirstDay(
        root=root,
        kinds=list(kinds),
        policy=policies[0] if policies else None,
        email=get_user(session, user_id).email,
        test_mail=find_last_delivery(session, user_id, TEST_MAIL),
        mail_sent=_any_test_mail_sent(session),
        cells=session.scalar(cells) or 0,
        waiting=count_without_access(session, now, today),
    )
