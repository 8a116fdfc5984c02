"""Who is asking: plain values, so that they outlive the transaction that loaded them."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from flask_login import UserMixin

from meetingcheck.accounts.rules import Privilege


@dataclass(frozen=True)
class Actor(UserMixin):
    """A signed-in person. `token` is the session's, from the cookie; Flask-Login keeps it in place of the user's id.

    `device_id` is the pinned phone on which the session was opened, `proven_at` when they last proved it.
    `limited_to` is an obligation's id when a report link opened the session: then nothing else is in reach.
    `by_token`: a program that showed a token of this person; there is no session then, and never a recent proof.
    """

    user_id: uuid.UUID
    session_id: uuid.UUID
    name: str
    language: str
    token: str
    device_id: uuid.UUID | None = None
    privilege: Privilege = Privilege.ORDINARY
    proven_at: datetime | None = None
    limited_to: uuid.UUID | None = None
    by_token: bool = False

    @property
    def account(self) -> str:
        """For whom a phone keeps what is typed and photographed; a report link's session is kept apart."""
        return f"{self.user_id}.{self.limited_to}" if self.limited_to else str(self.user_id)

    def get_id(self) -> str:
        return self.token
