"""The engines themselves: each starts, does its thing and ends."""

import os
import smtplib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser
from sqlalchemy import Connection, create_engine, make_url, text

from meetingcheck.lib.db import WRITE
from tests.engines import postgres
from tests.engines.browser import (
    axe_violations,
    beyond_width,
    fits_width,
    open_context,
    screenshot,
)
from tests.engines.postgres import PostgresCluster
from tests.engines.slow import SlowClients, StalledUpload, status_of
from tests.engines.smtp import SmtpSink

# --- PostgreSQL


@contextmanager
def _transaction(url: str) -> Iterator[Connection]:
    engine = create_engine(url, execution_options={WRITE: True})
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def _prepare(url: str) -> None:
    with _transaction(url) as connection:
        connection.execute(text("CREATE TABLE note (line text)"))
        connection.execute(text("INSERT INTO note VALUES ('Chi bộ Thôn Đoài')"))


def _lines(url: str) -> list[str]:
    with _transaction(url) as connection:
        return [row.line for row in connection.execute(text("SELECT line FROM note"))]


def _databases(url: str, prefix: str) -> int:
    with _transaction(url) as connection:
        names = text("SELECT count(*) FROM pg_database WHERE starts_with(datname, :prefix)")
        return int(connection.execute(names, {"prefix": prefix}).scalar_one())


def _use_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    monkeypatch.setattr(postgres, "MACHINE_PROGRAMS", Path("/nonexistent"))


