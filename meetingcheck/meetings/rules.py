"""What a check-in must say, and what only deserves a hint. Pure: the form and the JSON both parse into `CheckIn`."""

import hashlib
import json
import uuid
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from meetingcheck.lib.text import N_

LONGEST_MINUTES_TEXT = 50_000  # characters
MOST_MEMBERS = 9_999


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


@dataclass(frozen=True)
class CheckIn:
    """What somebody says about a meeting. None stands for what was left out or could not be understood."""

    held_on: date | None
    begins_at: time | None
    ends_at: time | None
    total: int | None
    present: int | None
    absent_without_reason: int | None
    minutes_text: str
    resolution_made: bool | None


@dataclass(frozen=True)
class Evidence:
    """How many photos of each purpose the report has."""

    overviews: int
    minutes_pages: int


@dataclass(frozen=True)
class Expected:
    """What the report is measured against: the period, and the policy's values on the meeting's day.

    `latest_day` is the last on which a meeting may still be this period's: the day on which the period closes.
    """

    period_from: date
    period_last: date
    latest_day: date
    minimum_minutes: int


@dataclass(frozen=True)
class Problem:
    """One sentence at one field, to be translated where it is shown; about one of several files when named."""

    field: Field
    sentence: str
    file_name: str = ""


def check(check_in: CheckIn, evidence: Evidence, expected: Expected, today: date) -> list[Problem]:
    """What stands in the way of sending, in the order of the page."""
    return [
        *_check_evidence(check_in, evidence),
        *_check_times(check_in, expected, today),
        *_check_counts(check_in),
        *_check_texts(check_in),
    ]


def _check_evidence(check_in: CheckIn, evidence: Evidence) -> list[Problem]:
    problems = []
    if evidence.overviews == 0:
        problems.append(Problem(Field.OVERVIEW, N_("Báo cáo cần ít nhất một ảnh toàn cảnh buổi họp.")))
    if evidence.minutes_pages == 0 and not check_in.minutes_text:
        problems.append(
            Problem(
                Field.MINUTES_PAGES, N_("Đồng chí hãy chụp các trang biên bản, hoặc ghi nội dung biên bản bên dưới.")
            )
        )
    return problems


def _check_times(check_in: CheckIn, expected: Expected, today: date) -> list[Problem]:
    problems = []
    if check_in.held_on is None:
        problems.append(Problem(Field.HELD_ON, N_("Đồng chí hãy ghi ngày họp, ví dụ 03/11/2026.")))
    elif check_in.held_on > today:
        problems.append(Problem(Field.HELD_ON, N_("Ngày họp này chưa tới. Báo cáo được gửi sau khi đã họp.")))
    elif check_in.held_on < expected.period_from:
        problems.append(
            Problem(Field.HELD_ON, N_("Ngày họp này thuộc kỳ trước. Đồng chí hãy xem lại ngày, hoặc chọn đúng kỳ."))
        )
    if check_in.held_on is not None and expected.latest_day < check_in.held_on <= today:
        problems.append(
            Problem(Field.HELD_ON, N_("Ngày họp này thuộc kỳ sau. Đồng chí hãy xem lại ngày, hoặc chọn đúng kỳ."))
        )
    if check_in.begins_at is None:
        problems.append(Problem(Field.BEGINS_AT, N_("Đồng chí hãy ghi giờ bắt đầu, ví dụ 19:30.")))
    if check_in.ends_at is None:
        problems.append(Problem(Field.ENDS_AT, N_("Đồng chí hãy ghi giờ kết thúc, ví dụ 21:15.")))
    elif check_in.begins_at is not None and check_in.ends_at <= check_in.begins_at:
        problems.append(Problem(Field.ENDS_AT, N_("Giờ kết thúc phải sau giờ bắt đầu.")))
    return problems


def _check_counts(check_in: CheckIn) -> list[Problem]:
    problems = []
    total, present, absent = check_in.total, check_in.present, check_in.absent_without_reason
    if total is None or not 1 <= total <= MOST_MEMBERS:
        problems.append(Problem(Field.TOTAL, N_("Đồng chí hãy ghi tổng số đảng viên phải dự họp.")))
        total = None
    if present is None or present > MOST_MEMBERS:
        problems.append(Problem(Field.PRESENT, N_("Đồng chí hãy ghi số đảng viên có mặt.")))
    elif total is not None and present > total:
        problems.append(Problem(Field.PRESENT, N_("Số có mặt nhiều hơn tổng số. Đồng chí hãy xem lại.")))
        present = None
    if absent is None or absent > MOST_MEMBERS:
        problems.append(
            Problem(Field.ABSENT_WITHOUT_REASON, N_("Đồng chí hãy ghi số vắng không lý do; không có ai thì ghi 0."))
        )
    elif total is not None and present is not None and present + absent > total:
        problems.append(
            Problem(
                Field.ABSENT_WITHOUT_REASON, N_("Có mặt cộng vắng không lý do nhiều hơn tổng số. Đồng chí hãy xem lại.")
            )
        )
    return problems


def _check_texts(check_in: CheckIn) -> list[Problem]:
    problems = []
    if len(check_in.minutes_text) > LONGEST_MINUTES_TEXT:
        problems.append(
            Problem(Field.MINUTES_TEXT, N_("Nội dung biên bản quá dài. Đồng chí hãy rút gọn, hoặc chụp các trang."))
        )
    if check_in.resolution_made is None:
        problems.append(
            Problem(Field.RESOLUTION_MADE, N_("Đồng chí hãy chọn: buổi họp có ra nghị quyết hoặc kết luận hay không."))
        )
    return problems


class Hint(StrEnum):
    """What people should look at; never a refusal."""

    SHORT_MEETING = "short_meeting"
    OUTSIDE_PERIOD = "outside_period"
    ABSENT_WITHOUT_REASON = "absent_without_reason"


def hints(check_in: CheckIn, expected: Expected) -> list[Hint]:
    found = []
    length = minutes_between(check_in.begins_at, check_in.ends_at)
    if length is not None and length < expected.minimum_minutes:
        found.append(Hint.SHORT_MEETING)
    if check_in.held_on is not None and not expected.period_from <= check_in.held_on <= expected.period_last:
        found.append(Hint.OUTSIDE_PERIOD)
    if check_in.absent_without_reason:
        found.append(Hint.ABSENT_WITHOUT_REASON)
    return found


def minutes_between(begins_at: time | None, ends_at: time | None) -> int | None:
    """Length in minutes on one evening; None when a time is missing or they are the wrong way round."""
    if begins_at is None or ends_at is None or ends_at <= begins_at:
        return None
    day = date(2000, 1, 1)
    return (datetime.combine(day, ends_at) - datetime.combine(day, begins_at)) // timedelta(minutes=1)


def attendance_tenths(present: int, base: int) -> int | None:
    """Attendance in tenths of a percent, rounded down: 89.96% must not look like 90%. No base, no rate."""
    return present * 1000 // base if base > 0 else None


def meeting_id_of(unit_id: uuid.UUID, author_id: uuid.UUID, client_id: uuid.UUID) -> uuid.UUID:
    """The report's id: the phone's own UUID counts only together with who sends it for which cell."""
    return uuid.uuid5(unit_id, f"{author_id}/{client_id}")


def content_sha256(check_in: CheckIn) -> str:
    """What makes two sendings equal."""
    canonical = json.dumps(asdict(check_in), sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def receipt_code(meeting_id: uuid.UUID) -> str:
    """A short code that can be read out on the telephone."""
    text = meeting_id.hex[:8].upper()
    return f"{text[:4]}-{text[4:]}"
