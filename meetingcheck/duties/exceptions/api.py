"""A cell that did not meet, what its superior answers, and what an authority sets for its area, for programs."""

import uuid
from typing import Any

from apiflask import APIBlueprint
from flask import abort
from sqlalchemy.orm import Session

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.duties.exceptions.actions import (
    Scope,
    Wish,
    ask_exception,
    decide_exception,
    set_exception,
    take_back_asking,
    withdraw_exception,
)
from meetingcheck.duties.exceptions.forms import (
    DOCUMENT_WANTED,
    NOTHING_ASKED,
    PERIOD_NOT_UNDERSTOOD,
    PERIOD_TOO_FAR,
    QUARTER_WANTED,
    REASON_WANTED,
    WHOLE_MONTH_WANTED,
)
from meetingcheck.duties.exceptions.queries import (
    find_asked,
    find_exception,
    first_supervised,
    list_exceptions_after,
    lock_exception,
)
from meetingcheck.duties.exceptions.rules import may_decide_about
from meetingcheck.duties.models import PeriodException
from meetingcheck.duties.planning.api import lock_asked
from meetingcheck.duties.queries import list_series
from meetingcheck.duties.rules import PeriodType, parse_period, type_of
from meetingcheck.duties.schemas import Asking, Decision, Exceptions, ExceptionTold, Setting, Verdict
from meetingcheck.lib.db import db, write_transaction
from meetingcheck.lib.http.api_paging import PAGE, After, an_id, an_instant, page_of, read_place
from meetingcheck.lib.http.api_problems import refuse, refuse_field
from meetingcheck.lib.http.api_schemas import UNSAFE
from meetingcheck.lib.http.forms import CHOICE_WANTED
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.lib.text import has_unsafe_characters, one_line
from meetingcheck.orgs.access import Right, ask
from meetingcheck.orgs.actions import Refused
from meetingcheck.orgs.api import asked_unit

blueprint = APIBlueprint("exceptions_api", __name__, tag="exceptions", url_prefix="/api/v1")


@blueprint.post("/obligations/<uuid:obligation_id>/exceptions")
@needs(Right.REPORT)
@blueprint.input(Asking, example={"reason": "Mưa lũ, cầu không qua được", "moved_to": "2026-12-12"})
@blueprint.output(ExceptionTold, status_code=201)
def ask_for(obligation_id: uuid.UUID, json_data: dict[str, Any]) -> Any:
    """Say that the cell did not meet

    Asks for another day, or for the period not to count. Nothing changes until the direct superior decides.
    """
    actor, now = signed_in(), services().now()
    reason = _line(json_data["reason"], "reason")
    try:
        with write_transaction() as session:
            obligation = lock_asked(session, obligation_id)
            if not reason:
                raise Refused(REASON_WANTED)
            return ask_exception(session, obligation, Wish(json_data["moved_to"], reason), actor.user_id, now)
    except Refused as refused:
        refuse_field("moved_to" if reason else "reason", str(refused))


def _line(typed: str, field: str) -> str:
    text = one_line(typed)
    if has_unsafe_characters(text):
        refuse_field(field, UNSAFE)
    return text


@blueprint.post("/obligations/<uuid:obligation_id>/exceptions/withdrawal")
@needs(Right.REPORT)
@blueprint.output(ExceptionTold)
@blueprint.doc(responses={422: "Nothing waits for an answer."})
def take_back(obligation_id: uuid.UUID) -> Any:
    """Ask no longer for what nobody has answered yet"""
    actor, now = signed_in(), services().now()
    try:
        with write_transaction() as session:
            asked = find_asked(session, lock_asked(session, obligation_id))
            if asked is None:
                raise Refused(NOTHING_ASKED)
            exception = lock_exception(session, asked.id)
            take_back_asking(session, exception, actor.user_id, now)
            return exception
    except Refused as refused:
        refuse_field("obligation_id", str(refused))


@blueprint.get("/units/<uuid:unit_id>/exceptions")
@needs(Right.SET_EXCEPTIONS)
@blueprint.input(After, location="query")
@blueprint.output(Exceptions)
def exceptions(unit_id: uuid.UUID, query_data: dict[str, Any]) -> dict[str, Any]:
    """What was asked and set for a unit and all below it, newest first"""
    asked_unit(unit_id, Right.SET_EXCEPTIONS)
    after = read_place(query_data["after"], an_instant, an_id)
    today = local_day(services().now())
    found = list_exceptions_after(db.session(), unit_id, today, after, PAGE + 1)
    page = page_of(found, lambda one: (one.asked_at, one.id))
    return {"items": page.items, "next": page.next}


