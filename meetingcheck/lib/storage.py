"""Objects under keys: the S3 protocol through boto3, and a double in memory that keeps the same contract.

Only what every S3 server does alike is used: put, get, head, range, list, delete one by one, presigned GET.
The contract, tested on both kinds and on a real server:

- Objects are never overwritten. Putting the same bytes under the same key again is a repeat, and fine.
- ObjectMissing means gone. StorageUnavailable means try later. The two are never confused.
- Nothing here may run inside a database transaction.
"""

# boto3 and botocore carry no types.
# mypy: allow-untyped-calls

import ctypes
import io
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self
from urllib.parse import urlencode, urlsplit

import boto3
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from botocore.parsers import ResponseParserError

from meetingcheck.lib.outside import ensure_no_transaction

CHUNK_BYTES = 64 * 1024
METADATA_BYTES_MOST = 2048  # the least that every S3 server takes
PRESIGNED_SECONDS_MOST = 7 * 24 * 3600  # the protocol's own limit

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
_PREFIX = re.compile(r"[A-Za-z0-9._/-]*")
_METADATA_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_METADATA_VALUE = re.compile(r"[!-~]([ -~]*[!-~])?")
_CONTENT_TYPE = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+(; ?[ -~]+)?")
_TRY_LATER_STATUSES = frozenset({408, 425, 429})
_TRY_LATER_CODES = frozenset({"SlowDown", "RequestTimeout", "Throttling", "ThrottlingException"})

ChecksumSetting = Literal["when_supported", "when_required"]


class StorageError(Exception):
    """What the object store could not do; one of the kinds below."""


class ObjectMissing(StorageError):
    """The store answered that there is no object under this key."""


class ObjectConflict(StorageError):
    """Another content lies under this key already; objects are never overwritten."""


class RangeOutside(StorageError):
    """The range asked for begins behind the end of the object."""


class StorageUnavailable(StorageError):
    """The store cannot be reached, is too slow, or fails: try later. Never a sign that an object is gone."""


class StorageRefused(StorageError):
    """The store refuses the request as it is: wrong keys, no such bucket. Trying again does not help."""


@dataclass(frozen=True)
class ObjectHead:
    """What is known of an object without its content; size in bytes."""

    size: int
    content_type: str
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class ListedObject:
    """One line of a listing; size in bytes, modified_at aware in UTC."""

    key: str
    size: int
    modified_at: datetime


class ObjectStream:
    """The content of an object, or of a range of it, in chunks. To be closed after use; iterates once.

    `length` is the number of bytes that follow, `size` the object's own. Iterating raises StorageUnavailable when the
    store breaks off before all of them have come.
    """

    def __init__(
        self, chunks: Iterable[bytes], length: int, head: ObjectHead, close: Callable[[], None] = lambda: None
    ) -> None:
        self.length = length
        self.size = head.size
        self.content_type = head.content_type
        self.metadata = head.metadata
        self._chunks = chunks
        self._close = close

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)

    def close(self) -> None:
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Storage(Protocol):
    """An object store. Every method that talks to it raises StorageUnavailable or StorageRefused as the case may be.

    Keys are ASCII letters, digits, `.`, `_`, `-` in parts separated by `/`; anything else is a ValueError.
    """

    def put(self, key: str, body: bytes, content_type: str, metadata: Mapping[str, str] | None = None) -> None:
        """Store the bytes under the key; on return they are durable. Raises ObjectConflict if other bytes are there.

        Metadata: names of lower-case ASCII letters, digits and hyphens, values of printable ASCII, together at most
        2 KB; else ValueError. A repeat with the same bytes leaves the first type and metadata as they are.
        """

    def get(self, key: str) -> bytes:
        """The whole content. Raises ObjectMissing."""

    def stream(self, key: str, start: int | None = None, end: int | None = None) -> ObjectStream:
        """The content from byte `start` up to, not including, byte `end`. Raises ObjectMissing, RangeOutside."""

    def head(self, key: str) -> ObjectHead:
        """Size, type and metadata. Raises ObjectMissing."""

    def list_keys(self, prefix: str) -> Iterator[ListedObject]:
        """Every object whose key begins with the prefix, each once, in the order of the server."""

    def delete(self, key: str) -> None:
        """Remove the object; nothing happens if there is none."""

    def presigned_get(
        self,
        key: str,
        expires_s: int,
        signed_at: datetime,
        content_type: str | None = None,
        content_disposition: str | None = None,
    ) -> str:
        """An address that gives the object to whoever holds it until `expires_s` seconds after `signed_at`.

        The same arguments give the same address, so that a browser's cache can hold on to it.
        `content_type` and `content_disposition` replace the headers of the answer. Asks nothing of the store.
        """

    def ensure_bucket(self) -> None:
        """Make the bucket if it is not there yet."""

    def ping(self) -> None:
        """Return if the bucket can be reached, within some three seconds; else raise."""


