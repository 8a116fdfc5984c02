"""A browser for tests of processes: it keeps cookies, runs nothing, and can be cut off in the middle of a request."""

import http.client
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from werkzeug.test import encode_multipart

from tests.soak import PATIENCE_S
from tests.world import PASSWORD, token_of


class NoAnswer(Exception):
    """The connection was refused or broke off before a whole answer came."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def location(self) -> str:
        return self.headers.get("Location", "").partition("?")[0]


@dataclass(frozen=True)
class Request:
    """A request that can be sent any number of times."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Browser:
    """One person's browser: keeps cookies, follows nothing."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url).netloc
        self._cookies: dict[str, str] = {}

    def get(self, path: str) -> Answer:
        return self.send(Request("GET", path, self._headers()))

    def post(self, path: str, values: Mapping[str, Any]) -> Answer:
        return self.send(self.form(path, values))

    def form(self, path: str, values: Mapping[str, Any]) -> Request:
        """A form as a browser posts it; lists of FileStorage are files."""
        boundary, body = encode_multipart(dict(values))
        headers = {**self._headers(), "Content-Type": f"multipart/form-data; boundary={boundary}"}
        return Request("POST", path, headers, body)

    def send(self, request: Request, pause_at: int | None = None, pause: Callable[[], None] = lambda: None) -> Answer:
        """Send it, with `pause` called after the first `pause_at` bytes of the body. Raises NoAnswer."""
        connection = http.client.HTTPConnection(self._address, timeout=PATIENCE_S)
        try:
            connection.putrequest(request.method, request.path)
            for name, value in request.headers.items():
                connection.putheader(name, value)
            if request.body:
                connection.putheader("Content-Length", str(len(request.body)))
            connection.endheaders()
            if pause_at is not None:
                connection.send(request.body[:pause_at])
                pause()
            connection.send(request.body[pause_at or 0 :])
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer(f"{request.method} {request.path}: {type(error).__name__}") from error
        finally:
            connection.close()
        self._keep_cookies(response.headers.get_all("Set-Cookie") or [])
        return Answer(response.status, dict(response.headers), body)

    def sign_in(self, login: str) -> Self:
        page = self.get("/sign-in")
        answer = self.post("/sign-in", {"csrf_token": token_of(page), "login": login, "password": PASSWORD})
        assert answer.status == 303, answer.text
        return self

    def _headers(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}

    def _keep_cookies(self, lines: Sequence[str]) -> None:
        for line in lines:
            name, _, value = line.partition(";")[0].partition("=")
            self._cookies[name] = value
