"""Where one page of the timeline ends and the next begins. Pure."""

import re
import uuid
from dataclasses import dataclass
from datetime import date, datetime, time

WRITTEN = re.compile(r"(\d{8})-(\d{6})-([0-9a-f]{32})-(\d{1,6})-([0-9a-f]{32})", re.ASCII)


@dataclass(frozen=True)
class Place:
    """The last photo of a page, by all that orders the timeline; it stays where it is, whatever comes before it."""

    held_on: date
    begins_at: time
    meeting_id: uuid.UUID
    position: int
    photo_id: uuid.UUID

    def __str__(self) -> str:
        """As it stands in an address."""
        when = f"{self.held_on:%Y%m%d}-{self.begins_at:%H%M%S}"
        return f"{when}-{self.meeting_id.hex}-{self.position}-{self.photo_id.hex}"


def parse_place(text: str) -> Place | None:
    """The place of an address; None for what no page ever made."""
    found = WRITTEN.fullmatch(text)
    if found is None:
        return None
    day, hour, meeting, position, photo = found.groups()
    try:
        begins_at = datetime.strptime(hour, "%H%M%S").time()  # noqa: DTZ007 - an hour of the wall clock, no instant
        held_on = date(int(day[:4]), int(day[4:6]), int(day[6:]))
    except ValueError:
        return None
    return Place(held_on, begins_at, uuid.UUID(meeting), int(position), uuid.UUID(photo))
