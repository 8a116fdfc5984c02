"""Static files: the address of each carries a hash of its content, so that a phone may keep it for a year."""

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, Response, request

YEAR_S = 365 * 24 * 3600


def configure_assets(app: Flask) -> None:
    assert app.static_folder is not None
    folder = Path(app.static_folder)

    @cache
    def version(name: str) -> str:
        return hashlib.sha256((folder / name).read_bytes()).hexdigest()[:12]

    def asset(name: str) -> str:
        """The address of a static file, for templates; also where a refused Host leaves no way to build addresses."""
        return f"{app.static_url_path}/{name}?v={version(name)}"

    def keep_static(response: Response) -> Response:
        if request.endpoint == "static" and response.status_code in {200, 304}:
            name = (request.view_args or {})["filename"]
            # While nodes are being replaced, an old one may be asked for a version that only the new ones have.
            if request.args.get("v") == version(name):
                response.headers["Cache-Control"] = f"public, max-age={YEAR_S}, immutable"
        return response

    app.jinja_env.globals["asset"] = asset
    app.after_request(keep_static)
