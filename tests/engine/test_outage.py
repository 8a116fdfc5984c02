"""The object store or the mail server is away for a while: nothing typed, received or to be told is lost."""

import html
from collections import Counter
from collections.abc import Callable

import pytest
from sqlalchemy import select

from meetingcheck.alerts.jobs import CLOSE
from meetingcheck.lib.clock import system_clock
from meetingcheck.lib.jobs import Job, JobState
from meetingcheck.messages.actions import SEND_MAIL
from meetingcheck.messages.models import DeliveryState
from meetingcheck.photos.models import PhotoState
from tests.engine.conftest import Apart
from tests.engine.system import IMAGE, Committee, Installation

PROBLEM = '<p class="problem" id="overview-problem">'
BUSY = "Kho ảnh đang bận"
NO_PHOTO = "Ảnh không xem được"


class TestStoreDown:
    def test_a_report_keeps_its_text_and_is_taken_once_the_store_is_back(self, apart: Apart) -> None:
        installation = apart.installation
        browser, report = installation.fill_in_new(photos=2)
        apart.store.kill()
        answer = browser.send(report.request)
        assert answer.status == 422
        assert answer.text.partition(PROBLEM)[2].startswith(BUSY)
        shown = html.unescape(answer.text)
        assert f">{report.fields['minutes_text']}</textarea>" in shown
        for name in ("held_on", "begins_at", "ends_at", "total", "present", "absent_without_reason"):
            assert f'name="{name}" value="{report.fields[name]}"' in shown
        again = html.unescape(browser.get(report.request.path).text)
        assert f">{report.fields['minutes_text']}</textarea>" in again
        apart.store.start()
        assert browser.send(report.request).status == 303
        installation.check_sent(report)

    def test_pages_go_on_and_call_no_photo_gone(self, apart: Apart) -> None:
        installation = apart.installation
        browser, report = installation.fill_in_new()
        assert browser.send(report.request).status == 303
        installation.wait_until_rendered(report)
        [image] = installation.check_images(browser, report.page)
        apart.store.kill()
        page = browser.get(report.page)
        assert page.status == 200
        assert IMAGE.findall(page.text) == [image]
        assert NO_PHOTO not in page.text
        missing = browser.get(image)
        assert missing.status == 503
        assert missing.headers["Cache-Control"] == "no-store"
        assert missing.headers["Retry-After"]
        assert browser.get("/healthz").status == 200
        assert browser.get("/readyz").status == 503
        apart.store.start()
        assert browser.get("/readyz").status == 200
        assert installation.check_images(browser, report.page) == [image]

    def test_renditions_wait_for_the_store(self, apart: Apart) -> None:
        """A photo whose original cannot be read for now is neither forgotten nor called unreadable."""
        installation = apart.installation
        browser, report = installation.fill_in_new()
        with installation.paused("worker-photos"):
            assert browser.send(report.request).status == 303
            apart.store.kill()
        [photo] = installation.photos_of(report)
        installation.wait_hurrying(lambda: installation.job(f"render:{photo.id}").error is not None, "a try in vain")
        assert [photo.state for photo in installation.photos_of(report)] == [PhotoState.RECEIVED]
        page = browser.get(report.page)
        assert page.status == 200
        assert NO_PHOTO not in page.text
        apart.store.start()
        installation.wait_until_rendered(report)
        assert len(installation.check_images(browser, report.page)) == 1


def send_by_command(installation: Installation) -> None:
    finished = installation.run("send-messages")
    assert finished.returncode == 0, finished.stderr


def send_by_worker(installation: Installation) -> None:
    installation.hurry()


class TestMailServerDown:
    @pytest.mark.parametrize("send", [send_by_command, send_by_worker])
    def test_each_person_gets_each_mail_once_it_is_back(
        self, apart: Apart, send: Callable[[Installation], None]
    ) -> None:
        installation, smtp = apart.installation, apart.installation.smtp
        smtp.refuse_connections()
        committee = close_a_period(installation, cells=3)
        waiting = installation.deliveries_to(committee)
        assert len(waiting) == len(committee.people)
        installation.wait_hurrying(
            lambda: all(installation.job(f"mail:{one.id}").error is not None for one in waiting), "a try in vain"
        )
        assert {one.state for one in installation.deliveries_to(committee)} == {DeliveryState.WAITING}
        assert installation.mails_to(committee) == []
        smtp.resume()
        send(installation)
        installation.wait_for(lambda: installation.all_sent(committee), "mails sent")
        taken = Counter(one.recipients for one in installation.mails_to(committee))
        assert taken == {(address,): 1 for address in committee.addresses}

    def test_a_mail_without_an_answer_is_sent_again_as_the_same(self, apart: Apart) -> None:
        installation, smtp = apart.installation, apart.installation.smtp
        installation.wait_until_done(CLOSE)  # or the mail without an answer could be about another committee
        installation.wait_hurrying(lambda: no_mail_waits(installation), "an empty queue")
        smtp.clear()
        smtp.drop_after_data(times=1)
        committee = close_a_period(installation, cells=2)
        installation.wait_hurrying(lambda: installation.all_sent(committee), "mails sent")
        [unanswered] = smtp.unanswered
        taken = {one.recipients: one.message for one in installation.mails_to(committee)}
        assert len(installation.mails_to(committee)) == len(committee.people)
        again = taken[unanswered.recipients]
        assert again["Message-ID"] == unanswered.message["Message-ID"]
        assert again.as_bytes() == unanswered.message.as_bytes()
        assert len({message["Message-ID"] for message in taken.values()}) == len(committee.people)


def no_mail_waits(installation: Installation) -> bool:
    with installation.rows() as session:
        left = select(Job.id).where(Job.kind == SEND_MAIL.name, Job.state.in_([JobState.QUEUED, JobState.RUNNING]))
        return session.scalars(left).first() is None


def close_a_period(installation: Installation, cells: int) -> Committee:
    """A committee none of whose cells reported in time, at the end of the period."""
    committee = installation.found_committee(cells)
    finished = installation.run("close-periods", "--at", system_clock().isoformat())
    assert finished.returncode == 0, finished.stderr
    assert len(installation.messages_to(committee)) == len(committee.people)
    return committee
