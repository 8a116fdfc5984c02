"""Filing a report by the form alone, as tests of the pages' surroundings need it."""

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.world import GOOD_FIELDS, World, form_of


def check_in_of(world: World, cell: int = 0, period: str = "2026-11") -> str:
    return f"/obligations/{world.obligation(world.cells[cell], period).id}/check-in"


def send(client: FlaskClient, path: str, overviews: list[bytes], **fields: str) -> TestResponse:
    return client.post(path, data=form_of(client.get(path), {**GOOD_FIELDS, **fields}, overviews))
