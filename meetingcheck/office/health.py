"""Whether the system can work: for load balancers, monitors and whoever is on duty at night."""

import shutil
from datetime import timedelta
from hmac import compare_digest
from ipaddress import ip_address

from flask import Blueprint, Response, abort, current_app, jsonify, request
from sqlalchemy import text

from meetingcheck.lib.db import read_transaction
from meetingcheck.lib.http.rights import PUBLIC, needs
from meetingcheck.lib.jobs import count_by_state, oldest_due
from meetingcheck.lib.logs import log_error
from meetingcheck.lib.metrics import EXTENSION as METRICS
from meetingcheck.lib.services import services
from meetingcheck.lib.settings import is_loopback
from meetingcheck.lib.storage import StorageError

blueprint = Blueprint("health", __name__)

FORWARDED = {"Forwarded", "Via", "X-Forwarded-For", "X-Real-Ip"}
QUEUE_STUCK_AFTER = timedelta(minutes=15)
LEAST_FREE_BYTES = 200 * 1024 * 1024


@blueprint.get("/healthz")
@needs(PUBLIC)
def healthz() -> Response:
    """The process answers; nothing else is asked."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
@needs(PUBLIC)
def readyz() -> Response:
    """Database, object store and queue work. Strangers learn only ok or not; this machine learns which part."""
    parts = {"database": _database_works(), "store": _store_works(), "queue": _queue_moves(), "disk": _disk_has_room()}
    ready = all(parts.values())
    response = jsonify(ready=ready, **(parts if _is_local() else {}))
    response.status_code = 200 if ready else 503
    return response


@blueprint.get("/metrics")
@needs(PUBLIC)
def metrics() -> Response:
    token = services().settings.metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    allowed = compare_digest(given.encode(), token.encode()) if token else _is_local()
    if not allowed:
        abort(403)
    measured = current_app.extensions[METRICS]
    with read_transaction() as session:
        measured.set_jobs(count_by_state(session))
    return Response(measured.as_text(), mimetype="text/plain")


def _is_local() -> bool:
    """Whether somebody on this machine asks. A proxy on it asks for everybody, so a public site knows nobody."""
    try:
        asks_from_here = ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
    return (
        asks_from_here and is_loopback(services().settings.public_host) and not FORWARDED & set(request.headers.keys())
    )


def _database_works() -> bool:
    try:
        with read_transaction() as session:
            session.execute(text("SELECT 1"))
    except Exception as error:
        log_error("database not ready", error)
        return False
    return True


def _store_works() -> bool:
    try:
        services().storage.ping()
    except StorageError as error:
        log_error("object store not ready", error)
        return False
    return True


def _queue_moves() -> bool:
    now = services().now()
    try:
        with read_transaction() as session:
            waiting_since = oldest_due(session, now)
    except Exception as error:
        log_error("queue not ready", error)
        return False
    return waiting_since is None or now - waiting_since < QUEUE_STUCK_AFTER


def _disk_has_room() -> bool:
    folder = services().settings.data
    return not folder.exists() or shutil.disk_usage(folder).free > LEAST_FREE_BYTES
