"""Describe where one hub lives: its folder, address, database and file storage.

Light on purpose: `hub status` imports this and nothing of the server.
"""

from __future__ import annotations

import functools
import hashlib
import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

API_PREFIX = "/api/v1"
LOOPBACK = "127.0.0.1"
OWN_ORGANIZATION = "local"
"""Of the hub's own user, whose operators look after the hub."""
PRIVATE, PUBLIC = SOURCES = ("private", "public")
MULTI_TENANT, SINGLE_TENANT = CLUSTER_MODES = ("multi_tenant", "single_tenant")
LOCAL, TOKEN, OPEN, OFF = METRICS = ("local", "token", "open", "off")
"""Who may read the metrics: this machine, the hub's own organization, everybody, nobody."""
TEXT, JSON_LINES = LOG_FORMATS = ("text", "json")
FILE, STDOUT = LOG_PLACES = ("file", "stdout")
ALL, WEB, WORK = PROCESS_ROLES = ("all", "web", "work")
"""Whether a process answers requests, may lead the background work, or both."""
KEEP_ALL = "all"
KEEPS = ("none", "ids", KEEP_ALL)
"""What stays of a question to a model that was answered at once."""
_CHOICES = {
    "AUGER_HUB_KEEP_PREDICTIONS": KEEPS,
    "AUGER_HUB_CLUSTER_MODE": CLUSTER_MODES,
    "AUGER_HUB_LOG": LOG_PLACES,
    "AUGER_HUB_LOG_FORMAT": LOG_FORMATS,
    "AUGER_HUB_METRICS": METRICS,
    "AUGER_HUB_ROLE": PROCESS_ROLES,
    "AUGER_HUB_SOURCES": SOURCES,
}


class BadSettings(ValueError):
    """Something the hub was told that it cannot do."""


