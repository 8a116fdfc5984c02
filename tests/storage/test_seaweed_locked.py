"""The object store of one machine is closed to whoever holds none of its keys, on each of its ports."""

import http.client
import json
import multiprocessing
import os
import re
import socket
import ssl
import stat
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from uuid import uuid4

import pytest

from meetingcheck.lib.seaweed import GRPC_OFFSET, HOST, LocalStore, find_address, find_weed
from meetingcheck.lib.storage import S3Storage
from tests.engines.store import RunningStore

HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
OPEN_PAGES = {
    ("master", "/"),
    ("master", "/ui/index.html"),
    ("master", "/cluster/status"),
    ("master", "/healthz"),
    ("volume", "/status"),
    ("volume", "/healthz"),
    ("s3", "/status"),
    ("s3", "/healthz"),
}
PATHS = (
    *{path for _, path in OPEN_PAGES},
    "/dir/assign",
    "/dir/lookup?volumeId=1",
    "/dir/status",
    "/vol/status",
    "/vol/grow?count=1",
    "/vol/vacuum",
    "/col/delete?collection=meetingcheck",
    "/submit",
    "/stats/disk",
    "/metrics",
    "/debug/pprof/",
    "/buckets/",
    "/etc/",
    "/.tus/",
    "/meetingcheck",
    "/meetingcheck?list-type=2",
)


@pytest.fixture(scope="module")
def key(store: RunningStore) -> str:
    """The key of an object that nobody may reach."""
    key = f"photos/{uuid4()}/secret"
    S3Storage(store.address).put(key, b"secret picture", "image/jpeg")
    return key


@pytest.fixture(scope="module")
def chunk(store: RunningStore, key: str) -> str:
    """The inner id of the object's content on the volume server, as an insider would know it."""
    entry = json.loads(re.search(r"\{.*\}", _shell(store.store.folder, store, f"fs.meta.cat {_path(key)}"), re.S)[0])  # type: ignore[index]
    return str(entry["chunks"][0]["fileId"])


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> LocalStore:
    """Another store's keys and certificate."""
    return LocalStore.prepare(tmp_path_factory.mktemp("stranger"))


def test_only_loopback_is_listened_on(store: RunningStore) -> None:
    expected = {(HOST, port + offset) for port in store.store.ports for offset in (0, GRPC_OFFSET)}
    assert set(_listening_addresses(store)) == expected


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST", "DELETE"])
def test_http_without_a_key_reaches_nothing(store: RunningStore, key: str, chunk: str, method: str) -> None:
    reached = set()
    for name, port in asdict(store.store.ports).items():
        for path in (*PATHS, f"/{chunk}", _path(key), f"/meetingcheck/{key}", f"/meetingcheck/{uuid4()}"):
            status, body = _ask(port, method, path)
            assert key in path or key.encode() not in body  # an error repeats what was asked for
            assert b"secret picture" not in body
            if status < 400:
                reached.add((name, path))
    assert reached <= OPEN_PAGES
    assert S3Storage(store.address).get(key) == b"secret picture"


@pytest.mark.parametrize("name", ["master", "volume", "filer", "s3"])
def test_grpc_without_the_certificate_reaches_nothing(store: RunningStore, stranger: LocalStore, name: str) -> None:
    port = asdict(store.store.ports)[name] + GRPC_OFFSET
    assert not _speaks_plain_http2(port)
    assert not _speaks_http2(port, None)
    assert not _speaks_http2(port, stranger)
    assert _speaks_http2(port, store.store)


def test_the_shell_of_a_stranger_sees_nothing(
    store: RunningStore, stranger: LocalStore, key: str, tmp_path: Path
) -> None:
    listing = f"fs.ls {_path(key.rpartition('/')[0])}"
    assert "secret" in _shell(store.store.folder, store, listing)
    with ThreadPoolExecutor(2) as threads:
        for seen in threads.map(
            lambda folder: _shell(folder, store, f"{listing}\nfs.rm {_path(key)}"), (tmp_path, stranger.folder)
        ):
            assert "secret" not in seen
    assert S3Storage(store.address).get(key) == b"secret picture"


def test_only_the_owner_enters_the_folder(store: RunningStore) -> None:
    assert _mode(store.store.folder) == 0o700
    kept = [path for path in store.store.folder.iterdir() if path.is_file()]
    assert len(kept) == 6
    assert {_mode(path) for path in kept} == {0o600}


