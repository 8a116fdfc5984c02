"""The storage contract: on the double in memory, on a real S3 server, and on one that speaks TLS."""

import os
import random
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import text

from meetingcheck.lib.clock import system_clock
from meetingcheck.lib.db import TransactionOpen, db
from meetingcheck.lib.storage import (
    MemoryStorage,
    ObjectConflict,
    ObjectMissing,
    RangeOutside,
    S3Storage,
    Storage,
    StorageError,
    StorageRefused,
    StorageUnavailable,
    StoreAddress,
)
from tests.engines.store import RunningStore, running_store

NewKey = Callable[[], str]
KILLS = 30 if os.environ.get("MEETINGCHECK_SOAK") else 1


class TestObjects:
    def test_what_was_put_comes_back(self, storage: Storage, new_key: NewKey) -> None:
        key, body = new_key(), random.randbytes(5_000_000)
        storage.put(key, body, "image/jpeg", {"sha256": "0af3", "taken-at": "2026-05-01T08:00:00Z"})
        head = storage.head(key)
        assert storage.get(key) == body
        assert (head.size, head.content_type) == (len(body), "image/jpeg")
        assert head.metadata == {"sha256": "0af3", "taken-at": "2026-05-01T08:00:00Z"}

    def test_an_empty_object_is_an_object(self, storage: Storage, new_key: NewKey) -> None:
        key = new_key()
        storage.put(key, b"", "text/plain")
        assert storage.get(key) == b""
        assert storage.head(key).size == 0

    def test_a_missing_object_is_missing(self, storage: Storage, new_key: NewKey) -> None:
        for ask in (storage.get, storage.head, storage.stream):
            with pytest.raises(ObjectMissing):
                ask(new_key())

    def test_putting_the_same_again_is_a_repeat(self, storage: Storage, new_key: NewKey) -> None:
        key = new_key()
        storage.put(key, b"once", "text/plain", {"turn": "first"})
        storage.put(key, b"once", "image/png", {"turn": "second"})
        assert storage.head(key).metadata == {"turn": "first"}
        assert storage.head(key).content_type == "text/plain"

    @pytest.mark.parametrize("other", [b"else", b"longer than before"])
    def test_other_content_never_overwrites(self, storage: Storage, new_key: NewKey, other: bytes) -> None:
        key = new_key()
        storage.put(key, b"once", "text/plain")
        with pytest.raises(ObjectConflict):
            storage.put(key, other, "text/plain")
        assert storage.get(key) == b"once"

    def test_deleting_is_final_and_may_be_repeated(self, storage: Storage, new_key: NewKey) -> None:
        key = new_key()
        storage.put(key, b"x", "text/plain")
        storage.delete(key)
        storage.delete(key)
        with pytest.raises(ObjectMissing):
            storage.get(key)
        assert list(storage.list_keys(key)) == []

    def test_threads_share_one_storage(self, storage: Storage, new_key: NewKey) -> None:
        bodies = {new_key(): random.randbytes(100_000) for _ in range(40)}
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda key: storage.put(key, bodies[key], "image/jpeg"), bodies))
            assert list(threads.map(storage.get, bodies)) == list(bodies.values())

    @pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", "a/../b", "ảnh/1", "a b", "a?b", "-a", "a" * 513])
    def test_a_doubtful_key_is_refused(self, storage: Storage, key: str) -> None:
        with pytest.raises(ValueError, match="key"):
            storage.put(key, b"x", "text/plain")
        with pytest.raises(ValueError, match="key"):
            storage.get(key)

    @pytest.mark.parametrize(
        "metadata",
        [
            {"Upper": "x"},
            {"with space": "x"},
            {"tên": "x"},
            {"name": "Nguyễn"},
            {"name": ""},
            {"name": " x"},
            {"name": "x\r\ny: z"},
            {"name": "x" * 2048},
        ],
    )
    def test_metadata_that_would_not_survive_is_refused(
        self, storage: Storage, new_key: NewKey, metadata: dict[str, str]
    ) -> None:
        key = new_key()
        with pytest.raises(ValueError, match="metadata"):
            storage.put(key, b"x", "text/plain", metadata)
        with pytest.raises(ObjectMissing):
            storage.head(key)

    @pytest.mark.parametrize("content_type", ["", "jpeg", "image/jpeg\r\nx: y", "ảnh/jpeg"])
    def test_a_doubtful_content_type_is_refused(self, storage: Storage, new_key: NewKey, content_type: str) -> None:
        with pytest.raises(ValueError, match="content type"):
            storage.put(new_key(), b"x", content_type)

    def test_the_bucket_is_there(self, storage: Storage) -> None:
        storage.ensure_bucket()
        storage.ensure_bucket()
        storage.ping()


