"""Five photos over the line of the mountains: 50 kbit/s, half a second away, cut every 20 seconds.

Run as `python -m tests.bench.lines`. The phone's page in a real browser, the plain form as an HTTP client posts it
again after each cut, and tus-js-client, each over a line of its own at the same time, to an installation with all its
processes. All send the same photos, as the page has made them smaller, except that the page starts with the large ones.
Every byte from the client counts: heads, words, what was lost at a cut. `--times 10` runs the line ten times as fast;
then what browser, server and machine take themselves counts ten times as much.
"""

import argparse
import hashlib
import io
import json
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import TimeoutError as NotInTime
from playwright.sync_api import expect

from meetingcheck.accounts.api_tokens.actions import issue_token
from meetingcheck.lib.clock import system_clock
from meetingcheck.lib.db import write_transaction
from tests.engine.browser import Browser as Client
from tests.engine.browser import NoAnswer
from tests.engine.system import Committee, Installation, fill_in
from tests.engines.browser import launch_browser, open_context
from tests.engines.line import MOUNTAINS, BadLine, Line
from tests.engines.node import find_node, install
from tests.engines.smtp import SmtpSink
from tests.photos import samples
from tests.world import GOOD_FIELDS, PASSWORD

PHOTOS = 5
FOREIGN = Path(__file__).parents[1] / "uploads" / "client"
LIMIT_S = 600  # by the line's time
PAUSE_S = 1.0  # before somebody posts the form again
CHUNKS = {"tus-js-client": {}, "tus-js-client, 16 KB": {"chunkSize": 16 * 1024}}
KEPT_SIZES = """() => new Promise((resolve, reject) => {
  const opening = indexedDB.open('meetingcheck');
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const asked = opening.result.transaction('photos').objectStore('photos').getAll();
    asked.onsuccess = () => resolve(asked.result.map(one => one.size));
  };
})"""


@dataclass(frozen=True)
class Outcome:
    """What became of a way to send. Bytes of the photos, and all that the client sent; seconds until all photos were
    stored, None when they were not."""

    photos: int
    sent: int
    cuts: int
    seconds: float | None


def shrunk(original: bytes) -> bytes:
    """About what a phone makes of it."""
    with Image.open(io.BytesIO(original)) as image:
        image.thumbnail((2048, 2048))
        return samples.jpeg(image, quality=82, subsampling=2)


def by_our_page(
    here: Installation, committee: Committee, line: Line, originals: list[bytes], limit_s: float
) -> Outcome:
    with tempfile.TemporaryDirectory() as folder, launch_browser() as browser, open_context(browser) as context:
        files = [Path(folder) / f"IMG_{number}.jpg" for number in range(PHOTOS)]
        for file, original in zip(files, originals, strict=True):
            file.write_bytes(original)
        page = context.new_page()
        page.goto(f"{here.url}/sign-in")
        page.fill("#login", committee.reporter)
        page.fill("#password", PASSWORD)
        page.click("main button.btn")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        obligation = committee.obligations[0]
        with BadLine(here.url, line) as bad:
            page.goto(f"{bad.url}/obligations/{obligation.id}/check-in")
            values = {**GOOD_FIELDS, "held_on": obligation.period_from.strftime("%d/%m/%Y")}
            for name in ("held_on", "begins_at", "ends_at", "total", "present", "absent_without_reason"):
                page.fill(f"#{name}", values[name])
            page.fill("#minutes_text", "Chi bộ thống nhất kết luận.")
            page.check("input[name=resolution_made][value=no]")
            expect(page.locator("[data-phone-saved]")).to_be_visible()
            bad.spoil()
            began = time.monotonic()
            page.set_input_files("#overview", files)
            expect(page.locator(".tile img")).to_have_count(PHOTOS, timeout=60_000)
            photos = sum(page.evaluate(KEPT_SIZES))
            page.get_by_role("button", name="Gửi báo cáo").click()
            try:
                page.wait_for_url("**/meetings/*", timeout=1000 * limit_s, wait_until="commit")
                seconds: float | None = time.monotonic() - began
            except NotInTime:
                seconds = None
            return Outcome(photos, bad.sent, bad.cuts, seconds)


