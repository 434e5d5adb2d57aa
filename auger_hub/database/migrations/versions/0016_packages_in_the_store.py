"""Which fitted model in the store is a deployed one's.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add the column; models of before are on the disk of their hub, which stores them."""
    op.add_column("pipelines", sa.Column("package_digest", sa.String(), nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("pipelines", "package_digest")
