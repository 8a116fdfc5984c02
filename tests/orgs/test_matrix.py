"""Every route, for everybody, about everything: one table. A route without a row fails."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

import pytest
from apiflask import APIBlueprint
from flask import Flask, url_for
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from meetingcheck.accounts.actions import NewUser, add_user, keep_passkey, open_session, pin_device
from meetingcheck.accounts.api_tokens.actions import issue_token
from meetingcheck.accounts.factors import NewPasskey
from meetingcheck.accounts.models import ApiToken, Passkey, User, UserSession
from meetingcheck.duties.exceptions.actions import Wish, ask_exception
from meetingcheck.duties.models import Obligation
from meetingcheck.duties.queries import lock_obligation
from meetingcheck.lib.db import read_transaction, write_transaction
from meetingcheck.lib.jobs import enqueue
from meetingcheck.lib.registries import JobKind
from meetingcheck.lib.services import services_of
from meetingcheck.lib.tokens import new_token
from meetingcheck.meetings.documents.rules import document_key
from meetingcheck.meetings.late_work.models import LatePhoto, LateState, LateWork
from meetingcheck.meetings.late_work.rules import kept_until
from meetingcheck.meetings.links.actions import make_report_link
from meetingcheck.meetings.models import (
    Document,
    DocumentKind,
    ExtraKind,
    Meeting,
    MeetingPhoto,
    MeetingState,
    ScanState,
    Verdict,
)
from meetingcheck.meetings.reviews.actions import answer_report
from meetingcheck.orgs.actions import add_watcher, give_role
from meetingcheck.orgs.importing.actions import begin_run
from meetingcheck.orgs.models import Role, RoleAssignment
from meetingcheck.photos.models import Photo, PhotoState, Purpose
from meetingcheck.photos.rules import Size, rendition_key
from tests.photos.samples import jpeg, scene
from tests.world import GOOD_FIELDS, LONG_AGO, PASSWORD_HASH, World, form_of, token_of

ACTORS = {
    "own": "secretary1",  # secretary of the cell that the things belong to
    "sibling": "secretary2",  # secretary of the cell beside it, under the same committee
    "reviewer": "reviewer",  # of the committee above both
    "other": "other_reviewer",  # reviewer of the committee beside
    "leader": "leader",  # reads everything, at the root
    "admin": "administrator",  # at the root
    "stranger": "stranger",  # signed in, without any role
    "out": None,  # signed out
}
IN = "in"  # sent to the sign-in, or told by 401 to sign in and come back to the form

TABLE: dict[tuple[str, str, str], tuple[object, ...]] = {
    #                                                   own sibling reviewer other leader admin stranger out
    ("GET", "static", "file"): (200, 200, 200, 200, 200, 200, 200, 200),
    ("GET", "phone.service_worker", ""): (200, 200, 200, 200, 200, 200, 200, 200),
    ("GET", "phone.shell", ""): (200, 200, 200, 200, 200, 200, 200, 200),
    ("GET", "phone.begin", ""): (302, 302, 302, 302, 302, 302, 302, 302),
    ("GET", "phone.manifest", ""): (200, 200, 200, 200, 200, 200, 200, 200),
    ("GET", "health.healthz", ""): (200, 200, 200, 200, 200, 200, 200, 200),
    ("GET", "health.readyz", ""): (200, 200, 200, 200, 200, 200, 200, 200),
    ("GET", "health.metrics", ""): (200, 200, 200, 200, 200, 200, 200, 200),
    ("GET", "help.secretary", ""): (200, 200, 200, 200, 200, 200, 200, 200),
    ("GET", "help.committee", ""): (200, 200, 200, 200, 200, 200, 200, 200),
    ("GET", "help.notice", ""): (200, 200, 200, 200, 200, 200, 200, 200),
    ("GET", "accounts.sign_in", ""): (302, 302, 302, 302, 302, 302, 302, 200),
    ("POST", "accounts.sign_in_submit", ""): (422, 422, 422, 422, 422, 422, 422, 422),
    ("POST", "accounts.set_language", ""): (303, 303, 303, 303, 303, 303, 303, 303),
    ("GET", "links.one_time", ""): (200, 200, 200, 200, 200, 200, 200, 200),
    ("POST", "links.one_time_submit", ""): (422, 422, 422, 422, 422, 422, 422, 422),
    ("GET", "phones.enrol", ""): (200, 200, 200, 200, 200, 200, 200, 200),
    ("POST", "phones.enrol_submit", ""): (422, 422, 422, 422, 422, 422, 422, 422),
    ("POST", "phones.pin_sign_in", ""): (IN, IN, IN, IN, IN, IN, IN, IN),
    ("POST", "phones.passkey_sign_in", ""): (IN, IN, IN, IN, IN, IN, IN, IN),
    # --- the second factor: for whoever is half way in, or signed in and just proven
    ("GET", "factors.ask_page", ""): (IN, IN, IN, IN, IN, IN, IN, IN),
    ("POST", "factors.ask_code", ""): (IN, IN, IN, IN, IN, IN, IN, IN),
    ("POST", "factors.ask_passkey", ""): (IN, IN, IN, IN, IN, IN, IN, IN),
    ("GET", "factors.begin_page", ""): (200, 200, 200, 200, 200, 200, 200, IN),
    ("GET", "factors.qr", ""): (200, 200, 200, 200, 200, 200, 200, IN),
    ("POST", "factors.begin_app", ""): (422, 422, 422, 422, 422, 422, 422, IN),
    ("POST", "factors.begin_passkey", ""): (422, 422, 422, 422, 422, 422, 422, IN),
    ("POST", "factors.remove_passkey", "somebody's passkey"): (404, 404, 404, 404, 404, 404, 404, IN),
    # --- one's own account and devices
    ("GET", "practice.try_out", ""): (200, 200, 200, 200, 200, 200, 200, IN),
    ("POST", "practice.try_out_submit", ""): (422, 422, 422, 422, 422, 422, 422, IN),
    ("GET", "account.page", ""): (200, 200, 200, 200, 200, 200, 200, IN),
    ("GET", "account.confirm_page", ""): (200, 200, 200, 200, 200, 200, 200, IN),
    ("POST", "account.confirm_submit", ""): (422, 422, 422, 422, 422, 422, 422, IN),
    ("POST", "account.keep_form", ""): (400, 400, 400, 400, 400, 400, 400, IN),
    ("GET", "account.password_page", ""): (200, 200, 200, 200, 200, 200, 200, IN),
    ("POST", "account.password_submit", ""): (422, 422, 422, 422, 422, 422, 422, IN),
    ("GET", "account.login_page", ""): (200, 200, 200, 200, 200, 200, 200, IN),
    ("POST", "account.login_submit", ""): (422, 422, 422, 422, 422, 422, 422, IN),
    ("GET", "phones.devices", ""): (200, 200, 200, 200, 200, 200, 200, IN),
    ("GET", "phones.pin_page", ""): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "phones.pin_submit", ""): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "phones.pin_later", ""): (303, 303, 303, 303, 303, 303, 303, IN),
    ("POST", "phones.end_device", "somebody's phone"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "phones.end_one_session", "somebody's session"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "phones.end_token", "somebody's token"): (404, 404, 404, 404, 404, 404, 404, IN),
    # --- mail and calendar: by a token, or one's own
    ("GET", "mail.page", ""): (200, 200, 200, 200, 200, 200, 200, 200),
    ("POST", "mail.stop", ""): (422, 422, 422, 422, 422, 422, 422, 422),
    ("POST", "mail.resume", ""): (422, 422, 422, 422, 422, 422, 422, 422),
    ("GET", "mail.open_address", "unknown token"): (303, 303, 303, 303, 303, 303, 303, 303),
    ("POST", "mail.one_click", "unknown token"): (400, 400, 400, 400, 400, 400, 400, 400),
    ("POST", "mail.choose", ""): (400, 400, 400, 400, 400, 400, 400, IN),
    ("GET", "feeds.feed", "unknown token"): (404, 404, 404, 404, 404, 404, 404, 404),
    ("POST", "feeds.switch_on", ""): (200, 200, 404, 404, 404, 404, 404, IN),
    ("POST", "feeds.switch_off", ""): (303, 303, 303, 303, 303, 303, 303, IN),
    ("GET", "supervision.start", ""): (302, 302, 302, 302, 302, 302, 200, IN),
    ("GET", "messages.list_page", ""): (200, 200, 200, 200, 200, 200, 200, IN),
    ("POST", "messages.mark_read", ""): (303, 303, 303, 303, 303, 303, 303, IN),
    # --- a cell's own pages
    ("GET", "meetings.home", "own cell"): (200, 404, 403, 404, 403, 403, 404, IN),
    ("GET", "meetings.home", "sibling cell"): (404, 200, 403, 404, 403, 403, 404, IN),
    ("GET", "meetings.home", "other cell"): (404, 404, 404, 403, 403, 403, 404, IN),
    ("GET", "meetings.home", "committee"): (404, 404, 403, 404, 403, 403, 404, IN),
    ("GET", "meetings.home", "missing unit"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("GET", "check_in.check_in", "own period"): (200, 404, 403, 404, 403, 403, 404, IN),
    ("GET", "check_in.check_in", "own reported period"): (302, 404, 403, 404, 403, 403, 404, IN),
    ("GET", "check_in.check_in", "sibling period"): (404, 200, 403, 404, 403, 403, 404, IN),
    ("GET", "check_in.check_in", "other period"): (404, 404, 404, 403, 403, 403, 404, IN),
    ("GET", "check_in.check_in", "missing period"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "check_in.check_in_submit", "own period"): (422, 404, 403, 404, 403, 403, 404, IN),
    ("POST", "check_in.check_in_submit", "own reported period"): (409, 404, 403, 404, 403, 403, 404, IN),
    ("POST", "check_in.check_in_submit", "sibling period"): (404, 422, 403, 404, 403, 403, 404, IN),
    ("POST", "check_in.check_in_submit", "other period"): (404, 404, 404, 403, 403, 403, 404, IN),
    ("POST", "check_in.check_in_submit", "missing period"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("GET", "check_in.told", "own period"): (403, 404, 200, 404, 403, 200, 404, IN),
    ("GET", "check_in.told", "sibling period"): (404, 403, 200, 404, 403, 200, 404, IN),
    ("GET", "check_in.told", "other period"): (404, 404, 404, 200, 403, 200, 404, IN),
    ("POST", "check_in.told_submit", "missing period"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "check_in.told_submit", "own reported period"): (403, 404, 409, 404, 403, 409, 404, IN),
    ("GET", "check_in.extra", "own cell"): (200, 404, 403, 404, 403, 403, 404, IN),
    ("GET", "check_in.extra", "committee"): (404, 404, 403, 404, 403, 403, 404, IN),
    ("POST", "check_in.extra_submit", "own cell"): (400, 404, 403, 404, 403, 403, 404, IN),
    ("POST", "check_in.extra_submit", "missing unit"): (404, 404, 404, 404, 404, 404, 404, IN),
    # --- what came after its sender's role had ended
    ("GET", "late_work.show", "own held work"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("GET", "late_work.show", "held work that own sent"): (200, 404, 404, 404, 404, 404, 404, IN),
    ("GET", "late_work.show", "missing held work"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("GET", "late_work.decide", "own held work"): (200, 404, 200, 404, 403, 403, 404, IN),
    ("GET", "late_work.decide", "held work that own sent"): (404, 200, 200, 404, 403, 403, 404, IN),
    ("GET", "late_work.decide", "missing held work"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("GET", "late_work.picture", "own held photo"): (200, 404, 200, 404, 403, 403, 404, IN),
    ("GET", "late_work.picture", "own held photo under another work"): (404, 404, 404, 404, 403, 403, 404, IN),
    ("GET", "late_work.picture", "own photo under own held work"): (404, 404, 404, 404, 403, 403, 404, IN),
    ("GET", "photos.show", "own held photo by itself"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "photos.take_back_photo", "own held photo to take back"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "late_work.take_in_work", "own spare held work"): (303, 404, 303, 404, 403, 403, 404, IN),
    ("POST", "late_work.discard_work", "own spare held work"): (303, 404, 303, 404, 403, 403, 404, IN),
    ("POST", "late_work.take_in_work", "missing held work"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "late_work.discard_work", "missing held work"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("GET", "check_in.correct", "own report"): (200, 404, 403, 404, 403, 403, 404, IN),
    ("GET", "check_in.correct", "own draft"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("GET", "check_in.correct", "other report"): (404, 404, 404, 403, 403, 403, 404, IN),
    ("POST", "check_in.correct_submit", "own report"): (422, 404, 403, 404, 403, 403, 404, IN),
    ("POST", "check_in.correct_submit", "own draft"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "check_in.correct_submit", "missing report"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "beside.take_in", "own report"): (303, 404, 403, 404, 403, 403, 404, IN),
    ("POST", "beside.take_in", "own draft"): (404, 404, 403, 404, 403, 403, 404, IN),
    ("POST", "beside.take_in", "missing report"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("GET", "check_in.correct_told", "own report"): (403, 404, 404, 404, 403, 404, 404, IN),
    ("GET", "check_in.correct_told", "missing report"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "check_in.correct_told_submit", "own report"): (403, 404, 404, 404, 403, 404, 404, IN),
    ("POST", "check_in.correct_told_submit", "other report"): (404, 404, 404, 404, 403, 404, 404, IN),
    ("GET", "versions.compare", "first version"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("GET", "versions.compare", "second version"): (200, 404, 200, 404, 200, 200, 404, IN),
    ("GET", "versions.compare", "missing version"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("GET", "changes.void", "own report"): (200, 404, 200, 404, 403, 200, 404, IN),
    ("GET", "changes.void", "own draft"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "changes.void_submit", "own report"): (422, 404, 422, 404, 403, 422, 404, IN),
    ("POST", "changes.void_submit", "other report"): (404, 404, 404, 422, 403, 422, 404, IN),
    ("POST", "changes.restore", "own report"): (303, 404, 303, 404, 403, 303, 404, IN),
    ("POST", "changes.restore", "missing report"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("GET", "changes.move", "own report"): (200, 404, 200, 404, 403, 200, 404, IN),
    ("GET", "changes.move", "other report"): (404, 404, 404, 200, 403, 200, 404, IN),
    ("POST", "changes.move_submit", "own report"): (422, 404, 422, 404, 403, 422, 404, IN),
    ("POST", "changes.move_submit", "own draft"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("GET", "changes.move_one", "own report's photo"): (200, 404, 200, 404, 403, 200, 404, IN),
    ("GET", "changes.move_one", "sibling's photo under own report"): (404, 404, 404, 404, 403, 404, 404, IN),
    ("POST", "changes.move_one_submit", "own report's photo"): (422, 404, 422, 404, 403, 422, 404, IN),
    ("POST", "changes.move_one_submit", "sibling's photo under own report"): (404, 404, 404, 404, 403, 404, 404, IN),
    ("GET", "meetings.receipt", "own reported period"): (200, 404, 403, 404, 403, 403, 404, IN),
    ("GET", "meetings.receipt", "own period"): (404, 404, 403, 404, 403, 403, 404, IN),
    ("GET", "meetings.receipt", "missing period"): (404, 404, 404, 404, 404, 404, 404, IN),
    # --- report links
    ("GET", "report_links.open_page", ""): (200, 200, 200, 200, 200, 200, 200, 200),
    ("POST", "report_links.open_report", ""): (422, 422, 422, 422, 422, 422, 422, 422),
    ("POST", "report_links.make", "own period"): (403, 404, 200, 404, 403, 200, 404, IN),
    ("POST", "report_links.make", "own reported period"): (403, 404, 422, 404, 403, 422, 404, IN),
    ("POST", "report_links.make", "other period"): (404, 404, 404, 200, 403, 200, 404, IN),
    ("POST", "report_links.make", "missing period"): (404, 404, 404, 404, 404, 404, 404, IN),
    # --- receipts
    ("GET", "receipts.open_page", ""): (200, 200, 200, 200, 200, 200, 200, 200),
    ("POST", "receipts.check", ""): (200, 200, 200, 200, 200, 200, 200, 200),
    ("GET", "receipts.search", ""): (404, 404, 200, 200, 403, 200, 404, IN),
    # --- reports and their photos
    ("GET", "reports.show", "own report"): (200, 404, 200, 404, 200, 200, 404, IN),
    ("GET", "reports.show", "own draft"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("GET", "reports.show", "sibling report"): (404, 200, 200, 404, 200, 200, 404, IN),
    ("GET", "reports.show", "other report"): (404, 404, 404, 200, 200, 200, 404, IN),
    ("GET", "reports.show", "missing report"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "reviews.answer", "own report"): (403, 404, 422, 404, 403, 403, 404, IN),
    ("POST", "reviews.answer", "own draft"): (403, 404, 404, 404, 403, 403, 404, IN),
    ("POST", "reviews.answer", "other report"): (404, 404, 404, 422, 403, 403, 404, IN),
    ("POST", "reviews.answer", "missing report"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "reviews.undo", "own answer"): (403, 404, 303, 404, 403, 403, 404, IN),
    ("POST", "reviews.undo", "missing answer"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "reviews.remark", "own report"): (422, 404, 422, 404, 403, 403, 404, IN),
    ("POST", "reviews.remark", "own draft"): (404, 404, 404, 404, 403, 403, 404, IN),
    ("POST", "reviews.remark", "other report"): (404, 404, 404, 422, 403, 403, 404, IN),
    ("POST", "reviews.remark", "missing report"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("GET", "photos.show", "own photo"): (200, 404, 200, 404, 200, 200, 404, IN),
    ("GET", "photos.show", "own large photo"): (200, 404, 200, 404, 200, 200, 404, IN),
    ("GET", "photos.show", "own photo of no size"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("GET", "photos.show", "own draft photo"): (200, 404, 404, 404, 404, 404, 404, IN),
    ("GET", "photos.show", "sibling photo"): (404, 200, 200, 404, 200, 200, 404, IN),
    ("GET", "photos.show", "other photo"): (404, 404, 404, 200, 200, 200, 404, IN),
    ("GET", "photos.show", "missing photo"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "photos.take_back_photo", "spare photo"): (303, 404, 403, 404, 403, 403, 404, IN),
    ("POST", "photos.take_back_photo", "missing spare photo"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "photos.put_back_photo", "spare photo"): (303, 404, 403, 404, 403, 303, 404, IN),
    ("POST", "photos.put_back_photo", "missing spare photo"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("GET", "documents.fetch", "own document"): (200, 404, 200, 404, 200, 200, 404, IN),
    ("GET", "documents.fetch", "own unsent document"): (200, 404, 404, 404, 404, 404, 404, IN),
    ("GET", "documents.fetch", "own withdrawn document"): (404, 404, 404, 404, 404, 200, 404, IN),
    ("GET", "documents.fetch", "missing document"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "documents.take_back_document", "own document"): (303, 404, 403, 404, 403, 403, 404, IN),
    ("POST", "documents.take_back_document", "missing document"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "documents.put_back_document", "own document"): (303, 404, 403, 404, 403, 303, 404, IN),
    ("POST", "documents.put_back_document", "missing document"): (404, 404, 404, 404, 404, 404, 404, IN),
    # --- what the committee sees
    ("GET", "supervision.unit_page", "own cell"): (200, 404, 200, 404, 200, 200, 404, IN),
    ("GET", "supervision.unit_page", "sibling cell"): (404, 200, 200, 404, 200, 200, 404, IN),
    ("GET", "supervision.unit_page", "other cell"): (404, 404, 404, 200, 200, 200, 404, IN),
    ("GET", "supervision.unit_page", "committee"): (404, 404, 200, 404, 200, 200, 404, IN),
    ("GET", "supervision.unit_page", "root"): (404, 404, 404, 404, 200, 200, 404, IN),
    ("GET", "supervision.unit_page", "missing unit"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("GET", "supervision.board", "own cell"): (403, 404, 200, 404, 200, 200, 404, IN),
    ("GET", "supervision.board", "committee"): (404, 404, 200, 404, 200, 200, 404, IN),
    ("GET", "supervision.board", "other committee"): (404, 404, 404, 200, 200, 200, 404, IN),
    ("GET", "supervision.board", "root"): (404, 404, 404, 404, 200, 200, 404, IN),
    ("GET", "supervision.board", "missing unit"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("GET", "timeline.photos", "own cell"): (403, 404, 200, 404, 200, 200, 404, IN),
    ("GET", "timeline.photos", "committee"): (404, 404, 200, 404, 200, 200, 404, IN),
    ("GET", "timeline.photos", "other committee"): (404, 404, 404, 200, 200, 200, 404, IN),
    ("GET", "timeline.photos", "root"): (404, 404, 404, 404, 200, 200, 404, IN),
    ("GET", "timeline.photos", "missing unit"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "board_export.board_xlsx", "own cell"): (403, 404, 200, 404, 200, 200, 404, IN),
    ("POST", "board_export.board_xlsx", "committee"): (404, 404, 200, 404, 200, 200, 404, IN),
    ("POST", "board_export.board_xlsx", "other committee"): (404, 404, 404, 200, 200, 200, 404, IN),
    ("POST", "board_export.board_xlsx", "root"): (404, 404, 404, 404, 200, 200, 404, IN),
    ("POST", "board_export.board_xlsx", "missing unit"): (404, 404, 404, 404, 404, 404, 404, IN),
    # --- the office
    ("GET", "office.status", ""): (404, 404, 404, 404, 403, 200, 404, IN),
    ("POST", "office.retry", "job"): (404, 404, 404, 404, 403, 303, 404, IN),
    ("POST", "office.retry", "missing job"): (404, 404, 404, 404, 403, 303, 404, IN),
    ("POST", "office.retry_mail", "missing mail"): (404, 404, 404, 404, 403, 303, 404, IN),
    ("GET", "office.rights", ""): (404, 404, 404, 404, 403, 200, 404, IN),
    ("GET", "withdrawn.index", ""): (404, 404, 404, 404, 403, 200, 404, IN),
    # --- setting up a fresh installation
    ("GET", "first_day.show", ""): (404, 404, 404, 404, 403, 200, 404, IN),
    ("POST", "first_day.found_root", ""): (404, 404, 404, 404, 403, 422, 404, IN),
    ("POST", "first_day.set_period", ""): (404, 404, 404, 404, 403, 422, 404, IN),
    ("POST", "first_day.first_policy", ""): (404, 404, 404, 404, 403, 422, 404, IN),
    ("POST", "first_day.test_mail", ""): (404, 404, 404, 404, 403, 422, 404, IN),
    ("POST", "first_day.invite_everybody", ""): (404, 404, 404, 404, 403, 303, 404, IN),
    # --- the tree and its roles
    ("GET", "units.index", ""): (404, 404, 404, 404, 404, 302, 404, IN),
    ("GET", "units.kinds", ""): (404, 404, 404, 404, 403, 200, 404, IN),
    ("POST", "units.add_unit_kind", ""): (404, 404, 404, 404, 403, 422, 404, IN),
    ("GET", "units.show", "own cell"): (403, 404, 403, 404, 403, 200, 404, IN),
    ("GET", "units.show", "sibling cell"): (404, 403, 403, 404, 403, 200, 404, IN),
    ("GET", "units.show", "committee"): (404, 404, 403, 404, 403, 200, 404, IN),
    ("GET", "units.show", "root"): (404, 404, 404, 404, 403, 200, 404, IN),
    ("GET", "units.show", "missing unit"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "units.change", "own cell"): (403, 404, 403, 404, 403, 422, 404, IN),
    ("POST", "units.change", "committee"): (404, 404, 403, 404, 403, 422, 404, IN),
    ("POST", "units.add_child", "own cell"): (403, 404, 403, 404, 403, 422, 404, IN),
    ("POST", "units.add_child", "committee"): (404, 404, 403, 404, 403, 422, 404, IN),
    ("POST", "units.give_role", "own cell"): (403, 404, 403, 404, 403, 422, 404, IN),
    ("POST", "units.give_role", "committee"): (404, 404, 403, 404, 403, 422, 404, IN),
    ("POST", "units.watch", "own cell"): (403, 404, 403, 404, 403, 422, 404, IN),
    ("POST", "units.watch", "committee"): (404, 404, 403, 404, 403, 422, 404, IN),
    ("POST", "units.end_unit", "own cell"): (403, 404, 403, 404, 403, 422, 404, IN),
    ("POST", "units.end_unit", "committee"): (404, 404, 403, 404, 403, 422, 404, IN),
    ("POST", "units.reopen_unit", "own cell"): (403, 404, 403, 404, 403, 422, 404, IN),
    ("POST", "units.reopen_unit", "committee"): (404, 404, 403, 404, 403, 422, 404, IN),
    ("POST", "units.end_role", "spare role"): (403, 404, 403, 404, 403, 303, 404, IN),
    ("POST", "units.end_role", "spare role under the sibling"): (404, 403, 403, 404, 403, 404, 404, IN),
    ("POST", "units.unwatch", "spare watcher"): (403, 404, 403, 404, 403, 303, 404, IN),
    ("POST", "units.unwatch", "spare watcher under the sibling"): (404, 403, 403, 404, 403, 404, 404, IN),
    ("GET", "duties.policies", "own cell"): (403, 404, 403, 404, 403, 200, 404, IN),
    ("POST", "duties.preview", "own cell"): (403, 404, 403, 404, 403, 422, 404, IN),
    ("POST", "duties.add_policy", "own cell"): (403, 404, 403, 404, 403, 422, 404, IN),
    ("GET", "duties.policies", "committee"): (404, 404, 403, 404, 403, 200, 404, IN),
    ("POST", "duties.preview", "committee"): (404, 404, 403, 404, 403, 422, 404, IN),
    ("POST", "duties.add_policy", "committee"): (404, 404, 403, 404, 403, 422, 404, IN),
    ("GET", "merging.show", "own cell"): (403, 404, 403, 404, 403, 200, 404, IN),
    ("GET", "merging.show", "committee"): (404, 404, 403, 404, 403, 200, 404, IN),
    ("GET", "merging.show", "root"): (404, 404, 404, 404, 403, 404, 404, IN),
    ("POST", "merging.preview", "own cell"): (403, 404, 403, 404, 403, 422, 404, IN),
    ("POST", "merging.merge_units", "own cell"): (403, 404, 403, 404, 403, 422, 404, IN),
    ("POST", "units.rename_unit_kind", ""): (404, 404, 404, 404, 403, 422, 404, IN),
    # --- what is owed how often
    ("GET", "series.index", ""): (404, 404, 404, 404, 403, 200, 404, IN),
    ("POST", "series.add", ""): (404, 404, 404, 404, 403, 422, 404, IN),
    ("POST", "series.change", ""): (404, 404, 404, 404, 403, 422, 404, IN),
    # --- the planned day, and periods moved or not counted
    ("GET", "planning.show", "own period"): (200, 404, 403, 404, 403, 403, 404, IN),
    ("GET", "planning.show", "other period"): (404, 404, 404, 403, 403, 403, 404, IN),
    ("GET", "planning.show", "missing period"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "planning.plan", "own period"): (422, 404, 403, 404, 403, 403, 404, IN),
    ("POST", "planning.plan", "missing period"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("GET", "exceptions.not_met", "own period"): (200, 404, 403, 404, 403, 403, 404, IN),
    ("GET", "exceptions.not_met", "other period"): (404, 404, 404, 403, 403, 403, 404, IN),
    ("GET", "exceptions.not_met", "missing period"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "exceptions.ask_not_met", "own period"): (422, 404, 403, 404, 403, 403, 404, IN),
    ("POST", "exceptions.ask_not_met", "missing period"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "exceptions.take_back", "own period"): (422, 404, 403, 404, 403, 403, 404, IN),
    ("POST", "exceptions.take_back", "missing period"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("GET", "exceptions.index", "own cell"): (403, 404, 200, 404, 403, 200, 404, IN),
    ("GET", "exceptions.index", "committee"): (404, 404, 200, 404, 403, 200, 404, IN),
    ("GET", "exceptions.index", "root"): (404, 404, 404, 404, 403, 200, 404, IN),
    ("GET", "exceptions.index", "missing unit"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "exceptions.preview", "committee"): (404, 404, 422, 404, 403, 422, 404, IN),
    ("POST", "exceptions.set_for_area", "committee"): (404, 404, 422, 404, 403, 422, 404, IN),
    ("POST", "exceptions.set_for_area", "missing unit"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("GET", "exceptions.show", "own asking"): (403, 404, 200, 404, 403, 200, 404, IN),
    ("GET", "exceptions.show", "missing asking"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "exceptions.decide", "own asking"): (403, 404, 422, 404, 403, 422, 404, IN),
    ("POST", "exceptions.decide", "missing asking"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "exceptions.withdraw", "own asking"): (403, 404, 422, 404, 403, 422, 404, IN),
    ("POST", "exceptions.withdraw", "missing asking"): (404, 404, 404, 404, 404, 404, 404, IN),
    # --- who else files for a cell
    ("GET", "orgs.reporters", "own cell"): (200, 404, 403, 404, 403, 403, 404, IN),
    ("GET", "orgs.reporters", "committee"): (404, 404, 403, 404, 403, 403, 404, IN),
    ("POST", "orgs.add_reporter", "own cell"): (422, 404, 403, 404, 403, 403, 404, IN),
    ("POST", "orgs.end_reporter", "reporter"): (303, 404, 403, 404, 403, 403, 404, IN),
    ("POST", "orgs.end_reporter", "reporter under the sibling"): (404, 404, 403, 404, 403, 403, 404, IN),
    # --- lists read into the tree
    ("GET", "importing.start", "own cell"): (403, 404, 403, 404, 403, 200, 404, IN),
    ("GET", "importing.start", "committee"): (404, 404, 403, 404, 403, 200, 404, IN),
    ("GET", "importing.start", "missing unit"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "importing.upload", "committee"): (404, 404, 403, 404, 403, 422, 404, IN),
    ("GET", "importing.template_xlsx", "committee"): (404, 404, 403, 404, 403, 200, 404, IN),
    ("GET", "importing.template_csv", "committee"): (404, 404, 403, 404, 403, 200, 404, IN),
    ("GET", "importing.show", "import"): (404, 404, 403, 404, 403, 200, 404, IN),
    ("GET", "importing.show", "missing import"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "importing.convert", "import"): (404, 404, 403, 404, 403, 303, 404, IN),
    ("POST", "importing.convert", "missing import"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "importing.apply", "import"): (404, 404, 403, 404, 403, 303, 404, IN),
    ("POST", "importing.apply", "missing import"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("GET", "importing.errors", "import"): (404, 404, 403, 404, 403, 200, 404, IN),
    ("GET", "importing.errors", "missing import"): (404, 404, 404, 404, 404, 404, 404, IN),
    # --- people
    ("GET", "people.index", ""): (404, 404, 404, 404, 403, 200, 404, IN),
    ("POST", "people.add", ""): (404, 404, 404, 404, 403, 422, 404, IN),
    ("POST", "people.sheets", ""): (404, 404, 404, 404, 403, 422, 404, IN),
    ("GET", "people.show", "spare person"): (404, 404, 404, 404, 404, 200, 404, IN),
    ("GET", "people.show", "missing person"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "people.end_token", "spare person's token"): (404, 404, 404, 404, 404, 303, 404, IN),
    ("POST", "people.end_token", "somebody's token under the spare person"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "people.end_token", "missing person's token"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "people.change", "spare person"): (404, 404, 404, 404, 404, 422, 404, IN),
    ("POST", "people.change", "missing person"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "people.make_link_page", "spare person"): (404, 404, 404, 404, 404, 200, 404, IN),
    ("POST", "people.make_link_page", "missing person"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "people.invite", "spare person"): (404, 404, 404, 404, 404, 422, 404, IN),
    ("POST", "people.invite", "missing person"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "people.lost_phone", "spare person"): (404, 404, 404, 404, 404, 200, 404, IN),
    ("POST", "people.lost_phone", "missing person"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "people.forget_factors", "spare person"): (404, 404, 404, 404, 404, 303, 404, IN),
    ("POST", "people.forget_factors", "missing person"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "people.keep_out", "spare person"): (404, 404, 404, 404, 404, 303, 404, IN),
    ("POST", "people.keep_out", "missing person"): (404, 404, 404, 404, 404, 404, 404, IN),
    ("POST", "people.let_in_again", "spare person"): (404, 404, 404, 404, 404, 303, 404, IN),
    ("POST", "people.let_in_again", "missing person"): (404, 404, 404, 404, 404, 404, 404, IN),
    # --- last, because it ends the sessions
    ("POST", "accounts.sign_out", ""): (IN, IN, IN, IN, IN, IN, IN, IN),
}
FLASHED = re.compile(r'<p class="truth done" role="status">[^<]*</p>\s*')  # what was done before, said on the next page
IDENTIFIER, TOKEN = re.compile("<uuid:[^>]+>"), re.compile("<token:[^>]+>")
INTEGER = re.compile(r"<int(\([^)]*\))?:[^>]+>")
REQUEST_NUMBER = re.compile(r"· [0-9a-f]{12}")


def test_each_route_has_a_row(app: Flask) -> None:
    """Those of the JSON interface have theirs in tests/api/test_matrix.py, those of files in parts in tests/uploads."""
    routes = {
        (method, rule.endpoint)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if not isinstance(app.blueprints.get(rule.endpoint.partition(".")[0]), APIBlueprint)
        and not rule.endpoint.startswith("uploads.")
    }
    assert {(method, endpoint) for method, endpoint, _ in TABLE} == routes


def test_nobody_may_ask_what_may_be_asked(app: Flask) -> None:
    """OPTIONS is for other origins, and there are none; programs that send in parts ask it about the protocol."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint != "static" and not rule.endpoint.startswith("uploads."):
            address = INTEGER.sub("1", IDENTIFIER.sub(str(uuid.uuid4()), TOKEN.sub("0" * 22, rule.rule)))
            assert app.test_client().options(address).status_code == 405, address


