"""Define the tables. Every row names its organization, so that no query can forget whose it is."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


def now() -> datetime:
    """Return the present as naive UTC, the form the database holds."""
    return datetime.now(timezone.utc).replace(tzinfo=None)


class Base(DeclarativeBase):
    """All tables; dictionaries and lists are stored as JSON."""

    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this name
        dict[str, Any]: JSON(none_as_null=True),
        list[Any]: JSON(none_as_null=True),
    }


class Numbered:
    """Ids that count up and are never given twice, also after the newest row is deleted."""

    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy reads this name
    id: Mapped[int] = mapped_column(primary_key=True)


class Timestamped:
    """When a row was made and last changed."""

    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class Organization(Numbered, Timestamped, Base):
    """Who owns objects; one never sees another's."""

    __tablename__ = "organizations"
    name: Mapped[str] = mapped_column(unique=True)
    main_bucket: Mapped[str] = mapped_column(unique=True)
    cluster_mode: Mapped[str] = mapped_column(default="multi_tenant")
    status: Mapped[str] = mapped_column(default="ready")
    most_workers: Mapped[int | None]
    """Of all its runs at the same time; None is as many as there are."""
    most_questions: Mapped[int | None]
    """To its models, in a minute; None is as many as they answer."""
    most_storage: Mapped[int | None] = mapped_column(BigInteger)
    """Bytes of its data, models and exports; None is as many as there is room for."""


def organization_id() -> Mapped[int]:
    """Return the column that says whose a row is."""
    return mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"), index=True)


def _sizes(table: str) -> Index:
    """Return the index that sums of sizes are read from: rows hold long texts besides."""
    return Index(f"ix_{table}_bytes", "organization_id", "bytes")


def project_id() -> Mapped[int]:
    """Return the column that says which project a row goes with."""
    return mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)


class User(Numbered, Timestamped, Base):
    """Someone who may log in; `password_hash` is null of a revoked user.

    Who logs in at an OpenID Connect provider has no password; what stands there is no hash of any.
    """

    __tablename__ = "users"
    __table_args__ = (  # type: ignore[assignment]  # a mixin has options alone
        Index("ix_users_oidc", "oidc_issuer", "oidc_subject", unique=True),
        Numbered.__table_args__,
    )
    organization_id: Mapped[int] = organization_id()
    name: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str] = mapped_column(default="member", server_default="member")
    password_hash: Mapped[str | None]
    oidc_issuer: Mapped[str | None]
    oidc_subject: Mapped[str | None]
    """Who that is at the provider; null until an invited user has logged in there."""


class Token(Base):
    """A login; only the digest of the token is kept."""

    __tablename__ = "tokens"
    digest: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[int | None]
    """Unix seconds."""
    name: Mapped[str | None]
    """What its owner calls it."""
    scope: Mapped[str | None]
    """What it may do of what its user may; None is all of it."""


class Secret(Base):
    """The hub's own keys."""

    __tablename__ = "secrets"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class AuditEntry(Numbered, Base):
    """Who did what to which object; written with the change itself, and pruned by age."""

    __tablename__ = "audit_entries"
    organization_id: Mapped[int | None] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    user: Mapped[str]
    """The name at that time; in brackets where it was none of the users."""
    address: Mapped[str | None]
    request_id: Mapped[str | None]
    action: Mapped[str]
    kind: Mapped[str]
    object_id: Mapped[str | None]
    name: Mapped[str | None]
    """Of the object, at that time."""


class Project(Numbered, Timestamped, Base):
    """A place for data and experiments, with its compute (wire contract §2.4)."""

    __tablename__ = "projects"
    organization_id: Mapped[int] = organization_id()
    name: Mapped[str] = mapped_column(index=True)
    status: Mapped[str] = mapped_column(default="undeployed", index=True)
    deleting: Mapped[bool] = mapped_column(default=False)
    starter_user_id: Mapped[int | None]
    workers_count: Mapped[int] = mapped_column(default=2)
    min_workers_count: Mapped[int | None]
    worker_type_id: Mapped[int] = mapped_column(default=1)
    kubernetes_stack: Mapped[str] = mapped_column(default="stable")
    cluster_autoterminate_minutes: Mapped[int] = mapped_column(default=30)


class ProjectFile(Numbered, Timestamped, Base):
    """A data set (§2.8); `key` is the path of `url` after the bucket, which clients invent."""

    __tablename__ = "project_files"
    __table_args__ = (  # type: ignore[assignment]  # a mixin has options alone
        _sizes("project_files"),
        Numbered.__table_args__,
    )
    organization_id: Mapped[int] = organization_id()
    project_id: Mapped[int] = project_id()
    name: Mapped[str]
    file_name: Mapped[str | None]
    url: Mapped[str]
    key: Mapped[str] = mapped_column(index=True)
    description: Mapped[str | None]
    content_type: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="processing", index=True)
    statistics: Mapped[dict[str, Any] | None]
    declared_schema: Mapped[dict[str, Any] | None]
    error_message: Mapped[str | None]
    made_of: Mapped[dict[str, Any] | None]
    """Of which other data set and which actuals; None for one that a client made."""
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    """Of the stored file; None of one that is not read yet."""


