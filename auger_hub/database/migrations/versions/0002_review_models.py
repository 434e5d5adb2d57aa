"""Review models: endpoints, alerts, scored actuals; clusters, manifests, models from elsewhere."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_JSON = sa.JSON(none_as_null=True)
_ADDED_TO_ACTUALS = ("status", "scored_count", "score", "error_message", "happened_at")


def upgrade() -> None:
    """Add the tables and columns."""
    _create_with_id("endpoints", sa.String(), sa.Column("name", sa.String()), _needed("settings"))
    _create_with_id(
        "clusters",
        sa.Integer(),
        *(_number(name) for name in ("created_by", "worker_nodes_count")),
        *(_number(name) for name in ("workers_per_node_count", "autoterminate_minutes")),
        *(_text(name) for name in ("name", "instance_type", "docker_image_tag")),
    )
    _create_with_id(
        "endpoint_pipelines",
        sa.Integer(),
        *_reference("endpoint_id", "endpoints"),
        *_reference("pipeline_id", "pipelines"),
        sa.Column("active", sa.Boolean(), nullable=False),
    )
    _create_with_id(
        "review_alerts",
        sa.Integer(),
        *_reference("endpoint_id", "endpoints"),
        *(_text(name) for name in ("kind", "threshold_policy", "actions", "notifications")),
        sa.Column("threshold", sa.Double(), nullable=False),
        _number("sensitivity"),
        sa.Column("active", sa.Boolean(), nullable=False),
    )
    _create_with_id(
        "review_alert_items",
        sa.Integer(),
        *_reference("endpoint_id", "endpoints"),
        sa.Column("review_alert_id", sa.Integer()),
        sa.ForeignKeyConstraint(["review_alert_id"], ["review_alerts.id"], ondelete="SET NULL"),
        sa.Column("opened_at", sa.DateTime(), nullable=False),
        _text("kind"),
        sa.Column("threshold", sa.Double(), nullable=False),
        _number("sensitivity"),
        _needed("values"),
    )
    for name in ("endpoint_pipelines", "review_alerts", "review_alert_items"):
        op.create_index(f"ix_{name}_endpoint_id", name, ["endpoint_id"])
    op.create_index("ix_endpoint_pipelines_pipeline_id", "endpoint_pipelines", ["pipeline_id"])
    _create_manifests()
    _change_tables()


def downgrade() -> None:
    """Remove them again; models from elsewhere go with them."""
    op.execute("DELETE FROM pipelines WHERE trial_id IS NULL")
    with op.batch_alter_table("pipelines") as pipelines:
        pipelines.alter_column("trial_id", existing_type=sa.String(), nullable=False)
        pipelines.alter_column("experiment_session_id", existing_type=sa.String(), nullable=False)
        pipelines.drop_column("external")
    op.drop_index("ix_predictions_endpoint_id", "predictions")
    op.drop_column("predictions", "endpoint_id")
    op.drop_index("ix_actuals_status", "actuals")
    for name in _ADDED_TO_ACTUALS:
        op.drop_column("actuals", name)
    for name in ("review_alert_items", "review_alerts", "endpoint_pipelines"):
        op.drop_table(name)
    for name in ("endpoints", "clusters", "dataset_manifests"):
        op.drop_table(name)


def _change_tables() -> None:
    with op.batch_alter_table("pipelines") as pipelines:
        pipelines.alter_column("trial_id", existing_type=sa.String(), nullable=True)
        pipelines.alter_column("experiment_session_id", existing_type=sa.String(), nullable=True)
        pipelines.add_column(sa.Column("external", _JSON))
    op.add_column("predictions", sa.Column("endpoint_id", sa.String()))
    op.create_index("ix_predictions_endpoint_id", "predictions", ["endpoint_id"])
    status = sa.Column("status", sa.String(), nullable=False, server_default="waiting")
    epoch = sa.Column("happened_at", sa.DateTime(), nullable=False, server_default="1970-01-01")
    op.add_column("actuals", status)
    op.add_column("actuals", epoch)
    op.add_column(
        "actuals", sa.Column("scored_count", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("actuals", sa.Column("score", sa.Double()))
    op.add_column("actuals", sa.Column("error_message", sa.String()))
    op.execute("UPDATE actuals SET happened_at = created_at")
    op.create_index("ix_actuals_status", "actuals", ["status"])


def _create_manifests() -> None:
    op.create_table(
        "dataset_manifests",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        _text("id"),
        _text("name"),
        _needed("statistics"),
        sa.Column("dataset_url", sa.String()),
        *_times(),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )


def _create_with_id(
    name: str, key: sa.types.TypeEngine[Any], *members: sa.schema.SchemaItem
) -> None:
    """Create a table of objects that belong to an organization and a project."""
    options = {"sqlite_autoincrement": True} if isinstance(key, sa.Integer) else {}
    op.create_table(
        name,
        sa.Column("id", key, nullable=False),
        *_reference("organization_id", "organizations", sa.Integer()),
        *_reference("project_id", "projects", sa.Integer()),
        *members,
        *_times(),
        sa.PrimaryKeyConstraint("id"),
        **options,
    )
    for owner in ("organization_id", "project_id"):
        op.create_index(f"ix_{name}_{owner}", name, [owner])


def _reference(
    name: str, table: str, kind: sa.types.TypeEngine[Any] | None = None
) -> tuple[sa.schema.SchemaItem, ...]:
    column = sa.Column(name, kind or sa.String(), nullable=False)
    return column, sa.ForeignKeyConstraint([name], [f"{table}.id"], ondelete="CASCADE")


def _times() -> tuple[sa.schema.SchemaItem, ...]:
    names = ("created_at", "updated_at")
    return tuple(sa.Column(name, sa.DateTime(), nullable=False) for name in names)


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.String(), nullable=False)


def _number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _needed(name: str) -> sa.Column[Any]:
    return sa.Column(name, _JSON, nullable=False)
