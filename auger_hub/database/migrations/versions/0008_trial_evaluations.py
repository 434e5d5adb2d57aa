"""Questions how trials do on rows that they have not seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "trial_evaluations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("experiment_session_id", sa.String(), nullable=False),
        sa.Column("project_file_id", sa.Integer(), nullable=True),
        sa.Column("trial_ids", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("segments", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("is_of_run", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["experiment_session_id"], ["experiment_sessions.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["project_file_id"], ["project_files.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    for name in (
        "organization_id",
        "project_id",
        "experiment_session_id",
        "project_file_id",
        "status",
    ):
        op.create_index(f"ix_trial_evaluations_{name}", "trial_evaluations", [name])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("trial_evaluations")
