"""Read the file of a controller: which repositories it watches, and what it may do alone."""

from __future__ import annotations

import hashlib
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timezone
from pathlib import Path
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator

from auger_reconcile.config.declarations.channel import SECTION, Channel, read_channels
from auger_reconcile.config.declarations.validate import Place, validate
from auger_reconcile.config.syntax.compose import compose
from auger_reconcile.config.syntax.nodes import Mapping, Scalar, Sequence
from auger_reconcile.config.syntax.report import Report
from auger_reconcile.config.syntax.text import file_error, read_text
from auger_reconcile.errors import ConfigError
from auger_reconcile.redact import redact

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)")
_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
Verbs = Literal["create", "start", "stop", "delete", "select"]
_Model = TypeVar("_Model", bound=BaseModel)


def _duration(value: Any) -> Any:
    found = _DURATION.fullmatch(str(value))
    if not found:
        raise ValueError("write a duration as 90s, 5m or 2h")
    return float(found[1]) * _SECONDS[found[2]]


class Window(BaseModel):
    """When plans may be applied."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, extra="forbid")

    days: tuple[str, ...] = Field(
        default=_DAYS, description="`mon` to `sun`; every day by default."
    )
    start: time = Field(alias="from", default=time(0), description="From this time of the day.")
    end: time = Field(alias="to", default=time(23, 59, 59), description="Until this time.")
    timezone: str = Field(default="UTC", description="Name of the time zone.")

    @field_validator("days")
    @classmethod
    def _known_days(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for day in value:
            if day not in _DAYS:
                raise ValueError(f"`{day}` is none of {', '.join(_DAYS)}")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"`{value}` is no time zone, such as Europe/Berlin") from None
        return value

    def is_open(self, now: datetime) -> bool:
        """Say whether a moment lies in it; a window over midnight belongs to the day it began."""
        here = now.astimezone(ZoneInfo(self.timezone))
        at, day = here.time(), here.weekday()
        if self.start <= self.end:
            return _DAYS[day] in self.days and self.start <= at <= self.end
        if at >= self.start:
            return _DAYS[day] in self.days
        return at <= self.end and _DAYS[day - 1] in self.days


class Limits(BaseModel):
    """How much may be done without a person."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    minutes: float | None = Field(default=None, ge=0, description="Of all runs, at their limits.")
    deletes: int = Field(default=0, ge=0, description="Objects that may be deleted at once.")


class Target(BaseModel):
    """One folder of one branch of a repository, as the desired state of its projects."""

    model_config = ConfigDict(frozen=True)

    url: str = Field(min_length=1, description="Of the repository, or its path.")
    name: str = Field(default="", description="What it is called; by default of URL, path, env.")
    branch: str = Field(default="main", description="Branch.")
    path: str = Field(default=".", description="Folder or file of auger.yaml in the repository.")
    env: str | None = Field(default=None, description="Overlay: `prod` for auger.prod.yaml.")
    hub: str | None = Field(default=None, description="Instead of the declared one.")
    verify_commits: bool = Field(default=False, description="Only commits that git can verify.")
    allowed_signers: str | None = Field(default=None, description="File of SSH keys that may sign.")
    heal: bool = Field(default=False, description="Undo what others change on the hub.")
    prune: bool = Field(default=False, description="Plan the deletion of what is not declared.")
    allow: tuple[Verbs, ...] = Field(
        default=("create", "start", "select"), description="Verbs that need no person."
    )
    limits: Limits = Limits()
    windows: tuple[Window, ...] = Field(default=(), description="When; always by default.")
    pause_until: datetime | None = Field(default=None, description="Nothing is applied before.")

    @field_validator("path")
    @classmethod
    def _is_inside(cls, value: str) -> str:
        if Path(value).is_absolute() or ".." in Path(value).parts:
            raise ValueError("it is not inside of the repository")
        return value

    @field_validator("url", "branch")
    @classmethod
    def _is_no_option(cls, value: str) -> str:
        if value.startswith("-"):
            raise ValueError("it begins with a dash, which git would take for an option")
        return value

    @field_validator("url")
    @classmethod
    def _has_no_secret(cls, value: str) -> str:
        if "://" in value and redact(value) != value:
            raise ValueError("it holds a secret; a credential helper of git knows it instead")
        return value

    @field_validator("pause_until")
    @classmethod
    def _has_a_zone(cls, value: datetime | None) -> datetime | None:
        return value.replace(tzinfo=timezone.utc) if value and value.tzinfo is None else value

    def named(self) -> Target:
        """Return it with a name, which is made of URL, path and overlay where none is said."""
        last = self.url.rstrip("/").rpartition("/")[2].removesuffix(".git")
        parts = [last, self.path.strip("./"), self.env or ""]
        made = "-".join(re.sub(r"[^\w.-]+", "-", part) for part in parts if part)
        return self.model_copy(update={"name": self.name or made})


