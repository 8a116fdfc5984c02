"""Settings: read once from the environment, into one frozen value; a wrong one fails at the start with a sentence."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from meetingcheck.lib.files import write_once

DEFAULT_PORT = 8000
KEY_BYTES = 32
DEMO_MARKER = "demo"  # lies in a demo's data folder and holds its address, so that other commands know it as a demo
MINIMUM_SECRET_LENGTH = 32  # characters
MEBIBYTE = 1024 * 1024

# Every name that is read, with what it is for. The README's table must list the same names; a test sees to it.
NAMES: Mapping[str, str] = {
    "MEETINGCHECK_DATA": "folder of the database, the object store and the keys",
    "MEETINGCHECK_DEMO": "1 switches the demo on: invented data, plain http on this machine only",
    "MEETINGCHECK_DEMO_ANYWHERE": "1 lets the demo listen on an address other than loopback",
    "HOST": "address that the web server listens on",
    "PORT": "port that the web server listens on",
    "WEB_THREADS": "requests answered at the same time by one web process",
    "PUBLIC_URL": "the address that people type; absolute links come only from it",
    "SECRET_KEY": "signs cookies and forms; at least 32 characters",
    "TRUSTED_PROXIES": "addresses or networks whose X-Forwarded headers count, separated by commas",
    "DATABASE_URL": "PostgreSQL, as postgresql://user:password@host/name",
    "S3_ENDPOINT_URL": "address of the object store; without it, serve starts its own",
    "S3_BUCKET": "bucket that holds the photos",
    "S3_REGION": "region that requests are signed for",
    "S3_ACCESS_KEY": "access key of the object store",
    "S3_SECRET_KEY": "secret key of the object store",
    "S3_CA_FILE": "certificate authorities that the object store is checked against",
    "SMTP_HOST": "mail server; without it mails wait, in the demo they go to its log",
    "SMTP_PORT": "port of the mail server",
    "SMTP_SECURITY": "none, starttls or tls",
    "SMTP_USER": "name for the mail server",
    "SMTP_PASSWORD": "password for the mail server",
    "MAIL_FROM": "sender of all mails",
    "CLAMD_URL": "virus scanner for documents, as tcp://host:port or unix:/path; without it none is scanned",
    "METRICS_TOKEN": "bearer token for /metrics; without it only this machine may read them",
}
# These may also be given as NAME_FILE, the path of a file that holds the value.
SECRET_NAMES = frozenset(
    {"SECRET_KEY", "DATABASE_URL", "S3_ACCESS_KEY", "S3_SECRET_KEY", "SMTP_PASSWORD", "METRICS_TOKEN"}
)


class SettingError(ValueError):
    """A setting is missing or wrong; the message says which and what to do."""


@dataclass(frozen=True)
class ObjectStoreSettings:
    endpoint_url: str | None
    bucket: str
    region: str
    access_key: str | None
    secret_key: str | None
    ca_file: str | None


@dataclass(frozen=True)
class MailSettings:
    host: str | None
    port: int
    security: str
    user: str | None
    password: str | None
    sender: str


@dataclass(frozen=True)
class Settings:
    data: Path
    demo: bool
    host: str
    port: int
    web_threads: int
    public_url: str
    secret_key: str
    trusted_proxies: tuple[str, ...]
    database_url: str
    store: ObjectStoreSettings
    mail: MailSettings
    metrics_token: str | None
    clamd_url: str | None

    @property
    def https(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def public_host(self) -> str:
        return urlsplit(self.public_url).hostname or ""


def read_settings(environment: Mapping[str, str] | None = None, *, demo: bool = False) -> Settings:
    """The settings from `environment` (by default the process's own); `demo` switches the demo on whatever it says.

    Raises SettingError with one sentence for the first setting that is missing or wrong.
    """
    given = _Given(os.environ if environment is None else environment)
    data = Path(given.text("MEETINGCHECK_DATA", "var")).resolve()
    marker = data / DEMO_MARKER
    demo = demo or given.flag("MEETINGCHECK_DEMO", default="1" if marker.exists() else "0")
    host = given.text("HOST", "127.0.0.1")
    port = given.number("PORT", DEFAULT_PORT, 1, 65535)
    if demo and not is_loopback(host) and not given.flag("MEETINGCHECK_DEMO_ANYWHERE"):
        raise SettingError(
            f"The demo listens on this machine only; HOST={host} is another address. "
            "Set MEETINGCHECK_DEMO_ANYWHERE=1 if that is really meant."
        )
    return Settings(
        data=data,
        demo=demo,
        host=host,
        port=port,
        web_threads=given.number("WEB_THREADS", 8, 1, 256),
        public_url=_public_url(given, marker, demo, host, port),
        secret_key=_secret_key(given, demo, data),
        trusted_proxies=_networks(given),
        database_url=_database_url(given, data),
        store=_object_store(given),
        mail=_mail(given),
        metrics_token=given.optional("METRICS_TOKEN"),
        clamd_url=_clamd_url(given),
    )


class _Given:
    """The environment with NAME_FILE followed for secrets."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def optional(self, name: str) -> str | None:
        assert name in NAMES, name
        value = self._environment.get(name, "").strip()
        path = self._environment.get(f"{name}_FILE", "").strip() if name in SECRET_NAMES else ""
        if value and path:
            raise SettingError(f"{name} and {name}_FILE are both set; keep one of them.")
        if path:
            try:
                value = Path(path).read_text().strip()
            except OSError as error:
                raise SettingError(f"{name}_FILE cannot be read ({error.strerror}).") from error
        return value or None

    def text(self, name: str, default: str) -> str:
        return self.optional(name) or default

    def flag(self, name: str, default: str = "0") -> bool:
        value = self.text(name, default)
        if value not in {"0", "1"}:
            raise SettingError(f"{name} must be 0 or 1.")
        return value == "1"

    def number(self, name: str, default: int, lowest: int, highest: int) -> int:
        value = self.text(name, str(default))
        if not value.isdecimal() or not lowest <= int(value) <= highest:
            raise SettingError(f"{name} must be a number from {lowest} to {highest}.")
        return int(value)


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine itself."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _public_url(given: _Given, marker: Path, demo: bool, host: str, port: int) -> str:
    url = given.optional("PUBLIC_URL")
    if url is None and demo and marker.exists() and given.optional("PORT") is None:
        url = marker.read_text(encoding="utf-8").strip()
    if url is None:
        if not demo:
            raise SettingError(
                "PUBLIC_URL is missing: the address that people type, such as https://sinhhoat.example.vn."
            )
        return f"http://{host}:{port}"
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"}:
        raise SettingError("PUBLIC_URL must be an address such as https://sinhhoat.example.vn, without a path.")
    if parts.scheme == "http" and not is_loopback(parts.hostname) and not demo:
        raise SettingError("PUBLIC_URL must begin with https:// (plain http is for this machine only).")
    return url.rstrip("/")


def _secret_key(given: _Given, demo: bool, data: Path) -> str:
    key = given.optional("SECRET_KEY")
    if key is None and demo:
        return key_kept_in(data / "secret_key")
    if key is None:
        raise SettingError("SECRET_KEY (or SECRET_KEY_FILE) is missing: at least 32 random characters.")
    if len(key) < MINIMUM_SECRET_LENGTH:
        raise SettingError("SECRET_KEY is too short: at least 32 random characters.")
    return key


def key_kept_in(path: Path) -> str:
    """A random key made once and kept in `path`, mode 0600; of several processes at once, all get the same key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_once(path, secrets.token_urlsafe(KEY_BYTES))


def _networks(given: _Given) -> tuple[str, ...]:
    listed = [part.strip() for part in given.text("TRUSTED_PROXIES", "").split(",") if part.strip()]
    for network in listed:
        try:
            ip_network(network)
        except ValueError as error:
            raise SettingError(f"TRUSTED_PROXIES: {network} is no address or network.") from error
    return tuple(listed)


def _database_url(given: _Given, data: Path) -> str:
    url = given.optional("DATABASE_URL")
    if url is None:
        return f"sqlite:///{data / 'meetingcheck.sqlite3'}"
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in {"postgres", "postgresql", "postgresql+psycopg"}:
        raise SettingError(
            "DATABASE_URL must begin with postgresql:// (without it, SQLite in the data folder is used)."
        )
    return f"postgresql+psycopg://{rest}"


def _object_store(given: _Given) -> ObjectStoreSettings:
    store = ObjectStoreSettings(
        endpoint_url=given.optional("S3_ENDPOINT_URL"),
        bucket=given.text("S3_BUCKET", "meetingcheck"),
        region=given.text("S3_REGION", "us-east-1"),
        access_key=given.optional("S3_ACCESS_KEY"),
        secret_key=given.optional("S3_SECRET_KEY"),
        ca_file=given.optional("S3_CA_FILE"),
    )
    if store.endpoint_url and not (store.access_key and store.secret_key):
        raise SettingError("S3_ENDPOINT_URL is set, so S3_ACCESS_KEY and S3_SECRET_KEY are needed as well.")
    return store


def _clamd_url(given: _Given) -> str | None:
    url = given.optional("CLAMD_URL")
    parts = urlsplit(url or "")
    try:
        tcp = parts.scheme == "tcp" and parts.hostname and parts.port and not parts.path
    except ValueError:  # a port that is no number
        tcp = False
    socket = parts.scheme == "unix" and not parts.netloc and parts.path.startswith("/")
    if url is not None and not tcp and not socket:
        raise SettingError("CLAMD_URL must be tcp://host:port or unix:/path/of/the/socket.")
    return url


def _mail(given: _Given) -> MailSettings:
    security = given.text("SMTP_SECURITY", "none")
    if security not in {"none", "starttls", "tls"}:
        raise SettingError("SMTP_SECURITY must be none, starttls or tls.")
    return MailSettings(
        host=given.optional("SMTP_HOST"),
        port=given.number("SMTP_PORT", {"none": 25, "starttls": 587, "tls": 465}[security], 1, 65535),
        security=security,
        user=given.optional("SMTP_USER"),
        password=given.optional("SMTP_PASSWORD"),
        sender=given.text("MAIL_FROM", "meetingcheck <khong-tra-loi@localhost>"),
    )
