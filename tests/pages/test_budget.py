"""What a first visit to the check-in costs on a slow line, the service worker's cache counted; a second one less."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from meetingcheck.meetings.phone_routes import PAGE_SCRIPT
from tests.world import World

BUDGET = 60 * 1024  # bytes with gzip, headers counted
LINKED = re.compile(r'(?:src|href)="(/static/[^"]+|/manifest[^"]+)"')
IMPORTED = re.compile(r'(?:from |import\()"([^"]+)"')
CACHED = re.compile(r'"(/[^"]+)"')
KEPT_FOR_A_YEAR = "public, max-age=31536000, immutable"

any_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def get(client: FlaskClient, path: str) -> TestResponse:
    answer = client.get(path, headers={"Accept-Encoding": "gzip, deflate, br"})
    assert answer.status_code == 200, path
    return answer


def size(answer: TestResponse) -> int:
    return len(answer.data) + sum(len(name) + len(value) + 4 for name, value in answer.headers)


def text(client: FlaskClient, path: str) -> str:
    return client.get(path).text


def check_in_of(world: World) -> str:
    return f"/obligations/{world.obligation(world.cells[0]).id}/check-in"


def everything_fetched(client: FlaskClient, page: str) -> list[str]:
    """The addresses that a browser fetches for a page: what it links, what scripts import, what the worker keeps."""
    found = [page, *LINKED.findall(text(client, page)), "/sw.js"]
    found += [path for path in CACHED.findall(text(client, "/sw.js").split("\n\n")[0]) if path not in found]
    for path in found:
        if path.startswith("/static/js/"):
            found += [one for one in IMPORTED.findall(text(client, path)) if one not in found]
    return found


@any_database
def test_a_first_visit_stays_under_sixty_kilobytes(world: World) -> None:
    client = world.sign_in("secretary1")
    sizes = {path: size(get(client, path)) for path in everything_fetched(client, check_in_of(world))}
    assert any(PAGE_SCRIPT in path for path in sizes)
    assert "/check-in-shell" in sizes
    assert sum(sizes.values()) < BUDGET, sizes


@any_database
def test_a_second_visit_fetches_the_page_alone(world: World) -> None:
    client = world.sign_in("secretary1")
    kept = [path for path in everything_fetched(client, check_in_of(world)) if path.startswith("/static/")]
    assert len(kept) > 8
    assert {client.get(path).headers["Cache-Control"] for path in kept} == {KEPT_FOR_A_YEAR}


@any_database
def test_what_is_packed_is_the_same_unpacked(app: Flask) -> None:
    client = app.test_client()
    for path in ("/sign-in", "/static/css/app.css", "/static/js/phone/page.js", "/sw.js"):
        packed, plain = get(client, path), client.get(path)
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Content-Encoding" not in plain.headers
        assert len(packed.data) < len(plain.data) / 2
        assert "Accept-Encoding" in packed.headers["Vary"]
        assert "Accept-Encoding" in plain.headers["Vary"]


@any_database
def test_nothing_outside_the_folder_is_served(app: Flask) -> None:
    for path in ("/static/../__init__.py", "/static/js/../../__init__.py", "/static//etc/passwd", "/static/js"):
        assert app.test_client().get(path).status_code in {404, 308}
