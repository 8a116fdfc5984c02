"""Hostile texts on the pages: shown as text, kept as typed, never a part of the page."""

import io
import re
import uuid

import pytest
from flask import Flask
from sqlalchemy import select, update

from meetingcheck.accounts.models import User
from meetingcheck.alerts.jobs import close_all
from meetingcheck.lib.db import write_transaction
from meetingcheck.lib.jobs import enqueue
from meetingcheck.lib.registries import JobKind
from meetingcheck.meetings.forms import PLAIN_FIELDS
from meetingcheck.meetings.models import Meeting, Verdict
from meetingcheck.meetings.reviews.actions import answer_report
from meetingcheck.orgs.actions import give_role
from meetingcheck.orgs.models import Role, Unit, UnitKind
from tests.engines.smtp import SmtpSink
from tests.hostile import HOSTILE, HOSTILE_NAME, SPOKEN, assert_harmless
from tests.pages.filing import check_in_of, send
from tests.photos.samples import jpeg, scene
from tests.world import GOOD_FIELDS, LONG_AGO, TOKEN, World, form_of, token_of


def test_a_hostile_login_is_shown_as_text(app: Flask) -> None:
    client = app.test_client()
    data = {"csrf_token": token_of(client.get("/sign-in")), "login": HOSTILE, "password": "x", "next": HOSTILE}
    answer = client.post("/sign-in", data=data)
    assert_harmless(answer, 422)
    assert SPOKEN in answer.text
    assert "49" not in re.sub(r"\?v=\w+", "", TOKEN.sub("", answer.text)), "but in the version of a static file"
    assert_harmless(client.get("/sign-in", query_string={"next": HOSTILE}))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the pages do not depend on it
def test_a_hostile_query_is_shown_as_text_on_every_page(world: World, report: str) -> None:
    client = world.sign_in("leader")
    for path in ("/messages", f"/units/{world.root}/board", f"/units/{world.cells[0]}", report, "/no-such-page"):
        raw = {"QUERY_STRING": "month=\"><img src=x onerror=a()>&page=<script>a()</script>&sent=1&v='><script>"}
        assert_harmless(client.get(path, environ_overrides=raw), 404 if path == "/no-such-page" else 200)
        answer = client.get(path, query_string={"month": HOSTILE, "page": HOSTILE, HOSTILE: HOSTILE})
        assert_harmless(answer, 404 if path == "/no-such-page" else 200)
    away = world.app.test_client().get("/messages", query_string={"next": HOSTILE})
    assert away.status_code == 302
    assert "\r" not in away.location
    assert away.location.startswith("/sign-in?next=/messages")


# Fields that are no boxes to type in: choices, and names under which only their parts are asked.
NOT_TYPED = {"form", "resolution_made", "combined", "groups", "reasons", "tasks", "told_by", "absent_names"}
TEXT_FIELDS = [*sorted(PLAIN_FIELDS - NOT_TYPED), "task_1_what", "task_1_who", "task_1_until"]
PLACES = dict.fromkeys(("task_1_what", "task_1_who"), "tasks")


def test_hostile_texts_in_the_check_in_are_shown_as_text_and_kept(world: World) -> None:
    client, path = world.sign_in("secretary1"), check_in_of(world)
    for field in TEXT_FIELDS:
        answer = send(client, path, [], **{field: HOSTILE})
        assert_harmless(answer, 422)
        if field not in {"minutes_text", "guests", "resolution_text"}:
            assert f'id="{PLACES.get(field, field)}-problem"' in answer.text, field
        shown = client.get(path)
        assert_harmless(shown)
        assert SPOKEN in shown.text, field
    everything = dict.fromkeys([*TEXT_FIELDS, *NOT_TYPED], HOSTILE)
    assert_harmless(send(client, path, [], **everything), 422)
    form = form_of(client.get(path), everything)
    form["overview"] = [(io.BytesIO(jpeg(scene())), HOSTILE.replace("\r\n", " "))]
    form["minutes_file"] = (io.BytesIO(b"%PDF"), HOSTILE.replace("\r\n", " "))
    assert_harmless(client.post(path, data={**form, "then": HOSTILE, f"purpose_{uuid.uuid4()}": HOSTILE}), 422)
    assert client.post(path, data={**form_of(client.get(path)), "client_id": HOSTILE}).status_code == 400
    visible = HOSTILE.replace("\u202e", "").replace("\r\n", " ")
    texts = dict.fromkeys(("minutes_text", "guests", "resolution_text", "place", "chair", "topic", "superior"), visible)
    tasks = {"task_1_what": visible, "task_1_who": visible}
    sent = send(client, path, [jpeg(scene())], **texts, **tasks)
    assert sent.status_code == 303
    shown = client.get(sent.location)
    assert_harmless(shown)
    assert shown.text.count(SPOKEN) == len(texts) + len(tasks)
    assert_harmless(client.get(f"/cells/{world.cells[0]}/home"))
    correction = f"{sent.location.partition('?')[0]}/correct"
    changed = client.post(correction, data=form_of(client.get(correction), {**GOOD_FIELDS, "place": "Nhà văn hóa"}))
    assert changed.status_code == 303
    assert_harmless(client.get(f"{sent.location.partition('?')[0]}/versions/2"))
    void = f"{sent.location.partition('?')[0]}/void"
    assert_harmless(client.post(void, data={"csrf_token": token_of(client.get(void)), "reason": HOSTILE}), 422)
    client.post(void, data={"csrf_token": token_of(client.get(void)), "reason": visible})
    assert_harmless(client.get(sent.location))
    assert_harmless(world.sign_in("reviewer").get("/messages"))


