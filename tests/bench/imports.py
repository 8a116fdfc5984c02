"""How long an import of 20,000 rows takes, from the upload to the preview and from the button to the end.

Run as `python -m tests.bench.imports`. Everything counts: the reading child's start, the judging, the rows of the
preview; then reading again, judging again, and all tables in one transaction. On both databases.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from meetingcheck import create_app
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.migrate import migrate
from meetingcheck.lib.settings import read_settings
from meetingcheck.lib.sheets import Sheet, write_xlsx
from meetingcheck.lib.storage import MemoryStorage
from meetingcheck.orgs.importing.actions import begin_applying, begin_run
from meetingcheck.orgs.importing.columns import TITLES
from meetingcheck.orgs.importing.queries import find_run, lock_run
from meetingcheck.orgs.models import ImportRun, ImportState
from meetingcheck.photos.extension import decoder_of
from tests.clock import SetClock
from tests.engines.postgres import PostgresCluster
from tests.world import World, make_world

ROWS = 20_000
TARGETS_S = {"preview": 10.0, "apply": 60.0}


def workbook(rows: int) -> bytes:
    """A list of committees and cells, each cell with its secretary."""
    committees = max(1, rows // 50)
    head = list(TITLES.values())
    body = [
        [f"D{n}", f"Đảng bộ xã Mẫu {n}", "", "Đảng bộ", "03/02/1985", "", "", "", "", ""] for n in range(committees)
    ]
    for n in range(rows - committees):
        body.append(
            [
                *(f"C{n}", f"Chi bộ Thôn Mẫu {n}", f"D{n % committees}", "Chi bộ", "19/05/1990", "5"),
                *(f"Nguyễn Văn Mẫu {n}", f"09{n:08}", "", "bí thư"),
            ]
        )
    return write_xlsx([Sheet("Danh sách", [head, *body])])


@contextmanager
def fresh_world(database_url: str, data: Path) -> Iterator[World]:
    variables = {"MEETINGCHECK_DATA": str(data), "PUBLIC_URL": "http://localhost", "SECRET_KEY": "x" * 40}
    if database_url:
        variables["DATABASE_URL"] = database_url
    settings = read_settings(variables)
    migrate(settings.database_url)
    clock = SetClock()
    app = create_app(settings, clock=clock, storage=MemoryStorage(clock))
    yield make_world(app, clock)
    decoder_of(app).close()


def measure(world: World, content: bytes) -> dict[str, float]:
    """Seconds of the two waits."""
    actor, now = world.users["administrator"], world.clock()
    began = time.perf_counter()
    with world.app.app_context(), write_transaction() as session:
        run_id = begin_run(session, world.root, "bench.xlsx", content, actor, now).id
    world.work("bulk")
    previewed = time.perf_counter()
    assert run_of(world, run_id).state == ImportState.PREVIEW, run_of(world, run_id).problem
    with world.app.app_context(), write_transaction() as session:
        begin_applying(session, lock_run(session, run_id), actor, now)
    pressed = time.perf_counter()
    world.work("bulk")
    ended = time.perf_counter()
    assert run_of(world, run_id).state == ImportState.APPLIED, run_of(world, run_id).problem
    return {"preview": previewed - began, "apply": ended - pressed}


def run_of(world: World, run_id: uuid.UUID) -> ImportRun:
    with world.app.app_context(), read_transaction() as session:
        run = find_run(session, run_id)
    assert run is not None
    return run


def run(database_url: str, content: bytes) -> dict[str, float]:
    folder = Path(tempfile.mkdtemp())
    try:
        with fresh_world(database_url, folder) as world:
            return measure(world, content)
    finally:
        shutil.rmtree(folder)


def table(results: dict[str, list[dict[str, float]]]) -> str:
    lines = [f"{'':14}" + "".join(f"{name:>12}{'target':>9}" for name in TARGETS_S)]
    for database, runs in results.items():
        cells = (
            f"{statistics.median(one[name] for one in runs):10.1f} s{TARGETS_S[name]:7.0f} s" for name in TARGETS_S
        )
        lines.append(f"{database:14}" + "".join(cells))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    content = workbook(options.rows)
    sys.stdout.write(f"{options.rows} rows, {len(content)} bytes\n")
    results: dict[str, list[dict[str, float]]] = {"SQLite": [], "PostgreSQL": []}
    with PostgresCluster() as cluster:
        cluster.template("migrated", migrate)
        for _ in range(options.runs):
            results["SQLite"].append(run("", content))
            results["PostgreSQL"].append(run(cluster.database_from("migrated"), content))
    sys.stdout.write(table(results) + "\n")


if __name__ == "__main__":
    main()
