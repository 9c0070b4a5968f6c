"""Mail: addresses, the outbox, changed and cancelled meetings; a standing room belongs to an authority."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "mail",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("meeting_id", sa.String(length=100), nullable=False),
        sa.Column("person_id", sa.String(length=100), nullable=False),
        sa.Column("room_id", sa.String(length=100), nullable=True),
        sa.Column("link_until", sa.String(length=32), nullable=False),
        sa.Column("sender_name", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("method", sa.String(length=10), nullable=False),
        sa.Column("document_id", sa.String(length=32), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("due_at", sa.String(length=32), nullable=False),
        sa.Column("sent_at", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("mail_by_due", "mail", ["state", "due_at"])
    op.create_index("ix_mail_meeting_id", "mail", ["meeting_id"])
    op.create_table(
        "guest_address",
        sa.Column("meeting_id", sa.String(length=100), nullable=False),
        sa.Column("person_id", sa.String(length=100), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.PrimaryKeyConstraint("meeting_id", "person_id"),
    )
    with op.batch_alter_table("account") as batch_op:
        batch_op.add_column(sa.Column("address", sa.String(length=320), nullable=False, server_default=""))
    with op.batch_alter_table("meeting") as batch_op:
        batch_op.add_column(sa.Column("sequence", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("reason", sa.Text(), nullable=True))
    with op.batch_alter_table("room") as batch_op:
        for name in ("unit_id", "chair_id", "secretary_id"):
            batch_op.add_column(sa.Column(name, sa.String(length=40), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("invites", sa.Text(), nullable=False, server_default="[]"))
    _give_rooms_to_their_authority()


def _give_rooms_to_their_authority() -> None:
    """Until now a permanent room belonged to the authority of the first leader, and everybody was invited."""
    connection = op.get_bind()
    accounts = connection.execute(sa.text("SELECT id, unit_id, roles FROM account WHERE active ORDER BY id")).all()

    def first(role: str, unit: str | None = None) -> tuple[str, str]:
        fitting = [(row.id, row.unit_id) for row in accounts if role in json.loads(row.roles)]
        return next((one for one in fitting if unit in (None, one[1])), ("", ""))

    chair, unit = first("leader")
    if unit:
        others = sorted({row.unit_id for row in accounts if "delegate" in json.loads(row.roles)} - {unit})
        connection.execute(
            sa.text(
                "UPDATE room SET unit_id=:unit, chair_id=:chair, secretary_id=:secretary, invites=:invites "
                "WHERE permanent"
            ),
            {"unit": unit, "chair": chair, "secretary": first("secretary", unit)[0], "invites": json.dumps(others)},
        )


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("room") as batch_op:
        for name in ("invites", "secretary_id", "chair_id", "unit_id"):
            batch_op.drop_column(name)
    with op.batch_alter_table("meeting") as batch_op:
        batch_op.drop_column("reason")
        batch_op.drop_column("sequence")
    with op.batch_alter_table("account") as batch_op:
        batch_op.drop_column("address")
    op.drop_table("guest_address")
    op.drop_table("mail")