@dataclass(frozen=True)
class StoreAddress:
    """Where an S3 server is and how to speak to it.

    `public_url` replaces `endpoint_url` in presigned addresses. `flush_folder`, for a server on this machine, is the
    folder of its files: they are written through to the disk before a put returns.
    """

    endpoint_url: str
    bucket: str
    access_key: str
    secret_key: str = field(repr=False)
    region: str = "us-east-1"
    ca_file: str | None = None
    public_url: str | None = None
    flush_folder: Path | None = None
    connect_timeout_s: float = 3.0
    read_timeout_s: float = 10.0
    request_checksum_calculation: ChecksumSetting = "when_required"
    response_checksum_validation: ChecksumSetting = "when_required"


class S3Storage:
    """The Storage contract on any S3 server. One object serves all threads of a process."""

    def __init__(self, address: StoreAddress) -> None:
        self._address = address
        self._bucket = address.bucket
        self._client = _client(address, address.connect_timeout_s, address.read_timeout_s, attempts=2)
        self._probe = _client(
            address, min(1.0, address.connect_timeout_s), min(2.0, address.read_timeout_s), attempts=1
        )

    def put(self, key: str, body: bytes, content_type: str, metadata: Mapping[str, str] | None = None) -> None:
        _check_key(key)
        _check_content_type(content_type)
        checked = _checked_metadata(metadata)
        ensure_no_transaction(f"putting the object {key}")
        if not self._holds_already(key, body):
            with _translated(f"putting {key}"):
                response = self._client.put_object(
                    Bucket=self._bucket,
                    Key=key,
                    # A file-like body goes out in small pieces, each with its own time limit; bytes would have to
                    # leave as a whole within one.
                    Body=io.BytesIO(body),
                    ContentLength=len(body),
                    ContentType=content_type,
                    Metadata=checked,
                )
            _complete(response, "ETag", f"putting {key}")
        self._flush()

    def _holds_already(self, key: str, body: bytes) -> bool:
        """Whether the same bytes lie under the key. Raises ObjectConflict if others do."""
        try:
            with _translated(f"looking for {key}"):
                response = self._client.head_object(Bucket=self._bucket, Key=key)
        except ObjectMissing:
            return False
        if _complete(response, "ContentLength", f"looking for {key}") != len(body) or self.get(key) != body:
            raise ObjectConflict(f"another content is stored under {key}")
        return True

    def get(self, key: str) -> bytes:
        _check_key(key)
        ensure_no_transaction(f"getting the object {key}")
        with _translated(f"getting {key}"):
            response = self._client.get_object(Bucket=self._bucket, Key=key)
            try:
                content: bytes = response["Body"].read()
            finally:
                response["Body"].close()
        _complete(response, "ContentLength", f"getting {key}")
        return content

    def stream(self, key: str, start: int | None = None, end: int | None = None) -> ObjectStream:
        _check_key(key)
        _check_range(start, end)
        ensure_no_transaction(f"streaming the object {key}")
        asked = {} if start is None and end is None else {"Range": _range_header(start, end)}
        with _translated(f"streaming {key}"):
            response = self._client.get_object(Bucket=self._bucket, Key=key, **asked)
        length = _complete(response, "ContentLength", f"streaming {key}")
        whole = response.get("ContentRange", "").rpartition("/")[2]
        head = _head_of(response, int(whole) if whole.isdigit() else length)
        return ObjectStream(_chunks(key, response["Body"], length), length, head, response["Body"].close)

    def head(self, key: str) -> ObjectHead:
        _check_key(key)
        ensure_no_transaction(f"asking for the object {key}")
        try:
            with _translated(f"asking for {key}"):
                response = self._client.head_object(Bucket=self._bucket, Key=key)
        except ObjectMissing:
            # The answer to HEAD has no body and says 404 for a missing bucket too.
            self._check_bucket()
            raise
        return _head_of(response, _complete(response, "ContentLength", f"asking for {key}"))

    def list_keys(self, prefix: str) -> Iterator[ListedObject]:
        if not _PREFIX.fullmatch(prefix):
            raise ValueError(f"not a prefix of keys: {prefix!r}")
        return self._list(prefix)

    def _list(self, prefix: str) -> Iterator[ListedObject]:
        token: dict[str, str] = {}
        while True:
            ensure_no_transaction(f"listing the objects {prefix}")
            with _translated(f"listing {prefix}"):
                page = self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix, **token)
            more = _complete(page, "IsTruncated", f"listing {prefix}")
            for entry in page.get("Contents", ()):
                yield ListedObject(entry["Key"], entry["Size"], entry["LastModified"].astimezone(UTC))
            if not more:
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def delete(self, key: str) -> None:
        _check_key(key)
        ensure_no_transaction(f"deleting the object {key}")
        try:
            with _translated(f"deleting {key}"):
                self._client.delete_object(Bucket=self._bucket, Key=key)
        except ObjectMissing:
            return
        self._flush()

    def presigned_get(
        self,
        key: str,
        expires_s: int,
        signed_at: datetime,
        content_type: str | None = None,
        content_disposition: str | None = None,
    ) -> str:
        _check_key(key)
        _check_presigned(expires_s, signed_at)
        overrides = {"response-content-type": content_type, "response-content-disposition": content_disposition}
        base = (self._address.public_url or self._address.endpoint_url).rstrip("/")
        request = AWSRequest(
            method="GET",
            url=f"{base}/{self._bucket}/{key}",
            params={name: value for name, value in overrides.items() if value is not None},
        )
        credentials = Credentials(self._address.access_key, self._address.secret_key)
        _QueryAuthAt(signed_at, credentials, self._address.region, expires_s).add_auth(request)
        return str(request.url)

    def ensure_bucket(self) -> None:
        ensure_no_transaction("making the bucket")
        if self._bucket_exists():
            return
        location = {"CreateBucketConfiguration": {"LocationConstraint": self._address.region}}
        try:
            with _translated(f"making the bucket {self._bucket}"):
                self._client.create_bucket(
                    Bucket=self._bucket, **({} if self._address.region == "us-east-1" else location)
                )
        except StorageRefused:
            # Another process may have made it in the meantime.
            if not self._bucket_exists():
                raise

    def ping(self) -> None:
        ensure_no_transaction("asking for the bucket")
        self._check_bucket()

    def _check_bucket(self) -> None:
        if not self._bucket_exists():
            raise StorageRefused(f"there is no bucket {self._bucket}")

    def _bucket_exists(self) -> bool:
        try:
            with _translated(f"asking for the bucket {self._bucket}"):
                self._probe.head_bucket(Bucket=self._bucket)
        except ObjectMissing:
            return False
        return True

    def _flush(self) -> None:
        if self._address.flush_folder is not None:
            flush_filesystem(self._address.flush_folder)


