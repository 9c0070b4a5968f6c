"""Sessions of phones that were checked in at a site."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make. Phones that are checked in now have to do it anew: nothing would end them."""
    op.add_column("session", sa.Column("meeting_id", sa.String(length=100), nullable=True))
    op.add_column("session", sa.Column("person_id", sa.String(length=100), nullable=True))
    op.create_index("session_by_meeting", "session", ["meeting_id"])
    op.execute('DELETE FROM session WHERE guest LIKE \'%"link": "site-%\'')


def downgrade() -> None:
    """Undo."""
    op.drop_index("session_by_meeting", "session")
    op.drop_column("session", "person_id")
    op.drop_column("session", "meeting_id")
