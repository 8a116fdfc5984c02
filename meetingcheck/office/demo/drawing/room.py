"""A meeting: the hall, those who preside, those present, and the phone held up at the back."""

import math
import random
from collections.abc import Sequence
from datetime import datetime

from meetingcheck.office.demo.drawing.basics import LIGHT_SCALE, Point, Size, darken, dice_for, shaded
from meetingcheck.office.demo.drawing.furniture import chair, draw_clothed_table, draw_desks, draw_flowers, draw_plant
from meetingcheck.office.demo.drawing.hall import Hall, hall_numbered
from meetingcheck.office.demo.drawing.light import draw_lamps, light_map, room_cast
from meetingcheck.office.demo.drawing.people import CAST, person
from meetingcheck.office.demo.drawing.phone import develop
from meetingcheck.office.demo.drawing.scene import Camera, Canvas
from meetingcheck.office.demo.drawing.walls import draw_fans, draw_walls

FINER = 2
"""The empty hall is drawn with sides so many times longer, then reduced."""


def draw_meeting_room(
    seed: int, size: Size = (1280, 960), taken_at: datetime | None = None, hall: int | None = None
) -> bytes:
    """A JPEG of a meeting seen from the back of the hall.

    `size` is the upright size in pixels; where EXIF turns the photo, the stored pixels lie on their side. `hall` picks
    the building, so that one cell's meetings look alike from month to month; without it each seed has its own. Daylight
    or night follows `taken_at`'s hour when it is given.
    """
    dice = dice_for("room", seed)
    look = hall_numbered(seed if hall is None else hall)
    is_day = 6 <= taken_at.hour < 18 if taken_at else dice.random() < 0.35
    camera = _camera(dice, look, size)
    scene = _draw_empty_hall(dice, look, camera, is_day)
    _draw_front(dice, look, scene)
    _draw_rows(dice, look, scene)
    return develop(dice, scene.image, taken_at, cast=room_cast(dice, is_day), is_sharp_drawing=True)


def _camera(dice: random.Random, look: Hall, size: Size) -> Camera:
    """A phone held up at the back, by someone who sits, stands, or stands in a corner."""
    width, height = size
    aside = dice.uniform(-0.34, 0.34) * look.width
    distance = look.depth - 1
    return Camera(
        stands=(aside, dice.uniform(1.55, 2.15), dice.uniform(0.2, 1.5)),
        yaw=math.atan2(-aside * dice.uniform(0.4, 1.0), distance) + dice.uniform(-0.13, 0.13),
        roll=dice.gauss(0, 0.016),
        focal=dice.uniform(0.66, 0.95) * max(size) * (0.85 if height > width else 1),
        centre=(width / 2, height * dice.uniform(0.36, 0.5)),
        size=size,
    )


def _draw_empty_hall(dice: random.Random, look: Hall, camera: Camera, is_day: bool) -> Canvas:
    """Walls, floor, ceiling and what hangs on them, under the hall's light."""
    scene = Canvas.blank(camera.smaller(1 / FINER), shaded(look.wall, 0.8))
    draw_walls(dice, scene, look, is_day)
    # Drawn finer and reduced, because the banner's letters and the long edges are what an eye sees jagged first.
    scene = Canvas.on(scene.image.reduce(FINER), camera)
    darken(scene.image, light_map(dice, look, camera.smaller(LIGHT_SCALE), is_day))
    draw_lamps(scene, look, is_on=not is_day or dice.random() < 0.5)
    draw_fans(dice, scene, look)
    return scene


def _draw_front(dice: random.Random, look: Hall, scene: Canvas) -> None:
    """The table of those who preside, with cloth, flowers and bottles; perhaps someone who turns to the board."""
    near, far, half = look.depth - 1.75, look.depth - 1.15, min(1.5, look.width * 0.24)
    middle = look.banner_aside
    for seat in (-0.6, 0.0, 0.6):
        scene.stand(chair(look.wood, True), (middle + seat * half, 0.35, far + 0.35), 0.46, light=0.75)
    if dice.random() < 0.4:
        aside = middle + dice.uniform(-0.8, 0.8) * half
        scene.stand(person(dice.randrange(CAST)), (aside, 0.72, far + 0.4), 0.64, dice.random() < 0.5, 0.95)
    draw_clothed_table(scene, look, middle - half, middle + half, near, far)
    draw_flowers(dice, scene, (middle + dice.uniform(-0.15, 0.15), 0.76, near + 0.2))
    for _ in range(dice.randint(1, 4)):
        spot = (middle + dice.uniform(-0.9, 0.9) * half, 0.84, near + 0.3)
        scene.blob((206, 222, 234), spot, 0.07, 0.2)
        scene.blob((70, 120, 190), (spot[0], 0.95, spot[2]), 0.04, 0.04)
    for side, is_there in zip((-1, 1), look.plants, strict=True):
        if is_there:
            draw_plant(dice, scene, (side * (look.width / 2 - 0.45), 0.0, look.depth - 0.6))


def _draw_rows(dice: random.Random, look: Hall, scene: Canvas) -> None:
    """The rows of those present, from the front row to the one before the camera."""
    pace = dice.uniform(1.15, 1.4) if look.has_desks else dice.uniform(0.95, 1.15)
    fullness = dice.uniform(0.5, 0.95)
    first, last = look.depth - dice.uniform(2.9, 3.3), scene.camera.stands[2] + dice.uniform(1.25, 1.8)
    rows = max(2, int((first - last) / pace) + 1)
    spacing = dice.uniform(0.66, 0.84)
    seats = max(3, int((look.width - 1.2 - look.aisle) / spacing))
    for row in range(rows):
        z = first - row * pace
        light = 1.04 - 0.2 * row / max(rows - 1, 1)
        if look.has_desks:
            draw_desks(dice, scene, look, z + 0.42, light)
        spots = [(x + dice.gauss(0, 0.05), z) for x in _seats(look, seats, spacing)]
        _draw_row(dice, scene, look, spots, fullness if row else min(fullness, 0.8), light)


def _seats(look: Hall, count: int, spacing: float) -> list[float]:
    """The x of each seat in a row, with the aisle in the middle."""
    places = [(number - (count - 1) / 2) * spacing for number in range(count)]
    return [x + (math.copysign(look.aisle / 2, x) if x else 0) for x in places]


def _draw_row(
    dice: random.Random, scene: Canvas, look: Hall, spots: Sequence[Point], fullness: float, light: float
) -> None:
    seat_back = chair(look.wood if look.has_wooden_chairs else look.plastic, look.has_wooden_chairs)
    for x, z in spots:
        if dice.random() < fullness:
            tone = light * dice.uniform(0.9, 1.06) * (1 - 0.1 * abs(x) / look.width)
            seat = (x + dice.gauss(0, 0.03), 0.4 + dice.gauss(0, 0.03), z)
            scene.stand(person(dice.randrange(CAST)), seat, dice.uniform(0.6, 0.66), dice.random() < 0.5, tone)
        scene.stand(seat_back, (x, 0.32, z - 0.2), 0.46, light=light * 0.85)
