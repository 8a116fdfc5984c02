"""Filing by a program: the same rules, sentences and repeats as the form."""

import uuid
from typing import Any

from sqlalchemy import func, select

from meetingcheck.accounts.models import User
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.meetings.models import Meeting, MeetingState, MeetingVersion
from meetingcheck.messages.models import Message
from tests.api.conftest import Program, ProgramOf
from tests.api.samples import CHECK_IN, OTHER_PHOTO, PHOTO, WHOLE, filing
from tests.world import World


def period(world: World, code: str = "2026-11", cell: int = 0) -> str:
    return f"/obligations/{world.obligation(world.cells[cell], code).id}"


def file_whole(world: World, program: Program, check_in: dict[str, Any] = WHOLE) -> dict[str, Any]:
    """A report with one photo; the answer."""
    body = filing(check_in)
    where = world.obligation(world.cells[0]).id
    sent = program.send(
        f"/photos/{uuid.uuid4()}", PHOTO, obligation=where, client_id=body["client_id"], purpose="overview"
    )
    assert sent.status_code == 200, sent.text
    answer = program.post(f"{period(world)}/check-in", body)
    assert answer.status_code == 200, answer.text
    return {**answer.get_json(), "body": body}


def count(world: World, model: type[Any]) -> int:
    with world.app.app_context(), read_transaction() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_report_arrives_whole_and_is_told_as_it_was_sent(world: World, secretary: Program) -> None:
    filed = file_whole(world, secretary)
    assert (filed["outcome"], filed["state"], filed["version"]) == ("filed", "submitted", 1)
    told = secretary.get(f"/meetings/{filed['meeting_id']}").get_json()
    assert told["check_in"] == WHOLE
    assert (told["base"], told["attendance_tenths"], told["minutes"]) == (22, 909, 105)
    assert [photo["purpose"] for photo in told["photos"]] == ["overview"]
    assert told["receipt"] == filed["receipt"]
    assert [one["period"] for one in told["satisfied"]] == ["2026-11"]
    shown = secretary.get(period(world)).get_json()
    assert (shown["state"], shown["meeting_id"], shown["drafts"]) == ("reported", filed["meeting_id"], [])
    assert shown["due_at"] == "2026-11-05T17:00:00Z"
    assert world.sign_in("secretary1").get(f"/meetings/{filed['meeting_id']}").status_code == 200, "one report for both"


def test_the_same_again_gets_the_same_answer(world: World, secretary: Program) -> None:
    filed = file_whole(world, secretary)
    again = secretary.post(f"{period(world)}/check-in", filed["body"])
    assert again.get_json() == {name: value for name, value in filed.items() if name != "body"}
    assert count(world, MeetingVersion) == 1


def test_what_is_missing_is_said_at_its_field_and_the_rest_is_kept(world: World, secretary: Program) -> None:
    body = filing({**CHECK_IN, "present": 30, "held_on": "2027-01-01", "ends_at": "18:00"})
    answer = secretary.post(f"{period(world)}/check-in", body)
    assert answer.status_code == 422
    sentences = {one["field"]: one["sentence"] for one in answer.get_json()["errors"]}
    assert set(sentences) == {"held_on", "ends_at", "present", "overview"}
    assert sentences["ends_at"] == "Giờ kết thúc phải sau giờ bắt đầu."
    [draft] = secretary.get(period(world)).get_json()["drafts"]
    assert draft["check_in"]["minutes_text"] == CHECK_IN["minutes_text"]
    assert (draft["client_id"], draft["revision"]) == (body["client_id"], answer.get_json()["revision"])
    assert "Giờ kết thúc" not in str(secretary.post(f"{period(world)}/check-in", {**body, "send": False}).get_json())


def test_sentences_are_in_the_persons_language(world: World, secretary: Program) -> None:
    with world.app.app_context(), write_transaction() as session:
        session.get_one(User, world.users["secretary1"]).language = "en"
    answer = secretary.post(f"{period(world)}/check-in", filing({**CHECK_IN, "ends_at": "18:00"}))
    [ends_at] = [one["sentence"] for one in answer.get_json()["errors"] if one["field"] == "ends_at"]
    assert ends_at.isascii(), ends_at
    unknown = secretary.post(f"{period(world)}/check-in", {**filing(), "unit": "x"}).get_json()
    assert all(text.isascii() for text in [unknown["message"], *(one["sentence"] for one in unknown["errors"])])


