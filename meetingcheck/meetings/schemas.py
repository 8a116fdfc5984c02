"""Check-ins and reports as `/api/v1` takes and tells them. The names are those of the form's fields."""

from typing import Any

from meetingcheck.duties.schemas import ObligationTold
from meetingcheck.lib.http.api_schemas import (
    Asked,
    Choice,
    Count,
    Day,
    Error,
    Flag,
    Hour,
    Id,
    Many,
    Moment,
    Part,
    Problems,
    Text,
    Told,
)
from meetingcheck.lib.text import many_lines, one_line
from meetingcheck.meetings.models import DocumentKind, ExtraKind, MeetingState, ScanState, TaskState
from meetingcheck.meetings.models import Verdict as ReviewVerdict
from meetingcheck.meetings.rules import Hint
from meetingcheck.meetings.values import (
    AbsenceReason,
    CheckIn,
    Details,
    GivenTask,
    GroupCounts,
    MeetingForm,
    MemberGroup,
    TaskAnswer,
)
from meetingcheck.photos.schemas import PhotoTold

LONGEST_FIELD = 60_000  # characters; the rule then says in words what is too long for its place
MOST_ROWS = 100  # tasks or answers of one check-in; the rule allows fewer
MOST_COUNTED = 999_999
LINES = ("told_by", "place", "chair", "minute_taker", "topic", "superior")
TEXTS = ("minutes_text", "absent_names", "guests", "resolution_text")
DETAIL_LINES = tuple(name for name in LINES if name != "told_by")
DETAIL_TEXTS = tuple(name for name in TEXTS if name != "minutes_text")
LEFT_OUT = ("exempt", "exempt_present", "away", "suspended")
PARTS = ("present", "absent_with_reason", "absent_without_reason")


def _count(**options: Any) -> Count:
    return Count(high=MOST_COUNTED, **options)


def _maybe() -> Count:
    return _count(allow_none=True, load_default=None)


class GroupCounted(Asked):
    """Members of one group."""

    present = _maybe()
    absent_with_reason = _maybe()
    absent_without_reason = _maybe()


class Groups(Asked):
    """Members counted by group; they add up to the counts of all."""

    official = Part(GroupCounted)
    probationary = Part(GroupCounted)
    temporary = Part(GroupCounted)


class Reasons(Asked):
    """How many were absent for which reason."""

    ill = _count()
    work = _count()
    away = _count()
    family = _count()
    other = _count()


class TaskGiven(Asked):
    """What the resolution asks of whom, until which day."""

    what = Text(LONGEST_FIELD, required=True)
    who = Text(LONGEST_FIELD, load_default="")
    until_on = Day(allow_none=True, load_default=None)


class TaskAnswered(Asked):
    """What became of a task that an earlier meeting gave."""

    task_id = Id(required=True)
    done = Flag(required=True)
    note = Text(LONGEST_FIELD, load_default="")


class CheckInBody(Asked):
    """What is said about a meeting. Everything may be left out of a draft; sending says what is missing."""

    held_on = Day(allow_none=True, load_default=None)
    begins_at = Hour(allow_none=True, load_default=None)
    ends_at = Hour(allow_none=True, load_default=None)
    total = _maybe()
    present = _maybe()
    absent_without_reason = _maybe()
    minutes_text = Text(LONGEST_FIELD, load_default="")
    resolution_made = Flag(allow_none=True, load_default=None)
    told_by = Text(LONGEST_FIELD, load_default="", metadata={"description": "Who of the cell telephoned."})
    place = Text(LONGEST_FIELD, load_default="")
    form = Choice(MeetingForm, allow_none=True, load_default=None)
    absent_with_reason = _maybe()
    exempt = _count(load_default=0)
    exempt_present = _count(load_default=0)
    away = _count(load_default=0)
    suspended = _count(load_default=0)
    groups = Part(Groups, load_default=dict)
    reasons = Part(Reasons, load_default=dict)
    absent_names = Text(
        LONGEST_FIELD,
        allow_none=True,
        load_default="",
        metadata={"description": "Null for whoever may not see them: the cell and its direct superior do."},
    )
    chair = Text(LONGEST_FIELD, load_default="")
    minute_taker = Text(LONGEST_FIELD, load_default="")
    combined = Flag(load_default=False, metadata={"description": "The same sitting held the thematic meeting too."})
    topic = Text(LONGEST_FIELD, load_default="")
    guests = Text(LONGEST_FIELD, load_default="")
    superior = Text(LONGEST_FIELD, load_default="")
    resolution_text = Text(LONGEST_FIELD, load_default="")
    tasks = Many(Part(TaskGiven), most=MOST_ROWS, load_default=list)
    answers = Many(Part(TaskAnswered), most=MOST_ROWS, load_default=list)


