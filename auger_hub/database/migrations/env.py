"""Run the migrations on the connection that the hub hands to Alembic."""

from __future__ import annotations

from alembic import context

from auger_hub.database import (  # noqa: F401 - they add their tables
    apply_tables,
    member_tables,
    review_tables,
)
from auger_hub.database.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