REFUSED_CHANGES: list[tuple[dict[str, Any], str]] = [
    ({"state": "accepted"}, "state"),
    ({"unit": "x"}, "unit"),
    ({"received_at": "2026-11-03T00:00:00Z"}, "received_at"),
    ({"client_id": "x"}, "client_id"),
    ({"client_id": None}, "client_id"),
    ({"send": "yes"}, "send"),
    ({"check_in": {**CHECK_IN, "reported_at": 1}}, "check_in.reported_at"),
    ({"check_in": {**CHECK_IN, "held_on": "3/11/2026"}}, "check_in.held_on"),
    ({"check_in": {**CHECK_IN, "held_on": "2026-02-30"}}, "check_in.held_on"),
    ({"check_in": {**CHECK_IN, "begins_at": "25:00"}}, "check_in.begins_at"),
    ({"check_in": {**CHECK_IN, "begins_at": "19:30:00"}}, "check_in.begins_at"),
    ({"check_in": {**CHECK_IN, "total": "23"}}, "check_in.total"),
    ({"check_in": {**CHECK_IN, "total": True}}, "check_in.total"),
    ({"check_in": {**CHECK_IN, "total": -1}}, "check_in.total"),
    ({"check_in": {**CHECK_IN, "total": 2**70}}, "check_in.total"),
    ({"check_in": {**CHECK_IN, "place": 1}}, "check_in.place"),
    ({"check_in": {**CHECK_IN, "place": "\ud800"}}, "check_in.place"),
    ({"check_in": {**CHECK_IN, "form": "by mail"}}, "check_in.form"),
    ({"check_in": {**CHECK_IN, "groups": {"guests": {}}}}, "check_in.groups.guests"),
    ({"check_in": {**CHECK_IN, "tasks": [{"who": "x"}]}}, "check_in.tasks.0.what"),
    ({"check_in": {**CHECK_IN, "tasks": [7]}}, "check_in.tasks.0"),
    ({"check_in": {**CHECK_IN, "answers": {}}}, "check_in.answers"),
    ({"check_in": []}, "check_in"),
]


def test_what_the_schema_does_not_know_is_refused_by_name(world: World, secretary: Program) -> None:
    for change, field in REFUSED_CHANGES:
        answer = secretary.post(f"{period(world)}/check-in", {**filing(), **change})
        assert answer.status_code == 422, change
        assert [one["field"] for one in answer.get_json()["errors"]] == [field]
    assert count(world, Meeting) == 0


NO_JSON = [
    (b"{", "application/json", 400),
    (b"", "application/json", 400),
    (b"\xff", "application/json", 400),
    (b"[" * 100_000, "application/json", 400),
    (b'{"revision": ' + b"9" * 5_000 + b"}", "application/json", 400),
    (b'{"revision": NaN}', "application/json", 400),
    (b"[]", "application/json", 422),
    (b"null", "application/json", 422),
    (b"a=b", "application/x-www-form-urlencoded", 415),
    (b"{}", "text/plain", 415),
    (b"{}", "", 415),
    (b" " * 3_000_000, "application/json", 413),
]


def test_what_is_no_json_is_refused_with_a_status_of_its_own(world: World, secretary: Program) -> None:
    for body, content_type, status in NO_JSON:
        answer = secretary.ask("POST", f"{period(world)}/check-in", data=body, content_type=content_type)
        assert (answer.status_code, answer.mimetype) == (status, "application/json"), (body[:40], answer.text)
        assert {"error", "message"} <= set(answer.get_json())
    assert count(world, Meeting) == 0


