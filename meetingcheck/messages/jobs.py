"""Sending one mail: read, send with no transaction open, then mark it sent.

Killed between sending and marking, it is sent again with the same Message-ID: better twice than never.
"""

import uuid
from datetime import datetime
from typing import Any

from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.mail import MailRefused
from meetingcheck.lib.services import services
from meetingcheck.messages.actions import mark_refused, mark_sent
from meetingcheck.messages.queries import MailToSend, find_mail_to_send
from meetingcheck.messages.texts import mail_of


def send_mail(params: dict[str, Any], now: datetime) -> None:
    """Send one delivery. Raises MailUnavailable when the server cannot take it now; the job is tried again."""
    with read_transaction() as session:
        mail = find_mail_to_send(session, uuid.UUID(params["delivery"]))
    if mail is not None:
        deliver(mail, now)


def deliver(mail: MailToSend, now: datetime) -> None:
    """Send a mail with no transaction open and note what became of it. Raises MailUnavailable."""
    settings = services().settings
    try:
        services().mailer.send(mail_of(mail, settings.mail.sender, settings.public_url))
    except (MailRefused, ValueError) as error:
        with write_transaction() as session:
            mark_refused(session, mail.delivery_id, f"{type(error).__name__} {error}"[:60], now)
        return
    with write_transaction() as session:
        mark_sent(session, mail.delivery_id, now)
