"""The bodies of forms, handed to the parser in pieces that cut no delimiter in two, and with little text in all.

The parser of werkzeug 3.1 (issue 3285 there) takes a delimiter's first byte for the file's last one when a piece ends
inside the delimiter: now and then a photo would be kept with a byte that nobody sent. And it limits the text of each
field, not that of all of them together: a stranger could have a whole body of fields read into memory.
"""

import os
from collections.abc import Callable
from typing import IO, Any, cast

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

MOST_MORE_BYTES = 64 * 1024


class WholeDelimiters:
    """A stream of bytes in which no piece ends soon after a line break, with which every delimiter begins."""

    def __init__(self, stream: IO[bytes], boundary: str) -> None:
        self._stream = stream
        self._delimiter_bytes = len(f"\r\n--{boundary}--\r\n".encode())

    def read(self, size: int) -> bytes:
        """The next `size` bytes or some more; fewer only when the stream has no more for now, none at its end."""
        piece = bytearray(self._stream.read(size))
        while len(piece) < size + MOST_MORE_BYTES and self._may_cut(piece):
            more = self._stream.read(self._delimiter_bytes)
            if not more:
                break
            piece += more
        return bytes(piece)

    def _may_cut(self, piece: bytearray) -> bool:
        end = piece[-self._delimiter_bytes :]
        return b"\r" in end or b"\n" in end


class FilesOnDisk:
    """Opens what a form's files are written to, and knows how many bytes are in them by now."""

    def __init__(self, open_one: Callable[..., IO[bytes]]) -> None:
        self._open_one = open_one
        self._last: IO[bytes] | None = None
        self._earlier_bytes = 0

    def open(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        """As the parser asks for it."""
        self._earlier_bytes = self.written()
        self._last = self._open_one(
            total_content_length=total_content_length,
            content_type=content_type,
            filename=filename,
            content_length=content_length,
        )
        return self._last

    def written(self) -> int:
        if self._last is None:
            return self._earlier_bytes
        place = self._last.tell()
        self._last.seek(0, os.SEEK_END)
        length = self._last.tell()
        self._last.seek(place)
        return self._earlier_bytes + length


class LittleText:
    """A stream of which no more than `most` bytes may be anything else than files. Raises RequestEntityTooLarge."""

    def __init__(self, stream: WholeDelimiters, files: FilesOnDisk, most: int) -> None:
        self._stream, self._files, self._most = stream, files, most
        self._read = 0

    def read(self, size: int) -> bytes:
        if self._read - self._files.written() > self._most:
            raise RequestEntityTooLarge
        piece = self._stream.read(size)
        self._read += len(piece)
        return piece


class _FormParser(FormDataParser):
    def parse(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str] | None = None
    ) -> Any:
        boundary = (options or {}).get("boundary")
        if mimetype != "multipart/form-data" or not boundary:
            return super().parse(stream, mimetype, content_length, options)
        whole = WholeDelimiters(stream, boundary)
        body: WholeDelimiters | LittleText = whole
        if self.max_form_memory_size is not None:
            on_disk = FilesOnDisk(self.stream_factory)
            self.stream_factory = on_disk.open
            body = LittleText(whole, on_disk, self.max_form_memory_size)
        _, form, files = super().parse(cast("IO[bytes]", body), mimetype, content_length, options)
        return stream, form, files


class FormRequest(Request):
    """A request whose files arrive byte for byte."""

    form_data_parser_class = _FormParser
