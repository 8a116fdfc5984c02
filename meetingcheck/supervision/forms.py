"""From the address of a board to its scope."""

import uuid
from collections.abc import Mapping
from datetime import datetime

from meetingcheck.duties.rules import Month
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.text import storable
from meetingcheck.supervision.queries import Scope
from meetingcheck.supervision.rules import parse_filter

FIRST_YEAR, LAST_YEAR = 1930, 2200  # beyond them nothing is reported, and the calendar has an end


def read_month(values: Mapping[str, str], now: datetime, name: str = "month") -> Month:
    """The month that is asked for; this one when none is or nothing can be understood."""
    this_month = Month.of(local_day(now))
    try:
        month = Month.parse(values.get(name, ""))
    except ValueError:
        return this_month
    return month if FIRST_YEAR <= month.year <= LAST_YEAR else this_month


def read_scope(values: Mapping[str, str], committee_id: uuid.UUID, viewer_id: uuid.UUID, now: datetime) -> Scope:
    """Whose board of which month with which filter is asked for."""
    asked = [storable(str(values.get(name, ""))) for name in ("show", "parent", "mine", "q")]
    return Scope(committee_id, read_month(values, now), parse_filter(*asked), viewer_id, now, local_day(now))