@dataclass(frozen=True)
class _Stored:
    body: bytes
    head: ObjectHead
    modified_at: datetime


class MemoryStorage:
    """The Storage contract in memory, for tests. Its presigned addresses lead nowhere: they name the host `invalid`."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._objects: dict[str, _Stored] = {}
        self._lock = threading.Lock()

    def put(self, key: str, body: bytes, content_type: str, metadata: Mapping[str, str] | None = None) -> None:
        _check_key(key)
        _check_content_type(content_type)
        checked = _checked_metadata(metadata)
        ensure_no_transaction(f"putting the object {key}")
        new = _Stored(bytes(body), ObjectHead(len(body), content_type, checked), self._clock())
        with self._lock:
            if self._objects.setdefault(key, new).body != new.body:
                raise ObjectConflict(f"another content is stored under {key}")

    def get(self, key: str) -> bytes:
        return self._stored(key, "getting").body

    def stream(self, key: str, start: int | None = None, end: int | None = None) -> ObjectStream:
        _check_range(start, end)
        stored = self._stored(key, "streaming")
        if start is None and end is None:
            piece = stored.body
        elif (start or 0) >= stored.head.size:
            raise RangeOutside(f"streaming {key}: the range begins behind the end")
        else:
            piece = stored.body[start:end]
        chunks = (piece[at : at + CHUNK_BYTES] for at in range(0, len(piece), CHUNK_BYTES))
        return ObjectStream(chunks, len(piece), stored.head)

    def head(self, key: str) -> ObjectHead:
        return self._stored(key, "asking for").head

    def list_keys(self, prefix: str) -> Iterator[ListedObject]:
        if not _PREFIX.fullmatch(prefix):
            raise ValueError(f"not a prefix of keys: {prefix!r}")
        return self._list(prefix)

    def _list(self, prefix: str) -> Iterator[ListedObject]:
        ensure_no_transaction(f"listing the objects {prefix}")
        with self._lock:
            found = sorted((key, stored) for key, stored in self._objects.items() if key.startswith(prefix))
        for key, stored in found:
            yield ListedObject(key, stored.head.size, stored.modified_at)

    def delete(self, key: str) -> None:
        _check_key(key)
        ensure_no_transaction(f"deleting the object {key}")
        with self._lock:
            self._objects.pop(key, None)

    def presigned_get(
        self,
        key: str,
        expires_s: int,
        signed_at: datetime,
        content_type: str | None = None,
        content_disposition: str | None = None,
    ) -> str:
        _check_key(key)
        _check_presigned(expires_s, signed_at)
        said = {
            "signed-at": signed_at.astimezone(UTC).isoformat(),
            "expires": str(expires_s),
            "response-content-type": content_type,
            "response-content-disposition": content_disposition,
        }
        query = urlencode({name: value for name, value in said.items() if value is not None})
        return f"https://memory-storage.invalid/{key}?{query}"

    def ensure_bucket(self) -> None:
        ensure_no_transaction("making the bucket")

    def ping(self) -> None:
        ensure_no_transaction("asking for the bucket")

    def _stored(self, key: str, what: str) -> _Stored:
        _check_key(key)
        ensure_no_transaction(f"{what} the object {key}")
        with self._lock:
            stored = self._objects.get(key)
        if stored is None:
            raise ObjectMissing(f"{what} {key}: there is no such object")
        return stored


_libc = ctypes.CDLL(None, use_errno=True)


def flush_filesystem(folder: Path) -> None:
    """Write everything that is pending on the folder's file system through to the disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if _libc.syncfs(descriptor) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(folder))
    finally:
        os.close(descriptor)


