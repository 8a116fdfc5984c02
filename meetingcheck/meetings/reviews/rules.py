"""What an answer to a report must say, and how long it can be taken back. Pure."""

from datetime import date, datetime, timedelta

from meetingcheck.lib.text import N_

UNDO = timedelta(seconds=60)
SAME_WORDS = timedelta(seconds=60)  # the same contribution again within this time is a repeated one
DAYS_TO_ADD = 3  # how long a cell has to add what is asked for, unless the reviewer says otherwise
LONGEST_TEXT = 2_000  # characters of a comment or of one contribution to the conversation

Sentences = dict[str, list[str]]

TOO_LONG = N_("Nội dung dài quá 2000 ký tự. Đồng chí hãy viết gọn hơn.")


def default_answer_by(today: date) -> date:
    """The last day on which the cell can add what is asked for, when nobody says another."""
    return today + timedelta(days=DAYS_TO_ADD)


def check_note(comment: str) -> Sentences:
    """What stands in the way of noting a report; the comment is optional."""
    return {"note": [TOO_LONG]} if len(comment) > LONGEST_TEXT else {}


def check_request(comment: str, answer_by: date | None, today: date) -> Sentences:
    """What stands in the way of asking a cell to add something."""
    found: Sentences = {}
    if not comment:
        found["comment"] = [N_("Đồng chí hãy ghi rõ cần bổ sung điều gì, để chi bộ biết mà làm.")]
    elif len(comment) > LONGEST_TEXT:
        found["comment"] = [TOO_LONG]
    if answer_by is None:
        found["answer_by"] = [N_("Đồng chí hãy ghi ngày, ví dụ 03/11/2026.")]
    elif answer_by <= today:
        found["answer_by"] = [N_("Hạn bổ sung phải sau hôm nay.")]
    elif answer_by > today + timedelta(days=366):
        found["answer_by"] = [N_("Hạn bổ sung xa quá. Đồng chí hãy xem lại ngày.")]
    return found


def check_remark(text: str) -> Sentences:
    """What stands in the way of a contribution to the conversation."""
    if not text:
        return {"text": [N_("Đồng chí hãy viết ý kiến trước khi gửi.")]}
    return {"text": [TOO_LONG]} if len(text) > LONGEST_TEXT else {}


def undo_until(at: datetime) -> datetime:
    """The first instant at which an answer can no longer be taken back."""
    return at + UNDO
