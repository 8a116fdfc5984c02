"""Pages and scripts that are made for one answer leave by gzip: on a slow line that is the larger part of the wait.

Whoever would guess a secret from the lengths of answers has to have a page fetched again and again with texts of their
own in it. Cookies are Lax and no page may be framed, so another site cannot do that in a person's name.
"""

import gzip

from flask import Flask, Response, request

SHORTEST = 600  # bytes; what is shorter fits into one packet anyhow
LEVEL = 6
TEXTS = frozenset({"text/html", "text/javascript", "application/manifest+json"})


def configure_compression(app: Flask) -> None:
    app.after_request(_pack)


def _pack(response: Response) -> Response:
    if response.mimetype not in TEXTS or response.direct_passthrough or response.is_streamed:
        return response
    response.vary.add("Accept-Encoding")
    if response.content_encoding or not request.accept_encodings["gzip"]:
        return response
    data = response.get_data()
    if len(data) >= SHORTEST:
        response.set_data(gzip.compress(data, LEVEL, mtime=0))
        response.content_encoding = "gzip"
    return response
