"""Roles of users, scopes of tokens, limits of organizations.

Everybody could do everything: they go on as members, and the first user of each organization as
its admin.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add the columns."""
    role = sa.Column("role", sa.String(), nullable=False, server_default="member")
    op.add_column("users", role)
    first = "SELECT min(id) FROM users GROUP BY organization_id"
    op.execute(f"UPDATE users SET role = 'admin' WHERE id IN ({first})")  # noqa: S608 - no input
    op.add_column("tokens", sa.Column("scope", sa.String(), nullable=True))
    for name in ("most_workers", "most_questions"):
        op.add_column("organizations", sa.Column(name, sa.Integer(), nullable=True))


def downgrade() -> None:
    """Drop the columns."""
    for name in ("most_workers", "most_questions"):
        op.drop_column("organizations", name)
    op.drop_column("tokens", "scope")
    op.drop_column("users", "role")