def test_two_at_once_see_both_and_nothing_is_overwritten(
    world: World, secretary: Program, program_of: ProgramOf
) -> None:
    filed = file_whole(world, secretary)
    reporter, revision = program_of("reporter1"), filed["revision"]
    path = f"/meetings/{filed['meeting_id']}"
    draft = {"revision": revision, "send": False, "check_in": {**WHOLE, "place": "Trường học"}}
    assert secretary.put(path, draft).get_json()["outcome"] == "saved"
    answer = reporter.put(path, {"revision": revision, "check_in": {**WHOLE, "place": "Trạm y tế"}})
    assert answer.status_code == 409
    told = answer.get_json()
    assert told["reason"] == "changed_meanwhile"
    assert (told["mine"]["place"], told["theirs"]["place"]) == ("Trạm y tế", "Trường học")
    after = reporter.put(path, {"revision": told["revision"], "check_in": {**WHOLE, "place": "Trạm y tế"}}).get_json()
    assert (after["outcome"], after["version"]) == ("filed", 2)
    versions = secretary.get(f"{path}/versions").get_json()["items"]
    assert [one["check_in"]["place"] for one in versions] == ["Trạm y tế", "Nhà văn hóa thôn Mẫu 1"]
    assert [len(one["photos"]) for one in versions] == [1, 1]
    assert secretary.get(f"{path}/versions/1").get_json() == versions[1]
    assert secretary.get(f"{path}/versions/3").status_code == 404


def test_other_content_under_the_same_name_is_a_conflict(world: World, secretary: Program) -> None:
    filed = file_whole(world, secretary)
    other = {**filed["body"], "check_in": {**WHOLE, "place": "Trường học"}}
    told = secretary.post(f"{period(world)}/check-in", other).get_json()
    assert (told["reason"], told["theirs"]["place"]) == ("changed_after_sending", WHOLE["place"])
    elsewhere = secretary.post(f"{period(world)}/check-in", filing(WHOLE)).get_json()
    assert (elsewhere["reason"], elsewhere["meeting_id"]) == ("reported_already", filed["meeting_id"])


def test_what_comes_for_a_report_that_was_moved_away_meets_nothing_of_the_other_cell(
    world: World, secretary: Program, reviewer: Program
) -> None:
    body = filing(client_id=str(uuid.uuid4()))
    facts = {"client_id": body["client_id"], "obligation": str(world.obligation(world.cells[0]).id)}
    secretary.send(f"/photos/{uuid.uuid4()}", PHOTO, **facts, purpose="overview")
    report = secretary.post(f"{period(world)}/check-in", {**body, "check_in": WHOLE}).get_json()["meeting_id"]
    target = str(world.obligation(world.cells[1]).id)
    assert reviewer.post(f"/meetings/{report}/move", {"obligation_id": target}).status_code == 200
    again = secretary.post(f"{period(world)}/check-in", {**body, "check_in": {**WHOLE, "present": 19}})
    assert (again.status_code, again.get_json()["reason"], again.get_json()["theirs"]) == (409, "moved", None)
    assert again.get_json()["mine"]["present"] == 19
    late = secretary.send(f"/photos/{uuid.uuid4()}", OTHER_PHOTO, **facts, purpose="overview")
    assert late.status_code == 409, "nor is a photo put into it"


def test_names_of_those_absent_are_for_the_cell_and_its_direct_superior(
    world: World, secretary: Program, reviewer: Program, program_of: ProgramOf
) -> None:
    path = f"/meetings/{file_whole(world, secretary)['meeting_id']}"
    for program, names in (
        (secretary, WHOLE["absent_names"]),
        (reviewer, WHOLE["absent_names"]),
        (program_of("leader"), None),
        (program_of("administrator"), None),
    ):
        for address in (path, f"{path}/versions/1"):
            assert program.get(address).get_json()["check_in"]["absent_names"] == names
    conflict = program_of("administrator").post(f"{period(world)}/told", filing({**CHECK_IN, "told_by": "An"}))
    assert (conflict.status_code, conflict.get_json()["theirs"]["absent_names"]) == (409, None)


def test_the_committee_files_what_was_told_on_the_telephone(world: World, reviewer: Program) -> None:
    silent = reviewer.post(f"{period(world)}/told", filing())
    assert [one["field"] for one in silent.get_json()["errors"]] == ["told_by"]
    filed = reviewer.post(f"{period(world)}/told", filing({**CHECK_IN, "told_by": "Nguyễn Văn An"}))
    assert filed.get_json()["outcome"] == "filed"
    with world.app.app_context(), read_transaction() as session:
        told = session.scalars(select(Message.user_id).where(Message.kind == "meetings.filed_for"))
        assert set(told) == {world.users["secretary1"], world.users["reporter1"]}


