"""Who is asking: plain values, so that they outlive the transaction that loaded them."""

import uuid
from dataclasses import dataclass

from flask_login import UserMixin


@dataclass(frozen=True)
class Actor(UserMixin):
    """A signed-in person. `token` is the session's, from the cookie; Flask-Login keeps it in place of the user's id."""

    user_id: uuid.UUID
    session_id: uuid.UUID
    name: str
    language: str
    token: str

    def get_id(self) -> str:
        return self.token