@dataclass(frozen=True)
class Things:
    """What the table's third column names, as the values of an address."""

    world: World
    values: dict[str, dict[str, object]]

    def address(self, endpoint: str, what: str) -> str:
        with self.world.app.test_request_context():
            return url_for(endpoint, **self.values[what])

    def client(self, actor: str) -> FlaskClient:
        login = ACTORS[actor]
        return self.world.sign_in(login) if login else self.world.app.test_client()


@pytest.fixture
def things(world: World) -> Things:
    with world.app.app_context(), write_transaction() as session:
        other = add_user(session, NewUser("other_secretary", "Tạ Văn Xa", PASSWORD_HASH), None, world.clock())
        give_role(session, other.id, world.other_cell, Role.SECRETARY, LONG_AGO, None, world.clock())
        enqueue(session, JobKind("unknown", lane="bulk"), {}, world.clock())
        spare = add_user(session, NewUser("spare", "Lưu Thị Dư", PASSWORD_HASH), None, world.clock())
        spare_role = give_role(session, spare.id, world.cells[0], Role.READER, LONG_AGO, None, world.clock())
        add_watcher(session, world.cells[0], spare.id, LONG_AGO, None, world.clock())
        reporter = session.scalars(select(RoleAssignment.id).where(RoleAssignment.role == Role.REPORTER)).one()
        owner = add_user(session, NewUser("owner", "Cao Thị Chủ", PASSWORD_HASH), None, world.clock())
        phone = pin_device(session, owner.id, new_token(), "Chrome · Android", world.clock())
        session_id, _ = open_session(session, owner.id, world.clock(), device_id=phone)
        keep_passkey(session, owner.id, NewPasskey(b"credential", b"key", 0), "Chrome · Android", world.clock())
        passkey = session.scalars(select(Passkey.id)).one()
        issue_token(session, owner.id, "", world.clock())
        issue_token(session, spare.id, "", world.clock())
        tokens = {one.user_id: one.id for one in session.scalars(select(ApiToken))}
    own, sibling = file_report(world, "secretary1", world.cells[0]), file_report(world, "secretary2", world.cells[1])
    elsewhere = file_report(world, "other_secretary", world.other_cell)
    draft = begin_draft(world, "secretary1", world.cells[0])
    correct(world, "secretary1", own)
    world.work()
    with world.app.app_context(), write_transaction() as session:
        september = lock_obligation(session, world.obligation(world.cells[0], "2026-09").id)
        wish = Wish(date(2026, 12, 20), "Bão")
        asking = ask_exception(session, september, wish, world.users["secretary1"], world.clock()).id
        run = begin_run(session, world.committee, "x.csv", b"x", world.users["administrator"], world.clock()).id
    missing = uuid.uuid4()
    held, held_photo = hold_work(world, world.cells[0], spare.id), spare_photo(world, held_at=world.clock())
    spare_held = hold_work(world, world.cells[0], spare.id)
    sent_late = hold_work(world, world.cells[1], world.users["secretary1"])
    with world.app.app_context(), write_transaction() as session:
        session.add(LatePhoto(photo_id=held_photo, late_work_id=held, position=1))
    key = rendition_key(held_photo, "0" * 64, Size.SMALL)
    services_of(world.app).storage.put(key, b"\xff\xd8\xff", "image/jpeg")
    return Things(
        world,
        {
            "": {},
            "file": {"filename": "css/app.css"},
            "somebody's phone": {"device_id": phone},
            "somebody's session": {"session_id": session_id},
            "somebody's passkey": {"passkey_id": passkey},
            "somebody's token": {"token_id": tokens[owner.id]},
            "spare person's token": {"user_id": spare.id, "token_id": tokens[spare.id]},
            "somebody's token under the spare person": {"user_id": spare.id, "token_id": tokens[owner.id]},
            "missing person's token": {"user_id": missing, "token_id": tokens[spare.id]},
            "unknown token": {"token": "0" * 22},
            "own cell": {"unit_id": world.cells[0]},
            "sibling cell": {"unit_id": world.cells[1]},
            "other cell": {"unit_id": world.other_cell},
            "committee": {"unit_id": world.committee},
            "other committee": {"unit_id": world.other_committee},
            "root": {"unit_id": world.root},
            "missing unit": {"unit_id": missing},
            "own period": {"obligation_id": world.obligation(world.cells[0], "2026-10").id},
            "own reported period": {"obligation_id": world.obligation(world.cells[0]).id},
            "sibling period": {"obligation_id": world.obligation(world.cells[1], "2026-10").id},
            "other period": {"obligation_id": world.obligation(world.other_cell, "2026-10").id},
            "missing period": {"obligation_id": missing},
            "own asking": {"exception_id": asking},
            "missing asking": {"exception_id": missing},
            "own report": {"meeting_id": own},
            "own draft": {"meeting_id": draft},
            "sibling report": {"meeting_id": sibling},
            "other report": {"meeting_id": elsewhere},
            "missing report": {"meeting_id": missing},
            "own answer": {"review_id": mark_for_later(world, own)},
            "missing answer": {"review_id": missing},
            "first version": {"meeting_id": own, "number": 1},
            "second version": {"meeting_id": own, "number": 2},
            "missing version": {"meeting_id": own, "number": 99},
            "own report's photo": {"meeting_id": own, "photo_id": photo_of(world, own)},
            "sibling's photo under own report": {"meeting_id": own, "photo_id": photo_of(world, sibling)},
            "own photo": {"photo_id": photo_of(world, own), "size": 320},
            "own large photo": {"photo_id": photo_of(world, own), "size": 1600},
            "own photo of no size": {"photo_id": photo_of(world, own), "size": 321},
            "own draft photo": {"photo_id": photo_of(world, draft), "size": 320},
            "sibling photo": {"photo_id": photo_of(world, sibling), "size": 320},
            "other photo": {"photo_id": photo_of(world, elsewhere), "size": 320},
            "missing photo": {"photo_id": missing, "size": 320},
            "spare photo": {"photo_id": spare_photo(world)},
            "missing spare photo": {"photo_id": missing},
            "own held work": {"work_id": held},
            "own spare held work": {"work_id": spare_held},
            "held work that own sent": {"work_id": sent_late},
            "missing held work": {"work_id": missing},
            "own held photo": {"work_id": held, "photo_id": held_photo, "size": 320},
            "own held photo under another work": {"work_id": sent_late, "photo_id": held_photo, "size": 320},
            "own photo under own held work": {"work_id": held, "photo_id": photo_of(world, own), "size": 320},
            "own held photo by itself": {"photo_id": held_photo, "size": 320},
            "own held photo to take back": {"photo_id": held_photo},
            "own document": {"document_id": spare_document(world, own, published_at=world.clock())},
            "own unsent document": {"document_id": spare_document(world, draft)},
            "own withdrawn document": {
                "document_id": spare_document(world, own, published_at=world.clock(), withdrawn_at=world.clock())
            },
            "missing document": {"document_id": missing},
            "job": {"job_id": dead_job(world)},
            "missing job": {"job_id": missing},
            "missing mail": {"delivery_id": missing},
            "spare role": {"unit_id": world.cells[0], "role_id": spare_role.id},
            "spare role under the sibling": {"unit_id": world.cells[1], "role_id": spare_role.id},
            "spare watcher": {"unit_id": world.cells[0], "user_id": spare.id},
            "spare watcher under the sibling": {"unit_id": world.cells[1], "user_id": spare.id},
            "reporter": {"unit_id": world.cells[0], "role_id": reporter},
            "reporter under the sibling": {"unit_id": world.cells[1], "role_id": reporter},
            "spare person": {"user_id": spare.id},
            "missing person": {"user_id": missing},
            "import": {"run_id": run},
            "missing import": {"run_id": missing},
        },
    )


