"""What every answer has: its headers, a page in plain words when something is wrong, and nothing of what was typed."""

import html
import io
import json
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import make_url, update
from werkzeug.test import TestResponse

from meetingcheck import create_app
from meetingcheck.accounts.actions import note_failure
from meetingcheck.accounts.models import User
from meetingcheck.accounts.rules import FAILURES_ALLOWED
from meetingcheck.alerts.jobs import close_all
from meetingcheck.lib.db import write_transaction
from meetingcheck.lib.http.errors import SENTENCES
from meetingcheck.lib.http.rights import PUBLIC, needs
from meetingcheck.lib.jobs import enqueue
from meetingcheck.lib.logs import configure_logs
from meetingcheck.lib.registries import JobKind
from meetingcheck.lib.settings import Settings
from meetingcheck.lib.storage import MemoryStorage, S3Storage, StoreAddress
from meetingcheck.lib.tokens import token_hash
from meetingcheck.photos.extension import decoder_of
from tests.clock import SetClock
from tests.engines.smtp import SmtpSink
from tests.pages.filing import check_in_of, send
from tests.photos.samples import jpeg, scene
from tests.world import GOOD_FIELDS, PASSWORD, TOKEN, World, form_of, token_of

PUBLIC_URL = "https://sinhhoat.mau.example"
NOBODY_LISTENS = StoreAddress("http://127.0.0.1:9", "bucket", "key", "secret", connect_timeout_s=1)
STRANGER = "203.0.113.7"
SECRET = "không ai được đọc câu này"
VIETNAMESE = re.compile(r"[ăâđêôơưàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ]", re.IGNORECASE)
PHOTO = re.compile(r'src="(/photos/[^"]+)"')
# What these show does not depend on the database.
any_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@contextmanager
def made(settings: Settings, clock: SetClock, storage: object) -> Iterator[Flask]:
    app = create_app(settings, clock=clock, storage=storage)  # type: ignore[arg-type]
    yield app
    decoder_of(app).close()


def choose(client: FlaskClient, language: str) -> FlaskClient:
    page = client.get("/sign-in", follow_redirects=True)
    assert client.post("/language", data={"csrf_token": token_of(page), "language": language}).status_code == 303
    return client


# --- headers of every answer


def assert_guarded(answer: TestResponse, *, https: bool = False) -> None:
    headers = answer.headers
    rules = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["form-action"] == "'self'"
    assert rules["img-src"] == "'self' blob:"
    assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "geolocation=()" in headers["Permissions-Policy"]
    assert ("Strict-Transport-Security" in headers) == https
    assert not [name for name, _ in headers if name.startswith("Access-Control-")]
    if answer.mimetype in {"text/html", "application/json"}:
        assert headers["Cache-Control"] == "no-store"


def every_kind_of_answer(client: FlaskClient, **options: str) -> Iterator[tuple[int, TestResponse]]:
    """One answer of each kind that a visitor can get, with the status that it should have."""
    for path, status in (
        ("/sign-in", 200),
        ("/", 302),
        ("/no-such-page", 404),
        ("/static/css/app.css", 200),
        ("/static/no-such-file", 404),
        ("/healthz", 200),
        ("/readyz", 200),
        ("/metrics", 200),
    ):
        yield status, client.get(path, **options)  # type: ignore[arg-type]
        yield status, client.head(path, **options)  # type: ignore[arg-type]
    yield 405, client.post("/healthz", **options)  # type: ignore[arg-type]
    yield 405, client.options("/healthz", **options)  # type: ignore[arg-type]
    yield 400, client.post("/language", **options)  # type: ignore[arg-type]
    yield 403, client.post("/language", headers={"Origin": "https://evil.example"}, **options)  # type: ignore[arg-type]
    yield 400, client.get("/sign-in", base_url="http://evil.example")


@any_database
def test_every_answer_has_the_headers_that_protect_it(app: Flask) -> None:
    for status, answer in every_kind_of_answer(app.test_client()):
        assert answer.status_code == status
        assert_guarded(answer)


