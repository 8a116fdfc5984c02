"""Static files: the address of each carries a hash of its content, so that a phone may keep it for a year."""

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, Response, request, url_for

YEAR_S = 365 * 24 * 3600


def configure_assets(app: Flask) -> None:
    assert app.static_folder is not None
    folder = Path(app.static_folder)

    @cache
    def version(name: str) -> str:
        return hashlib.sha256((folder / name).read_bytes()).hexdigest()[:12]

    def asset(name: str) -> str:
        """The address of a static file, for templates."""
        return url_for("static", filename=name, v=version(name))

    def keep_static(response: Response) -> Response:
        if request.endpoint == "static" and "v" in request.args and response.status_code in {200, 304}:
            response.headers["Cache-Control"] = f"public, max-age={YEAR_S}, immutable"
        return response

    app.jinja_env.globals["asset"] = asset
    app.after_request(keep_static)
