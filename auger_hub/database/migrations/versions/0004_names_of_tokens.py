"""What the owner of a token calls it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the column; tokens of before have no name."""
    op.add_column("tokens", sa.Column("name", sa.String()))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("tokens", "name")