def check_in_from(body: dict[str, Any]) -> CheckIn:
    """The check-in that a loaded body describes, as the form's parser would have made it."""
    tasks = [
        GivenTask(one_line(row["what"]), one_line(row["who"]), row["until_on"])
        for row in body["tasks"]
        if one_line(row["what"]) or one_line(row["who"]) or row["until_on"]
    ]
    plain: dict[str, Any] = {
        **{name: one_line(body[name]) for name in DETAIL_LINES},
        **{name: many_lines(body[name] or "") for name in DETAIL_TEXTS},
        **{name: body[name] for name in ("form", "absent_with_reason", "combined", *LEFT_OUT)},
    }
    return CheckIn(
        held_on=body["held_on"],
        begins_at=body["begins_at"],
        ends_at=body["ends_at"],
        total=body["total"],
        present=body["present"],
        absent_without_reason=body["absent_without_reason"],
        minutes_text=many_lines(body["minutes_text"]),
        resolution_made=body["resolution_made"],
        told_by=one_line(body["told_by"]),
        details=Details(
            **plain,
            groups=tuple(
                (group, counts)
                for group in MemberGroup
                if (counts := GroupCounts(**body["groups"].get(group.value, {}))).counted
            ),
            reasons=tuple((reason, body["reasons"][reason]) for reason in AbsenceReason if reason in body["reasons"]),
            tasks=tuple(tasks),
            answers=tuple(TaskAnswer(row["task_id"], row["done"], one_line(row["note"])) for row in body["answers"]),
        ),
    )


def check_in_told(check_in: CheckIn, *, with_names: bool) -> dict[str, Any]:
    """The same the other way round; names of those absent only for those who may see them."""
    details = check_in.details
    plain = {name: getattr(check_in, name) for name in ("held_on", "begins_at", "ends_at", "resolution_made")}
    counts = {name: getattr(check_in, name) for name in ("total", "present", "absent_without_reason", "minutes_text")}
    return {
        **plain,
        **counts,
        "told_by": check_in.told_by,
        **{name: getattr(details, name) for name in (*DETAIL_LINES, *DETAIL_TEXTS, "form", "combined", *LEFT_OUT)},
        "absent_with_reason": details.absent_with_reason,
        "absent_names": details.absent_names if with_names else None,
        "groups": {group.value: {part: getattr(counted, part) for part in PARTS} for group, counted in details.groups},
        "reasons": {reason.value: count for reason, count in details.reasons},
        "tasks": [{"what": task.what, "who": task.who, "until_on": task.until_on} for task in details.tasks],
        "answers": [{"task_id": one.task_id, "done": one.done, "note": one.note} for one in details.answers],
    }


class Filing(Asked):
    """One sending. Repeating it changes nothing; `send` false keeps a draft."""

    client_id = Id(required=True, metadata={"description": "The sender's own UUID of this report."})
    revision = Count(allow_none=True, load_default=None, metadata={"description": "That the sender last saw."})
    send = Flag(load_default=True)
    check_in = Part(CheckInBody, required=True)


class ExtraFiling(Filing):
    extra_kind = Choice(ExtraKind, required=True)


class Correction(Asked):
    revision = Count(required=True, metadata={"description": "That the sender last saw; else nothing is overwritten."})
    send = Flag(load_default=True)
    check_in = Part(CheckInBody, required=True)


class FiledTold(Told):
    outcome = Text(metadata={"description": "filed: the committee has it. saved: a draft."})
    meeting_id = Id()
    state = Choice(MeetingState)
    version = Count(metadata={"description": "Number of the last version that was sent; 0 for none yet."})
    revision = Count()
    receipt = Text(allow_none=True, metadata={"description": "Can be read out on the telephone."})


class FilingProblems(Problems):
    """What could be read is kept as a draft, photos included; `meeting_id` and `revision` are the draft's then."""

    sometimes = frozenset({"meeting_id", "revision"})

    meeting_id = Id()
    revision = Count()


class FilingConflict(Error):
    """Nothing was overwritten: what was sent, and what stands there."""

    reason = Text(
        metadata={"examples": ["changed_meanwhile", "reported_already", "changed_after_sending", "closed", "moved"]}
    )
    meeting_id = Id()
    revision = Count()
    mine = Part(CheckInBody)
    theirs = Part(CheckInBody, allow_none=True)


class Conflict(Error):
    """Something else stands there by now."""

    reason = Text()


