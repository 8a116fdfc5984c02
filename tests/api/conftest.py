"""Programs that use the interface, each with a token of its person."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from meetingcheck.accounts.api_tokens.actions import issue_token
from meetingcheck.lib.db import write_transaction
from tests.world import World


class Program:
    """Speaks to `/api/v1` with a bearer token."""

    def __init__(self, client: FlaskClient, token: str) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {token}"}

    def ask(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = {**self._headers, **options.pop("headers", {})}
        return self._client.open(f"/api/v1{path}", method=method, headers=headers, **options)

    def get(self, path: str, **query: object) -> TestResponse:
        return self.ask("GET", path, query_string={name: str(value) for name, value in query.items()})

    def post(self, path: str, body: Any = None) -> TestResponse:
        return self.ask("POST", path, **({} if body is None else {"json": body}))

    def put(self, path: str, body: Any) -> TestResponse:
        return self.ask("PUT", path, json=body)

    def send(self, path: str, data: bytes, content_type: str = "image/jpeg", **query: object) -> TestResponse:
        texts = {name: str(value) for name, value in query.items()}
        return self.ask("PUT", path, data=data, content_type=content_type, query_string=texts)


ProgramOf = Callable[[str], Program]


@pytest.fixture
def program_of(world: World) -> ProgramOf:
    def program_of(login: str) -> Program:
        with world.app.app_context(), write_transaction() as session:
            token, _ = issue_token(session, world.users[login], "", world.clock())
        return Program(world.app.test_client(), token)

    return program_of


@pytest.fixture
def secretary(program_of: ProgramOf) -> Program:
    return program_of("secretary1")


@pytest.fixture
def reviewer(program_of: ProgramOf) -> Program:
    return program_of("reviewer")
