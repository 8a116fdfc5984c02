"""What a check-in says, as plain values. The form and the JSON both parse into `CheckIn`."""

import uuid
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum

LONGEST_MINUTES_TEXT = 50_000  # characters
LONGEST_TEXT = 5_000  # characters of any other text of several lines
LONGEST_LINE = 200  # characters
MOST_MEMBERS = 9_999
MOST_TASKS = 20


class Field(StrEnum):
    """The places where a sentence can stand; their values are the names of the form's fields."""

    HELD_ON = "held_on"
    BEGINS_AT = "begins_at"
    ENDS_AT = "ends_at"
    TOTAL = "total"
    PRESENT = "present"
    ABSENT_WITHOUT_REASON = "absent_without_reason"
    OVERVIEW = "overview"
    MINUTES_PAGES = "minutes_pages"
    MINUTES_TEXT = "minutes_text"
    RESOLUTION_MADE = "resolution_made"
    # What follows may stay empty, unless policy or the kind of sending asks for it.
    TOLD_BY = "told_by"
    PLACE = "place"
    FORM = "form"
    ABSENT_WITH_REASON = "absent_with_reason"
    EXEMPT = "exempt"
    EXEMPT_PRESENT = "exempt_present"
    AWAY = "away"
    SUSPENDED = "suspended"
    GROUPS = "groups"
    REASONS = "reasons"
    ABSENT_NAMES = "absent_names"
    CHAIR = "chair"
    MINUTE_TAKER = "minute_taker"
    COMBINED = "combined"
    TOPIC = "topic"
    GUESTS = "guests"
    SUPERIOR = "superior"
    RESOLUTION_TEXT = "resolution_text"
    TASKS = "tasks"
    MINUTES_FILE = "minutes_file"
    RESOLUTION_FILE = "resolution_file"
    RESOLUTION_PAGES = "resolution_pages"
    ATTENDANCE_LIST = "attendance_list"


class MeetingForm(StrEnum):
    IN_ROOM = "in_room"
    ONLINE = "online"
    MIXED = "mixed"


class MemberGroup(StrEnum):
    OFFICIAL = "official"
    PROBATIONARY = "probationary"
    TEMPORARY = "temporary"


class AbsenceReason(StrEnum):
    ILL = "ill"
    WORK = "work"
    AWAY = "away"
    FAMILY = "family"
    OTHER = "other"


@dataclass(frozen=True)
class GroupCounts:
    """Members of one group. None for all three: the group was not counted apart."""

    present: int | None = None
    absent_with_reason: int | None = None
    absent_without_reason: int | None = None

    @property
    def counted(self) -> bool:
        return any(count is not None for count in (self.present, self.absent_with_reason, self.absent_without_reason))


@dataclass(frozen=True)
class GivenTask:
    """What the resolution asks of whom, until which day."""

    what: str
    who: str = ""
    until_on: date | None = None


@dataclass(frozen=True)
class TaskAnswer:
    """What became of a task that an earlier meeting gave."""

    task_id: uuid.UUID
    done: bool
    note: str = ""


@dataclass(frozen=True)
class Details:
    """The optional rest of a check-in. Exempt, away and suspended members leave the base; an exempt one who comes
    counts (product.md, "Rules")."""

    place: str = ""
    form: MeetingForm | None = None
    absent_with_reason: int | None = None
    exempt: int = 0
    exempt_present: int = 0
    away: int = 0
    suspended: int = 0
    groups: tuple[tuple[MemberGroup, GroupCounts], ...] = ()
    reasons: tuple[tuple[AbsenceReason, int], ...] = ()
    absent_names: str = ""
    chair: str = ""
    minute_taker: str = ""
    combined: bool = False
    topic: str = ""
    guests: str = ""
    superior: str = ""
    resolution_text: str = ""
    tasks: tuple[GivenTask, ...] = ()
    answers: tuple[TaskAnswer, ...] = ()


@dataclass(frozen=True)
class CheckIn:
    """What somebody says about a meeting. None stands for what was left out or could not be understood.

    `told_by` names who telephoned, when somebody of the committee files for the cell. `unclear` names optional fields
    in which something was written that could not be understood.
    """

    held_on: date | None
    begins_at: time | None
    ends_at: time | None
    total: int | None
    present: int | None
    absent_without_reason: int | None
    minutes_text: str
    resolution_made: bool | None
    details: Details = Details()
    told_by: str = ""
    unclear: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Evidence:
    """How many photos of each purpose, and how many files of minutes, the report has."""

    overviews: int
    minutes_pages: int
    minutes_files: int = 0


@dataclass(frozen=True)
class Expected:
    """What the report is measured against: the period, and the policy's values on the meeting's day.

    `period_from` and `period_last` are None for an extra meeting, which satisfies no period. `first_day` is the first
    on which a meeting may be held for it (earlier than the period when it was moved forward), `latest_day` the last:
    the day on which the period closes. `by_telephone`: somebody of the committee files what the cell told, so that
    photos and minutes may follow later.
    """

    first_day: date
    period_from: date | None
    period_last: date | None
    latest_day: date
    minimum_minutes: int
    combined_minutes: int = 120
    overviews_asked: int = 1
    minutes_asked: bool = True
    absent_names_asked: bool = False
    by_telephone: bool = False


@dataclass(frozen=True)
class Problem:
    """One sentence at one field, to be translated where it is shown; about one of several files when named."""

    field: str
    sentence: str
    file_name: str = ""
