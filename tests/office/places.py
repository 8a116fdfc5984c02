"""Installations to save and to restore into: a database of either kind and a bucket of a real object store each."""

import functools
import os
import secrets
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from meetingcheck import create_app
from meetingcheck.duties.actions import make_obligations
from meetingcheck.duties.rules import Month
from meetingcheck.lib.db import Base, read_transaction, write_transaction
from meetingcheck.lib.services import services_of
from meetingcheck.lib.settings import NAMES, SECRET_NAMES, read_settings
from meetingcheck.lib.storage import Storage, StoreAddress
from meetingcheck.meetings.documents.actions import add_document, publish_documents
from meetingcheck.meetings.documents.ingest import store_document
from meetingcheck.meetings.models import DocumentKind, Meeting
from meetingcheck.office.objects import OBJECT_KINDS
from meetingcheck.orgs.actions import NewUnit, found_unit, give_role
from meetingcheck.orgs.models import Role
from meetingcheck.photos.extension import decoder_of
from tests.clock import SetClock
from tests.meetings.documents import samples as samples_of_documents
from tests.photos import samples
from tests.world import GOOD_FIELDS, LONG_AGO, SUPERVISED_FROM, World, form_of, make_world

DOCUMENT = samples_of_documents.pdf("Nghị quyết")
SECRET_KEY = "only for tests, only for tests, only for tests"


@functools.cache
def _picture() -> Any:
    return samples.noise(320, 240)


def new_photo() -> bytes:
    """A JPEG of some 100 KB that was never there before."""
    return samples.jpeg(_picture(), comment=secrets.token_hex(16).encode())


@dataclass(frozen=True)
class Place:
    """One installation and its application. `environment` is what its commands run with."""

    environment: dict[str, str]
    app: Flask
    clock: SetClock

    @property
    def url(self) -> str:
        return services_of(self.app).settings.database_url

    @property
    def storage(self) -> Storage:
        return services_of(self.app).storage

    @property
    def data(self) -> Path:
        return services_of(self.app).settings.data

    def again(self, **changes: str) -> "Place":
        """Another process on the same installation, with some settings changed."""
        same_store = not any(name.startswith("S3_") for name in changes)
        return make_place({**self.environment, **changes}, self.clock, self.storage if same_store else None)

    def close(self) -> None:
        decoder_of(self.app).close()

    def rows(self, model: type[Base]) -> list[Any]:
        with self.app.app_context(), read_transaction() as session:
            return list(session.scalars(select(model)))

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        with self.app.app_context(), read_transaction() as session:
            return {
                table.name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
                for table in Base.metadata.sorted_tables
            }

    def objects(self) -> dict[str, bytes]:
        return {
            one.key: self.storage.get(one.key) for kind in OBJECT_KINDS for one in self.storage.list_keys(kind.prefix)
        }

    def is_empty(self) -> bool:
        tables = self.tables()
        return not tables["unit"] and not tables["user_account"] and not tables["photo"] and not self.objects()


def make_place(environment: dict[str, str], clock: SetClock, storage: Storage | None = None) -> Place:
    """`storage` is one for the environment's bucket that is there already; making one takes its time."""
    return Place(environment, create_app(read_settings(environment), clock=clock, storage=storage), clock)


def environment_of(data: Path, database_url: str, address: StoreAddress) -> dict[str, str]:
    """The settings of an installation; nothing of the tests' own environment is a setting of it."""
    foreign = {*NAMES, *(f"{name}_FILE" for name in SECRET_NAMES)}
    return {
        **{name: value for name, value in os.environ.items() if name not in foreign},
        "MEETINGCHECK_DATA": str(data),
        "PUBLIC_URL": "http://localhost",
        "SECRET_KEY": SECRET_KEY,
        "S3_ENDPOINT_URL": address.endpoint_url,
        "S3_BUCKET": address.bucket,
        "S3_ACCESS_KEY": address.access_key,
        "S3_SECRET_KEY": address.secret_key,
        **({"DATABASE_URL": database_url} if database_url.startswith("postgresql") else {}),
    }


def live_in(place: Place, cells: int = 0) -> tuple[World, list[uuid.UUID]]:
    """A small world, and further cells that secretary1 reports for."""
    world = make_world(place.app, place.clock)
    now = place.clock()
    more = []
    with place.app.app_context(), write_transaction() as session:
        for number in range(cells):
            new = NewUnit(f"Chi bộ Thôn Thêm {number}", "chi_bo", LONG_AGO, world.committee)
            more.append(found_unit(session, new, None, now).id)
            give_role(session, world.users["secretary1"], more[-1], Role.SECRETARY, LONG_AGO, None, now)
        make_obligations(session, [Month.of(SUPERVISED_FROM).plus(number) for number in range(4)], now)
    return world, more


def report(world: World, browser: FlaskClient, cell: uuid.UUID, period: str = "2026-11") -> str:
    """File a report with one photo; the address of its page."""
    where = f"/obligations/{world.obligation(cell, period).id}/check-in"
    held_on = f"03/{period[5:]}/{period[:4]}"
    form = form_of(browser.get(where), {**GOOD_FIELDS, "held_on": held_on}, overviews=[new_photo()])
    answer = browser.post(where, data=form, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
    return answer.location


def add_a_document(place: Place, meeting_id: uuid.UUID) -> None:
    """Give a report a document."""
    now = place.clock()
    with place.app.app_context():
        stored = store_document(place.storage, meeting_id, DocumentKind.RESOLUTION, "Nghị quyết.pdf", DOCUMENT)
        with write_transaction() as session:
            meeting = session.get_one(Meeting, meeting_id)
            add_document(session, stored, meeting.unit_id, meeting_id, meeting.author_id, now)
            publish_documents(session, [stored.document_id], now)
