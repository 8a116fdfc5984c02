"""work that comes late"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "late_work",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("obligation_id", sa.Uuid(), nullable=True),
        sa.Column("extra_kind", sa.String(length=32), nullable=True),
        sa.Column("meeting_id", sa.Uuid(), nullable=True),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=False),
        sa.Column("typed", JSON, nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("joined_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name=op.f("fk_late_work_author_id_user_account")),
        sa.ForeignKeyConstraint(["decided_by"], ["user_account.id"], name=op.f("fk_late_work_decided_by_user_account")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_late_work_meeting_id_meeting")),
        sa.ForeignKeyConstraint(
            ["obligation_id"], ["obligation.id"], name=op.f("fk_late_work_obligation_id_obligation")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_late_work_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_work")),
    )
    with op.batch_alter_table("late_work", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_late_work_author_id"), ["author_id"], unique=False)
        batch_op.create_index("ix_late_work_state_expires_at", ["state", "expires_at"], unique=False)
        batch_op.create_index("ix_late_work_unit_id_state", ["unit_id", "state"], unique=False)

    op.create_table(
        "late_document",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("late_work_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("format", sa.String(length=8), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["late_work_id"], ["late_work.id"], name=op.f("fk_late_document_late_work_id_late_work")
        ),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_late_document")),
    )
    with op.batch_alter_table("late_document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_late_document_late_work_id"), ["late_work_id"], unique=False)

    op.create_table(
        "late_photo",
        sa.Column("photo_id", sa.Uuid(), nullable=False),
        sa.Column("late_work_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["late_work_id"], ["late_work.id"], name=op.f("fk_late_photo_late_work_id_late_work")),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name=op.f("fk_late_photo_photo_id_photo")),
        sa.PrimaryKeyConstraint("photo_id", name=op.f("pk_late_photo")),
    )
    with op.batch_alter_table("late_photo", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_late_photo_late_work_id"), ["late_work_id"], unique=False)

    with op.batch_alter_table("photo", schema=None) as batch_op:
        batch_op.add_column(sa.Column("held_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("photo", schema=None) as batch_op:
        batch_op.drop_column("held_at")

    with op.batch_alter_table("late_photo", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_late_photo_late_work_id"))

    op.drop_table("late_photo")
    with op.batch_alter_table("late_document", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_late_document_late_work_id"))

    op.drop_table("late_document")
    with op.batch_alter_table("late_work", schema=None) as batch_op:
        batch_op.drop_index("ix_late_work_unit_id_state")
        batch_op.drop_index("ix_late_work_state_expires_at")
        batch_op.drop_index(batch_op.f("ix_late_work_author_id"))

    op.drop_table("late_work")
