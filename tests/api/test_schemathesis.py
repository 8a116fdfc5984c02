"""schemathesis against the application in this process: no 500, and no answer that the document does not name."""

import os
import uuid
from collections.abc import Iterator
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from meetingcheck.accounts.api_tokens.actions import issue_token
from meetingcheck.lib.db import write_transaction
from meetingcheck.lib.services import services_of
from meetingcheck.photos.rules import Size, rendition_key
from tests.api.samples import PHOTO
from tests.orgs.test_matrix import Things, things

__all__ = ["things"]

SOAK = bool(os.environ.get("MEETINGCHECK_SOAK"))
EXAMPLES = 120 if SOAK else 8  # of each operation, for each person
PEOPLE = ("secretary1", "reviewer", "administrator", None)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def known_ids(things: Things) -> dict[str, list[str]]:
    """Real ids for each name of an address's part, so that not everything ends in a 404."""
    found: dict[str, list[str]] = {}
    for values in things.values.values():
        for name, value in values.items():
            found.setdefault(name, []).append(str(value))
    return found


def operations(things: Things) -> Iterator[APIOperation[Any, Any, Any, Any]]:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", things.world.app)
    for result in schema.get_all_operations():
        yield result.ok()


def test_every_answer_is_documented(things: Things) -> None:
    draw_the_spare_photo(things)
    ids, answered = known_ids(things), set()
    for login in PEOPLE:
        headers = {"Authorization": f"Bearer {token(things, login)}"} if login else {}
        for operation in operations(things):
            seen = ask_often(operation, ids, headers)
            assert login or seen <= {400, 401, 404, 413}, (operation.label, seen)
            answered |= {operation.label} if any(status < 300 for status in seen) else set()
    assert len(answered) > len(list(operations(things))) / 2, "not everything was refused"


def draw_the_spare_photo(things: Things) -> None:
    """The table of the pages needs no picture of it."""
    photo_id, storage = things.values["spare photo"]["photo_id"], services_of(things.world.app).storage
    assert isinstance(photo_id, uuid.UUID)
    for size in Size:
        storage.put(rendition_key(photo_id, "0" * 64, size), PHOTO, "image/jpeg")


def token(things: Things, login: str) -> str:
    with things.world.app.app_context(), write_transaction() as session:
        return issue_token(session, things.world.users[login], "", things.world.clock())[0]


def is_broken(case: Case) -> bool:
    """Whether a JSON body violates its schema."""
    info = case.meta.components.get(ParameterLocation.BODY)
    return case.media_type == "application/json" and info is not None and info.mode == GenerationMode.NEGATIVE


def ask_often(
    operation: APIOperation[Any, Any, Any, Any], ids: dict[str, list[str]], headers: dict[str, str]
) -> set[int]:
    """Sound and broken requests; the statuses of their answers."""
    seen: set[int] = set()
    sound = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    broken = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=sound | broken, data=st.data())
    def ask(case: Case, data: st.DataObject) -> None:
        for name in case.path_parameters:
            if name in ids and data.draw(st.integers(0, 3)):
                case.path_parameters[name] = data.draw(st.sampled_from(ids[name]))
        response = case.call(headers=headers)
        seen.add(response.status_code)
        case.validate_response(response, checks=CHECKS)
        assert response.status_code >= 400 or not is_broken(case), case.as_curl_command()

    ask()
    return seen
