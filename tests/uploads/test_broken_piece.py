"""What came of a piece before its connection broke stays, and the sender hears of the break."""

import http.client
import socket
import struct
import threading
from collections.abc import Iterator

import pytest
from flask import Flask

from meetingcheck.accounts.api_tokens.actions import issue_token
from meetingcheck.lib.db import write_transaction
from meetingcheck.lib.http.server import web_server
from meetingcheck.lib.processes import free_port
from tests.photos import samples
from tests.soak import wait_until
from tests.uploads.test_tus import UPLOADS, announcement
from tests.world import World

CAME = 700
RESET = struct.pack("ii", 1, 0)


@pytest.fixture
def port(app: Flask) -> Iterator[int]:
    port = free_port()
    server = web_server(app, "127.0.0.1", port, threads=4)
    threading.Thread(target=server.run, daemon=True).start()
    yield port
    server.close()


class Sender:
    """A program that sends one photo."""

    def __init__(self, world: World, port: int) -> None:
        with world.app.app_context(), write_transaction() as session:
            token, _ = issue_token(session, world.users["secretary1"], "phone", world.clock())
        self.photo = samples.jpeg(samples.noise(60, 60))
        self._port = port
        self._own = {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0", "Host": "localhost"}
        said = announcement(world, self.photo)
        said.pop("Origin")
        self.where = str(self.ask("POST", UPLOADS, said).getheader("Location")).removeprefix("http://localhost")

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        connection.request(method, path, body, headers | self._own)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer

    def arrived(self) -> int:
        return int(self.ask("HEAD", self.where, {}).headers["Upload-Offset"])

    def break_off(self, how: bytes | None, **more: str) -> None:
        """Begin to send everything and end the connection in the middle: politely, or as when a line is cut."""
        headers = {
            **self._own,
            "Upload-Offset": "0",
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(len(self.photo)),
            **{name.replace("_", "-"): value for name, value in more.items()},
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        with socket.create_connection(("127.0.0.1", self._port)) as connection:
            connection.sendall(f"PATCH {self.where} HTTP/1.1\r\n{head}\r\n".encode() + self.photo[:CAME])
            # An answer to something else shows that the server has had its turn to read.
            self.arrived()
            if how is not None:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, how)


@pytest.mark.parametrize("how", [None, RESET], ids=["closed", "cut"])
def test_what_came_of_a_broken_piece_is_kept(world: World, port: int, how: bytes | None) -> None:
    sender = Sender(world, port)
    sender.break_off(how)
    wait_until(lambda: sender.arrived() > 0, "the part that came")
    assert sender.arrived() == CAME
    rest = {"Upload-Offset": str(CAME), "Content-Type": "application/offset+octet-stream"}
    answer = sender.ask("PATCH", sender.where, rest, sender.photo[CAME:])
    assert answer.getheader("Upload-State") == "taken", "every byte stands where it belongs"


def test_a_piece_with_a_checksum_counts_whole_or_not_at_all(world: World, port: int) -> None:
    sender = Sender(world, port)
    sender.break_off(None, Upload_Checksum="sha256 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
    sender.break_off(None)  # this one is kept, and shows that the other had had its time
    wait_until(lambda: sender.arrived() > 0, "the part that came")
    assert sender.arrived() == CAME


def test_a_connection_serves_one_request_of_an_upload(world: World, port: int) -> None:
    """A browser would send a later one again by itself, from its beginning, without telling the page."""
    sender = Sender(world, port)
    answer = sender.ask("HEAD", sender.where, {})
    assert answer.getheader("Connection") == "close"
