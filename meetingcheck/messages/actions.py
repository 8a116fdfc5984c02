"""Telling people. Callers commit; mail leaves afterwards, by a job."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from meetingcheck.accounts.queries import get_user
from meetingcheck.lib.db import insert_if_new
from meetingcheck.lib.jobs import enqueue
from meetingcheck.lib.registries import JobKind
from meetingcheck.messages.models import Channel, Delivery, DeliveryState, Message
from meetingcheck.messages.rules import next_waking_hour
from meetingcheck.record.actions import Fact, append

# An hour between tries at most, so a hundred tries outlast a mail server that is away for three days.
SEND_MAIL = JobKind("messages.send_mail", lane="alerts", max_attempts=100)


@dataclass(frozen=True)
class News:
    """Something to tell: `kind` names the template <feature>/messages/<name>.txt of the feature that speaks.

    `params` are what the template needs; `key` is unique for one person and one reason. What nobody asked for at this
    moment `can_wait`: its mail does not leave at night. What is about the person's own way in is `essential`: it is
    mailed also to those who stopped mail.
    """

    kind: str
    key: str
    params: Mapping[str, Any]
    can_wait: bool = False
    essential: bool = False


def tell(session: Session, user_id: uuid.UUID, news: News, now: datetime, *, mail_job: JobKind = SEND_MAIL) -> bool:
    """Tell one person, in the app and by mail, where there is an address and mail was not stopped. False when this was
    told before.

    `mail_job` is another kind where the mail says more than may be kept in the message: a token is not stored.
    """
    message_id = uuid.uuid4()
    told = insert_if_new(
        session,
        Message,
        {
            "id": message_id,
            "user_id": user_id,
            "kind": news.kind,
            "key": news.key,
            "params": dict(news.params),
            "created_at": now,
        },
    )
    if not told:
        return False
    user = get_user(session, user_id)
    if user.email and (news.essential or user.mail_stopped_at is None):
        delivery = Delivery(id=uuid.uuid4(), message_id=message_id, channel=Channel.MAIL, state=DeliveryState.WAITING)
        session.add(delivery)
        session.flush()
        leaves_at = next_waking_hour(now) if news.can_wait else now
        params = {"delivery": str(delivery.id), "essential": news.essential}
        enqueue(session, mail_job, params, now, unique_key=f"mail:{delivery.id}", run_at=leaves_at)
    append(session, now, Fact("told", "message", message_id, None, {"user": str(user_id), "kind": news.kind}))
    return True


def mark_sent(session: Session, delivery_id: uuid.UUID, now: datetime) -> None:
    session.execute(
        update(Delivery).where(Delivery.id == delivery_id).values(state=DeliveryState.SENT, sent_at=now, error=None)
    )
    append(session, now, Fact("mail_sent", "delivery", delivery_id))


def mark_refused(session: Session, delivery_id: uuid.UUID, error: str, now: datetime) -> None:
    """The address will never take it: the office page shows it, nobody tries again."""
    session.execute(update(Delivery).where(Delivery.id == delivery_id).values(state=DeliveryState.REFUSED, error=error))
    append(session, now, Fact("mail_refused", "delivery", delivery_id))


def drop_delivery(session: Session, delivery_id: uuid.UUID, now: datetime) -> None:
    """The person stopped mail before it left; the message stays, for the bell."""
    session.execute(delete(Delivery).where(Delivery.id == delivery_id, Delivery.state == DeliveryState.WAITING))
    append(session, now, Fact("mail_dropped", "delivery", delivery_id))


def mark_all_read(session: Session, user_id: uuid.UUID, now: datetime) -> None:
    session.execute(update(Message).where(Message.user_id == user_id, Message.read_at.is_(None)).values(read_at=now))


def mark_read(session: Session, message_ids: Iterable[uuid.UUID], now: datetime) -> None:
    """Messages whose reason the person has seen by other means than the list of messages."""
    session.execute(
        update(Message).where(Message.id.in_(list(message_ids)), Message.read_at.is_(None)).values(read_at=now)
    )


def retry_refused(
    session: Session, delivery_id: uuid.UUID, mail_job: JobKind, actor_id: uuid.UUID | None, now: datetime
) -> bool:
    """Send a refused mail once more, perhaps to an address that was corrected; False when it is not refused."""
    waiting = session.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state == DeliveryState.REFUSED)
        .values(state=DeliveryState.WAITING, error=None)
        .returning(Delivery.id)
    )
    if waiting.first() is None:
        return False
    enqueue(session, mail_job, {"delivery": str(delivery_id)}, now)
    append(session, now, Fact("mail_retried", "delivery", delivery_id, actor_id))
    return True
