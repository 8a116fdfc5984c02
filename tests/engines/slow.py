"""Clients on bad lines: bodies that trickle in, uploads that stall. Raw sockets: nothing buffers on our side."""

import contextlib
import select
import socket
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

ANSWER_SECONDS = 30
TICK_SECONDS = 0.1


def _connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 80), timeout=ANSWER_SECONDS)


def _head(url: str, length: int, headers: Mapping[str, str]) -> bytes:
    """The request line and headers of a POST; `headers` may replace the usual ones."""
    parts = urlsplit(url)
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    usual = {
        "Host": parts.netloc,
        "Content-Type": "application/octet-stream",
        "Content-Length": str(length),
        "Connection": "close",
    }
    lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in (usual | dict(headers)).items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _read_answer(connection: socket.socket) -> bytes:
    """All that the server says until it closes."""
    chunks = []
    with contextlib.suppress(ConnectionResetError):
        while chunk := connection.recv(65536):
            chunks.append(chunk)
    return b"".join(chunks)


def status_of(answer: bytes) -> int:
    """The status code of a raw answer; 0 when there was none."""
    words = answer.split(b" ", 2)
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0


class SlowClients:
    """Many connections that each send the body of a POST at a low rate; a context manager.

    All are connected, their headers sent, when the block begins. They go on until the body is through or the block
    ends; then they are cut.
    """

    def __init__(
        self,
        url: str,
        *,
        connections: int = 50,
        bytes_per_second: int = 1024,
        body: bytes = b"x" * 1_000_000,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._url = url
        self._body = body
        self._head = _head(url, len(body), headers or {})
        self._bytes_per_second = bytes_per_second
        self._wanted = connections
        self._sent: dict[socket.socket, int] = {}
        self._failed: list[OSError] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._trickle, name="slow-clients", daemon=True)

    def __enter__(self) -> Self:
        try:
            for _ in range(self._wanted):
                self._open_one()
        except OSError:
            self._close_all()
            raise
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._close_all()

    @property
    def bytes_sent(self) -> int:
        """How much of the bodies has left, over all connections."""
        return sum(self._sent.values())

    @property
    def failures(self) -> list[OSError]:
        """What the connections that the server cut off died of."""
        return list(self._failed)

    def wait_until_sent(self, count: int, seconds: float = ANSWER_SECONDS) -> None:
        """Return once this many bytes of bodies have left; TimeoutError when they do not."""
        deadline = time.monotonic() + seconds
        while self.bytes_sent < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.bytes_sent} of {count} bytes left within {seconds} seconds.")
            self._stop.wait(TICK_SECONDS / 2)

    def answers(self) -> list[bytes]:
        """The raw answers of all connections, read to their ends; for bodies that are through."""
        self.wait_until_sent(len(self._body) * len(self._sent))
        return [_read_answer(connection) for connection in self._sent]

    def _open_one(self) -> None:
        connection = _connect(self._url)
        self._sent[connection] = 0
        connection.sendall(self._head)

    def _close_all(self) -> None:
        for connection in self._sent:
            connection.close()

    def _trickle(self) -> None:
        """Send what is due by the clock, so that a late tick does not lower the rate."""
        started = time.monotonic()
        open_ones = set(self._sent)
        while open_ones and not self._stop.wait(TICK_SECONDS):
            due = min(int((time.monotonic() - started) * self._bytes_per_second), len(self._body))
            _, writable, _ = select.select([], list(open_ones), [], 0)
            for connection in writable:
                try:
                    self._send_until(connection, due)
                except OSError as error:
                    self._failed.append(error)
                    open_ones.discard(connection)
                if self._sent[connection] == len(self._body):
                    open_ones.discard(connection)

    def _send_until(self, connection: socket.socket, due: int) -> None:
        sent = self._sent[connection]
        if due > sent:
            self._sent[connection] = sent + connection.send(self._body[sent:due])


class StalledUpload:
    """A POST that sends its headers and the first bytes of its body, then nothing until released; a context manager."""

    def __init__(
        self, url: str, body: bytes, *, sent_first: int = 1024, headers: Mapping[str, str] | None = None
    ) -> None:
        self._url = url
        self._first, self._rest = body[:sent_first], body[sent_first:]
        self._head = _head(url, len(body), headers or {})

    def __enter__(self) -> Self:
        self._connection = _connect(self._url)
        self._connection.sendall(self._head + self._first)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._connection.close()

    @property
    def answered(self) -> bool:
        """True when the server has said something or closed, although the body is not through."""
        readable, _, _ = select.select([self._connection], [], [], 0)
        return bool(readable)

    def release(self) -> bytes:
        """Send the rest; the raw answer."""
        self._connection.sendall(self._rest)
        return _read_answer(self._connection)
