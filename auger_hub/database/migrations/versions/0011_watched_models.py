"""What deployed models are asked and say, by day; what to compare it with; rules that watch it.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_ADDED = (
    ("predictions", sa.Column("observation", sa.JSON(none_as_null=True))),
    ("actuals", sa.Column("segment_scores", sa.JSON(none_as_null=True))),
    ("pipelines", sa.Column("monitor", sa.JSON(none_as_null=True))),
    ("review_alerts", sa.Column("rule", sa.JSON(none_as_null=True))),
    ("review_alert_items", sa.Column("pipeline_id", sa.String())),
    ("review_alert_items", sa.Column("subject", sa.String())),
    ("review_alert_items", sa.Column("text", sa.String())),
    ("review_alert_items", sa.Column("closed_at", sa.DateTime())),
    ("review_alert_items", sa.Column("last_day", sa.String())),
    ("review_alert_items", sa.Column("action_results", sa.JSON(none_as_null=True))),
)


def upgrade() -> None:
    """Make the tables and columns."""
    for table, column in _ADDED:
        op.add_column(table, column)
    uncounted = sa.text("observation IS NOT NULL")
    op.create_index(
        "ix_predictions_uncounted",
        "predictions",
        ["created_at"],
        sqlite_where=uncounted,
        postgresql_where=uncounted,
    )
    # older items were told once and never closed
    op.execute("UPDATE review_alert_items SET closed_at = opened_at")
    op.create_table(
        "model_days",
        sa.Column("id", sa.Integer(), nullable=False),
        *_owned(),
        sa.Column("pipeline_id", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("segment", sa.String(), nullable=False),
        sa.Column("counts", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["pipeline_id"], ["pipelines.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("pipeline_id", "day", "segment"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "model_references",
        sa.Column("id", sa.String(), nullable=False),
        *_owned(),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("content", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["pipelines.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    for table, names in (
        ("model_days", ("organization_id", "project_id", "pipeline_id")),
        ("model_references", ("organization_id", "project_id", "status")),
    ):
        for name in names:
            op.create_index(f"ix_{table}_{name}", table, [name])


def _owned() -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], ondelete="CASCADE"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_predictions_uncounted", "predictions")
    op.drop_table("model_references")
    op.drop_table("model_days")
    for table, column in _ADDED:
        op.drop_column(table, column.name)