def file_report(world: World, login: str, cell: uuid.UUID) -> uuid.UUID:
    client = world.sign_in(login)
    address = f"/obligations/{world.obligation(cell).id}/check-in"
    answer = client.post(address, data=form_of(client.get(address), overviews=[jpeg(scene(640, 480))]))
    assert answer.status_code == 303, answer.text
    return uuid.UUID(answer.location.split("/")[2].partition("?")[0])


def correct(world: World, login: str, meeting_id: uuid.UUID) -> None:
    client, address = world.sign_in(login), f"/meetings/{meeting_id}/correct"
    answer = client.post(address, data=form_of(client.get(address), {**GOOD_FIELDS, "present": "20"}))
    assert answer.status_code == 303, answer.text


def begin_draft(world: World, login: str, cell: uuid.UUID) -> uuid.UUID:
    client = world.sign_in(login)
    address = f"/obligations/{world.obligation(cell, '2026-10').id}/check-in"
    fields = {**GOOD_FIELDS, "total": ""}
    answer = client.post(address, data=form_of(client.get(address), fields, overviews=[jpeg(scene(640, 400))]))
    assert answer.status_code == 422, answer.text
    with world.app.app_context(), read_transaction() as session:
        return session.scalars(select(Meeting.id).where(Meeting.state == MeetingState.DRAFT)).one()


