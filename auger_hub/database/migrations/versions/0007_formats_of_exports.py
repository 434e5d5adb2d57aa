"""In which format a model is exported."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column; exports of before are the self-contained zip."""
    column = sa.Column("format", sa.String(), nullable=False, server_default="zip")
    op.add_column("pipeline_files", column)


def downgrade() -> None:
    """Drop the column."""
    with op.batch_alter_table("pipeline_files") as table:
        table.drop_column("format")
