"""Photos that arrive in parts: where each belongs, and what becomes of it when it is whole.

A phone announces a photo for a period's report (`obligation`), a correction (`meeting`) or an extra meeting (`cell`),
under the report's own UUID on that phone (`client`), and says what it shows (`purpose`). A shrunk photo has lost what
the camera said, so the phone reads that before and says it beside it (`claimed`, an instant).
"""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

from flask import abort, current_app
from sqlalchemy.orm import Session

from meetingcheck.accounts.sessions import signed_in
from meetingcheck.duties.queries import find_obligation
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.instants import LOCAL_ZONE, local_day
from meetingcheck.lib.services import services
from meetingcheck.lib.storage import StorageUnavailable
from meetingcheck.lib.text import N_
from meetingcheck.meetings.forms import parse_uuid
from meetingcheck.meetings.late_work.actions import Brought, Sender, TooMuch, WasDiscarded, ensure_room, hold
from meetingcheck.meetings.late_work.asking import asked_late, sender_of
from meetingcheck.meetings.late_work.queries import What
from meetingcheck.meetings.models import ExtraKind, MeetingState
from meetingcheck.meetings.queries import find_meeting
from meetingcheck.meetings.rules import meeting_id_of
from meetingcheck.meetings.sent_files.actions import Closed, Where
from meetingcheck.meetings.sent_files.actions import take_photo as keep_photo
from meetingcheck.meetings.sent_files.rules import sent_file_id
from meetingcheck.orgs.access import Right, person_has_right
from meetingcheck.orgs.queries import find_unit
from meetingcheck.photos.decoder import DecoderUnavailable
from meetingcheck.photos.extension import decoder_of
from meetingcheck.photos.ingest import StoredPhoto, store_original
from meetingcheck.photos.models import Purpose
from meetingcheck.photos.outcomes import PhotoRefused
from meetingcheck.photos.rules import PROBLEMS
from meetingcheck.uploads.rules import Admission, FileRefused, TakerBusy, WholeFile

PHOTO = "photo"  # what an announcement is `for`
OTHER_CONTENT = N_("Mã này đã dùng cho một tệp khác.")
TOO_MANY_LATE = N_(
    "Đồng chí đang có quá nhiều báo cáo, ảnh chờ xác nhận ở đây. Ảnh vẫn còn trong máy; đồng chí hãy báo bí thư mới."
)
DISCARDED = N_("Báo cáo này đã có người quyết định không nhận. Ảnh vẫn còn trong máy của đồng chí.")
CLOSED = N_("Báo cáo này không nhận thêm ảnh được nữa. Ảnh vẫn còn trong máy của đồng chí.")


def admit_photo(facts: Mapping[str, str]) -> Admission:
    """Where an announced photo belongs; the right to report there is asked for. 400 when nothing of it is named."""
    if facts.get("purpose") not in set(Purpose):
        abort(400)
    with read_transaction() as session:
        unit_id, about = _place(session, facts)
        if _asked_late(session, unit_id, about, facts):
            try:
                ensure_room(session, _what(unit_id, facts), signed_in().user_id)
            except TooMuch:
                abort(429)
    return Admission(unit_id, about)


def ask_for_photo(session: Session, unit_id: uuid.UUID, about: uuid.UUID | None, facts: Mapping[str, str]) -> None:
    """Go on with the right to report there, or where it has ended and what comes is kept for others to decide on."""
    _asked_late(session, unit_id, about, facts)


def _asked_late(session: Session, unit_id: uuid.UUID, about: uuid.UUID | None, facts: Mapping[str, str]) -> bool:
    return asked_late(session, signed_in(), _what(unit_id, facts), local_day(services().now()), about) is not None


def _place(session: Session, facts: Mapping[str, str]) -> tuple[uuid.UUID, uuid.UUID | None]:
    if (meeting_id := parse_uuid(facts.get("meeting", ""))) is not None:
        meeting = find_meeting(session, meeting_id)
        if meeting is None or meeting.state == MeetingState.DRAFT:
            abort(404)
        return meeting.unit_id, None
    if parse_uuid(facts.get("client", "")) is None:
        abort(400)
    if (obligation_id := parse_uuid(facts.get("obligation", ""))) is not None:
        obligation = find_obligation(session, obligation_id)
        if obligation is None:
            abort(404)
        return obligation.unit_id, obligation.id
    cell_id = parse_uuid(facts.get("cell", ""))
    if cell_id is None:
        abort(400)
    if find_unit(session, cell_id) is None:
        abort(404)
    return cell_id, None


