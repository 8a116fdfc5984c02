"""Sending one mail: read, send with no transaction open, then mark it sent.

Killed between sending and marking, it is sent again with the same Message-ID: better twice than never.
"""

import uuid
from datetime import datetime
from typing import Any

from meetingcheck.accounts.actions import AccessChange
from meetingcheck.accounts.personal_tokens.actions import ensure_mail_token
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.mail import MailRefused
from meetingcheck.lib.services import services
from meetingcheck.messages.actions import News, drop_delivery, mark_refused, mark_sent, tell
from meetingcheck.messages.queries import MailToSend, find_mail_to_send
from meetingcheck.messages.texts import mail_of

KINDS = {AccessChange.PASSWORD: "accounts.password_changed", AccessChange.PHONE: "accounts.phone_pinned"}


def send_mail(params: dict[str, Any], now: datetime) -> None:
    """Send one delivery. Raises MailUnavailable when the server cannot take it now; the job is tried again."""
    with read_transaction() as session:
        mail = find_mail_to_send(session, uuid.UUID(params["delivery"]))
    if mail is None:
        return
    if mail.user.mail_stopped_at is not None and not params.get("essential"):
        with write_transaction() as session:
            drop_delivery(session, mail.delivery_id, now)
        return
    deliver(mail, now)


def tell_access_changed(params: dict[str, Any], now: datetime) -> None:
    """Tell a person that a password was changed or a phone pinned, in case it was somebody else. Twice is once."""
    what = AccessChange(params["what"])
    news = News(KINDS[what], f"{what.value}:{params['about']}", {}, essential=True)
    with write_transaction() as session:
        tell(session, uuid.UUID(params["user"]), news, now)


def deliver(mail: MailToSend, now: datetime) -> None:
    """Send a mail with no transaction open and note what became of it. Raises MailUnavailable."""
    settings = services().settings
    with write_transaction() as session:
        token = ensure_mail_token(session, mail.user.id, settings.secret_key, now)
    try:
        services().mailer.send(mail_of(mail, settings.mail.sender, settings.public_url, token))
    except (MailRefused, ValueError) as error:
        with write_transaction() as session:
            mark_refused(session, mail.delivery_id, f"{type(error).__name__} {error}"[:60], now)
        return
    with write_transaction() as session:
        mark_sent(session, mail.delivery_id, now)
