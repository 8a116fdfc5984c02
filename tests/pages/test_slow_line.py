"""Over the worst line that a check-in must get through: everything arrives, and little is sent twice."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from meetingcheck.lib.http.server import web_server
from meetingcheck.lib.processes import free_port
from tests.engines.line import MOUNTAINS, BadLine
from tests.pages.phone import (
    Cell,
    fill,
    on_phone,
    one_whole_report,
    press_send,
)
from tests.pages.site import Site
from tests.photos import samples
from tests.soak import SOAK, note

PHOTOS = 5
MOST = 1.15  # times the bytes of the shrunk photos
WHOLE_MS = 1_200_000
# How many times as fast as it really is, and the photos: small and deep their shapes, large the file.
LINES = {"tenfold": (10, (200, 40.0)), **({"as it is": (1, (40, 80.0))} if SOAK else {})}


@pytest.fixture
def server(site: Site) -> Iterator[str]:
    """The site through the product's own server, which keeps what came of a broken piece."""
    port = free_port()
    server = web_server(site.world.app, "127.0.0.1", port, threads=4)
    threading.Thread(target=server.run, daemon=True).start()
    yield f"http://127.0.0.1:{port}"
    server.close()


@pytest.mark.parametrize(("times", "shapes"), LINES.values(), ids=LINES)
def test_at_50_kbit_that_is_cut_every_20_seconds_five_photos_arrive_and_little_is_sent_twice(
    phone: BrowserContext,
    cell: Cell,
    server: str,
    tmp_path: Path,
    times: int,
    shapes: tuple[int, float],
) -> None:
    photos = [tmp_path / f"IMG_{number}.jpg" for number in range(PHOTOS)]
    for photo in photos:
        photo.write_bytes(samples.jpeg(samples.room(2400, 1800, *shapes), quality=90, subsampling=2))
    with BadLine(server, MOUNTAINS.faster(times)) as line:
        page = phone.new_page()
        page.goto(line.url.replace("127.0.0.1", "localhost") + cell.path)
        fill(page)
        line.spoil()
        page.set_input_files("#overview", photos[1:])
        page.set_input_files("#minutes_pages", photos[0])
        expect(page.locator(".tile img")).to_have_count(PHOTOS, timeout=60_000)
        kept = on_phone(page)["photos"]
        press_send(page)
        expect(page.get_by_role("status").first).to_contain_text(
            f"Hệ thống đã lưu đủ báo cáo và {PHOTOS} ảnh", timeout=WHOLE_MS
        )
        sent, cuts = line.sent, line.cuts
    one_whole_report(cell, kept)
    whole = sum(photo["size"] for photo in kept)
    note(f"{whole} bytes of photos, {sent} sent, {cuts} cuts")
    assert whole < sum(photo.stat().st_size for photo in photos), "they were made smaller"
    assert cuts > 3, "the line was cut again and again"
    assert sent <= MOST * whole, "words, form and page included"
