"""Stores for the tests of this folder: one SeaweedFS for the whole session, a second one that speaks TLS."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest
import trustme

from meetingcheck.lib.clock import system_clock
from meetingcheck.lib.seaweed import LocalStore
from meetingcheck.lib.storage import MemoryStorage, S3Storage, Storage, StorageError, StoreAddress
from tests.engines.store import RunningStore, running_store

KINDS = ("memory", "http", "https", "https with checksums")


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStore]:
    """A SeaweedFS as `serve` runs it; its bucket exists."""
    with running_store(tmp_path_factory.mktemp("store")) as running:
        yield running


@pytest.fixture(scope="session")
def tls_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreAddress]:
    """A SeaweedFS whose S3 port speaks TLS, with a certificate of an authority that only this address names."""
    folder = tmp_path_factory.mktemp("tls-store")
    pem = _certificate(tmp_path_factory.mktemp("tls"))
    extra = (f"-s3.cert.file={pem.certificate}", f"-s3.key.file={pem.private_key}")

    def address() -> StoreAddress:
        plain = LocalStore.prepare(folder).address
        return replace(plain, endpoint_url=plain.endpoint_url.replace("http:", "https:"), ca_file=str(pem.authority))

    with running_store(folder, extra, ready=lambda: _has_bucket(address())):
        yield address()


@pytest.fixture(scope="session")
def storages(store: RunningStore, tls_address: StoreAddress) -> dict[str, Storage]:
    with_checksums = replace(
        tls_address, request_checksum_calculation="when_supported", response_checksum_validation="when_supported"
    )
    made: tuple[Storage, ...] = (
        MemoryStorage(system_clock),
        S3Storage(store.address),
        S3Storage(tls_address),
        S3Storage(with_checksums),
    )
    return dict(zip(KINDS, made, strict=True))


@pytest.fixture(params=KINDS)
def storage(request: pytest.FixtureRequest, storages: dict[str, Storage]) -> Storage:
    """Each kind of storage in turn; all must keep the same contract."""
    return storages[request.param]


@pytest.fixture
def new_key() -> Callable[[], str]:
    """Keys under a folder of the test's own, since all tests share their stores."""
    folder = f"photos/{uuid4()}"
    return lambda: f"{folder}/{uuid4().hex}"


@dataclass(frozen=True)
class _Pem:
    authority: Path
    certificate: Path
    private_key: Path


def _certificate(folder: Path) -> _Pem:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    pem = _Pem(folder / "authority.pem", folder / "server.pem", folder / "server.key")
    authority.cert_pem.write_to_path(str(pem.authority))
    issued.private_key_pem.write_to_path(str(pem.private_key))
    pem.certificate.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
    return pem


def _has_bucket(address: StoreAddress) -> bool:
    try:
        S3Storage(address).ensure_bucket()
        S3Storage(address).put("probe/ready", b"ready", "text/plain")
    except StorageError:
        return False
    return True