@blueprint.post("/units/<uuid:unit_id>/exceptions")
@needs(Right.SET_EXCEPTIONS)
@blueprint.input(
    Setting, example={"period": "2026-11", "reason": "Mưa lũ", "document": "Công văn 15-CV/ĐU ngày 03/11/2026"}
)
@blueprint.output(ExceptionTold, status_code=201)
def set_for_area(unit_id: uuid.UUID, json_data: dict[str, Any]) -> Any:
    """Move or excuse a period for a unit and all below it

    In force at once, also after the period closed; what is reported stays. The same again changes nothing.
    """
    actor, now = signed_in(), services().now()
    reason, document = _line(json_data["reason"], "reason"), _line(json_data["document"], "document")
    for field, text, wanted in (("reason", reason, REASON_WANTED), ("document", document, DOCUMENT_WANTED)):
        if not text:
            refuse_field(field, wanted)
    try:
        with write_transaction() as session:
            asked_unit(unit_id, Right.SET_EXCEPTIONS)
            scope = _scope(session, unit_id, json_data["period"], json_data["series"])
            wish = Wish(json_data["moved_to"], reason, document)
            return set_exception(session, scope, wish, actor.user_id, now)
    except Refused as refused:
        refuse_field("moved_to", str(refused))


def _scope(session: Session, unit_id: uuid.UUID, code: str, series: str | None) -> Scope:
    """For whom and which period, with a sentence at the field that makes no sense."""
    today = local_day(services().now())
    try:
        period = parse_period(code)
    except ValueError:
        refuse_field("period", PERIOD_NOT_UNDERSTOOD)
    if series is not None:
        types = {one.code: one.period_type for one in list_series(session, today)}
        if series not in types:
            refuse_field("series", CHOICE_WANTED)
        if types[series] != type_of(period):
            refuse_field("period", QUARTER_WANTED if types[series] == PeriodType.QUARTER else WHOLE_MONTH_WANTED)
    if not may_decide_about(period, first_supervised(session, unit_id), today):
        refuse_field("period", PERIOD_TOO_FAR)
    return Scope(unit_id, period.code, series)


@blueprint.post("/exceptions/<uuid:exception_id>/withdrawal")
@needs(Right.SET_EXCEPTIONS)
@blueprint.output(ExceptionTold)
@blueprint.doc(responses={422: "It is not in force."})
def withdraw(exception_id: uuid.UUID) -> Any:
    """Undo what was approved or set: what it covered is owed again"""
    actor, now = signed_in(), services().now()
    try:
        with write_transaction() as session:
            exception = _lock_with_right(session, exception_id, Right.SET_EXCEPTIONS)
            withdraw_exception(session, exception, actor.user_id, now)
            return exception
    except Refused as refused:
        refuse_field("exception_id", str(refused))


def _lock_with_right(session: Session, exception_id: uuid.UUID, right: Right) -> PeriodException:
    """An exception, held against other writers; else 404 or 403."""
    exception = find_exception(session, exception_id)
    if exception is None:
        abort(404)
    ask(session, signed_in(), right, exception.unit_id, local_day(services().now()))
    return lock_exception(session, exception_id)


@blueprint.post("/exceptions/<uuid:exception_id>/decision")
@needs(Right.DECIDE_EXCEPTIONS)
@blueprint.input(Decision, example={"decision": "refuse", "note": "Đề nghị chi bộ họp bù trong tháng"})
@blueprint.output(ExceptionTold)
def decide(exception_id: uuid.UUID, json_data: dict[str, Any]) -> Any:
    """Answer what a cell asked for"""
    actor, now = signed_in(), services().now()
    note, document = _line(json_data["note"], "note"), _line(json_data["document"], "document")
    approved = json_data["decision"] == Verdict.APPROVE
    with write_transaction() as session:
        exception = _lock_with_right(session, exception_id, Right.DECIDE_EXCEPTIONS)
        try:
            decide_exception(
                session,
                exception,
                approved=approved,
                note=note,
                actor_id=actor.user_id,
                now=now,
                document=document,
            )
        except Refused as refused:
            refuse([("note", str(refused))])
    return exception
