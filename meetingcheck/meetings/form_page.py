"""The check-in's page: what it shows beside what was typed."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask import render_template, request
from flask_babel import gettext
from sqlalchemy.orm import Session

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.duties.models import Obligation
from meetingcheck.duties.queries import find_obligation, find_other_series
from meetingcheck.duties.rules import Month, ObligationState, state_of
from meetingcheck.lib.db import db
from meetingcheck.lib.instants import local_day
from meetingcheck.meetings.actions import expected_of, expected_of_extra
from meetingcheck.meetings.documents.queries import list_documents
from meetingcheck.meetings.forms import parse_check_in
from meetingcheck.meetings.models import Document, ExtraKind, Meeting, MeetingState, Review, Task
from meetingcheck.meetings.queries import list_meeting_photos
from meetingcheck.meetings.receiving import PURPOSES
from meetingcheck.meetings.reviews.queries import find_last_answer
from meetingcheck.meetings.rules import absent_with_reason_of, attendance_tenths, base_of
from meetingcheck.meetings.tasks.queries import list_open_tasks
from meetingcheck.meetings.values import Expected, Problem
from meetingcheck.orgs.models import Unit
from meetingcheck.orgs.queries import find_parent, get_unit
from meetingcheck.photos.models import Photo

BLANK_TASK_ROWS = 2
PRACTICE_MINUTES = 90


@dataclass(frozen=True)
class FormPage:
    """What the check-in page shows besides what was typed."""

    unit: Unit
    committee: Unit | None
    obligation: Obligation | None
    state: ObligationState | None
    other_series: Obligation | None  # what the same sitting may satisfy as well
    extra_kind: ExtraKind | None
    meeting: Meeting | None
    photos: list[Photo]
    documents: list[Document]
    tasks: list[Task]
    expected: Expected
    practice: bool = False  # an exercise: nothing of it is kept

    @classmethod
    def of_practice(cls, today: date) -> "FormPage":
        """A made-up cell that owes this month's report."""
        month = Month.of(today)
        expected = Expected(month.first_day, month.first_day, month.last_day, today, PRACTICE_MINUTES)
        cell = Unit(id=uuid.UUID(int=0), name=gettext("Chi bộ Thôn Mẫu"))
        return cls(cell, None, None, None, None, None, None, [], [], [], expected, practice=True)

    @classmethod
    def of_period(
        cls, session: Session, obligation: Obligation, meeting: Meeting | None, now: datetime, *, by_telephone: bool
    ) -> "FormPage":
        expected = expected_of(session, obligation, None, by_telephone=by_telephone)
        return cls._of(session, obligation.unit_id, obligation, None, meeting, expected, now)

    @classmethod
    def of_extra(
        cls, session: Session, unit_id: uuid.UUID, kind: ExtraKind, meeting: Meeting | None, now: datetime
    ) -> "FormPage":
        today = local_day(now)
        return cls._of(session, unit_id, None, kind, meeting, expected_of_extra(session, unit_id, None, today), now)

    @classmethod
    def of_correction(
        cls, session: Session, meeting: Meeting, now: datetime, *, by_telephone: bool = False
    ) -> "FormPage":
        obligation = find_obligation(session, meeting.obligation_id) if meeting.obligation_id else None
        if obligation is not None:
            return cls.of_period(session, obligation, meeting, now, by_telephone=by_telephone)
        return cls.of_extra(session, meeting.unit_id, meeting.extra_kind or ExtraKind.OTHER, meeting, now)

    @classmethod
    def _of(
        cls,
        session: Session,
        unit_id: uuid.UUID,
        obligation: Obligation | None,
        kind: ExtraKind | None,
        meeting: Meeting | None,
        expected: Expected,
        now: datetime,
    ) -> "FormPage":
        limited = signed_in().limited_to is not None
        return cls(
            unit=get_unit(session, unit_id),
            committee=find_parent(session, unit_id, local_day(now)),
            obligation=obligation,
            state=state_of(obligation, now) if obligation else None,
            other_series=_other_series(session, obligation, local_day(now)),
            extra_kind=kind,
            meeting=meeting,
            photos=list_meeting_photos(session, meeting.id) if meeting else [],
            documents=list_documents(session, meeting.id) if meeting else [],
            tasks=[] if limited else list_open_tasks(session, unit_id, meeting.id if meeting else None),
            expected=expected,
        )

    @property
    def correcting(self) -> bool:
        return self.meeting is not None and self.meeting.state != MeetingState.DRAFT


def _other_series(session: Session, obligation: Obligation | None, today: date) -> Obligation | None:
    return find_other_series(session, obligation, min(today, obligation.closes_at.date())) if obligation else None


def show_form(
    page: FormPage,
    client_id: uuid.UUID,
    typed: dict[str, str],
    problems: list[Problem],
    others: Sequence[Meeting] = (),
    *,
    unchanged: bool = False,
) -> str:
    sentences: dict[str, list[str | Problem]] = {}
    for problem in problems:
        shown = problem if problem.file_name else problem.sentence
        if shown not in sentences.setdefault(problem.field, []):
            sentences[problem.field].append(shown)
    said = parse_check_in(typed)
    base = base_of(said)
    return render_template(
        "meetings/check_in.html",
        page=page,
        others=others,
        unchanged=unchanged,
        asked=_last_request(page.meeting) if page.correcting and page.meeting else None,
        client_id=client_id,
        revision=page.meeting.revision if page.meeting else 0,
        typed=typed,
        problems=sentences,
        photos={field.value: [one for one in page.photos if one.purpose == PURPOSES[field]] for field in PURPOSES},
        task_rows=_task_rows(typed),
        base=base,
        absent_with_reason=absent_with_reason_of(said),
        rate=attendance_tenths(said.present, base) if said.present is not None and base else None,
        extra_kinds=list(ExtraKind),
        saved=request.args.get("saved") == "1" and request.method == "GET",
    )


def _last_request(meeting: Meeting) -> Review | None:
    """What the committee asked to add, while the report waits for it."""
    return find_last_answer(db.session(), meeting.id) if meeting.state == MeetingState.RETURNED else None


def _task_rows(typed: Mapping[str, str]) -> int:
    """How many rows for tasks to show: those written in, and two more."""
    written = [int(name.split("_")[1]) for name, text in typed.items() if name.startswith("task_") and text]
    return max(written, default=0) + BLANK_TASK_ROWS
