"""A running site for browsers: waitress, SQLite, a real object store, and a small world with a report in it."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page
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
from tests.photos import samples
from tests.world import PASSWORD, World, form_of, make_world


@dataclass(frozen=True)
class Site:
    address: str
    world: World

    def sign_in(self, page: Page, login: str) -> None:
        page.goto(f"{self.address}/sign-in")
        page.fill("#login", login)
        page.fill("#password", PASSWORD)
        page.click("main button.btn")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        if page.url.endswith("/second-factor"):
            page.fill("#code", self.world.code())
            page.click("main button.btn")
            page.wait_for_url(lambda url: "/second-factor" not in url)


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
        yield Site(settings.public_url, world)
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
    assert client.post(where, data=form, content_type="multipart/form-data").status_code == 303
    world.work("photos")
    with world.app.app_context():
        close_all(world.clock())
    return site