def test_what_was_told_is_corrected_by_the_committee_until_the_cell_takes_over(
    world: World, reviewer: Program, secretary: Program
) -> None:
    filed = reviewer.post(f"{period(world)}/told", filing({**CHECK_IN, "told_by": "Nguyễn Văn An"})).get_json()
    path = f"/meetings/{filed['meeting_id']}"
    again = {"revision": filed["revision"], "check_in": {**CHECK_IN, "told_by": "Nguyễn Văn An", "place": "Trạm y tế"}}
    corrected = reviewer.put(f"{path}/told", again).get_json()
    assert (corrected["outcome"], corrected["version"]) == ("filed", 2)
    begun = {"revision": corrected["revision"], "send": False, "check_in": {**CHECK_IN, "present": 19}}
    assert secretary.put(path, begun).get_json()["outcome"] == "saved"
    refused = reviewer.put(f"{path}/told", {**again, "revision": corrected["revision"]})
    assert (refused.status_code, refused.get_json()["reason"]) == (409, "taken_over")


def test_what_a_colleague_sent_beside_a_report_is_taken_in(
    world: World, secretary: Program, program_of: ProgramOf
) -> None:
    reporter, client_id = program_of("reporter1"), str(uuid.uuid4())
    reporter.send(
        f"/photos/{uuid.uuid4()}",
        OTHER_PHOTO,
        obligation=world.obligation(world.cells[0]).id,
        client_id=client_id,
        purpose="overview",
    )
    path = f"/meetings/{file_whole(world, secretary)['meeting_id']}"
    assert secretary.post(f"{path}/own-files").get_json()["files"] == 0, "what others sent is theirs"
    taken = reporter.post(f"{path}/own-files").get_json()
    assert taken["files"] == 1
    body = {"revision": taken["revision"], "check_in": WHOLE}
    assert reporter.put(path, body).get_json()["outcome"] == "filed"
    assert len(secretary.get(path).get_json()["photos"]) == 2


def test_an_extra_meeting_satisfies_no_period(world: World, secretary: Program) -> None:
    body = filing(extra_kind="congress")
    sent = secretary.send(
        f"/photos/{uuid.uuid4()}", PHOTO, cell=world.cells[0], client_id=body["client_id"], purpose="overview"
    )
    filed = secretary.post(f"/cells/{world.cells[0]}/extra-meetings", body).get_json()
    assert (filed["outcome"], filed["meeting_id"]) == ("filed", sent.get_json()["meeting_id"])
    told = secretary.get(f"/meetings/{filed['meeting_id']}").get_json()
    assert (told["extra_kind"], told["obligation_id"], told["satisfied"], told["hints"]) == ("congress", None, [], [])
    assert secretary.get(period(world)).get_json()["meeting_id"] is None


def test_voiding_restoring_and_moving(world: World, secretary: Program, reviewer: Program) -> None:
    path = f"/meetings/{file_whole(world, secretary)['meeting_id']}"
    assert [one["field"] for one in reviewer.post(f"{path}/void", {"reason": ""}).get_json()["errors"]] == ["reason"]
    assert reviewer.post(f"{path}/void", {"reason": "Nhầm"}).get_json()["state"] == "void"
    assert reviewer.post(f"{path}/void", {"reason": "Nhầm"}).get_json()["reason"] == "changed_meanwhile"
    assert secretary.get(period(world)).get_json()["state"] == "open"
    own = secretary.post(f"{path}/restore")
    assert [one["field"] for one in own.get_json()["errors"]] == ["meeting_id"], "the committee voided it"
    assert reviewer.post(f"{path}/restore").get_json()["state"] == "submitted"
    october = world.obligation(world.cells[0], "2026-10").id
    refused = secretary.post(f"{path}/move", {"obligation_id": str(october)})
    assert [one["field"] for one in refused.get_json()["errors"]] == ["obligation_id"], "it was not held in October"
    extra = secretary.post(f"{path}/move", {"obligation_id": None, "extra_kind": "congress"}).get_json()
    assert (extra["obligation_id"], extra["extra_kind"]) == (None, "congress")
    november = world.obligation(world.cells[0]).id
    moved = secretary.post(f"{path}/move", {"obligation_id": str(november)}).get_json()
    assert moved["obligation_id"] == str(november)
    assert secretary.get(period(world)).get_json()["state"] == "reported"
    sibling = world.obligation(world.cells[1]).id
    assert secretary.post(f"{path}/move", {"obligation_id": str(sibling)}).status_code == 404
    assert reviewer.post(f"{path}/move", {"obligation_id": str(sibling)}).get_json()["unit_id"] == str(world.cells[1])


