"""The day on which a cell plans to meet, for programs."""

import uuid
from datetime import date
from typing import Any

from apiflask import APIBlueprint
from flask import abort
from sqlalchemy.orm import Session

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.duties.actions import plan_day
from meetingcheck.duties.models import Obligation
from meetingcheck.duties.queries import find_obligation, lock_obligation
from meetingcheck.duties.rules import state_of
from meetingcheck.duties.schemas import ObligationTold, Plan
from meetingcheck.lib.db import write_transaction
from meetingcheck.lib.http.api_problems import refuse_field
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.orgs.access import Right, ask
from meetingcheck.orgs.actions import Refused

blueprint = APIBlueprint("planning_api", __name__, tag="obligations", url_prefix="/api/v1")


@blueprint.put("/obligations/<uuid:obligation_id>/plan")
@needs(Right.REPORT)
@blueprint.input(Plan, example={"planned_on": "2026-12-05"})
@blueprint.output(ObligationTold)
def plan(obligation_id: uuid.UUID, json_data: dict[str, Any]) -> dict[str, Any]:
    """Plan the meeting on another day of the period"""
    return _planned(obligation_id, json_data["planned_on"])


@blueprint.delete("/obligations/<uuid:obligation_id>/plan")
@needs(Right.REPORT)
@blueprint.output(ObligationTold)
@blueprint.doc(responses={422: "The usual day can no longer be gone back to."})
def forget_plan(obligation_id: uuid.UUID) -> dict[str, Any]:
    """Go back to the usual day"""
    return _planned(obligation_id, None)


def _planned(obligation_id: uuid.UUID, day: date | None) -> dict[str, Any]:
    actor, now = signed_in(), services().now()
    try:
        with write_transaction() as session:
            obligation = lock_asked(session, obligation_id)
            plan_day(session, obligation, day, actor.user_id, now)
    except Refused as refused:
        refuse_field("planned_on", str(refused))
    return obligation_told(obligation)


def lock_asked(session: Session, obligation_id: uuid.UUID) -> Obligation:
    """A period of the own cell, held against other writers; else 404 or 403."""
    obligation = find_obligation(session, obligation_id)
    if obligation is None:
        abort(404)
    ask(session, signed_in(), Right.REPORT, obligation.unit_id, local_day(services().now()))
    return lock_obligation(session, obligation.id)


def obligation_told(obligation: Obligation) -> dict[str, Any]:
    columns = {column.key: getattr(obligation, column.key) for column in Obligation.__table__.columns}
    return {**columns, "state": state_of(obligation, services().now())}
