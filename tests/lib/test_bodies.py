"""Files in forms arrive byte for byte, wherever the pieces end in which their bodies are read."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Request

from meetingcheck.lib.http.bodies import MOST_MORE_BYTES, FormRequest, WholeDelimiters

PIECE = 64 * 1024  # what the parser reads at a time
BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
HEAD = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{{name}}"; filename="a.jpg"\r\n'
    "Content-Type: image/jpeg\r\n\r\n"
)
END = f"\r\n--{BOUNDARY}--\r\n"


class Trickle(io.BytesIO):
    """A body that comes in pieces of a few bytes, whatever is asked for."""

    def __init__(self, body: bytes, most: int) -> None:
        super().__init__(body)
        self._most = most

    def read(self, size: int | None = -1) -> bytes:
        return super().read(self._most if size is None or size < 0 else min(size, self._most))

    def readinto(self, buffer: Any) -> int:
        piece = self.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


def body_of(*files: bytes) -> bytes:
    parts = [HEAD.format(name=f"file{number}").encode() + data for number, data in enumerate(files)]
    return b"\r\n".join(parts) + END.encode()


def request_with(body: bytes, stream: io.BytesIO | None = None) -> Request:
    return FormRequest(
        {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": f"multipart/form-data; boundary={BOUNDARY}",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": stream or io.BytesIO(body),
        }
    )


def files_in(request: Request) -> list[bytes]:
    return [file.stream.read() for _, file in sorted(request.files.items())]


CONTENTS: dict[str, Callable[[int], bytes]] = {
    "plain": lambda length: b"x" * length,
    "ending with a line break": lambda length: b"x" * (length - 2) + b"\r\n",
    "ending with a carriage return": lambda length: b"x" * (length - 1) + b"\r",
    "ending with half a delimiter": lambda length: b"x" * (length - 6) + b"\r\n----",
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_a_piece_may_end_at_each_byte_around_a_delimiter(content: Callable[[int], bytes]) -> None:
    """All that follows the first file's content moves, byte by byte, over the end of the first piece."""
    second = b"\r\n" + content(100)
    head = len(HEAD.format(name="file0"))
    rest = len(body_of(b"", second)) - head
    for length in range(PIECE - head - rest - 8, PIECE - head + 8):
        files = [content(length), second]
        assert files_in(request_with(body_of(*files))) == files, length


@pytest.mark.parametrize("most", [1, 7, 80])
def test_a_body_may_come_in_pieces_of_any_size(most: int) -> None:
    files = [content(3000) for content in CONTENTS.values()]
    body = body_of(*files)
    assert files_in(request_with(body, Trickle(body, most))) == files


def test_a_file_of_nothing_but_line_breaks_is_read_piece_by_piece() -> None:
    stream = WholeDelimiters(io.BytesIO(b"\r\n" * PIECE * 4), BOUNDARY)
    pieces = []
    while piece := stream.read(PIECE):
        pieces.append(piece)
    assert b"".join(pieces) == b"\r\n" * PIECE * 4
    assert max(len(piece) for piece in pieces) <= PIECE + MOST_MORE_BYTES + len(END)


def test_text_fields_arrive_beside_files() -> None:
    text = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="note"\r\n\r\nđồng chí\r\nBình\r\n'.encode()
    request = request_with(text + body_of(b"photo"))
    assert request.form["note"] == "đồng chí\r\nBình"
    assert files_in(request) == [b"photo"]
