"""A running site for browsers: waitress, SQLite, a real object store, and a small world with a report in it."""

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext
from waitress.server import create_server

from meetingcheck import create_app
from meetingcheck.alerts.jobs import close_all
from meetingcheck.lib.migrate import migrate
from meetingcheck.lib.processes import free_port
from meetingcheck.lib.settings import read_settings
from meetingcheck.lib.storage import S3Storage
from meetingcheck.photos.extension import decoder_of
from tests.clock import SetClock
from tests.engines.store import running_store
from tests.pages.filing import check_in_of, send
from tests.pages.phone import Cell, new_cell, signed_in_phone
from tests.pages.site import Site
from tests.photos import samples
from tests.world import GOOD_FIELDS, World, form_of, make_world


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    data: Path = tmp_path_factory.mktemp("site")
    port = free_port()
    settings = read_settings(
        {
            "MEETINGCHECK_DATA": str(data),
            "PUBLIC_URL": f"http://localhost:{port}",
            "SECRET_KEY": "for a site that browsers visit in tests only",
        }
    )
    migrate(settings.database_url)
    with running_store(data / "store") as store:
        storage = S3Storage(store.address)
        storage.ensure_bucket()
        clock = SetClock()
        app = create_app(settings, clock=clock, storage=storage)
        world = make_world(app, clock)
        server = create_server(app, host="127.0.0.1", port=port, threads=4)
        threading.Thread(target=server.run, daemon=True).start()
        yield Site(settings.public_url, world, store)
        server.close()
        decoder_of(app).close()


@pytest.fixture(scope="module")
def lived_in(site: Site) -> Site:
    """The site after some weeks: a report with photos, an answer to give, misses and messages."""
    world = site.world
    client = world.sign_in("secretary2")
    where = f"/obligations/{world.obligation(world.cells[1]).id}/check-in"
    photos = [samples.jpeg(samples.scene(1200, 900)), samples.jpeg(samples.scene(900, 1200))]
    form = form_of(client.get(where), overviews=photos[:1], pages=photos[1:])
    sent = client.post(where, data=form, content_type="multipart/form-data")
    assert sent.status_code == 303
    correction = f"{sent.location.partition('?')[0]}/correct"
    changed = form_of(client.get(correction), {**GOOD_FIELDS, "task_1_what": "5 km", "place": "H5"})
    assert client.post(correction, data=changed, content_type="multipart/form-data").status_code == 303
    world.work("photos")
    with world.app.app_context():
        close_all(world.clock())
    return site


SPARE = 400  # pixels by which the pictures are wider than the photos that are cut out of them
CUTS = itertools.count()


@pytest.fixture(scope="session")
def pictures() -> tuple[Image.Image, Image.Image]:
    return samples.noise(2400 + SPARE, 1200), samples.noise(900 + SPARE, 1200)


@pytest.fixture
def files(tmp_path: Path, pictures: tuple[Image.Image, Image.Image]) -> tuple[Path, Path]:
    """A large photo of the room with the camera's time, and a page of the minutes; for each test other ones."""
    room, page = tmp_path / "IMG_0001.jpg", tmp_path / "IMG_0002.jpg"
    exif, left = samples.camera_exif(taken_at="2026:11:03 19:45:00"), next(CUTS) % SPARE
    room.write_bytes(samples.jpeg(pictures[0].crop((left, 0, left + 2400, 1200)), quality=95, exif=exif))
    page.write_bytes(samples.jpeg(pictures[1].crop((left, 0, left + 900, 1200)), quality=20, subsampling=2))
    return room, page


@pytest.fixture
def cell(site: Site) -> Cell:
    return new_cell(site)


@pytest.fixture
def phone(browser: Browser, cell: Cell) -> Iterator[BrowserContext]:
    """A phone on which the cell's secretary is signed in."""
    with signed_in_phone(browser, cell) as context:
        yield context


@pytest.fixture
def report(world: World) -> str:
    """The path of a report with a photo that can be seen."""
    client = world.sign_in("secretary1")
    answer = send(client, check_in_of(world), overviews=[samples.jpeg(samples.scene(640, 480))])
    assert answer.status_code == 303, answer.text
    world.work()
    return answer.location.partition("?")[0]
