"""What is owed, as `/api/v1` tells and takes it."""

from enum import StrEnum

from meetingcheck.duties.exceptions.forms import LONGEST_DOCUMENT, LONGEST_REASON
from meetingcheck.duties.models import ExceptionKind, ExceptionState
from meetingcheck.duties.rules import ObligationState
from meetingcheck.lib.http.api_schemas import Asked, Choice, Day, Id, Many, Moment, Part, Text, Told


class ObligationTold(Told):
    """One meeting owed. Deadlines are exclusive: `due_at` itself is too late."""

    id = Id()
    unit_id = Id()
    series = Text(metadata={"examples": ["regular"]})
    period = Text(metadata={"examples": ["2026-11", "2026-Q4"]})
    state = Choice(ObligationState)
    usual_on = Day()
    planned_on = Day(allow_none=True)
    moved_on = Day(allow_none=True)
    opens_at = Moment()
    due_at = Moment()
    closes_at = Moment()
    reported_at = Moment(allow_none=True)
    excepted_at = Moment(allow_none=True)
    missed_at = Moment(allow_none=True)


class Plan(Asked):
    planned_on = Day(required=True)


class Asking(Asked):
    """The cell did not meet: another day, or without `moved_to` a period that does not count."""

    reason = Text(LONGEST_REASON, required=True)
    moved_to = Day(load_default=None, allow_none=True)


class Setting(Asked):
    """Another day for a period, or without `moved_to` a period that does not count: for a unit and all below it.

    Without `series` it is for all series of that period.
    """

    period = Text(7, required=True, metadata={"examples": ["2026-11", "2026-Q4"]})
    series = Text(load_default=None, allow_none=True)
    moved_to = Day(load_default=None, allow_none=True)
    reason = Text(LONGEST_REASON, required=True)
    document = Text(LONGEST_DOCUMENT, required=True)


class Verdict(StrEnum):
    APPROVE = "approve"
    REFUSE = "refuse"


class Decision(Asked):
    decision = Choice(Verdict, required=True)
    note = Text(LONGEST_REASON, load_default="")
    document = Text(LONGEST_DOCUMENT, load_default="")


class ExceptionTold(Told):
    id = Id()
    unit_id = Id()
    series = Text(allow_none=True, metadata={"description": "None: all series."})
    period = Text()
    kind = Choice(ExceptionKind)
    moved_to = Day(allow_none=True)
    reason = Text()
    document = Text(allow_none=True)
    state = Choice(ExceptionState)
    asked_at = Moment()
    decided_at = Moment(allow_none=True)
    decision = Text(allow_none=True)


class Exceptions(Told):
    items = Many(Part(ExceptionTold))
    next = Text(allow_none=True)
