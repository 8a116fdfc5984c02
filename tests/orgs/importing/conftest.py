"""An office that imports: uploads, the background work, and what came of it."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from openpyxl import Workbook
from sqlalchemy import select

from meetingcheck.lib.db import read_transaction
from meetingcheck.lib.sheets import write_csv
from meetingcheck.orgs.importing.columns import TITLES
from meetingcheck.orgs.models import ImportRow, ImportRun
from tests.world import World, token_of

HEAD = list(TITLES.values())


def row(**cells: object) -> list[object]:
    """A row of the template from the fields that it fills."""
    return [cells.get(field.value, "") for field in TITLES]


def csv_of(*rows: Sequence[object]) -> bytes:
    return write_csv([HEAD, *rows])


def xlsx_of(*rows: Sequence[object]) -> bytes:
    """A workbook as an office program writes it; the first row is the first of the sheet."""
    book = Workbook()
    for cells in rows:
        book.active.append(list(cells))
    out = BytesIO()
    book.save(out)
    return out.getvalue()


@dataclass(frozen=True)
class Office:
    """Somebody at the import page of one unit."""

    world: World
    client: FlaskClient
    unit: uuid.UUID

    @property
    def address(self) -> str:
        return f"/units/{self.unit}/import"

    def upload(self, data: bytes, name: str = "danh sách.xlsx") -> uuid.UUID:
        """Send a file and let the background work be done; the run's id."""
        token = token_of(self.client.get(self.address))
        fields = {"csrf_token": token, "file": (BytesIO(data), name)}
        answer = self.client.post(self.address, data=fields, content_type="multipart/form-data")
        assert answer.status_code == 303, answer.text
        self.world.work("bulk")
        return uuid.UUID(answer.location.rpartition("/")[2])

    def press(self, run_id: uuid.UUID, what: str, **fields: str) -> None:
        token = token_of(self.client.get(self.address))
        answer = self.client.post(f"/imports/{run_id}/{what}", data={"csrf_token": token, **fields})
        assert answer.status_code == 303, answer.text
        assert answer.location == f"/imports/{run_id}", answer.location
        self.world.work("bulk", "alerts")

    def take(self, data: bytes) -> ImportRun:
        """Upload a file, look at it, apply it."""
        run_id = self.upload(data)
        run = self.run(run_id)
        assert run.problem is None
        assert not run.counts.get("error"), self.faults(run_id)
        self.press(run_id, "apply")
        return self.run(run_id)

    def run(self, run_id: uuid.UUID) -> ImportRun:
        with self.world.app.app_context(), read_transaction() as session:
            return session.scalars(select(ImportRun).where(ImportRun.id == run_id)).one()

    def rows(self, run_id: uuid.UUID) -> list[ImportRow]:
        with self.world.app.app_context(), read_transaction() as session:
            return list(session.scalars(select(ImportRow).where(ImportRow.run_id == run_id).order_by(ImportRow.line)))

    def faults(self, run_id: uuid.UUID) -> dict[int, list[str]]:
        """What is wrong by line of the file."""
        return {
            one.line: [found["fault"] for found in one.reasons["faults"]]
            for one in self.rows(run_id)
            if one.reasons["faults"]
        }

    def page(self, run_id: uuid.UUID) -> str:
        answer = self.client.get(f"/imports/{run_id}")
        assert answer.status_code == 200
        return re.sub(r"\s+", " ", answer.text)


@pytest.fixture
def office(world: World) -> Office:
    return Office(world, world.sign_in("administrator"), world.root)