class _QueryAuthAt(S3SigV4QueryAuth):
    """Signs an address as of a given instant; botocore's own signer reads the clock."""

    def __init__(self, signed_at: datetime, credentials: Credentials, region: str, expires_s: int) -> None:
        super().__init__(credentials, "s3", region, expires=expires_s)
        self._timestamp = signed_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")

    def add_auth(self, request: AWSRequest) -> None:
        request.context["timestamp"] = self._timestamp
        self._modify_request_before_signing(request)
        to_sign = self.string_to_sign(request, self.canonical_request(request))
        self._inject_signature_to_request(request, self.signature(to_sign, request))


def _client(address: StoreAddress, connect_timeout_s: float, read_timeout_s: float, attempts: int) -> Any:
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        connect_timeout=connect_timeout_s,
        read_timeout=read_timeout_s,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=32,
        request_checksum_calculation=address.request_checksum_calculation,
        response_checksum_validation=address.response_checksum_validation,
        # An empty table keeps a proxy of the environment away from a store on this machine.
        proxies={} if _on_this_machine(address.endpoint_url) else None,
    )
    return boto3.session.Session().client(
        "s3",
        endpoint_url=address.endpoint_url,
        aws_access_key_id=address.access_key,
        aws_secret_access_key=address.secret_key,
        region_name=address.region,
        verify=address.ca_file,
        config=config,
    )


