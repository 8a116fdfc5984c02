"""The description of the interface: OpenAPI 3.1, whole, and no secret."""

import json
from typing import Any

import pytest
from flask import Flask

from meetingcheck.lib.http.rights import PUBLIC, right_of
from tests.api.samples import WHOLE
from tests.api.test_matrix import is_api
from tests.world import World

METHODS = {"get", "post", "put", "delete"}


@pytest.fixture
def document(app: Flask) -> dict[str, Any]:
    answer = app.test_client().get("/api/v1/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    found: dict[str, Any] = answer.get_json()
    return found


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for path in document["paths"].values() for method, one in path.items() if method in METHODS]


def test_every_call_is_described_once_under_a_name_of_its_own(app: Flask, document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    calls = [
        rule for rule in app.url_map.iter_rules() if is_api(app, rule.endpoint) and rule.endpoint != "api.document"
    ]
    found = operations(document)
    assert len(found) == len(calls) == len({one["operationId"] for one in found})
    assert all(one["summary"] and one["tags"] for one in found)
    assert all(path.startswith("/api/v1/") for path in document["paths"])


def test_each_part_is_named_once_and_used(document: dict[str, Any]) -> None:
    text, names = json.dumps(document), set(document["components"]["schemas"])
    assert not any(name[-1].isdigit() for name in names), "no schema stands there twice"
    for name in names:
        assert f'"#/components/schemas/{name}"' in text, name


def test_each_call_names_its_right_and_every_refusal(app: Flask, document: dict[str, Any]) -> None:
    rights = {
        rule.rule.replace("<uuid:", "{").replace("<int:", "{").replace(">", "}"): rule.endpoint
        for rule in app.url_map.iter_rules()
        if is_api(app, rule.endpoint)
    }
    for path, described in document["paths"].items():
        for method, one in described.items():
            with app.app_context():
                assert right_of(rights[path]) != PUBLIC
            assert one["security"] == [{"bearer": []}, {"cookie": []}], path
            wanted = {"400", "401", "503"}
            wanted |= {"403", "404"} if "{" in path else set()
            wanted |= {"403", "413"} if method != "get" else set()
            wanted |= {"413", "415", "422"} if "requestBody" in one else set()
            assert wanted <= set(one["responses"]), (path, method)
            for status, answer in one["responses"].items():
                assert answer["description"], (path, status)
                if status >= "400":
                    schema = answer["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
                    assert {"error", "message"} <= set(document["components"]["schemas"][schema]["required"])


def test_bodies_refuse_what_they_do_not_name_and_have_examples(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for one in operations(document):
        body = one.get("requestBody", {}).get("content", {}).get("application/json")
        if body is None:
            continue
        schema = schemas[body["schema"]["$ref"].rpartition("/")[2]]
        assert schema["additionalProperties"] is False, one["operationId"]
        assert set(schema.get("required", [])) <= set(body["example"]) <= set(schema["properties"]), one["operationId"]
    assert set(schemas["CheckInBody"]["properties"]) == set(WHOLE)


def test_it_tells_strangers_nothing_but_the_interface(world: World) -> None:
    own = world.sign_in("administrator").get("/api/v1/openapi.json")
    strangers = world.app.test_client().get("/api/v1/openapi.json")
    assert own.data == strangers.data
    assert strangers.get_json()["servers"] == [{"url": "/"}]


def test_there_is_no_other_document(app: Flask) -> None:
    for path in ("/openapi.json", "/docs", "/redoc", "/api/v1/docs", "/docs/oauth2-redirect"):
        assert app.test_client().get(path).status_code == 404
