"""What happens to every request: the body is read before any transaction, the host is checked, one line is logged."""

import time
import uuid
from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from meetingcheck.lib.http.bodies import FormRequest
from meetingcheck.lib.logs import log
from meetingcheck.lib.metrics import Metrics
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
        if request.mimetype != MULTIPART:
            request.max_content_length = LONGEST_FORM_TEXT
        request.get_data(cache=True, parse_form_data=True)

    def refuse_foreign_origin() -> None:
        """A write that says it comes from elsewhere is refused; forms also carry a token of their own."""
        if request.method in SAFE_METHODS:
            return
        origin = request.headers.get("Origin")
        if origin not in {None, "null", settings.public_url} and not _same_origin(str(origin)):
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


def _hosts(settings: Settings) -> list[str]:
    hosts: set[str] = {settings.public_host}
    if settings.demo:
        hosts |= {"localhost", "127.0.0.1"}  # Werkzeug cannot compare IPv6 addresses
    return sorted(hosts)


def _same_origin(origin: str) -> bool:
    sent, own = urlsplit(origin), urlsplit(request.host_url)
    return (sent.scheme, sent.netloc) == (own.scheme, own.netloc)


def form_text(name: str) -> str:
    """One field of the posted form, empty when it is missing."""
    value: Any = request.form.get(name, "")
    return storable(str(value))
