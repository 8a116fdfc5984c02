"""What happens to every request: the body is read before any transaction, the host is checked, one line is logged."""

import time
import uuid
from collections.abc import Callable, Iterable
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from meetingcheck.lib.http.bodies import FormRequest
from meetingcheck.lib.logs import log
from meetingcheck.lib.metrics import Metrics
from meetingcheck.lib.services import services
from meetingcheck.lib.settings import Settings
from meetingcheck.lib.text import storable

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MEBIBYTE = 1024 * 1024
LONGEST_BODY = 200 * MEBIBYTE  # a whole plain form with its photos, which are kept on the disk while it is read
LONGEST_FORM_TEXT = 2 * MEBIBYTE  # what is read into memory
MULTIPART = "multipart/form-data"
KNOWN_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
QUIET_ENDPOINTS = frozenset({"static"})
WHOLE_FILE = "whole_file_bytes"

View = TypeVar("View", bound=Callable[..., Any])


class TrustedProxies:
    """X-Forwarded headers count only when the request comes from one of the named addresses."""

    def __init__(self, app: "WSGIApplication", networks: tuple[str, ...]) -> None:
        self._plain = app
        self._behind_proxy = ProxyFix(app, x_for=1, x_proto=1, x_host=1)
        self._networks = [ip_network(network) for network in networks]

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        app = self._behind_proxy if self._trusts(environ.get("REMOTE_ADDR", "")) else self._plain
        return app(environ, start_response)

    def _trusts(self, address: str) -> bool:
        try:
            sender = ip_address(address)
        except ValueError:
            return False
        return any(sender in network for network in self._networks)


def configure_requests(app: Flask, settings: Settings, metrics: Metrics) -> None:
    app.config.update(
        MAX_CONTENT_LENGTH=LONGEST_BODY,
        MAX_FORM_MEMORY_SIZE=LONGEST_FORM_TEXT,
        TRUSTED_HOSTS=_hosts(settings),
        PROVIDE_AUTOMATIC_OPTIONS=False,  # nothing is shared with other origins, so nobody needs to ask
    )
    app.request_class = FormRequest
    app.wsgi_app = TrustedProxies(app.wsgi_app, settings.trusted_proxies)  # type: ignore[method-assign]

    def begin() -> None:
        g.request_id = uuid.uuid4().hex[:12]
        g.began = time.perf_counter()

    def read_body_first() -> None:
        """A slow body must not be waited for inside a transaction, so it is read whole before any is begun."""
        if request.method in SAFE_METHODS:
            return
        if (most := _whole_file_bytes()) is not None:
            request.max_content_length = most
        elif request.mimetype != MULTIPART:
            request.max_content_length = LONGEST_FORM_TEXT
        request.get_data(cache=True, parse_form_data=True)

    def refuse_foreign_origin() -> None:
        """A write that says it comes from elsewhere is refused; forms also carry a token of their own."""
        if request.method in SAFE_METHODS:
            return
        origin = request.headers.get("Origin")
        if origin not in {None, "null"} and not own_origin(origin):
            abort(403)
        if request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}:
            abort(403)

    def finish(response: Response) -> Response:
        seconds = time.perf_counter() - g.get("began", time.perf_counter())
        route = request.url_rule.rule if request.url_rule else "-"
        method = request.method if request.method in KNOWN_METHODS else "other"
        metrics.request_done(method, route, response.status_code, seconds)
        if request.endpoint not in QUIET_ENDPOINTS:
            log(
                "request",
                request=g.get("request_id"),
                method=method,
                route=route,
                status=response.status_code,
                ms=round(seconds * 1000, 1),
            )
        return response

    app.before_request(begin)
    app.before_request(refuse_foreign_origin)
    app.before_request(read_body_first)
    app.after_request(finish)


def takes_whole_file(most_bytes: int) -> Callable[[View], View]:
    """Say that a route's body is one file, of at most so many bytes."""

    def mark(view: View) -> View:
        setattr(view, WHOLE_FILE, most_bytes)
        return view

    return mark


def _whole_file_bytes() -> int | None:
    view = current_app.view_functions.get(request.endpoint) if request.endpoint else None
    return getattr(view, WHOLE_FILE, None)


def _hosts(settings: Settings) -> list[str]:
    hosts: set[str] = {settings.public_host}
    if settings.demo:
        hosts |= {"localhost", "127.0.0.1"}  # Werkzeug cannot compare IPv6 addresses
    return sorted(hosts)


def own_origin(origin: str | None) -> bool:
    """Whether an Origin names this installation: as it is known outside, or as it was asked."""
    if origin is None or origin == "null":
        return False
    if origin == services().settings.public_url:
        return True
    sent, own = urlsplit(origin), urlsplit(request.host_url)
    return (sent.scheme, sent.netloc) == (own.scheme, own.netloc)


def form_text(name: str) -> str:
    """One field of the posted form, empty when it is missing."""
    value: Any = request.form.get(name, "")
    return storable(str(value))