def mark_for_later(world: World, meeting_id: uuid.UUID) -> uuid.UUID:
    with world.app.app_context(), write_transaction() as session:
        meeting, reviewer = session.get_one(Meeting, meeting_id), world.users["reviewer"]
        return answer_report(session, meeting, Verdict.SEE_LATER, None, reviewer, world.clock()).id


def photo_of(world: World, meeting_id: uuid.UUID) -> uuid.UUID:
    with world.app.app_context(), read_transaction() as session:
        return session.scalars(select(MeetingPhoto.photo_id).where(MeetingPhoto.meeting_id == meeting_id)).one()


def hold_work(world: World, cell: uuid.UUID, author_id: uuid.UUID) -> uuid.UUID:
    """An extra meeting's report that somebody handed in late."""
    work = LateWork(
        id=uuid.uuid4(),
        client_id=uuid.uuid4(),
        unit_id=cell,
        extra_kind=ExtraKind.UNSCHEDULED,
        author_id=author_id,
        ended_on=world.clock().date(),
        typed={"place": "Hall 1", "minutes_text": "A, B."},
        state=LateState.WAITING,
        arrived_at=world.clock(),
        expires_at=kept_until(world.clock()),
    )
    with world.app.app_context(), write_transaction() as session:
        session.add(work)
    return work.id


