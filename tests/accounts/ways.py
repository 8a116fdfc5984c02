"""What the tests of getting in have in common: browsers, phones, a second web process."""

import re
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from meetingcheck import create_app
from meetingcheck.accounts.actions import make_enrolment, make_link
from meetingcheck.accounts.rules import LinkPurpose
from meetingcheck.lib.db import Base, read_transaction, write_transaction
from meetingcheck.lib.services import services_of
from meetingcheck.photos.extension import decoder_of
from tests.world import PASSWORD, World, token_of

NEW_PASSWORD = "câu rất dễ nhớ của tôi"
PIN = "481529"
ZALO = "Mozilla/5.0 (Linux; Android 12) AppleWebKit/537.36 Chrome/120 Mobile Safari/537.36 Zalo android/12090656"
PHONE = (
    "Mozilla/5.0 (Linux; Android 12; SM-A047F) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120 Mobile Safari/537.36"
)


def post(client: FlaskClient, path: str, page: str | None = None, **fields: str) -> TestResponse:
    """Post a form with the token of the page that it stands on."""
    shown = client.get(page or path)
    if shown.status_code != 200:
        shown = client.get("/one-time")
    return client.post(path, data={"csrf_token": token_of(shown), **fields})


def sign_in(client: FlaskClient, login: str, password: str = PASSWORD) -> TestResponse:
    return post(client, "/sign-in", page="/one-time", login=login, password=password)


def is_in(client: FlaskClient) -> bool:
    return client.get("/messages").status_code == 200


def link_for(world: World, login: str, purpose: LinkPurpose = LinkPurpose.RESET, actor: uuid.UUID | None = None) -> str:
    with world.app.app_context(), write_transaction() as session:
        return make_link(session, world.users[login], purpose, actor, world.clock())


def sheet_for(world: World, login: str, cell: int = 0) -> tuple[str, str]:
    """An enrolment's token and code."""
    with world.app.app_context(), write_transaction() as session:
        return make_enrolment(session, world.users[login], world.cells[cell], None, world.clock())


def enrolled(world: World, login: str = "secretary1", pin: str | None = None) -> FlaskClient:
    """A phone that is pinned to a person and signed in."""
    phone = world.app.test_client()
    answer = post(phone, "/enrol", token=sheet_for(world, login)[0])
    assert (answer.status_code, answer.location) == (303, "/"), answer.text
    if pin is not None:
        assert post(phone, "/devices/pin", pin=pin, again=pin).status_code == 303
    return phone


def sign_out(client: FlaskClient) -> None:
    assert post(client, "/sign-out", page="/account").status_code == 303


@contextmanager
def second_process(world: World) -> Iterator[Flask]:
    """Another application on the same database, with the same settings and clock."""
    services = services_of(world.app)
    other = create_app(services.settings, clock=world.clock, storage=services.storage)
    yield other
    decoder_of(other).close()


def at_once(*posts: tuple[FlaskClient, str, dict[str, str]]) -> list[TestResponse]:
    """Post all at the same time, each browser from a thread of its own."""
    with ThreadPoolExecutor(len(posts)) as pool:
        sent = [pool.submit(client.post, path, data=fields) for client, path, fields in posts]
        return [one.result() for one in sent]


def count(world: World, model: type[Base]) -> int:
    with world.app.app_context(), read_transaction() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def sentences(answer: TestResponse) -> list[str]:
    """What stands at the fields that were refused."""
    return [re.sub(r"\s+", " ", found).strip() for found in re.findall(r'<p class="problem"[^>]*>([^<]+)', answer.text)]
