"""By which digest an export is known again.

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Add the column; exports of before have none."""
    op.add_column("pipeline_files", sa.Column("sha256", sa.String(), nullable=True))


def downgrade() -> None:
    """Drop the column."""
    with op.batch_alter_table("pipeline_files") as table:
        table.drop_column("sha256")