class Upload(Base):
    """An uploaded file that no data set names yet: it takes room all the same."""

    __tablename__ = "uploads"
    organization_id: Mapped[int] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(primary_key=True)
    bytes: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Experiment(Timestamped, Base):
    """A question about one data set (§2.10)."""

    __tablename__ = "experiments"
    id: Mapped[str] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = organization_id()
    project_id: Mapped[int] = project_id()
    project_file_id: Mapped[int | None] = mapped_column(
        ForeignKey("project_files.id", ondelete="SET NULL"), index=True
    )
    name: Mapped[str]
    data_path_url: Mapped[str]


class ExperimentSession(Timestamped, Base):
    """A run: one search of an experiment (§2.11)."""

    __tablename__ = "experiment_sessions"
    id: Mapped[str] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = organization_id()
    project_id: Mapped[int] = project_id()
    experiment_id: Mapped[str] = mapped_column(
        ForeignKey("experiments.id", ondelete="CASCADE"), index=True
    )
    project_file_id: Mapped[int | None] = mapped_column(
        ForeignKey("project_files.id", ondelete="SET NULL"), index=True
    )
    number: Mapped[int]
    model_type: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="waiting", index=True)
    message: Mapped[str | None]
    error_message: Mapped[str | None]
    model_settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    dataset_statistics: Mapped[dict[str, Any] | None]
    top_score_value: Mapped[float | None]
    starter_user_id: Mapped[int]
    workers: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]


class Hyperparameter(Numbered, Base):
    """An algorithm with its settings (§2.19)."""

    __tablename__ = "hyperparameters"
    organization_id: Mapped[int] = organization_id()
    algorithm_name: Mapped[str]
    algorithm_params: Mapped[dict[str, Any]]
    algorithm_params_hash: Mapped[str | None]


