"""Help in plain words, and the notice for the meeting room. For everybody: they tell nothing about anybody."""

from flask import Blueprint, render_template

from meetingcheck.lib.http.rights import PUBLIC, needs

blueprint = Blueprint("help", __name__)


@blueprint.get("/help")
@needs(PUBLIC)
def secretary() -> str:
    return render_template("office/help_secretary.html")


@blueprint.get("/help/committee")
@needs(PUBLIC)
def committee() -> str:
    return render_template("office/help_committee.html")


@blueprint.get("/help/notice")
@needs(PUBLIC)
def notice() -> str:
    """To print and put up in the meeting room: that photos are taken, and what for."""
    return render_template("office/notice.html")
