"""The exercise: the real page with a made-up cell, nothing of which is sent or stays on the phone."""

from pathlib import Path

from flask.testing import FlaskClient
from playwright.sync_api import Browser, expect
from sqlalchemy import func, select

from meetingcheck.lib.db import read_transaction
from meetingcheck.meetings.models import Meeting
from meetingcheck.photos.models import Photo
from tests.engines.browser import axe_violations, beyond_width, open_context
from tests.pages.phone import NOTHING, left_after_sending, on_phone, photograph
from tests.pages.site import Site
from tests.photos import samples
from tests.world import GOOD_FIELDS, World, form_of

FIELDS = {name: GOOD_FIELDS[name] for name in ("held_on", "begins_at", "ends_at", "total", "present")}


def kept(world: World) -> tuple[int, ...]:
    with world.app.app_context(), read_transaction() as session:
        return tuple(session.scalar(select(func.count()).select_from(table)) or 0 for table in (Meeting, Photo))


def test_whoever_practises_takes_photos_is_helped_and_sends_nothing(
    browser: Browser, site: Site, files: tuple[Path, Path]
) -> None:
    before = kept(site.world)
    with open_context(browser) as phone:
        page, sent = phone.new_page(), list[str]()
        site.sign_in(page, "secretary2")
        page.get_by_role("link", name="Tập báo cáo (không gửi cho ai)").click()
        page.on("request", lambda asked: sent.append(asked.url) if "/uploads" in asked.url else None)
        expect(page.get_by_text("Đây là trang tập.")).to_be_visible()
        photograph(page, files)
        expect(page.locator(".tile em", has_text="tập")).to_have_count(2)
        page.get_by_role("button", name="Gửi thử").click()
        expect(page.locator("#held_on-problem")).to_be_visible()
        expect(page.locator(".tile img")).to_have_count(2)
        assert axe_violations(page) == []
        assert beyond_width(page, 320) == []
        for name, text in FIELDS.items():
            page.fill(f"#{name}", text)
        page.fill("#absent_without_reason", "0")
        page.check("input[name=resolution_made][value=no]")
        page.get_by_role("button", name="Gửi thử").click()
        expect(page.get_by_role("status").first).to_contain_text("Đây là bản tập, không có gì được gửi")
        assert sent == []
        assert left_after_sending(page) == NOTHING
    assert kept(site.world) == before


def test_an_exercise_is_kept_apart_from_what_is_real(browser: Browser, site: Site, files: tuple[Path, Path]) -> None:
    with open_context(browser) as phone:
        page = phone.new_page()
        site.sign_in(page, "secretary2")
        page.goto(f"{site.address}/practice")
        photograph(page, files)
        page.goto(f"{site.address}/")
        expect(page.get_by_role("link", name="Tập báo cáo (không gửi cho ai)")).to_be_visible()
        expect(page.locator("[data-unsent]")).to_be_hidden()
        page.get_by_role("button", name="Đăng xuất").click()
        page.wait_for_url("**/sign-in")
        assert on_phone(page) == NOTHING


def test_without_a_script_the_exercise_answers_as_the_real_one_does(world: World) -> None:
    client: FlaskClient = world.sign_in("secretary1")
    page = client.get("/practice")
    bad = client.post("/practice", data=form_of(page, {"present": "99"}), content_type="multipart/form-data")
    assert bad.status_code == 422
    assert "99" in bad.text
    photo = samples.jpeg(samples.scene())
    good = form_of(page, overviews=[photo], pages=[photo])
    done = client.post("/practice", data=good, content_type="multipart/form-data")
    assert done.status_code == 200
    assert "Tập xong" in done.text
    assert kept(world) == (0, 0)
