"""Items."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    """Make the table."""
    op.create_table(
        "items",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("price_cents", sa.Integer, nullable=False),
    )


def downgrade():
    """And take it away."""
    op.drop_table("items")
