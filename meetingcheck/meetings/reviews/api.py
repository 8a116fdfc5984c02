"""Answering a report and speaking about it, for programs."""

import uuid
from typing import Any

from apiflask import APIBlueprint
from flask import abort

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.lib.db import db, write_transaction
from meetingcheck.lib.http.api_document import refusal
from meetingcheck.lib.http.api_paging import PAGE, After, an_id, an_instant, page_of, read_place
from meetingcheck.lib.http.api_problems import all_sentences, conflict, refuse
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.lib.text import many_lines
from meetingcheck.meetings.models import Verdict
from meetingcheck.meetings.reviews.actions import Outcome, Speaker, add_remark, give_answer, is_of_cell, undo_answer
from meetingcheck.meetings.reviews.forms import Answer, Seen
from meetingcheck.meetings.reviews.queries import find_review, list_remarks_after, may_review
from meetingcheck.meetings.reviews.rules import Sentences, check_note, check_remark, check_request
from meetingcheck.meetings.schemas import Answering, Changed, Conflict, Remarks, Speaking
from meetingcheck.meetings.show_routes import get_report
from meetingcheck.orgs.access import Right

blueprint = APIBlueprint("reviews_api", __name__, tag="reviews", url_prefix="/api/v1")


@blueprint.post("/meetings/<uuid:meeting_id>/reviews")
@needs(Right.REVIEW)
@blueprint.input(Answering, example={"verdict": "note", "version": 1, "comment": "Đã ghi nhận."})
@blueprint.output(Changed)
@blueprint.doc(responses={409: refusal("The cell sent another version, or somebody answered meanwhile.", Conflict)})
def answer(meeting_id: uuid.UUID, json_data: dict[str, Any]) -> Any:
    """Note a report, ask to add something, or mark it to be seen later

    The cell hears of it when the minute for taking it back is over.
    """
    actor, now = signed_in(), services().now()
    given = _answer_of(json_data)
    with write_transaction() as session:
        meeting, _ = get_report(session, meeting_id, Right.REVIEW, now)
        if not may_review(session, actor, meeting, local_day(now)):
            abort(403)
        if problems := all_sentences(_problems(given)):
            refuse(problems)
        seen = Seen(json_data["version"], json_data["last_answer"])
        outcome = give_answer(session, meeting_id, seen, given, actor.user_id, now)
    if outcome != Outcome.GIVEN:
        conflict(outcome.value)
    return meeting


def _answer_of(body: dict[str, Any]) -> Answer:
    """What does not belong to the verdict is left out, as the form does."""
    verdict = body["verdict"]
    comment = "" if verdict == Verdict.SEE_LATER else many_lines(body["comment"])
    return Answer(verdict, comment, body["answer_by"] if verdict == Verdict.ASK_TO_ADD else None)


def _problems(given: Answer) -> Sentences:
    if given.verdict == Verdict.ASK_TO_ADD:
        return check_request(given.comment, given.answer_by, local_day(services().now()))
    return {"comment": check_note(given.comment).get("note", [])}


@blueprint.post("/reviews/<uuid:review_id>/undo")
@needs(Right.REVIEW)
@blueprint.output(Changed)
@blueprint.doc(responses={409: refusal("Its minute is over.", Conflict)})
def undo(review_id: uuid.UUID) -> Any:
    """Take the own answer back within a minute"""
    actor, now = signed_in(), services().now()
    with write_transaction() as session:
        review = find_review(session, review_id)
        if review is None:
            abort(404)
        meeting, _ = get_report(session, review.meeting_id, Right.REVIEW, now)
        if review.reviewer_id != actor.user_id:
            abort(403)
        undone = undo_answer(session, review_id, actor.user_id, now)
    if not undone:
        conflict("too_late")
    return meeting


@blueprint.get("/meetings/<uuid:meeting_id>/remarks")
@needs(Right.VIEW_UNIT)
@blueprint.input(After, location="query")
@blueprint.output(Remarks)
def remarks(meeting_id: uuid.UUID, query_data: dict[str, Any]) -> dict[str, Any]:
    """What both sides said about a report, newest first"""
    session = db.session()
    get_report(session, meeting_id, Right.VIEW_UNIT, services().now())
    after = read_place(query_data["after"], an_instant, an_id)
    page = page_of(list_remarks_after(session, meeting_id, after, PAGE + 1), lambda row: (row[0].at, row[0].id))
    items = [
        {**{name: getattr(remark, name) for name in ("id", "by_cell", "at", "text")}, "author": author}
        for remark, author in page.items
    ]
    return {"items": items, "next": page.next}


@blueprint.post("/meetings/<uuid:meeting_id>/remarks")
@needs(Right.TALK)
@blueprint.input(Speaking, example={"text": "Chi bộ sẽ gửi thêm ảnh biên bản."})
@blueprint.output({}, status_code=204)
def remark(meeting_id: uuid.UUID, json_data: dict[str, Any]) -> str:
    """Speak about a report"""
    actor, now, text = signed_in(), services().now(), many_lines(json_data["text"])
    with write_transaction() as session:
        meeting, _ = get_report(session, meeting_id, Right.TALK, now)
        if problems := check_remark(text):
            refuse(all_sentences(problems))
        by_cell = is_of_cell(session, actor.user_id, meeting.unit_id, local_day(now))
        add_remark(session, meeting_id, text, Speaker(actor.user_id, by_cell), now)
    return ""
