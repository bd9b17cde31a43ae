"""The side tables of the kit."""

from alembic import op

from kechuang.db.migrations import create_kit_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create what every service's database has."""
    create_kit_tables(op.get_bind())


def downgrade() -> None:
    """Not offered: a restore goes back, a migration does not."""
    raise NotImplementedError
