"""When somebody hears that what they began was never sent. Pure.

What is not sent may lie on one phone only, and a phone may forget: Safari deletes what a page keeps after seven days
without a visit. So its owner hears of it well before, once.
"""

from datetime import datetime, timedelta

UNTOUCHED = timedelta(days=2)
FORGOTTEN = timedelta(days=30)  # nobody is told of what lies longer than that


def unsent_between(now: datetime) -> tuple[datetime, datetime]:
    """The first and the last UTC instant at which a draft that is spoken of now can have been touched last."""
    return now - FORGOTTEN, now - UNTOUCHED
