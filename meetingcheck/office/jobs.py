"""Mails that carry a one-time link."""

import uuid
from dataclasses import replace
from datetime import datetime
from typing import Any

from meetingcheck.lib.db import write_transaction
from meetingcheck.messages.jobs import deliver
from meetingcheck.messages.models import Message
from meetingcheck.messages.queries import find_mail_to_send
from meetingcheck.office.people.actions import SEND_INVITATION, make_way_in

__all__ = ["SEND_INVITATION", "send_invitation"]


def send_invitation(params: dict[str, Any], now: datetime) -> None:
    """Make the link and send it. Tried again after a failure, it makes a new one, and the earlier one ends."""
    with write_transaction() as session:
        mail = find_mail_to_send(session, uuid.UUID(params["delivery"]))
        path = make_way_in(session, mail.user, None, now) if mail else ""
    if mail is None:
        return
    kept = mail.message
    with_link = Message(id=kept.id, kind=kept.kind, params={**kept.params, "path": path}, created_at=kept.created_at)
    deliver(replace(mail, message=with_link), now)