@any_database
def test_behind_https_every_answer_also_asks_for_https_from_now_on(
    settings: Settings, clock: SetClock, storage: MemoryStorage
) -> None:
    with made(replace(settings, public_url=PUBLIC_URL), clock, storage) as app:
        for _, answer in every_kind_of_answer(app.test_client(), base_url=PUBLIC_URL):
            assert_guarded(answer, https=True)


@any_database
def test_every_page_and_photo_of_a_person_has_them_too(world: World, report: str) -> None:
    client = world.sign_in("leader")
    page = client.get(report)
    image = PHOTO.search(page.text)
    assert image
    paths = ("/messages", f"/units/{world.root}/board", f"/units/{world.cells[0]}", report, image.group(1))
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 200
        assert_guarded(answer)
    for answer in (client.get("/office"), client.get("/"), client.get(f"/photos/{uuid.uuid4()}/320")):
        assert answer.status_code in {302, 403, 404}
        assert_guarded(answer)


@any_database
def test_a_photo_is_kept_by_the_phone_alone_which_asks_each_time(world: World, report: str) -> None:
    client = world.sign_in("secretary1")
    image = PHOTO.search(client.get(report).text)
    assert image
    first = client.get(image.group(1))
    assert (first.status_code, first.mimetype) == (200, "image/jpeg")
    assert first.data.startswith(b"\xff\xd8")
    assert first.content_length == len(first.data)
    again = client.get(image.group(1), headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    for answer in (first, again):
        assert_guarded(answer)
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert "Set-Cookie" not in answer.headers
    other = world.sign_in("stranger").get(image.group(1), headers={"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 404, "knowing the mark of a photo gives no right to it"


# --- static files


@any_database
def test_a_static_file_of_this_version_is_kept_for_ever(app: Flask) -> None:
    client = app.test_client()
    (address,) = re.findall(r'rel="stylesheet" href="([^"]+)"', client.get("/sign-in").text)
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert_guarded(again)


@any_database
def test_a_static_file_of_another_version_is_asked_for_again(app: Flask) -> None:
    """While nodes are replaced, an old one may be asked for the new style sheet: nobody may keep that answer."""
    client = app.test_client()
    for address in ("/static/css/app.css", "/static/css/app.css?v=", "/static/css/app.css?v=0123456789ab"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert "immutable" not in answer.headers["Cache-Control"]
        assert "max-age" not in answer.headers["Cache-Control"]


@any_database
def test_static_files_set_no_cookie(world: World) -> None:
    for client in (world.app.test_client(), world.sign_in("secretary1")):
        client.get("/sign-in")
        for path in ("/static/css/app.css", "/static/icon.svg?v=1", "/static/no-such-file"):
            assert "Set-Cookie" not in client.get(path).headers


@any_database
def test_static_files_end_at_their_folder(app: Flask) -> None:
    client = app.test_client()
    for path in (
        "../__init__.py",
        "css/../../__init__.py",
        "%2e%2e/__init__.py",
        "..%2f__init__.py",
        "/etc/passwd",
        "",
    ):
        assert client.get(f"/static/{path}").status_code in {404, 308}


# --- pages in plain words when something is wrong


def broken() -> str:
    raise ValueError(SECRET)


@pytest.fixture
def breakable(world: World) -> World:
    """The world with one page more, that has a bug."""
    world.app.add_url_rule("/broken", endpoint="broken", view_func=needs(PUBLIC)(broken))
    return world


def too_many_failures(world: World, client: FlaskClient) -> TestResponse:
    with world.app.app_context(), write_transaction() as session:
        for _ in range(FAILURES_ALLOWED):
            note_failure(session, token_hash("0912345678"), world.clock())
    data = {"csrf_token": token_of(client.get("/sign-in")), "login": "0912345678", "password": PASSWORD}
    return client.post("/sign-in", data=data)


@dataclass(frozen=True)
class Trouble:
    """How somebody comes to see an error page; `login` None is a visitor."""

    status: int
    login: str | None
    provoke: Callable[[World, FlaskClient], TestResponse]


TROUBLES = [
    Trouble(400, None, lambda _, client: client.post("/language")),
    Trouble(403, "leader", lambda _, client: client.get("/office")),
    Trouble(404, None, lambda _, client: client.get("/no-such-page")),
    Trouble(404, "leader", lambda _, client: client.get(f"/meetings/{uuid.uuid4()}")),
    Trouble(405, None, lambda _, client: client.post("/healthz")),
    Trouble(413, None, lambda _, client: client.post("/language", data={"language": "x" * 3_000_000})),
    Trouble(429, None, too_many_failures),
    Trouble(500, None, lambda _, client: client.get("/broken")),
]


def assert_plain_words(answer: TestResponse, status: int, language: str) -> None:
    assert answer.status_code == status
    assert answer.mimetype == "text/html"
    assert_guarded(answer)
    shown = html.unescape(answer.text)
    assert f'<html lang="{language}">' in shown
    assert f" {status} " in shown, "the number to read out on the telephone"
    assert 'href="/"' in shown, "a way on"
    happened, advice = SENTENCES[status]
    if language == "vi":
        assert happened in shown
        assert advice in shown
    else:
        assert not VIETNAMESE.search(shown)
        assert len(re.findall(r"<(?:h1|p)[^>]*>[A-Z]", shown)) >= 2


def test_each_error_has_a_page_in_the_language_of_its_reader(breakable: World) -> None:
    for trouble in TROUBLES:
        for language in ("vi", "en"):
            client = breakable.sign_in(trouble.login) if trouble.login else breakable.app.test_client()
            answer = trouble.provoke(breakable, choose(client, language))
            assert_plain_words(answer, trouble.status, language)
            assert ("Retry-After" in answer.headers) == (trouble.status == 429)
            assert SECRET not in answer.text


@any_database
def test_an_error_page_names_the_request_that_the_log_names(breakable: World) -> None:
    output = io.StringIO()
    configure_logs(output)
    answer = breakable.app.test_client().get("/broken")
    lines = [json.loads(line) for line in output.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["unexpected error", "request"]
    assert f"· {lines[1]['request']}" in answer.text
    assert SECRET not in output.getvalue()


def away(url: str) -> str:
    """The address of a database that is not there."""
    parts = make_url(url)
    if parts.drivername == "sqlite":
        return "sqlite:////nowhere/meetingcheck.sqlite3"
    return parts.set(database="meetingcheck_nowhere").render_as_string(hide_password=False)


def test_without_its_database_every_page_says_try_later(
    world: World, settings: Settings, clock: SetClock, storage: MemoryStorage, capfd: pytest.CaptureFixture[str]
) -> None:
    person = choose(world.sign_in("secretary1"), "en")
    cookie = person.get_cookie("session")
    page = world.app.test_client()
    data = {"csrf_token": token_of(page.get("/sign-in")), "login": "0912345678", "password": SECRET}
    visitor = page.get_cookie("session")
    assert cookie
    assert visitor
    with made(replace(settings, database_url=away(settings.database_url)), clock, storage) as app:
        output = io.StringIO()
        configure_logs(output)
        client = app.test_client()
        client.set_cookie("session", cookie.value)
        for path in ("/", "/messages", "/no-such-page", f"/units/{world.root}/board"):
            answer = client.get(path)
            if path == "/no-such-page":
                assert_plain_words(answer, 404, "en")
            else:
                assert_plain_words(answer, 503, "en")
                assert int(answer.headers["Retry-After"]) > 0
        client.set_cookie("session", visitor.value)
        assert client.get("/sign-in").status_code == 200, "this page needs no database"
        assert_plain_words(client.post("/sign-in", data=data), 503, "vi")
        assert client.get("/healthz").status_code == 200
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json["ready"], ready.json["database"]) == (503, False, False)
        said = output.getvalue() + "".join(capfd.readouterr())
    assert "outage" in said
    for secret in (SECRET, "0912345678", cookie.value, token_hash("0912345678")):
        assert secret not in said


def test_without_its_object_store_photos_say_try_later_and_the_rest_works(
    world: World, settings: Settings, clock: SetClock, report: str
) -> None:
    client = world.sign_in("secretary1")
    image = PHOTO.search(client.get(report).text)
    cookie = client.get_cookie("session")
    assert image
    assert cookie
    with made(settings, clock, S3Storage(NOBODY_LISTENS)) as app:
        client = app.test_client()
        client.set_cookie("session", cookie.value)
        answer = client.get(image.group(1))
        assert_plain_words(answer, 503, "vi")
        assert int(answer.headers["Retry-After"]) > 0
        assert client.get(report).status_code == 200
        sent = send(client, check_in_of(world, period="2026-10"), [jpeg(scene())], held_on="03/10/2026")
        assert sent.status_code == 422
        assert "Kho ảnh đang bận" in sent.text
        assert GOOD_FIELDS["minutes_text"] in client.get(check_in_of(world, period="2026-10")).text
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json["database"], ready.json["store"]) == (503, True, False)


@any_database
def test_a_body_that_is_no_form_with_photos_is_short(app: Flask) -> None:
    """It is read into memory, for anybody, before anybody is asked who they are."""
    client, short, long = app.test_client(), 1024 * 1024, 3 * 1024 * 1024
    for kind in ("application/x-www-form-urlencoded", "application/json", "application/octet-stream", "text/plain"):
        assert client.post("/sign-in", data=b"x" * short, content_type=kind).status_code == 400
        assert client.post("/sign-in", data=b"x" * long, content_type=kind).status_code == 413
    claims = {"CONTENT_LENGTH": str(300 * 1024 * 1024), "CONTENT_TYPE": "multipart/form-data; boundary=x"}
    assert client.post("/sign-in", data=b"x", environ_overrides=claims).status_code == 413


@any_database
def test_a_form_with_photos_may_be_long_but_not_its_text(app: Flask) -> None:
    client = app.test_client()
    photo = {"overview": (io.BytesIO(b"x" * 3 * 1024 * 1024), "IMG_1.jpg")}
    assert client.post("/sign-in", data=photo).status_code == 400, "read whole, and then there was no token"
    assert client.post("/sign-in", data={**photo_again(), "login": "x" * 3 * 1024 * 1024}).status_code == 413


def photo_again() -> dict[str, object]:
    return {"overview": (io.BytesIO(b"x"), "IMG_1.jpg")}


# --- hosts and proxies


@any_database
def test_another_host_is_refused(app: Flask) -> None:
    client = app.test_client()
    for host in (
        "evil.example",
        "localhost.evil.example",
        "evil.example:80",
        "127.0.0.1",
        "[::1]",
        "localhost@evil",
        "",
    ):
        for path in ("/sign-in", "/healthz", "/static/icon.svg"):
            answer = client.get(path, headers={"Host": host})
            assert_plain_words(answer, 400, "vi")
            assert "evil" not in answer.text
    for host in ("localhost", "localhost:8000"):
        assert client.get("/sign-in", headers={"Host": host}).status_code == 200


@any_database
def test_the_demo_is_reached_under_every_name_of_this_machine(
    settings: Settings, clock: SetClock, storage: MemoryStorage
) -> None:
    with made(replace(settings, demo=True, public_url="http://127.0.0.1:8000"), clock, storage) as app:
        client = app.test_client()
        for host in ("localhost:8000", "127.0.0.1:8000"):
            assert client.get("/sign-in", headers={"Host": host}).status_code == 200
        assert client.get("/sign-in", headers={"Host": "evil.example"}).status_code == 400


def behind_proxy(client: FlaskClient, proxy: str, **forwarded: str) -> int:
    """How our server answers a write from an https page, sent on by a proxy at that address."""
    headers = {f"X-Forwarded-{name.title()}": value for name, value in forwarded.items()}
    data = {"csrf_token": token_of(client.get("/sign-in")), "language": "en"}
    headers["Origin"] = "https://localhost"
    return client.post("/language", data=data, headers=headers, environ_overrides={"REMOTE_ADDR": proxy}).status_code


@any_database
def test_what_a_proxy_says_counts_only_from_a_trusted_one(
    settings: Settings, clock: SetClock, storage: MemoryStorage
) -> None:
    with made(replace(settings, trusted_proxies=("10.1.0.0/16", "fd00::1")), clock, storage) as app:
        client = app.test_client()
        for proxy in ("10.1.2.3", "fd00::1"):
            assert behind_proxy(client, proxy, proto="https") == 303
            assert behind_proxy(client, proxy) == 403, "its page was https, the request is not"
            assert behind_proxy(client, proxy, proto="https", host="evil.example") == 400
        for stranger in ("10.2.0.1", STRANGER, "127.0.0.1", "fd00::2", ""):
            assert behind_proxy(client, stranger, proto="https") == 403
            assert behind_proxy(client, stranger, proto="https", host="localhost") == 403


@any_database
def test_without_trusted_proxies_nobody_is_believed(app: Flask) -> None:
    client = app.test_client()
    for sender in ("127.0.0.1", "10.1.2.3"):
        assert behind_proxy(client, sender, proto="https") == 403
        answer = client.get(
            "/", headers={"X-Forwarded-Host": "evil.example"}, environ_overrides={"REMOTE_ADDR": sender}
        )
        assert (answer.status_code, answer.location) == (302, "/sign-in?next=/")
        assert "evil" not in answer.text


def get_from(client: FlaskClient, address: str, path: str, **headers: str) -> TestResponse:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(path, headers=sent, environ_overrides={"REMOTE_ADDR": address})


@any_database
def test_numbers_are_for_this_machine_alone_where_no_token_is_set(
    app: Flask, settings: Settings, clock: SetClock, storage: MemoryStorage
) -> None:
    client = app.test_client()
    for address in ("127.0.0.1", "127.8.8.8", "::1"):
        assert get_from(client, address, "/metrics").status_code == 200
    for address in (STRANGER, "10.0.0.1", "2001:db8::1", "", "unix"):
        assert get_from(client, address, "/metrics").status_code == 403
        assert get_from(client, address, "/metrics", X_Forwarded_For="127.0.0.1").status_code == 403
        assert get_from(client, address, "/metrics", Authorization="Bearer ").status_code == 403
    assert get_from(client, "127.0.0.1", "/metrics", X_Forwarded_For=STRANGER).status_code == 403, "through a proxy"
    with made(replace(settings, trusted_proxies=("127.0.0.1",)), clock, storage) as behind:
        for client_address in (STRANGER, "127.0.0.1"):
            answer = get_from(behind.test_client(), "127.0.0.1", "/metrics", X_Forwarded_For=client_address)
            assert answer.status_code == 403


@any_database
def test_numbers_are_for_whoever_has_the_token_where_one_is_set(
    settings: Settings, clock: SetClock, storage: MemoryStorage
) -> None:
    token = "một mã dài cho máy đo"
    with made(replace(settings, metrics_token=token), clock, storage) as app:
        client = app.test_client()
        good = f"Bearer {token}".encode().decode("latin-1")
        for address in (STRANGER, "127.0.0.1"):
            assert get_from(client, address, "/metrics").status_code == 403
            assert get_from(client, address, "/metrics", Authorization="Bearer x").status_code == 403
            assert get_from(client, address, "/metrics", Authorization=f"Basic {good[7:]}").status_code == 403
        assert get_from(client, STRANGER, "/metrics", Authorization="Bearer plain").status_code == 403
    with made(replace(settings, metrics_token="plain-ascii-token"), clock, storage) as app:
        answer = get_from(app.test_client(), STRANGER, "/metrics", Authorization="Bearer plain-ascii-token")
        assert answer.status_code == 200


def test_numbers_name_routes_and_never_what_was_asked(world: World) -> None:
    client = world.sign_in("leader")
    client.get(f"/units/{world.root}/board?month=2026-10")
    client.get("/no-such-page-of-mine")
    text = client.get("/metrics").text
    assert 'route="/units/<uuid:unit_id>/board",status="200"' in text
    assert 'route="-",status="404"' in text
    for private in (str(world.root), "2026-10", "no-such-page-of-mine"):
        assert private not in text


def test_strangers_learn_only_whether_the_system_is_ready(app: Flask) -> None:
    client = app.test_client()
    assert set(get_from(client, "127.0.0.1", "/readyz").json) == {"ready", "database", "store", "queue", "disk"}
    assert get_from(client, STRANGER, "/readyz").json == {"ready": True}
    assert get_from(client, "127.0.0.1", "/readyz", X_Forwarded_For=STRANGER).json == {"ready": True}


def test_work_that_waits_too_long_makes_the_system_not_ready(world: World) -> None:
    client = world.app.test_client()
    with world.app.app_context(), write_transaction() as session:
        enqueue(session, JobKind("unknown", lane="bulk"), {}, world.clock())
    assert client.get("/readyz").status_code == 200
    world.clock.advance(minutes=16)
    answer = get_from(client, STRANGER, "/readyz")
    assert (answer.status_code, answer.json) == (503, {"ready": False})
    world.work()
    assert client.get("/readyz").status_code == 200


# --- addresses


def test_an_absurd_month_or_page_shows_the_present_one(world: World) -> None:
    client = world.sign_in("leader")
    board = f"/units/{world.root}/board"
    present = TOKEN.sub("", client.get(board).text)
    months = ("", "2026-13", "0000-00", "99999999999999999999-01", "2026-99999999999999999999", "x" * 5000, "-", "²-1")
    for query in [*(f"month={quote(month)}" for month in months), "page=0", "page=-1", "page=x", f"page={10**30}"]:
        answer = client.get(f"{board}?{query}")
        assert answer.status_code == 200, query
        assert re.findall(r"<h1>[^<]+", answer.text) == re.findall(r"<h1>[^<]+", present), query
    for month in ("0001-01", "9999-12"):
        assert client.get(f"{board}?month={month}").status_code == 200


# --- what people typed stays out of the log


def test_a_whole_evening_leaves_nothing_personal_in_the_log(
    world: World, capfd: pytest.CaptureFixture[str], smtp: SmtpSink
) -> None:
    phone, name = "0912345678", "Nguyễn Thị Kín Đáo"
    with world.app.app_context(), write_transaction() as session:
        session.execute(update(User).where(User.login == "secretary1").values(login=phone, name=name))
    output = io.StringIO()
    configure_logs(output)
    capfd.readouterr()
    client = world.app.test_client()
    secrets = {phone, "912 345", name, PASSWORD, SECRET, "wrong password", "kín-đáo.jpg", "k%C3%ADn", "x-query-x"}
    for password in ("wrong password", PASSWORD):
        page = client.get("/sign-in?next=/messages?x-query-x")
        secrets.add(token_of(page))
        data = {"csrf_token": token_of(page), "login": "+84 912 345 678", "password": password, "next": "/?x-query-x"}
        client.post("/sign-in", data=data)
    page = client.get(check_in_of(world) + "?x-query-x=1")
    secrets.add(token_of(page))
    form = form_of(page, {**GOOD_FIELDS, "minutes_text": SECRET}, [jpeg(scene())])
    form["overview"] = [(io.BytesIO(b"no photo"), "kín-đáo.jpg"), (io.BytesIO(jpeg(scene(640, 480))), "kín-đáo.jpg")]
    assert client.post(check_in_of(world), data=form).status_code == 422
    answer = send(client, check_in_of(world), [jpeg(scene())], minutes_text=SECRET)
    assert answer.status_code == 303
    world.work()
    assert client.get(answer.location).status_code == 200
    for path in ("/messages?x-query-x", "/no-such-page?x-query-x", f"/units/{world.root}/board?x-query-x"):
        client.get(path)
    with world.app.app_context():
        close_all(world.clock())
    world.clock.advance(hours=12)  # nobody is written to at night
    world.work()
    assert smtp.deliveries
    cookie = client.get_cookie("session")
    assert cookie
    serializer = world.app.session_interface.get_signing_serializer(world.app)  # type: ignore[attr-defined]
    secrets |= {cookie.value, serializer.loads(cookie.value)["_user_id"]}
    client.post("/sign-out", data={"csrf_token": token_of(client.get("/messages"))})
    lines = [json.loads(line) for line in output.getvalue().splitlines()]
    events = {line["event"] for line in lines}
    assert {"request", "signed in", "sign-in refused", "job done", "periods closed"} <= events
    assert "".join(capfd.readouterr()) == "", "nothing speaks beside the log"
    said = json.dumps(lines, ensure_ascii=False)
    secrets |= {"Chi bộ Thôn Mẫu", "mau.example"}
    assert [secret for secret in sorted(secrets) if secret in said] == []
    assert {line["route"] for line in lines if line["event"] == "request"} >= {
        "/obligations/<uuid:obligation_id>/check-in",
        "/meetings/<uuid:meeting_id>",
        "-",
    }
