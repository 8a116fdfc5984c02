"""Slow lines and a slow object store: whoever is slow waits alone, and holds no transaction."""

import contextlib
import io
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.serving import make_server

from meetingcheck.lib.db import db
from meetingcheck.lib.http.requests import LONGEST_BODY
from meetingcheck.lib.jobs import JobState
from tests.engine.browser import Browser
from tests.engine.conftest import Apart
from tests.engine.system import Installation, fill_in, tiny_photo
from tests.engines.slow import SlowClients, StalledUpload, status_of
from tests.soak import PATIENCE_S, SOAK, wait_until
from tests.world import World

CONNECTIONS = 50
BYTES_A_SECOND = 1024
SLOW_BYTES = 20_000 if SOAK else 1_500
PAGES = 60 if SOAK else 20
SLOWER_AT_MOST = 5  # times, plus:
NOTICEABLE_S = 0.3
TOO_LARGE = "Nội dung gửi lên quá lớn."
PIECE = b"\0" * (1 << 20)


def others_can_work(installation: Installation) -> None:
    """Others sign in, which is a write, and read pages; and there is a moment at which no transaction is open."""
    committee = installation.found_committee(cells=1)
    reader = installation.browser(committee.reader)
    assert reader.get(f"/units/{committee.obligations[0].unit_id}").status == 200
    wait_until(installation.no_transaction_is_open, "no open transaction")


