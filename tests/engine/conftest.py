"""Installations whose object store runs elsewhere, reached over a proxy that can stall."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.conftest import DATABASES
from tests.engine.system import Installation
from tests.engines.postgres import PostgresCluster
from tests.engines.proxy import StallingProxy
from tests.engines.smtp import SmtpSink
from tests.engines.store import RunningStore, running_store


@dataclass(frozen=True)
class Apart:
    """An installation, its object store, and the line between them."""

    installation: Installation
    store: RunningStore
    line: StallingProxy


@pytest.fixture(scope="package")
def other_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStore]:
    with running_store(tmp_path_factory.mktemp("other-store")) as running:
        yield running


@pytest.fixture(scope="package", params=DATABASES)
def apart_kept(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, other_store: RunningStore
) -> Iterator[Apart]:
    """A running installation on each database, for all tests of this folder that do not kill it."""
    url = None
    if request.param == "postgresql":
        cluster: PostgresCluster = request.getfixturevalue("postgres")
        url = cluster.database_from("migrated")
    address = other_store.address
    with SmtpSink() as smtp, StallingProxy(address.endpoint_url) as line:
        elsewhere = {
            "S3_ENDPOINT_URL": line.url,
            "S3_BUCKET": f"reports-{request.param}",
            "S3_ACCESS_KEY": address.access_key,
            "S3_SECRET_KEY": address.secret_key,
        }
        with Installation(tmp_path_factory.mktemp("apart"), smtp, url, elsewhere) as installation:
            yield Apart(installation.start(), other_store, line)


@pytest.fixture
def apart(apart_kept: Apart) -> Iterator[Apart]:
    """The same with everything well before and after the test."""
    yield apart_kept
    apart_kept.line.release()
    apart_kept.installation.smtp.behave()
    apart_kept.installation.smtp.resume()
    if apart_kept.store.pid is None:
        apart_kept.store.start()
