"""The cell says that it did not meet; the committee answers, and sets exceptions for its area."""

import uuid
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from meetingcheck.accounts.queries import get_user
from meetingcheck.accounts.sessions import signed_in
from meetingcheck.duties.exceptions.actions import (
    Scope,
    Wish,
    ask_exception,
    check_day,
    decide_exception,
    set_exception,
    take_back_asking,
    withdraw_exception,
)
from meetingcheck.duties.exceptions.forms import (
    ALL_SERIES,
    EXCUSE,
    LONGEST_DOCUMENT,
    LONGEST_REASON,
    MOVE,
    NOTHING_ASKED,
    PERIOD_TOO_FAR,
    typed_scope,
    typed_wish,
)
from meetingcheck.duties.exceptions.queries import (
    Effect,
    count_effect,
    find_asked,
    find_exception,
    first_supervised,
    get_shown,
    list_exceptions,
    list_exceptions_of,
    lock_exception,
)
from meetingcheck.duties.exceptions.rules import may_decide_about
from meetingcheck.duties.models import ExceptionState, Obligation, PeriodException
from meetingcheck.duties.queries import find_obligation, find_series, list_series, lock_obligation
from meetingcheck.duties.rules import Month, parse_period, state_of
from meetingcheck.lib.db import db, write_transaction
from meetingcheck.lib.http.forms import TypedForm
from meetingcheck.lib.http.rights import needs
from meetingcheck.lib.instants import local_day
from meetingcheck.lib.services import services
from meetingcheck.orgs.access import Right, ask, has_right
from meetingcheck.orgs.actions import Refused
from meetingcheck.orgs.forms import refusals_at
from meetingcheck.orgs.models import Unit
from meetingcheck.orgs.queries import find_kind, find_unit, get_unit, list_children

blueprint = Blueprint("exceptions", __name__)

SHOWN = 100
UNITS_OFFERED = 500
WAITING = (ExceptionState.ASKED,)
ANSWERED = (ExceptionState.APPROVED, ExceptionState.REFUSED, ExceptionState.WITHDRAWN)


# --- the cell


@blueprint.get("/obligations/<uuid:obligation_id>/not-met")
@needs(Right.REPORT)
def not_met(obligation_id: uuid.UUID) -> str:
    return _not_met_page(obligation_id)


def _not_met_page(obligation_id: uuid.UUID, form: TypedForm | None = None) -> str:
    session, now = db.session(), services().now()
    obligation = _asked_obligation(session, obligation_id)
    return render_template(
        "duties/not_met.html",
        unit=get_unit(session, obligation.unit_id),
        obligation=obligation,
        series=find_series(session, obligation.series),
        state=state_of(obligation, now),
        asked=list_exceptions_of(session, obligation, SHOWN),
        waiting=find_asked(session, obligation),
        typed=form.typed if form else {"what": MOVE},
        problems=form.problems if form else {},
        choices=(MOVE, EXCUSE),
    )


def _asked_obligation(session: Session, obligation_id: uuid.UUID) -> Obligation:
    obligation = find_obligation(session, obligation_id)
    if obligation is None:
        abort(404)
    ask(session, signed_in(), Right.REPORT, obligation.unit_id, local_day(services().now()))
    return obligation


@blueprint.post("/obligations/<uuid:obligation_id>/not-met")
@needs(Right.REPORT)
def ask_not_met(obligation_id: uuid.UUID) -> Response | tuple[str, int]:
    actor, now, form = signed_in(), services().now(), TypedForm()
    with refusals_at(form, "moved_to"), write_transaction() as session:
        obligation = _asked_obligation(session, obligation_id)
        wish = typed_wish(form, obligation.period, document_wanted=False)
        if wish is not None:
            ask_exception(session, lock_obligation(session, obligation.id), wish, actor.user_id, now)
    if form.problems:
        return _not_met_page(obligation_id, form), 422
    flash(gettext("Đã gửi đề nghị lên cấp trên. Khi cấp trên trả lời, đồng chí sẽ có thông báo."))
    return redirect(url_for("exceptions.not_met", obligation_id=obligation_id), 303)


