"""What the committee sees, for programs: the board of a month and its photos in time."""

import uuid
from dataclasses import asdict
from typing import Any

from apiflask import APIBlueprint

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.lib.db import db
from meetingcheck.lib.http.api_paging import PLACE_WANTED
from meetingcheck.lib.http.api_problems import refuse_field
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.orgs.access import Right
from meetingcheck.orgs.api import asked_unit, unit_name
from meetingcheck.supervision.forms import read_month
from meetingcheck.supervision.queries import Row, Scope, Square, load_board
from meetingcheck.supervision.rules import BoardFilter, Group
from meetingcheck.supervision.schemas import BoardAsked, BoardTold, TimelineAsked, TimelineTold
from meetingcheck.supervision.timeline.queries import Asked, load_timeline
from meetingcheck.supervision.timeline.rules import parse_place

blueprint = APIBlueprint("supervision_api", __name__, tag="supervision", url_prefix="/api/v1")


@blueprint.get("/units/<uuid:unit_id>/board")
@needs(Right.VIEW_BOARD)
@blueprint.input(BoardAsked, location="query")
@blueprint.output(BoardTold)
def board(unit_id: uuid.UUID, query_data: dict[str, Any]) -> dict[str, Any]:
    """The cells of a committee by months: who is missing comes first"""
    asked_unit(unit_id, Right.VIEW_BOARD)
    now = services().now()
    chosen = BoardFilter(query_data["group"], query_data["parent"], query_data["mine"], query_data["q"].strip())
    scope = Scope(unit_id, read_month(query_data, now), chosen, signed_in().user_id, now, local_day(now))
    found = load_board(db.session(), scope, query_data["page"])
    return {
        "month": scope.month.code,
        "cells": found.cells,
        "counts": {group.value: found.counts.get(group, 0) for group in Group},
        **{name: getattr(found, name) for name in ("elsewhere", "thematic", "page", "pages")},
        "rows": [_row(row) for row in found.rows],
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "unit": unit_name(row.unit),
        "code": row.unit.code,
        "parent_name": row.parent_name,
        "months": [_square(one) for one in row.squares],
        "quarters": [_square(one) for one in row.quarters],
    }


def _square(square: Square | None) -> dict[str, Any] | None:
    return asdict(square) if square is not None else None


@blueprint.get("/units/<uuid:unit_id>/photos")
@needs(Right.VIEW_BOARD)
@blueprint.input(TimelineAsked, location="query")
@blueprint.output(TimelineTold)
def photos(unit_id: uuid.UUID, query_data: dict[str, Any]) -> dict[str, Any]:
    """A committee's month in photos, newest first"""
    asked_unit(unit_id, Right.VIEW_BOARD)
    now = services().now()
    month = read_month(query_data, now)
    words = query_data["q"].strip()
    asked = Asked(unit_id, month, query_data["cell"], query_data["purpose"], local_day(now), words)
    place = parse_place(query_data["after"]) if query_data["after"] is not None else None
    if query_data["after"] is not None and place is None:
        refuse_field("after", PLACE_WANTED)
    found = load_timeline(db.session(), asked, place)
    items = [
        {
            "photo": shot.photo,
            "meeting_id": shot.version.meeting_id,
            "unit": unit_name(shot.unit),
            "held_on": shot.version.held_on,
            "begins_at": shot.version.begins_at,
        }
        for day in found.days
        for shot in day.shots
    ]
    return {
        "month": month.code,
        "days": found.days,
        "items": items,
        "next": str(found.next) if found.next else None,
    }
