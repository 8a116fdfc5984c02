"""A month that ends without a report: one event, one message a person, one mail, whatever happens in between."""

import threading
import uuid
from email.message import EmailMessage

from sqlalchemy import func, select

from meetingcheck.alerts.jobs import close_all
from meetingcheck.duties.models import MissedEvent
from meetingcheck.duties.queries import REGULAR, lock_obligation
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.jobs import Worker
from meetingcheck.messages.models import Delivery, DeliveryState, Message
from tests.engines.smtp import SmtpSink
from tests.world import World, at, excuse, token_of

CLOSING = at("2026-12-03T00:00+07:00")
MORNING = at("2026-12-03T07:00+07:00")


def close(world: World) -> int:
    """The period ends at midnight; what follows is seen in the morning, when mails may leave."""
    world.clock.set(CLOSING)
    with world.app.app_context():
        closed = close_all(CLOSING)
    world.clock.set(MORNING)
    return closed


def count(world: World, model: type) -> int:
    with world.app.app_context(), read_transaction() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def mails_to(smtp: SmtpSink, login: str) -> list[EmailMessage]:
    return [
        message
        for message in smtp.messages
        if [address.addr_spec for address in message["To"].addresses] == [f"{login}@mau.example"]
    ]


def obligation_id(cell: uuid.UUID, period: str) -> uuid.UUID:
    return uuid.uuid5(cell, f"{REGULAR}/{period}")


def november_only(world: World) -> None:
    """September and October are excused, so that what follows speaks of one month."""
    with world.app.app_context(), write_transaction() as session:
        for cell in (*world.cells, world.other_cell):
            for period in ("2026-09", "2026-10"):
                one = lock_obligation(session, obligation_id(cell, period))
                excuse(session, one, world.users["administrator"], world.clock())


def test_the_mail_about_a_miss_leaves_through_the_mail_server(world: World, smtp: SmtpSink) -> None:
    november_only(world)
    assert close(world) == 4
    world.work("alerts")
    (mail,) = mails_to(smtp, "reviewer")
    text = mail.get_content()
    assert "Kỳ 11/2026: 3 chi bộ không có báo cáo" in text
    assert text.index("Chi bộ Thôn Mẫu 1") < text.index("Chi bộ Thôn Mẫu 2") < text.index("Chi bộ Thôn Mẫu 10")
    assert "Tổ Khác" not in text
    assert "http://localhost/?month=2026-11" in text
    assert "Mẫu" not in mail["Subject"], "a subject names no unit"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "Chi bộ Thôn Mẫu 1 chưa có báo cáo" in mails_to(smtp, "secretary1")[0].get_content()
    assert "Chi bộ Tổ Khác" in mails_to(smtp, "other_reviewer")[0].get_content()


def test_it_is_in_the_app_as_well(world: World) -> None:
    november_only(world)
    close(world)
    page = world.sign_in("reviewer").get("/messages")
    assert "Kỳ 11/2026 đã hết, có chi bộ không có báo cáo" in page.text
    assert "1 thông báo mới" in page.text
    nobody = world.sign_in("leader").get("/messages")
    assert "Chưa có thông báo nào" in nobody.text


def test_closing_again_tells_nobody_twice(world: World, smtp: SmtpSink) -> None:
    first = close(world)
    world.work("alerts")
    messages, mails = count(world, Message), len(smtp.messages)
    assert close(world) == 0
    world.work("alerts")
    assert (count(world, Message), len(smtp.messages)) == (messages, mails)
    assert count(world, MissedEvent) == first == 12


def test_many_workers_at_once_close_each_period_once(world: World) -> None:
    world.clock.set(CLOSING)
    start, closed = threading.Barrier(4), []

    def one() -> None:
        start.wait()
        with world.app.app_context():
            closed.append(close_all(CLOSING))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(closed) == count(world, MissedEvent) == 12
    # Each cell's secretary hears of each of three months; secretary1 and secretary2 exist.
    own = [message for message in told(world) if message.kind == "alerts.missed_own"]
    assert len(own) == len({message.key for message in own}) == 6


