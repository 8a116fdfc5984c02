"""What happens in the demo: invented units and people, and a story for each cell and month. Pure, from one seed."""

import random
import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from meetingcheck.duties.rules import Month
from meetingcheck.lib.instants import LOCAL_ZONE
from meetingcheck.photos.models import Purpose

SEED = 20261103
MONTHS = 18
COMMITTEES = ("Đảng bộ xã Mẫu An", "Đảng bộ xã Mẫu Bình", "Đảng bộ phường Mẫu Cường", "Đảng bộ Cơ quan Mẫu")
ROOT = "Đảng bộ Mẫu"
CELLS_PER_COMMITTEE = 10
CELL_NAMES = (
    tuple(f"Chi bộ Thôn Mẫu {number}" for number in range(1, 11)),
    tuple(f"Chi bộ Bản Mẫu {number}" for number in range(1, 11)),
    tuple(f"Chi bộ Tổ Mẫu {number}" for number in range(1, 11)),
    (
        "Chi bộ Trường Mẫu A",
        "Chi bộ Trường Mẫu B",
        "Chi bộ Trạm Y tế Mẫu",
        "Chi bộ Cơ quan Mẫu A",
        "Chi bộ Cơ quan Mẫu B",
        "Chi bộ Hợp tác xã Mẫu",
        "Chi bộ Công an Mẫu",
        "Chi bộ Quân sự Mẫu",
        "Chi bộ Bưu điện Mẫu",
        "Chi bộ Chợ Mẫu",
    ),
)
FAMILY = ("Nguyễn", "Trần", "Lê", "Hoàng", "Vàng", "Giàng", "Ma", "Nông", "Đặng", "Triệu")
MIDDLE = ("Văn", "Thị", "Đức", "Minh", "Xuân", "Thanh", "Quang", "Thu")
GIVEN = (
    "An",
    "Bình",
    "Chiến",
    "Dung",
    "Đào",
    "Giang",
    "Hà",
    "Hùng",
    "Lan",
    "Mai",
    "Nam",
    "Oanh",
    "Páo",
    "Sơn",
    "Thắng",
    "Yến",
)
RECENT_MONTHS = 2
SOME_PAGES_MONTHS = 6
MINUTES = (
    "Chi bộ nghe thông báo thời sự, văn bản mới; đánh giá việc thực hiện nghị quyết tháng trước.\n"
    "Đồng chí chủ trì nêu dự thảo nhiệm vụ tháng tới; các đồng chí phát biểu, thảo luận.\n"
    "Chi bộ thống nhất: tuyên truyền thu hoạch vụ mùa, vệ sinh đường thôn, thăm hỏi gia đình chính sách.",
    "Nội dung: 1) Đánh giá công tác tháng qua. 2) Phương hướng tháng tới. 3) Phân công nhiệm vụ.\n"
    "Có sáu đồng chí phát biểu. Chi bộ biểu quyết thông qua kết luận, tỷ lệ 100%.",
)
PLACES = ("Nhà văn hóa thôn", "Trụ sở tổ dân phố", "Phòng họp cơ quan", "Nhà đồng chí bí thư")
TASKS = (
    ("Vận động nhân dân hiến đất mở đường liên thôn", "đ/c phó bí thư"),
    ("Rà soát, đôn đốc thu đảng phí quý này", "đ/c chi ủy viên phụ trách"),
    ("Thăm hỏi gia đình chính sách dịp cuối năm", "đ/c trưởng ban công tác Mặt trận"),
    ("Hướng dẫn quần chúng ưu tú viết hồ sơ", "đ/c bí thư"),
)
COMMENTS_NOTED = ("Ảnh rõ, tốt.", "Đã xem, biên bản đầy đủ.", "Chi bộ giữ nền nếp tốt.", None, None)
COMMENTS_RETURNED = ("Đề nghị chụp thêm trang biên bản còn thiếu.", "Ảnh toàn cảnh hơi tối, đồng chí gửi thêm một ảnh.")


class Story(StrEnum):
    IN_TIME = "in_time"
    LATE = "late"
    AFTER_THE_MISS = "after_the_miss"
    MISSED = "missed"
    EXCUSED = "excused"
    RETURNED = "returned"


# Of a hundred months of a cell; small villages fail more often than offices.
WEIGHTS = {
    Story.IN_TIME: 82,
    Story.LATE: 6,
    Story.AFTER_THE_MISS: 1,
    Story.MISSED: 4,
    Story.EXCUSED: 3,
    Story.RETURNED: 4,
}


@dataclass(frozen=True)
class DemoCell:
    number: int
    name: str
    committee: int
    usual_day: int
    members: int
    secretary: str
    careful: bool


@dataclass(frozen=True)
class DemoPhoto:
    """One photo to draw. `taken_at` is local wall-clock time; None stands for a photo that went through a chat app."""

    purpose: Purpose
    seed: int
    hall: int
    taken_at: datetime | None
    size: tuple[int, int]
    heic: bool


@dataclass(frozen=True)
class DemoMeeting:
    """One month of one cell. `begins_at` and `reported_at` are aware instants; None when nothing was reported."""

    cell: DemoCell
    month: Month
    story: Story
    client_id: uuid.UUID
    begins_at: datetime
    minutes: int
    present: int
    absent_without_reason: int
    minutes_text: str
    resolution_made: bool
    reported_at: datetime | None
    photos: tuple[DemoPhoto, ...]
    comment: str | None
    more: dict[str, str]  # further fields of the form, as typed


