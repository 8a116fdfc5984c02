"""TCP proxies on loopback: one passes everything on until it is told to hold everything back, one cuts lines."""

import contextlib
import random
import socket
import threading
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

HOST = "127.0.0.1"
PIECE_BYTES = 65536
WAIT_SECONDS = 30


class StallingProxy:
    """The proxy; a context manager. `stall` holds back what comes from then on, `release` lets all of it go."""

    def __init__(self, target_url: str) -> None:
        parts = urlsplit(target_url)
        self._target = (parts.hostname or HOST, parts.port or 80)
        self._listener = socket.create_server((HOST, 0))
        self._open = threading.Event()
        self._open.set()
        self._changed = threading.Condition()
        self._held = 0
        self._sockets: set[socket.socket] = set()
        self._accepting = threading.Thread(target=self._accept, name="proxy", daemon=True)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._open.set()
        with self._changed:
            for one in self._sockets:
                _cut(one)
        self._accepting.join()

    def stall(self) -> None:
        self._open.clear()

    def release(self) -> None:
        self._open.set()

    def wait_until_holding(self) -> None:
        """Return once something came that is held back; TimeoutError if nothing comes."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._held > 0, timeout=WAIT_SECONDS):
                raise TimeoutError(f"Nothing came to the stalled proxy within {WAIT_SECONDS} seconds.")

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(self._target)
                except OSError:
                    client.close()
                    continue
                with self._changed:
                    self._sockets |= {client, server}
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(PIECE_BYTES):
                self._wait_until_open()
                sink.sendall(piece)
        for one in (source, sink):
            _cut(one)
        with self._changed:
            self._sockets -= {source, sink}

    def _wait_until_open(self) -> None:
        if self._open.is_set():
            return
        with self._changed:
            self._held += 1
            self._changed.notify_all()
        self._open.wait()
        with self._changed:
            self._held -= 1


def _cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


class CuttingProxy:
    """A proxy whose every line breaks after a random number of bytes from the client; a context manager.

    `cuts` counts the broken lines; after `most_cuts` of them the line is good. The same seed cuts alike.
    """

    def __init__(self, target_url: str, *, seed: int, between: tuple[int, int], most_cuts: int) -> None:
        parts = urlsplit(target_url)
        self._target = (parts.hostname or HOST, parts.port or 80)
        self._listener = socket.create_server((HOST, 0))
        self._chance = random.Random(seed)
        self._between, self._most_cuts = between, most_cuts
        self._lock = threading.Lock()
        self.cuts = 0

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, name="cutting proxy", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                with self._lock:
                    allowed = self._chance.randint(*self._between) if self.cuts < self._most_cuts else None
                threading.Thread(target=self._send, args=(client, server, allowed), daemon=True).start()
                threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _send(self, client: socket.socket, server: socket.socket, allowed: int | None) -> None:
        with contextlib.suppress(OSError):
            while piece := client.recv(PIECE_BYTES):
                if allowed is not None and len(piece) > allowed:
                    server.sendall(piece[:allowed])
                    with self._lock:
                        self.cuts += 1
                    break
                allowed = None if allowed is None else allowed - len(piece)
                server.sendall(piece)
        _cut(client)
        _cut(server)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := server.recv(PIECE_BYTES):
                client.sendall(piece)
        _cut(client)
        _cut(server)