def told(world: World) -> list[Message]:
    with world.app.app_context(), read_transaction() as session:
        return list(session.scalars(select(Message)))


def test_a_clock_that_jumps_back_closes_nothing_anew(world: World) -> None:
    close(world)
    world.clock.set(at("2026-11-01T00:00+07:00"))
    world.work("alerts")
    world.clock.set(CLOSING)
    world.work("alerts")
    assert count(world, MissedEvent) == 12


def test_a_worker_closes_by_itself_in_its_slot(world: World, smtp: SmtpSink) -> None:
    world.clock.set(CLOSING)
    worker = Worker(world.app, "alerts")
    worker.plan_periodic()
    worker.plan_periodic()
    worker.run_due()
    assert count(world, MissedEvent) == 12
    assert not smtp.messages, "nobody is woken"
    world.clock.set(MORNING)
    worker.run_due()
    assert mails_to(smtp, "reviewer")


def test_a_mail_server_that_is_away_for_days_loses_nothing(world: World, smtp: SmtpSink) -> None:
    november_only(world)
    smtp.refuse_connections()
    close(world)
    for _hour in range(80):
        world.clock.advance(hours=1)
        world.work("alerts")
    assert smtp.messages == []
    smtp.resume()
    world.clock.advance(hours=2)
    world.work("alerts")
    assert len(mails_to(smtp, "reviewer")) == 1
    assert {one.state for one in deliveries(world)} == {DeliveryState.SENT}


def deliveries(world: World) -> list[Delivery]:
    with world.app.app_context(), read_transaction() as session:
        return list(session.scalars(select(Delivery)))


def test_a_dropped_answer_is_sent_again_under_the_same_id(world: World, smtp: SmtpSink) -> None:
    november_only(world)
    smtp.drop_after_data(1)
    close(world)
    world.work("alerts")
    world.clock.advance(hours=1)
    world.work("alerts")
    ids = [delivery.message["Message-ID"] for delivery in (*smtp.unanswered, *smtp.deliveries)]
    assert len(ids) == len(deliveries(world)) + 1
    assert len(set(ids)) == len(deliveries(world))


def test_an_address_that_is_refused_is_put_on_record_and_not_tried_again(world: World, smtp: SmtpSink) -> None:
    november_only(world)
    smtp.answer_recipient("reviewer@mau.example", "550 no such user")
    close(world)
    world.work("alerts")
    states = [one.state for one in deliveries(world)]
    assert states.count(DeliveryState.REFUSED) == 1
    smtp.behave()
    world.clock.advance(days=1)
    world.work("alerts")
    assert not mails_to(smtp, "reviewer")
    assert ">1</b><span" in world.sign_in("administrator").get("/office").text


def test_a_full_mailbox_is_tried_again(world: World, smtp: SmtpSink) -> None:
    november_only(world)
    smtp.answer_recipient("reviewer@mau.example", "452 mailbox full")
    close(world)
    world.work("alerts")
    assert not mails_to(smtp, "reviewer")
    smtp.behave()
    world.clock.advance(hours=2)
    world.work("alerts")
    assert len(mails_to(smtp, "reviewer")) == 1


def test_mail_speaks_the_persons_language(world: World, smtp: SmtpSink) -> None:
    november_only(world)
    client = world.sign_in("reviewer")
    from_page = client.get("/messages")
    client.post("/language", data={"csrf_token": token_of(from_page), "language": "en", "next": "/messages"})
    close(world)
    world.work("alerts")
    (mail,) = mails_to(smtp, "reviewer")
    assert "3 cells have no meeting report" in mail.get_content()
    assert mail["Subject"] == "Period 11/2026 has ended, with cells that sent no report"
