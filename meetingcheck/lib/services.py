"""What the edges of the application work with: settings, clock, object store, mail. Made once for each process."""

from dataclasses import dataclass
from datetime import datetime

from flask import Flask, current_app

from meetingcheck.lib.clock import Clock
from meetingcheck.lib.mail import Mailer, NoMailer
from meetingcheck.lib.settings import Settings
from meetingcheck.lib.storage import Storage

EXTENSION = "meetingcheck.services"


@dataclass(frozen=True)
class Services:
    settings: Settings
    clock: Clock
    storage: Storage
    mailer: Mailer

    def now(self) -> datetime:
        return self.clock()

    @property
    def mails_leave(self) -> bool:
        """Whether a mail server is set; else all mails wait until one is."""
        return not isinstance(self.mailer, NoMailer)


def services_of(app: Flask) -> Services:
    services: Services = app.extensions[EXTENSION]
    return services


def services() -> Services:
    """The services of the current application; for edges only, rules and actions get plain values."""
    return services_of(current_app)
