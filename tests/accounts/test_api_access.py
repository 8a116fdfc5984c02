"""Programs at /api/v1: a token stands for its person, a cookie only for scripts of our own pages."""

import re
import uuid
from datetime import timedelta

import pytest
from click.testing import CliRunner
from flask import Flask, jsonify
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from meetingcheck.accounts.actions import make_link, revoke_all_access
from meetingcheck.accounts.api_tokens.actions import issue_token
from meetingcheck.accounts.models import ApiToken, User, UserSession
from meetingcheck.accounts.rules import LinkPurpose
from meetingcheck.accounts.sessions import require_recent_proof, signed_in
from meetingcheck.cli import main
from meetingcheck.lib.clock import system_clock
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.http.rights import SIGNED_IN, needs
from meetingcheck.lib.tokens import token_hash
from meetingcheck.orgs.actions import give_role
from meetingcheck.orgs.models import Role
from tests.accounts.ways import NEW_PASSWORD, post
from tests.clock import SetClock
from tests.world import LONG_AGO, World, token_of

OWN = {"Origin": "http://localhost", "X-Requested-With": "meetingcheck"}


@needs(SIGNED_IN)
def who() -> object:
    actor = signed_in()
    return jsonify(user=str(actor.user_id), privilege=actor.privilege, by_token=actor.by_token)


@needs(SIGNED_IN)
def grave() -> object:
    require_recent_proof()
    return jsonify(done=True)


@pytest.fixture
def api(world: World) -> World:
    """The small world with three routes below /api/v1, as the interface will have them."""
    world.app.add_url_rule("/api/v1/who", "api_who", who, methods=["GET"])
    world.app.add_url_rule("/api/v1/who", "api_write", who, methods=["POST", "PATCH", "DELETE"])
    world.app.add_url_rule("/api/v1/grave", "api_grave", grave, methods=["POST"])
    return world


def issued(world: World, login: str = "secretary1") -> str:
    with world.app.app_context(), write_transaction() as session:
        return issue_token(session, world.users[login], "bảng tổng hợp", world.clock())[0]


def ask(client: FlaskClient, token: str, method: str = "GET", path: str = "/api/v1/who") -> TestResponse:
    return client.open(path, method=method, headers={"Authorization": f"Bearer {token}"})


# --- with a token


def test_a_token_acts_for_its_person_and_needs_nothing_else(api: World) -> None:
    client, token = api.app.test_client(), issued(api)
    for method in ("GET", "POST", "PATCH", "DELETE"):
        answer = ask(client, token, method)
        assert answer.status_code == 200, method
        assert answer.json == {"user": str(api.users["secretary1"]), "privilege": "ordinary", "by_token": True}
        assert "Set-Cookie" not in answer.headers


def test_cookies_beside_a_token_do_not_count(api: World) -> None:
    """Neither to lend a wrong token a person, nor to change who the right one stands for."""
    client = api.sign_in("secretary2")
    assert ask(client, "0" * 22).status_code == 401
    assert ask(client, issued(api)).get_json()["user"] == str(api.users["secretary1"])
    assert client.get("/api/v1/who").get_json()["user"] == str(api.users["secretary2"])


def test_an_administrators_token_has_the_role_of_today_but_never_a_recent_proof(api: World) -> None:
    client, token = api.app.test_client(), issued(api, "administrator")
    assert ask(client, token).get_json()["privilege"] == "administrator"
    assert ask(client, token, "POST", "/api/v1/grave").status_code == 403
    secretary = issued(api)
    with api.app.app_context(), write_transaction() as session:
        user, unit, now = api.users["secretary1"], api.committee, api.clock()
        give_role(session, user, unit, Role.REVIEWER, LONG_AGO, None, now)
    assert ask(client, secretary).get_json()["privilege"] == "reviewer"


def test_a_wrong_a_revoked_and_an_expired_token_are_401_alike(api: World) -> None:
    client, token, revoked = api.app.test_client(), issued(api), issued(api)
    with api.app.app_context(), write_transaction() as session:
        session.execute(
            update(ApiToken).where(ApiToken.token_hash == token_hash(revoked)).values(revoked_at=api.clock())
        )
    api.clock.advance(days=29, hours=23)
    assert ask(client, token).status_code == 200
    api.clock.advance(hours=2)
    answers = [ask(client, one) for one in ("", "nothing", revoked, token)]
    assert {(answer.status_code, answer.text, answer.headers["WWW-Authenticate"]) for answer in answers} == {
        (401, answers[0].text, "Bearer")
    }


def test_only_the_interface_takes_tokens(api: World) -> None:
    client, token = api.app.test_client(), issued(api)
    assert ask(client, token, path="/messages").location.startswith("/sign-in")
    assert ask(client, token, "POST", path="/messages/read").status_code == 400, "no form token"


@pytest.mark.parametrize("how", ["disabled", "reset", "lost phone"])
def test_what_ends_a_persons_access_ends_the_tokens(api: World, how: str) -> None:
    client, token, other = api.app.test_client(), issued(api), issued(api, "secretary2")
    user_id, now = api.users["secretary1"], api.clock()
    with api.app.app_context(), write_transaction() as session:
        if how == "disabled":
            session.execute(update(User).where(User.id == user_id).values(disabled_at=now))
        if how == "lost phone":
            revoke_all_access(session, user_id, None, now)
        link = make_link(session, user_id, LinkPurpose.RESET, None, now)
    if how == "reset":
        assert post(api.app.test_client(), "/one-time", token=link, password=NEW_PASSWORD).status_code == 303
    assert ask(client, token).status_code == 401
    assert ask(client, other).status_code == 200


