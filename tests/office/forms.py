"""Posting the office's forms as a browser would, token included."""

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.world import token_of

CHOSEN = {"role", "child_kind", "root_kind", "is_cell", "person"}  # not typed; a choice may not be offered any more


def post(client: FlaskClient, address: str, **fields: object) -> TestResponse:
    """Post a form with the token of a page that everybody who is signed in can open."""
    return client.post(address, data={"csrf_token": token_of(client.get("/messages")), **fields})


def done(client: FlaskClient, address: str, **fields: object) -> TestResponse:
    """Post a form that must be accepted, and the page after it."""
    answer = post(client, address, **fields)
    assert answer.status_code == 303, answer.text
    return client.get(answer.location)


def refused(client: FlaskClient, address: str, sentence: str, **fields: object) -> TestResponse:
    """Post a form that must come back with a sentence, and with everything that was typed."""
    answer = post(client, address, **fields)
    assert answer.status_code == 422, answer.text
    assert sentence in answer.text
    for name, value in fields.items():
        if name not in CHOSEN:
            assert f'value="{value}"' in answer.text, name
    return answer