class TestStreams:
    def test_the_whole_content_comes_in_chunks(self, storage: Storage, new_key: NewKey) -> None:
        key, body = new_key(), random.randbytes(300_000)
        storage.put(key, body, "image/webp", {"a": "b"})
        with storage.stream(key) as stream:
            chunks = list(stream)
        assert b"".join(chunks) == body
        assert len(chunks) > 1
        assert (stream.length, stream.size, stream.content_type) == (300_000, 300_000, "image/webp")
        assert stream.metadata == {"a": "b"}

    @pytest.mark.parametrize(
        ("start", "end"), [(0, 1), (9, 10), (3, 7), (None, 4), (6, None), (0, None), (4, 1000), (0, 10)]
    )
    def test_a_range_ends_before_its_end(
        self, storage: Storage, new_key: NewKey, start: int | None, end: int | None
    ) -> None:
        key = new_key()
        storage.put(key, b"0123456789", "text/plain")
        with storage.stream(key, start, end) as stream:
            assert b"".join(stream) == b"0123456789"[start:end]
        assert stream.length == len(b"0123456789"[start:end])
        assert stream.size == 10

    def test_a_range_behind_the_end_is_said_to_be_so(self, storage: Storage, new_key: NewKey) -> None:
        key = new_key()
        storage.put(key, b"0123456789", "text/plain")
        with pytest.raises(RangeOutside):
            storage.stream(key, 10)

    @pytest.mark.parametrize(("start", "end"), [(-1, None), (3, 3), (3, 2), (None, 0)])
    def test_what_is_no_range_is_refused(
        self, storage: Storage, new_key: NewKey, start: int | None, end: int | None
    ) -> None:
        with pytest.raises(ValueError, match="range"):
            storage.stream(new_key(), start, end)

    def test_streams_left_early_hold_nothing(self, storage: Storage, new_key: NewKey) -> None:
        key = new_key()
        storage.put(key, random.randbytes(1_000_000), "image/jpeg")
        for _ in range(40):  # more than the connections that one storage keeps
            with storage.stream(key) as stream:
                next(iter(stream))
        assert storage.head(key).size == 1_000_000


class TestListing:
    def test_each_key_under_the_prefix_comes_once(self, storage: Storage, new_key: NewKey) -> None:
        folder = new_key()
        keys = {f"{folder}/{name}": name.encode() for name in ("a/b", "a-b", "a.c", "ab", "B")}
        for key, body in keys.items():
            storage.put(key, body, "text/plain")
        storage.put(f"{new_key()}/other", b"x", "text/plain")
        listed = list(storage.list_keys(f"{folder}/"))
        assert {entry.key: entry.size for entry in listed} == {key: len(body) for key, body in keys.items()}
        assert len(listed) == len(keys)
        assert {entry.key for entry in storage.list_keys(f"{folder}/a")} == keys.keys() - {f"{folder}/B"}

    def test_instants_are_aware(self, storage: Storage, new_key: NewKey) -> None:
        key = new_key()
        storage.put(key, b"x", "text/plain")
        (entry,) = storage.list_keys(key)
        assert entry.modified_at.tzinfo is UTC
        assert abs(entry.modified_at - system_clock()) < timedelta(minutes=1)

    def test_nothing_is_listed_under_a_prefix_of_nothing(self, storage: Storage, new_key: NewKey) -> None:
        assert list(storage.list_keys(new_key())) == []

    def test_a_listing_goes_on_after_its_first_page(self, store: RunningStore, new_key: NewKey) -> None:
        storage = S3Storage(replace(store.address, flush_folder=None))
        folder = new_key()
        keys = {f"{folder}/{number:04}" for number in range(1003)}
        with ThreadPoolExecutor(16) as threads:
            list(threads.map(lambda key: storage.put(key, b"x", "text/plain"), keys))
        listed = [entry.key for entry in storage.list_keys(f"{folder}/")]
        assert set(listed) == keys
        assert len(listed) == len(keys)