class DraftTold(Told):
    """What the person began for a period and did not send."""

    meeting_id = Id()
    client_id = Id()
    revision = Count()
    check_in = Part(CheckInBody)


class PeriodTold(ObligationTold):
    meeting_id = Id(allow_none=True, metadata={"description": "The report that satisfies it."})


class PeriodWithDrafts(PeriodTold):
    drafts = Many(Part(DraftTold))


class Periods(Told):
    items = Many(Part(PeriodTold))
    next = Text(allow_none=True)


class MeetingInList(Told):
    id = Id()
    unit_id = Id()
    obligation_id = Id(allow_none=True)
    extra_kind = Choice(ExtraKind, allow_none=True)
    state = Choice(MeetingState)
    version = Count()
    revision = Count()
    held_on = Day()
    begins_at = Hour()
    ends_at = Hour()
    present = Count()
    base = Count(metadata={"description": "How many had to come."})
    submitted_at = Moment()
    photos = Count()


class Meetings(Told):
    items = Many(Part(MeetingInList))
    next = Text(allow_none=True)


class DocumentTold(Told):
    id = Id()
    kind = Choice(DocumentKind)
    name = Text()
    format = Text(metadata={"examples": ["pdf", "docx"]})
    sha256 = Text()
    size = Count(high=2**53)
    scan = Choice(ScanState)
    received_at = Moment()


class ReviewTold(Told):
    id = Id()
    version = Count()
    verdict = Choice(ReviewVerdict)
    comment = Text(allow_none=True)
    reviewer = Text()
    at = Moment()
    answer_by = Day(allow_none=True)


class TaskTold(Told):
    id = Id()
    what = Text()
    who = Text()
    until_on = Day(allow_none=True)
    state = Choice(TaskState)


class VersionTold(Told):
    """What was said when a report was sent; never changed afterwards."""

    number = Count()
    submitted_at = Moment()
    submitted_by = Text(metadata={"description": "The name of who sent it."})
    check_in = Part(CheckInBody)
    base = Count()
    attendance_tenths = Count(allow_none=True, metadata={"description": "Tenths of a percent, rounded down."})
    minutes = Count(allow_none=True, metadata={"description": "Length in minutes."})
    photos = Many(Part(PhotoTold))
    documents = Many(Part(DocumentTold))


class Versions(Told):
    items = Many(Part(VersionTold))


class MeetingTold(VersionTold):
    """A report as it stands now."""

    id = Id()
    unit_id = Id()
    obligation_id = Id(allow_none=True)
    extra_kind = Choice(ExtraKind, allow_none=True)
    state = Choice(MeetingState)
    revision = Count()
    receipt = Text()
    hints = Many(Choice(Hint), metadata={"description": "What people should look at; never a refusal."})
    satisfied = Many(Part(ObligationTold), metadata={"description": "The periods that it satisfies."})
    tasks_given = Many(Part(TaskTold))
    reviews = Many(Part(ReviewTold))
    voided_at = Moment(allow_none=True)
    void_reason = Text(allow_none=True)


class Voiding(Asked):
    reason = Text(LONGEST_FIELD, required=True)


class Moving(Asked):
    """Where the report belongs: a period, or null for an extra meeting, then of which kind."""

    obligation_id = Id(required=True, allow_none=True)
    extra_kind = Choice(ExtraKind, allow_none=True, load_default=None)


class MovingPhoto(Asked):
    """The report that the photo belongs to."""

    meeting_id = Id(required=True)


class Changed(Told):
    id = Id()
    unit_id = Id()
    obligation_id = Id(allow_none=True)
    extra_kind = Choice(ExtraKind, allow_none=True)
    state = Choice(MeetingState)
    version = Count()
    revision = Count()


class TakenIn(Told):
    meeting_id = Id()
    revision = Count()
    files = Count(metadata={"description": "How many files were taken in now."})


class Answering(Asked):
    """An answer to the version that was seen; `last_answer` is the id of the last answer that was seen."""

    verdict = Choice(ReviewVerdict, required=True)
    version = Count(required=True)
    last_answer = Id(allow_none=True, load_default=None)
    comment = Text(LONGEST_FIELD, load_default="")
    answer_by = Day(allow_none=True, load_default=None)


class Speaking(Asked):
    text = Text(LONGEST_FIELD, required=True)


class RemarkTold(Told):
    id = Id()
    author = Text()
    by_cell = Flag()
    at = Moment()
    text = Text()


class Remarks(Told):
    items = Many(Part(RemarkTold))
    next = Text(allow_none=True)