class Trial(Timestamped, Base):
    """One model tried in a run (§2.12); without a score it failed and is not on the board."""

    __tablename__ = "trials"
    __table_args__ = (Index("ix_trials_board", "experiment_session_id", "score_value"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = organization_id()
    project_id: Mapped[int] = project_id()
    experiment_session_id: Mapped[str] = mapped_column(
        ForeignKey("experiment_sessions.id", ondelete="CASCADE")
    )
    hyperparameter_id: Mapped[int] = mapped_column(ForeignKey("hyperparameters.id"))
    score_name: Mapped[str]
    score_value: Mapped[float | None]
    task_type: Mapped[str]
    raw_data: Mapped[dict[str, Any]]
    result: Mapped[dict[str, Any]]


class Explanation(Timestamped, Base):
    """What a trial learned and where it is bad; its id is the trial's. Additional to the API."""

    __tablename__ = "explanations"
    id: Mapped[str] = mapped_column(ForeignKey("trials.id", ondelete="CASCADE"), primary_key=True)
    organization_id: Mapped[int] = organization_id()
    project_id: Mapped[int] = project_id()
    status: Mapped[str] = mapped_column(default="waiting", index=True)
    seconds: Mapped[float]
    """That measuring may take, once the models are fitted."""
    content: Mapped[dict[str, Any] | None]
    error_message: Mapped[str | None]


class TrialEvaluation(Timestamped, Base):
    """A question how trials do on rows they have not seen; the run keeps what came of it."""

    __tablename__ = "trial_evaluations"
    id: Mapped[str] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = organization_id()
    project_id: Mapped[int] = project_id()
    experiment_session_id: Mapped[str] = mapped_column(
        ForeignKey("experiment_sessions.id", ondelete="CASCADE"), index=True
    )
    project_file_id: Mapped[int | None] = mapped_column(
        ForeignKey("project_files.id", ondelete="CASCADE"), index=True
    )
    """The holdout; without it, the folds of the run."""
    trial_ids: Mapped[list[Any]]
    segments: Mapped[list[Any] | None]
    is_of_run: Mapped[bool] = mapped_column(default=False)
    """It scores the run on its own holdout."""
    status: Mapped[str] = mapped_column(default="waiting", index=True)
    error_message: Mapped[str | None]


class Pipeline(Timestamped, Base):
    """A deployed model; its id is the trial's, unless it lives elsewhere (§2.13)."""

    __tablename__ = "pipelines"
    __table_args__ = (_sizes("pipelines"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = organization_id()
    project_id: Mapped[int] = project_id()
    experiment_session_id: Mapped[str | None]
    trial_id: Mapped[str | None] = mapped_column(ForeignKey("trials.id", ondelete="CASCADE"))
    external: Mapped[dict[str, Any] | None]
    """What its owner says of a model that lives elsewhere."""
    name: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="packaging", index=True)
    error_message: Mapped[str | None]
    is_review_model_enabled: Mapped[bool] = mapped_column(default=False)
    refit_data_path: Mapped[str | None]
    pipeline_metadata: Mapped[dict[str, Any] | None]
    monitor: Mapped[dict[str, Any] | None]
    """How good it has to stay; the alerts of its endpoint are made of it."""
    rollout: Mapped[dict[str, Any] | None]
    """Which model stands beside it, how, and since when."""
    package_digest: Mapped[str | None]
    """Of the fitted model in the store; None of one that is not stored, or not yet."""
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    """Of that model."""

    @classmethod
    def of(cls, trial: Trial) -> Pipeline:
        """Return what deploys a trial; a trial on other data is fitted on these."""
        return cls(
            id=trial.id,
            organization_id=trial.organization_id,
            project_id=trial.project_id,
            experiment_session_id=trial.experiment_session_id,
            trial_id=trial.id,
            status="packaging",
            refit_data_path=trial.raw_data.get("refit_data_path"),
        )


class PipelineFile(Numbered, Timestamped, Base):
    """A model to take away (§2.14)."""

    __tablename__ = "pipeline_files"
    __table_args__ = (  # type: ignore[assignment]  # a mixin has options alone
        _sizes("pipeline_files"),
        Numbered.__table_args__,
    )
    organization_id: Mapped[int] = organization_id()
    project_id: Mapped[int] = project_id()
    experiment_session_id: Mapped[str]
    trial_id: Mapped[str] = mapped_column(ForeignKey("trials.id", ondelete="CASCADE"))
    format: Mapped[str] = mapped_column(default="zip", server_default="zip")
    status: Mapped[str] = mapped_column(default="pending", index=True)
    key: Mapped[str | None]
    sha256: Mapped[str | None]
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    error_message: Mapped[str | None]


EVALUATION = "evaluation-"
"""How the id of a question begins whose answer is scores (§7), not predictions."""


class Prediction(Timestamped, Base):
    """Questions to a model and its answers (§2.15); `request` is forgotten once answered."""

    __tablename__ = "predictions"
    __table_args__ = (
        Index(
            "ix_predictions_uncounted",
            "created_at",
            sqlite_where=text("observation IS NOT NULL"),
            postgresql_where=text("observation IS NOT NULL"),
        ),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = organization_id()
    project_id: Mapped[int] = project_id()
    pipeline_id: Mapped[str] = mapped_column(
        ForeignKey("pipelines.id", ondelete="CASCADE"), index=True
    )
    endpoint_id: Mapped[str | None] = mapped_column(index=True)
    status: Mapped[str] = mapped_column(default="requested", index=True)
    records_count: Mapped[int | None]
    time_consumed_ms: Mapped[int | None]
    request: Mapped[dict[str, Any] | None]
    result: Mapped[dict[str, Any] | None]
    result_key: Mapped[str | None]
    error_message: Mapped[str | None]
    member: Mapped[str | None]
    """The hub process that answers; None is the one that leads."""
    observation: Mapped[dict[str, Any] | None]
    """Counts of what was asked and said, until its day has them."""
    predicted_at: Mapped[datetime] = mapped_column(default=now)


IS_PREDICTION = Prediction.id.not_like(f"{EVALUATION}%")


class Actual(Numbered, Base):
    """What really happened, as one client sent it, and how the model did (§2.16)."""

    __tablename__ = "actuals"
    organization_id: Mapped[int] = organization_id()
    pipeline_id: Mapped[str] = mapped_column(
        ForeignKey("pipelines.id", ondelete="CASCADE"), index=True
    )
    rows: Mapped[list[Any]]
    details: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(default="waiting", index=True)
    scored_count: Mapped[int] = mapped_column(default=0)
    score: Mapped[float | None]
    segment_scores: Mapped[dict[str, Any] | None]
    """Score and number of rows by segment, `column=value`."""
    error_message: Mapped[str | None]
    happened_at: Mapped[datetime] = mapped_column(default=now)
    created_at: Mapped[datetime] = mapped_column(default=now)


COPY = "is_copy"
"""Among the details of actuals that another model got: of two that are scored side by side."""
IS_OWN = Actual.details[COPY].as_boolean().is_not(True)


class DatasetManifest(Timestamped, Base):
    """What is known of a data set under an id that its owner chose (§2.19)."""

    __tablename__ = "dataset_manifests"
    organization_id: Mapped[int] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    statistics: Mapped[dict[str, Any]]
    dataset_url: Mapped[str | None]


class Cluster(Numbered, Timestamped, Base):
    """The compute of a project as older clients see it; its status is the project's (§2.5)."""

    __tablename__ = "clusters"
    organization_id: Mapped[int] = organization_id()
    project_id: Mapped[int] = project_id()
    created_by: Mapped[int]
    name: Mapped[str]
    worker_nodes_count: Mapped[int]
    workers_per_node_count: Mapped[int]
    instance_type: Mapped[str]
    docker_image_tag: Mapped[str]
    autoterminate_minutes: Mapped[int]


class ClusterTask(Numbered, Timestamped, Base):
    """A background task of the hub (§2.6)."""

    __tablename__ = "cluster_tasks"
    organization_id: Mapped[int] = organization_id()
    project_id: Mapped[int] = project_id()
    name: Mapped[str]
    queue: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="pending", index=True)
    args: Mapped[list[Any] | None]
    result: Mapped[Any | None] = mapped_column(JSON)
    exception: Mapped[str | None]
