"""Fixtures that all tests share: both databases, an application with a standing clock, a small world."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser

from meetingcheck import create_app
from meetingcheck.lib.db import db
from meetingcheck.lib.migrate import migrate
from meetingcheck.lib.settings import Settings, read_settings
from meetingcheck.lib.storage import MemoryStorage
from meetingcheck.photos.decoder import Decoder
from meetingcheck.photos.extension import EXTENSION as DECODER
from tests.clock import START, SetClock
from tests.engines.browser import launch_browser
from tests.engines.postgres import PostgresCluster
from tests.engines.smtp import SmtpSink
from tests.quick import (
    TEMPLATES,
    keep_files_in_memory,
    leave_what_is_loaded_alone,
    longest_files_first,
)
from tests.world import World, make_world

DATABASES = ("sqlite", "postgresql")
SECRET_KEY = "only for tests, only for tests, only for tests"
SETTINGS = {"PUBLIC_URL": "http://localhost", "SECRET_KEY": SECRET_KEY}


keep_files_in_memory()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    longest_files_first(items)


def pytest_collection_finish() -> None:
    leave_what_is_loaded_alone()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresCluster]:
    with PostgresCluster() as cluster:
        cluster.template("migrated", migrate)
        yield cluster


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for the whole run: Playwright's driver takes a thread for itself, so there can be no second one."""
    with launch_browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "migrated.sqlite3"
    migrate(f"sqlite:///{path}")
    return path


def _found_world(variables: dict[str, str]) -> World:
    """The small world, made in a database that will be copied."""
    clock = SetClock()
    app = create_app(read_settings({**SETTINGS, **variables}), clock=clock, storage=MemoryStorage(clock))
    world = make_world(app, clock)
    with app.app_context():
        db.engine.dispose()
    return world


@pytest.fixture(scope="session")
def sqlite_world(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Path]:
    path = tmp_path_factory.mktemp("world") / "meetingcheck.sqlite3"
    shutil.copy(migrated_sqlite, path)
    return _found_world({"MEETINGCHECK_DATA": str(path.parent)}), path


@pytest.fixture(scope="session")
def postgres_world(postgres: PostgresCluster, tmp_path_factory: pytest.TempPathFactory) -> tuple[World, str]:
    worlds = []

    def prepare(url: str) -> None:
        migrate(url)
        variables = {"MEETINGCHECK_DATA": str(tmp_path_factory.mktemp("world")), "DATABASE_URL": url}
        worlds.append(_found_world(variables))

    name = postgres.template("world", prepare)
    return worlds[0], name


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated database of each kind: with the small world in it where the test asks for one, else empty."""
    inhabited = "world" in request.fixturenames
    if request.param == "sqlite":
        path = tmp_path / "meetingcheck.sqlite3"
        source = request.getfixturevalue("sqlite_world")[1] if inhabited else request.getfixturevalue("migrated_sqlite")
        shutil.copy(source, path)
        yield f"sqlite:///{path}"
        return
    cluster: PostgresCluster = request.getfixturevalue("postgres")
    url = cluster.database_from(request.getfixturevalue("postgres_world")[1] if inhabited else "migrated")
    yield url
    cluster.drop(url)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def smtp() -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        yield sink


@pytest.fixture
def environment(tmp_path: Path, database_url: str, smtp: SmtpSink) -> dict[str, str]:
    """The settings of a small installation: PostgreSQL or SQLite, a real mail server."""
    variables = {
        **SETTINGS,
        "MEETINGCHECK_DATA": str(tmp_path / "var"),
        "SMTP_HOST": smtp.host,
        "SMTP_PORT": str(smtp.port),
        "MAIL_FROM": "Sinh hoạt chi bộ <khong-tra-loi@mau.example>",
    }
    if database_url.startswith("postgresql"):
        variables["DATABASE_URL"] = database_url
    return variables


@pytest.fixture
def settings(environment: dict[str, str], database_url: str) -> Settings:
    if database_url.startswith("sqlite"):
        data = Path(environment["MEETINGCHECK_DATA"])
        data.mkdir()
        shutil.move(database_url.removeprefix("sqlite:///"), data / "meetingcheck.sqlite3")
    return read_settings(environment)


@pytest.fixture
def storage(clock: SetClock) -> MemoryStorage:
    return MemoryStorage(clock)


@pytest.fixture(scope="session")
def decoder() -> Iterator[Decoder]:
    """One process that looks at the photos of all tests, as it would at those of many requests."""
    with Decoder() as decoder:
        yield decoder


@pytest.fixture
def app(settings: Settings, clock: SetClock, storage: MemoryStorage, decoder: Decoder) -> Iterator[Flask]:
    app = create_app(settings, clock=clock, storage=storage)
    app.jinja_env.bytecode_cache = TEMPLATES
    app.extensions[DECODER] = decoder
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def world(request: pytest.FixtureRequest, app: Flask, clock: SetClock, database_url: str) -> World:
    """The test's own copy of the world that was made once at the clock's first instant."""
    assert clock() == START
    made = request.getfixturevalue("sqlite_world" if database_url.startswith("sqlite") else "postgres_world")[0]
    return replace(made, app=app, clock=clock, users=dict(made.users))