def plan_cells() -> list[DemoCell]:
    chance = random.Random(SEED)  # noqa: S311 - a story, not a secret
    cells: list[DemoCell] = []
    for committee, names in enumerate(CELL_NAMES):
        for name in names:
            cells.append(
                DemoCell(
                    number=len(cells),
                    name=name,
                    committee=committee,
                    usual_day=chance.choice((3, 3, 3, 4, 5, 5)) if len(cells) % 13 else 27,
                    members=chance.randint(7, 34),
                    secretary=invented_name(chance),
                    careful=chance.random() < 0.6,
                )
            )
    return cells


def invented_name(chance: random.Random) -> str:
    return f"{chance.choice(FAMILY)} {chance.choice(MIDDLE)} {chance.choice(GIVEN)}"


def plan_meetings(cells: list[DemoCell], today: date, now: datetime) -> list[DemoMeeting]:
    """The months up to today's, oldest first. What would lie in the future has not happened yet."""
    chance = random.Random(SEED + 1)  # noqa: S311
    this_month = Month.of(today)
    meetings = []
    for back in range(MONTHS - 1, -1, -1):
        for cell in cells:
            meetings.append(_plan_meeting(chance, cell, this_month.plus(-back), back, now))
    return meetings


def _plan_meeting(chance: random.Random, cell: DemoCell, month: Month, back: int, now: datetime) -> DemoMeeting:
    story = chance.choices(list(WEIGHTS), [_weight(story, cell) for story in WEIGHTS])[0]
    held_on = month.day(cell.usual_day)
    begins_at = datetime.combine(
        held_on, chance.choice((time(19, 30), time(19, 0), time(14, 0), time(7, 30))), LOCAL_ZONE
    )
    minutes = chance.choice((95, 100, 105, 110, 120, 135, 75))
    delay = {
        Story.LATE: timedelta(days=4, hours=chance.randint(1, 90)),
        Story.AFTER_THE_MISS: timedelta(days=36),
    }.get(story, timedelta(minutes=minutes + chance.randint(10, 2000)))
    reported_at = begins_at + delay
    happened = story not in {Story.MISSED, Story.EXCUSED} and reported_at < now
    absent = chance.randint(0, max(1, cell.members // 8))
    absent_without_reason = 1 if absent and chance.random() < 0.12 else 0
    # Older months have one photo and typed minutes: the demo must be up within two minutes.
    pages = chance.choice((1, 2)) if back < RECENT_MONTHS else int(back < SOME_PAGES_MONTHS and chance.random() < 0.6)
    overviews = 2 if back < RECENT_MONTHS and chance.random() < 0.5 else 1
    return DemoMeeting(
        cell=cell,
        month=month,
        story=story,
        client_id=uuid.UUID(int=chance.getrandbits(128), version=4),
        begins_at=begins_at,
        minutes=minutes,
        present=cell.members - absent,
        absent_without_reason=absent_without_reason,
        minutes_text="" if pages else chance.choice(MINUTES),
        resolution_made=chance.random() < 0.8,
        reported_at=reported_at if happened else None,
        photos=_plan_photos(chance, cell, begins_at, overviews, pages, back) if happened else (),
        comment=_comment(chance, story, back),
        more=_plan_more(chance, cell, held_on) if back < RECENT_MONTHS else {},
    )


def _plan_more(chance: random.Random, cell: DemoCell, held_on: date) -> dict[str, str]:
    """What careful secretaries write besides what is asked."""
    if not cell.careful:
        return {}
    what, who = chance.choice(TASKS)
    return {
        "place": PLACES[cell.number % len(PLACES)],
        "form": "in_room",
        "chair": cell.secretary,
        "minute_taker": invented_name(chance),
        "task_1_what": what,
        "task_1_who": who,
        "task_1_until": (held_on + timedelta(days=25)).strftime("%d/%m/%Y"),
    }


def _weight(story: Story, cell: DemoCell) -> float:
    return WEIGHTS[story] * (1 if story == Story.IN_TIME else (0.4 if cell.careful else 1.8))


def _comment(chance: random.Random, story: Story, back: int) -> str | None:
    if story == Story.RETURNED:
        return chance.choice(COMMENTS_RETURNED)
    return chance.choice(COMMENTS_NOTED) if back else None


def _plan_photos(
    chance: random.Random, cell: DemoCell, begins_at: datetime, overviews: int, pages: int, back: int
) -> tuple[DemoPhoto, ...]:
    photos = []
    for number in range(overviews + pages):
        purpose = Purpose.OVERVIEW if number < overviews else Purpose.MINUTES_PAGE
        taken = begins_at.replace(tzinfo=None) + timedelta(minutes=chance.randint(5, 80))
        large = back == 0 and cell.number in {1, 12, 23} and number == 0
        photos.append(
            DemoPhoto(
                purpose=purpose,
                seed=chance.getrandbits(40),
                hall=cell.number,
                taken_at=taken if chance.random() < 0.7 else None,
                size=(4000, 3000) if large else ((1280, 960) if purpose == Purpose.OVERVIEW else (960, 1280)),
                heic=back <= 1 and cell.number in {5, 12, 30} and number == 0,
            )
        )
    return tuple(photos)