class TestSlowBodies:
    def test_a_stalled_upload_holds_up_nobody(self, apart: Apart) -> None:
        installation = apart.installation
        _, report = installation.fill_in_new(photos=2)
        body = report.request.body
        url = f"{installation.url}{report.request.path}"
        with StalledUpload(url, body, sent_first=len(body) // 2, headers=report.request.headers) as upload:
            others_can_work(installation)
            other, other_report = installation.fill_in_new()
            assert other.send(other_report.request).status == 303
            assert not upload.answered
            assert status_of(upload.release()) == 303
        installation.check_sent(report)

    def test_fifty_slow_connections_do_not_delay_a_page(self, apart: Apart) -> None:
        installation = apart.installation
        committee = installation.found_committee(cells=3)
        reader, page = installation.browser(committee.reader), f"/units/{committee.obligations[0].unit_id}"
        alone = median_seconds(reader, page)
        with slow_clients(installation, b"x" * 1_000_000) as clients:
            clients.wait_until_sent(CONNECTIONS)
            crowded = median_seconds(reader, page)
            assert clients.failures == []
        assert crowded < SLOWER_AT_MOST * alone + NOTICEABLE_S
        assert reader.get(page).status == 200

    def test_fifty_slow_connections_are_all_answered_in_the_end(self, apart: Apart) -> None:
        with slow_clients(apart.installation, b"login=secretary1&password=" + b"x" * SLOW_BYTES) as clients:
            statuses = [status_of(answer) for answer in clients.answers()]
        assert clients.failures == []
        assert statuses == [400] * CONNECTIONS  # a form without its token

    def test_a_little_too_much_is_refused_in_our_own_words(self, apart: Apart) -> None:
        answer = post_zeros(apart.installation.url, LONGEST_BODY + len(PIECE), send_all=True)
        assert status_of(answer) == 413
        assert TOO_LARGE in answer.decode()

    def test_far_too_much_is_refused_before_it_is_sent(self, apart: Apart) -> None:
        answer = post_zeros(apart.installation.url, 10 * LONGEST_BODY, send_all=False)
        assert status_of(answer) == 413
        assert TOO_LARGE in answer.decode()
        assert b"\r\nConnection: close\r\n" in answer


def slow_clients(installation: Installation, body: bytes) -> SlowClients:
    return SlowClients(
        f"{installation.url}/sign-in",
        connections=CONNECTIONS,
        bytes_per_second=BYTES_A_SECOND,
        body=body,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )


def median_seconds(browser: Browser, page: str) -> float:
    seconds = []
    for _ in range(PAGES):
        began = time.monotonic()
        assert browser.get(page).status == 200
        seconds.append(time.monotonic() - began)
    return statistics.median(seconds)


def post_zeros(url: str, length: int, *, send_all: bool) -> bytes:
    """Post a body of that length, or only its beginning; the raw answer."""
    parts = urlsplit(url)
    head = f"POST /sign-in HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: {length}\r\n\r\n".encode()
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as connection:
        connection.sendall(head)
        if send_all:
            for _ in range(length // len(PIECE)):
                connection.sendall(PIECE)
        answer = b""
        # The answer's end is known by its last words: the connection may stay open for more.
        while b"</html>" not in answer and (more := connection.recv(65536)):
            answer += more
    return answer


class _Watched(io.RawIOBase):
    """A body that tells when it is first asked for."""

    def __init__(self, stream: IO[bytes], asked_for: threading.Event) -> None:
        self._stream, self._asked_for = stream, asked_for

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._asked_for.set()
        view = memoryview(buffer)
        piece = self._stream.read1(len(view))
        view[: len(piece)] = piece
        return len(piece)


class TestUnbufferedServer:
    """The application itself behind a server that hands it bodies while they come, as some do."""

    def test_no_transaction_is_open_while_a_body_comes(self, app: Flask, world: World) -> None:
        asked_for = threading.Event()

        def watched(environ: dict[str, Any], start_response: Any) -> Any:
            environ["wsgi.input"] = _Watched(environ["wsgi.input"], asked_for)
            return app(environ, start_response)

        with serving(watched) as site:
            browser = Browser(site).sign_in("secretary1")
            report = fill_in(browser, world.obligation(world.cells[0]), world.users["secretary1"], [tiny_photo()], [])
            request = report.request
            asked_for.clear()
            with StalledUpload(f"{site}{request.path}", request.body, headers=request.headers) as upload:
                assert asked_for.wait(PATIENCE_S)
                with app.app_context():
                    assert db.engine.pool.checkedout() == 0
                Browser(site).sign_in("secretary2")
                assert not upload.answered
                assert status_of(upload.release()) == 303


@contextlib.contextmanager
def serving(application: Any) -> Iterator[str]:
    """A server of the kind that developers use; its address."""
    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


class TestSlowStore:
    def test_an_upload_that_waits_for_the_store_holds_up_nobody(self, apart: Apart) -> None:
        installation = apart.installation
        browser, report = installation.fill_in_new(photos=2)
        with ThreadPoolExecutor(1) as thread:
            apart.line.stall()
            sending = thread.submit(browser.send, report.request)
            apart.line.wait_until_holding()
            others_can_work(installation)
            assert not sending.done()
            apart.line.release()
            assert sending.result().status == 303
        installation.check_sent(report)

    def test_a_photo_that_waits_for_the_store_holds_up_nobody(self, apart: Apart) -> None:
        installation = apart.installation
        browser, report = installation.fill_in_new()
        assert browser.send(report.request).status == 303
        installation.wait_until_rendered(report)
        [image] = installation.check_images(browser, report.page)
        with ThreadPoolExecutor(1) as thread:
            apart.line.stall()
            loading = thread.submit(browser.get, image)
            apart.line.wait_until_holding()
            others_can_work(installation)
            assert not loading.done()
            apart.line.release()
            assert loading.result().status == 200

    def test_a_rendition_that_waits_for_the_store_holds_up_nobody(self, apart: Apart) -> None:
        installation = apart.installation
        browser, report = installation.fill_in_new()
        with installation.paused("worker-photos"):
            assert browser.send(report.request).status == 303
            apart.line.stall()
        apart.line.wait_until_holding()
        others_can_work(installation)
        [photo] = installation.photos_of(report)
        job = installation.job(f"render:{photo.id}")
        assert (job.state, job.attempts) == (JobState.RUNNING, 1)  # it has waited all the time
        apart.line.release()
        installation.wait_until_rendered(report)
        assert len(installation.check_images(browser, report.page)) == 1
