"""What a cell owes and what it reported, for programs."""

import uuid
from typing import Any

from apiflask import APIBlueprint
from flask import abort
from sqlalchemy.orm import Session

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.duties.models import Obligation
from meetingcheck.duties.planning.api import obligation_told
from meetingcheck.duties.queries import find_obligation, list_obligations_after
from meetingcheck.lib.db import db
from meetingcheck.lib.http.api_paging import PAGE, After, a_day, an_id, page_of, read_place
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.meetings.actions import expected_of
from meetingcheck.meetings.check_in_api import draft_told
from meetingcheck.meetings.models import Meeting, MeetingVersion
from meetingcheck.meetings.queries import (
    documents_of_versions,
    evidence_of,
    find_numbered_version,
    list_own_drafts,
    list_reported_after,
    list_satisfied,
    list_versions,
    photos_of_versions,
    reports_of,
    said_in,
)
from meetingcheck.meetings.reviews.queries import list_reviews
from meetingcheck.meetings.rules import attendance_tenths, hints, minutes_between, receipt_code
from meetingcheck.meetings.schemas import (
    Meetings,
    MeetingTold,
    Periods,
    PeriodWithDrafts,
    Versions,
    VersionTold,
    check_in_told,
)
from meetingcheck.meetings.show_routes import get_report, may_see_names
from meetingcheck.meetings.tasks.queries import list_tasks_of
from meetingcheck.orgs.access import Right, ask, has_right
from meetingcheck.orgs.api import asked_unit

blueprint = APIBlueprint("meetings_api", __name__, tag="meetings", url_prefix="/api/v1")


@blueprint.get("/units/<uuid:unit_id>/obligations")
@needs(Right.VIEW_UNIT)
@blueprint.input(After, location="query")
@blueprint.output(Periods)
def obligations(unit_id: uuid.UUID, query_data: dict[str, Any]) -> dict[str, Any]:
    """What a cell owes and owed, the newest period first"""
    asked_unit(unit_id, Right.VIEW_UNIT)
    session = db.session()
    after = read_place(query_data["after"], a_day, an_id)
    page = page_of(list_obligations_after(session, unit_id, after, PAGE + 1), lambda one: (one.period_from, one.id))
    meetings = reports_of(session, {one.id: one.satisfied_by for one in page.items})
    items = [{**obligation_told(one), "meeting_id": meetings.get(one.id)} for one in page.items]
    return {"items": items, "next": page.next}


@blueprint.get("/obligations/<uuid:obligation_id>")
@needs(Right.VIEW_UNIT)
@blueprint.output(PeriodWithDrafts)
def obligation(obligation_id: uuid.UUID) -> dict[str, Any]:
    """One period, with what the person began for it and did not send"""
    session, actor = db.session(), signed_in()
    found = _asked_obligation(session, obligation_id)
    drafts = []
    if _may_file(session, found):
        drafts = list_own_drafts(session, found.unit_id, actor.user_id, found.id)
    return {
        **obligation_told(found),
        "meeting_id": reports_of(session, {found.id: found.satisfied_by}).get(found.id),
        "drafts": [draft_told(draft) for draft in drafts],
    }


def _asked_obligation(session: Session, obligation_id: uuid.UUID) -> Obligation:
    found = find_obligation(session, obligation_id)
    if found is None:
        abort(404)
    ask(session, signed_in(), Right.VIEW_UNIT, found.unit_id, local_day(services().now()))
    return found


def _may_file(session: Session, found: Obligation) -> bool:
    actor, today = signed_in(), local_day(services().now())
    return any(has_right(session, actor, right, found.unit_id, today) for right in (Right.REPORT, Right.FILE_FOR))