def test_a_folder_is_entered_by_its_owner_only_even_if_others_could_before(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    folder.mkdir(mode=0o755)
    LocalStore.prepare(folder)
    assert _mode(folder) == 0o700


def test_no_secret_stands_in_the_command(store: RunningStore) -> None:
    kept = store.store.secrets
    shown = " ".join([*store.store.argv(), repr(kept), repr(store.address), repr(store.store)])
    for secret in (kept.secret_key, kept.volume_write_key, kept.filer_write_key, kept.private_key):
        assert secret not in shown


def test_processes_that_start_at_once_end_with_the_same_keys(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as processes:
        made = processes.map(LocalStore.prepare, [tmp_path / "store"] * 12, chunksize=1)
    assert len({(store.secrets, store.ports) for store in made}) == 1
    assert find_address(tmp_path / "store") == made[0].address
    left_over = {path.name for path in (tmp_path / "store").iterdir() if path.name.startswith(".")}
    assert left_over == set()


def test_each_store_has_keys_of_its_own(store: RunningStore, stranger: LocalStore) -> None:
    ours, theirs = asdict(store.store.secrets), asdict(stranger.secrets)
    assert not set(ours.values()) & set(theirs.values())


def test_a_folder_without_a_store_has_no_address(tmp_path: Path) -> None:
    assert find_address(tmp_path) is None
    assert find_address(tmp_path / "missing") is None


def test_ports_leave_room_for_their_grpc_ports(store: RunningStore) -> None:
    ports = list(store.store.ports)
    assert len(set(ports)) == 4
    assert all(1024 < port < 55_000 for port in ports)


def _path(key: str) -> str:
    return f"/buckets/meetingcheck/{key}"


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _ask(port: int, method: str, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request(method, path, body=b"x" if method in {"PUT", "POST"} else None)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _speaks_plain_http2(port: int) -> bool:
    with socket.create_connection((HOST, port), timeout=5) as connection:
        return _greets(connection)


def _speaks_http2(port: int, holder: LocalStore | None) -> bool:
    """Whether the port greets a client who shows this store's certificate, or none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    if holder is not None:
        context.load_cert_chain(holder.folder / "grpc.crt", holder.folder / "grpc.key")
    with socket.create_connection((HOST, port), timeout=5) as plain:
        try:
            with context.wrap_socket(plain) as connection:
                return _greets(connection)
        except (ssl.SSLError, ConnectionError):
            return False


def _greets(connection: socket.socket) -> bool:
    """Whether the server answers a client's greeting with settings of its own, as HTTP/2 begins."""
    try:
        connection.sendall(HTTP2_PREFACE)
        frame = connection.recv(9)
    except (ssl.SSLError, ConnectionError):
        return False
    return len(frame) == 9 and frame[3] == 4


def _shell(folder: Path, store: RunningStore, command: str) -> str:
    """What weed's own shell prints when it runs with the certificate and keys of this folder, if there are any."""
    master = store.store.ports.master
    try:
        finished = subprocess.run(
            [find_weed(), "shell", f"-master={HOST}:{master}.{master + GRPC_OFFSET}"],
            input=f"lock\n{command}\nunlock\nexit\n",
            cwd=folder,
            env={"HOME": str(folder), "PATH": os.defpath},
            capture_output=True,
            text=True,
            timeout=3,  # without a certificate it goes on trying for ever
            check=False,
        )
    except subprocess.TimeoutExpired as expired:
        return (expired.stdout or b"").decode()
    return finished.stdout


def _listening_addresses(store: RunningStore) -> Iterator[tuple[str, int]]:
    """The addresses on which the store's process listens, by the system's own tables."""
    assert store.pid is not None
    sockets = set()
    for descriptor in Path(f"/proc/{store.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # one that was closed since it was listed listens no more
            link = os.readlink(descriptor)
            if link.startswith("socket:["):
                sockets.add(link[len("socket:[") : -1])
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        for line in Path(f"/proc/{store.pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            listening = fields[3] == "0A"
            if listening and fields[9] in sockets:
                address, _, port = fields[1].partition(":")
                words = [bytes.fromhex(address[at : at + 8])[::-1] for at in range(0, len(address), 8)]
                yield socket.inet_ntop(family, b"".join(words)), int(port, 16)
