"""From a posted answer to values."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from meetingcheck.lib.http.forms import parse_day
from meetingcheck.lib.text import many_lines, storable
from meetingcheck.meetings.models import Verdict
from meetingcheck.meetings.reviews.rules import Sentences, check_note, check_request


@dataclass(frozen=True)
class Seen:
    """What stood on the page that was answered: the version, and the last answer to the report if there was one."""

    version: int
    last_answer: uuid.UUID | None


@dataclass(frozen=True)
class Answer:
    """One answer to a report. `answer_by` is the last day for adding what is asked for."""

    verdict: Verdict
    comment: str = ""
    answer_by: date | None = None


@dataclass(frozen=True)
class TypedAnswer:
    """The posted form: what was typed, what it means, and the sentences for its fields."""

    typed: dict[str, str]
    seen: Seen
    answer: Answer
    problems: Sentences = field(default_factory=dict)


def read_answer(form: Mapping[str, str], today: date) -> TypedAnswer | None:
    """What was answered; None for a form that this page never made."""
    seen = _seen(form)
    try:
        verdict = Verdict(form.get("verdict", ""))
    except ValueError:
        return None
    if seen is None:
        return None
    typed = {name: storable(str(form.get(name, ""))) for name in ("note", "comment", "answer_by")}
    if verdict == Verdict.NOTE:
        comment = many_lines(typed["note"])
        return TypedAnswer(typed, seen, Answer(verdict, comment), check_note(comment))
    if verdict == Verdict.SEE_LATER:
        return TypedAnswer(typed, seen, Answer(verdict))
    comment, answer_by = many_lines(typed["comment"]), parse_day(typed["answer_by"])
    return TypedAnswer(typed, seen, Answer(verdict, comment, answer_by), check_request(comment, answer_by, today))


def _seen(form: Mapping[str, str]) -> Seen | None:
    version, last = form.get("version", ""), form.get("last_answer", "")
    if not (version.isascii() and version.isdecimal() and len(version) <= 6):
        return None
    try:
        return Seen(int(version), uuid.UUID(last) if last else None)
    except ValueError:
        return None


def read_remark(form: Mapping[str, str]) -> tuple[str, str]:
    """A contribution to the conversation as typed, and as it will be kept."""
    typed = storable(str(form.get("text", "")))
    return typed, many_lines(typed)
