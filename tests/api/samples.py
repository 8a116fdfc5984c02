"""A whole check-in as a program writes it."""

import uuid
from typing import Any

from tests.photos.samples import jpeg, scene

PHOTO = jpeg(scene(640, 480))
OTHER_PHOTO = jpeg(scene(640, 400))
CHECK_IN: dict[str, Any] = {
    "held_on": "2026-11-03",
    "begins_at": "19:30",
    "ends_at": "21:15",
    "total": 23,
    "present": 20,
    "absent_without_reason": 1,
    "minutes_text": "Chi bộ thống nhất kết luận.",
    "resolution_made": True,
}
WHOLE: dict[str, Any] = {
    **CHECK_IN,
    "told_by": "",
    "place": "Nhà văn hóa thôn Mẫu 1",
    "form": "mixed",
    "absent_with_reason": 1,
    "exempt": 2,
    "exempt_present": 1,
    "away": 0,
    "suspended": 0,
    "groups": {
        "official": {"present": 18, "absent_with_reason": 1, "absent_without_reason": 0},
        "temporary": {"present": 2, "absent_with_reason": None, "absent_without_reason": 1},
    },
    "reasons": {"ill": 1},
    "absent_names": "Đỗ Văn Mẫu",
    "chair": "Nguyễn Văn An",
    "minute_taker": "Lê Đức Công",
    "combined": False,
    "topic": "",
    "guests": "Đồng chí khách",
    "superior": "Phạm Thị Dõi",
    "resolution_text": "Tiếp tục vận động.",
    "tasks": [{"what": "Sửa nhà văn hóa", "who": "Ban công tác", "until_on": "2026-12-01"}],
    "answers": [],
}


def filing(check_in: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"client_id": str(uuid.uuid4()), "check_in": CHECK_IN if check_in is None else check_in, **more}