@dataclass(frozen=True)
class HubSettings:
    """Everything a hub is told from outside; child processes get it through their environment."""

    home: Path
    host: str = LOOPBACK
    port: int = 0
    database: str = ""
    storage: str = ""
    cluster_mode: str = MULTI_TENANT
    scheduler: str = ""
    proxy: str = ""
    sources: str = ""
    role: str = ALL
    workers: int = 1
    worker: int = 0
    """Which of the workers a process is; they share the home, and each has a folder of its own."""
    oidc: str = ""

    log: str = FILE
    log_format: str = TEXT
    metrics: str = LOCAL
    audit_days: int = 365
    disk_alarm_mb: int = 1024
    keep_predictions: str = KEEP_ALL
    keep_predictions_days: int = 0
    keep_trials_days: int = 0
    keep_data_days: int = 0
    keep_models_days: int = 0

    @classmethod
    def from_environment(cls) -> HubSettings:
        """Read the settings that `to_environment` wrote, with a personal hub as the default."""
        home = os.environ.get("AUGER_HUB_HOME") or "~/.augerai/hub"
        told: dict[str, Any] = {
            name: _read(variable, default)
            for name, (variable, default) in _variables().items()
            if os.environ.get(variable)
        }
        return cls(home=Path(home).expanduser().absolute(), **told)

    def to_environment(self) -> dict[str, str]:
        """Return the variables that make a child process serve the same hub."""
        told = {variable: str(getattr(self, name)) for name, (variable, _) in _variables().items()}
        return {"AUGER_HUB_HOME": str(self.home), **told}

    @property
    def removes_by_age(self) -> bool:
        """Whether anything but the audit trail is removed because it is old."""
        kept = (self.keep_predictions_days, self.keep_trials_days)
        return any((*kept, self.keep_data_days, self.keep_models_days))

    @property
    def is_personal(self) -> bool:
        """Whether nothing but this machine reaches the hub."""
        is_loopback = self.host in ("localhost", "::1") or self.host.startswith("127.")
        return is_loopback and not self.proxy

    @property
    def has_private_sources(self) -> bool:
        """Whether data may come from addresses of this network; said, or as one's own hub may."""
        return self.sources == PRIVATE if self.sources else self.is_personal

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the database; SQLite in the home folder unless told otherwise."""
        return self.database or f"sqlite:///{self.home / 'hub.db'}"

    @property
    def files_folder(self) -> Path:
        """Folder of the stored files, or of the copies of what is in a store elsewhere."""
        if self.has_remote_storage:
            return self.home / "copies" / hashlib.sha256(self.storage.encode()).hexdigest()[:12]
        if not self.storage:
            return self.own_files_folder
        return Path(self.storage.removeprefix("file://")).expanduser().absolute()

    @property
    def own_files_folder(self) -> Path:
        """Folder of the stored files of a hub that was told nothing else."""
        return self.home / "files"

    @property
    def has_remote_storage(self) -> bool:
        """Whether the files are in a store that has a URL, not in a folder."""
        scheme, separator, _ = self.storage.partition("://")
        return bool(separator) and scheme != "file"

    @property
    def own_folder(self) -> Path:
        """Folder of what one worker has to itself: the home is that of the first."""
        return self.home / "workers" / str(self.worker) if self.worker else self.home

    @property
    def models_folder(self) -> Path:
        """Folder of the fitted models, one folder a trial."""
        return self.own_folder / "models"

    @property
    def work_folder(self) -> Path:
        """Folder of the locks that living child processes hold."""
        return self.own_folder / "work"

    @property
    def temporary_folder(self) -> Path:
        """Folder of the temporary folders of processes."""
        return self.home / "tmp"

    def cluster_path(self, project_id: int) -> Path:
        """Where the Dask cluster of a project notes its address and key, while it runs."""
        return self.work_folder / f"cluster-{project_id}.json"

    @property
    def log_path(self) -> Path:
        """The hub's log: requests, errors and what its children say."""
        return self.home / "hub.log"

    @property
    def state_path(self) -> Path:
        """Where the running hub is: `{url, pid, version, started_at}`."""
        return self.home / "hub.json"

    @property
    def lock_path(self) -> Path:
        """What a serving process holds locked for its life."""
        return self.home / "serve.lock"

    @property
    def place_path(self) -> Path:
        """Where rows and files are, for its owner only: `{database, storage}` as last told."""
        return self.home / "place.json"

    @property
    def identity_path(self) -> Path:
        """What tells which database and store this folder belongs to: `{identity}`."""
        return self.home / "identity.json"

    @property
    def member_path(self) -> Path:
        """What tells the processes that serve this folder from those of others: `{id}`."""
        return self.own_folder / "member.json"

    @property
    def trash_folder(self) -> Path:
        """Where swept models and logs stay for some days, one folder a day."""
        return self.home / "trash"

    @property
    def credentials_path(self) -> Path:
        """The client's credentials of this hub, in the clients' own format (wire contract §1.3)."""
        return self.home / "auger.json"

    def make_folders(self) -> None:
        """Create the home folder, readable by its owner only; the storage makes its own."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.home.chmod(0o700)
        for folder in (self.models_folder, self.work_folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)


@functools.cache
def _variables() -> dict[str, tuple[str, Any]]:
    """Return variable and default of every setting; a port is told to one process alone."""
    return {
        field.name: (f"AUGER_HUB_{field.name.upper()}", field.default)
        for field in fields(HubSettings)
        if field.name not in ("home", "port")
    }


def _read(variable: str, default: Any) -> Any:
    """Return what a variable says; raise BadSettings for what its setting cannot be."""
    value = os.environ[variable]
    choices = _CHOICES.get(variable)
    if choices and value not in choices:
        raise BadSettings(f"{variable} has to be {' or '.join(choices)}, not `{value}`")
    if not isinstance(default, int):
        return value
    if not value.isdecimal() or len(value) > 9:
        raise BadSettings(f"{variable} has to be a whole number, not `{value}`")
    return int(value)