class TestTransactions:
    def test_nothing_is_asked_of_a_store_inside_a_transaction(self, storage: Storage, new_key: NewKey) -> None:
        app = Flask("storage-test")
        app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
        db.init_app(app)
        asks: tuple[Callable[[], object], ...] = (
            lambda: storage.put(new_key(), b"x", "text/plain"),
            lambda: storage.get(new_key()),
            lambda: storage.stream(new_key()),
            lambda: storage.head(new_key()),
            lambda: list(storage.list_keys(new_key())),
            lambda: storage.delete(new_key()),
            storage.ensure_bucket,
            storage.ping,
        )
        with app.app_context():
            db.session.execute(text("select 1"))
            for ask in asks:
                with pytest.raises(TransactionOpen):
                    ask()
            db.session.rollback()
            storage.ping()


class TestPresignedAddresses:
    def test_the_same_question_gives_the_same_address(self, storage: Storage, new_key: NewKey) -> None:
        key, signed_at = new_key(), datetime(2026, 5, 1, 8, tzinfo=UTC)
        address = storage.presigned_get(key, 7200, signed_at)
        assert storage.presigned_get(key, 7200, signed_at) == address
        assert storage.presigned_get(key, 7200, signed_at + timedelta(hours=1)) != address
        assert key in address

    @pytest.mark.parametrize("expires_s", [0, -1, 604_801])
    def test_an_impossible_validity_is_refused(self, storage: Storage, new_key: NewKey, expires_s: int) -> None:
        with pytest.raises(ValueError, match="seconds"):
            storage.presigned_get(new_key(), expires_s, system_clock())

    def test_an_instant_without_a_zone_is_refused(self, storage: Storage, new_key: NewKey) -> None:
        with pytest.raises(ValueError, match="zone"):
            storage.presigned_get(new_key(), 60, datetime(2026, 5, 1))  # noqa: DTZ001 - the naive value is the point

    def test_the_double_leads_nowhere(self, new_key: NewKey) -> None:
        address = MemoryStorage(system_clock).presigned_get(new_key(), 60, system_clock())
        assert (urlsplit(address).hostname or "").endswith(".invalid")

    def test_the_holder_gets_the_object(self, store: RunningStore, new_key: NewKey) -> None:
        storage, key = S3Storage(store.address), new_key()
        storage.put(key, b"picture", "image/jpeg")
        with urllib.request.urlopen(
            storage.presigned_get(key, 60, system_clock(), "application/pdf", 'attachment; filename="a b.pdf"')
        ) as answer:
            assert answer.read() == b"picture"
            assert answer.headers["Content-Type"] == "application/pdf"
            assert answer.headers["Content-Disposition"] == 'attachment; filename="a b.pdf"'

    def test_an_expired_address_opens_nothing(self, store: RunningStore, new_key: NewKey) -> None:
        storage, key = S3Storage(store.address), new_key()
        storage.put(key, b"picture", "image/jpeg")
        two_hours_ago = system_clock() - timedelta(hours=2)
        assert _status(storage.presigned_get(key, 7260, two_hours_ago)) == 200
        assert _status(storage.presigned_get(key, 7140, two_hours_ago)) == 403

    def test_a_changed_address_opens_nothing(self, store: RunningStore, new_key: NewKey) -> None:
        storage, key, other = S3Storage(store.address), new_key(), new_key()
        storage.put(key, b"picture", "image/jpeg")
        storage.put(other, b"another", "image/jpeg")
        address = storage.presigned_get(key, 60, system_clock())
        assert _status(address) == 200
        assert _status(address.replace(key, other)) == 403
        assert _status(address.replace("X-Amz-Expires=60", "X-Amz-Expires=6000")) == 403
        assert _status(address[:-1] + ("0" if address[-1] != "0" else "1")) == 403
        assert _status(address + "&response-content-type=text%2Fhtml") == 403
        assert _status(address.partition("?")[0]) == 403
        for method in ("PUT", "DELETE"):
            assert _status(address, method) == 403
        assert storage.get(key) == b"picture"

    def test_a_public_address_is_signed_for_its_own_host(self, store: RunningStore, new_key: NewKey) -> None:
        key = new_key()
        S3Storage(store.address).put(key, b"picture", "image/jpeg")
        port = urlsplit(store.address.endpoint_url).port
        public = S3Storage(replace(store.address, public_url=f"http://localhost:{port}/"))
        address = public.presigned_get(key, 60, system_clock())
        assert address.startswith(f"http://localhost:{port}/meetingcheck/")
        assert _status(address) == 200