@pytest.mark.parametrize("wheel", [False, True], ids=["first found", "wheel"])
def test_postgres_copies_a_template(wheel: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if wheel:
        _use_wheel(monkeypatch)
    prepared: list[str] = []

    def prepare(url: str) -> None:
        prepared.append(url)
        _prepare(url)

    with PostgresCluster() as cluster:
        for _ in range(2):
            cluster.template("notes", prepare)
        first, second = cluster.database_from("notes"), cluster.database_from("notes")
        with _transaction(first) as connection:
            connection.execute(text("DELETE FROM note"))
        assert (_lines(first), _lines(second)) == ([], ["Chi bộ Thôn Đoài"])
        assert len(prepared) == 1
        assert cluster.version >= postgres.OLDEST_VERSION
        cluster.drop(first)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(make_url(first).set(drivername="postgresql").render_as_string(hide_password=False))
        with pytest.raises(ValueError, match="was not made by this test run"):
            cluster.drop("postgresql+psycopg://postgres@/postgres")


def test_a_given_postgres_is_used_and_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    with PostgresCluster() as giver:
        given = giver.empty_database()
        monkeypatch.setenv("TEST_DATABASE_URL", given.replace("postgresql+psycopg", "postgresql"))
        with PostgresCluster() as user:
            user.template("notes", _prepare)
            assert _lines(user.database_from("notes")) == ["Chi bộ Thôn Đoài"]
            assert _databases(given, user._prefix) == 2
        assert _databases(given, user._prefix) == 0


KILLED_RUN = """
import os, signal
from tests.engines.postgres import PostgresCluster
cluster = PostgresCluster()
print(cluster._server._folder, cluster._server._keeper.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def _ends_within(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_postgres_ends_with_a_killed_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    run = subprocess.Popen([sys.executable, "-c", KILLED_RUN], stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    folder, keeper = run.stdout.readline().split()
    run.stdout.close()
    run.wait()
    assert _ends_within(int(keeper), 15)
    assert not Path(folder).exists()


# --- browser

GOOD_PAGE = (
    "<main><h1>Báo cáo</h1><form method=post><label>Ghi <input name=a></label><button>Gửi</button></form></main>"
)
SCROLLER = "<textarea wrap=off>" + "y" * 200 + "</textarea>"
BAD_PAGE = "<main><h1>Báo cáo</h1><input name=a><pre class=long>" + "x" * 200 + "</pre>" + SCROLLER + "</main>"
HEAD = "<!doctype html><html lang=vi><title>Thử</title><meta name=viewport content='width=device-width'><body>"
TEXT_WIDTH = """() => {
  const range = document.createRange();
  range.selectNodeContents(document.querySelector('h1'));
  return range.getBoundingClientRect().width;
}"""
POLICY = "default-src 'none'; form-action 'self'; require-trusted-types-for 'script'"


class _Pages(BaseHTTPRequestHandler):
    """Two pages under a policy as strict as ours, and a POST that says how long its body was."""

    def do_GET(self) -> None:
        self._answer(HEAD + (BAD_PAGE if self.path == "/bad" else GOOD_PAGE))

    def do_POST(self) -> None:
        self._answer(str(len(self.rfile.read(int(self.headers["Content-Length"])))))

    def _answer(self, body: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 100  # all slow clients may knock at once

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that were cut off."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with _Server(("127.0.0.1", 0), _Pages) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_browser_is_a_small_phone_in_vietnamese(browser: Browser, site: str) -> None:
    with open_context(browser, base_url=site) as context:
        page = context.new_page()
        page.goto("/")
        seen = page.evaluate("[navigator.language, innerWidth, innerHeight, 'ontouchstart' in window]")
        assert seen == ["vi-VN", 360, 740, True]
        assert page.evaluate(TEXT_WIDTH) > 50, "the browser finds no fonts"


def test_axe_and_width_work_under_a_strict_policy(browser: Browser, site: str, tmp_path: Path) -> None:
    with open_context(browser, base_url=site) as context:
        page = context.new_page()
        page.goto("/")
        assert axe_violations(page) == []
        assert fits_width(page)
        assert screenshot(page, tmp_path / "good" / "page.png").read_bytes().startswith(b"\x89PNG")
        page.goto("/bad")
        assert any(line.startswith("label (critical)") for line in axe_violations(page))
        assert beyond_width(page) == ["pre.long"]
        assert page.viewport_size == {"width": 360, "height": 740}


def test_a_form_works_without_javascript(browser: Browser, site: str) -> None:
    with open_context(browser, base_url=site, javascript=False) as context:
        page = context.new_page()
        page.goto("/")
        assert fits_width(page)
        page.fill("[name=a]", "Đoài")
        page.click("button")
        assert page.inner_text("body") == str(len("a=%C4%90o%C3%A0i"))
        with pytest.raises(ValueError, match="JavaScript"):
            axe_violations(page)


# --- SMTP


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    with SmtpSink() as running:
        yield running


def _send(sink: SmtpSink, to: str = "an@example.test", subject: str = "Chi bộ chưa báo cáo") -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "may@example.test", to, subject
    message.set_content("Đồng chí xem lại.")
    with smtplib.SMTP(sink.host, sink.port, timeout=10) as client:
        client.send_message(message)


def test_smtp_collects_messages(sink: SmtpSink) -> None:
    _send(sink)
    [delivery] = sink.wait_for(1)
    assert delivery.recipients == ("an@example.test",)
    assert delivery.message["Subject"] == "Chi bộ chưa báo cáo"
    assert delivery.message.get_content().strip() == "Đồng chí xem lại."
    sink.clear()
    assert sink.messages == []


@pytest.mark.parametrize("answer", ["451 later", "550 no such user"])
def test_smtp_refuses_one_recipient(sink: SmtpSink, answer: str) -> None:
    sink.answer_recipient("An@example.test", answer)
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        _send(sink)
    assert refused.value.recipients["an@example.test"][0] == int(answer[:3])
    _send(sink, to="binh@example.test")
    sink.behave()
    _send(sink)
    assert [delivery.recipients[0] for delivery in sink.deliveries] == ["binh@example.test", "an@example.test"]


def test_smtp_refuses_every_sender(sink: SmtpSink) -> None:
    sink.answer_sender("421 busy")
    with pytest.raises(smtplib.SMTPResponseException) as refused:
        _send(sink)
    assert refused.value.smtp_code == 421


def test_smtp_drops_the_connection_before_its_answer(sink: SmtpSink) -> None:
    sink.drop_after_data()
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)):
        _send(sink)
    assert (len(sink.unanswered), sink.deliveries) == (1, [])
    _send(sink)
    assert len(sink.wait_for(1)) == 1


def test_smtp_goes_away_and_comes_back_on_its_port(sink: SmtpSink) -> None:
    port = sink.port
    with smtplib.SMTP(sink.host, port, timeout=10) as cut:
        cut.ehlo()
        sink.refuse_connections()
        with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)):
            cut.noop()
    with pytest.raises(ConnectionRefusedError):
        _send(sink)
    sink.resume()
    assert sink.port == port
    _send(sink)
    assert len(sink.wait_for(1)) == 1
    with pytest.raises(TimeoutError):
        sink.wait_for(2, seconds=0.01)


# --- slow clients


def test_slow_clients_trickle_at_their_rate(site: str) -> None:
    started = time.monotonic()
    with SlowClients(site, connections=50, bytes_per_second=2000, body=b"x" * 1000) as clients:
        answers = clients.answers()
    assert time.monotonic() - started >= 0.5
    assert [(status_of(answer), answer[-4:]) for answer in answers] == [(200, b"1000")] * 50
    assert clients.failures == []


def test_slow_clients_can_be_cut_before_their_end(site: str) -> None:
    with SlowClients(site, connections=5, bytes_per_second=1000) as clients:
        clients.wait_until_sent(500)
    assert 500 <= clients.bytes_sent < 5_000_000


def test_a_stalled_upload_waits_until_released(site: str) -> None:
    with StalledUpload(site, b"x" * 5000) as upload:
        assert not upload.answered
        answer = upload.release()
    assert status_of(answer) == 200
    assert answer.endswith(b"5000")
