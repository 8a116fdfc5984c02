"""The line between a phone and a server: an HTTP proxy on loopback that can stop a request at any moment, lose its
answer, answer in the server's place, and be cut."""

import contextlib
import http.client
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

HOST = "127.0.0.1"
ANSWER_WITHIN_S = 120
# Of one connection only, not of what is passed on.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}
NO_BODY = {204, 304}


class Phase(StrEnum):
    ARRIVING = "before the server has it"
    ANSWERED = "once the server has answered"


@dataclass(frozen=True)
class Asked:
    """A request as the server sees it, without its body."""

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Reply:
    """What somebody on the line answers in the server's place."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Which = Callable[[Asked], bool]


class Stop:
    """A request that is held up, once; `go_on` lets it go, its answer too or not."""

    def __init__(self, which: Which, skip: int, phase: Phase) -> None:
        self.which, self.phase = which, phase
        self._skip = skip
        self._reached, self._going_on = threading.Event(), threading.Event()
        self._lost = False
        self.asked: Asked | None = None  # the request that it stopped

    @property
    def reached(self) -> bool:
        return self._reached.is_set()

    def go_on(self, *, lost: bool = False) -> None:
        self._lost = lost
        self._going_on.set()

    def takes(self, asked: Asked) -> bool:
        """Whether this is the request to stop. Not twice, and not after `go_on`."""
        if self.reached or self._going_on.is_set() or not self.which(asked):
            return False
        self._skip -= 1
        return self._skip < 0

    def hold(self, asked: Asked) -> bool:
        """Wait until told to go on; False when the answer is to be lost."""
        self.asked = asked
        self._reached.set()
        self._going_on.wait()
        return not self._lost


class PhoneLine:
    """The proxy; a context manager. `asked` is everything that came to it, in order."""

    def __init__(self, name: str = HOST) -> None:
        self._name = name
        self._target = ""
        self._server = ThreadingHTTPServer((HOST, 0), self._handler())
        self._server.daemon_threads = True
        self._lock = threading.Lock()
        self._stops: list[Stop] = []
        self._replies: list[tuple[Which, Reply]] = []
        self._cut = False
        self.asked: list[Asked] = []

    @property
    def url(self) -> str:
        return f"http://{self._name}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, name="phone's line", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.behave()
        self._server.shutdown()
        self._server.server_close()

    def lead_to(self, url: str) -> None:
        self._target = urlsplit(url).netloc

    def stop(self, which: Which, phase: Phase, skip: int = 0) -> Stop:
        """Hold up the first of these requests after so many others of them."""
        stop = Stop(which, skip, phase)
        with self._lock:
            self._stops.append(stop)
        return stop

    def reply(self, which: Which, reply: Reply) -> None:
        """From now on somebody else answers these requests."""
        with self._lock:
            self._replies.append((which, reply))

    def cut(self) -> None:
        """From now on nothing gets an answer, not even what is on its way."""
        self._cut = True

    def mend(self) -> None:
        self._cut = False

    def behave(self) -> None:
        """Pass everything on again."""
        with self._lock:
            self._cut = False
            self._replies.clear()
            for stop in self._stops:
                stop.go_on()
            self._stops.clear()

    # --- one request

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        line = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def __getattr__(self, name: str) -> object:
                if name.startswith("do_"):
                    return self._pass_on
                raise AttributeError(name)

            def _pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = Asked(self.command, self.path, dict(self.headers))
                reply = line._answer(asked, body)
                if reply is None:
                    self.close_connection = True
                    with contextlib.suppress(OSError):
                        self.connection.shutdown(socket.SHUT_RDWR)
                    return
                with contextlib.suppress(OSError):
                    self._send(reply)

            def _send(self, reply: Reply) -> None:
                self.send_response_only(reply.status)
                for name, value in reply.headers.items():
                    for one in value.split("\n"):
                        self.send_header(name, one)
                if reply.status not in NO_BODY and self.command != "HEAD":
                    self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(reply.body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler

    def _answer(self, asked: Asked, body: bytes) -> Reply | None:
        """What the phone gets; None when the line breaks before it gets anything."""
        with self._lock:
            self.asked.append(asked)
            if self._cut:
                return None
            for which, reply in self._replies:
                if which(asked):
                    return reply
            stop = next((one for one in self._stops if one.takes(asked)), None)
        if stop is not None and stop.phase == Phase.ARRIVING and not stop.hold(asked):
            return None
        told = self._ask_server(asked, body)
        if stop is not None and stop.phase == Phase.ANSWERED and not stop.hold(asked):
            return None
        return None if self._cut else told

    def _ask_server(self, asked: Asked, body: bytes) -> Reply | None:
        connection = http.client.HTTPConnection(self._target, timeout=ANSWER_WITHIN_S)
        try:
            connection.putrequest(asked.method, asked.path, skip_host=True, skip_accept_encoding=True)
            for name, value in asked.headers.items():
                if name.lower() not in HOP_BY_HOP:
                    connection.putheader(name, value)
            if body or asked.method in {"POST", "PATCH", "PUT"}:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body or None)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        headers: dict[str, str] = {}
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                headers[name] = f"{headers[name]}\n{value}" if name in headers else value
        return Reply(answer.status, content, headers)