def spare_photo(world: World, **when: datetime) -> uuid.UUID:
    """A photo of the first cell that belongs to no report, to be taken back."""
    photo = Photo(
        id=uuid.uuid4(),
        unit_id=world.cells[0],
        purpose=Purpose.OVERVIEW,
        sha256="0" * 64,
        size=1,
        format="jpeg",
        width=4,
        height=3,
        received_at=world.clock(),
        uploaded_by=world.users["secretary1"],
        state=PhotoState.READY,
        **when,
    )
    with world.app.app_context(), write_transaction() as session:
        session.add(photo)
    return photo.id


def spare_document(world: World, meeting_id: uuid.UUID, **when: datetime) -> uuid.UUID:
    document = Document(
        id=uuid.uuid4(),
        unit_id=world.cells[0],
        meeting_id=meeting_id,
        kind=DocumentKind.OTHER,
        name="bb.pdf",
        format="pdf",
        sha256="0" * 64,
        size=1,
        scan=ScanState.CLEAN,
        received_at=world.clock(),
        uploaded_by=world.users["secretary1"],
        **when,
    )
    services_of(world.app).storage.put(document_key(document.id, document.sha256), b"%PDF-", "application/pdf")
    with world.app.app_context(), write_transaction() as session:
        session.add(document)
    return document.id


