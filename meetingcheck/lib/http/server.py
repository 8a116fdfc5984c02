"""The web server: waitress, which takes bodies in whole before the application sees them."""

# waitress carries no types.
# mypy: allow-untyped-calls

from flask import Flask
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, create_server
from waitress.utilities import RequestEntityTooLarge

from meetingcheck.lib.settings import Settings

CONNECTIONS = 1000
SLOWEST_BODY_S = 600  # a phone on a bad line may need this long for one photo
# Above the application's own limit: a browser shows the answer only when it could send all, so a little too much is
# taken in whole.
BODY_LIMIT = 256 * 1024 * 1024


class _Channel(HTTPChannel):
    """One connection; a body that is far too large is not waited for, and the application says so in its own words."""

    def service(self) -> None:
        request = self.requests[0]
        if isinstance(request.error, RequestEntityTooLarge):
            request.error = None
            request.headers["CONNECTION"] = "close"  # what follows is the rest of the body
        super().service()


def serve_web(app: Flask, settings: Settings) -> None:
    """Answer requests until the process ends."""
    sockets: dict[int, object] = {}
    server = create_server(
        app,
        map=sockets,
        host=settings.host,
        port=settings.port,
        threads=settings.web_threads,
        connection_limit=CONNECTIONS,
        asyncore_use_poll=True,
        channel_timeout=SLOWEST_BODY_S,
        max_request_body_size=BODY_LIMIT,
        ident=None,
        clear_untrusted_proxy_headers=False,  # the application itself decides whom it trusts
    )
    for listening in sockets.values():
        if isinstance(listening, BaseWSGIServer):
            listening.channel_class = _Channel
    server.run()