def test_hostile_texts_are_shown_as_text_where_a_report_is_there_already(world: World, report: str) -> None:
    client, path = world.sign_in("secretary1"), check_in_of(world)
    token = token_of(client.get("/messages"))
    form = {"csrf_token": token, "client_id": str(uuid.uuid4()), **dict.fromkeys(TEXT_FIELDS, HOSTILE)}
    answer = client.post(path, data=form)
    assert_harmless(answer, 409)
    assert answer.text.count(SPOKEN) == len(TEXT_FIELDS)


UNSEEN = "\u202e\u2066\u200f\u200b\ufeff\x08\x1b\x7f\ue000"


def test_characters_that_nobody_can_see_do_not_reach_a_report(world: World) -> None:
    client = world.sign_in("secretary1")
    sent = send(client, check_in_of(world), [jpeg(scene())], minutes_text=f"Một\r\nhai{UNSEEN}\u2028ba\x85bốn")
    assert sent.status_code == 303
    shown = client.get(sent.location)
    assert ">Một\nhai\nba\nbốn<" in shown.text
    assert not set(UNSEEN) & set(shown.text)


def test_what_no_database_can_keep_is_shown_as_unread(world: World) -> None:
    client = world.sign_in("secretary1")
    sent = send(client, check_in_of(world), [jpeg(scene())], minutes_text="Chi bộ\0 thống nhất.")
    assert sent.status_code == 303
    assert "Chi bộ\ufffd thống nhất." in client.get(sent.location).text


def test_hostile_names_and_answers_are_shown_as_text_on_every_page(world: World, report: str, smtp: SmtpSink) -> None:
    with world.app.app_context(), write_transaction() as session:
        session.execute(update(Unit).values(name=HOSTILE_NAME))
        session.execute(update(UnitKind).values(name=HOSTILE_NAME[:80]))
        session.execute(update(User).values(name=HOSTILE_NAME))
        meeting = session.scalars(select(Meeting)).one()
        answer_report(session, meeting, Verdict.ASK_TO_ADD, HOSTILE, world.users["reviewer"], world.clock())
        viewer = world.users["administrator"]
        give_role(session, viewer, world.cells[0], Role.SECRETARY, LONG_AGO, None, world.clock())
        session.execute(update(User).where(User.id == viewer).values(email="quan@mau.example"))
        enqueue(session, JobKind(HOSTILE_NAME[:64], lane="bulk"), {}, world.clock())
    with world.app.app_context():
        assert close_all(world.clock()) > 0
    world.clock.advance(hours=12)  # nobody is written to at night
    world.work()
    cell = world.cells[0]
    client = world.sign_in("administrator")
    pages = ["/", "/messages", f"/cells/{cell}/home", check_in_of(world, period="2026-10"), report]
    pages += [f"/units/{cell}", f"/units/{world.root}", f"/units/{world.root}/board", "/office"]
    for path in pages:
        answer = client.get(path)
        assert_harmless(answer)
        assert SPOKEN in answer.text, path
    assert smtp.deliveries
    for delivery in smtp.deliveries:
        assert delivery.message["hostile"] is None
        assert delivery.message["Set-Cookie"] is None
        assert delivery.message.get_content_type() == "text/plain"
        assert len(delivery.recipients) == 1
        assert delivery.recipients[0].endswith("@mau.example")
        assert "<img" not in delivery.message["Subject"], "a subject names no unit"