def test_a_token_is_kept_as_its_hash_only_with_its_last_use(api: World) -> None:
    token = issued(api)
    assert len(token) == 22, "128 bits"
    ask(api.app.test_client(), token)
    with api.app.app_context(), read_transaction() as session:
        kept = session.scalars(select(ApiToken)).one()
    assert (kept.token_hash, kept.used_at) == (token_hash(token), api.clock())
    assert kept.expires_at - kept.created_at == timedelta(days=30)


# --- with a cookie


def test_a_write_by_cookie_needs_our_origin_and_our_header(api: World) -> None:
    client = api.sign_in("secretary1")
    assert client.get("/api/v1/who").status_code == 200
    assert client.post("/api/v1/who", json={}, headers=OWN).status_code == 200
    assert client.delete("/api/v1/who", headers=OWN).status_code == 200
    assert (
        client.patch("/api/v1/who", data=b"x", headers=OWN, content_type="application/offset+octet-stream").status_code
        == 200
    )
    for missing in OWN:
        left = {name: value for name, value in OWN.items() if name != missing}
        for method in ("POST", "PATCH", "DELETE"):
            assert client.open("/api/v1/who", method=method, json={}, headers=left).status_code == 403, missing
    assert client.post("/api/v1/who", json={}, headers={**OWN, "Origin": "null"}).status_code == 403
    assert (
        client.post("/api/v1/who", json={}, headers={**OWN, "Origin": "https://elsewhere.example"}).status_code == 403
    )


@pytest.mark.parametrize("body", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_body_as_forms_send_it_is_refused(api: World, body: str) -> None:
    client = api.sign_in("secretary1")
    assert client.post("/api/v1/who", data=b"{}", content_type=body, headers=OWN).status_code == 403


def test_an_ended_session_is_401_before_anything_else(api: World) -> None:
    client = api.sign_in("secretary1")
    with api.app.app_context(), write_transaction() as session:
        session.execute(update(UserSession).values(revoked_at=api.clock()))
    assert client.get("/api/v1/who").status_code == 401
    assert client.post("/api/v1/who", json={}, headers=OWN).status_code == 401
    assert client.post("/api/v1/who", json={}).status_code == 401
    assert client.get("/api/v1/nothing").status_code == 404


# --- giving out and ending


def test_the_command_prints_a_token_once(world: World, environment: dict[str, str], clock: SetClock) -> None:
    clock.set(system_clock())
    run = CliRunner().invoke(main, ["issue-token", "secretary1", "--name", "bảng tổng hợp"], env=environment)
    assert run.exit_code == 0, run.output
    token = run.stdout.strip()
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", token)
    with world.app.app_context(), read_transaction() as session:
        kept = session.scalars(select(ApiToken)).one()
    assert (kept.token_hash, kept.name, kept.user_id) == (token_hash(token), "bảng tổng hợp", world.users["secretary1"])
    for login in ("nobody", "secretary1"):
        with world.app.app_context(), write_transaction() as session:
            session.execute(update(User).values(disabled_at=clock()))
        refused = CliRunner().invoke(main, ["issue-token", login], env=environment)
        assert (refused.exit_code, refused.stdout) == (1, "")


def test_a_person_sees_and_ends_the_own_tokens(api: World) -> None:
    token, foreign = issued(api), issued(api, "secretary2")
    client = api.sign_in("secretary1")
    page = client.get("/devices")
    (token_id,) = re.findall(r"/devices/tokens/([0-9a-f-]{36})/end", page.text)
    assert "bảng tổng hợp" in page.text
    assert token not in page.text
    foreign_id = id_of(api.app, foreign)
    assert end(client, f"/devices/tokens/{foreign_id}/end", "/devices").status_code == 404
    assert end(client, f"/devices/tokens/{token_id}/end", "/devices").status_code == 303
    assert ask(api.app.test_client(), token).status_code == 401
    assert ask(api.app.test_client(), foreign).status_code == 200
    assert "bảng tổng hợp" not in client.get("/devices").text


def test_the_office_sees_and_ends_a_persons_tokens(api: World) -> None:
    token, other = issued(api), issued(api, "secretary2")
    client, page = api.sign_in("administrator"), f"/office/people/{api.users['secretary1']}"
    assert "bảng tổng hợp" in client.get(page).text
    assert end(client, f"{page}/tokens/{id_of(api.app, other)}/end", page).status_code == 404
    assert end(client, f"{page}/tokens/{id_of(api.app, token)}/end", page).status_code == 303
    assert ask(api.app.test_client(), token).status_code == 401
    assert ask(api.app.test_client(), other).status_code == 200


def id_of(app: Flask, token: str) -> uuid.UUID:
    with app.app_context(), read_transaction() as session:
        return session.scalars(select(ApiToken.id).where(ApiToken.token_hash == token_hash(token))).one()


def end(client: FlaskClient, path: str, page: str) -> TestResponse:
    return client.post(path, data={"csrf_token": token_of(client.get(page))})
