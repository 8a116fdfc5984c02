"""Rules of signing in: the normal form of a login, how long a session lasts, when to wait."""

import re
from datetime import datetime, timedelta

from meetingcheck.lib.text import one_line

SESSION_ABSOLUTE = timedelta(days=14)
SESSION_IDLE = timedelta(days=3)
TOUCH_AFTER = timedelta(minutes=5)
FAILURE_WINDOW = timedelta(minutes=15)
FAILURES_ALLOWED = 10
# A number copied from a phone's contacts comes with invisible marks around it and dashes of all kinds.
PHONE_SEPARATORS = re.compile(r"[\s.\-()\u200b-\u200f\u2010-\u2015\u202a-\u202e\u2060\u2066-\u2069]")
PHONE = re.compile(r"(?:(?:\+|00)?840?|0)([1-9][0-9]{8})")


def normal_login(typed: str) -> str:
    """One form for what people type: mail in lower case; phone as 0xxxxxxxxx whether typed with +84, blanks or dots."""
    text = one_line(typed).lower()
    phone = PHONE.fullmatch(PHONE_SEPARATORS.sub("", text))
    return f"0{phone.group(1)}" if phone else text


def session_alive(
    created_at: datetime, seen_at: datetime, expires_at: datetime, revoked_at: datetime | None, now: datetime
) -> bool:
    """Whether a session still counts. A clock that went back does not end it."""
    return (
        revoked_at is None and now < expires_at and now - seen_at < SESSION_IDLE and now - created_at < SESSION_ABSOLUTE
    )


def must_wait(failures_in_window: int) -> bool:
    """Whether a login has failed so often that it must wait. It ends with the window: never a lasting lock."""
    return failures_in_window >= FAILURES_ALLOWED
