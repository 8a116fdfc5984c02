"""One-time links: choose a password once; who opens one changes nothing."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from meetingcheck.accounts.models import OneTimeLink, User
from meetingcheck.accounts.passwords import common_passwords
from meetingcheck.accounts.rules import INVITATION_LASTS, RESET_LASTS, LinkPurpose, link_path, password_problem
from meetingcheck.lib.db import read_transaction, write_transaction
from tests.accounts.ways import NEW_PASSWORD, at_once, is_in, link_for, post, second_process, sentences, sign_in
from tests.world import PASSWORD, World, token_of

SECOND = timedelta(seconds=1)


def use(client: FlaskClient, token: str, password: str = NEW_PASSWORD):  # type: ignore[no-untyped-def]
    return post(client, "/one-time", token=token, password=password)


def test_a_link_sets_the_password_and_signs_in(world: World) -> None:
    browser = world.app.test_client()
    answer = use(browser, link_for(world, "secretary1", LinkPurpose.INVITATION))
    assert (answer.status_code, answer.location) == (303, "/")
    assert is_in(browser)
    assert sign_in(world.app.test_client(), "secretary1", PASSWORD).status_code == 422
    assert sign_in(world.app.test_client(), "secretary1", NEW_PASSWORD).status_code == 303


def test_the_token_has_128_bits_and_stands_in_the_fragment_and_only_its_hash_is_kept(world: World) -> None:
    token = link_for(world, "secretary1")
    assert len(token) == 22  # 128 bits in base 64
    assert link_path(token) == f"/one-time#{token}"
    with world.app.app_context(), read_transaction() as session:
        link = session.scalars(select(OneTimeLink)).one()
    assert token not in vars(link).values()


def test_opening_a_link_changes_and_uses_nothing(world: World) -> None:
    """Mail scanners and chat previews open every link, as often as they like."""
    token = link_for(world, "secretary1")
    for _ in range(3):
        assert world.app.test_client().get(link_path(token)).status_code == 200
        assert world.app.test_client().head("/one-time").status_code == 200
        assert world.app.test_client().get(f"/one-time?token={token}").status_code == 200
    assert use(world.app.test_client(), token).status_code == 303


def test_a_link_works_once(world: World) -> None:
    token = link_for(world, "secretary1")
    assert use(world.app.test_client(), token).status_code == 303
    again = use(world.app.test_client(), token, "một câu khác của người khác")
    assert again.status_code == 422
    assert sign_in(world.app.test_client(), "secretary1", NEW_PASSWORD).status_code == 303


def test_a_link_works_once_also_for_two_at_the_same_moment_in_two_processes(world: World) -> None:
    token = link_for(world, "secretary1")
    with second_process(world) as other:
        browsers = [world.app.test_client(), other.test_client(), world.app.test_client(), other.test_client()]
        posts = []
        for number, browser in enumerate(browsers):
            page = token_of(browser.get("/one-time"))
            posts.append((browser, "/one-time", {"csrf_token": page, "token": token, "password": f"mật khẩu {number}"}))
        answers = at_once(*posts)
        assert sorted(answer.status_code for answer in answers) == [303, 422, 422, 422]
        winner = [answer.status_code for answer in answers].index(303)
        assert [is_in(browser) for browser in browsers] == [number == winner for number in range(4)]


def test_using_a_link_ends_all_sessions_of_the_person_and_no_other(world: World) -> None:
    before, stranger = world.sign_in("secretary1"), world.sign_in("secretary2")
    use(world.app.test_client(), link_for(world, "secretary1"))
    assert not is_in(before)
    assert is_in(stranger)


@pytest.mark.parametrize(
    ("purpose", "lasts"), [(LinkPurpose.INVITATION, timedelta(days=14)), (LinkPurpose.RESET, timedelta(hours=24))]
)
def test_a_link_ends_by_itself(world: World, purpose: LinkPurpose, lasts: timedelta) -> None:
    assert {LinkPurpose.INVITATION: INVITATION_LASTS, LinkPurpose.RESET: RESET_LASTS}[purpose] == lasts
    token, made_at = link_for(world, "secretary1", purpose), world.clock()
    world.clock.set(made_at + lasts)
    assert use(world.app.test_client(), token).status_code == 422
    world.clock.set(made_at + lasts - SECOND)
    assert use(world.app.test_client(), token).status_code == 303


def test_a_new_link_ends_the_older_ones_of_the_same_purpose_and_person(world: World) -> None:
    first, other_person = link_for(world, "secretary1"), link_for(world, "secretary2")
    invitation = link_for(world, "secretary1", LinkPurpose.INVITATION)
    second = link_for(world, "secretary1")
    assert use(world.app.test_client(), first).status_code == 422
    assert use(world.app.test_client(), other_person).status_code == 303
    assert use(world.app.test_client(), second).status_code == 303
    assert use(world.app.test_client(), invitation).status_code == 422, "a used link ends what else was on its way"


def test_used_ended_unknown_and_disabled_links_are_answered_alike(world: World) -> None:
    used, revoked = link_for(world, "secretary1"), link_for(world, "secretary2")
    link_for(world, "secretary2")
    assert use(world.app.test_client(), used).status_code == 303
    old, disabled = link_for(world, "reporter1"), link_for(world, "leader", LinkPurpose.INVITATION)
    with world.app.app_context(), write_transaction() as session:
        session.execute(update(User).where(User.login == "leader").values(disabled_at=world.clock()))
    world.clock.advance(hours=24)
    said = {tuple(sentences(use(world.app.test_client(), token))) for token in (used, revoked, old, disabled, "x", "")}
    assert len(said) == 1
    assert "gọi văn phòng cấp ủy" in str(said)


def test_a_refused_password_leaves_the_link_and_the_token_where_they_are(world: World) -> None:
    token, browser = link_for(world, "secretary1"), world.app.test_client()
    for password in ("", "ngắn", "12345678", "MatKhau123", "anhyeuem", "mật khẩu 123", "secretary1"):
        answer = use(browser, token, password)
        assert answer.status_code == 422, password
        assert f'value="{token}"' in answer.text
        assert not is_in(browser)
    assert use(browser, token).status_code == 303


@pytest.mark.parametrize(
    "password",
    [
        "12345678",
        "123456789",
        "matkhau123",
        "MATKHAU123",
        "anhyeuem",
        "Mật khẩu",
        "password1",
        "11111111",
        "a" * 7,
        "x" * 501,
    ],
)
def test_common_and_short_passwords_are_refused(password: str) -> None:
    assert password_problem(password, "0912345678", common_passwords()) is not None


@pytest.mark.parametrize(
    "password", ["chín con trâu", "🐃🐃🐃🐃🐃🐃🐃🐃", "        ", "a\tb\u200bcdefg", "x" * 500, "9zqk2mvw"]
)
def test_any_characters_make_a_password(password: str) -> None:
    assert password_problem(password, "0912345678", common_passwords()) is None


@pytest.mark.parametrize("password", ["0912345678", "0912 345 678", "+84912345678"])
def test_the_own_phone_number_is_no_password(password: str) -> None:
    assert password_problem(password, "0912345678", common_passwords()) is not None


def test_the_password_of_the_link_is_taken_as_typed(world: World) -> None:
    typed = "  hai  dấu cách  "
    assert use(world.app.test_client(), link_for(world, "secretary1"), typed).status_code == 303
    assert sign_in(world.app.test_client(), "secretary1", typed.strip()).status_code == 422
    assert sign_in(world.app.test_client(), "secretary1", typed).status_code == 303
