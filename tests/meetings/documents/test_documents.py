"""Documents of a report: who may fetch them, as what they are sent, that they are scanned, and taking them back."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from urllib.parse import unquote

import pytest
from sqlalchemy import event, select
from werkzeug.http import parse_options_header
from werkzeug.test import TestResponse

from meetingcheck.lib.db import db, read_transaction, write_transaction
from meetingcheck.lib.jobs import Job, JobState, Worker
from meetingcheck.lib.services import EXTENSION, services_of
from meetingcheck.lib.storage import MemoryStorage
from meetingcheck.meetings.documents.actions import SCAN_OLDER, add_document, pass_documents, publish_documents
from meetingcheck.meetings.documents.ingest import store_document
from meetingcheck.meetings.documents.outcomes import DocumentError, DocumentRefused
from meetingcheck.meetings.documents.queries import documents_by_meeting, list_documents
from meetingcheck.meetings.documents.rules import document_key, sha256_of
from meetingcheck.meetings.models import Document, DocumentKind, Meeting, MeetingState, ScanState
from meetingcheck.messages.models import Message
from meetingcheck.record.models import RecordEntry
from tests.engines.clamd import EICAR, ClamdSink
from tests.meetings.documents import samples
from tests.world import World, form_of, token_of

PDF = samples.pdf("Nghị quyết")


def begin(world: World, cell: int, login: str, state: MeetingState = MeetingState.SUBMITTED) -> uuid.UUID:
    """A report of a cell; what it says matters nothing here."""
    meeting_id = uuid.uuid4()
    with world.app.app_context(), write_transaction() as session:
        session.add(
            Meeting(
                id=meeting_id,
                client_id=uuid.uuid4(),
                unit_id=world.cells[cell],
                state=state,
                author_id=world.users[login],
                created_at=world.clock(),
                updated_at=world.clock(),
                draft={},
            )
        )
    return meeting_id


@pytest.fixture
def report(world: World) -> uuid.UUID:
    return begin(world, 0, "secretary1")


@pytest.fixture
def clamd(world: World) -> Iterator[ClamdSink]:
    """A scanner that the application asks."""
    with ClamdSink() as sink:
        use_scanner(world, sink)
        yield sink


def use_scanner(world: World, sink: ClamdSink) -> None:
    services = services_of(world.app)
    world.app.extensions[EXTENSION] = replace(services, settings=replace(services.settings, clamd_url=sink.url))


def add(
    world: World, meeting: uuid.UUID, data: bytes = PDF, name: str = "Nghị quyết tháng 11.pdf", *, publish: bool = True
) -> uuid.UUID:
    """A document of a report of the first cell, as the check-in takes it in."""
    with world.app.app_context():
        stored = store_document(services_of(world.app).storage, meeting, DocumentKind.RESOLUTION, name, data)
        with write_transaction() as session:
            secretary = world.users["secretary1"]
            add_document(session, stored, world.cells[0], meeting, secretary, world.clock())
            if publish:
                publish_documents(session, [stored.document_id], world.clock())
    return stored.document_id


def document(world: World, document_id: uuid.UUID) -> Document:
    with world.app.app_context(), read_transaction() as session:
        return session.get_one(Document, document_id)


def facts(world: World) -> list[str]:
    with world.app.app_context(), read_transaction() as session:
        entries = session.scalars(select(RecordEntry).where(RecordEntry.subject_type == "document"))
        return [entry.action for entry in sorted(entries, key=lambda entry: entry.id)]


def fetch(world: World, document_id: uuid.UUID, login: str = "reviewer") -> TestResponse:
    return world.sign_in(login).get(f"/documents/{document_id}")


def press(world: World, login: str, document_id: uuid.UUID, what: str, leads: str = "/messages") -> TestResponse:
    client = world.sign_in(login)
    form = {"csrf_token": token_of(client.get("/messages")), "next": leads}
    return client.post(f"/documents/{document_id}/{what}", data=form)


def test_a_document_arrives_byte_for_byte_as_an_attachment_that_nothing_can_open(
    world: World, report: uuid.UUID, storage: MemoryStorage
) -> None:
    found = add(world, report)
    world.work()
    answer = fetch(world, found)
    assert answer.status_code == 200
    assert answer.data == PDF == storage.get(document_key(found, sha256_of(PDF)))
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.content_length == len(PDF)
    said = answer.headers["Content-Disposition"]
    assert said.startswith("attachment; ")
    assert 'filename="nghi quyet thang 11.pdf"' in said
    assert unquote(said.partition("filename*=UTF-8''")[2]) == "Nghị quyết tháng 11.pdf"
    assert document(world, found).scan == ScanState.NOT_SCANNED


def test_a_word_document_is_sent_with_its_own_type(world: World, report: uuid.UUID) -> None:
    found = add(world, report, samples.docx(), "C:\\fakepath\\bb.DOCX")
    answer = fetch(world, found)
    assert answer.headers["Content-Type"] == f"{samples.WORD}.document"
    assert "attachment; filename=bb.docx" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize(
    "name", ['"><img src=x onerror=1>.pdf', "{{7*7}}\r\nX-Evil: 1.pdf", "=cmd|x.pdf", "\u202egnp.exe.pdf", '";x="y.pdf']
)
def test_a_hostile_name_stays_a_name(world: World, report: uuid.UUID, name: str) -> None:
    answer = fetch(world, add(world, report, name=name))
    assert answer.status_code == 200
    assert "X-Evil" not in answer.headers
    kind, options = parse_options_header(answer.headers["Content-Disposition"])
    assert (kind, set(options)) == ("attachment", {"filename"})
    assert options["filename"].endswith(".pdf")
    assert not set(options["filename"]) & set('\r\n"<>|/\\\u202e')


def test_what_is_no_document_is_refused_before_anything_is_stored(world: World, storage: MemoryStorage) -> None:
    before = {one.key for one in storage.list_keys("")}
    with world.app.app_context(), pytest.raises(DocumentRefused) as refusal:
        store_document(storage, uuid.uuid4(), DocumentKind.MINUTES, "bb.pdf", b"MZ\x90 not a pdf")
    assert refusal.value.error is DocumentError.NOT_A_DOCUMENT
    assert {one.key for one in storage.list_keys("")} == before


def test_an_unsent_one_is_the_cell_s_own(world: World) -> None:
    draft = begin(world, 0, "secretary1", MeetingState.DRAFT)
    found = add(world, draft, publish=False)
    assert [fetch(world, found, login).status_code for login in ("secretary1", "reviewer", "administrator")] == [
        200,
        404,
        404,
    ]


def test_the_same_document_again_is_the_same(world: World, report: uuid.UUID) -> None:
    first = add(world, report, publish=False)
    assert add(world, report, name="khác.pdf", publish=False) == first
    with world.app.app_context(), read_transaction() as session:
        assert [one.id for one in list_documents(session, report)] == [first]
    assert document(world, first).name == "Nghị quyết tháng 11.pdf"
    assert facts(world) == ["document_received"]


def test_documents_pass_with_their_report(world: World, report: uuid.UUID) -> None:
    found, draft = add(world, report), begin(world, 1, "secretary2")
    with world.app.app_context(), write_transaction() as session:
        pass_documents(session, report, draft, world.cells[1])
    assert fetch(world, found, "secretary1").status_code == 404
    assert fetch(world, found, "secretary2").status_code == 200


def test_the_documents_of_many_reports_take_one_query(world: World, report: uuid.UUID) -> None:
    found = [add(world, report, samples.pdf(str(number))) for number in range(5)]
    with world.app.app_context(), read_transaction() as session:
        asked: list[str] = []
        event.listen(db.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
        assert {one.id for one in documents_by_meeting(session, [report, uuid.uuid4()])[report]} == set(found)
        assert len([one for one in asked if one.startswith("SELECT")]) == 1


class TestScanning:
    def test_it_is_scanned_before_anybody_can_fetch_it(self, world: World, report: uuid.UUID, clamd: ClamdSink) -> None:
        found = add(world, report)
        for login in ("secretary1", "reviewer", "administrator"):
            answer = fetch(world, found, login)
            assert answer.status_code == 409
            assert "Đang kiểm tra vi-rút" in answer.text
        world.work()
        assert clamd.scanned == [PDF]
        assert fetch(world, found).data == PDF
        assert document(world, found).scan == ScanState.CLEAN
        assert facts(world) == ["document_received", "document_scanned"]

    def test_an_infected_one_is_refused_for_ever_and_its_sender_is_told_once(
        self, world: World, report: uuid.UUID, clamd: ClamdSink
    ) -> None:
        data = samples.pdf(EICAR.decode())
        found = add(world, report, data)
        world.work()
        add(world, report, data)
        world.work()
        for login in ("secretary1", "reviewer", "administrator"):
            answer = fetch(world, found, login)
            assert answer.status_code == 410
            assert "có vi-rút" in answer.text
            assert EICAR not in answer.data
        with world.app.app_context(), read_transaction() as session:
            told = session.scalars(select(Message).where(Message.kind == "meetings.infected_document")).all()
        assert [one.user_id for one in told] == [world.users["secretary1"]]
        assert "có vi-rút" in world.sign_in("secretary1").get("/messages").text
        assert clamd.scanned == [data]

    def test_while_the_scanner_is_away_it_waits_and_is_asked_again(
        self, world: World, report: uuid.UUID, clamd: ClamdSink
    ) -> None:
        clamd.answer = b"no idea ERROR\0"
        found = add(world, report)
        world.work()
        assert fetch(world, found).status_code == 409
        with world.app.app_context(), read_transaction() as session:
            job = session.scalars(select(Job).where(Job.kind == "documents.scan")).one()
        assert (job.state, job.error) == (JobState.QUEUED, "ScannerUnavailable: the virus scanner gave no verdict")
        clamd.answer = None
        world.clock.advance(minutes=5)
        world.work()
        assert fetch(world, found).status_code == 200

    def test_what_came_before_there_was_a_scanner_is_scanned_once_there_is_one(
        self, world: World, report: uuid.UUID
    ) -> None:
        found, infected = add(world, report), add(world, report, samples.pdf(EICAR.decode()))
        world.work()
        assert [fetch(world, one).status_code for one in (found, infected)] == [200, 200]
        with ClamdSink() as sink:
            use_scanner(world, sink)
            assert [fetch(world, one).status_code for one in (found, infected)] == [409, 409]
            Worker(world.app, SCAN_OLDER.lane).plan_periodic()
            world.work("bulk", "photos")
            assert [fetch(world, one).status_code for one in (found, infected)] == [200, 410]
            assert sorted(sink.scanned) == sorted([PDF, samples.pdf(EICAR.decode())])

    def test_the_office_says_whether_documents_are_scanned(self, world: World, report: uuid.UUID) -> None:
        add(world, report)
        world.work()
        page = world.sign_in("administrator").get("/office")
        assert "không quét vi-rút" in page.text
        assert "1 tài liệu chưa quét" in page.text

    def test_the_office_counts_what_waits_and_what_is_infected(
        self, world: World, report: uuid.UUID, clamd: ClamdSink
    ) -> None:
        add(world, report, samples.pdf(EICAR.decode()))
        world.work()
        add(world, report)
        page = world.sign_in("administrator").get("/office")
        assert "1 tài liệu có vi-rút" in page.text
        assert "1 tài liệu đang chờ" in page.text


class TestTakingBack:
    def test_it_is_gone_at_once_for_everybody_but_administrators(self, world: World, report: uuid.UUID) -> None:
        found = add(world, report)
        answer = press(world, "secretary1", found, "take-back")
        assert (answer.status_code, answer.location) == (303, "/messages")
        seen = {
            login: fetch(world, found, login).status_code
            for login in ("secretary1", "reporter1", "reviewer", "leader", "administrator")
        }
        assert seen == {"secretary1": 404, "reporter1": 404, "reviewer": 404, "leader": 404, "administrator": 200}
        with world.app.app_context(), read_transaction() as session:
            assert list_documents(session, report) == []
        press(world, "secretary1", found, "take-back")
        assert facts(world)[-1:] == ["document_taken_back"]
        assert facts(world).count("document_taken_back") == 1

    def test_it_comes_back_by_the_same_hand_within_ten_minutes(self, world: World, report: uuid.UUID) -> None:
        found = add(world, report)
        press(world, "secretary1", found, "take-back")
        assert press(world, "reporter1", found, "put-back").status_code == 403
        world.clock.advance(minutes=10)
        assert press(world, "secretary1", found, "put-back").status_code == 303
        assert fetch(world, found).status_code == 200
        press(world, "secretary1", found, "take-back")
        world.clock.advance(minutes=10, seconds=1)
        assert press(world, "secretary1", found, "put-back").status_code == 403
        assert press(world, "administrator", found, "put-back").status_code == 303
        assert fetch(world, found).status_code == 200

    def test_sent_again_it_is_back(self, world: World, report: uuid.UUID) -> None:
        found = add(world, report)
        press(world, "secretary1", found, "take-back")
        add(world, report)
        assert fetch(world, found).status_code == 200
        assert facts(world)[-1] == "document_put_back"


class TestInTheCheckIn:
    def test_documents_are_sent_with_the_form_and_shown_on_the_report(self, world: World, overview: bytes) -> None:
        client = world.sign_in("secretary1")
        where = f"/obligations/{world.obligation(world.cells[0]).id}/check-in"
        form = {
            **form_of(client.get(where), overviews=[overview]),
            "minutes_file": (BytesIO(samples.docx("Biên bản")), "Biên bản.docx"),
            "resolution_file": (BytesIO(PDF), "Nghị quyết.pdf"),
        }
        answer = client.post(where, data=form, content_type="multipart/form-data")
        assert answer.status_code == 303, answer.text
        world.work()
        page = world.sign_in("reviewer").get(answer.location.partition("?")[0])
        assert "Biên bản.docx" in page.text
        assert "Nghị quyết.pdf" in page.text
        assert "take-back" not in page.text
        links = re.findall(r'href="(/documents/[0-9a-f-]+)"', page.text)
        assert {world.sign_in("reviewer").get(link).data for link in links} == {samples.docx("Biên bản"), PDF}
        own = client.get(answer.location.partition("?")[0])
        (first, _) = re.findall(r'action="(/documents/[0-9a-f-]+/take-back)"', own.text)
        back = client.post(first, data={"csrf_token": token_of(own), "next": answer.location.partition("?")[0]})
        assert back.location == answer.location.partition("?")[0]
        left = re.findall(r'href="(/documents/[0-9a-f-]+)"', world.sign_in("reviewer").get(back.location).text)
        assert left == [link for link in links if link not in first]

    def test_what_is_no_document_gets_its_sentence_and_everything_else_is_kept(
        self, world: World, overview: bytes
    ) -> None:
        client = world.sign_in("secretary1")
        where = f"/obligations/{world.obligation(world.cells[0]).id}/check-in"
        form = {
            **form_of(client.get(where), overviews=[overview]),
            "minutes_file": (BytesIO(samples.with_parts({"word/vbaProject.bin": b"x"})), 'x"><b>.docx'),
            "resolution_file": (BytesIO(PDF), "Nghị quyết.pdf"),
        }
        answer = client.post(where, data=form, content_type="multipart/form-data")
        assert answer.status_code == 422
        assert "Tệp Word này có macro" in answer.text
        assert "<b>.docx" not in answer.text
        assert "Nghị quyết.pdf" in answer.text
        assert "Chi bộ thống nhất kết luận." in answer.text