def _on_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """Turn the library's errors into those of the contract; a wrong call of the library stays what it is."""
    try:
        yield
    except ClientError as error:
        raise _kind_of(error)(f"{what}: {error}") from error
    except ParamValidationError:
        raise
    except (BotoCoreError, ResponseParserError, OSError) as error:
        raise StorageUnavailable(f"{what}: {error}") from error


def _kind_of(error: ClientError) -> type[StorageError]:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    code = error.response.get("Error", {}).get("Code", "")
    if status >= 500 or status in _TRY_LATER_STATUSES or code in _TRY_LATER_CODES:
        return StorageUnavailable
    if status == 416:
        return RangeOutside
    if status == 404 and code in {"NoSuchKey", "404", "NotFound"}:
        return ObjectMissing
    return StorageRefused


def _complete(response: Mapping[str, Any], name: str, what: str) -> Any:
    """The named part of an answer. Raises StorageUnavailable if it is not there: the answer broke off before it."""
    if name not in response:
        raise StorageUnavailable(f"{what}: the answer broke off")
    return response[name]


def _head_of(response: Mapping[str, Any], size: int) -> ObjectHead:
    metadata = {name.lower(): value for name, value in response.get("Metadata", {}).items()}
    return ObjectHead(size, response.get("ContentType", "application/octet-stream"), metadata)


def _chunks(key: str, body: Any, length: int) -> Iterator[bytes]:
    came = 0
    with _translated(f"streaming {key}"):
        for chunk in body.iter_chunks(CHUNK_BYTES):
            came += len(chunk)
            yield chunk
    if came != length:
        raise StorageUnavailable(f"streaming {key}: {came} of {length} bytes came")


def _range_header(start: int | None, end: int | None) -> str:
    return f"bytes={start or 0}-{'' if end is None else end - 1}"


def _check_key(key: str) -> None:
    if len(key) > 512 or not _KEY.fullmatch(key):
        raise ValueError(f"not a key for an object: {key!r}")


def _check_content_type(content_type: str) -> None:
    if not _CONTENT_TYPE.fullmatch(content_type):
        raise ValueError(f"not a content type: {content_type!r}")


def _check_range(start: int | None, end: int | None) -> None:
    if (start or 0) < 0 or (end is not None and end <= (start or 0)):
        raise ValueError(f"not a range of bytes: {start} to {end}")


def _check_presigned(expires_s: int, signed_at: datetime) -> None:
    if not 1 <= expires_s <= PRESIGNED_SECONDS_MOST:
        raise ValueError(f"an address can be valid for 1 to {PRESIGNED_SECONDS_MOST} seconds, not {expires_s}")
    if signed_at.tzinfo is None:
        raise ValueError("signed_at needs a zone")


def _checked_metadata(metadata: Mapping[str, str] | None) -> dict[str, str]:
    checked = dict(metadata or {})
    for name, value in checked.items():
        if not _METADATA_NAME.fullmatch(name):
            raise ValueError(f"a metadata name is lower-case ASCII letters, digits and hyphens, not {name!r}")
        if not _METADATA_VALUE.fullmatch(value):
            raise ValueError(f"a metadata value is printable ASCII without outer spaces, not {value!r}")
    if sum(len(name) + len(value) for name, value in checked.items()) > METADATA_BYTES_MOST:
        raise ValueError(f"metadata of more than {METADATA_BYTES_MOST} bytes")
    return checked
