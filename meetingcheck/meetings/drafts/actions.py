"""Giving what somebody began and did not send to another: a draft to a successor, its files to a report. Callers
commit."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from meetingcheck.lib.registries import JobKind
from meetingcheck.meetings.actions import SAVED_BY, join_photos
from meetingcheck.meetings.documents.actions import pass_documents
from meetingcheck.meetings.drafts.queries import list_drafts_of
from meetingcheck.meetings.models import Meeting, MeetingPhoto, MeetingState
from meetingcheck.meetings.rules import meeting_id_of
from meetingcheck.record.actions import Fact, append

PASS_DRAFTS = JobKind("meetings.pass_drafts", lane="alerts")


def pass_drafts(
    session: Session,
    unit_id: uuid.UUID,
    from_ids: Sequence[uuid.UUID],
    to_id: uuid.UUID,
    actor_id: uuid.UUID | None,
    now: datetime,
) -> int:
    """Give what predecessors began and did not send to their successor, photos included; the number of drafts.

    A report's id follows from its author, so the draft gets a new one, under which the successor's phone finds it.
    """
    drafts = list_drafts_of(session, unit_id, from_ids)
    for old in drafts:
        pass_draft(session, old, to_id, actor_id, now)
    return len(drafts)


def pass_draft(session: Session, old: Meeting, to_id: uuid.UUID, actor_id: uuid.UUID | None, now: datetime) -> Meeting:
    """Give one draft to somebody else of the cell. Where that person has begun one on the same phone, their words stay
    and the gaps are filled; beside a report that they have sent from it, it gets an id of its own."""
    client_id = old.client_id
    there = session.get(Meeting, meeting_id_of(old.unit_id, to_id, client_id))
    if there is not None and there.state == MeetingState.DRAFT:
        return _join_draft(session, old, there, actor_id, now)
    if there is not None:
        client_id = uuid.uuid5(client_id, str(old.author_id))
    new = Meeting(
        id=meeting_id_of(old.unit_id, to_id, client_id),
        client_id=client_id,
        unit_id=old.unit_id,
        obligation_id=old.obligation_id,
        extra_kind=old.extra_kind,
        state=MeetingState.DRAFT,
        author_id=to_id,
        created_at=old.created_at,
        updated_at=now,
        draft={name: text for name, text in old.draft.items() if name != SAVED_BY},
        version=0,
        revision=old.revision + 1,
    )
    session.add(new)
    session.flush()
    pass_files(session, old, new)
    session.delete(old)
    session.flush()
    append(session, now, Fact("draft_passed", "meeting", new.id, actor_id, {"before": str(old.id)}))
    return new


def _join_draft(session: Session, old: Meeting, there: Meeting, actor_id: uuid.UUID | None, now: datetime) -> Meeting:
    own = {name: text for name, text in there.draft.items() if text}
    there.draft = {name: text for name, text in old.draft.items() if name != SAVED_BY} | own
    there.revision += 1
    pass_files(session, old, there)
    session.delete(old)
    session.flush()
    append(session, now, Fact("draft_passed", "meeting", there.id, actor_id, {"before": str(old.id)}))
    return there


def pass_files(session: Session, draft: Meeting, to: Meeting) -> None:
    """Let the photos and documents of a draft belong to another draft or report of the same cell, after its own.

    The draft is held, so that a photo that arrives for it now comes before or after.
    """
    session.execute(select(Meeting.id).where(Meeting.id == draft.id).with_for_update())
    photos = select(MeetingPhoto.photo_id).where(MeetingPhoto.meeting_id == draft.id)
    join_photos(session, to, session.scalars(photos.order_by(MeetingPhoto.position)).all())
    session.execute(delete(MeetingPhoto).where(MeetingPhoto.meeting_id == draft.id))
    pass_documents(session, draft.id, to.id, to.unit_id)
