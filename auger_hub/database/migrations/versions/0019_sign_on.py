"""Who users are at an OpenID Connect provider.

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Add the columns; users of before are nobody there."""
    op.add_column("users", sa.Column("oidc_issuer", sa.String(), nullable=True))
    op.add_column("users", sa.Column("oidc_subject", sa.String(), nullable=True))
    op.create_index("ix_users_oidc", "users", ["oidc_issuer", "oidc_subject"], unique=True)


def downgrade() -> None:
    """Drop the columns."""
    op.drop_index("ix_users_oidc", "users")
    with op.batch_alter_table("users") as table:
        table.drop_column("oidc_subject")
        table.drop_column("oidc_issuer")
