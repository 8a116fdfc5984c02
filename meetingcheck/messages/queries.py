"""Reading messages and deliveries."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, String, and_, case, cast, func, or_, select
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


def _matter() -> ColumnElement[str]:
    """What a message is about: unread ones of the same kind that lead to the same page, about the same period where
    they name one, are one matter told again; every other message is a matter of its own."""
    path, period = Message.params["path"].as_string(), Message.params["period"].as_string()
    again = and_(Message.read_at.is_(None), path.is_not(None))
    told = Message.kind + " " + path + " " + func.coalesce(period, "")
    return case((again, told), else_=cast(Message.id, String))


def count_unread(session: Session, user_id: uuid.UUID) -> int:
    """How many matters wait to be read."""
    counted = session.scalar(
        select(func.count(_matter().distinct())).where(Message.user_id == user_id, Message.read_at.is_(None))
    )
    return counted or 0


def list_unread(session: Session, user_ids: Iterable[uuid.UUID], key_prefix: str) -> list[Message]:
    """The unread messages of some people whose key begins with a text of ours, which holds no wildcard."""
    return list(
        session.scalars(
            select(Message).where(
                Message.user_id.in_(list(user_ids)), Message.read_at.is_(None), Message.key.startswith(key_prefix)
            )
        )
    )


def list_messages(session: Session, user_id: uuid.UUID) -> list[list[Message]]:
    """The latest messages of a person by matter, newest first: each with the earlier ones that it stands for."""
    rows = session.execute(
        select(Message, _matter())
        .where(Message.user_id == user_id)
        .order_by(Message.created_at.desc(), Message.id)
        .limit(SHOWN)
    )
    found: dict[str, list[Message]] = {}
    for message, matter in rows:
        found.setdefault(matter, []).append(message)
    return list(found.values())


def list_messages_after(
    session: Session, user_id: uuid.UUID, after: tuple[datetime, uuid.UUID] | None, limit: int
) -> list[Message]:
    """The messages of a person that follow one of them, newest first; the first ones without `after`."""
    found = select(Message).where(Message.user_id == user_id).order_by(Message.created_at.desc(), Message.id)
    if after is not None:
        created_at, message_id = after
        later = and_(Message.created_at == created_at, Message.id > message_id)
        found = found.where(or_(Message.created_at < created_at, later))
    return list(session.scalars(found.limit(limit)))


def count_deliveries(session: Session) -> dict[str, int]:
    """Number of mails by state."""
    rows = session.execute(select(Delivery.state, func.count()).group_by(Delivery.state))
    return {state.value: count for state, count in rows}


@dataclass(frozen=True)
class RefusedMail:
    delivery: Delivery
    message: Message
    user: User


def list_refused(session: Session, limit: int) -> list[RefusedMail]:
    """Mails that an address did not take, the newest first; people who can no longer sign in are left out."""
    rows = session.execute(
        select(Delivery, Message, User)
        .join(Message, Message.id == Delivery.message_id)
        .join(User, User.id == Message.user_id)
        .where(Delivery.state == DeliveryState.REFUSED, User.disabled_at.is_(None))
        .order_by(Message.created_at.desc(), Delivery.id)
        .limit(limit)
    )
    return [RefusedMail(*row) for row in rows]


def find_last_delivery(session: Session, user_id: uuid.UUID, kind: str) -> Delivery | None:
    """What became of the last mail of a kind to a person."""
    return session.scalars(
        select(Delivery)
        .join(Message, Message.id == Delivery.message_id)
        .where(Message.user_id == user_id, Message.kind == kind)
        .order_by(Message.created_at.desc(), Delivery.id)
        .limit(1)
    ).one_or_none()


def find_delivery_kind(session: Session, delivery_id: uuid.UUID) -> str | None:
    """The kind of the message that a delivery carries."""
    return session.scalar(
        select(Message.kind).join(Delivery, Delivery.message_id == Message.id).where(Delivery.id == delivery_id)
    )