class _File(BaseModel):
    name: str | None = Field(default=None, min_length=1, max_length=100)
    home: str | None = None
    interval: float = Field(default=300.0, gt=0)
    alerts: float = Field(default=30.0, gt=0)
    commits: float = Field(default=5.0, gt=0)
    beat: float = Field(default=15.0, gt=0)
    workers: int = Field(default=4, ge=1, le=64)
    listen: str | None = Field(default=None, pattern=r"^[^:]*:\d{1,5}$")

    _seconds = field_validator("interval", "alerts", "commits", "beat", mode="before")(_duration)


@dataclass(frozen=True)
class Settings:
    """What a controller does.

    Attributes:
        home: folder of its clones, its lock and its status.
        interval: seconds between two looks.
        alerts: seconds between two questions whether an alert has opened, which makes it look; hubs
            are told as often how their targets stand.
        name: that hubs know it by.
        commits: seconds between two questions to a branch for a new commit, which makes it look.
        beat: seconds between two signs of life of an apply; after three missed ones it is dead.
        workers: targets that are looked at at the same time.
        listen: `host:port` of its own pages; None for none.
    """

    home: Path
    interval: float
    beat: float
    workers: int
    listen: str | None
    notify: tuple[Channel, ...]
    targets: tuple[Target, ...]
    alerts: float = 30.0
    name: str = "controller"
    commits: float = 5.0


def read_settings(path: Path, *, default_home: Path) -> Settings:
    """Return the settings of a file; relative paths in it are seen from its folder.

    Raises:
        ConfigError: with every problem of it.
    """
    report = Report()
    settings = _read(path, default_home, report)
    if settings is None or report.has_errors:
        raise ConfigError(report.diagnostics)
    return settings


def _read(path: Path, default_home: Path, report: Report) -> Settings | None:
    text, faults = read_text(path)
    report.add(*faults)
    if text is None:
        return None
    composed = compose(text)
    report.add(*composed.diagnostics)
    root = next((one.root for one in composed.documents), None)
    if not isinstance(root, Mapping):
        if not composed.diagnostics:
            report.add(file_error(path, "empty-file", "the file is no map", hint="`repositories:`"))
        return None
    listed = root.value("repositories")
    if not isinstance(listed, Sequence) or not listed.items:
        report.add(file_error(path, "no-repositories", "the file lists no `repositories`"))
        return None
    channels = tuple(read_channels(root, report))
    rest = root.without("repositories", SECTION)
    whole = _validate(_File, rest, "the controller", report)
    targets = tuple(_targets(listed, path.parent, report))
    if whole is None:
        return None
    home = path.parent / Path(whole.home).expanduser() if whole.home else default_home
    return Settings(
        home,
        whole.interval,
        whole.beat,
        whole.workers,
        whole.listen,
        channels,
        targets,
        whole.alerts,
        whole.name or _default_name(home),
        whole.commits,
    )


def _targets(listed: Sequence, folder: Path, report: Report) -> Iterator[Target]:
    seen: set[str] = set()
    for node in listed.items:
        if not isinstance(node, Mapping):
            report.error("wrong-type", "a repository is a map", node, hint="with a `url`")
            continue
        target = _validate(Target, node, "a repository", report)
        if target is None:
            continue
        target = target.named()
        if target.name in seen:
            hint = f"both are called `{target.name}`; a `name` distinguishes them"
            report.error("same-name", "two repositories of one name", node, hint=hint)
        seen.add(target.name)
        local = (folder / target.url).resolve()
        is_path = "://" not in target.url and ":" not in target.url
        yield target.model_copy(update={"url": str(local)}) if is_path else target


def _validate(model: type[_Model], node: Mapping, what: str, report: Report) -> _Model | None:
    """Return a map as a model, whose name may be one of its keys."""
    name = node.entries.get("name")
    given = {"name": name.value.text} if name and isinstance(name.value, Scalar) else {}
    return validate(model, node.without("name"), Place(node, what), report, **given)


def _default_name(home: Path) -> str:
    """Return a name for the controller of a home: its machine, and what tells homes apart."""
    digest = hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:4]
    return f"{socket.gethostname()}-{digest}"
