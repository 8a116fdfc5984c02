"""Report links: how long one lives, and how long what it opens."""

from datetime import datetime, timedelta

LINK_AFTER_CLOSING = timedelta(days=7)
SESSION_LONGEST = timedelta(hours=12)


def link_expires_at(closes_at: datetime, now: datetime) -> datetime:
    """A link outlives its period by a week; one that is made later still gets a week."""
    return max(closes_at, now) + LINK_AFTER_CLOSING


def link_alive(expires_at: datetime, revoked_at: datetime | None, now: datetime) -> bool:
    return revoked_at is None and now < expires_at


def session_until(expires_at: datetime, now: datetime) -> datetime:
    """What a link opens ends with the link, and after half a day at the latest."""
    return min(expires_at, now + SESSION_LONGEST)


def report_link_path(token: str) -> str:
    """Where a report link leads, without the host. The token stands in the fragment, which no log sees."""
    return f"/report#{token}"
