"""What people add to the metadata of documents, case files and the fonds; the pages of what came; what was handed
over."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make."""
    op.create_table(
        "description",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("unit_id", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(16), nullable=False),
        sa.Column("ref", sa.String(100), nullable=False),
        sa.Column("field", sa.String(32), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
    )
    op.create_index("description_of", "description", ["unit_id", "subject", "ref"])
    op.add_column("incoming_document", sa.Column("pages", sa.Integer()))
    op.add_column("case_file", sa.Column("handed_on", sa.Date()))
    op.add_column("case_file", sa.Column("handed_by", sa.Text()))
    op.add_column("case_file", sa.Column("reminded_on", sa.Date()))


def downgrade() -> None:
    """Undo."""
    for name in ("reminded_on", "handed_by", "handed_on"):
        op.drop_column("case_file", name)
    op.drop_column("incoming_document", "pages")
    op.drop_table("description")
