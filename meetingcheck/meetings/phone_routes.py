"""What lets a phone open the check-in without a network: the service worker, the neutral page that it keeps, the
manifest. None of the three says anything about anybody."""

import hashlib
import json

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from meetingcheck.lib.assets import assets
from meetingcheck.lib.http.rights import PUBLIC, needs
from meetingcheck.lib.i18n import language

blueprint = Blueprint("phone", __name__)

PAGE_SCRIPT = "js/phone/page.js"
WORKER = "js/service-worker.js"


@blueprint.get("/sw.js")
@needs(PUBLIC)
def service_worker() -> Response:
    """The service worker. It is another one as soon as the neutral page or one of its files is."""
    shell, files = _shell(), [*assets().with_imports(PAGE_SCRIPT), assets().address("css/app.css")]
    worker = assets().find(WORKER)
    assert worker is not None
    version = hashlib.sha256("\n".join([shell, *files]).encode()).hexdigest()[:12]
    said = {"VERSION": version, "SHELL": url_for("phone.shell"), "ASSETS": files}
    lines = [f"const {name} = {json.dumps(value)};\n" for name, value in said.items()]
    response = Response("".join(lines) + worker.content.decode(), mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.get("/check-in-shell")
@needs(PUBLIC)
def shell() -> str:
    """The check-in's page without anybody's data; the phone fills in what it has kept."""
    return _shell()


@blueprint.get("/obligations/")
@needs(PUBLIC)
def begin() -> Response:
    """What the installed app opens: home. Without a network the phone itself answers, with what it has kept."""
    return redirect("/")


@blueprint.get("/manifest.webmanifest")
@needs(PUBLIC)
def manifest() -> Response:
    said = {
        "name": gettext("Sinh hoạt chi bộ"),
        "short_name": gettext("Sinh hoạt"),
        "lang": language(),
        "start_url": url_for("phone.begin"),
        "scope": "/",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#ffffff",
        "icons": [{"src": assets().address("icon.svg"), "sizes": "any", "type": "image/svg+xml"}],
    }
    return Response(json.dumps(said, ensure_ascii=False), mimetype="application/manifest+json")


def _shell() -> str:
    return render_template("meetings/shell.html")