def take_photo(whole: WholeFile, now: datetime) -> dict[str, str]:
    """Store a whole photo and let it belong to its report, which is begun if need be. Raises FileRefused for what is
    no photo, or comes too late for its report; TakerBusy while the store or the decoder is away."""
    facts, purpose, what = whole.facts, Purpose(whole.facts["purpose"]), _what(whole.unit_id, whole.facts)
    with read_transaction() as session:
        sender = _late_sender(session, whole, what, now)
    report_id = what.late_id(whole.actor_id) if sender else _where(whole).meeting_id
    try:
        stored = store_original(services().storage, decoder_of(current_app), report_id, purpose, whole.data)
    except PhotoRefused as refused:
        raise FileRefused(refused.error.value, PROBLEMS[refused.error]) from refused
    except (StorageUnavailable, DecoderUnavailable) as outage:
        raise TakerBusy from outage
    if sender is not None:
        _hold_photo(whole, what, stored, now)
        return {"photo": str(stored.photo_id)}
    own_id = parse_uuid(facts.get("id", "")) or stored.photo_id
    sent_id = sent_file_id(whole.unit_id, whole.actor_id, own_id)
    try:
        with write_transaction() as session:
            if _late_sender(session, whole, what, now) is not None:
                raise TakerBusy  # the role ended at this moment
            taken = keep_photo(session, sent_id, _where(whole), stored, _claimed(facts), whole.actor_id, now)
    except Closed as closed:
        raise FileRefused("report_closed", CLOSED) from closed
    if taken.photo_id != stored.photo_id:
        raise FileRefused("other_content", OTHER_CONTENT)
    return {"photo": str(stored.photo_id)}


def _late_sender(session: Session, whole: WholeFile, what: What, now: datetime) -> Sender | None:
    """Whoever sent a file whose right to report has ended; None while it lasts. Raises FileRefused for what is not
    kept."""
    today = local_day(now)
    if person_has_right(session, whole.actor_id, Right.REPORT, whole.unit_id, today):
        return None
    sender = sender_of(session, whole.actor_id, what, today)
    if sender is None:
        raise FileRefused("report_closed", CLOSED)
    return sender


def _hold_photo(whole: WholeFile, what: What, stored: StoredPhoto, now: datetime) -> None:
    """Keep a photo that came after its sender's role had ended."""
    brought = Brought(photos=[stored], claimed_at=_claimed(whole.facts))
    try:
        with write_transaction() as session:
            sender = _late_sender(session, whole, what, now)
            if sender is None:
                raise TakerBusy  # the role was given again at this moment
            left_out = hold(session, what, sender, brought, now)
    except WasDiscarded as discarded:
        raise FileRefused("late_work_discarded", DISCARDED) from discarded
    except TooMuch as too_much:
        raise FileRefused("too_many_late", TOO_MANY_LATE) from too_much
    if left_out:
        raise FileRefused("too_many_late", TOO_MANY_LATE)


def _what(unit_id: uuid.UUID, facts: Mapping[str, str]) -> What:
    """The report that was announced with a photo."""
    if (meeting_id := parse_uuid(facts.get("meeting", ""))) is not None:
        return What(unit_id, meeting_id, meeting_id=meeting_id)
    client_id, obligation_id = parse_uuid(facts.get("client", "")), parse_uuid(facts.get("obligation", ""))
    assert client_id is not None
    return What(unit_id, client_id, obligation_id, None if obligation_id else ExtraKind.UNSCHEDULED)


def _where(whole: WholeFile) -> Where:
    facts = whole.facts
    if meeting_id := parse_uuid(facts.get("meeting", "")):
        return Where(whole.unit_id, meeting_id)
    client_id = parse_uuid(facts["client"])
    assert client_id is not None
    meeting_id = meeting_id_of(whole.unit_id, whole.actor_id, client_id)
    return Where(whole.unit_id, meeting_id, client_id, parse_uuid(facts.get("obligation", "")))


def _claimed(facts: Mapping[str, str]) -> datetime | None:
    """When the phone says that the photo was taken; None when it does not say, or says it unclearly."""
    try:
        claimed = datetime.fromisoformat(facts.get("claimed", ""))
        return (claimed if claimed.tzinfo else claimed.replace(tzinfo=LOCAL_ZONE)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
