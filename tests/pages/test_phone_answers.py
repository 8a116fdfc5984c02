"""What a phone makes of answers that are not the server's own: a busy server, a proxy's error page, the sign-in page of
somebody's Wi-Fi. It takes none of them for success, loses nothing, and goes on when the server can be reached again."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from meetingcheck.meetings.models import MeetingState
from tests.engines.browser import open_context
from tests.engines.phone_line import Asked, PhoneLine, Reply, Which
from tests.pages.phone import (
    NOTHING,
    SENT,
    Cell,
    fill,
    left_after_sending,
    on_phone,
    one_whole_report,
    photograph,
    press_send,
    said,
)
from tests.pages.site import Site

PORTAL = b"<!doctype html><title>Wi-Fi</title><h1>Please sign in to this Wi-Fi</h1>"
HTML = {"Content-Type": "text/html"}
AWAY = {
    "busy": Reply(503, b"busy", HTML),
    "bad gateway": Reply(502, b"bad gateway", HTML),
    "a proxy's limit": Reply(413, b"too large", HTML),
    "a proxy's refusal": Reply(403, b"forbidden", HTML),
    "a proxy's nothing": Reply(404, b"not found", HTML),
    "a sign-in page": Reply(200, PORTAL, HTML),
    "a way to a sign-in page": Reply(302, b"", {"Location": "http://127.0.0.1:9/sign-in"}),
    "a way to a sign-in page of its own": Reply(302, b"", {"Location": "/portal"}),
}


@pytest.fixture
def line(site: Site) -> Iterator[PhoneLine]:
    with PhoneLine("localhost") as line:
        line.lead_to(site.address)
        yield line


@pytest.fixture
def phone(browser: Browser, cell: Cell, line: PhoneLine) -> Iterator[BrowserContext]:
    with open_context(browser) as context:
        page = context.new_page()
        replace(cell.site, address=line.url).sign_in(page, cell.login)
        page.close()
        yield context


def is_upload(asked: Asked) -> bool:
    return asked.path.startswith("/api/v1/uploads")


def is_part(asked: Asked) -> bool:
    return asked.method == "PATCH"


@pytest.mark.parametrize("which", [is_upload, is_part])
@pytest.mark.parametrize("reply", AWAY.values(), ids=AWAY)
def test_photos_wait_and_go_on_by_themselves(
    *, phone: BrowserContext, line: PhoneLine, cell: Cell, files: tuple[Path, Path], reply: Reply, which: Which
) -> None:
    page = phone.new_page()
    page.goto(line.url + cell.path)
    fill(page)
    line.reply(lambda asked: asked.path == "/portal", Reply(200, PORTAL, HTML))
    line.reply(which, reply)
    photograph(page, files)
    kept = on_phone(page)["photos"]
    press_send(page)
    said(page, "Còn 2 ảnh chưa gửi")
    assert {one["state"] for one in on_phone(page)["photos"]} == {"ready"}, "none is taken for sent, or for refused"
    assert len(on_phone(page)["blobs"]) == 2
    assert {one.state for one in cell.reports()} <= {MeetingState.DRAFT}
    tries = sum(map(which, list(line.asked)))
    assert tries < 12, "it does not ask again and again without a pause"
    line.behave()
    expect(page.get_by_role("status").first).to_contain_text(SENT, timeout=60_000)
    one_whole_report(cell, kept)
    assert left_after_sending(page) == NOTHING
