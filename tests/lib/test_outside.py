"""No transaction may be open during S3, SMTP or decoding: a slow store would hold SQLite's only write lock as long."""

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from email.message import EmailMessage

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from meetingcheck.lib.clamd import scan
from meetingcheck.lib.db import TransactionOpen, read_transaction, write_transaction
from meetingcheck.lib.mail import ConsoleMailer, SmtpMailer
from meetingcheck.lib.outside import ensure_no_transaction
from meetingcheck.lib.services import services_of
from meetingcheck.lib.storage import MemoryStorage, S3Storage, Storage, StoreAddress
from meetingcheck.meetings.documents.ingest import inspect_in_child
from meetingcheck.orgs.models import UnitKind
from meetingcheck.photos.decoder import Decoder
from tests.engines.smtp import SmtpSink
from tests.photos.samples import jpeg, scene

NOBODY_LISTENS = StoreAddress("http://127.0.0.1:9", "bucket", "key", "secret")

USES: tuple[Callable[[Storage], object], ...] = (
    lambda store: store.put("photos/a", b"x", "image/jpeg"),
    lambda store: store.get("photos/a"),
    lambda store: store.stream("photos/a"),
    lambda store: store.head("photos/a"),
    lambda store: list(store.list_keys("photos/")),
    lambda store: store.delete("photos/a"),
    lambda store: store.ensure_bucket(),
    lambda store: store.ping(),
)

Transaction = Callable[[], AbstractContextManager[Session]]


@pytest.fixture(params=[read_transaction, write_transaction])
def inside(app: Flask, request: pytest.FixtureRequest) -> Iterator[None]:
    """A transaction of either kind is open."""
    transaction: Transaction = request.param
    with app.app_context(), transaction() as session:
        session.scalar(select(UnitKind.code))
        yield


def message() -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "van-phong@mau.example", "an@mau.example", "Thông báo"
    mail.set_content("Nội dung")
    return mail


def test_outside_of_any_transaction_nothing_is_refused(app: Flask) -> None:
    ensure_no_transaction("work without an application")
    with app.app_context():
        ensure_no_transaction("work before any session")
        with write_transaction() as session:
            session.scalar(select(UnitKind.code))
        with read_transaction() as session:
            session.scalar(select(UnitKind.code))
        ensure_no_transaction("work after both")


def test_the_refusal_names_the_work(inside: None) -> None:
    with pytest.raises(TransactionOpen, match="counting sheep"):
        ensure_no_transaction("counting sheep")


def test_work_elsewhere_is_not_refused(app: Flask, inside: None) -> None:
    """Another request of the same process, which has a session of its own."""
    with app.app_context():
        ensure_no_transaction("work of another request")


@pytest.mark.parametrize("kind", ["memory", "s3"])
def test_the_store_is_not_asked_inside_a_transaction(storage: MemoryStorage, inside: None, kind: str) -> None:
    store = storage if kind == "memory" else S3Storage(NOBODY_LISTENS)
    for use in USES:
        with pytest.raises(TransactionOpen):
            use(store)


def test_nothing_is_scanned_or_inspected_inside_a_transaction(inside: None) -> None:
    with pytest.raises(TransactionOpen):
        scan("tcp://127.0.0.1:9", [b"x"])
    with pytest.raises(TransactionOpen):
        inspect_in_child(b"%PDF-")


def test_smtp_is_not_spoken_inside_a_transaction(app: Flask, smtp: SmtpSink, inside: None) -> None:
    mailer = services_of(app).mailer
    assert isinstance(mailer, SmtpMailer)
    with pytest.raises(TransactionOpen):
        mailer.send(message())
    assert smtp.deliveries == []


def test_smtp_is_spoken_after_the_transaction(app: Flask, smtp: SmtpSink) -> None:
    with app.app_context():
        with write_transaction() as session:
            session.scalar(select(UnitKind.code))
        services_of(app).mailer.send(message())
    assert [delivery.recipients for delivery in smtp.wait_for(1)] == [("an@mau.example",)]


def test_the_console_gets_no_mail_inside_a_transaction(inside: None) -> None:
    output = io.StringIO()
    with pytest.raises(TransactionOpen):
        ConsoleMailer(output).send(message())
    assert output.getvalue() == ""


def test_the_console_gets_the_mail_otherwise() -> None:
    output = io.StringIO()
    ConsoleMailer(output).send(message())
    assert "an@mau.example" in output.getvalue()
    assert "Nội dung" in output.getvalue()


def test_no_photo_is_decoded_inside_a_transaction(inside: None) -> None:
    with Decoder() as decoder:
        for ask in (decoder.inspect, decoder.render):
            with pytest.raises(TransactionOpen):
                ask(jpeg(scene()))
        assert decoder.child_pid is None, "not even its child was started"


def test_a_photo_is_decoded_after_the_transaction(app: Flask) -> None:
    with app.app_context(), Decoder() as decoder:
        with write_transaction() as session:
            session.scalar(select(UnitKind.code))
        assert decoder.inspect(jpeg(scene(160, 96))).width == 160
