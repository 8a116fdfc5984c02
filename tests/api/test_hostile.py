"""The hostile string goes into every text field of the interface, and comes out as text or not at all."""

import uuid
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.api.conftest import Program
from tests.api.samples import PHOTO, WHOLE, filing
from tests.api.test_check_in import file_whole, period
from tests.hostile import HOSTILE, HOSTILE_NAME, assert_harmless
from tests.meetings.documents import samples
from tests.world import World

TEXTS = [name for name, value in WHOLE.items() if isinstance(value, str) and name[-3:] not in {"_on", "_at"}]
SEEN = "<script>a()</script>{{7*7}}"


def harmless_json(answer: TestResponse) -> Any:
    """Whatever it says, no browser can take it for a page, and no header for its own."""
    assert answer.status_code < 500, answer.text
    assert answer.status_code == 204 or answer.mimetype == "application/json", answer.mimetype
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    assert "hostile" not in str(answer.headers)
    return answer.get_json(silent=True)


@pytest.mark.parametrize("text", [HOSTILE, HOSTILE_NAME])
def test_it_passes_through_a_check_in(world: World, secretary: Program, text: str) -> None:
    filed = file_whole(world, secretary)
    path = f"/meetings/{filed['meeting_id']}"
    hostile = {
        **WHOLE,
        **{name: text for name in TEXTS if name != "form"},
        "tasks": [{"what": text, "who": text, "until_on": None}],
        "answers": [{"task_id": str(uuid.uuid4()), "done": True, "note": text}],
    }
    refused = secretary.put(path, {"revision": filed["revision"], "check_in": hostile})
    told = harmless_json(refused)
    assert refused.status_code == 422, "one-line texts refuse what nobody sees"
    assert {one["field"] for one in told["errors"]} >= {"place", "chair", "topic", "tasks"}
    whole = {**WHOLE, "minutes_text": text, "guests": "x", "place": SEEN, "topic": SEEN, "chair": '=cmd|"!A0'}
    body = {"revision": told["revision"], "check_in": whole}
    assert harmless_json(secretary.put(path, body))["outcome"] == "filed"
    shown = harmless_json(secretary.get(path))["check_in"]
    assert (shown["place"], shown["chair"]) == (SEEN, '=cmd|"!A0')
    assert SEEN in shown["minutes_text"]
    page = world.sign_in("reviewer").get(path)
    assert_harmless(page)


def test_it_passes_through_everything_else(world: World, secretary: Program, reviewer: Program) -> None:
    path = f"/meetings/{file_whole(world, secretary)['meeting_id']}"
    asking = secretary.post(f"{period(world, '2026-10')}/exceptions", {"reason": "Bão"}).get_json()["id"]
    for program, address, body in (
        (secretary, f"{path}/remarks", {"text": HOSTILE}),
        (secretary, f"{path}/void", {"reason": HOSTILE}),
        (secretary, f"{path}/move", {"obligation_id": HOSTILE}),
        (secretary, f"{period(world)}/exceptions", {"reason": HOSTILE, "moved_to": HOSTILE}),
        (secretary, f"{period(world)}/exceptions", {"reason": HOSTILE}),
        (secretary, f"{period(world)}/check-in", {HOSTILE: HOSTILE}),
        (secretary, f"{period(world)}/check-in", filing({HOSTILE: HOSTILE})),
        (secretary, f"/cells/{world.cells[0]}/extra-meetings", filing(extra_kind=HOSTILE)),
        (reviewer, f"{period(world, '2026-12')}/told", filing({**WHOLE, "told_by": HOSTILE})),
        (reviewer, f"/exceptions/{asking}/decision", {"decision": "refuse", "note": HOSTILE}),
        (reviewer, f"/exceptions/{asking}/decision", {"decision": HOSTILE}),
        (reviewer, f"{path}/reviews", {"verdict": HOSTILE, "version": 1}),
        (reviewer, f"{path}/reviews", {"verdict": "note", "version": 1, "comment": HOSTILE}),
    ):
        harmless_json(program.post(address, body))
    assert SEEN in harmless_json(reviewer.get(f"{path}/remarks"))["items"][0]["text"]
    assert SEEN in harmless_json(secretary.get(path))["reviews"][0]["comment"]
    world.work("alerts")
    for program in (secretary, reviewer):
        harmless_json(program.get("/messages"))


def test_it_passes_through_addresses_names_and_headers(world: World, secretary: Program, reviewer: Program) -> None:
    names = ("month", "only", "parent", "mine", "q", "page", "cell", "purpose", "after")
    for path in ("board", "photos", "exceptions", "meetings", "obligations"):
        for name in names:
            harmless_json(reviewer.get(f"/units/{world.committee}/{path}", **{name: HOSTILE}))
    filed = file_whole(world, secretary)
    query = {"meeting": filed["meeting_id"], "kind": "minutes", "name": HOSTILE}
    told = harmless_json(secretary.send(f"/documents/{uuid.uuid4()}", samples.pdf(), "application/pdf", **query))
    world.work("photos")
    fetched = secretary.get(f"/documents/{told['id']}")
    assert fetched.status_code == 200
    assert "\n" not in fetched.headers["Content-Disposition"]
    assert "<" not in told["name"]
    draft = {"obligation": world.obligation(world.cells[0]).id, "client_id": HOSTILE, "purpose": HOSTILE}
    harmless_json(secretary.send(f"/photos/{uuid.uuid4()}", PHOTO, **draft, claimed_at=HOSTILE))
    line = HOSTILE_NAME.encode("ascii", "ignore").decode()
    harmless_json(secretary.ask("GET", "/me", headers={"X-Request-Id": line, "Accept-Language": line}))
    harmless_json(secretary.ask("GET", "/me", headers={"Authorization": f"Bearer {line}"}))