def dead_job(world: World) -> uuid.UUID:
    page = world.sign_in("administrator").get("/office")
    found = re.search(r"/office/jobs/([0-9a-f-]{36})/retry", page.text)
    assert found, page.text
    return uuid.UUID(found.group(1))


def token(client: FlaskClient) -> str:
    page = client.get("/messages")
    return token_of(page if page.status_code == 200 else client.get("/sign-in"))


def ask(client: FlaskClient, method: str, address: str, csrf_token: str) -> TestResponse:
    if method == "GET":
        return client.get(address)
    fields = {"csrf_token": csrf_token, "client_id": str(uuid.uuid4()), "language": "en"}
    return client.post(address, data=fields)


def outcome(answer: TestResponse) -> object:
    leads = answer.location or ""
    sent = answer.status_code in {302, 303} and leads.partition("?")[0] == "/sign-in"
    return IN if sent or answer.status_code == 401 else answer.status_code


def walk(things: Things, client: FlaskClient) -> Iterator[tuple[tuple[str, str, str], TestResponse]]:
    csrf_token = token(client)
    for method, endpoint, what in TABLE:
        yield (method, endpoint, what), ask(client, method, things.address(endpoint, what), csrf_token)


def test_everybody_gets_what_the_table_says(things: Things) -> None:
    wrong, refusals = {}, set()
    for number, actor in enumerate(ACTORS):
        client = things.client(actor)
        for row, answer in walk(things, client):
            if outcome(answer) != TABLE[row][number]:
                wrong[actor, *row] = (outcome(answer), TABLE[row][number])
            if answer.status_code in {403, 404}:
                refusals.add((answer.status_code, FLASHED.sub("", REQUEST_NUMBER.sub("", answer.text))))
            if row[0] == "GET":
                head = client.head(things.address(row[1], row[2]))
                assert (outcome(head), head.data) == (outcome(answer), b""), (actor, *row)
    assert wrong == {}, "found, expected"
    assert {status for status, _ in refusals} == {403, 404}
    assert len(refusals) == 2, "foreign and missing are the same page"
    who_may_file = ("secretary1", "secretary2", "reviewer", "administrator")
    assert draft_authors(things.world) == {things.world.users[login] for login in who_may_file}


