"""How many bytes organizations may store, and how many each stored file has.

Revision ID: 0020
Revises: 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
_SIZED = ("project_files", "pipelines", "pipeline_files")


def upgrade() -> None:
    """Add columns and table; what was stored before is measured once the hub runs."""
    op.add_column("organizations", sa.Column("most_storage", sa.BigInteger(), nullable=True))
    for table in _SIZED:
        op.add_column(table, sa.Column("bytes", sa.BigInteger(), nullable=True))
        op.create_index(f"ix_{table}_bytes", table, ["organization_id", "bytes"])
    op.create_table(
        "uploads",
        sa.Column(
            "organization_id",
            sa.Integer(),
            sa.ForeignKey("organizations.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("uploads")
    for table in _SIZED:
        op.drop_index(f"ix_{table}_bytes", table)
        with op.batch_alter_table(table) as changed:
            changed.drop_column("bytes")
    with op.batch_alter_table("organizations") as changed:
        changed.drop_column("most_storage")
