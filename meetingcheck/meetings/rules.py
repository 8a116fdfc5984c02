"""What a check-in must say, and what only deserves a hint. Pure."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from meetingcheck.lib.instants import local_day
from meetingcheck.lib.text import N_, has_unsafe_characters
from meetingcheck.meetings.values import (
    LONGEST_LINE,
    LONGEST_MINUTES_TEXT,
    LONGEST_TEXT,
    MOST_MEMBERS,
    MOST_TASKS,
    CheckIn,
    Evidence,
    Expected,
    Field,
    Problem,
)


def check(check_in: CheckIn, evidence: Evidence, expected: Expected, today: date) -> list[Problem]:
    """What stands in the way of sending, in the order of the page."""
    problems = [
        *_check_who_told(check_in, expected),
        *_check_evidence(check_in, evidence, expected),
        *_check_times(check_in, expected, today),
        *_check_counts(check_in),
        *_check_groups(check_in),
        *_check_reasons(check_in, expected),
        *_check_texts(check_in),
        *_check_resolution(check_in),
    ]
    return [one for one in problems if one.field not in check_in.unclear] + _check_unclear(check_in)


def _check_who_told(check_in: CheckIn, expected: Expected) -> list[Problem]:
    if expected.by_telephone and not check_in.told_by:
        return [Problem(Field.TOLD_BY, N_("Đồng chí hãy ghi tên người của chi bộ đã gọi điện báo."))]
    return []


def _check_evidence(check_in: CheckIn, evidence: Evidence, expected: Expected) -> list[Problem]:
    """Evidence that policy does not ask for, or that follows a telephone call, is not waited for. A policy that asks
    for more than one overview gets a hint, not a refusal."""
    if expected.by_telephone:
        return []
    problems = []
    if expected.overviews_asked and evidence.overviews == 0:
        problems.append(Problem(Field.OVERVIEW, N_("Báo cáo cần ít nhất một ảnh toàn cảnh buổi họp.")))
    if (
        expected.minutes_asked
        and not evidence.minutes_pages
        and not evidence.minutes_files
        and not check_in.minutes_text
    ):
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
    else:
        problems += _check_day(check_in.held_on, expected, today)
    if check_in.begins_at is None:
        problems.append(Problem(Field.BEGINS_AT, N_("Đồng chí hãy ghi giờ bắt đầu, ví dụ 19:30.")))
    if check_in.ends_at is None:
        problems.append(Problem(Field.ENDS_AT, N_("Đồng chí hãy ghi giờ kết thúc, ví dụ 21:15.")))
    elif check_in.begins_at is not None and check_in.ends_at <= check_in.begins_at:
        problems.append(Problem(Field.ENDS_AT, N_("Giờ kết thúc phải sau giờ bắt đầu.")))
    return problems


def _check_day(held_on: date, expected: Expected, today: date) -> list[Problem]:
    if held_on > today:
        return [Problem(Field.HELD_ON, N_("Ngày họp này chưa tới. Báo cáo được gửi sau khi đã họp."))]
    if held_on < expected.first_day:
        if expected.period_from is None:
            return [Problem(Field.HELD_ON, N_("Ngày họp này đã quá xa. Đồng chí hãy xem lại năm."))]
        return [
            Problem(Field.HELD_ON, N_("Ngày họp này thuộc kỳ trước. Đồng chí hãy xem lại ngày, hoặc chọn đúng kỳ."))
        ]
    if held_on > expected.latest_day:
        return [Problem(Field.HELD_ON, N_("Ngày họp này thuộc kỳ sau. Đồng chí hãy xem lại ngày, hoặc chọn đúng kỳ."))]
    return []


def base_of(check_in: CheckIn) -> int | None:
    """How many members had to come: all, less the exempt, away and suspended ones, plus exempt ones who came."""
    if check_in.total is None:
        return None
    left_out = check_in.details
    return check_in.total - left_out.exempt - left_out.away - left_out.suspended + left_out.exempt_present


def absent_with_reason_of(check_in: CheckIn) -> int | None:
    """What was said, else what is left of the base; None when it does not follow."""
    if check_in.details.absent_with_reason is not None:
        return check_in.details.absent_with_reason
    base = base_of(check_in)
    if base is None or check_in.present is None or check_in.absent_without_reason is None:
        return None
    rest = base - check_in.present - check_in.absent_without_reason
    return rest if rest >= 0 else None


def _check_counts(check_in: CheckIn) -> list[Problem]:
    problems = []
    total, present, absent = check_in.total, check_in.present, check_in.absent_without_reason
    if total is None or not 1 <= total <= MOST_MEMBERS:
        problems.append(Problem(Field.TOTAL, N_("Đồng chí hãy ghi tổng số đảng viên của chi bộ.")))
        total = None
    left_out = _check_left_out(check_in) if total is not None else []
    problems += left_out
    base = base_of(check_in) if total is not None and not left_out else None
    if present is None or present > MOST_MEMBERS:
        problems.append(Problem(Field.PRESENT, N_("Đồng chí hãy ghi số đảng viên có mặt.")))
        base = None
    elif base is not None and present > base:
        problems.append(Problem(Field.PRESENT, N_("Số có mặt nhiều hơn số phải dự họp. Đồng chí hãy xem lại.")))
        base = None
    if absent is None or absent > MOST_MEMBERS:
        problems.append(
            Problem(Field.ABSENT_WITHOUT_REASON, N_("Đồng chí hãy ghi số vắng không lý do; không có ai thì ghi 0."))
        )
    elif base is not None and present is not None:
        problems += _check_sum(check_in, base, present, absent)
    return problems


def _check_left_out(check_in: CheckIn) -> list[Problem]:
    details, total = check_in.details, check_in.total or 0
    if details.exempt_present > details.exempt:
        return [Problem(Field.EXEMPT_PRESENT, N_("Số được miễn mà vẫn dự không thể nhiều hơn số được miễn sinh hoạt."))]
    if details.exempt + details.away + details.suspended > total:
        return [
            Problem(Field.EXEMPT, N_("Số miễn, đi xa và đình chỉ cộng lại nhiều hơn tổng số. Đồng chí hãy xem lại."))
        ]
    return []


def _check_sum(check_in: CheckIn, base: int, present: int, absent: int) -> list[Problem]:
    """Present and absent make the base."""
    if present + absent > base:
        sentence = N_("Có mặt cộng vắng không lý do nhiều hơn số phải dự họp. Đồng chí hãy xem lại.")
        return [Problem(Field.ABSENT_WITHOUT_REASON, sentence)]
    excused = check_in.details.absent_with_reason
    if excused is not None and present + absent + excused != base:
        sentence = N_("Có mặt cộng vắng chưa bằng số phải dự họp. Đồng chí hãy xem lại, hoặc bỏ trống ô này.")
        return [Problem(Field.ABSENT_WITH_REASON, sentence)]
    return []


def _check_groups(check_in: CheckIn) -> list[Problem]:
    """Members counted by group must add up to the counts above."""
    counted = [counts for _, counts in check_in.details.groups if counts.counted]
    if not counted:
        return []
    excused = absent_with_reason_of(check_in)
    for said, sum_of_groups in (
        (check_in.present, sum(counts.present or 0 for counts in counted)),
        (excused, sum(counts.absent_with_reason or 0 for counts in counted)),
        (check_in.absent_without_reason, sum(counts.absent_without_reason or 0 for counts in counted)),
    ):
        if said is not None and said != sum_of_groups:
            sentence = N_("Số của chính thức, dự bị và sinh hoạt tạm thời cộng lại chưa khớp với các số ở trên.")
            return [Problem(Field.GROUPS, sentence)]
    return []


def _check_reasons(check_in: CheckIn, expected: Expected) -> list[Problem]:
    problems = []
    excused = absent_with_reason_of(check_in)
    if excused is not None and sum(count for _, count in check_in.details.reasons) > excused:
        problems.append(Problem(Field.REASONS, N_("Các lý do cộng lại nhiều hơn số vắng có lý do.")))
    absent = (excused or 0) + (check_in.absent_without_reason or 0)
    if expected.absent_names_asked and absent and not check_in.details.absent_names:
        problems.append(Problem(Field.ABSENT_NAMES, N_("Cấp trên yêu cầu ghi tên đảng viên vắng mặt.")))
    return problems


_LINES = (Field.PLACE, Field.CHAIR, Field.MINUTE_TAKER, Field.TOPIC, Field.SUPERIOR)
_TEXTS = (Field.GUESTS, Field.RESOLUTION_TEXT, Field.ABSENT_NAMES)


def _check_texts(check_in: CheckIn) -> list[Problem]:
    problems = []
    if len(check_in.minutes_text) > LONGEST_MINUTES_TEXT:
        problems.append(
            Problem(Field.MINUTES_TEXT, N_("Nội dung biên bản quá dài. Đồng chí hãy rút gọn, hoặc chụp các trang."))
        )
    lines = {**{name: getattr(check_in.details, name) for name in _LINES}, Field.TOLD_BY: check_in.told_by}
    texts = {name: getattr(check_in.details, name) for name in _TEXTS}
    for name, text in {**lines, **texts}.items():
        if len(text) > (LONGEST_LINE if name in lines else LONGEST_TEXT):
            problems.append(Problem(name, N_("Dòng này dài quá. Đồng chí hãy viết ngắn hơn.")))
        elif has_unsafe_characters(text, allow_newlines=name in texts):
            problems.append(Problem(name, N_("Dòng này có ký tự không dùng được. Đồng chí hãy gõ lại.")))
    if check_in.details.combined and not check_in.details.topic:
        problems.append(Problem(Field.TOPIC, N_("Đồng chí hãy ghi tên chuyên đề đã sinh hoạt.")))
    return problems


def _check_resolution(check_in: CheckIn) -> list[Problem]:
    problems = []
    if check_in.resolution_made is None:
        problems.append(
            Problem(Field.RESOLUTION_MADE, N_("Đồng chí hãy chọn: buổi họp có ra nghị quyết hoặc kết luận hay không."))
        )
    tasks = check_in.details.tasks
    if len(tasks) > MOST_TASKS:
        problems.append(Problem(Field.TASKS, N_("Mỗi báo cáo ghi được nhiều nhất 20 việc.")))
    if any(not task.what for task in tasks):
        problems.append(Problem(Field.TASKS, N_("Có dòng chưa ghi việc gì. Đồng chí hãy ghi việc, hoặc xóa dòng đó.")))
    if any(task.until_on and check_in.held_on and task.until_on < check_in.held_on for task in tasks):
        problems.append(Problem(Field.TASKS, N_("Có việc ghi hạn trước ngày họp. Đồng chí hãy xem lại hạn.")))
    notes = [answer.note for answer in check_in.details.answers]
    if any(map(_unfit, [*(task.what for task in tasks), *(task.who for task in tasks), *notes])):
        problems.append(
            Problem(Field.TASKS, N_("Có dòng dài quá, hoặc có ký tự không dùng được. Đồng chí hãy gõ lại."))
        )
    return problems


def _unfit(line: str) -> bool:
    return len(line) > LONGEST_LINE or has_unsafe_characters(line)


NUMBER_UNCLEAR = N_("Chưa hiểu số này. Đồng chí hãy ghi bằng chữ số, ví dụ 2.")
DAY_UNCLEAR = N_("Chưa hiểu ngày này. Đồng chí hãy ghi ngày, ví dụ 03/11/2026.")
HOUR_UNCLEAR = N_("Chưa hiểu giờ này. Đồng chí hãy ghi giờ, ví dụ 19:30 hoặc 7 giờ tối.")


def _check_unclear(check_in: CheckIn) -> list[Problem]:
    """What was written and not understood; what is required and was not understood has its sentence here, not twice."""
    return [Problem(name, _sentence_for(name)) for name in sorted(check_in.unclear)]


def _sentence_for(name: str) -> str:
    if name in {Field.BEGINS_AT, Field.ENDS_AT}:
        return HOUR_UNCLEAR
    return DAY_UNCLEAR if name == Field.HELD_ON or name.startswith("task_") else NUMBER_UNCLEAR


class Hint(StrEnum):
    """What people should look at; never a refusal."""

    SHORT_MEETING = "short_meeting"
    OUTSIDE_PERIOD = "outside_period"
    ABSENT_WITHOUT_REASON = "absent_without_reason"
    FEW_OVERVIEWS = "few_overviews"
    NO_MINUTES = "no_minutes"


def hints(check_in: CheckIn, evidence: Evidence, expected: Expected) -> list[Hint]:
    """`minimum_minutes` counts for the regular meeting alone, `combined_minutes` when it held the thematic one too."""
    found = []
    length = minutes_between(check_in.begins_at, check_in.ends_at)
    if length is not None and length < minutes_asked(check_in, expected):
        found.append(Hint.SHORT_MEETING)
    if _outside_period(check_in, expected):
        found.append(Hint.OUTSIDE_PERIOD)
    if check_in.absent_without_reason:
        found.append(Hint.ABSENT_WITHOUT_REASON)
    if evidence.overviews < expected.overviews_asked:
        found.append(Hint.FEW_OVERVIEWS)
    if expected.minutes_asked and not (evidence.minutes_pages or evidence.minutes_files or check_in.minutes_text):
        found.append(Hint.NO_MINUTES)
    return found


def _outside_period(check_in: CheckIn, expected: Expected) -> bool:
    if check_in.held_on is None or expected.period_from is None or expected.period_last is None:
        return False
    return not expected.period_from <= check_in.held_on <= expected.period_last


def minutes_asked(check_in: CheckIn, expected: Expected) -> int:
    """The shortest length in minutes that needs no hint."""
    return expected.combined_minutes if check_in.details.combined else expected.minimum_minutes


def minutes_between(begins_at: time | None, ends_at: time | None) -> int | None:
    """Length in minutes on one evening; None when a time is missing or they are the wrong way round."""
    if begins_at is None or ends_at is None or ends_at <= begins_at:
        return None
    day = date(2000, 1, 1)
    return (datetime.combine(day, ends_at) - datetime.combine(day, begins_at)) // timedelta(minutes=1)


def attendance_tenths(present: int, base: int) -> int | None:
    """Attendance in tenths of a percent, rounded down: 89.96% must not look like 90%. No base, no rate."""
    return present * 1000 // base if base > 0 else None


def reported_at_of(sent_at: Sequence[datetime], held_on: date) -> datetime:
    """Since when a report counts for a period: the first of the sendings that claimed it, in their order, that did not
    come before the meeting. What was sent before the day on which the meeting was held did not report it."""
    return next((at for at in sent_at if local_day(at) >= held_on), sent_at[-1])


def meeting_id_of(unit_id: uuid.UUID, author_id: uuid.UUID, client_id: uuid.UUID) -> uuid.UUID:
    """The report's id: the phone's own UUID counts only together with who sends it for which cell."""
    return uuid.uuid5(unit_id, f"{author_id}/{client_id}")


def receipt_code(meeting_id: uuid.UUID) -> str:
    """A short code that can be read out on the telephone."""
    text = meeting_id.hex[:8].upper()
    return f"{text[:4]}-{text[4:]}"


def reordered(present: Sequence[uuid.UUID], wanted: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """`present` with those that `wanted` names in its order, on the places that they have now; the others stay. What
    `wanted` names besides, or twice, does not count."""
    named = [one for one in dict.fromkeys(wanted) if one in set(present)]
    left = iter(named)
    return [next(left) if one in set(named) else one for one in present]