@blueprint.get("/units/<uuid:unit_id>/meetings")
@needs(Right.VIEW_UNIT)
@blueprint.input(After, location="query")
@blueprint.output(Meetings)
def meetings(unit_id: uuid.UUID, query_data: dict[str, Any]) -> dict[str, Any]:
    """The reports of a cell, the latest meeting first"""
    asked_unit(unit_id, Right.VIEW_UNIT)
    after = read_place(query_data["after"], a_day, an_id)
    found = list_reported_after(db.session(), unit_id, after, PAGE + 1)
    page = page_of(found, lambda row: (row.version.held_on, row.meeting.id))
    names = ("held_on", "begins_at", "ends_at", "present", "base", "submitted_at")
    items = [
        {
            **_meeting_columns(row.meeting),
            **{name: getattr(row.version, name) for name in names},
            "version": row.meeting.version,
            "photos": row.photos,
        }
        for row in page.items
    ]
    return {"items": items, "next": page.next}


def _meeting_columns(meeting: Meeting) -> dict[str, Any]:
    names = ("id", "unit_id", "obligation_id", "extra_kind", "state", "revision")
    return {name: getattr(meeting, name) for name in names}


@blueprint.get("/meetings/<uuid:meeting_id>")
@needs(Right.VIEW_UNIT)
@blueprint.output(MeetingTold)
def meeting(meeting_id: uuid.UUID) -> dict[str, Any]:
    """A report as it stands now"""
    session = db.session()
    found, version = get_report(session, meeting_id, Right.VIEW_UNIT, services().now())
    told = _versions_told(session, found, [pair for pair in list_versions(session, found.id) if pair[0] == version])[0]
    reviews = [
        {
            **{name: getattr(review, name) for name in ("id", "version", "verdict", "comment", "at", "answer_by")},
            "reviewer": reviewer,
        }
        for review, reviewer in list_reviews(session, found.id)
    ]
    return {
        **told,
        **_meeting_columns(found),
        "receipt": receipt_code(found.id),
        "hints": _hints(session, found, version, told),
        "satisfied": [obligation_told(one) for one in list_satisfied(session, found.id)],
        "tasks_given": list_tasks_of(session, found.id),
        "reviews": reviews,
        "voided_at": found.voided_at,
        "void_reason": found.void_reason,
    }


def _hints(session: Session, found: Meeting, version: MeetingVersion, told: dict[str, Any]) -> list[Any]:
    obligation = find_obligation(session, found.obligation_id) if found.obligation_id else None
    if obligation is None:
        return []
    evidence = evidence_of(told["photos"], told["documents"])
    return list(hints(said_in(version), evidence, expected_of(session, obligation, version.held_on)))


@blueprint.get("/meetings/<uuid:meeting_id>/versions")
@needs(Right.VIEW_UNIT)
@blueprint.output(Versions)
def versions(meeting_id: uuid.UUID) -> dict[str, Any]:
    """Everything that was ever sent for a report, newest first"""
    session = db.session()
    found, _ = get_report(session, meeting_id, Right.VIEW_UNIT, services().now())
    return {"items": _versions_told(session, found, list_versions(session, found.id))}


@blueprint.get("/meetings/<uuid:meeting_id>/versions/<int:number>")
@needs(Right.VIEW_UNIT)
@blueprint.output(VersionTold)
def version(meeting_id: uuid.UUID, number: int) -> dict[str, Any]:
    """One version of a report"""
    session = db.session()
    found, _ = get_report(session, meeting_id, Right.VIEW_UNIT, services().now())
    one = find_numbered_version(session, found.id, number) if number <= found.version else None
    if one is None:
        abort(404)
    pairs = [pair for pair in list_versions(session, found.id) if pair[0].number == number]
    return _versions_told(session, found, pairs)[0]


def _versions_told(session: Session, found: Meeting, pairs: list[tuple[MeetingVersion, str]]) -> list[dict[str, Any]]:
    """Versions with their photos and documents, in two queries for all of them."""
    ids = [version.id for version, _ in pairs]
    photos, documents = photos_of_versions(session, ids), documents_of_versions(session, ids)
    with_names = may_see_names(session, found.unit_id)
    return [
        {
            "number": version.number,
            "submitted_at": version.submitted_at,
            "submitted_by": name,
            "check_in": check_in_told(said_in(version), with_names=with_names),
            "base": version.base,
            "attendance_tenths": attendance_tenths(version.present, version.base),
            "minutes": minutes_between(version.begins_at, version.ends_at),
            "photos": photos.get(version.id, []),
            "documents": documents.get(version.id, []),
        }
        for version, name in pairs
    ]
