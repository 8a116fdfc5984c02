"""Mail: one SMTP conversation for each message, outside any transaction."""

import smtplib
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Protocol, TextIO

from meetingcheck.lib.outside import ensure_no_transaction
from meetingcheck.lib.settings import MailSettings

TIMEOUT_S = 20
PERMANENT = range(500, 600)


class MailUnavailable(Exception):
    """The mail server cannot take the message now; it will be tried again."""


class MailRefused(Exception):
    """The mail server will never take this message, for instance because the address does not exist."""


class Mailer(Protocol):
    def send(self, message: EmailMessage) -> None:
        """Hand one message over. Raises MailUnavailable or MailRefused; returning means that it was taken."""


class SmtpMailer:
    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings

    def send(self, message: EmailMessage) -> None:
        ensure_no_transaction("SMTP")
        try:
            with self._conversation() as smtp:
                smtp.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _text in error.recipients.values()]
            raise _problem(max(codes, default=0)) from error
        except smtplib.SMTPResponseException as error:
            raise _problem(error.smtp_code) from error
        except (smtplib.SMTPException, OSError) as error:
            raise MailUnavailable(type(error).__name__) from error

    @contextmanager
    def _conversation(self) -> Iterator[smtplib.SMTP]:
        settings = self._settings
        assert settings.host is not None
        if settings.security == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                settings.host, settings.port, timeout=TIMEOUT_S, context=ssl.create_default_context()
            )
        else:
            smtp = smtplib.SMTP(settings.host, settings.port, timeout=TIMEOUT_S)
        with smtp:
            if settings.security == "starttls":
                smtp.starttls(context=ssl.create_default_context())
            if settings.user and settings.password:
                smtp.login(settings.user, settings.password)
            yield smtp


def _problem(code: int) -> Exception:
    """The reply code says whether trying again makes sense (RFC 5321, 4.2.1). Its text may name a person."""
    return MailRefused(f"SMTP {code}") if code in PERMANENT else MailUnavailable(f"SMTP {code}")


class ConsoleMailer:
    """Writes mails to the console: for the demo only, since mails name people."""

    def __init__(self, output: TextIO | None = None) -> None:
        self._output = output

    def send(self, message: EmailMessage) -> None:
        ensure_no_transaction("mail")
        body = message.get_body(("plain",))
        text = body.get_content() if body is not None else ""
        output = self._output or sys.stdout
        output.write(f"--- mail to {message['To']}: {message['Subject']}\n{text}---\n")
        output.flush()


class NoMailer:
    """Stands where no mail server is set: mails wait, and the office's page says so."""

    def send(self, message: EmailMessage) -> None:
        raise MailUnavailable("no mail server is set")


def make_mailer(settings: MailSettings, *, demo: bool) -> Mailer:
    """The mail server that is set; without one the demo writes mails to the console, real use lets them wait."""
    if settings.host:
        return SmtpMailer(settings)
    return ConsoleMailer() if demo else NoMailer()