def by_plain_form(here: Installation, committee: Committee, line: Line, photos: list[bytes], limit_s: float) -> Outcome:
    with BadLine(here.url, line) as bad:
        client = Client(bad.url).sign_in(committee.reporter)
        report = fill_in(client, committee.obligations[1], committee.reporter_id, photos, [])
        bad.spoil()
        began, seconds = time.monotonic(), None
        while seconds is None and time.monotonic() - began < limit_s:
            try:
                answer = client.send(report.request)
                assert answer.status == 303, answer.text
                seconds = time.monotonic() - began
            except NoAnswer:
                time.sleep(PAUSE_S)
        return Outcome(sum(map(len, photos)), bad.sent, bad.cuts, seconds)


def by_tus(
    here: Installation,
    committee: Committee,
    line: Line,
    photos: list[bytes],
    limit_s: float,
    place: int,
    options: dict[str, int],
) -> Outcome:
    with here.app.app_context(), write_transaction() as session:
        token, _ = issue_token(session, committee.reporter_id, "bench", system_clock())
    report = str(uuid.uuid4())
    with tempfile.TemporaryDirectory() as folder, BadLine(here.url, line) as bad:
        bad.spoil()
        began, arrived = time.monotonic(), 0
        for number, photo in enumerate(photos):
            file = Path(folder) / f"{number}.jpg"
            file.write_bytes(photo)
            facts = {
                "obligation": str(committee.obligations[place].id),
                "client": report,
                "id": str(uuid.uuid4()),
                "purpose": "overview",
                "sha256": hashlib.sha256(photo).hexdigest(),
            }
            said = [f"{bad.url}/api/v1/uploads", token, str(file), json.dumps(facts), json.dumps(options)]
            left = max(1.0, limit_s - (time.monotonic() - began))
            try:
                done = subprocess.run(
                    [find_node().program, "send.mjs", *said],
                    cwd=FOREIGN,
                    capture_output=True,
                    timeout=left,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                break
            if done.returncode != 0:
                break
            arrived += 1
        seconds = time.monotonic() - began if arrived == len(photos) else None
        return Outcome(sum(map(len, photos)), bad.sent, bad.cuts, seconds)


def run(line: Line, limit_s: float) -> dict[str, Outcome]:
    originals = [samples.jpeg(samples.room(2400, 1800, 40, 40.0), quality=90, subsampling=2) for _ in range(PHOTOS)]
    photos = [shrunk(one) for one in originals]
    with tempfile.TemporaryDirectory() as folder, SmtpSink() as smtp, Installation(Path(folder), smtp) as here:
        here.start()
        committee = here.found_committee(cells=2 + len(CHUNKS))
        others: dict[str, Callable[[], Outcome]] = {
            "plain form, posted again": lambda: by_plain_form(here, committee, line, photos, limit_s)
        }
        for place, (name, options) in enumerate(CHUNKS.items(), start=2):
            others[name] = lambda place=place, options=options: by_tus(
                here, committee, line, photos, limit_s, place, options
            )
        found: dict[str, Outcome] = {}

        def note(name: str, way: Callable[[], Outcome]) -> None:
            found[name] = way()

        threads = [threading.Thread(target=note, args=one) for one in others.items()]
        for thread in threads:
            thread.start()
        # The browser's driver wants the main thread.
        ours = by_our_page(here, committee, line, originals, limit_s)
        for thread in threads:
            thread.join()
    return {"the phone's page": ours, **{name: found[name] for name in others if name in found}}


def table(outcomes: dict[str, Outcome]) -> str:
    lines = [f"{'':28}{'time':>16}{'bytes sent':>13}{'of the photos':>15}{'cuts':>6}"]
    for name, one in outcomes.items():
        took = "did not arrive" if one.seconds is None else f"{one.seconds:.0f} s"
        lines.append(f"{name:28}{took:>16}{one.sent:13,}{one.sent / one.photos:15.2f}{one.cuts:6}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=float, default=1, help="how many times as fast the line runs")
    options = parser.parse_args()
    install(FOREIGN)
    limit_s = LIMIT_S / options.times
    outcomes = run(MOUNTAINS.faster(options.times), limit_s)
    photos = outcomes["the phone's page"].photos
    sys.stdout.write(f"{PHOTOS} photos, {photos:,} bytes when made smaller; at most {limit_s:g} s each\n")
    if options.times != 1:
        sys.stdout.write(
            f"The line runs {options.times:g} times as fast: the machine's own work counts that much more.\n"
        )
    sys.stdout.write(table(outcomes) + "\n")


if __name__ == "__main__":
    main()
