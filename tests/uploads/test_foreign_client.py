"""A client that others wrote delivers a photo whole over a line that breaks again and again."""

import hashlib
import json
import os
import subprocess
import threading
import uuid
from pathlib import Path

import pytest
from flask import Flask
from waitress.server import create_server

from meetingcheck.accounts.api_tokens.actions import issue_token
from meetingcheck.lib.db import write_transaction
from meetingcheck.lib.processes import free_port
from meetingcheck.lib.storage import MemoryStorage
from meetingcheck.photos.models import Photo
from meetingcheck.photos.rules import original_key
from tests.engines.node import find_node, install
from tests.engines.proxy import CuttingProxy
from tests.photos import samples
from tests.soak import SOAK
from tests.uploads.test_tus import UPLOADS, rows
from tests.world import World

CLIENT = Path(__file__).parent / "client"
ROUNDS = 30 if SOAK else 2
OPTIONS = {"chunkSize": 16 * 1024, "retryDelays": [20] * 200}
SEED = int(os.environ.get("MEETINGCHECK_SEED", "0"))


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    install(CLIENT)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_tus_js_client_delivers_whole_however_often_the_line_breaks(
    app: Flask, world: World, storage: MemoryStorage, tmp_path: Path, round_: int
) -> None:
    photo = samples.jpeg(samples.noise(400, 300 + round_))
    (tmp_path / "photo.jpg").write_bytes(photo)
    with app.app_context(), write_transaction() as session:
        token, _ = issue_token(session, world.users["secretary1"], "phone", world.clock())
    port = free_port()
    server = create_server(app, host="127.0.0.1", port=port, threads=4)
    threading.Thread(target=server.run, daemon=True).start()
    facts = {
        "obligation": str(world.obligation(world.cells[0]).id),
        "client": str(uuid.uuid4()),
        "id": str(uuid.uuid4()),
        "purpose": "overview",
        "sha256": hashlib.sha256(photo).hexdigest(),
    }
    with CuttingProxy(f"http://127.0.0.1:{port}", seed=SEED + round_, between=(200, 40_000), most_cuts=25) as line:
        command = [
            find_node().program,
            "send.mjs",
            line.url.replace("127.0.0.1", "localhost") + UPLOADS,
            token,
            str(tmp_path / "photo.jpg"),
        ]
        sent = subprocess.run(
            [*command, json.dumps(facts), json.dumps(OPTIONS)],
            cwd=CLIENT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    server.close()
    assert sent.returncode == 0, sent.stdout + sent.stderr
    told = json.loads(sent.stdout)
    assert (told["state"], told["sha256"]) == ("taken", hashlib.sha256(photo).hexdigest())
    assert line.cuts > 3, "the line broke"
    [row] = rows(world.app, Photo)
    assert storage.get(original_key(row.id, row.sha256)) == photo
