"""Reading messages and deliveries."""

import uuid
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from meetingcheck.accounts.models import User
from meetingcheck.messages.models import Delivery, DeliveryState, Message

SHOWN = 100


@dataclass(frozen=True)
class MailToSend:
    delivery_id: uuid.UUID
    message: Message
    user: User


def find_mail_to_send(session: Session, delivery_id: uuid.UUID) -> MailToSend | None:
    """A delivery that still waits, with its message and person; None when it is done or the address is gone."""
    row = session.execute(
        select(Message, User)
        .join(Delivery, Delivery.message_id == Message.id)
        .join(User, User.id == Message.user_id)
        .where(
            Delivery.id == delivery_id,
            Delivery.state == DeliveryState.WAITING,
            User.email.is_not(None),
            User.disabled_at.is_(None),
        )
    ).one_or_none()
    return MailToSend(delivery_id, row[0], row[1]) if row else None


def count_unread(session: Session, user_id: uuid.UUID) -> int:
    counted = session.scalar(
        select(func.count()).select_from(Message).where(Message.user_id == user_id, Message.read_at.is_(None))
    )
    return counted or 0


def list_messages(session: Session, user_id: uuid.UUID) -> list[Message]:
    """The latest messages of a person, newest first."""
    return list(
        session.scalars(
            select(Message)
            .where(Message.user_id == user_id)
            .order_by(Message.created_at.desc(), Message.id)
            .limit(SHOWN)
        )
    )


def count_deliveries(session: Session) -> dict[str, int]:
    """Number of mails by state."""
    rows = session.execute(select(Delivery.state, func.count()).group_by(Delivery.state))
    return {state.value: count for state, count in rows}
