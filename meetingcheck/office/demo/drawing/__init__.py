"""Invented photos for the demo: meeting halls and notebook pages.

Every picture is drawn, none shows a person or a place that exists, and people are seen from behind only. The same seed
gives the same bytes. The room is a small 3D model in metres, seen through a pinhole camera, because a believable photo
is mostly a believable perspective.

Pillow is otherwise the business of `photos/imaging.py` alone, which reads what strangers send. This package only writes
pictures of its own making.
"""

from meetingcheck.office.demo.drawing.basics import Size
from meetingcheck.office.demo.drawing.pages import draw_minutes_page
from meetingcheck.office.demo.drawing.phone import as_heic
from meetingcheck.office.demo.drawing.room import draw_meeting_room

__all__ = ["Size", "as_heic", "draw_meeting_room", "draw_minutes_page"]