class TestRefusals:
    @pytest.mark.parametrize("wrong", [{"secret_key": "wrong"}, {"access_key": "wrong"}])
    def test_wrong_keys_are_refused(self, store: RunningStore, new_key: NewKey, wrong: dict[str, str]) -> None:
        key = new_key()
        S3Storage(store.address).put(key, b"x", "text/plain")
        stranger = S3Storage(replace(store.address, **wrong))
        for ask in _asks(stranger, key):
            with pytest.raises(StorageRefused):
                ask()
        with pytest.raises(StorageRefused):
            stranger.delete(key)
        assert S3Storage(store.address).get(key) == b"x"

    def test_a_missing_bucket_does_not_make_objects_missing(self, store: RunningStore, new_key: NewKey) -> None:
        elsewhere = S3Storage(replace(store.address, bucket="not-made-yet"))
        for ask in _asks(elsewhere, new_key()):
            with pytest.raises(StorageRefused):
                ask()

    def test_a_bucket_is_made_when_it_is_missing(self, store: RunningStore, new_key: NewKey) -> None:
        address = replace(store.address, bucket="second-bucket")
        with ThreadPoolExecutor(4) as threads:  # several processes may start at once
            list(threads.map(lambda _: S3Storage(address).ensure_bucket(), range(4)))
        S3Storage(address).put(new_key(), b"x", "text/plain")


class TestTroubles:
    def test_a_refused_connection_means_try_later(self, store: RunningStore, new_key: NewKey) -> None:
        with _listening(b"") as closed:
            pass
        _assert_try_later(replace(store.address, endpoint_url=closed, flush_folder=None), new_key())

    @pytest.mark.parametrize(
        "answer",
        [
            b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 12\r\n\r\n<html>gone  ",
            b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n",
            b"nothing that one could understand\r\n\r\n",
            b"",
        ],
    )
    def test_a_failing_server_means_try_later(self, new_key: NewKey, answer: bytes) -> None:
        with _listening(answer) as url:
            _assert_try_later(_address_of(url), new_key())

    def test_an_answer_that_breaks_off_means_try_later(self, new_key: NewKey) -> None:
        with _listening(b"HTTP/1.1 200 OK\r\n") as url:
            storage = S3Storage(_address_of(url))
            for ask in _asks(storage, new_key()):
                if ask != storage.ping:
                    with pytest.raises(StorageUnavailable):
                        ask()

    def test_a_silent_server_is_given_up(self, new_key: NewKey) -> None:
        with _listening(None) as url:
            _assert_try_later(replace(_address_of(url), read_timeout_s=0.1), new_key())

    def test_a_truncated_body_means_try_later(self, new_key: NewKey) -> None:
        half = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 100000\r\n\r\n" + bytes(50_000)
        with _listening(half) as url:
            storage = S3Storage(_address_of(url))
            with pytest.raises(StorageUnavailable):
                storage.get(new_key())
            with storage.stream(new_key()) as stream, pytest.raises(StorageUnavailable):
                list(stream)

    def test_an_unknown_certificate_is_not_trusted(self, tls_address: StoreAddress, new_key: NewKey) -> None:
        stranger = S3Storage(replace(tls_address, ca_file=None))
        with pytest.raises(StorageUnavailable, match=r"(?i)certificate"):
            stranger.put(new_key(), b"x", "text/plain")


