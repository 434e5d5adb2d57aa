"""Keep what was said about the columns of a data set before it was profiled.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column; of older data sets nothing was said."""
    op.add_column("project_files", sa.Column("declared_schema", sa.JSON(none_as_null=True)))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("project_files", "declared_schema")
