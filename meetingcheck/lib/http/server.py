"""The web server: waitress, which takes bodies in whole before the application sees them.

Pieces of a resumable upload are the exception: what had arrived of one when its connection broke is handed in as a
shorter piece, as tus asks of a server. A phone on a bad line then sends on where the line broke.
"""

# waitress carries no types.
# mypy: allow-untyped-calls

from typing import Any

from flask import Flask
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.receiver import FixedStreamReceiver
from waitress.server import BaseWSGIServer, create_server
from waitress.task import WSGITask
from waitress.utilities import RequestEntityTooLarge

from meetingcheck.lib.settings import Settings

CONNECTIONS = 1000
SLOWEST_BODY_S = 600  # a phone on a bad line may need this long for one photo
# Above the application's own limit: a browser shows the answer only when it could send all, so a little too much is
# taken in whole.
BODY_LIMIT = 256 * 1024 * 1024
UPLOAD = "TUS_RESUMABLE"  # the header that each request of a resumable upload has, as waitress spells it


class _Task(WSGITask):
    """A request and its answer. After one of a resumable upload the connection ends: when a connection breaks that was
    used before, a browser sends its request again by itself, from its beginning, and a piece of which a part was kept
    would come in vain. On a new connection it tells the page, which asks how much was kept."""

    def build_response_header(self) -> bytes:
        if UPLOAD in self.request.headers:
            self.set_close_on_finish()
        head: bytes = super().build_response_header()
        return head


class _BrokenPiece:
    """What came of a piece before its connection broke, as a request that nobody waits for."""

    def __init__(self, channel: HTTPChannel, request: HTTPRequestParser) -> None:
        self._app = channel.server.application
        self._task = WSGITask(channel, request)

    def service(self) -> None:
        answer = self._app(self._task.get_environment(), lambda *_: None)
        for _ in answer:
            pass
        answer.close()

    def cancel(self) -> None:
        """The server ends: the sender still has the piece."""


class _Channel(HTTPChannel):
    """One connection; a body that is far too large is not waited for, and the application says so in its own words."""

    task_class = _Task

    def service(self) -> None:
        request = self.requests[0]
        if isinstance(request.error, RequestEntityTooLarge):
            request.error = None
            request.headers["CONNECTION"] = "close"  # what follows is the rest of the body
        super().service()

    def handle_close(self) -> None:
        broken, self.request = self.request, None
        if broken is not None and (arrived := _arrived(broken)):
            broken.headers["CONTENT_LENGTH"] = str(arrived)
            self.server.add_task(_BrokenPiece(self, broken))
        super().handle_close()


def _arrived(request: HTTPRequestParser) -> int:
    """How many bytes of an upload have come that may be kept; with a checksum of its own a piece counts only whole."""
    is_piece = request.headers_finished and request.command == "PATCH" and UPLOAD in request.headers
    if not is_piece or request.error is not None or "UPLOAD_CHECKSUM" in request.headers:
        return 0
    body: Any = request.body_rcv
    return len(body) if isinstance(body, FixedStreamReceiver) else 0


def serve_web(app: Flask, settings: Settings) -> None:
    """Answer requests until the process ends."""
    web_server(app, settings.host, settings.port, settings.web_threads).run()


def web_server(app: Flask, host: str, port: int, threads: int) -> BaseWSGIServer:
    """A server that listens; `run` makes it answer."""
    sockets: dict[int, object] = {}
    server: BaseWSGIServer = create_server(
        app,
        map=sockets,
        host=host,
        port=port,
        threads=threads,
        connection_limit=CONNECTIONS,
        asyncore_use_poll=True,
        channel_timeout=SLOWEST_BODY_S,
        max_request_body_size=BODY_LIMIT,
        ident=None,
        clear_untrusted_proxy_headers=False,  # the application itself decides whom it trusts
    )
    for listening in sockets.values():
        if isinstance(listening, BaseWSGIServer):
            listening.channel_class = _Channel
    return server