@blueprint.post("/obligations/<uuid:obligation_id>/not-met/withdrawal")
@needs(Right.REPORT)
def take_back(obligation_id: uuid.UUID) -> Response | tuple[str, int]:
    """The cell takes back what it asked, while nobody has answered."""
    actor, now, form = signed_in(), services().now(), TypedForm()
    with refusals_at(form, "moved_to"), write_transaction() as session:
        asked = find_asked(session, _asked_obligation(session, obligation_id))
        if asked is None:
            raise Refused(NOTHING_ASKED)
        take_back_asking(session, lock_exception(session, asked.id), actor.user_id, now)
    if form.problems:
        return _not_met_page(obligation_id, form), 422
    flash(gettext("Đã rút đề nghị. Kỳ này vẫn tính như cũ."))
    return redirect(url_for("exceptions.not_met", obligation_id=obligation_id), 303)


# --- the committee


@blueprint.get("/units/<uuid:unit_id>/exceptions")
@needs(Right.SET_EXCEPTIONS)
def index(unit_id: uuid.UUID) -> str:
    """What the cells below asked for, what was decided, and a form to set one for the area."""
    return _page(unit_id)


@dataclass(frozen=True)
class Preview:
    """What is about to be set, and what it would meet."""

    effect: Effect
    unit: Unit
    period: str
    moved_to: date | None


def _page(unit_id: uuid.UUID, form: TypedForm | None = None, preview: Preview | None = None) -> str:
    session, now = db.session(), services().now()
    unit = _asked_unit(session, unit_id)
    today = local_day(now)
    return render_template(
        "duties/exceptions.html",
        unit=unit,
        is_cell=_is_cell(session, unit),
        asked=list_exceptions(session, unit_id, WAITING, today, SHOWN),
        answered=list_exceptions(session, unit_id, ANSWERED, today, SHOWN),
        units=_offered(session, unit, today),
        series=list_series(session, today),
        all_series=ALL_SERIES,
        choices=(MOVE, EXCUSE),
        typed=form.typed if form else {"period": Month.of(today).shown, "what": MOVE},
        problems=form.problems if form else {},
        preview=preview,
    )


def _asked_unit(session: Session, unit_id: uuid.UUID) -> Unit:
    unit = find_unit(session, unit_id)
    if unit is None:
        abort(404)
    ask(session, signed_in(), Right.SET_EXCEPTIONS, unit_id, local_day(services().now()))
    return unit


def _is_cell(session: Session, unit: Unit) -> bool:
    kind = find_kind(session, unit.kind)
    return kind is not None and kind.is_cell


def _offered(session: Session, unit: Unit, today: date) -> list[Unit]:
    """The unit with all below it, or one of those directly below."""
    return [unit, *(one for one in list_children(session, unit.id, today, UNITS_OFFERED) if one.closed_on is None)]


def _typed(session: Session, form: TypedForm, unit: Unit, today: date) -> tuple[Scope, Wish] | None:
    """What the form asks for; None with sentences at the fields when it is not whole or cannot be."""
    units = [one.id for one in _offered(session, unit, today)]
    scope = typed_scope(form, units, {one.code: one.period_type for one in list_series(session, today)})
    if scope is not None:
        first = first_supervised(session, scope.unit_id)
        if not may_decide_about(parse_period(scope.period), first, today):
            form.refuse("period", PERIOD_TOO_FAR)
            scope = None
    wish = typed_wish(form, scope.period if scope else None, document_wanted=True)
    if scope is None or wish is None:
        return None
    check_day(scope.period, wish)
    return scope, wish


@blueprint.post("/units/<uuid:unit_id>/exceptions/preview")
@needs(Right.SET_EXCEPTIONS)
def preview(unit_id: uuid.UUID) -> str | tuple[str, int]:
    """What an exception would meet; nothing changes yet."""
    session, form, now = db.session(), TypedForm(), services().now()
    unit, found = _asked_unit(session, unit_id), None
    with refusals_at(form, "moved_to"):
        found = _typed(session, form, unit, local_day(now))
    if found is None:
        return _page(unit_id, form), 422
    scope, wish = found
    effect = count_effect(session, scope.unit_id, scope.period, scope.series, now)
    return _page(unit_id, form, Preview(effect, get_unit(session, scope.unit_id), scope.period, wish.moved_to))