def draft_authors(world: World) -> set[uuid.UUID]:
    """Who began a report: a refused sending leaves none behind."""
    with world.app.app_context(), read_transaction() as session:
        return set(session.scalars(select(Meeting.author_id).where(Meeting.state == MeetingState.DRAFT)))


def test_a_session_that_ended_is_worth_no_more_than_none(things: Things) -> None:
    """The cookie is still there, and so is the token of the page that was open."""
    client = things.client("own")
    csrf_token = token(client)
    with things.world.app.app_context(), write_transaction() as session:
        session.execute(update(UserSession).values(revoked_at=things.world.clock()))
    found = {}
    for method, endpoint, what in TABLE:
        found[method, endpoint, what] = outcome(ask(client, method, things.address(endpoint, what), csrf_token))
    assert found == {row: statuses[-1] for row, statuses in TABLE.items()}


def test_a_report_link_opens_the_form_that_it_names_and_nothing_else(things: Things) -> None:
    """Whoever came by it is the secretary on that page and its receipt, and nobody elsewhere."""
    world, client = things.world, things.world.app.test_client()
    with world.app.app_context(), write_transaction() as session:
        obligation = session.get_one(Obligation, things.values["own period"]["obligation_id"])
        secretary, reviewer = world.users["secretary1"], world.users["reviewer"]
        held, _ = make_report_link(session, obligation, secretary, reviewer, world.clock())
    opened = client.post("/report", data={"csrf_token": token_of(client.get("/report")), "token": held})
    assert opened.location == things.address("check_in.check_in", "own period") + "?entered=1"
    expected = {row: statuses[-1] for row, statuses in TABLE.items()}
    for row in expected:
        if row[1] in {"check_in.check_in", "check_in.check_in_submit", "meetings.receipt", "late_work.show"}:
            expected[row] = 404
    expected["GET", "check_in.check_in", "own period"] = 200
    expected["POST", "check_in.check_in_submit", "own period"] = 422
    found = {row: outcome(answer) for row, answer in walk(things, client)}
    assert {row: (status, expected[row]) for row, status in found.items() if status != expected[row]} == {}
    with world.app.app_context(), read_transaction() as session:
        assert session.get_one(User, secretary).language == "vi", "who came by a link chooses for that browser only"