def test_answers_and_the_conversation(world: World, secretary: Program, reviewer: Program) -> None:
    path = f"/meetings/{file_whole(world, secretary)['meeting_id']}"
    empty = reviewer.post(f"{path}/reviews", {"verdict": "ask_to_add", "version": 1})
    assert {one["field"] for one in empty.get_json()["errors"]} == {"comment", "answer_by"}
    asked = {"verdict": "ask_to_add", "version": 1, "comment": "Thêm ảnh", "answer_by": "2026-11-06"}
    assert reviewer.post(f"{path}/reviews", asked).get_json()["state"] == "returned"
    assert reviewer.post(f"{path}/reviews", asked).status_code == 200, "the same again"
    late = reviewer.post(f"{path}/reviews", {"verdict": "note", "version": 1})
    assert late.get_json()["reason"] == "answered"
    [review] = secretary.get(path).get_json()["reviews"]
    assert (review["comment"], review["answer_by"], review["reviewer"]) == ("Thêm ảnh", "2026-11-06", "Phạm Thị Dõi")
    assert reviewer.post(f"/reviews/{review['id']}/undo").get_json()["state"] == "submitted"
    assert reviewer.post(f"{path}/reviews", asked).get_json()["state"] == "returned"
    world.clock.advance(minutes=2)
    [again] = secretary.get(path).get_json()["reviews"]
    assert reviewer.post(f"/reviews/{again['id']}/undo").get_json()["reason"] == "too_late"
    assert secretary.post(f"{path}/remarks", {"text": "Chi bộ gửi ngay."}).status_code == 204
    [remark] = reviewer.get(f"{path}/remarks").get_json()["items"]
    assert (remark["text"], remark["by_cell"], remark["author"]) == ("Chi bộ gửi ngay.", True, "Nguyễn Văn An")
    revision = secretary.get(path).get_json()["revision"]
    corrected = secretary.put(path, {"revision": revision, "check_in": {**WHOLE, "place": "Trường học"}}).get_json()
    assert (corrected["state"], corrected["version"]) == ("submitted", 2)
    kinds = {one["kind"] for one in reviewer.get("/messages").get_json()["items"]}
    assert kinds == {"meetings.corrected", "meetings.remark"}
    stale = reviewer.post(f"{path}/reviews", {"verdict": "note", "version": 1})
    assert stale.get_json()["reason"] == "corrected"


def test_a_cell_that_did_not_meet(world: World, secretary: Program, reviewer: Program) -> None:
    assert secretary.post(f"{period(world)}/exceptions", {"reason": "x", "moved_to": "2036-01-01"}).status_code == 422
    asked = secretary.post(f"{period(world)}/exceptions", {"reason": "Mưa lũ", "moved_to": "2026-12-12"})
    assert (asked.status_code, asked.get_json()["state"]) == (201, "asked")
    listed = reviewer.get(f"/units/{world.committee}/exceptions").get_json()
    assert [one["id"] for one in listed["items"]] == [asked.get_json()["id"]]
    path = f"/exceptions/{asked.get_json()['id']}/decision"
    assert [one["field"] for one in reviewer.post(path, {"decision": "refuse"}).get_json()["errors"]] == ["note"]
    assert reviewer.post(path, {"decision": "approve"}).get_json()["state"] == "approved"
    assert secretary.get(period(world)).get_json()["moved_on"] == "2026-12-12"


def test_a_cell_takes_back_what_it_asked_and_an_authority_what_it_decided(
    world: World, secretary: Program, reviewer: Program
) -> None:
    asking = {"reason": "Mưa lũ", "moved_to": "2026-12-12"}
    assert secretary.post(f"{period(world)}/exceptions/withdrawal").status_code == 422, "nothing was asked"
    secretary.post(f"{period(world)}/exceptions", asking)
    assert secretary.post(f"{period(world)}/exceptions/withdrawal").get_json()["state"] == "withdrawn"
    asked = secretary.post(f"{period(world)}/exceptions", asking).get_json()["id"]
    assert reviewer.post(f"/exceptions/{asked}/withdrawal").status_code == 422, "it is not in force"
    reviewer.post(f"/exceptions/{asked}/decision", {"decision": "approve"})
    assert reviewer.post(f"/exceptions/{asked}/withdrawal").get_json()["state"] == "withdrawn"
    assert secretary.get(period(world)).get_json()["moved_on"] is None