@blueprint.post("/units/<uuid:unit_id>/exceptions")
@needs(Right.SET_EXCEPTIONS)
def set_for_area(unit_id: uuid.UUID) -> Response | tuple[str, int]:
    actor, now, form = signed_in(), services().now(), TypedForm()
    with refusals_at(form, "moved_to"), write_transaction() as session:
        unit = _asked_unit(session, unit_id)
        found = _typed(session, form, unit, local_day(now))
        if found is not None:
            set_exception(session, *found, actor.user_id, now)
    if form.problems:
        return _page(unit_id, form), 422
    flash(gettext("Đã lưu. Chi bộ nào có kỳ thay đổi thì được thông báo."))
    return redirect(url_for("exceptions.index", unit_id=unit_id), 303)


@blueprint.get("/exceptions/<uuid:exception_id>")
@needs(Right.SET_EXCEPTIONS)
def show(exception_id: uuid.UUID) -> str:
    return _exception_page(exception_id)


def _exception_page(exception_id: uuid.UUID, form: TypedForm | None = None) -> str:
    session, now, actor = db.session(), services().now(), signed_in()
    exception = _asked_exception(session, exception_id, Right.SET_EXCEPTIONS)
    may_decide = has_right(session, actor, Right.DECIDE_EXCEPTIONS, exception.unit_id, local_day(now))
    return render_template(
        "duties/exception.html",
        shown=get_shown(session, exception_id),
        effect=count_effect(session, exception.unit_id, exception.period, exception.series, now),
        decided_by=get_user(session, exception.decided_by) if exception.decided_by else None,
        may_decide=may_decide and exception.asked_by != actor.user_id,
        typed=form.typed if form else {},
        problems=form.problems if form else {},
    )


def _asked_exception(session: Session, exception_id: uuid.UUID, right: Right) -> PeriodException:
    exception = find_exception(session, exception_id)
    if exception is None:
        abort(404)
    ask(session, signed_in(), right, exception.unit_id, local_day(services().now()))
    return exception


@blueprint.post("/exceptions/<uuid:exception_id>/decision")
@needs(Right.DECIDE_EXCEPTIONS)
def decide(exception_id: uuid.UUID) -> Response | tuple[str, int]:
    actor, now, form = signed_in(), services().now(), TypedForm()
    with refusals_at(form, "note"), write_transaction() as session:
        _asked_exception(session, exception_id, Right.DECIDE_EXCEPTIONS)
        approved = form.choice("decision", ["approve", "refuse"]) == "approve"
        note, document = form.line("note", LONGEST_REASON), form.line("document", LONGEST_DOCUMENT)
        if not form.problems:
            decide_exception(
                session,
                lock_exception(session, exception_id),
                approved=approved,
                note=note,
                actor_id=actor.user_id,
                now=now,
                document=document,
            )
    if form.problems:
        return _exception_page(exception_id, form), 422
    flash(gettext("Đã trả lời. Chi bộ sẽ có thông báo."))
    return redirect(url_for("exceptions.show", exception_id=exception_id), 303)


@blueprint.post("/exceptions/<uuid:exception_id>/withdrawal")
@needs(Right.SET_EXCEPTIONS)
def withdraw(exception_id: uuid.UUID) -> Response | tuple[str, int]:
    actor, now, form = signed_in(), services().now(), TypedForm()
    changed = 0
    with refusals_at(form, "withdrawal"), write_transaction() as session:
        _asked_exception(session, exception_id, Right.SET_EXCEPTIONS)
        changed = withdraw_exception(session, lock_exception(session, exception_id), actor.user_id, now)
    if form.problems:
        return _exception_page(exception_id, form), 422
    flash(_withdrawn_text(changed))
    return redirect(url_for("exceptions.show", exception_id=exception_id), 303)


def _withdrawn_text(changed: int) -> str:
    if changed:
        return ngettext("Đã rút. %(num)d kỳ được tính lại.", "Đã rút. %(num)d kỳ được tính lại.", changed)
    return gettext("Đã rút. Không kỳ nào thay đổi: đã có báo cáo, chưa được lập, hoặc theo một quyết định khác.")
