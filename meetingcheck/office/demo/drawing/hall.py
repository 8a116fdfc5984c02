"""The buildings: what stays from one meeting of a cell to the next."""

from dataclasses import dataclass

from meetingcheck.office.demo.drawing.basics import WOODS, Colour, dice_for, jittered, shaded

WALLS: tuple[Colour, ...] = (
    (238, 226, 190), (214, 232, 224), (226, 222, 236), (236, 236, 228), (206, 224, 236), (244, 216, 160),
    (222, 232, 206), (240, 226, 214),
)  # fmt: skip
WAINSCOTS: tuple[Colour, ...] = (
    (150, 176, 160), (176, 140, 108), (140, 160, 184), (196, 178, 146), (120, 150, 140), (168, 158, 150),
)  # fmt: skip
FLOORS: tuple[Colour, ...] = ((200, 186, 164), (186, 178, 170), (176, 134, 108), (206, 204, 198), (168, 160, 140))
CEILINGS: tuple[Colour, ...] = ((240, 240, 236), (228, 222, 206), (206, 186, 156), (232, 238, 240))
FRAMES: tuple[Colour, ...] = ((92, 128, 112), (122, 82, 54), (84, 112, 142), (214, 214, 208), (98, 66, 48))
DRAPES: tuple[Colour, ...] = ((124, 26, 32), (34, 74, 108), (30, 92, 74), (150, 112, 62), (88, 36, 62))
CLOTHS: tuple[Colour, ...] = ((176, 30, 38), (36, 92, 150), (236, 234, 226), (40, 118, 88), (216, 178, 84))


PLASTICS: tuple[Colour, ...] = ((180, 40, 44), (38, 86, 158), (44, 122, 92), (206, 202, 194), (206, 96, 44))


@dataclass(frozen=True)
class Hall:
    """A building as it stays from one meeting to the next; lengths in metres."""

    width: float
    height: float
    depth: float
    wall: Colour
    wainscot: Colour | None
    wainscot_height: float
    floor: Colour
    tile: float
    ceiling: Colour
    frame: Colour
    windows: tuple[int, int]
    drape: Colour | None
    cloth: Colour
    cloth_top: Colour
    wood: Colour
    has_desks: bool
    has_wooden_chairs: bool
    plastic: Colour
    banner_width: float
    banner_height: float
    banner_aside: float
    board: str
    lamps: str
    fans: int
    aisle: float
    plants: tuple[bool, bool]
    frames_on_wall: int


def hall_numbered(number: int) -> Hall:
    """The building with this number."""
    dice = dice_for("hall", number)
    width = dice.uniform(5.0, 8.6)
    cloth = dice.choice(CLOTHS)
    return Hall(
        width=width,
        height=dice.uniform(3.0, 4.0),
        depth=dice.uniform(7.0, 11.0),
        wall=jittered(dice, dice.choice(WALLS), 10),
        wainscot=jittered(dice, dice.choice(WAINSCOTS), 12) if dice.random() < 0.6 else None,
        wainscot_height=dice.uniform(0.85, 1.4),
        floor=jittered(dice, dice.choice(FLOORS), 10),
        tile=dice.choice((0.4, 0.5, 0.6)),
        ceiling=dice.choice(CEILINGS),
        frame=jittered(dice, dice.choice(FRAMES), 8),
        windows=(dice.randint(0, 3), dice.randint(0, 3)),
        drape=jittered(dice, dice.choice(DRAPES), 10) if dice.random() < 0.45 else None,
        cloth=jittered(dice, cloth, 10),
        cloth_top=shaded(cloth, 1.12) if dice.random() < 0.6 else (240, 238, 230),
        wood=jittered(dice, dice.choice(WOODS), 12),
        has_desks=dice.random() < 0.5,
        has_wooden_chairs=dice.random() < 0.45,
        plastic=jittered(dice, dice.choice(PLASTICS), 10),
        banner_width=dice.uniform(0.42, 0.66) * width,
        banner_height=dice.uniform(0.75, 1.15),
        banner_aside=dice.uniform(-0.07, 0.07) * width,
        board=dice.choice(("none", "black", "white", "screen", "none")),
        lamps=dice.choice(("tubes on the walls", "panels", "bulbs", "tubes on the ceiling")),
        fans=dice.randint(0, 3),
        aisle=dice.choice((0.0, 0.0, 0.9, 1.1)),
        plants=(dice.random() < 0.5, dice.random() < 0.5),
        frames_on_wall=dice.randint(0, 4),
    )
