"""From a message to words and to a mail. A template's first line is the title, what follows the blank line the text."""

from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr

from flask import render_template

from meetingcheck.accounts.personal_tokens.rules import mail_page_path, one_click_path
from meetingcheck.lib.i18n import force_locale
from meetingcheck.lib.text import one_line
from meetingcheck.messages.models import Message
from meetingcheck.messages.queries import MailToSend


@dataclass(frozen=True)
class Words:
    title: str
    text: str
    path: str | None


def words_of(message: Message) -> Words:
    """The message in the language of the page or mail being made."""
    feature, _, name = message.kind.partition(".")
    rendered = render_template(f"{feature}/messages/{name}.txt", **message.params)
    title, _, text = rendered.strip().partition("\n")
    return Words(one_line(title), text.strip(), message.params.get("path"))


def mail_of(mail: MailToSend, sender: str, public_url: str, stop_token: str) -> EmailMessage:
    """The mail of a message, in the person's language. The Message-ID is fixed: a second sending is known as such.

    Each mail can be stopped: by the link at its end, and by the mail program itself (RFC 2369, 8058).

    Raises ValueError for an address that is none.
    """
    with force_locale(mail.user.language):
        words = words_of(mail.message)
        body = render_template(
            "messages/mail.txt",
            name=mail.user.name,
            text=words.text,
            link=f"{public_url}{words.path}" if words.path else public_url,
            stop_link=f"{public_url}{mail_page_path(stop_token)}",
        )
    sender_name, sender_address = parseaddr(sender)
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name=sender_name, addr_spec=sender_address)
    message["To"] = Address(display_name=mail.user.name, addr_spec=mail.user.email or "")
    message["Subject"] = words.title
    message["Date"] = mail.message.created_at
    message["Message-ID"] = f"<{mail.delivery_id}@{sender_address.rpartition('@')[2] or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"
    message["List-Unsubscribe"] = f"<{public_url}{one_click_path(stop_token)}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(body)
    return message
