"""Chrome's own auditor gives full marks for accessibility and good practice to the pages that people use most."""

import json
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from meetingcheck.lib.processes import free_port
from tests.engines.browser import open_to_programs
from tests.engines.node import find_node, install
from tests.pages.site import Site
from tests.pages.test_every_page import PAGES, meeting

AUDITOR = Path(__file__).parent / "lighthouse"
AUDIT_ENDS_S = 180  # a hanging one is ended
FULL_MARKS = {"accessibility": 1, "best-practices": 1}
AUDITED = {
    "secretary1": [PAGES["check-in"][1], PAGES["home"][1]],
    "secretary2": [lambda site: f"{meeting(site)}?sent=1"],
    "reviewer": [PAGES["board"][1]],
}
FAULTY = b"<!doctype html><title>x</title><input><p style='color:#ccc'>pale</p><img src=/none><script>none()</script>"


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    install(AUDITOR)


@dataclass(frozen=True)
class Auditor:
    """A browser that somebody can sign in with and that lighthouse then drives."""

    context: BrowserContext
    port: int

    def audit(self, addresses: list[str]) -> dict[str, dict[str, Any]]:
        """What is not perfect on these pages, by address."""
        command = [find_node().program, "audit.mjs", str(self.port), *addresses]
        done = subprocess.run(command, cwd=AUDITOR, capture_output=True, text=True, timeout=AUDIT_ENDS_S, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        found: dict[str, dict[str, Any]] = json.loads(done.stdout)
        return found


@pytest.fixture(scope="module")
def auditor(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Auditor]:
    port = free_port()
    with open_to_programs(browser, tmp_path_factory.mktemp("profile"), port) as context:
        yield Auditor(context, port)


@pytest.mark.parametrize("login", AUDITED)
def test_lighthouse_gives_full_marks(auditor: Auditor, lived_in: Site, login: str) -> None:
    addresses = [lived_in.address + path_of(lived_in) for path_of in AUDITED[login]]
    auditor.context.clear_cookies()
    lived_in.sign_in(auditor.context.new_page(), login)
    found = auditor.audit(addresses)
    for address in addresses:
        assert found[address]["shown"] == address, "the page that was asked for, not that of signing in"
        assert found[address]["error"] is None
        assert found[address]["problems"] == []
        assert found[address]["scores"] == FULL_MARKS


class _Faulty(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/" else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(FAULTY)

    def log_message(self, *_words: object) -> None:
        """Says nothing."""


@pytest.fixture
def faulty() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Faulty)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


def test_lighthouse_sees_what_is_wrong(auditor: Auditor, faulty: str) -> None:
    found = auditor.audit([faulty])[faulty]
    assert max(found["scores"].values()) < 1
    named = {problem.partition(":")[0] for problem in found["problems"]}
    assert named >= {"label", "color-contrast", "image-alt", "errors-in-console"}
