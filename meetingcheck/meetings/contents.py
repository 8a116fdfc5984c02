"""A check-in as JSON: how it is stored, compared and told. Pure."""

import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import asdict, fields
from datetime import date, time
from typing import Any

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


def content_of(check_in: CheckIn) -> dict[str, Any]:
    """A check-in as plain JSON values, in one form: what is stored, compared and told by the API."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(check_in), default=_plain, ensure_ascii=False))
    plain.pop("unclear")
    return plain


def _plain(value: object) -> object:
    if isinstance(value, time):
        return value.strftime("%H:%M")
    return sorted(value) if isinstance(value, frozenset) else str(value)


def content_sha256(check_in: CheckIn) -> str:
    """What makes two sendings equal."""
    canonical = json.dumps(content_of(check_in), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def details_from(content: dict[str, Any]) -> Details:
    """The details of a stored check-in, from what `content_of` made of them; unknown keys are left out."""
    return Details(
        **{
            one.name: _READERS.get(one.name, _as_it_is)(content[one.name])
            for one in fields(Details)
            if one.name in content
        }
    )


def _as_it_is(value: Any) -> Any:
    return value


def _form(value: str | None) -> MeetingForm | None:
    return MeetingForm(value) if value else None


def _groups(rows: list[tuple[str, dict[str, int | None]]]) -> tuple[tuple[MemberGroup, GroupCounts], ...]:
    return tuple((MemberGroup(group), GroupCounts(**counts)) for group, counts in rows)


def _reasons(rows: list[tuple[str, int]]) -> tuple[tuple[AbsenceReason, int], ...]:
    return tuple((AbsenceReason(reason), count) for reason, count in rows)


def _tasks(rows: list[dict[str, Any]]) -> tuple[GivenTask, ...]:
    return tuple(
        GivenTask(row["what"], row["who"], date.fromisoformat(row["until_on"]) if row["until_on"] else None)
        for row in rows
    )


def _answers(rows: list[dict[str, Any]]) -> tuple[TaskAnswer, ...]:
    return tuple(TaskAnswer(uuid.UUID(row["task_id"]), row["done"], row["note"]) for row in rows)


_READERS: dict[str, Callable[[Any], Any]] = {
    "form": _form,
    "groups": _groups,
    "reasons": _reasons,
    "tasks": _tasks,
    "answers": _answers,
}