class TestCrashes:
    def test_a_killed_store_loses_nothing_that_it_acknowledged(self, tmp_path: Path, new_key: NewKey) -> None:
        with running_store(tmp_path / "store") as running:
            storage = S3Storage(running.address)
            acknowledged: dict[str, bytes] = {}
            for _ in range(KILLS):
                acknowledged |= _put_until_killed(running, storage, new_key)
                with pytest.raises(StorageUnavailable):
                    storage.get(next(iter(acknowledged)))
                with pytest.raises(StorageUnavailable):
                    storage.ping()
                running.start(ready=partial(_reads_again, running, storage, acknowledged))
            with ThreadPoolExecutor(8) as threads:
                assert list(threads.map(storage.get, acknowledged)) == list(acknowledged.values())
            listed = {entry.key for entry in storage.list_keys("photos/")}
            assert acknowledged.keys() <= listed

    def test_objects_stay_when_the_store_moves_to_other_ports(self, tmp_path: Path, new_key: NewKey) -> None:
        key = new_key()
        with running_store(tmp_path / "store") as running:
            S3Storage(running.address).put(key, b"x" * 100_000, "image/jpeg")
            before = running.store
            running.kill()
            with socket.socket() as squatter:
                squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                squatter.bind(("127.0.0.1", before.ports.s3))
                squatter.listen()
                with running_store(tmp_path / "store") as moved:
                    assert not set(moved.store.ports) & set(before.ports)
                    storage = S3Storage(moved.address)
                    assert storage.get(key) == b"x" * 100_000
                    other = new_key()
                    storage.put(other, b"y" * 100_000, "image/jpeg")
                    assert storage.get(key) == b"x" * 100_000
                    assert storage.get(other) == b"y" * 100_000


def _put_until_killed(running: RunningStore, storage: Storage, new_key: NewKey) -> dict[str, bytes]:
    """Put from four threads, kill the store in the middle of it, return what was acknowledged."""
    acknowledged: dict[str, bytes] = {}
    enough = threading.Event()

    def put() -> None:
        while True:
            key, body = new_key(), random.randbytes(200_000)
            try:
                storage.put(key, body, "image/jpeg")
            except StorageUnavailable:
                return
            acknowledged[key] = body
            if len(acknowledged) >= 40:
                enough.set()

    writers = [threading.Thread(target=put) for _ in range(4)]
    for writer in writers:
        writer.start()
    assert enough.wait(timeout=60)
    running.kill()
    for writer in writers:
        writer.join()
    return acknowledged


def _reads_again(running: RunningStore, storage: Storage, acknowledged: dict[str, bytes]) -> bool:
    """Whether the store is up and holds an acknowledged object; while coming up it may fail, but not deny it."""
    key = random.choice(list(acknowledged))
    try:
        storage.ping()
        return storage.get(key) == acknowledged[key] and running.store.is_ready()
    except ObjectMissing:
        pytest.fail("a store that was coming up said that an acknowledged object is gone")
    except StorageError:
        return False


def _asks(storage: Storage, key: str) -> tuple[Callable[[], object], ...]:
    return (
        lambda: storage.get(key),
        lambda: storage.head(key),
        lambda: storage.stream(key),
        lambda: storage.put(key, b"x", "text/plain"),
        lambda: list(storage.list_keys("photos/")),
        storage.ping,
    )


def _assert_try_later(address: StoreAddress, key: str) -> None:
    storage = S3Storage(address)
    for ask in (*_asks(storage, key), lambda: storage.delete(key)):
        began = system_clock()
        with pytest.raises(StorageUnavailable):
            ask()
        assert system_clock() - began < timedelta(seconds=5)


def _address_of(url: str) -> StoreAddress:
    return StoreAddress(url, "meetingcheck", "key", "secret", connect_timeout_s=1, read_timeout_s=1)


def _status(address: str, method: str = "GET") -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, method=method)) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@contextmanager
def _listening(answer: bytes | None) -> Iterator[str]:
    """A server that gives every request the same bytes and hangs up; with None it listens and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def serve() -> None:
            held = []
            while not ended.is_set():
                try:
                    connection, _ = server.accept()
                except OSError:
                    break
                if answer is None:
                    held.append(connection)
                    continue
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)
            for connection in held:
                connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            ended.set()
            # Closing alone does not wake a thread that waits in accept.
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