def test_an_authority_sets_an_exception_for_its_area(world: World, secretary: Program, reviewer: Program) -> None:
    path, whole = f"/units/{world.committee}/exceptions", {"reason": "Bão", "document": "15-CV/ĐU"}
    for wrong, field in (
        ({"period": "2026-13"}, "period"),
        ({"period": "2062-11"}, "period"),
        ({"period": "2026-11", "series": "none"}, "series"),
        ({"period": "2026-Q4", "series": "regular"}, "period"),
        ({"period": "2026-11", "moved_to": "2029-01-01"}, "moved_to"),
        ({"period": "2026-11", "reason": " "}, "reason"),
        ({"period": "2026-11", "document": " "}, "document"),
    ):
        errors = reviewer.post(path, {**whole, **wrong}).get_json()["errors"]
        assert [one["field"] for one in errors] == [field], wrong
    answer = reviewer.post(path, {**whole, "period": "2026-11"})
    assert answer.status_code == 201
    told = {name: answer.get_json()[name] for name in ("unit_id", "state", "series", "document", "moved_to")}
    assert told == {
        "unit_id": str(world.committee),
        "state": "approved",
        "series": None,
        "document": "15-CV/ĐU",
        "moved_to": None,
    }
    assert reviewer.post(path, {**whole, "period": "2026-11"}).get_json()["id"] == answer.get_json()["id"], "once"
    assert secretary.get(period(world)).get_json()["state"] == "excused"
    reviewer.post(f"/exceptions/{answer.get_json()['id']}/withdrawal")
    assert secretary.get(period(world)).get_json()["state"] == "open"


def test_moving_one_photo_to_another_report(world: World, secretary: Program, reviewer: Program) -> None:
    source = f"/meetings/{file_whole(world, secretary)['meeting_id']}"
    extra = filing(extra_kind="congress", check_in={**CHECK_IN, "begins_at": "07:30", "ends_at": "09:00"})
    secretary.send(
        f"/photos/{uuid.uuid4()}", OTHER_PHOTO, cell=world.cells[0], client_id=extra["client_id"], purpose="overview"
    )
    target = secretary.post(f"/cells/{world.cells[0]}/extra-meetings", extra).get_json()["meeting_id"]
    photo = secretary.get(source).get_json()["photos"][0]["id"]
    itself = reviewer.post(f"{source}/photos/{photo}/move", {"meeting_id": source.rpartition("/")[2]})
    assert [one["field"] for one in itself.get_json()["errors"]] == ["meeting_id"]
    assert reviewer.post(f"{source}/photos/{photo}/move", {"meeting_id": str(uuid.uuid4())}).status_code == 404
    assert reviewer.post(f"{source}/photos/{photo}/move", {"meeting_id": target}).get_json()["id"] == target
    assert photo not in [one["id"] for one in secretary.get(source).get_json()["photos"]]
    assert photo in [one["id"] for one in secretary.get(f"/meetings/{target}").get_json()["photos"]]
    assert reviewer.post(f"{source}/photos/{photo}/move", {"meeting_id": target}).status_code == 404, "it is not there"


def test_planning_another_day(world: World, secretary: Program) -> None:
    path = f"{period(world, '2026-12')}/plan"
    assert secretary.put(path, {"planned_on": "2026-12-20"}).get_json()["due_at"] == "2026-12-22T17:00:00Z"
    refused = secretary.put(path, {"planned_on": "2027-01-20"})
    assert [one["field"] for one in refused.get_json()["errors"]] == ["planned_on"]
    assert secretary.ask("DELETE", path).get_json()["planned_on"] is None


def test_a_draft_of_a_program_can_be_gone_on_with_in_the_form(world: World, secretary: Program) -> None:
    where = world.obligation(world.cells[0]).id
    body = filing(WHOLE, send=False)
    secretary.send(
        f"/photos/{uuid.uuid4()}", OTHER_PHOTO, obligation=where, client_id=body["client_id"], purpose="overview"
    )
    assert secretary.post(f"{period(world)}/check-in", body).get_json()["state"] == MeetingState.DRAFT
    page = world.sign_in("secretary1").get(f"/obligations/{where}/check-in")
    for text in (body["client_id"], WHOLE["place"], WHOLE["minutes_text"], "03/11/2026"):
        assert text in page.text
