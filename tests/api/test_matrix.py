"""Every call of `/api/v1`, for everybody, about everything: one table. A call without a row fails."""

import uuid
from typing import Any

import pytest
from apiflask import APIBlueprint
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from meetingcheck.accounts.api_tokens.actions import issue_token
from meetingcheck.accounts.models import UserSession
from meetingcheck.duties.models import Obligation
from meetingcheck.lib.db import write_transaction
from meetingcheck.meetings.links.actions import make_report_link
from tests.orgs.test_matrix import ACTORS, Things, things
from tests.world import World, token_of

__all__ = ["things"]

TABLE: dict[tuple[str, str, str], tuple[int, ...]] = {
    #                                                          own sibling reviewer other leader admin stranger out
    ("GET", "api.document", ""): (200, 200, 200, 200, 200, 200, 200, 200),
    ("GET", "orgs_api.me", ""): (200, 200, 200, 200, 200, 200, 200, 401),
    ("GET", "messages_api.messages", ""): (200, 200, 200, 200, 200, 200, 200, 401),
    ("POST", "messages_api.read", ""): (204, 204, 204, 204, 204, 204, 204, 401),
    # --- units
    ("GET", "orgs_api.unit", "own cell"): (200, 404, 200, 404, 200, 200, 404, 401),
    ("GET", "orgs_api.unit", "other cell"): (404, 404, 404, 200, 200, 200, 404, 401),
    ("GET", "orgs_api.unit", "root"): (404, 404, 404, 404, 200, 200, 404, 401),
    ("GET", "orgs_api.unit", "missing unit"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("GET", "meetings_api.obligations", "own cell"): (200, 404, 200, 404, 200, 200, 404, 401),
    ("GET", "meetings_api.obligations", "other cell"): (404, 404, 404, 200, 200, 200, 404, 401),
    ("GET", "meetings_api.obligations", "missing unit"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("GET", "meetings_api.meetings", "own cell"): (200, 404, 200, 404, 200, 200, 404, 401),
    ("GET", "meetings_api.meetings", "sibling cell"): (404, 200, 200, 404, 200, 200, 404, 401),
    ("GET", "meetings_api.meetings", "missing unit"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("GET", "supervision_api.board", "own cell"): (403, 404, 200, 404, 200, 200, 404, 401),
    ("GET", "supervision_api.board", "committee"): (404, 404, 200, 404, 200, 200, 404, 401),
    ("GET", "supervision_api.board", "other committee"): (404, 404, 404, 200, 200, 200, 404, 401),
    ("GET", "supervision_api.board", "missing unit"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("GET", "supervision_api.photos", "own cell"): (403, 404, 200, 404, 200, 200, 404, 401),
    ("GET", "supervision_api.photos", "committee"): (404, 404, 200, 404, 200, 200, 404, 401),
    ("GET", "supervision_api.photos", "other committee"): (404, 404, 404, 200, 200, 200, 404, 401),
    ("GET", "supervision_api.photos", "missing unit"): (404, 404, 404, 404, 404, 404, 404, 401),
    # --- what is owed
    ("GET", "meetings_api.obligation", "own period"): (200, 404, 200, 404, 200, 200, 404, 401),
    ("GET", "meetings_api.obligation", "other period"): (404, 404, 404, 200, 200, 200, 404, 401),
    ("GET", "meetings_api.obligation", "missing period"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("PUT", "planning_api.plan", "own period"): (422, 404, 403, 404, 403, 403, 404, 401),
    ("PUT", "planning_api.plan", "other period"): (404, 404, 404, 403, 403, 403, 404, 401),
    ("PUT", "planning_api.plan", "missing period"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("DELETE", "planning_api.forget_plan", "own period"): (422, 404, 403, 404, 403, 403, 404, 401),
    ("DELETE", "planning_api.forget_plan", "missing period"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("POST", "exceptions_api.ask_for", "own period"): (422, 404, 403, 404, 403, 403, 404, 401),
    ("POST", "exceptions_api.ask_for", "missing period"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("POST", "exceptions_api.take_back", "own period"): (422, 404, 403, 404, 403, 403, 404, 401),
    ("POST", "exceptions_api.take_back", "other period"): (404, 404, 404, 403, 403, 403, 404, 401),
    ("POST", "exceptions_api.take_back", "missing period"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("POST", "exceptions_api.set_for_area", "own cell"): (403, 404, 422, 404, 403, 422, 404, 401),
    ("POST", "exceptions_api.set_for_area", "committee"): (404, 404, 422, 404, 403, 422, 404, 401),
    ("POST", "exceptions_api.set_for_area", "root"): (404, 404, 404, 404, 403, 422, 404, 401),
    ("POST", "exceptions_api.set_for_area", "missing unit"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("POST", "exceptions_api.withdraw", "own asking"): (403, 404, 422, 404, 403, 422, 404, 401),
    ("POST", "exceptions_api.withdraw", "missing asking"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("GET", "exceptions_api.exceptions", "own cell"): (403, 404, 200, 404, 403, 200, 404, 401),
    ("GET", "exceptions_api.exceptions", "committee"): (404, 404, 200, 404, 403, 200, 404, 401),
    ("GET", "exceptions_api.exceptions", "missing unit"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("POST", "exceptions_api.decide", "own asking"): (403, 404, 422, 404, 403, 422, 404, 401),
    ("POST", "exceptions_api.decide", "missing asking"): (404, 404, 404, 404, 404, 404, 404, 401),
    # --- filing
    ("POST", "check_in_api.check_in", "own period"): (422, 404, 403, 404, 403, 403, 404, 401),
    ("POST", "check_in_api.check_in", "own reported period"): (409, 404, 403, 404, 403, 403, 404, 401),
    ("POST", "check_in_api.check_in", "sibling period"): (404, 422, 403, 404, 403, 403, 404, 401),
    ("POST", "check_in_api.check_in", "other period"): (404, 404, 404, 403, 403, 403, 404, 401),
    ("POST", "check_in_api.check_in", "missing period"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("POST", "check_in_api.told", "own period"): (403, 404, 422, 404, 403, 422, 404, 401),
    ("POST", "check_in_api.told", "other period"): (404, 404, 404, 422, 403, 422, 404, 401),
    ("POST", "check_in_api.told", "missing period"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("POST", "check_in_api.extra", "own cell"): (422, 404, 403, 404, 403, 403, 404, 401),
    ("POST", "check_in_api.extra", "committee"): (404, 404, 403, 404, 403, 403, 404, 401),
    ("POST", "check_in_api.extra", "missing unit"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("PUT", "check_in_api.correct", "own report"): (422, 404, 403, 404, 403, 403, 404, 401),
    ("PUT", "check_in_api.correct", "own draft"): (404, 404, 403, 404, 403, 403, 404, 401),
    ("PUT", "check_in_api.correct", "other report"): (404, 404, 404, 403, 403, 403, 404, 401),
    ("PUT", "check_in_api.correct", "missing report"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("PUT", "check_in_api.told_again", "own report"): (403, 404, 404, 404, 403, 404, 404, 401),
    ("PUT", "check_in_api.told_again", "own draft"): (403, 404, 404, 404, 403, 404, 404, 401),
    ("PUT", "check_in_api.told_again", "missing report"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("POST", "beside_api.take_in", "own report"): (200, 404, 403, 404, 403, 403, 404, 401),
    ("POST", "beside_api.take_in", "own draft"): (404, 404, 403, 404, 403, 403, 404, 401),
    ("POST", "beside_api.take_in", "missing report"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("PUT", "sent_files_api.photo", "for own report"): (422, 404, 403, 404, 403, 403, 404, 401),
    ("PUT", "sent_files_api.photo", "for own draft"): (422, 404, 403, 404, 403, 403, 404, 401),
    ("PUT", "sent_files_api.photo", "for own period"): (422, 404, 403, 404, 403, 403, 404, 401),
    ("PUT", "sent_files_api.photo", "for own cell"): (422, 404, 403, 404, 403, 403, 404, 401),
    ("PUT", "sent_files_api.photo", "for other report"): (404, 404, 404, 403, 403, 403, 404, 401),
    ("PUT", "sent_files_api.photo", "for missing report"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("PUT", "sent_files_api.photo", "for missing period"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("PUT", "sent_files_api.document", "for own report"): (422, 404, 403, 404, 403, 403, 404, 401),
    ("PUT", "sent_files_api.document", "for missing report"): (404, 404, 404, 404, 404, 404, 404, 401),
    # --- reports
    ("GET", "meetings_api.meeting", "own report"): (200, 404, 200, 404, 200, 200, 404, 401),
    ("GET", "meetings_api.meeting", "own draft"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("GET", "meetings_api.meeting", "other report"): (404, 404, 404, 200, 200, 200, 404, 401),
    ("GET", "meetings_api.meeting", "missing report"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("GET", "meetings_api.versions", "own report"): (200, 404, 200, 404, 200, 200, 404, 401),
    ("GET", "meetings_api.versions", "own draft"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("GET", "meetings_api.versions", "missing report"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("GET", "meetings_api.version", "first version"): (200, 404, 200, 404, 200, 200, 404, 401),
    ("GET", "meetings_api.version", "missing version"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("POST", "changes_api.void", "own report"): (422, 404, 422, 404, 403, 422, 404, 401),
    ("POST", "changes_api.void", "own draft"): (404, 404, 404, 404, 403, 404, 404, 401),
    ("POST", "changes_api.void", "other report"): (404, 404, 404, 422, 403, 422, 404, 401),
    ("POST", "changes_api.void", "missing report"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("POST", "changes_api.restore", "own report"): (409, 404, 409, 404, 403, 409, 404, 401),
    ("POST", "changes_api.restore", "missing report"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("POST", "changes_api.move", "own report"): (200, 404, 200, 404, 403, 200, 404, 401),
    ("POST", "changes_api.move", "own draft"): (404, 404, 404, 404, 403, 404, 404, 401),
    ("POST", "changes_api.move", "sibling report"): (404, 404, 422, 404, 403, 422, 404, 401),
    ("POST", "changes_api.move", "other report"): (404, 404, 404, 404, 403, 422, 404, 401),
    ("POST", "changes_api.move_one_photo", "own report's photo"): (422, 404, 422, 404, 403, 422, 404, 401),
    ("POST", "changes_api.move_one_photo", "sibling's photo under own report"): (
        404,
        404,
        404,
        404,
        403,
        404,
        404,
        401,
    ),
    ("POST", "reviews_api.answer", "own report"): (403, 404, 422, 404, 403, 403, 404, 401),
    ("POST", "reviews_api.answer", "own draft"): (403, 404, 404, 404, 403, 403, 404, 401),
    ("POST", "reviews_api.answer", "other report"): (404, 404, 404, 422, 403, 403, 404, 401),
    ("POST", "reviews_api.answer", "missing report"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("POST", "reviews_api.undo", "own answer"): (403, 404, 200, 404, 403, 403, 404, 401),
    ("POST", "reviews_api.undo", "missing answer"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("GET", "reviews_api.remarks", "own report"): (200, 404, 200, 404, 200, 200, 404, 401),
    ("GET", "reviews_api.remarks", "own draft"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("GET", "reviews_api.remarks", "missing report"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("POST", "reviews_api.remark", "own report"): (422, 404, 422, 404, 403, 403, 404, 401),
    ("POST", "reviews_api.remark", "own draft"): (404, 404, 404, 404, 403, 403, 404, 401),
    ("POST", "reviews_api.remark", "missing report"): (404, 404, 404, 404, 404, 404, 404, 401),
    # --- photos
    ("GET", "photos_api.picture", "own photo"): (200, 404, 200, 404, 200, 200, 404, 401),
    ("GET", "photos_api.picture", "own photo of no size"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("GET", "photos_api.picture", "own draft photo"): (200, 404, 404, 404, 404, 404, 404, 401),
    ("GET", "photos_api.picture", "other photo"): (404, 404, 404, 200, 200, 200, 404, 401),
    ("GET", "photos_api.picture", "missing photo"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("POST", "photos_api.take_back_photo", "spare photo"): (200, 404, 403, 404, 403, 403, 404, 401),
    ("POST", "photos_api.take_back_photo", "missing spare photo"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("POST", "photos_api.put_back_photo", "spare photo"): (200, 404, 403, 404, 403, 200, 404, 401),
    ("POST", "photos_api.put_back_photo", "missing spare photo"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("GET", "documents_api.one", "own document"): (200, 404, 200, 404, 200, 200, 404, 401),
    ("GET", "documents_api.one", "own unsent document"): (200, 404, 404, 404, 404, 404, 404, 401),
    ("GET", "documents_api.one", "own withdrawn document"): (404, 404, 404, 404, 404, 200, 404, 401),
    ("GET", "documents_api.one", "missing document"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("POST", "documents_api.take_back_document", "own document"): (200, 404, 403, 404, 403, 403, 404, 401),
    ("POST", "documents_api.take_back_document", "missing document"): (404, 404, 404, 404, 404, 404, 404, 401),
    ("POST", "documents_api.put_back_document", "own document"): (200, 404, 403, 404, 403, 200, 404, 401),
    ("POST", "documents_api.put_back_document", "missing document"): (404, 404, 404, 404, 404, 404, 404, 401),
}
OWN_SCRIPT = {"Origin": "http://localhost", "X-Requested-With": "meetingcheck"}
BYTES = "application/octet-stream"
CLIENT_ID = uuid.uuid4()
# Well-formed bodies that every rule refuses, so that nothing changes for those who come later in the table.
BODIES: dict[str, Any] = {
    "planning_api.plan": {"planned_on": "2026-10-05"},
    "exceptions_api.ask_for": {"reason": " "},
    "exceptions_api.decide": {"decision": "refuse"},
    "exceptions_api.set_for_area": {"period": "2026-13", "reason": "Mưa lũ", "document": "15-CV/ĐU"},
    "check_in_api.check_in": {"client_id": str(CLIENT_ID), "check_in": {}},
    "check_in_api.told": {"client_id": str(CLIENT_ID), "check_in": {}},
    "check_in_api.extra": {"client_id": str(uuid.uuid4()), "extra_kind": "congress", "check_in": {}},
    "check_in_api.correct": {"revision": 1, "check_in": {}},
    "check_in_api.told_again": {"revision": 1, "check_in": {}},
    "changes_api.void": {"reason": " "},
    "reviews_api.answer": {"verdict": "ask_to_add", "version": 2},
    "reviews_api.remark": {"text": " "},
}


def is_api(app: Flask, endpoint: str) -> bool:
    return isinstance(app.blueprints.get(endpoint.partition(".")[0]), APIBlueprint)


def test_each_call_has_a_row(app: Flask) -> None:
    calls = {
        (method, rule.endpoint)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if is_api(app, rule.endpoint)
    }
    assert {(method, endpoint) for method, endpoint, _ in TABLE} == calls


def test_only_the_interface_lies_below_its_path(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if is_api(app, rule.endpoint):
            assert rule.rule.startswith("/api/v1/"), rule.rule


@pytest.fixture
def places(things: Things) -> Things:
    """The things of the pages' table, and what files are sent for."""
    own_id = {"own_id": uuid.uuid4()}
    for what, name, place in (
        ("for own report", "meeting", things.values["own report"]["meeting_id"]),
        ("for own draft", "meeting", things.values["own draft"]["meeting_id"]),
        ("for own period", "obligation", things.values["own period"]["obligation_id"]),
        ("for own cell", "cell", things.values["own cell"]["unit_id"]),
        ("for other report", "meeting", things.values["other report"]["meeting_id"]),
        ("for missing report", "meeting", uuid.uuid4()),
        ("for missing period", "obligation", uuid.uuid4()),
    ):
        things.values[what] = {**own_id, name: place, "client_id": CLIENT_ID}
    return things


def ask(things: Things, row: tuple[str, str, str], client: FlaskClient, headers: dict[str, str]) -> TestResponse:
    method, endpoint, what = row
    address = things.address(endpoint, what)
    if endpoint.startswith("sent_files_api."):
        more = "purpose=overview" if endpoint.endswith("photo") else "kind=minutes"
        return client.put(f"{address}&{more}", data=b"no file", headers=headers, content_type=BYTES)
    body = BODIES.get(endpoint)
    if endpoint == "changes_api.move":
        body = {"obligation_id": str(things.values["own reported period"]["obligation_id"])}
    if endpoint == "changes_api.move_one_photo":
        body = {"meeting_id": str(things.values[what]["meeting_id"])}
    return client.open(address, method=method, headers=headers, **({"json": body} if body is not None else {}))


def test_everybody_gets_what_the_table_says(places: Things) -> None:
    wrong, refusals = {}, set()
    for number, actor in enumerate(ACTORS):
        client = places.client(actor)
        for row in TABLE:
            answer = ask(places, row, client, OWN_SCRIPT)
            if answer.status_code != TABLE[row][number]:
                wrong[actor, *row] = (answer.status_code, TABLE[row][number], answer.text[:200])
            if answer.status_code in {401, 403, 404}:
                refusals.add((answer.status_code, answer.text))
    assert wrong == {}, "found, expected"
    assert sorted(status for status, _ in refusals) == [401, 403, 404], "foreign and missing are the same answer"


def test_a_token_gets_what_its_person_gets(places: Things) -> None:
    world = places.world
    with world.app.app_context(), write_transaction() as session:
        tokens = {login: issue_token(session, user, "", world.clock())[0] for login, user in world.users.items()}
    client, wrong = world.app.test_client(), {}
    for number, actor in enumerate(("own", "sibling", "reviewer")):
        headers = {"Authorization": f"Bearer {tokens[ACTORS[actor] or '']}"}
        for row in TABLE:
            found = ask(places, row, client, headers).status_code
            if found != TABLE[row][number]:
                wrong[actor, *row] = (found, TABLE[row][number])
    assert wrong == {}, "found, expected"


def test_a_session_that_ended_is_401(places: Things) -> None:
    client = places.client("own")
    with places.world.app.app_context(), write_transaction() as session:
        session.execute(update(UserSession).values(revoked_at=places.world.clock()))
    for row, statuses in TABLE.items():
        assert ask(places, row, client, OWN_SCRIPT).status_code == statuses[-1], row


def test_a_write_by_cookie_without_the_marks_of_our_own_pages_changes_nothing(places: Things) -> None:
    client = places.client("own")
    for row in TABLE:
        if row[0] == "GET":
            continue
        for name in OWN_SCRIPT:
            marks = {other: value for other, value in OWN_SCRIPT.items() if other != name}
            assert ask(places, row, client, marks).status_code == 403, (row, name)
        foreign = {**OWN_SCRIPT, "Origin": "https://elsewhere.example"}
        assert ask(places, row, client, foreign).status_code == 403, row


def test_a_report_link_opens_no_call(places: Things) -> None:
    """Whoever came by one is nobody here."""
    world, client = places.world, places.world.app.test_client()
    opened = open_link(world, client)
    assert opened.status_code == 303
    for row, statuses in TABLE.items():
        assert ask(places, row, client, OWN_SCRIPT).status_code == statuses[-1], row


def open_link(world: World, client: FlaskClient) -> TestResponse:
    with world.app.app_context(), write_transaction() as session:
        obligation = session.get_one(Obligation, world.obligation(world.cells[0], "2026-10").id)
        secretary, reviewer = world.users["secretary1"], world.users["reviewer"]
        held, _ = make_report_link(session, obligation, secretary, reviewer, world.clock())
    return client.post("/report", data={"csrf_token": token_of(client.get("/report")), "token": held})
