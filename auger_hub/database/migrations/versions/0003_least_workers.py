"""The workers that stay while a project's cluster runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column; projects of before keep none."""
    op.add_column("projects", sa.Column("min_workers_count", sa.Integer()))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("projects", "min_workers_count")
