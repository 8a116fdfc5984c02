"""the whole check-in"""

from calendar import monthrange
from datetime import UTC

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from meetingcheck.lib.instants import last_day_before

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "api_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_api_token_user_id_user_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_token_user_id"), ["user_id"], unique=False)

    op.create_table(
        "personal_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_personal_token_user_id_user_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_personal_token_token_hash")),
    )
    with op.batch_alter_table("personal_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_personal_token_user_id"), ["user_id"], unique=False)

    op.create_table(
        "period_exception",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("series", sa.String(length=32), nullable=True),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("moved_to", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("document", sa.String(length=200), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["user_account.id"], name=op.f("fk_period_exception_asked_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["user_account.id"], name=op.f("fk_period_exception_decided_by_user_account")
        ),
        sa.ForeignKeyConstraint(["series"], ["series.code"], name=op.f("fk_period_exception_series_series")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_period_exception_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_period_exception")),
    )
    with op.batch_alter_table("period_exception", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_period_exception_period"), ["period"], unique=False)
        batch_op.create_index(batch_op.f("ix_period_exception_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("format", sa.String(length=8), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("scan", sa.String(length=32), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uploaded_by", sa.Uuid(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_document_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_document_unit_id_unit")),
        sa.ForeignKeyConstraint(
            ["uploaded_by"], ["user_account.id"], name=op.f("fk_document_uploaded_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["withdrawn_by"], ["user_account.id"], name=op.f("fk_document_withdrawn_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_document_meeting_id"), ["meeting_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_document_unit_id"), ["unit_id"], unique=False)
        batch_op.create_index(
            "ix_document_withdrawn_at",
            ["withdrawn_at"],
            unique=False,
            sqlite_where=sa.text("withdrawn_at IS NOT NULL"),
            postgresql_where=sa.text("withdrawn_at IS NOT NULL"),
        )

    op.create_table(
        "remark",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_cell", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name=op.f("fk_remark_author_id_user_account")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_remark_meeting_id_meeting")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remark")),
    )
    with op.batch_alter_table("remark", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_remark_meeting_id"), ["meeting_id"], unique=False)

    op.create_table(
        "satisfaction",
        sa.Column("obligation_id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_satisfaction_meeting_id_meeting")),
        sa.ForeignKeyConstraint(
            ["obligation_id"], ["obligation.id"], name=op.f("fk_satisfaction_obligation_id_obligation")
        ),
        sa.PrimaryKeyConstraint("obligation_id", name=op.f("pk_satisfaction")),
    )
    with op.batch_alter_table("satisfaction", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_satisfaction_meeting_id"), ["meeting_id"], unique=False)

    op.create_table(
        "task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=500), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("answer", sa.String(length=500), nullable=True),
        sa.Column("answered_in", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["answered_in"], ["meeting.id"], name=op.f("fk_task_answered_in_meeting")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_task_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_task_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sa.UniqueConstraint("meeting_id", "position", name=op.f("uq_task_meeting_id_position")),
    )
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_task_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "version_document",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_version_document_document_id_document")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["meeting_version.id"], name=op.f("fk_version_document_version_id_meeting_version")
        ),
        sa.PrimaryKeyConstraint("version_id", "document_id", name=op.f("pk_version_document")),
    )
    with op.batch_alter_table("version_document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_version_document_document_id"), ["document_id"], unique=False)

    op.create_table(
        "version_photo",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("photo_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name=op.f("fk_version_photo_photo_id_photo")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["meeting_version.id"], name=op.f("fk_version_photo_version_id_meeting_version")
        ),
        sa.PrimaryKeyConstraint("version_id", "photo_id", name=op.f("pk_version_photo")),
    )
    with op.batch_alter_table("version_photo", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_version_photo_photo_id"), ["photo_id"], unique=False)

    op.create_table(
        "sent_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("photo_id", sa.Uuid(), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name=op.f("fk_sent_file_photo_id_photo")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_sent_file_document_id_document")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sent_file")),
    )
    with op.batch_alter_table("sent_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sent_file_photo_id"), ["photo_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sent_file_document_id"), ["document_id"], unique=False)

    with op.batch_alter_table("meeting", schema=None) as batch_op:
        batch_op.add_column(sa.Column("extra_kind", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("revision", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("voided_by", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("void_reason", sa.String(length=500), nullable=True))
        batch_op.drop_index("uq_meeting_reported_obligation")
        batch_op.create_foreign_key(
            batch_op.f("fk_meeting_voided_by_user_account"), "user_account", ["voided_by"], ["id"]
        )

    with op.batch_alter_table("meeting_version", schema=None) as batch_op:
        batch_op.add_column(sa.Column("base", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("details", JSON, nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("told_by", sa.String(length=120), nullable=True))
        batch_op.create_index("ix_meeting_version_held_on", ["held_on"], unique=False)

    with op.batch_alter_table("missed_event", schema=None) as batch_op:
        batch_op.add_column(sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_constraint(batch_op.f("uq_missed_event_obligation_id"), type_="unique")
        batch_op.create_unique_constraint(batch_op.f("uq_missed_event_obligation_id_at"), ["obligation_id", "at"])

    with op.batch_alter_table("series", schema=None) as batch_op:
        batch_op.alter_column("unit_kind", existing_type=sa.String(length=32), nullable=True)

    # Out of the way of the rebuilding: on SQLite a rebuilt table would carry the index along without its condition.
    op.drop_index("ix_obligation_to_close", "obligation")
    with op.batch_alter_table("obligation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("planned_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("moved_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("usual_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("report_days", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("satisfied_by", sa.Uuid(), nullable=True))
        batch_op.create_index(batch_op.f("ix_obligation_satisfied_by"), ["satisfied_by"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_obligation_satisfied_by_obligation"), "obligation", ["satisfied_by"], ["id"]
        )
    keep_what_was_owed()
    with op.batch_alter_table("obligation", schema=None) as batch_op:
        batch_op.alter_column("usual_on", existing_type=sa.Date(), nullable=False)
        batch_op.alter_column("report_days", existing_type=sa.Integer(), nullable=False)
    create_index_to_close()

    with op.batch_alter_table("photo", schema=None) as batch_op:
        batch_op.add_column(sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("withdrawn_by", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_photo_withdrawn_by_user_account"), "user_account", ["withdrawn_by"], ["id"]
        )
        batch_op.create_index(
            "ix_photo_withdrawn_at",
            ["withdrawn_at"],
            unique=False,
            sqlite_where=sa.text("withdrawn_at IS NOT NULL"),
            postgresql_where=sa.text("withdrawn_at IS NOT NULL"),
        )

    with op.batch_alter_table("policy", schema=None) as batch_op:
        batch_op.add_column(sa.Column("combined_minutes", sa.Integer(), nullable=False, server_default="120"))
        batch_op.add_column(sa.Column("overviews_asked", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("minutes_asked", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.add_column(sa.Column("absent_names_asked", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.add_column(sa.Column("answer_by", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index("ix_review_reviewer_id_at", ["reviewer_id", "at"], unique=False)

    with op.batch_alter_table("unit", schema=None) as batch_op:
        batch_op.add_column(sa.Column("successor_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("merged_by", sa.String(length=200), nullable=True))
        batch_op.create_index(batch_op.f("ix_unit_successor_id"), ["successor_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_unit_successor_id_unit"), "unit", ["successor_id"], ["id"])

    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mail_stopped_at", sa.DateTime(timezone=True), nullable=True))

    keep_what_was_reported()


def create_index_to_close() -> None:
    waiting = sa.text("reported_at IS NULL AND excepted_at IS NULL AND missed_at IS NULL")
    op.create_index(
        "ix_obligation_to_close", "obligation", ["closes_at"], sqlite_where=waiting, postgresql_where=waiting
    )


def keep_what_was_owed() -> None:
    """Each monthly obligation so far was made from a usual day and days for reporting, which its instants tell."""
    obligation = sa.table(
        "obligation",
        sa.column("id", sa.Uuid()),
        sa.column("period_from", sa.Date()),
        sa.column("due_at", sa.DateTime(timezone=True)),
        sa.column("closes_at", sa.DateTime(timezone=True)),
        sa.column("usual_on", sa.Date()),
        sa.column("report_days", sa.Integer()),
    )
    connection, columns = op.get_bind(), obligation.c
    found = connection.execute(sa.select(columns.id, columns.period_from, columns.due_at, columns.closes_at)).all()
    values = []
    for obligation_id, period_from, due_at, closes_at in found:
        last_day = period_from.replace(day=monthrange(period_from.year, period_from.month)[1])
        report_days = last_day_before(closes_at.replace(tzinfo=closes_at.tzinfo or UTC)) - last_day
        usual_on = last_day_before(due_at.replace(tzinfo=due_at.tzinfo or UTC)) - report_days
        values.append({"which": obligation_id, "usual_on": usual_on, "report_days": report_days.days})
    if values:
        change = sa.update(obligation).where(columns.id == sa.bindparam("which"))
        connection.execute(
            change.values(usual_on=sa.bindparam("usual_on"), report_days=sa.bindparam("report_days")), values
        )


def keep_what_was_reported() -> None:
    """Each report so far satisfies the period that it was filed for, by its latest version and with all its photos."""
    op.execute(
        "INSERT INTO satisfaction (obligation_id, meeting_id) "
        "SELECT obligation_id, id FROM meeting WHERE state != 'draft' AND obligation_id IS NOT NULL"
    )
    op.execute("UPDATE meeting_version SET base = total")
    op.execute(
        "INSERT INTO version_photo (version_id, photo_id, position, purpose) "
        "SELECT meeting_version.id, photo.id, meeting_photo.position, photo.purpose FROM meeting_version "
        "JOIN meeting_photo ON meeting_photo.meeting_id = meeting_version.meeting_id "
        "JOIN photo ON photo.id = meeting_photo.photo_id"
    )


def forget_what_was_not_known_before() -> None:
    """Void reports, further purposes and answers have no place in the older tables."""
    op.execute("UPDATE meeting SET obligation_id = NULL, state = 'submitted' WHERE state = 'void'")
    op.execute(
        "UPDATE meeting SET obligation_id = NULL WHERE state != 'draft' AND NOT EXISTS (SELECT 1 FROM satisfaction "
        "WHERE satisfaction.meeting_id = meeting.id AND satisfaction.obligation_id = meeting.obligation_id)"
    )
    op.execute("UPDATE photo SET purpose = 'minutes_page' WHERE purpose NOT IN ('overview', 'minutes_page')")
    op.execute("DELETE FROM review WHERE verdict = 'see_later'")
    op.execute(
        "DELETE FROM missed_event WHERE EXISTS (SELECT 1 FROM missed_event AS earlier "
        "WHERE earlier.obligation_id = missed_event.obligation_id AND earlier.at < missed_event.at)"
    )
    op.execute("UPDATE series SET unit_kind = (SELECT min(code) FROM unit_kind WHERE is_cell) WHERE unit_kind IS NULL")


def downgrade() -> None:
    forget_what_was_not_known_before()
    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.drop_column("mail_stopped_at")

    with op.batch_alter_table("unit", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_unit_successor_id_unit"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_unit_successor_id"))
        batch_op.drop_column("merged_by")
        batch_op.drop_column("successor_id")

    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.drop_index("ix_review_reviewer_id_at")
        batch_op.drop_column("undone_at")
        batch_op.drop_column("answer_by")

    with op.batch_alter_table("policy", schema=None) as batch_op:
        batch_op.drop_column("absent_names_asked")
        batch_op.drop_column("minutes_asked")
        batch_op.drop_column("overviews_asked")
        batch_op.drop_column("combined_minutes")

    with op.batch_alter_table("photo", schema=None) as batch_op:
        batch_op.drop_index("ix_photo_withdrawn_at")
        batch_op.drop_constraint(batch_op.f("fk_photo_withdrawn_by_user_account"), type_="foreignkey")
        batch_op.drop_column("withdrawn_by")
        batch_op.drop_column("withdrawn_at")
        batch_op.drop_column("claimed_at")

    op.drop_index("ix_obligation_to_close", "obligation")
    with op.batch_alter_table("obligation", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_obligation_satisfied_by_obligation"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_obligation_satisfied_by"))
        batch_op.drop_column("satisfied_by")
        batch_op.drop_column("report_days")
        batch_op.drop_column("usual_on")
        batch_op.drop_column("moved_on")
        batch_op.drop_column("planned_on")
    create_index_to_close()

    with op.batch_alter_table("series", schema=None) as batch_op:
        batch_op.alter_column("unit_kind", existing_type=sa.String(length=32), nullable=False)

    with op.batch_alter_table("missed_event", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_missed_event_obligation_id_at"), type_="unique")
        batch_op.create_unique_constraint(batch_op.f("uq_missed_event_obligation_id"), ["obligation_id"])
        batch_op.drop_column("lifted_at")

    with op.batch_alter_table("meeting_version", schema=None) as batch_op:
        batch_op.drop_index("ix_meeting_version_held_on")
        batch_op.drop_column("told_by")
        batch_op.drop_column("details")
        batch_op.drop_column("base")

    with op.batch_alter_table("meeting", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_meeting_voided_by_user_account"), type_="foreignkey")
        batch_op.drop_column("void_reason")
        batch_op.drop_column("voided_by")
        batch_op.drop_column("voided_at")
        batch_op.drop_column("revision")
        batch_op.drop_column("extra_kind")
    # After the rebuilding above: on SQLite a rebuilt table would carry a reflected index along without its condition.
    op.create_index(
        "uq_meeting_reported_obligation",
        "meeting",
        ["obligation_id"],
        unique=True,
        sqlite_where=sa.text("state != 'draft'"),
        postgresql_where=sa.text("state != 'draft'"),
    )

    with op.batch_alter_table("sent_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sent_file_document_id"))
        batch_op.drop_index(batch_op.f("ix_sent_file_photo_id"))

    op.drop_table("sent_file")
    with op.batch_alter_table("version_photo", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_version_photo_photo_id"))

    op.drop_table("version_photo")
    with op.batch_alter_table("version_document", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_version_document_document_id"))

    op.drop_table("version_document")
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_task_unit_id"))

    op.drop_table("task")
    with op.batch_alter_table("satisfaction", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_satisfaction_meeting_id"))

    op.drop_table("satisfaction")
    with op.batch_alter_table("remark", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_remark_meeting_id"))

    op.drop_table("remark")
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.drop_index("ix_document_withdrawn_at")
        batch_op.drop_index(batch_op.f("ix_document_unit_id"))
        batch_op.drop_index(batch_op.f("ix_document_meeting_id"))

    op.drop_table("document")
    with op.batch_alter_table("period_exception", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_period_exception_unit_id"))
        batch_op.drop_index(batch_op.f("ix_period_exception_period"))

    op.drop_table("period_exception")
    with op.batch_alter_table("personal_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_personal_token_user_id"))

    op.drop_table("personal_token")
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_token_user_id"))

    op.drop_table("api_token")
