"""A virus scanner that speaks clamd's INSTREAM protocol, over TCP or a Unix socket, and knows one virus."""

import socketserver
import struct
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The harmless file that every scanner takes for a virus."""

HOST = "127.0.0.1"


class _Conversation(socketserver.StreamRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        if self.rfile.read(10) != b"zINSTREAM\0":
            self.wfile.write(b"UNKNOWN COMMAND\0")
            return
        content = b""
        while length := struct.unpack(">I", self._exactly(4))[0]:
            if len(content) + length > self.server.sink.most_bytes:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
            content += self._exactly(length)
        self.server.sink.scanned.append(content)
        self.wfile.write(self.server.sink.answer or _verdict(content))

    def _exactly(self, size: int) -> bytes:
        data = self.rfile.read(size)
        if len(data) < size:
            raise ConnectionResetError("the file broke off")
        return data


def _verdict(content: bytes) -> bytes:
    return b"stream: Eicar-Test-Signature FOUND\0" if EICAR in content else b"stream: OK\0"


class _Server(socketserver.ThreadingMixIn, socketserver.BaseServer):
    daemon_threads = True
    sink: "ClamdSink"

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that hangs up is no error here."""


class _TcpServer(_Server, socketserver.TCPServer):
    allow_reuse_address = True


class _UnixServer(_Server, socketserver.UnixStreamServer):
    pass


class ClamdSink:
    """The server; a context manager. `scanned` is every file that came whole; `answer` replaces the verdict."""

    def __init__(self, path: Path | None = None) -> None:
        self.scanned: list[bytes] = []
        self.answer: bytes | None = None
        self.most_bytes = 25 * 1024 * 1024
        self._server: _Server = (
            _TcpServer((HOST, 0), _Conversation) if path is None else _UnixServer(str(path), _Conversation)
        )
        self._server.sink = self
        address = self._server.server_address
        self.url = f"unix:{path}" if path is not None else f"tcp://{HOST}:{address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop listening; whoever calls now is refused."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
